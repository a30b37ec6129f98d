#include "app/conversation/chat-store.h"

#include <glib/gi18n.h>

#include "app/conversation/conversation-json.h"
#include "app/document/document-private.h"
#include "render/store/conversation.h"

/* --- reading --- */

typedef struct {
	GPtrArray *rows; /* of project_conversation or project_message; NULL: none */
	chat_store_listed done;
	void *data;
	bool first;
} reading;

static void reading_free(void *data)
{
	reading *r = data;
	g_clear_pointer(&r->rows, g_ptr_array_unref);
	g_free(r);
}

static document_job *reading_job(NadirDocument *d, bool (*work)(document_job *, project *, GError **),
                                 bool (*told)(document_job *, const GError *), chat_store_listed done, void *data)
{
	document_job *j = document_job_new(d, work);
	reading *r = g_new0(reading, 1);
	*r = (reading){NULL, done, data, false};
	j->done = told;
	j->data = r;
	j->data_free = reading_free;
	return j;
}

static bool list(document_job *j, project *p, GError **error)
{
	reading *r = j->data;
	if (r->first && !project_purge_conversations(p, error))
		return false;
	r->rows = project_conversations(p, j->scene->image_id, error);
	return r->rows != NULL;
}

static bool on_list(document_job *j, const GError *error)
{
	const reading *r = j->data;
	g_autoptr(GPtrArray) talks = g_ptr_array_new_with_free_func((GDestroyNotify)conversation_unref);
	if (error)
		nadir_document_report(j->document, error);
	for (guint i = 0; r->rows && i < r->rows->len; i++)
		g_ptr_array_add(talks, conversation_from_row(r->rows->pdata[i]));
	r->done(talks, r->data);
	return false;
}

void chat_store_list(NadirDocument *d, bool first, chat_store_listed done, void *data)
{
	document_job *j = reading_job(d, list, on_list, done, data);
	((reading *)j->data)->first = first;
	document_job_push(j);
}

static bool read_messages(document_job *j, project *p, GError **error)
{
	reading *r = j->data;
	r->rows = project_messages(p, document_job_id(j), error);
	return r->rows != NULL;
}

static bool on_messages(document_job *j, const GError *error)
{
	reading *r = j->data;
	if (error)
		nadir_document_report(j->document, error);
	if (!r->rows)
		r->rows = g_ptr_array_new();
	r->done(g_steal_pointer(&r->rows), r->data);
	return false;
}

void chat_store_messages(NadirDocument *d, const conversation *talk, chat_store_read done, void *data)
{
	document_job *j = reading_job(d, read_messages, on_messages, done, data);
	j->id = talk->id;
	document_job_push(j);
}

/* --- writing --- */

typedef struct {
	conversation *talk;
	project_conversation *row; /* NULL: as stored */
	GPtrArray *messages;       /* of project_message, what is followed first */
	GArray *fresh;             /* gint64: ids < 0 that were thought of for this */
	GArray *given;             /* gint64 pairs: the id that it had until now, and since */
} writing;

static void writing_free(void *data)
{
	writing *w = data;
	conversation_unref(w->talk);
	project_conversation_free(w->row);
	g_ptr_array_unref(w->messages);
	g_array_unref(w->fresh);
	g_array_unref(w->given);
	g_free(w);
}

static gint64 stored_id(document_job *j, gint64 id)
{
	const gint64 *stored = id < 0 ? g_hash_table_lookup(j->scene->given, &id) : NULL;
	return id >= 0 ? id : stored ? *stored : 0;
}

static void give_id(document_job *j, gint64 before, gint64 since)
{
	const gint64 pair[] = {before, since};
	if (before >= 0)
		return;
	g_hash_table_insert(j->scene->given, g_memdup2(&pair[0], sizeof pair[0]), g_memdup2(&pair[1], sizeof pair[1]));
	g_array_append_vals(((writing *)j->data)->given, pair, 2);
}

static bool put_message(document_job *j, project *p, project_message *row, GError **error)
{
	const gint64 before = row->id;
	row->id = stored_id(j, before);
	row->parent = stored_id(j, row->parent);
	row->conversation = stored_id(j, row->conversation);
	if (!project_put_message(p, row, error))
		return false;
	give_id(j, before, row->id);
	return true;
}

