/* Addresses, connections and statements. */
#include "render/server/server-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

G_DEFINE_QUARK(nadir_server_error_quark, server_error)

bool server_is_address(const char *text)
{
	return g_str_has_prefix(text, "postgresql://") || g_str_has_prefix(text, "postgres://");
}

static const char *option(const PQconninfoOption *options, const char *keyword)
{
	for (const PQconninfoOption *o = options; o && o->keyword; o++)
		if (strcmp(o->keyword, keyword) == 0 && o->val && *o->val)
			return o->val;
	return NULL;
}

/* libpq's own message would repeat the address, and with it a password. */
bool server_check_address(const char *address, GError **error)
{
	char *why = NULL;
	PQconninfoOption *options = server_is_address(address) ? PQconninfoParse(address, &why) : NULL;
	const bool secret = option(options, "password") || option(options, "sslpassword");
	if (!options)
		g_set_error_literal(error, SERVER_ERROR, SERVER_ERROR_ADDRESS,
		                    _("The address of a shared project is written postgresql://[USER@]HOST[:PORT]/DATABASE."));
	else if (secret)
		g_set_error_literal(
			error, SERVER_ERROR, SERVER_ERROR_ADDRESS,
			_("An address with a password is not taken, because others could read it: put the password into the file "
		      "that PGPASSFILE names (~/.pgpass, a line HOST:PORT:DATABASE:USER:PASSWORD, mode 600) and leave it out "
		      "of the address."));
	PQconninfoFree(options);
	PQfreemem(why);
	return options && !secret;
}

char *server_name(const char *address)
{
	PQconninfoOption *options = PQconninfoParse(address, NULL);
	const char *host = option(options, "host"), *db = option(options, "dbname"), *port = option(options, "port");
	const char *service = option(options, "service");
	g_autofree char *where = port ? g_strdup_printf("%s:%s", host ? host : "localhost", port)
	                              : g_strdup(host      ? host
	                                         : service ? service
	                                                   : "localhost");
	char *name = g_strdup_printf(_("%s on %s"), db ? db : service ? service : _("the default database"), where);
	PQconninfoFree(options);
	return name;
}

/* One line of libpq's, without its prefixes and its end. */
static char *one_line(const char *message)
{
	char *line = g_strstrip(g_strdelimit(g_strdup(message ? message : ""), "\n\t", ' '));
	const gsize n = strlen(line);
	if (n > 0 && line[n - 1] == '.')
		line[n - 1] = 0;
	if (g_str_has_prefix(line, "ERROR:"))
		memmove(line, line + 6, strlen(line + 6) + 1);
	return g_strstrip(line);
}

bool server_failed(PGconn *conn, const PGresult *result, const char *name, GError **error)
{
	const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	g_autofree char *why =
		one_line(result && *PQresultErrorMessage(result) ? PQresultErrorMessage(result) : PQerrorMessage(conn));
	const bool away = PQstatus(conn) != CONNECTION_OK || !state || g_str_has_prefix(state, "57P") ||
	                  g_str_has_prefix(state, "08") || g_str_has_prefix(state, "53") || strcmp(state, "55P03") == 0;
	if (away)
		g_set_error(error, SERVER_ERROR, SERVER_ERROR_AWAY,
		            _("%s is not reached: %s; work goes on in the local copy, try again later."), name, why);
	else if (strcmp(state, "42P01") == 0 || strcmp(state, "3F000") == 0)
		g_set_error(error, SERVER_ERROR, SERVER_ERROR_VERSION,
		            _("%s holds no shared project: make one with “nadir init”."), name);
	else if (strcmp(state, "42501") == 0)
		g_set_error(error, SERVER_ERROR, SERVER_ERROR_FAILED,
		            _("%s does not let you in (%s): ask its owner for the role annotator, reviewer or owner."), name,
		            why);
	else
		g_set_error(error, SERVER_ERROR, SERVER_ERROR_FAILED, _("%s refused: %s; see docs/TEAMS.md."), name, why);
	return false;
}

static void be_silent(void *data, const char *message)
{
	g_debug("server: %s", message);
}

