/* The sidebar of review mode: the queue and its filter, scores with their threshold, what was decided, what is next. */
#pragma once
#include "app/review/review.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_REVIEW_PANEL (nadir_review_panel_get_type())
G_DECLARE_FINAL_TYPE(NadirReviewPanel, nadir_review_panel, NADIR, REVIEW_PANEL, GtkWidget)

/* d: the document in sight, for its classes. NULL: none */
void nadir_review_panel_set_review(NadirReviewPanel *p, NadirReview *r, NadirDocument *d);
/* How many of the next objects are read ahead. */
void nadir_review_panel_set_ready(NadirReviewPanel *p, guint ready, guint of);
void nadir_review_panel_focus_threshold(NadirReviewPanel *p);
void nadir_review_panel_open_filter(NadirReviewPanel *p);

G_END_DECLS
