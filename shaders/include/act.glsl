/* Activations; `kind` is a specialisation constant, so only one branch is left. Numbers as in op_act (infer/ops/ops.h). */
const uint ACT_RELU = 1u, ACT_RELU6 = 2u, ACT_GELU = 3u, ACT_SILU = 4u;

/* Abramowitz and Stegun 7.1.26; absolute error below 1.5e-7. */
float erf_(float x)
{
	const float a = abs(x), t = 1.0 / (1.0 + 0.3275911 * a);
	const float q = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
	const float e = 1.0 - q * exp(-a * a);
	return x < 0.0 ? -e : e;
}

float activate(uint kind, float x)
{
	if (kind == ACT_RELU)
		return max(x, 0.0);
	if (kind == ACT_RELU6)
		return clamp(x, 0.0, 6.0);
	if (kind == ACT_GELU)
		return 0.5 * x * (1.0 + erf_(x * 0.70710678118654752));
	if (kind == ACT_SILU)
		return x / (1.0 + exp(-x));
	return x;
}

vec4 activate4(uint kind, vec4 x)
{
	return vec4(activate(kind, x.x), activate(kind, x.y), activate(kind, x.z), activate(kind, x.w));
}
