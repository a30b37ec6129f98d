/* An image in the eyes of the model: encoded once, spliced whenever the marks change. */
#include "infer/models/egx-model.h"
#include <glib/gi18n-lib.h>
#include <string.h>

#define CLOSE_UPS_KEPT 64

/* --- passes --- */

bool egx_pass_begin(egx_model *m, sam_pass *p, const egx_run *run, arena_mark *mark, GError **error)
{
	if (run && run->turn)
		run->turn(run->data);
	*p = (sam_pass){.o = m->ops, .work = m->work, .act = m->act};
	return sam_pass_start(p, run ? run->cancel : NULL, mark, error);
}

/* The share of one pass in all the work that is reported. */
typedef struct {
	const egx_run *run;
	double done, share;
} stretch;

static void report(double fraction, void *data)
{
	const stretch *s = data;
	s->run->progress(s->done + s->share * fraction, s->run->data);
}

static void set_progress(const sam_pass *p, uint64_t flops, stretch *s)
{
	if (s->run && s->run->progress)
		gpu_cmd_set_progress(p->cmd, flops, report, s);
}

/* --- encoding --- */

static bool check_pixels(GBytes *rgb, int w, int h, GError **error)
{
	if (w >= 1 && h >= 1 && g_bytes_get_size(rgb) / 3 / (gsize)w >= (gsize)h)
		return true;
	g_set_error(error, EGX_ERROR, EGX_ERROR_IMAGE,
	            _("An image of %d x %d pixels cannot be looked at: it has no pixels"), w, h);
	return false;
}

static egx_image *image_new(egx_model *m, GBytes *rgb, int w, int h, bool fast, GError **error)
{
	const bool lite = m->lite != NULL;
	egx_image *i = g_new0(egx_image, 1);
	i->model = m;
	i->close_ups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	i->rgb = g_bytes_ref(rgb);
	i->reader =
		(egx_reader){.rgb = g_bytes_get_data(rgb, NULL), .w = w, .h = h, .side = (int)m->info.view_size, .cnx = !lite};
	i->n_views = egx_views(w, h, i->reader.side, m->info.views, lite, fast, i->frame);
	const uint64_t bytes = sizeof(float) * i->n_views * m->n * m->dim;
	i->buf = gpu_buffer_new(m->dev, GPU_MEMORY_DEVICE, bytes, _("an image's features"), error);
	if (!i->buf) {
		egx_image_free(i);
		return NULL;
	}
	i->fused = tensor_at((gpu_span){i->buf, 0, bytes}, DTYPE_F32, TENSOR_SHAPE(i->n_views * m->n, m->dim));
	return i;
}

static void download_to(const sam_pass *p, float *values, tensor t)
{
	if (!tensor_is_null(&t))
		gpu_cmd_download(p->cmd, values, t.data);
}

static float *download(const sam_pass *p, tensor t)
{
	float *values = g_new(float, MAX(tensor_count(&t), 1));
	download_to(p, values, t);
	return values;
}

static bool encode_view(egx_image *i, uint32_t n, const egx_run *run, GError **error)
{
	egx_model *m = i->model;
	sam_pass p;
	arena_mark mark;
	stretch s = {run, (double)n / i->n_views, 1.0 / i->n_views};
	if (!egx_pass_begin(m, &p, run, &mark, error))
		return false;
	set_progress(&p, m->view_flops, &s);
	const egx_mve out = egx_mve_run(m, &p, &i->reader, &i->frame[n]);
	const tensor kept = tensor_slice(i->fused, n * m->n, m->n);
	op_copy(p.o, p.cmd, kept, out.fused);
	op_add(p.o, p.cmd, kept, kept, tensor_slice(m->view, (uint32_t)i->frame[n].number, 1), ACT_NONE);
	if (n == 0 && m->numbers.rows)
		i->numbers = download(&p, egx_number_run(m, &p, out.mean));
	return sam_pass_end(&p, mark, error);
}

egx_image *egx_image_new(egx_model *m, GBytes *rgb, int w, int h, bool fast, const egx_run *run, GError **error)
{
	if (!check_pixels(rgb, w, h, error))
		return NULL;
	g_autoptr(egx_image) i = image_new(m, rgb, w, h, fast, error);
	for (uint32_t n = 0; i && n < i->n_views; n++)
		if (!encode_view(i, n, run, error))
			return NULL;
	if (i)
		egx_reader_clear(&i->reader);
	return g_steal_pointer(&i);
}

void egx_image_free(egx_image *i)
{
	if (!i)
		return;
	sam_encoding_free(i->encoding);
	g_hash_table_unref(i->close_ups);
	g_free(i->numbers);
	gpu_buffer_free(i->buf);
	egx_reader_clear(&i->reader);
	g_bytes_unref(i->rgb);
	g_free(i);
}

/* --- splicing --- */

void egx_vectors_clear(egx_vectors *v)
{
	g_free(v->image);
	g_free(v->region);
	*v = (egx_vectors){0};
}

static void drawing_clear(egx_drawing *d)
{
	g_free(d->planes);
	g_free(d->cover);
	g_free(d->codes);
	g_free(d->sizes);
	g_free(d->zoom);
}

