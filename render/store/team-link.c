/* The copy's own tables: which row here is which row there, what both sides last agreed upon, and what changed since.
 * Triggers note what changed, so that whatever program writes to the project is heard. */
#include "render/store/team-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define ID "%" G_GINT64_FORMAT

static const char *const kinds[] = {"", "image", "class", "object"};
static const struct {
	const char *table, *key;
} tables[] = {{"", ""}, {"images", "id"}, {"classes", "id"}, {"nadir_objects", "fid"}};

static const char *const statements[] = {
	"CREATE TABLE team_meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)",
	/* base: what both sides last agreed upon; sent: what a push without an answer carries; theirs and trouble: a
     * conflict. Without JSON the row is deleted on that side. */
	"CREATE TABLE team_rows (uid TEXT PRIMARY KEY NOT NULL, kind INTEGER NOT NULL, local_id INTEGER NOT NULL, version "
	"INTEGER NOT NULL, base TEXT NOT NULL, base_px BLOB, pending INTEGER NOT NULL, sent TEXT NOT NULL, sent_px BLOB, "
	"theirs_version INTEGER NOT NULL, theirs TEXT NOT NULL, theirs_px BLOB, who TEXT NOT NULL, trouble TEXT NOT NULL)",
	"CREATE INDEX team_rows_local ON team_rows (kind, local_id)",
	"CREATE INDEX team_rows_pending ON team_rows (uid) WHERE pending",
	"CREATE INDEX team_rows_trouble ON team_rows (uid) WHERE trouble <> ''",
	"CREATE TABLE team_dirty (kind INTEGER NOT NULL, local_id INTEGER NOT NULL, PRIMARY KEY (kind, local_id))",
};

const char *team_kind_name(team_kind kind)
{
	return kinds[kind];
}

team_kind team_kind_from(const char *name)
{
	for (int i = TEAM_IMAGE; i <= TEAM_OBJECT; i++)
		if (g_strcmp0(kinds[i], name) == 0)
			return (team_kind)i;
	return 0;
}

team_row *team_row_new(team_kind kind, const char *uid, gint64 version)
{
	team_row *r = g_new0(team_row, 1);
	*r = (team_row){.kind = kind, .uid = g_strdup(uid), .version = version};
	return r;
}

void team_row_free(team_row *r)
{
	if (!r)
		return;
	g_free(r->uid);
	g_free(r->json);
	g_clear_pointer(&r->px_geom, g_bytes_unref);
	g_clear_pointer(&r->map_geom, g_bytes_unref);
	g_free(r->who);
	g_free(r);
}

void team_reply_clear(team_reply *r)
{
	g_clear_pointer(&r->answers, g_ptr_array_unref);
	g_clear_pointer(&r->rows, g_ptr_array_unref);
}

/* --- the link --- */

bool team_linked(project *p)
{
	return project_number(p, 0, "SELECT count(*) FROM sqlite_master WHERE name = 'team_rows'") > 0;
}

static char *meta(project *p, const char *key)
{
	return team_linked(p) ? project_text(p, "SELECT value FROM team_meta WHERE key = '%s'", key) : NULL;
}

bool team_set_meta(project *p, const char *key, const char *value, GError **error)
{
	g_autofree char *quoted = project_quote(value ? value : "");
	return value ? project_run(p, error, "INSERT OR REPLACE INTO team_meta VALUES ('%s', %s)", key, quoted)
	             : project_run(p, error, "DELETE FROM team_meta WHERE key = '%s'", key);
}

char *team_address(project *p)
{
	return meta(p, "address");
}

gint64 team_known(project *p)
{
	g_autofree char *known = meta(p, "known");
	return known ? g_ascii_strtoll(known, NULL, 10) : 0;
}

char *team_unanswered(project *p)
{
	return meta(p, "token");
}

static bool watch(project *p, int kind, GError **error)
{
	static const struct {
		const char *event, *row;
	} events[] = {{"INSERT", "NEW"}, {"UPDATE", "NEW"}, {"DELETE", "OLD"}};
	for (guint i = 0; i < G_N_ELEMENTS(events); i++)
		if (!project_run(p, error,
		                 "CREATE TRIGGER team_%s_%s AFTER %s ON %s BEGIN INSERT OR IGNORE INTO team_dirty VALUES (%d, "
		                 "%s.%s); END",
		                 kinds[kind], events[i].event, events[i].event, tables[kind].table, kind, events[i].row,
		                 tables[kind].key))
			return false;
	return project_run(p, error, "INSERT OR IGNORE INTO team_dirty SELECT %d, %s FROM %s", kind, tables[kind].key,
	                   tables[kind].table);
}

static bool make(project *p, const char *id, GError **error)
{
	bool ok = true;
	for (guint i = 0; ok && i < G_N_ELEMENTS(statements); i++)
		ok = project_run(p, error, "%s", statements[i]);
	for (int kind = TEAM_IMAGE; ok && kind <= TEAM_OBJECT; kind++)
		ok = watch(p, kind, error);
	return ok && team_set_meta(p, "project", id, error) && team_set_meta(p, "known", "0", error);
}

bool team_link(project *p, const char *id, const char *address, GError **error)
{
	const bool linked = team_linked(p);
	g_autofree char *known = meta(p, "project"), *before = meta(p, "address");
	if (known && strcmp(known, id) != 0) {
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_OPEN,
		            _("%s is a copy of another shared project (%s): choose another file, or save the project under "
		              "another name first."),
		            project_path(p), before ? before : known);
		return false;
	}
	if (linked && g_strcmp0(before, address) == 0)
		return true;
	if (!project_begin(p, error))
		return false;
	return project_end(p, (linked || make(p, id, error)) && team_set_meta(p, "address", address, error), error);
}

