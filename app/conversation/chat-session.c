/* The session: conversations, the model's state, regions of the next question, pointing. Asking is in chat-ask.c, what
 * was found in chat-objects.c. */
#include "app/conversation/chat-session.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/conversation/chat-private.h"
#include "app/conversation/chat-store.h"
#include "app/conversation/conversation-edit.h"
#include "app/conversation/conversation-json.h"
#include "app/document/document-private.h"
#include "render/file/output.h"

static guint signals[N_CHAT_SIGNALS];

G_DEFINE_FINAL_TYPE(NadirChat, nadir_chat, G_TYPE_OBJECT)

/* --- life --- */

static void nadir_chat_dispose(GObject *object)
{
	nadir_chat_close(NADIR_CHAT(object));
	G_OBJECT_CLASS(nadir_chat_parent_class)->dispose(object);
}

static void nadir_chat_finalize(GObject *object)
{
	NadirChat *self = NADIR_CHAT(object);
	g_ptr_array_unref(self->conversations);
	conversation_unref(self->open);
	g_ptr_array_unref(self->added);
	g_free(self->why);
	G_OBJECT_CLASS(nadir_chat_parent_class)->finalize(object);
}

static void nadir_chat_class_init(NadirChatClass *klass)
{
	static const struct {
		const char *name;
		GType argument;
	} table[N_CHAT_SIGNALS] = {
		[CHAT_SIGNAL_LIST] = {"list-changed", G_TYPE_NONE},
		[CHAT_SIGNAL_PATH] = {"path-changed", G_TYPE_NONE},
		[CHAT_SIGNAL_MESSAGE] = {"message-changed", G_TYPE_POINTER},
		[CHAT_SIGNAL_REGIONS] = {"regions-changed", G_TYPE_NONE},
		[CHAT_SIGNAL_STATE] = {"state-changed", G_TYPE_NONE},
		[CHAT_SIGNAL_LIT] = {"lit-changed", G_TYPE_NONE},
		[CHAT_SIGNAL_NOTICE] = {"notice", G_TYPE_STRING},
		[CHAT_SIGNAL_DELETED] = {"deleted", G_TYPE_POINTER},
	};
	G_OBJECT_CLASS(klass)->dispose = nadir_chat_dispose;
	G_OBJECT_CLASS(klass)->finalize = nadir_chat_finalize;
	for (guint i = 0; i < N_CHAT_SIGNALS; i++)
		signals[i] = g_signal_new(table[i].name, NADIR_TYPE_CHAT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
		                          table[i].argument == G_TYPE_NONE ? 0 : 1, table[i].argument);
}

static void nadir_chat_init(NadirChat *self)
{
	self->conversations = g_ptr_array_new_with_free_func((GDestroyNotify)conversation_unref);
	self->open = conversation_new();
	self->added = g_ptr_array_new_with_free_func((GDestroyNotify)conversation_region_unref);
	self->lit_region = self->lit_grounded = -1;
}

void chat_emit(NadirChat *c, chat_signal which)
{
	g_signal_emit(c, signals[which], 0);
}

void chat_emit_message(NadirChat *c, conversation_message *m)
{
	g_signal_emit(c, signals[CHAT_SIGNAL_MESSAGE], 0, m);
}

void chat_notice(NadirChat *c, const char *sentence)
{
	g_signal_emit(c, signals[CHAT_SIGNAL_NOTICE], 0, sentence);
}

static void on_offers_changed(NadirChat *c)
{
	chat_emit(c, CHAT_SIGNAL_REGIONS);
}

/* --- replies in a person's words --- */

/* NULL: it is of none. */
static conversation *talk_of(NadirChat *c, const conversation_message *m)
{
	while (m->parent)
		m = m->parent;
	for (guint i = 0; i < c->conversations->len; i++)
		if (((conversation *)c->conversations->pdata[i])->root == m)
			return c->conversations->pdata[i];
	return c->open->root == m ? c->open : NULL;
}

/* NULL: none that is loaded. */
static conversation_message *stored_message(NadirChat *c, gint64 id)
{
	conversation_message *m = conversation_find(c->open, id);
	for (guint i = 0; !m && i < c->conversations->len; i++)
		m = conversation_find(c->conversations->pdata[i], id);
	return m;
}

