#include "infer/ops/ref.h"
#include <math.h>

float ref_activate(op_act act, float x)
{
	switch (act) {
	case ACT_RELU:
		return fmaxf(x, 0.0f);
	case ACT_RELU6:
		return fminf(fmaxf(x, 0.0f), 6.0f);
	case ACT_GELU:
		return 0.5f * x * (1.0f + erff(x * (float)M_SQRT1_2));
	case ACT_SILU:
		return x / (1.0f + expf(-x));
	case ACT_NONE:
		break;
	}
	return x;
}

void ref_linear(float *y, const float *x, const float *w, const float *bias, const float *add, uint32_t rows,
                uint32_t in, uint32_t out, op_act act)
{
	for (uint64_t r = 0; r < rows; r++)
		for (uint64_t o = 0; o < out; o++) {
			double s = bias ? bias[o] : 0.0;
			for (uint64_t i = 0; i < in; i++)
				s += (double)x[r * in + i] * w[o * in + i];
			y[r * out + o] = ref_activate(act, (float)(s + (add ? add[r * out + o] : 0.0f)));
		}
}

/* Sum over the kernel window of output (i,j) for one pair of channels. */
static double window_sum(const float *x, const float *w, const ref_conv_shape *s, uint32_t i, uint32_t j, uint32_t c)
{
	double sum = 0.0;
	for (uint32_t ky = 0; ky < s->k; ky++)
		for (uint32_t kx = 0; kx < s->k; kx++) {
			const int64_t iy = (int64_t)i * s->stride + ky - s->pad_y, ix = (int64_t)j * s->stride + kx - s->pad_x;
			if (iy >= 0 && iy < s->in_h && ix >= 0 && ix < s->in_w)
				sum += (double)x[((uint64_t)iy * s->in_w + (uint64_t)ix) * s->in_c + c] * w[ky * s->k + kx];
		}
	return sum;
}

void ref_conv(float *y, const float *x, const float *w, const float *bias, const float *add, const ref_conv_shape *s)
{
	uint64_t at = 0;
	for (uint32_t i = 0; i < s->out_h; i++)
		for (uint32_t j = 0; j < s->out_w; j++)
			for (uint32_t o = 0; o < s->out_c; o++, at++) {
				double sum = bias ? bias[o] : 0.0;
				for (uint32_t c = 0; c < s->in_c; c++)
					sum += window_sum(x, w + ((uint64_t)o * s->in_c + c) * s->k * s->k, s, i, j, c);
				y[at] = ref_activate(s->act, (float)(sum + (add ? add[at] : 0.0f)));
			}
}

void ref_depthwise(float *y, const float *x, const float *w, const float *bias, const ref_conv_shape *s)
{
	for (uint32_t i = 0; i < s->out_h; i++)
		for (uint32_t j = 0; j < s->out_w; j++)
			for (uint32_t c = 0; c < s->in_c; c++) {
				const double sum = (bias ? bias[c] : 0.0) + window_sum(x, w + (uint64_t)c * s->k * s->k, s, i, j, c);
				*y++ = ref_activate(s->act, (float)sum);
			}
}

void ref_conv_transpose2(float *y, const float *x, const float *w, const float *bias, const float *add, uint32_t h,
                         uint32_t width, uint32_t in, uint32_t out, op_act act)
{
	uint64_t at = 0;
	for (uint32_t i = 0; i < 2 * h; i++)
		for (uint32_t j = 0; j < 2 * width; j++)
			for (uint32_t o = 0; o < out; o++, at++) {
				double s = bias ? bias[o] : 0.0;
				for (uint32_t c = 0; c < in; c++)
					s += (double)x[((uint64_t)(i / 2) * width + j / 2) * in + c] *
					     w[((uint64_t)c * out + o) * 4 + (i % 2) * 2 + j % 2];
				y[at] = ref_activate(act, (float)(s + (add ? add[at] : 0.0f)));
			}
}

