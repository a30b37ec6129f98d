/* Marks on an image, the views it is cut into and the raster of the marks in them (spec earthgpt-x.md 3, 4 and 12). All
 * of it pure, geometry in f64. */
#pragma once
#include "infer/models/earthgpt-x.h"

G_BEGIN_DECLS

/* A square frame of `side` pixels: the source point (x, y) lies at ((x - x0) * scale - ox, (y - y0) * scale - oy). */
typedef struct {
	int number; /* of the view: 0 the whole image, 1..4 its quarters */
	int side;
	double scale, ox, oy, x0, y0;
} egx_frame;

/* Size of an image whose longer side becomes `side`: max(1, floor(old * scale + 0.5)). */
void egx_resized(int w, int h, int side, int *new_w, int *new_h);
/* The views of an image, view 0 first; returns how many. drop: sub-views only above 1.25 * side, and not those that
 * would hold padding alone (EfficientNet-Lite); otherwise always all (ConvNeXt). fast: view 0 alone. */
uint32_t egx_views(int w, int h, int side, uint32_t most, bool drop, bool fast, egx_frame out[EGX_VIEWS]);

/* Bounding box x0, y0, x1, y1 of a region's geometry in source pixels, clipped to the image: a scribble's without its
 * width, a point's is the point. */
void egx_bounds(const egx_region *r, int w, int h, double b[4]);
/* g_k: sin and cos of 2^j pi u for u in x0, y0, x1, y1 over the longer side and j = 0..7. */
#define EGX_CODE 64
void egx_position_code(const egx_region *r, int w, int h, float out[EGX_CODE]);
/* s_k: log2 of the bounding box's sides and of the image's, in 64 px (box 1 px at least, image 256 at most), and 0; of
 * a point, which has no extent, 0, 0 and 1 in the box's place and last. */
#define EGX_SIZE 5
void egx_size_code(const egx_region *r, int w, int h, float out[EGX_SIZE]);

/* The part of the image around a region (spec 12, "Zoom vector"). Its side is at most the image's longer one, as in
 * training: a mark on all of a small image is seen at full resolution. */
typedef struct {
	int x, y, w, h;   /* pixels of the image */
	int new_w, new_h; /* size in the frame */
	egx_frame frame;
} egx_close_up;
egx_close_up egx_close_up_of(const egx_region *r, int w, int h, int side);

/* Coverage [side][side] of the frame's pixels by a region, in sixteenths. */
void egx_coverage(const egx_frame *f, const egx_region *r, int w, int h, float *cov);
/* V_p: planes [4][side][side]; n = 0: the whole image, numbered 0. cov [n][side][side] is filled too. */
void egx_raster(const egx_frame *f, const egx_region *regions, uint32_t n, int w, int h, float *planes, float *cov);
/* Means over grid x grid cells of a coverage: c_k. */
void egx_cells(const float *cov, int side, int grid, float *out);

G_END_DECLS
