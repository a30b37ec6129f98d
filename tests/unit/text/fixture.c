#include "tests/unit/text/fixture.h"

char *fixture_path(const char *name)
{
	const char *source = g_getenv("NADIR_SOURCE");
	return g_build_filename(source ? source : ".", "tests", "data", name, NULL);
}

gguf *fixture_open(const char *name)
{
	g_autofree char *path = fixture_path(name);
	g_autoptr(GError) error = NULL;
	gguf *g = gguf_open(path, &error);
	g_assert_no_error(error);
	return g;
}

tokenizer *fixture_tokenizer(const char *name)
{
	g_autoptr(gguf) g = fixture_open(name);
	g_autoptr(GError) error = NULL;
	tokenizer *t = tokenizer_new(g, &error);
	g_assert_no_error(error);
	return t;
}

char *fixture_smollm2(void)
{
	const char *named = g_getenv("NADIR_SMOLLM2");
	char *path = named ? g_strdup(named)
	                   : g_build_filename(g_get_user_cache_dir(), "nadir", "test-models",
	                                      "SmolLM2-135M-Instruct.Q4_1.gguf", NULL);
	if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
		return path;
	g_free(path);
	return NULL;
}

char *fixture_join(const GArray *ids)
{
	GString *s = g_string_new(NULL);
	for (guint i = 0; i < ids->len; i++)
		g_string_append_printf(s, "%s%u", i ? " " : "", g_array_index(ids, guint32, i));
	return g_string_free(s, FALSE);
}
