/* What can still be read of a damaged project, taken row by row into a new one: SQLite finds a row by its number
 * without reading the pages beside it, so a spoiled page costs only the rows on it. The damaged file itself is never
 * written to: a copy of it, with its write-ahead log, is attached to the new project. */
#include "render/geometry/gdal-session.h"
#include "render/store/project-private.h"
#include "render/store/project-rows.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

/* Made anew from the objects and classes (project_put_rows), or of use only to their own file. */
#define DERIVED                                                                                                        \
	"name NOT LIKE 'gpkg\\_%' ESCAPE '\\' AND name NOT LIKE 'rtree\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' "   \
	"ESCAPE '\\' AND name NOT IN ('objects', 'objects_px', 'marks', 'nadir_meta', 'layer_styles', 'edits')"

/* A condition, because without one SQLite copies the cells of a table as they are, spoiled ones too. */
#define EVERY "WHERE rowid IS NOT NULL"

typedef struct {
	GPtrArray *tables;    /* of readable */
	gint64 objects, rows; /* could not be read: of nadir_objects, of all other tables */
	bool history;         /* the journal was lost */
} salvage;

static bool add_text(OGRFeatureH row, void *data)
{
	g_ptr_array_add(data, row_text(row, 0));
	return true;
}

/* First column of an answer; NULL when it cannot be read. */
static GPtrArray *read_texts(project *p, const char *sql)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
	return project_execute(p->ds, sql, add_text, list) ? g_steal_pointer(&list) : NULL;
}

/* Columns that the table has in both files, as a list for SQL; NULL: none. */
static char *common_columns(project *p, const char *table)
{
	g_autofree char *sql = g_strdup_printf("SELECT name FROM pragma_table_info('%s') WHERE name IN "
	                                       "(SELECT name FROM pragma_table_info('%s', 'old'))",
	                                       table, table);
	g_autoptr(GPtrArray) names = read_texts(p, sql);
	if (!names || names->len == 0)
		return NULL;
	g_ptr_array_add(names, NULL);
	return g_strjoinv(", ", (char **)names->pdata);
}

/* What of a table can be read. A read that fails within a transaction would spoil all of it, so this comes before. */
typedef struct {
	char *table, *columns; /* that both files have */
	bool whole;
	GArray *rows; /* gint64, when not whole */
} readable;

static void readable_free(void *data)
{
	readable *r = data;
	g_free(r->table);
	g_free(r->columns);
	g_array_unref(r->rows);
	g_free(r);
}

static bool go_on(OGRFeatureH row, void *data)
{
	++*(gint64 *)data;
	return true;
}

/* Rows of an answer; -1 when it cannot be read to its end. */
static gint64 try_rows(project *p, const readable *r, const char *where)
{
	g_autofree char *sql = g_strdup_printf("SELECT %s FROM old.%s %s", r->columns, r->table, where);
	gint64 n = 0;
	return project_execute(p->ds, sql, go_on, &n) ? n : -1;
}

static gint64 last_row(project *p, const char *table)
{
	const gint64 highest = project_number(p, -1, "SELECT max(rowid) FROM old.%s", table);
	return highest >= 0 ? highest
	                    : project_number(p, 0, "SELECT seq FROM old.sqlite_sequence WHERE name = '%s'", table);
}

static char *where_row(gint64 row)
{
	return g_strdup_printf("WHERE rowid = %" G_GINT64_FORMAT, row);
}

/* Adds what cannot be read to *lost. */
static readable *probe(project *p, const char *table, gint64 *lost)
{
	readable *r = g_new0(readable, 1);
	r->table = g_strdup(table);
	r->columns = common_columns(p, table);
	r->rows = g_array_new(FALSE, FALSE, sizeof(gint64));
	r->whole = r->columns && try_rows(p, r, EVERY) >= 0;
	if (r->whole)
		return r;
	const gint64 last = r->columns ? last_row(p, table) : 0, before = *lost;
	for (gint64 i = 1; i <= last; i++) {
		g_autofree char *where = where_row(i);
		const gint64 n = try_rows(p, r, where);
		*lost += n < 0;
		if (n > 0)
			g_array_append_val(r->rows, i);
	}
	*lost = MAX(*lost, before + 1); /* as a whole it had failed */
	return r;
}

