/* Conversations: the session with a scripted model, what is kept, and the panel with its keys in a real window. */
#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#include "app/canvas/canvas-private.h"
#include "app/chat/chat-bubble.h"
#include "app/chat/chat-card.h"
#include "app/chat/chat-panel-private.h"
#include "app/command/actions.h"
#include "app/conversation/chat-store.h"
#include "app/conversation/conversation-json.h"
#include "app/conversation/conversation-text.h"
#include "app/window-private.h"
#include "tests/ui/chat-world.h"

static void draw_object(world *w)
{
	double xy[8];
	fixture_rectangle_of(30, 30, 20, 10, xy);
	nadir_document_draw_polygon(w->document, xy, 4);
	fixture_settle(w->document);
}

static void mark_box(world *w, double x, double y)
{
	nadir_document_add_mark(w->document, SAM_BOX, 1, (double[]){x, y, x + 20, y + 15}, 2, 0);
}

static guint add_box(world *w, double x, double y, GError **error)
{
	mark_box(w, x, y);
	const guint n = nadir_chat_add_marks(w->chat, error);
	fixture_spin(0.02);
	return n;
}

static void test_ask(world *w, gconstpointer data)
{
	int texts = 0;
	fixture_count(w->chat, "message-changed", &texts);
	fake_chat_say("One two three four.");
	ask(w, "  What is seen?  ");
	g_assert_cmpuint(path_length(w), ==, 2);
	g_assert_cmpstr(message(w, 0)->text, ==, "What is seen?");
	g_assert_cmpstr(message(w, 1)->text, ==, "One two three four.");
	g_assert_cmpint(texts, >=, 4); /* it streamed */
	g_assert_cmpuint(message(w, 1)->timing.prompt, ==, 133);
	g_assert_cmpuint(message(w, 1)->timing.context, ==, 2048);
	g_assert_cmpstr(message(w, 1)->timing.model, ==, "scripted@00000000");
	ask(w, "And then?");
	g_assert_cmpstr(fake_chat_asked()->turns, ==, "user: What is seen?|model: One two three four.|");
	g_assert_true(fake_chat_asked()->had_image);
	g_assert_cmpstr(fake_chat_asked()->source, ==, "optical"); /* as `nadir ask` says it of the same image */
	g_autoptr(GError) error = NULL;
	g_assert_false(nadir_chat_ask(w->chat, "   ", &error));
	g_assert_error(error, CHAT_ERROR, CHAT_ERROR_QUESTION);
	g_assert_cmpuint(path_length(w), ==, 4);
}

static void test_branches(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	ask(w, "First?");
	fake_chat_say("Another reply.");
	g_assert_true(nadir_chat_answer_again(w->chat, message(w, 1), &error));
	g_assert_true(fixture_wait(is_idle, w->chat, 20));
	g_assert_cmpstr(message(w, 1)->text, ==, "Another reply.");
	g_assert_cmpfloat(fake_chat_asked()->temperature, >=, 0.59); /* else it would say the same */
	g_assert_cmpuint(fake_chat_asked()->seed, ==, 1);
	nadir_chat_set_settings(w->chat, &(conversation_settings){.temperature = 1.5, .top_p = 1, .repeat_penalty = 1});
	g_assert_true(nadir_chat_answer_again(w->chat, message(w, 1), &error));
	g_assert_true(fixture_wait(is_idle, w->chat, 20));
	g_assert_cmpfloat(fake_chat_asked()->temperature, ==, 1.5); /* as it is set now */
	g_assert_true(nadir_chat_step_branch(w->chat, message(w, 1), -1));
	g_assert_true(nadir_chat_step_branch(w->chat, message(w, 1), -1));
	g_assert_cmpstr(message(w, 1)->text, ==, "A quiet reply.");
	nadir_chat_edit(w->chat, message(w, 0));
	ask(w, "First, but better?");
	g_assert_cmpstr(fake_chat_asked()->turns, ==, "");
	g_assert_cmpstr(message(w, 0)->text, ==, "First, but better?");
	guint count;
	g_assert_cmpuint(conversation_place(message(w, 0), &count), ==, 1);
	g_assert_cmpuint(count, ==, 2);
	g_assert_true(nadir_chat_step_branch(w->chat, message(w, 0), -1));
	g_assert_cmpstr(message(w, 0)->text, ==, "First?");
	g_assert_cmpuint(path_length(w), ==, 2);
}

static bool has_words(void *data)
{
	return path_length(data) == 2 && strlen(message(data, 1)->text) > 4;
}

static void begin_to_speak(world *w)
{
	fake_chat_say("a b c d e f g h i j k l m n o p q r s t u v w x y z and on and on and on it goes");
	g_assert_true(nadir_chat_ask(w->chat, "Tell", NULL));
	g_assert_true(fixture_wait(has_words, w, 20));
}

