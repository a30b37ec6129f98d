/* What floats over the image in review mode: the keys of a decision, an entry for words, what is being fixed. */
#pragma once
#include "app/review/review.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_REVIEW_BAR (nadir_review_bar_get_type())
G_DECLARE_FINAL_TYPE(NadirReviewBar, nadir_review_bar, NADIR, REVIEW_BAR, GtkWidget)

typedef enum { NADIR_REVIEW_KEYS, NADIR_REVIEW_WORDS, NADIR_REVIEW_FIX, NADIR_REVIEW_END } NadirReviewPage;

/* Signals: "said" (const char *text; NULL: it was left), when words were entered; "step" (int): the text before or
 * behind this one is wanted. */
void nadir_review_bar_show(NadirReviewBar *b, NadirReviewPage page);
/* The entry, with a text to begin with; many: there are others to step to. */
void nadir_review_bar_ask(NadirReviewBar *b, const char *title, const char *text, bool many);
void nadir_review_bar_set_end(NadirReviewBar *b, const char *sentence);

G_END_DECLS
