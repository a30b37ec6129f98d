/* The history of a project: its steps by name, going to any of them, and one image's steps apart from another's. */
#include "render/store/conversation.h"
#include "store-fixture.h"

typedef struct {
	char *folder, *path;
	project *p;
	gint64 image, other;
} fixture;

static void set_up(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	f->folder = fixture_folder();
	f->path = g_build_filename(f->folder, "two.nadir.gpkg", NULL);
	f->p = project_create(f->path, &error);
	g_assert_no_error(error);
	f->image = fixture_image(f->p, "/data/one.tif", true);
	f->other = fixture_image(f->p, "/data/two.tif", false);
}

static void tear_down(fixture *f, gconstpointer unused)
{
	project_close(f->p);
	g_free(f->path);
	fixture_folder_remove(f->folder);
}

static gint64 insert(fixture *f, gint64 image, const char *class_name, int x)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(feature) o = fixture_object(class_name, x, x, 9, 7);
	g_autofree char *what = g_strdup_printf("accept %s", class_name);
	g_assert_true(project_insert(f->p, image, o, what, &error));
	g_assert_no_error(error);
	return o->id;
}

static guint count(fixture *f, gint64 image)
{
	g_autoptr(GPtrArray) list = project_objects(f->p, image, NULL);
	return list->len;
}

/* Every step is gone to from every other one. */
static void test_go_anywhere(fixture *f, gconstpointer unused)
{
	enum { STEPS = 12 };
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) digests = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GRand) r = g_rand_new_with_seed(3);
	g_ptr_array_add(digests, fixture_digest(f->p));
	for (int i = 0; i < STEPS; i++) {
		g_autoptr(GPtrArray) list = project_objects(f->p, 0, NULL);
		if (i % 4 == 3) {
			const feature *o = list->pdata[g_rand_int_range(r, 0, (int)list->len)];
			g_assert_true(project_delete(f->p, &o->id, 1, "delete", &error));
		} else {
			insert(f, f->image, i % 2 ? "ship" : "dock", i * 3);
		}
		g_ptr_array_add(digests, fixture_digest(f->p));
	}
	g_autoptr(GPtrArray) history = project_history(f->p, &error);
	g_assert_cmpuint(history->len, ==, STEPS);
	const project_step *newest = history->pdata[0];
	g_assert_cmpstr(newest->what, ==, "delete");
	g_assert_true(newest->done);
	for (int i = 0; i < 40; i++) {
		const int to = g_rand_int_range(r, 0, STEPS + 1);
		const gint64 step = to == 0 ? 0 : ((project_step *)history->pdata[STEPS - to])->step;
		g_auto(project_changes) changes = {0};
		g_assert_true(project_go_to(f->p, step, &changes, &error));
		g_assert_no_error(error);
		g_autofree char *now = fixture_digest(f->p);
		g_assert_cmpstr(now, ==, digests->pdata[to]);
		g_autoptr(GPtrArray) after = project_history(f->p, NULL);
		g_assert_cmpuint(after->len, ==, STEPS); /* nothing is forgotten by going back */
		for (guint k = 0; k < after->len; k++)
			g_assert_true(((project_step *)after->pdata[k])->done == (STEPS - (int)k <= to));
	}
}

/* An object that was made and deleted on the way is told of once, as it is in the end. */
static void test_changes(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	const gint64 a = insert(f, f->image, "ship", 1), b = insert(f, f->image, "ship", 20);
	g_assert_true(project_delete(f->p, &b, 1, "delete", &error));
	g_auto(project_changes) back = {0}, forth = {0};
	g_assert_true(project_go_to(f->p, 0, &back, &error));
	g_assert_cmpuint(back.objects->len, ==, 2);
	for (guint i = 0; i < 2; i++)
		g_assert_null(((project_change *)back.objects->pdata[i])->now);
	g_autoptr(GPtrArray) history = project_history(f->p, &error);
	g_assert_true(project_go_to(f->p, ((project_step *)history->pdata[0])->step, &forth, &error));
	g_assert_cmpuint(forth.objects->len, ==, 2);
	for (guint i = 0; i < 2; i++) {
		const project_change *c = forth.objects->pdata[i];
		g_assert_true((c->now != NULL) == (c->id == a));
	}
}

