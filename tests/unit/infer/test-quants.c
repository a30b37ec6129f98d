/* Every block format bit by bit against the gguf package (tests/data/make-llama-fixtures.py), whole and in parts. */
#include "infer/gguf.h"
#include <string.h>

static gguf *file;

static void test_type(gconstpointer data)
{
	const char *name = data;
	g_autofree char *want_name = g_strconcat(name, ".f32", NULL);
	const gguf_tensor *t = gguf_find(file, name), *want = gguf_find(file, want_name);
	g_assert_nonnull(t);
	g_assert_nonnull(want);
	g_assert_cmpstr(gguf_type_name(t->type), ==, name);
	g_assert_cmpuint(t->count, ==, want->count);
	g_autofree float *got = g_new(float, t->count);
	gguf_read_f32(t, 0, t->count, got);
	for (uint64_t i = 0; i < t->count; i++)
		if (memcmp(&got[i], (const float *)want->data + i, sizeof *got) != 0)
			g_error("%s: element %" G_GUINT64_FORMAT " is %.9g instead of %.9g", name, i, (double)got[i],
			        (double)((const float *)want->data)[i]);
	const uint32_t block = gguf_block_elements(t->type);
	for (uint64_t first = 0; first + block <= t->count; first += 7 * block) {
		g_autofree float *part = g_new(float, block);
		gguf_read_f32(t, first, block, part);
		g_assert_cmpmem(part, block * sizeof *part, got + first, block * sizeof *got);
	}
}

static void test_traits(void)
{
	g_assert_cmpuint(gguf_block_elements((gguf_type)6), ==, 0); /* Q5_0 */
	g_assert_cmpuint(gguf_block_elements((gguf_type)1000), ==, 0);
	g_assert_cmpuint(gguf_block_elements(GGUF_Q6_K), ==, 256);
	g_assert_cmpuint(gguf_block_bytes(GGUF_Q6_K), ==, 210);
	g_assert_cmpstr(gguf_type_name((gguf_type)6), ==, "unknown");
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"F32", "F16", "BF16", "Q4_0", "Q4_1", "Q8_0", "Q4_K", "Q6_K"};
	g_autoptr(GError) error = NULL;
	g_test_init(&argc, &argv, NULL);
	g_autofree char *path = g_build_filename(g_getenv("NADIR_SOURCE"), "tests", "data", "quants.gguf", NULL);
	file = gguf_open(path, &error);
	g_assert_no_error(error);
	g_test_add_func("/quants/traits", test_traits);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *test = g_strconcat("/quants/", names[i], NULL);
		g_test_add_data_func(test, names[i], test_type);
	}
	const int status = g_test_run();
	gguf_close(file);
	return status;
}
