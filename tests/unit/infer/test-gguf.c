#include "tests/unit/infer/gguf-writer.h"
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static const float ramp[128] = {0.5f, -1.0f, 2.0f, -3.0f, 4.0f, -5.0f, 6.0f, -7.0f, 127.0f};

static GBytes *good_file(void)
{
	gguf_writer *w = gguf_writer_new();
	gguf_writer_string(w, "general.architecture", "sam");
	gguf_writer_u32(w, "sam.image_size", 512);
	gguf_writer_f32(w, "sam.ln_eps", 1e-5f);
	gguf_writer_u32s(w, "sam.lite.kernels", 3, (uint32_t[]){3, 5, 3});
	gguf_writer_f32s(w, "sam.mean", 3, (float[]){127, 126.5f, 0});
	gguf_writer_strings(w, "tags", 2, (const char *const[]){"ä", ""});
	gguf_writer_tensor(w, "a.weight", GGUF_F32, 2, (uint32_t[]){2, 3}, ramp);
	gguf_writer_tensor(w, "b.weight", GGUF_F16, 4, (uint32_t[]){4, 2, 1, 1}, ramp);
	gguf_writer_tensor(w, "c.weight", GGUF_Q8_0, 2, (uint32_t[]){2, 64}, ramp);
	return gguf_writer_end(w);
}

static gguf *open_good(void)
{
	g_autoptr(GBytes) bytes = good_file();
	g_autoptr(GError) error = NULL;
	gguf *g = gguf_open_bytes(bytes, "good.gguf", &error);
	g_assert_no_error(error);
	return g;
}

static void test_scalars(void)
{
	g_autoptr(gguf) g = open_good();
	g_autoptr(GError) error = NULL;
	uint32_t u;
	uint64_t wide;
	float f;
	bool b;
	g_assert_true(gguf_get_u32(g, "sam.image_size", &u, NULL) && u == 512);
	g_assert_true(gguf_get_u64(g, "sam.image_size", &wide, NULL) && wide == 512);
	g_assert_true(gguf_get_f32(g, "sam.ln_eps", &f, NULL) && f == 1e-5f);
	g_assert_cmpstr(gguf_get_string(g, "general.architecture", NULL), ==, "sam");
	g_assert_false(gguf_get_u32(g, "sam.out_dim", &u, &error));
	g_assert_error(error, GGUF_ERROR, GGUF_ERROR_KEY);
	g_assert_nonnull(strstr(error->message, "good.gguf"));
	g_assert_nonnull(strstr(error->message, "sam.out_dim"));
	g_clear_error(&error);
	g_assert_false(gguf_get_bool(g, "sam.image_size", &b, &error));
	g_assert_error(error, GGUF_ERROR, GGUF_ERROR_KEY);
	g_assert_null(gguf_get_string(g, "sam.image_size", NULL));
	g_assert_false(gguf_get_u32(g, "sam.ln_eps", &u, NULL));
}

static void test_arrays(void)
{
	g_autoptr(gguf) g = open_good();
	guint n = 0;
	const uint32_t *u = gguf_get_u32s(g, "sam.lite.kernels", &n, NULL);
	g_assert_cmpuint(n, ==, 3);
	g_assert_cmpuint(u[1], ==, 5);
	const int32_t *i = gguf_get_i32s(g, "sam.lite.kernels", &n, NULL);
	g_assert_cmpint(i[0], ==, 3);
	g_assert_true(u == gguf_get_u32s(g, "sam.lite.kernels", &n, NULL)); /* kept */
	const float *f = gguf_get_f32s(g, "sam.mean", &n, NULL);
	g_assert_cmpfloat(f[1], ==, 126.5f);
	const char *const *s = gguf_get_strings(g, "tags", &n, NULL);
	g_assert_cmpuint(n, ==, 2);
	g_assert_cmpstr(s[0], ==, "ä");
	g_assert_cmpstr(s[1], ==, "");
	g_assert_null(gguf_get_u32s(g, "sam.mean", &n, NULL));
	g_assert_null(gguf_get_f32s(g, "tags", &n, NULL));
	g_assert_null(gguf_get_u32s(g, "sam.image_size", &n, NULL));
}

