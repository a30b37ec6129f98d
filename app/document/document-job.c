/* The way of every change: a job is made in the main context, works in the store's thread on what the project holds by
 * then, and what it changed is taken over here once it is committed. */
#include "app/document/document-private.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>

/* --- the scene --- */

scene *scene_new(raster *image, georef *ref, gint64 image_id)
{
	scene *s = g_atomic_rc_box_new0(scene);
	s->image = image;
	s->ref = ref;
	s->image_id = image_id;
	s->given = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	return s;
}

scene *scene_ref(scene *s)
{
	return g_atomic_rc_box_acquire(s);
}

static void scene_clear(void *data)
{
	scene *s = data;
	raster_unref(s->image);
	georef_free(s->ref);
	g_hash_table_unref(s->given);
}

void scene_unref(scene *s)
{
	g_atomic_rc_box_release_full(s, scene_clear);
}

/* --- what a project begins with --- */

const char *const document_settings[7] = {"opacity", "bands", "stretch", "source", "model", "look", "bookmarks"};

birth *birth_new(NadirDocument *d, const char *path)
{
	char opacity[G_ASCII_DTOSTR_BUF_SIZE];
	birth *b = g_new0(birth, 1);
	b->path = path ? g_strdup(path) : project_default_path(nadir_document_info(d)->path);
	b->classes = nadir_document_copy_classes(d->classes);
	b->settings[0] = g_strdup(g_ascii_dtostr(opacity, sizeof opacity, d->opacity));
	b->settings[1] = g_strdup(d->bands);
	b->settings[2] = g_strdup(d->stretch);
	b->settings[3] = g_strdup(d->source);
	b->settings[4] = g_strdup(d->model_follows ? "screen" : NULL);
	b->settings[5] = nadir_document_look_text(d);
	b->settings[6] = g_strdup(d->bookmarks);
	return b;
}

static void birth_free(birth *b)
{
	if (!b)
		return;
	g_free(b->path);
	g_ptr_array_unref(b->classes);
	for (guint i = 0; i < G_N_ELEMENTS(b->settings); i++)
		g_free(b->settings[i]);
	g_free(b);
}

/* The project numbers them itself, so that a parent is known when all are there. */
static bool fill_classes(project *p, GPtrArray *classes, GError **error)
{
	g_autoptr(GHashTable) stored = g_hash_table_new(NULL, NULL);
	for (guint i = 0; i < classes->len; i++) {
		const project_class *c = classes->pdata[i];
		const int id = project_class_for(p, c->name, NULL, error);
		if (!id)
			return false;
		g_hash_table_insert(stored, GINT_TO_POINTER(c->id), GINT_TO_POINTER(id));
	}
	for (guint i = 0; i < classes->len; i++) {
		project_class c = *(project_class *)classes->pdata[i];
		c.id = GPOINTER_TO_INT(g_hash_table_lookup(stored, GINT_TO_POINTER(c.id)));
		c.parent = GPOINTER_TO_INT(g_hash_table_lookup(stored, GINT_TO_POINTER(c.parent)));
		if (!project_update_class(p, &c, NULL, error))
			return false;
	}
	return true;
}

static bool fill(project *p, const birth *b, scene *s, gint64 *image, GError **error)
{
	*image = project_add_image(p, raster_get_info(s->image), s->ref, error);
	if (!*image)
		return false;
	if (!fill_classes(p, b->classes, error))
		return false;
	for (guint i = 0; i < G_N_ELEMENTS(b->settings); i++)
		if (b->settings[i] && !project_set_image_setting(p, *image, document_settings[i], b->settings[i], error))
			return false;
	return true;
}

static project *bear(const birth *b, scene *s, GError **error)
{
	g_autoptr(project) p = project_create(b->path, error);
	gint64 image = 0;
	if (!p)
		return NULL;
	if (!project_begin(p, error) || !project_end(p, fill(p, b, s, &image, error), error)) {
		g_clear_pointer(&p, project_close);
		g_unlink(b->path); /* made a moment ago, and of no use */
		return NULL;
	}
	s->image_id = image;
	project_set_undo_image(p, image);
	return g_steal_pointer(&p);
}

/* --- jobs --- */

static void change_free(void *data)
{
	object_change *c = data;
	g_clear_object(&c->now);
	g_free(c);
}

document_job *document_job_new(NadirDocument *d, bool (*work)(document_job *, project *, GError **))
{
	document_job *j = g_new0(document_job, 1);
	j->document = g_object_ref(d);
	j->scene = scene_ref(d->scene);
	j->work = work;
	j->changed = g_ptr_array_new_with_free_func(change_free);
	return j;
}

