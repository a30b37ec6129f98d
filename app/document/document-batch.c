/* The project's side of `nadir batch`. Lists and results are read and written in the store's thread. */
#include "app/document/document-batch.h"
#include "app/document/document-private.h"

#include <cjson/cJSON.h>
#include <glib/gi18n.h>
#include <string.h>

#include "render/exchange/import.h"
#include "render/file/json-text.h"
#include "render/file/output.h"
#include "render/store/conversation.h"
#include "render/store/images.h"

#define SETTING "batch" /* of an image: the runs whose result it has, a line each */

typedef struct {
	char *path, *image_path, *run;
	NadirBatchList which;
	gint64 image;
	GHashTable *ids;
	int taken;
	NadirBatchTalk talk;
	bool talked;
} batch_job;

static void batch_job_free(void *data)
{
	batch_job *b = data;
	g_clear_pointer(&b->ids, g_hash_table_unref);
	g_free(b->path);
	g_free(b->image_path);
	g_free(b->run);
	g_free(b);
}

static batch_job *begin(NadirDocument *d, bool (*work)(document_job *, project *, GError **), void *tag,
                        GAsyncReadyCallback done, void *data, document_job **job)
{
	batch_job *b = g_new0(batch_job, 1);
	GTask *task = g_task_new(d, NULL, done, data);
	g_task_set_source_tag(task, tag);
	*job = document_job_for(task, work, b, batch_job_free);
	return b;
}

/* --- the list --- */

static bool add_boxes(project *p, gint64 image, cJSON *line, GError **error)
{
	g_autoptr(GPtrArray) objects = project_objects(p, image, error);
	if (!objects)
		return false;
	cJSON *boxes = cJSON_AddArrayToObject(line, "boxes"), *labels = cJSON_AddArrayToObject(line, "labels");
	for (guint i = 0; i < objects->len; i++) {
		const feature *f = objects->pdata[i];
		double e[4];
		g_autoptr(wkb_shape) s = wkb_shape_read(f->px_geom, NULL);
		if (!s)
			continue;
		wkb_shape_extent(s, e);
		cJSON_AddItemToArray(boxes, cJSON_CreateDoubleArray(e, 4));
		cJSON_AddItemToArray(labels, cJSON_CreateString(f->class_name));
	}
	return true;
}

static bool add_line(project *p, const image_entry *e, batch_job *b, GString *text, GError **error)
{
	const project_image image = {.id = e->id, .path = e->path, .fingerprint = e->fingerprint};
	g_autofree char *path = project_find_image(p, &image, NULL);
	cJSON *line = cJSON_CreateObject();
	cJSON_AddStringToObject(line, "image", path ? path : e->path); /* one that is away fails by name */
	const bool ok = !b->which.boxes || add_boxes(p, e->id, line, error);
	g_autofree char *printed = json_text(line);
	g_string_append_printf(text, "%s\n", printed);
	g_hash_table_insert(b->ids, g_strdup(path ? path : e->path), g_memdup2(&e->id, sizeof e->id));
	return ok;
}

static bool write_list(document_job *j, project *p, GError **error)
{
	batch_job *b = j->data;
	g_autoptr(GPtrArray) entries = project_image_entries(p, 0, error);
	g_autoptr(GString) text = g_string_new(NULL);
	b->ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	for (guint i = 0; entries && i < entries->len; i++) {
		const image_entry *e = entries->pdata[i];
		if ((b->which.open_only && e->state != IMAGE_NEW && e->state != IMAGE_IN_WORK) ||
		    (b->which.boxes && e->objects == 0))
			continue;
		if (!add_line(p, e, b, text, error))
			return false;
	}
	return entries && output_write(b->path, text->str, text->len, error);
}

void nadir_document_batch_list_async(NadirDocument *d, const char *path, NadirBatchList which, GAsyncReadyCallback done,
                                     void *data)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && path);
	document_job *j;
	batch_job *b = begin(d, write_list, nadir_document_batch_list_async, done, data, &j);
	b->path = g_strdup(path);
	b->which = which;
	j->birth = birth_new(d, NULL); /* the one image that is open makes a project, too */
	document_job_push(j);
}

GHashTable *nadir_document_batch_list_finish(GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, nadir_document_batch_list_async), NULL);
	if (!g_task_propagate_boolean(G_TASK(result), error))
		return NULL;
	return g_steal_pointer(&((batch_job *)g_task_get_task_data(G_TASK(result)))->ids);
}

/* --- a result --- */

static bool place_all(import_file *file, const char *image_path, GPtrArray *placed, GError **error)
{
	g_autoptr(raster) r = raster_open(image_path, NULL, error);
	g_autoptr(georef) ref = r ? georef_new(raster_get_info(r), error) : NULL;
	for (guint i = 0; ref && i < import_count(file); i++) {
		import_object *o = import_get(file, i);
		if (!import_place(file, o, raster_get_info(r), ref, error))
			return false;
		g_ptr_array_add(placed, o->f);
	}
	return ref != NULL;
}

