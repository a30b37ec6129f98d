/* Four activations at once. */
#ifdef ACT_F16
#define A4 f16vec4
#else
#define A4 vec4
#endif
