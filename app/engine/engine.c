#include "app/engine/engine.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "app/engine/paths.h"
#include "app/engine/sweep-private.h"
#include "infer/models/embedding-cache.h"

#define DISK_CACHE_BYTES (2ull << 30)
/* Encoded crops kept on the device: a 512 px one is about 5 MB, so this is a few hundred MB at most. */
#define ENCODINGS_KEPT 48
/* Of a cell that lies inside a given mask: as sure as a stroke is (spec sam.md 4.1). */
#define PREVIOUS_LOGIT 8.0f

typedef struct {
	char *key;
	sam_encoding *encoding;
} kept;

struct engine {
	gpu *dev;
	sam_model *model;
	embedding_cache *disk; /* NULL with no_cache */
	GQueue kept;           /* of kept, most recently used first */
	char *model_id;        /* name@hash8 */
	engine_info info;
};

static void kept_free(void *data)
{
	kept *k = data;
	sam_encoding_free(k->encoding);
	g_free(k->key);
	g_free(k);
}

engine *engine_open(const engine_options *options, GError **error)
{
	g_autoptr(engine) e = g_new0(engine, 1);
	g_queue_init(&e->kept);
	g_autofree char *path = paths_find_model(options->model ? options->model : "starter-sam", error);
	if (!path)
		return NULL;
	e->dev = gpu_open(&(gpu_options){.device = options->device, .profile = options->profile}, error);
	if (!e->dev)
		return NULL;
	/* f16 storage saves a GPU's bandwidth; a software device only loses by it, in speed and in exactness. */
	const bool f32 = options->full || gpu_get_caps(e->dev)->software;
	e->model = sam_model_open(e->dev, path, &(sam_options){.f32 = f32}, error);
	if (!e->model)
		return NULL;
	if (!options->no_cache) {
		g_autofree char *dir = g_build_filename(paths_cache_dir(), "embeddings", NULL);
		e->disk = embedding_cache_new(dir, options->cache_bytes ? options->cache_bytes : DISK_CACHE_BYTES);
	}
	const sam_info *sam = sam_model_info(e->model);
	const gpu_info *dev = gpu_get_info(e->dev);
	e->model_id = g_strdup_printf("%s@%s", sam->name, sam->hash8);
	e->info = (engine_info){.device = dev->name,
	                        .driver = dev->driver,
	                        .uuid = dev->uuid,
	                        .model = e->model_id,
	                        .software = dev->software,
	                        .sam = sam};
	return g_steal_pointer(&e);
}

void engine_close(engine *e)
{
	if (!e)
		return;
	engine_forget(e);
	sam_model_close(e->model);
	embedding_cache_free(e->disk);
	gpu_close(e->dev);
	g_free(e->model_id);
	g_free(e);
}

const engine_info *engine_get_info(const engine *e)
{
	return &e->info;
}

bool engine_is_lost(const engine *e)
{
	return gpu_is_lost(e->dev);
}

void engine_forget(engine *e)
{
	g_queue_clear_full(&e->kept, kept_free);
}

GPtrArray *engine_profile(engine *e)
{
	return gpu_profile(e->dev);
}

gpu *engine_gpu(const engine *e)
{
	return e->dev;
}

sam_model *engine_segmenter(const engine *e)
{
	return e->model;
}

static sam_encoding *recall(engine *e, const char *key)
{
	for (GList *l = e->kept.head; l; l = l->next) {
		kept *k = l->data;
		if (strcmp(k->key, key) != 0)
			continue;
		g_queue_unlink(&e->kept, l);
		g_queue_push_head_link(&e->kept, l);
		return k->encoding;
	}
	return NULL;
}

static void keep(engine *e, const char *key, sam_encoding *encoding)
{
	kept *k = g_new0(kept, 1);
	k->key = g_strdup(key);
	k->encoding = encoding;
	g_queue_push_head(&e->kept, k);
	while (e->kept.length > ENCODINGS_KEPT)
		kept_free(g_queue_pop_tail(&e->kept));
}