static void test_tensors(void)
{
	g_autoptr(gguf) g = open_good();
	g_autoptr(GError) error = NULL;
	float out[128];
	g_assert_cmpuint(gguf_n_tensors(g), ==, 3);
	g_assert_cmpuint(gguf_parameters(g), ==, 6 + 8 + 128);
	const gguf_tensor *a = gguf_need(g, "a.weight", 2, (uint32_t[]){2, 3}, &error);
	g_assert_no_error(error);
	gguf_read_f32(a, 1, 5, out);
	g_assert_cmpmem(out, 5 * sizeof *out, ramp + 1, 5 * sizeof *out);
	const gguf_tensor *b = gguf_need(g, "b.weight", 2, (uint32_t[]){4, 2}, &error); /* 1x1 axes may be left out */
	gguf_read_f32(b, 0, 8, out);
	g_assert_cmpmem(out, 8 * sizeof *out, ramp, 8 * sizeof *out);
	const gguf_tensor *c = gguf_find(g, "c.weight");
	gguf_read_f32(c, 0, 128, out);
	for (int i = 0; i < 128; i++)
		g_assert_cmpfloat_with_epsilon(out[i], ramp[i], 0.51f);
	g_assert_null(gguf_need(g, "a.weight", 2, (uint32_t[]){3, 2}, &error));
	g_assert_nonnull(strstr(error->message, "[2,3]"));
	g_assert_nonnull(strstr(error->message, "[3,2]"));
	g_clear_error(&error);
	g_assert_null(gguf_need(g, "d.weight", 1, (uint32_t[]){3}, &error));
	g_assert_error(error, GGUF_ERROR, GGUF_ERROR_KEY);
}

/* --- files that lie --- */

typedef struct {
	const char *name;
	void (*spoil)(GByteArray *file);
	const char *says; /* part of the message */
} lie_case;

/* Position behind the first occurrence of text. */
static guint after(const GByteArray *file, const char *text)
{
	const guint8 *p = memmem(file->data, file->len, text, strlen(text));
	g_assert_nonnull(p);
	return (guint)(p - file->data) + (guint)strlen(text);
}

static void set_u32(GByteArray *f, guint at, uint32_t v)
{
	memcpy(f->data + at, &v, sizeof v);
}

static void set_u64(GByteArray *f, guint at, uint64_t v)
{
	memcpy(f->data + at, &v, sizeof v);
}

static void spoil_magic(GByteArray *f)
{
	f->data[0] = 'X';
}

static void spoil_version(GByteArray *f)
{
	set_u32(f, 4, 1);
}

static void spoil_endian(GByteArray *f)
{
	set_u32(f, 4, GUINT32_SWAP_LE_BE(3u));
}

static void spoil_tensor_count(GByteArray *f)
{
	set_u64(f, 8, G_MAXUINT64 / 2);
}

static void spoil_key_count(GByteArray *f)
{
	set_u64(f, 16, G_MAXUINT64);
}

static void spoil_key_length(GByteArray *f)
{
	set_u64(f, 24, G_MAXUINT64 - 4);
}

static void spoil_key_text(GByteArray *f)
{
	f->data[32] = 0xff;
}

static void spoil_value_type(GByteArray *f)
{
	set_u32(f, after(f, "sam.image_size"), 99);
}

static void spoil_array_count(GByteArray *f)
{
	set_u64(f, after(f, "sam.lite.kernels") + 8, G_MAXUINT64 / 4);
}

static void spoil_array_type(GByteArray *f)
{
	set_u32(f, after(f, "sam.lite.kernels") + 4, 13);
}

static void spoil_dims(GByteArray *f)
{
	set_u32(f, after(f, "a.weight"), 5);
}

static void spoil_zero_dim(GByteArray *f)
{
	set_u64(f, after(f, "a.weight") + 4, 0);
}

static void spoil_product(GByteArray *f)
{
	set_u64(f, after(f, "b.weight") + 4, UINT32_MAX);
	set_u64(f, after(f, "b.weight") + 12, UINT32_MAX);
	set_u64(f, after(f, "b.weight") + 20, UINT32_MAX);
}

static void spoil_size(GByteArray *f)
{
	set_u64(f, after(f, "c.weight") + 4, 64 * 1024);
}

static void spoil_block(GByteArray *f)
{
	set_u64(f, after(f, "c.weight") + 4, 33);
}

static void spoil_q4(GByteArray *f)
{
	set_u32(f, after(f, "a.weight") + 20, 12);
}

static void spoil_type(GByteArray *f)
{
	set_u32(f, after(f, "a.weight") + 20, 1000);
}

static void spoil_alignment(GByteArray *f)
{
	set_u64(f, after(f, "b.weight") + 40, 33);
}

static void spoil_offset(GByteArray *f)
{
	set_u64(f, after(f, "b.weight") + 40, G_MAXUINT64 - 31);
}

static void spoil_overlap(GByteArray *f)
{
	set_u64(f, after(f, "b.weight") + 40, 0);
}

static void spoil_name(GByteArray *f)
{
	f->data[after(f, "b.weight") - 8] = 'a';
}

static void spoil_empty(GByteArray *f)
{
	g_byte_array_set_size(f, 0);
}

