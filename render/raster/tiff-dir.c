#include "render/raster/tiff-dir.h"
#include <glib/gi18n-lib.h>
#include <string.h>

/* Nobody packs better than this by far; a chunk that claims more out of its bytes is a lie of the header. */
#define PACKING_LIMIT 100000

static bool is_supported(const tiff_dir *d)
{
	static const uint16_t codecs[] = {
		COMPRESSION_NONE, COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3,     COMPRESSION_CCITTFAX4, COMPRESSION_LZW,
		COMPRESSION_JPEG, COMPRESSION_DEFLATE,  COMPRESSION_ADOBE_DEFLATE, COMPRESSION_PACKBITS,  COMPRESSION_LZMA,
		COMPRESSION_ZSTD, COMPRESSION_WEBP,     COMPRESSION_LERC};
	bool known = false;
	for (guint i = 0; i < G_N_ELEMENTS(codecs); i++)
		known |= codecs[i] == d->compression;
	if (!known || !TIFFIsCODECConfigured(d->compression))
		return false;
	switch (d->photometric) {
	case PHOTOMETRIC_MINISWHITE:
	case PHOTOMETRIC_MINISBLACK:
	case PHOTOMETRIC_RGB:
	case PHOTOMETRIC_PALETTE:
	case PHOTOMETRIC_MASK:
	case PHOTOMETRIC_SEPARATED:
		return true;
	case PHOTOMETRIC_YCBCR: /* libjpeg turns it to RGB; others would stay subsampled */
		return d->compression == COMPRESSION_JPEG && d->samples == 3 && !d->separate && d->bits == 8;
	default:
		return false;
	}
}

static bool describe_chunks(TIFF *tif, tiff_dir *d)
{
	uint32_t w = (uint32_t)d->width, h = (uint32_t)d->height;
	d->tiled = TIFFIsTiled(tif);
	if (d->tiled) {
		if (!TIFFGetField(tif, TIFFTAG_TILEWIDTH, &w) || !TIFFGetField(tif, TIFFTAG_TILELENGTH, &h))
			return false;
	} else {
		uint32_t rows = 0;
		TIFFGetFieldDefaulted(tif, TIFFTAG_ROWSPERSTRIP, &rows);
		h = MIN(h, rows);
	}
	if (w == 0 || h == 0 || w > INT32_MAX || h > INT32_MAX)
		return false;
	d->chunk_w = (int)w;
	d->chunk_h = (int)h;
	d->across = ((uint32_t)d->width - 1) / w + 1;
	d->down = ((uint32_t)d->height - 1) / h + 1;
	return true;
}

static void describe_alpha(TIFF *tif, tiff_dir *d)
{
	uint16_t n = 0, *kinds = NULL;
	d->alpha_extra = -1;
	if (!TIFFGetField(tif, TIFFTAG_EXTRASAMPLES, &n, &kinds))
		return;
	for (int i = 0; i < n && i < d->samples && d->alpha_extra < 0; i++)
		if (kinds[i] == EXTRASAMPLE_ASSOCALPHA)
			d->alpha_extra = d->samples - n + i;
}

bool tiff_dir_describe(TIFF *tif, tiff_dir *d)
{
	uint32_t w = 0, h = 0, kind = 0, depth = 1;
	uint16_t samples = 1, bits = 1, planar = PLANARCONFIG_CONTIG, old_kind = 0;
	*d = (tiff_dir){.offset = TIFFCurrentDirOffset(tif), .format = SAMPLEFORMAT_UINT};
	if (!TIFFGetField(tif, TIFFTAG_IMAGEWIDTH, &w) || !TIFFGetField(tif, TIFFTAG_IMAGELENGTH, &h) || w == 0 || h == 0 ||
	    w > INT32_MAX || h > INT32_MAX)
		return false;
	TIFFGetFieldDefaulted(tif, TIFFTAG_SAMPLESPERPIXEL, &samples);
	TIFFGetFieldDefaulted(tif, TIFFTAG_BITSPERSAMPLE, &bits);
	TIFFGetFieldDefaulted(tif, TIFFTAG_SAMPLEFORMAT, &d->format);
	TIFFGetFieldDefaulted(tif, TIFFTAG_PLANARCONFIG, &planar);
	TIFFGetFieldDefaulted(tif, TIFFTAG_COMPRESSION, &d->compression);
	TIFFGetFieldDefaulted(tif, TIFFTAG_IMAGEDEPTH, &depth);
	if (!TIFFGetField(tif, TIFFTAG_PHOTOMETRIC, &d->photometric))
		d->photometric = PHOTOMETRIC_MINISBLACK;
	if (TIFFGetField(tif, TIFFTAG_SUBFILETYPE, &kind)) {
		d->reduced = kind & FILETYPE_REDUCEDIMAGE;
		d->mask = kind & FILETYPE_MASK;
	} else if (TIFFGetField(tif, TIFFTAG_OSUBFILETYPE, &old_kind)) {
		d->reduced = old_kind == OFILETYPE_REDUCEDIMAGE;
	}
	d->width = (int)w;
	d->height = (int)h;
	d->samples = samples;
	d->bits = bits;
	d->separate = planar == PLANARCONFIG_SEPARATE && samples > 1;
	describe_alpha(tif, d);
	return samples > 0 && depth == 1 && describe_chunks(tif, d) && is_supported(d);
}

