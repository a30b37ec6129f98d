/* Who is there, who holds which images, and what happens meanwhile. */
#include "render/server/server-private.h"

int server_socket(const server *s)
{
	return PQsocket(s->conn);
}

bool server_heard(server *s)
{
	PGnotify *n;
	bool heard = PQconsumeInput(s->conn) == 0; /* cut off: the next exchange says so */
	while ((n = PQnotifies(s->conn))) {
		heard = true;
		PQfreemem(n);
	}
	return heard;
}

bool server_here(server *s, const char *client, const char *image, GError **error)
{
	const char *const values[] = {client, image};
	g_autoptr(PGresult) r = server_query(s->conn, s->name, error, "SELECT nadir.here($1::uuid, $2::uuid)", 2, values);
	return r != NULL;
}

static void person_free(void *data)
{
	server_person *p = data;
	g_free(p->who);
	g_free(p->image);
	g_free(p);
}

GPtrArray *server_people(server *s, const char *client, GError **error)
{
	g_autoptr(PGresult) r = server_query(s->conn, s->name, error,
	                                     "SELECT w.who, coalesce(regexp_replace(i.path, '^.*/', ''), ''), (SELECT "
	                                     "count(*) FROM nadir.claims c WHERE c.who = "
	                                     "w.who), p.client IS NOT NULL, coalesce(p.client = $1::uuid, w.who = "
	                                     "session_user), coalesce((SELECT ceil(extract("
	                                     "epoch FROM min(c.until) - now()) / 60) FROM nadir.claims c WHERE c.who = "
	                                     "w.who), 0)::integer FROM (SELECT who FROM "
	                                     "nadir.people UNION SELECT who FROM nadir.claims) w LEFT JOIN nadir.people p "
	                                     "ON p.who = w.who LEFT JOIN nadir.images "
	                                     "i ON i.uid = p.image ORDER BY w.who, p.seen",
	                                     1, &client);
	if (!r)
		return NULL;
	GPtrArray *list = g_ptr_array_new_with_free_func(person_free);
	for (int i = 0; i < PQntuples(r); i++) {
		server_person *p = g_new0(server_person, 1);
		*p = (server_person){.who = g_strdup(PQgetvalue(r, i, 0)),
		                     .image = g_strdup(PQgetvalue(r, i, 1)),
		                     .claimed = atoi(PQgetvalue(r, i, 2)),
		                     .here = *PQgetvalue(r, i, 3) == 't',
		                     .me = *PQgetvalue(r, i, 4) == 't',
		                     .minutes = atoi(PQgetvalue(r, i, 5))};
		g_ptr_array_add(list, p);
	}
	return list;
}

bool server_claim(server *s, int n, int minutes, GError **error)
{
	g_autofree char *many = g_strdup_printf("%d", n), *until = g_strdup_printf("%d", minutes);
	const char *const values[] = {many, until};
	g_autoptr(PGresult) r =
		server_query(s->conn, s->name, error, "SELECT nadir.claim($1::integer, $2::integer)", 2, values);
	return r != NULL;
}

bool server_release(server *s, GError **error)
{
	g_autoptr(PGresult) r = server_query(s->conn, s->name, error, "SELECT nadir.release()", 0, NULL);
	return r != NULL;
}
