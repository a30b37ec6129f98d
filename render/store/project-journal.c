/* Undo and redo. A step is one or more rows of `edits` with the objects before and after; `state` says whether it
 * stands (done), may be redone (undone) or was overtaken by another edit (dropped, kept for audit). */
#include "render/geometry/gdal-session.h"
#include "render/store/project-private.h"

#include <glib/gi18n-lib.h>

static void set_side(OGRFeatureH f, const char *row_field, const char *geom_field, const char *row, GBytes *geom)
{
	gsize size = 0;
	const void *data = geom ? g_bytes_get_data(geom, &size) : NULL;
	if (row)
		OGR_F_SetFieldString(f, OGR_F_GetFieldIndex(f, row_field), row);
	if (data)
		OGR_F_SetFieldBinary(f, OGR_F_GetFieldIndex(f, geom_field), (int)size, data);
}

static bool add(project *p, gint64 step, const char *what, const project_edit *edit)
{
	OGRLayerH layer = project_layer(p, "edits");
	g_autofree char *now = project_now();
	if (!layer)
		return false;
	OGRFeatureH f = OGR_F_Create(OGR_L_GetLayerDefn(layer));
	OGR_F_SetFieldInteger64(f, OGR_F_GetFieldIndex(f, "step"), step);
	OGR_F_SetFieldString(f, OGR_F_GetFieldIndex(f, "what"), what ? what : "");
	OGR_F_SetFieldInteger64(f, OGR_F_GetFieldIndex(f, "image_id"), edit->image);
	OGR_F_SetFieldInteger64(f, OGR_F_GetFieldIndex(f, "object_id"), edit->object);
	set_side(f, "before_row", "before_geom", edit->before, edit->before_geom);
	set_side(f, "after_row", "after_geom", edit->after, edit->after_geom);
	OGR_F_SetFieldString(f, OGR_F_GetFieldIndex(f, "state"), "done");
	OGR_F_SetFieldString(f, OGR_F_GetFieldIndex(f, "time"), now);
	OGRErr err = OGR_L_CreateFeature(layer, f);
	OGR_F_Destroy(f);
	return err == OGRERR_NONE;
}

bool project_journal_add(project *p, gint64 step, const char *what, const project_edit *edit, GError **error)
{
	gdal_session_begin();
	bool ok = add(p, step, what, edit) || project_failed(p, error);
	gdal_session_end();
	return ok;
}

gint64 project_journal_step(project *p, GError **error)
{
	if (!project_run(p, error, "UPDATE edits SET state = 'dropped' WHERE state = 'undone'"))
		return 0;
	return project_number(p, 0, "SELECT max(step) FROM edits") + 1;
}

void project_journal_refresh(project *p)
{
	g_free(p->undo_text);
	g_free(p->redo_text);
	p->undo_text = project_text(p, "SELECT what FROM edits WHERE state = 'done' ORDER BY step DESC LIMIT 1");
	p->redo_text = project_text(p, "SELECT what FROM edits WHERE state = 'undone' ORDER BY step LIMIT 1");
}

const char *project_undo_text(project *p)
{
	return p->undo_text;
}

const char *project_redo_text(project *p)
{
	return p->redo_text;
}

/* A row of a step as it is to be applied. */
typedef struct {
	gint64 object, image;
	int class_id;    /* of a class's row */
	char *class_row; /* NULL: the class is to go */
	feature *target; /* NULL: the object is to go */
} change;

static void change_free(gpointer data)
{
	change *c = data;
	feature_free(c->target);
	g_free(c->class_row);
	g_free(c);
}

static void read_class(OGRFeatureH row, change *c)
{
	g_autofree char *other = row_text(row, 4);
	c->class_row = OGR_F_IsFieldSetAndNotNull(row, 2) ? row_text(row, 2) : NULL;
	c->class_id = project_class_id_of(c->class_row ? c->class_row : other);
}

