/* One object in all its tables: the truth in nadir_objects, its prompts in marks, its map view in the feature layers.
 */
#include "render/store/project-rows.h"
#include "render/geometry/feature-fields.h"
#include "render/geometry/gdal-session.h"

#include "render/file/json-text.h"
#include <cjson/cJSON.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* --- attributes as JSON --- */

static void add_real(cJSON *to, const char *name, double v)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];
	if (isfinite(v)) /* raw, because cJSON prints some numbers a bit short */
		cJSON_AddRawToObject(to, name, g_ascii_dtostr(text, sizeof text, v));
}

char *feature_to_json(const feature *o)
{
	cJSON *root = cJSON_CreateObject();
	feature_text texts[FEATURE_TEXTS];
	feature_texts(o, texts);
	for (guint i = 0; i < FEATURE_TEXTS; i++)
		cJSON_AddStringToObject(root, texts[i].name, texts[i].value);
	cJSON_AddNumberToObject(root, "id", (double)o->id);
	cJSON_AddNumberToObject(root, "class_id", o->class_id);
	cJSON_AddNumberToObject(root, "area_px", (double)o->area_px);
	cJSON_AddNumberToObject(root, "proposed_id", o->proposed_id);
	add_real(root, "score", o->score);
	add_real(root, "area_m2", o->area_m2);
	const char *const review[] = {"source",  o->source,  "author",    o->author, "review",
	                              o->review, "reviewed", o->reviewed, "comment", o->comment};
	for (guint i = 0; i < G_N_ELEMENTS(review); i += 2)
		cJSON_AddStringToObject(root, review[i], review[i + 1]);
	cJSON_AddStringToObject(root, "attributes", o->attributes);
	return json_text(root);
}

static void take_text(const cJSON *root, const char *name, char **to)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItem(root, name));
	g_free(*to);
	*to = g_strdup(value ? value : "");
}

