/* COCO instances. Compressed run lengths hold holes; lists of corners are for readers that know no others. iscrowd is 1
 * only where an import said so, because for crowds the measure is another. */
#include "render/exchange/export-private.h"
#include "render/file/json-text.h"
#include "render/geometry/class-style.h"

#include <cjson/cJSON.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#define LARGE_IMAGE (1LL << 31) /* pixels: other readers count them in 32 bits */

static void add_number(cJSON *to, const char *name, double v)
{
	if (isfinite(v))
		cJSON_AddNumberToObject(to, name, v);
	else
		cJSON_AddNullToObject(to, name);
}

static cJSON *image_entry(const exporter *e)
{
	const raster_info *image = e->job->image;
	g_autofree char *name = g_path_get_basename(image->path ? image->path : "");
	cJSON *entry = cJSON_CreateObject();
	cJSON_AddNumberToObject(entry, "id", 1);
	cJSON_AddNumberToObject(entry, "width", image->width);
	cJSON_AddNumberToObject(entry, "height", image->height);
	cJSON_AddStringToObject(entry, "file_name", name);
	return entry;
}

/* The class right above it; the line of all of them stands with each object. */
static char *super_category(const exporter *e, const char *name)
{
	const export_job *job = e->job;
	for (guint i = 0; job->class_paths && job->class_names && job->class_names[i]; i++) {
		if (strcmp(job->class_names[i], name) != 0)
			continue;
		g_autoptr(GPtrArray) line = class_line_split(job->class_paths[i]);
		return g_strdup(line->len > 1 ? line->pdata[line->len - 2] : "");
	}
	return g_strdup("");
}

static cJSON *category_entries(const exporter *e)
{
	cJSON *list = cJSON_CreateArray();
	for (guint i = 0; i < e->names->len; i++) {
		cJSON *entry = cJSON_CreateObject();
		cJSON_AddNumberToObject(entry, "id", i + 1);
		cJSON_AddStringToObject(entry, "name", g_ptr_array_index(e->names, i));
		g_autofree char *above = super_category(e, e->names->pdata[i]);
		cJSON_AddStringToObject(entry, "supercategory", above);
		cJSON_AddItemToArray(list, entry);
	}
	return list;
}

static cJSON *corners(const wkb_shape *s)
{
	cJSON *list = cJSON_CreateArray();
	for (guint k = 0; k < s->parts->len; k++) {
		const wkb_ring *ring = &g_array_index(s->rings, wkb_ring, g_array_index(s->parts, wkb_part, k).first);
		cJSON_AddItemToArray(
			list, cJSON_CreateDoubleArray(&g_array_index(s->xy, double, 2 * (gsize)ring->first), 2 * (int)ring->n));
	}
	return list;
}

static cJSON *run_lengths(const exporter *e, const bitmask *m)
{
	const raster_info *image = e->job->image;
	bool large = (gint64)image->width * image->height >= LARGE_IMAGE;
	int size[2] = {large ? m->h : image->height, large ? m->w : image->width}, origin[2] = {m->x, m->y};
	bitmask local = {large ? 0 : m->x, large ? 0 : m->y, m->w, m->h, m->bits};
	g_autofree char *counts = mask_to_rle(&local, size[1], size[0]);
	cJSON *s = cJSON_CreateObject();
	cJSON_AddItemToObject(s, "size", cJSON_CreateIntArray(size, 2));
	cJSON_AddStringToObject(s, "counts", counts);
	if (large)
		cJSON_AddItemToObject(s, "origin", cJSON_CreateIntArray(origin, 2));
	return s;
}

static cJSON *attributes(const exporter *e, const feature *o)
{
	cJSON *a = cJSON_CreateObject();
	feature_text texts[FEATURE_TEXTS];
	feature_texts(o, texts);
	for (guint i = 1; i < FEATURE_TEXTS; i++) /* the class is the category */
		cJSON_AddStringToObject(a, texts[i].name, texts[i].value);
	add_number(a, "score", o->score);
	add_number(a, "area_m2", o->area_m2);
	export_members(e, a, o);
	return a;
}

