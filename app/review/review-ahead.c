#include "app/review/review-ahead.h"

#include <string.h>

struct review_ahead {
	NadirReview *review; /* borrowed: the window owns both */
	NadirCanvas *canvas;
	GHashTable *files; /* gint64 image -> document_file */
	void (*changed)(void *data);
	void *data;
};

static void file_free(void *data)
{
	document_file_forget_listener(data);
	document_file_unref(data);
}

review_ahead *review_ahead_new(NadirReview *r, NadirCanvas *c, void (*changed)(void *data), void *data)
{
	review_ahead *a = g_new0(review_ahead, 1);
	*a = (review_ahead){r, c, g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, file_free), changed, data};
	return a;
}

void review_ahead_free(review_ahead *a)
{
	if (!a)
		return;
	g_hash_table_unref(a->files);
	g_free(a);
}

char *review_image_path(NadirReview *r, const char *project_path, gint64 image)
{
	GPtrArray *images = nadir_review_get_images(r);
	for (guint i = 0; i < images->len; i++) {
		const project_image *im = images->pdata[i];
		if (im->id != image)
			continue;
		if (g_file_test(im->path, G_FILE_TEST_EXISTS) || g_str_has_prefix(im->path, "/vsi") || strstr(im->path, "://"))
			return g_strdup(im->path);
		g_autofree char *folder = g_path_get_dirname(project_path), *base = g_path_get_basename(im->path);
		return g_build_filename(folder, base, NULL);
	}
	return NULL;
}

static gint64 image_shown(review_ahead *a)
{
	const review_item *now = nadir_review_get_item(a->review, 0);
	return now ? now->image : 0;
}

static const review_item *next_item(review_ahead *a, guint i)
{
	return nadir_review_get_item(a->review, i + 1);
}

/* --- tiles --- */

static void want_here(review_ahead *a)
{
	NadirCanvasNext next[REVIEW_AHEAD];
	guint n = 0;
	for (guint i = 0; i < REVIEW_AHEAD; i++) {
		const review_item *item = next_item(a, i);
		if (item && item->image == image_shown(a))
			memcpy(next[n++].extent, item->extent, sizeof item->extent);
	}
	nadir_canvas_want_next(a->canvas, next, n);
}

static void want_there(review_ahead *a, gint64 image, document_file *f)
{
	tile_next next[REVIEW_AHEAD];
	guint n = 0;
	tile_cache *tiles = document_file_get_tiles(f);
	for (guint i = 0; tiles && i < REVIEW_AHEAD; i++) {
		const review_item *item = next_item(a, i);
		if (item && item->image == image)
			next[n++] = nadir_canvas_next_tiles(a->canvas, tiles, document_file_get_info(f), item->extent);
	}
	if (n > 0)
		tile_cache_want_next(tiles, next, n);
}

static void on_ready(void *data)
{
	review_ahead *a = data;
	review_ahead_update(a);
	a->changed(a->data);
}

static gboolean is_far(gpointer key, gpointer value, gpointer data)
{
	review_ahead *a = data;
	for (guint i = 0; i <= REVIEW_AHEAD; i++) {
		const review_item *item = nadir_review_get_item(a->review, i);
		if (item && item->image == *(const gint64 *)key)
			return i == 0; /* the one shown was given to its document */
	}
	return TRUE;
}

static void read_file(review_ahead *a, gint64 image)
{
	NadirDocument *d = nadir_canvas_get_document(a->canvas);
	const char *place = d ? nadir_document_get_project_path(d) : NULL;
	g_autofree char *path = place ? review_image_path(a->review, place, image) : NULL;
	if (path)
		g_hash_table_insert(a->files, g_memdup2(&image, sizeof image), document_file_read(path, on_ready, a));
}

void review_ahead_update(review_ahead *a)
{
	GHashTableIter iter;
	gpointer key, value;
	g_hash_table_foreach_remove(a->files, is_far, a);
	want_here(a);
	for (guint i = 0; i < REVIEW_AHEAD; i++) {
		const review_item *item = next_item(a, i);
		if (item && item->image != image_shown(a) && !g_hash_table_contains(a->files, &item->image))
			read_file(a, item->image);
	}
	g_hash_table_iter_init(&iter, a->files);
	while (g_hash_table_iter_next(&iter, &key, &value))
		want_there(a, *(gint64 *)key, value);
}

/* --- what is there --- */

static bool is_ready(review_ahead *a, const review_item *item)
{
	if (item->image == image_shown(a))
		return nadir_canvas_has(a->canvas, item->extent);
	document_file *f = review_ahead_get(a, item->image);
	tile_cache *tiles = f ? document_file_get_tiles(f) : NULL;
	if (!tiles)
		return false;
	const tile_next next = nadir_canvas_next_tiles(a->canvas, tiles, document_file_get_info(f), item->extent);
	return tile_cache_has(tiles, next.level, &next.area);
}

guint review_ahead_ready(review_ahead *a, guint *of)
{
	guint ready = 0;
	*of = 0;
	for (guint i = 0; i < REVIEW_AHEAD; i++) {
		const review_item *item = next_item(a, i);
		*of += item != NULL;
		ready += item && is_ready(a, item);
	}
	return ready;
}

document_file *review_ahead_get(review_ahead *a, gint64 image)
{
	return g_hash_table_lookup(a->files, &image);
}
