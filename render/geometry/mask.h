/* Binary masks in pixels of an image, and their two other forms: the MultiPolygon along pixel edges that is the truth
 * of an object (design.md section 5) and COCO's run lengths. Pure: any thread. */
#pragma once
#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

G_BEGIN_DECLS

#define GEOMETRY_ERROR (geometry_error_quark())
GQuark geometry_error_quark(void);
typedef enum {
	GEOMETRY_ERROR_EMPTY,
	GEOMETRY_ERROR_INVALID,
	GEOMETRY_ERROR_TRANSFORM, /* the message names the vertex */
	GEOMETRY_ERROR_NO_CRS,
	GEOMETRY_ERROR_MEMORY, /* a mask too large for this computer, or for any */
} geometry_error;

typedef struct {
	int x, y, w, h; /* place in the image */
	uint8_t *bits;  /* [h][w], 0 or 1, owned */
} bitmask;

/* 2 GiB of mask: more is a broken file or a slip of the hand, not an object. */
#define MASK_MOST_PIXELS ((int64_t)1 << 31)
bitmask *mask_new(int x, int y, int w, int h); /* all 0; of a size that is known to be small */
/* The same of a size that comes from outside. NULL + GEOMETRY_ERROR_MEMORY. */
bitmask *mask_try_new(int x, int y, int w, int h, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bitmask *mask_new_from(int x, int y, int w, int h, const uint8_t *bits, size_t stride);
bitmask *mask_copy(const bitmask *m);
void mask_free(bitmask *m);
int64_t mask_area(const bitmask *m);
bool mask_contains(const bitmask *m, double x, double y); /* the image pixel that the place is in */
bool mask_bbox(const bitmask *m, int bbox[4]);            /* x, y, w, h in the image; false when empty */
bitmask *mask_trimmed(const bitmask *m);                  /* cut to its bounding box; an empty one is 0x0 */
/* What lies on an image of that size, trimmed; may be empty. */
bitmask *mask_clipped(const bitmask *m, int image_w, int image_h);
bool mask_equal(const bitmask *a, const bitmask *b); /* as sets of image pixels */
double mask_iou(const bitmask *a, const bitmask *b);
typedef enum { MASK_UNION, MASK_SUBTRACT, MASK_INTERSECT } mask_op;
/* Those that make a mask: NULL + GEOMETRY_ERROR_MEMORY when it would be too large. */
bitmask *mask_combine(const bitmask *a, const bitmask *b, mask_op op, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Pixels whose centre is within `radius` of the polyline xy[n][2]: a brush stroke. pressure[n], if not NULL: the share
 * of the radius at each point, in between it changes evenly. Clipped to the image. */
bitmask *mask_from_stroke(const double *xy, guint n, double radius, const double *pressure, int image_w, int image_h,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Even-odd at pixel centres; clipped to the image. */
bitmask *mask_from_polygon(const double *xy, guint n, int image_w, int image_h,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* MultiPolygon WKB in pixel coordinates, y down, 4-connected parts, holes kept (GDALPolygonize). Valid by
 * OGR_G_IsValid, and its rasterisation by pixel centres is the mask, bit for bit. NULL + GEOMETRY_ERROR_EMPTY for an
 * empty mask. */
GBytes *mask_to_wkb(const bitmask *m, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bitmask *mask_from_wkb(GBytes *wkb,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT; /* trimmed; any polygon, not only pixel edges */

/* COCO compressed run lengths, column-major, first run zeros, over an image of w x h. Free with g_free. Sizes up to
 * 2^31 pixels. */
char *mask_to_rle(const bitmask *m, int w, int h);
bitmask *mask_from_rle(const char *counts, int w, int h, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same from the numbers themselves (COCO's uncompressed form). */
bitmask *mask_from_runs(const int64_t *runs, guint n, int w, int h, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(bitmask, mask_free)

G_END_DECLS