static void on_reply_edited(NadirChat *c, gint64 id, const char *text)
{
	conversation_message *m = stored_message(c, id);
	if (!m || m->running)
		return;
	if (c->lit_message == m)
		nadir_chat_light_grounded(c, NULL, -1);
	conversation_edit(m, text);
	chat_emit_message(c, m);
	chat_emit(c, CHAT_SIGNAL_LIT); /* what stands no more in it is not drawn either */
}

bool nadir_chat_edit_reply(NadirChat *c, conversation_message *reply, const char *text, GError **error)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c) && c->document && reply && reply->model && text, false);
	conversation *talk = talk_of(c, reply);
	if (!talk || c->asking) {
		g_set_error_literal(error, CHAT_ERROR, CHAT_ERROR_REGION,
		                    _("The model is still answering: wait, or stop it first."));
		return false;
	}
	g_autofree char *stripped = g_strstrip(g_strdup(text));
	if (g_str_equal(stripped, reply->text))
		return true;
	if (!reply->id) /* it could not be stored until now */
		chat_store(c, talk, reply);
	chat_store_edit(c->document, reply, g_str_equal(stripped, conversation_said_text(reply)) ? "" : stripped);
	return true;
}

/* --- the list --- */

/* Nothing has been said or marked in the open conversation. */
static bool is_untouched(const NadirChat *c)
{
	return c->open->id == 0 && c->open->messages->len == 0 && c->added->len == 0;
}

/* Behind what was begun meanwhile, and in its place when nothing was. */
static void on_listed(GPtrArray *stored, void *data)
{
	g_autoptr(NadirChat) c = data;
	for (guint i = 0; c->document && i < stored->len; i++)
		g_ptr_array_add(c->conversations, conversation_ref(stored->pdata[i]));
	c->listed = true;
	if (!c->document)
		return;
	if (stored->len > 0 && is_untouched(c))
		nadir_chat_open(c, stored->pdata[0]);
	chat_emit(c, CHAT_SIGNAL_LIST);
}

/* What others than this session have stored comes first, as what was last talked in. */
static void on_more(GPtrArray *stored, void *data)
{
	g_autoptr(NadirChat) c = data;
	guint place = 0;
	for (guint i = 0; c->document && i < stored->len; i++) {
		conversation *talk = stored->pdata[i];
		bool known = false;
		for (guint k = 0; k < c->conversations->len && !known; k++)
			known = ((conversation *)c->conversations->pdata[k])->id == talk->id;
		if (!known)
			g_ptr_array_insert(c->conversations, (int)place++, conversation_ref(talk));
	}
	if (place > 0 && is_untouched(c))
		nadir_chat_open(c, c->conversations->pdata[0]);
	if (place > 0)
		chat_emit(c, CHAT_SIGNAL_LIST);
}

static void on_talks_added(NadirChat *c)
{
	chat_store_list(c->document, false, on_more, g_object_ref(c));
}

NadirChat *nadir_chat_new(NadirDocument *d, chat_service *svc)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	NadirChat *c = g_object_new(NADIR_TYPE_CHAT, NULL);
	c->document = g_object_ref(d);
	c->service = svc;
	c->document_signals = g_signal_group_new(NADIR_TYPE_DOCUMENT);
	g_signal_group_connect_swapped(c->document_signals, "preview-changed", G_CALLBACK(on_offers_changed), c);
	g_signal_group_connect_swapped(c->document_signals, "selection-changed", G_CALLBACK(on_offers_changed), c);
	g_signal_group_connect_swapped(c->document_signals, "talks-added", G_CALLBACK(on_talks_added), c);
	g_signal_group_connect_swapped(c->document_signals, "reply-edited", G_CALLBACK(on_reply_edited), c);
	g_signal_group_set_target(c->document_signals, d);
	chat_store_list(d, true, on_listed, g_object_ref(c));
	return c;
}

void nadir_chat_close(NadirChat *c)
{
	g_return_if_fail(NADIR_IS_CHAT(c));
	chat_give_up_asking(c, _("The image was closed: the reply ends here."));
	if (c->asking)
		c->asking->chat = NULL;
	c->asking = NULL;
	if (c->loading)
		g_cancellable_cancel(c->loading);
	g_clear_object(&c->loading);
	g_clear_object(&c->document_signals);
	g_clear_object(&c->document);
}

