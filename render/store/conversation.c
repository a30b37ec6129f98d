/* The tables `conversations` and `messages`. Projects of the first version have them with fewer columns and empty:
 * what is missing is added in the transaction that first writes. */
#include "render/store/conversation.h"

#include "render/store/project-private.h"
#include "render/store/project-words.h"

#define ID "%" G_GINT64_FORMAT

static const struct {
	const char *table, *column, *type;
} columns[] = {
	{"conversations", "edited", "TEXT NOT NULL DEFAULT ''"}, {"conversations", "settings", "TEXT NOT NULL DEFAULT ''"},
	{"conversations", "leaf", "INTEGER NOT NULL DEFAULT 0"}, {"conversations", "deleted", "INTEGER NOT NULL DEFAULT 0"},
	{"messages", "regions", "TEXT NOT NULL DEFAULT ''"},     {"messages", "settings", "TEXT NOT NULL DEFAULT ''"},
	{"messages", "results", "TEXT NOT NULL DEFAULT ''"},     {"messages", "timing", "TEXT NOT NULL DEFAULT ''"},
	{"messages", "edited", "TEXT NOT NULL DEFAULT ''"},
};
enum { TIMING = 7, EDITED };

/* --- records --- */

project_conversation *project_conversation_new(gint64 image)
{
	project_conversation *c = g_new0(project_conversation, 1);
	char **texts[] = {&c->title, &c->settings, &c->created, &c->edited, &c->words};
	c->image = image;
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		*texts[i] = g_strdup("");
	return c;
}

void project_conversation_free(project_conversation *c)
{
	if (!c)
		return;
	g_free(c->title);
	g_free(c->settings);
	g_free(c->created);
	g_free(c->edited);
	g_free(c->words);
	g_free(c);
}

project_message *project_message_new(void)
{
	project_message *m = g_new0(project_message, 1);
	char **texts[] = {&m->text, &m->edited, &m->regions, &m->settings, &m->results, &m->timing, &m->created};
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		*texts[i] = g_strdup("");
	return m;
}

void project_message_free(project_message *m)
{
	if (!m)
		return;
	g_free(m->text);
	g_free(m->edited);
	g_free(m->regions);
	g_free(m->settings);
	g_free(m->results);
	g_free(m->timing);
	g_free(m->created);
	g_free(m);
}

/* --- the tables --- */

static bool has_column(project *p, guint i)
{
	return project_number(p, 0, "SELECT count(*) AS k FROM pragma_table_info('%s') WHERE name = '%s'", columns[i].table,
	                      columns[i].column) > 0;
}

/* Whether anything can have been written here; a project that lacks this column never held a conversation. */
static bool is_ready(project *p)
{
	return has_column(p, TIMING);
}

/* Inside a transaction. */
static bool make_ready(project *p, GError **error)
{
	if (has_column(p, EDITED))
		return true;
	for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
		if (!has_column(p, i) && !project_run(p, error, "ALTER TABLE %s ADD COLUMN %s %s", columns[i].table,
		                                      columns[i].column, columns[i].type))
			return false;
	return true;
}

/* Runs one statement, and `id` gets the number of the row that it added; inside a transaction. */
static bool add_row(project *p, const char *table, const char *sql, gint64 *id, GError **error)
{
	if (!project_run(p, error, "%s", sql))
		return false;
	*id = project_number(p, 0, "SELECT max(id) FROM %s", table);
	return true;
}

static void replace_text(char **to, char *value)
{
	g_free(*to);
	*to = value;
}

/* --- reading --- */

static bool add_conversation(OGRFeatureH row, void *data)
{
	project_conversation *c = g_new0(project_conversation, 1);
	c->id = OGR_F_GetFieldAsInteger64(row, 0);
	c->image = OGR_F_GetFieldAsInteger64(row, 1);
	c->title = row_text(row, 2);
	c->settings = row_text(row, 3);
	c->leaf = OGR_F_GetFieldAsInteger64(row, 4);
	c->created = row_text(row, 5);
	c->edited = row_text(row, 6);
	c->words = row_text(row, 7);
	g_ptr_array_add(data, c);
	return true;
}

GPtrArray *project_conversations(project *p, gint64 image, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)project_conversation_free);
	if (is_ready(p) &&
	    !project_select(p, add_conversation, list, error,
	                    "SELECT c.id+0 AS k, c.image_id+0 AS i, c.title, c.settings, c.leaf+0 AS l, "
	                    "c.created, c.edited, (SELECT group_concat(%s, char(10)) FROM messages m "
	                    "WHERE m.conversation_id = c.id) AS words FROM conversations c WHERE "
	                    "c.image_id = " ID " AND c.deleted = 0 ORDER BY c.edited DESC, c.id DESC",
	                    has_column(p, EDITED) ? "coalesce(nullif(m.edited, ''), m.content)" : "m.content", image))
		return NULL;
	return g_steal_pointer(&list);
}

static bool add_message(OGRFeatureH row, void *data)
{
	project_message *m = g_new0(project_message, 1);
	m->id = OGR_F_GetFieldAsInteger64(row, 0);
	m->conversation = OGR_F_GetFieldAsInteger64(row, 1);
	m->parent = OGR_F_GetFieldAsInteger64(row, 2);
	g_autofree char *role = row_text(row, 3);
	m->model = g_str_equal(role, "model");
	m->text = row_text(row, 4);
	m->regions = row_text(row, 5);
	m->settings = row_text(row, 6);
	m->results = row_text(row, 7);
	m->timing = row_text(row, 8);
	m->created = row_text(row, 9);
	m->edited = row_text(row, 10);
	g_ptr_array_add(data, m);
	return true;
}

