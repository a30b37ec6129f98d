/* NadirObject: one object as a list item, with the forms of its geometry. */
#include "app/document/object.h"

#include <math.h>

struct _NadirObject {
	GObject parent_instance;

	/* Owned */
	feature *feature;
	bitmask *mask;    /* NULL until asked for */
	wkb_shape *shape; /* NULL: none, or broken */

	NadirStage stage;
	double extent[4]; /* of the shape */
	gint hidden;      /* atomic: a thread that draws reads it */
	bool locked;
};

G_DEFINE_FINAL_TYPE(NadirObject, nadir_object, G_TYPE_OBJECT)

static void nadir_object_finalize(GObject *object)
{
	NadirObject *self = NADIR_OBJECT(object);
	g_clear_pointer(&self->feature, feature_free);
	g_clear_pointer(&self->mask, mask_free);
	g_clear_pointer(&self->shape, wkb_shape_free);
	G_OBJECT_CLASS(nadir_object_parent_class)->finalize(object);
}

static void nadir_object_class_init(NadirObjectClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = nadir_object_finalize;
}

static void nadir_object_init(NadirObject *self)
{
}

static void take_shape(NadirObject *self, wkb_shape *shape)
{
	g_clear_pointer(&self->shape, wkb_shape_free);
	self->shape = shape;
	if (shape)
		wkb_shape_extent(shape, self->extent);
}

NadirObject *nadir_object_new(feature *f, NadirStage stage)
{
	NadirObject *self = g_object_new(NADIR_TYPE_OBJECT, NULL);
	self->feature = f;
	self->stage = stage;
	take_shape(self, f->px_geom ? wkb_shape_read(f->px_geom, NULL) : NULL);
	return self;
}

NadirStage nadir_object_get_stage(NadirObject *o)
{
	g_return_val_if_fail(NADIR_IS_OBJECT(o), NADIR_STAGE_STORED);
	return o->stage;
}

void nadir_object_set_stage(NadirObject *o, NadirStage stage)
{
	o->stage = stage;
}

void nadir_object_rename(NadirObject *o, const char *class_name)
{
	g_free(o->feature->class_name);
	o->feature->class_name = g_strdup(class_name);
}

void nadir_object_set_outline(NadirObject *o, const double *xy, guint n)
{
	wkb_shape *s = wkb_shape_new();
	wkb_shape_add_part(s);
	wkb_shape_add_ring(s);
	for (guint i = 0; i < n; i++)
		wkb_shape_add_point(s, xy[2 * (gsize)i], xy[2 * (gsize)i + 1]);
	take_shape(o, s);
}

const feature *nadir_object_get_feature(NadirObject *o)
{
	g_return_val_if_fail(NADIR_IS_OBJECT(o), NULL);
	return o->feature;
}

const bitmask *nadir_object_get_mask(NadirObject *o)
{
	g_return_val_if_fail(NADIR_IS_OBJECT(o), NULL);
	if (!o->mask && o->feature->px_geom)
		o->mask = mask_from_wkb(o->feature->px_geom, NULL);
	if (!o->mask)
		o->mask = mask_new(0, 0, 0, 0);
	return o->mask;
}

const wkb_shape *nadir_object_get_shape(NadirObject *o)
{
	g_return_val_if_fail(NADIR_IS_OBJECT(o), NULL);
	return o->shape;
}

bool nadir_object_get_bounds(NadirObject *o, raster_rect *bounds)
{
	if (!nadir_object_get_shape(o))
		return false;
	const int x0 = (int)floor(o->extent[0]), y0 = (int)floor(o->extent[1]);
	*bounds = (raster_rect){x0, y0, (int)ceil(o->extent[2]) - x0, (int)ceil(o->extent[3]) - y0};
	return true;
}

bool nadir_object_contains(NadirObject *o, double x, double y)
{
	raster_rect b;
	x = floor(x) + 0.5;
	y = floor(y) + 0.5;
	return nadir_object_get_bounds(o, &b) && x >= b.x && y >= b.y && x <= b.x + b.w && y <= b.y + b.h &&
	       wkb_shape_contains(o->shape, x, y);
}

bool nadir_object_get_extent(NadirObject *o, double extent[4])
{
	for (int i = 0; i < 4; i++)
		extent[i] = o->shape ? o->extent[i] : 0;
	return o->shape != NULL;
}

void nadir_object_set_access(NadirObject *o, bool hidden, bool locked)
{
	g_atomic_int_set(&o->hidden, hidden);
	o->locked = locked;
}

bool nadir_object_is_hidden(NadirObject *o)
{
	return g_atomic_int_get(&o->hidden) != 0;
}

bool nadir_object_is_locked(NadirObject *o)
{
	return o->locked;
}
