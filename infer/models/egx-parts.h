/* The parts EarthGPT-X's vision side is made of (spec earthgpt-x.md 3, 5 and 6). */
#pragma once
#include "infer/models/earthgpt-x.h"
#include "infer/models/sam-model.h"

G_BEGIN_DECLS

#define EGX_EPS 1e-6f

/* --- transformers on patches (egx-vit.c): the ViT branch and the prompt encoder --- */

typedef struct {
	sam_norm ln1, ln2;
	weight q, k, v, out, fc1, fc2; /* LayerScale is in out and fc2 */
} egx_block;
typedef struct {
	uint32_t channels, patch, dim, heads, cells; /* cells: patches of one picture */
	weight patches;
	tensor cls;     /* [1,dim] or null */
	tensor pos;     /* [cells (+ 1),dim], in the type of activations */
	GArray *blocks; /* of egx_block */
	sam_norm ln;
} egx_vit;
typedef struct {
	uint32_t channels, view_size, dim, depth, heads, patch;
	bool cls, scaled; /* class token; LayerScale */
} egx_vit_sizes;
void egx_vit_load(egx_vit *v, sam_build *b, const sam_pass *p, const char *prefix, const egx_vit_sizes *s);
void egx_vit_clear(egx_vit *v);
uint32_t egx_vit_tokens(const egx_vit *v); /* of one picture */
/* patches [pictures * cells, channels*patch*patch] -> [pictures * tokens, dim] after the last norm. */
tensor egx_vit_run(const egx_vit *v, const sam_pass *p, tensor patches, uint32_t pictures);
/* Norm, attention and residual as in the hybrid block, for `pictures` sequences of equal length one after another. */
typedef struct {
	weight q, k, v, o;
} egx_heads;
/* y = o(attention(q(from), k(to), v(to))) + add, all [N,dim]. */
void egx_attend(const sam_pass *p, const egx_heads *w, uint32_t heads, tensor y, tensor from, tensor to, tensor add,
                uint32_t pictures);

/* --- ConvNeXt (egx-cnx.c) --- */

typedef struct egx_cnx egx_cnx;
egx_cnx *egx_cnx_load(sam_build *b, uint32_t side); /* side: of the picture it sees */
void egx_cnx_free(egx_cnx *c);
uint32_t egx_cnx_dim(const egx_cnx *c);
#define EGX_STEM 4 /* side and stride of its first convolution */
/* patches [(side/4)^2,48] -> [side/32,side/32,dim] after the head's norm. */
tensor egx_cnx_run(const egx_cnx *c, const sam_pass *p, tensor patches, uint32_t side);

/* --- vectors that say how many there are (egx-number.c) --- */

/* What says how many there are: rows is 0 in files without it. */
typedef struct {
	uint32_t seen, hidden, rows; /* of the two layers between; vectors */
	weight fc1, fc2, fc3;
} egx_numbers;
/* Whether the file has them, and their sizes; their weights. */
bool egx_number_read(egx_model *m, sam_build *b);
bool egx_number_load(egx_model *m, sam_build *b);
/* mean: view 0's -> F32 [1,rows*D]. */
tensor egx_number_run(const egx_model *m, const sam_pass *p, tensor mean);

/* --- regions --- */

/* What the host works out of K regions; all owned. */
typedef struct {
	float *planes; /* V_p of every view, [V][4][side][side] */
	float *cover;  /* c_k [K][V*n], zero at class tokens */
	float *codes;  /* g_k [K][EGX_CODE] */
	float *sizes;  /* s_k [K][EGX_SIZE] */
	float *zoom;   /* z_k [K][zoom] or NULL */
} egx_drawing;

G_END_DECLS
