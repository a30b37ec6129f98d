#include "app/panel/object-content.h"

#include <string.h>

#include "app/edit/edit-clipboard.h"
#include "app/edit/edit-selection.h"
#include "app/engine/paths.h"

#define URIS "text/uri-list"
#define GEOJSON "application/geo+json"
#define TEXT "text/plain;charset=utf-8"

struct _NadirObjectContent {
	GdkContentProvider parent_instance;
	NadirDocument *document; /* owned */
};

G_DEFINE_FINAL_TYPE(NadirObjectContent, nadir_object_content, GDK_TYPE_CONTENT_PROVIDER)

/* --- writing --- */

typedef struct {
	GOutputStream *stream;
	char *path; /* of the file that is asked for; NULL: the text itself */
	char *text; /* what goes into the stream */
} writing;

static void writing_free(void *data)
{
	writing *w = data;
	g_object_unref(w->stream);
	g_free(w->path);
	g_free(w->text);
	g_free(w);
}

static void write_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	writing *w = data;
	GError *error = NULL;
	if (w->path) {
		g_autofree char *dir = g_path_get_dirname(w->path), *uri = g_filename_to_uri(w->path, NULL, NULL);
		g_mkdir_with_parents(dir, 0700);
		if (!g_file_set_contents(w->path, w->text, -1, &error)) {
			g_task_return_error(task, error);
			return;
		}
		g_free(w->text);
		w->text = g_strconcat(uri, "\r\n", NULL);
	}
	if (g_output_stream_write_all(w->stream, w->text, strlen(w->text), NULL, cancel, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static void on_text(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GTask) task = data;
	GError *error = NULL;
	writing *w = g_task_get_task_data(task);
	w->text = nadir_document_copy_finish(result, &error);
	if (w->text)
		g_task_run_in_thread(task, write_thread);
	else
		g_task_return_error(task, error);
}

/* "scene.tif" -> …/nadir/drag/scene-objects.geojson */
static char *file_for(NadirDocument *d)
{
	g_autofree char *stem = g_strdup(nadir_document_get_title(d));
	char *dot = strrchr(stem, '.');
	if (dot && dot != stem)
		*dot = 0;
	g_autofree char *name = g_strdup_printf("%s-objects.geojson", stem);
	return g_build_filename(paths_cache_dir(), "drag", name, NULL);
}

static void write_async(GdkContentProvider *provider, const char *mime, GOutputStream *stream, int priority,
                        GCancellable *cancel, GAsyncReadyCallback done, gpointer data)
{
	NadirObjectContent *self = NADIR_OBJECT_CONTENT(provider);
	GTask *task = g_task_new(provider, cancel, done, data);
	writing *w = g_new0(writing, 1);
	*w = (writing){g_object_ref(stream), g_str_equal(mime, URIS) ? file_for(self->document) : NULL, NULL};
	g_task_set_source_tag(task, write_async);
	g_task_set_task_data(task, w, writing_free);
	nadir_document_copy_async(self->document, false, on_text, task);
}

static gboolean write_finish(GdkContentProvider *provider, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}

static GdkContentFormats *ref_formats(GdkContentProvider *provider)
{
	static const char *const mimes[] = {URIS, GEOJSON, TEXT};
	return gdk_content_formats_new((const char **)mimes, G_N_ELEMENTS(mimes));
}

static void nadir_object_content_dispose(GObject *object)
{
	g_clear_object(&NADIR_OBJECT_CONTENT(object)->document);
	G_OBJECT_CLASS(nadir_object_content_parent_class)->dispose(object);
}

static void nadir_object_content_class_init(NadirObjectContentClass *klass)
{
	GdkContentProviderClass *provider_class = GDK_CONTENT_PROVIDER_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_object_content_dispose;
	provider_class->ref_formats = ref_formats;
	provider_class->write_mime_type_async = write_async;
	provider_class->write_mime_type_finish = write_finish;
}

static void nadir_object_content_init(NadirObjectContent *self)
{
}

GdkContentProvider *nadir_object_content_new(NadirDocument *document)
{
	NadirObjectContent *self = g_object_new(NADIR_TYPE_OBJECT_CONTENT, NULL);
	self->document = g_object_ref(document);
	return GDK_CONTENT_PROVIDER(self);
}

/* --- the source --- */

typedef struct {
	NadirObject *(*row_at)(gpointer data, double x, double y);
	NadirDocument *(*document)(gpointer data);
	gpointer data;
} dragging;

static GdkContentProvider *on_prepare(GtkDragSource *source, double x, double y, dragging *g)
{
	NadirObject *o = g->row_at(g->data, x, y);
	NadirDocument *d = g->document(g->data);
	if (!o || !d || nadir_object_get_stage(o) != NADIR_STAGE_STORED)
		return NULL;
	if (!nadir_document_is_selected(d, nadir_object_get_feature(o)->id))
		nadir_document_select(d, nadir_object_get_feature(o)->id);
	return nadir_object_content_new(d);
}

static void free_dragging(gpointer g, GClosure *closure)
{
	g_free(g);
}

void nadir_object_content_add_source(GtkWidget *rows, NadirObject *(*row_at)(gpointer data, double x, double y),
                                     NadirDocument *(*document)(gpointer data), gpointer data)
{
	GtkDragSource *source = gtk_drag_source_new();
	g_signal_connect_data(source, "prepare", G_CALLBACK(on_prepare),
	                      g_memdup2(&(dragging){row_at, document, data}, sizeof(dragging)), free_dragging, 0);
	gtk_widget_add_controller(rows, GTK_EVENT_CONTROLLER(source));
}