static double take_real(const cJSON *root, const char *name, double otherwise)
{
	const cJSON *item = cJSON_GetObjectItem(root, name);
	return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

feature *feature_from_json(const char *text)
{
	cJSON *root = cJSON_Parse(text);
	feature *o = feature_new();
	take_text(root, "class", &o->class_name);
	take_text(root, "model", &o->model);
	take_text(root, "prompt", &o->prompt);
	take_text(root, "state", &o->state);
	take_text(root, "reviewer", &o->reviewer);
	take_text(root, "caption", &o->caption);
	take_text(root, "image", &o->image);
	take_text(root, "created", &o->created);
	take_text(root, "edited", &o->edited);
	take_text(root, "source", &o->source);
	take_text(root, "author", &o->author);
	take_text(root, "review", &o->review);
	take_text(root, "reviewed", &o->reviewed);
	take_text(root, "comment", &o->comment);
	take_text(root, "attributes", &o->attributes);
	if (!*o->review) { /* written before there were reviews */
		g_free(o->review);
		o->review = g_strdup("undecided");
	}
	o->proposed_id = (int)take_real(root, "proposed_id", 0);
	o->id = (gint64)take_real(root, "id", 0);
	o->class_id = (int)take_real(root, "class_id", 0);
	o->area_px = (gint64)take_real(root, "area_px", 0);
	o->score = take_real(root, "score", NAN);
	o->area_m2 = take_real(root, "area_m2", NAN);
	cJSON_Delete(root);
	return o;
}

/* --- writing --- */

static bool put_truth(project *p, gint64 image, const feature *o, GError **error)
{
	gsize size;
	const void *data = g_bytes_get_data(o->px_geom, &size);
	OGRLayerH layer = project_layer(p, "nadir_objects");
	if (!layer)
		return project_failed(p, error);
	OGRFeatureH f = OGR_F_Create(OGR_L_GetLayerDefn(layer));
	feature_fields_set(f, o, o->id, o->class_id, 0);
	OGR_F_SetFID(f, o->id);
	OGR_F_SetFieldInteger64(f, OGR_F_GetFieldIndex(f, "image_id"), image);
	OGR_F_SetFieldBinary(f, OGR_F_GetFieldIndex(f, "px_geom"), (int)size, data);
	const char *const review[] = {"source",  o->source,  "author",    o->author, "review",
	                              o->review, "reviewed", o->reviewed, "comment", o->comment};
	for (guint i = 0; i < G_N_ELEMENTS(review); i += 2)
		OGR_F_SetFieldString(f, OGR_F_GetFieldIndex(f, review[i]), review[i + 1]);
	OGR_F_SetFieldInteger(f, OGR_F_GetFieldIndex(f, "proposed_id"), o->proposed_id);
	OGR_F_SetFieldString(f, OGR_F_GetFieldIndex(f, "attributes"), o->attributes);
	OGRErr err = OGR_L_CreateFeature(layer, f);
	OGR_F_Destroy(f);
	return err == OGRERR_NONE || project_failed(p, error);
}

static bool put_view(project *p, const char *name, const feature *o, OGRGeometryH geometry, GError **error)
{
	OGRLayerH layer = project_layer(p, name);
	if (!layer) {
		OGR_G_DestroyGeometry(geometry);
		return project_failed(p, error);
	}
	OGRFeatureH f = OGR_F_Create(OGR_L_GetLayerDefn(layer));
	feature_fields_set(f, o, o->id, o->class_id, 0);
	OGR_F_SetFID(f, o->id);
	OGR_F_SetFieldString(f, OGR_F_GetFieldIndex(f, "attributes"), o->attributes);
	if (geometry)
		OGR_F_SetGeometryDirectly(f, geometry);
	OGRErr err = OGR_L_CreateFeature(layer, f);
	OGR_F_Destroy(f);
	return err == OGRERR_NONE || project_failed(p, error);
}

/* Every object has a row in `objects`; where its place on the globe is not known the geometry is NULL, and without a
 * CRS there is one in `objects_px` besides. */
static bool put_views(project *p, gint64 image, const feature *o, GError **error)
{
	const project_place *place = project_place_of(p, image, error);
	g_autoptr(wkb_shape) shape = place ? wkb_shape_read(o->px_geom, error) : NULL;
	if (!shape)
		return false;
	if (georef_has_crs(place->ref)) {
		g_autoptr(GError) off_the_globe = NULL;
		OGRGeometryH g = place_shape(place->ref, PLACE_LONLAT, shape, place->spacing, &off_the_globe);
		return put_view(p, "objects", o, g, error);
	}
	return put_view(p, "objects", o, NULL, error) &&
	       put_view(p, "objects_px", o, place_shape(place->ref, PLACE_PIXELS_UP, shape, 0, NULL), error);
}

static bool put_mark(project *p, gint64 id, int place, const cJSON *mark, GError **error)
{
	const char *kind = cJSON_GetStringValue(cJSON_GetObjectItem(mark, "kind"));
	g_autofree char *text = json_part_text(mark);
	g_autofree char *quoted_kind = project_quote(kind ? kind : "");
	g_autofree char *quoted = project_quote(text);
	return project_run(p, error,
	                   "INSERT INTO marks (object_id, place, kind, sign, mark) VALUES (%" G_GINT64_FORMAT
	                   ", %d, %s, %d, %s)",
	                   id, place, quoted_kind, take_real(mark, "sign", 1) < 0 ? -1 : 1, quoted);
}

/* The prompts one by one, so that they can be shown and edited again. */
static bool put_marks(project *p, const feature *o, GError **error)
{
	cJSON *list = o->prompt && *o->prompt ? cJSON_Parse(o->prompt) : NULL;
	const cJSON *mark;
	bool ok = true;
	int place = 0;
	if (cJSON_IsArray(list)) {
		cJSON_ArrayForEach(mark, list)
		{
			ok = ok && put_mark(p, o->id, place++, mark, error);
		}
	}
	cJSON_Delete(list);
	return ok;
}

#define AT_ONCE 500 /* objects that one statement is about */

/* "12, 7, 30" */
static char *id_list(const gint64 *ids, guint n)
{
	GString *list = g_string_new("");
	for (guint i = 0; i < n; i++)
		g_string_append_printf(list, "%s%" G_GINT64_FORMAT, i ? ", " : "", ids[i]);
	return g_string_free(list, FALSE);
}

bool project_drop_all_rows(project *p, const gint64 *ids, guint n, GError **error)
{
	static const char *const tables[][2] = {
		{"nadir_objects", "fid"}, {"objects", "fid"}, {"objects_px", "fid"}, {"marks", "object_id"}};
	for (guint done = 0; done < n; done += AT_ONCE) {
		g_autofree char *list = id_list(ids + done, MIN(n - done, AT_ONCE));
		for (guint i = 0; i < G_N_ELEMENTS(tables); i++)
			if (!project_run(p, error, "DELETE FROM %s WHERE %s IN (%s)", tables[i][0], tables[i][1], list))
				return false;
	}
	return true;
}

bool project_drop_rows(project *p, gint64 id, GError **error)
{
	return project_drop_all_rows(p, &id, 1, error);
}

static bool put_all(project *p, gint64 image, const feature *o, GError **error)
{
	return put_truth(p, image, o, error) && put_views(p, image, o, error) && put_marks(p, o, error);
}

bool project_put_rows(project *p, gint64 image, const feature *o, GError **error)
{
	return project_drop_rows(p, o->id, error) && project_add_rows(p, image, o, error);
}

bool project_add_rows(project *p, gint64 image, const feature *o, GError **error)
{
	gdal_session_begin();
	bool ok = put_all(p, image, o, error);
	gdal_session_end();
	return ok;
}

bool project_put_attributes(project *p, const feature *o, GError **error)
{
	static const char *const tables[] = {"nadir_objects", "objects", "objects_px"};
	const char *const values[] = {o->class_name, o->state,  o->reviewer, o->caption, o->edited,
	                              o->attributes, o->review, o->reviewed, o->comment};
	char *q[G_N_ELEMENTS(values)];
	bool ok = true;
	for (guint i = 0; i < G_N_ELEMENTS(values); i++)
		q[i] = project_quote(values[i]);
	for (guint i = 0; ok && i < G_N_ELEMENTS(tables); i++)
		ok = project_run(
			p, error,
			"UPDATE %s SET class = %s, class_id = %d, state = %s, reviewer = %s, caption = %s, edited = %s, "
			"attributes = %s WHERE fid = %" G_GINT64_FORMAT,
			tables[i], q[0], o->class_id, q[1], q[2], q[3], q[4], q[5], o->id);
	ok = ok && project_run(p, error,
	                       "UPDATE nadir_objects SET review = %s, reviewed = %s, comment = %s WHERE fid = "
	                       "%" G_GINT64_FORMAT,
	                       q[6], q[7], q[8], o->id);
	for (guint i = 0; i < G_N_ELEMENTS(values); i++)
		g_free(q[i]);
	return ok;
}

/* --- reading --- */

#define COLUMNS                                                                                                        \
	"fid+0 AS k, image_id, class_id, score, area_px, area_m2, model, prompt, state, reviewer, caption, image, "        \
	"created, edited, px_geom, class"
#define REVIEW_COLUMNS "source, author, review, reviewed, comment, proposed_id"

/* A project of an older version that may only be read has no review, or no attributes. */
static const char *later_columns(const project *p)
{
	static const char *const of_versions[] = {
		"'' AS a, '' AS b, 'undecided' AS c, '' AS d, '' AS e, class_id AS f, '' AS "
		"g",
		REVIEW_COLUMNS ", '' AS g", REVIEW_COLUMNS ", attributes"};
	return of_versions[MIN(p->version, 3) - 1];
}

static double row_real(OGRFeatureH row, int field)
{
	return OGR_F_IsFieldSetAndNotNull(row, field) ? OGR_F_GetFieldAsDouble(row, field) : NAN;
}

static void set_row_text(char **to, OGRFeatureH row, int field)
{
	g_free(*to);
	*to = row_text(row, field);
}

static feature *feature_from_row(OGRFeatureH row)
{
	feature *o = feature_new();
	char **const texts[] = {&o->model,   &o->prompt, &o->state,   &o->reviewer,
	                        &o->caption, &o->image,  &o->created, &o->edited};
	char **const review[] = {&o->source, &o->author, &o->review, &o->reviewed, &o->comment};
	int size = 0;
	o->id = OGR_F_GetFieldAsInteger64(row, 0);
	o->class_id = OGR_F_GetFieldAsInteger(row, 2);
	o->score = row_real(row, 3);
	o->area_px = OGR_F_GetFieldAsInteger64(row, 4);
	o->area_m2 = row_real(row, 5);
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		set_row_text(texts[i], row, 6 + (int)i);
	const GByte *data = OGR_F_GetFieldAsBinary(row, 14, &size);
	o->px_geom = g_bytes_new(data, (gsize)MAX(size, 0));
	set_row_text(&o->class_name, row, 15);
	for (guint i = 0; i < G_N_ELEMENTS(review); i++)
		set_row_text(review[i], row, 16 + (int)i);
	o->proposed_id = OGR_F_GetFieldAsInteger(row, 21);
	set_row_text(&o->attributes, row, 22);
	return o;
}

static bool add_object(OGRFeatureH row, void *data)
{
	g_ptr_array_add(data, feature_from_row(row));
	return true;
}

GPtrArray *project_objects(project *p, gint64 image, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)feature_free);
	if (!project_select(p, add_object, list, error,
	                    "SELECT " COLUMNS ", %s FROM nadir_objects WHERE %d OR image_id = %" G_GINT64_FORMAT
	                    " ORDER BY fid",
	                    later_columns(p), image == 0, image))
		return NULL;
	return g_steal_pointer(&list);
}

