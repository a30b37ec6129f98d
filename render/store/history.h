/* The history of a project: undo, redo, and any step of it. */
#pragma once
#include "render/store/project.h"

G_BEGIN_DECLS

/* Undo and redo without limit; the journal outlives the window. They go through the steps of one image, which include
 * those of the classes; 0, as after opening: of all. NULL text when there is nothing. */
void project_set_undo_image(project *p, gint64 image);
const char *project_undo_text(project *p);
const char *project_redo_text(project *p);
/* What is said of a whole image: its caption (message 0), or a person's wording of a reply in a conversation about it,
 * "" for none: as the model said it. */
typedef struct {
	gint64 image, message;
	char *now;
} project_words;
void project_words_free(project_words *t);
/* Changes one, as a step. */
bool project_set_words(project *p, const project_words *t, const char *what, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What a step changed, so that nobody has to read everything again. */
typedef struct {
	gint64 id, image;
	feature *now; /* NULL: it is gone */
} project_change;
typedef struct {
	GPtrArray *objects; /* of project_change */
	GPtrArray *texts;   /* of project_words; NULL: none */
	bool classes;       /* classes changed: their names stand in objects too */
} project_changes;
void project_changes_clear(project_changes *c);
/* changes: filled on success, NULL: not wanted. */
bool project_undo(project *p, project_changes *changes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool project_redo(project *p, project_changes *changes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Deletes a class that objects have, of all images: they become objects of the class `to`, or go with it (0). One step,
 * of the image that undo goes through. */
bool project_dissolve_class(project *p, int id, int to, const char *what, project_changes *changes,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes back this step, the last one that stands, whichever image it is of. */
bool project_undo_step(project *p, gint64 step, project_changes *changes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The steps that undo and redo go through. */
typedef struct {
	gint64 step;
	char *what, *time; /* ISO 8601, UTC */
	bool done;         /* it stands; else it may be redone */
	guint n_changes;   /* of objects and classes */
} project_step;
/* [element-type project_step], newest first */
GPtrArray *project_history(project *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Undoes or redoes until `step` is the last that stands (0: none), in one transaction. */
bool project_go_to(project *p, gint64 step, project_changes *changes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void project_step_free(project_step *s);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(project_changes, project_changes_clear)

G_END_DECLS