static bool copy_rows(project *p, const readable *r, const char *where, GError **error)
{
	return project_run(p, error, "INSERT INTO main.%s (%s) SELECT %s FROM old.%s %s", r->table, r->columns, r->columns,
	                   r->table, where);
}

static bool copy_table(project *p, const readable *r, GError **error)
{
	if (r->whole)
		return copy_rows(p, r, EVERY, error);
	for (guint i = 0; i < r->rows->len; i++) {
		g_autofree char *where = where_row(g_array_index(r->rows, gint64, i));
		if (!copy_rows(p, r, where, error))
			return false;
	}
	return true;
}

/* The map view and the marks of what was read; an object whose outline is spoiled goes. */
static bool derive(project *p, salvage *l, GError **error)
{
	g_autoptr(GPtrArray) ids = read_texts(p, "SELECT fid+0 AS k FROM main.nadir_objects ORDER BY fid");
	for (guint i = 0; ids && i < ids->len; i++) {
		const gint64 id = g_ascii_strtoll(ids->pdata[i], NULL, 10);
		gint64 image = 0;
		g_autoptr(feature) o = project_get_rows(p, id, &image, NULL);
		if (o && project_put_rows(p, image, o, NULL))
			continue;
		l->objects++;
		if (!project_drop_rows(p, id, error))
			return false;
	}
	return ids ? project_write_styles(p, error) : project_failed(p, error);
}

/* Undo goes back through every step, so a journal with a gap is none. */
static void probe_history(project *p, salvage *l)
{
	gint64 rows = 0;
	readable *r = probe(p, "edits", &rows);
	l->history = l->objects > 0 || rows > 0;
	if (l->history)
		readable_free(r);
	else
		g_ptr_array_add(l->tables, r);
}

/* All tables but for what is derived. */
static bool probe_all(project *p, salvage *l, GError **error)
{
	g_autoptr(GPtrArray) tables =
		read_texts(p, "SELECT name FROM main.sqlite_master WHERE type = 'table' AND " DERIVED);
	for (guint i = 0; tables && i < tables->len; i++) {
		const char *table = tables->pdata[i];
		const bool objects = g_str_equal(table, "nadir_objects");
		g_ptr_array_add(l->tables, probe(p, table, objects ? &l->objects : &l->rows));
	}
	if (!tables)
		return project_failed(p, error);
	probe_history(p, l);
	return true;
}

static bool copy_all(project *p, salvage *l, GError **error)
{
	for (guint i = 0; i < l->tables->len; i++)
		if (!copy_table(p, l->tables->pdata[i], error))
			return false;
	return true;
}

static char *describe(const char *path, const salvage *l, gint64 kept)
{
	GString *text = g_string_new(NULL);
	g_string_append_printf(text, _("%s is damaged and is shown as far as it can be read: "), path);
	g_string_append_printf(text, ngettext("%d object is there", "%d objects are there", (gulong)kept), (int)kept);
	if (l->objects > 0)
		g_string_append_printf(text,
		                       ngettext(", up to %d object is lost", ", up to %d objects are lost", (gulong)l->objects),
		                       (int)l->objects);
	if (l->rows > 0)
		g_string_append_printf(text,
		                       ngettext(", up to %d row of other tables (classes, conversations, settings) is lost",
		                                ", up to %d rows of other tables (classes, conversations, settings) are lost",
		                                (gulong)l->rows),
		                       (int)l->rows);
	if (l->history)
		g_string_append(text, _(", the history of edits is lost"));
	g_string_append(text, _(". Save a repaired copy to go on working."));
	return g_string_free(text, FALSE);
}

static bool copy_file(const char *from, const char *to, GError **error)
{
	g_autoptr(GFile) source = g_file_new_for_path(from);
	g_autoptr(GFile) target = g_file_new_for_path(to);
	return g_file_copy(source, target, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, error);
}

