/* Recorder: transfers, hazards, cuts, cancel, progress. */
#include "infer/vk/gpu-private.h"
#include "tests/gpu/vk/fixture.h"
#include <math.h>

#define LOCAL 64u

typedef struct {
	gpu *dev;
	gpu_kernel *axpy;
} setup;

static setup set_up(gconstpointer data)
{
	setup s = {open_device(data), NULL};

	s.axpy = axpy_kernel(s.dev, LOCAL);
	return s;
}

static void tear_down(setup *s)
{
	gpu_kernel_free(s->axpy);
	gpu_close(s->dev);
}

static gpu_cmd *begin(gpu *dev)
{
	GError *error = NULL;
	gpu_cmd *cmd = gpu_cmd_begin(dev, NULL, &error);

	g_assert_no_error(error);
	return cmd;
}

static void finish(gpu_cmd *cmd)
{
	GError *error = NULL;
	bool ok = gpu_cmd_finish(cmd, &error);

	g_assert_no_error(error);
	g_assert_true(ok);
}

static gpu_span span_of(gpu_buffer *buf, uint64_t first, uint64_t n)
{
	return (gpu_span){buf, first * 4, n * 4};
}

static void fill_words(float *to, uint32_t n, float value)
{
	for (uint32_t i = 0; i < n; i++)
		to[i] = value;
}

static void test_round_trip(gconstpointer data)
{
	setup s = set_up(data);
	const uint32_t sizes[] = {1, 3, 63, 64, 65, 1000, 100003};

	for (size_t c = 0; c < G_N_ELEMENTS(sizes); c++) {
		uint32_t n = sizes[c];
		g_autofree float *x = g_new(float, n), *y = g_new(float, n), *out = g_new(float, n);
		g_autoptr(gpu_buffer) bx = buffer(s.dev, n * 4ull), by = buffer(s.dev, n * 4ull);

		for (uint32_t i = 0; i < n; i++) {
			x[i] = (float)i;
			y[i] = 1.0f;
		}
		gpu_cmd *cmd = begin(s.dev);
		gpu_cmd_upload(cmd, span_of(bx, 0, n), x);
		gpu_cmd_upload(cmd, span_of(by, 0, n), y);
		axpy(cmd, s.axpy, span_of(bx, 0, n), span_of(by, 0, n), 2.0f, LOCAL);
		gpu_cmd_download(cmd, out, span_of(by, 0, n));
		finish(cmd);
		for (uint32_t i = 0; i < n; i++)
			g_assert_cmpfloat(out[i], ==, 2.0f * (float)i + 1.0f);
	}
	tear_down(&s);
}

/* y <- y + y, n times in a row: each must see the one before. */
static void test_chain(gconstpointer data)
{
	setup s = set_up(data);
	enum { N = 5000, STEPS = 20 };
	g_autofree float *y = g_new(float, N);
	g_autoptr(gpu_buffer) a = buffer(s.dev, N * 4), b = buffer(s.dev, N * 4);

	fill_words(y, N, 1);
	gpu_cmd *cmd = begin(s.dev);
	gpu_cmd_upload(cmd, span_of(a, 0, N), y);
	gpu_cmd_fill(cmd, span_of(b, 0, N), 0);
	for (int i = 0; i < STEPS; i++) {
		axpy(cmd, s.axpy, span_of(a, 0, N), span_of(b, 0, N), 1.0f,
		     LOCAL); /* b += a: read after write, write after write */
		axpy(cmd, s.axpy, span_of(b, 0, N), span_of(a, 0, N), 0.5f, LOCAL); /* a += b / 2: write after read */
	}
	gpu_cmd_download(cmd, y, span_of(b, 0, N));
	finish(cmd);
	double va = 1, vb = 0;
	for (int i = 0; i < STEPS; i++) {
		vb += va;
		va += 0.5 * vb;
	}
	for (int i = 0; i < N; i++)
		g_assert_cmpfloat(fabs(y[i] - vb), <, 1e-4 * vb);
	tear_down(&s);
}

