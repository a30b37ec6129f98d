/* Inside of the review, for its own files. */
#pragma once
#include "app/document/document-private.h"
#include "app/review/review.h"

G_BEGIN_DECLS

/* A decision of this sitting, to go back to. */
typedef struct {
	guint position;
	gint64 id, other; /* other: rejected with it; 0: none */
	gint64 step;      /* of the journal; 0: not committed yet, or it failed */
	gint64 time;      /* µs, monotonic */
} review_past;

struct _NadirReview {
	GObject parent_instance;

	/* Owned */
	NadirDocument *document;
	GSignalGroup *list_signals; /* of the document's objects */
	queue_filter *filter;
	GArray *items;     /* of review_item, by id */
	GArray *order;     /* of guint: the queue, positions in items */
	GArray *past;      /* of review_past */
	GPtrArray *images; /* of project_image */
	GPtrArray *queues; /* of review_queue_row */
	char **authors;
	agreement *agreed; /* of the filter's two sets; NULL: it names none */
	GHashTable *pairs; /* agreement_by_id() of it; NULL with it */

	guint position;
	guint reading; /* number of the newest reading; older ones are dropped */
	bool loaded, advance;
};

/* review-jobs.c: to the store and back */

/* What the project says. */
typedef struct {
	GArray *items;
	GPtrArray *images, *queues;
	agreement *agreed; /* NULL without two sets */
	bool keep;         /* the queue stays as it is, what is new comes behind it */
} review_reading;
void review_read(NadirReview *r, bool keep); /* ends in review_take() */
void review_take(NadirReview *r, review_reading *reading);

typedef struct {
	char *class_name, *comment, *caption;
	bool decides;
	review_decision decision;
	gint64 against;
} review_order;
/* Takes o's texts and `what`. */
void review_push(NadirReview *r, const gint64 *ids, guint n, const review_order *o, char *what);
void review_push_back(NadirReview *r, const review_past *past, char *what);
void review_push_queue(NadirReview *r, const char *name, const char *filter);

/* review.c: what the store told; step 0: something was taken back */
void review_on_changed(NadirReview *r, GArray *now, gint64 first_id, gint64 step);
void review_on_failed(NadirReview *r, gint64 first_id);
void review_remember(NadirReview *r, const review_item *item, gint64 other);    /* decided; on to the next one */
char *review_name_step(NadirReview *r, review_decision decision, int class_id); /* for the undo list */

G_END_DECLS
