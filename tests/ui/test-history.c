/* The document's history by name; a project file that is damaged, and one whose images are: shown as far as possible.
 */
#include <string.h>

#include "app/document/document-history.h"
#include "render/store/images.h"
#include "tests/ui/document-world.h"

static GPtrArray *steps; /* as read last */

static void on_read(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_clear_pointer(&steps, g_ptr_array_unref);
	steps = nadir_document_read_history_finish(result, &error);
	g_assert_no_error(error);
}

static bool has_steps(void *data)
{
	return *(GPtrArray **)data != NULL;
}

static void read_history(world *w)
{
	g_clear_pointer(&steps, g_ptr_array_unref);
	nadir_document_read_history_async(w->d, NULL, on_read, NULL);
	g_assert_true(fixture_wait(has_steps, &steps, 20));
}

static void go_to(world *w, gint64 step)
{
	nadir_document_go_to(w->d, step);
	fixture_settle(w->d);
}

static void test_history(world *w, gconstpointer data)
{
	read_history(w); /* no project yet */
	g_assert_cmpuint(steps->len, ==, 0);
	for (int i = 0; i < 5; i++)
		add(w, 10 + 30 * i, 20, 20, 10);
	read_history(w);
	g_assert_cmpuint(steps->len, ==, 5);
	const gint64 newest = ((project_step *)steps->pdata[0])->step;
	const gint64 third = ((project_step *)steps->pdata[2])->step;
	go_to(w, third);
	g_assert_cmpuint(n_objects(w), ==, 3);
	g_assert_nonnull(nadir_document_get_redo_text(w->d));
	go_to(w, 0);
	g_assert_cmpuint(n_objects(w), ==, 0);
	g_assert_null(nadir_document_get_undo_text(w->d));
	go_to(w, newest);
	g_assert_cmpuint(n_objects(w), ==, 5);
	g_assert_null(nadir_document_get_redo_text(w->d));
	go_to(w, third);
	world_reopen(w); /* where one stands in the history outlives the window */
	g_assert_cmpuint(n_objects(w), ==, 3);
	read_history(w);
	g_assert_cmpuint(steps->len, ==, 5);
	g_assert_false(((project_step *)steps->pdata[1])->done);
	g_assert_true(((project_step *)steps->pdata[2])->done);
}

/* Spoils the file's last page but one: an object's, or one of its view's. */
static void spoil(const char *path)
{
	g_autofree char *text = NULL;
	gsize size;
	g_assert_true(g_file_get_contents(path, &text, &size, NULL));
	memset(text + size - 2 * 4096, 0xa5, 2 * 4096);
	g_assert_true(g_file_set_contents(path, text, (gssize)size, NULL));
}

static void test_damaged(world *w, gconstpointer data)
{
	for (int i = 0; i < 8; i++)
		add(w, 10 + 30 * i, 20, 20, 10);
	g_assert_null(nadir_document_get_damage(w->d));
	g_autofree char *path = g_strdup(nadir_document_get_project_path(w->d));
	fixture_close(w->d);
	spoil(path);
	world_open(w);
	const char *damage = nadir_document_get_damage(w->d);
	g_assert_nonnull(damage);
	g_assert_nonnull(strstr(damage, path));
	const guint n = n_objects(w);
	g_assert_cmpuint(n, >, 0);
	g_autofree char *copy = g_build_filename(w->dir, "repaired.nadir.gpkg", NULL);
	nadir_document_save_as(w->d, copy);
	fixture_settle(w->d);
	g_assert_null(nadir_document_get_damage(w->d));
	g_assert_cmpstr(nadir_document_get_project_path(w->d), ==, copy);
	add(w, 10, 100, 20, 10);
	g_assert_cmpuint(n_objects(w), ==, n + 1);
	g_assert_cmpuint(nadir_document_get_pending(w->d).drafts, ==, 0);
}

/* A project of a broken, a missing and a good image opens with the good one and says why; of bad ones only it does not.
 */
static void test_broken_first(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	guint added;
	g_autofree char *path = g_build_filename(w->dir, "many.nadir.gpkg", NULL);
	g_autofree char *broken = g_build_filename(w->dir, "broken.tif", NULL);
	g_autofree char *missing = g_build_filename(w->dir, "missing.tif", NULL);
	const char *const bad[] = {broken, missing}, *const good[] = {w->image};
	g_assert_true(g_file_set_contents(broken, "no image", -1, NULL));
	project *p = project_create(path, &error);
	g_assert_no_error(error);
	g_assert_true(project_add_paths(p, bad, 2, &added, NULL));
	project_close(p);
	g_assert_null(fixture_open(path, w->service, &error));
	g_assert_nonnull(strstr(error->message, "broken.tif"));
	p = project_open(path, NULL);
	g_assert_true(project_add_paths(p, good, 1, &added, NULL));
	project_close(p);
	fixture_close(w->d);
	w->d = fixture_open(path, w->service, NULL);
	g_assert_cmpstr(nadir_document_get_title(w->d), ==, "image.tif");
	g_assert_nonnull(strstr(nadir_document_get_passed_over(w->d), "broken.tif"));
	g_assert_nonnull(strstr(nadir_document_get_passed_over(w->d), "image.tif"));
}

int main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/history/steps", world, NULL, world_up, test_history, world_down);
	g_test_add("/history/damaged", world, NULL, world_up, test_damaged, world_down);
	g_test_add("/history/broken-first", world, NULL, world_up, test_broken_first, world_down);
	const int status = g_test_run();
	g_clear_pointer(&steps, g_ptr_array_unref);
	return status;
}
