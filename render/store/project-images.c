#include "render/geometry/gdal-session.h"
#include "render/store/images.h"
#include "render/store/project-private.h"
#include "render/store/project-rows.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

void project_place_free(project_place *place)
{
	georef_free(place->ref);
	g_free(place->label);
	g_free(place);
}

typedef struct {
	char *path, *fingerprint, *georef;
	int width, height;
	bool found;
} image_row;

static void image_row_clear(image_row *r)
{
	g_free(r->path);
	g_free(r->fingerprint);
	g_free(r->georef);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(image_row, image_row_clear)

static bool read_row(OGRFeatureH row, void *data)
{
	image_row *r = data;
	r->path = row_text(row, 0);
	r->fingerprint = row_text(row, 1);
	r->georef = row_text(row, 2);
	r->width = OGR_F_GetFieldAsInteger(row, 3);
	r->height = OGR_F_GetFieldAsInteger(row, 4);
	r->found = true;
	return false;
}

static project_place *make_place(gint64 id, const image_row *r, GError **error)
{
	g_autofree char *base = g_path_get_basename(r->path);
	const double extent[4] = {0, 0, r->width, r->height};
	georef *ref = georef_from_json(r->georef, error);
	if (!ref)
		return NULL;
	project_place *place = g_new0(project_place, 1);
	place->id = id;
	place->ref = ref;
	place->spacing = place_spacing(ref, PLACE_LONLAT, extent);
	place->label = g_strdup_printf("%s#%s", base, r->fingerprint);
	return place;
}

const project_place *project_place_of(project *p, gint64 image, GError **error)
{
	g_auto(image_row) r = {0};
	project_place *place = g_hash_table_lookup(p->places, &image);
	if (place)
		return place;
	if (!project_select(p, read_row, &r, error,
	                    "SELECT path, fingerprint, georef, width, height FROM images WHERE id = %" G_GINT64_FORMAT,
	                    image))
		return NULL;
	if (!r.found) {
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE, _("The project %s has no image %d."), p->path,
		            (int)image);
		return NULL;
	}
	place = make_place(image, &r, error);
	if (place)
		g_hash_table_insert(p->places, &place->id, place);
	return place;
}

void project_set_area(project *p, gint64 image, feature *o)
{
	const project_place *place = project_place_of(p, image, NULL);
	if (place)
		o->area_m2 = georef_area_m2(place->ref, o->px_geom);
}

/* The image by its place, else by its contents: it may have been moved. */
static gint64 find_image(project *p, const char *path, const char *fingerprint)
{
	gint64 id =
		project_number(p, 0, "SELECT id+0 AS k FROM images WHERE path = %s AND fingerprint = %s", path, fingerprint);
	if (id == 0) /* of a list, and not opened yet: copies of one picture stay two images */
		id = project_number(p, 0, "SELECT id+0 AS k FROM images WHERE path = %s AND fingerprint = ''", path);
	if (id == 0)
		id = project_number(p, 0, "SELECT id+0 AS k FROM images WHERE fingerprint = %s AND fingerprint <> ''",
		                    fingerprint);
	if (id == 0)
		id = project_number(p, 0, "SELECT id+0 AS k FROM images WHERE path = %s", path);
	return id;
}

static bool write_image(project *p, gint64 id, const raster_info *info, const char *path, const char *fingerprint,
                        const georef *g, GError **error)
{
	g_autofree char *json = georef_to_json(g);
	g_autofree char *quoted = project_quote(json);
	g_autofree char *now = project_now();
	if (id == 0)
		return project_run(
			p, error,
			"INSERT INTO images (path, fingerprint, width, height, georef, added) VALUES (%s, %s, %d, %d, %s, '%s')",
			path, fingerprint, info->width, info->height, quoted, now);
	return project_run(
		p, error, "UPDATE images SET path = %s, fingerprint = %s, width = %d, height = %d, georef = %s WHERE id = %d",
		path, fingerprint, info->width, info->height, quoted, (int)id);
}

static char *absolute(const char *path)
{
	if (!path || g_str_has_prefix(path, "/vsi") || strstr(path, ":"))
		return g_strdup(path ? path : "");
	return g_canonicalize_filename(path, NULL);
}

