/* The decoder's weights. */
#pragma once
#include "infer/models/sam-model.h"
#include <math.h>

G_BEGIN_DECLS

#define SAM_HEADS 8
#define SAM_MASKS 4
#define SAM_OWN_TOKENS (1 + SAM_MASKS) /* one for the scores, one a mask */

typedef struct {
	weight q, k, v, out;
	weight q_plain, k_plain; /* without bias, where a positional product needs them */
} sam_attention;

typedef struct {
	sam_attention self, t2i, i2t;
	sam_norm norm[4];
	weight lin1, lin2;
	tensor key_code, query_code; /* [g*g,inner]: positional code through t2i.k and i2t.q */
} sam_layer;

typedef struct {
	weight layer[3];
} sam_mlp;

struct sam_decoder {
	uint32_t grid, dim, inner, mlp_hidden, up1, up2;
	tensor table;   /* [10,dim]: score token, mask tokens, padding point, point and box labels 0..3 */
	tensor no_mask; /* [1,dim] */
	tensor gauss;   /* [2,dim/2] */
	weight down0, down1, down2;
	sam_norm down_norm0, down_norm1;
	weight dense_key, dense_value, dense_query; /* first layer's projections of what down2 makes */
	sam_layer layer[2];
	sam_attention fin;
	sam_norm fin_norm;
	tensor fin_key_code;
	weight up_conv1, up_conv2;
	sam_norm up_norm;
	sam_mlp hyper[SAM_MASKS], iou;
	bool skips;
	weight conv_s0, conv_s1;
	sam_norm norm_s0, norm_s1;
};

G_END_DECLS
