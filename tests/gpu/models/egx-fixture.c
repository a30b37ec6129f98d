#include "tests/gpu/models/egx-fixture.h"
#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

/* What is nothing in the reference, such as the coverage of a view without marks, must be nothing to within `limit`. */
static bool is_zero(const float *v, gsize n)
{
	gsize i = 0;
	while (i < n && v[i] >= 0 && v[i] <= 0)
		i++;
	return i == n;
}

void fixture_compare(const gguf *out, const char *name, const float *got, gsize n, double limit)
{
	gsize count = 0;
	g_autofree float *want = reference_read(out, name, &count);
	g_assert_nonnull(want);
	if (!is_zero(want, count)) {
		reference_compare(out, name, got, n, limit);
		return;
	}
	g_assert_cmpuint(count, ==, n);
	for (gsize i = 0; i < n; i++)
		g_assert_true(fabs((double)got[i]) <= limit); /* false for what is no number */
}

const char *fixture_key(const fixture_case *c, const char *what)
{
	static char ring[4][64];
	static unsigned at;
	char *s = ring[at++ % G_N_ELEMENTS(ring)];
	g_snprintf(s, sizeof ring[0], "%d.%s", c->number, what);
	return s;
}

/* --- regions --- */

/* Numbers, or pairs of them: flat in both cases. */
static guint flatten(const cJSON *values, double *out)
{
	guint n = 0;
	const cJSON *v;
	cJSON_ArrayForEach(v, values)
	{
		if (cJSON_IsArray(v))
			n += flatten(v, out + n);
		else
			out[n++] = v->valuedouble;
	}
	return n;
}

/* Runs along the rows, zeros first. */
static uint8_t *read_mask(const cJSON *runs, int w, int h)
{
	uint8_t *mask = g_malloc0((gsize)w * (gsize)h), value = 0;
	gsize at = 0;
	const cJSON *r;
	cJSON_ArrayForEach(r, runs)
	{
		memset(mask + at, value, (gsize)r->valueint);
		at += (gsize)r->valueint;
		value ^= 1;
	}
	g_assert_cmpuint(at, ==, (gsize)w * (gsize)h);
	return mask;
}

static egx_region read_region(const cJSON *o, fixture_case *c, uint32_t i)
{
	static const struct {
		const char *kind, *values;
		egx_kind is;
	} kinds[] = {{"point", "xy", EGX_POINT},      {"box", "xyxy", EGX_BOX},          {"ellipse", "cxcyrr", EGX_ELLIPSE},
	             {"polygon", "pts", EGX_POLYGON}, {"scribble", "pts", EGX_SCRIBBLE}, {"mask", "runs", EGX_MASK},
	             {"whole", "", EGX_WHOLE}};
	const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "kind"));
	guint k = 0;
	while (strcmp(kinds[k].kind, kind) != 0)
		g_assert_cmpuint(++k, <, G_N_ELEMENTS(kinds));
	const cJSON *values = cJSON_GetObjectItemCaseSensitive(o, kinds[k].values);
	egx_region r = {.kind = kinds[k].is, .xy = c->xy[i]};
	if (r.kind == EGX_MASK)
		r.mask = c->mask[i] = read_mask(values, c->w, c->h);
	else
		r.n = flatten(values, c->xy[i]) / 2;
	if (r.kind == EGX_ELLIPSE) {
		r.n = 1;
		r.rx = c->xy[i][2];
		r.ry = c->xy[i][3];
	}
	return r;
}

bool fixture_case_read(const gguf *out, int number, fixture_case *c)
{
	g_autoptr(GError) error = NULL;
	guint n = 0;
	gsize count = 0;
	*c = (fixture_case){.number = number};
	if (!gguf_has(out, fixture_key(c, "view")))
		return false;
	const char *rgb = gguf_find(out, fixture_key(c, "rgb")) ? fixture_key(c, "rgb") : "0.rgb";
	const gguf_tensor *t = gguf_find(out, rgb);
	g_autofree float *values = reference_read(out, rgb, &count);
	uint8_t *bytes = g_malloc(count);
	for (gsize i = 0; i < count; i++)
		bytes[i] = (uint8_t)values[i];
	c->rgb = g_bytes_new_take(bytes, count);
	c->h = (int)t->ne[0];
	c->w = (int)t->ne[1];
	c->view = gguf_get_u32s(out, fixture_key(c, "view"), &n, &error);
	g_assert_no_error(error);
	c->n_views = n;
	g_assert_true(gguf_get_bool(out, fixture_key(c, "fast"), &c->fast, &error));
	cJSON *list = cJSON_Parse(gguf_get_string(out, fixture_key(c, "regions"), &error));
	g_assert_nonnull(list);
	const cJSON *o;
	cJSON_ArrayForEach(o, list)
	{
		g_assert_cmpuint(c->n_regions, <, FIXTURE_REGIONS);
		c->region[c->n_regions] = read_region(o, c, c->n_regions);
		c->n_regions++;
	}
	cJSON_Delete(list);
	return true;
}

void fixture_case_clear(fixture_case *c)
{
	g_clear_pointer(&c->rgb, g_bytes_unref);
	for (guint i = 0; i < G_N_ELEMENTS(c->mask); i++)
		g_free(c->mask[i]);
}

/* --- settings --- */

typedef struct {
	fixture_setting s;
	void (*test)(gpu *dev, const fixture_setting *s);
} entry;

static void run_entry(gconstpointer data)
{
	const entry *e = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(gpu) dev =
		gpu_open(&(gpu_options){.device = e->s.device, .minimum = e->s.minimum, .validation = true}, &error);
	g_assert_no_error(error);
	if (!e->s.f32 && !gpu_get_caps(dev)->f16_storage)
		g_test_skip("the device has no f16 storage");
	else
		e->test(dev, &e->s);
}

int fixture_run(int argc, char **argv, const char *path, const char *const *names, guint n,
                void (*test)(gpu *dev, const fixture_setting *s))
{
	g_test_init(&argc, &argv, NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) devices = gpu_list(&error);
	g_assert_no_error(error);
	for (guint i = 0; i < devices->len * n * 3; i++) {
		static const char *const types[] = {"all/f32", "all/f16", "minimum/f32"}; /* the minimum has no f16 */
		entry *e = g_new0(entry, 1);
		*e = (entry){{.name = names[i / 3 % n], .minimum = i % 3 == 2, .f32 = i % 3 != 1}, test};
		g_snprintf(e->s.device, sizeof e->s.device, "%u", i / 3 / n);
		g_autofree char *full = g_strdup_printf("%s/%s/%s/%s", path, e->s.device, e->s.name, types[i % 3]);
		g_test_add_data_func_full(full, e, run_entry, g_free);
	}
	return g_test_run();
}
