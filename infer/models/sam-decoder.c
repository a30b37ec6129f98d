/* SAM's prompt encoder and mask decoder (spec sam.md 4 and 5), with SAM 2's high-resolution skips when the file has
 * them. */
#include "infer/models/sam-decoder.h"
#include <string.h>

#define TOKEN_EPS 1e-5f
#define IMAGE_EPS 1e-6f

/* --- once a model --- */

static tensor state_tensor(arena *keep, const sam_decoder *d)
{
	return arena_tensor(keep, DTYPE_F32, TENSOR_SHAPE(d->grid * d->grid, d->inner));
}

/* Code of the cells through one projection without bias, so that (K + P) W is K W + this. */
static void position_product(const sam_decoder *d, const sam_pass *p, arena *keep, tensor code, const weight *w,
                             tensor *out)
{
	*out = state_tensor(keep, d);
	op_linear(p->o, p->cmd, *out, code, w, ACT_NONE, NULL);
}

void sam_decoder_prepare(sam_decoder *d, const sam_pass *p, arena *keep)
{
	const uint32_t cells = d->grid * d->grid;
	tensor code = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(d->grid, d->grid, d->dim));
	op_fourier_grid(p->o, p->cmd, code, d->gauss);
	code = tensor_reshape(code, TENSOR_SHAPE(cells, d->dim));
	for (int i = 0; i < 2; i++) {
		position_product(d, p, keep, code, &d->layer[i].t2i.k_plain, &d->layer[i].key_code);
		position_product(d, p, keep, code, &d->layer[i].i2t.q_plain, &d->layer[i].query_code);
	}
	position_product(d, p, keep, code, &d->fin.k_plain, &d->fin_key_code);
}

/* --- once an image --- */

static gpu_span cut(gpu_buffer *buf, uint64_t *at, uint64_t floats)
{
	gpu_span span = {buf, *at, floats * sizeof(float)};
	*at = (*at + span.bytes + 255) / 256 * 256;
	return span;
}

static uint64_t place(const sam_decoder *d, gpu_buffer *buf, sam_image_state *s)
{
	const uint32_t g = d->grid, cells = g * g;
	uint64_t at = 0;
	*s = (sam_image_state){0};
	s->embedding = tensor_at(cut(buf, &at, (uint64_t)cells * d->dim), DTYPE_F32, TENSOR_SHAPE(g, g, d->dim));
	if (d->skips) {
		s->skip8 = tensor_at(cut(buf, &at, 4ull * cells * d->up1), DTYPE_F32, TENSOR_SHAPE(2 * g, 2 * g, d->up1));
		s->skip4 = tensor_at(cut(buf, &at, 16ull * cells * d->up2), DTYPE_F32, TENSOR_SHAPE(4 * g, 4 * g, d->up2));
	}
	tensor *products[] = {&s->key, &s->value, &s->query};
	for (guint i = 0; i < G_N_ELEMENTS(products); i++)
		*products[i] = tensor_at(cut(buf, &at, (uint64_t)cells * d->inner), DTYPE_F32, TENSOR_SHAPE(cells, d->inner));
	return at;
}

uint64_t sam_state_bytes(const sam_decoder *d)
{
	sam_image_state s;
	return place(d, NULL, &s);
}

void sam_state_place(const sam_decoder *d, gpu_buffer *buf, sam_image_state *s)
{
	place(d, buf, s);
}

/* conv(norm(tap)) of one skip, in the encoder's type, then kept in f32. */
static void take_skip(const sam_pass *p, tensor out, tensor tap, const sam_norm *norm, const weight *conv)
{
	tensor y = arena_tensor(p->work, p->act, tap.n_dims, tap.ne);
	tensor z = arena_tensor(p->work, p->act, out.n_dims, out.ne);
	sam_norm_run(p, y, tap, norm, IMAGE_EPS, ACT_NONE);
	op_linear(p->o, p->cmd, z, y, conv, ACT_NONE, NULL);
	op_copy(p->o, p->cmd, out, z);
}

void sam_decoder_take(const sam_decoder *d, const sam_pass *p, const sam_features *f, const sam_image_state *s)
{
	op_copy(p->o, p->cmd, s->embedding, f->embedding);
	if (!d->skips)
		return;
	take_skip(p, s->skip8, f->tap8, &d->norm_s1, &d->conv_s1);
	take_skip(p, s->skip4, f->tap4, &d->norm_s0, &d->conv_s0);
}

