/* What the 254 bytes of a dBase text cannot hold. */
#include "render/exchange/export-private.h"
#include "render/geometry/attributes.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static void add_quoted(GString *csv, const char *text)
{
	g_string_append_c(csv, '"');
	for (; *text; text++) {
		if (*text == '"')
			g_string_append_c(csv, '"');
		g_string_append_c(csv, *text);
	}
	g_string_append_c(csv, '"');
}

typedef struct {
	const exporter *e;
	GString *csv;
	gint64 id;
	guint cut;
} long_texts;

static void add_long_attribute(const char *name, attribute_type t, const char *text, void *data)
{
	long_texts *l = data;
	const char *called = export_column_name(l->e, name);
	if (strlen(text) <= EXPORT_SHP_TEXT_BYTES || !called)
		return;
	g_string_append_printf(l->csv, "%" G_GINT64_FORMAT ",%s,", l->id, called);
	add_quoted(l->csv, text);
	g_string_append_c(l->csv, '\n');
	l->cut++;
}

static guint add_long_texts(const exporter *e, GString *csv, const feature *o, gint64 id)
{
	feature_text texts[FEATURE_TEXTS];
	guint cut = 0;
	feature_texts(o, texts);
	for (guint i = 0; i < FEATURE_TEXTS; i++) {
		if (strlen(texts[i].value) <= EXPORT_SHP_TEXT_BYTES)
			continue;
		g_string_append_printf(csv, "%" G_GINT64_FORMAT ",%s,", id, texts[i].name);
		add_quoted(csv, texts[i].value);
		g_string_append_c(csv, '\n');
		cut++;
	}
	long_texts more = {e, csv, id, 0};
	attributes_each(o->attributes, add_long_attribute, &more);
	return cut + more.cut;
}

bool export_long_texts(exporter *e, const gint64 *ids, GError **error)
{
	g_autoptr(GString) csv = g_string_new("id,field,text\n");
	g_autofree char *path = export_sibling(e->path, "_full.csv"), *name = g_path_get_basename(path);
	guint cut = 0;
	for (guint i = 0; i < e->job->n_objects; i++)
		cut += add_long_texts(e, csv, e->job->objects[i], ids[i]);
	bool ok = true;
	if (cut == 0) {
		output_set_remove(e->out, path);
	} else {
		export_note(e,
		            g_dngettext(GETTEXT_PACKAGE, "%u text was cut to the shapefile's %d bytes; %s holds it whole.",
		                        "%u texts were cut to the shapefile's %d bytes; %s holds them whole.", cut),
		            cut, EXPORT_SHP_TEXT_BYTES, name);
		ok = export_put(e, path, csv->str, csv->len, error);
	}
	return ok;
}
