/* COCO instances: polygons, run lengths compressed and not, crowds, boxes alone. */
#include "render/exchange/import-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "render/file/json-text.h"

#define LARGEST_SIDE (1 << 30) /* pixels: beyond are slips and lies, and sums of two still fit an int */

typedef struct {
	import_file *file;
	GHashTable *images, *categories; /* id as text -> cJSON object */
} coco;

static const cJSON *get(const cJSON *o, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(o, key);
}

static const char *text_at(const cJSON *o, const char *key)
{
	return cJSON_GetStringValue(get(o, key));
}

/* Ids are numbers in most files and texts in some. */
static char *id_at(const cJSON *o, const char *key)
{
	const cJSON *v = get(o, key);
	if (cJSON_IsNumber(v))
		return json_part_text(v);
	return g_strdup(cJSON_IsString(v) ? v->valuestring : "");
}

static GHashTable *by_id(const cJSON *list)
{
	GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const cJSON *o;
	cJSON_ArrayForEach(o, list) g_hash_table_insert(table, id_at(o, "id"), (void *)o);
	return table;
}

static const cJSON *look_up(GHashTable *table, const cJSON *o, const char *key)
{
	g_autofree char *id = id_at(o, key);
	return g_hash_table_lookup(table, id);
}

/* --- outlines --- */

/* [x1,y1,x2,y2,…]; NULL: not such a list. */
static OGRGeometryH polygon_of(const cJSON *list)
{
	g_autoptr(GArray) xy = g_array_new(FALSE, FALSE, sizeof(double));
	const cJSON *v;
	cJSON_ArrayForEach(v, list)
	{
		if (!cJSON_IsNumber(v) || !isfinite(v->valuedouble))
			return NULL;
		g_array_append_val(xy, v->valuedouble);
	}
	return xy->len >= 6 && xy->len % 2 == 0 ? import_ring((const double *)(void *)xy->data, (int)xy->len / 2) : NULL;
}

/* The parts are united: in COCO a part inside another one is no hole. */
static OGRGeometryH united_parts(const cJSON *parts)
{
	OGRGeometryH all = NULL;
	const cJSON *part;
	cJSON_ArrayForEach(part, parts) all = import_unite(all, polygon_of(part));
	return all;
}

static OGRGeometryH box_of(const cJSON *bbox)
{
	double v[4];
	for (int i = 0; i < 4; i++) {
		const cJSON *n = cJSON_GetArrayItem(bbox, i);
		if (!cJSON_IsNumber(n) || !isfinite(n->valuedouble))
			return NULL;
		v[i] = n->valuedouble;
	}
	const double xy[] = {v[0], v[1], v[0] + v[2], v[1], v[0] + v[2], v[1] + v[3], v[0], v[1] + v[3]};
	return v[2] > 0 && v[3] > 0 ? import_ring(xy, 4) : NULL;
}

static bool pair_at(const cJSON *o, const char *key, int out[2])
{
	const cJSON *list = get(o, key);
	for (int i = 0; i < 2; i++) {
		const cJSON *n = cJSON_GetArrayItem(list, i);
		if (!cJSON_IsNumber(n) || n->valuedouble < 0 || n->valuedouble > LARGEST_SIDE)
			return false;
		out[i] = n->valueint;
	}
	return true;
}

static bitmask *mask_of_runs(const cJSON *list, int w, int h)
{
	g_autoptr(GArray) runs = g_array_new(FALSE, FALSE, sizeof(int64_t));
	const cJSON *v;
	cJSON_ArrayForEach(v, list)
	{
		const int64_t n = cJSON_IsNumber(v) && fabs(v->valuedouble) < 9e15 ? (int64_t)v->valuedouble : -1;
		g_array_append_val(runs, n);
	}
	return mask_from_runs((const int64_t *)(const void *)runs->data, runs->len, w, h, NULL);
}

/* {"size":[h,w],"counts":…} over the whole image, or over a box of it at "origin" (our form for huge images). */
static GBytes *outline_of_rle(const cJSON *rle)
{
	int size[2], origin[2] = {0, 0};
	const cJSON *counts = get(rle, "counts");
	if (!pair_at(rle, "size", size) || (get(rle, "origin") && !pair_at(rle, "origin", origin)))
		return NULL;
	g_autoptr(bitmask) m = cJSON_IsString(counts) ? mask_from_rle(counts->valuestring, size[1], size[0], NULL)
	                                              : mask_of_runs(counts, size[1], size[0]);
	if (!m)
		return NULL;
	m->x += origin[0];
	m->y += origin[1];
	return mask_to_wkb(m, NULL);
}

