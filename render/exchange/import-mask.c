/* Masks as pictures: each value is an object (instances) or a class (beside NAME_names.yaml, or with a palette), 0 is
 * nothing; COCO panoptic by its JSON. */
#include "render/exchange/import-private.h"
#include "render/exchange/label-names.h"
#include "render/geometry/gdal-session.h"

#include <gdal.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#define MOST_PIXELS ((gint64)1 << 29)
enum { VOID = 255 }; /* of masks with a palette: borders that nobody judged */

typedef struct {
	int x0, y0, x1, y1; /* pixels, the last ones inside */
	bitmask *mask;
} region;

static void region_free(void *data)
{
	region *r = data;
	mask_free(r->mask);
	g_free(r);
}

typedef struct {
	int w, h, bands;
	bool palette;
	guint32 *ids; /* [h][w] */
} picture;

static bool refuse(GDALDatasetH ds, const char *path, GError **error)
{
	const GDALDataType type = GDALGetRasterDataType(GDALGetRasterBand(ds, 1));
	const gint64 pixels = (gint64)GDALGetRasterXSize(ds) * GDALGetRasterYSize(ds);
	if (type != GDT_Byte && type != GDT_UInt16 && type != GDT_Int16 && type != GDT_UInt32 && type != GDT_Int32)
		return !import_failed(error, path, _("a mask holds whole numbers"));
	return pixels > MOST_PIXELS && !import_failed(error, path, _("it is too large a mask to be read at once"));
}

/* One band as it is; red, green and blue as COCO's ids (R + 256 G + 65536 B). */
static bool read_picture(const char *path, picture *p, GError **error)
{
	GDALDatasetH ds = GDALOpenEx(path, GDAL_OF_RASTER | GDAL_OF_READONLY, NULL, NULL, NULL);
	if (!ds)
		return import_failed(error, path, gdal_session_message());
	p->w = GDALGetRasterXSize(ds);
	p->h = GDALGetRasterYSize(ds);
	p->bands = GDALGetRasterCount(ds) >= 3 ? 3 : 1;
	p->palette = GDALGetRasterColorTable(GDALGetRasterBand(ds, 1)) != NULL;
	bool ok = !refuse(ds, path, error);
	const gsize n = (gsize)p->w * (gsize)p->h;
	p->ids = ok ? g_new0(guint32, n) : NULL;
	g_autofree guint32 *band = ok ? g_new(guint32, n) : NULL;
	for (int b = 0; ok && b < p->bands; b++) {
		ok = GDALRasterIO(GDALGetRasterBand(ds, b + 1), GF_Read, 0, 0, p->w, p->h, band, p->w, p->h, GDT_UInt32, 0,
		                  0) == CE_None ||
		     import_failed(error, path, gdal_session_message());
		for (gsize i = 0; ok && i < n; i++)
			p->ids[i] |= band[i] << (8 * b);
	}
	GDALClose(ds);
	return ok;
}

static region *region_of(GHashTable *table, GArray *order, guint32 id, int x, int y)
{
	region *r = g_hash_table_lookup(table, GUINT_TO_POINTER(id));
	if (!r) {
		r = g_new0(region, 1);
		*r = (region){x, y, x, y, NULL};
		g_hash_table_insert(table, GUINT_TO_POINTER(id), r);
		g_array_append_val(order, id);
	}
	return r;
}

/* id -> region with its mask; the ids in order. */
static GHashTable *find_regions(const picture *p, GArray *order)
{
	GHashTable *table = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, region_free);
	for (int pass = 0; pass < 2; pass++)
		for (int y = 0; y < p->h; y++)
			for (int x = 0; x < p->w; x++) {
				const guint32 id = p->ids[(gsize)y * (gsize)p->w + (gsize)x];
				if (id == 0)
					continue;
				region *r = region_of(table, order, id, x, y);
				if (pass == 0) {
					r->x0 = MIN(r->x0, x);
					r->x1 = MAX(r->x1, x);
					r->y1 = y;
					continue;
				}
				if (!r->mask)
					r->mask = mask_new(r->x0, r->y0, r->x1 - r->x0 + 1, r->y1 - r->y0 + 1);
				r->mask->bits[(gsize)(y - r->y0) * (gsize)r->mask->w + (gsize)(x - r->x0)] = 1;
			}
	return table;
}

static int by_number(const void *a, const void *b)
{
	const guint32 x = *(const guint32 *)a, y = *(const guint32 *)b;
	return x < y ? -1 : x > y;
}

