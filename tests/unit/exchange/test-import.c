/* Foreign JSON that lies, in every member that a reader trusts: a loss that is counted or a sentence, never a crash.
 * Runs under the sanitizers, too. */
#include "render/exchange/import.h"
#include "sample-info.h"

#include <glib/gstdio.h>
#include <string.h>

#include "tests/unit/comma-locale.h"

#define COCO(annotation)                                                                                               \
	"{\"images\":[{\"id\":1,\"width\":1000,\"height\":800,\"file_name\":\"a.tif\"}],\"categories\":[{\"id\":1,"        \
	"\"name\":\"x\"}],\"annotations\":[" annotation "]}"
#define OF_ONE "\"image_id\":1,\"category_id\":1,"
#define GOOD "{" OF_ONE "\"segmentation\":[[10,10,20,10,20,20,10,20]]}"
#define LABELME(shape) "{\"imagePath\":\"a.tif\",\"shapes\":[" shape "]}"

typedef struct {
	char *folder, *path;
	sample_info *sample;
	georef *ref;
} fixture;

static void set_up(fixture *f, gconstpointer unused)
{
	const double gt[6] = {500000, 2, 0, 4000000, 0, -2};
	f->folder = g_dir_make_tmp("nadir-import-XXXXXX", NULL);
	f->path = g_build_filename(f->folder, "a.json", NULL);
	f->sample = sample_info_new(1000, 800, "EPSG:32618", gt);
	f->ref = georef_new(&f->sample->info, NULL);
	g_assert_nonnull(f->ref);
}

static void tear_down(fixture *f, gconstpointer unused)
{
	g_unlink(f->path);
	g_rmdir(f->folder);
	georef_free(f->ref);
	sample_info_free(f->sample);
	g_free(f->folder);
	g_free(f->path);
}

static import_file *read_text(fixture *f, const char *text, GError **error)
{
	g_assert_true(g_file_set_contents(f->path, text, -1, NULL));
	return import_read(f->path, NULL, error);
}

/* How many objects of the text lie on the sample, each with pixels; every failure is one clean sentence. */
static guint count_placed(fixture *f, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(import_file) file = read_text(f, text, &error);
	guint placed = 0;
	if (!file) {
		g_assert_nonnull(strstr(error->message, f->path));
		g_assert_null(strchr(error->message, '\n'));
	}
	for (guint i = 0; file && i < import_count(file); i++) {
		import_object *o = import_get(file, i);
		g_autoptr(GError) why = NULL;
		if (import_place(file, o, &f->sample->info, f->ref, &why)) {
			g_assert_cmpint(o->f->area_px, >, 0);
			g_assert_cmpint(o->f->area_px, <=, 1000 * 800);
			g_assert_nonnull(o->f->px_geom);
			placed++;
		} else {
			g_assert_nonnull(why);
			import_skip(file, why);
		}
	}
	g_autofree char *report = file ? import_report(file) : NULL;
	g_assert_true(!file || placed == import_count(file) || *report); /* what is missing is said */
	return placed;
}

static void test_lying_coco(fixture *f, gconstpointer unused)
{
	static const char *const bad[] = {
		"{" OF_ONE "\"segmentation\":{\"size\":[800,1000],\"counts\":[5,-3,799998]}}",
		"{" OF_ONE "\"segmentation\":{\"size\":[800,1000],\"counts\":[1e300,1]}}",
		"{" OF_ONE "\"segmentation\":{\"size\":[-1,5],\"counts\":[1]}}",
		"{" OF_ONE "\"segmentation\":{\"size\":[2000000000,2000000000],\"counts\":\"a\"}}",
		"{" OF_ONE "\"segmentation\":{\"size\":[2,2],\"origin\":[2147483647,2147483647],\"counts\":[0,4]}}",
		"{" OF_ONE "\"segmentation\":{\"size\":[2,2],\"counts\":\"\"}}",
		"{" OF_ONE "\"segmentation\":{\"size\":[2,2],\"counts\":null}}",
		"{" OF_ONE "\"segmentation\":{\"size\":\"x\",\"counts\":[4]}}",
		"{" OF_ONE "\"segmentation\":[[1,2,3,4,5]]}",
		"{" OF_ONE "\"segmentation\":[[1,1,1,1,1,1]]}",
		"{" OF_ONE "\"segmentation\":[[1e308,1e308,-1e308,1e308,0,-1e308]]}",
		"{" OF_ONE "\"segmentation\":[1,2,3,4,5,6]}",
		"{" OF_ONE "\"segmentation\":\"x\"}",
		"{" OF_ONE "\"bbox\":[0,0,-5,5]}",
		"{" OF_ONE "\"bbox\":[5000,5000,5,5]}",
		"{}",
		"7",
		"null",
	};
	g_assert_cmpuint(count_placed(f, COCO(GOOD)), ==, 1);
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autofree char *alone = g_strdup_printf(COCO("%s"), bad[i]);
		g_autofree char *beside = g_strdup_printf(COCO("%s,%s"), bad[i], GOOD);
		const guint n = count_placed(f, alone);
		g_assert_cmpuint(n, <=, 1);
		g_assert_cmpuint(count_placed(f, beside), ==, n + 1); /* the good one is not lost with it */
	}
}

