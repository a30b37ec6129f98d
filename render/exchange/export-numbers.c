/* Rasters of numbers: 0 background, else the object's number in the list, from 1, or its class's; a later one wins.
 * Written in strips, so that the whole image is never held. */
#include "render/exchange/export-private.h"
#include "render/geometry/gdal-session.h"
#include "render/geometry/georef-gdal.h"

#include <cpl_string.h>
#include <glib/gi18n-lib.h>
#include <string.h>

enum { STRIP_ROWS = 256, PNG_SIDE = 65500 };
#define PNG_PIXELS (1LL << 29) /* 1 GiB of samples */

typedef struct {
	guint number;  /* what its pixels are given */
	int y0, y1;    /* rows it touches */
	bitmask *mask; /* decoded while a strip needs it */
} numbered;

static void numbered_clear(gpointer data)
{
	mask_free(((numbered *)data)->mask);
}

static bool is_semantic(const exporter *e)
{
	return e->format == EXPORT_SEMANTIC_PNG || e->format == EXPORT_SEMANTIC_TIF;
}

static GArray *number_objects(exporter *e)
{
	GArray *list = g_array_new(FALSE, TRUE, sizeof(numbered));
	g_array_set_clear_func(list, numbered_clear);
	for (guint i = 0; i < e->shapes->len; i++) {
		double extent[4];
		wkb_shape_extent(g_ptr_array_index(e->shapes, i), extent);
		numbered n = {is_semantic(e) ? (guint)export_class_number(e, e->job->objects[i]) : i + 1,
		              (int)CLAMP(extent[1] - 1, -1e9, 1e9), (int)CLAMP(extent[3] + 1, -1e9, 1e9), NULL};
		g_array_append_val(list, n);
	}
	return list;
}

static void burn(const bitmask *m, guint32 value, guint32 *strip, int width, int y0, int rows)
{
	int x_from = MAX(m->x, 0), x_to = MIN(m->x + m->w, width);
	for (int y = MAX(m->y, y0); y < MIN(m->y + m->h, y0 + rows); y++) {
		const uint8_t *from = m->bits + (size_t)(y - m->y) * (size_t)m->w - m->x;
		guint32 *to = strip + (size_t)(y - y0) * (size_t)width;
		for (int x = x_from; x < x_to; x++)
			if (from[x])
				to[x] = value;
	}
}

/* Objects in order, so that later ones win. */
static bool fill_strip(exporter *e, GArray *list, guint32 *strip, int y0, int rows, GError **error)
{
	int width = e->job->image->width;
	memset(strip, 0, sizeof *strip * (size_t)width * (size_t)rows);
	for (guint i = 0; i < list->len; i++) {
		numbered *n = &g_array_index(list, numbered, i);
		if (n->y1 < y0 || n->y0 >= y0 + rows) {
			g_clear_pointer(&n->mask, mask_free);
			continue;
		}
		if (!n->mask)
			n->mask = mask_from_wkb(e->job->objects[i]->px_geom, error);
		if (!n->mask)
			return false;
		burn(n->mask, n->number, strip, width, y0, rows);
	}
	return true;
}

static bool gdal_failed(const exporter *e, GError **error)
{
	g_set_error(error, EXPORT_ERROR, EXPORT_ERROR_FORMAT, _("Cannot make %s: %s."), e->path, gdal_session_message());
	return false;
}

/* A segment's id as red + 256 green + 65536 blue. Counts the pixels that each one keeps. */
static bool write_rgb(exporter *e, GDALDatasetH ds, const guint32 *strip, int y, int rows)
{
	const int width = e->job->image->width;
	const gsize n = (gsize)width * (gsize)rows;
	g_autofree guint8 *bytes = g_new(guint8, n);
	for (gsize i = 0; i < n; i++)
		if (strip[i])
			export_panoptic_count(e, strip[i] - 1u, (int)(i % (gsize)width), y + (int)(i / (gsize)width));
	for (int band = 0; band < 3; band++) {
		for (gsize i = 0; i < n; i++)
			bytes[i] = (guint8)(strip[i] >> (8 * band));
		if (GDALRasterIO(GDALGetRasterBand(ds, band + 1), GF_Write, 0, y, width, rows, bytes, width, rows, GDT_Byte, 0,
		                 0) != CE_None)
			return false;
	}
	return true;
}

