#include "app/frame-log.h"

#include <gio/gio.h>

enum { TICK_MS = 4, N_WORST = 8 };

static const char *target;
static guint source;
static gint64 last;
static guint64 ticks, late; /* late: by more than a frame of 60 a second */
static double worst[N_WORST];

/* What the loop was away beyond the tick itself, in milliseconds. */
static void note(double ms)
{
	ticks++;
	late += ms > 1000.0 / 60;
	for (guint i = 0; i < N_WORST; i++) {
		if (ms <= worst[i])
			continue;
		for (guint k = N_WORST - 1; k > i; k--)
			worst[k] = worst[k - 1];
		worst[i] = ms;
		return;
	}
}

static gboolean tick(gpointer data)
{
	const gint64 now = g_get_monotonic_time();
	note(MAX(0, (double)(now - last) / 1e3 - TICK_MS));
	last = now;
	return G_SOURCE_CONTINUE;
}

void nadir_frame_log_start(void)
{
	target = g_getenv("NADIR_FRAME_LOG");
	if (!target || source)
		return;
	last = g_get_monotonic_time();
	source = g_timeout_add_full(G_PRIORITY_HIGH, TICK_MS, tick, NULL, NULL);
}

void nadir_frame_log_stop(void)
{
	g_autoptr(GError) error = NULL;
	if (!source)
		return;
	g_clear_handle_id(&source, g_source_remove);
	GString *text = g_string_new(NULL);
	g_string_append_printf(
		text, "ticks %" G_GUINT64_FORMAT "\nlate by more than a frame %" G_GUINT64_FORMAT "\nworst ms", ticks, late);
	for (guint i = 0; i < N_WORST; i++)
		g_string_append_printf(text, " %.1f", worst[i]);
	g_string_append_c(text, '\n');
	if (!g_file_set_contents(target, text->str, (gssize)text->len, &error))
		g_printerr("%s\n", error->message);
	g_string_free(text, TRUE);
}
