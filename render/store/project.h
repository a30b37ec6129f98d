/* A project: one GeoPackage written through OGR, the truth of an analyst's work (design.md section 5). Every change is
 * one transaction with its undo row; a function that returned true has committed, so kill -9 afterwards loses nothing.
 * Threads: one thread owns a project (the window's is the store's, app/engine/store.h); it may be handed over. */
#pragma once
#include "render/geometry/feature.h"
#include "render/geometry/georef.h"

G_BEGIN_DECLS

#define PROJECT_ERROR (project_error_quark())
GQuark project_error_quark(void);
typedef enum {
	PROJECT_ERROR_OPEN,    /* not there, no project, locked by another window */
	PROJECT_ERROR_VERSION, /* made by a newer Nadir */
	PROJECT_ERROR_CORRUPT,
	PROJECT_ERROR_WRITE,  /* full disk, no permission: nothing was changed, the message says what to do */
	PROJECT_ERROR_IN_USE, /* a class that objects have: project_dissolve_class() */
} project_error;

typedef struct project project;

/* The default place: IMAGE.nadir.gpkg beside the image, or in the user's data folder when that is not writable. Free
 * with g_free. */
char *project_default_path(const char *image_path);
/* Whether a .gpkg is a project (has nadir_meta). */
bool project_is_project(const char *path);
project *project_create(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT; /* refuses to overwrite */
project *project_open(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A project whose file or folder may not be written opens for reading: every change is then PROJECT_ERROR_WRITE, Save
 * As works. */
bool project_is_read_only(const project *p);
/* What can be read of a project that project_open() found damaged, for reading only and from a copy that is gone once
 * it is closed: Save As makes it a repaired project. *what: what is there and what is lost, a sentence; g_free. */
project *project_salvage(const char *path, char **what, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void project_close(project *p); /* checkpoint, journal_mode=DELETE; readable by any tool afterwards */
const char *project_path(const project *p);
/* Writes the whole project to another place by rename and goes on there. */
bool project_save_as(project *p, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Changes between the two are one transaction; end commits when ok and no part failed: it returns what happened. */
bool project_begin(project *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool project_end(project *p, bool ok, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Images. Adds the image or finds it again by path or fingerprint; its georef makes the map view. Returns its id or 0.
 */
gint64 project_add_image(project *p, const raster_info *info, const georef *g,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Per-image text settings (view, style): key-value, not part of undo. */
bool project_set_image_setting(project *p, gint64 image, const char *key, const char *value,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *project_get_image_setting(project *p, gint64 image, const char *key); /* free with g_free; NULL when not set */
typedef struct {
	gint64 id;
	char *path, *fingerprint;
	int width, height;
} project_image;
GPtrArray *project_images(project *p, GError **error) G_GNUC_WARN_UNUSED_RESULT; /* [element-type project_image] */
/* Where the image is now: as stored, else beside the project (both were moved), else by its contents below or around
 * the two places (it was renamed). Reads files; free with g_free; NULL + error. */
char *project_find_image(project *p, const project_image *image, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
	int id; /* 1.. */
	char *name;
	char color[8]; /* #rrggbb, from a colour-blind-safe set */
	int pattern;   /* outline: 0 solid, 1 dashes, 2 dots, 3 dash-dot … */
	int key;       /* 1..9, 0; -1 none */
	int parent;    /* the class that it is a kind of; 0: none */
	char *fields;  /* what it asks of its objects (attributes.h); NULL or "": nothing */
} project_class;
GPtrArray *project_classes(project *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Changes of classes are steps of undo named `what`; with NULL they are not.
 * Finds a class by name or adds it with the next free colour, pattern and key; 0 on error. */
int project_class_for(project *p, const char *name, const char *what, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes classes kinds of others: child, parent, child, parent … by name, parents are added where there is none. One
 * that has a parent already, or would become a kind of itself, stays as it is. */
bool project_set_parents(project *p, GPtrArray *pairs, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool project_update_class(project *p, const project_class *c, const char *what,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Only a class that no object has, else PROJECT_ERROR_IN_USE. */
bool project_delete_class(project *p, int id, const char *what, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Objects. `what` names the step in the undo list ("accept airplane"). By id, image 0: all; one; those of these that
 * there are, in their order [element-type feature]. */
GPtrArray *project_objects(project *p, gint64 image, GError **error) G_GNUC_WARN_UNUSED_RESULT;
feature *project_object(project *p, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *project_objects_of(project *p, const gint64 *ids, guint n, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool project_insert(project *p, gint64 image, feature *o, const char *what,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT; /* sets o->id, times */
bool project_update(project *p, const feature *o, const char *what, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Several at once, one undo step. */
bool project_delete(project *p, const gint64 *ids, guint n, const char *what, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool project_replace(project *p, gint64 image, const gint64 *remove, guint n_remove, feature **add, guint n_add,
                     const char *what, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Changed, deleted and new ones together, one undo step; no id twice; the new ones get their ids. */
typedef struct {
	feature **update;
	guint n_update;
	const gint64 *remove;
	guint n_remove;
	feature **add;
	guint n_add;
} project_batch;
bool project_apply(project *p, gint64 image, const project_batch *b, const char *what,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

void project_image_free(project_image *i);
void project_class_free(project_class *c);
project_class *project_class_copy(const project_class *c);
/* In a list of classes: the one of that id, or NULL; whether c is `id` or a kind of it, at any depth; all names from
 * the topmost down, with "/" between them (one in a name is written "\\/"), g_free; what c and those above it ask of an
 * object, the topmost first [element-type attribute_field]. */
project_class *project_class_by_id(GPtrArray *classes, int id);
bool project_class_is_below(GPtrArray *classes, const project_class *c, int id);
char *project_class_path(GPtrArray *classes, const project_class *c);
GPtrArray *project_class_fields(GPtrArray *classes, const project_class *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(project, project_close)

G_END_DECLS
