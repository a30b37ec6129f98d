/* How far two label sets of the same images agree: which objects are the same, how well their outlines meet, whether
 * they were given the same class. */
#pragma once
#include "render/store/review.h"

G_BEGIN_DECLS

#define AGREEMENT_IOU 0.5 /* from here on two outlines are of the same object, as COCO's first threshold */

typedef struct {
	gint64 a, b; /* ids; 0: the other set has no such object */
	gint64 image;
	int class_a, class_b;
	double iou; /* of the masks */
} agreement_pair;

typedef struct {
	GArray *pairs; /* of agreement_pair: those of both sets, then what only one has */
	guint both, same_class, only_a, only_b;
	double mean_iou; /* over what both have; NaN: nothing */
	/* Cohen's kappa of the classes of what both have (Cohen 1960): 1 they always agree, 0 no more than by chance. NaN:
	 * nothing to compare, or both use one class only. */
	double kappa;
} agreement;

/* The sets are authors of review_item. Each object has one partner at most: the pairs that meet best are taken first.
 */
agreement *agreement_of(project *p, const char *set_a, const char *set_b, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same over objects of one image, appended to `into`; call agreement_finish() after the last. */
agreement *agreement_new(void);
void agreement_add(agreement *into, gint64 image, GPtrArray *a, GPtrArray *b); /* of feature */
void agreement_finish(agreement *g);
void agreement_free(agreement *g);
/* The other set lacks the object or gives it another class. */
bool agreement_differs(const agreement_pair *p);
/* The object that stands for both: of the first set where it has one. */
gint64 agreement_first(const agreement_pair *p);
/* gint64 * of each object -> its agreement_pair; both live as long as g stays as it is. */
GHashTable *agreement_by_id(const agreement *g);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(agreement, agreement_free)

G_END_DECLS
