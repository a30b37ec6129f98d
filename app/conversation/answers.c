#include "app/conversation/answers.h"

struct answers {
	NadirChat *chat;
	GPtrArray *talks;   /* of conversation, owned: keep the replies alive */
	GPtrArray *replies; /* of conversation_message; NULL: being read */
	guint at, source;
	gulong handler;
	void (*ready)(void *data);
	void *data;
};

/* Those of the branch in sight of every conversation. */
static void collect(answers *a)
{
	GPtrArray *talks = nadir_chat_get_conversations(a->chat);
	a->replies = g_ptr_array_new();
	for (guint i = 0; i < talks->len; i++) {
		g_autoptr(GPtrArray) path = conversation_path(talks->pdata[i]);
		g_ptr_array_add(a->talks, conversation_ref(talks->pdata[i]));
		for (guint k = 0; k < path->len; k++) {
			conversation_message *m = path->pdata[k];
			if (m->model && !m->running)
				g_ptr_array_add(a->replies, m);
		}
	}
}

static void look(answers *a)
{
	if (a->replies || !nadir_chat_load_all(a->chat))
		return;
	collect(a);
	a->ready(a->data);
}

static gboolean look_first(gpointer data)
{
	answers *a = data;
	a->source = 0;
	look(a);
	return G_SOURCE_REMOVE;
}

answers *answers_new(NadirChat *c, void (*ready)(void *data), void *data)
{
	answers *a = g_new0(answers, 1);
	a->chat = g_object_ref(c);
	a->talks = g_ptr_array_new_with_free_func((GDestroyNotify)conversation_unref);
	a->ready = ready;
	a->data = data;
	a->handler = g_signal_connect_swapped(c, "list-changed", G_CALLBACK(look), a);
	a->source = g_idle_add(look_first, a);
	return a;
}

void answers_free(answers *a)
{
	if (!a)
		return;
	g_clear_handle_id(&a->source, g_source_remove);
	g_clear_signal_handler(&a->handler, a->chat);
	g_clear_pointer(&a->replies, g_ptr_array_unref);
	g_ptr_array_unref(a->talks);
	g_object_unref(a->chat);
	g_free(a);
}

guint answers_count(const answers *a)
{
	return a->replies ? a->replies->len : 0;
}

guint answers_place(const answers *a)
{
	return a->at;
}

conversation_message *answers_get(const answers *a)
{
	return a->at < answers_count(a) ? a->replies->pdata[a->at] : NULL;
}

bool answers_step(answers *a, int step)
{
	if ((step < 0 && a->at == 0) || (step > 0 && a->at + 1 >= answers_count(a)))
		return false;
	a->at = step < 0 ? a->at - 1 : a->at + 1;
	return true;
}

bool answers_keep(answers *a, const char *text, GError **error)
{
	conversation_message *m = answers_get(a);
	return !m || nadir_chat_edit_reply(a->chat, m, text, error);
}
