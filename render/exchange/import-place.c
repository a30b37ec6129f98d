/* From a file's coordinates to pixels of an image. */
#include "render/exchange/import-private.h"
#include "render/geometry/gdal-session.h"
#include "render/geometry/wkb.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <ogr_srs_api.h>

#define EDGE_NOISE 0.02 /* pixels: what rounded degrees and two transforms may move an edge by */

static OGRSpatialReferenceH srs_of(const char *wkt)
{
	OGRSpatialReferenceH srs = OSRNewSpatialReference(NULL);
	OSRSetAxisMappingStrategy(srs, OAMS_TRADITIONAL_GIS_ORDER);
	if (OSRSetFromUserInput(srs, wkt) == OGRERR_NONE)
		return srs;
	OSRDestroySpatialReference(srs);
	return NULL;
}

/* The transform from the file's system to the image's; kept, because objects of a file mostly share it. */
static OGRCoordinateTransformationH transform_for(import_file *file, const char *crs, const georef *ref)
{
	if (file->to_image && file->crs == crs && file->ref == ref)
		return file->to_image;
	g_clear_pointer(&file->to_image, OCTDestroyCoordinateTransformation);
	OGRSpatialReferenceH from = srs_of(crs), to = srs_of(georef_crs_wkt(ref));
	file->to_image = from && to ? OCTNewCoordinateTransformation(from, to) : NULL;
	file->crs = crs;
	file->ref = ref;
	OSRDestroySpatialReference(from);
	OSRDestroySpatialReference(to);
	return file->to_image;
}

static bool cannot_place(GError **error, const char *why)
{
	g_set_error(error, IMPORT_ERROR, IMPORT_ERROR_PLACE, _("It cannot be told where on the image the objects lie: %s."),
	            why);
	return false;
}

/* x and y of all points, apart. */
static void split(const wkb_shape *s, double *x, double *y)
{
	for (guint i = 0; i < s->xy->len / 2; i++) {
		x[i] = g_array_index(s->xy, double, 2 * i);
		y[i] = g_array_index(s->xy, double, 2 * i + 1);
	}
}

static void join(wkb_shape *s, const double *x, const double *y)
{
	for (guint i = 0; i < s->xy->len / 2; i++) {
		g_array_index(s->xy, double, 2 * i) = x[i];
		g_array_index(s->xy, double, 2 * i + 1) = y[i];
	}
}

static bool lies_on(const wkb_shape *s, const raster_info *image, bool *whole)
{
	double e[4];
	wkb_shape_extent(s, e);
	*whole = e[0] >= -EDGE_NOISE && e[1] >= -EDGE_NOISE && e[2] <= image->width + EDGE_NOISE &&
	         e[3] <= image->height + EDGE_NOISE;
	return e[0] < image->width && e[1] < image->height && e[2] > 0 && e[3] > 0;
}

/* Map units of the image's system to pixels. */
static bool map_to_pixels(const georef *ref, wkb_shape *s, GError **error)
{
	const guint n = s->xy->len / 2;
	g_autofree double *x = g_new(double, n), *y = g_new(double, n);
	split(s, x, y);
	if (!georef_from_map(ref, n, x, y, error))
		return false;
	join(s, x, y);
	return true;
}

static bool crs_to_pixels(import_file *file, const char *crs, const georef *ref, wkb_shape *s, GError **error)
{
	if (!georef_has_crs(ref))
		return cannot_place(error, _("the file has map coordinates and the image has no coordinate system"));
	OGRCoordinateTransformationH t = transform_for(file, crs, ref);
	if (!t)
		return cannot_place(error, _("its coordinate system cannot be turned into the image's"));
	const guint n = s->xy->len / 2;
	g_autofree double *x = g_new(double, n), *y = g_new(double, n);
	split(s, x, y);
	if (!OCTTransform(t, (int)n, x, y, NULL)) {
		g_set_error(error, IMPORT_ERROR, IMPORT_ERROR_OUTSIDE, _("It lies where the image's coordinate system ends."));
		return false;
	}
	join(s, x, y);
	return map_to_pixels(ref, s, error);
}

static void turn_up(wkb_shape *s)
{
	for (guint i = 1; i < s->xy->len; i += 2)
		g_array_index(s->xy, double, i) *= -1;
}

/* Without a stated system: map units of the image when that puts it there, else longitudes and latitudes when those do
 * (CSV holds no system), else pixels with y = -row. */
static bool loose_to_pixels(import_file *file, const georef *ref, const raster_info *image, wkb_shape **s)
{
	bool whole;
	g_autoptr(GBytes) same = wkb_shape_write(*s);
	for (int lonlat = 0; lonlat < 2 && georef_has_crs(ref); lonlat++) {
		g_autoptr(wkb_shape) map = wkb_shape_read(same, NULL);
		if (!map || !(lonlat ? crs_to_pixels(file, "OGC:CRS84", ref, map, NULL) : map_to_pixels(ref, map, NULL)) ||
		    !lies_on(map, image, &whole))
			continue;
		file->losses[lonlat ? LOSS_LONLAT : LOSS_LOOSE]++;
		wkb_shape_free(*s);
		*s = g_steal_pointer(&map);
		return true;
	}
	turn_up(*s);
	return true;
}

