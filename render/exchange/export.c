#include "render/exchange/export-private.h"
#include "render/geometry/class-style.h"
#include "render/geometry/gdal-session.h"
#include "render/geometry/simplify.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

G_DEFINE_QUARK(nadir_export_error_quark, export_error)

static const struct {
	const char *name, *extension, *title;
	bool (*write)(exporter *e, GError **error);
	export_group group;
} formats[] = {
	[EXPORT_SHP] = {"shp", ".shp", N_("Shapefile"), export_vector, EXPORT_FOR_GIS},
	[EXPORT_GPKG] = {"gpkg", ".gpkg", N_("GeoPackage"), export_vector, EXPORT_FOR_GIS},
	[EXPORT_GEOJSON] = {"geojson", ".geojson", N_("GeoJSON"), export_vector, EXPORT_FOR_GIS},
	[EXPORT_FGB] = {"fgb", ".fgb", N_("FlatGeobuf"), export_vector, EXPORT_FOR_GIS},
	[EXPORT_COCO] = {"coco", ".json", N_("COCO annotations"), export_coco, EXPORT_FOR_TRAINING},
	[EXPORT_COCO_POLYGONS] = {"coco-polygons", ".polygons.json", N_("COCO polygons"), export_coco, EXPORT_FOR_TRAINING},
	[EXPORT_PNG] = {"png", ".png", N_("PNG mask"), export_numbers, EXPORT_AS_PIXELS},
	[EXPORT_TIF] = {"tif", ".tif", N_("GeoTIFF mask"), export_numbers, EXPORT_AS_PIXELS},
	[EXPORT_PIXEL_GEOJSON] = {"pixel-geojson", ".pixel.geojson", N_("GeoJSON in pixels"), export_pixel_geojson,
                              EXPORT_FOR_GIS},
	[EXPORT_KML] = {"kml", ".kml", N_("KML"), export_vector, EXPORT_FOR_GIS},
	[EXPORT_CSV] = {"csv", ".csv", N_("Table (CSV)"), export_vector, EXPORT_FOR_GIS},
	[EXPORT_LABELME] = {"labelme", ".labelme.json", N_("labelme"), export_labelme, EXPORT_FOR_TRAINING},
	[EXPORT_YOLO] = {"yolo", ".txt", N_("YOLO segmentation labels"), export_yolo, EXPORT_FOR_TRAINING},
	[EXPORT_YOLO_DETECT] = {"yolo-detect", ".detect.txt", N_("YOLO boxes"), export_boxes, EXPORT_FOR_TRAINING},
	[EXPORT_YOLO_OBB] = {"yolo-obb", ".obb.txt", N_("YOLO turned boxes"), export_boxes, EXPORT_FOR_TRAINING},
	[EXPORT_VOC] = {"voc", ".xml", N_("Pascal VOC"), export_voc, EXPORT_FOR_TRAINING},
	[EXPORT_DOTA] = {"dota", ".dota.txt", N_("DOTA turned boxes"), export_boxes, EXPORT_FOR_TRAINING},
	[EXPORT_SEMANTIC_PNG] = {"semantic-png", ".semantic.png", N_("PNG mask of classes"), export_numbers,
                             EXPORT_AS_PIXELS},
	[EXPORT_SEMANTIC_TIF] = {"semantic-tif", ".semantic.tif", N_("GeoTIFF mask of classes"), export_numbers,
                             EXPORT_AS_PIXELS},
	[EXPORT_PANOPTIC] = {"panoptic", ".panoptic.png", N_("COCO panoptic"), export_numbers, EXPORT_FOR_TRAINING},
	[EXPORT_CAPTIONS] = {"captions", ".captions.json", N_("COCO captions"), export_captions, EXPORT_AS_TEXT},
	[EXPORT_REGIONS] = {"regions", ".regions.json", N_("Captions of regions"), export_captions, EXPORT_AS_TEXT},
	[EXPORT_GROUNDED] = {"grounded", ".grounded.json", N_("Grounded captions (GeoPixelD)"), export_captions,
                         EXPORT_AS_TEXT},
};

