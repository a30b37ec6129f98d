#include "render/raster/raster-remote.h"
#include "render/raster/raster-remote-private.h"
#include <cpl_conv.h>
#include <cpl_vsi.h>
#include <string.h>

struct raster_remote {
	char *host;
	gint reading, attempt;
	guint failed; /* all atomic */
};

char *raster_resolve_path(const char *given)
{
	static const char *const schemes[] = {"http:/", "https:/"};
	const char *rest = given;
	if (g_str_has_prefix(given, "s3://"))
		return g_strconcat("/vsis3/", given + 5, NULL);
	if (g_str_has_prefix(given, "/vsicurl/"))
		rest = given + 9;
	for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++)
		if (g_str_has_prefix(rest, schemes[i])) {
			/* Names of files lose the second of two slashes on their way. */
			for (rest += strlen(schemes[i]); *rest == '/'; rest++)
				;
			return g_strconcat("/vsicurl/", schemes[i], "/", rest, NULL);
		}
	return g_strdup(given);
}

const char *raster_shown_path(const char *path)
{
	return g_str_has_prefix(path, "/vsicurl/http") ? path + strlen("/vsicurl/") : path;
}

static char *host_of(const char *path)
{
	const char *at = strstr(path, "://");
	if (g_str_has_prefix(path, "/vsicurl/") && at)
		return g_strndup(at + 3, strcspn(at + 3, "/?"));
	for (const char *const *p = (const char *const[]){"/vsis3/", "/vsigs/", "/vsiaz/", NULL}; *p; p++)
		if (g_str_has_prefix(path, *p))
			return g_strndup(path + strlen(*p), strcspn(path + strlen(*p), "/"));
	return NULL;
}

/* What the user has set stays. A server that says nothing for eight seconds has stalled. */
static void set_defaults(void)
{
	static const char *const options[][2] = {{"GDAL_HTTP_CONNECTTIMEOUT", "8"}, {"GDAL_HTTP_TIMEOUT", "60"},
	                                         {"GDAL_HTTP_LOW_SPEED_TIME", "8"}, {"GDAL_HTTP_LOW_SPEED_LIMIT", "200"},
	                                         {"GDAL_HTTP_MAX_RETRY", "2"},      {"GDAL_HTTP_RETRY_DELAY", "0.5"}};
	static gsize once = 0;
	if (!g_once_init_enter(&once))
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
		if (!CPLGetConfigOption(options[i][0], NULL))
			CPLSetConfigOption(options[i][0], options[i][1]);
	g_once_init_leave(&once, 1);
}

raster_remote *raster_remote_new(const char *path)
{
	g_autofree char *host = host_of(path);
	if (!host)
		return NULL;
	raster_remote *m = g_new0(raster_remote, 1);
	m->host = g_steal_pointer(&host);
	set_defaults();
	return m;
}

void raster_remote_free(raster_remote *m)
{
	if (!m)
		return;
	g_free(m->host);
	g_free(m);
}

raster_remote_state raster_get_remote(const raster *r)
{
	raster_remote *m = r->remote;
	if (!m)
		return (raster_remote_state){0};
	return (raster_remote_state){m->host, g_atomic_int_get(&m->reading), g_atomic_int_get(&m->attempt),
	                             (guint)g_atomic_int_get((gint *)&m->failed)};
}

void raster_remote_begin(raster_remote *m)
{
	if (m)
		g_atomic_int_inc(&m->reading);
}

void raster_remote_end(raster_remote *m, bool given_up)
{
	if (!m)
		return;
	if (given_up)
		g_atomic_int_inc((gint *)&m->failed);
	if (g_atomic_int_dec_and_test(&m->reading))
		g_atomic_int_set(&m->attempt, 0);
}

/* What no second try changes: an answer of the server that asks for something else (RFC 9110, 15.5; 408 and 429 say
 * "later"), or what is no image. The address is in the text, too, and any number may be in it: "HTTP error code: 404",
 * "HTTP response code on ADDRESS: 404", "response_code=404". */
static bool is_final(const char *why)
{
	static const char pattern[] = "(HTTP (error|response) code( on \\S+)? ?: ?|response_code=)4(?!08|29)\\d\\d\\b"
								  "|' not recognized as ";
	return why && g_regex_match_simple(pattern, why, G_REGEX_OPTIMIZE, 0);
}

bool raster_remote_again(raster_remote *m, const char *path, int failures, const char *why, GCancellable *cancel)
{
	if (!m || failures >= RASTER_REMOTE_TRIES || is_final(why) || g_cancellable_is_cancelled(cancel))
		return false;
	g_atomic_int_set(&m->attempt, failures + 1);
	const gint64 until = g_get_monotonic_time() + (G_TIME_SPAN_MILLISECOND * 250 << failures);
	while (g_get_monotonic_time() < until && !g_cancellable_is_cancelled(cancel))
		g_usleep(20 * G_TIME_SPAN_MILLISECOND);
	VSICurlPartialClearCache(path); /* it remembers failures, too */
	return !g_cancellable_is_cancelled(cancel);
}
