/* What is said of a whole image in a person's words: replies of the model and the caption, undone, kept and exported.
 */
#include <cjson/cJSON.h>
#include <string.h>

#include "app/conversation/answers.h"
#include "app/conversation/chat-store.h"
#include "app/conversation/conversation-edit.h"
#include "app/document/document-history.h"
#include "tests/ui/chat-world.h"

static void word(world *w, conversation_message *m, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_assert_true(nadir_chat_edit_reply(w->chat, m, text, &error));
	g_assert_no_error(error);
	fixture_settle(w->document);
}

static char *exported(world *w)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(w->dir, "talk.json", NULL);
	char *text = NULL;
	g_assert_true(nadir_chat_export(w->chat, path, &error));
	g_assert_true(g_file_get_contents(path, &text, NULL, &error));
	return text;
}

/* A reply in a person's words: what was said is kept, undo goes back to it, exports say what counts and that it was
 * edited; what was accepted of it stays so. */
static void test_worded(world *w, gconstpointer data)
{
	fake_chat_say("Here is the ship and the dock.");
	fake_chat_ground("the ship", 10, 10, 30, 20, 0.9);
	fake_chat_ground("the dock", 50, 10, 30, 20, 0.8);
	ask(w, "What is there?");
	conversation_message *m = message(w, 1);
	word(w, m, "There is the dock only.");
	g_assert_cmpstr(m->text, ==, "There is the dock only.");
	g_assert_cmpuint(nadir_chat_count_open(m), ==, 1);
	g_assert_cmpuint(nadir_chat_accept_all(w->chat, m), ==, 1);
	fixture_settle(w->document);
	fake_chat_say("Long.");
	ask(w, "How long?");
	g_assert_nonnull(strstr(fake_chat_asked()->turns, "There is <p>the dock</p><pix> only."));
	g_autofree char *talk = exported(w);
	cJSON *root = cJSON_Parse(talk), *turns = cJSON_GetObjectItem(root, "conversations");
	g_assert_cmpint(cJSON_GetArraySize(cJSON_GetObjectItem(root, "masks")), ==, 1);
	g_assert_true(cJSON_IsTrue(cJSON_GetObjectItem(cJSON_GetArrayItem(turns, 1), "edited")));
	g_assert_null(cJSON_GetObjectItem(cJSON_GetArrayItem(turns, 3), "edited"));
	g_assert_cmpstr(cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetArrayItem(turns, 1), "value")), ==,
	                "There is <p>the dock</p><pix> only.");
	cJSON_Delete(root);
	close_chat(w);
	open_chat(w);
	fixture_spin(0.2);
	m = message(w, 1);
	g_assert_cmpstr(m->text, ==, "There is the dock only.");
	g_assert_cmpstr(m->said->text, ==, "Here is the ship and the dock.");
	nadir_document_undo(w->document); /* the dock that was accepted */
	nadir_document_undo(w->document);
	fixture_settle(w->document);
	g_assert_cmpstr(m->text, ==, "Here is the ship and the dock.");
	g_assert_null(m->said);
	g_assert_cmpuint(m->grounded->len, ==, 2);
	g_assert_cmpint(((conversation_grounded *)m->grounded->pdata[1])->object, >, 0);
	nadir_document_redo(w->document);
	fixture_settle(w->document);
	g_assert_cmpstr(m->text, ==, "There is the dock only.");
	word(w, m, "");
	g_assert_null(m->said);
}

static void on_read(void *data)
{
	*(bool *)data = true;
}

static bool is_true(void *data)
{
	return *(bool *)data;
}

/* All answers about the image, over its conversations, whether they were read before or not. */
static void test_answers(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	fake_chat_say("One.");
	ask(w, "First?");
	fake_chat_say("Two.");
	ask(w, "Second?");
	nadir_chat_begin(w->chat);
	fake_chat_say("Three.");
	ask(w, "Third?");
	close_chat(w);
	open_chat(w);
	bool ready = false;
	g_autoptr(answers) a = answers_new(w->chat, on_read, &ready);
	g_assert_cmpuint(answers_count(a), ==, 0);
	g_assert_true(fixture_wait(is_true, &ready, 20));
	g_assert_cmpuint(answers_count(a), ==, 3);
	g_assert_false(answers_step(a, -1));
	g_assert_cmpstr(answers_get(a)->text, ==, "Three."); /* the conversation last talked in comes first */
	g_assert_true(answers_keep(a, "Three, in fact.", &error));
	fixture_settle(w->document);
	g_assert_cmpstr(answers_get(a)->text, ==, "Three, in fact.");
	g_assert_true(answers_step(a, 1));
	g_assert_cmpstr(answers_get(a)->parent->text, ==, "First?");
	g_assert_true(answers_step(a, 1));
	g_assert_false(answers_step(a, 1));
	g_assert_cmpuint(answers_place(a), ==, 2);
	g_assert_true(answers_keep(a, "Two!", &error));
	fixture_settle(w->document);
	nadir_document_undo(w->document);
	fixture_settle(w->document);
	g_assert_cmpstr(answers_get(a)->text, ==, "Two.");
}

/* The image's caption is a step of undo like any other. */
static void test_caption_undone(world *w, gconstpointer data)
{
	int told = 0;
	fixture_count(w->document, "caption-changed", &told);
	chat_store_caption(w->document, " A harbour. ");
	chat_store_caption(w->document, "A harbour with ships.");
	fixture_settle(w->document);
	g_assert_cmpstr(nadir_document_get_undo_text(w->document), ==, "caption of the image");
	nadir_document_undo(w->document);
	fixture_settle(w->document);
	g_autofree char *first = chat_store_get_caption(w->document);
	g_assert_cmpstr(first, ==, "A harbour.");
	nadir_document_undo(w->document);
	fixture_settle(w->document);
	g_assert_null(chat_store_get_caption(w->document));
	nadir_document_redo(w->document);
	nadir_document_redo(w->document);
	fixture_settle(w->document);
	g_autofree char *second = chat_store_get_caption(w->document);
	g_assert_cmpstr(second, ==, "A harbour with ships.");
	g_assert_cmpint(told, ==, 6);
}

#define SESSION(name, fn) g_test_add("/answers/" name, world, NULL, world_up, fn, world_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	SESSION("worded", test_worded);
	SESSION("one-by-one", test_answers);
	SESSION("caption", test_caption_undone);
	return g_test_run();
}
