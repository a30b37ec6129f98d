/* Runs the decoder: a chunk of positions through all blocks, then the states and logits that were asked for. */
#include "infer/models/llama-private.h"
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#define CHUNK 256u         /* positions at once: bounds the memory of activations */
#define PIECE_SECONDS 0.01 /* between two calls of the context's turn function: well below a prompt's time */
#define FIRST_RATE 2e9

/* One call of llama_eval(). */
typedef struct {
	llama_context *c;
	llama_model *m;
	const llama_input *in;
	uint32_t n_in, total;
	const llama_output *out;
	GCancellable *cancel;
	uint32_t n_hidden; /* of out->at, those already recorded */
	float *logits;     /* [vocab rounded up to fours], or NULL */
	gpu_cmd *cmd;
	double flops; /* recorded into cmd */
	double *rate; /* flops a second of such a piece */
	GError *error;
} run;

/* Activations of a chunk. */
typedef struct {
	uint32_t first, n; /* first: position in the context */
	tensor x, y, qkv, a, gate_up, f, table;
} chunk;

/* --- pieces --- */

/* Submits, waits, and keeps the first failure in order of its cause. */
static bool finish(run *r)
{
	g_autoptr(GError) kernels = NULL;
	g_autoptr(GError) memory = NULL;
	g_autoptr(GError) device = NULL;
	bool ok = ops_check(r->m->ops, &kernels);
	ok = arena_check(r->m->work, &memory) && ok;
	ok = gpu_cmd_finish(g_steal_pointer(&r->cmd), &device) && ok;
	GError **cause = device && gpu_is_lost(r->m->dev) ? &device : memory ? &memory : kernels ? &kernels : &device;
	if (!ok)
		r->error = g_steal_pointer(cause);
	return ok;
}

/* Ends a recording after a failure of another kind, which stays. */
static void abandon(run *r)
{
	GError *first = g_steal_pointer(&r->error);
	if (!finish(r))
		g_clear_error(&r->error);
	r->error = first;
}

static bool begin(run *r)
{
	r->flops = 0;
	r->cmd = gpu_cmd_begin(r->m->dev, r->cancel, &r->error);
	return r->cmd != NULL;
}

/* Ends a piece and learns how quick such pieces are. */
static bool finish_piece(run *r)
{
	const int64_t start = g_get_monotonic_time();
	const double expected = r->flops / *r->rate;
	if (!finish(r))
		return false;
	const double seconds = (double)(g_get_monotonic_time() - start) * 1e-6;
	if (r->flops > 0) /* one odd piece (a first use that compiles) must not throw the rate far off */
		*r->rate = 0.5 * (*r->rate + r->flops / CLAMP(seconds, 0.2 * expected, 5 * expected));
	return true;
}

/* Before work is recorded: lets others use the gpu where the piece would grow beyond PIECE_SECONDS. */
static bool make_room(run *r, double flops)
{
	if (r->c->turn && r->flops > 0 && r->flops + flops > PIECE_SECONDS * *r->rate) {
		if (!finish_piece(r))
			return false;
		r->c->turn(r->c->turn_data);
		if (!begin(r))
			return false;
	}
	r->flops += flops;
	return true;
}

/* --- input --- */

static void upload_rows(run *r, tensor x, const llama_input *in, uint32_t from, uint32_t n)
{
	const uint32_t width = r->m->info.width;
	if (in->ids) {
		g_autofree float *rows = g_new(float, (size_t)n *width);
		if (llama_embed(r->m, in->ids + from, n, rows, &r->error) && !tensor_is_null(&x))
			gpu_cmd_upload(r->cmd, x.data, rows);
	} else if (in->vectors && !tensor_is_null(&x)) {
		gpu_cmd_upload(r->cmd, x.data, in->vectors + (size_t)from * width);
	} else if (!tensor_is_null(&x)) {
		gpu_cmd_copy(r->cmd, x.data, tensor_slice(in->device, from, n).data);
	}
}

/* Rows `begin` .. begin + n - 1 of the whole input into x. */
static void fill_input(run *r, tensor x, uint32_t start, uint32_t n)
{
	uint32_t at = 0, done = 0; /* at: first row of the piece in the whole input */
	for (uint32_t i = 0; i < r->n_in && done < n; at += r->in[i++].n) {
		const uint32_t now = start + done;
		if (now >= at + r->in[i].n)
			continue;
		const uint32_t part = MIN(n - done, at + r->in[i].n - now);
		upload_rows(r, tensor_slice(x, done, part), &r->in[i], now - at, part);
		done += part;
	}
}