void sam_decoder_products(const sam_decoder *d, const sam_pass *p, const sam_image_state *s)
{
	const sam_layer *l = &d->layer[0];
	op_linear(p->o, p->cmd, s->key, s->embedding, &l->t2i.k, ACT_NONE, &l->key_code);
	op_linear(p->o, p->cmd, s->value, s->embedding, &l->t2i.v, ACT_NONE, NULL);
	op_linear(p->o, p->cmd, s->query, s->embedding, &l->i2t.q, ACT_NONE, &l->query_code);
}

/* --- once a prompt --- */

/* Rows of the token table (see sam_decoder_load): score token, four mask tokens, padding, then the labels. A vector is
 * a token with neither row nor code. */
static tensor make_tokens(const sam_decoder *d, const sam_pass *p, const sam_prompt_input *in)
{
	const uint32_t n = SAM_OWN_TOKENS + in->n_tokens, all = n + (in->vector ? 1 : 0);
	const double side = 16.0 * d->grid;
	g_autofree float *pos = g_new0(float, 3 * n);
	g_autofree uint32_t *rows = g_new(uint32_t, n);
	for (uint32_t i = 0; i < n; i++) {
		const sam_token *t = i < SAM_OWN_TOKENS ? NULL : &in->tokens[i - SAM_OWN_TOKENS];
		rows[i] = t ? (uint32_t)(SAM_OWN_TOKENS + 1 + t->label) : i;
		if (t && t->label != SAM_LABEL_PAD) {
			pos[3 * i] = (float)((t->x + 0.5) / side);
			pos[3 * i + 1] = (float)((t->y + 0.5) / side);
			pos[3 * i + 2] = 1;
		}
	}
	tensor pos_t = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(n, 3));
	tensor rows_t = arena_tensor(p->work, DTYPE_U32, TENSOR_SHAPE(n));
	tensor code = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(n, d->dim));
	tensor tokens = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(all, d->dim)), y = tensor_slice(tokens, 0, n);
	if (tensor_is_null(&y))
		return y;
	if (in->vector)
		gpu_cmd_upload(p->cmd, tensor_slice(tokens, n, 1).data, in->vector);
	gpu_cmd_upload(p->cmd, pos_t.data, pos);
	gpu_cmd_upload(p->cmd, rows_t.data, rows);
	op_fourier(p->o, p->cmd, code, pos_t, d->gauss);
	op_gather(p->o, p->cmd, y, d->table, rows_t);
	op_add(p->o, p->cmd, y, y, code, ACT_NONE);
	return tokens;
}

/* The raster [4g,4g] to [g*g,c], the 1x1 convolution to dim still to come. */
static tensor shrink_raster(const sam_decoder *d, const sam_pass *p, const float *raster)
{
	const uint32_t g = d->grid, c0 = d->down0.out, c1 = d->down1.out;
	const op_conv_params half = {.stride = 2};
	tensor x = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(4 * g, 4 * g, 1));
	tensor y = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(2 * g, 2 * g, c0));
	tensor z = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(g, g, c1));
	if (tensor_is_null(&z))
		return z;
	gpu_cmd_upload(p->cmd, x.data, raster);
	op_conv(p->o, p->cmd, y, x, &d->down0, &half);
	sam_norm_run(p, y, y, &d->down_norm0, IMAGE_EPS, ACT_GELU);
	op_conv(p->o, p->cmd, z, y, &d->down1, &half);
	sam_norm_run(p, z, z, &d->down_norm1, IMAGE_EPS, ACT_GELU);
	return tensor_reshape(z, TENSOR_SHAPE(g * g, c1));
}

/* The tokens' side of the transformer and its temporaries, all [n,dim] except where said. */
typedef struct {
	uint32_t n;
	tensor first;      /* T: the tokens as they came, added as positional code before each attention */
	tensor now;        /* Q */
	tensor with_code;  /* Q + T */
	tensor a, b, c, y; /* projections and attention output */
	tensor hidden;     /* [n,2048] */
} token_side;

/* The image's side, [g*g,dim] and [g*g,dim/2]. */
typedef struct {
	tensor now, key, value, query, y;
} image_side;

static tensor narrow(tensor t, uint32_t n, uint32_t cols)
{
	t.data.bytes = dtype_bytes(t.type, (uint64_t)n * cols);
	return tensor_at(t.data, t.type, TENSOR_SHAPE(n, cols));
}

static token_side token_side_new(const sam_decoder *d, const sam_pass *p, tensor tokens)
{
	token_side t = {.n = tokens.ne[0], .first = tokens};
	tensor *all[] = {&t.now, &t.with_code, &t.a, &t.b, &t.c, &t.y};
	for (guint i = 0; i < G_N_ELEMENTS(all); i++)
		*all[i] = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(t.n, d->dim));
	t.hidden = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(t.n, d->mlp_hidden));
	return t;
}

