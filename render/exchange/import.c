#include "render/exchange/import-private.h"
#include "render/file/json-text.h"
#include "render/geometry/class-style.h"
#include "render/geometry/gdal-session.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <ogr_srs_api.h>
#include <string.h>

G_DEFINE_QUARK(nadir_import_error_quark, import_error)

static void object_free(void *data)
{
	import_object *o = data;
	feature_free(o->f);
	g_clear_pointer(&o->wkb, g_bytes_unref);
	g_free(o->image);
	g_free(o);
}

void import_file_free(import_file *file)
{
	if (!file)
		return;
	if (file->to_image)
		OCTDestroyCoordinateTransformation(file->to_image);
	g_ptr_array_unref(file->objects);
	g_ptr_array_unref(file->classes);
	g_ptr_array_unref(file->dropped);
	g_ptr_array_unref(file->parents);
	g_free(file->path);
	g_free(file);
}

bool import_failed(GError **error, const char *path, const char *why)
{
	g_set_error(error, IMPORT_ERROR, IMPORT_ERROR_OPEN, _("%s cannot be imported: %s."), path, why);
	return false;
}

static bool ends_with(const char *path, const char *extension)
{
	const gsize n = strlen(path), k = strlen(extension);
	return n > k && g_ascii_strcasecmp(path + n - k, extension) == 0;
}

static bool has_list(const cJSON *o, const char *key)
{
	return cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(o, key));
}

static bool read_json(import_file *file, GError **error)
{
	g_autofree char *text = NULL;
	gsize n;
	g_autoptr(GError) inner = NULL;
	if (!g_file_get_contents(file->path, &text, &n, &inner))
		return import_failed(error, file->path, inner->message);
	cJSON *root = cJSON_ParseWithLength(text, n);
	if (!root)
		return import_failed(error, file->path, _("it is no sound JSON"));
	const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(root, "annotations"), 0);
	bool (*reader)(import_file *, const cJSON *, GError **) = import_coco;
	if (has_list(root, "shapes"))
		reader = import_labelme;
	else if (has_list(root, "regions") || (has_list(root, "objects") && !has_list(root, "annotations")))
		reader = import_regions;
	else if (has_list(first, "segments_info"))
		reader = import_panoptic;
	const bool ok = reader(file, root, error);
	cJSON_Delete(root);
	return ok;
}

static bool read_file(import_file *file, GError **error)
{
	if (!g_file_test(file->path, G_FILE_TEST_IS_REGULAR) && !g_str_has_prefix(file->path, "/vsi"))
		return import_failed(error, file->path, _("there is no such file"));
	static const struct {
		const char *suffix;
		bool (*read)(import_file *, GError **);
	} readers[] = {{".json", read_json}, {".txt", import_labels}, {".yaml", import_yolo_set}, {".yml", import_yolo_set},
	               {".xml", import_voc}, {".png", import_mask},   {".tif", import_mask},      {".tiff", import_mask}};
	bool (*reader)(import_file *, GError **) = import_vector;
	for (guint i = 0; i < G_N_ELEMENTS(readers); i++)
		if (ends_with(file->path, readers[i].suffix))
			reader = readers[i].read;
	if (!reader(file, error))
		return false;
	if (file->objects->len > 0)
		return true;
	g_autofree char *report = import_report(file);
	g_strdelimit(report, "\n", ' ');
	g_set_error(error, IMPORT_ERROR, IMPORT_ERROR_EMPTY, _("%s holds no object with an area. %s"), file->path, report);
	return false;
}

import_file *import_read(const char *path, const char *class_field, GError **error)
{
	g_autoptr(import_file) file = g_new0(import_file, 1);
	file->path = g_strdup(path);
	file->class_field = class_field;
	file->objects = g_ptr_array_new_with_free_func(object_free);
	file->classes = g_ptr_array_new_with_free_func(g_free);
	file->dropped = g_ptr_array_new_with_free_func(g_free);
	file->parents = g_ptr_array_new_with_free_func(g_free);
	gdal_session_begin();
	const bool ok = read_file(file, error);
	gdal_session_end();
	g_ptr_array_add(file->classes, NULL);
	return ok ? g_steal_pointer(&file) : NULL;
}

guint import_count(const import_file *file)
{
	return file->objects->len;
}

import_object *import_get(import_file *file, guint i)
{
	return g_ptr_array_index(file->objects, i);
}

const char *const *import_classes(const import_file *file)
{
	return (const char *const *)file->classes->pdata;
}

GPtrArray *import_parents(const import_file *file)
{
	return file->parents;
}

/* --- what the readers call --- */

static void note(GPtrArray *list, const char *text)
{
	if (!g_ptr_array_find_with_equal_func(list, text, g_str_equal, NULL))
		g_ptr_array_add(list, g_strdup(text));
}

void import_note_class(import_file *file, const char *name)
{
	note(file->classes, name);
}

