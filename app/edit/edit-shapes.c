#include "app/edit/edit-shapes.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/edit/edit-objects.h"
#include "app/edit/edit-outlines.h"

/* What the store's thread works on. */
typedef struct {
	NadirEdit e;    /* with copies of what it points to */
	GArray *ids;    /* gint64, as the window knows them, the selected one first */
	GArray *select; /* gint64: what is selected afterwards */
	guint kept;     /* objects that stayed as they were, because nothing would have been left of them */
} edit_job;

static void edit_job_free(void *data)
{
	edit_job *w = data;
	g_free((double *)w->e.xy);
	g_clear_pointer(&w->e.shape, g_bytes_unref);
	g_array_unref(w->ids);
	g_array_unref(w->select);
	g_free(w);
}

/* --- in the store's thread --- */

/* Changes that are being collected: what is to be stored, and then told. */
typedef struct {
	GPtrArray *update, *add; /* of feature */
	GArray *remove;          /* gint64 */
} changes;

static void changes_init(changes *c)
{
	c->update = g_ptr_array_new_with_free_func((GDestroyNotify)feature_free);
	c->add = g_ptr_array_new_with_free_func((GDestroyNotify)feature_free);
	c->remove = g_array_new(FALSE, FALSE, sizeof(gint64));
}

static void changes_clear(changes *c)
{
	g_ptr_array_unref(c->update);
	g_ptr_array_unref(c->add);
	g_array_unref(c->remove);
}

/* The selected objects, one at least. */
static GPtrArray *read_objects(document_job *j, project *p, const GArray *ids, GError **error)
{
	g_autoptr(GPtrArray) list = edit_read_objects(j, p, ids, error);
	if (!list || list->len > 0)
		return g_steal_pointer(&list);
	g_set_error_literal(error, GEOMETRY_ERROR, GEOMETRY_ERROR_EMPTY,
	                    _("The selected objects are not there any more: select others."));
	return NULL;
}

static bool set_outline(feature *f, GBytes *wkb, GError **error)
{
	g_autoptr(bitmask) m = mask_from_wkb(wkb, error);
	if (!m)
		return false;
	const gint64 area = mask_area(m);
	if (area == 0) {
		g_set_error_literal(error, GEOMETRY_ERROR, GEOMETRY_ERROR_EMPTY,
		                    _("It would cover the centre of no pixel: it stays as it is."));
		return false;
	}
	g_clear_pointer(&f->px_geom, g_bytes_unref);
	f->px_geom = g_bytes_ref(wkb);
	f->area_px = area;
	nadir_document_mark_corrected(f);
	return true;
}

/* Two into one and the like: the first object gets the outline. */
static bool combine(const edit_job *w, GPtrArray *objects, image_size on, changes *c, GError **error)
{
	static const shape_op ops[] = {[NADIR_EDIT_UNION] = SHAPE_UNION,
	                               [NADIR_EDIT_SUBTRACT] = SHAPE_SUBTRACT,
	                               [NADIR_EDIT_INTERSECT] = SHAPE_INTERSECT};
	g_autoptr(GPtrArray) shapes = g_ptr_array_new();
	for (guint i = 0; i < objects->len; i++)
		g_ptr_array_add(shapes, ((feature *)objects->pdata[i])->px_geom);
	if (shapes->len < 2) {
		g_set_error_literal(error, GEOMETRY_ERROR, GEOMETRY_ERROR_EMPTY,
		                    _("Only one of the selected objects is left: select another one."));
		return false;
	}
	g_autoptr(GBytes) wkb = shape_combine((GBytes *const *)shapes->pdata, shapes->len, ops[w->e.kind], on, error);
	feature *f = feature_copy(objects->pdata[0]);
	g_ptr_array_add(c->update, f);
	if (!wkb || !set_outline(f, wkb, error))
		return false;
	for (guint i = 1; i < objects->len && w->e.kind != NADIR_EDIT_SUBTRACT; i++)
		g_array_append_val(c->remove, ((feature *)objects->pdata[i])->id);
	return true;
}

static feature *copy_as_new(const feature *f)
{
	feature *copy = feature_copy(f);
	copy->id = 0;
	return copy;
}

static bool split(const edit_job *w, GPtrArray *objects, image_size on, changes *c, GError **error)
{
	g_autoptr(GError) why = NULL;
	for (guint i = 0; i < objects->len; i++) {
		const feature *f = objects->pdata[i];
		g_clear_error(&why);
		g_autoptr(GPtrArray) pieces = shape_split(f->px_geom, w->e.xy, w->e.n, on, &why);
		for (guint k = 0; pieces && k < pieces->len; k++) {
			feature *piece = k ? copy_as_new(f) : feature_copy(f);
			g_ptr_array_add(k ? c->add : c->update, piece);
			if (!set_outline(piece, pieces->pdata[k], error))
				return false;
		}
	}
	if (c->update->len > 0)
		return true; /* the line need not cut all of them */
	g_propagate_error(error, g_steal_pointer(&why));
	return false;
}