document_job *document_job_for(GTask *task, bool (*work)(document_job *, project *, GError **), void *data,
                               GDestroyNotify data_free)
{
	document_job *j = document_job_new(g_task_get_source_object(task), work);
	j->task = task;
	j->data = data;
	j->data_free = data_free;
	j->done = document_job_answer;
	return j;
}

bool document_job_answer(document_job *j, const GError *error)
{
	g_autoptr(GTask) task = g_steal_pointer(&j->task);
	g_task_set_task_data(task, g_steal_pointer(&j->data), j->data_free);
	j->data_free = NULL;
	if (error)
		g_task_return_error(task, g_error_copy(error));
	else
		g_task_return_boolean(task, TRUE);
	return false;
}

static void fresh_free(new_object *fresh)
{
	if (!fresh)
		return;
	g_clear_object(&fresh->item);
	prompt_free(fresh->marks);
	g_free(fresh);
}

void document_job_free(document_job *j)
{
	birth_free(j->birth);
	feature_free(j->object);
	g_free(j->text);
	g_free(j->what);
	project_class_free(j->klass);
	fresh_free(j->fresh);
	g_free(j->xy);
	g_free(j->pressure);
	if (j->task) /* the document was closed before */
		g_task_return_new_error(j->task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "closed");
	g_clear_object(&j->task);
	if (j->data_free)
		j->data_free(j->data);
	g_ptr_array_unref(j->changed);
	g_clear_pointer(&j->classes, g_ptr_array_unref);
	g_clear_pointer(&j->texts, g_ptr_array_unref);
	scene_unref(j->scene);
	g_clear_object(&j->document);
	g_free(j);
}

gint64 document_job_id(document_job *j)
{
	const gint64 *stored = j->id < 0 ? g_hash_table_lookup(j->scene->given, &j->id) : NULL;
	return j->id > 0 ? j->id : stored ? *stored : 0;
}

void document_job_changed(document_job *j, gint64 id, feature *now)
{
	object_change *c = g_new0(object_change, 1);
	*c = (object_change){id, now ? nadir_object_new(now, NADIR_STAGE_STORED) : NULL};
	g_ptr_array_add(j->changed, c);
}

bool document_job_read_classes(document_job *j, project *p, GError **error)
{
	g_clear_pointer(&j->classes, g_ptr_array_unref);
	j->classes = project_classes(p, error);
	return j->classes != NULL;
}

bool document_job_take_changes(document_job *j, project *p, project_changes *changes, GError **error)
{
	for (guint i = 0; i < changes->objects->len; i++) {
		project_change *c = changes->objects->pdata[i];
		if (c->image == j->scene->image_id)
			document_job_changed(j, c->id, g_steal_pointer(&c->now));
	}
	j->texts = g_steal_pointer(&changes->texts);
	return !changes->classes || document_job_read_classes(j, p, error);
}

bool document_job_set_text(document_job *j, project *p, gint64 image, gint64 message, const char *text, GError **error)
{
	project_words *t = g_new0(project_words, 1);
	*t = (project_words){image ? image : j->scene->image_id, message, g_strdup(text)};
	j->texts = g_ptr_array_new_with_free_func((GDestroyNotify)project_words_free);
	g_ptr_array_add(j->texts, t);
	return project_set_words(p, t, j->what, error);
}

static bool run(project **p, void *data, GError **error)
{
	document_job *j = data;
	if (!*p && j->birth) {
		*p = bear(j->birth, j->scene, error);
		if (!*p || !document_job_read_classes(j, *p, error))
			return false;
	}
	return !*p || j->work(j, *p, error);
}

static void tell(const GError *error, void *data)
{
	document_job *j = data;
	NadirDocument *d = g_object_ref(nadir_document_living(j->document));
	if (j->classes && j->classes->len > 0)
		nadir_document_take_classes(d, g_steal_pointer(&j->classes));
	if (!error && j->document == d) /* else they lie on an image that nobody shows */
		nadir_document_apply(d, j->changed);
	for (guint i = 0; !error && j->texts && i < j->texts->len; i++)
		nadir_document_take_text(d, j->texts->pdata[i]);
	if (error && !j->done)
		nadir_document_report(d, error);
	if (!j->done || !j->done(j, error))
		document_job_free(j);
	nadir_document_emit(d, SIGNAL_STORE);
	nadir_document_close_soon(d);
	g_object_unref(d);
}

void document_job_push(document_job *j)
{
	NadirDocument *d = j->document;
	if (!d->store) { /* closed: nobody is there to ask for changes */
		document_job_free(j);
		return;
	}
	store_push(d->store, run, tell, j);
	nadir_document_emit(d, SIGNAL_STORE);
}