/* Whether the row says exactly this already: looking at an image must not write. */
static bool unchanged(project *p, gint64 id, const char *path, const char *fingerprint, const georef *g)
{
	g_autofree char *json = georef_to_json(g);
	g_autofree char *quoted = project_quote(json);
	return project_number(p, 0,
	                      "SELECT count(*) FROM images WHERE id = %" G_GINT64_FORMAT
	                      " AND path = %s AND fingerprint = %s AND georef = %s",
	                      id, path, fingerprint, quoted) == 1;
}

/* The image may have got another georeference: the map view of its objects follows. */
static bool place_again(project *p, gint64 image, GError **error)
{
	g_autoptr(GPtrArray) objects = project_objects(p, image, error);
	for (guint i = 0; objects && i < objects->len; i++) {
		feature *o = g_ptr_array_index(objects, i);
		project_set_area(p, image, o);
		if (!project_put_rows(p, image, o, error))
			return false;
	}
	return objects != NULL;
}

gint64 project_add_image(project *p, const raster_info *info, const georef *g, GError **error)
{
	g_autofree char *full = absolute(info->path);
	g_autofree char *path = project_quote(full);
	g_autofree char *fingerprint = project_quote(info->fingerprint ? info->fingerprint : "");
	gint64 id = find_image(p, path, fingerprint);
	if (id > 0 && (p->read_only || unchanged(p, id, path, fingerprint, g)))
		return id;
	if (!project_begin(p, error))
		return 0;
	bool known = id > 0, ok = write_image(p, id, info, path, fingerprint, g, error);
	if (ok && !known)
		id = project_number(p, 0, "SELECT max(id) FROM images");
	g_hash_table_remove(p->places, &id);
	ok = ok && project_write_modality(p, id, info, error) && (!known || place_again(p, id, error));
	return project_end(p, ok, error) ? id : 0;
}

bool project_place_image(project *p, gint64 image, const raster_info *info, const georef *g, GError **error)
{
	g_autofree char *full = absolute(info->path);
	g_autofree char *path = project_quote(full);
	g_autofree char *fingerprint = project_quote(info->fingerprint ? info->fingerprint : "");
	if (p->read_only || unchanged(p, image, path, fingerprint, g))
		return true;
	if (!project_begin(p, error))
		return false;
	g_hash_table_remove(p->places, &image);
	const bool ok = write_image(p, image, info, path, fingerprint, g, error) &&
	                project_write_modality(p, image, info, error) && place_again(p, image, error);
	return project_end(p, ok, error);
}

bool project_set_image_setting(project *p, gint64 image, const char *key, const char *value, GError **error)
{
	g_autofree char *k = project_quote(key);
	g_autofree char *v = project_quote(value);
	if (!project_begin(p, error))
		return false;
	bool ok = project_run(
		p, error, "INSERT OR REPLACE INTO image_settings (image_id, key, value) VALUES (%" G_GINT64_FORMAT ", %s, %s)",
		image, k, v);
	return project_end(p, ok, error);
}

char *project_get_image_setting(project *p, gint64 image, const char *key)
{
	g_autofree char *k = project_quote(key);
	return project_text(p, "SELECT value FROM image_settings WHERE image_id = %" G_GINT64_FORMAT " AND key = %s", image,
	                    k);
}

static bool add_image(OGRFeatureH row, void *data)
{
	project_image *i = g_new0(project_image, 1);
	i->id = OGR_F_GetFieldAsInteger64(row, 0);
	i->path = row_text(row, 1);
	i->fingerprint = row_text(row, 2);
	i->width = OGR_F_GetFieldAsInteger(row, 3);
	i->height = OGR_F_GetFieldAsInteger(row, 4);
	g_ptr_array_add(data, i);
	return true;
}

GPtrArray *project_images(project *p, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)project_image_free);
	if (!project_select(p, add_image, list, error,
	                    "SELECT id+0 AS k, path, fingerprint, width, height FROM images ORDER BY id"))
		return NULL;
	return g_steal_pointer(&list);
}
