/* Output files that appear whole or not at all: every file of a set is written beside its target under a temporary name
 * and forced to the disk, then all are renamed. Nothing at a target changes before output_set_commit(), and a failure
 * in it puts back what was there. Errors are G_FILE_ERROR with one sentence for the user: which file, why, what to do.
 */
#pragma once
#include <gio/gio.h>
#include <stdbool.h>

G_BEGIN_DECLS

typedef struct output_set output_set;

output_set *output_set_new(void);
void output_set_free(output_set *s); /* not committed: removes the temporary files */
bool output_set_add(output_set *s, const char *path, const void *data, gsize size,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A file that must not be there afterwards, such as a .prj left by an earlier export. */
void output_set_remove(output_set *s, const char *path);
/* Whether a file could be made there, before the work for it is done. */
bool output_check(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* In the order of the calls above. */
bool output_set_commit(output_set *s, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A set of one. */
bool output_write(const char *path, const void *data, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "/a/b.shp: no space left on device; free some space …": for code that writes by other means. */
void output_set_error(GError **error, const char *path, int error_number);
/* A file size limit (ulimit -f) comes back as an error of write(2) from now on, instead of ending the program by
 * SIGXFSZ. */
void output_survive_limits(void);
/* Counts a write for NADIR_FAULT=write:N:enospc (built with -Dfaults=true): true when this one, the N-th, must fail. */
bool output_fault(void);
void output_fault_reset(void); /* counts from 0 again */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(output_set, output_set_free)

G_END_DECLS
