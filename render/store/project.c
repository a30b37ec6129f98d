#include "render/file/output.h"
#include "render/geometry/gdal-session.h"
#include "render/store/project-private.h"

#include <cpl_conv.h>
#include <cpl_string.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

char *project_default_path(const char *image_path)
{
	g_autofree char *folder = g_path_get_dirname(image_path), *base = g_path_get_basename(image_path);
	g_autofree char *name = g_strconcat(base, ".nadir.gpkg", NULL);
	char *beside = g_build_filename(folder, name, NULL);
	if (!g_str_has_prefix(image_path, "/vsi") && access(folder, W_OK | X_OK) == 0)
		return beside;
	/* Images of the same name from different folders get different projects. */
	g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, image_path, -1);
	g_autofree char *own = g_strdup_printf("%s-%.8s.nadir.gpkg", base, hash);
	g_autofree char *data = g_build_filename(g_get_user_data_dir(), "nadir", "projects", NULL);
	g_free(beside);
	g_mkdir_with_parents(data, 0700);
	return g_build_filename(data, own, NULL);
}

/* A read-only look that takes no lock and leaves no files. */
static bool is_left_open(const char *path)
{
	g_autofree char *wal = g_strconcat(path, "-wal", NULL);
	GStatBuf st;
	return g_stat(wal, &st) == 0 && st.st_size > 0;
}

static bool has_tables(const char *path, const char *const *options, bool *opens)
{
	const char *const drivers[] = {"GPKG", NULL};
	GDALDatasetH ds = GDALOpenEx(path, GDAL_OF_VECTOR | GDAL_OF_READONLY, drivers, options, NULL);
	const bool found = ds && GDALDatasetGetLayerByName(ds, "nadir_meta");
	*opens |= ds != NULL;
	if (ds)
		GDALClose(ds);
	return found;
}

#define HEAD_BYTES (256 << 10) /* where the table of tables lies */

/* The beginning of an SQLite file; NULL: it is none. Free with g_free. */
static char *sqlite_head(const char *path, size_t *length)
{
	g_autofree char *head = g_malloc0(HEAD_BYTES);
	FILE *f = g_fopen(path, "rb");
	*length = f ? fread(head, 1, HEAD_BYTES, f) : 0;
	if (f)
		fclose(f);
	return *length >= 100 && memcmp(head, "SQLite format 3", 16) == 0 ? g_steal_pointer(&head) : NULL;
}

/* OGR opens no file that was cut short; it is a project nevertheless, of which much may be read. */
static bool names_our_tables(const char *path)
{
	size_t length;
	g_autofree char *head = sqlite_head(path, &length);
	return head && (g_str_has_suffix(path, ".nadir.gpkg") || memmem(head, length, "nadir_meta", strlen("nadir_meta")));
}

/* One that was killed while its log was folded in is whole only together with the log, which can be read where the
 * folder may be written. */
bool project_is_project(const char *path)
{
	const char *const options[] = {"IMMUTABLE=YES", "LIST_ALL_TABLES=YES", NULL};
	if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
		return false;
	bool opens = false;
	gdal_session_begin();
	const bool found =
		(is_left_open(path) && has_tables(path, options + 1, &opens)) || has_tables(path, options, &opens);
	gdal_session_end();
	return found || (!opens && names_our_tables(path));
}

GDALDatasetH project_connect(const char *path, bool read_only)
{
	const char *const options[] = {"LIST_ALL_TABLES=YES", read_only ? "IMMUTABLE=YES" : NULL, NULL};
	const char *const drivers[] = {"GPKG", NULL};
	unsigned mode = GDAL_OF_VECTOR | (read_only ? GDAL_OF_READONLY : GDAL_OF_UPDATE);
	return GDALOpenEx(path, mode, drivers, options, NULL);
}

void project_prepare(project *p)
{
	static const char *const settings[] = {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL"};
	if (!p->ds || p->read_only)
		return;
	for (guint i = 0; i < G_N_ELEMENTS(settings); i++)
		project_execute(p->ds, settings[i], NULL, NULL);
	p->logging = true;
}

static project *project_alloc(const char *path, int lock)
{
	project *p = g_new0(project, 1);
	output_survive_limits();
	p->path = g_strdup(path);
	p->lock = lock;
	p->places = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, (GDestroyNotify)project_place_free);
	return p;
}

/* After a kill the extents of the layers may be behind: OGR writes them when it closes. */
static void mend_extents(project *p)
{
	static const char *const layers[] = {"objects", "objects_px"};
	for (guint i = 0; i < G_N_ELEMENTS(layers); i++) {
		g_autoptr(GError) ignored = NULL; /* a read-only table of contents harms nothing */
		if (!project_run(
				p, &ignored,
				"UPDATE gpkg_contents SET (min_x, max_x, min_y, max_y) = (SELECT min(minx), max(maxx), min(miny), "
				"max(maxy) FROM rtree_%s_geom) WHERE table_name = '%s'",
				layers[i], layers[i]))
			g_debug("%s", ignored->message);
	}
}

/* Why OGR does not open it: one that is shorter than it says itself was cut, whatever SQLite makes of that. */
static void tell_unopened(const char *path, const char *head, GError **error)
{
	const guint8 *h = (const guint8 *)head;
	const guint size = (guint)h[16] << 8 | h[17],
				pages = (guint)h[28] << 24 | (guint)h[29] << 16 | (guint)h[30] << 8 | h[31];
	const guint64 whole = (guint64)(size == 1 ? 65536 : size) * pages;
	GStatBuf st;
	if (g_stat(path, &st) == 0 && (guint64)st.st_size < whole)
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_CORRUPT,
		            _("The project %s was cut short, %" G_GUINT64_FORMAT " of its %" G_GUINT64_FORMAT
		              " bytes are there: copy it again, or open it in the window, which saves what can be read."),
		            path, (guint64)st.st_size, whole);
	else
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_CORRUPT, _("The project %s cannot be opened: %s."), path,
		            gdal_session_message());
}