/* A tenth of their size to the right and down, in whole pixels so that masks stay masks. */
static bool duplicate(GPtrArray *objects, image_size on, changes *c, GError **error)
{
	for (guint i = 0; i < objects->len; i++) {
		const feature *f = objects->pdata[i];
		double e[4];
		g_autoptr(wkb_shape) s = wkb_shape_read(f->px_geom, error);
		if (!s)
			return false;
		wkb_shape_extent(s, e);
		const double side = MAX(2, ceil(MAX(e[2] - e[0], e[3] - e[1]) / 10));
		const double dx = e[2] + side <= on.width ? side : -side, dy = e[3] + side <= on.height ? side : -side;
		g_autoptr(GBytes) wkb = shape_transform(f->px_geom, (const double[]){1, 0, dx, 0, 1, dy}, on, error);
		feature *copy = copy_as_new(f);
		g_ptr_array_add(c->add, copy);
		if (!wkb || !set_outline(copy, wkb, error))
			return false;
	}
	return true;
}

static bool overlaps(GBytes *a, const double e[4], double margin)
{
	double b[4];
	g_autoptr(wkb_shape) s = wkb_shape_read(a, NULL);
	if (!s)
		return false;
	wkb_shape_extent(s, b);
	return b[0] <= e[2] + margin && b[2] >= e[0] - margin && b[1] <= e[3] + margin && b[3] >= e[1] - margin;
}

/* Outlines of other objects of the image that are near. */
static bool add_neighbours(document_job *j, project *p, GPtrArray *objects, double margin, GPtrArray *shapes,
                           GError **error)
{
	g_autoptr(GPtrArray) all = project_objects(p, j->scene->image_id, error);
	g_autoptr(wkb_shape) selected = wkb_shape_new();
	g_autoptr(GHashTable) own = g_hash_table_new(g_int64_hash, g_int64_equal);
	double e[4];
	if (!all)
		return false;
	wkb_shape_add_part(selected);
	wkb_shape_add_ring(selected);
	for (guint i = 0; i < objects->len; i++) {
		const feature *o = objects->pdata[i];
		g_autoptr(wkb_shape) s = wkb_shape_read(o->px_geom, NULL);
		g_hash_table_add(own, (gpointer)&o->id);
		for (guint k = 0; s && k < s->xy->len; k += 2)
			wkb_shape_add_point(selected, g_array_index(s->xy, double, k), g_array_index(s->xy, double, k + 1));
	}
	wkb_shape_extent(selected, e);
	for (guint i = 0; i < all->len; i++) {
		const feature *f = all->pdata[i];
		if (!g_hash_table_contains(own, &f->id) && overlaps(f->px_geom, e, margin))
			g_ptr_array_add(shapes, g_bytes_ref(f->px_geom));
	}
	return true;
}

/* Each object keeps itself and gets another outline. */
static bool reshape(document_job *j, project *p, edit_job *w, GPtrArray *objects, image_size on, changes *c,
                    GError **error)
{
	g_autoptr(GPtrArray) shapes = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	g_autofree double *area_m2 = g_new(double, objects->len);
	const bool near = w->e.kind == NADIR_EDIT_SIMPLIFY || w->e.kind == NADIR_EDIT_MEET;
	for (guint i = 0; i < objects->len; i++) {
		const feature *f = objects->pdata[i];
		g_ptr_array_add(shapes, g_bytes_ref(f->px_geom));
		area_m2[i] = f->area_m2;
	}
	if (near && !add_neighbours(j, p, objects, w->e.kind == NADIR_EDIT_MEET ? w->e.amount : 0, shapes, error))
		return false;
	g_autoptr(GPtrArray) out =
		nadir_edit_outlines(&w->e, shapes, objects->len, area_m2, on.width, on.height, NULL, &w->kept, error);
	for (guint i = 0; out && i < out->len; i++) {
		const feature *before = objects->pdata[i];
		g_array_append_val(w->select, before->id);
		if (g_bytes_equal(before->px_geom, out->pdata[i]))
			continue;
		g_autoptr(feature) f = feature_copy(before);
		g_autoptr(GError) why = NULL;
		if (set_outline(f, out->pdata[i], &why)) {
			g_ptr_array_add(c->update, g_steal_pointer(&f));
		} else if (objects->len == 1 || ++w->kept == objects->len) {
			g_propagate_error(error, g_steal_pointer(&why));
			return false;
		}
	}
	return out != NULL;
}

static bool compute(document_job *j, project *p, edit_job *w, changes *c, GError **error)
{
	const raster_info *info = raster_get_info(j->scene->image);
	const image_size on = {info->width, info->height};
	g_autoptr(GPtrArray) objects = read_objects(j, p, w->ids, error);
	if (!objects)
		return false;
	switch (w->e.kind) {
	case NADIR_EDIT_UNION:
	case NADIR_EDIT_SUBTRACT:
	case NADIR_EDIT_INTERSECT:
		return combine(w, objects, on, c, error);
	case NADIR_EDIT_SPLIT:
		return split(w, objects, on, c, error);
	case NADIR_EDIT_DUPLICATE:
		return duplicate(objects, on, c, error);
	default:
		return reshape(j, p, w, objects, on, c, error);
	}
}

