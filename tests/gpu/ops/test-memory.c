/* Arenas, tensor views and the weight loader: what the models stand on. */
#include "infer/arena.h"
#include "infer/ops/ops-private.h"
#include "tests/unit/infer/gguf-writer.h"
#include <string.h>

static gpu *open_any(void)
{
	GError *error = NULL;
	gpu *dev = gpu_open(&(gpu_options){.device = "software", .validation = true}, &error);
	g_assert_no_error(error);
	return dev;
}

static void test_views(void)
{
	g_autoptr(gpu) dev = open_any();
	g_autoptr(arena) a = arena_new(dev, 0, "views");
	const tensor t = arena_tensor(a, DTYPE_F16, TENSOR_SHAPE(4, 3, 5));
	g_assert_cmpuint(tensor_count(&t), ==, 60);
	g_assert_cmpuint(tensor_rows(&t), ==, 12);
	g_assert_cmpuint(tensor_cols(&t), ==, 5);
	g_assert_cmpuint(t.data.bytes, ==, 120);
	const tensor part = tensor_slice(t, 1, 2);
	g_assert_cmpuint(part.data.offset - t.data.offset, ==, 30);
	g_assert_cmpuint(part.data.bytes, ==, 60);
	const tensor flat = tensor_reshape(part, TENSOR_SHAPE(6, 5));
	g_assert_cmpuint(flat.ne[0], ==, 6);
	g_assert_cmpuint(flat.data.offset, ==, part.data.offset);
	g_assert_cmpuint(dtype_bytes(DTYPE_Q8_0, 64), ==, 68);
}

static void test_arena(void)
{
	g_autoptr(gpu) dev = open_any();
	g_autoptr(arena) a = arena_new(dev, 4096, "arena");
	GError *error = NULL;
	const tensor first = arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(3));
	const arena_mark mark = arena_get_mark(a);
	const tensor second = arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(100));
	g_assert_cmpuint(first.data.offset % 256, ==, 0);
	g_assert_cmpuint(second.data.offset, >=, first.data.offset + first.data.bytes);
	g_assert_cmpuint(second.data.offset % 256, ==, 0);
	const tensor large = arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(5000)); /* a block of its own */
	g_assert_true(large.data.buf != first.data.buf);
	const uint64_t held = arena_bytes(a);
	arena_rewind(a, mark);
	const tensor again = arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(100));
	g_assert_true(again.data.buf == second.data.buf && again.data.offset == second.data.offset);
	const tensor large_again = arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(5000));
	g_assert_true(large_again.data.buf == large.data.buf);
	g_assert_cmpuint(arena_bytes(a), ==, held);
	g_assert_true(arena_check(a, &error));
}

/* Too much memory is an ordinary error: a null tensor, one message, and the arena goes on afterwards. */
static void test_no_memory(void)
{
	g_autoptr(gpu) dev = open_any();
	g_autoptr(arena) a = arena_new(dev, 4096, "greedy");
	g_autoptr(GError) error = NULL;
	const tensor t = arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(1u << 24, 1u << 14));
	g_assert_true(tensor_is_null(&t));
	const tensor after = arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(4));
	g_assert_true(tensor_is_null(&after)); /* nothing more until the failure was seen */
	g_assert_false(arena_check(a, &error));
	g_assert_error(error, GPU_ERROR, GPU_ERROR_NO_MEMORY);
	g_assert_nonnull(strstr(error->message, "greedy"));
	const tensor fine = arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(4));
	g_assert_false(tensor_is_null(&fine));
}

static gguf *small_file(void)
{
	static const float values[64];
	gguf_writer *w = gguf_writer_new();
	gguf_writer_tensor(w, "a.weight", GGUF_F32, 2, (uint32_t[]){4, 8}, values);
	gguf_writer_tensor(w, "a.bias", GGUF_F32, 1, (uint32_t[]){4}, values);
	gguf_writer_tensor(w, "b.weight", GGUF_F16, 4, (uint32_t[]){4, 8, 1, 1}, values);
	g_autoptr(GBytes) bytes = gguf_writer_end(w);
	GError *error = NULL;
	gguf *g = gguf_open_bytes(bytes, "small.gguf", &error);
	g_assert_no_error(error);
	return g;
}

/* The first failure is kept and named; everything after it is null; ops ignore null weights. */
static void test_loader(void)
{
	g_autoptr(gpu) dev = open_any();
	g_autoptr(ops) o = ops_new(dev);
	g_autoptr(arena) a = arena_new(dev, 4096, "weights");
	g_autoptr(gguf) g = small_file();
	g_autoptr(GError) error = NULL;
	gpu_cmd *cmd = gpu_cmd_begin(dev, NULL, &error);
	weight_loader l = {.ops = o, .arena = a, .cmd = cmd, .file = g};
	const weight good = weight_linear(&l, "a", 4, 8, true);
	const weight conv = weight_linear(&l, "b", 4, 8, false); /* a 1x1 convolution */
	g_assert_false(tensor_is_null(&good.data));
	g_assert_false(tensor_is_null(&conv.data));
	g_assert_true(weight_loader_finish(&l, &error));
	const weight wrong = weight_linear(&l, "a", 8, 4, true), missing = weight_linear(&l, "c", 1, 1, true);
	g_assert_true(tensor_is_null(&wrong.data) && tensor_is_null(&missing.data));
	g_assert_false(weight_loader_finish(&l, &error));
	g_assert_error(error, GGUF_ERROR, GGUF_ERROR_KEY);
	g_assert_nonnull(strstr(error->message, "a.weight"));
	g_clear_error(&error);
	const tensor x = arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(1, 8)), y = arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(1, 4));
	op_linear(o, cmd, y, x, &missing, ACT_NONE, NULL);
	g_assert_true(ops_check(o, &error));
	g_assert_true(gpu_cmd_finish(cmd, &error));
}

/* A tensor that cannot be bound and that an op cannot split is an ordinary error too. */
static void test_too_large(void)
{
	g_autoptr(gpu) dev = open_any();
	g_autoptr(ops) o = ops_new(dev);
	g_autoptr(arena) a = arena_new(dev, 4096, "tensors");
	g_autoptr(GError) error = NULL;
	gpu_cmd *cmd = gpu_cmd_begin(dev, NULL, &error);
	const tensor x = arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(1, 1024)),
				 y = arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(1, 1024));
	o->max_binding = 1024;
	op_add(o, cmd, y, x, x, ACT_NONE);
	g_assert_false(ops_check(o, &error));
	g_assert_error(error, GPU_ERROR, GPU_ERROR_FAILED);
	g_clear_error(&error);
	g_assert_true(ops_check(o, &error));
	g_assert_true(gpu_cmd_finish(cmd, &error));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/ops/views", test_views);
	g_test_add_func("/ops/arena", test_arena);
	g_test_add_func("/ops/no-memory", test_no_memory);
	g_test_add_func("/ops/loader", test_loader);
	g_test_add_func("/ops/too-large", test_too_large);
	return g_test_run();
}
