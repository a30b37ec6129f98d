/* Q4_K: super-blocks of 256 in 36 words. A group is 64 elements: two runs of 32 with a scale and a shift each, in the low and
 * the high nibbles of the same words. */
const uint GROUP = 16u, STEPS = 8u, RUN = 8u;
const bool ONE_SCALE = false;
struct head {
	uint at;
	vec2 lo, hi;
};

uint scale_byte(uint at, uint i)
{
	return WORD(at + 1u + (i >> 2)) >> (8u * (i & 3u)) & 0xffu;
}
/* Scale and shift of run j. */
vec2 run_scale(uint at, uint j, vec2 d)
{
	uint sc, mn;
	if (j < 4u) {
		sc = scale_byte(at, j) & 63u;
		mn = scale_byte(at, j + 4u) & 63u;
	} else {
		const uint both = scale_byte(at, j + 4u);
		sc = (both & 15u) | scale_byte(at, j - 4u) >> 6 << 4;
		mn = both >> 4 | scale_byte(at, j) >> 6 << 4;
	}
	return vec2(d.x * float(int(sc)), -d.y * float(int(mn)));
}
head head_at(uint row, uint group)
{
	const uint at = p.w_offset / 2u + 36u * (row * (p.in_dim / 256u) + group / 4u), pair_of = group % 4u;
	const vec2 d = unpackHalf2x16(WORD(at));
	return head(at + 4u + 8u * pair_of, run_scale(at, 2u * pair_of, d), run_scale(at, 2u * pair_of + 1u, d));
}
void pair(inout head h, uint s, out vec4 lo, out vec4 hi)
{
	const uint word = WORD(h.at + s);
	lo = nibbles_of(word);
	hi = nibbles_of(word >> 4);
}
const vec4 PLACES = NIBBLE_PLACES;
uint pair_lo(uint s)
{
	return s;
}
uint pair_hi(uint s)
{
	return s + 8u;
}
vec2 scale_lo(head h, uint s)
{
	return h.lo;
}
vec2 scale_hi(head h, uint s)
{
	return h.hi;
}
vec4 weigh_lo(head h, uint s, vec4 v)
{
	return v * (h.lo.x * PLACES) + h.lo.y;
}
vec4 weigh_hi(head h, uint s, vec4 v)
{
	return v * (h.hi.x * PLACES) + h.hi.y;
}
