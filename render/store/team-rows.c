/* Rows of the project's tables as they travel: JSON in which rows refer to each other by uid. */
#include "render/file/json-text.h"
#include "render/geometry/gdal-session.h"
#include "render/store/project-rows.h"
#include "render/store/team-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define ID "%" G_GINT64_FORMAT

static bool put_reference(project *p, cJSON *to, const char *key, team_kind kind, gint64 id, GError **error)
{
	g_autofree char *uid = id > 0 ? team_uid_for(p, kind, id, error) : NULL;
	if (uid)
		cJSON_AddStringToObject(to, key, uid);
	return uid || id <= 0;
}

/* Id of the row that a key names; 0: none, or it is not here. */
static gint64 reference(project *p, const cJSON *from, const char *key)
{
	const char *uid = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(from, key));
	return uid ? team_local_id(p, uid) : 0;
}

/* --- images --- */

static bool image_json(OGRFeatureH row, void *data)
{
	cJSON **out = data;
	static const char *const names[] = {"path", "fingerprint", "georef"};
	*out = cJSON_CreateObject();
	for (int i = 0; i < 3; i++) {
		g_autofree char *text = row_text(row, i), *valid = g_utf8_make_valid(text, -1);
		cJSON_AddStringToObject(*out, names[i], valid);
	}
	cJSON_AddNumberToObject(*out, "width", OGR_F_GetFieldAsInteger(row, 3));
	cJSON_AddNumberToObject(*out, "height", OGR_F_GetFieldAsInteger(row, 4));
	cJSON_AddNumberToObject(*out, "copy", OGR_F_GetFieldAsInteger(row, 5));
	return false;
}

static bool read_image(project *p, gint64 id, team_side *out, GError **error)
{
	return project_select(
		p, image_json, &out->json, error,
		"SELECT path, fingerprint, georef, width, height, (SELECT count(*) FROM images j WHERE "
		"j.fingerprint = i.fingerprint AND j.fingerprint <> '' AND j.id < i.id) AS copies FROM images i "
		"WHERE id = " ID,
		id);
}

static char *quoted_value(const cJSON *json, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
	return project_quote(text ? text : "");
}

static int number_value(const cJSON *json, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
	return cJSON_IsNumber(item) ? item->valueint : 0;
}

/* An image that is here already stays where it is on this machine; what nobody here has opened yet the others know. */
static bool write_image(project *p, gint64 *id, const cJSON *json, GError **error)
{
	g_autofree char *path = quoted_value(json, "path"), *fingerprint = quoted_value(json, "fingerprint");
	g_autofree char *place = quoted_value(json, "georef"), *now = project_now();
	g_hash_table_remove(p->places, id);
	if (*id != 0)
		return project_run(
			p, error,
			"UPDATE images SET fingerprint = %s, width = %d, height = %d, georef = %s WHERE fingerprint = '' "
			"AND id = " ID,
			fingerprint, number_value(json, "width"), number_value(json, "height"), place, *id);
	if (!project_run(
			p, error,
			"INSERT INTO images (path, fingerprint, width, height, georef, added) VALUES (%s, %s, %d, %d, %s, '%s')",
			path, fingerprint, number_value(json, "width"), number_value(json, "height"), place, now))
		return false;
	*id = project_number(p, 0, "SELECT max(id) FROM images");
	return true;
}

/* --- classes --- */

static bool read_class(project *p, gint64 id, team_side *out, GError **error)
{
	g_autofree char *text = project_class_to_json(p, (int)id);
	cJSON *root = text ? cJSON_Parse(text) : NULL;
	cJSON *inner = cJSON_DetachItemFromObject(root, "class");
	const int parent = number_value(inner, "parent");
	cJSON_Delete(root);
	cJSON_DeleteItemFromObject(inner, "id");
	cJSON_DeleteItemFromObject(inner, "parent");
	out->json = inner;
	return !inner || put_reference(p, inner, "parent", TEAM_CLASS, parent, error);
}

/* Another class that has the name already is given another one: two classes of a name cannot be. */
static bool make_way(project *p, gint64 id, const char *quoted, GError **error)
{
	gint64 other = project_number(p, 0, "SELECT id+0 AS k FROM classes WHERE name = %s AND id <> " ID, quoted, id);
	if (other == 0)
		return true;
	const bool dirty = team_is_dirty(p, TEAM_CLASS, other);
	g_autofree char *name = project_class_name(p, (int)other), *free_name = NULL, *q = NULL;
	for (int i = 2; !free_name; i++) {
		g_autofree char *candidate = g_strdup_printf("%s (%d)", name, i);
		g_free(q);
		q = project_quote(candidate);
		if (project_number(p, 0, "SELECT count(*) FROM classes WHERE name = %s", q) == 0)
			free_name = g_steal_pointer(&candidate);
	}
	return project_run(p, error, "UPDATE classes SET name = %s WHERE id = " ID, q, other) &&
	       (dirty || team_mark(p, TEAM_CLASS, other, false, error));
}

