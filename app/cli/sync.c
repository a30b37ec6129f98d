/* nadir init ADDRESS, nadir sync [ADDRESS] PROJECT: a project that a team shares on a PostGIS server. */
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/cli-private.h"
#include "render/server/server.h"

/* --- init --- */

bool cli_init(int argc, char **argv, GError **error)
{
	g_auto(cli_options) shared = {0};
	g_autoptr(GError) wrong = NULL;
	int from;
	g_autoptr(GOptionContext) ctx = g_option_context_new(_("postgresql://… — make a shared project on a server"));
	cli_add_options(ctx, &shared, 0);
	if (!cli_parse(ctx, &argc, &argv, 1, 1, error))
		return false;
	if (!server_check_address(argv[1], &wrong))
		return cli_usage(error, "%s", wrong->message);
	if (!server_init(argv[1], &from, error))
		return false;
	g_autofree char *name = server_name(argv[1]);
	if (shared.json) {
		cJSON *o = cJSON_CreateObject();
		cli_json_texts(o, "server", name, NULL);
		cJSON_AddNumberToObject(o, "from", from);
		cJSON_AddNumberToObject(o, "schema", SERVER_SCHEMA);
		cli_print_json(o);
	} else if (from == SERVER_SCHEMA) {
		printf(_("%s is up to date (schema %d).\n"), name, SERVER_SCHEMA);
	} else {
		printf(from == 0 ? _("%s holds a shared project now (schema %d).\n") : _("%s was brought to schema %d.\n"),
		       name, SERVER_SCHEMA);
	}
	return true;
}

/* --- sync --- */

typedef struct {
	cli_options shared;
	char *take;
	team_choice choice;
	const char *path;
	char *address;
} request;

