/* Texts with their places: COCO captions, captions of regions, and a description with the outlines of its phrases in
 * GeoPixelD's form. */
#include "render/exchange/export-private.h"

#include <cjson/cJSON.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "render/file/json-text.h"

static bool has_caption(const feature *o)
{
	return o->caption && *o->caption;
}

static cJSON *image_entry(const exporter *e, bool id)
{
	g_autofree char *name = g_path_get_basename(e->job->image->path ? e->job->image->path : "");
	cJSON *entry = cJSON_CreateObject();
	if (id)
		cJSON_AddNumberToObject(entry, "id", 1);
	cJSON_AddStringToObject(entry, id ? "file_name" : "image", name);
	cJSON_AddNumberToObject(entry, "width", e->job->image->width);
	cJSON_AddNumberToObject(entry, "height", e->job->image->height);
	return entry;
}

static cJSON *rle_json(const exporter *e, const bitmask *m)
{
	cJSON *s = cJSON_CreateObject();
	g_autofree char *counts = mask_to_rle(m, e->job->image->width, e->job->image->height);
	cJSON_AddItemToObject(s, "size", cJSON_CreateIntArray((int[]){e->job->image->height, e->job->image->width}, 2));
	cJSON_AddStringToObject(s, "counts", counts);
	return s;
}

/* bbox, and the exact mask where `segmentation` is wanted. */
static bool add_place(const exporter *e, cJSON *o, guint i, bool segmentation, GError **error)
{
	g_autoptr(bitmask) m = export_object_mask(e, i, error);
	if (!m)
		return false;
	cJSON_AddItemToObject(o, "bbox", cJSON_CreateIntArray((int[]){m->x, m->y, m->w, m->h}, 4));
	if (segmentation)
		cJSON_AddItemToObject(o, "segmentation", rle_json(e, m));
	return true;
}

/* --- COCO captions --- */

static cJSON *captions_json(exporter *e, const gint64 *ids, GError **error)
{
	cJSON *root = cJSON_CreateObject();
	cJSON_AddItemToArray(cJSON_AddArrayToObject(root, "images"), image_entry(e, true));
	cJSON *list = cJSON_AddArrayToObject(root, "annotations");
	for (guint i = 0; i < e->job->n_objects; i++) {
		cJSON *a = cJSON_CreateObject();
		if (!has_caption(e->job->objects[i]) || !add_place(e, a, i, false, error)) {
			cJSON_Delete(a);
			if (error && *error) {
				cJSON_Delete(root);
				return NULL;
			}
			continue;
		}
		cJSON_AddNumberToObject(a, "id", (double)ids[i]);
		cJSON_AddNumberToObject(a, "image_id", 1);
		cJSON_AddStringToObject(a, "caption", e->job->objects[i]->caption);
		cJSON_AddItemToArray(list, a);
	}
	return root;
}

/* --- regions --- */

static cJSON *region_json(const exporter *e, guint i, gint64 id, GError **error)
{
	const feature *o = e->job->objects[i];
	feature_text texts[FEATURE_TEXTS];
	cJSON *r = cJSON_CreateObject(), *attributes;
	cJSON_AddNumberToObject(r, "id", (double)id);
	if (!add_place(e, r, i, true, error)) {
		cJSON_Delete(r);
		return NULL;
	}
	cJSON_AddStringToObject(r, "label", o->class_name);
	cJSON_AddStringToObject(r, "caption", o->caption ? o->caption : "");
	cJSON_AddItemToObject(r, "score", isfinite(o->score) ? cJSON_CreateNumber(o->score) : cJSON_CreateNull());
	attributes = cJSON_AddObjectToObject(r, "attributes");
	feature_texts(o, texts);
	for (guint k = 1; k < FEATURE_TEXTS; k++) /* the class is the label */
		if (strcmp(texts[k].name, "caption") != 0)
			cJSON_AddStringToObject(attributes, texts[k].name, texts[k].value);
	export_members(e, attributes, o);
	return r;
}

static cJSON *regions_json(exporter *e, const gint64 *ids, GError **error)
{
	cJSON *root = image_entry(e, false), *list = cJSON_AddArrayToObject(root, "regions");
	for (guint i = 0; i < e->job->n_objects; i++) {
		cJSON *r = region_json(e, i, ids[i], error);
		if (!r) {
			cJSON_Delete(root);
			return NULL;
		}
		cJSON_AddItemToArray(list, r);
	}
	return root;
}