/* Objects of the image that is shown are told to the list. */
static bool take_objects(document_job *j, project *p, const char *path, GError **error)
{
	batch_job *b = j->data;
	g_autoptr(import_file) file = import_read(path, NULL, error);
	g_autoptr(GPtrArray) placed = g_ptr_array_new();
	if (!file || !place_all(file, b->image_path, placed, error) ||
	    !project_replace(p, b->image, NULL, 0, (feature **)placed->pdata, placed->len, j->what, error))
		return false;
	b->taken = (int)placed->len;
	for (guint i = 0; b->image == j->scene->image_id && i < placed->len; i++)
		document_job_changed(j, ((feature *)placed->pdata[i])->id, feature_copy(placed->pdata[i]));
	return true;
}

static bool take_text(document_job *j, project *p, const char *path, GError **error)
{
	batch_job *b = j->data;
	g_autofree char *text = NULL, *known = project_get_image_setting(p, b->image, "caption");
	if (known && *known) /* what a person or an earlier run said stays */
		return true;
	if (!g_file_get_contents(path, &text, NULL, error))
		return false;
	cJSON *root = cJSON_Parse(text);
	const char *said = cJSON_GetStringValue(cJSON_GetObjectItem(root, "text"));
	const bool ok = !said || !*said || document_job_set_text(j, p, b->image, 0, said, error);
	b->taken = ok && said && *said ? -1 : -2;
	cJSON_Delete(root);
	return ok;
}

static bool take_talk(document_job *j, project *p, const char *path, GError **error)
{
	batch_job *b = j->data;
	g_autofree char *text = NULL;
	if (!g_file_get_contents(path, &text, NULL, error))
		return false;
	g_autoptr(GPtrArray) messages = b->talk(text);
	g_autoptr(project_conversation) c = project_conversation_new(b->image);
	if (!messages)
		return true;
	if (!project_put_talk(p, c, messages, error))
		return false;
	b->talked = b->image == j->scene->image_id;
	b->taken = -1;
	return true;
}

static bool tell(document_job *j, const GError *error)
{
	NadirDocument *d = nadir_document_living(j->document);
	if (!error && ((const batch_job *)j->data)->talked && d == j->document)
		nadir_document_emit(d, SIGNAL_TALKS);
	return document_job_answer(j, error);
}

static bool has_run(const char *runs, const char *run)
{
	g_auto(GStrv) lines = g_strsplit(runs ? runs : "", "\n", -1);
	return g_strv_contains((const char *const *)lines, run);
}

static bool take(document_job *j, project *p, GError **error)
{
	batch_job *b = j->data;
	g_autofree char *runs = project_get_image_setting(p, b->image, SETTING);
	g_autofree char *stem = g_strndup(b->path, strlen(b->path) - (g_str_has_suffix(b->path, ".json") ? 5 : 0));
	g_autofree char *objects = g_strconcat(stem, ".pixel.geojson", NULL);
	b->taken = -2;
	if (has_run(runs, b->run))
		return true;
	const bool outlined = g_file_test(objects, G_FILE_TEST_EXISTS);
	g_autofree char *now = runs && *runs ? g_strconcat(runs, "\n", b->run, NULL) : g_strdup(b->run);
	bool (*const take_it)(document_job *, project *, const char *, GError **) = outlined  ? take_objects
	                                                                            : b->talk ? take_talk
	                                                                                      : take_text;
	return project_begin(p, error) && /* taken and noted in one: after a crash it is neither lost nor doubled */
	       project_end(p,
	                   take_it(j, p, outlined ? objects : b->path, error) &&
	                       project_set_image_setting(p, b->image, SETTING, now, error),
	                   error) &&
	       document_job_read_classes(j, p, error);
}

void nadir_document_batch_take_async(NadirDocument *d, gint64 image, const char *image_path, const char *result,
                                     const char *run, NadirBatchTalk talk, GAsyncReadyCallback done, void *data)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && image_path && result && run);
	document_job *j;
	batch_job *b = begin(d, take, nadir_document_batch_take_async, done, data, &j);
	b->image = image;
	b->image_path = g_strdup(image_path);
	b->path = g_strdup(result);
	b->run = g_strdup(run);
	b->talk = talk;
	j->done = tell;
	j->what = g_strdup_printf(_("work on many images: %s"), run);
	document_job_push(j);
}

int nadir_document_batch_take_finish(GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, nadir_document_batch_take_async), -3);
	if (!g_task_propagate_boolean(G_TASK(result), error))
		return -3;
	return ((batch_job *)g_task_get_task_data(G_TASK(result)))->taken;
}
