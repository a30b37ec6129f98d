/* Q4_0, Q4_1 and Q8_0: blocks of 32 elements. Those of Q4_0 and Q8_0 have an odd number of halves, so that every other one
 * begins in the middle of a word: where rows are whole pairs of blocks (PAIRED) a pair is a group, else the upper half of a
 * word is carried on. */
layout(constant_id = 4) const bool PAIRED = false;
const uint RUN = 4u;
const bool ONE_SCALE = true;

#if defined(W_Q4_1)
const uint GROUP = 8u, STEPS = 4u;
struct head {
	uint at;
	vec2 scale;
};
head head_at(uint row, uint group)
{
	const uint at = p.w_offset / 2u + 5u * (row * (p.in_dim / 32u) + group);
	return head(at + 1u, unpackHalf2x16(WORD(at)));
}
void pair(inout head h, uint s, out vec4 lo, out vec4 hi)
{
	const uint word = WORD(h.at + s);
	lo = nibbles_of(word);
	hi = nibbles_of(word >> 4);
}
vec2 scale_of(head h, uint s)
{
	return h.scale;
}
#else
#ifdef W_Q8_0
const uint HALVES = 17u;
const float SHIFT = -128.0;
#else
const uint HALVES = 9u;
const float SHIFT = -8.0;
#endif
const uint GROUP = PAIRED ? 16u : 8u, STEPS = PAIRED ? 8u : 4u;
struct head {
	uint at;
	bool whole;    /* the quants begin with a word */
	vec2 scale[2]; /* of the blocks of a pair */
	uint carry;
};

vec2 shifted(uint bits)
{
	const float d = unpackHalf2x16(bits).x;
	return vec2(d, SHIFT * d);
}
head head_at(uint row, uint group)
{
	head h;
	if (PAIRED) {
		h.at = p.w_offset / 2u + HALVES * (row * (p.in_dim / 64u) + group);
		h.scale[0] = shifted(WORD(h.at));
		h.scale[1] = shifted(WORD(h.at + HALVES / 2u) >> 16);
		return h;
	}
	const uint at = p.w_offset + HALVES * (row * (p.in_dim / 32u) + group);
	const uint first = WORD(at >> 1), next = WORD((at >> 1) + 1u);
	h.whole = (at & 1u) == 1u;
	h.at = (at >> 1) + (h.whole ? 2u : 1u);
	h.scale[0] = h.scale[1] = shifted(h.whole ? first >> 16 : first);
	h.carry = h.whole ? next : first;
	return h;
}
/* Words i of the quants in order: of the pair, or of the block. */
uint quants(inout head h, uint i)
{
	if (PAIRED)
		return i < HALVES / 2u ? WORD(h.at + i) >> 16 | WORD(h.at + i + 1u) << 16 : WORD(h.at + i + 1u);
	const uint next = WORD(h.at + i), word = h.whole ? h.carry : h.carry >> 16 | next << 16;
	h.carry = next;
	return word;
}
void pair(inout head h, uint s, out vec4 lo, out vec4 hi)
{
#ifdef W_Q8_0
	const uint a = quants(h, 2u * s), b = quants(h, 2u * s + 1u);
	lo = bytes_of(a ^ 0x80808080u);
	hi = bytes_of(b ^ 0x80808080u);
#else
	const uint word = quants(h, s);
	lo = nibbles_of(word);
	hi = nibbles_of(word >> 4);
#endif
}
vec2 scale_of(head h, uint s)
{
	return h.scale[s / 4u];
}
#endif

#ifdef W_Q8_0
const vec4 PLACES = BYTE_PLACES;
uint pair_lo(uint s)
{
	return 2u * s;
}
uint pair_hi(uint s)
{
	return 2u * s + 1u;
}
#else
const vec4 PLACES = NIBBLE_PLACES;
uint pair_lo(uint s)
{
	return s + (s & 4u);
}
uint pair_hi(uint s)
{
	return s + (s & 4u) + 4u;
}
#endif
vec2 scale_lo(head h, uint s)
{
	return scale_of(h, s);
}
vec2 scale_hi(head h, uint s)
{
	return scale_of(h, s);
}
vec4 weigh_lo(head h, uint s, vec4 v)
{
	const vec2 scale = scale_of(h, s);
	return v * (scale.x * PLACES) + scale.y;
}
vec4 weigh_hi(head h, uint s, vec4 v)
{
	const vec2 scale = scale_of(h, s);
	return v * (scale.x * PLACES) + scale.y;
}
