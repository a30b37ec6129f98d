#include "tests/gpu/models/reference.h"
#include <math.h>

gguf *reference_open(const char *name)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *base = g_strconcat(name, ".gguf", NULL);
	g_autofree char *path = g_build_filename(g_getenv("NADIR_SOURCE"), "tests", "data", base, NULL);
	gguf *file = gguf_open(path, &error);
	g_assert_no_error(error);
	return file;
}

float *reference_read(const gguf *file, const char *name, gsize *n)
{
	const gguf_tensor *t = gguf_find(file, name);
	if (!t)
		return NULL;
	float *v = g_new(float, t->count);
	gguf_read_f32(t, 0, t->count, v);
	*n = t->count;
	return v;
}

double reference_error(const float *got, const float *want, gsize n)
{
	double worst = 0, square = 0;
	for (gsize i = 0; i < n; i++) {
		if (!isfinite(got[i]))
			return INFINITY;
		worst = MAX(worst, fabs((double)got[i] - want[i]));
		square += (double)want[i] * want[i];
	}
	return worst / sqrt(square / (double)n);
}

void reference_compare(const gguf *out, const char *name, const float *got, gsize n, double limit)
{
	gsize count = 0;
	g_autofree float *want = reference_read(out, name, &count);
	g_assert_nonnull(want);
	g_assert_cmpuint(count, ==, n);
	const double e = reference_error(got, want, n);
	g_test_message("%-18s error %.2e of %.0e", name, e, limit);
	g_assert_cmpfloat(e, <=, limit);
}
