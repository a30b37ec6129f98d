#include "app/canvas/frame-log.h"

#include <gio/gio.h>
#include <time.h>

enum { TICK_MS = 4, N_WORST = 8 };

static const char *target;
static guint source;
static gint64 last;
static guint64 ticks, late, late_cpu; /* late: by more than a frame of 60 a second */
static gint64 last_cpu;
static double worst[N_WORST], worst_cpu[N_WORST]; /* by the clock; by this thread's processor time */

static void rank(double *list, double ms)
{
	for (guint i = 0; i < N_WORST; i++) {
		if (ms <= list[i])
			continue;
		for (guint k = N_WORST - 1; k > i; k--)
			list[k] = list[k - 1];
		list[i] = ms;
		return;
	}
}

/* What the loop was away beyond the tick itself, and what it worked meanwhile, in milliseconds: on a shared machine the
 * second is what the program can be blamed for. */
static void note(double ms, double cpu_ms)
{
	ticks++;
	late += ms > 1000.0 / 60;
	late_cpu += cpu_ms > 1000.0 / 60;
	rank(worst, ms);
	rank(worst_cpu, cpu_ms);
}

static gint64 thread_time(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (gint64)t.tv_sec * G_USEC_PER_SEC + t.tv_nsec / 1000;
}

static gboolean tick(gpointer data)
{
	const gint64 now = g_get_monotonic_time(), cpu = thread_time();
	note(MAX(0, (double)(now - last) / 1e3 - TICK_MS), (double)(cpu - last_cpu) / 1e3);
	last = now;
	last_cpu = cpu;
	return G_SOURCE_CONTINUE;
}

void nadir_frame_log_start(void)
{
	target = g_getenv("NADIR_FRAME_LOG");
	if (!target || source)
		return;
	last = g_get_monotonic_time();
	last_cpu = thread_time();
	source = g_timeout_add_full(G_PRIORITY_HIGH, TICK_MS, tick, NULL, NULL);
}

void nadir_frame_log_stop(void)
{
	g_autoptr(GError) error = NULL;
	if (!source)
		return;
	g_clear_handle_id(&source, g_source_remove);
	GString *text = g_string_new(NULL);
	g_string_append_printf(text,
	                       "ticks %" G_GUINT64_FORMAT "\nlate by more than a frame %" G_GUINT64_FORMAT
	                       ", by work of its own %" G_GUINT64_FORMAT "\nworst ms",
	                       ticks, late, late_cpu);
	for (guint i = 0; i < N_WORST; i++)
		g_string_append_printf(text, " %.1f", worst[i]);
	g_string_append(text, "\nworst ms of processor time");
	for (guint i = 0; i < N_WORST; i++)
		g_string_append_printf(text, " %.1f", worst_cpu[i]);
	g_string_append_c(text, '\n');
	if (!g_file_set_contents(target, text->str, (gssize)text->len, &error))
		g_printerr("%s\n", error->message);
	g_string_free(text, TRUE);
}
