/* By hand: polygons, brush and eraser. The strokes are drawn over the image until the store has made masks of them. */
#include <glib/gi18n.h>
#include <string.h>

#include "app/document/document-private.h"

static void set_drawing(document_job *j, const double *xy, guint n, double radius, const double *pressure)
{
	j->xy = g_memdup2(xy, 2 * (gsize)n * sizeof *xy);
	j->n = n;
	j->radius = radius;
	j->pressure = pressure ? g_memdup2(pressure, n * sizeof *pressure) : NULL;
}

static document_job *begin_drawing(NadirDocument *d, const double *xy, guint n, double radius, const double *pressure)
{
	feature *f = feature_new();
	g_free(f->class_name);
	g_free(f->model);
	f->class_name = g_strdup(nadir_document_current_class_name(d));
	f->model = g_strdup("hand");
	document_job *j = nadir_document_begin_object(d, f, NULL);
	set_drawing(j, xy, n, radius, pressure);
	return j;
}

void nadir_document_draw_polygon(NadirDocument *d, const double *xy, guint n)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && xy && n >= 3);
	document_job *j = begin_drawing(d, xy, n, 0, NULL);
	nadir_object_set_outline(j->fresh->item, xy, n);
	nadir_document_select(d, j->id);
	nadir_document_store_object(j);
}

/* --- brush and eraser --- */

/* An object that a person corrected says so, since its prompt alone no longer gives its mask. */
void nadir_document_mark_corrected(feature *f)
{
	if (g_str_equal(f->model, "hand") || g_str_has_suffix(f->model, "+hand"))
		return;
	char *model = g_strconcat(f->model, "+hand", NULL);
	g_free(f->model);
	f->model = model;
}

static bool put(document_job *j, project *p, feature *o, const bitmask *mask, GError **error)
{
	if (!feature_set_mask(o, mask, error))
		return false;
	nadir_document_mark_corrected(o);
	return document_job_update(j, p, o, error);
}

static bool paint(document_job *j, project *p, GError **error)
{
	const raster_info *info = raster_get_info(j->scene->image);
	gint64 id = document_job_id(j);
	g_autoptr(feature) o = id ? project_object(p, id, error) : NULL;
	g_autoptr(bitmask) old = o ? mask_from_wkb(o->px_geom, error) : NULL;
	g_autoptr(bitmask) stroke =
		old ? mask_from_stroke(j->xy, j->n, j->radius, j->pressure, info->width, info->height, error) : NULL;
	g_autoptr(bitmask) mask = stroke ? mask_combine(old, stroke, j->erase ? MASK_SUBTRACT : MASK_UNION, error) : NULL;
	if (!mask)
		return id == 0;
	if (mask_equal(old, mask))
		return true;
	if (mask_area(mask) > 0)
		return put(j, p, o, mask, error);
	if (!project_delete(p, &id, 1, j->what, error))
		return false;
	document_job_changed(j, id, NULL);
	return true;
}

static bool on_painted(document_job *j, const GError *error)
{
	g_ptr_array_remove(j->document->strokes, j);
	if (error)
		nadir_document_report(j->document, error);
	nadir_document_emit(j->document, SIGNAL_BUSY);
	return false;
}

static void push_stroke(document_job *j, NadirObject *o)
{
	const char *class_name = nadir_object_get_feature(o)->class_name;
	j->id = nadir_object_get_feature(o)->id;
	j->text = g_strdup(class_name);
	/* Translators: steps in the undo list; %s is a class. */
	j->what = g_strdup_printf(j->erase ? _("erase from %s") : _("add to %s"), class_name);
	j->done = on_painted;
	g_ptr_array_add(j->document->strokes, j);
	document_job_push(j);
}

void nadir_document_paint(NadirDocument *d, const double *xy, guint n, double radius, const double *pressure,
                          bool erase)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && xy && n > 0 && radius > 0);
	NadirObject *o = nadir_document_get_selected(d);
	g_autoptr(GArray) one = g_array_new(FALSE, FALSE, sizeof(gint64));
	if (o)
		g_array_append_val(one, nadir_object_get_feature(o)->id);
	if (nadir_document_refuse_locked(d, one))
		return;
	if (o) {
		document_job *j = document_job_new(d, paint);
		set_drawing(j, xy, n, radius, pressure);
		j->erase = erase;
		push_stroke(j, o);
	} else if (erase) {
		nadir_document_notify_user(d, _("No object is selected: select one first."));
	} else {
		document_job *j = begin_drawing(d, xy, n, radius, pressure);
		nadir_document_select(d, j->id);
		g_ptr_array_add(d->strokes, j);
		nadir_document_store_object(j);
	}
	nadir_document_emit(d, SIGNAL_BUSY);
}