static void test_stop_and_continue(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	begin_to_speak(w);
	g_assert_false(nadir_chat_ask(w->chat, "More", &error)); /* one after the other */
	g_clear_error(&error);
	nadir_chat_stop(w->chat);
	g_assert_true(fixture_wait(is_idle, w->chat, 20));
	g_assert_true(g_str_has_prefix(message(w, 1)->text, "a b c"));
	g_assert_false(g_str_has_suffix(message(w, 1)->text, "goes"));
	g_assert_true(nadir_chat_can_continue(w->chat));
	fake_chat_say("and that was all.");
	g_assert_true(nadir_chat_continue(w->chat, &error));
	g_assert_true(fixture_wait(is_idle, w->chat, 20));
	g_assert_false(nadir_chat_can_continue(w->chat));
	g_assert_cmpuint(path_length(w), ==, 2);
	g_assert_true(g_str_has_prefix(message(w, 1)->text, "a b c"));
	g_assert_true(g_str_has_suffix(message(w, 1)->text, "and that was all."));
	g_assert_true(g_str_has_prefix(fake_chat_asked()->prefix, "a b c"));
	g_assert_true(g_str_has_prefix(message(w, 1)->value, "a b c"));
	nadir_chat_begin(w->chat);
	fake_chat_stop_by(CHAT_STOP_LENGTH);
	fake_chat_say("<Region 1>: a small");
	ask(w, "What is <Region 1>?");
	fake_chat_say("pier");
	fake_chat_say_of_region("");
	g_assert_true(nadir_chat_continue(w->chat, &error));
	g_assert_true(fixture_wait(is_idle, w->chat, 20));
	g_assert_cmpstr(message(w, 1)->region_texts->pdata[0], ==, "a smallpier");
}

/* What was said until another model was chosen, or the image closed, is kept like a stopped reply. */
static void test_cut_off(world *w, gconstpointer data)
{
	chat_service *other = chat_service_new(w->engine, &(chat_options){0});
	begin_to_speak(w);
	nadir_chat_set_service(w->chat, other);
	g_assert_true(g_str_has_prefix(message(w, 1)->value, "a b c"));
	g_assert_true(nadir_chat_can_continue(w->chat));
	fixture_spin(0.1); /* the old one ends */
	nadir_chat_set_service(w->chat, w->service);
	chat_service_free(other);
	nadir_chat_begin(w->chat);
	begin_to_speak(w);
	close_chat(w);
	open_chat(w);
	g_assert_cmpuint(nadir_chat_get_conversations(w->chat)->len, ==, 2);
	for (guint i = 0; i < 2; i++) {
		nadir_chat_open(w->chat, nadir_chat_get_conversations(w->chat)->pdata[i]);
		fixture_spin(0.2);
		g_assert_true(g_str_has_prefix(message(w, 1)->value, "a b c"));
	}
}

static void test_errors_keep_the_question(world *w, gconstpointer data)
{
	fake_chat_fail("The device was lost: ask again.", 0);
	ask(w, "What is lost?");
	g_assert_cmpuint(path_length(w), ==, 1);
	g_assert_cmpstr(message(w, 0)->error, ==, "The device was lost: ask again.");
	g_autoptr(GError) error = NULL;
	fake_chat_fail(NULL, 0);
	g_assert_true(nadir_chat_answer_again(w->chat, message(w, 0), &error));
	g_assert_true(fixture_wait(is_idle, w->chat, 20));
	g_assert_null(message(w, 0)->error);
	g_assert_cmpstr(message(w, 1)->text, ==, "A quiet reply.");
	fake_chat_say("so far so good and then");
	fake_chat_fail("The context is full: begin a new conversation.", 3);
	ask(w, "Go on");
	g_assert_cmpstr(message(w, 3)->text, ==, "so far so");
	g_assert_cmpstr(message(w, 3)->note, ==, "The context is full: begin a new conversation.");
}

static void test_unanswered_is_replaced(world *w, gconstpointer data)
{
	fake_chat_fail("No.", 0);
	ask(w, "First try");
	fake_chat_fail(NULL, 0);
	ask(w, "Second try");
	g_assert_cmpstr(fake_chat_asked()->turns, ==, "");
	g_assert_cmpuint(path_length(w), ==, 2);
	guint count;
	conversation_place(message(w, 0), &count);
	g_assert_cmpuint(count, ==, 2);
}

