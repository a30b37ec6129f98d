/* The committed EarthGPT-X fixtures (tests/data/make-egx-fixtures.py): small models with random weights, and what the
 * PyTorch reference computes with them. */
#pragma once
#include "infer/models/earthgpt-x.h"
#include "tests/gpu/models/reference.h"

G_BEGIN_DECLS

/* As reference_compare(); where all of the reference is zero, ours must be so to within `limit`. */
void fixture_compare(const gguf *out, const char *name, const float *got, gsize n, double limit);

#define FIXTURE_REGIONS 10
typedef struct {
	int number, w, h;
	bool fast;
	GBytes *rgb; /* [h][w][3] */
	uint32_t n_regions, n_views;
	const uint32_t *view; /* borrowed of the file */
	egx_region region[FIXTURE_REGIONS];
	double xy[FIXTURE_REGIONS][32];
	uint8_t *mask[FIXTURE_REGIONS];
} fixture_case;
/* False when the file has no case of that number. */
bool fixture_case_read(const gguf *out, int number, fixture_case *c);
void fixture_case_clear(fixture_case *c);
/* "N.what", valid until the fourth call after it. */
const char *fixture_key(const fixture_case *c, const char *what);

/* Runs `test` for each of `names` on every device with all capabilities and with the minimum, f32 and f16 storage. */
typedef struct {
	char device[8];
	const char *name;
	bool minimum, f32;
} fixture_setting;
int fixture_run(int argc, char **argv, const char *path, const char *const *names, guint n,
                void (*test)(gpu *dev, const fixture_setting *s));

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(fixture_case, fixture_case_clear)

G_END_DECLS