bool tiff_dir_type(const tiff_dir *d, raster_type *type)
{
	static const struct {
		int bits, format;
		raster_type type;
	} table[] = {
		{8, SAMPLEFORMAT_UINT, RASTER_U8},
		{8, SAMPLEFORMAT_INT, RASTER_I8},
		{16, SAMPLEFORMAT_UINT, RASTER_U16},
		{16, SAMPLEFORMAT_INT, RASTER_I16},
		{16, SAMPLEFORMAT_IEEEFP, RASTER_F32},
		{24, SAMPLEFORMAT_IEEEFP, RASTER_F32},
		{32, SAMPLEFORMAT_UINT, RASTER_U32},
		{32, SAMPLEFORMAT_INT, RASTER_I32},
		{32, SAMPLEFORMAT_IEEEFP, RASTER_F32},
		{32, SAMPLEFORMAT_COMPLEXINT, RASTER_CI16},
		{64, SAMPLEFORMAT_UINT, RASTER_U64},
		{64, SAMPLEFORMAT_INT, RASTER_I64},
		{64, SAMPLEFORMAT_IEEEFP, RASTER_F64},
		{64, SAMPLEFORMAT_COMPLEXINT, RASTER_CI32},
		{64, SAMPLEFORMAT_COMPLEXIEEEFP, RASTER_CF32},
		{128, SAMPLEFORMAT_COMPLEXIEEEFP, RASTER_CF64},
	};
	int format = d->format == SAMPLEFORMAT_VOID ? SAMPLEFORMAT_UINT : d->format;
	for (guint i = 0; i < G_N_ELEMENTS(table); i++)
		if (table[i].bits == d->bits && table[i].format == format) {
			*type = table[i].type;
			return true;
		}
	if (format != SAMPLEFORMAT_UINT || d->bits < 1 || d->bits > 31)
		return false;
	*type = d->bits < 8 ? RASTER_U8 : d->bits < 16 ? RASTER_U16 : RASTER_U32;
	return true;
}

int tiff_dir_together(const tiff_dir *d)
{
	return d->separate ? 1 : d->samples;
}

uint64_t tiff_dir_chunks(const tiff_dir *d)
{
	return (uint64_t)d->across * d->down * (d->separate ? (uint64_t)d->samples : 1);
}

/* Rows start at whole bytes. */
static uint64_t packed_row(const tiff_dir *d)
{
	return ((uint64_t)d->chunk_w * (uint64_t)tiff_dir_together(d) * (uint64_t)d->bits + 7) / 8;
}

uint64_t tiff_dir_packed_bytes(const tiff_dir *d)
{
	uint64_t row = packed_row(d);
	return row > UINT64_MAX / (uint64_t)d->chunk_h ? UINT64_MAX : row * (uint64_t)d->chunk_h;
}

/* Bits and small floats are widened; what is as wide as one of the types is taken as it is. */
static bool is_packed(const tiff_dir *d)
{
	return d->bits % 8 != 0 || d->bits == 24 || (d->bits == 16 && d->format == SAMPLEFORMAT_IEEEFP);
}

static void unpack_bits(const uint8_t *in, size_t n, int bits, raster_type type, void *out)
{
	uint64_t at = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t v = 0;
		for (int b = 0; b < bits; b++, at++)
			v = v << 1 | (in[at >> 3] >> (7 - (at & 7)) & 1u);
		if (type == RASTER_U8)
			((uint8_t *)out)[i] = (uint8_t)v;
		else if (type == RASTER_U16)
			((uint16_t *)out)[i] = (uint16_t)v;
		else
			((uint32_t *)out)[i] = v;
	}
}