NadirDocument *nadir_chat_get_document(NadirChat *c)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c), NULL);
	return c->document;
}

/* --- the model --- */

static void set_model(NadirChat *c, NadirChatModel model, const char *why)
{
	c->model = model;
	g_free(c->why);
	c->why = g_strdup(why);
	chat_emit(c, CHAT_SIGNAL_STATE);
}

typedef struct {
	NadirChat *chat; /* owned */
	chat_service *service;
} model_opening;

static void on_model_opened(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autofree model_opening *o = data;
	g_autoptr(NadirChat) c = o->chat;
	g_autoptr(GError) error = NULL;
	if (!c->document || c->service != o->service)
		return; /* the service may be gone */
	const bool ok = chat_service_open_finish(c->service, result, &error);
	g_clear_object(&c->loading);
	if (ok) {
		set_model(c, NADIR_CHAT_READY, NULL);
		chat_send_waiting(c);
	} else {
		set_model(c, NADIR_CHAT_NONE, error->message);
		chat_give_up_asking(c, error->message);
	}
}

void nadir_chat_load_model(NadirChat *c)
{
	g_return_if_fail(NADIR_IS_CHAT(c));
	if (!c->document || c->model == NADIR_CHAT_LOADING || c->model == NADIR_CHAT_READY)
		return;
	if (!c->service) {
		set_model(c, NADIR_CHAT_NONE, _("There is no inference service: restart the program."));
		return;
	}
	c->loading = g_cancellable_new();
	set_model(c, NADIR_CHAT_LOADING, NULL);
	model_opening *o = g_new0(model_opening, 1);
	*o = (model_opening){g_object_ref(c), c->service};
	chat_service_open_async(c->service, c->loading, on_model_opened, o);
}

void nadir_chat_set_service(NadirChat *c, chat_service *svc)
{
	g_return_if_fail(NADIR_IS_CHAT(c));
	if (c->service == svc)
		return;
	chat_give_up_asking(c, _("Another chat model was chosen: ask again."));
	if (c->loading)
		g_cancellable_cancel(c->loading);
	g_clear_object(&c->loading);
	c->service = svc;
	set_model(c, NADIR_CHAT_UNTRIED, NULL);
}

NadirChatModel nadir_chat_get_model(NadirChat *c, const chat_info **info, const char **why)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c), NADIR_CHAT_NONE);
	if (info)
		*info = c->document && c->service && c->model == NADIR_CHAT_READY ? chat_service_get_info(c->service) : NULL;
	if (why)
		*why = c->why;
	return c->model;
}

/* --- conversations --- */

GPtrArray *nadir_chat_get_conversations(NadirChat *c)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c), NULL);
	return c->conversations;
}

conversation *nadir_chat_get_open(NadirChat *c)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c), NULL);
	return c->open;
}

void chat_store(NadirChat *c, conversation *talk, conversation_message *m)
{
	const bool fresh = talk->id == 0; /* else it is listed, or was deleted while the model spoke */
	if (!c->document)
		return;
	chat_store_put(c->document, talk, m);
	if (fresh && !g_ptr_array_find(c->conversations, talk, NULL))
		g_ptr_array_insert(c->conversations, 0, conversation_ref(talk));
	chat_emit(c, CHAT_SIGNAL_LIST);
}

static void forget_draft(NadirChat *c)
{
	g_ptr_array_set_size(c->added, 0);
	c->edited = NULL;
	c->lit_region = c->lit_grounded = -1;
	c->lit_message = NULL;
}

/* Outlining stored masks takes time: not in the main loop, and into a conversation that nobody else sees yet. */
typedef struct {
	NadirChat *chat;
	conversation *talk, *fresh;
	scene *scene;
	GPtrArray *rows;
} load_job;

static void load_job_free(load_job *j)
{
	conversation_unref(j->talk);
	conversation_unref(j->fresh);
	g_clear_pointer(&j->rows, g_ptr_array_unref);
	scene_unref(j->scene);
	g_object_unref(j->chat);
	g_free(j);
}

static void load_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	load_job *j = data;
	conversation_load(j->fresh, j->rows, j->scene->ref);
	g_task_return_boolean(task, TRUE);
}

