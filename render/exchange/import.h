/* Objects from other tools' files into Nadir (field/peers.md section 4). Reading and placing are apart: a file says
 * what it says; which image an object lies on, and where, is known only beside the images.
 *
 * Formats: what OGR reads as polygons (shapefile, GeoPackage, GeoJSON, FlatGeobuf, KML …), Nadir's .pixel.geojson, and
 * COCO instances (.json: polygons, run lengths of both forms, crowds, boxes), COCO panoptic, labelme's (.json with
 * shapes), regions and grounded captions (.json), YOLO's labels (.txt, or a whole set by its data.yaml), DOTA's (.txt),
 * Pascal VOC (.xml), masks (.png, .tif). Nothing is dropped silently: see import_report(). */
#pragma once
#include "render/geometry/feature.h"
#include "render/geometry/georef.h"

G_BEGIN_DECLS

#define IMPORT_ERROR (import_error_quark())
GQuark import_error_quark(void);
typedef enum {
	IMPORT_ERROR_OPEN,    /* not there, damaged, no format that is known */
	IMPORT_ERROR_EMPTY,   /* no object in it */
	IMPORT_ERROR_OUTSIDE, /* an object does not lie on the image */
	IMPORT_ERROR_PLACE,   /* it cannot be told where on the image it lies */
} import_error;

typedef enum {
	IMPORT_MAP,       /* coordinates of `crs` */
	IMPORT_LOOSE,     /* of no stated system: the image's own map units, else pixels with y = -row */
	IMPORT_PIXELS,    /* pixels, y down */
	IMPORT_PARTS,     /* parts of the image's sides, y down */
	IMPORT_PIXEL_MASK /* the same, and the outline is a mask's, along pixel edges */
} import_space;

typedef struct {
	char *image;     /* as the file names it: "a.tif", "a.tif#fingerprint", a path; NULL: it does not say */
	feature *f;      /* class and attributes; px_geom, areas and image come with import_place() */
	GBytes *wkb;     /* MultiPolygon in the file's coordinates */
	const char *crs; /* interned WKT with IMPORT_MAP */
	import_space space;
	int width, height; /* of the image that a mask is for; 0: not said */
} import_object;

typedef struct import_file import_file;

/* class_field: attribute that holds the class, or NULL: class, label, name, category or type, whichever is there. */
import_file *import_read(const char *path, const char *class_field, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void import_file_free(import_file *file);
guint import_count(const import_file *file);
import_object *import_get(import_file *file, guint i);
/* Names of all classes in the file's order, also of those without an object; NULL-terminated, borrowed. */
const char *const *import_classes(const import_file *file);

/* Kinds of classes that the file tells of: child, parent, child, parent … [element-type utf8], borrowed. */
GPtrArray *import_parents(const import_file *file);

/* Sets f->px_geom, area_px and area_m2 for an object of the file on this image. IMPORT_ERROR_OUTSIDE: try another
 * image. An outline along pixel edges comes back exactly, whatever coordinates it went through. */
bool import_place(import_file *file, import_object *o, const raster_info *image, const georef *ref,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Objects that import_place() found on no image, or that cover no pixel's centre there; for the report. */
void import_skip(import_file *file, const GError *why);
/* What the file holds and Nadir does not keep, or had to change: lines for the user, "" when nothing. Free with g_free.
 */
char *import_report(const import_file *file);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(import_file, import_file_free)

G_END_DECLS
