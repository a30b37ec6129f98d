/* Small pictures of image files, made in background threads, newest wish first, and kept in the cache folder, which may
 * be deleted at any time. Main context only. */
#pragma once
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define THUMBNAIL_SIDE 96 /* px, the longer side */

typedef struct thumbnails thumbnails;
thumbnails *thumbnails_new(void);
void thumbnails_free(thumbnails *t);
/* Shows the picture of a file once it is there; until then, and when there is none, nothing. Another wish of the same
 * widget takes the place of the one before. Remote images get none: scrolling must not load the network. */
void thumbnails_show(thumbnails *t, GtkPicture *picture, const char *path);
void thumbnails_forget(thumbnails *t, GtkPicture *picture); /* its wish is dropped, also while it is read */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(thumbnails, thumbnails_free)

G_END_DECLS
