/* Element type of activations: ACT_F16 stores f16; arithmetic is f32 always. */
#extension GL_EXT_control_flow_attributes : require
#ifdef ACT_F16
#extension GL_EXT_shader_16bit_storage : require
#define A float16_t
#else
#define A float
#endif
#include "push.h"

#ifdef LOCAL_SIZE_ID
layout(local_size_x_id = LOCAL_SIZE_ID, local_size_y = 1, local_size_z = 1) in;
#else
layout(local_size_x = 64, local_size_y = 1, local_size_z = 1) in;
#endif

/* Number of this invocation in a dispatch folded into x and y (ops_groups_1d). */
uint flat_id()
{
	return gl_GlobalInvocationID.x + gl_GlobalInvocationID.y * (gl_NumWorkGroups.x * gl_WorkGroupSize.x);
}
