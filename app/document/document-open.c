/* Opening an image or a project: files are read in a thread, the document is put together from the pieces in the main
 * context. */
#include "app/document/document-file.h"
#include "app/document/document-private.h"
#include "app/settings.h"
#include "render/draw/tile-draw.h"
#include "render/store/images.h"

#include <glib/gi18n.h>

#define ATTEMPTS 16 /* images of a project: a disk that is not there is no reason to look for a hundred thousand */

typedef struct {
	service *service;
	char *path;
	raster *image;
	georef *ref;
	project *project;
	gint64 image_id;
	raster_style rule_style, style;
	char *usual_stretch; /* of the preferences; NULL: by rule */
	char *bands, *stretch, *source, *model, *opacity, *caption, *look, *bookmarks;
	char *damage;       /* of the project; NULL: it is whole */
	char *passed_over;  /* the images before this one, which do not open; NULL: none */
	GPtrArray *classes; /* of project_class; NULL without a project */
	NadirObjectList *objects;
	NadirDocument *from; /* whose project it is; NULL: the project is opened too */
	tile_cache *tiles;   /* of its pixels, read ahead; NULL: none */
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
	g_free(o->usual_stretch);
	g_free(o->source);
	g_free(o->model);
	g_free(o->opacity);
	g_free(o->caption);
	g_free(o->damage);
	g_free(o->passed_over);
	g_free(o->look);
	g_free(o->bookmarks);
	g_clear_pointer(&o->classes, g_ptr_array_unref);
	g_clear_object(&o->objects);
	g_clear_object(&o->from);
	g_clear_pointer(&o->tiles, tile_cache_free);
	g_free(o);
}

static char *setting(opening *o, const char *key)
{
	char *value = project_get_image_setting(o->project, o->image_id, key);
	if (value && !*value)
		g_clear_pointer(&value, g_free);
	return value;
}

static void read_look(opening *o)
{
	o->bands = setting(o, "bands");
	o->stretch = setting(o, "stretch");
	o->source = setting(o, "source");
	o->model = setting(o, "model");
	o->opacity = setting(o, "opacity");
	o->caption = setting(o, "caption");
	o->look = setting(o, "look");
	o->bookmarks = setting(o, "bookmarks");
}

/* The style the user left the image with, else the usual one of the preferences; by rule when there is none or it no
 * longer fits. */
static void restore_style(opening *o, GCancellable *cancel)
{
	o->style = o->rule_style;
	if (o->project)
		read_look(o);
	if (!o->bands && !o->stretch && !o->source)
		o->stretch = g_steal_pointer(&o->usual_stretch);
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

static bool open_raster(opening *o, const char *path, GCancellable *cancel, GError **error)
{
	o->image = raster_open(path, cancel, error);
	o->ref = o->image ? georef_new(raster_get_info(o->image), error) : NULL;
	return o->ref && raster_style_resolve(o->image, NULL, NULL, NULL, &o->rule_style, cancel, error);
}

/* The first image of the project that can be opened; false + error: why the very first cannot. */
static bool open_first(opening *o, GCancellable *cancel, GError **error)
{
	g_autoptr(GPtrArray) images = project_images(o->project, error);
	g_autoptr(GError) first = NULL;
	if (!images)
		return false;
	if (images->len == 0)
		g_set_error(&first, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _("%s holds no image: open an image instead."),
		            project_path(o->project));
	for (guint i = 0; i < MIN(images->len, ATTEMPTS); i++) {
		g_autoptr(GError) why = NULL;
		g_autofree char *path = project_find_image(o->project, images->pdata[i], &why);
		if (path && open_raster(o, path, cancel, &why)) {
			if (first) /* Translators: why an image does not open; the path of the next one, which does. */
				o->passed_over = g_strdup_printf(_("%s Shown instead: %s"), first->message, path);
			return true;
		}
		g_clear_pointer(&o->image, raster_unref);
		g_clear_pointer(&o->ref, georef_free);
		if (!first || g_cancellable_is_cancelled(cancel)) {
			g_clear_error(&first);
			first = g_steal_pointer(&why);
		}
		if (g_cancellable_is_cancelled(cancel))
			break;
	}
	g_propagate_error(error, g_steal_pointer(&first));
	return false;
}

static bool open_all(opening *o, GCancellable *cancel, GError **error)
{
	store_await_closing();
	if (g_str_has_suffix(o->path, ".gpkg") && project_is_project(o->path)) {
		o->project = open_project(o, o->path, error);
		if (!o->project || !open_first(o, cancel, error))
			return false;
	} else if (!open_raster(o, o->path, cancel, error)) {
		return false;
	}
	g_autofree char *place = project_default_path(raster_get_info(o->image)->path);
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
	o->usual_stretch = g_strdup(nadir_stretch_get());
	o->objects = nadir_object_list_new();
	g_autoptr(GTask) task = g_task_new(NULL, cancel, done, data);
	g_task_set_source_tag(task, nadir_document_open_async);
	g_task_set_task_data(task, o, opening_free);
	g_task_run_in_thread(task, open_thread);
}

/* --- another image of the same project --- */

struct document_file {
	char *path;
	raster *image; /* NULL until it is open, or when it cannot be opened */
	georef *ref;
	raster_style rule_style;
	tile_cache *tiles;
	void (*ready)(void *data); /* NULL: nobody waits any more */
	void *data;
};

static void file_clear(void *data)
{
	document_file *f = data;
	g_free(f->path);
	g_clear_pointer(&f->tiles, tile_cache_free);
	g_clear_pointer(&f->image, raster_unref);
	g_clear_pointer(&f->ref, georef_free);
}

document_file *document_file_ref(document_file *f)
{
	return g_atomic_rc_box_acquire(f);
}

void document_file_unref(document_file *f)
{
	g_atomic_rc_box_release_full(f, file_clear);
}

static void file_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	opening *o = data;
	g_task_return_boolean(task, open_raster(o, o->path, cancel, NULL));
}

