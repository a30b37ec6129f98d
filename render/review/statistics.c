#include "render/review/statistics.h"

#include <math.h>

#define HOUR (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)

static void class_clear(void *data)
{
	g_free(((statistics_class *)data)->name);
}

void statistics_free(statistics *s)
{
	if (!s)
		return;
	g_array_unref(s->classes);
	g_array_unref(s->hours);
	g_free(s->confusion);
	agreement_free(s->agreed);
	g_free(s->set_a);
	g_free(s->set_b);
	g_free(s);
}

double statistics_share(guint part, guint of)
{
	return of > 0 ? (double)part / of : NAN;
}

static int find_class(const statistics *s, int id)
{
	for (guint i = 0; i < s->classes->len; i++)
		if (g_array_index(s->classes, statistics_class, i).id == id)
			return (int)i;
	return -1;
}

guint statistics_confused(const statistics *s, guint from, guint to)
{
	return s->confusion[from * (s->classes->len + 1) + to];
}

/* --- counting --- */

static void count_class(statistics *s, const review_item *i)
{
	const int from = find_class(s, i->proposed_id), to = find_class(s, i->class_id);
	if (from < 0 || to < 0)
		return;
	statistics_class *c = &g_array_index(s->classes, statistics_class, from);
	const guint row = (guint)from * (s->classes->len + 1);
	c->total++;
	c->by_decision[i->decision]++;
	c->relabelled += i->decision != REVIEW_UNDECIDED && from != to;
	if (i->decision == REVIEW_ACCEPTED)
		s->confusion[row + (guint)to]++;
	else if (i->decision == REVIEW_REJECTED)
		s->confusion[row + s->classes->len]++;
}

static void count_score(statistics *s, const review_item *i)
{
	if (isnan(i->score))
		return;
	const int bin = CLAMP((int)(i->score * STATISTICS_BINS), 0, STATISTICS_BINS - 1);
	s->score_total[bin]++;
	s->score_decided[bin] += i->decision == REVIEW_ACCEPTED || i->decision == REVIEW_REJECTED;
	s->score_accepted[bin] += i->decision == REVIEW_ACCEPTED;
}

static void count_area(statistics *s, const review_item *i)
{
	const int bin = CLAMP((int)floor(log2(MAX((double)i->area_px, 1))) - 3, 0, STATISTICS_AREAS - 1);
	s->areas[bin]++;
	s->areas_accepted[bin] += i->decision == REVIEW_ACCEPTED;
}

static void count_hours(statistics *s, GArray *items)
{
	for (guint k = 0; k < items->len; k++) {
		const gint64 t = g_array_index(items, review_item, k).reviewed / HOUR * HOUR;
		if (t > 0 && (s->first == 0 || t < s->first))
			s->first = t;
	}
	for (guint k = 0; k < items->len; k++) {
		const gint64 t = g_array_index(items, review_item, k).reviewed;
		if (t <= 0)
			continue;
		const guint hour = (guint)MIN((t - s->first) / HOUR, 24 * 366);
		if (hour >= s->hours->len)
			g_array_set_size(s->hours, hour + 1);
		g_array_index(s->hours, guint, hour)++;
	}
}

statistics *statistics_new(GArray *items, GPtrArray *classes)
{
	statistics *s = g_new0(statistics, 1);
	s->classes = g_array_new(FALSE, TRUE, sizeof(statistics_class));
	s->hours = g_array_new(FALSE, TRUE, sizeof(guint));
	g_array_set_clear_func(s->classes, class_clear);
	for (guint i = 0; i < classes->len; i++) {
		const project_class *c = classes->pdata[i];
		const statistics_class k = {.id = c->id, .name = g_strdup(c->name)};
		g_array_append_val(s->classes, k);
	}
	s->confusion = g_new0(guint, (gsize)classes->len * (classes->len + 1) + 1);
	for (guint k = 0; k < items->len; k++) {
		const review_item *i = &g_array_index(items, review_item, k);
		s->total++;
		s->by_decision[i->decision]++;
		s->relabelled += i->decision != REVIEW_UNDECIDED && i->class_id != i->proposed_id;
		s->fixed += i->fixed;
		s->commented += i->commented;
		count_class(s, i);
		count_score(s, i);
		count_area(s, i);
	}
	count_hours(s, items);
	return s;
}

statistics *statistics_of(project *p, const char *set_a, const char *set_b, GError **error)
{
	g_autoptr(GArray) items = project_review_items(p, error);
	g_autoptr(GPtrArray) classes = items ? project_classes(p, error) : NULL;
	if (!classes)
		return NULL;
	g_autoptr(statistics) s = statistics_new(items, classes);
	if (set_a && set_b) {
		s->set_a = g_strdup(set_a);
		s->set_b = g_strdup(set_b);
		s->agreed = agreement_of(p, set_a, set_b, error);
		if (!s->agreed)
			return NULL;
	}
	return g_steal_pointer(&s);
}
