/* Samples as they are stored, turned into numbers. */
#include "render/raster/raster-private.h"
#include <float.h>
#include <math.h>
#include <string.h>

typedef struct {
	const char *name;
	size_t size;
	double min, max;
	bool complex;
} sample_type;

static const sample_type TYPES[] = {
	[RASTER_U8] = {"Byte", 1, 0, UINT8_MAX, false},
	[RASTER_I8] = {"Int8", 1, INT8_MIN, INT8_MAX, false},
	[RASTER_U16] = {"UInt16", 2, 0, UINT16_MAX, false},
	[RASTER_I16] = {"Int16", 2, INT16_MIN, INT16_MAX, false},
	[RASTER_U32] = {"UInt32", 4, 0, UINT32_MAX, false},
	[RASTER_I32] = {"Int32", 4, INT32_MIN, INT32_MAX, false},
	[RASTER_F32] = {"Float32", 4, -INFINITY, INFINITY, false},
	[RASTER_F64] = {"Float64", 8, -INFINITY, INFINITY, false},
	[RASTER_CI16] = {"CInt16", 4, -INFINITY, INFINITY, true},
	[RASTER_CI32] = {"CInt32", 8, -INFINITY, INFINITY, true},
	[RASTER_CF32] = {"CFloat32", 8, -INFINITY, INFINITY, true},
	[RASTER_CF64] = {"CFloat64", 16, -INFINITY, INFINITY, true},
	[RASTER_U64] = {"UInt64", 8, 0, 18446744073709549568.0, false},
	[RASTER_I64] = {"Int64", 8, -9223372036854775808.0, 9223372036854774784.0, false},
};

const char *raster_type_name(raster_type t)
{
	return TYPES[t].name;
}

size_t raster_type_size(raster_type t)
{
	return TYPES[t].size;
}

bool raster_type_is_complex(raster_type t)
{
	return TYPES[t].complex;
}

static bool is_floating(raster_type t)
{
	return t == RASTER_F32 || t == RASTER_F64 || TYPES[t].complex;
}

bool raster_type_holds(raster_type t, double value)
{
	if (t == RASTER_F32 || t == RASTER_CF32)
		return !isfinite(value) || fabs(value) < (double)FLT_MAX * (1 + 1e-7);
	if (is_floating(t))
		return true;
	/* An integer band cannot hold 0.5 either. */
	return value >= TYPES[t].min && value <= TYPES[t].max && value == floor(value);
}

/* One loop a type; the compiler makes straight vector code of it. The comparison with nodata is done in the stored
 * type's own precision (`same`), before the value is rounded to float. */
#define EACH_REAL(ctype, same)                                                                                         \
	{                                                                                                                  \
		const ctype *v = in;                                                                                           \
		if (out)                                                                                                       \
			for (size_t i = 0; i < n; i++)                                                                             \
				out[i] = (float)v[i];                                                                                  \
		if (ok && band->has_nodata) {                                                                                  \
			const ctype nodata = (ctype)band->nodata;                                                                  \
			for (size_t i = 0; i < n; i++)                                                                             \
				ok[i] |= (same);                                                                                       \
		} else if (ok) {                                                                                               \
			for (size_t i = 0; i < n; i++)                                                                             \
				ok[i] |= v[i] == v[i];                                                                                 \
		}                                                                                                              \
	}                                                                                                                  \
	break

/* GDAL keeps float nodata as text with fewer digits than the sample: equal within one rounding step counts as equal. An
 * infinite nodata is only equal to itself. */
static inline bool f32_differs(float v, float nodata)
{
	const float step = fabsf(nodata) <= FLT_MAX ? fabsf(nodata) * 1.2e-7f : -1;
	return v == v && v != nodata && !(fabsf(v - nodata) <= step);
}

static inline bool f64_differs(double v, double nodata)
{
	const double step = fabs(nodata) <= DBL_MAX ? fabs(nodata) * 2.3e-16 : -1;
	return v == v && v != nodata && !(fabs(v - nodata) <= step);
}

#define EACH_COMPLEX(ctype)                                                                                            \
	{                                                                                                                  \
		const ctype *v = in;                                                                                           \
		for (size_t i = 0; i < n; i++) {                                                                               \
			double re = (double)v[2 * i], im = (double)v[2 * i + 1], magnitude = sqrt(re * re + im * im);              \
			if (out)                                                                                                   \
				out[i] = (float)magnitude;                                                                             \
			if (ok)                                                                                                    \
				ok[i] |= magnitude == magnitude && !(band->has_nodata && re == band->nodata);                          \
		}                                                                                                              \
	}                                                                                                                  \
	break

static void convert(raster_type t, const void *in, size_t n, const raster_band *band, float *out, uint8_t *ok)
{
	switch (t) {
	case RASTER_U8:
		EACH_REAL(uint8_t, v[i] != nodata);
	case RASTER_I8:
		EACH_REAL(int8_t, v[i] != nodata);
	case RASTER_U16:
		EACH_REAL(uint16_t, v[i] != nodata);
	case RASTER_I16:
		EACH_REAL(int16_t, v[i] != nodata);
	case RASTER_U32:
		EACH_REAL(uint32_t, v[i] != nodata);
	case RASTER_I32:
		EACH_REAL(int32_t, v[i] != nodata);
	case RASTER_U64:
		EACH_REAL(uint64_t, v[i] != nodata);
	case RASTER_I64:
		EACH_REAL(int64_t, v[i] != nodata);
	case RASTER_F32:
		EACH_REAL(float, f32_differs(v[i], nodata));
	case RASTER_F64:
		EACH_REAL(double, f64_differs(v[i], nodata));
	case RASTER_CI16:
		EACH_COMPLEX(int16_t);
	case RASTER_CI32:
		EACH_COMPLEX(int32_t);
	case RASTER_CF32:
		EACH_COMPLEX(float);
	case RASTER_CF64:
		EACH_COMPLEX(double);
	}
}