void import_note_parent(import_file *file, const char *child, const char *parent)
{
	for (guint i = 0; i < file->parents->len; i += 2)
		if (g_str_equal(file->parents->pdata[i], child))
			return;
	g_ptr_array_add(file->parents, g_strdup(child));
	g_ptr_array_add(file->parents, g_strdup(parent));
}

void import_note_path(import_file *file, const char *path)
{
	g_autoptr(GPtrArray) line = class_line_split(path);
	for (guint i = 1; i < line->len; i++)
		import_note_parent(file, line->pdata[i], line->pdata[i - 1]);
}

void import_note_dropped(import_file *file, const char *name)
{
	note(file->dropped, name);
}

void import_add(import_file *file, feature *f, char *image, GBytes *wkb, import_space space, const char *crs)
{
	import_object *o = g_new0(import_object, 1);
	*o = (import_object){image, f, wkb, crs ? g_intern_string(crs) : NULL, space, 0, 0};
	if (!*f->class_name) {
		g_free(f->class_name);
		f->class_name = g_strdup("object");
	}
	if (!*f->model) {
		g_free(f->model);
		f->model = g_strdup("import");
	}
	import_note_class(file, f->class_name);
	g_ptr_array_add(file->objects, o);
}

static bool is_state(const char *value)
{
	static const char *const states[] = {"draft", "accepted", "rejected", "flagged", NULL};
	return g_strv_contains(states, value);
}

/* Some writers turn a text that holds JSON into JSON, and readers give it back with other spaces. */
static char *compact_json(const char *text)
{
	cJSON *json = cJSON_Parse(text);
	return json ? json_text(json) : g_strdup("");
}

bool import_set_text(feature *f, const char *name, const char *value)
{
	const struct {
		const char *name;
		char **text;
	} texts[] = {{"class", &f->class_name}, {"model", &f->model},       {"prompt", &f->prompt},
	             {"state", &f->state},      {"reviewer", &f->reviewer}, {"caption", &f->caption},
	             {"created", &f->created},  {"edited", &f->edited}};
	/* Known, and made anew from the object itself. */
	static const char *const derived[] = {"id", "class_id", "area_px", "area_m2", "image", NULL};
	if (strcmp(name, "score") == 0) {
		char *end = NULL;
		const double v = g_ascii_strtod(value, &end);
		f->score = *value && !*end && isfinite(v) ? v : NAN;
		return true;
	}
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		if (strcmp(texts[i].name, name) != 0)
			continue;
		if (strcmp(name, "state") == 0 && !is_state(value))
			return *value == 0;
		const bool json = texts[i].text == &f->prompt;
		g_free(*texts[i].text);
		*texts[i].text = json ? compact_json(value) : g_utf8_make_valid(value, -1);
		return !json || **texts[i].text; /* a prompt that was cut short is none */
	}
	return g_strv_contains(derived, name);
}

/* Takes values. */
static void set_attribute(feature *f, char *values)
{
	g_free(f->attributes);
	f->attributes = values;
}

void import_set_attribute(feature *f, const char *name, attribute_type t, const char *text)
{
	if (t == ATTRIBUTE_NUMBER)
		set_attribute(f, attributes_set_number(f->attributes, name, g_ascii_strtod(text, NULL)));
	else if (t == ATTRIBUTE_FLAG)
		set_attribute(f, attributes_set_flag(f->attributes, name, strcmp(text, "0") != 0));
	else
		set_attribute(f, attributes_set_text(f->attributes, name, text));
}

void import_set_crowd(feature *f, const cJSON *iscrowd)
{
	if (cJSON_IsTrue(iscrowd) || (cJSON_IsNumber(iscrowd) && iscrowd->valuedouble != 0))
		import_set_attribute(f, "iscrowd", ATTRIBUTE_FLAG, "1");
}

void import_set_json(import_file *file, feature *f, const cJSON *member)
{
	g_autofree char *number = cJSON_IsNumber(member) ? json_part_text(member) : NULL;
	const char *text = number ? number : cJSON_GetStringValue(member), *name = member->string;
	if (cJSON_IsNull(member) || (text && !*text) || (!text && !member->child && !cJSON_IsBool(member)))
		return; /* nothing is said */
	if (cJSON_IsBool(member))
		set_attribute(f, attributes_set_flag(f->attributes, name, cJSON_IsTrue(member)));
	else if (!text)
		import_note_dropped(file, name);
	else if (strcmp(name, "class_path") == 0)
		import_note_path(file, text);
	else if (strcmp(name, "class") == 0 || !import_set_text(f, name, text))
		import_set_attribute(f, name, number ? ATTRIBUTE_NUMBER : ATTRIBUTE_TEXT, text);
}

OGRGeometryH import_ring(const double *xy, int n)
{
	OGRGeometryH ring = OGR_G_CreateGeometry(wkbLinearRing), polygon = OGR_G_CreateGeometry(wkbPolygon);
	for (int i = 0; i <= n; i++)
		OGR_G_AddPoint_2D(ring, xy[2 * (i % n)], xy[2 * (i % n) + 1]);
	OGR_G_AddGeometryDirectly(polygon, ring);
	return polygon;
}

