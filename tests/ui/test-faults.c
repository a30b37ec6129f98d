/* Faults in the window: a lost device, memory that runs out, a full disk. Each is a sentence in the bar with a button
 * that works, what was marked or drawn is kept, and a hand can go on drawing meanwhile. Only in builds with
 * -Dfaults=true. */
#include <string.h>

#include "app/document/document-history.h"
#include "app/panel/status-line.h"
#include "app/window-private.h"
#include "render/file/output.h"
#include "tests/ui/fixture.h"

enum { PATIENCE = 200 };

typedef struct {
	NadirApplication *app;
	NadirWindow *window;
	NadirDocument *d; /* the window's */
	char *dir, *sample;
} world;

/* Each arming is a new text (the number gets another leading zero), which starts the count again. */
static void arm(const char *call, int n, const char *outcome)
{
	static int width;
	g_autofree char *text = g_strdup_printf("%s:%0*d:%s", call, ++width, n, outcome);
	output_fault_reset();
	g_setenv("NADIR_FAULT", text, TRUE);
}

static bool is_open(void *data)
{
	return nadir_window_get_document(data) != NULL;
}

static bool has_model(void *data)
{
	return service_get_info(nadir_application_get_service(data)) != NULL;
}

static void world_up(world *w, gconstpointer data)
{
	g_unsetenv("NADIR_FAULT");
	w->dir = fixture_dir();
	w->sample = fixture_sample(w->dir);
	w->app = NADIR_APPLICATION(g_application_get_default());
	w->window = nadir_window_new(w->app);
	gtk_window_present(GTK_WINDOW(w->window));
	g_autoptr(GFile) file = g_file_new_for_path(w->sample);
	nadir_window_open(w->window, file);
	g_assert_true(fixture_wait(is_open, w->window, 60));
	g_assert_true(fixture_wait(has_model, w->app, PATIENCE));
	w->d = nadir_window_get_document(w->window);
}

static bool is_gone(void *data)
{
	return *(gpointer *)data == NULL;
}

static void world_down(world *w, gconstpointer data)
{
	gpointer document = w->d;
	g_unsetenv("NADIR_FAULT");
	g_object_add_weak_pointer(document, &document);
	gtk_window_close(GTK_WINDOW(w->window));
	g_assert_true(fixture_wait(is_gone, &document, PATIENCE));
	fixture_remove(w->dir);
	g_free(w->dir);
	g_free(w->sample);
}

static guint n_objects(world *w)
{
	return g_list_model_get_n_items(nadir_document_get_objects(w->d));
}

static bool bar_is_shown(void *data)
{
	return gtk_info_bar_get_revealed(((world *)data)->window->info_bar);
}

static void assert_bar(world *w, const char *word, const char *button)
{
	g_assert_true(fixture_wait(bar_is_shown, w, PATIENCE));
	const char *sentence = gtk_label_get_text(w->window->info_text);
	g_assert_nonnull(strstr(sentence, word));
	g_assert_null(strchr(sentence, '\n'));
	g_assert_true(gtk_widget_get_visible(GTK_WIDGET(w->window->info_button)));
	g_assert_cmpstr(gtk_button_get_label(w->window->info_button), ==, button);
	g_assert_true(gtk_widget_is_sensitive(GTK_WIDGET(w->window->info_button)));
}

static void press_bar(world *w)
{
	g_signal_emit_by_name(w->window->info_button, "clicked");
	fixture_spin(0.05);
	g_assert_false(bar_is_shown(w));
}

static void draw(world *w, int x)
{
	double xy[8];
	fixture_rectangle_of(x, 40, 30, 20, xy);
	nadir_document_draw_polygon(w->d, xy, 4);
	fixture_settle(w->d);
}

static bool is_ready(void *data)
{
	return nadir_document_get_preview(data, NULL, NULL) == NADIR_PREVIEW_READY;
}

static void accept_marks(world *w)
{
	g_assert_true(fixture_wait(is_ready, w->d, PATIENCE));
	nadir_document_accept_preview(w->d);
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 2);
}

/* In the midst of an encode. */
static void test_lost(world *w, gconstpointer data)
{
	arm("submit", 1, "lost");
	nadir_document_add_mark(w->d, SAM_POINT, 1, (double[]){300, 200}, 1, 0);
	assert_bar(w, "stopped answering", "Try Again");
	g_assert_nonnull(nadir_document_get_prompt(w->d)); /* the mark is still there */
	draw(w, 20);
	g_assert_cmpuint(n_objects(w), ==, 1);
	press_bar(w);
	accept_marks(w);
}