static void on_file(GObject *source, GAsyncResult *result, gpointer data)
{
	document_file *f = data;
	opening *o = g_task_get_task_data(G_TASK(result));
	if (g_task_propagate_boolean(G_TASK(result), NULL)) { /* else it is said when it is to be shown */
		f->image = g_steal_pointer(&o->image);
		f->ref = g_steal_pointer(&o->ref);
		f->rule_style = o->rule_style;
		f->tiles = tile_cache_new(f->image, &f->rule_style, nadir_tile_bytes_get(), tile_surface_free, NULL, NULL);
		if (f->ready)
			f->ready(f->data);
	}
	document_file_unref(f);
}

document_file *document_file_read(const char *path, void (*ready)(void *data), void *data)
{
	document_file *f = g_atomic_rc_box_new0(document_file);
	opening *o = g_new0(opening, 1);
	f->path = g_strdup(path);
	f->ready = ready;
	f->data = data;
	o->path = g_strdup(path);
	g_autoptr(GTask) task = g_task_new(NULL, NULL, on_file, document_file_ref(f));
	g_task_set_task_data(task, o, opening_free);
	g_task_run_in_thread(task, file_thread);
	return f;
}

void document_file_forget_listener(document_file *f)
{
	f->ready = NULL;
}

tile_cache *document_file_get_tiles(document_file *f)
{
	return f->tiles;
}

const raster_info *document_file_get_info(document_file *f)
{
	return f->image ? raster_get_info(f->image) : NULL;
}

/* In the store's thread: what its project says of the image by now. */
static bool read_image(project **p, void *data, GError **error)
{
	opening *o = g_task_get_task_data(data);
	o->project = *p;
	restore_style(o, g_task_get_cancellable(data));
	const bool ok =
		project_place_image(*p, o->image_id, raster_get_info(o->image), o->ref, error) && read_project(o, error);
	if (ok)
		project_set_undo_image(*p, o->image_id);
	o->project = NULL;
	return ok;
}

static void on_image_read(const GError *error, void *data)
{
	g_autoptr(GTask) task = data;
	if (error)
		g_task_return_error(task, g_error_copy(error));
	else
		g_task_return_boolean(task, TRUE);
}

static void read_from_project(GTask *task)
{
	opening *o = g_task_get_task_data(task);
	if (o->from->store && !o->from->closing)
		store_push(o->from->store, read_image, on_image_read, g_object_ref(task));
	else
		g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "the project was closed");
}

