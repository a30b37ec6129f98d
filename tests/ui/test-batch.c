/* The project's side of `nadir batch`: the list it reads, and its results, each answer once. */
#include <glib/gstdio.h>
#include <string.h>

#include "app/conversation/chat-session.h"
#include "app/conversation/chat-store.h"
#include "app/conversation/conversation-json.h"
#include "app/document/document-batch.h"
#include "app/document/document-history.h"
#include "app/document/document-images.h"
#include "tests/ui/document-world.h"

static char *list_path;
static GAsyncResult *answer;

static void batch_up(world *w, gconstpointer kind)
{
	world_up(w, kind);
	list_path = g_build_filename(w->dir, "images.jsonl", NULL);
	add(w, 10, 20, 30, 40);
}

static void batch_down(world *w, gconstpointer kind)
{
	g_clear_object(&answer);
	g_clear_pointer(&list_path, g_free);
	world_down(w, kind);
}

static void on_done(GObject *source, GAsyncResult *result, gpointer data)
{
	g_set_object(&answer, result);
}

static bool is_done(void *data)
{
	return answer != NULL;
}

static GHashTable *list(world *w, NadirBatchList which, char **text)
{
	g_autoptr(GError) error = NULL;
	g_clear_object(&answer);
	nadir_document_batch_list_async(w->d, list_path, which, on_done, NULL);
	g_assert_true(fixture_wait(is_done, NULL, 30));
	GHashTable *ids = nadir_document_batch_list_finish(answer, &error);
	g_assert_no_error(error);
	g_assert_true(g_file_get_contents(list_path, text, NULL, NULL));
	return ids;
}

static int take_as(world *w, gint64 image, const char *name, const char *run, NadirBatchTalk talk)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(w->dir, name, NULL);
	g_clear_object(&answer);
	nadir_document_batch_take_async(w->d, image, w->image, path, run, talk, on_done, NULL);
	g_assert_true(fixture_wait(is_done, NULL, 30));
	const int n = nadir_document_batch_take_finish(answer, &error);
	g_assert_true((error != NULL) == (n < -2));
	return n;
}

static int take(world *w, gint64 image, const char *name, const char *run)
{
	return take_as(w, image, name, run, NULL);
}

