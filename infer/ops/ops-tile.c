/* Sizes of register tiles. A tile kernel reads rows + columns fours a step and multiplies rows x columns of them. */
#include "infer/ops/ops-private.h"

/* Of a software device, in cycles for eight invocations (docs/PERFORMANCE.md): a fetch of four numbers, and a product
 * of four by four with its sum. */
#define FETCH_CYCLES 16
#define PRODUCT_CYCLES 4
#define SOFTWARE_LOCAL 8 /* invocations: one vector of the processor */

static uint64_t groups_of(uint32_t n, uint32_t each)
{
	return ((uint64_t)n + each - 1) / each;
}

static uint64_t cost_of(const tile *t, uint32_t rows, uint32_t cols)
{
	const uint64_t groups = groups_of(rows, ops_tile_rows(t)) * groups_of(cols, ops_tile_cols(t));

	return MAX(groups, 2) * (FETCH_CYCLES * (t->rows + t->cols) + PRODUCT_CYCLES * t->rows * t->cols);
}

static tile software_tile(uint32_t rows, uint32_t cols)
{
	const uint32_t heights[] = {8, 4, 1};
	tile best = {0};
	uint64_t least = UINT64_MAX;

	for (size_t h = 0; h < G_N_ELEMENTS(heights); h++) {
		for (uint32_t lanes = 1; lanes <= SOFTWARE_LOCAL; lanes *= 2) {
			const tile t = {heights[h], cols % 8 ? 4 : 8, lanes, SOFTWARE_LOCAL};
			const uint64_t cost = cost_of(&t, rows, cols);
			if (cost < least) {
				least = cost;
				best = t;
			}
		}
	}
	return best;
}

tile ops_tile(const ops *o, uint32_t rows, uint32_t cols)
{
	if (o->software)
		return software_tile(rows, cols);
	/* Sixteen sums stay in registers everywhere; a group covers 32 x 32 outputs, so its inputs stay in the first cache.
	 */
	return (tile){rows < 4 ? 1 : 4, 4, 8, MIN(64, o->caps->max_local_total)};
}

void ops_tile_groups(const tile *t, uint32_t rows, uint32_t cols, uint32_t groups[3])
{
	groups[0] = (uint32_t)groups_of(cols, ops_tile_cols(t));
	groups[1] = (uint32_t)groups_of(rows, ops_tile_rows(t));
	groups[2] = 1;
}

bool ops_use_texels(const ops *o, const ops_call *call, dtype activation, dtype weights)
{
	if (o->caps->max_texels == 0 || activation != DTYPE_F32 || weights != DTYPE_F32)
		return false;
	for (int b = 0; b < MAX_BINDINGS; b++) /* the output is bound as a storage buffer, but is made of the same fours */
		if (call->bind[b].bytes % 16 || call->bind[b].bytes / 16 > o->caps->max_texels)
			return false;
	return true;
}
