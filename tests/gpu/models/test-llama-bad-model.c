/* Files that are no usable language model: each is refused with a sentence that names the file and the fault. */
#include "tests/gpu/models/llama-fixture.h"
#include "tests/unit/infer/gguf-writer.h"
#include <string.h>

typedef struct {
	const char *name, *says;
	const char *key, *text;        /* a key written with this text, */
	uint32_t number;               /* or this number */
	const char *leave_out, *extra; /* tensors */
} fault;

static const fault faults[] = {
	{.name = "architecture", .says = "mamba", .key = "general.architecture", .text = "mamba"},
	{.name = "experts", .says = "8 experts", .key = "llama.expert_count", .number = 8},
	{.name = "no-blocks", .says = "llama.block_count", .key = "llama.block_count", .number = 0},
	{.name = "blocks", .says = "blk.1.", .key = "llama.block_count", .number = 2},
	{.name = "heads", .says = "3 heads", .key = "llama.attention.head_count", .number = 3},
	{.name = "no-heads", .says = "0 heads", .key = "llama.attention.head_count", .number = 0},
	{.name = "groups", .says = "3 key heads", .key = "llama.attention.head_count_kv", .number = 3},
	{.name = "width", .says = "llama.embedding_length", .key = "llama.embedding_length", .number = 10},
	{.name = "ffn", .says = "ffn_gate", .key = "llama.feed_forward_length", .number = 16},
	{.name = "rotary", .says = "dimension_count", .key = "llama.rope.dimension_count", .number = 6},
	{.name = "scaling", .says = "yarn", .key = "llama.rope.scaling.type", .text = "yarn"},
	{.name = "values", .says = "values of 8", .key = "llama.attention.value_length", .number = 8},
	{.name = "context", .says = "context_length", .key = "llama.context_length", .number = 0},
	{.name = "no-embedding", .says = "token_embd", .leave_out = "token_embd.weight"},
	{.name = "no-norm", .says = "output_norm", .leave_out = "output_norm.weight"},
	{.name = "no-matrix", .says = "ffn_up", .leave_out = "blk.0.ffn_up.weight"},
	{.name = "bias", .says = "attn_q.bias", .extra = "blk.0.attn_q.bias"},
	{.name = "output", .says = "output.weight", .extra = "output.weight"},
};

static void put_number(gguf_writer *w, const fault *f, const char *key, uint32_t value)
{
	if (f && f->key && strcmp(f->key, key) == 0)
		gguf_writer_u32(w, key, f->number);
	else if (value)
		gguf_writer_u32(w, key, value);
}

static void put_tensor(gguf_writer *w, const fault *f, const char *name, uint32_t rows, uint32_t cols)
{
	static const float values[32 * 8];
	if (!f || !f->leave_out || strcmp(f->leave_out, name) != 0)
		gguf_writer_tensor(w, name, GGUF_F32, rows ? 2 : 1, rows ? (uint32_t[]){rows, cols} : &cols, values);
}

/* One block of width 8, two heads, one key head, ffn 12, 16 tokens. */
static gguf *write_model(const fault *f)
{
	g_autoptr(GError) error = NULL;
	gguf_writer *w = gguf_writer_new();
	const bool architecture = f && f->key && strcmp(f->key, "general.architecture") == 0;
	gguf_writer_string(w, "general.architecture", architecture ? f->text : "earthgpt-x");
	if (f && f->text && !architecture)
		gguf_writer_string(w, f->key, f->text);
	put_number(w, f, "llama.block_count", 1);
	put_number(w, f, "llama.embedding_length", 8);
	put_number(w, f, "llama.feed_forward_length", 12);
	put_number(w, f, "llama.attention.head_count", 2);
	put_number(w, f, "llama.attention.head_count_kv", 1);
	put_number(w, f, "llama.context_length", 32);
	put_number(w, f, "llama.expert_count", 0);
	put_number(w, f, "llama.rope.dimension_count", 0);
	put_number(w, f, "llama.attention.value_length", 0);
	put_tensor(w, f, "token_embd.weight", 16, 8);
	put_tensor(w, f, "output_norm.weight", 0, 8);
	put_tensor(w, f, "blk.0.attn_norm.weight", 0, 8);
	put_tensor(w, f, "blk.0.ffn_norm.weight", 0, 8);
	put_tensor(w, f, "blk.0.attn_q.weight", 8, 8);
	put_tensor(w, f, "blk.0.attn_k.weight", 4, 8);
	put_tensor(w, f, "blk.0.attn_v.weight", 4, 8);
	put_tensor(w, f, "blk.0.attn_output.weight", 8, 8);
	put_tensor(w, f, "blk.0.ffn_gate.weight", 12, 8);
	put_tensor(w, f, "blk.0.ffn_up.weight", 12, 8);
	put_tensor(w, f, "blk.0.ffn_down.weight", 8, 12);
	put_tensor(w, f, "egx.of.another.part", 3, 5);
	if (f && f->extra)
		put_tensor(w, f, f->extra, 5, 8);
	g_autoptr(GBytes) bytes = gguf_writer_end(w);
	gguf *file = gguf_open_bytes(bytes, "some-model.gguf", &error);
	g_assert_no_error(error);
	return file;
}

static void test_fault(gconstpointer data)
{
	const fault *f = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(gpu) dev = gpu_open(&(gpu_options){.validation = true}, &error);
	g_assert_no_error(error);
	g_autoptr(gguf) file = write_model(f);
	g_assert_null(llama_model_open(dev, file, NULL, &error));
	g_assert_error(error, LLAMA_ERROR, LLAMA_ERROR_MODEL);
	g_test_message("%s", error->message);
	g_assert_nonnull(strstr(error->message, "some-model.gguf"));
	g_assert_nonnull(strstr(error->message, f->says));
	g_assert_null(strchr(error->message, '\n'));
}

/* The same file without a fault is a model; its bytes outlive the file. */
static void test_good(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(gpu) dev = gpu_open(&(gpu_options){.validation = true}, &error);
	gguf *file = write_model(NULL);
	g_autoptr(llama_model) m = llama_model_open(dev, file, NULL, &error);
	g_assert_no_error(error);
	gguf_close(file);
	g_assert_cmpstr(llama_model_info(m)->name, ==, "unnamed");
	g_assert_true(llama_model_info(m)->tied);
	g_autoptr(llama_context) c = llama_context_new(m, 0, &error);
	const uint32_t ids[] = {3, 15};
	uint32_t best = 99;
	g_assert_true(llama_eval(c, &(llama_input){.ids = ids, .n = 2}, 1, &(llama_output){.best = &best}, NULL, &error));
	g_assert_cmpuint(best, ==, 0); /* all weights are zero: the lowest of equals */
}

static void test_cancelled(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(gpu) dev = gpu_open(&(gpu_options){.validation = true}, &error);
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	g_autoptr(gguf) file = write_model(NULL);
	g_cancellable_cancel(cancel);
	g_assert_null(llama_model_open(dev, file, cancel, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/llama/bad-model/none", test_good);
	g_test_add_func("/llama/bad-model/cancelled", test_cancelled);
	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
		g_autofree char *path = g_strconcat("/llama/bad-model/", faults[i].name, NULL);
		g_test_add_data_func(path, &faults[i], test_fault);
	}
	return g_test_run();
}
