/* Sampling: exact choices where there is one, counted frequencies where there is chance; stop strings. */
#include <math.h>

#include "infer/text/sampler.h"

#define DRAWS 40000

static void test_greedy(void)
{
	const float tie[] = {1, 3, 3, -5, 3}, odd[] = {NAN, INFINITY, -2, -INFINITY, -1},
				none[] = {NAN, NAN, NAN, NAN, NAN};
	g_autoptr(sampler) s = sampler_new(&SAMPLING_GREEDY, 5);
	g_assert_cmpint(sampler_next(s, tie), ==, 1);
	g_assert_cmpint(sampler_next(s, odd), ==, 4);
	g_assert_cmpint(sampler_next(s, none), ==, -1);
}

static void test_penalty(void)
{
	sampling set = SAMPLING_GREEDY;
	set.repeat_penalty = 2;
	set.repeat_last = 2;
	const float l[] = {4, 3, -1, -1.5f};
	g_autoptr(sampler) s = sampler_new(&set, 4);
	g_assert_cmpint(sampler_next(s, l), ==, 0);
	sampler_accept(s, 0); /* 4 -> 2 */
	g_assert_cmpint(sampler_next(s, l), ==, 1);
	sampler_accept(s, 1); /* 3 -> 1.5 */
	g_assert_cmpint(sampler_next(s, l), ==, 0);
	sampler_accept(s, 2);
	sampler_accept(s, 2); /* 0 and 1 are forgotten; a negative logit is multiplied */
	const float negative[] = {-9, -9, -1, -1.5f};
	g_assert_cmpint(sampler_next(s, negative), ==, 3);
	sampler_restart(s);
	g_assert_cmpint(sampler_next(s, negative), ==, 2);
}

static void frequencies(const sampling *set, const float *logits, guint n, double *out)
{
	g_autoptr(sampler) s = sampler_new(set, n);
	for (guint i = 0; i < n; i++)
		out[i] = 0;
	for (int i = 0; i < DRAWS; i++)
		out[sampler_next(s, logits)] += 1.0 / DRAWS;
}

static void assert_near(double got, double want)
{
	g_assert_cmpfloat(fabs(got - want), <, 5 * sqrt(want * (1 - want) / DRAWS) + 1e-9); /* five deviations */
}

static const float logits[] = {0.5f, 2.0f, -1.0f, 1.0f, 1.5f};

static void softmax(double temperature, double p[5])
{
	double sum = 0;
	for (int i = 0; i < 5; i++)
		sum += p[i] = exp(logits[i] / temperature);
	for (int i = 0; i < 5; i++)
		p[i] /= sum;
}

static void test_temperature(void)
{
	const float temperatures[] = {0.5f, 1, 3};
	for (guint k = 0; k < G_N_ELEMENTS(temperatures); k++) {
		sampling set = SAMPLING_GREEDY;
		set.temperature = temperatures[k];
		set.seed = 7 + k;
		double got[5], want[5];
		frequencies(&set, logits, 5, got);
		softmax(set.temperature, want);
		for (int i = 0; i < 5; i++)
			assert_near(got[i], want[i]);
	}
}

/* Only these ids come, in their mutual proportions. */
static void check_kept(const sampling *set, const int *kept, guint n)
{
	double got[5], p[5], sum = 0;
	frequencies(set, logits, 5, got);
	softmax(set->temperature, p);
	for (guint i = 0; i < n; i++)
		sum += p[kept[i]];
	double all = 0;
	for (guint i = 0; i < n; i++) {
		assert_near(got[kept[i]], p[kept[i]] / sum);
		all += got[kept[i]];
	}
	g_assert_cmpfloat(fabs(all - 1), <, 1e-9);
}

