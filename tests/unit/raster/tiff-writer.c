#include "tiff-writer.h"

uint64_t layout_value(const layout *l, int x, int y, int s)
{
	uint64_t v = (uint64_t)(x * 7 + y * 13 + s * 101 + (x * y) % 11);
	return l->bits >= 64 ? v : v & ((UINT64_C(1) << l->bits) - 1);
}

double layout_number(const layout *l, int x, int y, int s)
{
	uint64_t v = layout_value(l, x, y, s);
	if (l->format == SAMPLEFORMAT_INT) {
		int shift = 64 - l->bits;
		return (double)((int64_t)(v << shift) >> shift);
	}
	return (double)v;
}

static void put_sample(const layout *l, uint8_t *row, size_t i, int x, int y, int s)
{
	uint64_t v = layout_value(l, x, y, s);
	double number = layout_number(l, x, y, s);
	if (l->format == SAMPLEFORMAT_IEEEFP && l->bits == 32)
		((float *)(void *)row)[i] = (float)number;
	else if (l->format == SAMPLEFORMAT_IEEEFP && l->bits == 64)
		((double *)(void *)row)[i] = number;
	else if (l->format == SAMPLEFORMAT_COMPLEXINT && l->bits == 32)
		memcpy(row + 4 * i, (const int16_t[2]){(int16_t)(v % 1000), (int16_t)-s}, 4);
	else if (l->format == SAMPLEFORMAT_COMPLEXIEEEFP && l->bits == 64)
		memcpy(row + 8 * i, (const float[2]){(float)v, (float)y}, 8);
	else if (l->format == SAMPLEFORMAT_COMPLEXIEEEFP && l->bits == 128)
		memcpy(row + 16 * i, (const double[2]){(double)v, (double)y}, 16);
	else if (l->bits % 8 == 0 && l->bits != 24)
		memcpy(row + (size_t)l->bits / 8 * i, &v, (size_t)l->bits / 8);
	else
		for (int b = 0; b < l->bits; b++)
			if (v >> (l->bits - 1 - b) & 1) {
				size_t at = i * (size_t)l->bits + (size_t)b;
				row[at >> 3] |= (uint8_t)(0x80 >> (at & 7));
			}
}

/* Fills a chunk whose corner is at (x0, y0); outside the image the edge goes on. */
static void fill_chunk(const layout *l, uint8_t *out, size_t row_bytes, int w, int h, int x0, int y0, int first, int n)
{
	memset(out, 0, row_bytes * (size_t)h);
	for (int y = 0; y < h; y++)
		for (int x = 0; x < w; x++)
			for (int s = 0; s < n; s++)
				put_sample(l, out + (size_t)y * row_bytes, (size_t)(x * n + s), MIN(x0 + x, l->width - 1),
				           MIN(y0 + y, l->height - 1), first + s);
}

void set_layout_tags(TIFF *tif, const layout *l)
{
	static const uint16_t extra[16] = {0};
	int photometric = l->photometric ? l->photometric : l->samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
	int colors = photometric == PHOTOMETRIC_RGB || photometric == PHOTOMETRIC_YCBCR ? 3 : 1;
	TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, (uint32_t)l->width);
	TIFFSetField(tif, TIFFTAG_IMAGELENGTH, (uint32_t)l->height);
	TIFFSetField(tif, TIFFTAG_SAMPLESPERPIXEL, l->samples);
	TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, l->bits);
	TIFFSetField(tif, TIFFTAG_SAMPLEFORMAT, l->format);
	TIFFSetField(tif, TIFFTAG_COMPRESSION, l->compression);
	TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, photometric);
	TIFFSetField(tif, TIFFTAG_PLANARCONFIG, l->separate ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
	if (l->samples > colors)
		TIFFSetField(tif, TIFFTAG_EXTRASAMPLES, l->samples - colors, extra);
	if (l->predictor)
		TIFFSetField(tif, TIFFTAG_PREDICTOR, l->predictor);
	if (l->compression == COMPRESSION_JPEG)
		TIFFSetField(tif, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
	if (l->tile_w) {
		TIFFSetField(tif, TIFFTAG_TILEWIDTH, l->tile_w);
		TIFFSetField(tif, TIFFTAG_TILELENGTH, l->tile_h);
	} else {
		TIFFSetField(tif, TIFFTAG_ROWSPERSTRIP, l->tile_h ? l->tile_h : 7);
	}
}

void write_layout_pixels(TIFF *tif, const layout *l)
{
	int w = l->tile_w ? l->tile_w : l->width, h = l->tile_w ? l->tile_h : l->tile_h ? l->tile_h : 7;
	int together = l->separate ? 1 : l->samples;
	size_t row_bytes = ((size_t)w * (size_t)together * (size_t)l->bits + 7) / 8;
	g_autofree uint8_t *chunk = g_malloc(row_bytes * (size_t)h);
	uint32_t number = 0;
	for (int plane = 0; plane < (l->separate ? l->samples : 1); plane++)
		for (int y = 0; y < l->height; y += h)
			for (int x = 0; x < l->width; x += w, number++) {
				int rows = l->tile_w ? h : MIN(h, l->height - y);
				fill_chunk(l, chunk, row_bytes, w, rows, x, y, plane, together);
				tmsize_t bytes = (tmsize_t)(row_bytes * (size_t)rows);
				tmsize_t done = l->tile_w ? TIFFWriteEncodedTile(tif, number, chunk, bytes)
				                          : TIFFWriteEncodedStrip(tif, number, chunk, bytes);
				g_assert_cmpint(done, >=, 0);
			}
}

TIFF *open_layout(const char *path, const layout *l)
{
	char mode[8];
	g_snprintf(mode, sizeof mode, "w%s%s", l->big_tiff ? "8" : "4", l->big_endian ? "b" : "l");
	TIFF *tif = TIFFOpen(path, mode);
	g_assert_nonnull(tif);
	return tif;
}

void write_layout(const char *path, const layout *l)
{
	TIFF *tif = open_layout(path, l);
	set_layout_tags(tif, l);
	write_layout_pixels(tif, l);
	TIFFClose(tif);
}