/* Write after read: the source is overwritten by fill, copy and a second upload after kernels have read it. */
static void test_write_after_read(gconstpointer data)
{
	setup s = set_up(data);
	enum { N = 4096 };
	g_autofree float *x = g_new(float, N), *y = g_new(float, N);
	g_autoptr(gpu_buffer) a = buffer(s.dev, N * 4), b = buffer(s.dev, N * 4);

	gpu_cmd *cmd = begin(s.dev);
	gpu_cmd_fill(cmd, span_of(b, 0, N), 0);
	fill_words(x, N, 1);
	gpu_cmd_upload(cmd, span_of(a, 0, N), x);
	axpy(cmd, s.axpy, span_of(a, 0, N), span_of(b, 0, N), 1.0f, LOCAL);
	fill_words(x, N, 10);
	gpu_cmd_upload(cmd, span_of(a, 0, N), x); /* the kernel above must have read 1 */
	fill_words(x, N, -1000);                  /* the upload has copied */
	axpy(cmd, s.axpy, span_of(a, 0, N), span_of(b, 0, N), 1.0f, LOCAL);
	gpu_cmd_fill(cmd, span_of(a, 0, N), 0x42c80000u); /* 100.0f */
	axpy(cmd, s.axpy, span_of(a, 0, N), span_of(b, 0, N), 1.0f, LOCAL);
	gpu_cmd_copy(cmd, span_of(a, 0, N), span_of(b, 0, N));
	axpy(cmd, s.axpy, span_of(a, 0, N), span_of(b, 0, N), 1.0f, LOCAL);
	gpu_cmd_download(cmd, y, span_of(b, 0, N));
	finish(cmd);
	for (int i = 0; i < N; i++)
		g_assert_cmpfloat(y[i], ==, 222.0f);
	tear_down(&s);
}

/* Independent dispatches get no barrier; ranges that touch without overlapping are independent; one shared word is not.
 */
static void test_barriers(gconstpointer data)
{
	setup s = set_up(data);
	enum { N = 256, PARTS = 16 };
	g_autoptr(gpu_buffer) a = buffer(s.dev, N * PARTS * 4), b = buffer(s.dev, N * PARTS * 4);

	gpu_cmd *cmd = begin(s.dev);
	gpu_cmd_fill(cmd, span_of(a, 0, N * PARTS), 0);
	gpu_cmd_fill(cmd, span_of(b, 0, N * PARTS), 0);
	uint64_t before = s.dev->n_barriers;
	for (int i = 0; i < PARTS; i++)
		axpy(cmd, s.axpy, span_of(a, 0, N), span_of(b, (uint64_t)i * N, N), 1.0f, LOCAL);
	g_assert_cmpuint(s.dev->n_barriers - before, ==, 1); /* after the fills only */
	before = s.dev->n_barriers;
	axpy(cmd, s.axpy, span_of(b, N - 64, N), span_of(a, N, N), 1.0f, LOCAL); /* reads across two parts just written */
	g_assert_cmpuint(s.dev->n_barriers - before, ==, 1);
	axpy(cmd, s.axpy, span_of(a, 4 * N, N), span_of(b, 2 * N, N), 1.0f, LOCAL); /* touches neither */
	g_assert_cmpuint(s.dev->n_barriers - before, ==, 1);
	axpy(cmd, s.axpy, span_of(a, 5 * N, N), span_of(b, N, N), 1.0f, LOCAL); /* writes what was read */
	g_assert_cmpuint(s.dev->n_barriers - before, ==, 2);
	finish(cmd);
	tear_down(&s);
}

typedef struct {
	double last;
	int calls;
	int cancel_at;
	GCancellable *cancel;
} watch;

static void on_progress(double fraction, void *data)
{
	watch *w = data;

	g_assert_cmpfloat(fraction, >=, w->last);
	g_assert_cmpfloat(fraction, <=, 1.0);
	w->last = fraction;
	if (++w->calls == w->cancel_at)
		g_cancellable_cancel(w->cancel);
}

enum { MANY = 3000, MANY_N = 20000 };

static bool run_many(setup *s, watch *w, float *out, GError **error)
{
	g_autoptr(gpu_buffer) a = buffer(s->dev, MANY_N * 4), b = buffer(s->dev, MANY_N * 4);
	gpu_cmd *cmd = gpu_cmd_begin(s->dev, w->cancel, error);

	g_assert_nonnull(cmd);
	gpu_cmd_set_progress(cmd, 2ull * MANY_N * MANY, on_progress, w);
	gpu_cmd_fill(cmd, span_of(a, 0, MANY_N), 0x3f800000u);
	gpu_cmd_fill(cmd, span_of(b, 0, MANY_N), 0);
	for (int i = 0; i < MANY; i++)
		axpy(cmd, s->axpy, span_of(a, 0, MANY_N), span_of(b, 0, MANY_N), 1.0f, LOCAL);
	gpu_cmd_download(cmd, out, span_of(b, 0, MANY_N));
	return gpu_cmd_finish(cmd, error);
}