static void fill_table(run *r, tensor table, uint32_t first, uint32_t n)
{
	const uint32_t pairs = r->m->rotary / 2;
	g_autofree float *turns = g_new(float, (size_t)n *pairs * 2);
	for (uint32_t row = 0; row < n; row++)
		for (uint32_t i = 0; i < pairs; i++) {
			const double angle = (double)(first + row) * r->m->angles[i];
			turns[2 * ((size_t)row * pairs + i)] = (float)cos(angle);
			turns[2 * ((size_t)row * pairs + i) + 1] = (float)sin(angle);
		}
	if (!tensor_is_null(&table))
		gpu_cmd_upload(r->cmd, table.data, turns);
}

static chunk chunk_new(run *r, uint32_t start, uint32_t n)
{
	const llama_info *i = &r->m->info;
	arena *a = r->m->work;
	const uint32_t q = i->heads * i->head_dim;
	chunk k = {
		.first = r->c->length + start,
		.n = n,
		.x = arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(n, i->width)),
		.y = arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(n, i->width)),
		.qkv = arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(n, q + 2 * llama_kv_cols(r->m))),
		.a = arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(n, q)),
		.gate_up = arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(n, 2 * i->ffn)),
		.f = arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(n, i->ffn)),
		.table = arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(n, r->m->rotary)),
	};
	fill_input(r, k.x, start, n);
	fill_table(r, k.table, k.first, n);
	return k;
}

/* The rows from `first` on of all activations. */
static chunk chunk_tail(const chunk *k, uint32_t first)
{
	const uint32_t n = k->n - first;
	chunk t = {.first = k->first + first, .n = n};
	t.x = tensor_slice(k->x, first, n);
	t.y = tensor_slice(k->y, first, n);
	t.qkv = tensor_slice(k->qkv, first, n);
	t.a = tensor_slice(k->a, first, n);
	t.gate_up = tensor_slice(k->gate_up, first, n);
	t.f = tensor_slice(k->f, first, n);
	return t;
}

/* --- the decoder --- */

static double block_flops(const llama_model *m, const chunk *k)
{
	const llama_info *i = &m->info;
	const double q = (double)i->heads * i->head_dim;
	return 2.0 * k->n * (i->width * (2 * q + 2.0 * llama_kv_cols(m) + 3.0 * i->ffn) + 2 * q * (k->first + k->n));
}

/* Keys and values of all rows; the rest only for rows from `keep` on. */
static void run_block(run *r, const chunk *k, uint32_t b, uint32_t keep)
{
	const llama_model *m = r->m;
	const llama_info *i = &m->info;
	const llama_block *w = &m->block[b];
	const tensor keys = llama_context_cache(r->c, b, false), values = llama_context_cache(r->c, b, true);
	op_heads h = {i->heads, i->kv_heads, i->head_dim, m->rotary, k->first};

	op_rms_norm(m->ops, r->cmd, k->y, k->x, w->attention_norm, m->eps);
	op_matrix_stack(m->ops, r->cmd, k->qkv, k->y, &w->qkv);
	op_rope(m->ops, r->cmd, k->qkv, k->table, keys, values, &h);
	if (keep < k->n) {
		const chunk t = chunk_tail(k, keep);
		h.first = t.first;
		op_cache_attention(m->ops, r->cmd, t.a, t.qkv, keys, values, &h);
		op_matrix(m->ops, r->cmd, t.x, t.a, &w->out, 0, &t.x);
		op_rms_norm(m->ops, r->cmd, t.y, t.x, w->ffn_norm, m->eps);
		op_matrix_stack(m->ops, r->cmd, t.gate_up, t.y, &w->gate_up);
		op_swiglu(m->ops, r->cmd, t.f, t.gate_up);
		op_matrix(m->ops, r->cmd, t.x, t.f, &w->down, 0, &t.x);
	}
}

/* States after the final norm that lie in this chunk: start is its first row in the whole input. */
static void take_hidden(run *r, const chunk *k, uint32_t start)
{
	const llama_output *o = r->out;
	const uint32_t width = r->m->info.width;
	for (; r->n_hidden < o->n_hidden && o->at[r->n_hidden] < start + k->n; r->n_hidden++) {
		const tensor row = tensor_slice(k->y, o->at[r->n_hidden] - start, 1);
		op_rms_norm(r->m->ops, r->cmd, row, tensor_slice(k->x, o->at[r->n_hidden] - start, 1), r->m->norm, r->m->eps);
		if (!tensor_is_null(&row))
			gpu_cmd_download(r->cmd, o->hidden + (size_t)r->n_hidden * width, row.data);
	}
}

static void take_logits(run *r, const chunk *k)
{
	const uint32_t vocab = r->m->info.vocab;
	tensor logits = arena_tensor(r->m->work, DTYPE_F32, TENSOR_SHAPE(1, (vocab + 3) / 4 * 4));
	const tensor row = tensor_slice(k->y, k->n - 1, 1);
	op_rms_norm(r->m->ops, r->cmd, row, tensor_slice(k->x, k->n - 1, 1), r->m->norm, r->m->eps);
	op_matrix(r->m->ops, r->cmd, logits, row, &r->m->output, 0, NULL);
	if (!tensor_is_null(&logits))
		gpu_cmd_download(r->cmd, r->logits, logits.data);
}

