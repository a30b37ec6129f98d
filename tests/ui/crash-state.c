/* What a project holds and what the window shows of it, as a line of text. */
#include <string.h>

#include "app/conversation/chat-store.h"
#include "app/document/document-history.h"
#include "app/document/document-job.h"
#include "render/store/conversation.h"
#include "render/store/review.h"
#include "tests/ui/crash-edits.h"
#include "tests/ui/fixture.h"

/* --- history --- */

static void on_history(GObject *source, GAsyncResult *result, gpointer data)
{
	g_set_object((GAsyncResult **)data, result);
}

static bool has_history(void *data)
{
	return *(GAsyncResult **)data != NULL;
}

GPtrArray *crash_history(NadirDocument *d)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GAsyncResult) answer = NULL;
	nadir_document_read_history_async(d, NULL, on_history, &answer);
	g_assert_true(fixture_wait(has_history, &answer, 60));
	GPtrArray *steps = nadir_document_read_history_finish(answer, &error);
	g_assert_no_error(error);
	return steps;
}

gint64 crash_top(NadirDocument *d)
{
	g_autoptr(GPtrArray) steps = crash_history(d);
	for (guint i = 0; i < steps->len; i++)
		if (((project_step *)steps->pdata[i])->done)
			return ((project_step *)steps->pdata[i])->step;
	return 0;
}

guint crash_steps_between(NadirDocument *d, gint64 a, gint64 b)
{
	g_autoptr(GPtrArray) steps = crash_history(d);
	guint n = 0;
	for (guint i = 0; i < steps->len; i++) {
		const gint64 step = ((project_step *)steps->pdata[i])->step;
		n += step > MIN(a, b) && step <= MAX(a, b);
	}
	return n;
}

/* --- the state --- */

typedef struct {
	GString *stands, *aside;
	bool read, failed;
} state;

static void add_object(GString *to, const feature *f)
{
	gsize size;
	const void *data = g_bytes_get_data(f->px_geom, &size);
	g_autofree char *outline = g_compute_checksum_for_data(G_CHECKSUM_MD5, data, size);
	g_string_append_printf(to, "%d|%s|%d|%.9g|%d|%.9g|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%d|%s|%s\n", (int)f->id,
	                       f->class_name, f->class_id, f->score, (int)f->area_px, f->area_m2, f->model, f->prompt,
	                       f->state, f->reviewer, f->caption, f->image, f->created, f->source, f->author, f->review,
	                       f->reviewed, f->comment, f->proposed_id, f->attributes, outline);
}

static void add_classes(GString *to, GPtrArray *classes)
{
	for (guint i = 0; i < classes->len; i++) {
		const project_class *c = classes->pdata[i];
		g_string_append_printf(to, "%d|%s|%s|%d|%d|%d|%s\n", c->id, c->name, c->color, c->pattern, c->key, c->parent,
		                       c->fields ? c->fields : "");
	}
}

static void add_setting(GString *to, project *p, gint64 image, const char *key)
{
	g_autofree char *value = project_get_image_setting(p, image, key);
	g_autofree char *escaped = g_uri_escape_string(value ? value : "", NULL, FALSE);
	g_string_append_printf(to, " %s=%s", key, escaped);
}

static bool add_aside(GString *to, project *p, gint64 image, GError **error)
{
	g_autoptr(GPtrArray) queues = project_queues(p, error);
	g_autoptr(GPtrArray) talks = project_conversations(p, image, error);
	if (!queues || !talks)
		return false;
	add_setting(to, p, image, "bookmarks");
	add_setting(to, p, image, "stretch");
	g_autofree char *queue =
		queues->len ? g_uri_escape_string(((review_queue_row *)queues->pdata[0])->filter, NULL, FALSE) : g_strdup("");
	gint64 newest = 0;
	const char *last = "";
	for (guint i = 0; i < talks->len; i++) { /* a question is stored with its conversation or not at all */
		const project_conversation *c = talks->pdata[i];
		last = c->id > newest ? c->words : last;
		newest = MAX(newest, c->id);
		if (!*c->words)
			last = "a conversation without its question";
	}
	g_autofree char *asked = g_uri_escape_string(last, NULL, FALSE);
	g_string_append_printf(to, " queue=%s asked=%s", queue, asked);
	return true;
}

static bool read_state(document_job *j, project *p, GError **error)
{
	state *s = j->data;
	g_autoptr(GPtrArray) all = project_objects(p, 0, error);
	g_autoptr(GPtrArray) classes = all ? project_classes(p, error) : NULL;
	if (!classes)
		return false;
	for (guint i = 0; i < all->len; i++) /* there is one image */
		add_object(s->stands, all->pdata[i]);
	add_classes(s->stands, classes);
	g_autofree char *caption = project_get_image_setting(p, j->scene->image_id, "caption");
	g_string_append(s->stands, caption ? caption : "");
	return add_aside(s->aside, p, j->scene->image_id, error);
}

static int compare_objects(const void *a, const void *b)
{
	const feature *x = nadir_object_get_feature(*(NadirObject *const *)a),
				  *y = nadir_object_get_feature(*(NadirObject *const *)b);
	return (x->id > y->id) - (x->id < y->id);
}

/* The same of what the window shows. */
static GString *shown(NadirDocument *d)
{
	GString *to = g_string_new(NULL);
	GListModel *list = nadir_document_get_objects(d);
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_object_unref);
	for (guint i = 0; i < g_list_model_get_n_items(list); i++)
		g_ptr_array_add(all, g_list_model_get_item(list, i));
	qsort(all->pdata, all->len, sizeof(gpointer), compare_objects);
	for (guint i = 0; i < all->len; i++)
		add_object(to, nadir_object_get_feature(all->pdata[i]));
	add_classes(to, nadir_document_get_classes(d));
	g_autofree char *caption = chat_store_get_caption(d);
	g_string_append(to, caption ? caption : "");
	return to;
}

static bool on_state(document_job *j, const GError *error)
{
	((state *)j->data)->read = true;
	((state *)j->data)->failed = error != NULL;
	return false;
}

static bool is_read(void *data)
{
	return ((state *)data)->read;
}

char *crash_state(NadirDocument *d)
{
	fixture_settle(d);
	state s = {g_string_new(NULL), g_string_new(NULL), false, false};
	document_job *j = document_job_new(d, read_state);
	j->data = &s;
	j->done = on_state;
	document_job_push(j);
	g_assert_true(fixture_wait(is_read, &s, 60));
	GString *seen = shown(d);
	/* Without a class in the project, as without a project, the window has one to begin with. */
	const bool same = *s.stands->str ? strcmp(seen->str, s.stands->str) == 0
	                                 : g_list_model_get_n_items(nadir_document_get_objects(d)) == 0;
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_MD5, s.stands->str, -1);
	if (!same && !s.failed)
		g_message("the window shows\n%s\nand the project holds\n%s", seen->str, s.stands->str);
	char *text =
		s.failed ? NULL : g_strconcat(same ? "" : "!the window shows something else ", sum, s.aside->str, NULL);
	g_string_free(seen, TRUE);
	g_string_free(s.stands, TRUE);
	g_string_free(s.aside, TRUE);
	return text;
}
