#include "render/exchange/shape-text.h"

#include <cpl_conv.h>
#include <cpl_vsi.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "render/exchange/import.h"
#include "render/geometry/place.h"

/* --- writing --- */

char *shape_text_geojson(const export_job *job, GError **error)
{
	export_job own = *job;
	own.no_side_file = true;
	return export_text(&own, georef_has_crs(job->ref) ? EXPORT_GEOJSON : EXPORT_PIXEL_GEOJSON, error);
}

static bool add_wkt(GString *out, const export_job *job, const feature *f, GError **error)
{
	const placement where = georef_has_crs(job->ref) ? PLACE_MAP : PLACE_PIXELS_UP;
	g_autoptr(wkb_shape) shape = wkb_shape_read(f->px_geom, error);
	double extent[4];
	char *text = NULL;
	if (!shape)
		return false;
	wkb_shape_extent(shape, extent);
	OGRGeometryH g = place_shape(job->ref, where, shape, place_spacing(job->ref, where, extent), error);
	if (!g)
		return false;
	/* One part is a polygon for those who read no more than that. */
	OGRGeometryH one = OGR_G_GetGeometryCount(g) == 1 ? OGR_G_GetGeometryRef(g, 0) : g;
	const bool ok = OGR_G_ExportToIsoWkt(one, &text) == OGRERR_NONE;
	if (ok)
		g_string_append_printf(out, "%s\n", text);
	else
		g_set_error_literal(error, EXPORT_ERROR, EXPORT_ERROR_FORMAT, _("The outline cannot be written as WKT."));
	CPLFree(text);
	OGR_G_DestroyGeometry(g);
	return ok;
}

char *shape_text_wkt(const export_job *job, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	for (guint i = 0; i < job->n_objects; i++)
		if (!add_wkt(out, job, job->objects[i], error))
			return NULL;
	return g_string_free(g_steal_pointer(&out), FALSE);
}

/* --- reading --- */

/* The geometry of a line: up to a tabulator, without the quotes of a table. NULL: none. */
static char *wkt_of_line(const char *line)
{
	g_autofree char *cell = g_strndup(line, strcspn(line, "\t\r"));
	char *text = g_strstrip(cell);
	const size_t n = strlen(text);
	if (n > 1 && text[0] == '"' && text[n - 1] == '"') {
		text[n - 1] = '\0';
		text++;
	}
	if (g_ascii_strncasecmp(text, "POLYGON", 7) != 0 && g_ascii_strncasecmp(text, "MULTIPOLYGON", 12) != 0)
		return NULL;
	return strchr(text, '"') ? NULL : g_strdup(text);
}

/* A table with one column, as OGR reads it; NULL: no WKT in it. */
static char *table_of_wkt(const char *text, guint *skipped)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GString) table = g_string_new("WKT,\n");
	guint n = 0;
	for (char **l = lines; *l; l++) {
		g_autofree char *wkt = wkt_of_line(*l);
		if (wkt) {
			g_string_append_printf(table, "\"%s\",\n", wkt);
			n++;
		} else if (l != lines && *g_strstrip(*l)) { /* the first may be a table's head */
			(*skipped)++;
		}
	}
	return n > 0 ? g_string_free(g_steal_pointer(&table), FALSE) : NULL;
}

/* A file in memory, by which OGR reads text. */
typedef struct {
	char *path, *text;
	bool says_class; /* a table of WKT has no column for it */
} memory_file;

static bool memory_file_open(memory_file *m, const char *text, guint *skipped, GError **error)
{
	const char *start = text + strspn(text, " \t\r\n\xEF\xBB\xBF"), *kind = "csv";
	m->says_class = *start == '{';
	m->text = m->says_class ? g_strdup(start) : table_of_wkt(start, skipped);
	if (!m->text) {
		g_set_error_literal(error, IMPORT_ERROR, IMPORT_ERROR_OPEN,
		                    _("What is on the clipboard is neither GeoJSON nor WKT of polygons: copy shapes first."));
		return false;
	}
	if (m->says_class)
		kind = strstr(start, "\"coordinates_in\":\"pixels\"") ? "pixel.geojson" : "geojson";
	m->path = g_strdup_printf("/vsimem/nadir-pasted-%p/pasted.%s", (void *)m, kind);
	VSIFCloseL(VSIFileFromMemBuffer(m->path, (GByte *)m->text, strlen(m->text), FALSE));
	return true;
}

static void memory_file_close(memory_file *m)
{
	if (m->path)
		VSIUnlink(m->path);
	g_free(m->path);
	g_free(m->text);
}

/* Those that lie on the image; first: why the first other one does not. */
static GPtrArray *place_all(import_file *file, const raster_info *image, const georef *ref, const char *class_name,
                            bool named, guint *skipped, GError **first)
{
	GPtrArray *features = g_ptr_array_new_with_free_func((GDestroyNotify)feature_free);
	for (guint i = 0; i < import_count(file); i++) {
		import_object *o = import_get(file, i);
		if (!import_place(file, o, image, ref, first && !*first ? first : NULL)) {
			(*skipped)++;
			continue;
		}
		feature *f = feature_copy(o->f);
		f->id = 0;
		if (!named) {
			g_free(f->class_name);
			f->class_name = g_strdup(class_name);
		}
		g_ptr_array_add(features, f);
	}
	return features;
}

GPtrArray *shape_text_read(const char *text, const raster_info *image, const georef *ref, const char *class_name,
                           guint *skipped, GError **error)
{
	memory_file m = {0};
	g_autoptr(GPtrArray) features = NULL;
	g_autoptr(GError) why = NULL;
	*skipped = 0;
	const bool held = memory_file_open(&m, text, skipped, error);
	g_autoptr(import_file) file = held ? import_read(m.path, NULL, &why) : NULL;
	if (file)
		features = place_all(file, image, ref, class_name, m.says_class, skipped, &why);
	memory_file_close(&m);
	if (features && features->len > 0)
		return g_steal_pointer(&features);
	if (held)
		g_set_error(error, IMPORT_ERROR, file ? IMPORT_ERROR_OUTSIDE : IMPORT_ERROR_OPEN,
		            file ? _("None of the shapes on the clipboard lies on this image.")
		                 : _("The shapes on the clipboard cannot be read: copy them again as GeoJSON or WKT."));
	return NULL;
}
