/* A language model on the device: sizes checked against each other, every matrix as it lies in the file. */
#include "infer/models/llama-private.h"
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

G_DEFINE_QUARK(nadir_llama_error_quark, llama_error)

#define MAX_BLOCKS 512
#define MAX_SIZE 65536
#define MAX_HEAD_DIM 256

typedef struct {
	llama_model *m;
	const gguf *file;
	weight_loader loader; /* keeps the first failure */
} loading;

static bool G_GNUC_PRINTF(2, 3) refuse(loading *l, const char *format, ...)
{
	va_list args;
	if (l->loader.error)
		return false;
	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(&l->loader.error, LLAMA_ERROR, LLAMA_ERROR_MODEL, _("%s: %s"), gguf_path(l->file), what);
	return false;
}

/* --- metadata --- */

static bool need_u32(loading *l, const char *key, uint32_t *out)
{
	return !l->loader.error && gguf_get_u32(l->file, key, out, &l->loader.error);
}

static bool take_u32(loading *l, const char *key, uint32_t fallback, uint32_t *out)
{
	*out = fallback;
	return gguf_has(l->file, key) ? need_u32(l, key, out) : l->loader.error == NULL;
}

static bool take_f32(loading *l, const char *key, float fallback, float *out)
{
	*out = fallback;
	if (l->loader.error || !gguf_has(l->file, key))
		return l->loader.error == NULL;
	return gguf_get_f32(l->file, key, out, &l->loader.error);
}

static bool check_architecture(loading *l)
{
	llama_info *i = &l->m->info;
	const char *what = gguf_get_string(l->file, "general.architecture", &l->loader.error);
	if (!what)
		return false;
	g_strlcpy(i->architecture, what, sizeof i->architecture);
	if (strcmp(what, "llama") != 0 && strcmp(what, "earthgpt-x") != 0)
		return refuse(l, _("its architecture is “%s”; only Llama-family language models can be used"), what);
	uint32_t experts;
	if (!take_u32(l, "llama.expert_count", 0, &experts))
		return false;
	if (experts > 0)
		return refuse(l, _("it is a mixture of %u experts, which is not supported"), experts);
	return true;
}

static bool check_sizes(loading *l)
{
	const llama_info *i = &l->m->info;
	const uint32_t rotary = l->m->rotary;
	if (i->blocks < 1 || i->blocks > MAX_BLOCKS)
		return refuse(l, _("llama.block_count %u is outside 1 to %d"), i->blocks, MAX_BLOCKS);
	if (i->width < 4 || i->width > MAX_SIZE || i->width % 4)
		return refuse(l, _("llama.embedding_length %u is no multiple of 4 up to %d"), i->width, MAX_SIZE);
	if (i->ffn < 4 || i->ffn > MAX_SIZE || i->ffn % 4)
		return refuse(l, _("llama.feed_forward_length %u is no multiple of 4 up to %d"), i->ffn, MAX_SIZE);
	if (i->heads < 1 || i->kv_heads < 1 || i->heads > 1024 || i->heads % i->kv_heads)
		return refuse(l, _("%u attention heads cannot share %u key heads"), i->heads, i->kv_heads);
	if (i->head_dim < 4 || i->head_dim > MAX_HEAD_DIM || i->head_dim % 4)
		return refuse(l, _("heads of %u components: only multiples of 4 up to %d can be used"), i->head_dim,
		              MAX_HEAD_DIM);
	if (rotary < 2 || rotary > i->head_dim || rotary % 2)
		return refuse(l, _("llama.rope.dimension_count %u does not fit heads of %u"), rotary, i->head_dim);
	if (i->context < 1)
		return refuse(l, _("llama.context_length is 0"));
	return true;
}

static bool read_sizes(loading *l)
{
	llama_info *i = &l->m->info;
	uint32_t value_dim;
	if (!check_architecture(l) || !need_u32(l, "llama.block_count", &i->blocks) ||
	    !need_u32(l, "llama.embedding_length", &i->width) || !need_u32(l, "llama.feed_forward_length", &i->ffn) ||
	    !need_u32(l, "llama.attention.head_count", &i->heads) || !need_u32(l, "llama.context_length", &i->context) ||
	    !take_u32(l, "llama.attention.head_count_kv", i->heads, &i->kv_heads) ||
	    !take_f32(l, "llama.attention.layer_norm_rms_epsilon", 1e-5f, &l->m->eps))
		return false;
	if (i->heads == 0 || (!gguf_has(l->file, "llama.attention.key_length") && i->width % i->heads))
		return refuse(l, _("a width of %u cannot be divided among %u heads"), i->width, i->heads);
	if (!take_u32(l, "llama.attention.key_length", i->width / i->heads, &i->head_dim) ||
	    !take_u32(l, "llama.attention.value_length", i->head_dim, &value_dim) ||
	    !take_u32(l, "llama.rope.dimension_count", i->head_dim, &l->m->rotary))
		return false;
	if (value_dim != i->head_dim)
		return refuse(l, _("keys of %u and values of %u components are not supported"), i->head_dim, value_dim);
	return check_sizes(l);
}