static bool put_all(document_job *j, project *p, GError **error)
{
	writing *w = j->data;
	if (w->row) {
		const gint64 before = w->row->id;
		w->row->id = stored_id(j, before);
		w->row->leaf = stored_id(j, w->row->leaf);
		w->row->image = j->scene->image_id;
		if (!project_put_conversation(p, w->row, error))
			return false;
		give_id(j, before, w->row->id);
	}
	for (guint i = 0; i < w->messages->len; i++)
		if (!put_message(j, p, w->messages->pdata[i], error))
			return false;
	return true;
}

/* A question without its conversation would be out of reach after a crash. */
static bool put(document_job *j, project *p, GError **error)
{
	writing *w = j->data;
	if (project_begin(p, error) && project_end(p, put_all(j, p, error), error))
		return true;
	for (guint i = 0; i + 1 < w->given->len; i += 2)
		g_hash_table_remove(j->scene->given, &g_array_index(w->given, gint64, i));
	g_array_set_size(w->given, 0);
	return false;
}

static void change_id(conversation *talk, gint64 from, gint64 to)
{
	if (talk->id == from)
		talk->id = to;
	for (guint i = 0; i < talk->messages->len; i++) {
		conversation_message *m = talk->messages->pdata[i];
		if (m->id == from)
			m->id = to;
	}
}

/* What could not be stored is as if it had never been given away: the next time it is stored with what follows it. */
static bool on_put(document_job *j, const GError *error)
{
	writing *w = j->data;
	for (guint i = 0; i + 1 < w->given->len; i += 2)
		change_id(w->talk, g_array_index(w->given, gint64, i), g_array_index(w->given, gint64, i + 1));
	if (!error)
		return false;
	nadir_document_report(j->document, error);
	for (guint i = 0; i < w->fresh->len; i++)
		change_id(w->talk, g_array_index(w->fresh, gint64, i), 0); /* what has got its id is not among them by now */
	return false;
}

static gint64 fresh_id(NadirDocument *d, writing *w)
{
	const gint64 id = --d->last_given;
	g_array_append_val(w->fresh, id);
	return id;
}

static void add_rows(NadirDocument *d, writing *w, conversation_message *m)
{
	if (m->parent->parent && !m->parent->id)
		add_rows(d, w, m->parent);
	if (!m->id)
		m->id = fresh_id(d, w);
	g_ptr_array_add(w->messages, conversation_message_to_row(w->talk, m));
}

void chat_store_put(NadirDocument *d, conversation *talk, conversation_message *m)
{
	document_job *j = document_job_new(d, put);
	writing *w = g_new0(writing, 1);
	const bool fresh = talk->id == 0;
	w->talk = conversation_ref(talk);
	w->messages = g_ptr_array_new_with_free_func((GDestroyNotify)project_message_free);
	w->given = g_array_new(FALSE, FALSE, sizeof(gint64));
	w->fresh = g_array_new(FALSE, FALSE, sizeof(gint64));
	if (fresh)
		talk->id = fresh_id(d, w);
	if (m)
		add_rows(d, w, m);
	if (fresh || !m)
		w->row = conversation_to_row(talk, 0);
	if (fresh)
		w->row->leaf = 0; /* its messages come behind it and tell */
	j->birth = birth_new(d, NULL);
	j->done = on_put;
	j->data = w;
	j->data_free = writing_free;
	document_job_push(j);
}

static bool delete (document_job *j, project *p, GError **error)
{
	const gint64 id = document_job_id(j);
	return !id || project_delete_conversation(p, id, j->erase, error);
}

void chat_store_delete(NadirDocument *d, const conversation *talk, bool deleted)
{
	document_job *j = document_job_new(d, delete);
	j->id = talk->id;
	j->erase = deleted;
	document_job_push(j);
}

static bool set_caption(document_job *j, project *p, GError **error)
{
	return document_job_set_text(j, p, 0, 0, j->text, error);
}

char *chat_store_get_caption(NadirDocument *d)
{
	return g_strdup(d->caption);
}

void chat_store_caption(NadirDocument *d, const char *text)
{
	document_job *j = document_job_new(d, set_caption);
	j->birth = birth_new(d, NULL);
	j->text = g_strstrip(g_strdup(text));
	j->what = g_strdup(_("caption of the image"));
	document_job_push(j);
}

static bool edit(document_job *j, project *p, GError **error)
{
	const gint64 id = document_job_id(j);
	return !id || document_job_set_text(j, p, 0, id, j->text, error);
}

void chat_store_edit(NadirDocument *d, const conversation_message *m, const char *text)
{
	document_job *j = document_job_new(d, edit);
	j->id = m->id;
	j->text = g_strdup(text);
	j->what = g_strdup(_("wording of a reply"));
	document_job_push(j);
}