static void test_regions(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	guint fixed;
	g_assert_cmpuint(nadir_chat_add_marks(w->chat, &error), ==, 0);
	g_assert_error(error, CHAT_ERROR, CHAT_ERROR_REGION);
	g_clear_error(&error);
	g_assert_cmpuint(add_box(w, 10, 10, &error), ==, 1);
	g_assert_null(nadir_document_get_prompt(w->document)); /* it is a region now */
	g_assert_cmpuint(add_box(w, 60, 40, &error), ==, 2);
	nadir_chat_remove_region(w->chat, 0);
	g_assert_cmpuint(add_box(w, 100, 60, &error), ==, 2);
	ask(w, "Compare <Region 1> and <Region 2>");
	g_assert_cmpuint(fake_chat_asked()->n_regions, ==, 2);
	g_assert_cmpuint(add_box(w, 150, 60, &error), ==, 3); /* in the middle of it */
	g_autoptr(GPtrArray) regions = nadir_chat_get_regions(w->chat, &fixed);
	g_assert_cmpuint(regions->len, ==, 3);
	g_assert_cmpuint(fixed, ==, 2);
	nadir_chat_remove_region(w->chat, 0); /* spoken of: stays */
	ask(w, "And <Region 3>?");
	g_assert_cmpuint(fake_chat_asked()->n_regions, ==, 3);
	for (guint i = 4; i <= 10; i++)
		g_assert_cmpuint(add_box(w, 10 + 10 * i, 5, &error), ==, i);
	g_assert_cmpuint(add_box(w, 5, 70, &error), ==, 0);
	g_assert_error(error, CHAT_ERROR, CHAT_ERROR_REGION);
	g_assert_nonnull(strstr(error->message, "10 regions"));
	g_assert_nonnull(nadir_document_get_prompt(w->document)); /* the eleventh mark is still there */
	nadir_document_drop_preview(w->document);
	fixture_spin(0.05);
}

static void test_object_as_region(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	draw_object(w);
	NadirObject *o = nadir_document_get_selected(w->document);
	g_assert_cmpuint(nadir_chat_add_object(w->chat, o, &error), ==, 1);
	g_assert_cmpuint(nadir_chat_add_object(w->chat, o, &error), ==, 1); /* not twice */
	g_autoptr(GPtrArray) regions = nadir_chat_get_regions(w->chat, NULL);
	const conversation_region *r = regions->pdata[0];
	g_assert_cmpint(mask_area(r->mask), ==, 200);
	g_assert_cmpint(r->object, ==, nadir_object_get_feature(o)->id);
	g_assert_true(conversation_region_contains(r, 35, 35, 0));
	g_assert_false(conversation_region_contains(r, 55, 35, 0));
}

static void test_accept(world *w, gconstpointer data)
{
	fake_chat_say("There are the large ship and a quay.");
	fake_chat_ground("the large ship", 10, 10, 30, 20, 0.91);
	fake_chat_ground("a quay", 100, 50, 10, 40, 0.6);
	fake_chat_ground("nothing", 0, 0, 0, 0, 0.1);
	ask(w, "segment: the ships");
	g_assert_cmpstr(fake_chat_asked()->question, ==, "Please segment the ships in the image.");
	conversation_message *reply = nadir_chat_get_reply(w->chat);
	g_assert_cmpuint(nadir_chat_count_open(reply), ==, 2);
	g_assert_cmpuint(nadir_chat_accept(w->chat, reply, 0), ==, 1);
	fixture_settle(w->document);
	const feature *f = nadir_object_get_feature(nadir_document_get_selected(w->document));
	g_assert_cmpstr(f->class_name, ==, "large ship");
	g_assert_cmpfloat_with_epsilon(f->score, 0.91, 1e-6);
	g_assert_cmpint(f->area_px, ==, 600);
	g_assert_cmpstr(f->model, ==, "scripted@00000000");
	g_assert_cmpstr(f->prompt, ==, "[{\"kind\":\"text\",\"sign\":1,\"text\":\"the large ship\"}]");
	g_assert_cmpstr(f->caption, ==, "the large ship");
	g_assert_true(g_str_has_prefix(f->image, "scene.tif#"));
	g_assert_cmpuint(nadir_chat_accept(w->chat, reply, 0), ==, 0); /* not twice */
	g_assert_cmpuint(nadir_chat_accept_all(w->chat, reply), ==, 1);
	g_assert_cmpuint(nadir_chat_count_open(reply), ==, 0);
	fixture_settle(w->document);
	g_assert_cmpint(((conversation_grounded *)reply->grounded->pdata[1])->object, ==, 2);
	g_assert_cmpuint(g_list_model_get_n_items(nadir_document_get_objects(w->document)), ==, 2);
}

static void test_caption(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	ask(w, "Describe");
	g_autofree char *image = nadir_chat_keep_caption(w->chat, message(w, 1));
	g_assert_nonnull(strstr(image, "image"));
	fixture_settle(w->document);
	g_autofree char *caption = chat_store_get_caption(w->document);
	g_assert_cmpstr(caption, ==, "A quiet reply.");
	draw_object(w);
	nadir_chat_begin(w->chat);
	NadirObject *o = nadir_document_get_selected(w->document);
	const gint64 id = nadir_object_get_feature(o)->id;
	g_assert_cmpuint(nadir_chat_add_object(w->chat, o, &error), ==, 1);
	fake_chat_say("<Region 1>: a small pier");
	fake_chat_say_of_region("a small pier");
	ask(w, "Please provide a brief caption of each marked region in the image.");
	nadir_document_select(w->document, 0);
	g_autofree char *kept = nadir_chat_keep_caption(w->chat, message(w, 1));
	fixture_settle(w->document);
	nadir_document_select(w->document, id);
	g_assert_cmpstr(nadir_object_get_feature(nadir_document_get_selected(w->document))->caption, ==, "a small pier");
}

