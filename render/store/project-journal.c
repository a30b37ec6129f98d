/* Undo and redo. A step is one or more rows of `edits` with the objects before and after; `state` says whether it
 * stands (done), may be redone (undone) or was overtaken by another edit (dropped, kept for audit). */
#include "render/geometry/gdal-session.h"
#include "render/store/project-private.h"

#include <glib/gi18n-lib.h>

static void set_side(OGRFeatureH f, const char *row_field, const char *geom_field, const feature *o)
{
	gsize size;
	if (!o)
		return;
	g_autofree char *row = feature_to_json(o);
	const void *data = g_bytes_get_data(o->px_geom, &size);
	OGR_F_SetFieldString(f, OGR_F_GetFieldIndex(f, row_field), row);
	OGR_F_SetFieldBinary(f, OGR_F_GetFieldIndex(f, geom_field), (int)size, data);
}

static bool add(project *p, gint64 step, const char *what, gint64 image, const feature *before, const feature *after)
{
	OGRLayerH layer = project_layer(p, "edits");
	g_autofree char *now = project_now();
	if (!layer)
		return false;
	OGRFeatureH f = OGR_F_Create(OGR_L_GetLayerDefn(layer));
	OGR_F_SetFieldInteger64(f, OGR_F_GetFieldIndex(f, "step"), step);
	OGR_F_SetFieldString(f, OGR_F_GetFieldIndex(f, "what"), what ? what : "");
	OGR_F_SetFieldInteger64(f, OGR_F_GetFieldIndex(f, "image_id"), image);
	OGR_F_SetFieldInteger64(f, OGR_F_GetFieldIndex(f, "object_id"), before ? before->id : after->id);
	set_side(f, "before_row", "before_geom", before);
	set_side(f, "after_row", "after_geom", after);
	OGR_F_SetFieldString(f, OGR_F_GetFieldIndex(f, "state"), "done");
	OGR_F_SetFieldString(f, OGR_F_GetFieldIndex(f, "time"), now);
	OGRErr err = OGR_L_CreateFeature(layer, f);
	OGR_F_Destroy(f);
	return err == OGRERR_NONE;
}

bool project_journal_add(project *p, gint64 step, const char *what, gint64 image, const feature *before,
                         const feature *after, GError **error)
{
	gdal_session_begin();
	bool ok = add(p, step, what, image, before, after) || project_failed(p, error);
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

typedef struct {
	gint64 object, image;
	feature *target; /* NULL: the object is to go */
} change;

static void change_free(gpointer data)
{
	change *c = data;
	feature_free(c->target);
	g_free(c);
}

static bool read_change(OGRFeatureH row, void *data)
{
	change *c = g_new0(change, 1);
	int size = 0;
	c->object = OGR_F_GetFieldAsInteger64(row, 0);
	c->image = OGR_F_GetFieldAsInteger64(row, 1);
	if (OGR_F_IsFieldSetAndNotNull(row, 2)) {
		const GByte *geometry = OGR_F_GetFieldAsBinary(row, 3, &size);
		c->target = feature_from_json(OGR_F_GetFieldAsString(row, 2));
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

static bool apply(project *p, change *c, GError **error)
{
	if (!c->target)
		return project_drop_rows(p, c->object, error);
	name_class(p, c->target);
	project_set_area(p, c->image, c->target); /* and the image another georeference */
	return project_put_rows(p, c->image, c->target, error);
}

static bool apply_step(project *p, gint64 step, bool forward, GError **error)
{
	g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(change_free);
	const char *side = forward ? "after" : "before";
	if (!project_select(p, read_change, changes, error,
	                    "SELECT object_id, image_id, %s_row, %s_geom FROM edits WHERE step = %" G_GINT64_FORMAT
	                    " ORDER BY id %s",
	                    side, side, step, forward ? "ASC" : "DESC"))
		return false;
	for (guint i = 0; i < changes->len; i++)
		if (!apply(p, g_ptr_array_index(changes, i), error))
			return false;
	return project_run(p, error, "UPDATE edits SET state = '%s' WHERE step = %" G_GINT64_FORMAT,
	                   forward ? "done" : "undone", step);
}

static bool move(project *p, bool forward, GError **error)
{
	gint64 step = forward ? project_number(p, 0, "SELECT min(step) FROM edits WHERE state = 'undone'")
	                      : project_number(p, 0, "SELECT max(step) FROM edits WHERE state = 'done'");
	if (step == 0) {
		g_set_error_literal(error, PROJECT_ERROR, PROJECT_ERROR_WRITE,
		                    forward ? _("There is nothing to redo.") : _("There is nothing to undo."));
		return false;
	}
	return project_begin(p, error) && project_end(p, apply_step(p, step, forward, error), error);
}

bool project_undo(project *p, GError **error)
{
	return move(p, false, error);
}

bool project_redo(project *p, GError **error)
{
	return move(p, true, error);
}
