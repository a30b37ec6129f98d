/* What the project's files share. */
#pragma once
#include "render/geometry/place.h"
#include "render/store/history.h"

#include <gdal.h>
#include <sys/stat.h>

G_BEGIN_DECLS

/* An image as far as placing its objects needs it. */
typedef struct {
	gint64 id;
	georef *ref;
	double spacing; /* of extra vertices on the way to longitude and latitude */
	char *label;    /* the objects' `image`: file name # fingerprint */
} project_place;

struct project {
	char *path;
	GDALDatasetH ds;         /* NULL only after a failed reopening */
	int lock;                /* descriptor of the side file that holds the lock; -1 when read-only */
	struct stat opened;      /* the file that was opened: by the time of a change its name may mean another one */
	bool read_only, logging; /* logging: the file keeps a write-ahead log, from the first change on */
	guint depth;             /* of transactions */
	bool broken;             /* a part of the transaction failed */
	int version;             /* of the file: below PROJECT_SCHEMA only where it may not be written */
	GHashTable *places;      /* gint64 -> project_place */
	char *undo_text, *redo_text;
	gint64 undo_image; /* undo goes through its steps; 0: through all */
};

/* --- project-sql.c: the data set as a database --- */
/* Calls `each` (NULL: nobody) with every row of the answer; ends early when it says false. False when it failed: GDAL's
 * last message says why. */
typedef bool (*project_row)(OGRFeatureH row, void *data);
bool project_execute(GDALDatasetH ds, const char *sql, project_row each, void *data);
/* Runs a statement. The GError is PROJECT_ERROR_WRITE with a way out. */
bool project_run(project *p, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4) G_GNUC_WARN_UNUSED_RESULT;
char *project_quote(const char *text); /* 'it''s' for a statement; free with g_free */
/* First value of the first row; NULL when there is none. Free with g_free. */
char *project_text(project *p, const char *format, ...) G_GNUC_PRINTF(2, 3);
gint64 project_number(project *p, gint64 otherwise, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* As project_execute; PROJECT_ERROR_CORRUPT when the query fails. */
bool project_select(project *p, project_row each, void *data, GError **error, const char *format, ...)
	G_GNUC_PRINTF(5, 6) G_GNUC_WARN_UNUSED_RESULT;
/* From GDAL's last message. Always false. */
bool project_failed(project *p, GError **error);
OGRLayerH project_layer(project *p, const char *name);
char *row_text(OGRFeatureH row, int field); /* new text, "" for NULL */
char *project_now(void);                    /* ISO 8601, UTC, milliseconds */

/* --- project.c: the data set, or NULL; then the settings for changes, which write to the file --- */
GDALDatasetH project_connect(const char *path, bool read_only);
void project_prepare(project *p);
/* Without a lock, whether it may be written or not. */
project *project_open_to_read(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- project-schema.c --- */
/* Makes a new project file; there is nothing at the path. */
bool project_schema_create(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After opening: is it whole, is it a project, is it of a version that can be read; an older one is brought to this
 * version where it may be written. */
bool project_schema_check(project *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- project-lock.c --- */
/* The lock that one project has one window; it dies with the process. -1 + error. */
int project_lock(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void project_unlock(const char *path, int lock);
bool project_has_lock(const project *p, const char *path); /* that of a project at this path is its own */
bool project_is_in_place(const project *p);                /* the path still names the file that was opened */

/* --- project-images.c, project-classes.c: inside a transaction --- */
const project_place *project_place_of(project *p, gint64 image, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* area_m2 from the outline and the image's georeference. */
void project_set_area(project *p, gint64 image, feature *o);
void project_place_free(project_place *place);
/* Finds the class or adds it, as a row of journal step `step` (0: no step). 0 on error. */
int project_class_in_transaction(project *p, gint64 step, const char *what, const char *name,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* As the journal had it, before or after a step; NULL: there is none of that id then. */
bool project_class_restore(project *p, int id, const char *json, GError **error) G_GNUC_WARN_UNUSED_RESULT;
int project_class_id_of(const char *json);
/* As a row of step `step` of this image (0: of all). */
bool project_class_drop(project *p, gint64 step, gint64 image, int id, const char *what,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *project_class_to_json(project *p, int id); /* as the journal has it; NULL when there is none */
char *project_class_name(project *p, int id);    /* NULL when there is none */
bool project_write_styles(project *p, GError **error) G_GNUC_WARN_UNUSED_RESULT; /* the colours for QGIS, both layers */

/* --- project-journal.c: inside a transaction --- */
/* One change as a row of step `step`. An object: its attributes as JSON with its outline; a class or a text: object 0,
 * JSON without outline. before or after NULL: it was made or deleted. Both without outline: it stayed. */
typedef struct {
	gint64 image, object;
	const char *before, *after;
	GBytes *before_geom, *after_geom;
} project_edit;
bool project_journal_add(project *p, gint64 step, const char *what, const project_edit *edit,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A new step; what was undone can no longer be redone. 0 on error. */
gint64 project_journal_step(project *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void project_journal_refresh(project *p);  /* undo and redo texts */
GPtrArray *project_changes_new_list(void); /* of project_change */

G_END_DECLS