static bool is_known(void *data)
{
	return has_model(data) || nadir_application_get_service_error(data);
}

static bool is_reopened(void *data)
{
	const world *w = data;
	return is_open(w->window) && !nadir_window_is_opening(w->window);
}

static void reopen_model(world *w)
{
	g_action_group_activate_action(G_ACTION_GROUP(w->app), "reopen-model", NULL);
	g_assert_true(fixture_wait(is_known, w->app, PATIENCE));
	g_assert_true(fixture_wait(is_reopened, w, PATIENCE)); /* the window took the image to the new service */
	fixture_spin(0.05);
	w->d = nadir_window_get_document(w->window);
}

/* The model's own memory: another kind of memory may serve for some of it, but not for all. */
static void test_memory(world *w, gconstpointer data)
{
	for (int n = 1; n < 6 && !bar_is_shown(w); n++) {
		arm("alloc", n, "oom");
		reopen_model(w);
	}
	assert_bar(w, "cannot give", "Load the Model Again");
	draw(w, 20);
	g_assert_cmpuint(n_objects(w), ==, 1);
	g_unsetenv("NADIR_FAULT");
	g_signal_emit_by_name(w->window->info_button, "clicked");
	g_assert_true(fixture_wait(has_model, w->app, PATIENCE));
	g_assert_true(fixture_wait(is_reopened, w, PATIENCE));
	w->d = nadir_window_get_document(w->window);
	g_assert_false(bar_is_shown(w));
	g_assert_cmpuint(n_objects(w), ==, 1);
	nadir_document_add_mark(w->d, SAM_POINT, 1, (double[]){100, 200}, 1, 0);
	accept_marks(w);
}

/* Lost after Enter, with another object being marked: the accepted one is kept as a draft. */
static void test_lost_ahead(world *w, gconstpointer data)
{
	arm("submit", 2, "lost");
	nadir_document_add_mark(w->d, SAM_POINT, 1, (double[]){60, 320}, 1, 0);
	nadir_document_accept_preview(w->d);
	nadir_document_add_mark(w->d, SAM_BOX, 1, (double[]){200, 200, 260, 260}, 2, 0);
	assert_bar(w, "stopped answering", "Try Again");
	g_assert_cmpuint(nadir_document_get_pending(w->d).drafts, ==, 1);
	g_assert_true(fixture_wait(is_ready, w->d, PATIENCE)); /* the next one got a new device */
	press_bar(w);
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 1);
	g_assert_cmpuint(nadir_document_get_pending(w->d).drafts, ==, 0);
	nadir_document_drop_preview(w->d);
}

static void test_full_disk(world *w, gconstpointer data)
{
	draw(w, 20); /* the project is there */
	arm("write", 1, "enospc");
	draw(w, 80);
	assert_bar(w, "full", "Try Again");
	g_assert_cmpuint(n_objects(w), ==, 1);
	g_assert_cmpuint(nadir_document_get_pending(w->d).drafts, ==, 1);
	g_autofree char *saved = nadir_describe_saved(w->d);
	g_assert_cmpstr(saved, ==, "1 not stored");
	press_bar(w);
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 2);
	arm("write", 1, "enospc");
	nadir_document_undo(w->d); /* a step that cannot be written changes nothing */
	fixture_settle(w->d);
	g_assert_true(bar_is_shown(w));
	g_assert_cmpuint(n_objects(w), ==, 2);
	nadir_document_undo(w->d);
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 1);
}

#define TEST(name, function) g_test_add("/faults/" name, world, NULL, world_up, function, world_down)

int main(int argc, char **argv)
{
	if (!NADIR_FAULTS) {
		g_print("1..0 # SKIP built without -Dfaults=true\n");
		return 0;
	}
	g_autofree char *model = fixture_model();
	g_autofree char *cache = fixture_dir(); /* an embedding found there would spare the device the work that fails */
	g_setenv("XDG_CACHE_HOME", cache, TRUE);
	fixture_init_application(&argc, &argv);
	TEST("memory", test_memory);
	TEST("lost", test_lost);
	TEST("lost-ahead", test_lost_ahead);
	TEST("full-disk", test_full_disk);
	return fixture_run_application(argv[0], model);
}
