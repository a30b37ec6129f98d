/* A document's objects to other tools' files. Main context only. */
#pragma once
#include "app/document/document.h"
#include "render/exchange/tiles.h"

G_BEGIN_DECLS

typedef struct {
	double simplify; /* as export_job */
	int epsg;
	int *permille; /* NULL, or of g_atomic_rc_box_new(): how far it is, 0 … 1000, for g_atomic_int_get() */
} NadirExportPlan;
/* All objects to a file whose name says the format, off the main loop; report as export_write(). */
void nadir_document_export_async(NadirDocument *d, const char *path, const NadirExportPlan *plan, GCancellable *cancel,
                                 GAsyncReadyCallback done, void *data);
/* The image, or all of the project's, as tiles into a folder (render/exchange/tiles.h), one image after the other, so
 * that edits go on meanwhile. The report says how many. Finish as above. */
void nadir_document_export_tiles_async(NadirDocument *d, const char *folder, const tile_plan *tiles, bool all_images,
                                       int *permille, GCancellable *cancel, GAsyncReadyCallback done, void *data);
char *nadir_document_export_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What each format cannot hold of them, as export_losses_each(). */
void nadir_document_losses_async(NadirDocument *d, GCancellable *cancel, GAsyncReadyCallback done, void *data);
GPtrArray *nadir_document_losses_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
