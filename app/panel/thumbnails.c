#include "app/panel/thumbnails.h"

#include <glib/gstdio.h>
#include <string.h>

#include "app/engine/paths.h"
#include "render/raster/raster-style.h"

enum { THREADS = 2, KEPT = 512, MOST_PIXELS = 1 << 24 };

typedef struct {
	thumbnails *owner;   /* main context only; NULL: gone */
	GtkPicture *picture; /* weak; main context only; NULL: nobody waits any more */
	char *path;
	GCancellable *cancel;
	cairo_surface_t *result;
} wish;

/* Shared by the main context and the threads. */
typedef struct {
	GMutex lock;
	GQueue waiting; /* of wish, newest first */
} wish_list;

struct thumbnails {
	wish_list *list; /* lives as long as the pool's threads */
	GThreadPool *pool;
	GHashTable *wishes; /* GtkPicture -> wish, which the list, a thread or an idle call owns */
	GHashTable *kept;   /* path -> GdkTexture */
};

static void wish_free(wish *w)
{
	g_clear_weak_pointer(&w->picture);
	g_clear_pointer(&w->result, cairo_surface_destroy);
	g_object_unref(w->cancel);
	g_free(w->path);
	g_free(w);
}

/* --- in a thread --- */

static char *cache_path(const char *path)
{
	GStatBuf st;
	if (g_stat(path, &st) != 0)
		return NULL;
	g_autofree char *text =
		g_strdup_printf("%s|%" G_GINT64_FORMAT "|%" G_GINT64_FORMAT, path, (gint64)st.st_mtime, (gint64)st.st_size);
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA1, text, -1);
	g_autofree char *name = g_strconcat(sum, ".png", NULL);
	return g_build_filename(paths_cache_dir(), "thumbnails", name, NULL);
}

static cairo_surface_t *read_kept(const char *file)
{
	cairo_surface_t *s = file ? cairo_image_surface_create_from_png(file) : NULL;
	if (s && cairo_surface_status(s) == CAIRO_STATUS_SUCCESS)
		return s;
	g_clear_pointer(&s, cairo_surface_destroy);
	return NULL;
}

/* A cache: what cannot be written is made again. */
static void keep(cairo_surface_t *s, const char *file)
{
	g_autofree char *folder = g_path_get_dirname(file);
	g_autofree char *part = g_strdup_printf("%s.%08x", file, g_random_int());
	if (g_mkdir_with_parents(folder, 0700) != 0)
		return;
	if (cairo_surface_write_to_png(s, part) != CAIRO_STATUS_SUCCESS || g_rename(part, file) != 0)
		g_unlink(part);
}

static int choose_level(const raster_info *info)
{
	int level = 0;
	while (level + 1 < info->n_levels &&
	       MAX(info->levels[level + 1].width, info->levels[level + 1].height) >= THUMBNAIL_SIDE)
		level++;
	return level;
}

static cairo_surface_t *shrink(cairo_surface_t *full, int w, int h)
{
	const double scale = MIN(1, (double)THUMBNAIL_SIDE / MAX(w, h));
	const int sw = MAX(1, (int)(w * scale + 0.5)), sh = MAX(1, (int)(h * scale + 0.5));
	cairo_surface_t *small = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, sw, sh);
	cairo_t *cr = cairo_create(small);
	cairo_scale(cr, (double)sw / w, (double)sh / h);
	cairo_set_source_surface(cr, full, 0, 0);
	cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_GOOD);
	cairo_paint(cr);
	cairo_destroy(cr);
	return small;
}

static cairo_surface_t *make(const char *path, GCancellable *cancel)
{
	g_autoptr(raster) r = raster_open(path, cancel, NULL);
	raster_style style;
	if (!r || !raster_style_resolve(r, NULL, NULL, NULL, &style, cancel, NULL))
		return NULL;
	const raster_info *info = raster_get_info(r);
	const int level = choose_level(info);
	const raster_rect area = {0, 0, info->levels[level].width, info->levels[level].height};
	if ((gint64)area.w * area.h > MOST_PIXELS)
		return NULL;
	cairo_surface_t *full = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, area.w, area.h), *small = NULL;
	if (raster_render(r, &style, level, &area, cairo_image_surface_get_data(full),
	                  (size_t)cairo_image_surface_get_stride(full), cancel, NULL)) {
		cairo_surface_mark_dirty(full);
		small = shrink(full, area.w, area.h);
	}
	cairo_surface_destroy(full);
	return small;
}

static gboolean deliver(gpointer data);