static void add_code(const sam_pass *p, token_side *t)
{
	op_add(p->o, p->cmd, t->with_code, t->now, t->first, ACT_NONE);
}

/* Self-attention of the tokens and norm1. The first layer has neither positional code nor residual. */
static void self_attend(const sam_decoder *d, const sam_pass *p, const sam_layer *l, token_side *t, bool first)
{
	const float scale = 1.0f / sqrtf((float)(d->dim / SAM_HEADS));
	tensor q = first ? t->first : t->with_code, v = first ? t->first : t->now;
	op_linear(p->o, p->cmd, t->a, q, &l->self.q, ACT_NONE, NULL);
	op_linear(p->o, p->cmd, t->b, q, &l->self.k, ACT_NONE, NULL);
	op_linear(p->o, p->cmd, t->c, v, &l->self.v, ACT_NONE, NULL);
	op_attention(p->o, p->cmd, t->y, t->a, t->b, t->c, SAM_HEADS, scale);
	op_linear(p->o, p->cmd, t->now, t->y, &l->self.out, ACT_NONE, first ? NULL : &t->now);
	sam_norm_run(p, t->now, t->now, &l->norm[0], TOKEN_EPS, ACT_NONE);
	add_code(p, t);
}

/* Tokens look at the image: Q = norm(Q + attention(Q + T, keys, values)). */
static void look_at_image(const sam_decoder *d, const sam_pass *p, const sam_attention *w, const sam_norm *norm,
                          token_side *t, tensor keys, tensor values)
{
	const float scale = 1.0f / sqrtf((float)(d->inner / SAM_HEADS));
	tensor q = narrow(t->a, t->n, d->inner), y = narrow(t->y, t->n, d->inner);
	op_linear(p->o, p->cmd, q, t->with_code, &w->q, ACT_NONE, NULL);
	op_attention(p->o, p->cmd, y, q, keys, values, SAM_HEADS, scale);
	op_linear(p->o, p->cmd, t->now, y, &w->out, ACT_NONE, &t->now);
	sam_norm_run(p, t->now, t->now, norm, TOKEN_EPS, ACT_NONE);
}

static void feed_forward(const sam_pass *p, const sam_layer *l, token_side *t)
{
	op_linear(p->o, p->cmd, t->hidden, t->now, &l->lin1, ACT_RELU, NULL);
	op_linear(p->o, p->cmd, t->now, t->hidden, &l->lin2, ACT_NONE, &t->now);
	sam_norm_run(p, t->now, t->now, &l->norm[2], TOKEN_EPS, ACT_NONE);
	add_code(p, t);
}

/* The image looks at the tokens: K = norm4(K + attention(query, Q + T, Q)). */
static void look_at_tokens(const sam_decoder *d, const sam_pass *p, const sam_layer *l, token_side *t, image_side *k)
{
	const float scale = 1.0f / sqrtf((float)(d->inner / SAM_HEADS));
	tensor keys = narrow(t->b, t->n, d->inner), values = narrow(t->c, t->n, d->inner);
	op_linear(p->o, p->cmd, keys, t->with_code, &l->i2t.k, ACT_NONE, NULL);
	op_linear(p->o, p->cmd, values, t->now, &l->i2t.v, ACT_NONE, NULL);
	op_attention(p->o, p->cmd, k->y, k->query, keys, values, SAM_HEADS, scale);
	op_linear(p->o, p->cmd, k->now, k->y, &l->i2t.out, ACT_NONE, &k->now);
	sam_norm_run(p, k->now, k->now, &l->norm[3], TOKEN_EPS, ACT_NONE);
}

/* Keys and values of the tokens' attention, and the queries of the image's, from the image as it stands. */
static void project_image(const sam_pass *p, const sam_layer *l, image_side *k)
{
	op_linear(p->o, p->cmd, k->key, k->now, &l->t2i.k, ACT_NONE, &l->key_code);
	op_linear(p->o, p->cmd, k->value, k->now, &l->t2i.v, ACT_NONE, NULL);
	op_linear(p->o, p->cmd, k->query, k->now, &l->i2t.q, ACT_NONE, &l->query_code);
}

/* Embedding + dense, and its first projections: what the embedding alone gives is known, the dense part has few
 * channels. */
