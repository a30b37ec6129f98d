/* Attributes with types: what is asked, and answers that fit it. */
#include "render/geometry/attributes.h"

#include <string.h>

static GPtrArray *building(void)
{
	return attribute_fields_parse(
		"[{\"name\":\"roof\",\"type\":\"choice\",\"choices\":[\"flat\",\"gable\"],\"required\":true},"
		"{\"name\":\"floors\",\"type\":\"number\"},{\"name\":\"note\",\"type\":\"text\"},"
		"{\"name\":\"empty\",\"type\":\"flag\"}]");
}

static const attribute_field *field(GPtrArray *fields, const char *name)
{
	for (guint i = 0; i < fields->len; i++)
		if (strcmp(((attribute_field *)fields->pdata[i])->name, name) == 0)
			return fields->pdata[i];
	g_assert_not_reached();
}

static void test_fields(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) fields = building();
	g_assert_cmpuint(fields->len, ==, 4);
	g_assert_cmpint(field(fields, "roof")->type, ==, ATTRIBUTE_CHOICE);
	g_assert_cmpstr(field(fields, "roof")->choices[1], ==, "gable");
	g_assert_true(field(fields, "roof")->required);
	g_assert_true(attribute_fields_check(fields, &error));
	g_autofree char *once = attribute_fields_print(fields);
	g_autoptr(GPtrArray) again = attribute_fields_parse(once);
	g_autofree char *twice = attribute_fields_print(again);
	g_assert_cmpstr(once, ==, twice);
	g_autoptr(GPtrArray) none = attribute_fields_parse("{broken");
	g_autoptr(GPtrArray) nothing = attribute_fields_parse(NULL);
	g_assert_cmpuint(none->len, ==, 0);
	g_autofree char *empty = attribute_fields_print(nothing);
	g_assert_cmpstr(empty, ==, "");
}

static void test_bad_fields(void)
{
	static const char *const bad[] = {"Score", "", "roof", "ROOF"};
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GPtrArray) fields = building();
		g_ptr_array_add(fields, attribute_field_new(bad[i], ATTRIBUTE_TEXT, NULL, false));
		g_assert_false(attribute_fields_check(fields, &error));
		g_assert_error(error, ATTRIBUTE_ERROR, ATTRIBUTE_ERROR_NAME);
	}
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) fields = building();
	g_ptr_array_add(fields, attribute_field_new("use", ATTRIBUTE_CHOICE, NULL, false));
	g_assert_false(attribute_fields_check(fields, &error));
	g_assert_error(error, ATTRIBUTE_ERROR, ATTRIBUTE_ERROR_VALUE);
}

static void check_set(const char *name, const char *value, const char *stored)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) fields = building();
	g_autofree char *values = attributes_set("{\"kept\":\"as it is\"}", field(fields, name), value, &error);
	if (!stored) {
		g_assert_null(values);
		g_assert_error(error, ATTRIBUTE_ERROR, ATTRIBUTE_ERROR_VALUE);
		return;
	}
	g_autofree char *got = attributes_get(values, name), *kept = attributes_get(values, "kept");
	g_assert_no_error(error);
	g_assert_cmpstr(got, ==, stored);
	g_assert_cmpstr(kept, ==, "as it is");
}

static void test_values(void)
{
	check_set("roof", "gable", "gable");
	check_set("roof", "thatch", NULL);
	check_set("floors", "3", "3");
	check_set("floors", "2,5", "2.5");
	check_set("floors", "-1e3", "-1000");
	check_set("floors", "0.1", "0.1");
	check_set("floors", "nan", NULL);
	check_set("floors", "three", NULL);
	check_set("note", "\"quoted\" \\ ÄÖ 水", "\"quoted\" \\ ÄÖ 水");
	check_set("empty", "yes", "true");
	check_set("empty", "FALSE", "false");
	check_set("empty", "perhaps", NULL);
	g_autoptr(GPtrArray) fields = building();
	g_autofree char *gone = attributes_set("{\"floors\":3}", field(fields, "floors"), "", NULL);
	g_assert_cmpstr(gone, ==, "");
}

static void note(const char *name, attribute_type t, const char *text, void *data)
{
	g_string_append_printf(data, "%s %s %s;", name, attribute_type_name(t), text);
}

static void test_merge(void)
{
	g_autoptr(GString) all = g_string_new(NULL);
	g_autofree char *merged =
		attributes_merge("{\"a\":1,\"b\":true}", "{\"b\":false,\"c\":\"x\",\"list\":[1],\"nothing\":null}");
	attributes_each(merged, note, all);
	g_assert_cmpstr(all->str, ==, "a number 1;b flag false;c text x;");
	g_autofree char *same = attributes_merge(merged, "no JSON");
	g_assert_cmpstr(same, ==, merged);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/attributes/fields", test_fields);
	g_test_add_func("/attributes/bad-fields", test_bad_fields);
	g_test_add_func("/attributes/values", test_values);
	g_test_add_func("/attributes/merge", test_merge);
	return g_test_run();
}