/* The pixels of the crop as the model sees them; free with g_free. */
static uint8_t *read_crop(const engine_request *req, const sam_crop *c, GError **error)
{
	g_autofree uint8_t *rgb = g_try_malloc((gsize)c->w * c->h * 3);
	if (!rgb) {
		g_set_error(
			error, SAM_ERROR, SAM_ERROR_PROMPT,
			_("There is not enough memory to look at %d × %d pixels at once; mark a smaller part or fix a smaller "
		      "scale."),
			c->w, c->h);
		return NULL;
	}
	const raster_rect area = {c->x, c->y, c->w, c->h};
	g_autoptr(GError) inner = NULL;
	if (raster_model_input(req->image, req->style, &area, rgb, (gsize)c->w * 3, req->cancel, &inner))
		return g_steal_pointer(&rgb);
	/* A mask from half a picture would look like any other: none is made, and it is said what was needed. */
	if (g_error_matches(inner, RASTER_ERROR, RASTER_ERROR_CORRUPT))
		g_set_error(error, RASTER_ERROR, RASTER_ERROR_CORRUPT,
		            _("%s (for these marks the model needs columns %d to %d and rows %d to %d; marks where the image "
		              "is whole work)"),
		            inner->message, c->x, c->x + c->w - 1, c->y, c->y + c->h - 1);
	else
		g_propagate_error(error, g_steal_pointer(&inner));
	return NULL;
}

/* Encodes; when the device's memory is full, crops kept from before make room and it is tried once more. */
static sam_encoding *encode(engine *e, const engine_request *req, const uint8_t *rgb, const sam_crop *c, GError **error)
{
	g_autoptr(GError) first = NULL;
	sam_encoding *enc = sam_encode(e->model, rgb, (gsize)c->w * 3, c, req->cancel, req->progress, req->data, &first);
	if (enc)
		return enc;
	if (!g_error_matches(first, GPU_ERROR, GPU_ERROR_NO_MEMORY) || e->kept.length == 0) {
		g_propagate_error(error, g_steal_pointer(&first));
		return NULL;
	}
	engine_forget(e);
	return sam_encode(e->model, rgb, (gsize)c->w * 3, c, req->cancel, req->progress, req->data, error);
}

static sam_encoding *load_or_encode(engine *e, const engine_request *req, const sam_crop *c, engine_answer *out,
                                    GError **error)
{
	g_autofree uint8_t *rgb = read_crop(req, c, error);
	if (!rgb)
		return NULL;
	g_autofree char *key = e->disk ? embedding_cache_key(e->model, rgb, (gsize)c->w * 3, c) : NULL;
	g_autoptr(GBytes) stored = key ? embedding_cache_get(e->disk, key) : NULL;
	sam_encoding *enc = stored ? sam_encoding_load(e->model, stored, c, NULL) : NULL;
	out->cached = enc != NULL;
	if (enc)
		return enc;
	const gint64 t0 = g_get_monotonic_time();
	enc = encode(e, req, rgb, c, error);
	if (!enc)
		return NULL;
	out->encode_ms += (double)(g_get_monotonic_time() - t0) / 1e3;
	out->encodings++;
	g_autoptr(GBytes) bytes = key ? sam_encoding_save(enc, NULL) : NULL;
	if (bytes)
		embedding_cache_put(e->disk, key, bytes);
	return enc;
}

sam_encoding *engine_encoding_for(engine *e, const engine_request *req, const sam_crop *c, engine_answer *out,
                                  GError **error)
{
	g_autofree char *style = raster_style_key(req->style);
	const raster_info *info = raster_get_info(req->image);
	g_autofree char *key =
		g_strdup_printf("%s|%s|%s|%d,%d,%d,%d", info->path, info->fingerprint, style, c->x, c->y, c->w, c->h);
	sam_encoding *enc = recall(e, key);
	out->cached = enc != NULL;
	if (enc)
		return enc;
	enc = load_or_encode(e, req, c, out, error);
	if (enc)
		keep(e, key, enc);
	return enc;
}

static void take_candidate(engine_candidate *to, const sam_candidate *from, const sam_crop *c)
{
	*to = (engine_candidate){.score = from->score, .stability = from->stability, .area = from->area};
	if (from->area == 0)
		return;
	g_autoptr(bitmask) whole = mask_new_from(c->x, c->y, c->w, c->h, from->mask, (gsize)c->w);
	to->mask = mask_trimmed(whole);
}

