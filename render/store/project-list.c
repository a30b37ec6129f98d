/* The images of a project as rows of a list, and new ones by the hundred thousand. */
#include "render/store/images.h"
#include "render/store/project-private.h"

#include <math.h>
#include <string.h>

#define ROWS_A_STATEMENT 400

static const char *const modalities[] = {
	[RASTER_OPTICAL] = "optical", [RASTER_SAR] = "sar", [RASTER_INFRARED] = "infrared", [RASTER_OTHER] = "other"};

void image_entry_free(image_entry *e)
{
	g_free(e->path);
	g_free(e->fingerprint);
	g_free(e->folded);
	g_free(e->classes);
	g_free(e);
}

char *image_fold(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	return g_utf8_casefold(valid, -1);
}

/* --- reading --- */

static int modality_from(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(modalities); i++)
		if (strcmp(modalities[i], name) == 0)
			return (int)i;
	return -1;
}

static image_state state_of(const char *said, guint objects, guint decided, guint flagged)
{
	if (strcmp(said, "done") == 0)
		return IMAGE_DONE;
	if (strcmp(said, "flagged") == 0 || flagged > 0)
		return IMAGE_FLAGGED;
	if (objects == 0)
		return IMAGE_NEW;
	return decided >= objects ? IMAGE_DONE : IMAGE_IN_WORK;
}

static gint64 time_from(const char *iso)
{
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autoptr(GDateTime) t = g_date_time_new_from_iso8601(iso, utc);
	return t ? g_date_time_to_unix(t) * G_USEC_PER_SEC : 0;
}

static double number_or_nan(OGRFeatureH row, int field)
{
	return OGR_F_IsFieldSetAndNotNull(row, field) ? OGR_F_GetFieldAsDouble(row, field) : NAN;
}

static bool add_entry(OGRFeatureH row, void *data)
{
	image_entry *e = g_new0(image_entry, 1);
	const char *ids = OGR_F_GetFieldAsString(row, 8);
	const char *edited = OGR_F_GetFieldAsString(row, 9);
	e->id = OGR_F_GetFieldAsInteger64(row, 0);
	e->path = row_text(row, 1);
	e->fingerprint = row_text(row, 12);
	const char *slash = strrchr(e->path, '/');
	e->name = slash && slash[1] ? slash + 1 : e->path;
	e->folded = image_fold(e->path);
	e->objects = (guint)OGR_F_GetFieldAsInteger(row, 3);
	e->decided = (guint)OGR_F_GetFieldAsInteger(row, 4);
	e->score_min = number_or_nan(row, 6);
	e->score_max = number_or_nan(row, 7);
	e->classes = *ids ? g_strdup_printf(",%s,", ids) : g_strdup("");
	e->changed = time_from(*edited ? edited : OGR_F_GetFieldAsString(row, 2));
	e->state =
		state_of(OGR_F_GetFieldAsString(row, 10), e->objects, e->decided, (guint)OGR_F_GetFieldAsInteger(row, 5));
	e->modality = modality_from(OGR_F_GetFieldAsString(row, 11));
	g_ptr_array_add(data, e);
	return true;
}

GPtrArray *project_image_entries(project *p, gint64 image, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)image_entry_free);
	g_autofree char *of = image > 0 ? g_strdup_printf("WHERE image_id = %" G_GINT64_FORMAT, image) : g_strdup("");
	g_autofree char *only = image > 0 ? g_strdup_printf("WHERE i.id = %" G_GINT64_FORMAT, image) : g_strdup("");
	if (!project_select(
			p, add_entry, list, error,
			"SELECT i.id+0 AS k, i.path, i.added, coalesce(o.n, 0) AS n, coalesce(o.decided, 0) AS decided, "
			"coalesce(o.flagged, 0) AS flagged, o.low, o.high, o.classes, o.edited, s.value AS state, "
			"m.value AS modality, i.fingerprint FROM images i LEFT JOIN (SELECT image_id, count(*) AS n, "
			"sum(review IN ('accepted', 'rejected')) AS decided, sum(review = 'flagged') AS flagged, "
			"min(score) AS low, max(score) AS high, group_concat(DISTINCT class_id) AS classes, "
			"max(max(edited, reviewed)) AS edited FROM nadir_objects %s GROUP BY image_id) o "
			"ON o.image_id = i.id LEFT JOIN image_settings s ON s.image_id = i.id AND s.key = 'state' "
			"LEFT JOIN image_settings m ON m.image_id = i.id AND m.key = 'modality' %s ORDER BY i.id",
			of, only))
		return NULL;
	return g_steal_pointer(&list);
}