static bool ends_with(const char *path, const char *extension)
{
	gsize n = strlen(path), k = strlen(extension);
	return n > k && g_ascii_strcasecmp(path + n - k, extension) == 0;
}

static char *list_formats(bool extensions)
{
	GString *out = g_string_new(NULL);
	for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
		g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", extensions ? formats[i].extension : formats[i].name);
	return g_string_free(out, FALSE);
}

bool export_format_from_path(const char *path, export_format *out, GError **error)
{
	gsize best = 0;
	for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
		gsize n = strlen(formats[i].extension);
		if (n > best && ends_with(path, formats[i].extension)) { /* .pixel.geojson before .geojson */
			*out = (export_format)i;
			best = n;
		}
	}
	if (best == 0 && ends_with(path, ".tiff")) {
		*out = EXPORT_TIF;
		best = 5;
	}
	if (best > 0)
		return true;
	g_autofree char *all = list_formats(true);
	g_set_error(error, EXPORT_ERROR, EXPORT_ERROR_FORMAT, _("The name %s says no format: end it with one of %s."), path,
	            all);
	return false;
}

bool export_format_from_name(const char *name, export_format *out, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
		if (strcmp(name, formats[i].name) == 0) {
			*out = (export_format)i;
			return true;
		}
	}
	g_autofree char *all = list_formats(false);
	g_set_error(error, EXPORT_ERROR, EXPORT_ERROR_FORMAT, _("There is no format %s: choose one of %s."), name, all);
	return false;
}

const char *export_format_name(export_format f)
{
	return formats[f].name;
}

const char *export_format_title(export_format f)
{
	return _(formats[f].title);
}

const char *export_format_extension(export_format f)
{
	return formats[f].extension;
}

export_group export_format_group(export_format f)
{
	return formats[f].group;
}

const char *export_group_title(export_group g)
{
	static const char *const titles[EXPORT_GROUPS] = {
		[EXPORT_FOR_GIS] = N_("Maps and GIS"),
		[EXPORT_FOR_TRAINING] = N_("Training Sets"),
		[EXPORT_AS_PIXELS] = N_("Masks"),
		[EXPORT_AS_TEXT] = N_("Captions"),
	};
	return _(titles[g]);
}

bool export_format_has_outlines(export_format f)
{
	return f != EXPORT_COCO && formats[f].write != export_numbers;
}

bool export_format_needs_longitudes(export_format f)
{
	return f == EXPORT_GEOJSON || f == EXPORT_KML;
}

void export_note(exporter *e, const char *format, ...)
{
	va_list args;
	if (e->report->len > 0)
		g_string_append_c(e->report, '\n');
	va_start(args, format);
	g_string_append_vprintf(e->report, format, args);
	va_end(args);
}

bool export_step(const exporter *e, double fraction, GError **error)
{
	if (e->job->progress)
		e->job->progress(fraction, e->job->data);
	return !g_cancellable_set_error_if_cancelled(e->job->cancel, error);
}

char *export_sibling(const char *path, const char *suffix)
{
	const char *dot = strrchr(path, '.');
	g_autofree char *stem = g_strndup(path, dot ? (gsize)(dot - path) : strlen(path));
	return g_strconcat(stem, suffix, NULL);
}

bool export_put(exporter *e, const char *path, const void *data, gsize size, GError **error)
{
	if (!e->text)
		return output_set_add(e->out, path, data, size, error);
	g_string_append_len(e->text, data, (gssize)size);
	return true;
}

bool export_take_file(exporter *e, const char *memory_path, const char *path, GError **error)
{
	vsi_l_offset size = 0;
	GByte *data = VSIGetMemFileBuffer(memory_path, &size, FALSE);
	if (!data) {
		g_set_error(error, EXPORT_ERROR, EXPORT_ERROR_WRITE, _("Cannot write %s: %s."), path, gdal_session_message());
		return false;
	}
	return export_put(e, path, data, size, error);
}

