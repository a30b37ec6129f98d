/* From the state of a `<pix>` to a mask (spec earthgpt-x.md 9). */
#include "infer/models/egx-model.h"
#include "infer/models/sam-decoder.h"
#include <glib/gi18n-lib.h>
#include <string.h>

static bool check_segmenter(const egx_model *m, const sam_model *segmenter, GError **error)
{
	char hex[65] = "";
	for (guint k = 0; k < sizeof segmenter->hash; k++)
		g_snprintf(hex + 2 * k, 3, "%02x", segmenter->hash[k]);
	if (m->info.segmenter[0] && strcmp(hex, m->info.segmenter) != 0) {
		g_set_error(error, EGX_ERROR, EGX_ERROR_MODEL,
		            _("The model %s was trained with another segmenter (%.8s) than %s (%.8s): give it its own"),
		            m->info.name, m->info.segmenter, segmenter->info.name, hex);
		return false;
	}
	if (segmenter->decoder->dim != m->info.prompt_dim) {
		g_set_error(
			error, EGX_ERROR, EGX_ERROR_MODEL,
			_("The segmenter %s takes vectors of %u numbers and the model %s makes %u: give it another segmenter"),
			segmenter->info.name, segmenter->decoder->dim, m->info.name, m->info.prompt_dim);
		return false;
	}
	const uint32_t rows = egx_map_rows(m, segmenter->decoder);
	if (m->map_rows && m->map_rows != rows) {
		g_set_error(error, EGX_ERROR, EGX_ERROR_MODEL,
		            _("The model %s looks for %u numbers and the segmenter %s has %u: give it its own"), m->info.name,
		            m->map_rows, segmenter->info.name, rows);
		return false;
	}
	return true;
}

/* The image by the segmenter, encoded at the first mask. */
static sam_encoding *encoding_of(egx_image *i, sam_model *segmenter, const egx_run *run, GError **error)
{
	if (i->encoding && i->segmenter == segmenter)
		return i->encoding;
	g_clear_pointer(&i->encoding, sam_encoding_free);
	if (run && run->turn)
		run->turn(run->data);
	const int w = i->reader.w, h = i->reader.h;
	const sam_crop all = {0, 0, w, h, MAX(w, h)};
	i->segmenter = segmenter;
	i->encoding = sam_encode(segmenter, i->reader.rgb, (size_t)w * 3, &all, run ? run->cancel : NULL,
	                         run ? run->progress : NULL, run ? run->data : NULL, error);
	return i->encoding;
}

static bool prompt_vector(egx_model *m, const float *hidden, float *vector, const egx_run *run, GError **error)
{
	sam_pass p;
	arena_mark mark;
	if (!egx_pass_begin(m, &p, run, &mark, error))
		return false;
	p.act = DTYPE_F32;
	const tensor out = egx_pix_run(m, &p, egx_upload(&p, TENSOR_SHAPE(1, m->info.width), hidden));
	if (!tensor_is_null(&out))
		gpu_cmd_download(p.cmd, vector, out.data);
	return sam_pass_end(&p, mark, error);
}

/* A phrase without a region, by a model that has a map. */
static bool ground_map(egx_image *i, sam_encoding *e, const float *hidden, sam_candidate *out, const egx_run *run,
                       GError **error)
{
	const size_t side = (size_t)e->frame.side / 4;
	g_autofree float *low_res = g_new(float, side *side);
	float score;
	return egx_map_run(i, e, hidden, low_res, &score, run, error) &&
	       sam_mask_from(e, low_res, score, i->reader.w, i->reader.h, out, error);
}

bool egx_image_ground(egx_image *i, sam_model *segmenter, const float *hidden, const egx_region *region,
                      sam_candidate *out, const egx_run *run, GError **error)
{
	const int w = i->reader.w, h = i->reader.h;
	double corners[4];
	*out = (sam_candidate){0};
	if (!check_segmenter(i->model, segmenter, error) || (region && !egx_regions_check(region, 1, 1, w, h, error)))
		return false;
	sam_encoding *e = encoding_of(i, segmenter, run, error);
	if (e && !region && i->model->map_rows)
		return ground_map(i, e, hidden, out, run, error);
	g_autofree float *vector = g_new(float, i->model->info.prompt_dim);
	if (!e || !prompt_vector(i->model, hidden, vector, run, error))
		return false;
	if (region)
		egx_bounds(region, w, h, corners);
	const bool point = region && region->kind == EGX_POINT;
	const sam_mark place = {point ? SAM_POINT : SAM_BOX, 1, point ? 1 : 2, corners, 0};
	return sam_ground(e, region ? &place : NULL, vector, w, h, out, run ? run->cancel : NULL, error);
}