/* The file is locked for us. */
static bool open_locked(project *p, GError **error)
{
	g_autofree char *wal = g_strconcat(p->path, "-wal", NULL);
	bool killed = g_file_test(wal, G_FILE_TEST_EXISTS);
	size_t length;
	g_autofree char *head = sqlite_head(p->path, &length);
	if (!head) {
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_CORRUPT,
		            _("%s is damaged or no project at all: it is not a GeoPackage."), p->path);
		return false;
	}
	gdal_session_begin();
	p->ds = stat(p->path, &p->opened) == 0 ? project_connect(p->path, p->read_only) : NULL;
	if (!p->ds)
		tell_unopened(p->path, head, error);
	bool ok = p->ds && project_schema_check(p, error);
	if (ok && killed && !p->read_only) { /* else with the first change: who only reads leaves every byte as it is */
		project_prepare(p);
		mend_extents(p);
	}
	gdal_session_end();
	if (ok)
		project_journal_refresh(p);
	return ok;
}

project *project_create(const char *path, GError **error)
{
	if (g_file_test(path, G_FILE_TEST_EXISTS)) {
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE, _("%s exists already: open it or choose another name."),
		            path);
		return NULL;
	}
	int lock = project_lock(path, error);
	if (lock < 0)
		return NULL;
	g_autoptr(project) p = project_alloc(path, lock);
	if (!project_schema_create(path, error) || !open_locked(p, error))
		return NULL;
	return g_steal_pointer(&p);
}

static bool may_write(const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);
	return access(path, W_OK) == 0 && access(folder, W_OK | X_OK) == 0;
}

/* Edits that only the write-ahead log holds cannot be read without writing. */
static bool has_log(const char *path, GError **error)
{
	if (!is_left_open(path))
		return false;
	g_set_error(
		error, PROJECT_ERROR, PROJECT_ERROR_OPEN,
		_("The project %s was not closed and may only be read here: make the file and its folder writable and open it "
	      "once."),
		path);
	return true;
}

project *project_open_to_read(const char *path, GError **error)
{
	g_autoptr(project) p = project_alloc(path, -1);
	p->read_only = true;
	return has_log(path, error) || !open_locked(p, error) ? NULL : g_steal_pointer(&p);
}

project *project_open(const char *path, GError **error)
{
	if (!g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_OPEN, _("There is no project %s."), path);
		return NULL;
	}
	if (!may_write(path))
		return project_open_to_read(path, error);
	int lock = project_lock(path, error);
	if (lock < 0)
		return NULL;
	g_autoptr(project) p = project_alloc(path, lock);
	return open_locked(p, error) ? g_steal_pointer(&p) : NULL;
}

static void disconnect(project *p)
{
	static const char *const statements[] = {"PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA journal_mode=DELETE"};
	gdal_session_begin();
	if (p->ds && p->logging)
		GDALFlushCache(p->ds); /* OGR's table of contents, before the log goes */
	for (guint i = 0; p->ds && p->logging && i < G_N_ELEMENTS(statements); i++)
		project_execute(p->ds, statements[i], NULL, NULL);
	if (p->ds)
		GDALClose(p->ds);
	p->ds = NULL;
	gdal_session_end();
}

void project_close(project *p)
{
	if (!p)
		return;
	disconnect(p);
	project_unlock(p->path, p->lock);
	g_hash_table_unref(p->places);
	g_free(p->path);
	g_free(p->undo_text);
	g_free(p->redo_text);
	g_free(p);
}

bool project_is_read_only(const project *p)
{
	return p->read_only;
}

const char *project_path(const project *p)
{
	return p->path;
}

/* What a killed program left beside the file that is replaced: SQLite would take it for the new one's. */
static void drop_log(const char *path)
{
	static const char *const ends[] = {"-wal", "-shm", "-journal"};
	for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
		g_autofree char *name = g_strconcat(path, ends[i], NULL);
		g_unlink(name);
	}
}

/* A consistent copy, made by the database itself under another name and renamed. */
static bool copy_to(project *p, const char *path, GError **error)
{
	g_autofree char *temporary = g_strdup_printf("%s.%08x.gpkg", path, g_random_int());
	g_autofree char *quoted = project_quote(temporary);
	bool ok = project_run(p, error, "VACUUM INTO %s", quoted);
	if (ok)
		drop_log(path);
	if (ok && rename(temporary, path) != 0) {
		g_autoptr(GError) why = NULL;
		output_set_error(&why, path, errno);
		g_set_error_literal(error, PROJECT_ERROR, PROJECT_ERROR_WRITE, why->message);
		ok = false;
	}
	if (!ok)
		g_unlink(temporary);
	return ok;
}

bool project_save_as(project *p, const char *path, GError **error)
{
	g_autofree char *from = realpath(p->path, NULL);
	g_autofree char *to = realpath(path, NULL);
	if (from && g_strcmp0(from, to) == 0 && project_is_in_place(p))
		return true;
	const bool own = project_has_lock(p, path); /* its file is gone from there, and comes back */
	int lock = own ? p->lock : project_lock(path, error);
	if (lock < 0)
		return false;
	project *copy = project_alloc(path, lock);
	if (!copy_to(p, path, error) || !open_locked(copy, error)) {
		copy->lock = own ? -1 : lock;
		project_close(copy);
		return false;
	}
	p->lock = own ? -1 : p->lock;
	project_set_undo_image(copy, p->undo_image);
	project old = *p;
	*p = *copy;
	*copy = old;
	project_close(copy);
	return true;
}
