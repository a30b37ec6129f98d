/* Weights are read as they lie: W_F16 two halves a word, W_Q8 four quants a word with the scales of all blocks behind them
 * (weights.c splits the file's blocks of 34 bytes), else f32. Needs `uint w[]` of the right type and p.w_scales for Q8. */
#if defined(W_F16)
layout(binding = 1) readonly buffer Weights { uint w[]; };
float weight_at(uint i)
{
	const vec2 h = unpackHalf2x16(w[i >> 1]);
	return (i & 1u) == 0u ? h.x : h.y;
}
#elif defined(W_Q8)
layout(binding = 1) readonly buffer Weights { uint w[]; };
float weight_at(uint i)
{
	const uint block = i >> 5;
	const vec2 h = unpackHalf2x16(w[p.w_scales + (block >> 1)]);
	const int q = bitfieldExtract(int(w[i >> 2]), int(i & 3u) * 8, 8);
	return ((block & 1u) == 0u ? h.x : h.y) * float(q);
}
#else
layout(binding = 1) readonly buffer Weights { float w[]; };
float weight_at(uint i)
{
	return w[i];
}
#endif
