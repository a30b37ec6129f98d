/* A review of a project's objects: its queue, where it stands in it, and what is decided. Behind the widgets of review
 * mode, without any. Decisions are jobs of the store's thread: the queue goes on at once, and what could not be stored
 * stays undecided and is told. Main context only. */
#pragma once
#include "app/document/document.h"
#include "render/review/queue.h"

G_BEGIN_DECLS

#define NADIR_TYPE_REVIEW (nadir_review_get_type())
G_DECLARE_FINAL_TYPE(NadirReview, nadir_review, NADIR, REVIEW, GObject)

/* Signals: "moved" (another object is shown, or none is left), "changed" (counts, decisions, queue), "loaded" (the
 * project was read: the first object is chosen), "image-wanted" (gint64 image: the object shown lies on another one).
 */
NadirReview *nadir_review_new(NadirDocument *d);
/* The document of the image that was wanted; the same project. */
void nadir_review_set_document(NadirReview *r, NadirDocument *d);
/* Reads the project again, because others changed it: the queue and its decisions to go back to stay, what is new comes
 * behind. */
void nadir_review_refresh(NadirReview *r);
bool nadir_review_is_loaded(NadirReview *r);

/* --- the queue --- */
const queue_filter *nadir_review_get_filter(NadirReview *r);
void nadir_review_set_filter(NadirReview *r, const queue_filter *f); /* begins at its first object */
GPtrArray *nadir_review_get_queues(NadirReview *r);                  /* of review_queue_row: the saved ones */
void nadir_review_save_queue(NadirReview *r, const char *name);      /* the present filter; replaces one of that name */
void nadir_review_delete_queue(NadirReview *r, const char *name);
GArray *nadir_review_get_items(NadirReview *r);              /* of review_item, of the whole project */
const char *const *nadir_review_get_authors(NadirReview *r); /* the label sets, sorted; NULL-terminated */
const char *nadir_review_image_name(NadirReview *r, gint64 image);
GPtrArray *nadir_review_get_images(NadirReview *r);  /* of project_image: those that have objects */
GPtrArray *nadir_review_image_names(NadirReview *r); /* of the same, in their order; texts borrowed, the array owned */
guint nadir_review_get_length(NadirReview *r);
guint nadir_review_get_position(NadirReview *r);                         /* = length: the end */
const review_item *nadir_review_get_item(NadirReview *r, guint ahead);   /* 0: the one shown; NULL: none */
const review_item *nadir_review_find(NadirReview *r, gint64 id);         /* NULL: none of that id */
void nadir_review_go(NadirReview *r, int step);                          /* without deciding */
void nadir_review_get_counts(NadirReview *r, guint n[REVIEW_DECISIONS]); /* over the queue */
guint nadir_review_get_relabelled(NadirReview *r); /* decided with another class than it came with */
guint nadir_review_get_fixed(NadirReview *r);
/* Decisions an hour in this sitting, over the last 50; NaN: too few to say. */
double nadir_review_get_rate(NadirReview *r);

/* --- decisions: about the object shown; then the next one is shown if `advance` is on --- */
void nadir_review_decide(NadirReview *r, review_decision decision);
void nadir_review_relabel(NadirReview *r, const char *class_name); /* and accepts it */
void nadir_review_comment(NadirReview *r, const char *text);       /* stays at the object */
void nadir_review_caption(NadirReview *r, const char *text);       /* the same */
/* To the object decided on last, which is undecided again. false: nothing was decided in this sitting. */
bool nadir_review_back(NadirReview *r);
void nadir_review_set_advance(NadirReview *r, bool advance);
bool nadir_review_get_advance(NadirReview *r);
/* --- two label sets: when the filter names them --- */
const agreement *nadir_review_get_agreement(NadirReview *r);   /* NULL: it names none, or it is being read */
const agreement_pair *nadir_review_get_pair(NadirReview *r);   /* of the object shown; NULL: none */
const char *nadir_review_get_set(NadirReview *r, bool second); /* its name, "" for none */
/* Accepts what a set has of the object shown and rejects what the other has, as one step; where that set has nothing,
 * the other's is rejected. */
void nadir_review_take(NadirReview *r, bool second);
bool nadir_review_go_to(NadirReview *r, gint64 id); /* false: not in the queue */

#define REVIEW_HOT 9 /* as many as there are keys */
/* The classes that objects of this one are most often corrected to, or come from, or that the other set gives them:
 * ids, the most frequent first, `most` at the most. [element-type int] */
GArray *nadir_review_confused_with(NadirReview *r, int class_id, guint most);

/* Undecided objects of the queue at a score and above (or below it), as one step of undo. */
guint nadir_review_count_beyond(NadirReview *r, double score, bool above);
void nadir_review_decide_beyond(NadirReview *r, double score, bool above, review_decision decision);

/* The outline that the object shown came with, when it has another now (else NULL, or when it cannot be read);
 * borrowed.
 */
void nadir_review_read_before(NadirReview *r, void (*done)(GBytes *outline, gpointer object), gpointer object);

G_END_DECLS
