#include "app/team/team.h"

#include <glib-unix.h>
#include <glib/gi18n.h>

enum {
	SOON = 400,       /* ms after a change: several are sent together */
	AT_LEAST = 20000, /* ms: presence holds for a minute, and a dead connection is noticed */
	AGAIN = 3000,     /* ms: when the server is away */
	MOST = 500,       /* objects a round */
};

struct _NadirTeam {
	GObject parent_instance;

	/* Owned */
	NadirDocument *document; /* NULL: stopped */
	server *server;          /* NULL: not connected, or with the worker */
	char *name, *user, *role, *client;
	char *trouble; /* why the server is not reached; NULL: it is */
	GPtrArray *conflicts, *people;
	guint timer, watch;

	bool shared, connected, running, again;
	bool more;     /* the last round carried something: perhaps there is more */
	bool received; /* it brought rows of the server */
	int claim;     /* images to claim, -1: release, 0: neither */
	int claim_minutes;
};

G_DEFINE_FINAL_TYPE(NadirTeam, nadir_team, G_TYPE_OBJECT)

static guint changed_signal, received_signal;

static void schedule(NadirTeam *self, guint ms);

static void tell(NadirTeam *self)
{
	g_signal_emit(self, changed_signal, 0);
}

/* --- in the worker --- */

typedef struct {
	server *server;
	team_round *round;
	team_reply reply;
	GPtrArray *people;
	char *client;
	int claim, minutes;
} exchange;

static void exchange_free(void *data)
{
	exchange *x = data;
	server_close(x->server);
	team_round_free(x->round);
	team_reply_clear(&x->reply);
	g_clear_pointer(&x->people, g_ptr_array_unref);
	g_free(x->client);
	g_free(x);
}

static bool talk(exchange *x, GError **error)
{
	const team_round *r = x->round;
	if (!x->server && !(x->server = server_open(r->address, error)))
		return false;
	if (x->claim != 0 &&
	    !(x->claim > 0 ? server_claim(x->server, x->claim, x->minutes, error) : server_release(x->server, error)))
		return false;
	if (r->unanswered ? !server_arrived(x->server, r->unanswered, &x->reply, error)
	                  : !server_exchange(x->server, r->rows, r->token, r->known, MOST, &x->reply, error))
		return false;
	return server_here(x->server, x->client, r->image, error) &&
	       (x->people = server_people(x->server, x->client, error)) != NULL;
}