static void take_result(engine_answer *out, sam_result *r, const sam_crop *c)
{
	take_candidate(&out->candidate[0], &r->candidate[r->best], c);
	for (int i = 1; i < 4; i++)
		take_candidate(&out->candidate[i], &r->candidate[i], c);
	out->crop = *c;
}

void engine_answer_clear(engine_answer *a)
{
	for (int i = 0; i < 4; i++)
		mask_free(a->candidate[i].mask);
	*a = (engine_answer){0};
}

static bool covers_image(const sam_crop *c, const raster_info *info)
{
	return c->w == info->width && c->h == info->height;
}

/* A mask as the decoder's own low-resolution output would be: cells of the square frame that the crop's longer side
 * spans, [side][side], from how much of each the mask covers. g_free. */
static float *as_logits(const bitmask *m, const sam_crop *c, int side)
{
	float *out = g_new(float, (gsize)side *side);
	const double cell = (double)MAX(c->w, c->h) / side;
	for (int i = 0; i < side; i++)
		for (int j = 0; j < side; j++) {
			const int x0 = (int)(c->x + j * cell), x1 = MAX(x0 + 1, (int)(c->x + (j + 1) * cell));
			const int y0 = (int)(c->y + i * cell), y1 = MAX(y0 + 1, (int)(c->y + (i + 1) * cell));
			int inside = 0;
			for (int y = MAX(y0, m->y); y < MIN(y1, m->y + m->h); y++)
				for (int x = MAX(x0, m->x); x < MIN(x1, m->x + m->w); x++)
					inside += m->bits[(size_t)(y - m->y) * (size_t)m->w + (size_t)(x - m->x)];
			out[(gsize)i * side + j] = PREVIOUS_LOGIT * (2.0f * (float)inside / (float)((x1 - x0) * (y1 - y0)) - 1);
		}
	return out;
}

/* One decoder round on one crop. *fits: the mask does not run into an inner side of the crop. */
static bool segment_crop(engine *e, const engine_request *req, const sam_crop *c, engine_answer *out, sam_result *r,
                         double *decode_ms, GError **error)
{
	const raster_info *info = raster_get_info(req->image);
	guint n;
	const sam_mark *marks = prompt_marks(req->marks, &n);
	sam_encoding *enc = engine_encoding_for(e, req, c, out, error);
	if (!enc)
		return false;
	const gint64 t0 = g_get_monotonic_time();
	g_autofree float *previous = req->previous ? as_logits(req->previous, c, e->info.sam->image_size / 4) : NULL;
	if (!sam_segment(enc, marks, n, previous, info->width, info->height, r, req->cancel, error))
		return false;
	*decode_ms += (double)(g_get_monotonic_time() - t0) / 1e3;
	return true;
}

bool engine_prefetch(engine *e, const engine_request *req, GError **error)
{
	g_auto(engine_answer) unused = {0};
	const raster_info *info = raster_get_info(req->image);
	guint n;
	const sam_mark *marks = prompt_marks(req->marks, &n);
	const sam_crop c = sam_crop_choose(marks, n, info->width, info->height, req->scale);
	return engine_encoding_for(e, req, &c, &unused, error) != NULL;
}

bool engine_segment(engine *e, const engine_request *req, engine_answer *out, GError **error)
{
	*out = (engine_answer){0};
	const raster_info *info = raster_get_info(req->image);
	guint n;
	const sam_mark *marks = prompt_marks(req->marks, &n);
	if (!sam_marks_check(marks, n, info->width, info->height, error))
		return false;
	const bool grow = req->scale == 0 && sam_marks_grow(marks, n);
	sam_crop c = sam_crop_choose(marks, n, info->width, info->height, req->scale);
	for (;;) {
		g_auto(sam_result) r = {0};
		if (!segment_crop(e, req, &c, out, &r, &out->mask_ms, error))
			return false;
		const sam_candidate *best = &r.candidate[r.best];
		if (grow && best->touches && !covers_image(&c, info)) {
			c = sam_crop_grow(marks, &c, info->width, info->height);
			continue;
		}
		const gint64 t0 = g_get_monotonic_time();
		take_result(out, &r, &c);
		out->mask_ms += (double)(g_get_monotonic_time() - t0) / 1e3;
		return true;
	}
}