static image_side start_image(const sam_decoder *d, const sam_pass *p, const sam_image_state *s, const float *raster)
{
	const uint32_t cells = d->grid * d->grid;
	image_side k = {.now = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(cells, d->dim))};
	tensor *all[] = {&k.key, &k.value, &k.query, &k.y};
	for (guint i = 0; i < G_N_ELEMENTS(all); i++)
		*all[i] = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(cells, d->inner));
	if (!raster) {
		op_add(p->o, p->cmd, k.now, tensor_reshape(s->embedding, TENSOR_SHAPE(cells, d->dim)), d->no_mask, ACT_NONE);
		project_image(p, &d->layer[0], &k);
		return k;
	}
	tensor small = shrink_raster(d, p, raster);
	op_linear(p->o, p->cmd, k.now, small, &d->down2, ACT_NONE, &s->embedding);
	op_linear(p->o, p->cmd, k.key, small, &d->dense_key, ACT_NONE, &s->key);
	op_linear(p->o, p->cmd, k.value, small, &d->dense_value, ACT_NONE, &s->value);
	op_linear(p->o, p->cmd, k.query, small, &d->dense_query, ACT_NONE, &s->query);
	return k;
}

/* The two-way transformer: tokens and image as its last layers leave them. */
static void transform(const sam_decoder *d, const sam_pass *p, token_side *t, image_side *k)
{
	for (int i = 0; i < 2; i++) {
		const sam_layer *l = &d->layer[i];
		self_attend(d, p, l, t, i == 0);
		if (i > 0)
			project_image(p, l, k);
		look_at_image(d, p, &l->t2i, &l->norm[1], t, k->key, k->value);
		feed_forward(p, l, t);
		look_at_tokens(d, p, l, t, k);
	}
	op_linear(p->o, p->cmd, k->key, k->now, &d->fin.k, ACT_NONE, &d->fin_key_code);
	op_linear(p->o, p->cmd, k->value, k->now, &d->fin.v, ACT_NONE, NULL);
	look_at_image(d, p, &d->fin, &d->fin_norm, t, k->key, k->value);
}

static tensor upscale(const sam_decoder *d, const sam_pass *p, const sam_image_state *s, tensor image)
{
	const uint32_t g = d->grid;
	tensor x = tensor_reshape(image, TENSOR_SHAPE(g, g, d->dim));
	tensor y = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(2 * g, 2 * g, d->up1));
	tensor z = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(4 * g, 4 * g, d->up2));
	op_conv_transpose2(p->o, p->cmd, y, x, &d->up_conv1, ACT_NONE, d->skips ? &s->skip8 : NULL);
	sam_norm_run(p, y, y, &d->up_norm, IMAGE_EPS, ACT_GELU);
	op_conv_transpose2(p->o, p->cmd, z, y, &d->up_conv2, ACT_GELU, d->skips ? &s->skip4 : NULL);
	return z;
}

static void run_mlp(const sam_pass *p, const sam_mlp *w, tensor y, tensor x)
{
	tensor a = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(1, w->layer[0].out));
	tensor b = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(1, w->layer[1].out));
	op_linear(p->o, p->cmd, a, x, &w->layer[0], ACT_RELU, NULL);
	op_linear(p->o, p->cmd, b, a, &w->layer[1], ACT_RELU, NULL);
	op_linear(p->o, p->cmd, y, b, &w->layer[2], ACT_NONE, NULL);
}

void sam_decoder_run(const sam_decoder *d, const sam_pass *p, const sam_image_state *s, const sam_prompt_input *in,
                     float *masks, float *scores)
{
	tensor tokens = make_tokens(d, p, in);
	token_side t = token_side_new(d, p, tokens);
	image_side k = start_image(d, p, s, in->raster);
	transform(d, p, &t, &k);
	tensor up = upscale(d, p, s, k.now);
	tensor hyper = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(SAM_MASKS, d->up2));
	tensor iou = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(1, SAM_MASKS));
	tensor out = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(SAM_MASKS, 16 * d->grid * d->grid));
	if (tensor_is_null(&out))
		return; /* reported by arena_check() */
	for (uint32_t i = 0; i < SAM_MASKS; i++)
		run_mlp(p, &d->hyper[i], tensor_slice(hyper, i, 1), tensor_slice(t.now, 1 + i, 1));
	run_mlp(p, &d->iou, iou, tensor_slice(t.now, 0, 1));
	op_matmul_nt(p->o, p->cmd, out, hyper, tensor_reshape(up, TENSOR_SHAPE(16 * d->grid * d->grid, d->up2)));
	gpu_cmd_download(p->cmd, masks, out.data);
	gpu_cmd_download(p->cmd, scores, iou.data);
}
