/* Q6_K: super-blocks of 256 in 105 halves. A group is one half of a block, 128 elements: step s takes word s % 8 of the low
 * bits of run k = s / 8 (low nibbles) and of run k + 2 (high nibbles). */
const uint GROUP = 32u, STEPS = 16u, RUN = 4u;
const bool ONE_SCALE = false;
struct head {
	uint at;  /* of the block, in halves */
	uint part; /* which half of it */
	float d;
};

head head_at(uint row, uint group)
{
	const uint at = p.w_offset + 105u * (row * (p.in_dim / 256u) + group / 2u);
	return head(at, group & 1u, unpackHalf2x16(half_word(at + 104u)).x);
}
void pair(inout head h, uint s, out vec4 lo, out vec4 hi)
{
	const uint low = word_at_half(h.at + 32u * h.part + 2u * s);
	const uint high = word_at_half(h.at + 64u + 16u * h.part + 2u * (s & 7u)) >> (s < 8u ? 0u : 2u);
	lo = bytes_of((low & 0x0f0f0f0fu) | (high & 0x03030303u) << 4);
	hi = bytes_of((low >> 4 & 0x0f0f0f0fu) | (high >> 4 & 0x03030303u) << 4);
}
const vec4 PLACES = BYTE_PLACES;
uint pair_lo(uint s)
{
	return s;
}
uint pair_hi(uint s)
{
	return s + 16u;
}
/* Scale of the sixteen elements that hold four i of the group. */
vec2 sixteen_scale(head h, uint i)
{
	const uint n = 8u * h.part + (i >> 2);
	const uint word = half_word(h.at + 96u + (n >> 1));
	const int sc = int((n & 1u) == 0u ? word << 24 : word << 16) >> 24;
	const float d = h.d * float(sc);
	return vec2(d, -32.0 * d);
}
vec2 scale_lo(head h, uint s)
{
	return sixteen_scale(h, s);
}
vec2 scale_hi(head h, uint s)
{
	return sixteen_scale(h, s + 16u);
}
vec4 weigh_lo(head h, uint s, vec4 v)
{
	const vec2 scale = scale_lo(h, s);
	return v * (scale.x * PLACES) + scale.y;
}
vec4 weigh_hi(head h, uint s, vec4 v)
{
	const vec2 scale = scale_hi(h, s);
	return v * (scale.x * PLACES) + scale.y;
}
