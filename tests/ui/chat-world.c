#include "tests/ui/chat-world.h"

void open_chat(world *w)
{
	g_autoptr(GError) error = NULL;
	w->document = fixture_open(w->path, w->engine, &error);
	g_assert_no_error(error);
	w->chat = nadir_chat_new(w->document, w->service);
	nadir_chat_load_model(w->chat);
	fixture_settle(w->document); /* the conversations are read */
	fixture_spin(0.1);
}

void close_chat(world *w)
{
	nadir_chat_close(w->chat);
	fixture_spin(0.05);
	g_assert_finalize_object(w->chat);
	fixture_close(w->document);
}

void world_up(world *w, gconstpointer data)
{
	const engine_options options = {.model = "/nonexistent.gguf"};
	fake_chat_reset();
	w->dir = fixture_dir();
	w->path = fixture_image(w->dir, "scene.tif", 200, 100, false);
	w->engine = service_new(&options);
	w->service = chat_service_new(w->engine, &(chat_options){0});
	open_chat(w);
}

void world_down(world *w, gconstpointer data)
{
	close_chat(w);
	chat_service_free(w->service);
	service_free(w->engine);
	fixture_remove(w->dir);
	g_free(w->dir);
	g_free(w->path);
}

bool is_idle(void *data)
{
	return !nadir_chat_is_asking(data, NULL, NULL);
}

void ask(world *w, const char *question)
{
	g_autoptr(GError) error = NULL;
	g_assert_true(nadir_chat_ask(w->chat, question, &error));
	g_assert_no_error(error);
	g_assert_true(fixture_wait(is_idle, w->chat, 20));
}

conversation_message *message(world *w, guint i)
{
	g_autoptr(GPtrArray) path = conversation_path(nadir_chat_get_open(w->chat));
	g_assert_cmpuint(i, <, path->len);
	return path->pdata[i];
}

guint path_length(world *w)
{
	g_autoptr(GPtrArray) path = conversation_path(nadir_chat_get_open(w->chat));
	return path->len;
}