static void request_clear(request *q)
{
	cli_options_clear(&q->shared);
	g_free(q->take);
	g_free(q->address);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(request, request_clear)

static bool read_choice(request *q, GError **error)
{
	static const char *const names[] = {"ours", "theirs", "both"};
	for (guint i = 0; q->take && i < G_N_ELEMENTS(names); i++)
		if (strcmp(q->take, names[i]) == 0) {
			q->choice = (team_choice)i;
			return true;
		}
	return !q->take || cli_usage(error, _("--take wants ours, theirs or both, not “%s”."), q->take);
}

/* The operands: [ADDRESS] PROJECT. */
static bool read_operands(request *q, int argc, char **argv, GError **error)
{
	g_autoptr(GError) wrong = NULL;
	q->path = argv[argc - 1];
	if (server_is_address(q->path))
		return cli_usage(error, _("after the address comes the project's file, such as survey.nadir.gpkg."));
	if (argc == 3 && !server_check_address(argv[1], &wrong))
		return cli_usage(error, "%s", wrong->message);
	q->address = argc == 3 ? g_strdup(argv[1]) : NULL;
	return true;
}

/* The local copy, with its server; one that is not there is made once the server has answered. */
static project *open_copy(request *q, server **s, GError **error)
{
	g_autoptr(project) p = NULL;
	const bool there = g_file_test(q->path, G_FILE_TEST_EXISTS);
	if ((there || !q->address) && !(p = project_open(q->path, error)))
		return NULL;
	if (!q->address && !(q->address = team_address(p))) {
		cli_usage(error, _("%s is shared with nobody yet: name the server's address before it."), q->path);
		return NULL;
	}
	if (!(*s = server_open(q->address, error)) || (!p && !(p = project_create(q->path, error))))
		return NULL;
	return team_link(p, server_project(*s), q->address, error) ? g_steal_pointer(&p) : NULL;
}

static bool resolve_all(project *p, team_choice choice, guint *n, GError **error)
{
	g_autoptr(GPtrArray) list = team_conflicts(p, error);
	for (guint i = 0; list && i < list->len; i++) {
		const team_conflict *c = list->pdata[i];
		if (!team_resolve(p, c->uid, c->refused && choice == TEAM_OURS ? TEAM_THEIRS : choice, NULL, error))
			return false;
		++*n;
	}
	return list != NULL;
}

static cJSON *conflict_to_json(const team_conflict *c)
{
	cJSON *o = cJSON_CreateObject();
	cli_json_texts(o, "kind", team_kind_name(c->kind), "uid", c->uid, "changed", c->fields, "who", c->who, NULL);
	cJSON_AddNumberToObject(o, "id", (double)c->id);
	cJSON_AddNumberToObject(o, "image", (double)c->image);
	cJSON_AddBoolToObject(o, "refused", c->refused);
	cJSON_AddItemToObject(o, "ours", c->ours ? cJSON_Parse(c->ours) : cJSON_CreateNull());
	cJSON_AddItemToObject(o, "theirs", c->theirs ? cJSON_Parse(c->theirs) : cJSON_CreateNull());
	return o;
}

static void print_json(const request *q, const server *s, const team_counts *n, guint resolved, project *p,
                       GPtrArray *conflicts)
{
	cJSON *o = cJSON_CreateObject(), *list = cJSON_CreateArray();
	g_autofree char *name = server_name(q->address);
	cli_json_texts(o, "project", q->path, "server", name, "user", server_user(s), "role", server_role(s), NULL);
	cJSON_AddNumberToObject(o, "version", (double)team_known(p));
	cJSON_AddNumberToObject(o, "sent", n->sent);
	cJSON_AddNumberToObject(o, "received", n->received);
	cJSON_AddNumberToObject(o, "merged", n->merged);
	cJSON_AddNumberToObject(o, "resolved", resolved);
	for (guint i = 0; i < conflicts->len; i++)
		cJSON_AddItemToArray(list, conflict_to_json(conflicts->pdata[i]));
	cJSON_AddItemToObject(o, "conflicts", list);
	cli_print_json(o);
}

static void print_text(const request *q, const team_counts *n, guint resolved, GPtrArray *conflicts)
{
	g_autofree char *name = server_name(q->address);
	printf(_("%s and %s: %u sent, %u received, %u merged, %u conflicts resolved, %u left.\n"), q->path, name, n->sent,
	       n->received, n->merged, resolved, conflicts->len);
	for (guint i = 0; i < conflicts->len; i++) {
		const team_conflict *c = conflicts->pdata[i];
		if (c->refused)
			printf(_("  %s %" G_GINT64_FORMAT ": your role allows no such change\n"), team_kind_name(c->kind), c->id);
		else
			printf(_("  %s %" G_GINT64_FORMAT ": %s, also changed by %s\n"), team_kind_name(c->kind), c->id, c->fields,
			       c->who);
	}
}

static bool synchronise(request *q, GError **error)
{
	g_autoptr(server) s = NULL;
	g_autoptr(project) p = open_copy(q, &s, error);
	team_counts n = {0};
	guint resolved = 0;
	if (!p || !server_sync(s, p, &n, error))
		return false;
	if (q->take && (!resolve_all(p, q->choice, &resolved, error) || !server_sync(s, p, &n, error)))
		return false;
	g_autoptr(GPtrArray) conflicts = team_conflicts(p, error);
	if (!conflicts)
		return false;
	if (q->shared.json)
		print_json(q, s, &n, resolved, p, conflicts);
	else
		print_text(q, &n, resolved, conflicts);
	if (conflicts->len == 0)
		return true;
	g_set_error(
		error, G_IO_ERROR, G_IO_ERROR_FAILED,
		ngettext("%u change contradicts another person's and stays here: decide with --take ours, theirs or both, "
	             "or in the window",
	             "%u changes contradict another person's and stay here: decide with --take ours, theirs or both, "
	             "or in the window",
	             conflicts->len),
		conflicts->len);
	return false;
}

bool cli_sync(int argc, char **argv, GError **error)
{
	g_auto(request) q = {0};
	const GOptionEntry entries[] = {{"take", 0, 0, G_OPTION_ARG_STRING, &q.take,
	                                 N_("where both sides changed the same thing: ours, theirs or both"), "SIDE"},
	                                {0}};
	g_autoptr(GOptionContext) ctx =
		g_option_context_new(_("[postgresql://…] PROJECT — bring a local copy and the team's server together"));
	g_option_context_add_main_entries(ctx, entries, GETTEXT_PACKAGE);
	cli_add_options(ctx, &q.shared, 0);
	return cli_parse(ctx, &argc, &argv, 1, 2, error) && read_choice(&q, error) &&
	       read_operands(&q, argc, argv, error) && synchronise(&q, error);
}
