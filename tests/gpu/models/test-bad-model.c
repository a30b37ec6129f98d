/* Files that are no usable model: each is one clear sentence that names the file, and the device works on afterwards.
 */
#include "infer/models/sam.h"
#include <glib/gstdio.h>
#include <string.h>

typedef struct {
	const char *name;
	const char *where; /* text in the file: a key or a tensor name */
	int skip;          /* bytes behind that text */
	const void *bytes; /* what is put there */
	size_t n;
	const char *says; /* part of the message */
} damage;

#define U32(...) (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__})
#define TEXT(s) s, sizeof(s) - 1
#define AFTER_TYPE 4 /* a key is followed by its type, then the value */
#define IN_STRING 12 /* type, length, then the text */
#define IN_ARRAY 16  /* type, element type, count, then the elements */
#define FIRST_DIM 4  /* a tensor's name is followed by the number of axes, then their lengths, fastest first */

static const damage damages[] = {
	{"architecture", "general.architecture", IN_STRING, TEXT("zam"), "\"zam\""},
	{"no architecture", "general.architecture", -3, TEXT("xxx"), "general.architecture"},
	{"encoder", "sam.encoder", IN_STRING, TEXT("efficientnet_like"), "efficientnet_like"},
	{"prompt raster", "sam.prompt_raster", IN_STRING, TEXT("any"), "sam.prompt_raster"},
	{"no image size", "sam.image_size", -4, TEXT("siez"), "sam.image_size"},
	{"image size 0", "sam.image_size", AFTER_TYPE, U32(0), "sam.image_size 0"},
	{"image size 100", "sam.image_size", AFTER_TYPE, U32(100), "multiple of 32"},
	{"image size huge", "sam.image_size", AFTER_TYPE, U32(0xffffffe0), "sam.image_size"},
	{"width odd", "sam.out_dim", AFTER_TYPE, U32(63), "sam.out_dim"},
	{"width wrong", "sam.out_dim", AFTER_TYPE, U32(128), "enc.neck"},
	{"width huge", "sam.out_dim", AFTER_TYPE, U32(0xffffffe0), "sam.out_dim"},
	{"deviation 0", "sam.std", IN_ARRAY, U32(0), "sam.std"},
	{"kernels 0", "sam.lite.kernels", IN_ARRAY, U32(0), "sam.lite.kernels"},
	{"strides 3", "sam.lite.strides", IN_ARRAY + 4, U32(3), "sam.lite.strides"},
	{"stride missing", "sam.lite.strides", IN_ARRAY + 4, U32(1), "sam.lite.taps"},
	{"channels huge", "sam.lite.channels", IN_ARRAY, U32(0x10000000), "sam.lite.channels"},
	{"channels wrong", "sam.lite.channels", IN_ARRAY, U32(9), "enc.trunk.blocks.0.project"},
	{"repeats huge", "sam.lite.repeats", IN_ARRAY, U32(60), "enc.trunk.blocks.1"},
	{"taps past the end", "sam.lite.taps", IN_ARRAY + 12, U32(8), "sam.lite.taps"},
	{"tensor missing", "enc.neck.norm0.weight", -6, TEXT("weigth"), "enc.neck.norm0.weight"},
	{"bias missing", "dec.t.layers.1.mlp.lin2.bias", -4, TEXT("bais"), "dec.t.layers.1.mlp.lin2.bias"},
	{"shape swapped", "dec.t.layers.0.mlp.lin1.weight", FIRST_DIM, U32(96, 0, 64, 0), "dec.t.layers.0.mlp.lin1.weight"},
	{"shape lies", "enc.trunk.stem.weight", FIRST_DIM, U32(0x7fffffff), "enc.trunk.stem.weight"},
	{"embedding missing", "pe.point_embeddings.3.weight", -6, TEXT("weigth"), "pe.point_embeddings.3.weight"},
	{"magic", "GGUF", -4, TEXT("GGML"), ""},
};

static char *fixture_path(void)
{
	return g_build_filename(g_getenv("NADIR_SOURCE"), "tests", "data", "fixture-efficientnet_lite.gguf", NULL);
}

static void expect_failure(gpu *dev, const char *path, const char *says)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *base = g_path_get_basename(path);
	g_assert_null(sam_model_open(dev, path, &(sam_options){0}, &error));
	g_assert_error(error, SAM_ERROR, SAM_ERROR_MODEL);
	g_test_message("%s", error->message);
	g_assert_nonnull(strstr(error->message, base));
	g_assert_nonnull(strstr(error->message, says));
	g_assert_null(strchr(error->message, '\n'));
}

/* The place right behind `text` where it stands as a whole string of the file: its length is in front of it. */
static uint8_t *find(uint8_t *file, gsize size, const char *text)
{
	const uint64_t n = strlen(text);
	for (gsize i = 8; i + n <= size; i++)
		if (memcmp(file + i, text, n) == 0 && (memcmp(file + i - 8, &n, 8) == 0 || n == 4))
			return file + i + n;
	return n == 4 ? file + 4 : NULL;
}

static void expect_good(gpu *dev)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = fixture_path();
	g_autoptr(sam_model) m = sam_model_open(dev, path, &(sam_options){0}, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(sam_model_info(m)->encoder, ==, "efficientnet_lite");
	g_assert_cmpint(sam_model_info(m)->image_size, ==, 96);
	g_assert_cmpuint(strlen(sam_model_info(m)->hash8), ==, 8);
}

static gpu *open_device(void)
{
	g_autoptr(GError) error = NULL;
	gpu *dev = gpu_open(&(gpu_options){.validation = true}, &error);
	g_assert_no_error(error);
	return dev;
}

static void test_damaged(void)
{
	g_autoptr(gpu) dev = open_device();
	g_autoptr(GError) error = NULL;
	g_autofree char *good = fixture_path(), *dir = g_dir_make_tmp("nadir-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "damaged.gguf", NULL), *file = NULL;
	gsize size;
	g_assert_true(g_file_get_contents(good, &file, &size, &error));
	for (guint i = 0; i < G_N_ELEMENTS(damages); i++) {
		const damage *d = &damages[i];
		g_autofree uint8_t *copy = g_memdup2(file, size);
		uint8_t *at = find(copy, size, d->where);
		g_assert_nonnull(at);
		memcpy(at + d->skip, d->bytes, d->n);
		g_assert_true(g_file_set_contents(path, (char *)copy, (gssize)size, &error));
		g_test_message("%s", d->name);
		expect_failure(dev, path, d->says);
	}
	g_unlink(path);
	g_rmdir(dir);
	expect_good(dev);
}

static void test_cut(void)
{
	g_autoptr(gpu) dev = open_device();
	g_autoptr(GError) error = NULL;
	g_autofree char *good = fixture_path(), *dir = g_dir_make_tmp("nadir-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "cut.gguf", NULL), *file = NULL;
	gsize size;
	g_assert_true(g_file_get_contents(good, &file, &size, &error));
	const gsize lengths[] = {0, 3, 24, 100, 5000, size / 2, size - 1000};
	for (guint i = 0; i < G_N_ELEMENTS(lengths); i++) {
		g_assert_true(g_file_set_contents(path, file, (gssize)lengths[i], &error));
		expect_failure(dev, path, "");
	}
	g_unlink(path);
	expect_failure(dev, path, ""); /* not there */
	expect_failure(dev, dir, "");  /* a folder */
	g_rmdir(dir);
	expect_good(dev);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sam/bad-model/damaged", test_damaged);
	g_test_add_func("/sam/bad-model/cut", test_cut);
	return g_test_run();
}
