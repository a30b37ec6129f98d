/* Spoils a good GGUF file in random ways and reads it; whatever is accepted must be readable in full.
 *
 *   fuzz-gguf [SECONDS [SEED]]      default: 2 seconds, seed 1 */
#include "tests/unit/infer/gguf-writer.h"
#include <stdlib.h>
#include <string.h>

static GBytes *good_file(void)
{
	static const float values[256];
	gguf_writer *w = gguf_writer_new();
	gguf_writer_string(w, "general.architecture", "sam");
	gguf_writer_u32(w, "general.alignment", 32);
	gguf_writer_f32(w, "f", 1.0f);
	gguf_writer_u32s(w, "u", 3, (uint32_t[]){1, 2, 3});
	gguf_writer_f32s(w, "v", 2, values);
	gguf_writer_strings(w, "s", 2, (const char *const[]){"one", "two"});
	gguf_writer_tensor(w, "a", GGUF_F32, 2, (uint32_t[]){4, 3}, values);
	gguf_writer_tensor(w, "b", GGUF_F16, 4, (uint32_t[]){2, 3, 3, 1}, values);
	gguf_writer_tensor(w, "c", GGUF_Q8_0, 2, (uint32_t[]){2, 64}, values);
	return gguf_writer_end(w);
}

/* A few random edits: bytes, whole words with telling values, and the length. */
static void spoil(GRand *rand, guint8 *data, gsize *n)
{
	static const uint64_t telling[] = {0, 1, 2, 8, 9, 31, 33, 0x7fffffff, 0xffffffff, G_MAXINT64, G_MAXUINT64};
	for (int edits = g_rand_int_range(rand, 1, 5); edits > 0; edits--) {
		const gsize at = (gsize)g_rand_int_range(rand, 0, (gint32)(*n - 8));
		const uint64_t v = telling[g_rand_int_range(rand, 0, G_N_ELEMENTS(telling))];
		switch (g_rand_int_range(rand, 0, 4)) {
		case 0:
			data[at] = (guint8)g_rand_int(rand);
			break;
		case 1:
			memcpy(data + at, &v, 4);
			break;
		case 2:
			memcpy(data + at, &v, 8);
			break;
		default:
			if (g_rand_int_range(rand, 0, 8) == 0)
				*n = MAX(at, 9);
		}
	}
}

/* Everything that an accepted file offers. */
static void read_all(const gguf *g)
{
	static const char *const keys[] = {"general.architecture", "general.alignment", "f", "u", "v", "s"};
	for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
		guint n;
		uint64_t u;
		float f;
		gboolean any = gguf_get_u64(g, keys[i], &u, NULL);
		any |= gguf_get_f32(g, keys[i], &f, NULL);
		any |= gguf_get_string(g, keys[i], NULL) != NULL;
		any |= gguf_get_u32s(g, keys[i], &n, NULL) != NULL;
		any |= gguf_get_i32s(g, keys[i], &n, NULL) != NULL;
		any |= gguf_get_f32s(g, keys[i], &n, NULL) != NULL;
		any |= gguf_get_strings(g, keys[i], &n, NULL) != NULL;
		g_assert_true(!any || gguf_has(g, keys[i]));
	}
	for (guint i = 0; i < gguf_n_tensors(g); i++) {
		const gguf_tensor *t = gguf_nth_tensor(g, i);
		g_autofree float *values = g_new(float, t->count);
		gguf_read_f32(t, 0, t->count, values);
		g_assert_true(gguf_find(g, t->name) == t);
	}
}

int main(int argc, char **argv)
{
	const double seconds = argc > 1 ? g_ascii_strtod(argv[1], NULL) : 2.0;
	const guint32 seed = argc > 2 ? (guint32)strtoul(argv[2], NULL, 10) : 1;
	g_autoptr(GBytes) good = good_file();
	g_autoptr(GTimer) timer = g_timer_new();
	GRand *rand = g_rand_new_with_seed(seed);
	guint64 runs = 0, accepted = 0;
	while (g_timer_elapsed(timer, NULL) < seconds) {
		gsize n;
		const void *data = g_bytes_get_data(good, &n);
		g_autofree guint8 *copy = g_memdup2(data, n);
		spoil(rand, copy, &n);
		/* A block of its own of just this size: a sanitizer sees the first byte behind it. */
		g_autoptr(GBytes) bytes = g_bytes_new(copy, n);
		g_autoptr(GError) error = NULL;
		g_autoptr(gguf) g = gguf_open_bytes(bytes, "fuzz", &error);
		g_assert_true((g != NULL) == (error == NULL));
		if (g)
			read_all(g);
		accepted += g != NULL;
		runs++;
	}
	g_print("%" G_GUINT64_FORMAT " files, %" G_GUINT64_FORMAT " accepted, seed %u\n", runs, accepted, seed);
	g_rand_free(rand);
	return runs > 0 && accepted < runs ? 0 : 1;
}