static bool near_whole(double v)
{
	return fabs(v - round(v)) < EDGE_NOISE;
}

/* Whether every edge runs along the pixel grid: the outline of a mask that went through other coordinates. */
static bool is_pixel_outline(const wkb_shape *s)
{
	for (guint i = 0; i < s->rings->len; i++) {
		const wkb_ring *r = &g_array_index(s->rings, wkb_ring, i);
		const double *p = &g_array_index(s->xy, double, 2 * (gsize)r->first);
		for (guint k = 0; k < r->n; k++) {
			const double *a = p + 2 * k, *b = p + 2 * ((k + 1) % r->n);
			const bool upright = fabs(a[0] - b[0]) < EDGE_NOISE && near_whole(a[0]);
			const bool level = fabs(a[1] - b[1]) < EDGE_NOISE && near_whole(a[1]);
			if (!upright && !level)
				return false;
		}
	}
	return true;
}

/* What of it lies on the image; NULL: nothing with an area. */
static wkb_shape *cut_at_edge(import_file *file, const wkb_shape *s, const raster_info *image)
{
	const double w = image->width, h = image->height, corners[] = {0, 0, w, 0, w, h, 0, h};
	g_autoptr(GBytes) wkb = wkb_shape_write(s);
	OGRGeometryH g = NULL, frame = import_ring(corners, 4), inside = NULL;
	if (OGR_G_CreateFromWkb(g_bytes_get_data(wkb, NULL), NULL, &g, (int)g_bytes_get_size(wkb)) == OGRERR_NONE)
		inside = OGR_G_Intersection(g, frame);
	OGR_G_DestroyGeometry(g);
	OGR_G_DestroyGeometry(frame);
	g_autoptr(GBytes) cut = inside ? import_polygons(file, inside) : NULL;
	return cut ? wkb_shape_read(cut, NULL) : NULL;
}

/* As drawn, or as the mask's outline where it is one. */
static bool keep_geometry(feature *f, const wkb_shape *s, bool as_mask, const raster_info *image, GError **error)
{
	g_autoptr(GBytes) wkb = wkb_shape_write(s);
	g_autoptr(bitmask) all = mask_from_wkb(wkb, error);
	g_autoptr(bitmask) m = all ? mask_clipped(all, image->width, image->height) : NULL;
	if (!m)
		return false;
	if (m->w == 0 || m->h == 0) {
		g_set_error_literal(error, GEOMETRY_ERROR, GEOMETRY_ERROR_EMPTY, _("It covers the centre of no pixel."));
		return false;
	}
	if (as_mask)
		return feature_set_mask(f, m, error);
	g_clear_pointer(&f->px_geom, g_bytes_unref);
	f->px_geom = g_bytes_ref(wkb);
	f->area_px = mask_area(m);
	return true;
}

static void parts_to_pixels(wkb_shape *s, const raster_info *image)
{
	for (guint i = 0; i < s->xy->len; i++)
		g_array_index(s->xy, double, i) *= i % 2 ? image->height : image->width;
}

static bool to_pixels(import_file *file, const import_object *o, const raster_info *image, const georef *ref,
                      wkb_shape **s, GError **error)
{
	if (o->width > 0 && (o->width != image->width || o->height != image->height)) {
		g_set_error(error, IMPORT_ERROR, IMPORT_ERROR_PLACE,
		            _("The mask has %d x %d pixels and %s has %d x %d: they must be equal."), o->width, o->height,
		            image->path, image->width, image->height);
		return false;
	}
	if (o->space == IMPORT_PARTS)
		parts_to_pixels(*s, image);
	if (o->space == IMPORT_MAP)
		return crs_to_pixels(file, o->crs, ref, *s, error);
	return o->space != IMPORT_LOOSE || loose_to_pixels(file, ref, image, s);
}

bool import_place(import_file *file, import_object *o, const raster_info *image, const georef *ref, GError **error)
{
	bool whole = false;
	g_autoptr(wkb_shape) s = wkb_shape_read(o->wkb, error);
	gdal_session_begin();
	bool ok = s && to_pixels(file, o, image, ref, &s, error);
	if (ok && !lies_on(s, image, &whole)) {
		g_set_error(error, IMPORT_ERROR, IMPORT_ERROR_OUTSIDE, _("It does not lie on %s."), image->path);
		ok = false;
	}
	wkb_shape *cut = ok && !whole ? cut_at_edge(file, s, image) : NULL;
	if (cut) {
		wkb_shape_free(s);
		s = cut;
	} else if (ok && !whole) {
		g_set_error(error, IMPORT_ERROR, IMPORT_ERROR_OUTSIDE, _("It only touches %s."), image->path);
		ok = false;
	}
	const bool as_mask = ok && (o->space == IMPORT_PIXEL_MASK || is_pixel_outline(s));
	ok = ok && keep_geometry(o->f, s, as_mask, image, error);
	gdal_session_end();
	o->f->area_m2 = ok ? georef_area_m2(ref, o->f->px_geom) : NAN;
	file->losses[LOSS_CUT] += ok && !whole;
	return ok;
}
