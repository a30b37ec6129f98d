/* labelme and X-AnyLabeling: shapes of one image. Shapes of one label and group are one object. */
#include "render/exchange/import-private.h"

#include <cpl_vsi.h>
#include <gdal.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "render/file/json-text.h"

#define CIRCLE_CORNERS 96

static const cJSON *get(const cJSON *o, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(o, key);
}

static const char *text_at(const cJSON *o, const char *key)
{
	const char *text = cJSON_GetStringValue(get(o, key));
	return text ? text : "";
}

/* --- outlines --- */

static GArray *points_of(const cJSON *shape)
{
	GArray *xy = g_array_new(FALSE, FALSE, sizeof(double));
	const cJSON *p;
	cJSON_ArrayForEach(p, get(shape, "points"))
	{
		for (int i = 0; i < 2; i++) {
			const cJSON *v = cJSON_GetArrayItem(p, i);
			const double d = cJSON_IsNumber(v) && isfinite(v->valuedouble) ? v->valuedouble : NAN;
			g_array_append_val(xy, d);
		}
	}
	return xy;
}

static bool all_numbers(const GArray *xy)
{
	for (guint i = 0; i < xy->len; i++)
		if (isnan(g_array_index(xy, double, i)))
			return false;
	return true;
}

static OGRGeometryH box_from(const double *p)
{
	const double xy[] = {p[0], p[1], p[2], p[1], p[2], p[3], p[0], p[3]};
	return import_ring(xy, 4);
}

/* Centre and a point of the rim. */
static OGRGeometryH circle_from(const double *p)
{
	double xy[2 * CIRCLE_CORNERS];
	const double r = hypot(p[2] - p[0], p[3] - p[1]);
	for (int i = 0; i < CIRCLE_CORNERS; i++) {
		xy[2 * i] = p[0] + r * cos(2 * G_PI * i / CIRCLE_CORNERS);
		xy[2 * i + 1] = p[1] + r * sin(2 * G_PI * i / CIRCLE_CORNERS);
	}
	return r > 0 ? import_ring(xy, CIRCLE_CORNERS) : NULL;
}

/* The PNG of a mask shape; its corner is the first point. */
static bitmask *mask_of_png(const char *base64, int x, int y)
{
	gsize n;
	const char *const drivers[] = {"PNG", NULL};
	g_autofree guchar *bytes = g_base64_decode(base64, &n);
	g_autofree char *path = g_strdup_printf("/vsimem/nadir-labelme-%p.png", (void *)bytes);
	VSILFILE *f = VSIFileFromMemBuffer(path, bytes, n, FALSE);
	GDALDatasetH ds = f ? GDALOpenEx(path, GDAL_OF_RASTER, drivers, NULL, NULL) : NULL;
	bitmask *m = ds ? mask_try_new(x, y, GDALGetRasterXSize(ds), GDALGetRasterYSize(ds), NULL) : NULL;
	if (m && GDALRasterIO(GDALGetRasterBand(ds, 1), GF_Read, 0, 0, m->w, m->h, m->bits, m->w, m->h, GDT_Byte, 0, 0) !=
	             CE_None)
		g_clear_pointer(&m, mask_free);
	for (gsize i = 0; m && i < (gsize)m->w * (gsize)m->h; i++)
		m->bits[i] = m->bits[i] != 0;
	if (ds)
		GDALClose(ds);
	if (f)
		VSIFCloseL(f);
	VSIUnlink(path);
	return m;
}

static OGRGeometryH mask_geometry(const cJSON *shape, const double *p)
{
	OGRGeometryH g = NULL;
	g_autoptr(bitmask) m = mask_of_png(text_at(shape, "mask"), (int)floor(p[0]), (int)floor(p[1]));
	g_autoptr(GBytes) wkb = m ? mask_to_wkb(m, NULL) : NULL;
	if (wkb)
		OGR_G_CreateFromWkb(g_bytes_get_data(wkb, NULL), NULL, &g, (int)g_bytes_get_size(wkb));
	return g;
}

