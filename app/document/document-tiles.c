/* Tiles off the main loop: the store tells of one image and its objects, a thread cuts it up, and then the next. */
#include "app/document/document-export.h"
#include "app/document/document-private.h"

#include "render/store/class-texts.h"

#include <glib/gi18n.h>

typedef struct {
	scene *scene;
	NadirDocument *document; /* owned; the store is asked through whom lives */
	char *folder;
	tile_plan plan;
	bool all_images;
	int *permille;
	GPtrArray *images; /* of project_image */
	guint next;
	class_texts classes;
	tile_export *tiles; /* NULL: not begun */
	/* Of the image in work. */
	char *path;
	GPtrArray *objects; /* of feature */
} tiles_task;

static void tiles_task_free(void *data)
{
	tiles_task *t = data;
	tile_export_free(t->tiles);
	class_texts_clear(&t->classes);
	scene_unref(t->scene);
	g_clear_pointer(&t->images, g_ptr_array_unref);
	g_clear_pointer(&t->objects, g_ptr_array_unref);
	g_clear_pointer(&t->permille, g_atomic_rc_box_release);
	g_object_unref(t->document);
	g_free(t->folder);
	g_free(t->path);
	g_free(t);
}

static void tell_progress(double fraction, void *data)
{
	const tiles_task *t = data;
	if (t->permille)
		g_atomic_int_set(t->permille, (int)(1000 * (t->next + fraction) / t->images->len));
}

/* --- one image, in a thread --- */

static bool cut(tiles_task *t, GError **error)
{
	raster_style style;
	g_autoptr(raster) r = raster_open(t->path, NULL, error);
	g_autoptr(georef) ref = r ? georef_new(raster_get_info(r), error) : NULL;
	return ref && raster_style_resolve(r, NULL, NULL, NULL, &style, t->plan.cancel, error) &&
	       tile_export_image(t->tiles, r, &style, ref, (feature *const *)t->objects->pdata, t->objects->len, error);
}

static void next_image(GTask *task);

static void on_cut(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GTask) task = data;
	tiles_task *t = g_task_get_task_data(task);
	GError *error = NULL;
	if (!g_task_propagate_boolean(G_TASK(result), &error)) {
		g_task_return_error(task, error);
		return;
	}
	t->next++;
	next_image(task);
}

static void cut_thread(GTask *step, gpointer source, gpointer data, GCancellable *cancel)
{
	GError *error = NULL;
	if (cut(data, &error))
		g_task_return_boolean(step, TRUE);
	else
		g_task_return_error(step, error);
}

/* --- what is there, in the store's thread --- */

static bool read_images(tiles_task *t, project *p, GError **error)
{
	g_autoptr(GPtrArray) classes = project_classes(p, error);
	t->images = classes ? project_images(p, error) : NULL;
	if (!t->images)
		return false;
	t->classes = class_texts_of(classes);
	for (guint i = t->images->len; i > 0 && !t->all_images; i--)
		if (((project_image *)t->images->pdata[i - 1])->id != t->scene->image_id)
			g_ptr_array_remove_index(t->images, i - 1);
	return true;
}

/* The list of images first, then one after the other; a project that is not there yet has none. */
static bool read_next(project **p, void *data, GError **error)
{
	GTask *task = data;
	tiles_task *t = g_task_get_task_data(task);
	if (*p && !t->images && !read_images(t, *p, error))
		return false;
	if (!t->images || t->images->len == 0) {
		g_set_error_literal(error, EXPORT_ERROR, EXPORT_ERROR_EMPTY,
		                    _("There is no object yet: mark and accept one first."));
		return false;
	}
	const project_image *im = t->images->pdata[t->next];
	g_clear_pointer(&t->objects, g_ptr_array_unref);
	g_free(t->path);
	t->path = project_find_image(*p, im, error);
	t->objects = t->path ? project_objects(*p, im->id, error) : NULL;
	return t->objects != NULL;
}

static bool begin(tiles_task *t, GError **error)
{
	if (!t->tiles)
		t->tiles = tile_export_begin(&t->plan, t->folder, (const char *const *)t->classes.names,
		                             (const char *const *)t->classes.colors, error);
	return t->tiles != NULL;
}

static void on_read(const GError *error, void *data)
{
	g_autoptr(GTask) task = data;
	tiles_task *t = g_task_get_task_data(task);
	GError *inner = NULL;
	if (error || !begin(t, &inner)) {
		g_task_return_error(task, error ? g_error_copy(error) : inner);
		return;
	}
	g_autoptr(GTask) step = g_task_new(NULL, t->plan.cancel, on_cut, g_object_ref(task));
	g_task_set_task_data(step, t, NULL);
	g_task_run_in_thread(step, cut_thread);
}

static void end(GTask *task)
{
	tiles_task *t = g_task_get_task_data(task);
	GError *error = NULL;
	tile_counts counts;
	if (tile_export_end(t->tiles, &counts, &error))
		g_task_return_pointer(task, tile_counts_text(&counts, t->folder), g_free);
	else
		g_task_return_error(task, error);
}

static void next_image(GTask *task)
{
	tiles_task *t = g_task_get_task_data(task);
	NadirDocument *d = nadir_document_living(t->document);
	if (t->images && t->next == t->images->len)
		end(task);
	else if (g_task_return_error_if_cancelled(task))
		return;
	else if (!d->store)
		g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "closed");
	else
		store_push(d->store, read_next, on_read, g_object_ref(task));
}

void nadir_document_export_tiles_async(NadirDocument *d, const char *folder, const tile_plan *tiles, bool all_images,
                                       int *permille, GCancellable *cancel, GAsyncReadyCallback done, void *data)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && d->store);
	g_autoptr(GTask) task = g_task_new(NULL, cancel, done, data);
	tiles_task *t = g_new0(tiles_task, 1);
	t->document = g_object_ref(d);
	t->scene = scene_ref(d->scene);
	t->folder = g_strdup(folder);
	t->plan = *tiles;
	t->plan.cancel = cancel;
	t->plan.progress = tell_progress;
	t->plan.data = t;
	t->all_images = all_images;
	t->permille = permille ? g_atomic_rc_box_acquire(permille) : NULL;
	g_task_set_source_tag(task, nadir_document_export_tiles_async);
	g_task_set_task_data(task, t, tiles_task_free);
	next_image(task);
}
