/* The inside of EarthGPT-X's vision side (spec earthgpt-x.md), shared by the files that load it and run it. Letters in
 * shapes: V views, n tokens of a view (a class token first in files with ConvNeXt), g the grid of the fused tokens, d
 * the width of the hybrid block, D the language model's. */
#pragma once
#include "infer/models/egx-parts.h"
#include "infer/models/egx-views.h"
#include "infer/models/lite-trunk.h"
#include "infer/ops/ops-tokens.h"

G_BEGIN_DECLS

struct egx_model {
	gpu *dev;
	ops *ops;
	arena *weights, *work;
	egx_info info;
	char *card;
	dtype act;                                     /* of ViT, ConvNeXt and prompt encoder; all else computes in f32 */
	float mean[3], std[3];                         /* the ViT's, on 0..255 */
	uint32_t grid, n, dim, heads;                  /* g, n, d, of the hybrid block */
	uint32_t close_up;                             /* side of a close-up; 0: there is no zoom vector */
	uint32_t zoom;                                 /* numbers of z_k */
	uint64_t view_flops, splice_flops, zoom_flops; /* of a view; of a view's part in splicing; of a region */
	egx_vit vit, sae;
	lite_trunk *lite; /* either this … */
	sam_norm ln16, ln32;
	uint32_t c16, c32;
	egx_cnx *cnx;  /* … or that */
	tensor places; /* U32 [4][n] or [1][n]: rows that make up the fused tokens, see egx-branch.c */
	tensor means;  /* F32 [g,4g] (lite): see egx_halve(); [1,cells] (cnx): the mean of all */
	tensor halves; /* F32 [g/2,2g]: the same for token reduction (lite) */
	sam_norm fuse_ln;
	weight fuse, sae_out;
	tensor view; /* [views,d] */
	sam_norm hyb_ln[5];
	egx_heads sa1, ca, sa2;
	weight hyb_fc1, hyb_fc2;
	sam_norm proj_ln, region_ln;
	weight proj_fc1, proj_fc2, region_fc, pix_fc1, pix_fc2;
	weight pix_map;    /* [map_rows,D] where a phrase's mask is a map: egx-map.c */
	uint32_t map_rows; /* 0: it is the decoder's */
	weight size;       /* [D,EGX_SIZE] where region vectors are told how large their marks are */
	bool sized;
	egx_numbers numbers;
	float *bracket[4]; /* [D] or NULL */
};

/* --- egx-branch.c: what is done once an image, and for close-ups --- */

/* The same pass for work in f32. */
static inline sam_pass egx_in_f32(const sam_pass *p)
{
	sam_pass q = *p;
	q.act = DTYPE_F32;
	return q;
}

bool egx_branch_load(egx_model *m, sam_build *b, const sam_pass *p);
/* What one view gives, all in the pass's arena and in the type of activations. */
typedef struct {
	tensor vit;   /* [1 + cells,c] */
	tensor both;  /* [n,C]: the branches side by side, as the fusion's norm sees them */
	tensor fused; /* [n,d], without the view's embedding */
	tensor mean;  /* F32 [1,zoom]: of the cells, f32 first, before their norms; null without EfficientNet-Lite */
} egx_mve;
egx_mve egx_mve_run(const egx_model *m, const sam_pass *p, egx_reader *r, const egx_frame *f);
/* The columns of `both` that are the CNN branch's. */
void egx_cnn_columns(const egx_model *m, uint32_t *first, uint32_t *n);
/* z_k: F32 [1,zoom]. */
tensor egx_zoom_run(const egx_model *m, const sam_pass *p, const egx_reader *r, const egx_region *region);
/* Means of 2x2 cells: y [n*n,C] of x [2n*2n,C], with the weights `means` [n,4n] of one row. */
void egx_halve(const sam_pass *p, tensor y, tensor means, tensor x);
/* Values on the device, in the type of activations. */
tensor egx_upload(const sam_pass *p, uint8_t n_dims, const uint32_t *ne, const float *values);

/* --- egx-hybrid.c: what is done whenever the marks change; f32 but for the prompt encoder --- */

bool egx_hybrid_load(egx_model *m, sam_build *b, uint32_t ffn);
/* planes: V_p of every view, [V][4][side][side] -> F32 [V*n,d]. */
tensor egx_prompt_run(const egx_model *m, const sam_pass *p, const float *planes, uint32_t views);
/* image F32 [V*n,d], with the views' embeddings, becomes the hybrid tokens; prompt is overwritten too. */
void egx_hybrid_run(const egx_model *m, const sam_pass *p, tensor image, tensor prompt);
/* Hybrid tokens of V views -> F32 [vectors,D]. */
tensor egx_project_run(const egx_model *m, const sam_pass *p, tensor hybrid, uint32_t views);
/* r_k: F32 [K,D]. */
tensor egx_region_run(const egx_model *m, const sam_pass *p, tensor hybrid, uint32_t regions, const egx_drawing *d);
/* R_lp: hidden F32 [1,D] -> F32 [1,prompt_dim]. */
tensor egx_pix_run(const egx_model *m, const sam_pass *p, tensor hidden);

/* --- egx-map.c --- */

/* Numbers that ask for a map over the features of this model and of a segmenter. */
uint32_t egx_map_rows(const egx_model *m, const sam_decoder *d);
/* Logits [S/4][S/4] of what a state [D] looks for in an image encoded by the segmenter, and their mean chance where
 * they are positive. */
bool egx_map_run(egx_image *i, sam_encoding *e, const float *hidden, float *low_res, float *score, const egx_run *run,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct egx_image {
	egx_model *model;
	GBytes *rgb;
	egx_reader reader;
	uint32_t n_views;
	egx_frame frame[EGX_VIEWS];
	gpu_buffer *buf;
	tensor fused;          /* F32 [V*n,d], with the views' embeddings */
	float *numbers;        /* [numbers.rows][D]; owned */
	GHashTable *close_ups; /* digest of a region (char *) -> its zoom vector (float [zoom]); both owned */
	sam_model *segmenter;
	sam_encoding *encoding; /* of the whole image by `segmenter`, or NULL */
};

/* A pass of the model; turn() of `run` (NULL ok) is called in front of it. */
bool egx_pass_begin(egx_model *m, sam_pass *p, const egx_run *run, arena_mark *mark,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