static guint big_endian(const guint8 *p, int n)
{
	guint v = 0;
	for (int i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

/* SQLite refuses a file that is shorter than its header says: the missing pages come back empty. */
static void restore_length(const char *path)
{
	guint8 head[32] = {0};
	GStatBuf st;
	FILE *f = g_fopen(path, "rb");
	const bool read = f && fread(head, 1, sizeof head, f) == sizeof head;
	const goffset page = big_endian(head + 16, 2) == 1 ? 65536 : big_endian(head + 16, 2);
	const goffset length = page * big_endian(head + 28, 4);
	if (f)
		fclose(f);
	if (read && g_stat(path, &st) == 0 && st.st_size < length && truncate(path, length) != 0)
		g_debug("%s: %s", path, g_strerror(errno)); /* then it cannot be attached, which is told of */
}

/* The damaged file and its log under other names, so that SQLite may do with them what it likes. */
static bool copy_damaged(const char *path, const char *to, GError **error)
{
	g_autofree char *wal = g_strconcat(path, "-wal", NULL), *to_wal = g_strconcat(to, "-wal", NULL);
	if (!copy_file(path, to, error) || (g_file_test(wal, G_FILE_TEST_EXISTS) && !copy_file(wal, to_wal, error)))
		return false;
	restore_length(to);
	return true;
}

static void remove_damaged(const char *path)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
		g_autofree char *name = g_strconcat(path, ends[i], NULL);
		g_unlink(name);
	}
}

typedef bool (*salvage_work)(project *p, salvage *l, GError **error);

static bool in_transaction(project *p, salvage_work work, salvage *l, GError **error)
{
	return project_begin(p, error) && project_end(p, work(p, l, error), error);
}

/* What can be read is found and copied first; the rest is made of it when the damaged file is out of reach again. */
static bool take_over(project *p, const char *path, const char *damaged, salvage *l, GError **error)
{
	g_autofree char *quoted = project_quote(damaged);
	if (!project_run(p, NULL, "ATTACH DATABASE %s AS old", quoted) ||
	    project_number(p, 0, "SELECT schema_version FROM old.nadir_meta") < 1) {
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_CORRUPT,
		            _("The project %s is so damaged that nothing can be read: restore it from a copy."), path);
		return false;
	}
	return probe_all(p, l, error) && in_transaction(p, copy_all, l, error) &&
	       project_run(p, error, "DETACH DATABASE old") && in_transaction(p, derive, l, error);
}

/* What is there and what is lost, as a sentence. */
static char *fill(project *p, const char *path, const char *damaged, GError **error)
{
	g_autoptr(GPtrArray) tables = g_ptr_array_new_with_free_func(readable_free);
	salvage l = {.tables = tables};
	gdal_session_begin();
	const bool ok = take_over(p, path, damaged, &l, error);
	gdal_session_end();
	return !ok ? NULL : describe(path, &l, project_number(p, 0, "SELECT count(*) FROM nadir_objects"));
}

static char *fill_new(const char *path, const char *place, GError **error)
{
	g_autofree char *damaged = g_strconcat(place, ".damaged", NULL);
	g_autoptr(project) p = project_create(place, error);
	char *what = NULL;
	if (p && copy_damaged(path, damaged, error))
		what = fill(p, path, damaged, error);
	g_clear_pointer(&p, project_close);
	remove_damaged(damaged);
	if (!what)
		g_unlink(place);
	return what;
}

project *project_salvage(const char *path, char **what, GError **error)
{
	g_autofree char *base = g_path_get_basename(path);
	g_autofree char *folder = g_build_filename(g_get_user_cache_dir(), "nadir", "salvaged", NULL);
	g_autofree char *name = g_strdup_printf("%08x-%s", g_random_int(), base);
	g_autofree char *place = g_build_filename(folder, name, NULL);
	g_mkdir_with_parents(folder, 0700);
	g_autofree char *sentence = fill_new(path, place, error);
	if (!sentence)
		return NULL;
	project *p = project_open_to_read(place, error);
	g_unlink(place); /* it lives as long as it is open */
	if (p)
		*what = g_steal_pointer(&sentence);
	return p;
}