static bool write_class(project *p, gint64 *id, const cJSON *json, GError **error)
{
	g_autofree char *name = quoted_value(json, "name");
	if (*id == 0)
		*id = project_number(p, 0, "SELECT max(id) FROM classes") + 1;
	cJSON *root = cJSON_CreateObject(), *inner = cJSON_Duplicate(json, true);
	cJSON_AddItemToObject(root, "class", inner);
	cJSON_DeleteItemFromObject(inner, "parent");
	cJSON_AddNumberToObject(inner, "parent", (double)reference(p, json, "parent"));
	cJSON_AddNumberToObject(inner, "id", (double)*id);
	g_autofree char *text = json_text(root);
	return make_way(p, *id, name, error) && project_class_restore(p, (int)*id, text, error);
}

/* --- objects --- */

static bool read_object(project *p, gint64 id, team_side *out, GError **error)
{
	static const char *const local[] = {"id", "class", "class_id", "proposed_id", "image"};
	gint64 image;
	if (project_number(p, 0, "SELECT count(*) FROM nadir_objects WHERE fid = " ID, id) == 0)
		return true;
	g_autoptr(feature) o = project_get_rows(p, id, &image, error);
	if (!o)
		return false;
	g_autofree char *text = feature_to_json(o);
	out->json = cJSON_Parse(text);
	out->px = g_bytes_ref(o->px_geom);
	for (guint i = 0; i < G_N_ELEMENTS(local); i++)
		cJSON_DeleteItemFromObject(out->json, local[i]);
	g_autofree char *proposed = team_uid(p, TEAM_CLASS, o->proposed_id); /* it may be gone, and never have been known */
	if (proposed)
		cJSON_AddStringToObject(out->json, "proposed", proposed);
	return put_reference(p, out->json, "image", TEAM_IMAGE, image, error) &&
	       put_reference(p, out->json, "class", TEAM_CLASS, o->class_id, error);
}

static void set_text(char **to, char *value)
{
	g_free(*to);
	*to = value;
}

static bool write_object(project *p, gint64 *id, const team_side *side, GError **error)
{
	g_autofree char *text = team_side_text(side);
	g_autoptr(feature) o = feature_from_json(text);
	const gint64 image = reference(p, side->json, "image");
	const project_place *place = project_place_of(p, image, error);
	o->class_id = (int)reference(p, side->json, "class");
	char *name = place ? project_class_name(p, o->class_id) : NULL;
	if (!name || !side->px) {
		g_free(name);
		if (place)
			g_set_error_literal(error, PROJECT_ERROR, PROJECT_ERROR_CORRUPT,
			                    _("An object from the server has no class or no outline: ask the project's owner."));
		return false;
	}
	const bool fresh = *id == 0;
	if (fresh)
		*id = project_next_id(p);
	o->id = *id;
	set_text(&o->class_name, name);
	set_text(&o->image, g_strdup(place->label));
	o->proposed_id = (int)reference(p, side->json, "proposed");
	if (o->proposed_id == 0)
		o->proposed_id = o->class_id;
	o->px_geom = g_bytes_ref(side->px);
	return fresh ? project_add_rows(p, image, o, error) : project_put_rows(p, image, o, error);
}

GBytes *team_map_geometry(project *p, gint64 object)
{
	GBytes *wkb = NULL;
	gdal_session_begin();
	OGRLayerH layer = project_layer(p, "objects");
	OGRFeatureH f = layer ? OGR_L_GetFeature(layer, object) : NULL;
	OGRGeometryH g = f ? OGR_F_GetGeometryRef(f) : NULL;
	if (g && OGR_GT_Flatten(OGR_G_GetGeometryType(g)) == wkbMultiPolygon) {
		const gsize size = (gsize)OGR_G_WkbSize(g);
		guint8 *bytes = g_malloc(size);
		OGR_G_ExportToWkb(g, wkbNDR, bytes);
		wkb = g_bytes_new_take(bytes, size);
	}
	OGR_F_Destroy(f);
	gdal_session_end();
	return wkb;
}

/* --- any --- */

bool team_read(project *p, team_kind kind, gint64 id, team_side *out, GError **error)
{
	*out = (team_side){0};
	switch (kind) {
	case TEAM_IMAGE:
		return read_image(p, id, out, error);
	case TEAM_CLASS:
		return read_class(p, id, out, error);
	default:
		return read_object(p, id, out, error);
	}
}

bool team_write(project *p, team_kind kind, gint64 *id, const team_side *side, GError **error)
{
	switch (kind) {
	case TEAM_IMAGE:
		return write_image(p, id, side->json, error);
	case TEAM_CLASS:
		return write_class(p, id, side->json, error);
	default:
		return write_object(p, id, side, error);
	}
}

bool team_drop(project *p, team_kind kind, gint64 id, GError **error)
{
	if (kind == TEAM_OBJECT)
		return project_drop_rows(p, id, error);
	return kind == TEAM_IMAGE || project_class_restore(p, (int)id, NULL, error);
}

bool team_forget_steps(project *p, team_kind kind, gint64 id, GError **error)
{
	if (kind == TEAM_OBJECT)
		return project_run(p, error,
		                   "UPDATE edits SET state = 'dropped' WHERE object_id = " ID " AND state <> 'dropped'", id);
	return kind == TEAM_IMAGE ||
	       project_run(p, error,
	                   "UPDATE edits SET state = 'dropped' WHERE object_id = 0 AND state <> 'dropped' AND "
	                   "json_extract(coalesce(after_row, before_row), '$.class.id') = " ID,
	                   id);
}