/* --- adding --- */

static bool add_path(OGRFeatureH row, void *data)
{
	g_hash_table_add(data, row_text(row, 0));
	return true;
}

static bool add_rows(project *p, GString *rows, guint *waiting, GError **error)
{
	if (*waiting == 0)
		return true;
	const bool ok = project_run(
		p, error, "INSERT INTO images (path, fingerprint, width, height, georef, added) VALUES %s", rows->str);
	g_string_truncate(rows, 0);
	*waiting = 0;
	return ok;
}

bool project_add_paths(project *p, const char *const *paths, guint n, guint *added, GError **error)
{
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GString) rows = g_string_new(NULL);
	g_autofree char *now = project_now();
	guint waiting = 0;
	*added = 0;
	if (!project_select(p, add_path, known, error, "SELECT path FROM images") || !project_begin(p, error))
		return false;
	bool ok = true;
	for (guint i = 0; ok && i < n; i++) {
		g_autofree char *quoted = project_quote(paths[i]);
		if (!g_hash_table_add(known, g_strdup(paths[i])))
			continue;
		g_string_append_printf(rows, "%s(%s, '', 0, 0, '', '%s')", waiting > 0 ? ", " : "", quoted, now);
		(*added)++;
		ok = ++waiting < ROWS_A_STATEMENT || add_rows(p, rows, &waiting, error);
	}
	return project_end(p, ok && add_rows(p, rows, &waiting, error), error);
}

/* --- what is known once it is open --- */

bool project_write_modality(project *p, gint64 image, const raster_info *info, GError **error)
{
	return project_run(p, error,
	                   "INSERT OR REPLACE INTO image_settings (image_id, key, value) VALUES (%" G_GINT64_FORMAT
	                   ", 'modality', '%s')",
	                   image, modalities[info->source]);
}

bool project_set_image_state(project *p, gint64 image, image_state state, GError **error)
{
	return project_set_image_setting(p, image, "state",
	                                 state == IMAGE_DONE      ? "done"
	                                 : state == IMAGE_FLAGGED ? "flagged"
	                                                          : "",
	                                 error);
}

/* --- filter --- */

static bool has_class(const image_entry *e, int class_id)
{
	char id[16];
	g_snprintf(id, sizeof id, ",%d,", class_id);
	return strstr(e->classes, id) != NULL;
}

static bool has_words(const image_entry *e, const char *text)
{
	while (*text) {
		const char *end = strchr(text, ' ');
		const gsize n = end ? (gsize)(end - text) : strlen(text);
		if (n > 0 && !memmem(e->folded, strlen(e->folded), text, n))
			return false;
		text += end ? n + 1 : n;
	}
	return true;
}

bool image_entry_matches(const image_entry *e, const image_filter *f)
{
	const bool any_score = f->score_min <= 0 && f->score_max >= 1;
	return (f->state < 0 || e->state == (image_state)f->state) && (f->class_id == 0 || has_class(e, f->class_id)) &&
	       (f->modality < 0 || e->modality == f->modality) && e->changed >= f->since &&
	       (any_score || (e->score_max >= f->score_min && e->score_min <= f->score_max)) &&
	       (!f->text || has_words(e, f->text));
}