static void on_loaded(GObject *source, GAsyncResult *result, gpointer data)
{
	load_job *j = data;
	if (!j->talk->loaded)
		conversation_swap(j->talk, j->fresh);
	if (j->chat->document && j->chat->open == j->talk) {
		chat_emit(j->chat, CHAT_SIGNAL_PATH);
		chat_emit(j->chat, CHAT_SIGNAL_REGIONS);
	}
	if (j->chat->document)
		chat_emit(j->chat, CHAT_SIGNAL_LIST);
	load_job_free(j);
}

static void on_rows(GPtrArray *rows, void *data)
{
	load_job *j = data;
	j->rows = rows;
	g_autoptr(GTask) task = g_task_new(NULL, NULL, on_loaded, j);
	g_task_set_task_data(task, j, NULL);
	g_task_run_in_thread(task, load_thread);
}

static void load(NadirChat *c, conversation *talk)
{
	load_job *j = g_new0(load_job, 1);
	*j = (load_job){g_object_ref(c), conversation_ref(talk), conversation_new(), scene_ref(c->document->scene), NULL};
	j->fresh->leaf = talk->leaf;
	chat_store_messages(c->document, talk, on_rows, j);
}

void nadir_chat_open(NadirChat *c, conversation *talk)
{
	g_return_if_fail(NADIR_IS_CHAT(c) && talk);
	if (c->open == talk || !c->document)
		return;
	forget_draft(c);
	conversation_unref(c->open);
	c->open = conversation_ref(talk);
	if (!talk->loaded)
		load(c, talk);
	chat_emit(c, CHAT_SIGNAL_PATH);
	chat_emit(c, CHAT_SIGNAL_REGIONS);
}

bool nadir_chat_load_all(NadirChat *c)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c), false);
	bool all = c->listed;
	for (guint i = 0; c->document && i < c->conversations->len; i++) {
		conversation *talk = c->conversations->pdata[i];
		if (talk->loaded)
			continue;
		all = false;
		if (talk != c->open) /* that one is being read */
			load(c, talk);
	}
	return all;
}

void nadir_chat_begin(NadirChat *c)
{
	g_return_if_fail(NADIR_IS_CHAT(c));
	g_autoptr(conversation) talk = conversation_new();
	talk->settings = c->open->settings;
	nadir_chat_open(c, talk);
}

void nadir_chat_rename(NadirChat *c, conversation *talk, const char *title)
{
	g_return_if_fail(NADIR_IS_CHAT(c) && talk && title);
	g_free(talk->title);
	talk->title = g_strstrip(g_strdup(title));
	if (talk->id)
		chat_store(c, talk, NULL);
	chat_emit(c, CHAT_SIGNAL_LIST);
}

void nadir_chat_delete(NadirChat *c, conversation *talk)
{
	g_return_if_fail(NADIR_IS_CHAT(c) && talk);
	g_autoptr(conversation) kept = conversation_ref(talk);
	if (c->asking && c->asking->talk == talk)
		nadir_chat_stop(c);
	chat_store_delete(c->document, talk, true);
	g_ptr_array_remove(c->conversations, talk);
	if (c->open == talk && c->conversations->len > 0)
		nadir_chat_open(c, c->conversations->pdata[0]);
	else if (c->open == talk)
		nadir_chat_begin(c);
	chat_emit(c, CHAT_SIGNAL_LIST);
	g_signal_emit(c, signals[CHAT_SIGNAL_DELETED], 0, talk);
}

void nadir_chat_restore(NadirChat *c, conversation *talk)
{
	g_return_if_fail(NADIR_IS_CHAT(c) && talk);
	if (!c->document || g_ptr_array_find(c->conversations, talk, NULL))
		return;
	chat_store_delete(c->document, talk, false);
	if (talk->id)
		g_ptr_array_insert(c->conversations, 0, conversation_ref(talk));
	nadir_chat_open(c, talk);
	chat_emit(c, CHAT_SIGNAL_LIST);
}

void nadir_chat_set_settings(NadirChat *c, const conversation_settings *settings)
{
	g_return_if_fail(NADIR_IS_CHAT(c) && settings);
	c->open->settings = *settings;
	if (c->open->id)
		chat_store(c, c->open, NULL);
}