static egx_drawing draw(const egx_image *i, const egx_region *regions, uint32_t k)
{
	const egx_model *m = i->model;
	const uint32_t side = m->info.view_size, cls = m->n - m->grid * m->grid, tokens = i->n_views * m->n;
	const size_t pixels = (size_t)side * side;
	g_autofree float *cov = g_new(float, MAX(k, 1) * pixels);
	egx_drawing d = {.planes = g_new(float, 4 * pixels * i->n_views),
	                 .cover = g_new0(float, (size_t)k *tokens),
	                 .codes = g_new(float, (size_t)k *EGX_CODE),
	                 .sizes = g_new(float, (size_t)k *EGX_SIZE),
	                 .zoom = m->zoom ? g_new(float, (size_t)k * m->zoom) : NULL};
	for (uint32_t v = 0; v < i->n_views; v++) {
		egx_raster(&i->frame[v], regions, k, i->reader.w, i->reader.h, d.planes + 4 * pixels * v, cov);
		for (uint32_t r = 0; r < k; r++)
			egx_cells(cov + r * pixels, (int)side, (int)m->grid, d.cover + (size_t)r * tokens + v * m->n + cls);
	}
	for (uint32_t r = 0; r < k; r++) {
		egx_position_code(&regions[r], i->reader.w, i->reader.h, d.codes + (size_t)r * EGX_CODE);
		egx_size_code(&regions[r], i->reader.w, i->reader.h, d.sizes + (size_t)r * EGX_SIZE);
	}
	return d;
}

static bool look_closely(egx_image *i, const egx_region *region, float *out, const egx_run *run, stretch *s,
                         GError **error)
{
	egx_model *m = i->model;
	sam_pass p;
	arena_mark mark;
	if (!egx_pass_begin(m, &p, run, &mark, error))
		return false;
	set_progress(&p, m->zoom_flops, s);
	const tensor z = egx_zoom_run(m, &p, &i->reader, region);
	if (!tensor_is_null(&z))
		gpu_cmd_download(p.cmd, out, z.data);
	return sam_pass_end(&p, mark, error);
}

/* A region's close-up shows the image alone, whatever else is marked: once made it is kept. */
static bool zoom_in(egx_image *i, const egx_region *region, float *out, const egx_run *run, stretch *s, GError **error)
{
	const size_t bytes = i->model->zoom * sizeof *out;
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	egx_region_digest(region, i->reader.w, i->reader.h, sum);
	const char *key = g_checksum_get_string(sum);
	const float *known = g_hash_table_lookup(i->close_ups, key);
	if (known) {
		memcpy(out, known, bytes);
		return true;
	}
	if (!look_closely(i, region, out, run, s, error))
		return false;
	if (g_hash_table_size(i->close_ups) >= CLOSE_UPS_KEPT)
		g_hash_table_remove_all(i->close_ups);
	g_hash_table_insert(i->close_ups, g_strdup(key), g_memdup2(out, bytes));
	return true;
}

static void fill_shape(const egx_image *i, uint32_t regions, egx_vectors *out)
{
	out->width = i->model->info.width;
	out->n_views = i->n_views;
	out->n_regions = regions;
	for (uint32_t v = 0; v < i->n_views; v++) {
		out->view[v] = (uint32_t)i->frame[v].number;
		out->view_tokens[v] = i->model->info.view_tokens[v > 0];
		out->n_image += out->view_tokens[v];
	}
}

/* View 0's vectors, those of numbers, the other views'. */
static void take_image(const egx_image *i, const sam_pass *p, tensor all, egx_vectors *out)
{
	const uint32_t n = i->model->n, rows = i->model->numbers.rows, behind = n + rows;
	const size_t D = out->width;
	out->image = g_new(float, out->n_image *D);
	download_to(p, out->image, tensor_slice(all, 0, n));
	if (rows)
		memcpy(out->image + n * D, i->numbers, sizeof(float) * rows * D);
	if (out->n_image > behind)
		download_to(p, out->image + behind * D, tensor_slice(all, n, out->n_image - behind));
}

static bool run_splice(const egx_image *i, const egx_drawing *d, egx_vectors *out, const egx_run *run, stretch *s,
                       GError **error)
{
	egx_model *m = i->model;
	sam_pass p;
	arena_mark mark;
	if (!egx_pass_begin(m, &p, run, &mark, error))
		return false;
	set_progress(&p, m->splice_flops * i->n_views, s);
	const tensor prompt = egx_prompt_run(m, &p, d->planes, i->n_views);
	const tensor hybrid = arena_tensor(p.work, DTYPE_F32, i->fused.n_dims, i->fused.ne);
	op_copy(p.o, p.cmd, hybrid, i->fused);
	egx_hybrid_run(m, &p, hybrid, prompt);
	take_image(i, &p, egx_project_run(m, &p, hybrid, i->n_views), out);
	if (out->n_regions > 0)
		out->region = download(&p, egx_region_run(m, &p, hybrid, out->n_regions, d));
	return sam_pass_end(&p, mark, error);
}

bool egx_image_splice(egx_image *i, const egx_region *regions, uint32_t n, egx_vectors *out, const egx_run *run,
                      GError **error)
{
	const egx_model *m = i->model;
	*out = (egx_vectors){0};
	if (!egx_regions_check(regions, n, m->info.regions_max, i->reader.w, i->reader.h, error))
		return false;
	egx_drawing d = draw(i, regions, n);
	const uint64_t zooms = m->zoom ? n : 0, all = i->n_views * m->splice_flops + zooms * m->zoom_flops;
	stretch s = {run, 0, (double)m->zoom_flops / (double)all};
	bool ok = true;
	fill_shape(i, n, out);
	for (uint32_t k = 0; ok && k < zooms; k++, s.done += s.share)
		ok = zoom_in(i, &regions[k], d.zoom + (size_t)k * m->zoom, run, &s, error);
	s.share = 1 - s.done;
	ok = ok && run_splice(i, &d, out, run, &s, error);
	drawing_clear(&d);
	if (!ok)
		egx_vectors_clear(out);
	return ok;
}
