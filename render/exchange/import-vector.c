/* Vector files through OGR: polygons and their attributes. */
#include "render/exchange/import-private.h"
#include "render/geometry/gdal-session.h"

#include <cpl_conv.h>
#include <gdal.h>
#include <glib/gi18n-lib.h>
#include <ogr_srs_api.h>
#include <string.h>

typedef struct {
	import_file *file;
	OGRLayerH layer;
	int class_field; /* -1: none */
	char *crs;       /* WKT, or NULL */
	import_space space;
	bool is_project;        /* of Nadir: an object without a place on the map stands in its other layer */
	GHashTable *long_texts; /* "id,field" -> what a shapefile's field could not hold; or NULL */
} layer_reader;

/* --- what a shapefile keeps beside it (export-texts.c) --- */

static char *side_path(const char *path)
{
	const char *dot = strrchr(path, '.');
	g_autofree char *stem = g_strndup(path, dot ? (gsize)(dot - path) : strlen(path));
	return g_strconcat(stem, "_full.csv", NULL);
}

static GHashTable *read_long_texts(const char *path)
{
	g_autofree char *side = side_path(path);
	const char *const drivers[] = {"CSV", NULL};
	GDALDatasetH ds = g_file_test(side, G_FILE_TEST_IS_REGULAR)
	                      ? GDALOpenEx(side, GDAL_OF_VECTOR | GDAL_OF_READONLY, drivers, NULL, NULL)
	                      : NULL;
	if (!ds)
		return NULL;
	GHashTable *texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	OGRLayerH layer = GDALDatasetGetLayer(ds, 0);
	OGRFeatureH row;
	while (layer && (row = OGR_L_GetNextFeature(layer))) {
		if (OGR_F_GetFieldCount(row) == 3)
			g_hash_table_insert(
				texts, g_strdup_printf("%s,%s", OGR_F_GetFieldAsString(row, 0), OGR_F_GetFieldAsString(row, 1)),
				g_strdup(OGR_F_GetFieldAsString(row, 2)));
		OGR_F_Destroy(row);
	}
	GDALClose(ds);
	return texts;
}

/* --- a layer --- */

static int find_class_field(const import_file *file, OGRFeatureDefnH defn)
{
	static const char *const usual[] = {"class", "label", "name", "category", "type"};
	if (file->class_field)
		return OGR_FD_GetFieldIndex(defn, file->class_field);
	for (guint i = 0; i < G_N_ELEMENTS(usual); i++) {
		const int at = OGR_FD_GetFieldIndex(defn, usual[i]); /* upper and lower case alike */
		if (at >= 0)
			return at;
	}
	return -1;
}

/* GeoPackage has no "no system": layers in pixels carry one that is called undefined. */
static bool is_undefined(OGRSpatialReferenceH srs)
{
	const char *name = srs ? OSRGetName(srs) : NULL;
	return !srs || OSRIsLocal(srs) || (name && g_ascii_strncasecmp(name, "undefined", 9) == 0);
}

static void find_space(layer_reader *r)
{
	OGRSpatialReferenceH srs = OGR_L_GetSpatialRef(r->layer);
	char *wkt = NULL;
	if (g_str_has_suffix(r->file->path, ".pixel.geojson")) {
		r->space = IMPORT_PIXELS;
	} else if (is_undefined(srs)) {
		r->space = IMPORT_LOOSE;
	} else if (OSRExportToWkt(srs, &wkt) == OGRERR_NONE) {
		r->space = IMPORT_MAP;
		r->crs = g_strdup(wkt);
	}
	CPLFree(wkt);
}

/* OGR takes texts that look like times for times; here they are ISO 8601 texts again. */
static char *time_text(OGRFeatureH row, int field)
{
	int year, month, day, hour, minute, zone;
	float second;
	if (!OGR_F_GetFieldAsDateTimeEx(row, field, &year, &month, &day, &hour, &minute, &second, &zone))
		return g_strdup("");
	if (OGR_Fld_GetType(OGR_F_GetFieldDefnRef(row, field)) == OFTDate)
		return g_strdup_printf("%04d-%02d-%02d", year, month, day);
	GString *text = g_string_new(NULL);
	g_string_printf(text, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day, hour, minute, (int)second);
	if (second != (float)(int)second)
		g_string_append_printf(text, ".%03d", (int)(1000 * (second - (float)(int)second) + 0.5f) % 1000);
	const int offset = (zone - 100) * 15; /* 100 is UTC, 0 and 1 are unknown and local */
	if (zone == 100)
		g_string_append_c(text, 'Z');
	else if (zone > 1)
		g_string_append_printf(text, "%c%02d:%02d", offset < 0 ? '-' : '+', ABS(offset) / 60, ABS(offset) % 60);
	return g_string_free(text, FALSE);
}

/* A field's value without loss. */
static char *value_text(OGRFeatureH row, int field)
{
	char number[G_ASCII_DTOSTR_BUF_SIZE];
	switch (OGR_Fld_GetType(OGR_F_GetFieldDefnRef(row, field))) {
	case OFTReal:
		return g_strdup(g_ascii_dtostr(number, sizeof number, OGR_F_GetFieldAsDouble(row, field)));
	case OFTDate:
	case OFTDateTime:
		return time_text(row, field);
	default:
		return g_strdup(OGR_F_GetFieldAsString(row, field));
	}
}

