/* Stop strings over a stream. */
#include <string.h>

#include "infer/text/sampler.h"

struct stop_filter {
	GPtrArray *stops; /* of char *, not empty */
	GString *kept;    /* the end of the text so far, as much as may be the beginning of a stop string */
};

stop_filter *stop_filter_new(const char *const *stops)
{
	stop_filter *f = g_new0(stop_filter, 1);
	f->stops = g_ptr_array_new_with_free_func(g_free);
	f->kept = g_string_new(NULL);
	for (guint i = 0; stops && stops[i]; i++)
		if (*stops[i]) /* an empty one would stop everything */
			stop_filter_add(f, stops[i]);
	return f;
}

void stop_filter_add(stop_filter *f, const char *stop)
{
	g_ptr_array_add(f->stops, g_strdup(stop));
}

void stop_filter_free(stop_filter *f)
{
	if (!f)
		return;
	g_ptr_array_unref(f->stops);
	g_string_free(f->kept, TRUE);
	g_free(f);
}

/* Bytes at the end of the kept text that a stop string may begin with. */
static gsize open_tail(const stop_filter *f)
{
	gsize most = 0;
	for (guint i = 0; i < f->stops->len; i++) {
		const char *stop = f->stops->pdata[i];
		for (gsize tail = MIN(strlen(stop) - 1, f->kept->len); tail > most; tail--)
			if (memcmp(f->kept->str + f->kept->len - tail, stop, tail) == 0)
				most = tail;
	}
	return most;
}

guint stop_filter_push(stop_filter *f, const char *piece, GString *out)
{
	g_string_append(f->kept, piece);
	const char *first = NULL;
	guint which = 0;
	for (guint i = 0; i < f->stops->len; i++) {
		const char *at = strstr(f->kept->str, f->stops->pdata[i]);
		if (!at || (first && at >= first))
			continue;
		first = at;
		which = i + 1;
	}
	const gsize sure = first ? (gsize)(first - f->kept->str) : f->kept->len - open_tail(f);
	g_string_append_len(out, f->kept->str, (gssize)sure);
	if (first)
		g_string_truncate(f->kept, 0);
	else
		g_string_erase(f->kept, 0, (gssize)sure);
	return which;
}

void stop_filter_finish(stop_filter *f, GString *out)
{
	g_string_append_len(out, f->kept->str, (gssize)f->kept->len);
	g_string_truncate(f->kept, 0);
}
