/* The review of a project's objects: what was decided about each, by whom and when, and what a queue needs to know of
 * all of them. A decision is a step of undo like every other change. Threads: as project.h. */
#pragma once
#include "render/store/history.h"

G_BEGIN_DECLS

typedef enum {
	REVIEW_UNDECIDED,
	REVIEW_ACCEPTED,
	REVIEW_REJECTED,
	REVIEW_FLAGGED,
	REVIEW_SKIPPED,
	REVIEW_DECISIONS
} review_decision;
typedef enum { REVIEW_MODEL, REVIEW_IMPORT, REVIEW_PERSON, REVIEW_SOURCES } review_source;

/* As stored: "undecided" …; what is unknown is the first. */
const char *review_decision_name(review_decision d);
review_decision review_decision_from(const char *name);

/* An object as a queue sees it. */
typedef struct {
	gint64 id, image;
	int class_id, proposed_id; /* as it is, as it came */
	double score;              /* NaN: drawn by hand */
	double area_m2;            /* NaN without a CRS */
	gint64 area_px;
	double extent[4]; /* x0, y0, x1, y1 in image pixels */
	review_source source;
	review_decision decision;
	const char *author, *reviewer; /* interned */
	gint64 reviewed;               /* µs since 1970, UTC; 0: not yet */
	bool fixed;                    /* a person corrected the outline */
	bool commented;
} review_item;
/* [element-type review_item] of the whole project, by id. Free with g_array_unref. */
GArray *project_review_items(project *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void review_item_from_feature(review_item *item, gint64 image, const feature *f);

/* What is said about objects at once; NULL texts stay as they are. */
typedef struct {
	bool decides; /* decision counts */
	review_decision decision;
	const char *class_name, *comment, *caption;
	const char *reviewer; /* who says it; never NULL */
	gint64 against;       /* an object that is rejected in the same step, as another's version of it; 0: none */
} review_change;
/* One step of undo named `what`. changes: the objects as they are then; NULL: not wanted. step: of the journal, for
 * project_review_take_back(); NULL: not wanted. */
bool project_review(project *p, const gint64 *ids, guint n, const review_change *change, const char *what,
                    project_changes *changes, gint64 *step, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Undoes the step when it is still the last one; else the objects become undecided again, as a further step. */
bool project_review_take_back(project *p, gint64 step, const gint64 *ids, guint n, const char *what,
                              project_changes *changes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The outline an object came with, when it has another now; NULL without an error when it has not. */
GBytes *project_review_before(project *p, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Queues a person named; the filter is text of the caller. */
typedef struct {
	char *name, *filter;
} review_queue_row;
GPtrArray *project_queues(project *p, GError **error) G_GNUC_WARN_UNUSED_RESULT; /* of review_queue_row, by name */
/* filter NULL: the queue is deleted. Not a step of undo. */
bool project_put_queue(project *p, const char *name, const char *filter, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