static void test_kept_in_the_project(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	conversation_settings s = conversation_settings_default();
	s.temperature = 0.7;
	s.seed = 1234567890123456789u;
	s.top_k = 40;
	s.min_p = 0.05;
	s.repeat_penalty = 1.1;
	nadir_chat_set_settings(w->chat, &s);
	add_box(w, 10, 10, &error);
	fake_chat_say("Here is the ship.");
	fake_chat_ground("the ship", 10, 10, 30, 20, 0.9);
	ask(w, "Where is <Region 1>?");
	fake_chat_say("There it is.");
	g_assert_true(nadir_chat_answer_again(w->chat, message(w, 1), &error));
	g_assert_true(fixture_wait(is_idle, w->chat, 20));
	nadir_chat_step_branch(w->chat, message(w, 1), -1);
	g_assert_cmpuint(nadir_chat_accept_all(w->chat, message(w, 1)), ==, 1);
	nadir_chat_rename(w->chat, nadir_chat_get_open(w->chat), "Harbour");
	nadir_chat_begin(w->chat);
	ask(w, "A second conversation");
	close_chat(w);
	open_chat(w);
	GPtrArray *all = nadir_chat_get_conversations(w->chat);
	g_assert_cmpuint(all->len, ==, 2);
	g_autofree char *newest = conversation_title(all->pdata[0]);
	g_assert_cmpstr(newest, ==, "A second conversation");
	g_assert_true(conversation_matches(all->pdata[1], "ship there"));
	nadir_chat_open(w->chat, all->pdata[1]);
	fixture_spin(0.2);
	conversation *c = nadir_chat_get_open(w->chat);
	g_assert_cmpstr(c->title, ==, "Harbour");
	g_assert_cmpfloat(c->settings.temperature, ==, 0.7);
	g_assert_true(c->settings.seed == 1234567890123456789u);
	g_assert_cmpuint(c->settings.top_k, ==, 40);
	g_assert_cmpfloat(c->settings.min_p, ==, 0.05);
	g_assert_cmpfloat(c->settings.repeat_penalty, ==, 1.1);
	g_assert_cmpstr(message(w, 0)->value, ==, "Where is <Region 1>?");
	g_assert_cmpuint(message(w, 0)->regions->len, ==, 1);
	g_assert_cmpstr(message(w, 1)->text, ==, "Here is the ship."); /* the branch that was in sight */
	const conversation_grounded *g = message(w, 1)->grounded->pdata[0];
	g_assert_cmpint(mask_area(g->mask), ==, 600);
	g_assert_cmpint(g->mask->x, ==, 10);
	g_assert_cmpint(g->object, >, 0);
	g_assert_nonnull(g->shape);
	g_assert_cmpuint(message(w, 1)->timing.reused, ==, 96);
	guint count;
	conversation_place(message(w, 1), &count);
	g_assert_cmpuint(count, ==, 2);
}

static void test_delete_and_restore(world *w, gconstpointer data)
{
	int deleted = 0;
	fixture_count(w->chat, "deleted", &deleted);
	ask(w, "To be deleted");
	conversation *talk = conversation_ref(nadir_chat_get_open(w->chat));
	nadir_chat_delete(w->chat, talk);
	g_assert_cmpint(deleted, ==, 1);
	g_assert_cmpuint(nadir_chat_get_conversations(w->chat)->len, ==, 0);
	g_assert_cmpuint(path_length(w), ==, 0);
	nadir_chat_restore(w->chat, talk);
	g_assert_cmpuint(nadir_chat_get_conversations(w->chat)->len, ==, 1);
	g_assert_cmpuint(path_length(w), ==, 2);
	nadir_chat_delete(w->chat, talk);
	conversation_unref(talk);
	begin_to_speak(w);
	nadir_chat_delete(w->chat, nadir_chat_get_open(w->chat)); /* what it says then does not bring it back */
	g_assert_true(fixture_wait(is_idle, w->chat, 20));
	g_assert_cmpuint(nadir_chat_get_conversations(w->chat)->len, ==, 0);
	close_chat(w);
	open_chat(w);
	g_assert_cmpuint(nadir_chat_get_conversations(w->chat)->len, ==, 0);
}

