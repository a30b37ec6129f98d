/* What the next objects of a review need, read before they are shown: tiles of this image, and other images' files.
 * Main context only. */
#pragma once
#include "app/canvas/canvas-review.h"
#include "app/document/document-file.h"
#include "app/review/review.h"

G_BEGIN_DECLS

#define REVIEW_AHEAD 5 /* objects */

typedef struct review_ahead review_ahead;
/* changed: another of them is there. */
review_ahead *review_ahead_new(NadirReview *r, NadirCanvas *c, void (*changed)(void *data), void *data);
void review_ahead_free(review_ahead *a);
/* The review or the view has moved. */
void review_ahead_update(review_ahead *a);
/* How many of the next objects are there, and how many there are to come, REVIEW_AHEAD at most. */
guint review_ahead_ready(review_ahead *a, guint *of);
/* The image's file, or NULL when it was not read ahead; borrowed. */
document_file *review_ahead_get(review_ahead *a, gint64 image);
/* Where an image of the project is: as stored, else beside the project. Free with g_free. */
char *review_image_path(NadirReview *r, const char *project_path, gint64 image);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(review_ahead, review_ahead_free)

G_END_DECLS