static bool read_change(OGRFeatureH row, void *data)
{
	change *c = g_new0(change, 1);
	int size = 0;
	c->object = OGR_F_GetFieldAsInteger64(row, 0);
	c->image = OGR_F_GetFieldAsInteger64(row, 1);
	if (c->object == 0) {
		read_class(row, c);
	} else if (OGR_F_IsFieldSetAndNotNull(row, 2)) {
		const GByte *geometry = OGR_F_GetFieldAsBinary(row, 3, &size);
		c->target = feature_from_json(OGR_F_GetFieldAsString(row, 2));
		if (OGR_F_IsFieldSetAndNotNull(row, 3))
			c->target->px_geom = g_bytes_new(geometry, (gsize)MAX(size, 0));
	}
	g_ptr_array_add(data, c);
	return true;
}

/* A class may have got another name since. */
static void name_class(project *p, feature *o)
{
	char *name = project_class_name(p, o->class_id);
	if (name) {
		g_free(o->class_name);
		o->class_name = name;
	}
}

/* The outline stayed in this step: so it does now. */
static bool apply_attributes(project *p, change *c, GError **error)
{
	gint64 image;
	g_autoptr(feature) now = project_get_rows(p, c->object, &image, error);
	if (!now)
		return false;
	c->target->px_geom = g_bytes_ref(now->px_geom);
	return project_put_attributes(p, c->target, error);
}

static bool apply(project *p, change *c, GError **error)
{
	if (c->object == 0)
		return project_class_restore(p, c->class_id, c->class_row, error);
	if (!c->target)
		return project_drop_rows(p, c->object, error);
	name_class(p, c->target);
	if (!c->target->px_geom)
		return apply_attributes(p, c, error);
	project_set_area(p, c->image, c->target); /* and the image another georeference */
	return project_put_rows(p, c->image, c->target, error);
}

static bool apply_step(project *p, gint64 step, bool forward, GPtrArray *changes, GError **error)
{
	const char *side = forward ? "after" : "before", *other = forward ? "before" : "after";
	if (!project_select(p, read_change, changes, error,
	                    "SELECT object_id, image_id, %s_row, %s_geom, %s_row FROM edits WHERE step = %" G_GINT64_FORMAT
	                    " ORDER BY id %s",
	                    side, side, other, step, forward ? "ASC" : "DESC"))
		return false;
	for (guint i = 0; i < changes->len; i++)
		if (!apply(p, g_ptr_array_index(changes, i), error))
			return false;
	return project_run(p, error, "UPDATE edits SET state = '%s' WHERE step = %" G_GINT64_FORMAT,
	                   forward ? "done" : "undone", step);
}

static void project_change_free(gpointer data)
{
	project_change *c = data;
	feature_free(c->now);
	g_free(c);
}

GPtrArray *project_changes_new_list(void)
{
	return g_ptr_array_new_with_free_func(project_change_free);
}

void project_changes_clear(project_changes *c)
{
	g_clear_pointer(&c->objects, g_ptr_array_unref);
	c->classes = false;
}

static void tell(project_changes *out, GPtrArray *changes)
{
	*out = (project_changes){.objects = project_changes_new_list()};
	for (guint i = 0; i < changes->len; i++) {
		change *c = changes->pdata[i];
		if (c->object == 0) {
			out->classes = true;
			continue;
		}
		project_change *told = g_new0(project_change, 1);
		*told = (project_change){c->object, c->image, g_steal_pointer(&c->target)};
		g_ptr_array_add(out->objects, told);
	}
}

static bool move(project *p, bool forward, project_changes *out, GError **error)
{
	g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(change_free);
	gint64 step = forward ? project_number(p, 0, "SELECT min(step) FROM edits WHERE state = 'undone'")
	                      : project_number(p, 0, "SELECT max(step) FROM edits WHERE state = 'done'");
	if (step == 0) {
		g_set_error_literal(error, PROJECT_ERROR, PROJECT_ERROR_WRITE,
		                    forward ? _("There is nothing to redo.") : _("There is nothing to undo."));
		return false;
	}
	if (!project_begin(p, error) || !project_end(p, apply_step(p, step, forward, changes, error), error))
		return false;
	if (out)
		tell(out, changes);
	return true;
}

bool project_undo(project *p, project_changes *changes, GError **error)
{
	return move(p, false, changes, error);
}

bool project_redo(project *p, project_changes *changes, GError **error)
{
	return move(p, true, changes, error);
}
