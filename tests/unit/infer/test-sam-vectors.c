/* Prompts against the vectors that the trainer shares (tests/data/prompts.json describes its own format). */
#include "infer/models/sam-prompt.h"
#include <cjson/cJSON.h>
#include <math.h>

typedef struct {
	sam_mark marks[8];
	double values[8][256];
	guint n;
} prompt_set;

static double number(const cJSON *o, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
	g_assert_true(cJSON_IsNumber(v));
	return v->valuedouble;
}

static double entry(const cJSON *list, int i)
{
	const cJSON *v = cJSON_GetArrayItem(list, i);
	g_assert_true(cJSON_IsNumber(v));
	return v->valuedouble;
}

static void read_prompts(const cJSON *list, prompt_set *set)
{
	static const char *const kinds[] = {"point", "box", "circle", "scribble", "polygon"};
	const cJSON *p;
	set->n = 0;
	cJSON_ArrayForEach(p, list)
	{
		const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(p, "kind"));
		const cJSON *v = cJSON_GetObjectItemCaseSensitive(p, "values");
		int n = cJSON_GetArraySize(v);
		sam_mark *m = &set->marks[set->n];
		*m = (sam_mark){.sign = (int)number(p, "sign"), .n = (guint)n / 2, .xy = set->values[set->n]};
		while (strcmp(kinds[m->kind], kind) != 0)
			m->kind++;
		g_assert_cmpint(n, <=, 256);
		for (int i = 0; i < n; i++)
			set->values[set->n][i] = entry(v, i);
		if (m->kind == SAM_CIRCLE)
			m->r = set->values[set->n][2];
		g_assert_cmpuint(++set->n, <=, 8);
	}
}

static void check_crop(const cJSON *c, const sam_frame *f)
{
	const cJSON *crop = cJSON_GetObjectItemCaseSensitive(c, "crop"), *size = cJSON_GetObjectItemCaseSensitive(c, "new");
	const int got[] = {f->crop.x, f->crop.y, f->crop.w, f->crop.h};
	for (int i = 0; i < 4; i++)
		g_assert_cmpint(got[i], ==, (int)entry(crop, i));
	g_assert_cmpint(f->new_w, ==, (int)entry(size, 0));
	g_assert_cmpint(f->new_h, ==, (int)entry(size, 1));
}

/* "pole": [index, tolerance] of the token whose place is a search's result. */
static double tolerance(const cJSON *c, guint token)
{
	const cJSON *pole = cJSON_GetObjectItemCaseSensitive(c, "pole");
	return pole && (guint)entry(pole, 0) == token ? entry(pole, 1) : 0.01;
}

static void check_tokens(const cJSON *c, const sam_frame *f, const prompt_set *set)
{
	const cJSON *coords = cJSON_GetObjectItemCaseSensitive(c, "coords");
	const cJSON *labels = cJSON_GetObjectItemCaseSensitive(c, "labels");
	g_autoptr(GArray) got = sam_sparse_tokens(f, set->marks, set->n);
	g_assert_cmpint((int)got->len, ==, cJSON_GetArraySize(labels));
	for (guint i = 0; i < got->len; i++) {
		const sam_token *t = &g_array_index(got, sam_token, i);
		const cJSON *at = cJSON_GetArrayItem(coords, (int)i);
		g_assert_cmpint(t->label, ==, (int)entry(labels, (int)i));
		if (t->label == SAM_LABEL_PAD)
			continue;
		g_assert_cmpfloat_with_epsilon(t->x, entry(at, 0), tolerance(c, i));
		g_assert_cmpfloat_with_epsilon(t->y, entry(at, 1), tolerance(c, i));
	}
}

static void check_counts(const cJSON *counts, const float *v, int cells)
{
	const cJSON *pair;
	cJSON_ArrayForEach(pair, counts)
	{
		int n = 0;
		for (int i = 0; i < cells; i++)
			n += v[i] == (float)entry(pair, 0);
		g_assert_cmpint(n, ==, (int)entry(pair, 1));
	}
}

static void check_raster(const cJSON *c, const sam_frame *f, const prompt_set *set)
{
	const int d = f->side / 4;
	const bool all = strcmp(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "mode")), "all") == 0;
	const cJSON *want = cJSON_GetObjectItemCaseSensitive(c, "raster");
	g_autofree float *v = g_new(float, d *d), *before = NULL;
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(c, "previous"))) {
		before = g_new(float, d *d);
		for (int i = 0; i < d * d; i++)
			before[i] = (float)((7 * (i / d) + 13 * (i % d)) % 41 - 20) / 2;
	}
	g_assert_cmpint(sam_dense_raster(f, set->marks, set->n, all, before, v), ==, !cJSON_IsNull(want));
	if (cJSON_IsNull(want))
		return;
	double sum = 0, weighted = 0;
	for (int i = 0; i < d * d; i++) {
		sum += v[i];
		weighted += (double)v[i] * (1 + (31 * (i / d) + 17 * (i % d)) % 101);
	}
	check_counts(cJSON_GetObjectItemCaseSensitive(want, "counts"), v, d * d);
	g_assert_cmpfloat_with_epsilon(sum, number(want, "sum"), 1e-6);
	g_assert_cmpfloat_with_epsilon(weighted, number(want, "weighted"), 1e-6);
}

static void check_case(const cJSON *c)
{
	const cJSON *picture = cJSON_GetObjectItemCaseSensitive(c, "picture");
	const cJSON *scale = cJSON_GetObjectItemCaseSensitive(c, "scale");
	const bool previous = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(c, "previous"));
	const int w = (int)entry(picture, 0), h = (int)entry(picture, 1);
	g_autofree prompt_set *set = g_new0(prompt_set, 1);
	read_prompts(cJSON_GetObjectItemCaseSensitive(c, "prompts"), set);
	sam_frame f;
	sam_crop crop = sam_crop_choose(set->marks, set->n, w, h, cJSON_IsNumber(scale) ? (int)scale->valuedouble : 0);
	sam_frame_init(&f, &crop, (int)number(c, "size"));
	check_crop(c, &f);
	check_tokens(c, &f, set);
	check_raster(c, &f, set);
	if (!previous)
		g_assert_cmpint(sam_wants_multimask(set->marks, set->n, NULL), ==,
		                cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(c, "multimask")));
}

static void test_vectors(void)
{
	g_autofree char *path = g_build_filename(g_getenv("NADIR_SOURCE"), "tests", "data", "prompts.json", NULL);
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	g_file_get_contents(path, &text, NULL, &error);
	g_assert_no_error(error);
	cJSON *root = cJSON_Parse(text);
	const cJSON *c;
	int n = 0;
	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(root, "cases"))
	{
		g_test_message("case %d: %s", n++, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "name")));
		check_case(c);
	}
	g_assert_cmpint(n, >, 100);
	cJSON_Delete(root);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sam/vectors", test_vectors);
	return g_test_run();
}
