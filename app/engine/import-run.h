/* Other tools' objects into a project, for the window and the command line: files are read, their objects placed on
 * the project's images and others that are named, and stored as one step of undo an image. */
#pragma once
#include "render/exchange/import.h"
#include "render/store/project.h"

G_BEGIN_DECLS

typedef struct import_run import_run;

/* Reads the files. images: where a data set's pictures are, or NULL: beside it. */
import_run *import_run_new(const char *const *paths, guint n, const char *images, const char *class_field,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
void import_run_free(import_run *r);
/* Finds the place of every object. p NULL: there is no project yet; more: further images, NULL-terminated, or NULL. */
bool import_run_place(import_run *r, project *p, const char *const *more, void (*progress)(double fraction, void *data),
                      void *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Stores what was placed; all of it or nothing. */
bool import_run_store(import_run *r, project *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What has come of it: objects stored and left out, the images that got some (of char *, borrowed; the array is the
 * caller's), and a report for each file as import_report(). */
guint import_run_count(const import_run *r);
guint import_run_skipped(const import_run *r);
GPtrArray *import_run_images(const import_run *r);
char *import_run_report(const import_run *r, guint file);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(import_run, import_run_free)

G_END_DECLS