static void test_truncation(void)
{
	sampling set = SAMPLING_GREEDY;
	set.temperature = 1;
	set.top_k = 2;
	check_kept(&set, (const int[]){1, 4}, 2);
	set.top_k = 0;
	set.top_p = 0.6f; /* shares: .43 .26 .16 .10 .02 */
	check_kept(&set, (const int[]){1, 4}, 2);
	set.top_p = 0.75f;
	check_kept(&set, (const int[]){1, 4, 3}, 3);
	set.top_p = 1e-6f; /* at least one */
	check_kept(&set, (const int[]){1}, 1);
	set.top_p = 1;
	set.min_p = 0.3f; /* relative to the best: 1 .61 .37 .22 .05 */
	check_kept(&set, (const int[]){1, 4, 3}, 3);
	set.min_p = 0;
	set.top_k = 3;
	set.top_p = 0.8f; /* of the three that top-k leaves: .51 .31 .19 */
	check_kept(&set, (const int[]){1, 4}, 2);
}

/* The seed fixes the draws; these come from the published definition of the generator. */
static void test_seed(void)
{
	float flat[1000] = {0};
	sampling set = SAMPLING_GREEDY;
	set.temperature = 1;
	int first[3][20];
	for (int k = 0; k < 3; k++) {
		set.seed = k == 2 ? 43 : 42;
		g_autoptr(sampler) s = sampler_new(&set, 1000);
		for (int i = 0; i < 20; i++)
			first[k][i] = sampler_next(s, flat);
		sampler_restart(s);
		g_assert_cmpint(sampler_next(s, flat), ==, first[k][0]);
	}
	g_assert_cmpmem(first[0], sizeof first[0], first[1], sizeof first[1]);
	g_assert_cmpint(memcmp(first[0], first[2], sizeof first[0]), !=, 0);
	static const int known[] = {83, 378, 680, 924};
	for (guint i = 0; i < G_N_ELEMENTS(known); i++)
		g_assert_cmpint(first[0][i], ==, known[i]);
}

static void test_check(void)
{
	sampling s = SAMPLING_GREEDY;
	g_assert_null(sampling_check(&s));
	s.temperature = NAN;
	g_assert_cmpstr(sampling_check(&s), ==, "temperature");
	s = SAMPLING_GREEDY;
	s.top_p = 0;
	g_assert_cmpstr(sampling_check(&s), ==, "top-p");
	s = SAMPLING_GREEDY;
	s.top_k = -1;
	g_assert_cmpstr(sampling_check(&s), ==, "top-k");
	s = SAMPLING_GREEDY;
	s.min_p = 1.5f;
	g_assert_cmpstr(sampling_check(&s), ==, "min-p");
	s = SAMPLING_GREEDY;
	s.repeat_penalty = 0;
	g_assert_cmpstr(sampling_check(&s), ==, "repeat-penalty");
}

/* All pieces in a row; "|" in the result where the filter stopped. */
static char *filter(const char *const *stops, const char *const *pieces)
{
	g_autoptr(stop_filter) f = stop_filter_new(stops);
	GString *out = g_string_new(NULL);
	for (; *pieces; pieces++)
		if (stop_filter_push(f, *pieces, out)) {
			g_string_append_c(out, '|');
			return g_string_free(out, FALSE);
		}
	stop_filter_finish(f, out);
	return g_string_free(out, FALSE);
}

