/* Opening an image or a project: files are read in a thread, the document is put together from the pieces in the main
 * context. */
#include "app/document-private.h"

#include <glib/gi18n.h>

typedef struct {
	service *service;
	char *path;
	raster *image;
	georef *ref;
	project *project;
	gint64 image_id;
	raster_style rule_style, style;
	char *bands, *stretch, *source, *model, *opacity, *caption, *look, *bookmarks;
	char *damage;       /* of the project; NULL: it is whole */
	GPtrArray *classes; /* of project_class; NULL without a project */
	NadirObjectList *objects;
} opening;

static void opening_free(void *data)
{
	opening *o = data;
	service_unref(o->service);
	g_free(o->path);
	g_clear_pointer(&o->image, raster_unref);
	g_clear_pointer(&o->ref, georef_free);
	g_clear_pointer(&o->project, project_close);
	g_free(o->bands);
	g_free(o->stretch);
	g_free(o->source);
	g_free(o->model);
	g_free(o->opacity);
	g_free(o->caption);
	g_free(o->damage);
	g_free(o->look);
	g_free(o->bookmarks);
	g_clear_pointer(&o->classes, g_ptr_array_unref);
	g_clear_object(&o->objects);
	g_free(o);
}

/* Where the first image of a project is: as stored, else beside the project. NULL + error. */
static char *first_image(project *p, GError **error)
{
	g_autoptr(GPtrArray) images = project_images(p, error);
	if (!images)
		return NULL;
	if (images->len == 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _("%s holds no image: open an image instead."),
		            project_path(p));
		return NULL;
	}
	return project_find_image(p, images->pdata[0], error);
}

static char *setting(opening *o, const char *key)
{
	char *value = project_get_image_setting(o->project, o->image_id, key);
	if (value && !*value)
		g_clear_pointer(&value, g_free);
	return value;
}

/* The style the user left the image with; by rule when there is none or it no longer fits. */
static void restore_style(opening *o, GCancellable *cancel)
{
	o->style = o->rule_style;
	if (!o->project)
		return;
	o->bands = setting(o, "bands");
	o->stretch = setting(o, "stretch");
	o->source = setting(o, "source");
	o->model = setting(o, "model");
	o->opacity = setting(o, "opacity");
	o->caption = setting(o, "caption");
	o->look = setting(o, "look");
	o->bookmarks = setting(o, "bookmarks");
	if (o->bands || o->stretch || o->source)
		if (!raster_style_resolve(o->image, o->bands, o->stretch, o->source, &o->style, cancel, NULL))
			o->style = o->rule_style;
}

/* Everything is read and its outlines parsed here, so that the main loop only takes it over. */
static bool read_project(opening *o, GError **error)
{
	g_autoptr(GPtrArray) stored = project_objects(o->project, o->image_id, error);
	o->classes = stored ? project_classes(o->project, error) : NULL;
	if (!o->classes)
		return false;
	g_ptr_array_set_free_func(stored, NULL);
	g_autofree object_change *changes = g_new(object_change, stored->len + 1);
	g_autofree object_change **each = g_new(object_change *, stored->len + 1);
	for (guint i = 0; i < stored->len; i++) {
		feature *f = stored->pdata[i];
		changes[i] = (object_change){f->id, nadir_object_new(f, NADIR_STAGE_STORED)};
		each[i] = &changes[i];
	}
	nadir_object_list_apply(o->objects, each, stored->len);
	for (guint i = 0; i < stored->len; i++)
		g_object_unref(changes[i].now);
	return true;
}

/* A damaged one is opened as far as it can be read. */
static project *open_project(opening *o, const char *path, GError **error)
{
	g_autoptr(GError) why = NULL;
	project *p = project_open(path, &why);
	if (!p && g_error_matches(why, PROJECT_ERROR, PROJECT_ERROR_CORRUPT))
		p = project_salvage(path, &o->damage, NULL);
	if (!p)
		g_propagate_error(error, g_steal_pointer(&why));
	return p;
}

static bool open_all(opening *o, GCancellable *cancel, GError **error)
{
	g_autofree char *image_path = g_strdup(o->path);
	store_await_closing();
	if (g_str_has_suffix(o->path, ".gpkg") && project_is_project(o->path)) {
		o->project = open_project(o, o->path, error);
		g_free(image_path);
		image_path = o->project ? first_image(o->project, error) : NULL;
		if (!image_path)
			return false;
	}
	o->image = raster_open(image_path, cancel, error);
	if (!o->image)
		return false;
	o->ref = georef_new(raster_get_info(o->image), error);
	if (!o->ref || !raster_style_resolve(o->image, NULL, NULL, NULL, &o->rule_style, cancel, error))
		return false;
	g_autofree char *place = project_default_path(image_path);
	if (!o->project && g_file_test(place, G_FILE_TEST_EXISTS) && !(o->project = open_project(o, place, error)))
		return false;
	if (o->project && !(o->image_id = project_add_image(o->project, raster_get_info(o->image), o->ref, error)))
		return false;
	if (o->project)
		project_set_undo_image(o->project, o->image_id);
	restore_style(o, cancel);
	return !o->project || read_project(o, error);
}

static void open_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	GError *error = NULL;
	if (open_all(data, cancel, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

void nadir_document_open_async(GFile *file, service *svc, GCancellable *cancel, GAsyncReadyCallback done, void *data)
{
	g_return_if_fail(G_IS_FILE(file));
	opening *o = g_new0(opening, 1);
	o->service = service_ref(svc);
	o->path = g_file_get_path(file);
	if (!o->path)
		o->path = g_file_get_uri(file);
	o->objects = nadir_object_list_new();
	g_autoptr(GTask) task = g_task_new(NULL, cancel, done, data);
	g_task_set_source_tag(task, nadir_document_open_async);
	g_task_set_task_data(task, o, opening_free);
	g_task_run_in_thread(task, open_thread);
}

NadirDocument *nadir_document_open_finish(GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, nadir_document_open_async), NULL);
	opening *o = g_task_get_task_data(G_TASK(result));
	if (!g_task_propagate_boolean(G_TASK(result), error))
		return NULL;
	NadirDocument *d = g_object_new(NADIR_TYPE_DOCUMENT, NULL);
	d->service = service_ref(o->service);
	d->scene = scene_new(g_steal_pointer(&o->image), g_steal_pointer(&o->ref), o->image_id);
	d->store = store_new(g_steal_pointer(&o->project));
	d->rule_style = o->rule_style;
	d->style = o->style;
	nadir_document_take_look(d, o->look);
	d->bands = g_steal_pointer(&o->bands);
	d->stretch = g_steal_pointer(&o->stretch);
	d->source = g_steal_pointer(&o->source);
	d->bookmarks = g_steal_pointer(&o->bookmarks);
	d->caption = g_steal_pointer(&o->caption);
	d->damage = g_steal_pointer(&o->damage);
	d->model_follows = g_strcmp0(o->model, "screen") == 0;
	d->title = g_path_get_basename(nadir_document_info(d)->path);
	g_set_object(&d->objects, o->objects);
	if (o->opacity)
		d->opacity = CLAMP(g_ascii_strtod(o->opacity, NULL), 0, 1);
	if (o->classes && o->classes->len > 0)
		nadir_document_take_classes(d, g_steal_pointer(&o->classes));
	d->current_class = 0;
	return d;
}