/* What was stored, to the list; the features go over to it. */
static void tell(document_job *j, edit_job *w, changes *c)
{
	for (guint i = 0; i < c->remove->len; i++)
		document_job_changed(j, g_array_index(c->remove, gint64, i), NULL);
	for (guint i = 0; i < c->add->len; i++) {
		feature *f = c->add->pdata[i];
		g_array_append_val(w->select, f->id);
		document_job_changed(j, f->id, feature_copy(f));
	}
}

static bool work(document_job *j, project *p, GError **error)
{
	edit_job *w = j->data;
	changes c;
	changes_init(&c);
	bool ok = compute(j, p, w, &c, error);
	if (ok && c.update->len + c.add->len + c.remove->len > 0) {
		const project_batch b = {
			(feature **)c.update->pdata, c.update->len, (const gint64 *)(const void *)c.remove->data, c.remove->len,
			(feature **)c.add->pdata,    c.add->len};
		ok = project_apply(p, j->scene->image_id, &b, j->what, error);
		ok = ok && edit_tell_objects(j, p, c.update, error);
		const bool chosen = w->select->len > 0;
		for (guint i = 0; ok && !chosen && i < c.update->len; i++)
			g_array_append_val(w->select, ((feature *)c.update->pdata[i])->id);
		if (ok)
			tell(j, w, &c);
	}
	changes_clear(&c);
	return ok;
}

/* --- in the main context --- */

static bool on_done(document_job *j, const GError *error)
{
	edit_job *w = j->data;
	/* A drawn hole need not meet all objects, and not all have right angles. */
	if (!error && w->kept > 0 && w->e.kind != NADIR_EDIT_HOLE && w->e.kind != NADIR_EDIT_SQUARE) {
		g_autofree char *kept = nadir_edit_kept_text(w->kept, w->ids->len);
		nadir_document_notify_user(j->document, kept);
	}
	if (error)
		nadir_document_report(j->document, error);
	else if (w->select->len > 0 && w->e.kind != NADIR_EDIT_RESHAPE)
		nadir_document_select_ids(j->document, (const gint64 *)(const void *)w->select->data, w->select->len);
	return false;
}

static char *step_name(NadirEditKind kind, guint n)
{
	/* Translators: steps in the undo list; %u is a number of objects. */
	static const char *const names[NADIR_N_EDITS] = {[NADIR_EDIT_UNION] = N_("unite %u objects"),
	                                                 [NADIR_EDIT_SUBTRACT] = N_("subtract from object (%u)"),
	                                                 [NADIR_EDIT_INTERSECT] = N_("intersect %u objects"),
	                                                 [NADIR_EDIT_SPLIT] = N_("split (%u)"),
	                                                 [NADIR_EDIT_HOLE] = N_("cut hole (%u)"),
	                                                 [NADIR_EDIT_FILL] = N_("fill holes (%u)"),
	                                                 [NADIR_EDIT_SMOOTH] = N_("smooth (%u)"),
	                                                 [NADIR_EDIT_SIMPLIFY] = N_("simplify (%u)"),
	                                                 [NADIR_EDIT_SQUARE] = N_("right angles (%u)"),
	                                                 [NADIR_EDIT_GROW] = N_("grow or shrink (%u)"),
	                                                 [NADIR_EDIT_MEET] = N_("fill to neighbour (%u)"),
	                                                 [NADIR_EDIT_DUPLICATE] = N_("duplicate (%u)"),
	                                                 [NADIR_EDIT_TRANSFORM] = N_("move or turn (%u)"),
	                                                 [NADIR_EDIT_RESHAPE] = N_("edit vertices (%u)")};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	return g_strdup_printf(_(names[kind]), n);
#pragma GCC diagnostic pop
}

bool nadir_document_can_edit(NadirDocument *d, NadirEditKind kind)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), false);
	return nadir_document_n_selected(d) >= (kind <= NADIR_EDIT_INTERSECT ? 2u : 1u);
}

void nadir_document_edit(NadirDocument *d, const NadirEdit *e)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && e);
	if (!nadir_document_can_edit(d, e->kind)) {
		nadir_document_notify_user(d, e->kind <= NADIR_EDIT_INTERSECT
		                                  ? _("Select two objects or more: hold Shift and click them.")
		                                  : _("No object is selected: select one first."));
		return;
	}
	g_autoptr(GArray) ids = nadir_document_get_selection(d);
	if (e->kind != NADIR_EDIT_DUPLICATE && nadir_document_refuse_locked(d, ids))
		return;
	edit_job *w = g_new0(edit_job, 1);
	w->e = *e;
	w->e.xy = e->xy ? g_memdup2(e->xy, 2 * (gsize)e->n * sizeof *e->xy) : NULL;
	w->e.shape = e->shape ? g_bytes_ref(e->shape) : NULL;
	w->ids = g_steal_pointer(&ids);
	w->select = g_array_new(FALSE, FALSE, sizeof(gint64));
	document_job *j = document_job_new(d, work);
	j->what = step_name(e->kind, w->ids->len);
	j->data = w;
	j->data_free = edit_job_free;
	j->done = on_done;
	document_job_push(j);
}
