/* Work on many images of the project by `nadir batch`: the list that it reads, and its results into the project. Main
 * context only. */
#pragma once
#include "app/document/document.h"

G_BEGIN_DECLS

typedef struct {
	bool open_only; /* images that are new or in work */
	bool boxes;     /* with the boxes of their objects, for segment-boxes; images without one are left out */
} NadirBatchList;
/* Writes the images as JSON lines to a file. */
void nadir_document_batch_list_async(NadirDocument *d, const char *path, NadirBatchList which, GAsyncReadyCallback done,
                                     void *data);
/* path (char *) -> id (gint64 *) of those that are in it; NULL + error. */
GHashTable *nadir_document_batch_list_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A result's question and reply as the messages [element-type project_message] of a conversation; NULL: it is none. In
 * the store's thread. */
typedef GPtrArray *(*NadirBatchTalk)(const char *json);
/* What `nadir batch` has written for an image: its objects (result with ".pixel.geojson" instead of ".json") as one
 * step of undo, or its text: as a conversation about the image when there is a `talk`, else as caption where there is
 * none yet. run: what the run is called; one image's result is taken once a run, so that a run that goes on after a
 * restart doubles nothing. */
void nadir_document_batch_take_async(NadirDocument *d, gint64 image, const char *image_path, const char *result,
                                     const char *run, NadirBatchTalk talk, GAsyncReadyCallback done, void *data);
/* How many objects; -1: a caption or a conversation; -2: taken before, or nothing to take; < -2 with an error. */
int nadir_document_batch_take_finish(GAsyncResult *result, GError **error);

G_END_DECLS