static void unpack_single_bits(const uint8_t *in, size_t n, uint8_t *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = in[i >> 3] >> (7 - (i & 7)) & 1;
}

/* Small floats as IEEE 754 has them: sign, `exponent` bits, `mantissa` bits; denormals, infinities and NaN included. */
static float widen_float(uint32_t v, int exponent, int mantissa)
{
	uint32_t sign = v >> (exponent + mantissa) & 1, e = v >> mantissa & ((1u << exponent) - 1);
	uint32_t m = v & ((1u << mantissa) - 1), bits;
	uint32_t top = (1u << exponent) - 1, bias = (1u << (exponent - 1)) - 1;
	if (e == 0 && m != 0) {
		e = 1;
		while (!(m >> mantissa)) {
			m <<= 1;
			e--; /* wraps below zero; the sum with 127 - bias is right again */
		}
		m &= (1u << mantissa) - 1;
		bits = sign << 31 | (e + 127 - bias) << 23 | m << (23 - mantissa);
	} else if (e == 0) {
		bits = sign << 31;
	} else if (e == top) {
		bits = sign << 31 | 0xffu << 23 | m << (23 - mantissa);
	} else {
		bits = sign << 31 | (e + 127 - bias) << 23 | m << (23 - mantissa);
	}
	float f;
	memcpy(&f, &bits, sizeof f);
	return f;
}

