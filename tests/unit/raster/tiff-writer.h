/* Writes small TIFFs of any layout through libtiff, with values that are known for each pixel. */
#pragma once
#include "raster-test.h"

typedef struct {
	const char *name;
	int width, height, samples, bits, format, compression;
	int tile_w, tile_h; /* 0: strips of tile_h rows, or of 7 */
	bool separate, big_endian, big_tiff;
	int photometric; /* 0: by the number of samples */
	int predictor;
	bool lossy;
} layout;

/* The bits stored for a sample; small enough for any depth. */
uint64_t layout_value(const layout *l, int x, int y, int s);
/* The number that a reader should see. */
double layout_number(const layout *l, int x, int y, int s);

TIFF *open_layout(const char *path, const layout *l);
void set_layout_tags(TIFF *tif, const layout *l);
/* The pixels of the current directory. */
void write_layout_pixels(TIFF *tif, const layout *l);
/* All of it. */
void write_layout(const char *path, const layout *l);