/* --- grounded --- */

/* The outer rings as lists of corners, as the data set has them; readers that hold holes take the mask. */
static cJSON *polygons_json(const wkb_shape *s)
{
	cJSON *list = cJSON_CreateArray();
	for (guint k = 0; k < s->parts->len; k++) {
		const wkb_part *part = &g_array_index(s->parts, wkb_part, k);
		const wkb_ring *ring = &g_array_index(s->rings, wkb_ring, part->first);
		cJSON *points = cJSON_CreateArray();
		for (guint i = 0; i < ring->n; i++)
			cJSON_AddItemToArray(
				points, cJSON_CreateDoubleArray(&g_array_index(s->xy, double, 2 * (gsize)(ring->first + i)), 2));
		cJSON_AddItemToArray(list, points);
	}
	return list;
}

static cJSON *phrase_json(const exporter *e, guint i, GError **error)
{
	const feature *o = e->job->objects[i];
	cJSON *p = cJSON_CreateObject();
	if (!add_place(e, p, i, true, error)) {
		cJSON_Delete(p);
		return NULL;
	}
	cJSON_AddStringToObject(p, "phrase", o->caption);
	cJSON_AddStringToObject(p, "label", o->class_name);
	cJSON_AddItemToObject(p, "polygons", polygons_json(e->shapes->pdata[i]));
	return p;
}

/* A caption without the words that mean something in the description; the phrase beside it stays as it is. */
static char *plain_phrase(const char *caption, bool *changed)
{
	static const char *const words[] = {"[SEG]", "<p>", "</p>"};
	GString *text = g_string_new(caption);
	guint n = 0;
	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		n += g_string_replace(text, words[i], "", 0);
	*changed = n > 0;
	return g_strstrip(g_string_free(text, FALSE));
}

/* The i-th "[SEG]" of the text belongs to the i-th object. */
static cJSON *grounded_json(exporter *e, const gint64 *ids, GError **error)
{
	cJSON *root = image_entry(e, false), *list = cJSON_CreateArray();
	g_autoptr(GString) text = g_string_new(NULL);
	guint marked = 0;
	for (guint i = 0; i < e->job->n_objects; i++) {
		cJSON *p = has_caption(e->job->objects[i]) ? phrase_json(e, i, error) : NULL;
		if (p) {
			bool changed;
			g_autofree char *phrase = plain_phrase(e->job->objects[i]->caption, &changed);
			g_string_append_printf(text, "%s<p>%s</p> [SEG]", text->len > 0 ? ", " : "", phrase);
			cJSON_AddItemToArray(list, p);
			marked += changed;
		} else if (has_caption(e->job->objects[i])) {
			cJSON_Delete(root);
			cJSON_Delete(list);
			return NULL;
		}
	}
	if (marked > 0)
		export_note(e, _("Captions with [SEG], <p> or </p>, which the description is written without: %u."), marked);
	g_string_append_c(text, '.');
	cJSON_AddStringToObject(root, "gcg_description", text->str);
	cJSON_AddItemToObject(root, "objects", list);
	return root;
}

bool export_captions(exporter *e, GError **error)
{
	g_autofree gint64 *ids = export_ids(e->job);
	g_autoptr(GError) inner = NULL;
	bool any = e->format == EXPORT_REGIONS;
	for (guint i = 0; i < e->job->n_objects; i++)
		any = any || has_caption(e->job->objects[i]);
	if (!any) {
		g_set_error(error, EXPORT_ERROR, EXPORT_ERROR_EMPTY,
		            _("No object has a caption to write to %s: describe the objects first."), e->path);
		return false;
	}
	cJSON *root = e->format == EXPORT_CAPTIONS  ? captions_json(e, ids, &inner)
	              : e->format == EXPORT_REGIONS ? regions_json(e, ids, &inner)
	                                            : grounded_json(e, ids, &inner);
	if (!root) {
		g_propagate_error(error, g_steal_pointer(&inner));
		return false;
	}
	g_autofree char *text = json_page(root);
	return export_side(e, error) && export_put(e, e->path, text, strlen(text), error);
}