static void test_export(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(w->dir, "talk.json", NULL), *text = NULL;
	add_box(w, 10, 20, &error);
	fake_chat_say("Here is the ship.");
	fake_chat_ground("the ship", 10, 10, 3, 2, 0.9);
	ask(w, "Where is <Region 1>?");
	g_assert_true(nadir_chat_export(w->chat, path, &error));
	g_assert_no_error(error);
	g_autoptr(chat_turns) turns = chat_turns_load(path, &error); /* `nadir ask --turns` reads it */
	g_assert_no_error(error);
	g_assert_cmpuint(turns->turns->len, ==, 2);
	g_assert_cmpuint(turns->regions->len, ==, 1);
	g_assert_cmpstr(turns->image, ==, "scene.tif");
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	cJSON *json = cJSON_Parse(text);
	const cJSON *mask = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "masks"), 0);
	const cJSON *size = cJSON_GetObjectItem(mask, "size");
	const char *counts = cJSON_GetStringValue(cJSON_GetObjectItem(mask, "counts"));
	g_assert_cmpint(cJSON_GetArrayItem(size, 0)->valueint, ==, 100);
	g_assert_cmpint(cJSON_GetArrayItem(size, 1)->valueint, ==, 200);
	g_autoptr(bitmask) m = mask_from_rle(counts, 200, 100, &error);
	g_assert_cmpint(mask_area(m), ==, 6);
	cJSON_Delete(json);
}

static void test_pointing(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	int lit = 0;
	add_box(w, 10, 10, &error);
	fake_chat_say("Here is the ship.");
	fake_chat_ground("the ship", 12, 12, 6, 6, 0.9);
	ask(w, "Where?");
	fixture_count(w->chat, "lit-changed", &lit);
	nadir_chat_point(w->chat, 25, 20, 1);
	g_assert_cmpint(nadir_chat_get_lit_region(w->chat), ==, 0);
	nadir_chat_point(w->chat, 14, 14, 1); /* the smaller one, on top */
	g_assert_cmpint(nadir_chat_get_lit_region(w->chat), ==, -1);
	g_assert_cmpint(nadir_chat_get_lit_grounded(w->chat, message(w, 1)), ==, 0);
	nadir_chat_point(w->chat, 180, 90, 1);
	g_assert_cmpint(nadir_chat_get_lit_grounded(w->chat, message(w, 1)), ==, -1);
	g_assert_cmpint(lit, ==, 3);
}

static void test_view(world *w, gconstpointer data)
{
	conversation_settings s = conversation_settings_default();
	s.view = true;
	nadir_chat_set_settings(w->chat, &s);
	nadir_chat_set_view(w->chat, &(raster_rect){20, 10, 50, 40});
	ask(w, "What is here?");
	g_assert_cmpint(fake_chat_asked()->area.x, ==, 20);
	g_assert_cmpint(fake_chat_asked()->area.w, ==, 50);
	nadir_chat_set_view(w->chat, &(raster_rect){0, 0, 200, 100});
	ask(w, "And all of it?");
	g_assert_cmpint(fake_chat_asked()->area.w, ==, 0);
}

static void test_no_model(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	const char *why;
	close_chat(w);
	fake_chat_set_missing("There is no starter-chat: get one.");
	open_chat(w);
	g_assert_true(nadir_chat_get_model(w->chat, NULL, &why) == NADIR_CHAT_NONE);
	g_assert_cmpstr(why, ==, "There is no starter-chat: get one.");
	g_assert_false(nadir_chat_ask(w->chat, "Anything", &error));
	g_assert_error(error, CHAT_ERROR, CHAT_ERROR_MODEL);
	fake_chat_set_missing(NULL);
	nadir_chat_load_model(w->chat);
	fixture_spin(0.05);
	ask(w, "Anything");
}

/* What a model can be asked is known when it is open: a quick hand's question waits for that. */
static void test_ask_before_the_model(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	close_chat(w);
	w->document = fixture_open(w->path, w->engine, &error);
	w->chat = nadir_chat_new(w->document, w->service);
	g_assert_true(nadir_chat_ask(w->chat, "Early", &error));
	g_assert_cmpuint(fake_chat_asked()->n_asked, ==, 0);
	g_assert_true(fixture_wait(is_idle, w->chat, 20));
	g_assert_cmpstr(message(w, 1)->text, ==, "A quiet reply.");
	fixture_settle(w->document);
	close_chat(w);
	fake_chat_set_missing("There is none.");
	w->document = fixture_open(w->path, w->engine, &error);
	w->chat = nadir_chat_new(w->document, w->service);
	nadir_chat_begin(w->chat);
	g_assert_true(nadir_chat_ask(w->chat, "In vain", &error));
	g_assert_true(fixture_wait(is_idle, w->chat, 20));
	g_assert_cmpuint(path_length(w), ==, 1);
	g_assert_cmpstr(message(w, 0)->error, ==, "There is none.");
	fake_chat_set_missing(NULL);
	g_assert_true(nadir_chat_get_model(w->chat, NULL, NULL) == NADIR_CHAT_NONE);
	nadir_chat_load_model(w->chat);
	g_assert_true(nadir_chat_answer_again(w->chat, message(w, 0), &error));
	nadir_chat_stop(w->chat); /* before it was sent */
	g_assert_true(is_idle(w->chat));
	g_assert_cmpstr(message(w, 0)->error, ==, "Stopped before the first word.");
	fixture_settle(w->document);
	fixture_spin(0.1);
}

/* --- the panel in a window --- */