static char *text_of(const layer_reader *r, OGRFeatureH row, int field, const char *name)
{
	const int id = OGR_F_GetFieldIndex(row, "id");
	if (r->long_texts && id >= 0) {
		g_autofree char *key = g_strdup_printf("%s,%s", OGR_F_GetFieldAsString(row, id), name);
		const char *whole = g_hash_table_lookup(r->long_texts, key);
		if (whole)
			return g_strdup(whole);
	}
	return value_text(row, field);
}

/* What KML's reader adds to every object: drawing hints, not data. The description is the caption when there is no
 * field of that name. */
static bool is_kml_hint(const layer_reader *r, OGRFeatureH row, const char *name, const char *value, feature *f)
{
	static const char *const hints[] = {"Name",         "description", "timestamp", "begin",      "end",
	                                    "altitudeMode", "tessellate",  "extrude",   "visibility", "drawOrder",
	                                    "icon",         "snippet",     NULL};
	if (!g_str_has_suffix(r->file->path, ".kml") || !g_strv_contains(hints, name))
		return false;
	if (strcmp(name, "description") == 0 && OGR_F_GetFieldIndex(row, "caption") < 0)
		import_set_text(f, "caption", value);
	return true;
}

/* An object's own, or one of those that its class asks for. */
static void set_other(const layer_reader *r, OGRFeatureH row, int field, const char *value, feature *f)
{
	OGRFieldDefnH d = OGR_F_GetFieldDefnRef(row, field);
	const char *name = OGR_Fld_GetNameRef(d);
	const OGRFieldType t = OGR_Fld_GetType(d);
	if (strcmp(name, "class_path") == 0) {
		import_note_path(r->file, value);
	} else if (r->is_project && strcmp(name, "attributes") == 0) {
		char *merged = attributes_merge(f->attributes, value);
		g_free(f->attributes);
		f->attributes = merged;
	} else if (!import_set_text(f, name, value)) {
		const bool number = t == OFTReal || t == OFTInteger || t == OFTInteger64;
		import_set_attribute(f, name,
		                     OGR_Fld_GetSubType(d) == OFSTBoolean ? ATTRIBUTE_FLAG
		                     : number                             ? ATTRIBUTE_NUMBER
		                                                          : ATTRIBUTE_TEXT,
		                     value);
	}
}

static void set_fields(const layer_reader *r, OGRFeatureH row, feature *f)
{
	for (int i = 0; i < OGR_F_GetFieldCount(row); i++) {
		const char *name = OGR_Fld_GetNameRef(OGR_F_GetFieldDefnRef(row, i));
		if (!OGR_F_IsFieldSetAndNotNull(row, i))
			continue;
		g_autofree char *value = text_of(r, row, i, name);
		if (i == r->class_field)
			import_set_text(f, "class", value);
		else if (*value && !is_kml_hint(r, row, name, value, f))
			set_other(r, row, i, value, f);
	}
}

static char *image_of(OGRFeatureH row)
{
	const int i = OGR_F_GetFieldIndex(row, "image");
	const char *name = i >= 0 ? OGR_F_GetFieldAsString(row, i) : "";
	return *name ? g_strdup(name) : NULL;
}

static void read_row(const layer_reader *r, OGRFeatureH row)
{
	if (r->is_project && !OGR_F_GetGeometryRef(row))
		return;
	GBytes *wkb = import_polygons(r->file, OGR_F_StealGeometry(row));
	if (!wkb)
		return;
	feature *f = feature_new();
	set_fields(r, row, f);
	import_add(r->file, f, image_of(row), wkb, r->space, r->crs);
}

static bool read_layer(layer_reader *r, GError **error)
{
	OGRFeatureDefnH defn = OGR_L_GetLayerDefn(r->layer);
	OGRFeatureH row;
	if (OGR_L_GetGeomType(r->layer) == wkbNone)
		return true; /* tables of styles and the like */
	r->class_field = find_class_field(r->file, defn);
	if (r->file->class_field && r->class_field < 0) {
		g_set_error(error, IMPORT_ERROR, IMPORT_ERROR_OPEN, _("%s has no attribute %s that could name the class."),
		            r->file->path, r->file->class_field);
		return false;
	}
	find_space(r);
	CPLErrorReset();
	while ((row = OGR_L_GetNextFeature(r->layer))) {
		read_row(r, row);
		OGR_F_Destroy(row);
	}
	g_clear_pointer(&r->crs, g_free);
	/* A file that ends early gives what it has and an error. */
	if (CPLGetLastErrorType() < CE_Failure)
		return true;
	return import_failed(error, r->file->path, gdal_session_message());
}

bool import_vector(import_file *file, GError **error)
{
	const char *const table_options[] = {"KEEP_GEOM_COLUMNS=NO", NULL};
	const bool table = g_str_has_suffix(file->path, ".csv");
	GDALDatasetH ds =
		GDALOpenEx(file->path, GDAL_OF_VECTOR | GDAL_OF_READONLY, NULL, table ? table_options : NULL, NULL);
	if (!ds)
		return import_failed(error, file->path, gdal_session_message());
	layer_reader r = {.file = file};
	bool ok = true;
	r.is_project = GDALDatasetGetLayerByName(ds, "objects_px") != NULL;
	if (g_str_has_suffix(file->path, ".shp"))
		r.long_texts = read_long_texts(file->path);
	for (int i = 0; ok && i < GDALDatasetGetLayerCount(ds); i++) {
		r.layer = GDALDatasetGetLayer(ds, i);
		ok = read_layer(&r, error);
	}
	g_clear_pointer(&r.long_texts, g_hash_table_unref);
	g_free(r.crs);
	GDALClose(ds);
	return ok;
}