/* Radians a position for each pair; linear scaling and rope_freqs divide them. */
static bool read_rotation(loading *l)
{
	llama_model *m = l->m;
	const char *type = gguf_has(l->file, "llama.rope.scaling.type")
	                       ? gguf_get_string(l->file, "llama.rope.scaling.type", &l->loader.error)
	                       : "none";
	float base, factor;
	if (!type || !take_f32(l, "llama.rope.freq_base", 10000, &base) ||
	    !take_f32(l, "llama.rope.scaling.factor", 1, &factor))
		return false;
	if (strcmp(type, "none") == 0)
		factor = 1;
	else if (strcmp(type, "linear") != 0)
		return refuse(l, _("its position scaling “%s” is not supported, only “linear”"), type);
	if (!(base > 1) || !(factor > 0))
		return refuse(l, _("its positions have base %g and scaling factor %g"), (double)base, (double)factor);
	const uint32_t pairs = m->rotary / 2;
	const gguf_tensor *freqs = gguf_find(l->file, "rope_freqs.weight");
	if (freqs && !gguf_need(l->file, "rope_freqs.weight", 1, &pairs, &l->loader.error))
		return false;
	g_autofree float *divisor = g_new(float, pairs);
	m->angles = g_new(double, pairs);
	for (uint32_t i = 0; i < pairs; i++)
		divisor[i] = 1;
	if (freqs)
		gguf_read_f32(freqs, 0, pairs, divisor);
	for (uint32_t i = 0; i < pairs; i++) {
		if (!(divisor[i] > 0))
			return refuse(l, _("rope_freqs.weight holds %g"), (double)divisor[i]);
		m->angles[i] = pow(base, -2.0 * i / m->rotary) / factor / divisor[i];
	}
	return true;
}

/* --- tensors --- */

/* Every tensor of the decoder counts into the figures. */
static void count(loading *l, const char *name)
{
	const gguf_tensor *t = gguf_find(l->file, name);
	if (!t)
		return;
	l->m->info.parameters += t->count;
	l->m->info.weight_bytes += t->bytes;
}

static char *block_name(uint32_t block, const char *what)
{
	return g_strdup_printf("blk.%u.%s.weight", block, what);
}

static tensor load_vector(loading *l, const char *name, uint32_t n)
{
	count(l, name);
	return weight_tensor(&l->loader, name, 1, &n);
}

static matrix load_matrix(loading *l, const char *name, uint32_t out, uint32_t in)
{
	count(l, name);
	return matrix_load(&l->loader, name, out, in);
}

static matrix_stack load_stack(loading *l, uint32_t block, const char *const *what, const uint32_t *outs, uint32_t n)
{
	char *names[MATRIX_STACK];
	for (uint32_t i = 0; i < n; i++) {
		names[i] = block_name(block, what[i]);
		count(l, names[i]);
	}
	matrix_stack s = matrix_load_stack(&l->loader, (const char *const *)names, outs, n, l->m->info.width);
	for (uint32_t i = 0; i < n; i++)
		g_free(names[i]);
	return s;
}

static void load_block(loading *l, uint32_t b)
{
	static const char *const attention[] = {"attn_q", "attn_k", "attn_v"}, *const gates[] = {"ffn_gate", "ffn_up"};
	const llama_info *i = &l->m->info;
	const uint32_t q = i->heads * i->head_dim, kv = i->kv_heads * i->head_dim;
	g_autofree char *norm1 = block_name(b, "attn_norm"), *norm2 = block_name(b, "ffn_norm"),
					*out = block_name(b, "attn_output"), *down = block_name(b, "ffn_down"),
					*bias = g_strdup_printf("blk.%u.attn_q.bias", b);
	if (gguf_find(l->file, bias))
		refuse(l, _("its attention has biases (%s), which is not supported"), bias);
	l->m->block[b] = (llama_block){
		.attention_norm = load_vector(l, norm1, i->width),
		.ffn_norm = load_vector(l, norm2, i->width),
		.qkv = load_stack(l, b, attention, (const uint32_t[]){q, kv, kv}, 3),
		.gate_up = load_stack(l, b, gates, (const uint32_t[]){i->ffn, i->ffn}, 2),
		.out = load_matrix(l, out, i->width, q),
		.down = load_matrix(l, down, i->width, i->ffn),
	};
}