typedef struct {
	NadirWindow *window;
	NadirChatPanel *panel;
	char *dir, *path;
} shown;

static bool is_settled(void *data)
{
	return !nadir_window_is_opening(data);
}

static void shown_up(shown *s, gconstpointer data)
{
	fake_chat_reset();
	s->dir = fixture_dir();
	s->path = fixture_sample(s->dir);
	s->window = nadir_window_new(NADIR_APPLICATION(g_application_get_default()));
	gtk_window_present(GTK_WINDOW(s->window));
	g_autoptr(GFile) file = g_file_new_for_path(s->path);
	nadir_window_open(s->window, file);
	g_assert_true(fixture_wait(is_settled, s->window, 60));
	s->panel = s->window->work->chat;
	fixture_spin(0.2);
}

static void shown_down(shown *s, gconstpointer data)
{
	g_object_ref(s->window);
	nadir_workspace_show_page(s->window->work, "objects"); /* else the next one begins with the chat */
	gtk_window_close(GTK_WINDOW(s->window));
	fixture_spin(0.5);
	g_assert_finalize_object(s->window);
	fixture_remove(s->dir);
	g_free(s->dir);
	g_free(s->path);
}

static void run(shown *s, const char *action)
{
	g_assert_nonnull(nadir_action_find(action));
	g_assert_true(nadir_action_run(GTK_WIDGET(s->window), nadir_action_find(action)));
	fixture_spin(0.1);
}

static void wait_idle(shown *s)
{
	g_assert_true(fixture_wait(is_idle, nadir_chat_panel_get_chat(s->panel), 20));
	fixture_spin(0.1);
}

static guint n_bubbles(shown *s)
{
	guint n = 0;
	for (GtkWidget *b = gtk_widget_get_first_child(GTK_WIDGET(s->panel->messages)); b;
	     b = gtk_widget_get_next_sibling(b))
		n++;
	return n;
}

static void type(shown *s, const char *text)
{
	GtkTextBuffer *b = gtk_text_view_get_buffer(GTK_TEXT_VIEW(s->panel->entry));
	for (const char *p = text; *p; p = g_utf8_next_char(p))
		gtk_text_buffer_insert_at_cursor(b, p, (int)(g_utf8_next_char(p) - p));
	fixture_spin(0.05);
}

static GtkWidget *focus(shown *s)
{
	return gtk_window_get_focus(GTK_WINDOW(s->window));
}

static void test_panel_ask(shown *s, gconstpointer data)
{
	run(s, "win.chat");
	g_assert_true(focus(s) == GTK_WIDGET(s->panel->entry));
	g_assert_cmpstr(adw_view_stack_get_visible_child_name(s->window->work->pages), ==, "chat");
	g_assert_false(g_action_group_get_action_enabled(G_ACTION_GROUP(s->window), "chat-send"));
	type(s, "What is this?");
	g_assert_true(g_action_group_get_action_enabled(G_ACTION_GROUP(s->window), "chat-send"));
	g_signal_emit_by_name(s->panel->entry, "send");
	g_assert_true(nadir_chat_entry_is_empty(s->panel->entry));
	wait_idle(s);
	g_assert_cmpuint(n_bubbles(s), ==, 2);
	g_signal_emit_by_name(s->panel->entry, "leave");
	g_assert_true(focus(s) == GTK_WIDGET(s->window->work->canvas));
	run(s, "win.chat-again");
	wait_idle(s);
	g_assert_true(g_action_group_get_action_enabled(G_ACTION_GROUP(s->window), "chat-branch"));
	run(s, "win.chat-branch::previous");
	g_assert_cmpuint(n_bubbles(s), ==, 2);
	run(s, "win.chat-edit");
	g_autofree char *value = nadir_chat_entry_get_value(s->panel->entry);
	g_assert_cmpstr(value, ==, "What is this?");
	run(s, "win.chat-new");
	g_assert_cmpuint(n_bubbles(s), ==, 0);
	g_assert_cmpstr(gtk_stack_get_visible_child_name(s->panel->stack), ==, "empty");
}

