#include "tests/gpu/models/golden.h"
#include <string.h>

static double entry(const cJSON *list, int i)
{
	const cJSON *v = cJSON_GetArrayItem(list, i);
	g_assert_true(cJSON_IsNumber(v));
	return v->valuedouble;
}

/* Numbers, or pairs of numbers: flat in both cases. */
static int flatten(const cJSON *values, double *out)
{
	int n = 0;
	const cJSON *v;
	cJSON_ArrayForEach(v, values)
	{
		if (cJSON_IsArray(v)) {
			out[n++] = entry(v, 0);
			out[n++] = entry(v, 1);
		} else {
			out[n++] = v->valuedouble;
		}
		g_assert_cmpint(n, <=, 62);
	}
	return n;
}

static void read_marks(const cJSON *list, golden_case *c)
{
	static const char *const kinds[] = {"point", "box", "circle", "scribble", "polygon"};
	const cJSON *p;
	cJSON_ArrayForEach(p, list)
	{
		const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(p, "kind"));
		sam_mark *m = &c->marks[c->n];
		const int n = flatten(cJSON_GetObjectItemCaseSensitive(p, "values"), c->values[c->n]);
		*m = (sam_mark){.sign = cJSON_GetObjectItemCaseSensitive(p, "sign")->valueint, .n = (guint)n / 2};
		while (strcmp(kinds[m->kind], kind) != 0)
			m->kind++;
		if (m->kind == SAM_CIRCLE)
			m->r = c->values[c->n][2];
		g_assert_cmpuint(++c->n, <=, GOLDEN_MARKS);
	}
}

static void read_case(golden *g, const cJSON *o)
{
	golden_case c = {.image = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "image")),
	                 .score = cJSON_GetObjectItemCaseSensitive(o, "score")->valuedouble};
	const cJSON *rle = cJSON_GetObjectItemCaseSensitive(o, "rle"),
				*size = cJSON_GetObjectItemCaseSensitive(rle, "size");
	const char *counts = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(rle, "counts"));
	g_autoptr(GError) error = NULL;
	c.h = (int)entry(size, 0);
	c.w = (int)entry(size, 1);
	c.mask = mask_from_rle(counts, c.w, c.h, &error);
	g_assert_no_error(error);
	g_assert_cmpint(mask_area(c.mask), ==, cJSON_GetObjectItemCaseSensitive(o, "area_px")->valueint);
	read_marks(cJSON_GetObjectItemCaseSensitive(o, "prompt"), &c);
	g_array_append_val(g->cases, c);
}

golden *golden_open(void)
{
	const char *set = g_getenv("NADIR_SHARED");
	g_autofree char *dir = set ? g_strdup(set) : g_build_filename(g_getenv("NADIR_SOURCE"), "..", "shared", NULL);
	g_autofree char *path = g_build_filename(dir, "models", "golden.json", NULL);
	g_autofree char *text = NULL;
	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	golden *g = g_new0(golden, 1);
	g->dir = g_steal_pointer(&dir);
	g->root = cJSON_Parse(text);
	g->cases = g_array_new(FALSE, TRUE, sizeof(golden_case));
	const cJSON *o;
	cJSON_ArrayForEach(o, cJSON_GetObjectItemCaseSensitive(g->root, "cases")) read_case(g, o);
	return g;
}

void golden_free(golden *g)
{
	if (!g)
		return;
	for (guint i = 0; i < g->cases->len; i++)
		mask_free(g_array_index(g->cases, golden_case, i).mask);
	g_array_unref(g->cases);
	cJSON_Delete(g->root);
	g_free(g->dir);
	g_free(g);
}

char *golden_model(const golden *g)
{
	return g_build_filename(g->dir, "models", "interim-sam.gguf", NULL);
}

typedef struct {
	sam_crop crop;
	sam_encoding *encoding;
} encoded;

void golden_picture_open(golden_picture *p, const golden *g, const golden_case *c, sam_model *model)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(g->dir, c->image, NULL);
	*p = (golden_picture){.model = model, .encodings = g_array_new(FALSE, FALSE, sizeof(encoded))};
	p->image = raster_open(path, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(raster_style_resolve(p->image, NULL, NULL, NULL, &p->style, NULL, &error));
	g_assert_cmpint(raster_get_info(p->image)->width, ==, c->w);
	g_assert_cmpint(raster_get_info(p->image)->height, ==, c->h);
}

void golden_picture_close(golden_picture *p)
{
	for (guint i = 0; i < p->encodings->len; i++)
		sam_encoding_free(g_array_index(p->encodings, encoded, i).encoding);
	g_array_unref(p->encodings);
	raster_unref(p->image);
}

static sam_encoding *encoding_of(golden_picture *p, const sam_crop *crop)
{
	for (guint i = 0; i < p->encodings->len; i++) {
		const encoded *known = &g_array_index(p->encodings, encoded, i);
		if (memcmp(&known->crop, crop, sizeof *crop) == 0)
			return known->encoding;
	}
	g_autoptr(GError) error = NULL;
	g_autofree uint8_t *rgb = g_malloc((gsize)crop->w * crop->h * 3);
	const raster_rect area = {crop->x, crop->y, crop->w, crop->h};
	g_assert_true(raster_model_input(p->image, &p->style, &area, rgb, (gsize)crop->w * 3, NULL, &error));
	sam_encoding *e = sam_encode(p->model, rgb, (gsize)crop->w * 3, crop, NULL, NULL, NULL, &error);
	g_assert_no_error(error);
	const encoded made = {*crop, e};
	g_array_append_val(p->encodings, made);
	p->encoded++;
	return e;
}

bitmask *golden_answer(golden_picture *p, const golden_case *c, double *score)
{
	sam_mark marks[GOLDEN_MARKS];
	for (guint i = 0; i < c->n; i++) {
		marks[i] = c->marks[i];
		marks[i].xy = c->values[i];
	}
	sam_crop crop = sam_crop_choose(marks, c->n, c->w, c->h, 0);
	while (true) {
		g_autoptr(GError) error = NULL;
		g_auto(sam_result) r = {0};
		if (!sam_segment(encoding_of(p, &crop), marks, c->n, NULL, c->w, c->h, &r, NULL, &error))
			g_error("%s: %s", c->image, error->message);
		const sam_candidate *best = &r.candidate[r.best];
		if (best->touches && sam_marks_grow(marks, c->n)) {
			crop = sam_crop_grow(&marks[0], &crop, c->w, c->h);
			continue;
		}
		*score = best->score;
		return mask_new_from(crop.x, crop.y, crop.w, crop.h, best->mask, (size_t)crop.w);
	}
}
