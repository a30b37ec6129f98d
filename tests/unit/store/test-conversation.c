/* Conversations in the project: the tree comes back as it was, branches and all; projects of before get their columns;
 * deleting can be taken back until it is made final; a project that may only be read stays as it is. */
#include "render/store/conversation.h"
#include "store-fixture.h"

#include "render/store/project-private.h"

#include <string.h>

typedef struct {
	char *folder, *path;
	project *p;
	gint64 image;
} fixture;

static void set_up(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	f->folder = fixture_folder();
	f->path = g_build_filename(f->folder, "scene.tif.nadir.gpkg", NULL);
	f->p = project_create(f->path, &error);
	g_assert_no_error(error);
	f->image = fixture_image(f->p, "/data/scene.tif", true);
}

static void tear_down(fixture *f, gconstpointer unused)
{
	project_close(f->p);
	g_free(f->path);
	fixture_folder_remove(f->folder);
}

static void reopen(fixture *f)
{
	g_autoptr(GError) error = NULL;
	project_close(f->p);
	f->p = project_open(f->path, &error);
	g_assert_no_error(error);
}

static void set(char **to, const char *value)
{
	g_free(*to);
	*to = g_strdup(value);
}

static gint64 talk(fixture *f, const char *title)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(project_conversation) c = project_conversation_new(f->image);
	set(&c->title, title);
	set(&c->settings, "{\"temperature\":0.1}");
	g_assert_true(project_put_conversation(f->p, c, &error));
	g_assert_no_error(error);
	g_assert_cmpint(c->id, >, 0);
	g_assert_cmpuint(strlen(c->edited), ==, 24);
	return c->id;
}

static gint64 say(fixture *f, gint64 conversation, gint64 parent, bool model, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(project_message) m = project_message_new();
	m->conversation = conversation;
	m->parent = parent;
	m->model = model;
	set(&m->text, text);
	set(&m->regions, model ? "" : "[{\"kind\":\"box\",\"xyxy\":[1,2,3,4]}]");
	set(&m->results, model ? "{\"grounded\":[]}" : "");
	g_assert_true(project_put_message(f->p, m, &error));
	g_assert_no_error(error);
	g_assert_cmpint(m->id, >, 0);
	return m->id;
}

static guint n_conversations(fixture *f)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) list = project_conversations(f->p, f->image, &error);
	g_assert_no_error(error);
	return list->len;
}

