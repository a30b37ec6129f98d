/* Scores of a queue's objects as bars, with a threshold that is dragged or moved by Left and Right. */
#pragma once
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_SCORE_CHART (nadir_score_chart_get_type())
G_DECLARE_FINAL_TYPE(NadirScoreChart, nadir_score_chart, NADIR, SCORE_CHART, GtkWidget)

#define SCORE_BINS 20

/* Signal: "threshold-changed". open: not decided yet; decided ones are drawn pale on top of them. */
void nadir_score_chart_set_counts(NadirScoreChart *c, const guint open[SCORE_BINS], const guint decided[SCORE_BINS]);
double nadir_score_chart_get_threshold(NadirScoreChart *c); /* 0..1, in hundredths */

G_END_DECLS
