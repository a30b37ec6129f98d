/* Reads the decoder's weights; sizes come from the shapes of a few tensors, all others must agree with them. */
#include "infer/models/sam-decoder.h"
#include <glib/gi18n-lib.h>

static sam_attention load_attention(sam_build *b, const char *prefix, uint32_t dim, uint32_t inner)
{
	return (sam_attention){
		.q = weight_linear(b->loader, sam_name(prefix, "q_proj"), inner, dim, true),
		.k = weight_linear(b->loader, sam_name(prefix, "k_proj"), inner, dim, true),
		.v = weight_linear(b->loader, sam_name(prefix, "v_proj"), inner, dim, true),
		.out = weight_linear(b->loader, sam_name(prefix, "out_proj"), dim, inner, true),
	};
}

static void load_layer(sam_decoder *d, sam_build *b, int i)
{
	static const char *const norms[] = {"norm1", "norm2", "norm3", "norm4"};
	sam_layer *l = &d->layer[i];
	g_autofree char *prefix = g_strdup_printf("dec.t.layers.%d", i);
	l->self = load_attention(b, sam_name(prefix, "self_attn"), d->dim, d->dim);
	l->t2i = load_attention(b, sam_name(prefix, "t2i"), d->dim, d->inner);
	l->i2t = load_attention(b, sam_name(prefix, "i2t"), d->dim, d->inner);
	l->t2i.k_plain = weight_linear(b->loader, sam_name(prefix, "t2i.k_proj"), d->inner, d->dim, false);
	l->i2t.q_plain = weight_linear(b->loader, sam_name(prefix, "i2t.q_proj"), d->inner, d->dim, false);
	for (guint n = 0; n < G_N_ELEMENTS(norms); n++)
		l->norm[n] = sam_norm_load(b, sam_name(prefix, norms[n]), d->dim);
	l->lin1 = weight_linear(b->loader, sam_name(prefix, "mlp.lin1"), d->mlp_hidden, d->dim, true);
	l->lin2 = weight_linear(b->loader, sam_name(prefix, "mlp.lin2"), d->dim, d->mlp_hidden, true);
}

static sam_mlp load_mlp(sam_build *b, const char *prefix, uint32_t dim, uint32_t out)
{
	g_autofree char *first = g_strconcat(prefix, ".layers.0.weight", NULL);
	const uint32_t hidden = sam_build_axis(b, first, 0, 1, 8192);
	return (sam_mlp){{weight_linear(b->loader, sam_name(prefix, "layers.0"), hidden, dim, true),
	                  weight_linear(b->loader, sam_name(prefix, "layers.1"), hidden, hidden, true),
	                  weight_linear(b->loader, sam_name(prefix, "layers.2"), out, hidden, true)}};
}

/* One table for op_gather: the file's embeddings below each other. */
static void load_table(sam_decoder *d, sam_build *b)
{
	static const struct {
		const char *name;
		uint32_t rows;
	} parts[] = {{"dec.iou_token.weight", 1},         {"dec.mask_tokens.weight", SAM_MASKS},
	             {"pe.not_a_point_embed.weight", 1},  {"pe.point_embeddings.0.weight", 1},
	             {"pe.point_embeddings.1.weight", 1}, {"pe.point_embeddings.2.weight", 1},
	             {"pe.point_embeddings.3.weight", 1}};
	weight_loader *l = b->loader;
	d->table = arena_tensor(l->arena, DTYPE_F32, TENSOR_SHAPE(SAM_OWN_TOKENS + 5, d->dim));
	for (guint i = 0, row = 0; i < G_N_ELEMENTS(parts); row += parts[i++].rows) {
		tensor part = weight_tensor(l, parts[i].name, TENSOR_SHAPE(parts[i].rows, d->dim));
		if (!tensor_is_null(&d->table))
			op_copy(l->ops, l->cmd, tensor_slice(d->table, row, parts[i].rows), part);
	}
}

static float *read_floats(sam_build *b, const char *name, uint8_t n_dims, const uint32_t *ne)
{
	if (!sam_build_ok(b))
		return NULL;
	const gguf_tensor *t = gguf_need(b->file, name, n_dims, ne, &b->loader->error);
	if (!t)
		return NULL;
	float *v = g_new(float, t->count);
	gguf_read_f32(t, 0, t->count, v);
	return v;
}

