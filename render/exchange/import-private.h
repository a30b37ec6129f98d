/* What the readers share. */
#pragma once
#include "render/exchange/import.h"
#include "render/geometry/attributes.h"

#include <cjson/cJSON.h>
#include <ogr_api.h>

G_BEGIN_DECLS

/* Kinds of loss and change, counted for the report. */
typedef enum {
	LOSS_NO_AREA, /* points, lines, empty geometries */
	LOSS_BROKEN,  /* outlines that make no polygon */
	LOSS_MENDED,  /* outlines that crossed themselves */
	LOSS_BOX,     /* only a box was there */
	LOSS_OUTSIDE,
	LOSS_CUT,  /* reaches over the image's edge */
	LOSS_TINY, /* covers no pixel's centre */
	LOSS_LOOSE,
	LOSS_LONLAT,
	LOSS_VOID, /* pixels that nobody judged */
	LOSSES
} import_loss;

struct import_file {
	char *path;
	const char *class_field; /* borrowed while reading */
	GPtrArray *objects;      /* import_object */
	GPtrArray *classes;      /* char *, NULL-terminated once read */
	GPtrArray *parents;      /* char *: child, parent, child, parent … */
	GPtrArray *dropped;      /* char *: names of attributes that are not kept, in the order met */
	guint losses[LOSSES];
	/* The last transform: objects of a file mostly share it. */
	const char *crs;
	const georef *ref;
	OGRCoordinateTransformationH to_image;
};

/* One reader a kind of file; they add objects, classes and losses. */
bool import_vector(import_file *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool import_coco(import_file *file, const cJSON *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool import_labelme(import_file *file, const cJSON *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;

bool import_regions(import_file *file, const cJSON *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool import_panoptic(import_file *file, const cJSON *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool import_labels(import_file *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;   /* YOLO, DOTA: .txt */
bool import_yolo_set(import_file *file, GError **error) G_GNUC_WARN_UNUSED_RESULT; /* data.yaml */
bool import_voc(import_file *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool import_mask(import_file *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The picture of a label file by the usual folders' names, or the stem of its name. g_free. */
char *import_image_of_labels(const char *path);

/* Takes the feature over; the class is noted. */
void import_add(import_file *file, feature *f, char *image, GBytes *wkb, import_space space, const char *crs);
void import_note_class(import_file *file, const char *name);
/* "child" is a kind of "parent"; each class has one at most. */
void import_note_parent(import_file *file, const char *child, const char *parent);
void import_note_path(import_file *file, const char *path); /* "vehicle/car" */
void import_note_dropped(import_file *file, const char *name);
/* Sets the attribute of that name (of feature-fields.h) from text; false: no such attribute. */
bool import_set_text(feature *f, const char *name, const char *value);
/* COCO's mark of a crowd, which is kept as an attribute of that name. */
void import_set_crowd(feature *f, const cJSON *iscrowd);
/* One of those that the object's class asks for; a flag is "0" or "1". */
void import_set_attribute(feature *f, const char *name, attribute_type t, const char *text);
/* A member of a JSON object as the attribute of its name, an object's own or one of its class; lists are noted as not
 * kept. */
void import_set_json(import_file *file, feature *f, const cJSON *member);
/* A polygon of one ring of n points; free with OGR_G_DestroyGeometry. */
OGRGeometryH import_ring(const double *xy, int n);
/* The union of two areas, mended where they cross themselves; consumes both. Either may be NULL. */
OGRGeometryH import_unite(OGRGeometryH a, OGRGeometryH b);
/* A valid MultiPolygon of all the area in g, in two dimensions, or NULL (counted as a loss). Consumes g. */
GBytes *import_polygons(import_file *file, OGRGeometryH g);

bool import_failed(GError **error, const char *path, const char *why);

G_END_DECLS