static void test_panel_marks(shown *s, gconstpointer data)
{
	NadirDocument *d = nadir_window_get_document(s->window);
	NadirChat *chat_session = nadir_chat_panel_get_chat(s->panel);
	nadir_document_add_mark(d, SAM_BOX, 1, (double[]){20, 20, 60, 60}, 2, 0);
	run(s, "win.chat"); /* "/" with a mark pending talks about it */
	g_autoptr(GPtrArray) one = nadir_chat_get_regions(chat_session, NULL);
	g_assert_cmpuint(one->len, ==, 1);
	g_assert_null(nadir_document_get_prompt(d));
	type(s, "what is it");
	g_autofree char *value = nadir_chat_entry_get_value(s->panel->entry);
	g_assert_cmpstr(value, ==, "<Region 1> what is it");
	nadir_document_add_mark(d, SAM_CIRCLE, 1, (double[]){120, 90}, 1, 20);
	type(s, " like @");
	g_assert_true(gtk_widget_get_visible(GTK_WIDGET(s->panel->offers)));
	gboolean taken = FALSE;
	g_signal_emit_by_name(s->panel->entry, "mention-key", GDK_KEY_Down, &taken);
	g_assert_true(taken);
	g_signal_emit_by_name(s->panel->entry, "mention-key", GDK_KEY_Return, &taken);
	g_assert_true(taken);
	fixture_spin(0.1);
	g_autofree char *both = nadir_chat_entry_get_value(s->panel->entry);
	g_assert_cmpstr(both, ==, "<Region 1> what is it like <Region 2> ");
	g_assert_true(s->window->work->canvas->chat == chat_session); /* drawn while in sight */
	nadir_chat_entry_drop_region(s->panel->entry, 1);
	nadir_chat_remove_region(chat_session, 0);
	g_autofree char *left = nadir_chat_entry_get_value(s->panel->entry);
	g_assert_cmpstr(left, ==, "what is it like <Region 1> ");
	run(s, "win.page::objects");
	g_assert_null(s->window->work->canvas->chat);
}

static NadirChatBubble *last_bubble(shown *s)
{
	return NADIR_CHAT_BUBBLE(gtk_widget_get_last_child(GTK_WIDGET(s->panel->messages)));
}

/* A reply is worded anew where it stands: the entry has the focus, Enter keeps, Escape leaves. */
static void test_panel_word(shown *s, gconstpointer data)
{
	run(s, "win.chat");
	type(s, "What is this?");
	g_signal_emit_by_name(s->panel->entry, "send");
	wait_idle(s);
	run(s, "win.chat-edit-reply");
	g_assert_true(NADIR_IS_CHAT_ENTRY(focus(s)) && focus(s) != GTK_WIDGET(s->panel->entry));
	g_assert_true(gtk_widget_is_ancestor(focus(s), GTK_WIDGET(last_bubble(s))));
	nadir_chat_entry_set_value(NADIR_CHAT_ENTRY(focus(s)), "A pier.", 0);
	g_signal_emit_by_name(focus(s), "leave");
	g_assert_cmpstr(nadir_chat_bubble_get_shown(last_bubble(s)), ==, "A quiet reply.");
	run(s, "win.chat-edit-reply");
	nadir_chat_entry_set_value(NADIR_CHAT_ENTRY(focus(s)), "A pier.", 0);
	g_signal_emit_by_name(focus(s), "send");
	fixture_settle(nadir_window_get_document(s->window));
	g_assert_cmpstr(nadir_chat_bubble_get_shown(last_bubble(s)), ==, "A pier.");
	g_assert_true(focus(s) == GTK_WIDGET(s->panel->entry));
	run(s, "win.undo");
	fixture_settle(nadir_window_get_document(s->window));
	g_assert_cmpstr(nadir_chat_bubble_get_shown(last_bubble(s)), ==, "A quiet reply.");
}

static void test_panel_quick(shown *s, gconstpointer data)
{
	NadirDocument *d = nadir_window_get_document(s->window);
	run(s, "win.chat-quick::describe");
	wait_idle(s);
	g_assert_cmpstr(fake_chat_asked()->question, ==, chat_task_question(CHAT_DETAILED));
	run(s, "win.chat-quick::compare");
	g_assert_true(gtk_widget_get_visible(GTK_WIDGET(s->panel->error)));
	run(s, "win.chat-new");
	nadir_document_add_mark(d, SAM_BOX, 1, (double[]){20, 20, 60, 60}, 2, 0);
	run(s, "win.chat-quick::what");
	wait_idle(s);
	g_assert_cmpstr(fake_chat_asked()->question, ==, chat_task_question(CHAT_CLASSIFY_REGIONS));
	g_assert_cmpuint(fake_chat_asked()->n_regions, ==, 1);
	g_assert_true(nadir_chat_entry_is_empty(s->panel->entry));
	nadir_document_add_mark(d, SAM_BOX, 1, (double[]){120, 20, 160, 60}, 2, 0);
	run(s, "win.chat-quick::compare");
	wait_idle(s);
	g_assert_cmpstr(fake_chat_asked()->question, ==, chat_task_question(CHAT_RELATE_REGIONS));
	g_assert_cmpuint(fake_chat_asked()->n_regions, ==, 2);
	run(s, "win.chat-quick::count");
	wait_idle(s);
	g_assert_true(g_str_has_prefix(fake_chat_asked()->question, "How many "));
	nadir_chat_entry_insert_region(s->panel->entry, 1); /* a name without words does not stay behind */
	run(s, "win.chat-quick::describe");
	wait_idle(s);
	g_assert_true(nadir_chat_entry_is_empty(s->panel->entry));
	nadir_chat_entry_insert_region(s->panel->entry, 1);
	type(s, "typed");
	run(s, "win.chat-quick::describe");
	wait_idle(s);
	g_autofree char *kept = nadir_chat_entry_get_value(s->panel->entry);
	g_assert_cmpstr(kept, ==, "<Region 1> typed");
}

