/* What a review has come to: progress, pace, acceptance by class and score, sizes, and what reviewers made of the
 * classes that objects came with. Over the items of render/store/review.h. */
#pragma once
#include "render/review/agreement.h"

G_BEGIN_DECLS

#define STATISTICS_BINS 20  /* of the score, 0..1 */
#define STATISTICS_AREAS 16 /* of the area: powers of two from 8 px on */

typedef struct {
	int id;
	char *name;
	guint total, by_decision[REVIEW_DECISIONS], relabelled;
} statistics_class;

typedef struct {
	guint total, by_decision[REVIEW_DECISIONS], relabelled, fixed, commented;
	GArray *classes; /* of statistics_class, by the class they came with */
	guint score_total[STATISTICS_BINS], score_accepted[STATISTICS_BINS], score_decided[STATISTICS_BINS];
	guint areas[STATISTICS_AREAS], areas_accepted[STATISTICS_AREAS];
	GArray *hours;     /* of guint: decisions in each hour from the first on */
	gint64 first;      /* the first hour, µs since 1970; 0: nothing was decided */
	guint *confusion;  /* [classes][classes + 1]: came as, is now; the last column is rejected */
	agreement *agreed; /* of two label sets; NULL: not asked for */
	char *set_a, *set_b;
} statistics;

/* classes: of project_class. */
statistics *statistics_new(GArray *items, GPtrArray *classes);
void statistics_free(statistics *s);
/* Reads the project. Two sets or NULL. */
statistics *statistics_of(project *p, const char *set_a, const char *set_b, GError **error) G_GNUC_WARN_UNUSED_RESULT;
guint statistics_confused(const statistics *s, guint from, guint to); /* to = number of classes: rejected */
double statistics_share(guint part, guint of);                        /* NaN of nothing */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(statistics, statistics_free)

G_END_DECLS
