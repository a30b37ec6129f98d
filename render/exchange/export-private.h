/* What the exporters share. */
#pragma once
#include "render/exchange/export.h"
#include "render/file/output.h"
#include "render/geometry/feature-fields.h"
#include "render/geometry/place.h"
#include "render/geometry/wkb.h"

#include <cjson/cJSON.h>
#include <gdal.h>
#include <ogr_api.h>

G_BEGIN_DECLS

/* What is left of an object where later ones lie over it. */
typedef struct {
	gint64 area;
	int x0, y0, x1, y1; /* pixels, the last ones inside */
} export_segment;

typedef struct {
	const export_job *job;
	export_format format;
	const char *path;
	GPtrArray *names;  /* char *: classes in order, borrowed */
	GPtrArray *colors; /* char *: "#rrggbb" of each, borrowed */
	/* export-attributes.c: what the objects' attributes are called, and there; line of classes ("vehicle/car") by name
	 * of those that are a kind of another, borrowed, NULL: none of the objects has one */
	GPtrArray *columns, *column_names;
	GHashTable *class_paths;
	GPtrArray *shapes; /* wkb_shape of each object, in pixels, simplified if asked for */
	GString *report;
	output_set *out;
	GString *text;            /* takes what would be written, as a text is wanted and no file; NULL: files are */
	export_segment *segments; /* [n_objects] while a panoptic mask is made */
} exporter;

/* Ids as stored, or 1, 2, 3 … where those are missing or repeated. */
gint64 *export_ids(const export_job *job);
/* What e->job's objects and classes say, once; freed by _end. */
void export_attributes_begin(exporter *e);
void export_attributes_end(exporter *e);
/* Attributes as columns of a layer after its others, and the value of each; names are cut to name_limit bytes and made
 * different, which is noted. The line of classes is a column of its own where a class is a kind of another. */
bool export_columns_create(exporter *e, OGRLayerH layer, guint text_limit, guint name_limit);
void export_columns_set(exporter *e, OGRFeatureH f, const feature *o, guint text_limit);
const char *export_column_name(const exporter *e, const char *attribute); /* there; NULL: no such */
/* As members of a JSON object that has none of these names; only the flags. */
void export_members(const exporter *e, cJSON *to, const feature *o);
void export_flags(cJSON *to, const feature *o);
bool export_is_crowd(const feature *o); /* COCO's mark, as an import has kept it */
/* Place of the object's class in e->names, from 1. */
int export_class_number(const exporter *e, const feature *o);

/* Object i in the target's coordinates; the error names the object and the vertex. */
OGRGeometryH export_place(exporter *e, placement where, double spacing, guint i,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
double export_spacing(const exporter *e, placement where);

/* One exporter a file. They hand their files to export_put(). */
bool export_vector(exporter *e, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool export_coco(exporter *e, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool export_pixel_geojson(exporter *e, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool export_numbers(exporter *e, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool export_yolo(exporter *e, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool export_labelme(exporter *e, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool export_boxes(exporter *e, GError **error) G_GNUC_WARN_UNUSED_RESULT; /* YOLO boxes, upright and turned; DOTA */
bool export_voc(exporter *e, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool export_captions(exporter *e, GError **error) G_GNUC_WARN_UNUSED_RESULT; /* COCO captions, regions, grounded */
/* Notes what the format does not hold and adds the side file with all of it, when there is something to say. */
bool export_side(exporter *e, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* NAME_names.yaml: classes by number, the first one `first`. */
bool export_names(exporter *e, guint first, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Panoptic: one pixel of object i; then the JSON beside the PNG. */
void export_panoptic_count(exporter *e, guint i, int x, int y);
bool export_panoptic_json(exporter *e, GError **error) G_GNUC_WARN_UNUSED_RESULT;
#define EXPORT_SIDE "_full.pixel.geojson"
/* The mask of object i on the image; the error names it. */
bitmask *export_object_mask(const exporter *e, guint i, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Shapefile: what the 254 bytes of a field cannot hold, as NAME_full.csv and in the report. */
bool export_long_texts(exporter *e, const gint64 *ids, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What path is to hold once all is done. */
bool export_put(exporter *e, const char *path, const void *data, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same of a file that GDAL wrote in memory. */
bool export_take_file(exporter *e, const char *memory_path, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "a.shp" -> "a.prj" */
char *export_sibling(const char *path, const char *suffix);
/* false + error when cancelled; tells progress. */
bool export_step(const exporter *e, double fraction, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void export_note(exporter *e, const char *format, ...) G_GNUC_PRINTF(2, 3);

enum { EXPORT_SHP_TEXT_BYTES = 254, EXPORT_SHP_FIELDS = 255 };

G_END_DECLS