gint64 *export_ids(const export_job *job)
{
	gint64 *ids = g_new(gint64, job->n_objects);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);
	bool usable = true;
	for (guint i = 0; i < job->n_objects; i++) {
		ids[i] = job->objects[i]->id;
		usable = usable && ids[i] > 0 && g_hash_table_add(seen, &ids[i]);
	}
	for (guint i = 0; !usable && i < job->n_objects; i++)
		ids[i] = i + 1;
	return ids;
}

static void add_class(exporter *e, const char *name, const char *color)
{
	if (g_ptr_array_find_with_equal_func(e->names, name, g_str_equal, NULL))
		return;
	g_ptr_array_add(e->colors, (char *)(color ? color : class_style_color(e->names->len)));
	g_ptr_array_add(e->names, (char *)name);
}

static void collect_classes(exporter *e)
{
	const export_job *job = e->job;
	for (guint i = 0; job->class_names && job->class_names[i]; i++)
		add_class(e, job->class_names[i], job->class_colors ? job->class_colors[i] : NULL);
	for (guint i = 0; i < job->n_objects; i++)
		add_class(e, job->objects[i]->class_name, NULL);
}

int export_class_number(const exporter *e, const feature *o)
{
	guint i = 0;
	return g_ptr_array_find_with_equal_func(e->names, o->class_name, g_str_equal, &i) ? (int)i + 1 : 0;
}

