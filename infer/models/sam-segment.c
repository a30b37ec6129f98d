/* One prompt: marks to tokens and raster, one decode, full-size masks. */
#include "infer/models/sam-model.h"
#include <glib/gi18n-lib.h>
#include <string.h>

void sam_result_clear(sam_result *r)
{
	for (guint i = 0; i < G_N_ELEMENTS(r->candidate); i++)
		g_free(r->candidate[i].mask);
	g_free(r->low_res);
	*r = (sam_result){0};
}

/* The three candidates' numbers, best score first; equal ones in the model's order. */
static void rank(const float scores[4], int order[4])
{
	order[0] = 0;
	for (int i = 1; i < 4; i++) {
		int at = i;
		for (; at > 1 && scores[order[at - 1]] < scores[i]; at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
}

static bool decode(sam_encoding *e, const sam_prompt_input *in, float *masks, float *scores, GCancellable *cancel,
                   GError **error)
{
	sam_pass p;
	arena_mark mark;
	if (!sam_pass_begin(e->model, &p, DTYPE_F32, cancel, &mark, error))
		return false;
	sam_decoder_run(e->model->decoder, &p, &e->state, in, masks, scores);
	return sam_pass_finish(e->model, &p, mark, error);
}

static bool mask_memory(sam_result *r, const sam_crop *c, GError **error)
{
	const size_t pixels = (size_t)c->w * c->h;
	for (int i = 0; i < 4; i++) {
		r->candidate[i].mask = g_try_malloc(pixels);
		if (r->candidate[i].mask)
			continue;
		sam_result_clear(r);
		g_set_error(error, SAM_ERROR, SAM_ERROR_PROMPT,
		            _("There is not enough memory for masks of %d x %d pixels: mark a smaller part"), c->w, c->h);
		return false;
	}
	return true;
}

bool sam_segment(sam_encoding *e, const sam_mark *marks, guint n, const float *previous, int image_w, int image_h,
                 sam_result *out, GCancellable *cancel, GError **error)
{
	*out = (sam_result){0};
	if (!sam_marks_check(marks, n, image_w, image_h, error))
		return false;
	const size_t d = (size_t)e->frame.side / 4, cells = d * d;
	g_autofree float *raster = g_new(float, cells), *masks = g_new(float, 4 * cells);
	g_autoptr(GArray) tokens = sam_sparse_tokens(&e->frame, marks, n);
	const bool drawn = sam_dense_raster(&e->frame, marks, n, e->model->raster_all, previous, raster);
	const sam_prompt_input in = {&g_array_index(tokens, sam_token, 0), tokens->len, drawn ? raster : NULL};
	float scores[4];
	int order[4];
	if (!decode(e, &in, masks, scores, cancel, error) || !mask_memory(out, &e->frame.crop, error))
		return false;
	rank(scores, order);
	for (int i = 0; i < 4; i++) {
		out->candidate[i].score = scores[order[i]];
		sam_full_mask(&e->frame, masks + order[i] * cells, image_w, image_h, &out->candidate[i]);
	}
	out->best = sam_wants_multimask(marks, n, previous) ? 1 : 0;
	if (out->candidate[out->best].area == 0) {
		sam_result_clear(out);
		g_set_error_literal(error, SAM_ERROR, SAM_ERROR_EMPTY,
		                    _("The model sees no object at these marks: mark it larger or with another tool"));
		return false;
	}
	out->low_res_side = (int)d;
	out->low_res = g_memdup2(masks + order[out->best] * cells, cells * sizeof(float));
	return true;
}

bool sam_mask_from(const sam_encoding *e, const float *low_res, float score, int image_w, int image_h,
                   sam_candidate *out, GError **error)
{
	const sam_crop *c = &e->frame.crop;
	*out = (sam_candidate){.score = score, .mask = g_try_malloc((size_t)c->w * c->h)};
	if (!out->mask) {
		g_set_error(error, SAM_ERROR, SAM_ERROR_PROMPT,
		            _("There is not enough memory for a mask of %d x %d pixels: ask about a smaller part"), c->w, c->h);
		return false;
	}
	sam_full_mask(&e->frame, low_res, image_w, image_h, out);
	return true;
}

bool sam_ground(sam_encoding *e, const sam_mark *place, const float *vector, int image_w, int image_h,
                sam_candidate *out, GCancellable *cancel, GError **error)
{
	const size_t cells = (size_t)(e->frame.side / 4) * (e->frame.side / 4);
	g_autofree float *masks = g_new(float, 4 * cells);
	g_autoptr(GArray) tokens = place ? sam_sparse_tokens(&e->frame, place, 1) : NULL;
	g_autofree float *raster = g_new(float, cells);
	/* a model that reads every mark as a raster has never seen no_mask_embed */
	const bool drawn = sam_dense_raster(&e->frame, place, place ? 1 : 0, e->model->raster_all, NULL, raster);
	sam_prompt_input in = {.vector = vector, .raster = drawn ? raster : NULL};
	float scores[4];
	*out = (sam_candidate){0};
	if (tokens) {
		in.tokens = &g_array_index(tokens, sam_token, 0);
		in.n_tokens = place->kind == SAM_BOX ? 2 : 1; /* without the padding point */
	}
	return decode(e, &in, masks, scores, cancel, error) &&
	       sam_mask_from(e, masks, scores[0], image_w, image_h, out, error);
}
