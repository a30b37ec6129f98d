#include "tests/gpu/engine/chat-fixture.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

char *fixture_data(const char *name)
{
	const char *source = g_getenv("NADIR_SOURCE");
	return g_build_filename(source ? source : ".", "tests", "data", name, NULL);
}

static char *folder; /* of the pictures, removed at the end */
static guint pictures;

static void remove_pictures(void)
{
	for (guint i = 0; i < pictures; i++) {
		g_autofree char *path = g_strdup_printf("%s/%u.ppm", folder, i);
		g_unlink(path);
	}
	g_rmdir(folder);
	g_free(folder);
}

static char *picture_path(void)
{
	if (!folder) {
		folder = g_dir_make_tmp("nadir-chat-XXXXXX", NULL);
		atexit(remove_pictures);
	}
	return g_strdup_printf("%s/%u.ppm", folder, pictures++);
}

raster *fixture_raster(const guint8 *rgb, int w, int h)
{
	g_autofree char *path = picture_path();
	g_autoptr(GString) ppm = g_string_new(NULL);
	g_string_printf(ppm, "P6\n%d %d\n255\n", w, h);
	g_string_append_len(ppm, (const char *)rgb, (gssize)w * h * 3);
	g_autoptr(GError) error = NULL;
	g_assert_true(g_file_set_contents(path, ppm->str, (gssize)ppm->len, NULL));
	raster *r = raster_open(path, NULL, &error);
	g_assert_no_error(error);
	const raster_style style = fixture_style(r);
	g_autofree guint8 *all = g_malloc((gsize)w * h * 3);
	g_assert_true(raster_model_input(r, &style, &(raster_rect){0, 0, w, h}, all, (gsize)w * 3, NULL, &error));
	g_assert_cmpmem(all, (gsize)w * h * 3, rgb, (gsize)w * h * 3);
	return r;
}

raster *fixture_picture(int w, int h)
{
	g_autofree guint8 *rgb = g_malloc((gsize)w * h * 3);
	for (int i = 0; i < w * h * 3; i++)
		rgb[i] = (guint8)(128 + 60 * sin(i * 0.013) + 50 * cos(i / w * 0.11) + i % 5);
	return fixture_raster(rgb, w, h);
}

raster_style fixture_style(raster *r)
{
	raster_style style;
	g_autoptr(GError) error = NULL;
	g_assert_true(raster_style_resolve(r, NULL, NULL, NULL, &style, NULL, &error));
	return style;
}

void fixture_check_prompt(const gguf *model, const guint32 *want, gsize n, const chat_reply *r)
{
	guint n_tokens;
	const char *const *tokens = gguf_get_strings(model, "tokenizer.ggml.tokens", &n_tokens, NULL);
	g_assert_cmpuint(r->prompt_ids->len, ==, n);
	for (gsize i = 0; i < n; i++) {
		g_assert_cmpuint(want[i], <, n_tokens);
		const bool vector = strcmp(tokens[want[i]], "<imgpad>") == 0 || strcmp(tokens[want[i]], "<vppad>") == 0;
		g_assert_cmpuint(g_array_index(r->prompt_ids, guint32, i), ==, vector ? G_MAXUINT32 : want[i]);
	}
}

void fixture_log_init(fixture_log *l)
{
	*l = (fixture_log){.text = g_string_new(NULL), .cancel = g_cancellable_new()};
}

void fixture_log_clear(fixture_log *l)
{
	g_string_free(l->text, TRUE);
	g_clear_object(&l->cancel);
}

static void on_text(const char *piece, void *data)
{
	fixture_log *l = data;
	g_string_append(l->text, piece);
	l->pieces++;
	if (l->cancel_at && l->text->len >= l->cancel_at)
		g_cancellable_cancel(l->cancel);
}

static void on_progress(const char *stage, double fraction, void *data)
{
	fixture_log *l = data;
	l->vision += strcmp(stage, "vision") == 0;
	l->reading += strcmp(stage, "reading") == 0;
	l->masks += strcmp(stage, "mask") == 0;
	g_assert_cmpfloat(fraction, >=, 0);
	g_assert_cmpfloat(fraction, <=, 1.0001);
}

static void on_turn(void *data)
{
	((fixture_log *)data)->turns++;
}

void fixture_watch(chat_request *req, fixture_log *l)
{
	req->on_text = on_text;
	req->on_progress = on_progress;
	req->on_turn = on_turn;
	req->data = l;
	req->cancel = l->cancel;
}
