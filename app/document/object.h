/* One object of a document, as an item of its lists. Main context only. */
#pragma once
#include <glib-object.h>

#include "render/geometry/feature.h"
#include "render/geometry/wkb.h"
#include "render/raster/raster.h"

G_BEGIN_DECLS

/* An object as a list item; a change replaces the item (but for the name of its class). */
#define NADIR_TYPE_OBJECT (nadir_object_get_type())
G_DECLARE_FINAL_TYPE(NadirObject, nadir_object, NADIR, OBJECT, GObject)
typedef enum {
	NADIR_STAGE_STORED,
	NADIR_STAGE_WAITING, /* accepted; the model has not answered yet: no geometry */
	NADIR_STAGE_STORING, /* on its way to the disk */
	NADIR_STAGE_DRAFT,   /* could not be stored; nadir_document_retry() */
} NadirStage;
NadirStage nadir_object_get_stage(NadirObject *o);
const feature *nadir_object_get_feature(NadirObject *o);           /* id < 0 until it is stored */
const bitmask *nadir_object_get_mask(NadirObject *o);              /* rasterised once, kept */
bool nadir_object_get_bounds(NadirObject *o, raster_rect *bounds); /* image pixels; false when it has no geometry */

/* For the document and the canvas that draws it. */
NadirObject *nadir_object_new(feature *f, NadirStage stage); /* takes f; reads its outline: any thread */
void nadir_object_set_stage(NadirObject *o, NadirStage stage);
void nadir_object_rename(NadirObject *o, const char *class_name);
void nadir_object_set_outline(NadirObject *o, const double *xy, guint n); /* to draw while there is no geometry yet */
const wkb_shape *nadir_object_get_shape(NadirObject *o);                  /* NULL: none, or broken */
/* x0, y0, x1, y1 in image pixels; zeros and false when it has no geometry. */
bool nadir_object_get_extent(NadirObject *o, double extent[4]);
bool nadir_object_contains(NadirObject *o, double x, double y);
/* How the document lets it be seen and touched (document-visibility.h); hidden: any thread may ask. */
void nadir_object_set_access(NadirObject *o, bool hidden, bool locked);
bool nadir_object_is_hidden(NadirObject *o);
bool nadir_object_is_locked(NadirObject *o);

G_END_DECLS