static void work(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	GError *error = NULL;
	if (talk(data, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

/* --- a round, in the main loop --- */

static gboolean on_heard(int fd, GIOCondition condition, gpointer data)
{
	NadirTeam *self = data;
	if (!server_heard(self->server))
		return G_SOURCE_CONTINUE;
	self->watch = 0; /* a connection that was cut would be heard for ever */
	schedule(self, 50);
	return G_SOURCE_REMOVE;
}

static void rest(NadirTeam *self, bool at_once)
{
	self->running = false;
	if (!self->document)
		return;
	if (self->server)
		self->watch = g_unix_fd_add(server_socket(self->server), G_IO_IN | G_IO_HUP, on_heard, self);
	schedule(self, at_once ? 0 : !self->connected ? AGAIN : self->again ? SOON : AT_LEAST);
	self->again = false;
	tell(self);
}

static void lose(NadirTeam *self, const GError *error)
{
	g_clear_pointer(&self->server, server_close);
	g_free(self->trouble);
	self->trouble = g_strdup(error->message);
	self->connected = false;
	g_clear_pointer(&self->people, g_ptr_array_unref);
	rest(self, false);
}

static void on_ended(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirTeam) self = data;
	g_autoptr(GError) error = NULL;
	GPtrArray *conflicts = nadir_document_team_end_finish(result, &error);
	if (!conflicts) {
		lose(self, error);
		return;
	}
	g_clear_pointer(&self->conflicts, g_ptr_array_unref);
	self->conflicts = conflicts;
	g_clear_pointer(&self->trouble, g_free);
	self->connected = true;
	if (self->received)
		g_signal_emit(self, received_signal, 0);
	rest(self, self->more || self->claim != 0);
}

static void set_text(char **to, const char *value)
{
	g_free(*to);
	*to = g_strdup(value);
}

static void on_talked(GObject *source, GAsyncResult *result, gpointer data)
{
	NadirTeam *self = NADIR_TEAM(source);
	g_autoptr(GError) error = NULL;
	exchange *x = g_task_get_task_data(G_TASK(result));
	if (!g_task_propagate_boolean(G_TASK(result), &error)) {
		lose(self, error);
		return;
	}
	self->server = g_steal_pointer(&x->server);
	set_text(&self->user, server_user(self->server));
	set_text(&self->role, server_role(self->server));
	g_clear_pointer(&self->people, g_ptr_array_unref);
	self->people = g_steal_pointer(&x->people);
	if (!self->document) {
		self->running = false;
		return;
	}
	self->received = x->reply.rows && x->reply.rows->len > 0;
	self->more = x->round->unanswered || x->round->rows->len > 0 || x->reply.rows->len > 0;
	nadir_document_team_end_async(self->document, &x->reply, on_ended, g_object_ref(self));
}

static void on_begun(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirTeam) self = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(team_round) round = nadir_document_team_begin_finish(result, &error);
	self->shared = round ? round->address != NULL : self->shared;
	if (!self->document || !round || !round->address) { /* not shared; Save As may change that */
		self->running = false;
		return;
	}
	g_free(self->name);
	self->name = server_name(round->address);
	exchange *x = g_new0(exchange, 1);
	*x = (exchange){.server = g_steal_pointer(&self->server),
	                .round = g_steal_pointer(&round),
	                .client = g_strdup(self->client),
	                .claim = self->claim,
	                .minutes = self->claim_minutes};
	self->claim = 0;
	g_autoptr(GTask) task = g_task_new(self, NULL, on_talked, NULL);
	g_task_set_task_data(task, x, exchange_free);
	g_task_run_in_thread(task, work);
}

static gboolean on_time(gpointer data)
{
	NadirTeam *self = data;
	self->timer = 0;
	self->running = true;
	g_clear_handle_id(&self->watch, g_source_remove);
	nadir_document_team_begin_async(self->document, on_begun, g_object_ref(self));
	return G_SOURCE_REMOVE;
}

static void schedule(NadirTeam *self, guint ms)
{
	if (self->running || !self->document) {
		self->again = true;
		return;
	}
	g_clear_handle_id(&self->timer, g_source_remove);
	self->timer = g_timeout_add(ms, on_time, self);
}

/* Changes that came from the team, too: then there is nothing to send, and it ends. */
static void on_changed(NadirTeam *self)
{
	if (self->shared)
		schedule(self, SOON);
}

/* --- for the window --- */

bool nadir_team_is_connected(NadirTeam *self)
{
	return self->connected;
}

NadirDocument *nadir_team_get_document(NadirTeam *self)
{
	return self->document;
}

GPtrArray *nadir_team_get_conflicts(NadirTeam *self)
{
	return self->conflicts;
}

GPtrArray *nadir_team_get_people(NadirTeam *self)
{
	return self->people;
}

char *nadir_team_summarise(NadirTeam *self)
{
	const guint n = self->conflicts ? self->conflicts->len : 0;
	if (!self->shared)
		return NULL;
	if (!self->connected)
		return g_strdup(self->trouble ? _("shared, not connected: changes are kept here") : _("shared, connecting…"));
	return n > 0 ? g_strdup_printf(ngettext("shared, %u decision", "shared, %u decisions", n), n)
	             : g_strdup(_("shared, both agree"));
}

char *nadir_team_describe(NadirTeam *self)
{
	const guint n = self->conflicts ? self->conflicts->len : 0;
	if (!self->shared)
		return NULL;
	if (self->trouble)
		return g_strdup(self->trouble);
	if (!self->connected)
		return g_strdup_printf(_("Connecting to %s…"), self->name);
	g_autofree char *state =
		n > 0 ? g_strdup_printf(ngettext("%u change needs your decision", "%u changes need your decision", n), n)
			  : g_strdup(_("both agree"));
	return g_strdup_printf(_("Shared with %s as %s (%s): %s."), self->name, self->user, self->role, state);
}

void nadir_team_resolve(NadirTeam *self, const char *uid, team_choice choice)
{
	g_return_if_fail(NADIR_IS_TEAM(self) && self->document);
	nadir_document_team_resolve(self->document, uid, choice);
	schedule(self, 0);
}

void nadir_team_claim(NadirTeam *self, int n, int minutes)
{
	g_return_if_fail(NADIR_IS_TEAM(self) && n >= 0);
	self->claim = n > 0 ? n : -1;
	self->claim_minutes = minutes;
	schedule(self, 0);
}

NadirTeam *nadir_team_new(NadirDocument *document)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(document), NULL);
	NadirTeam *self = g_object_new(NADIR_TYPE_TEAM, NULL);
	self->document = g_object_ref(document);
	g_signal_connect_object(nadir_document_get_objects(document), "items-changed", G_CALLBACK(on_changed), self,
	                        G_CONNECT_SWAPPED);
	g_signal_connect_object(document, "classes-changed", G_CALLBACK(on_changed), self, G_CONNECT_SWAPPED);
	schedule(self, 0);
	return self;
}

void nadir_team_stop(NadirTeam *self)
{
	g_clear_handle_id(&self->timer, g_source_remove);
	g_clear_handle_id(&self->watch, g_source_remove);
	if (self->document)
		g_signal_handlers_disconnect_by_data(nadir_document_get_objects(self->document), self);
	if (self->document)
		g_signal_handlers_disconnect_by_data(self->document, self);
	g_clear_object(&self->document);
	g_clear_pointer(&self->server, server_close); /* its presence ends with the minute */
}

static void nadir_team_dispose(GObject *object)
{
	nadir_team_stop(NADIR_TEAM(object));
	G_OBJECT_CLASS(nadir_team_parent_class)->dispose(object);
}

static void nadir_team_finalize(GObject *object)
{
	NadirTeam *self = NADIR_TEAM(object);
	g_free(self->name);
	g_free(self->user);
	g_free(self->role);
	g_free(self->client);
	g_free(self->trouble);
	g_clear_pointer(&self->conflicts, g_ptr_array_unref);
	g_clear_pointer(&self->people, g_ptr_array_unref);
	G_OBJECT_CLASS(nadir_team_parent_class)->finalize(object);
}

static void nadir_team_class_init(NadirTeamClass *klass)
{
	GObjectClass *object_class = G_OBJECT_CLASS(klass);
	object_class->dispose = nadir_team_dispose;
	object_class->finalize = nadir_team_finalize;
	changed_signal = g_signal_new("changed", NADIR_TYPE_TEAM, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
	received_signal = g_signal_new("received", NADIR_TYPE_TEAM, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void nadir_team_init(NadirTeam *self)
{
	self->client = g_uuid_string_random();
}
