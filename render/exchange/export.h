/* Objects out of Nadir: files that other tools read without repair (design.md section 5, field/peers.md section 4). */
#pragma once
#include "render/geometry/feature.h"
#include "render/geometry/georef.h"

G_BEGIN_DECLS

#define EXPORT_ERROR (export_error_quark())
GQuark export_error_quark(void);
typedef enum {
	EXPORT_ERROR_FORMAT, /* no such format, or it cannot hold this; the message says the way out */
	EXPORT_ERROR_WRITE,  /* full disk, no permission; no partial file is left */
	EXPORT_ERROR_EMPTY,
} export_error;

typedef enum {
	EXPORT_SHP,
	EXPORT_GPKG,
	EXPORT_GEOJSON,
	EXPORT_FGB,
	EXPORT_COCO,          /* instances as run lengths, which hold holes */
	EXPORT_COCO_POLYGONS, /* the same as lists of corners, for readers without run lengths */
	EXPORT_PNG,
	EXPORT_TIF,
	EXPORT_PIXEL_GEOJSON,
	EXPORT_KML,
	EXPORT_CSV,
	EXPORT_LABELME,
	EXPORT_YOLO,
	EXPORT_YOLO_DETECT,
	EXPORT_YOLO_OBB,
	EXPORT_VOC,
	EXPORT_DOTA,
	EXPORT_SEMANTIC_PNG, /* each pixel its class's number */
	EXPORT_SEMANTIC_TIF,
	EXPORT_PANOPTIC, /* COCO panoptic: a PNG of segment ids and its JSON */
	EXPORT_CAPTIONS, /* COCO captions */
	EXPORT_REGIONS,  /* regions with captions and classes */
	EXPORT_GROUNDED, /* a description with the outlines of its phrases, GeoPixelD's form */
	EXPORT_FORMATS,  /* how many there are */
} export_format;
bool export_format_from_path(const char *path, export_format *out,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT; /* by file name */
bool export_format_from_name(const char *name, export_format *out, GError **error)
	G_GNUC_WARN_UNUSED_RESULT; /* shp gpkg geojson …: export_format_name() of each */
const char *export_format_name(export_format f);
const char *export_format_title(export_format f);     /* for a dialog, translated */
const char *export_format_extension(export_format f); /* ".shp" */
/* What a format is for, in the order in which a dialog lists them. */
typedef enum { EXPORT_FOR_GIS, EXPORT_FOR_TRAINING, EXPORT_AS_PIXELS, EXPORT_AS_TEXT, EXPORT_GROUPS } export_group;
export_group export_format_group(export_format f);
const char *export_group_title(export_group g);       /* translated */
bool export_format_has_outlines(export_format f);     /* else simplifying changes nothing */
bool export_format_needs_longitudes(export_format f); /* and an image with a CRS */

typedef struct {
	const raster_info *image;
	const georef *ref;
	int epsg; /* the CRS that a map format is written in; 0: the image's own, or the one that the format prescribes */
	feature *const *objects; /* in order: value i+1 in .png and .tif, later wins */
	guint n_objects;
	const char *const *class_names;  /* NULL: collected from the objects */
	const char *const *class_colors; /* "#rrggbb" per class name, or NULL: from the default palette */
	const char *const *class_paths;  /* with the names of those above ("vehicle/car"), or NULL: none has one above */
	double simplify;                 /* 0: none; else tolerance in pixels, shared borders stay shared */
	bool no_side_file;               /* nothing beside it for what the format cannot hold */
	bool may_be_empty;               /* a file without objects is wanted, too: a negative example */
	GCancellable *cancel;
	void (*progress)(double fraction, void *data); /* may be NULL */
	void *data;
} export_job;

/* Whether the format can be written in EPSG:epsg at all, 0 included; the error says what it counts in instead. */
bool export_check_epsg(export_format format, int epsg, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Before any work: whether the format can hold objects of such an image and path can be written. */
bool export_check(const georef *ref, export_format format, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Before writing: what the format cannot hold of these objects, lines for the user; "" when all fits. g_free. */
char *export_losses(const export_job *job, export_format format);
/* The same of every format, by export_format; its texts are freed with the array. */
GPtrArray *export_losses_each(const export_job *job);
/* What a file beside it is called that holds the rest ("_full.pixel.geojson" behind the stem), or NULL: no such file.
 */
const char *export_side_file(export_format f);
char *export_side_path(export_format f, const char *path); /* that file of an export to path; NULL; g_free */

/* Writes path by temporary files and rename (a shapefile's parts one after another, .shp last), or nothing. report:
 * NULL or a text for the user of what the format could not hold ("" when all fitted), free with g_free. */
bool export_write(const export_job *job, export_format format, const char *path, char **report,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What export_write() would write, for formats that are one text and with no_side_file; no file is made. g_free. */
char *export_text(const export_job *job, export_format format, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
