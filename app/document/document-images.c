/* Images of the project: their list, new ones, what is said of one. */
#include "app/document/document-images.h"
#include "app/document/document-private.h"

#include <glib/gi18n.h>

#include "render/exchange/image-list.h"

typedef struct {
	gint64 image, shown;
	GPtrArray *entries, *sources; /* of image_entry; of char * */
	image_state state;
	char *path;
	guint added;
} images_job;

static void images_job_free(void *data)
{
	images_job *w = data;
	g_clear_pointer(&w->entries, g_ptr_array_unref);
	g_clear_pointer(&w->sources, g_ptr_array_unref);
	g_free(w->path);
	g_free(w);
}

/* A question about images; `image` as each asker means it. */
static void ask(NadirDocument *d, bool (*work)(document_job *, project *, GError **), gint64 image, void *tag,
                GCancellable *cancel, GAsyncReadyCallback done, void *data)
{
	images_job *w = g_new0(images_job, 1);
	GTask *task = g_task_new(d, cancel, done, data);
	g_task_set_source_tag(task, tag);
	w->image = image;
	document_job_push(document_job_for(task, work, w, images_job_free));
}

/* --- reading --- */

static bool read_images(document_job *j, project *p, GError **error)
{
	images_job *w = j->data;
	w->shown = j->scene->image_id;
	w->entries = w->image < 0 && w->shown == 0 ? g_ptr_array_new()
	                                           : project_image_entries(p, w->image < 0 ? w->shown : w->image, error);
	return w->entries != NULL;
}

void nadir_document_read_images_async(NadirDocument *d, gint64 image, GCancellable *cancel, GAsyncReadyCallback done,
                                      void *data)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	ask(d, read_images, image, nadir_document_read_images_async, cancel, done, data);
}

GPtrArray *nadir_document_read_images_finish(GAsyncResult *result, gint64 *shown, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, nadir_document_read_images_async), NULL);
	if (!g_task_propagate_boolean(G_TASK(result), error))
		return NULL;
	images_job *w = g_task_get_task_data(G_TASK(result));
	*shown = w->shown;
	return w->entries ? g_steal_pointer(&w->entries) : g_ptr_array_new();
}

static bool find_image(document_job *j, project *p, GError **error)
{
	images_job *w = j->data;
	g_autoptr(GPtrArray) entries = project_image_entries(p, w->image, error);
	if (!entries || entries->len == 0)
		return entries != NULL;
	const image_entry *e = entries->pdata[0];
	const project_image image = {.id = e->id, .path = e->path, .fingerprint = e->fingerprint};
	w->path = project_find_image(p, &image, error);
	return w->path != NULL;
}

void nadir_document_find_image_async(NadirDocument *d, gint64 image, GCancellable *cancel, GAsyncReadyCallback done,
                                     void *data)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	ask(d, find_image, image, nadir_document_find_image_async, cancel, done, data);
}

char *nadir_document_find_image_finish(GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, nadir_document_find_image_async), NULL);
	if (!g_task_propagate_boolean(G_TASK(result), error))
		return NULL;
	images_job *w = g_task_get_task_data(G_TASK(result));
	if (!w->path)
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
		                    _("The project does not hold this image any more."));
	return g_steal_pointer(&w->path);
}

/* --- adding --- */

static bool add_sources(project *p, GPtrArray *sources, guint *added, GError **error)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new(),
						 lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
	for (guint i = 0; i < sources->len; i++) {
		GPtrArray *list = image_list_read(sources->pdata[i], NULL, error);
		if (!list)
			return false;
		g_ptr_array_add(lists, list);
		for (guint k = 0; k < list->len; k++)
			g_ptr_array_add(paths, ((image_list_entry *)list->pdata[k])->path);
	}
	return project_add_paths(p, (const char *const *)paths->pdata, paths->len, added, error);
}

static bool add_images(document_job *j, project *p, GError **error)
{
	images_job *w = j->data;
	return add_sources(p, w->sources, &w->added, error);
}

void nadir_document_add_images_async(NadirDocument *d, const char *const *sources, GAsyncReadyCallback done, void *data)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	images_job *w = g_new0(images_job, 1);
	GTask *task = g_task_new(d, NULL, done, data);
	document_job *j = document_job_for(task, add_images, w, images_job_free);
	g_task_set_source_tag(task, nadir_document_add_images_async);
	w->sources = g_ptr_array_new_with_free_func(g_free);
	for (; *sources; sources++)
		g_ptr_array_add(w->sources, g_strdup(*sources));
	j->birth = birth_new(d, NULL);
	document_job_push(j);
}

int nadir_document_add_images_finish(GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, nadir_document_add_images_async), -1);
	if (!g_task_propagate_boolean(G_TASK(result), error))
		return -1;
	return (int)((images_job *)g_task_get_task_data(G_TASK(result)))->added;
}

/* --- what is said of one --- */

static bool set_state(document_job *j, project *p, GError **error)
{
	const images_job *w = j->data;
	return project_set_image_state(p, w->image, w->state, error);
}

void nadir_document_set_image_state(NadirDocument *d, gint64 image, image_state state)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	document_job *j = document_job_new(d, set_state);
	images_job *w = g_new0(images_job, 1);
	w->image = image;
	w->state = state;
	j->data = w;
	j->data_free = images_job_free;
	document_job_push(j);
}

/* --- a folder as a project --- */

static char *folder_project_path(const char *source)
{
	g_autofree char *full = g_canonicalize_filename(source, NULL), *name = g_path_get_basename(full);
	g_autofree char *file = g_strconcat(name, ".nadir.gpkg", NULL);
	if (g_file_test(full, G_FILE_TEST_IS_DIR))
		return g_build_filename(full, file, NULL);
	return g_strconcat(full, ".nadir.gpkg", NULL);
}

char *nadir_project_of_folder(const char *source, GError **error)
{
	g_autofree char *path = folder_project_path(source);
	g_autoptr(GPtrArray) list = image_list_read(source, NULL, error); /* before a project is made for nothing */
	if (!list)
		return NULL;
	if (list->len == 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
		            _("%s holds no image: choose a folder or list with images."), source);
		return NULL;
	}
	const bool known = g_file_test(path, G_FILE_TEST_EXISTS);
	g_autoptr(project) p = known ? project_open(path, error) : project_create(path, error);
	g_autoptr(GPtrArray) paths = g_ptr_array_new();
	guint added;
	for (guint i = 0; i < list->len; i++)
		g_ptr_array_add(paths, ((image_list_entry *)list->pdata[i])->path);
	if (!p)
		return NULL;
	if (!project_is_read_only(p) && !project_add_paths(p, (const char *const *)paths->pdata, paths->len, &added, error))
		return NULL;
	return g_steal_pointer(&path);
}
