#include "app/edit/edit-clipboard.h"

#include <glib/gi18n.h>

#include "app/document/document-private.h"
#include "app/edit/edit-selection.h"
#include "render/exchange/shape-text.h"
#include "render/store/class-texts.h"

/* --- out --- */

typedef struct {
	scene *scene;
	GPtrArray *objects; /* of feature */
	class_texts classes;
	bool wkt;
} copying;

static void copying_free(void *data)
{
	copying *c = data;
	scene_unref(c->scene);
	g_ptr_array_unref(c->objects);
	class_texts_clear(&c->classes);
	g_free(c);
}

static void copy_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	const copying *c = data;
	GError *error = NULL;
	const export_job job = {.image = raster_get_info(c->scene->image),
	                        .ref = c->scene->ref,
	                        .objects = (feature *const *)c->objects->pdata,
	                        .n_objects = c->objects->len,
	                        .class_names = (const char *const *)c->classes.names,
	                        .class_paths = (const char *const *)c->classes.paths};
	char *text = c->wkt ? shape_text_wkt(&job, &error) : shape_text_geojson(&job, &error);
	if (text)
		g_task_return_pointer(task, text, g_free);
	else
		g_task_return_error(task, error);
}

static void take_selected(NadirDocument *d, copying *c)
{
	GListModel *all = nadir_document_get_objects(d);
	for (guint i = 0; i < g_list_model_get_n_items(all); i++) {
		g_autoptr(NadirObject) o = g_list_model_get_item(all, i);
		const feature *f = nadir_object_get_feature(o);
		if (nadir_document_is_selected(d, f->id))
			g_ptr_array_add(c->objects, feature_copy(f));
	}
}

void nadir_document_copy_async(NadirDocument *d, bool wkt, GAsyncReadyCallback done, void *data)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	g_autoptr(GTask) task = g_task_new(NULL, NULL, done, data);
	copying *c = g_new0(copying, 1);
	g_task_set_source_tag(task, nadir_document_copy_async);
	g_task_set_task_data(task, c, copying_free);
	*c = (copying){scene_ref(d->scene), g_ptr_array_new_with_free_func((GDestroyNotify)feature_free),
	               class_texts_of(d->classes), wkt};
	take_selected(d, c);
	g_task_run_in_thread(task, copy_thread);
}

char *nadir_document_copy_finish(GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, nadir_document_copy_async), NULL);
	return g_task_propagate_pointer(G_TASK(result), error);
}

/* --- in --- */

typedef struct {
	char *text, *class_name;
	GArray *ids; /* gint64, of the new objects */
	guint skipped;
} pasting;

static void pasting_free(void *data)
{
	pasting *t = data;
	g_free(t->text);
	g_free(t->class_name);
	g_array_unref(t->ids);
	g_free(t);
}

static bool paste(document_job *j, project *p, GError **error)
{
	pasting *t = j->data;
	scene *s = j->scene;
	g_autoptr(GPtrArray) features =
		shape_text_read(t->text, raster_get_info(s->image), s->ref, t->class_name, &t->skipped, error);
	if (!features)
		return false;
	/* Translators: a step in the undo list. */
	j->what = g_strdup_printf(ngettext("paste %u object", "paste %u objects", features->len), features->len);
	const project_batch b = {.add = (feature **)features->pdata, .n_add = features->len};
	if (!project_apply(p, s->image_id, &b, j->what, error))
		return false;
	for (guint i = 0; i < features->len; i++) {
		g_array_append_val(t->ids, b.add[i]->id);
		document_job_changed(j, b.add[i]->id, feature_copy(b.add[i]));
	}
	return document_job_read_classes(j, p, error);
}

static bool on_pasted(document_job *j, const GError *error)
{
	const pasting *t = j->data;
	if (error) {
		nadir_document_report(j->document, error);
		return false;
	}
	nadir_document_select_ids(j->document, (const gint64 *)(const void *)t->ids->data, t->ids->len);
	if (t->skipped > 0) {
		g_autofree char *sentence =
			g_strdup_printf(ngettext("Pasted; %u shape does not lie on this image or is no polygon.",
		                             "Pasted; %u shapes do not lie on this image or are no polygons.", t->skipped),
		                    t->skipped);
		nadir_document_notify_user(j->document, sentence);
	}
	return false;
}

void nadir_document_paste(NadirDocument *d, const char *text)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && text);
	document_job *j = document_job_new(d, paste);
	pasting *t = g_new0(pasting, 1);
	*t = (pasting){g_strdup(text), g_strdup(nadir_document_current_class_name(d)),
	               g_array_new(FALSE, FALSE, sizeof(gint64)), 0};
	j->data = t;
	j->data_free = pasting_free;
	j->done = on_pasted;
	j->birth = birth_new(d, NULL);
	document_job_push(j);
}