void ref_layer_norm(float *y, const float *x, const float *gamma, const float *beta, uint32_t rows, uint32_t cols,
                    float eps, op_act act)
{
	for (uint32_t r = 0; r < rows; r++, x += cols, y += cols) {
		double mean = 0.0, var = 0.0;
		for (uint32_t i = 0; i < cols; i++)
			mean += x[i];
		mean /= cols;
		for (uint32_t i = 0; i < cols; i++)
			var += (x[i] - mean) * (x[i] - mean);
		const double scale = 1.0 / sqrt(var / cols + eps);
		for (uint32_t i = 0; i < cols; i++)
			y[i] = ref_activate(act, (float)((x[i] - mean) * scale * gamma[i] + beta[i]));
	}
}

void ref_combine(char op, float *y, const float *a, const float *b, uint64_t n, uint64_t b_count, op_act act)
{
	for (uint64_t i = 0; i < n; i++)
		y[i] = ref_activate(act, op == '*' ? a[i] * b[i % b_count] : a[i] + b[i % b_count]);
}

void ref_upsample2_add(float *y, const float *x, const float *skip, uint32_t h, uint32_t w, uint32_t c)
{
	for (uint64_t i = 0; i < 2 * h; i++)
		for (uint64_t j = 0; j < 2 * w; j++)
			for (uint64_t o = 0; o < c; o++)
				*y++ = x[(i / 2 * w + j / 2) * c + o] + *skip++;
}

void ref_resize(float *y, const float *x, uint32_t in_w, uint32_t src_h, uint32_t src_w, uint32_t out_h, uint32_t out_w)
{
	for (uint32_t i = 0; i < out_h; i++)
		for (uint32_t j = 0; j < out_w; j++) {
			const double sy = fmax(0.0, (i + 0.5) * src_h / out_h - 0.5),
						 sx = fmax(0.0, (j + 0.5) * src_w / out_w - 0.5);
			const uint32_t y0 = MIN((uint32_t)sy, src_h - 1), x0 = MIN((uint32_t)sx, src_w - 1);
			const uint32_t y1 = MIN(y0 + 1, src_h - 1), x1 = MIN(x0 + 1, src_w - 1);
			const double fy = sy - y0, fx = sx - x0;
			const double a = x[y0 * in_w + x0] * (1.0 - fx) + x[y0 * in_w + x1] * fx;
			const double b = x[y1 * in_w + x0] * (1.0 - fx) + x[y1 * in_w + x1] * fx;
			*y++ = (float)(a * (1.0 - fy) + b * fy);
		}
}

/* logits[n] -> softmax, in place. */
static void softmax(double *logits, uint32_t n)
{
	double high = -INFINITY, sum = 0.0;
	for (uint32_t i = 0; i < n; i++)
		high = fmax(high, logits[i]);
	for (uint32_t i = 0; i < n; i++)
		sum += logits[i] = exp(logits[i] - high);
	for (uint32_t i = 0; i < n; i++)
		logits[i] /= sum;
}

static double dot(const float *a, const float *b, uint32_t n)
{
	double s = 0.0;
	for (uint32_t i = 0; i < n; i++)
		s += (double)a[i] * b[i];
	return s;
}

void ref_window_attention(float *y, const float *qkv, const float *pad, const float *bias, uint32_t h, uint32_t w,
                          uint32_t heads, uint32_t dim, uint32_t window)
{
	const uint32_t n = window * window, cols = 3 * heads * dim;
	g_autofree double *logits = g_new(double, n);
	g_autofree const float **token = g_new(const float *, n);
	for (uint32_t i = 0; i < h; i++)
		for (uint32_t j = 0; j < w; j++)
			for (uint32_t head = 0; head < heads; head++) {
				const float *q = qkv + ((uint64_t)i * w + j) * cols + head * 3 * dim;
				for (uint32_t k = 0; k < n; k++) {
					const uint32_t ky = i / window * window + k / window, kx = j / window * window + k % window;
					token[k] = (ky < h && kx < w ? qkv + ((uint64_t)ky * w + kx) * cols : pad) + head * 3 * dim;
					const uint32_t dy = (uint32_t)abs((int)ky - (int)i), dx = (uint32_t)abs((int)kx - (int)j);
					logits[k] = dot(q, token[k] + dim, dim) / sqrt(dim) + bias[head * n + dy * window + dx];
				}
				softmax(logits, n);
				for (uint32_t d = 0; d < dim; d++) {
					double s = 0.0;
					for (uint32_t k = 0; k < n; k++)
						s += logits[k] * token[k][2 * dim + d];
					*y++ = (float)s;
				}
			}
}

