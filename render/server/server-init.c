/* The schema, by numbered steps: sql/N.sql brings version N - 1 to N in one transaction. */
#include "render/server/server-private.h"
#include "server-sql.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

/* 0: there is none. */
static int version_of(PGconn *conn, const char *name, GError **error)
{
	g_autoptr(PGresult) there =
		server_query(conn, name, error, "SELECT to_regclass('nadir.meta') IS NOT NULL AS there", 0, NULL);
	if (!there)
		return -1;
	if (*PQgetvalue(there, 0, 0) != 't')
		return 0;
	g_autoptr(PGresult) meta = server_query(conn, name, error, "SELECT schema_version FROM nadir.meta", 0, NULL);
	return meta ? atoi(PQgetvalue(meta, 0, 0)) : -1;
}

static bool step(PGconn *conn, const char *name, int number, GError **error)
{
	g_autofree char *path = g_strdup_printf("/nadir/server/%d.sql", number);
	g_autoptr(GBytes) sql = g_resource_lookup_data(server_sql_get_resource(), path, 0, error);
	g_autofree char *mark = g_strdup_printf("UPDATE nadir.meta SET schema_version = %d", number);
	if (!sql || !server_run(conn, name, error, "BEGIN"))
		return false;
	const bool ok = server_run(conn, name, error, g_bytes_get_data(sql, NULL)) && server_run(conn, name, error, mark) &&
	                server_run(conn, name, error, "COMMIT");
	if (!ok)
		PQclear(PQexec(conn, "ROLLBACK"));
	return ok;
}

static bool bring_forward(PGconn *conn, const char *name, int from, GError **error)
{
	if (from > SERVER_SCHEMA) {
		g_set_error(error, SERVER_ERROR, SERVER_ERROR_VERSION,
		            _("%s was made by a newer Nadir (schema %d, this one knows %d): update Nadir."), name, from,
		            SERVER_SCHEMA);
		return false;
	}
	for (int v = from + 1; v <= SERVER_SCHEMA; v++)
		if (!step(conn, name, v, error))
			return false;
	return true;
}

bool server_init(const char *address, int *from, GError **error)
{
	PGconn *conn = server_connect(address, error);
	g_autofree char *name = conn ? server_name(address) : NULL;
	*from = conn ? version_of(conn, name, error) : -1;
	const bool ok = *from >= 0 && bring_forward(conn, name, *from, error);
	PQfinish(conn);
	return ok;
}
