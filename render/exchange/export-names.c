/* The names of classes beside labels that hold only numbers, in YOLO's form. */
#include "render/exchange/export-private.h"

/* YAML's double-quoted form is JSON's. */
static void add_name(GString *out, guint number, const char *name)
{
	g_string_append_printf(out, "  %u: \"", number);
	for (; *name; name++) {
		if (*name == '"' || *name == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *name);
	}
	g_string_append(out, "\"\n");
}

bool export_names(exporter *e, guint first, GError **error)
{
	g_autofree char *path = export_sibling(e->path, "_names.yaml");
	g_autoptr(GString) out = g_string_new("names:\n");
	for (guint i = 0; i < e->names->len; i++)
		add_name(out, first + i, g_ptr_array_index(e->names, i));
	return export_put(e, path, out->str, out->len, error);
}
