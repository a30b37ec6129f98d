/* Marks, their JSON form and their command line form say the same. */
#include <math.h>

#include "app/engine/prompt-choice.h"

static void add_one_of_each(prompt *p)
{
	const double pt[] = {1.25, 2.5}, box[] = {10, 20, 5.125, 40}, centre[] = {7, 8};
	const double stroke[] = {0, 0, 1.0 / 3, 2, 5, 9}, poly[] = {0, 0, 10, 0, 10, 10};
	prompt_add(p, SAM_POINT, 1, pt, 1, 0);
	prompt_add(p, SAM_POINT, -1, pt, 1, 0);
	prompt_add(p, SAM_BOX, 1, box, 2, 0);
	prompt_add(p, SAM_CIRCLE, 1, centre, 1, 3.75);
	prompt_add(p, SAM_SCRIBBLE, -1, stroke, 3, 0);
	prompt_add(p, SAM_POLYGON, 1, poly, 3, 0);
}

static void assert_equal(const prompt *a, const prompt *b)
{
	guint n, m;
	const sam_mark *x = prompt_marks(a, &n), *y = prompt_marks(b, &m);
	g_assert_cmpuint(n, ==, m);
	for (guint i = 0; i < n; i++) {
		g_assert_cmpint(x[i].kind, ==, y[i].kind);
		g_assert_cmpint(x[i].sign, ==, y[i].sign);
		g_assert_cmpuint(x[i].n, ==, y[i].n);
		g_assert_true(x[i].r == y[i].r);
		for (guint k = 0; k < 2 * x[i].n; k++)
			g_assert_true(x[i].xy[k] == y[i].xy[k]); /* full precision: the same prompt gives the same mask */
	}
}

static void test_json_round_trip(void)
{
	g_autoptr(prompt) p = prompt_new();
	add_one_of_each(p);
	g_autofree char *json = prompt_to_json(p);
	g_autoptr(GError) error = NULL;
	g_autoptr(prompt) back = prompt_from_json(json, &error);
	g_assert_no_error(error);
	assert_equal(p, back);
	g_autoptr(prompt) copy = prompt_copy(p);
	assert_equal(p, copy);
}

static void test_json_form(void)
{
	g_autoptr(prompt) p = prompt_new();
	prompt_add(p, SAM_CIRCLE, 1, (const double[]){4, 5}, 1, 6);
	prompt_add(p, SAM_SCRIBBLE, -1, (const double[]){1, 2, 3, 4}, 2, 0);
	g_autofree char *json = prompt_to_json(p);
	g_assert_cmpstr(json, ==,
	                "[{\"kind\":\"circle\",\"sign\":1,\"cxcyr\":[4,5,6]},"
	                "{\"kind\":\"scribble\",\"sign\":-1,\"pts\":[[1,2],[3,4]]}]");
}

static void test_bad_json(void)
{
	const char *bad[] = {NULL,
	                     "",
	                     "{}",
	                     "[1]",
	                     "[{\"kind\":\"point\"}]",
	                     "[{\"kind\":\"point\",\"xy\":[1]}]",
	                     "[{\"kind\":\"star\",\"xy\":[1,2]}]",
	                     "[{\"kind\":\"scribble\",\"pts\":[[1,2],[3]]}]",
	                     "[{\"kind\":\"polygon\",\"pts\":[[1,2],[3,4]]}]",
	                     "[{\"kind\":\"box\",\"xyxy\":[1,2,3,\"4\"]}]"};
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_null(prompt_from_json(bad[i], &error));
		g_assert_error(error, SAM_ERROR, SAM_ERROR_PROMPT);
	}
}

static void test_text(void)
{
	g_autoptr(prompt) p = prompt_new();
	g_autoptr(GError) error = NULL;
	g_assert_true(prompt_parse_mark(p, SAM_SCRIBBLE, 1, "1,2;3.5,-4;5e1,6", &error));
	g_assert_true(prompt_parse_mark(p, SAM_CIRCLE, 1, "1,2,3", &error));
	g_assert_no_error(error);
	guint n;
	const sam_mark *m = prompt_marks(p, &n);
	g_assert_cmpuint(n, ==, 2);
	g_assert_cmpuint(m[0].n, ==, 3);
	g_assert_cmpfloat(m[0].xy[3], ==, -4);
	g_assert_cmpfloat(m[0].xy[4], ==, 50);
	g_assert_cmpfloat(m[1].r, ==, 3);
	const char *bad[] = {"", "1", "1,2,3", "1,x", "1;2", "1;;2", "nan,1", "1,2,", "1,2;"};
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) e = NULL;
		g_assert_false(prompt_parse_mark(p, SAM_POINT, 1, bad[i], &e));
		g_assert_error(e, SAM_ERROR, SAM_ERROR_PROMPT);
	}
	g_assert_cmpuint(prompt_count(p), ==, 2);
}

static void test_summary(void)
{
	g_autoptr(prompt) p = prompt_new();
	g_assert_cmpstr(prompt_summary(p), ==, "none");
	prompt_add(p, SAM_POINT, 1, (const double[]){1, 2}, 1, 0);
	prompt_add(p, SAM_POINT, -1, (const double[]){1, 2}, 1, 0);
	g_assert_cmpstr(prompt_summary(p), ==, "point");
	prompt_add(p, SAM_BOX, 1, (const double[]){1, 2, 3, 4}, 2, 0);
	g_assert_cmpstr(prompt_summary(p), ==, "mixed");
	prompt_remove_last(p);
	g_assert_cmpstr(prompt_summary(p), ==, "point");
}

static void test_choice(void)
{
	g_autoptr(prompt) p = prompt_new();
	g_autoptr(GError) error = NULL;
	add_one_of_each(p);
	g_autofree char *plain = prompt_to_json(p);
	g_autofree char *same = prompt_to_json_as_run(p, &(prompt_choice){0});
	g_assert_cmpstr(plain, ==, same); /* nothing chosen, nothing said */
	char bands[] = "3,2,1", source[] = "\"sar\"";
	g_autofree char *json =
		prompt_to_json_as_run(p, &(prompt_choice){.candidate = 2, .scale = 640, .bands = bands, .source = source});
	g_autoptr(prompt) back = prompt_from_json(json, &error);
	g_assert_no_error(error);
	assert_equal(p, back);
	g_auto(prompt_choice) c = {0};
	g_assert_true(prompt_choice_from_json(json, &c, &error));
	g_assert_cmpint(c.candidate, ==, 2);
	g_assert_cmpint(c.scale, ==, 640);
	g_assert_cmpstr(c.bands, ==, bands);
	g_assert_null(c.stretch);
	g_assert_cmpstr(c.source, ==, source);
	const char *bad[] = {"[{\"candidate\":4}]", "[{\"candidate\":\"2\"}]", "[{\"candidate\":1.5}]", "[{\"bands\":3}]",
	                     "[{\"scale\":-1}]"};
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) e = NULL;
		g_auto(prompt_choice) none = {0};
		g_assert_false(prompt_choice_from_json(bad[i], &none, &e));
		g_assert_error(e, SAM_ERROR, SAM_ERROR_PROMPT);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/prompt/json-round-trip", test_json_round_trip);
	g_test_add_func("/prompt/json-form", test_json_form);
	g_test_add_func("/prompt/bad-json", test_bad_json);
	g_test_add_func("/prompt/text", test_text);
	g_test_add_func("/prompt/summary", test_summary);
	g_test_add_func("/prompt/choice", test_choice);
	return g_test_run();
}