bool nadir_chat_step_branch(NadirChat *c, conversation_message *m, int step)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c) && m, false);
	if (!conversation_step(m, step))
		return false;
	forget_draft(c);
	if (c->open->id)
		chat_store(c, c->open, NULL);
	chat_emit(c, CHAT_SIGNAL_PATH);
	chat_emit(c, CHAT_SIGNAL_REGIONS);
	return true;
}

bool nadir_chat_export(NadirChat *c, const char *path, GError **error)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c) && c->document && path, false);
	const raster_info *info = nadir_document_info(c->document);
	g_autofree char *text = conversation_to_triples(c->open, info, chat_source_word(NULL, info->source));
	return output_write(path, text, strlen(text), error);
}

/* --- regions of the next question --- */

conversation_message *chat_parent(NadirChat *c)
{
	return c->edited ? c->edited->parent : conversation_last(c->open);
}

static GPtrArray *fixed_regions(NadirChat *c)
{
	return conversation_regions(chat_parent(c));
}

GPtrArray *chat_draft_regions(NadirChat *c)
{
	GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)conversation_region_unref);
	const GPtrArray *fixed = fixed_regions(c);
	for (guint i = 0; fixed && i < fixed->len; i++)
		g_ptr_array_add(all, conversation_region_ref(fixed->pdata[i]));
	for (guint i = 0; i < c->added->len; i++)
		g_ptr_array_add(all, conversation_region_ref(c->added->pdata[i]));
	return all;
}

GPtrArray *nadir_chat_get_regions(NadirChat *c, guint *fixed)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c), NULL);
	const GPtrArray *before = fixed_regions(c);
	if (fixed)
		*fixed = before ? before->len : 0;
	return chat_draft_regions(c);
}

static guint most_regions(NadirChat *c)
{
	const chat_info *info;
	return nadir_chat_get_model(c, &info, NULL) == NADIR_CHAT_READY && info && info->sees ? info->regions_max : 10;
}

static guint add_region(NadirChat *c, conversation_region *region, GError **error)
{
	g_autoptr(conversation_region) r = region;
	g_autoptr(GPtrArray) all = chat_draft_regions(c);
	const guint most = most_regions(c);
	if (all->len >= most) {
		g_set_error(error, CHAT_ERROR, CHAT_ERROR_REGION,
		            ngettext("The model takes at most %u region: remove one or begin a new conversation.",
		                     "The model takes at most %u regions: remove one or begin a new conversation.", most),
		            most);
		return 0;
	}
	g_ptr_array_add(c->added, g_steal_pointer(&r));
	chat_emit(c, CHAT_SIGNAL_REGIONS);
	return all->len + 1;
}

static const sam_mark *first_positive(const prompt *p)
{
	guint n;
	const sam_mark *marks = prompt_marks(p, &n);
	for (guint i = 0; i < n; i++)
		if (marks[i].sign > 0)
			return &marks[i];
	return NULL;
}

/* One mark says what is meant by itself; several only by the mask that they give. */
guint nadir_chat_add_marks(NadirChat *c, GError **error)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c) && c->document, 0);
	const prompt *pending = nadir_document_get_prompt(c->document);
	const sam_mark *mark = pending ? first_positive(pending) : NULL;
	if (!mark) {
		g_set_error_literal(error, CHAT_ERROR, CHAT_ERROR_REGION,
		                    _("Nothing is marked: draw a point, box, circle, scribble or polygon first."));
		return 0;
	}
	const preview_result *r = c->document->preview.result;
	const guint shown = r && r->n_options > 0 ? r->option[c->document->preview.chosen] : 0;
	const bool by_mask = prompt_count(pending) > 1 && r && r->n_options > 0;
	const guint number = add_region(c,
	                                conversation_region_new(mark, by_mask ? r->answer.candidate[shown].mask : NULL,
	                                                        by_mask ? r->wkb[shown] : NULL, 0, NULL),
	                                error);
	if (number)
		nadir_document_drop_preview(c->document);
	return number;
}