static void object_row_clear(void *data)
{
	feature_free(((project_object_row *)data)->o);
}

/* The rows come in another order than they were asked for. */
typedef struct {
	GArray *rows;
	GHashTable *places; /* gint64, of the ids asked for -> place in rows */
} object_rows;

static bool take_object(OGRFeatureH row, void *data)
{
	object_rows *all = data;
	const gint64 id = OGR_F_GetFieldAsInteger64(row, 0);
	project_object_row *to =
		&g_array_index(all->rows, project_object_row, GPOINTER_TO_UINT(g_hash_table_lookup(all->places, &id)));
	*to = (project_object_row){feature_from_row(row), OGR_F_GetFieldAsInteger64(row, 1)};
	return true;
}

static bool read_some(project *p, object_rows *all, const gint64 *ids, guint first, guint n, GError **error)
{
	g_autofree char *list = id_list(ids, n);
	g_hash_table_remove_all(all->places);
	for (guint i = 0; i < n; i++)
		g_hash_table_insert(all->places, (gpointer)&ids[i], GUINT_TO_POINTER(first + i));
	return project_select(p, take_object, all, error, "SELECT " COLUMNS ", %s FROM nadir_objects WHERE fid IN (%s)",
	                      later_columns(p), list);
}

GArray *project_get_all_rows(project *p, const gint64 *ids, guint n, GError **error)
{
	g_autoptr(GArray) rows = g_array_sized_new(FALSE, TRUE, sizeof(project_object_row), n);
	g_autoptr(GHashTable) places = g_hash_table_new(g_int64_hash, g_int64_equal);
	object_rows all = {rows, places};
	g_array_set_clear_func(rows, object_row_clear);
	g_array_set_size(rows, n);
	for (guint done = 0; done < n; done += AT_ONCE)
		if (!read_some(p, &all, ids + done, done, MIN(n - done, AT_ONCE), error))
			return NULL;
	return g_steal_pointer(&rows);
}

bool project_no_object(project *p, gint64 id, GError **error)
{
	g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE, _("The project %s has no object %d."), p->path, (int)id);
	return false;
}

feature *project_get_rows(project *p, gint64 id, gint64 *image, GError **error)
{
	g_autoptr(GArray) rows = project_get_all_rows(p, &id, 1, error);
	if (!rows)
		return NULL;
	project_object_row *row = &g_array_index(rows, project_object_row, 0);
	if (!row->o)
		project_no_object(p, id, error);
	*image = row->image;
	return g_steal_pointer(&row->o);
}