static void put(world *w, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(w->dir, name, NULL);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void test_list(world *w, gconstpointer data)
{
	g_autofree char *plain = NULL, *boxes = NULL, *open = NULL;
	g_autoptr(GHashTable) ids = list(w, (NadirBatchList){0}, &plain);
	g_assert_cmpuint(g_hash_table_size(ids), ==, 1);
	g_assert_nonnull(g_hash_table_lookup(ids, w->image));
	g_assert_nonnull(strstr(plain, "\"image\""));
	g_assert_null(strstr(plain, "boxes"));
	g_autoptr(GHashTable) boxed = list(w, (NadirBatchList){.boxes = true}, &boxes);
	g_assert_cmpuint(g_hash_table_size(boxed), ==, 1);
	g_assert_nonnull(strstr(boxes, "\"boxes\":[[10,20,40,60]]"));
	nadir_document_set_image_state(w->d, *(gint64 *)g_hash_table_lookup(ids, w->image), IMAGE_DONE);
	g_autoptr(GHashTable) none = list(w, (NadirBatchList){.open_only = true}, &open);
	g_assert_cmpuint(g_hash_table_size(none), ==, 0);
	g_assert_cmpstr(open, ==, "");
}

static void test_objects(world *w, gconstpointer data)
{
	g_autofree char *text = NULL;
	g_autoptr(GHashTable) ids = list(w, (NadirBatchList){0}, &text);
	const gint64 id = *(gint64 *)g_hash_table_lookup(ids, w->image);
	put(w, "r.json", "{\"objects\":[]}");
	put(w, "r.pixel.geojson",
	    "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"class\":\"roof\","
	    "\"score\":0.8},"
	    "\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[5,5],[15,5],[15,15],[5,15],[5,5]]]}}]}");
	g_assert_cmpint(take(w, id, "r.json", "segment-everything-1"), ==, 1);
	g_assert_cmpuint(n_objects(w), ==, 2);
	g_assert_nonnull(nadir_document_find_class(w->d, "roof"));
	g_assert_cmpint(take(w, id, "r.json", "segment-everything-1"), ==, -2); /* after a restart: not again */
	g_assert_cmpuint(n_objects(w), ==, 2);
	g_assert_cmpint(take(w, id, "r.json", "segment-everything-2"), ==, 1); /* other work */
	g_assert_cmpuint(n_objects(w), ==, 3);
	undo(w); /* one step an image */
	g_assert_cmpuint(n_objects(w), ==, 2);
}

static void test_captions(world *w, gconstpointer data)
{
	g_autofree char *text = NULL;
	g_autoptr(GHashTable) ids = list(w, (NadirBatchList){0}, &text);
	const gint64 id = *(gint64 *)g_hash_table_lookup(ids, w->image);
	put(w, "a.json", "{\"text\":\"a harbour\"}");
	put(w, "b.json", "{\"text\":\"a farm\"}");
	g_assert_cmpint(take(w, id, "a.json", "describe-1"), ==, -1);
	g_assert_cmpint(take(w, id, "b.json", "describe-2"), ==, -2); /* what is there stays */
	g_assert_cmpint(take(w, id, "gone.json", "describe-1"), ==, -2);
	g_assert_cmpuint(n_objects(w), ==, 1);
}

/* A question and its answer, in the form of `nadir ask --json`, are a conversation of the chat: with the region, the
 * phrases and their masks; and no caption. */
static void test_answers(world *w, gconstpointer data)
{
	g_autofree char *text = NULL;
	g_autoptr(GHashTable) ids = list(w, (NadirBatchList){0}, &text);
	g_autoptr(bitmask) mask = fixture_rectangle(50, 60, 8, 9);
	g_autofree char *runs = mask_to_rle(mask, 400, 300),
					*counts = g_strescape(runs, NULL); /* a run may be a backslash */
	g_autofree char *json = g_strdup_printf(
		"{\"question\":\"What is at <Region 1>?\",\"text\":\"There is a ship, and a dock.\",\"value\":\"There is<p> a "
		"ship</p><pix>, and a dock.\",\"model\":\"m@1\",\"device\":\"cpu\",\"tokens\":{\"prompt\":7,\"generated\":9},"
		"\"timing\":{\"vision_ms\":3},\"regions\":[{\"id\":1,\"prompt\":{\"kind\":\"box\",\"sign\":1,\"xyxy\":[1,2,30,"
		"40]},\"text\":null}],\"grounded\":[{\"phrase\":\"a "
		"ship\",\"score\":0.5,\"bbox\":[50,60,8,9],\"rle\":{\"size\":["
		"300,400],\"counts\":\"%s\"}}]}",
		counts);
	const gint64 id = *(gint64 *)g_hash_table_lookup(ids, w->image);
	put(w, "a.json", json);
	put(w, "none.json", "{\"objects\":[]}");
	NadirChat *session = nadir_chat_new(w->d, NULL);
	fixture_settle(w->d);
	g_assert_cmpint(take_as(w, id, "a.json", "ask-1", conversation_rows_from_result), ==, -1);
	g_assert_cmpint(take_as(w, id, "a.json", "ask-1", conversation_rows_from_result), ==, -2);
	g_assert_cmpint(take_as(w, id, "none.json", "ask-2", conversation_rows_from_result), ==, -2);
	fixture_settle(w->d);
	fixture_spin(0.3);
	g_assert_null(chat_store_get_caption(w->d));
	g_assert_cmpuint(nadir_chat_get_conversations(session)->len, ==, 1); /* at once, and once */
	g_autoptr(GPtrArray) path = conversation_path(nadir_chat_get_open(session));
	g_assert_cmpuint(path->len, ==, 2);
	const conversation_message *q = path->pdata[0], *m = path->pdata[1];
	g_assert_cmpstr(q->value, ==, "What is at <Region 1>?");
	g_assert_cmpfloat(conversation_region_bounds(q->regions->pdata[0]).w, ==, 29);
	g_assert_cmpstr(m->text, ==, "There is a ship, and a dock.");
	g_assert_cmpstr(m->timing.model, ==, "m@1");
	const conversation_grounded *g = m->grounded->pdata[0];
	g_assert_true(g->start == 9 && g->end == 15);
	g_assert_true(g->mask->x == 50 && mask_area(g->mask) == 72);
	g_autofree char *triples =
		conversation_to_triples(nadir_chat_get_open(session), raster_get_info(nadir_document_get_raster(w->d)), NULL);
	g_assert_nonnull(strstr(triples, "There is<p> a ship</p><pix>, and a dock."));
	nadir_chat_close(session);
	g_object_unref(session);
}

/* An outline elsewhere, a file that is none: an error, and nothing is stored. */
static void test_bad(world *w, gconstpointer data)
{
	g_autofree char *text = NULL;
	g_autoptr(GHashTable) ids = list(w, (NadirBatchList){0}, &text);
	const gint64 id = *(gint64 *)g_hash_table_lookup(ids, w->image);
	put(w, "r.pixel.geojson", "{\"type\":");
	g_assert_cmpint(take(w, id, "r.json", "x-1"), ==, -3);
	g_assert_cmpuint(n_objects(w), ==, 1);
}

#define TEST(name, function) g_test_add("/batch/" name, world, NULL, batch_up, function, batch_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	TEST("list", test_list);
	TEST("objects", test_objects);
	TEST("captions", test_captions);
	TEST("answers", test_answers);
	TEST("bad", test_bad);
	return g_test_run();
}