static void test_cuts(gconstpointer data)
{
	setup s = set_up(data);
	watch w = {0};
	GError *error = NULL;
	g_autofree float *y = g_new(float, MANY_N);
	uint64_t before = s.dev->serial_submitted;

	g_assert_true(run_many(&s, &w, y, &error));
	g_assert_no_error(error);
	g_assert_cmpuint(s.dev->serial_submitted - before, >=, MANY / GPU_SLOT_DISPATCHES);
	g_assert_cmpint(w.calls, >=, MANY / (int)GPU_SLOT_DISPATCHES);
	g_assert_cmpfloat(w.last, ==, 1.0);
	for (int i = 0; i < MANY_N; i++)
		g_assert_cmpfloat(y[i], ==, (float)MANY);
	tear_down(&s);
}

static void test_cancel(gconstpointer data)
{
	setup s = set_up(data);
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	watch w = {.cancel_at = 2, .cancel = cancel};
	g_autoptr(GError) error = NULL;
	g_autofree float *y = g_new(float, MANY_N);

	y[0] = -1;
	g_assert_false(run_many(&s, &w, y, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	g_assert_cmpfloat(y[0], ==, -1); /* no partial output */
	g_assert_cmpfloat(w.last, <, 1.0);
	g_clear_error(&error);
	g_assert_null(gpu_cmd_begin(s.dev, cancel, &error)); /* cancelled before it began */
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	watch again = {0};
	g_clear_error(&error);
	g_assert_true(run_many(&s, &again, y, &error)); /* the device works on */
	g_assert_cmpfloat(y[MANY_N - 1], ==, (float)MANY);
	tear_down(&s);
}

/* More than the staging ring holds, into a buffer that is in use, so that it cannot be written in place. */
static void test_big_upload(gconstpointer data)
{
	setup s = set_up(data);
	const uint32_t n = (GPU_STAGING_BYTES * (GPU_STAGING_CHUNKS + 1) + 12345 * 4) / 4;
	g_autofree uint32_t *x = g_new(uint32_t, n), *y = g_new0(uint32_t, n);
	g_autoptr(gpu_buffer) a = buffer(s.dev, n * 4ull);

	for (uint32_t i = 0; i < n; i++)
		x[i] = i * 2654435761u;
	gpu_cmd *cmd = begin(s.dev);
	gpu_cmd_fill(cmd, span_of(a, 0, n), 7);
	gpu_cmd_upload(cmd, span_of(a, 0, n), x);
	gpu_cmd_download(cmd, y, span_of(a, 0, n));
	finish(cmd);
	g_assert_cmpmem(x, n * 4ul, y, n * 4ul);
	tear_down(&s);
}

/* The same kernel through a texel buffer; spans that are not of whole texels are refused. */
static void test_texels(gconstpointer data)
{
	setup s = set_up(data);
	enum { N = 1000 };
	GError *error = NULL;
	const uint32_t spec[2] = {LOCAL, 0};
	const gpu_kernel_desc desc = {.name = "axpy_texel",
	                              .spirv = spv_axpy_texel,
	                              .spirv_bytes = sizeof(spv_axpy_texel),
	                              .spec = spec,
	                              .n_spec = 2,
	                              .n_bindings = 2,
	                              .push_bytes = sizeof(axpy_push),
	                              .writes = 2,
	                              .texels = 1};
	g_autoptr(gpu_kernel) k = gpu_kernel_new(s.dev, &desc, &error);

	if (gpu_get_caps(s.dev)->max_texels == 0) {
		g_assert_error(error, GPU_ERROR, GPU_ERROR_FAILED);
		g_clear_error(&error);
		tear_down(&s);
		return;
	}
	g_assert_no_error(error);
	g_autofree float *x = g_new(float, N);
	g_autoptr(gpu_buffer) a = buffer(s.dev, 2 * N * 4), b = buffer(s.dev, N * 4);
	for (int i = 0; i < N; i++)
		x[i] = (float)i;
	gpu_cmd *cmd = begin(s.dev);
	gpu_cmd_fill(cmd, span_of(b, 0, N), 0);
	gpu_cmd_upload(cmd, span_of(a, N - 4, N), x); /* read at an offset, right after it was written by the device */
	axpy(cmd, s.axpy, span_of(a, N - 4, N), span_of(b, 0, N), 1.0f, LOCAL);
	axpy(cmd, s.axpy, span_of(b, 0, N), span_of(a, N - 4, N), 1.0f, LOCAL);
	axpy(cmd, k, span_of(a, N - 4, N), span_of(b, 0, N), 0.5f, LOCAL);
	gpu_cmd_download(cmd, x, span_of(b, 0, N));
	finish(cmd);
	for (int i = 0; i < N; i++)
		g_assert_cmpfloat(x[i], ==, 2.0f * (float)i);
	cmd = begin(s.dev);
	axpy(cmd, k, span_of(a, 0, 13), span_of(b, 0, N), 1.0f, LOCAL);
	g_assert_false(gpu_cmd_finish(cmd, &error));
	g_assert_error(error, GPU_ERROR, GPU_ERROR_FAILED);
	g_clear_error(&error);
	gpu_kernel_free(g_steal_pointer(&k));
	tear_down(&s);
}

/* Faults of the caller are errors that name the kernel, not crashes. */
static void test_wrong_calls(gconstpointer data)
{
	setup s = set_up(data);
	g_autoptr(gpu_buffer) a = buffer(s.dev, 4096), b = buffer(s.dev, 4096);
	const gpu_span bad[] = {{a, 0, 4100}, {a, 4096, 4}, {a, 2, 64}, {NULL, 0, 4}, {a, 0, 0}};
	float word = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		gpu_cmd *cmd = begin(s.dev);
		axpy(cmd, s.axpy, bad[i], span_of(b, 0, 16), 1.0f, LOCAL);
		gpu_cmd_download(cmd, &word, span_of(b, 0, 1));
		g_assert_false(gpu_cmd_finish(cmd, &error));
		g_assert_error(error, GPU_ERROR, GPU_ERROR_FAILED);
		g_assert_nonnull(strstr(error->message, "axpy"));
	}
	g_autoptr(GError) error = NULL;
	gpu_cmd *cmd = begin(s.dev);
	g_assert_null(gpu_cmd_begin(s.dev, NULL, &error));
	g_assert_error(error, GPU_ERROR, GPU_ERROR_FAILED);
	finish(cmd);
	tear_down(&s);
}

static void test_profile(gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *number = g_strdup_printf("%u", GPOINTER_TO_UINT(data) / 2);
	g_autoptr(gpu) dev = gpu_open(&(gpu_options){.device = number, .validation = true, .profile = true}, &error);
	g_assert_no_error(error);
	g_autoptr(gpu_kernel) k = axpy_kernel(dev, LOCAL);
	g_autoptr(gpu_buffer) a = buffer(dev, 4000), b = buffer(dev, 4000);

	gpu_cmd *cmd = begin(dev);
	for (int i = 0; i < 5; i++)
		axpy(cmd, k, span_of(a, 0, 1000), span_of(b, 0, 1000), 1.0f, LOCAL);
	finish(cmd);
	g_autoptr(GPtrArray) rows = gpu_profile(dev);
	g_assert_cmpuint(rows->len, ==, 1);
	const gpu_profile_row *row = g_ptr_array_index(rows, 0);
	g_assert_cmpstr(row->name, ==, "axpy");
	g_assert_cmpuint(row->calls, ==, 5);
	g_assert_cmpuint(row->flops, ==, 5 * 2000);
	g_assert_cmpfloat(row->seconds, >, 0);
	g_autoptr(GPtrArray) none = gpu_profile(dev);
	g_assert_cmpuint(none->len, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add_device_tests("/vk/round-trip", test_round_trip);
	add_device_tests("/vk/chain", test_chain);
	add_device_tests("/vk/write-after-read", test_write_after_read);
	add_device_tests("/vk/barriers", test_barriers);
	add_device_tests("/vk/cuts", test_cuts);
	add_device_tests("/vk/cancel", test_cancel);
	add_device_tests("/vk/big-upload", test_big_upload);
	add_device_tests("/vk/wrong-calls", test_wrong_calls);
	add_device_tests("/vk/texels", test_texels);
	add_device_tests("/vk/profile", test_profile);
	return g_test_run();
}
