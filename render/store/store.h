/* The thread that owns a project, so that no main loop waits for a disk. Jobs run in it one after the other in the
 * order they were given, and the main context is told of each in the same order. A job whose telling has no error has
 * committed: kill -9 afterwards loses nothing. All functions belong to the main context that store_new() was called
 * in, but for store_await_closing(). */
#pragma once
#include "render/store/project.h"

G_BEGIN_DECLS

typedef struct store store;

/* What the project said after the last job that was told of. */
typedef struct {
	char *path;        /* NULL: there is no project yet */
	char *undo, *redo; /* texts of the next step back and forth; NULL: none */
	bool read_only;
} store_info;

store *store_new(project *p); /* takes it; NULL: none yet */
const store_info *store_get_info(const store *s);
guint store_pending(const store *s); /* jobs that were given and not told of yet */

/* In the store's thread. *p NULL: there is no project; the job may make one and leave it in *p. */
typedef bool (*store_work)(project **p, void *data, GError **error);
/* In the main context; error NULL: it is done and committed. Owns data from here on. */
typedef void (*store_done)(const GError *error, void *data);
void store_push(store *s, store_work work, store_done done, void *data);

/* After the jobs given so far: folds the journal in, gives up the project's lock, frees s, then calls closed (NULL:
 * nobody). */
void store_close(store *s, void (*closed)(void *data), void *data);
/* The same at once: blocks. No job may be pending. */
void store_free(store *s);
/* Blocks while stores of this process are closing: what is opened again must find its lock free. Not in the main
 * context. */
void store_await_closing(void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(store, store_free)

G_END_DECLS