static const lie_case lies[] = {
	{"magic", spoil_magic, "no GGUF"},
	{"version", spoil_version, "version 1"},
	{"endian", spoil_endian, "big-endian"},
	{"tensor-count", spoil_tensor_count, "more than the file can hold"},
	{"key-count", spoil_key_count, "more than the file can hold"},
	{"key-length", spoil_key_length, "claims"},
	{"key-text", spoil_key_text, "UTF-8"},
	{"value-type", spoil_value_type, "unknown type 99"},
	{"array-count", spoil_array_count, "sam.lite.kernels"},
	{"array-type", spoil_array_type, "unknown type 13"},
	{"n-dims", spoil_dims, "5 dimensions"},
	{"zero-dim", spoil_zero_dim, "a.weight"},
	{"product", spoil_product, "impossible shape"},
	{"size", spoil_size, "c.weight"},
	{"block", spoil_block, "multiple of 32"},
	{"q4-k", spoil_q4, "Q4_K"},
	{"type", spoil_type, "unknown type 1000"},
	{"alignment", spoil_alignment, "not aligned"},
	{"offset", spoil_offset, "behind the end"},
	{"overlap", spoil_overlap, "overlap"},
	{"name-twice", spoil_name, "there twice"},
	{"empty", spoil_empty, "0 bytes"},
};

static GByteArray *good_bytes(void)
{
	g_autoptr(GBytes) good = good_file();
	gsize n;
	const guint8 *data = g_bytes_get_data(good, &n);
	GByteArray *copy = g_byte_array_new();
	g_byte_array_append(copy, data, (guint)n);
	return copy;
}

static void test_lie(gconstpointer data)
{
	const lie_case *c = data;
	GByteArray *file = good_bytes();
	c->spoil(file);
	g_autoptr(GBytes) bytes = g_byte_array_free_to_bytes(file);
	g_autoptr(GError) error = NULL;
	g_assert_null(gguf_open_bytes(bytes, "lying.gguf", &error));
	g_assert_error(error, GGUF_ERROR, GGUF_ERROR_FORMAT);
	g_assert_nonnull(strstr(error->message, "lying.gguf"));
	if (!strstr(error->message, c->says))
		g_error("%s: \"%s\" does not say \"%s\"", c->name, error->message, c->says);
	g_assert_null(strchr(error->message, '\n'));
}

/* Every prefix of a good file is refused: nothing is read behind its end. */
static void test_truncated(void)
{
	GByteArray *good = good_bytes();
	for (guint n = 0; n < good->len; n++) {
		g_autofree guint8 *part = g_memdup2(good->data, MAX(n, 1));
		g_autoptr(GBytes) bytes = g_bytes_new_static(part, n);
		g_autoptr(GError) error = NULL;
		g_assert_null(gguf_open_bytes(bytes, "short.gguf", &error));
		g_assert_error(error, GGUF_ERROR, GGUF_ERROR_FORMAT);
	}
	g_byte_array_unref(good);
}

static void test_key_twice(void)
{
	gguf_writer *w = gguf_writer_new();
	gguf_writer_u32(w, "one", 1);
	gguf_writer_u32(w, "one", 2);
	g_autoptr(GBytes) bytes = gguf_writer_end(w);
	g_autoptr(GError) error = NULL;
	g_assert_null(gguf_open_bytes(bytes, "twice.gguf", &error));
	g_assert_nonnull(strstr(error->message, "one is there twice"));
}

static void test_file(void)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(gguf_open("/nonexistent/model.gguf", &error));
	g_assert_error(error, GGUF_ERROR, GGUF_ERROR_READ);
	g_assert_nonnull(strstr(error->message, "/nonexistent/model.gguf"));
	g_clear_error(&error);
	g_autofree char *path = g_build_filename(g_get_tmp_dir(), "nadir-test-XXXXXX", NULL);
	g_assert_cmpint(g_close(g_mkstemp(path), NULL), ==, TRUE);
	g_assert_null(gguf_open(path, &error)); /* no bytes at all */
	g_assert_error(error, GGUF_ERROR, GGUF_ERROR_FORMAT);
	g_clear_error(&error);
	g_autoptr(GBytes) good = good_file();
	g_assert_true(g_file_set_contents(path, g_bytes_get_data(good, NULL), (gssize)g_bytes_get_size(good), NULL));
	g_autoptr(gguf) g = gguf_open(path, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(g_bytes_get_size(gguf_bytes(g)), ==, g_bytes_get_size(good));
	g_unlink(path);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/gguf/scalars", test_scalars);
	g_test_add_func("/gguf/arrays", test_arrays);
	g_test_add_func("/gguf/tensors", test_tensors);
	for (guint i = 0; i < G_N_ELEMENTS(lies); i++) {
		g_autofree char *path = g_strconcat("/gguf/lie/", lies[i].name, NULL);
		g_test_add_data_func(path, &lies[i], test_lie);
	}
	g_test_add_func("/gguf/truncated", test_truncated);
	g_test_add_func("/gguf/key-twice", test_key_twice);
	g_test_add_func("/gguf/file", test_file);
	return g_test_run();
}
