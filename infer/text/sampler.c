/* Choosing the next id. */
#include "infer/text/sampler.h"

#include <math.h>
#include <string.h>

typedef struct {
	float logit;
	int id;
} choice;

struct sampler {
	sampling s;
	guint vocabulary;
	guint64 state[4]; /* xoshiro256** (Blackman and Vigna, 2018) */
	GArray *said;     /* of int, the latest repeat_last */
	choice *heap;     /* [vocabulary] */
	guint8 *seen;     /* [vocabulary], all 0 between calls */
};

const char *sampling_check(const sampling *s)
{
	if (!(s->temperature >= 0 && s->temperature <= 100))
		return "temperature";
	if (s->top_k < 0)
		return "top-k";
	if (!(s->top_p > 0 && s->top_p <= 1))
		return "top-p";
	if (!(s->min_p >= 0 && s->min_p <= 1))
		return "min-p";
	if (!(s->repeat_penalty > 0 && s->repeat_penalty <= 100))
		return "repeat-penalty";
	return s->repeat_last < 0 ? "repeat-last" : NULL;
}

static guint64 rotate(guint64 x, int k)
{
	return x << k | x >> (64 - k);
}

static void seed(sampler *p)
{
	guint64 x = p->s.seed;
	for (int i = 0; i < 4; i++) { /* splitmix64 */
		guint64 z = x += 0x9e3779b97f4a7c15u;
		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
		z = (z ^ z >> 27) * 0x94d049bb133111ebu;
		p->state[i] = z ^ z >> 31;
	}
}

/* Uniform in [0,1), 53 bits. */
static double draw(sampler *p)
{
	guint64 *s = p->state;
	const guint64 out = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return (double)(out >> 11) * 0x1p-53;
}

sampler *sampler_new(const sampling *s, guint vocabulary)
{
	sampler *p = g_new0(sampler, 1);
	p->s = *s;
	p->vocabulary = vocabulary;
	p->said = g_array_new(FALSE, FALSE, sizeof(int));
	p->heap = g_new(choice, vocabulary);
	p->seen = g_new0(guint8, vocabulary);
	seed(p);
	return p;
}

void sampler_free(sampler *p)
{
	if (!p)
		return;
	g_array_unref(p->said);
	g_free(p->heap);
	g_free(p->seen);
	g_free(p);
}

void sampler_restart(sampler *p)
{
	g_array_set_size(p->said, 0);
	seed(p);
}

void sampler_accept(sampler *p, int id)
{
	g_array_append_val(p->said, id);
	if ((int)p->said->len > p->s.repeat_last)
		g_array_remove_index(p->said, 0);
}

/* The possible ids with their penalised logits, in order of id; how many. */
static guint collect(sampler *p, const float *logits)
{
	guint n = 0;
	const bool penalty = fabsf(p->s.repeat_penalty - 1) > 0;
	for (guint i = 0; penalty && i < p->said->len; i++)
		p->seen[g_array_index(p->said, int, i)] = 1;
	for (guint i = 0; i < p->vocabulary; i++) {
		float l = logits[i];
		if (!isfinite(l))
			continue;
		if (penalty && p->seen[i])
			l = l > 0 ? l / p->s.repeat_penalty : l * p->s.repeat_penalty;
		p->heap[n++] = (choice){l, (int)i};
	}
	for (guint i = 0; penalty && i < p->said->len; i++)
		p->seen[g_array_index(p->said, int, i)] = 0;
	return n;
}

static bool better(const choice *a, const choice *b)
{
	return a->logit > b->logit || (a->logit >= b->logit && a->id < b->id);
}

static void sink(choice *h, guint n, guint i)
{
	for (;;) {
		guint best = i;
		for (guint child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++)
			if (better(&h[child], &h[best]))
				best = child;
		if (best == i)
			return;
		const choice swap = h[i];
		h[i] = h[best];
		h[best] = swap;
		i = best;
	}
}

static int greedy(const choice *c, guint n)
{
	guint best = 0;
	for (guint i = 1; i < n; i++)
		if (better(&c[i], &c[best]))
			best = i;
	return c[best].id;
}

static double weight_of(const sampler *p, float logit, float top)
{
	return exp(((double)logit - top) / p->s.temperature);
}

/* Takes the likeliest choices off the heap to its end, best last, until top-k, top-p or min-p say enough. How many, and
 * the sum of their weights; total: of the weights that top-p is a share of. */
static guint truncate_choices(sampler *p, guint n, double total, double *sum)
{
	choice *h = p->heap;
	const float top = h[0].logit;
	guint kept = 0;
	*sum = 0;
	while (kept < n) {
		const choice best = h[0];
		const double w = weight_of(p, best.logit, top);
		if (kept > 0 && (w < p->s.min_p || *sum >= p->s.top_p * total || (p->s.top_k && kept >= (guint)p->s.top_k)))
			break;
		h[0] = h[n - 1 - kept];
		h[n - 1 - kept] = best;
		kept++;
		sink(h, n - kept, 0);
		*sum += w;
	}
	return kept;
}

/* Sum of the weights that top-p is a share of: of the top-k ones, or of all. */
static double total_weight(sampler *p, guint n)
{
	const float top = p->heap[0].logit;
	double total = 0;
	if (!p->s.top_k || (guint)p->s.top_k >= n) {
		for (guint i = 0; i < n; i++)
			total += weight_of(p, p->heap[i].logit, top);
		return total;
	}
	sampler only_k = *p;
	only_k.s.top_p = 1;
	only_k.s.min_p = 0;
	truncate_choices(&only_k, n, INFINITY, &total);
	for (guint i = n / 2; i-- > 0;)
		sink(p->heap, n, i);
	return total;
}

int sampler_next(sampler *p, const float *logits)
{
	const guint n = collect(p, logits);
	if (n == 0)
		return -1;
	if (!(p->s.temperature > 0))
		return greedy(p->heap, n);
	for (guint i = n / 2; i-- > 0;)
		sink(p->heap, n, i);
	const float top = p->heap[0].logit;
	double sum;
	const guint kept = truncate_choices(p, n, total_weight(p, n), &sum);
	double at = draw(p) * sum;
	for (guint i = 0; i < kept; i++) {
		const choice *c = &p->heap[n - 1 - i];
		at -= weight_of(p, c->logit, top);
		if (at < 0)
			return c->id;
	}
	return p->heap[n - kept].id; /* rounding left a rest: the last one kept */
}