static void on_raster(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GTask) task = data;
	GError *error = NULL;
	if (g_task_propagate_boolean(G_TASK(result), &error))
		read_from_project(task);
	else
		g_task_return_error(task, error);
}

static void raster_thread(GTask *inner, gpointer source, gpointer data, GCancellable *cancel)
{
	opening *o = g_task_get_task_data(data);
	GError *error = NULL;
	if (open_raster(o, o->path, cancel, &error))
		g_task_return_boolean(inner, TRUE);
	else
		g_task_return_error(inner, error);
}

static void take_file(opening *o, document_file *f)
{
	o->image = raster_ref(f->image);
	o->ref = g_steal_pointer(&f->ref);
	o->rule_style = f->rule_style;
	o->tiles = g_steal_pointer(&f->tiles);
	g_clear_pointer(&f->image, raster_unref);
}

void nadir_document_open_image_async(NadirDocument *from, gint64 image, const char *path, document_file *file,
                                     GCancellable *cancel, GAsyncReadyCallback done, void *data)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(from) && image > 0 && path);
	opening *o = g_new0(opening, 1);
	o->service = service_ref(from->service);
	o->path = g_strdup(path);
	o->from = g_object_ref(from);
	o->usual_stretch = g_strdup(nadir_stretch_get());
	o->image_id = image;
	o->objects = nadir_object_list_new();
	GTask *task = g_task_new(NULL, cancel, done, data);
	g_task_set_source_tag(task, nadir_document_open_async);
	g_task_set_task_data(task, o, opening_free);
	if (file && file->image) {
		take_file(o, file);
		read_from_project(task);
		g_object_unref(task);
		return;
	}
	g_autoptr(GTask) inner = g_task_new(NULL, cancel, on_raster, task);
	g_task_set_task_data(inner, g_object_ref(task), g_object_unref);
	g_task_run_in_thread(inner, raster_thread);
}

/* The store goes over with what it holds; what was on its way is told to the new document. */
static void take_store(NadirDocument *d, NadirDocument *from)
{
	d->store = g_steal_pointer(&from->store);
	from->heir = g_object_ref(d);
}

NadirDocument *nadir_document_open_finish(GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, nadir_document_open_async), NULL);
	opening *o = g_task_get_task_data(G_TASK(result));
	if (!g_task_propagate_boolean(G_TASK(result), error))
		return NULL;
	if (o->from && (!o->from->store || o->from->closing)) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "the project was closed");
		return NULL;
	}
	NadirDocument *d = g_object_new(NADIR_TYPE_DOCUMENT, NULL);
	d->service = service_ref(o->service);
	d->scene = scene_new(g_steal_pointer(&o->image), g_steal_pointer(&o->ref), o->image_id);
	if (o->from)
		take_store(d, o->from);
	else
		d->store = store_new(g_steal_pointer(&o->project));
	d->tiles_ahead = g_steal_pointer(&o->tiles);
	d->rule_style = o->rule_style;
	d->style = o->style;
	nadir_document_take_look(d, o->look);
	d->bands = g_steal_pointer(&o->bands);
	d->stretch = g_steal_pointer(&o->stretch);
	d->source = g_steal_pointer(&o->source);
	d->bookmarks = g_steal_pointer(&o->bookmarks);
	d->caption = g_steal_pointer(&o->caption);
	d->damage = g_steal_pointer(&o->damage);
	d->passed_over = g_steal_pointer(&o->passed_over);
	d->model_follows = g_strcmp0(o->model, "screen") == 0;
	d->title = g_path_get_basename(nadir_document_info(d)->path);
	if (o->opacity)
		d->opacity = CLAMP(g_ascii_strtod(o->opacity, NULL), 0, 1);
	if (o->classes && o->classes->len > 0)
		nadir_document_take_classes(d, g_steal_pointer(&o->classes));
	g_set_object(&d->objects, o->objects); /* after the classes, whose names they already have */
	if (o->from)
		nadir_document_inherit_visibility(d, o->from);
	/* Who marks one class through many images goes on with it. */
	const project_class *same =
		o->from ? nadir_document_find_class(d, nadir_document_current_class_name(o->from)) : NULL;
	guint at = 0;
	d->current_class = same && g_ptr_array_find(d->classes, same, &at) ? (int)at : 0;
	return d;
}