static bool write_strips(exporter *e, GDALDatasetH ds, GError **error)
{
	const raster_info *image = e->job->image;
	g_autoptr(GArray) list = number_objects(e);
	g_autofree guint32 *strip = g_new(guint32, (gsize)image->width * STRIP_ROWS);
	GDALRasterBandH band = GDALGetRasterBand(ds, 1);
	for (int y = 0; y < image->height; y += STRIP_ROWS) {
		int rows = MIN(STRIP_ROWS, image->height - y);
		if (!fill_strip(e, list, strip, y, rows, error))
			return false;
		if (!(e->format == EXPORT_PANOPTIC ? write_rgb(e, ds, strip, y, rows)
		                                   : GDALRasterIO(band, GF_Write, 0, y, image->width, rows, strip, image->width,
		                                                  rows, GDT_UInt32, 0, 0) == CE_None))
			return gdal_failed(e, error);
		if (!export_step(e, 0.9 * (y + rows) / image->height, error))
			return false;
	}
	return true;
}

static bool make_dataset(exporter *e, GDALDatasetH ds, GError **error)
{
	if (!ds)
		return gdal_failed(e, error);
	return write_strips(e, ds, error);
}

/* The largest number. */
static guint most(const exporter *e)
{
	return is_semantic(e) ? e->names->len : e->job->n_objects;
}

static bool make_tif(exporter *e, const char *memory_path, GError **error)
{
	char **options = NULL;
	options = CSLSetNameValue(options, "COMPRESS", "DEFLATE");
	options = CSLSetNameValue(options, "TILED", "YES");
	options = CSLSetNameValue(options, "BIGTIFF", "IF_SAFER");
	GDALDatasetH ds = GDALCreate(GDALGetDriverByName("GTiff"), memory_path, e->job->image->width, e->job->image->height,
	                             1, most(e) > G_MAXUINT16 ? GDT_UInt32 : GDT_UInt16, options);
	CSLDestroy(options);
	if (ds)
		georef_write(e->job->ref, ds);
	bool ok = make_dataset(e, ds, error);
	if (ds)
		GDALClose(ds);
	return ok;
}

static bool make_png(exporter *e, const char *memory_path, GError **error)
{
	const raster_info *image = e->job->image;
	if (image->width > PNG_SIDE || image->height > PNG_SIDE || (gint64)image->width * image->height > PNG_PIXELS) {
		g_set_error(error, EXPORT_ERROR, EXPORT_ERROR_FORMAT,
		            _("%s cannot be written: %d x %d pixels are too many for a PNG (at most %d a side and %lld in "
		              "all). Export to "
		              ".tif instead."),
		            e->path, image->width, image->height, PNG_SIDE, (long long)PNG_PIXELS);
		return false;
	}
	GDALDatasetH ds = GDALCreate(GDALGetDriverByName("MEM"), "", image->width, image->height,
	                             e->format == EXPORT_PANOPTIC ? 3 : 1,
	                             e->format == EXPORT_PANOPTIC ? GDT_Byte : GDT_UInt16, NULL),
				 copy = NULL;
	bool ok = make_dataset(e, ds, error);
	if (ok) {
		copy = GDALCreateCopy(GDALGetDriverByName("PNG"), memory_path, ds, TRUE, NULL, NULL, NULL);
		ok = copy || gdal_failed(e, error);
	}
	if (copy)
		GDALClose(copy);
	if (ds)
		GDALClose(ds);
	return ok;
}

/* A PNG has 16 bits, or 24 in three colours; a TIFF gets what it needs. */
static bool check_count(const exporter *e, bool tif, GError **error)
{
	const guint limit = e->format == EXPORT_PANOPTIC ? 0xffffff : G_MAXUINT16;
	if (tif || most(e) <= limit)
		return true;
	g_set_error(
		error, EXPORT_ERROR, EXPORT_ERROR_FORMAT,
		_("%s cannot be written: the numbers of a PNG reach to %u and %u are needed. Export to .tif instead, or "
	      "filter."),
		e->path, limit, most(e));
	return false;
}

/* What belongs to the numbers: names of classes, COCO's JSON, all else. The plain mask stays alone, as ever. */
static bool add_meanings(exporter *e, GError **error)
{
	if (e->format == EXPORT_PANOPTIC && !export_panoptic_json(e, error))
		return false;
	if (is_semantic(e) && !export_names(e, 1, error))
		return false;
	return export_side_file(e->format) == NULL || export_side(e, error);
}

bool export_numbers(exporter *e, GError **error)
{
	const bool tif = e->format == EXPORT_TIF || e->format == EXPORT_SEMANTIC_TIF;
	if (!check_count(e, tif, error))
		return false;
	g_autofree char *memory_path = g_strdup_printf("/vsimem/nadir-export-%p%s", (void *)e, tif ? ".tif" : ".png");
	if (e->format == EXPORT_PANOPTIC)
		e->segments = g_new0(export_segment, e->job->n_objects);
	bool ok = tif ? make_tif(e, memory_path, error) : make_png(e, memory_path, error);
	ok = ok && export_take_file(e, memory_path, e->path, error) && add_meanings(e, error);
	g_clear_pointer(&e->segments, g_free);
	VSIUnlink(memory_path);
	return ok;
}
