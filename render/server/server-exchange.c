/* Rows to the server and back. */
#include "render/server/server-private.h"

#include "render/file/json-text.h"
#include <cjson/cJSON.h>
#include <string.h>

enum { MOST = 1000 }; /* objects a round: a push holds the others up for no longer than this takes */

static void add_hex(cJSON *to, const char *key, GBytes *bytes)
{
	static const char digits[] = "0123456789ABCDEF";
	gsize size;
	const guint8 *data = g_bytes_get_data(bytes, &size);
	g_autofree char *text = g_malloc(2 * size + 1);
	for (gsize i = 0; i < size; i++) {
		text[2 * i] = digits[data[i] >> 4];
		text[2 * i + 1] = digits[data[i] & 15];
	}
	text[2 * size] = 0;
	cJSON_AddStringToObject(to, key, text);
}

static GBytes *from_hex(const char *text)
{
	const gsize size = strlen(text) / 2;
	guint8 *data = g_malloc(size + 1);
	for (gsize i = 0; i < size; i++)
		data[i] = (guint8)(g_ascii_xdigit_value(text[2 * i]) << 4 | g_ascii_xdigit_value(text[2 * i + 1]));
	return g_bytes_new_take(data, size);
}

static char *rows_to_json(GPtrArray *rows)
{
	cJSON *list = cJSON_CreateArray();
	for (guint i = 0; i < rows->len; i++) {
		const team_row *r = rows->pdata[i];
		cJSON *item = cJSON_CreateObject();
		cJSON_AddStringToObject(item, "kind", team_kind_name(r->kind));
		cJSON_AddStringToObject(item, "uid", r->uid);
		cJSON_AddNumberToObject(item, "base", (double)r->version);
		cJSON_AddBoolToObject(item, "deleted", !r->json);
		if (r->json)
			cJSON_AddRawToObject(item, "row", r->json);
		if (r->px_geom)
			add_hex(item, "px", r->px_geom);
		if (r->map_geom)
			add_hex(item, "geom", r->map_geom);
		cJSON_AddItemToArray(list, item);
	}
	return json_text(list);
}

static void answer_free(void *data)
{
	team_answer *a = data;
	g_free(a->uid);
	g_free(a);
}

static team_status status_from(const char *name)
{
	static const char *const names[] = {"stored", "stale", "same", "refused"};
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(name, names[i]) == 0)
			return (team_status)i;
	return TEAM_REFUSED;
}

static GPtrArray *read_answers(const PGresult *r)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(answer_free);
	for (int i = 0; i < PQntuples(r); i++) {
		team_answer *a = g_new0(team_answer, 1);
		*a = (team_answer){g_strdup(PQgetvalue(r, i, 0)), status_from(PQgetvalue(r, i, 1)),
		                   g_ascii_strtoll(PQgetvalue(r, i, 2), NULL, 10)};
		g_ptr_array_add(list, a);
	}
	return list;
}

static void read_rows(const PGresult *r, team_reply *reply)
{
	gint64 all = 0, objects = 0;
	reply->rows = g_ptr_array_new_with_free_func((GDestroyNotify)team_row_free);
	for (int i = 0; i < PQntuples(r); i++) {
		team_row *row = team_row_new(team_kind_from(PQgetvalue(r, i, 0)), PQgetvalue(r, i, 1),
		                             g_ascii_strtoll(PQgetvalue(r, i, 2), NULL, 10));
		if (*PQgetvalue(r, i, 3) != 't') {
			row->json = g_strdup(PQgetvalue(r, i, 5));
			row->px_geom = PQgetisnull(r, i, 6) ? NULL : from_hex(PQgetvalue(r, i, 6));
		}
		row->who = g_strdup(PQgetvalue(r, i, 4));
		reply->more = reply->more || *PQgetvalue(r, i, 7) == 't';
		all = MAX(all, row->version);
		objects = row->kind == TEAM_OBJECT ? MAX(objects, row->version) : objects;
		g_ptr_array_add(reply->rows, row);
	}
	reply->known = reply->more ? objects : all;
}

static bool put(server *s, GPtrArray *rows, const char *token, team_reply *reply, GError **error)
{
	g_autofree char *json = rows_to_json(rows);
	const char *const values[] = {json, token};
	g_autoptr(PGresult) r = server_query(s->conn, s->name, error,
	                                     "SELECT uid, status, version FROM nadir.put($1::jsonb, $2::uuid)", 2, values);
	if (!r)
		return false;
	reply->answers = read_answers(r);
	return true;
}

static bool get(server *s, gint64 known, int most, team_reply *reply, GError **error)
{
	g_autofree char *since = g_strdup_printf("%" G_GINT64_FORMAT, known), *limit = g_strdup_printf("%d", most);
	const char *const values[] = {since, limit};
	g_autoptr(PGresult) r = server_query(
		s->conn, s->name, error,
		"SELECT kind, uid, version, deleted, who, \"row\", px, more FROM nadir.changes($1::bigint, $2::integer)", 2,
		values);
	if (r)
		read_rows(r, reply);
	return r != NULL;
}

bool server_exchange(server *s, GPtrArray *rows, const char *token, gint64 known, int most, team_reply *reply,
                     GError **error)
{
	*reply = (team_reply){0};
	if (!server_run(s->conn, s->name, error, "BEGIN"))
		return false;
	const bool ok = (rows->len == 0 || put(s, rows, token, reply, error)) && get(s, known, most, reply, error) &&
	                server_run(s->conn, s->name, error, "COMMIT");
	if (!ok) {
		PQclear(PQexec(s->conn, "ROLLBACK"));
		team_reply_clear(reply);
	}
	return ok;
}

bool server_arrived(server *s, const char *token, team_reply *reply, GError **error)
{
	*reply = (team_reply){0};
	g_autoptr(PGresult) r =
		server_query(s->conn, s->name, error, "SELECT uid, 'stored', version FROM nadir.pushed($1::uuid)", 1, &token);
	if (r)
		reply->answers = read_answers(r);
	return r != NULL;
}

/* --- the whole conversation --- */

/* What became of a push whose answer was lost. */
static bool ask_for_lost(server *s, project *p, team_counts *counts, GError **error)
{
	g_autofree char *token = team_unanswered(p);
	g_auto(team_reply) reply = {0};
	return !token || (server_arrived(s, token, &reply, error) && team_finish(p, &reply, counts, NULL, error));
}

static bool round_trip(server *s, project *p, team_counts *counts, bool *done, GError **error)
{
	g_autofree char *token = NULL;
	g_autoptr(GPtrArray) rows = team_collect(p, MOST, &token, error);
	g_auto(team_reply) reply = {0};
	if (!rows || !server_exchange(s, rows, token, team_known(p), MOST, &reply, error))
		return false;
	*done = rows->len == 0 && reply.rows->len == 0;
	return team_finish(p, &reply, counts, NULL, error);
}

bool server_sync(server *s, project *p, team_counts *counts, GError **error)
{
	bool done = false, ok = ask_for_lost(s, p, counts, error);
	while (ok && !done)
		ok = round_trip(s, p, counts, &done, error);
	return ok;
}