/* --- rows here and there --- */

char *team_uid(project *p, team_kind kind, gint64 id)
{
	return team_linked(p)
	           ? project_text(p, "SELECT uid FROM team_rows WHERE kind = %d AND local_id = " ID, (int)kind, id)
	           : NULL;
}

gint64 team_local_id(project *p, const char *uid)
{
	g_autofree char *quoted = project_quote(uid);
	return team_linked(p) ? project_number(p, 0, "SELECT local_id FROM team_rows WHERE uid = %s", quoted) : 0;
}

char *team_uid_for(project *p, team_kind kind, gint64 id, GError **error)
{
	char *known = project_text(p, "SELECT uid FROM team_rows WHERE kind = %d AND local_id = " ID, (int)kind, id);
	if (known)
		return known;
	g_autofree char *made = g_uuid_string_random();
	const team_record fresh = {.kind = kind, .uid = made, .id = id};
	return team_record_put(p, &fresh, error) ? g_steal_pointer(&made) : NULL;
}

void team_record_free(team_record *r)
{
	if (!r)
		return;
	g_free(r->uid);
	g_free(r->who);
	g_free(r->trouble);
	team_side_clear(&r->base);
	team_side_clear(&r->sent);
	team_side_clear(&r->theirs);
	g_free(r);
}

static team_side row_side(OGRFeatureH row, int field)
{
	int size = 0;
	const bool outline = OGR_F_IsFieldSetAndNotNull(row, field + 1);
	const void *bytes = outline ? OGR_F_GetFieldAsBinary(row, field + 1, &size) : NULL;
	return (team_side){cJSON_Parse(OGR_F_GetFieldAsString(row, field)),
	                   outline ? g_bytes_new(bytes, (gsize)MAX(size, 0)) : NULL};
}

static bool add_record(OGRFeatureH row, void *data)
{
	team_record *r = g_new0(team_record, 1);
	*r = (team_record){.kind = OGR_F_GetFieldAsInteger(row, 0),
	                   .uid = row_text(row, 1),
	                   .who = row_text(row, 2),
	                   .trouble = row_text(row, 3),
	                   .id = OGR_F_GetFieldAsInteger64(row, 4),
	                   .version = OGR_F_GetFieldAsInteger64(row, 5),
	                   .theirs_version = OGR_F_GetFieldAsInteger64(row, 6),
	                   .pending = OGR_F_GetFieldAsInteger(row, 7) != 0,
	                   .base = row_side(row, 8),
	                   .sent = row_side(row, 10),
	                   .theirs = row_side(row, 12)};
	g_ptr_array_add(data, r);
	return true;
}

GPtrArray *team_records(project *p, GError **error, const char *where, ...)
{
	va_list args;
	va_start(args, where);
	g_autofree char *rest = g_strdup_vprintf(where, args);
	va_end(args);
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)team_record_free);
	if (!project_select(p, add_record, list, error,
	                    "SELECT kind, uid, who, trouble, local_id, version, theirs_version, pending, base, base_px, "
	                    "sent, sent_px, theirs, theirs_px FROM team_rows WHERE %s",
	                    rest))
		return NULL;
	return g_steal_pointer(&list);
}

team_record *team_record_of(project *p, const char *uid, GError **error)
{
	g_autofree char *quoted = project_quote(uid);
	g_autoptr(GPtrArray) one = team_records(p, error, "uid = %s", quoted);
	return one && one->len > 0 ? g_ptr_array_steal_index(one, 0) : NULL;
}

/* Text and outline as two values of a statement. */
static char *side_values(const team_side *s)
{
	g_autofree char *text = team_side_text(s), *quoted = project_quote(text ? text : "");
	gsize size = 0;
	const guint8 *bytes = s->px ? g_bytes_get_data(s->px, &size) : NULL;
	if (!bytes)
		return g_strdup_printf("%s, NULL", quoted);
	GString *out = g_string_new(quoted);
	g_string_append(out, ", X'");
	for (gsize i = 0; i < size; i++)
		g_string_append_printf(out, "%02X", bytes[i]);
	g_string_append_c(out, '\'');
	return g_string_free(out, FALSE);
}

bool team_record_put(project *p, const team_record *r, GError **error)
{
	g_autofree char *base = side_values(&r->base), *sent = side_values(&r->sent), *theirs = side_values(&r->theirs);
	g_autofree char *who = project_quote(r->who ? r->who : ""), *trouble = project_quote(r->trouble ? r->trouble : "");
	return project_run(p, error,
	                   "INSERT OR REPLACE INTO team_rows (uid, kind, local_id, version, base, base_px, pending, sent, "
	                   "sent_px, theirs_version, theirs, theirs_px, who, trouble) VALUES ('%s', %d, " ID ", " ID
	                   ", %s, %d, %s, " ID ", %s, %s, %s)",
	                   r->uid, (int)r->kind, r->id, r->version, base, r->pending, sent, r->theirs_version, theirs, who,
	                   trouble);
}

bool team_is_dirty(project *p, team_kind kind, gint64 id)
{
	return project_number(p, 0, "SELECT count(*) FROM team_dirty WHERE kind = %d AND local_id = " ID, (int)kind, id) >
	       0;
}

bool team_mark(project *p, team_kind kind, gint64 id, bool dirty, GError **error)
{
	if (dirty)
		return project_run(p, error, "INSERT OR IGNORE INTO team_dirty VALUES (%d, " ID ")", (int)kind, id);
	return project_run(p, error, "DELETE FROM team_dirty WHERE kind = %d AND local_id = " ID, (int)kind, id);
}