/* The first row of the chunk whose state someone wants; n when none is. */
static uint32_t first_wanted(const run *r, uint32_t start, uint32_t n)
{
	uint32_t first = n;
	if (r->logits && start + n == r->total)
		first = n - 1;
	if (r->n_hidden < r->out->n_hidden && r->out->at[r->n_hidden] < start + n)
		first = MIN(first, r->out->at[r->n_hidden] - start);
	return first;
}

static bool record_chunk(run *r, uint32_t start, uint32_t n)
{
	const llama_info *i = &r->m->info;
	const chunk k = chunk_new(r, start, n);
	const uint32_t wanted = first_wanted(r, start, n);
	if (r->error)
		return false;
	for (uint32_t b = 0; b < i->blocks; b++) {
		if (!make_room(r, block_flops(r->m, &k)))
			return false;
		run_block(r, &k, b, b + 1 < i->blocks ? 0 : wanted);
	}
	take_hidden(r, &k, start);
	if (!r->logits || start + n < r->total)
		return true;
	if (!make_room(r, 2.0 * i->width * i->vocab))
		return false;
	take_logits(r, &k);
	return true;
}

static bool run_chunk(run *r, uint32_t start, uint32_t n)
{
	r->rate = &r->m->flops_per_second[n > 1];
	if (*r->rate <= 0)
		*r->rate = FIRST_RATE;
	if (!begin(r))
		return false;
	if (record_chunk(r, start, n))
		return finish_piece(r);
	if (r->cmd)
		abandon(r);
	return false;
}

/* --- the call --- */

static bool check_piece(const run *r, const llama_input *in, GError **error)
{
	const uint32_t width = r->m->info.width;
	g_assert((in->ids != NULL) + (in->vectors != NULL) + !tensor_is_null(&in->device) == 1 || in->n == 0);
	g_assert(tensor_is_null(&in->device) ||
	         (tensor_cols(&in->device) == width && in->device.ne[0] >= in->n && in->device.type == DTYPE_F32));
	for (uint32_t i = 0; in->ids && i < in->n; i++)
		if (in->ids[i] >= r->m->info.vocab) {
			float row; /* the same sentence as llama_embed() */
			return llama_embed(r->m, &in->ids[i], 1, &row, error);
		}
	return true;
}

static bool check(run *r, GError **error)
{
	for (uint32_t i = 0; i < r->n_in; i++) {
		if (!check_piece(r, &r->in[i], error))
			return false;
		r->total += r->in[i].n;
	}
	if (r->total == 0) {
		g_set_error_literal(error, LLAMA_ERROR, LLAMA_ERROR_INPUT, _("there is nothing to process"));
		return false;
	}
	for (uint32_t i = 0; i < r->out->n_hidden; i++)
		g_assert(r->out->at[i] < r->total && (i == 0 || r->out->at[i] > r->out->at[i - 1]));
	if (r->total <= r->c->size - r->c->length)
		return true;
	g_set_error(error, LLAMA_ERROR, LLAMA_ERROR_CONTEXT,
	            _("the conversation is full: it holds %u positions, %u are used and %u more are needed; shorten it or "
	              "start a new one"),
	            r->c->size, r->c->length, r->total);
	return false;
}

static uint32_t largest(const float *v, uint32_t n)
{
	uint32_t best = 0;
	float most = v[0]; /* in a register: reading v[best] anew takes five times as long */
	for (uint32_t i = 1; i < n; i++)
		if (v[i] > most) {
			most = v[i];
			best = i;
		}
	return best;
}

bool llama_eval(llama_context *c, const llama_input *in, uint32_t n_in, const llama_output *out, GCancellable *cancel,
                GError **error)
{
	run r = {.c = c, .m = c->model, .in = in, .n_in = n_in, .out = out, .cancel = cancel};
	if (!check(&r, error) || !llama_context_reserve(c, c->length + r.total, error))
		return false;
	const uint32_t vocab = r.m->info.vocab;
	g_autofree float *logits = out->logits || out->best ? g_new(float, vocab + 3) : NULL;
	r.logits = logits;
	bool ok = true;
	for (uint32_t start = 0; start < r.total && ok; start += CHUNK) {
		const arena_mark mark = arena_get_mark(r.m->work);
		ok = run_chunk(&r, start, MIN(CHUNK, r.total - start));
		arena_rewind(r.m->work, mark);
	}
	if (!ok) {
		g_propagate_error(error, r.error);
		return false;
	}
	c->length += r.total;
	if (out->best)
		*out->best = largest(logits, vocab);
	if (out->logits)
		memcpy(out->logits, logits, vocab * sizeof *logits);
	return true;
}