static void test_panel_accept_by_enter(shown *s, gconstpointer data)
{
	fake_chat_say("There is the ship.");
	fake_chat_ground("the ship", 10, 10, 30, 20, 0.9);
	run(s, "win.segment-text");
	type(s, "the ships");
	g_signal_emit_by_name(s->panel->entry, "send");
	wait_idle(s);
	g_assert_cmpstr(fake_chat_asked()->question, ==, "Please segment the ships in the image.");
	g_signal_emit_by_name(s->panel->entry, "send"); /* Enter with nothing typed */
	fixture_spin(0.1);
	fixture_settle(nadir_window_get_document(s->window));
	g_assert_cmpuint(g_list_model_get_n_items(nadir_document_get_objects(nadir_window_get_document(s->window))), ==, 1);
	run(s, "win.chat-keep");
	fixture_settle(nadir_window_get_document(s->window));
	NadirObject *o = nadir_document_get_selected(nadir_window_get_document(s->window));
	g_assert_cmpstr(nadir_object_get_feature(o)->caption, ==, "There is the ship.");
}

static void test_panel_without_model(shown *s, gconstpointer data)
{
	fake_chat_set_missing("There is no chat model here.");
	run(s, "win.chat");
	g_assert_true(gtk_widget_get_visible(s->panel->empty_buttons));
	g_assert_nonnull(strstr(gtk_label_get_text(s->panel->empty_text), "There is no chat model here."));
	type(s, "Hello");
	g_signal_emit_by_name(s->panel->entry, "send");
	g_assert_false(nadir_chat_entry_is_empty(s->panel->entry)); /* the question is kept */
	g_assert_cmpstr(gtk_label_get_text(s->panel->error), ==, "There is no chat model here.");
}

static void test_panel_card(shown *s, gconstpointer data)
{
	run(s, "win.chat");
	const char *said = gtk_label_get_text(s->panel->card);
	g_assert_nonnull(strstr(said, "scripted@00000000"));
	g_assert_nonnull(strstr(said, "no device"));
	g_assert_nonnull(strstr(said, "Counts up to ten."));
	g_assert_nonnull(strstr(said, "Names <nothing> it never saw.")); /* its limits are said too */
	g_assert_null(strstr(said, "More below"));
	g_autofree char *whole =
		chat_card_markup("# A & B\n\n**Use.** One\ntwo.\n\n| a | b |\n|---|---|\n| `1` | 2 |\n* three");
	g_assert_cmpstr(whole, ==,
	                "<span size=\"large\" weight=\"bold\">A &amp; B</span>\n\n<b>Use.</b> One two.\n\na  ·  b\n"
	                "<tt>1</tt>  ·  2\n* three\n");
	const guint before = g_list_model_get_n_items(gtk_window_get_toplevels());
	run(s, "win.chat-card");
	g_assert_cmpuint(g_list_model_get_n_items(gtk_window_get_toplevels()), ==, before + 1);
	g_autoptr(GtkWindow) card = g_list_model_get_item(gtk_window_get_toplevels(), 0);
	if (card == GTK_WINDOW(s->window))
		g_set_object(&card, NULL), card = g_list_model_get_item(gtk_window_get_toplevels(), 1);
	g_assert_true(gtk_window_get_transient_for(card) == GTK_WINDOW(s->window));
	gtk_window_destroy(card);
}

#define SESSION(name, fn) g_test_add("/chat/session/" name, world, NULL, world_up, fn, world_down)
#define PANEL(name, fn) g_test_add("/chat/panel/" name, shown, NULL, shown_up, fn, shown_down)

int main(int argc, char **argv)
{
	fixture_init_application(&argc, &argv);
	SESSION("ask", test_ask);
	SESSION("branches", test_branches);
	SESSION("stop-and-continue", test_stop_and_continue);
	SESSION("cut-off", test_cut_off);
	SESSION("errors", test_errors_keep_the_question);
	SESSION("unanswered", test_unanswered_is_replaced);
	SESSION("regions", test_regions);
	SESSION("object-as-region", test_object_as_region);
	SESSION("accept", test_accept);
	SESSION("caption", test_caption);
	SESSION("kept", test_kept_in_the_project);
	SESSION("delete", test_delete_and_restore);
	SESSION("export", test_export);
	SESSION("pointing", test_pointing);
	SESSION("view", test_view);
	SESSION("no-model", test_no_model);
	SESSION("ask-before-the-model", test_ask_before_the_model);
	PANEL("ask", test_panel_ask);
	PANEL("marks", test_panel_marks);
	PANEL("word", test_panel_word);
	PANEL("quick", test_panel_quick);
	PANEL("accept-by-enter", test_panel_accept_by_enter);
	PANEL("without-model", test_panel_without_model);
	PANEL("card", test_panel_card);
	return fixture_run_application(argv[0], "/nowhere/none.gguf");
}