/* projection [inner,dim] after the last mask convolution [dim,c]: one product [inner,c] instead of two through dim. */
static weight dense_product(sam_decoder *d, sam_build *b, const char *projection)
{
	const uint32_t c = d->down2.in;
	g_autofree float *w = read_floats(b, projection, TENSOR_SHAPE(d->inner, d->dim));
	g_autofree float *last = read_floats(b, "pe.mask_downscaling.6.weight", TENSOR_SHAPE(d->dim, c));
	g_autofree float *shift = read_floats(b, "pe.mask_downscaling.6.bias", TENSOR_SHAPE(d->dim));
	if (!w || !last || !shift)
		return (weight){.kind = WEIGHT_LINEAR};
	g_autofree float *product = g_new(float, (size_t)d->inner *c);
	g_autofree float *bias = g_new(float, d->inner);
	g_autofree double *sum = g_new(double, c + 1);
	for (uint32_t i = 0; i < d->inner; i++) {
		for (uint32_t k = 0; k <= c; k++)
			sum[k] = 0;
		for (uint32_t j = 0; j < d->dim; j++) {
			const double f = w[(size_t)i * d->dim + j];
			for (uint32_t k = 0; k < c; k++)
				sum[k] += f * last[(size_t)j * c + k];
			sum[c] += f * shift[j];
		}
		for (uint32_t k = 0; k < c; k++)
			product[(size_t)i * c + k] = (float)sum[k];
		bias[i] = (float)sum[c];
	}
	return weight_linear_values(b->loader, d->inner, c, product, bias);
}

static void load_prompt_encoder(sam_decoder *d, sam_build *b)
{
	const uint32_t c0 = sam_build_axis(b, "pe.mask_downscaling.0.weight", 0, 1, 256);
	const uint32_t c1 = sam_build_axis(b, "pe.mask_downscaling.3.weight", 0, 1, 256);
	d->gauss = weight_tensor(b->loader, "pe.pe_layer.positional_encoding_gaussian_matrix", TENSOR_SHAPE(2, d->dim / 2));
	d->no_mask = weight_tensor(b->loader, "pe.no_mask_embed.weight", TENSOR_SHAPE(1, d->dim));
	d->down0 = weight_conv(b->loader, "pe.mask_downscaling.0", c0, 1, 2, true);
	d->down_norm0 = sam_norm_load(b, "pe.mask_downscaling.1", c0);
	d->down1 = weight_conv(b->loader, "pe.mask_downscaling.3", c1, c0, 2, true);
	d->down_norm1 = sam_norm_load(b, "pe.mask_downscaling.4", c1);
	d->down2 = weight_linear(b->loader, "pe.mask_downscaling.6", d->dim, c1, true);
	d->dense_key = dense_product(d, b, "dec.t.layers.0.t2i.k_proj.weight");
	d->dense_value = dense_product(d, b, "dec.t.layers.0.t2i.v_proj.weight");
	d->dense_query = dense_product(d, b, "dec.t.layers.0.i2t.q_proj.weight");
}

static void load_heads(sam_decoder *d, sam_build *b)
{
	d->up1 = sam_build_axis(b, "dec.output_upscaling.0.weight", 1, 1, 4096);
	d->up2 = sam_build_axis(b, "dec.output_upscaling.3.weight", 1, 1, 4096);
	d->up_conv1 = weight_conv_transpose2(b->loader, "dec.output_upscaling.0", d->dim, d->up1, true);
	d->up_norm = sam_norm_load(b, "dec.output_upscaling.1", d->up1);
	d->up_conv2 = weight_conv_transpose2(b->loader, "dec.output_upscaling.3", d->up1, d->up2, true);
	for (int i = 0; i < SAM_MASKS; i++) {
		g_autofree char *prefix = g_strdup_printf("dec.hyper.%d", i);
		d->hyper[i] = load_mlp(b, prefix, d->dim, d->up2);
	}
	d->iou = load_mlp(b, "dec.iou", d->dim, SAM_MASKS);
}

static void load_skips(sam_decoder *d, sam_build *b, uint32_t tap4, uint32_t tap8)
{
	d->skips = gguf_find(b->file, "dec.conv_s0.weight") != NULL;
	if (!d->skips)
		return;
	if (tap4 == 0 || tap8 == 0) {
		sam_build_fail(b, _("it has high-resolution skips that its encoder has no features for"));
		return;
	}
	d->norm_s0 = sam_norm_load(b, "dec.norm_s0", tap4);
	d->norm_s1 = sam_norm_load(b, "dec.norm_s1", tap8);
	d->conv_s0 = weight_linear(b->loader, "dec.conv_s0", d->up2, tap4, true);
	d->conv_s1 = weight_linear(b->loader, "dec.conv_s1", d->up1, tap8, true);
}

sam_decoder *sam_decoder_load(sam_build *b, uint32_t tap4, uint32_t tap8)
{
	sam_decoder *d = g_new0(sam_decoder, 1);
	d->grid = b->image_size / 16;
	d->dim = b->dim;
	d->inner = b->dim / 2;
	d->mlp_hidden = sam_build_axis(b, "dec.t.layers.0.mlp.lin1.weight", 0, 1, 65536);
	load_prompt_encoder(d, b);
	load_table(d, b);
	for (int i = 0; i < 2; i++)
		load_layer(d, b, i);
	d->fin = load_attention(b, "dec.t.fin", d->dim, d->inner);
	d->fin.k_plain = weight_linear(b->loader, "dec.t.fin.k_proj", d->inner, d->dim, false);
	d->fin_norm = sam_norm_load(b, "dec.t.norm_final_attn", d->dim);
	load_heads(d, b);
	load_skips(d, b, tap4, tap8);
	return d;
}

void sam_decoder_free(sam_decoder *d)
{
	g_free(d);
}
