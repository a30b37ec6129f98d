#version 450
/* y[i] = a * x[i] + y[i] */
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const float BIAS = 0.0;
#ifdef TEXEL
layout(binding = 0) uniform samplerBuffer X;
#else
layout(binding = 0) buffer readonly X { float x[]; };
#endif
layout(binding = 1) buffer Y { float y[]; };
layout(push_constant) uniform push { uint n; float a; } p;

void main()
{
	uint i = gl_GlobalInvocationID.x;

	if (i >= p.n)
		return;
#ifdef TEXEL
	const float xi = texelFetch(X, int(i / 4))[i % 4];
#else
	const float xi = x[i];
#endif
	y[i] = p.a * xi + y[i] + BIAS;
}