/* NULL: a kind without an area, or broken; which is counted. */
static OGRGeometryH geometry_of(import_file *file, const cJSON *shape)
{
	static const char *const lines[] = {"point", "line", "linestrip", "points", NULL};
	const char *type = text_at(shape, "shape_type");
	g_autoptr(GArray) xy = points_of(shape);
	const double *p = (const double *)(const void *)xy->data;
	const guint n = xy->len / 2;
	OGRGeometryH g = NULL;
	if (g_strv_contains(lines, type)) {
		file->losses[LOSS_NO_AREA]++;
		return NULL;
	}
	if (all_numbers(xy) && n >= 2) {
		if (strcmp(type, "mask") == 0)
			g = fabs(p[0]) < 1e9 && fabs(p[1]) < 1e9 ? mask_geometry(shape, p) : NULL;
		else if (strcmp(type, "circle") == 0)
			g = circle_from(p);
		else if (strcmp(type, "rectangle") == 0 && n == 2)
			g = box_from(p);
		else if (n >= 3) /* polygon, rectangle of four corners, rotation, oriented_rectangle */
			g = import_ring(p, (int)n);
	}
	file->losses[LOSS_BROKEN] += !g;
	return g;
}

/* --- objects --- */

typedef struct {
	feature *f;
	OGRGeometryH area;
} group;

static void set_attributes(import_file *file, feature *f, const cJSON *shape)
{
	static const char *const known[] = {"label", "points",     "group_id",    "shape_type", "flags",
	                                    "mask",  "attributes", "description", NULL};
	const cJSON *v;
	cJSON_ArrayForEach(v, get(shape, "attributes")) import_set_json(file, f, v);
	cJSON_ArrayForEach(v, shape) if (!g_strv_contains(known, v->string)) import_set_json(file, f, v);
	if (*text_at(shape, "description"))
		import_set_text(f, "caption", text_at(shape, "description"));
	cJSON_ArrayForEach(v, get(shape, "flags")) import_set_json(file, f, v);
}

/* Shapes of one label and one group_id belong together. */
static void add_shape(import_file *file, const cJSON *shape, GPtrArray *order, GHashTable *groups)
{
	OGRGeometryH g = geometry_of(file, shape);
	if (!g)
		return;
	const cJSON *id = get(shape, "group_id");
	const char *label = text_at(shape, "label");
	g_autofree char *number = cJSON_IsNumber(id) ? json_part_text(id) : NULL;
	g_autofree char *key = number ? g_strdup_printf("%s %s", number, label) : NULL;
	group *known = key ? g_hash_table_lookup(groups, key) : NULL;
	if (known) {
		known->area = import_unite(known->area, g);
		return;
	}
	known = g_new0(group, 1);
	*known = (group){feature_new(), g};
	set_attributes(file, known->f, shape);
	import_set_text(known->f, "class", label);
	g_ptr_array_add(order, known);
	if (key)
		g_hash_table_insert(groups, g_steal_pointer(&key), known);
}

bool import_labelme(import_file *file, const cJSON *root, GError **error)
{
	g_autoptr(GPtrArray) order = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GHashTable) groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autofree char *image = g_strdup(text_at(root, "imagePath"));
	const cJSON *shape;
	if (!*image)
		return import_failed(error, file->path, _("it does not name its image (imagePath)"));
	g_strdelimit(image, "\\", '/'); /* written on Windows */
	cJSON_ArrayForEach(shape, get(root, "shapes")) add_shape(file, shape, order, groups);
	for (guint i = 0; i < order->len; i++) {
		group *g = g_ptr_array_index(order, i);
		GBytes *wkb = import_polygons(file, g->area);
		if (wkb)
			import_add(file, g->f, g_strdup(image), wkb, IMPORT_PIXELS, NULL);
		else
			feature_free(g->f);
	}
	return true;
}
