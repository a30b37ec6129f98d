/* IEEE half precision in plain C, subnormals and rounding to nearest even included. */
#pragma once
#include <stdint.h>
#include <string.h>

static inline float half_to_float(uint16_t h)
{
	const uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = h >> 10 & 31u, mantissa = h & 1023u;
	if (exponent == 0)
		return (sign ? -1.0f : 1.0f) * (float)mantissa * 0x1p-24f;
	const uint32_t bits = sign | (exponent == 31 ? 255u : exponent + 112u) << 23 | mantissa << 13;
	float f;
	memcpy(&f, &bits, sizeof f);
	return f;
}

static inline uint16_t float_to_half(float f)
{
	uint32_t b;
	memcpy(&b, &f, sizeof b);
	const uint32_t sign = b >> 16 & 0x8000u, e = b >> 23 & 255u, m = (b & 0x7fffffu) | 0x800000u;
	if (e >= 143) /* past 65504, infinite or no number */
		return (uint16_t)(sign | (e == 255 && (b & 0x7fffffu) ? 0x7e00u : 0x7c00u));
	if (e < 102) /* below half of the smallest subnormal */
		return (uint16_t)sign;
	const uint32_t shift = e > 112 ? 13 : 126 - e, half = 1u << (shift - 1);
	const uint32_t rest = m & ((1u << shift) - 1);
	uint32_t r = m >> shift;
	r += rest > half || (rest == half && (r & 1u));
	return (uint16_t)(sign | (e > 112 ? r + ((e - 113) << 10) : r));
}
