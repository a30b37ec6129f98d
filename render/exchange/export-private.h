/* What the exporters share. */
#pragma once
#include "render/exchange/export.h"
#include "render/file/output.h"
#include "render/geometry/wkb.h"

#include <gdal.h>
#include <ogr_api.h>

G_BEGIN_DECLS

typedef struct {
	const export_job *job;
	export_format format;
	const char *path;
	GPtrArray *names;  /* char *: classes in order, borrowed */
	GPtrArray *colors; /* char *: "#rrggbb" of each, borrowed */
	GPtrArray *shapes; /* wkb_shape of each object, in pixels, simplified if asked for */
	double spacing;    /* lattice at which edges get more vertices; 0 none */
	GString *report;
	output_set *out;
} exporter;

/* Where a vector format wants its coordinates. */
typedef enum {
	PLACE_MAP,        /* the image's CRS */
	PLACE_LONLAT,     /* WGS 84, cut at the antimeridian */
	PLACE_PIXELS_UP,  /* no CRS: x right, y = -row */
	PLACE_PIXELS_DOWN /* pixels as they are */
} placement;

/* Chooses `spacing` so that a straight pixel edge stays within a fiftieth of a pixel of its image. */
void export_place_prepare(exporter *e, placement where);
/* Object i in the target's coordinates, rings turned (outer counter-clockwise with y up). Free with
 * OGR_G_DestroyGeometry. NULL + error that names the object and the vertex. */
OGRGeometryH export_place(exporter *e, placement where, guint i, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The attributes of design.md section 5 on a layer, and one object's values. text_limit: bytes of a text, 0 none. */
bool export_fields_create(OGRLayerH layer, guint text_limit);
void export_fields_set(OGRFeatureH f, const feature *o, gint64 id, int class_id, guint text_limit);
/* Text attributes with their names, for what has to be looked at one by one; ends with a NULL name. */
typedef struct {
	const char *name;
	const char *value;
} export_text;
void export_texts(const feature *o, export_text out[10]);
/* Largest n <= limit so that the first n bytes end between characters. */
gsize export_cut_utf8(const char *text, gsize limit);
/* Ids as stored, or 1, 2, 3 … where those are missing or repeated. */
gint64 *export_ids(const export_job *job);

/* Place of the object's class in e->names, from 1. */
int export_class_number(const exporter *e, const feature *o);

/* One exporter a file. They add their files to e->out. */
bool export_vector(exporter *e, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool export_coco(exporter *e, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool export_pixel_geojson(exporter *e, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool export_numbers(exporter *e, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Shapefile: what the 254 bytes of a field cannot hold, as NAME_full.csv and in the report. */
bool export_long_texts(exporter *e, const gint64 *ids, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds a file GDAL wrote in memory to the output under `path`. */
bool export_take_file(exporter *e, const char *memory_path, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "a.shp" -> "a.prj" */
char *export_sibling(const char *path, const char *suffix);
/* false + error when cancelled; tells progress. */
bool export_step(const exporter *e, double fraction, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void export_note(exporter *e, const char *format, ...) G_GNUC_PRINTF(2, 3);

enum { EXPORT_SHP_TEXT_BYTES = 254 };

G_END_DECLS