double export_spacing(const exporter *e, placement where)
{
	double all[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
	for (guint i = 0; i < e->shapes->len; i++) {
		double one[4];
		wkb_shape_extent(g_ptr_array_index(e->shapes, i), one);
		all[0] = MIN(all[0], one[0]);
		all[1] = MIN(all[1], one[1]);
		all[2] = MAX(all[2], one[2]);
		all[3] = MAX(all[3], one[3]);
	}
	return place_spacing(e->job->ref, where, all);
}

/* The error says which object. */
static void name_object(const exporter *e, guint i, GError **error)
{
	g_prefix_error(error, _("Object %u (%s) cannot be exported. "), i + 1, e->job->objects[i]->class_name);
}

OGRGeometryH export_place(exporter *e, placement where, double spacing, guint i, GError **error)
{
	OGRGeometryH g = place_shape(e->job->ref, where, g_ptr_array_index(e->shapes, i), spacing, error);
	if (!g)
		name_object(e, i, error);
	return g;
}

static bool read_shapes(exporter *e, GError **error)
{
	for (guint i = 0; i < e->job->n_objects; i++) {
		GBytes *wkb = e->job->objects[i]->px_geom;
		wkb_shape *s = NULL;
		if (wkb)
			s = wkb_shape_read(wkb, error);
		else
			g_set_error_literal(error, GEOMETRY_ERROR, GEOMETRY_ERROR_EMPTY, _("It has no outline."));
		if (!s) {
			name_object(e, i, error);
			return false;
		}
		g_ptr_array_add(e->shapes, s);
	}
	return true;
}

/* Masks are the truth as stored; only outlines are simplified. */
static void simplify(exporter *e)
{
	if (e->job->simplify <= 0)
		return;
	if (!export_format_has_outlines(e->format))
		export_note(e, _("Masks are written pixel by pixel: they were not simplified."));
	else
		simplify_shapes(e->shapes, e->job->simplify);
}

/* The caller sees EXPORT_ERROR or, when it cancelled, G_IO_ERROR_CANCELLED. */
static void to_export_error(GError **error)
{
	if (!error || !*error || (*error)->domain == EXPORT_ERROR ||
	    g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	int code = (*error)->domain == G_FILE_ERROR ? EXPORT_ERROR_WRITE : EXPORT_ERROR_FORMAT;
	GError *turned = g_error_new_literal(EXPORT_ERROR, code, (*error)->message);
	g_error_free(*error);
	*error = turned;
}

/* Over a project nothing is exported, whatever it is called: with it all work would be gone. */
static bool is_project(const char *path)
{
	const size_t most = 256 << 10; /* the table of tables lies there */
	g_autofree char *head = g_malloc(most);
	FILE *f = g_fopen(path, "rb");
	const size_t n = f ? fread(head, 1, most, f) : 0;
	if (f)
		fclose(f);
	return ends_with(path, ".nadir.gpkg") ||
	       (n > 16 && memcmp(head, "SQLite format 3", 16) == 0 && memmem(head, n, "nadir_meta", strlen("nadir_meta")));
}

bool export_check(const georef *ref, export_format format, const char *path, GError **error)
{
	if (is_project(path)) {
		g_set_error(
			error, EXPORT_ERROR, EXPORT_ERROR_FORMAT,
			_("%s is a project of Nadir, or named like one: export to another name, so that no work is written over."),
			path);
		return false;
	}
	if (!export_format_needs_longitudes(format) || georef_has_crs(ref))
		return output_check(path, error);
	g_set_error(error, EXPORT_ERROR, EXPORT_ERROR_FORMAT,
	            _("%s cannot be written: %s needs longitudes and latitudes and the image has no coordinate system. "
	              "Export to .pixel.geojson, .shp or .gpkg in pixels, or assign a coordinate system to the image."),
	            path, formats[format].title);
	return false;
}

bool export_check_epsg(export_format f, int epsg, GError **error)
{
	const bool map = formats[f].write == export_vector;
	if (epsg == 0 || (map && (!export_format_needs_longitudes(f) || epsg == 4326)))
		return true;
	if (map)
		g_set_error(
			error, EXPORT_ERROR, EXPORT_ERROR_FORMAT,
			_("%s is always in longitude and latitude (EPSG:4326), not in EPSG:%d: take shp, gpkg, fgb or csv."),
			export_format_title(f), epsg);
	else
		g_set_error(error, EXPORT_ERROR, EXPORT_ERROR_FORMAT,
		            _("%s counts in pixels of the image and cannot be reprojected: take shp, gpkg, fgb or csv."),
		            export_format_title(f));
	return false;
}

static bool run(exporter *e, GError **error)
{
	if (e->job->n_objects == 0 && !e->job->may_be_empty) {
		g_set_error(error, EXPORT_ERROR, EXPORT_ERROR_EMPTY,
		            _("There is no object to export to %s: mark and accept one first, or widen the filter."), e->path);
		return false;
	}
	if ((!e->text && !export_check(e->job->ref, e->format, e->path, error)) || !read_shapes(e, error) ||
	    !export_step(e, 0, error))
		return false;
	collect_classes(e);
	simplify(e);
	return formats[e->format].write(e, error) && export_step(e, 1, error) &&
	       (e->text || output_set_commit(e->out, error));
}

/* text: takes it in place of a file at path, which is then no more than a name. */
static bool export_to(const export_job *job, export_format format, const char *path, GString *text, char **report,
                      GError **error)
{
	g_autoptr(georef) other = NULL;
	export_job own = *job;
	if (!export_check_epsg(format, job->epsg, error))
		return false;
	if (job->epsg > 0 && !(own.ref = other = georef_in_epsg(job->ref, job->epsg, error))) {
		to_export_error(error);
		return false;
	}
	exporter e = {.job = &own, .format = format, .path = path, .text = text};
	e.names = g_ptr_array_new();
	e.colors = g_ptr_array_new();
	e.shapes = g_ptr_array_new_with_free_func((GDestroyNotify)wkb_shape_free);
	export_attributes_begin(&e);
	e.report = g_string_new(NULL);
	e.out = output_set_new();
	gdal_session_begin();
	bool ok = run(&e, error);
	gdal_session_end();
	if (!ok)
		to_export_error(error);
	g_ptr_array_unref(e.names);
	g_ptr_array_unref(e.colors);
	export_attributes_end(&e);
	g_ptr_array_unref(e.shapes);
	output_set_free(e.out);
	g_autofree char *said = g_string_free(e.report, FALSE);
	if (ok && report)
		*report = g_steal_pointer(&said);
	return ok;
}

bool export_write(const export_job *job, export_format format, const char *path, char **report, GError **error)
{
	return export_to(job, format, path, NULL, report, error);
}

char *export_text(const export_job *job, export_format format, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *name = g_strconcat("objects", formats[format].extension, NULL);
	return export_to(job, format, name, text, NULL, error) ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}
