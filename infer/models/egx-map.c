/* A phrase's mask as a map over the image's features (data/models/training/chat/CONTRACT.md): what the state of `<pix>`
 * looks for, held against view 0's fused tokens, the segmenter's embedding and its skips. */
#include "infer/models/egx-model.h"
#include "infer/models/sam-decoder.h"
#include <math.h>

#define MAP_LAYERS 4
#define MAP_EPS 1e-6f

/* The layers' features, the coarsest first; those that the segmenter lacks are null. */
static void layers_of(const egx_image *i, const sam_encoding *e, tensor out[MAP_LAYERS])
{
	out[0] = tensor_slice(i->fused, 0, i->model->n);
	out[1] = e->state.embedding;
	out[2] = e->state.skip8;
	out[3] = e->state.skip4;
}

uint32_t egx_map_rows(const egx_model *m, const sam_decoder *d)
{
	return m->dim + d->dim + (d->skips ? d->up1 + d->up2 : 0) + 1;
}

/* What is looked for: a weight of every channel of every layer, and one number for all. */
static bool ask(egx_model *m, const float *hidden, float *asked, const egx_run *run, GError **error)
{
	sam_pass p;
	arena_mark mark;
	if (!egx_pass_begin(m, &p, run, &mark, error))
		return false;
	p.act = DTYPE_F32;
	const tensor x = arena_tensor(p.work, DTYPE_F32, TENSOR_SHAPE(1, m->info.width));
	const tensor y = arena_tensor(p.work, DTYPE_F32, TENSOR_SHAPE(1, m->map_rows));
	op_linear(p.o, p.cmd, x, egx_upload(&p, TENSOR_SHAPE(1, m->info.width), hidden), &m->pix_fc1, ACT_RELU, NULL);
	op_linear(p.o, p.cmd, y, x, &m->pix_map, ACT_NONE, NULL);
	if (!tensor_is_null(&y))
		gpu_cmd_download(p.cmd, asked, y.data);
	return sam_pass_end(&p, mark, error);
}

/* logits [cells] of one layer: asked [C] times its features, each cell of which is normed. */
static void record_layer(const sam_pass *p, tensor features, const float *asked, float *logits)
{
	const uint32_t c = tensor_cols(&features), cells = (uint32_t)(tensor_count(&features) / c);
	g_autofree float *ones = g_new(float, c), *zeros = g_new0(float, c);
	for (uint32_t k = 0; k < c; k++)
		ones[k] = 1;
	const tensor x = tensor_reshape(features, TENSOR_SHAPE(cells, c));
	const tensor y = arena_tensor(p->work, DTYPE_F32, x.n_dims, x.ne);
	const tensor out = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(1, cells));
	op_layer_norm(p->o, p->cmd, y, x, egx_upload(p, TENSOR_SHAPE(c), ones), egx_upload(p, TENSOR_SHAPE(c), zeros),
	              MAP_EPS, ACT_NONE);
	op_matmul_nt(p->o, p->cmd, out, egx_upload(p, TENSOR_SHAPE(1, c), asked), y);
	if (!tensor_is_null(&out))
		gpu_cmd_download(p->cmd, logits, out.data);
}

/* Adds logits [g][g] to sum [side][side], bilinear between the cells' middles. */
static void add_grown(const float *logits, int g, float *sum, int side)
{
	const float step = (float)g / (float)side;
	for (int y = 0; y < side; y++) {
		const float v = MAX(((float)y + 0.5f) * step - 0.5f, 0.0f);
		const int y0 = (int)v, y1 = MIN(y0 + 1, g - 1);
		for (int x = 0; x < side; x++) {
			const float u = MAX(((float)x + 0.5f) * step - 0.5f, 0.0f), fx = u - floorf(u), fy = v - floorf(v);
			const int x0 = (int)u, x1 = MIN(x0 + 1, g - 1);
			const float top = logits[y0 * g + x0] * (1 - fx) + logits[y0 * g + x1] * fx;
			const float low = logits[y1 * g + x0] * (1 - fx) + logits[y1 * g + x1] * fx;
			sum[y * side + x] += top * (1 - fy) + low * fy;
		}
	}
}

/* The mean chance of what is inside: what stands for the segmenter's own score. */
static float mean_chance(const float *logits, size_t n)
{
	double sum = 0, inside = 0;
	for (size_t k = 0; k < n; k++)
		if (logits[k] > 0) {
			sum += 1 / (1 + exp(-(double)logits[k]));
			inside++;
		}
	return inside > 0 ? (float)(sum / inside) : 0;
}

/* logits: one array [cells] a layer, NULL where there is none. */
static bool look_everywhere(egx_model *m, const tensor layer[MAP_LAYERS], const float *asked,
                            float *const logits[MAP_LAYERS], const egx_run *run, GError **error)
{
	sam_pass p;
	arena_mark mark;
	if (!egx_pass_begin(m, &p, run, &mark, error))
		return false;
	p.act = DTYPE_F32;
	for (guint k = 0; k < MAP_LAYERS; k++) {
		if (!logits[k])
			continue;
		record_layer(&p, layer[k], asked, logits[k]);
		asked += tensor_cols(&layer[k]);
	}
	return sam_pass_end(&p, mark, error);
}

bool egx_map_run(egx_image *i, sam_encoding *e, const float *hidden, float *low_res, float *score, const egx_run *run,
                 GError **error)
{
	const size_t side = (size_t)e->frame.side / 4;
	g_autofree float *asked = g_new0(float, i->model->map_rows);
	float *logits[MAP_LAYERS] = {NULL};
	uint64_t cells[MAP_LAYERS] = {0};
	tensor layer[MAP_LAYERS];
	layers_of(i, e, layer);
	for (guint k = 0; k < MAP_LAYERS; k++)
		if (!tensor_is_null(&layer[k])) {
			cells[k] = tensor_count(&layer[k]) / tensor_cols(&layer[k]);
			logits[k] = g_new(float, cells[k]);
		}
	const bool ok =
		ask(i->model, hidden, asked, run, error) && look_everywhere(i->model, layer, asked, logits, run, error);
	for (size_t k = 0; k < side * side; k++)
		low_res[k] = asked[i->model->map_rows - 1];
	for (guint k = 0; k < MAP_LAYERS; k++) {
		if (ok && logits[k])
			add_grown(logits[k], (int)lround(sqrt((double)cells[k])), low_res, (int)side);
		g_free(logits[k]);
	}
	*score = mean_chance(low_res, side * side);
	return ok;
}