static void test_stops(void)
{
	static const char *const stops[] = {"\n###", "STOP", NULL};
	static const struct {
		const char *pieces[6], *want;
	} cases[] = {
		{{"plain", " text", NULL}, "plain text"}, {{"a", "\n", "#", "##", " b", NULL}, "a|"},
		{{"a\n##", " b", NULL}, "a\n## b"},       {{"a\n", "\n##", "#x", NULL}, "a\n|"},
		{{"xSTO", "PSTOP", NULL}, "x|"},          {{"end ST", NULL}, "end ST"},
		{{"SSSTO", "STOP", NULL}, "SSSTO|"},      {{"one STOP two", NULL}, "one |"},
		{{"b STOP \n###", NULL}, "b |"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = filter(stops, cases[i].pieces);
		g_assert_cmpstr(got, ==, cases[i].want);
	}
	g_autofree char *none = filter(NULL, (const char *const[]){"STOP", NULL});
	g_autofree char *empty = filter((const char *const[]){"", NULL}, (const char *const[]){"STOP", NULL});
	g_assert_cmpstr(none, ==, "STOP");
	g_assert_cmpstr(empty, ==, "STOP");
}

static void test_which_stop(void)
{
	g_autoptr(stop_filter) f = stop_filter_new((const char *const[]){"bc", "ab", NULL});
	g_autoptr(GString) out = g_string_new(NULL);
	g_assert_cmpuint(stop_filter_push(f, "a", out), ==, 0);
	g_assert_cmpuint(stop_filter_push(f, "bc", out), ==, 2); /* the one that begins first */
	g_assert_cmpuint(stop_filter_push(f, "xbc", out), ==, 1);
	g_assert_cmpstr(out->str, ==, "x");
}

/* What cannot belong to a stop string is not kept waiting. */
static void test_no_delay(void)
{
	g_autoptr(stop_filter) f = stop_filter_new((const char *const[]){"\n###", NULL});
	g_autoptr(GString) out = g_string_new(NULL);
	g_assert_false(stop_filter_push(f, "word\n", out));
	g_assert_cmpstr(out->str, ==, "word");
	g_assert_false(stop_filter_push(f, "x", out));
	g_assert_cmpstr(out->str, ==, "word\nx");
}

/* A stop string that is added while text comes holds from then on. */
static void test_added_stop(void)
{
	g_autoptr(stop_filter) f = stop_filter_new(NULL);
	g_autoptr(GString) out = g_string_new(NULL);
	g_assert_cmpuint(stop_filter_push(f, "one END two", out), ==, 0);
	stop_filter_add(f, "END");
	g_assert_cmpuint(stop_filter_push(f, " three E", out), ==, 0);
	g_assert_cmpuint(stop_filter_push(f, "ND four", out), ==, 1);
	g_assert_cmpstr(out->str, ==, "one END two three ");
}

/* How many ids are taken before a loop is seen; 0: all, and none was. `ids` come again and again, `most` in all. */
static guint loop_of(const int *ids, guint n, int item, guint most)
{
	repetition r;
	repetition_init(&r, item);
	for (int before = 100; before < 140; before++)
		g_assert_false(repetition_push(&r, before));
	for (guint i = 0; i < most; i++)
		if (repetition_push(&r, ids[i % n]))
			return i + 1;
	return 0;
}

static void test_repetition(void)
{
	int many[100];
	for (int i = 0; i < 100; i++)
		many[i] = i;
	g_assert_cmpuint(loop_of(many, 1, -1, 500), ==, 32);
	g_assert_cmpuint(loop_of(many, 5, -1, 500), ==, 32);
	g_assert_cmpuint(loop_of(many, 20, -1, 500), ==, 60); /* three times */
	g_assert_cmpuint(loop_of(many, 64, -1, 500), ==, 192);
	g_assert_cmpuint(loop_of(many, 65, -1, 500), ==, 0); /* longer than what is looked for */
	g_assert_cmpuint(loop_of(many, 20, -1, 59), ==, 0);  /* said twice is no loop */
	g_assert_cmpuint(loop_of(many, 5, 3, 500), ==, 80);  /* fifteen ships are a list */
	g_assert_cmpuint(loop_of(many, 5, 7, 500), ==, 32);  /* the item is not in it */
}

/* "<Region 1>: ship", "<Region 2>: ship" differ by a number: no loop. */
static void test_no_repetition(void)
{
	repetition r;
	repetition_init(&r, -1);
	for (int line = 0; line < 40; line++) {
		const int ids[] = {7, 8, 1000 + line, 9, 10, 11};
		for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
			g_assert_false(repetition_push(&r, ids[i]));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/text/sampler/greedy", test_greedy);
	g_test_add_func("/text/sampler/penalty", test_penalty);
	g_test_add_func("/text/sampler/temperature", test_temperature);
	g_test_add_func("/text/sampler/truncation", test_truncation);
	g_test_add_func("/text/sampler/seed", test_seed);
	g_test_add_func("/text/sampler/check", test_check);
	g_test_add_func("/text/stops", test_stops);
	g_test_add_func("/text/stops-which", test_which_stop);
	g_test_add_func("/text/stops-no-delay", test_no_delay);
	g_test_add_func("/text/stops-added", test_added_stop);
	g_test_add_func("/text/repetition", test_repetition);
	g_test_add_func("/text/no-repetition", test_no_repetition);
	return g_test_run();
}
