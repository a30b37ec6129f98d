/* Two label sets beside the review: both outlines of the object shown side by side with their IoU, a button for either,
 * and every pair by IoU. Hidden while the queue names no two sets. */
#pragma once
#include "app/review/review.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_PAIR_BOX (nadir_pair_box_get_type())
G_DECLARE_FINAL_TYPE(NadirPairBox, nadir_pair_box, NADIR, PAIR_BOX, GtkWidget)

void nadir_pair_box_set_review(NadirPairBox *b, NadirReview *r, NadirDocument *d); /* NULL: none */

G_END_DECLS
