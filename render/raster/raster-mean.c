/* What is nodata or NaN does not count. */
#include "render/raster/raster-mean.h"
#include <math.h>
#include <string.h>

struct raster_mean {
	raster_type type;
	int width;             /* of the row that is made */
	int step, each, tries; /* of every `step` samples one in `each` is taken, `tries` in all */
	double *sum;           /* [width] */
	uint32_t *count;       /* [width] */
	float *values;
	uint8_t *ok;
	int room; /* samples that values and ok hold */
};

raster_mean *raster_mean_new(raster_type type, int width, int step)
{
	raster_mean *m = g_new0(raster_mean, 1);
	m->type = type;
	m->width = width;
	m->step = step;
	m->each = MAX(1, step / RASTER_MEAN_SIDE);
	m->tries = MIN(step, RASTER_MEAN_SIDE);
	m->room = width * step;
	m->sum = g_new0(double, (size_t)width);
	m->count = g_new0(uint32_t, (size_t)width);
	m->values = g_new(float, (size_t)m->room);
	m->ok = g_new(uint8_t, (size_t)m->room);
	return m;
}

void raster_mean_free(raster_mean *m)
{
	g_free(m->sum);
	g_free(m->count);
	g_free(m->values);
	g_free(m->ok);
	g_free(m);
}

int raster_mean_tries(int step)
{
	return MIN(step, RASTER_MEAN_SIDE);
}

int raster_mean_offset(int step, int k)
{
	return k * MAX(1, step / RASTER_MEAN_SIDE);
}

void raster_mean_add(raster_mean *m, const void *row, int n, const raster_band *band)
{
	raster_samples_to_float(m->type, row, (size_t)n, band, m->values);
	memset(m->ok, 0, (size_t)n);
	raster_samples_valid(m->type, row, (size_t)n, band, m->ok);
	for (int i = 0; i < m->width; i++) {
		double sum = 0;
		uint32_t count = 0;
		for (int k = 0; k < m->tries; k++) {
			int at = MIN(i * m->step + k * m->each, n - 1);
			if (m->ok[at] && isfinite(m->values[at])) {
				sum += m->values[at];
				count++;
			}
		}
		m->sum[i] += sum;
		m->count[i] += count;
	}
}

#define STORE(ctype, round)                                                                                            \
	for (int i = 0; i < m->width; i++)                                                                                 \
		((ctype *)out)[i] =                                                                                            \
			(ctype)(m->count[i] ? (round ? floor(m->sum[i] / m->count[i] + 0.5) : m->sum[i] / m->count[i]) : none);    \
	break

void raster_mean_take(raster_mean *m, const raster_band *band, void *out)
{
	const bool floating = m->type == RASTER_F32 || m->type == RASTER_F64;
	const double none = band->has_nodata ? band->nodata : floating ? (double)NAN : 0;
	switch (m->type) {
	case RASTER_U8:
		STORE(uint8_t, true);
	case RASTER_I8:
		STORE(int8_t, true);
	case RASTER_U16:
		STORE(uint16_t, true);
	case RASTER_I16:
		STORE(int16_t, true);
	case RASTER_U32:
		STORE(uint32_t, true);
	case RASTER_I32:
		STORE(int32_t, true);
	case RASTER_F32:
		STORE(float, false);
	case RASTER_F64:
		STORE(double, false);
	default: /* complex and 64-bit integers are never averaged: raster_can_mean */
		break;
	}
	memset(m->sum, 0, (size_t)m->width * sizeof *m->sum);
	memset(m->count, 0, (size_t)m->width * sizeof *m->count);
}

/* Codes are not averaged: palettes hold classes. */
bool raster_can_mean(const raster *r)
{
	return !r->info.palette && !raster_type_is_complex(r->info.type) && r->info.type != RASTER_U64 &&
	       r->info.type != RASTER_I64;
}
