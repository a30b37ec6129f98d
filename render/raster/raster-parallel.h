/* The same work on many pieces by several threads. Inside render/raster only. */
#pragma once
#include <gio/gio.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define RASTER_LARGE_PIXELS (600 * 600) /* areas at least so large are worth several threads */

/* Threads that decode at once: as many as the machine has, four at most (more than that wait for the disk). */
int raster_threads(void);

/* Does piece 0 … n - 1, in this order, each by one of up to `threads` threads, one of them the caller's. work returns
 * false and sets *error where it fails: no further piece is begun, and the first error comes back. `n` pieces must be
 * independent of each other. */
typedef bool (*raster_work)(int piece, void *data, GError **error);
bool raster_parallel(int n, int threads, raster_work work, void *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
