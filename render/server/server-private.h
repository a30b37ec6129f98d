/* What the files of the server have in common. */
#pragma once
#include "render/server/server.h"

#include <libpq-fe.h>

G_BEGIN_DECLS

struct server {
	PGconn *conn;
	char *name, *project, *user, *role;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PGresult, PQclear)

/* A connection without a look at what the database holds. */
PGconn *server_connect(const char *address, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A statement with its values as text. NULL + error. Free with PQclear. */
PGresult *server_query(PGconn *conn, const char *name, GError **error, const char *sql, int n,
                       const char *const *values) G_GNUC_WARN_UNUSED_RESULT;
bool server_run(PGconn *conn, const char *name, GError **error, const char *sql) G_GNUC_WARN_UNUSED_RESULT;
/* From the last message of the connection, or of a result. Always false. */
bool server_failed(PGconn *conn, const PGresult *result, const char *name, GError **error);

G_END_DECLS
