/* The project's images as a list model: items are made when a row asks for them and forgotten with it, so that a
 * hundred thousand images are an array of what the project says. Main context only. */
#pragma once
#include "render/store/images.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define NADIR_TYPE_IMAGE_ITEM (nadir_image_item_get_type())
G_DECLARE_FINAL_TYPE(NadirImageItem, nadir_image_item, NADIR, IMAGE_ITEM, GObject)
const image_entry *nadir_image_item_get_entry(NadirImageItem *item); /* borrowed */

#define NADIR_TYPE_IMAGE_LIST (nadir_image_list_get_type())
G_DECLARE_FINAL_TYPE(NadirImageList, nadir_image_list, NADIR, IMAGE_LIST, GObject)
NadirImageList *nadir_image_list_new(void);
void nadir_image_list_set_entries(NadirImageList *l, GPtrArray *entries);     /* takes it; of image_entry */
void nadir_image_list_update(NadirImageList *l, image_entry *e);              /* takes it: replaces the one of its id */
void nadir_image_list_set_filter(NadirImageList *l, const image_filter *f);   /* copied */
guint nadir_image_list_get_total(NadirImageList *l);                          /* without the filter */
bool nadir_image_list_find(NadirImageList *l, gint64 image, guint *position); /* among those that pass */
const image_entry *nadir_image_list_get(NadirImageList *l, gint64 image);     /* borrowed; NULL: there is none */
/* The next one in a direction (+1, -1) from an image, which need not pass the filter; unreviewed: neither done nor
 * flagged. 0: none. */
gint64 nadir_image_list_step(NadirImageList *l, gint64 from, int step, bool unreviewed);

G_END_DECLS