static void test_tree(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	const gint64 c = talk(f, "it's about \"ships\" 100 % ÄÖ 船");
	const gint64 q = say(f, c, 0, false, "How do <Region 1> and 'it' relate? 50 %s");
	const gint64 a = say(f, c, q, true, "There: <p>the ship</p><pix>.");
	const gint64 again = say(f, c, q, true, "Another answer.");
	const gint64 edited = say(f, c, 0, false, "An edited question");
	reopen(f);
	g_autoptr(GPtrArray) list = project_conversations(f->p, f->image, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(list->len, ==, 1);
	const project_conversation *row = list->pdata[0];
	g_assert_cmpint(row->id, ==, c);
	g_assert_cmpstr(row->title, ==, "it's about \"ships\" 100 % ÄÖ 船");
	g_assert_cmpstr(row->settings, ==, "{\"temperature\":0.1}");
	g_assert_cmpint(row->leaf, ==, edited);
	g_assert_nonnull(strstr(row->words, "Another answer."));
	g_autoptr(GPtrArray) messages = project_messages(f->p, c, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(messages->len, ==, 4);
	const project_message *m0 = messages->pdata[0], *m1 = messages->pdata[1], *m2 = messages->pdata[2];
	const project_message *m3 = messages->pdata[3];
	g_assert_cmpint(m0->parent, ==, 0);
	g_assert_false(m0->model);
	g_assert_cmpstr(m0->text, ==, "How do <Region 1> and 'it' relate? 50 %s");
	g_assert_cmpstr(m0->regions, ==, "[{\"kind\":\"box\",\"xyxy\":[1,2,3,4]}]");
	g_assert_true(m1->id == a && m1->model && m1->parent == q);
	g_assert_cmpstr(m1->results, ==, "{\"grounded\":[]}");
	g_assert_true(m2->id == again && m2->parent == q);
	g_assert_true(m3->id == edited && m3->parent == 0);
}

static void test_change(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	const gint64 c = talk(f, ""), q = say(f, c, 0, false, "one"), a = say(f, c, q, true, "two");
	g_autoptr(GPtrArray) messages = project_messages(f->p, c, &error);
	project_message *m = messages->pdata[1];
	set(&m->results, "{\"grounded\":[{\"object\":7}]}");
	set(&m->text, "two and more");
	g_assert_true(project_put_message(f->p, m, &error));
	g_autoptr(GPtrArray) list = project_conversations(f->p, f->image, &error);
	project_conversation *row = list->pdata[0];
	set(&row->title, "Named");
	row->leaf = q;
	g_assert_true(project_put_conversation(f->p, row, &error));
	reopen(f);
	g_autoptr(GPtrArray) after = project_messages(f->p, c, &error);
	g_autoptr(GPtrArray) rows = project_conversations(f->p, f->image, &error);
	g_assert_cmpuint(after->len, ==, 2);
	g_assert_cmpint(((project_message *)after->pdata[1])->id, ==, a);
	g_assert_cmpstr(((project_message *)after->pdata[1])->text, ==, "two and more");
	g_assert_cmpstr(((project_message *)after->pdata[1])->results, ==, "{\"grounded\":[{\"object\":7}]}");
	g_assert_cmpstr(((project_conversation *)rows->pdata[0])->title, ==, "Named");
	g_assert_cmpint(((project_conversation *)rows->pdata[0])->leaf, ==, q);
}

static void test_order_and_images(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	const gint64 first = talk(f, "first"), second = talk(f, "second");
	g_usleep(2000);
	say(f, first, 0, false, "talked in last");
	g_autoptr(GPtrArray) list = project_conversations(f->p, f->image, &error);
	g_assert_cmpint(((project_conversation *)list->pdata[0])->id, ==, first);
	g_assert_cmpint(((project_conversation *)list->pdata[1])->id, ==, second);
	g_autoptr(GPtrArray) none = project_conversations(f->p, f->image + 1, &error);
	g_assert_cmpuint(none->len, ==, 0);
}

static void test_delete(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	const gint64 a = talk(f, "a"), b = talk(f, "b");
	say(f, a, 0, false, "of a");
	say(f, b, 0, false, "of b");
	g_assert_true(project_delete_conversation(f->p, a, true, &error));
	g_assert_cmpuint(n_conversations(f), ==, 1);
	g_assert_true(project_delete_conversation(f->p, a, false, &error));
	g_assert_cmpuint(n_conversations(f), ==, 2);
	g_assert_true(project_delete_conversation(f->p, a, true, &error));
	g_assert_true(project_purge_conversations(f->p, &error));
	g_assert_true(project_delete_conversation(f->p, a, false, &error));
	g_assert_cmpuint(n_conversations(f), ==, 1);
	g_autoptr(GPtrArray) gone = project_messages(f->p, a, &error);
	g_autoptr(GPtrArray) kept = project_messages(f->p, b, &error);
	g_assert_cmpuint(gone->len, ==, 0);
	g_assert_cmpuint(kept->len, ==, 1);
}

/* As projects were made before conversations were kept. */
static void test_older_project(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_assert_true(project_begin(f->p, &error));
	bool ok = project_run(f->p, &error, "DROP TABLE conversations") &&
	          project_run(f->p, &error, "DROP TABLE messages") &&
	          project_run(f->p, &error,
	                      "CREATE TABLE conversations (id INTEGER PRIMARY KEY AUTOINCREMENT, image_id INTEGER, title "
	                      "TEXT NOT NULL, created TEXT NOT NULL)") &&
	          project_run(f->p, &error,
	                      "CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, conversation_id INTEGER NOT "
	                      "NULL, parent_id INTEGER, role TEXT NOT NULL, content TEXT NOT NULL, created TEXT NOT NULL)");
	g_assert_true(project_end(f->p, ok, &error));
	g_assert_no_error(error);
	reopen(f);
	g_assert_cmpuint(n_conversations(f), ==, 0);
	g_assert_true(project_purge_conversations(f->p, &error));
	const gint64 c = talk(f, "new");
	say(f, c, 0, false, "hello");
	reopen(f);
	g_assert_cmpuint(n_conversations(f), ==, 1);
	g_autoptr(GPtrArray) messages = project_messages(f->p, c, &error);
	g_assert_cmpuint(messages->len, ==, 1);
}

static void test_read_only(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	const gint64 c = talk(f, "kept");
	say(f, c, 0, false, "kept");
	g_autoptr(project_message) m = project_message_new();
	m->conversation = c;
	set(&m->text, "lost");
	f->p->read_only = true; /* as when neither file nor folder may be written: a root user may everything */
	g_assert_false(project_put_message(f->p, m, &error));
	g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE);
	g_assert_cmpint(m->id, ==, 0);
	g_autoptr(GPtrArray) messages = project_messages(f->p, c, NULL);
	g_assert_cmpuint(messages->len, ==, 1);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, fn) g_test_add("/store/conversation/" name, fixture, NULL, set_up, fn, tear_down)
	ADD("tree", test_tree);
	ADD("change", test_change);
	ADD("order-and-images", test_order_and_images);
	ADD("delete", test_delete);
	ADD("older-project", test_older_project);
	ADD("read-only", test_read_only);
#undef ADD
	return g_test_run();
}
