#include "app/document/image-list.h"

#include <string.h>

/* --- one that a row shows --- */

struct _NadirImageItem {
	GObject parent_instance;
	GPtrArray *entries; /* keeps the entry */
	const image_entry *entry;
};

G_DEFINE_FINAL_TYPE(NadirImageItem, nadir_image_item, G_TYPE_OBJECT)

static void nadir_image_item_finalize(GObject *object)
{
	g_ptr_array_unref(NADIR_IMAGE_ITEM(object)->entries);
	G_OBJECT_CLASS(nadir_image_item_parent_class)->finalize(object);
}

static void nadir_image_item_class_init(NadirImageItemClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = nadir_image_item_finalize;
}

static void nadir_image_item_init(NadirImageItem *self)
{
}

const image_entry *nadir_image_item_get_entry(NadirImageItem *item)
{
	g_return_val_if_fail(NADIR_IS_IMAGE_ITEM(item), NULL);
	return item->entry;
}

/* --- the list --- */

struct _NadirImageList {
	GObject parent_instance;
	GPtrArray *entries;  /* of image_entry, in the project's order */
	GArray *shown;       /* of guint: places in entries */
	GHashTable *by_id;   /* gint64 in the entry -> place + 1 */
	image_filter filter; /* owns its text */
	char *text;
};

static GType get_item_type(GListModel *model)
{
	return NADIR_TYPE_IMAGE_ITEM;
}

static guint get_n_items(GListModel *model)
{
	return NADIR_IMAGE_LIST(model)->shown->len;
}

static gpointer get_item(GListModel *model, guint position)
{
	NadirImageList *self = NADIR_IMAGE_LIST(model);
	if (position >= self->shown->len)
		return NULL;
	NadirImageItem *item = g_object_new(NADIR_TYPE_IMAGE_ITEM, NULL);
	item->entries = g_ptr_array_ref(self->entries);
	item->entry = self->entries->pdata[g_array_index(self->shown, guint, position)];
	return item;
}

static void list_model_init(GListModelInterface *iface)
{
	iface->get_item_type = get_item_type;
	iface->get_n_items = get_n_items;
	iface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE(NadirImageList, nadir_image_list, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(G_TYPE_LIST_MODEL, list_model_init))

static void nadir_image_list_finalize(GObject *object)
{
	NadirImageList *self = NADIR_IMAGE_LIST(object);
	g_ptr_array_unref(self->entries);
	g_array_unref(self->shown);
	g_hash_table_unref(self->by_id);
	g_free(self->text);
	G_OBJECT_CLASS(nadir_image_list_parent_class)->finalize(object);
}

static void nadir_image_list_class_init(NadirImageListClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = nadir_image_list_finalize;
}

static void nadir_image_list_init(NadirImageList *self)
{
	self->entries = g_ptr_array_new_with_free_func((GDestroyNotify)image_entry_free);
	self->shown = g_array_new(FALSE, FALSE, sizeof(guint));
	self->by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
	self->filter = (image_filter)IMAGE_FILTER_ALL;
}

NadirImageList *nadir_image_list_new(void)
{
	return g_object_new(NADIR_TYPE_IMAGE_LIST, NULL);
}

static void choose(NadirImageList *self)
{
	const guint before = self->shown->len;
	g_array_set_size(self->shown, 0);
	for (guint i = 0; i < self->entries->len; i++)
		if (image_entry_matches(self->entries->pdata[i], &self->filter))
			g_array_append_val(self->shown, i);
	g_list_model_items_changed(G_LIST_MODEL(self), 0, before, self->shown->len);
}

static void index_entries(NadirImageList *self)
{
	g_hash_table_remove_all(self->by_id);
	for (guint i = 0; i < self->entries->len; i++)
		g_hash_table_insert(self->by_id, &((image_entry *)self->entries->pdata[i])->id, GUINT_TO_POINTER(i + 1));
}

void nadir_image_list_set_entries(NadirImageList *self, GPtrArray *entries)
{
	g_return_if_fail(NADIR_IS_IMAGE_LIST(self) && entries);
	g_hash_table_remove_all(self->by_id); /* its keys lie in the entries */
	g_ptr_array_unref(self->entries);
	self->entries = entries;
	index_entries(self);
	choose(self);
}

static bool place_of(NadirImageList *self, gint64 image, guint *place)
{
	*place = GPOINTER_TO_UINT(g_hash_table_lookup(self->by_id, &image)) - 1;
	return *place != G_MAXUINT;
}

/* Where a place is, or would be, among those that are shown. */
static guint lower_bound(NadirImageList *self, guint place)
{
	guint low = 0, high = self->shown->len;
	while (low < high) {
		const guint mid = low + (high - low) / 2;
		if (g_array_index(self->shown, guint, mid) < place)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool nadir_image_list_find(NadirImageList *self, gint64 image, guint *position)
{
	guint place;
	g_return_val_if_fail(NADIR_IS_IMAGE_LIST(self), false);
	if (!place_of(self, image, &place))
		return false;
	*position = lower_bound(self, place);
	return *position < self->shown->len && g_array_index(self->shown, guint, *position) == place;
}

/* The row stays where it is, whether it still passes or not: work on an image must not take it out of sight. */
void nadir_image_list_update(NadirImageList *self, image_entry *e)
{
	guint place, position;
	g_return_if_fail(NADIR_IS_IMAGE_LIST(self) && e);
	if (!place_of(self, e->id, &place)) {
		image_entry_free(e);
		return;
	}
	image_entry *now = self->entries->pdata[place], old = *now;
	*now = *e; /* items point to it */
	*e = old;
	image_entry_free(e);
	if (nadir_image_list_find(self, now->id, &position))
		g_list_model_items_changed(G_LIST_MODEL(self), position, 1, 1);
}

void nadir_image_list_set_filter(NadirImageList *self, const image_filter *f)
{
	g_return_if_fail(NADIR_IS_IMAGE_LIST(self) && f);
	char *text = f->text && *f->text ? image_fold(f->text) : NULL;
	self->filter = *f;
	g_free(self->text);
	self->filter.text = self->text = text;
	choose(self);
}

guint nadir_image_list_get_total(NadirImageList *self)
{
	g_return_val_if_fail(NADIR_IS_IMAGE_LIST(self), 0);
	return self->entries->len;
}

const image_entry *nadir_image_list_get(NadirImageList *self, gint64 image)
{
	guint place;
	g_return_val_if_fail(NADIR_IS_IMAGE_LIST(self), NULL);
	return place_of(self, image, &place) ? self->entries->pdata[place] : NULL;
}

gint64 nadir_image_list_step(NadirImageList *self, gint64 from, int step, bool unreviewed)
{
	guint place = 0;
	g_return_val_if_fail(NADIR_IS_IMAGE_LIST(self) && (step == 1 || step == -1), 0);
	const bool known = place_of(self, from, &place);
	const guint at = known ? lower_bound(self, place) : 0;
	const bool in = known && at < self->shown->len && g_array_index(self->shown, guint, at) == place;
	for (gint64 i = step < 0 ? (gint64)at - 1
	                : in     ? (gint64)at + 1
	                         : (gint64)at;
	     i >= 0 && i < self->shown->len; i += step) {
		const image_entry *e = self->entries->pdata[g_array_index(self->shown, guint, i)];
		if (!unreviewed || e->state == IMAGE_NEW || e->state == IMAGE_IN_WORK)
			return e->id;
	}
	return 0;
}