static void add_region(import_file *file, const picture *p, const region *r, const char *class_name, const char *image,
                       const cJSON *crowd)
{
	GBytes *wkb = mask_to_wkb(r->mask, NULL);
	if (!wkb)
		return;
	feature *f = feature_new();
	import_set_text(f, "class", class_name);
	import_set_crowd(f, crowd);
	import_add(file, f, g_strdup(image), wkb, IMPORT_PIXEL_MASK, NULL);
	import_object *o = g_ptr_array_index(file->objects, file->objects->len - 1);
	o->width = p->w;
	o->height = p->h;
}

/* The picture that a mask beside it belongs to: "a.semantic.png", "a_mask.png" and "masks/a.png" are of "a". */
static char *image_of_mask(const char *path)
{
	static const char *const tails[] = {".semantic", ".panoptic", "_mask", "_label", "_labels", "_seg", "_gt", NULL};
	g_autofree char *base = g_path_get_basename(path);
	char *dot = strrchr(base, '.');
	if (dot)
		*dot = 0;
	for (const char *const *t = tails; *t; t++)
		if (g_str_has_suffix(base, *t))
			base[strlen(base) - strlen(*t)] = 0;
	return g_steal_pointer(&base);
}

bool import_mask(import_file *file, GError **error)
{
	picture p = {0};
	if (!read_picture(file->path, &p, error)) {
		g_free(p.ids);
		return false;
	}
	g_autoptr(GArray) order = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_autoptr(GHashTable) regions = find_regions(&p, order), names = label_names_find(file->path);
	g_autofree char *image = image_of_mask(file->path);
	const bool classes = g_hash_table_size(names) > 0 || p.palette;
	g_array_sort(order, by_number);
	for (guint i = 0; i < order->len; i++) {
		const guint32 id = g_array_index(order, guint32, i);
		g_autofree char *name = classes ? label_names_get(names, (int)id) : g_strdup("object");
		if (p.palette && id == VOID)
			file->losses[LOSS_VOID]++;
		else
			add_region(file, &p, g_hash_table_lookup(regions, GUINT_TO_POINTER(id)), name, image, NULL);
	}
	g_free(p.ids);
	return true;
}

/* --- panoptic --- */

static const cJSON *get(const cJSON *o, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(o, key);
}

static const cJSON *by_id(const cJSON *list, const cJSON *id)
{
	const cJSON *o;
	cJSON_ArrayForEach(o, list) if (id && get(o, "id") && cJSON_Compare(get(o, "id"), id, TRUE)) return o;
	return NULL;
}

static const char *text_or(const cJSON *o, const char *key, const char *otherwise)
{
	const char *text = cJSON_GetStringValue(get(o, key));
	return text ? text : otherwise;
}

static void add_segment(import_file *file, const cJSON *root, const cJSON *segment, const picture *p,
                        GHashTable *regions, const char *image)
{
	const cJSON *id = get(segment, "id"), *category = by_id(get(root, "categories"), get(segment, "category_id"));
	const region *r =
		cJSON_IsNumber(id) ? g_hash_table_lookup(regions, GUINT_TO_POINTER((guint32)id->valuedouble)) : NULL;
	file->losses[LOSS_BROKEN] += !r;
	if (r)
		add_region(file, p, r, text_or(category, "name", "object"), image, get(segment, "iscrowd"));
}

bool import_panoptic(import_file *file, const cJSON *root, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(file->path);
	const cJSON *a, *o;
	cJSON_ArrayForEach(o, get(root, "categories")) if (text_or(o, "name", NULL))
		import_note_class(file, text_or(o, "name", NULL));
	cJSON_ArrayForEach(a, get(root, "annotations"))
	{
		picture p = {0};
		const cJSON *image = by_id(get(root, "images"), get(a, "image_id"));
		g_autofree char *path = g_canonicalize_filename(text_or(a, "file_name", ""), folder);
		if (!read_picture(path, &p, error)) {
			g_free(p.ids);
			return false;
		}
		g_autoptr(GArray) order = g_array_new(FALSE, FALSE, sizeof(guint32));
		g_autoptr(GHashTable) regions = find_regions(&p, order);
		cJSON_ArrayForEach(o, get(a, "segments_info"))
			add_segment(file, root, o, &p, regions, text_or(image, "file_name", NULL));
		g_free(p.ids);
	}
	return true;
}
