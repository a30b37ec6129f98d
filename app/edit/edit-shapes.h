/* Edits of the outlines of the selected objects: each is one step of undo, computed and stored by the store's thread on
 * what the project holds by then. What would not be valid is refused with a sentence and nothing changes. */
#pragma once
#include "app/edit/edit-selection.h"

G_BEGIN_DECLS

typedef enum {
	NADIR_EDIT_UNION,     /* into the selected one */
	NADIR_EDIT_SUBTRACT,  /* the others from the selected one; they stay */
	NADIR_EDIT_INTERSECT, /* what all have in common becomes the selected one */
	NADIR_EDIT_SPLIT,     /* along the line xy: each piece an object */
	NADIR_EDIT_HOLE,      /* the polygon xy out of each */
	NADIR_EDIT_FILL,      /* holes up to `amount` pixels of area; 0: all */
	NADIR_EDIT_SMOOTH,    /* steps up to `amount` pixels */
	NADIR_EDIT_SIMPLIFY,  /* by `amount` pixels; borders between them stay shared, those with others as they are */
	NADIR_EDIT_SQUARE,    /* right angles; details below `amount` pixels go */
	NADIR_EDIT_GROW,      /* by `amount` pixels, or metres; negative: shrink */
	NADIR_EDIT_MEET,      /* gaps up to `amount` pixels to neighbours are filled, overlaps cut */
	NADIR_EDIT_DUPLICATE, /* beside the old ones */
	NADIR_EDIT_TRANSFORM, /* by `matrix` */
	NADIR_EDIT_RESHAPE,   /* the selected one gets the outline `shape` */
	NADIR_N_EDITS
} NadirEditKind;

typedef struct {
	NadirEditKind kind;
	double amount;
	bool metres; /* the amount is on the ground: needs a CRS */
	const double *xy;
	guint n; /* points of xy */
	double matrix[6];
	GBytes *shape; /* borrowed */
} NadirEdit;

/* Asynchronous; what cannot be done comes as "error" or "notice". */
void nadir_document_edit(NadirDocument *d, const NadirEdit *e);
/* Whether as many objects are selected as that takes. */
bool nadir_document_can_edit(NadirDocument *d, NadirEditKind kind);

/* --- for previews: pure, any thread --- */

/* New outlines of the first n_changing of shapes [element-type GBytes]; the others are their neighbours. area_m2[i] of
 * each (NaN: not known) is for amounts in metres. [element-type GBytes] of as many, NULL + error. Those of several of
 * which nothing valid would be left keep theirs and are counted in `kept`; it fails when that would be all. Not for
 * UNION, SPLIT, DUPLICATE and the like, which make other objects. */
GPtrArray *nadir_edit_outlines(const NadirEdit *e, GPtrArray *shapes, guint n_changing, const double *area_m2,
                               int width, int height, GCancellable *cancel, guint *kept,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "3 of 20 objects stay as they are…" */
char *nadir_edit_kept_text(guint kept, guint n);

G_END_DECLS
