#include "render/file/output.h"
#include "render/geometry/gdal-session.h"
#include "render/store/project-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

char *project_now(void)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *second = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S");
	return g_strdup_printf("%s.%03dZ", second, g_date_time_get_microsecond(now) / 1000);
}

char *project_quote(const char *text)
{
	GString *out = g_string_new("'");
	for (; *text; text++) {
		if (*text == '\'')
			g_string_append_c(out, '\'');
		g_string_append_c(out, *text);
	}
	g_string_append_c(out, '\'');
	return g_string_free(out, FALSE);
}

/* Whole phrases: names of files and the words of the change itself may stand in the message, too. */
static const char *way_out(const char *message)
{
	if (strstr(message, "disk is full") || strstr(message, "No space left"))
		return _("free some space and try again");
	if (strstr(message, "readonly database") || strstr(message, "ead-only") || strstr(message, "Permission denied"))
		return _("make the file and its folder writable, or save the project elsewhere");
	if (strstr(message, " is locked") || strstr(message, " is busy"))
		return _("another program is writing to it; try again");
	return _("save the project to another place if this goes on");
}

bool project_failed(project *p, GError **error)
{
	const char *why = gdal_session_message();
	g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE, _("Nothing was changed in %s: %s; %s."), p->path, why,
	            way_out(why));
	return false;
}

/* After a failed change on a full disk the file may not have opened again: perhaps it does by now. */
static bool closed(project *p, GError **error)
{
	if (!p->ds) {
		gdal_session_begin();
		p->ds = project_connect(p->path, p->read_only);
		if (p->logging)
			project_prepare(p);
		gdal_session_end();
	}
	if (p->ds)
		return false;
	g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE,
	            _("The project %s could not be opened again: free some space or make its folder writable, and try "
	              "again."),
	            p->path);
	return true;
}

bool project_execute(GDALDatasetH ds, const char *sql, project_row each, void *data)
{
	OGRFeatureH row;
	bool go_on = each != NULL;
	CPLErrorReset();
	OGRLayerH rows = GDALDatasetExecuteSQL(ds, sql, NULL, NULL);
	while (rows && go_on && (row = OGR_L_GetNextFeature(rows))) {
		go_on = each(row, data);
		OGR_F_Destroy(row);
	}
	const bool ok = CPLGetLastErrorType() < CE_Failure;
	if (rows)
		GDALDatasetReleaseResultSet(ds, rows);
	return ok;
}

bool project_run(project *p, GError **error, const char *format, ...)
{
	va_list args;
	if (closed(p, error))
		return false;
	va_start(args, format);
	g_autofree char *sql = g_strdup_vprintf(format, args);
	va_end(args);
	gdal_session_begin();
	bool ok = project_execute(p->ds, sql, NULL, NULL) || project_failed(p, error);
	gdal_session_end();
	return ok;
}

bool project_select(project *p, project_row each, void *data, GError **error, const char *format, ...)
{
	va_list args;
	if (closed(p, error))
		return false;
	va_start(args, format);
	g_autofree char *sql = g_strdup_vprintf(format, args);
	va_end(args);
	gdal_session_begin();
	bool ok = project_execute(p->ds, sql, each, data);
	if (!ok)
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_CORRUPT, _("The project %s cannot be read: %s."), p->path,
		            gdal_session_message());
	gdal_session_end();
	return ok;
}

char *row_text(OGRFeatureH row, int field)
{
	return g_strdup(OGR_F_IsFieldSetAndNotNull(row, field) ? OGR_F_GetFieldAsString(row, field) : "");
}

static bool first_text(OGRFeatureH row, void *data)
{
	char **out = data;
	if (OGR_F_GetFieldCount(row) > 0 && OGR_F_IsFieldSetAndNotNull(row, 0))
		*out = g_strdup(OGR_F_GetFieldAsString(row, 0));
	return false;
}

static char *first_value(project *p, const char *sql)
{
	char *value = NULL;
	if (!p->ds)
		return NULL;
	gdal_session_begin();
	if (!project_execute(p->ds, sql, first_text, &value))
		g_clear_pointer(&value, g_free);
	gdal_session_end();
	return value;
}

char *project_text(project *p, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *sql = g_strdup_vprintf(format, args);
	va_end(args);
	return first_value(p, sql);
}

gint64 project_number(project *p, gint64 otherwise, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *sql = g_strdup_vprintf(format, args);
	va_end(args);
	g_autofree char *text = first_value(p, sql);
	return text ? g_ascii_strtoll(text, NULL, 10) : otherwise;
}

OGRLayerH project_layer(project *p, const char *name)
{
	return p->ds ? GDALDatasetGetLayerByName(p->ds, name) : NULL;
}

static bool only_for_reading(project *p, GError **error)
{
	if (p->read_only)
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE,
		            _("Nothing was changed: %s may only be read here; make the file and its folder writable, or save "
		              "the project "
		              "elsewhere."),
		            p->path);
	return p->read_only;
}

/* A file without a name takes changes as willingly as any, and takes them with it when it is closed. */
static bool elsewhere(project *p, GError **error)
{
	if (project_is_in_place(p))
		return false;
	g_set_error(
		error, PROJECT_ERROR, PROJECT_ERROR_WRITE,
		_("The project %s was moved, deleted or replaced while it was open, so nothing was changed: put it back, "
	      "or save it anew with Save Project As."),
		p->path);
	return true;
}

bool project_begin(project *p, GError **error)
{
	if (p->depth > 0) {
		p->depth++;
		return true;
	}
	if (closed(p, error) || only_for_reading(p, error) || elsewhere(p, error))
		return false;
	gdal_session_begin();
	if (!p->logging)
		project_prepare(p);
	bool ok = GDALDatasetStartTransaction(p->ds, FALSE) == OGRERR_NONE || project_failed(p, error);
	gdal_session_end();
	p->depth = ok ? 1 : 0;
	p->broken = false;
	return ok;
}

/* OGR keeps counts, extents and prepared statements of what has now been taken back, and after a COMMIT that failed
 * SQLite may still be inside the transaction: a fresh connection knows only what the file holds. */
static void reopen(project *p)
{
	GDALDatasetRollbackTransaction(p->ds);
	if (!project_is_in_place(p))
		return; /* this connection is all that is left of it; Save As reads it */
	GDALClose(p->ds);
	p->ds = project_connect(p->path, p->read_only);
	project_prepare(p);
	g_hash_table_remove_all(p->places);
}

bool project_end(project *p, bool ok, GError **error)
{
	p->broken = p->broken || !ok;
	if (--p->depth > 0)
		return ok;
	if (ok && p->broken) { /* else nobody has said why */
		g_set_error_literal(error, PROJECT_ERROR, PROJECT_ERROR_WRITE,
		                    _("Nothing was changed: a part of it could not be stored. Try it again."));
		ok = false;
	}
	gdal_session_begin();
	if (ok && output_fault()) {
		CPLError(CE_Failure, CPLE_FileIO, "database or disk is full");
		ok = project_failed(p, error);
	}
	if (ok && GDALDatasetCommitTransaction(p->ds) != OGRERR_NONE)
		ok = project_failed(p, error);
	if (!ok)
		reopen(p);
	gdal_session_end();
	project_journal_refresh(p);
	return ok;
}