void raster_samples_to_float(raster_type t, const void *in, size_t n, const raster_band *band, float *out)
{
	convert(t, in, n, band, out, NULL);
}

void raster_samples_valid(raster_type t, const void *in, size_t n, const raster_band *band, uint8_t *ok)
{
	convert(t, in, n, band, NULL, ok);
}

void raster_samples_alpha(raster_type t, const void *in, size_t n, uint8_t *out)
{
	if (t == RASTER_U8) {
		memcpy(out, in, n);
		return;
	}
	if (t == RASTER_U16) {
		const uint16_t *v = in;
		for (size_t i = 0; i < n; i++)
			out[i] = (uint8_t)((v[i] + 128u) / 257u) | (v[i] && v[i] < 129);
		return;
	}
	/* Other types have no agreed scale (Int16 up to 32767, floats up to 1 or to 255): what is not zero is opaque. */
	const raster_band none = {.has_nodata = true, .nodata = 0};
	memset(out, 0, n);
	convert(t, in, n, &none, NULL, out);
	for (size_t i = 0; i < n; i++)
		out[i] = out[i] ? 255 : 0;
}

/* Whole ones in full as long as doubles hold them; the others with so many figures. */
static char *real_text(double v, int figures)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE + 20], format[8];
	const bool whole = v == trunc(v) && fabs(v) < (figures > 9 ? 1e15 : 1e9);
	g_snprintf(format, sizeof format, "%%.%d%c", whole ? 0 : figures, whole ? 'f' : 'g');
	return g_strdup(g_ascii_formatd(text, sizeof text, format, v));
}

static char *magnitude_text(double re, double im, int figures)
{
	return real_text(sqrt(re * re + im * im), figures);
}

char *raster_sample_text(raster_type t, const void *sample)
{
	switch (t) {
	case RASTER_U8:
		return g_strdup_printf("%u", *(const uint8_t *)sample);
	case RASTER_I8:
		return g_strdup_printf("%d", *(const int8_t *)sample);
	case RASTER_U16:
		return g_strdup_printf("%u", *(const uint16_t *)sample);
	case RASTER_I16:
		return g_strdup_printf("%d", *(const int16_t *)sample);
	case RASTER_U32:
		return g_strdup_printf("%" G_GUINT32_FORMAT, *(const uint32_t *)sample);
	case RASTER_I32:
		return g_strdup_printf("%" G_GINT32_FORMAT, *(const int32_t *)sample);
	case RASTER_U64:
		return g_strdup_printf("%" G_GUINT64_FORMAT, *(const guint64 *)sample);
	case RASTER_I64:
		return g_strdup_printf("%" G_GINT64_FORMAT, *(const gint64 *)sample);
	case RASTER_F32:
		return real_text((double)*(const float *)sample, 7);
	case RASTER_F64:
		return real_text(*(const double *)sample, 10);
	case RASTER_CI16:
		return magnitude_text(((const int16_t *)sample)[0], ((const int16_t *)sample)[1], 7);
	case RASTER_CI32:
		return magnitude_text(((const int32_t *)sample)[0], ((const int32_t *)sample)[1], 10);
	case RASTER_CF32:
		return magnitude_text((double)((const float *)sample)[0], (double)((const float *)sample)[1], 7);
	case RASTER_CF64:
		return magnitude_text(((const double *)sample)[0], ((const double *)sample)[1], 10);
	}
	g_return_val_if_reached(NULL);
}

#define FILL(ctype, parts)                                                                                             \
	{                                                                                                                  \
		ctype *v = out;                                                                                                \
		for (size_t i = 0; i < n; i++)                                                                                 \
			for (size_t k = 0; k < (parts); k++)                                                                       \
				v[i * (parts) + k] = k ? 0 : (ctype)value;                                                             \
	}                                                                                                                  \
	break

void raster_samples_fill(raster_type t, void *out, size_t n, double value)
{
	switch (t) {
	case RASTER_U8:
		FILL(uint8_t, 1);
	case RASTER_I8:
		FILL(int8_t, 1);
	case RASTER_U16:
		FILL(uint16_t, 1);
	case RASTER_I16:
		FILL(int16_t, 1);
	case RASTER_U32:
		FILL(uint32_t, 1);
	case RASTER_I32:
		FILL(int32_t, 1);
	case RASTER_U64:
		FILL(uint64_t, 1);
	case RASTER_I64:
		FILL(int64_t, 1);
	case RASTER_F32:
		FILL(float, 1);
	case RASTER_F64:
		FILL(double, 1);
	case RASTER_CI16:
		FILL(int16_t, 2);
	case RASTER_CI32:
		FILL(int32_t, 2);
	case RASTER_CF32:
		FILL(float, 2);
	case RASTER_CF64:
		FILL(double, 2);
	}
}
