/* Which objects are reviewed, and in which order. Over the items of render/store/review.h, in memory: choosing among
 * tens of thousands takes milliseconds. */
#pragma once
#include "render/review/agreement.h"

G_BEGIN_DECLS

typedef enum {
	QUEUE_BY_IMAGE, /* image after image, in order of their numbers */
	QUEUE_BY_SCORE, /* the least certain first; unscored ones last */
	QUEUE_BY_SCORE_FALLING,
	QUEUE_BY_CLASS,
	QUEUE_BY_AREA, /* the smallest first */
	QUEUE_AT_RANDOM,
	QUEUE_BY_IOU, /* with two sets: every pair once, those that meet least first, what only one has before them */
	QUEUE_ORDERS
} queue_order;

typedef struct {
	guint decisions;             /* bits 1 << review_decision; 0: all */
	guint sources;               /* bits 1 << review_source; 0: all */
	GArray *classes;             /* of int, ids of classes; empty: all */
	double score_min, score_max; /* 0..1; objects without a score only when this is the whole range */
	double area_min, area_max;   /* px; area_max 0: no limit */
	gint64 image;                /* 0: all */
	char *set_a, *set_b;         /* "" or two authors: only where these disagree, but for QUEUE_BY_IOU */
	double sample;               /* percent of what is left, 0..100 */
	guint32 seed;                /* of the sample and of the order at random */
	queue_order order;
} queue_filter;

/* What nobody has decided yet, image after image. */
queue_filter *queue_filter_new(void);
queue_filter *queue_filter_copy(const queue_filter *f);
void queue_filter_free(queue_filter *f);
/* For saved queues. from_json: what it does not say is as in queue_filter_new(); NULL + error when it is no JSON. */
char *queue_filter_to_json(const queue_filter *f);
queue_filter *queue_filter_from_json(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void queue_filter_set_class(queue_filter *f, int class_id, bool in);

bool queue_filter_accepts(const queue_filter *f, const review_item *item);
/* Positions in `items` (of review_item), in order. pairs: agreement_by_id() of the two sets, needed when the filter
 * names some; NULL: none differ. [element-type guint] */
GArray *queue_select(const queue_filter *f, GArray *items, GHashTable *pairs);

/* Objects beyond a score, undecided ones only: what accepting or rejecting them all would change.
 * [element-type gint64] */
GArray *queue_beyond(const queue_filter *f, GArray *items, double score, bool above);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(queue_filter, queue_filter_free)

G_END_DECLS
