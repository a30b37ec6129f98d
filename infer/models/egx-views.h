/* Pictures on the host: from the image to what the branches read (spec earthgpt-x.md 3 and 12). All of it pure. */
#pragma once
#include "infer/models/egx-raster.h"

G_BEGIN_DECLS

typedef struct {
	const float *mean, *std; /* [3], on 0..255 */
} egx_normal;
/* The views of an image as planes, [3][side][side] each; the reader keeps what it has resized. */
typedef struct {
	const uint8_t *rgb;
	int w, h, side;
	bool cnx;
	/* The image resized to `side` and to 2 * side; NULL before it is needed. */
	struct {
		uint8_t *rgb;
		int w, h;
	} small, big;
} egx_reader;
void egx_reader_clear(egx_reader *r);
void egx_read_view(egx_reader *r, const egx_frame *f, egx_normal normal, float *planes);
/* A close-up, [3][frame.side][frame.side]. */
void egx_read_close_up(const egx_reader *r, const egx_close_up *c, egx_normal normal, float *planes);
/* planes [channels][side][side] -> patches [(side/patch)^2][channels][patch][patch]. */
void egx_cut_patches(const float *planes, int channels, int side, int patch, float *out);
/* planes [3][side][side] -> [side][side][4], the fourth 0. */
void egx_interleave(const float *planes, int side, float *out);
/* Bilinear, align_corners false, [3][from][from] -> [3][to][to]. */
void egx_stretch(const float *planes, int from, int to, float *out);

G_END_DECLS