guint nadir_chat_add_object(NadirChat *c, NadirObject *o, GError **error)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c) && NADIR_IS_OBJECT(o), 0);
	const feature *f = nadir_object_get_feature(o);
	g_autoptr(GPtrArray) all = chat_draft_regions(c);
	raster_rect b;
	for (guint i = 0; i < all->len; i++)
		if (((conversation_region *)all->pdata[i])->object == f->id)
			return i + 1;
	if (!nadir_object_get_bounds(o, &b)) {
		g_set_error_literal(error, CHAT_ERROR, CHAT_ERROR_REGION, _("This object has no outline: draw it again."));
		return 0;
	}
	const double xy[4] = {b.x, b.y, b.x + b.w, b.y + b.h};
	const sam_mark box = {.kind = SAM_BOX, .sign = 1, .n = 2, .xy = xy};
	return add_region(c, conversation_region_new(&box, nadir_object_get_mask(o), f->px_geom, f->id, f->class_name),
	                  error);
}

void nadir_chat_remove_region(NadirChat *c, guint index)
{
	g_return_if_fail(NADIR_IS_CHAT(c));
	const GPtrArray *fixed = fixed_regions(c);
	const guint first = fixed ? fixed->len : 0;
	if (index < first || index - first >= c->added->len)
		return;
	g_ptr_array_remove_index(c->added, index - first);
	c->lit_region = -1;
	chat_emit(c, CHAT_SIGNAL_REGIONS);
}

void nadir_chat_edit(NadirChat *c, conversation_message *question)
{
	g_return_if_fail(NADIR_IS_CHAT(c));
	g_ptr_array_set_size(c->added, 0);
	c->edited = question;
	const GPtrArray *fixed = fixed_regions(c);
	for (guint i = fixed ? fixed->len : 0; question && i < question->regions->len; i++)
		g_ptr_array_add(c->added, conversation_region_ref(question->regions->pdata[i]));
	chat_emit(c, CHAT_SIGNAL_REGIONS);
}

conversation_message *nadir_chat_get_edited(NadirChat *c)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c), NULL);
	return c->edited;
}

void nadir_chat_set_view(NadirChat *c, const raster_rect *view)
{
	g_return_if_fail(NADIR_IS_CHAT(c) && view);
	c->view = *view;
}

/* --- pointing --- */

void nadir_chat_light_region(NadirChat *c, int index)
{
	g_return_if_fail(NADIR_IS_CHAT(c));
	if (c->lit_region == index && c->lit_grounded < 0)
		return;
	c->lit_region = index;
	c->lit_grounded = -1;
	c->lit_message = NULL;
	chat_emit(c, CHAT_SIGNAL_LIT);
}

void nadir_chat_light_grounded(NadirChat *c, conversation_message *m, int index)
{
	g_return_if_fail(NADIR_IS_CHAT(c));
	if (c->lit_region < 0 && c->lit_grounded == index && (index < 0 || c->lit_message == m))
		return;
	c->lit_region = -1;
	c->lit_grounded = index;
	c->lit_message = index >= 0 ? m : NULL;
	chat_emit(c, CHAT_SIGNAL_LIT);
}

int nadir_chat_get_lit_region(NadirChat *c)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c), -1);
	return c->lit_region;
}

int nadir_chat_get_lit_grounded(NadirChat *c, conversation_message *m)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c), -1);
	return m && c->lit_message == m ? c->lit_grounded : -1;
}

conversation_message *nadir_chat_get_lit_message(NadirChat *c)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c), NULL);
	return c->lit_message;
}

void nadir_chat_point(NadirChat *c, double x, double y, double slack)
{
	g_return_if_fail(NADIR_IS_CHAT(c));
	g_autoptr(GPtrArray) regions = chat_draft_regions(c);
	conversation_message *reply = nadir_chat_get_reply(c);
	double least = INFINITY;
	int region = -1, grounded = -1;
	for (guint i = 0; i < regions->len; i++) {
		const raster_rect b = conversation_region_bounds(regions->pdata[i]);
		if ((double)b.w * b.h < least && conversation_region_contains(regions->pdata[i], x, y, slack)) {
			least = (double)b.w * b.h;
			region = (int)i;
		}
	}
	for (guint i = 0; reply && i < reply->grounded->len; i++) {
		const conversation_grounded *g = reply->grounded->pdata[i];
		if (g->mask && mask_contains(g->mask, x, y) && (double)g->mask->w * g->mask->h <= least) {
			least = (double)g->mask->w * g->mask->h;
			grounded = (int)i;
		}
	}
	if (grounded >= 0)
		nadir_chat_light_grounded(c, reply, grounded);
	else
		nadir_chat_light_region(c, region);
}