static bool load_ends(loading *l)
{
	llama_model *m = l->m;
	const gguf_tensor *embedding = gguf_find(l->file, "token_embd.weight");
	if (!embedding)
		return refuse(l, _("the tensor token_embd.weight is missing; the model needs it"));
	if (embedding->n_dims != 2 || embedding->ne[1] != m->info.width)
		return refuse(l, _("token_embd.weight does not have rows of llama.embedding_length %u"), m->info.width);
	m->embedding = *embedding;
	m->bytes = g_bytes_ref(gguf_bytes(l->file));
	m->info.vocab = embedding->ne[0];
	m->info.tied = !gguf_find(l->file, "output.weight");
	if (!m->info.tied)
		count(l, "token_embd.weight");
	m->norm = load_vector(l, "output_norm.weight", m->info.width);
	m->output = load_matrix(l, m->info.tied ? "token_embd.weight" : "output.weight", m->info.vocab, m->info.width);
	return l->loader.error == NULL;
}

static void fill_info(loading *l)
{
	llama_info *i = &l->m->info;
	const char *name = gguf_has(l->file, "general.name") ? gguf_get_string(l->file, "general.name", NULL) : NULL;
	g_strlcpy(i->name, name ? name : "unnamed", sizeof i->name);
	g_strlcpy(i->type, gguf_type_name(l->m->block[0].gate_up.part[0].type), sizeof i->type);
	i->cache_bytes = 2ull * i->blocks * llama_kv_cols(l->m) * 2;
}

/* Uploads are recorded into one pass, which ends here whether all was found or not. */
static bool load(loading *l, GCancellable *cancel, GError **error)
{
	llama_model *m = l->m;
	gpu_cmd *cmd = gpu_cmd_begin(m->dev, cancel, error);
	if (!cmd)
		return false;
	l->loader = (weight_loader){.ops = m->ops, .arena = m->weights, .cmd = cmd, .file = l->file};
	bool complete = read_sizes(l) && read_rotation(l);
	if (complete) {
		m->block = g_new0(llama_block, m->info.blocks);
		for (uint32_t b = 0; b < m->info.blocks && !l->loader.error; b++)
			load_block(l, b);
		complete = load_ends(l);
	}
	g_autoptr(GError) missing = NULL;
	g_autoptr(GError) device = NULL;
	const bool loaded = weight_loader_finish(&l->loader, &missing), ran = gpu_cmd_finish(cmd, &device);
	if (!loaded && missing->domain == GGUF_ERROR)
		g_set_error_literal(error, LLAMA_ERROR, LLAMA_ERROR_MODEL, missing->message);
	else if (!loaded)
		g_propagate_error(error, g_steal_pointer(&missing));
	else if (!ran)
		g_propagate_error(error, g_steal_pointer(&device));
	if (complete && loaded && ran)
		fill_info(l);
	return complete && loaded && ran;
}

llama_model *llama_model_open(gpu *dev, const gguf *file, GCancellable *cancel, GError **error)
{
	g_autoptr(llama_model) m = g_new0(llama_model, 1);
	m->dev = dev;
	m->ops = ops_new(dev);
	m->weights = arena_new(dev, 0, _("language model weights"));
	m->work = arena_new(dev, 16u << 20, _("activations"));
	loading l = {.m = m, .file = file};
	return load(&l, cancel, error) ? g_steal_pointer(&m) : NULL;
}

void llama_model_close(llama_model *m)
{
	if (!m)
		return;
	arena_free(m->work);
	arena_free(m->weights);
	ops_free(m->ops);
	g_clear_pointer(&m->bytes, g_bytes_unref);
	g_free(m->block);
	g_free(m->angles);
	g_free(m);
}

const llama_info *llama_model_info(const llama_model *m)
{
	return &m->info;
}

bool llama_embed(const llama_model *m, const uint32_t *ids, uint32_t n, float *out, GError **error)
{
	for (uint32_t i = 0; i < n; i++) {
		if (ids[i] >= m->info.vocab) {
			g_set_error(
				error, LLAMA_ERROR, LLAMA_ERROR_INPUT,
				_("token number %u is past the model's vocabulary of %u; the tokenizer belongs to another model"),
				ids[i], m->info.vocab);
			return false;
		}
		gguf_read_f32(&m->embedding, (uint64_t)ids[i] * m->info.width, m->info.width, out + (size_t)i * m->info.width);
	}
	return true;
}
