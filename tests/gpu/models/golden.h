/* The reference masks in ../shared/models/golden.json and the pictures they belong to. */
#pragma once
#include "infer/models/sam.h"
#include "render/geometry/mask.h"
#include "render/raster/raster-style.h"
#include <cjson/cJSON.h>

#define GOLDEN_MARKS 8

typedef struct {
	const char *image; /* relative to the shared folder */
	sam_mark marks[GOLDEN_MARKS];
	double values[GOLDEN_MARKS][64];
	guint n;
	double score;
	bitmask *mask;
	int w, h;
} golden_case;

typedef struct {
	char *dir; /* the shared folder */
	cJSON *root;
	GArray *cases; /* of golden_case */
} golden;

/* NULL when the shared folder is not there: the test skips. */
golden *golden_open(void);
void golden_free(golden *g);
char *golden_model(const golden *g); /* g_free */

/* What one picture keeps: its encodings by crop. */
typedef struct {
	raster *image;
	raster_style style;
	GArray *encodings; /* by crop */
	sam_model *model;
	int encoded;
} golden_picture;
void golden_picture_open(golden_picture *p, const golden *g, const golden_case *c, sam_model *model);
void golden_picture_close(golden_picture *p);
/* The answer to a case, its crop grown as spec sam.md 4.2 says; mask in image pixels. */
bitmask *golden_answer(golden_picture *p, const golden_case *c, double *score);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(golden, golden_free)
