/* Loops in a stream of ids. */
#include <string.h>

#include "infer/text/sampler.h"

#define TIMES 3       /* a longer run of ids is a loop when it stands there so often in a row */
#define IDS 32        /* and a shorter one when so many ids are nothing else */
#define ITEM_TIMES 16 /* a list of things found says the same of each */

void repetition_init(repetition *r, int item)
{
	memset(r, 0, sizeof *r);
	r->item = item;
}

/* run[p] counts the latest ids that are equal to the one p before them: so many and p more have period p. */
bool repetition_push(repetition *r, int id)
{
	bool looped = false;
	r->since_item = id == r->item && r->item >= 0 ? 0 : r->since_item + 1;
	for (guint p = 1; p <= MIN(r->n, REPETITION_PERIOD); p++) {
		const bool same = r->last[(r->n - p) % REPETITION_PERIOD] == id;
		const bool listed = r->item >= 0 && r->since_item < p;
		r->run[p] = same ? r->run[p] + 1 : 0;
		looped |= same && r->run[p] + p >= (listed ? ITEM_TIMES * p : MAX(TIMES * p, IDS));
	}
	r->last[r->n++ % REPETITION_PERIOD] = id;
	return looped;
}