static void test_lying_labelme(fixture *f, gconstpointer unused)
{
	static const char *const bad[] = {
		"{\"label\":\"x\",\"shape_type\":\"mask\",\"points\":[[1,1],[9,9]],\"mask\":\"!!!\"}",
		"{\"label\":\"x\",\"shape_type\":\"mask\",\"points\":[[1e300,1],[9,9]],\"mask\":\"iVBORw0KGgo=\"}",
		"{\"label\":\"x\",\"shape_type\":\"mask\",\"points\":[],\"mask\":null}",
		"{\"label\":5,\"shape_type\":\"polygon\",\"points\":[[\"a\",1],[2,2],[3,3]]}",
		"{\"label\":\"x\",\"shape_type\":\"circle\",\"points\":[[5,5],[5,5]]}",
		"{\"label\":\"x\",\"shape_type\":\"rectangle\",\"points\":[[5,5],[5,50]]}",
		"{\"label\":\"x\",\"points\":{}}",
		"[]",
		"null",
	};
	const char *good = "{\"label\":\"x\",\"shape_type\":\"rectangle\",\"points\":[[5,5],[15,25]]}";
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autofree char *alone = g_strdup_printf(LABELME("%s"), bad[i]);
		g_autofree char *beside = g_strdup_printf(LABELME("%s,%s"), bad[i], good);
		g_assert_cmpuint(count_placed(f, alone), ==, 0);
		g_assert_cmpuint(count_placed(f, beside), ==, 1);
	}
}

/* Each cut of a good file: no JSON, and said so. */
static void test_cut_short(fixture *f, gconstpointer unused)
{
	const char *text = COCO(GOOD);
	for (gsize n = 0; n < strlen(text); n += 3) {
		g_autoptr(GError) error = NULL;
		g_autofree char *cut = g_strndup(text, n);
		g_assert_null(read_text(f, cut, &error));
		g_assert_error(error, IMPORT_ERROR, IMPORT_ERROR_OPEN);
	}
}

/* An outline far larger than the image is cut, whatever memory its own mask would want. */
static void test_larger_than_the_image(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(import_file) file =
		read_text(f, COCO("{" OF_ONE "\"segmentation\":[[-1e7,-1e7,1e7,-1e7,1e7,1e7,-1e7,1e7]]}"), &error);
	g_assert_no_error(error);
	import_object *o = import_get(file, 0);
	const bool ok = import_place(file, o, &f->sample->info, f->ref, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
	g_assert_cmpint(o->f->area_px, ==, 1000 * 800);
	g_autofree char *report = import_report(file);
	g_assert_nonnull(strstr(report, "cut there"));
}

/* Numbers mean the same in every language. */
static void test_language(fixture *f, gconstpointer unused)
{
	static const char *const texts[] = {COCO("{" OF_ONE "\"height\":2.5,\"segmentation\":[[10,10,20,10,20,20]]}"),
	                                    "id,height,WKT\n1,2.5,\"POLYGON ((10 10,20 10,20 20,10 10))\"\n"};
	static const char *const names[] = {"a.json", "a.csv"};
	if (!comma_locale_begin())
		return;
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GError) error = NULL;
		g_free(f->path);
		f->path = g_build_filename(f->folder, names[i], NULL);
		g_autoptr(import_file) file = read_text(f, texts[i], &error);
		g_assert_no_error(error);
		g_assert_cmpuint(import_count(file), ==, 1);
		const char *attributes = import_get(file, 0)->f->attributes;
		g_test_message("%s", attributes);
		g_assert_nonnull(strstr(attributes, "2.5"));
		g_unlink(f->path);
	}
	comma_locale_end();
}

#define ADD(name, test) g_test_add("/import/" name, fixture, NULL, set_up, test, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("lying-coco", test_lying_coco);
	ADD("lying-labelme", test_lying_labelme);
	ADD("language", test_language);
	ADD("cut-short", test_cut_short);
	ADD("larger-than-the-image", test_larger_than_the_image);
	return g_test_run();
}