void ref_attention(float *y, const float *q, const float *k, const float *v, uint32_t nq, uint32_t nk, uint32_t heads,
                   uint32_t dim, float scale)
{
	const uint32_t cols = heads * dim;
	g_autofree double *logits = g_new(double, nk);
	for (uint32_t r = 0; r < nq; r++)
		for (uint32_t head = 0; head < heads; head++) {
			for (uint32_t n = 0; n < nk; n++)
				logits[n] = dot(q + r * cols + head * dim, k + n * cols + head * dim, dim) * scale;
			softmax(logits, nk);
			for (uint32_t d = 0; d < dim; d++) {
				double s = 0.0;
				for (uint32_t n = 0; n < nk; n++)
					s += logits[n] * v[n * cols + head * dim + d];
				*y++ = (float)s;
			}
		}
}

void ref_matmul_nt(float *y, const float *a, const float *b, uint32_t m, uint32_t n, uint32_t c)
{
	for (uint32_t i = 0; i < m; i++)
		for (uint32_t j = 0; j < n; j++)
			*y++ = (float)dot(a + (uint64_t)i * c, b + (uint64_t)j * c, c);
}

void ref_fourier(float *y, const float *pos, const float *gauss, uint32_t rows, uint32_t freqs)
{
	for (uint32_t r = 0; r < rows; r++, pos += 3, y += 2 * freqs)
		for (uint32_t f = 0; f < freqs; f++) {
			const double t = 2.0 * G_PI * ((2.0 * pos[0] - 1.0) * gauss[f] + (2.0 * pos[1] - 1.0) * gauss[freqs + f]);
			y[f] = (float)(pos[2] * sin(t));
			y[freqs + f] = (float)(pos[2] * cos(t));
		}
}

void ref_rms_norm(float *y, const float *x, const float *gamma, uint32_t rows, uint32_t cols, float eps)
{
	for (uint32_t r = 0; r < rows; r++, x += cols, y += cols) {
		const double scale = 1.0 / sqrt(dot(x, x, cols) / cols + eps);
		for (uint32_t c = 0; c < cols; c++)
			y[c] = (float)(x[c] * scale * gamma[c]);
	}
}

void ref_swiglu(float *y, const float *x, uint32_t rows, uint32_t cols)
{
	for (uint32_t r = 0; r < rows; r++, x += 2 * cols, y += cols)
		for (uint32_t c = 0; c < cols; c++)
			y[c] = (float)((double)x[c] / (1.0 + exp(-(double)x[c])) * x[cols + c]);
}

void ref_rope(float *x, const float *table, uint32_t rows, uint32_t stride, uint32_t heads, uint32_t dim,
              uint32_t rotary)
{
	for (uint32_t r = 0; r < rows; r++)
		for (uint32_t h = 0; h < heads; h++)
			for (uint32_t i = 0; i < rotary; i += 2) {
				float *p = x + (size_t)r * stride + h * dim + i;
				const float *t = table + (size_t)r * rotary + i, a = p[0], b = p[1];
				p[0] = a * t[0] - b * t[1];
				p[1] = a * t[1] + b * t[0];
			}
}

void ref_cache_attention(float *y, const float *q, const float *k, const float *v, const ref_cache_shape *s)
{
	const uint32_t cols = s->kv_heads * s->dim, same = s->heads / s->kv_heads;
	for (uint32_t r = 0; r < s->rows; r++)
		for (uint32_t head = 0; head < s->heads; head++, y += s->dim) {
			const uint32_t seen = s->first + r + 1, kv = head / same * s->dim;
			g_autofree double *logits = g_new(double, seen);
			for (uint32_t n = 0; n < seen; n++)
				logits[n] = dot(q + r * s->q_stride + head * s->dim, k + n * cols + kv, s->dim) / sqrt(s->dim);
			softmax(logits, seen);
			for (uint32_t d = 0; d < s->dim; d++) {
				double sum = 0.0;
				for (uint32_t n = 0; n < seen; n++)
					sum += logits[n] * v[n * cols + kv + d];
				y[d] = (float)sum;
			}
		}
}
