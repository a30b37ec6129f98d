/* The rows of objects in all tables, inside a transaction. Inside render/store only. */
#pragma once
#include "render/store/project-private.h"

G_BEGIN_DECLS

/* o->id and o->class_id are set. put: a row of that id is replaced; add: there is none, which spares looking for it. */
bool project_add_rows(project *p, gint64 image, const feature *o, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool project_put_rows(project *p, gint64 image, const feature *o, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool project_drop_rows(project *p, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Only class, state, caption, attributes and what a review says: the outline is as it was. */
bool project_put_attributes(project *p, const feature *o, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for very many: few statements instead of one an object. No id twice. */
bool project_drop_all_rows(project *p, const gint64 *ids, guint n, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The object as stored, and its image; NULL + error when there is none. */
feature *project_get_rows(project *p, gint64 id, gint64 *image, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Many of them, in the order of ids; `o` is NULL where there is none. */
typedef struct {
	feature *o;
	gint64 image;
} project_object_row;
GArray *project_get_all_rows(project *p, const gint64 *ids, guint n, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool project_no_object(project *p, gint64 id, GError **error); /* says so; always false */
gint64 project_next_id(project *p); /* never one that was given before: undo brings an object back under its own */
/* Attributes as JSON and back, for the journal; the geometry stays apart. */
char *feature_to_json(const feature *o);
feature *feature_from_json(const char *text);

G_END_DECLS
