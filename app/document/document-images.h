/* The images of a document's project. Reading and adding are jobs of the store's thread. Main context only. */
#pragma once
#include "app/document/document.h"
#include "render/store/images.h"

G_BEGIN_DECLS

/* image 0: all; -1: the one that is shown. An empty array while there is no project. */
void nadir_document_read_images_async(NadirDocument *d, gint64 image, GCancellable *cancel, GAsyncReadyCallback done,
                                      void *data);
/* [element-type image_entry]; shown: the id of the image that is shown, 0: not in the project yet. */
GPtrArray *nadir_document_read_images_finish(GAsyncResult *result, gint64 *shown, GError **error);
/* Where an image of the project is now, as project_find_image(). */
void nadir_document_find_image_async(NadirDocument *d, gint64 image, GCancellable *cancel, GAsyncReadyCallback done,
                                     void *data);
char *nadir_document_find_image_finish(GAsyncResult *result, GError **error);
/* Puts images into the project, which begins with that when there is none yet: paths of pictures, folders, patterns,
 * lists and data sets as image_list_read() knows them. Finishes with how many are new, or -1 and an error. */
void nadir_document_add_images_async(NadirDocument *d, const char *const *sources, GAsyncReadyCallback done,
                                     void *data);
int nadir_document_add_images_finish(GAsyncResult *result, GError **error);
/* image_state IMAGE_STATES: by its objects. An error is told as of any other change. */
void nadir_document_set_image_state(NadirDocument *d, gint64 image, image_state state);

/* The project of a folder or data set: SOURCE/NAME.nadir.gpkg (beside a list), made with its images or completed with
 * those that are new. Blocks: for a thread. Free with g_free; NULL + error. */
char *nadir_project_of_folder(const char *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