static GBytes *outline_of(import_file *file, const cJSON *annotation, import_space *space)
{
	const cJSON *s = get(annotation, "segmentation");
	*space = IMPORT_PIXELS;
	if (cJSON_IsObject(s)) {
		GBytes *wkb = outline_of_rle(s);
		*space = IMPORT_PIXEL_MASK;
		file->losses[LOSS_BROKEN] += !wkb;
		return wkb;
	}
	if (cJSON_GetArraySize(s) > 0) {
		OGRGeometryH g = united_parts(s);
		if (g)
			return import_polygons(file, g);
		file->losses[LOSS_BROKEN]++;
		return NULL;
	}
	OGRGeometryH box = box_of(get(annotation, "bbox"));
	file->losses[LOSS_BOX] += box != NULL;
	return import_polygons(file, box);
}

/* --- annotations --- */

/* Score and caption beside the annotation or among its attributes; the rest of what belongs to COCO is known. */
static void set_attributes(import_file *file, feature *f, const cJSON *annotation)
{
	static const char *const known[] = {"id",      "image_id",   "category_id", "segmentation", "area",     "bbox",
	                                    "iscrowd", "attributes", "label",       "phrase",       "polygons", NULL};
	const cJSON *v;
	cJSON_ArrayForEach(v, get(annotation, "attributes")) import_set_json(file, f, v);
	cJSON_ArrayForEach(v, annotation) if (!g_strv_contains(known, v->string)) import_set_json(file, f, v);
}

/* Regions with captions, and grounded captions: annotations of one image that carry their class as "label". */
bool import_regions(import_file *file, const cJSON *root, GError **error)
{
	const cJSON *list = get(root, "regions") ? get(root, "regions") : get(root, "objects"), *r;
	const char *image = text_at(root, "image");
	cJSON_ArrayForEach(r, list)
	{
		import_space space;
		GBytes *wkb = outline_of(file, r, &space);
		if (!wkb)
			continue;
		feature *f = feature_new();
		set_attributes(file, f, r);
		if (text_at(r, "label"))
			import_set_text(f, "class", text_at(r, "label"));
		if (text_at(r, "phrase"))
			import_set_text(f, "caption", text_at(r, "phrase"));
		import_add(file, f, g_strdup(image), wkb, space, NULL);
	}
	return true;
}

static void read_annotation(coco *c, const cJSON *annotation)
{
	import_space space;
	GBytes *wkb = outline_of(c->file, annotation, &space);
	if (!wkb)
		return;
	const cJSON *image = look_up(c->images, annotation, "image_id");
	const cJSON *category = look_up(c->categories, annotation, "category_id");
	feature *f = feature_new();
	set_attributes(c->file, f, annotation);
	if (category && text_at(category, "name"))
		import_set_text(f, "class", text_at(category, "name"));
	import_set_crowd(f, get(annotation, "iscrowd"));
	import_add(c->file, f, g_strdup(image ? text_at(image, "file_name") : NULL), wkb, space, NULL);
}

/* Some writers say "none", or the class itself. */
static void note_category(import_file *file, const cJSON *category)
{
	const char *name = text_at(category, "name"), *above = text_at(category, "supercategory");
	import_note_class(file, name);
	if (above && *above && strcmp(above, "none") != 0 && strcmp(above, name) != 0)
		import_note_parent(file, name, above);
}

bool import_coco(import_file *file, const cJSON *root, GError **error)
{
	const cJSON *annotations = get(root, "annotations"), *categories = get(root, "categories"), *o;
	if (!cJSON_IsArray(annotations) || !cJSON_IsArray(get(root, "images")))
		return import_failed(
			error, file->path,
			_("it is JSON, but neither COCO's (lists of images and annotations) nor labelme's (a list of shapes)"));
	coco c = {file, by_id(get(root, "images")), by_id(categories)};
	cJSON_ArrayForEach(o, categories) if (text_at(o, "name")) note_category(file, o);
	cJSON_ArrayForEach(o, annotations) read_annotation(&c, o);
	g_hash_table_unref(c.images);
	g_hash_table_unref(c.categories);
	return true;
}
