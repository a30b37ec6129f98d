/* A batch of lone points: one submit, then masks of what is sure enough. */
#include "infer/models/sam-points.h"
#include "infer/models/sam-model.h"

#include <glib/gi18n-lib.h>
#include <math.h>

typedef struct {
	float *masks, *scores; /* [n][4][cells], [n][4] */
	size_t cells;
} decoded;

static void record_point(sam_encoding *e, const sam_pass *p, const double *xy, float *masks, float *scores)
{
	const sam_mark mark = {SAM_POINT, 1, 1, xy, 0};
	const size_t cells = (size_t)(e->frame.side / 4) * (e->frame.side / 4);
	g_autofree float *raster = g_new(float, cells);
	g_autoptr(GArray) tokens = sam_sparse_tokens(&e->frame, &mark, 1);
	const bool drawn = sam_dense_raster(&e->frame, &mark, 1, e->model->raster_all, NULL, raster);
	const sam_prompt_input in = {&g_array_index(tokens, sam_token, 0), tokens->len, drawn ? raster : NULL};
	const arena_mark before = arena_get_mark(p->work);
	sam_decoder_run(e->model->decoder, p, &e->state, &in, masks, scores);
	arena_rewind(p->work, before); /* the next point works in the same memory */
}

static bool decode_all(sam_encoding *e, const double *xy, guint n, decoded *d, GCancellable *cancel, GError **error)
{
	sam_pass p;
	arena_mark mark;
	if (!sam_pass_begin(e->model, &p, DTYPE_F32, cancel, &mark, error))
		return false;
	for (guint i = 0; i < n; i++)
		record_point(e, &p, xy + 2 * (gsize)i, d->masks + 4 * d->cells * i, d->scores + 4 * (gsize)i);
	return sam_pass_finish(e->model, &p, mark, error);
}

/* The model's three candidates by falling score; output 0 is for prompts that are more than a point. */
static void order_of(const float scores[4], int order[3])
{
	for (int i = 0; i < 3; i++) {
		int at = i;
		for (; at > 0 && scores[order[at - 1]] < scores[i + 1]; at--)
			order[at] = order[at - 1];
		order[at] = i + 1;
	}
}

bool sam_segment_points(sam_encoding *e, const double *xy, guint n, float least_score, int image_w, int image_h,
                        sam_point_fn found, void *data, GCancellable *cancel, GError **error)
{
	const sam_crop *c = &e->frame.crop;
	decoded d = {.cells = (size_t)(e->frame.side / 4) * (e->frame.side / 4)};
	g_autofree float *masks = d.masks = g_new(float, 4 * d.cells * MAX(n, 1));
	g_autofree float *scores = d.scores = g_new(float, 4 * (gsize)MAX(n, 1));
	g_autofree uint8_t *mask = g_try_malloc((size_t)c->w * c->h);
	if (!mask) {
		g_set_error(error, SAM_ERROR, SAM_ERROR_PROMPT,
		            _("There is not enough memory for a mask of %d x %d pixels: choose a smaller part"), c->w, c->h);
		return false;
	}
	if (!decode_all(e, xy, n, &d, cancel, error))
		return false;
	for (guint i = 0; i < n; i++) {
		int order[3];
		order_of(scores + 4 * (gsize)i, order);
		for (int k = 0; k < 3; k++) {
			sam_candidate candidate = {.mask = mask, .score = scores[4 * (gsize)i + order[k]]};
			if (!(candidate.score >= least_score))
				break;
			sam_full_mask(&e->frame, masks + (4 * (gsize)i + order[k]) * d.cells, image_w, image_h, &candidate);
			if (candidate.area > 0)
				found(i, &candidate, data);
		}
	}
	return true;
}

void sam_features_map_clear(sam_features_map *m)
{
	g_free(m->values);
	*m = (sam_features_map){0};
}

bool sam_encoding_features(sam_encoding *e, sam_features_map *out, GError **error)
{
	const tensor t = e->state.embedding;
	const sam_frame *f = &e->frame;
	const int step = f->side / (int)t.ne[0];
	sam_pass p;
	arena_mark mark;
	*out = (sam_features_map){.side = t.ne[0], .dim = t.ne[2]};
	out->cell = (double)step * MAX(f->crop.w, f->crop.h) / f->side;
	out->cols = (f->new_w + step - 1) / step;
	out->rows = (f->new_h + step - 1) / step;
	out->values = g_new(float, tensor_count(&t));
	if (sam_pass_begin(e->model, &p, DTYPE_F32, NULL, &mark, error)) {
		gpu_cmd_download(p.cmd, out->values, t.data);
		if (sam_pass_finish(e->model, &p, mark, error))
			return true;
	}
	sam_features_map_clear(out);
	return false;
}