static bool settle(PGconn *conn, const char *name, GError **error)
{
	/* Who is cut off in the middle must not hold the others up. */
	return server_run(conn, name, error,
	                  "SET idle_in_transaction_session_timeout = '30s'; SET lock_timeout = '30s'; SET "
	                  "client_min_messages = warning; SET extra_float_digits = 1");
}

PGconn *server_connect(const char *address, GError **error)
{
	static const char *const keys[] = {"connect_timeout",     "tcp_user_timeout", "keepalives_idle",
	                                   "keepalives_interval", "keepalives_count", "fallback_application_name",
	                                   "client_encoding",     "dbname",           NULL};
	const char *const values[] = {"10", "15000", "10", "5", "3", "nadir", "UTF8", address, NULL};
	if (!server_check_address(address, error))
		return NULL;
	g_autofree char *name = server_name(address);
	PGconn *conn = PQconnectdbParams(keys, values, 1);
	PQsetNoticeProcessor(conn, be_silent, NULL);
	if (PQstatus(conn) == CONNECTION_OK ? settle(conn, name, error) : server_failed(conn, NULL, name, error))
		return conn;
	PQfinish(conn);
	return NULL;
}

PGresult *server_query(PGconn *conn, const char *name, GError **error, const char *sql, int n,
                       const char *const *values)
{
	PGresult *r = PQexecParams(conn, sql, n, NULL, values, NULL, NULL, 0);
	const ExecStatusType status = PQresultStatus(r);
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return r;
	server_failed(conn, r, name, error);
	PQclear(r);
	return NULL;
}

bool server_run(PGconn *conn, const char *name, GError **error, const char *sql)
{
	g_autoptr(PGresult) r = PQexec(conn, sql);
	const ExecStatusType status = PQresultStatus(r);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || server_failed(conn, r, name, error);
}

/* --- a shared project --- */

static bool check_version(const char *name, int version, GError **error)
{
	if (version > SERVER_SCHEMA)
		g_set_error(error, SERVER_ERROR, SERVER_ERROR_VERSION,
		            _("%s was made by a newer Nadir (schema %d, this one knows %d): update Nadir."), name, version,
		            SERVER_SCHEMA);
	else if (version < SERVER_SCHEMA)
		g_set_error(error, SERVER_ERROR, SERVER_ERROR_VERSION,
		            _("%s has an older schema (%d, this Nadir needs %d): its owner runs “nadir init” once."), name,
		            version, SERVER_SCHEMA);
	return version == SERVER_SCHEMA;
}

static bool look(server *s, GError **error)
{
	g_autoptr(PGresult) meta =
		server_query(s->conn, s->name, error, "SELECT schema_version, project FROM nadir.meta", 0, NULL);
	if (!meta || !check_version(s->name, atoi(PQgetvalue(meta, 0, 0)), error))
		return false;
	g_autoptr(PGresult) me = server_query(s->conn, s->name, error, "SELECT session_user, nadir.my_role()", 0, NULL);
	if (!me)
		return false;
	s->project = g_strdup(PQgetvalue(meta, 0, 1));
	s->user = g_strdup(PQgetvalue(me, 0, 0));
	s->role = g_strdup(PQgetvalue(me, 0, 1));
	return server_run(s->conn, s->name, error, "LISTEN nadir");
}

server *server_open(const char *address, GError **error)
{
	PGconn *conn = server_connect(address, error);
	if (!conn)
		return NULL;
	g_autoptr(server) s = g_new0(server, 1);
	s->conn = conn;
	s->name = server_name(address);
	return look(s, error) ? g_steal_pointer(&s) : NULL;
}

void server_close(server *s)
{
	if (!s)
		return;
	PQfinish(s->conn);
	g_free(s->name);
	g_free(s->project);
	g_free(s->user);
	g_free(s->role);
	g_free(s);
}

const char *server_project(const server *s)
{
	return s->project;
}

const char *server_user(const server *s)
{
	return s->user;
}

const char *server_role(const server *s)
{
	return s->role;
}