GPtrArray *project_messages(project *p, gint64 conversation, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)project_message_free);
	if (is_ready(p) &&
	    !project_select(p, add_message, list, error,
	                    "SELECT id+0 AS k, conversation_id+0 AS c, coalesce(parent_id, 0)+0 AS p, role, content, "
	                    "regions, settings, results, timing, created, %s FROM messages WHERE conversation_id = " ID
	                    " ORDER BY id",
	                    has_column(p, EDITED) ? "edited" : "'' AS e", conversation))
		return NULL;
	return g_steal_pointer(&list);
}

/* --- writing --- */

static bool write_conversation(project *p, project_conversation *c, const char *now, GError **error)
{
	g_autofree char *title = project_quote(c->title), *settings = project_quote(c->settings);
	if (!make_ready(p, error))
		return false;
	if (c->id)
		return project_run(p, error,
		                   "UPDATE conversations SET title = %s, settings = %s, leaf = " ID
		                   ", edited = '%s' WHERE id = "
		                   "" ID,
		                   title, settings, c->leaf, now, c->id);
	g_autofree char *sql = g_strdup_printf("INSERT INTO conversations (image_id, title, created, edited, settings, "
	                                       "leaf, deleted) VALUES (" ID ", %s, '%s', '%s', %s, " ID ", 0)",
	                                       c->image, title, now, now, settings, c->leaf);
	return add_row(p, "conversations", sql, &c->id, error);
}

bool project_put_conversation(project *p, project_conversation *c, GError **error)
{
	const gint64 before = c->id;
	g_autofree char *now = project_now();
	if (!project_begin(p, error))
		return false;
	const bool ok = project_end(p, write_conversation(p, c, now, error), error);
	if (!ok)
		c->id = before;
	else if (!before)
		replace_text(&c->created, g_strdup(now));
	if (ok)
		replace_text(&c->edited, g_steal_pointer(&now));
	return ok;
}

static bool insert_message(project *p, project_message *m, const char *now, GError **error)
{
	g_autofree char *text = project_quote(m->text), *regions = project_quote(m->regions);
	g_autofree char *settings = project_quote(m->settings), *results = project_quote(m->results);
	g_autofree char *timing = project_quote(m->timing);
	g_autofree char *sql = g_strdup_printf(
		"INSERT INTO messages (conversation_id, parent_id, role, content, created, regions, settings, results, timing) "
		"VALUES (" ID ", nullif(" ID ", 0), '%s', %s, '%s', %s, %s, %s, %s)",
		m->conversation, m->parent, m->model ? "model" : "user", text, now, regions, settings, results, timing);
	return add_row(p, "messages", sql, &m->id, error) &&
	       project_run(p, error, "UPDATE conversations SET leaf = " ID ", edited = '%s' WHERE id = " ID, m->id, now,
	                   m->conversation);
}

static bool update_message(project *p, const project_message *m, GError **error)
{
	g_autofree char *text = project_quote(m->text), *regions = project_quote(m->regions);
	g_autofree char *settings = project_quote(m->settings), *results = project_quote(m->results);
	g_autofree char *timing = project_quote(m->timing);
	return project_run(p, error,
	                   "UPDATE messages SET content = %s, regions = %s, settings = %s, results = %s, timing = %s WHERE "
	                   "id = " ID,
	                   text, regions, settings, results, timing, m->id);
}

bool project_put_message(project *p, project_message *m, GError **error)
{
	const gint64 before = m->id;
	g_autofree char *now = project_now();
	if (!project_begin(p, error))
		return false;
	bool ok = make_ready(p, error) && (before ? update_message(p, m, error) : insert_message(p, m, now, error));
	ok = project_end(p, ok, error);
	if (!ok)
		m->id = before;
	else if (!before)
		replace_text(&m->created, g_steal_pointer(&now));
	return ok;
}

static bool write_talk(project *p, project_conversation *c, GPtrArray *messages, const char *now, GError **error)
{
	gint64 before = 0;
	if (!write_conversation(p, c, now, error))
		return false;
	for (guint i = 0; i < messages->len; i++) {
		project_message *m = messages->pdata[i];
		m->conversation = c->id;
		m->parent = before;
		if (!insert_message(p, m, now, error))
			return false;
		before = m->id;
	}
	return true;
}

bool project_put_talk(project *p, project_conversation *c, GPtrArray *messages, GError **error)
{
	g_autofree char *now = project_now();
	return project_begin(p, error) && project_end(p, write_talk(p, c, messages, now, error), error);
}

char *project_get_edited(project *p, gint64 message)
{
	return has_column(p, EDITED) ? project_text(p, "SELECT edited FROM messages WHERE id = " ID, message) : NULL;
}

bool project_put_edited(project *p, gint64 message, const char *text, GError **error)
{
	g_autofree char *quoted = project_quote(text);
	return make_ready(p, error) &&
	       project_run(p, error, "UPDATE messages SET edited = %s WHERE id = " ID, quoted, message);
}

bool project_delete_conversation(project *p, gint64 id, bool deleted, GError **error)
{
	if (!project_begin(p, error))
		return false;
	const bool ok = make_ready(p, error) &&
	                project_run(p, error, "UPDATE conversations SET deleted = %d WHERE id = " ID, deleted ? 1 : 0, id);
	return project_end(p, ok, error);
}

static bool purge(project *p, GError **error)
{
	return project_run(p, error,
	                   "DELETE FROM messages WHERE conversation_id IN (SELECT id FROM conversations WHERE deleted)") &&
	       project_run(p, error, "DELETE FROM conversations WHERE deleted");
}

bool project_purge_conversations(project *p, GError **error)
{
	if (p->read_only || !is_ready(p) || project_number(p, 0, "SELECT count(*) FROM conversations WHERE deleted") == 0)
		return true;
	return project_begin(p, error) && project_end(p, purge(p, error), error);
}
