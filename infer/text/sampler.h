/* From logits to the next id (spec llama.md 7), and the end of a reply by a stop string or in a loop. Pure. */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

G_BEGIN_DECLS

typedef struct {
	float temperature;    /* 0: greedy, the lowest id on ties */
	int top_k;            /* 0: all */
	float top_p;          /* 1: all */
	float min_p;          /* 0: all; else ids of at least min_p times the likeliest one's probability */
	float repeat_penalty; /* 1: none; divides positive and multiplies negative logits of ids seen */
	int repeat_last;      /* how many of the latest ids count as seen */
	uint64_t seed;
} sampling;
#define SAMPLING_GREEDY ((sampling){.top_p = 1, .repeat_penalty = 1, .repeat_last = 64})
/* Which setting lies outside its range, as the word for it; NULL when all are good. */
const char *sampling_check(const sampling *s);

typedef struct sampler sampler;
sampler *sampler_new(const sampling *s, guint vocabulary);
void sampler_free(sampler *s);
/* The next id; logits [vocabulary] are left as they are. The order is: penalty, temperature, top-k, softmax, top-p,
 * min-p, one draw. Draws come from xoshiro256** seeded by splitmix64 of the seed, so a seed gives one text on every
 * machine (for equal logits). Logits that are not finite count as impossible; -1 when all are. */
int sampler_next(sampler *s, const float *logits);
void sampler_accept(sampler *s, int id); /* id was said: it counts for the penalty */
void sampler_restart(sampler *s);        /* forget what was said and begin the seed's draws again */

/* Stop strings over streamed text, those that straddle pieces included. */
typedef struct stop_filter stop_filter;
stop_filter *stop_filter_new(const char *const *stops); /* NULL-terminated, copied; NULL or empty: none */
void stop_filter_free(stop_filter *f);
/* Takes the next piece; appends to `out` what is certain not to belong to a stop string. Not 0: stop string number 1, 2
 * … is complete; it and all behind it are dropped. */
guint stop_filter_push(stop_filter *f, const char *piece, GString *out);
void stop_filter_finish(stop_filter *f, GString *out); /* appends what was kept back */
/* One more, of what comes from now on; it has the next number. */
void stop_filter_add(stop_filter *f, const char *stop);

/* Endless repetition, which small models fall into: the same run of at most REPETITION_PERIOD ids three times in a row,
 * and 32 ids at least. */
#define REPETITION_PERIOD 64
typedef struct {
	int item; /* -1: none; runs that hold this id are lists of what was found, and may come sixteen times */
	guint n, since_item, run[REPETITION_PERIOD + 1];
	int last[REPETITION_PERIOD];
} repetition;
void repetition_init(repetition *r, int item);
bool repetition_push(repetition *r, int id); /* the next id; true: it ends a loop */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sampler, sampler_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(stop_filter, stop_filter_free)

G_END_DECLS
