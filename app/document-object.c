/* NadirObject: one stored object as an immutable list item, with the forms of its geometry made when first needed. */
#include "app/document-private.h"

#include <math.h>

struct _NadirObject {
	GObject parent_instance;

	/* Owned */
	feature *feature;
	bitmask *mask;    /* NULL until asked for */
	wkb_shape *shape; /* NULL until asked for, or broken */
	bool shape_tried;
	double extent[4]; /* of the shape */
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

NadirObject *nadir_object_new(feature *f)
{
	NadirObject *self = g_object_new(NADIR_TYPE_OBJECT, NULL);
	self->feature = f;
	return self;
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
	if (!o->shape_tried && o->feature->px_geom) {
		o->shape = wkb_shape_read(o->feature->px_geom, NULL);
		if (o->shape)
			wkb_shape_extent(o->shape, o->extent);
	}
	o->shape_tried = true;
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

/* Even-odd over all rings, so holes are outside. Asked at the centre of the pixel: the same pixels as the mask's. */
bool nadir_object_contains(NadirObject *o, double x, double y)
{
	raster_rect b;
	x = floor(x) + 0.5;
	y = floor(y) + 0.5;
	if (!nadir_object_get_bounds(o, &b) || x < b.x || y < b.y || x > b.x + b.w || y > b.y + b.h)
		return false;
	bool inside = false;
	for (guint r = 0; r < o->shape->rings->len; r++) {
		const wkb_ring *ring = &g_array_index(o->shape->rings, wkb_ring, r);
		const double *p = &g_array_index(o->shape->xy, double, 2 * (gsize)ring->first);
		for (guint i = 0, j = ring->n - 1; i < ring->n; j = i++) {
			const double *a = p + 2 * (gsize)i, *c = p + 2 * (gsize)j;
			if ((a[1] > y) != (c[1] > y) && x < a[0] + (y - a[1]) / (c[1] - a[1]) * (c[0] - a[0]))
				inside = !inside;
		}
	}
	return inside;
}

bool nadir_object_same(NadirObject *o, const feature *f)
{
	const feature *a = o->feature;
	return a->id == f->id && a->class_id == f->class_id && g_str_equal(a->class_name, f->class_name) &&
	       g_strcmp0(a->state, f->state) == 0 && g_strcmp0(a->edited, f->edited) == 0 &&
	       g_strcmp0(a->caption, f->caption) == 0 && a->px_geom && f->px_geom && g_bytes_equal(a->px_geom, f->px_geom);
}