static void test_images_apart(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	insert(f, f->image, "ship", 1);
	insert(f, f->other, "ship", 2);
	insert(f, f->other, "ship", 3);
	project_set_undo_image(f->p, f->image);
	g_assert_true(project_undo(f->p, NULL, &error));
	g_assert_cmpuint(count(f, f->image), ==, 0);
	g_assert_cmpuint(count(f, f->other), ==, 2);
	g_autoptr(GPtrArray) mine = project_history(f->p, &error);
	g_assert_cmpuint(mine->len, ==, 1);
	insert(f, f->image, "dock", 9); /* drops what could be redone here */
	g_assert_null(project_redo_text(f->p));
	project_set_undo_image(f->p, f->other);
	g_assert_true(project_undo(f->p, NULL, &error));
	g_assert_nonnull(project_redo_text(f->p));
	project_set_undo_image(f->p, f->image);
	insert(f, f->image, "dock", 30); /* and not there */
	project_set_undo_image(f->p, f->other);
	const bool redone = project_redo(f->p, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(redone);
	g_assert_cmpuint(count(f, f->other), ==, 2);
	g_assert_cmpuint(count(f, f->image), ==, 2);
}

static gint64 say(fixture *f, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(project_conversation) c = project_conversation_new(f->image);
	g_assert_true(project_put_conversation(f->p, c, &error));
	g_autoptr(project_message) m = project_message_new();
	m->conversation = c->id;
	m->model = true;
	g_free(m->text);
	m->text = g_strdup(text);
	g_assert_true(project_put_message(f->p, m, &error));
	g_assert_no_error(error);
	return m->id;
}

static char *words_of(fixture *f, gint64 message)
{
	if (!message)
		return project_get_image_setting(f->p, f->image, "caption");
	g_autoptr(GPtrArray) rows = project_messages(f->p, 1, NULL);
	return g_strdup(((project_message *)rows->pdata[0])->edited);
}

/* A caption and a reply's wording are steps like others; what the model said stays. */
static void test_words(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	const gint64 message = say(f, "A ship."), about[] = {0, message};
	g_autoptr(GPtrArray) before = project_history(f->p, &error);
	g_assert_cmpuint(before->len, ==, 0); /* talking is none */
	for (guint i = 0; i < G_N_ELEMENTS(about); i++) {
		const char *const texts[] = {"One it's", "Two"};
		for (guint k = 0; k < 2; k++)
			g_assert_true(
				project_set_words(f->p, &(project_words){f->image, about[i], (char *)texts[k]}, "wording", &error));
		insert(f, f->image, "ship", 3);
		for (guint k = 0; k < 2; k++) { /* the object, then the second wording */
			g_auto(project_changes) changes = {0};
			g_assert_true(project_undo(f->p, &changes, &error));
			g_assert_true((changes.texts != NULL) == (k == 1));
			g_assert_cmpuint(changes.objects->len, ==, k == 1 ? 0 : 1);
			const project_words *told = changes.texts ? changes.texts->pdata[0] : NULL;
			g_assert_true(!told || (told->image == f->image && told->message == about[i]));
			g_assert_cmpstr(told ? told->now : "One it's", ==, "One it's");
		}
		g_autofree char *first = words_of(f, about[i]);
		g_assert_cmpstr(first, ==, "One it's");
		g_assert_true(project_undo(f->p, NULL, &error));
		g_autofree char *none = words_of(f, about[i]);
		g_assert_cmpstr(none ? none : "", ==, "");
		g_assert_true(project_redo(f->p, NULL, &error) && project_redo(f->p, NULL, &error));
		g_autofree char *second = words_of(f, about[i]);
		g_assert_cmpstr(second, ==, "Two");
	}
	g_autoptr(GPtrArray) rows = project_messages(f->p, 1, &error);
	g_assert_cmpstr(((project_message *)rows->pdata[0])->text, ==, "A ship.");
	g_autoptr(GPtrArray) talks = project_conversations(f->p, f->image, &error);
	g_assert_cmpstr(((project_conversation *)talks->pdata[0])->words, ==, "Two"); /* it is found by what it says now */
	g_autoptr(GPtrArray) steps = project_history(f->p, &error);
	g_assert_true(project_set_words(f->p, &(project_words){f->image, 0, (char *)"Two"}, "the same", &error));
	g_autoptr(GPtrArray) same = project_history(f->p, &error);
	g_assert_cmpuint(same->len, ==, steps->len);
	g_assert_true(project_class_for(f->p, "pier", "class pier", &error) > 0); /* its row has no object either */
	g_assert_true(project_undo(f->p, NULL, &error));
	g_autofree char *after = words_of(f, 0);
	g_assert_cmpstr(after, ==, "Two");
}

#define TEST(path, func) g_test_add(path, fixture, NULL, set_up, func, tear_down)

int main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	TEST("/history/go-anywhere", test_go_anywhere);
	TEST("/history/changes", test_changes);
	TEST("/history/images-apart", test_images_apart);
	TEST("/history/words", test_words);
	return g_test_run();
}