static void work(gpointer token, gpointer data)
{
	wish_list *list = data;
	g_mutex_lock(&list->lock);
	wish *w = g_queue_pop_head(&list->waiting);
	g_mutex_unlock(&list->lock);
	if (!w)
		return; /* forgotten */
	g_autofree char *file = cache_path(w->path);
	w->result = file ? read_kept(file) : NULL;
	if (!w->result && file && (w->result = make(w->path, w->cancel)))
		keep(w->result, file);
	g_idle_add_full(G_PRIORITY_LOW, deliver, w, NULL);
}

/* --- in the main context --- */

static GdkTexture *texture_of(cairo_surface_t *s)
{
	const int w = cairo_image_surface_get_width(s), h = cairo_image_surface_get_height(s);
	const gsize stride = (gsize)cairo_image_surface_get_stride(s);
	g_autoptr(GBytes) bytes =
		g_bytes_new_with_free_func(cairo_image_surface_get_data(s), stride * (gsize)h,
	                               (GDestroyNotify)cairo_surface_destroy, cairo_surface_reference(s));
	return gdk_memory_texture_new(w, h, GDK_MEMORY_DEFAULT, bytes, stride);
}

static gboolean deliver(gpointer data)
{
	wish *w = data;
	if (w->owner && w->picture) {
		g_autoptr(GdkTexture) texture = w->result ? texture_of(w->result) : NULL;
		g_hash_table_remove(w->owner->wishes, w->picture);
		gtk_picture_set_paintable(w->picture, GDK_PAINTABLE(texture));
		if (g_hash_table_size(w->owner->kept) >= KEPT)
			g_hash_table_remove_all(w->owner->kept);
		if (texture)
			g_hash_table_insert(w->owner->kept, g_strdup(w->path), g_object_ref(texture));
	}
	wish_free(w);
	return G_SOURCE_REMOVE;
}

thumbnails *thumbnails_new(void)
{
	thumbnails *t = g_new0(thumbnails, 1);
	t->list = g_new0(wish_list, 1);
	g_mutex_init(&t->list->lock);
	t->pool = g_thread_pool_new(work, t->list, THREADS, FALSE, NULL);
	t->wishes = g_hash_table_new(NULL, NULL);
	t->kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_object_unref);
	return t;
}

void thumbnails_forget(thumbnails *t, GtkPicture *picture)
{
	wish *w = g_hash_table_lookup(t->wishes, picture);
	if (!w)
		return;
	g_hash_table_remove(t->wishes, picture);
	g_mutex_lock(&t->list->lock);
	const bool waits = g_queue_remove(&t->list->waiting, w);
	g_mutex_unlock(&t->list->lock);
	w->owner = NULL;
	if (waits)
		wish_free(w);
	else
		g_cancellable_cancel(w->cancel);
}

void thumbnails_show(thumbnails *t, GtkPicture *picture, const char *path)
{
	GdkTexture *kept = g_hash_table_lookup(t->kept, path);
	thumbnails_forget(t, picture);
	gtk_picture_set_paintable(picture, GDK_PAINTABLE(kept));
	if (kept || g_str_has_prefix(path, "/vsi") || strstr(path, "://"))
		return;
	wish *w = g_new0(wish, 1);
	w->owner = t;
	g_set_weak_pointer(&w->picture, picture);
	w->path = g_strdup(path);
	w->cancel = g_cancellable_new();
	g_hash_table_insert(t->wishes, picture, w);
	g_mutex_lock(&t->list->lock);
	g_queue_push_head(&t->list->waiting, w);
	g_mutex_unlock(&t->list->lock);
	g_thread_pool_push(t->pool, GINT_TO_POINTER(1), NULL);
}

void thumbnails_free(thumbnails *t)
{
	GHashTableIter i;
	gpointer w;
	if (!t)
		return;
	g_mutex_lock(&t->list->lock);
	GList *waiting = g_steal_pointer(&t->list->waiting.head);
	g_queue_init(&t->list->waiting);
	g_mutex_unlock(&t->list->lock);
	g_hash_table_iter_init(&i, t->wishes);
	while (g_hash_table_iter_next(&i, NULL, &w)) {
		((wish *)w)->owner = NULL;
		g_cancellable_cancel(((wish *)w)->cancel);
	}
	g_list_free_full(waiting, (GDestroyNotify)wish_free);
	g_thread_pool_free(t->pool, FALSE, TRUE); /* what is being read ends soon: it is cancelled */
	g_mutex_clear(&t->list->lock);
	g_free(t->list);
	g_hash_table_unref(t->wishes);
	g_hash_table_unref(t->kept);
	g_free(t);
}