static OGRGeometryH mended(OGRGeometryH g)
{
	OGRGeometryH valid = g && !OGR_G_IsValid(g) ? OGR_G_MakeValid(g) : NULL;
	if (!valid)
		return g;
	OGR_G_DestroyGeometry(g);
	return valid;
}

OGRGeometryH import_unite(OGRGeometryH a, OGRGeometryH b)
{
	if (!a || !b)
		return a ? a : b;
	a = mended(a);
	b = mended(b);
	OGRGeometryH both = OGR_G_Union(a, b);
	OGR_G_DestroyGeometry(b);
	if (!both)
		return a;
	OGR_G_DestroyGeometry(a);
	return both;
}

/* Adds the polygons in g (of collections, too) to `all`. */
static void collect_polygons(OGRGeometryH g, OGRGeometryH all)
{
	const OGRwkbGeometryType type = wkbFlatten(OGR_G_GetGeometryType(g));
	if (type == wkbPolygon) {
		if (!OGR_G_IsEmpty(g))
			OGR_G_AddGeometry(all, g);
		return;
	}
	if (type != wkbMultiPolygon && type != wkbGeometryCollection)
		return;
	for (int i = 0; i < OGR_G_GetGeometryCount(g); i++)
		collect_polygons(OGR_G_GetGeometryRef(g, i), all);
}

static OGRGeometryH only_polygons(OGRGeometryH g)
{
	OGRGeometryH all = OGR_G_CreateGeometry(wkbMultiPolygon);
	collect_polygons(g, all);
	OGR_G_DestroyGeometry(g);
	return all;
}

GBytes *import_polygons(import_file *file, OGRGeometryH g)
{
	if (g && OGR_G_HasCurveGeometry(g, FALSE)) {
		OGRGeometryH straight = OGR_G_GetLinearGeometry(g, 0, NULL);
		OGR_G_DestroyGeometry(g);
		g = straight;
	}
	g = g ? only_polygons(g) : NULL;
	if (!g || OGR_G_IsEmpty(g)) {
		file->losses[LOSS_NO_AREA]++;
		OGR_G_DestroyGeometry(g);
		return NULL;
	}
	OGR_G_FlattenTo2D(g);
	if (!OGR_G_IsValid(g)) {
		OGRGeometryH mended = OGR_G_MakeValid(g);
		OGR_G_DestroyGeometry(g);
		g = mended ? only_polygons(mended) : NULL;
		file->losses[g && !OGR_G_IsEmpty(g) ? LOSS_MENDED : LOSS_BROKEN]++;
		if (!g || OGR_G_IsEmpty(g)) {
			OGR_G_DestroyGeometry(g);
			return NULL;
		}
	}
	const gsize n = (gsize)OGR_G_WkbSize(g);
	guint8 *bytes = g_malloc(n);
	OGR_G_ExportToIsoWkb(g, wkbNDR, bytes);
	OGR_G_DestroyGeometry(g);
	return g_bytes_new_take(bytes, n);
}

/* --- report --- */

void import_skip(import_file *file, const GError *why)
{
	file->losses[g_error_matches(why, GEOMETRY_ERROR, GEOMETRY_ERROR_EMPTY) ? LOSS_TINY : LOSS_OUTSIDE]++;
}

static void add_line(GString *out, const char *format, guint n)
{
	if (out->len > 0)
		g_string_append_c(out, '\n');
	g_string_append_printf(out, "%u %s", n, format);
}

char *import_report(const import_file *file)
{
	static const char *const lines[LOSSES] = {
		[LOSS_NO_AREA] = N_("without an area (points, lines, nothing): left out."),
		[LOSS_BROKEN] = N_("with an outline that makes no polygon: left out."),
		[LOSS_MENDED] = N_("with an outline that crossed itself: mended."),
		[LOSS_BOX] = N_("with a box and no outline: the box became the outline."),
		[LOSS_OUTSIDE] = N_("on no image of the project: left out."),
		[LOSS_CUT] = N_("reach over the edge of their image: cut there."),
		[LOSS_TINY] = N_("too small to cover the centre of a pixel: left out."),
		[LOSS_LOOSE] = N_("without a coordinate system: taken to be in that of their image."),
		[LOSS_VOID] = N_("areas that the mask marks as not judged (255): left out."),
		[LOSS_LONLAT] = N_("without a coordinate system: taken to be longitudes and latitudes."),
	};
	GString *out = g_string_new(NULL);
	for (int i = 0; i < LOSSES; i++)
		if (file->losses[i] > 0)
			add_line(out, _(lines[i]), file->losses[i]);
	if (file->dropped->len > 0) {
		g_autoptr(GString) names = g_string_new(NULL);
		for (guint i = 0; i < file->dropped->len; i++)
			g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", (char *)g_ptr_array_index(file->dropped, i));
		g_string_append_printf(out, "%s%s: %s.", out->len > 0 ? "\n" : "", _("Attributes that are not kept"),
		                       names->str);
	}
	return g_string_free(out, FALSE);
}
