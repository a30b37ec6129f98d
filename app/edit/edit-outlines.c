/* The edits that give an object another outline, without the document: the dialog's preview and the store's thread do
 * the same. */
#include "app/edit/edit-outlines.h"

#include <glib/gi18n.h>
#include <math.h>

#include "render/geometry/simplify.h"

/* Pixels that a metre on the ground is long, from the object's own two areas. */
static double pixels(const NadirEdit *e, GBytes *shape, double area_m2, GError **error)
{
	if (!e->metres)
		return e->amount;
	g_autoptr(wkb_shape) s = wkb_shape_read(shape, error);
	double area = 0;
	for (guint i = 0; s && i < s->parts->len; i++) {
		const wkb_part *part = &g_array_index(s->parts, wkb_part, i);
		for (guint k = 0; k < part->n_rings; k++)
			area += (k ? -1 : 1) * fabs(wkb_ring_area(s, &g_array_index(s->rings, wkb_ring, part->first + k)));
	}
	if (s && isfinite(area_m2) && area_m2 > 0 && area > 0)
		return e->amount * sqrt(area / area_m2);
	if (s)
		g_set_error_literal(error, GEOMETRY_ERROR, GEOMETRY_ERROR_NO_CRS,
		                    _("The image has no place on the ground: give the distance in pixels."));
	return NAN;
}

static GBytes *grow(const NadirEdit *e, GBytes *shape, double area_m2, image_size on, GError **error)
{
	const double by = pixels(e, shape, area_m2, error);
	return isfinite(by) ? shape_buffer(shape, by, on, error) : NULL;
}

/* Drawn by hand: it may cross itself. */
static GBytes *reshaped(GBytes *shape, image_size on, GError **error)
{
	g_autoptr(wkb_shape) s = wkb_shape_read(shape, error);
	return s ? shape_checked(s, on, error) : NULL;
}

static GBytes *one(const NadirEdit *e, GPtrArray *shapes, guint i, guint n_changing, double area_m2, image_size on,
                   GError **error)
{
	GBytes *shape = shapes->pdata[i];
	switch (e->kind) {
	case NADIR_EDIT_HOLE:
		return shape_add_polygon(shape, e->xy, e->n, true, on, error);
	case NADIR_EDIT_FILL:
		return shape_fill_holes(shape, e->amount > 0 ? e->amount : INFINITY, NULL, error);
	case NADIR_EDIT_SMOOTH:
		return shape_smooth(shape, e->amount, on, error);
	case NADIR_EDIT_SQUARE:
		return shape_square(shape, e->amount, on, error);
	case NADIR_EDIT_GROW:
		return grow(e, shape, area_m2, on, error);
	case NADIR_EDIT_MEET:
		return shape_meet(shape, (GBytes *const *)shapes->pdata + n_changing, shapes->len - n_changing, e->amount, on,
		                  error);
	case NADIR_EDIT_TRANSFORM:
		return shape_transform(shape, e->matrix, on, error);
	case NADIR_EDIT_RESHAPE:
		return i == 0 ? reshaped(e->shape, on, error) : g_bytes_ref(shape);
	default:
		g_return_val_if_reached(NULL);
	}
}

/* Whether an object that nothing would be left of is left alone, so that the others get what was asked for. Objects
 * that move together stay together. */
static bool may_keep(NadirEditKind kind, guint n)
{
	return n > 1 && kind != NADIR_EDIT_TRANSFORM && kind != NADIR_EDIT_RESHAPE;
}

/* All shapes, thinned together. NULL + error. */
static GPtrArray *simplified(const NadirEdit *e, GPtrArray *shapes, guint n_changing, GError **error)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)wkb_shape_free);
	for (guint i = 0; i < shapes->len; i++) {
		wkb_shape *s = wkb_shape_read(shapes->pdata[i], error);
		if (!s)
			return NULL;
		g_ptr_array_add(all, s);
	}
	simplify_shapes_beside(all, n_changing, e->amount);
	return g_steal_pointer(&all);
}

GPtrArray *nadir_edit_outlines(const NadirEdit *e, GPtrArray *shapes, guint n_changing, const double *area_m2,
                               int width, int height, GCancellable *cancel, guint *kept, GError **error)
{
	const image_size on = {width, height};
	g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref), thin = NULL;
	g_autoptr(GError) why = NULL;
	*kept = 0;
	if (e->kind == NADIR_EDIT_SIMPLIFY && !(thin = simplified(e, shapes, n_changing, error)))
		return NULL;
	for (guint i = 0; i < n_changing; i++) {
		if (g_cancellable_set_error_if_cancelled(cancel, error))
			return NULL;
		g_clear_error(&why);
		GBytes *wkb =
			thin ? shape_checked(thin->pdata[i], on, &why) : one(e, shapes, i, n_changing, area_m2[i], on, &why);
		if (!wkb && !may_keep(e->kind, n_changing))
			break;
		*kept += !wkb;
		g_ptr_array_add(out, wkb ? wkb : g_bytes_ref(shapes->pdata[i]));
	}
	if (out->len == n_changing && *kept < n_changing)
		return g_steal_pointer(&out);
	g_propagate_error(error, g_steal_pointer(&why));
	return NULL;
}

char *nadir_edit_kept_text(guint kept, guint n)
{
	/* Translators: %u of %u objects. */
	return g_strdup_printf(ngettext("%'u of %'u objects stays as it is: nothing valid would be left of it.",
	                                "%'u of %'u objects stay as they are: nothing valid would be left of them.", kept),
	                       kept, n);
}