/* libtiff has put the bytes of both into the machine's order. */
static void unpack_floats(const uint8_t *in, size_t n, int bits, float *out)
{
	for (size_t i = 0; i < n; i++) {
		if (bits == 16) {
			uint16_t v;
			memcpy(&v, in + 2 * i, 2);
			out[i] = widen_float(v, 5, 10);
		} else {
			const uint8_t *p = in + 3 * i;
			uint32_t v = G_BYTE_ORDER == G_LITTLE_ENDIAN ? (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16
			                                             : (uint32_t)p[2] | (uint32_t)p[1] << 8 | (uint32_t)p[0] << 16;
			out[i] = widen_float(v, 7, 16);
		}
	}
}

static void *unpack(const tiff_dir *d, const uint8_t *packed, int rows, size_t *size)
{
	raster_type type = RASTER_U8;
	tiff_dir_type(d, &type);
	size_t row = (size_t)d->chunk_w * (size_t)tiff_dir_together(d), wide = raster_type_size(type);
	uint8_t *out = g_try_malloc_n((size_t)rows, row * wide);
	for (int y = 0; out && y < rows; y++) {
		const uint8_t *in = packed + (size_t)y * packed_row(d);
		uint8_t *to = out + (size_t)y * row * wide;
		if (d->format == SAMPLEFORMAT_IEEEFP)
			unpack_floats(in, row, d->bits, (float *)(void *)to);
		else if (d->bits == 1)
			unpack_single_bits(in, row, to);
		else
			unpack_bits(in, row, d->bits, type, to);
	}
	*size = (size_t)rows * row * wide;
	return out;
}

static int rows_of(const tiff_dir *d, uint32_t number)
{
	uint32_t strip = number / d->across % d->down;
	return d->tiled ? d->chunk_h : MIN(d->chunk_h, d->height - (int)strip * d->chunk_h);
}

/* Where the image misses something, in pixels: what a person can look at. */
static void set_place_error(const tiff_dir *d, const tiff_pool *pool, uint32_t number, const char *why, GError **error)
{
	uint32_t place = number % (d->across * d->down);
	int x = (int)(place % d->across) * d->chunk_w, y = (int)(place / d->across) * d->chunk_h;
	g_set_error(error, RASTER_ERROR, RASTER_ERROR_CORRUPT,
	            _("%s: the pixels from column %d, row %d to %d, %d (of %dx%d) cannot be decoded: %s"),
	            tiff_pool_path(pool), x, y, MIN(x + d->chunk_w, d->width) - 1, MIN(y + d->chunk_h, d->height) - 1,
	            d->width, d->height, why);
}

#define COUNTED_CHUNKS 1000000 /* of more it is not said how many are missing */

/* How much of an image whose file ends too early is missing: its tiles or strips and the rows that they are in. */
static char *describe_missing(const tiff_dir *d, const tiff_handle *h, uint64_t end)
{
	const uint64_t n = tiff_dir_chunks(d);
	uint32_t missing = 0, first = d->down, last = 0;
	for (uint32_t i = 0; n <= COUNTED_CHUNKS && i < n; i++) {
		const uint64_t at = TIFFGetStrileOffset(h->tif, i), bytes = TIFFGetStrileByteCount(h->tif, i);
		if (at <= end && bytes <= end - at)
			continue;
		const uint32_t row = i / d->across % d->down;
		first = MIN(first, row);
		last = MAX(last, row);
		missing++;
	}
	if (missing == 0)
		return g_strdup(_("it is incomplete"));
	const int row0 = (int)first * d->chunk_h, row1 = MIN(((int)last + 1) * d->chunk_h, d->height) - 1;
	return g_strdup_printf(d->tiled ? _("it is incomplete and lacks %u of %u tiles, in rows %d to %d")
	                                : _("it is incomplete and lacks %u of %u strips, in rows %d to %d"),
	                       missing, (guint)n, row0, row1);
}

static char *describe_end(const tiff_dir *d, const tiff_handle *h, uint64_t at, uint64_t bytes, uint64_t end)
{
	g_autofree char *missing = describe_missing(d, h, end);
	return g_strdup_printf(_("they should be at bytes %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
	                         ", but the file ends at %" G_GUINT64_FORMAT "; %s: copy it again"),
	                       at, at + bytes, end, missing);
}

/* Looks at what the file holds for the chunk before any memory is asked for. */
static bool check_place(const tiff_dir *d, const tiff_pool *pool, tiff_handle *h, uint32_t number, bool *sparse,
                        GError **error)
{
	int bad = 0, bad_count = 0;
	uint64_t at = TIFFGetStrileOffsetWithErr(h->tif, number, &bad);
	uint64_t bytes = TIFFGetStrileByteCountWithErr(h->tif, number, &bad_count);
	uint64_t end = tiff_pool_file_size(pool);
	*sparse = !bad && !bad_count && at == 0 && bytes == 0;
	if (*sparse)
		return true;
	g_autofree char *why = NULL;
	if (bad || bad_count)
		why = g_strdup(_("the file does not say where they are"));
	else if (at > end || bytes > end - at)
		why = describe_end(d, h, at, bytes, end);
	else if (tiff_dir_packed_bytes(d) / PACKING_LIMIT > bytes)
		why = g_strdup_printf(_("%" G_GUINT64_FORMAT " bytes cannot hold so many pixels"), bytes);
	if (why)
		set_place_error(d, pool, number, why, error);
	return why == NULL;
}

static void *blank_chunk(const tiff_dir *d, int rows, double blank, size_t *size)
{
	raster_type type = RASTER_U8;
	tiff_dir_type(d, &type);
	size_t n = (size_t)d->chunk_w * (size_t)rows * (size_t)tiff_dir_together(d);
	void *out = g_try_malloc(n * raster_type_size(type));
	if (out)
		raster_samples_fill(type, out, n, blank);
	*size = n * raster_type_size(type);
	return out;
}

static void *set_memory_error(const tiff_pool *pool, GError **error)
{
	g_set_error(error, RASTER_ERROR, RASTER_ERROR_UNSUPPORTED, _("%s: not enough memory to decode a part of it"),
	            tiff_pool_path(pool));
	return NULL;
}

void *tiff_dir_decode(const tiff_dir *d, const tiff_pool *pool, tiff_handle *h, uint32_t number, double blank,
                      size_t *size, GError **error)
{
	int rows = rows_of(d, number);
	bool sparse = false;
	if (!check_place(d, pool, h, number, &sparse, error))
		return NULL;
	if (sparse) {
		void *out = blank_chunk(d, rows, blank, size);
		return out ? out : set_memory_error(pool, error);
	}
	*size = (size_t)rows * (size_t)packed_row(d);
	g_autofree uint8_t *packed = g_try_malloc(*size);
	if (!packed)
		return set_memory_error(pool, error);
	tmsize_t got = d->tiled ? TIFFReadEncodedTile(h->tif, number, packed, (tmsize_t)*size)
	                        : TIFFReadEncodedStrip(h->tif, number, packed, (tmsize_t)*size);
	if (got < 0 || (size_t)got < *size || h->cut_short) {
		set_place_error(d, pool, number, tiff_handle_reason(h), error);
		return NULL;
	}
	if (!is_packed(d))
		return g_steal_pointer(&packed);
	void *out = unpack(d, packed, rows, size);
	return out ? out : set_memory_error(pool, error);
}