static bitmask *outline_mask(const exporter *e, guint i, GBytes *wkb, GError **error)
{
	g_autoptr(bitmask) whole = mask_from_wkb(wkb, error);
	g_autoptr(bitmask) m = whole ? mask_clipped(whole, e->job->image->width, e->job->image->height) : NULL;
	if (m && m->w > 0)
		return g_steal_pointer(&m);
	if (m)
		g_set_error_literal(error, GEOMETRY_ERROR, GEOMETRY_ERROR_EMPTY,
		                    _("It covers the centre of no pixel of the image."));
	g_prefix_error(error, _("Object %u (%s) cannot be exported. "), i + 1, e->job->objects[i]->class_name);
	return NULL;
}

bitmask *export_object_mask(const exporter *e, guint i, GError **error)
{
	return outline_mask(e, i, e->job->objects[i]->px_geom, error);
}

/* Lists of corners are united: area and box are those of the outline without its holes. */
static bitmask *mask_without_holes(const exporter *e, guint i, GError **error)
{
	const wkb_shape *s = e->shapes->pdata[i];
	g_autoptr(wkb_shape) whole = wkb_shape_new();
	for (guint k = 0; k < s->parts->len; k++) {
		const wkb_ring *ring = &g_array_index(s->rings, wkb_ring, g_array_index(s->parts, wkb_part, k).first);
		wkb_shape_add_part(whole);
		wkb_shape_add_ring(whole);
		for (guint p = ring->first; p < ring->first + ring->n; p++)
			wkb_shape_add_point(whole, g_array_index(s->xy, double, 2 * (gsize)p),
			                    g_array_index(s->xy, double, 2 * (gsize)p + 1));
	}
	g_autoptr(GBytes) wkb = wkb_shape_write(whole);
	return outline_mask(e, i, wkb, error);
}

static cJSON *annotation(const exporter *e, guint i, gint64 id, GError **error)
{
	const feature *o = e->job->objects[i];
	const bool crowd = export_is_crowd(o), polygons = e->format == EXPORT_COCO_POLYGONS && !crowd;
	g_autoptr(bitmask) m = polygons ? mask_without_holes(e, i, error) : export_object_mask(e, i, error);
	if (!m)
		return NULL;
	cJSON *a = cJSON_CreateObject();
	cJSON_AddNumberToObject(a, "id", (double)id);
	cJSON_AddNumberToObject(a, "image_id", 1);
	cJSON_AddNumberToObject(a, "category_id", export_class_number(e, o));
	cJSON_AddNumberToObject(a, "iscrowd", crowd);
	cJSON_AddNumberToObject(a, "area", (double)mask_area(m));
	cJSON_AddItemToObject(a, "bbox", cJSON_CreateIntArray((int[]){m->x, m->y, m->w, m->h}, 4));
	cJSON_AddItemToObject(a, "segmentation", polygons ? corners(e->shapes->pdata[i]) : run_lengths(e, m));
	if (isfinite(o->score))
		cJSON_AddNumberToObject(a, "score", o->score);
	if (o->caption && *o->caption)
		cJSON_AddStringToObject(a, "caption", o->caption);
	cJSON_AddItemToObject(a, "attributes", attributes(e, o));
	return a;
}

static bool add_annotations(exporter *e, cJSON *list, GError **error)
{
	g_autofree gint64 *ids = export_ids(e->job);
	for (guint i = 0; i < e->job->n_objects; i++) {
		cJSON *a = annotation(e, i, ids[i], error);
		if (!a || !export_step(e, 0.9 * (i + 1) / e->job->n_objects, error)) {
			cJSON_Delete(a);
			return false;
		}
		cJSON_AddItemToArray(list, a);
	}
	return true;
}

bool export_coco(exporter *e, GError **error)
{
	cJSON *root = cJSON_CreateObject(), *info = cJSON_AddObjectToObject(root, "info");
	cJSON_AddStringToObject(info, "description", "Nadir " NADIR_VERSION);
	cJSON_AddArrayToObject(root, "licenses");
	cJSON *images = cJSON_AddArrayToObject(root, "images");
	cJSON_AddItemToArray(images, image_entry(e));
	cJSON_AddItemToObject(root, "categories", category_entries(e));
	const bool ok = add_annotations(e, cJSON_AddArrayToObject(root, "annotations"), error);
	if (e->format == EXPORT_COCO && (gint64)e->job->image->width * e->job->image->height >= LARGE_IMAGE)
		export_note(
			e,
			_("The image is too large for other readers of run lengths: each is of the object's bounding box, with its "
		      "place as \"origin\"."));
	g_autofree char *text = json_text(root);
	return ok && export_side(e, error) && export_put(e, e->path, text, strlen(text), error);
}
