#include "render/exchange/label-names.h"

#include <stdbool.h>
#include <string.h>

static void put(GHashTable *names, int number, const char *raw)
{
	g_autofree char *name = g_strstrip(g_strdup(raw));
	const gsize n = strlen(name);
	if (n >= 2 && (*name == '"' || *name == '\'') && name[n - 1] == *name) {
		const bool escapes = *name == '"';
		name[n - 1] = 0;
		char *bare = escapes ? g_strcompress(name + 1) : g_strdup(name + 1);
		g_free(name);
		name = bare;
	}
	if (*name && !g_hash_table_contains(names, GINT_TO_POINTER(number)))
		g_hash_table_insert(names, GINT_TO_POINTER(number), g_utf8_make_valid(name, -1));
}

/* "[a, 'b, c', d]" */
static void from_brackets(const char *text, GHashTable *names)
{
	g_autoptr(GString) one = g_string_new(NULL);
	char quote = 0;
	int number = 0;
	for (const char *p = text + 1; *p && (quote || *p != ']'); p++) {
		if (!quote && *p == ',') {
			put(names, number++, one->str);
			g_string_truncate(one, 0);
			continue;
		}
		if (quote ? *p == quote : (*p == '"' || *p == '\''))
			quote = quote ? 0 : *p;
		g_string_append_c(one, *p == '\n' ? ' ' : *p);
	}
	put(names, number, one->str);
}

/* One line below "names:": "  3: ship", "- ship". false: the list has ended. */
static bool from_line(const char *line, GHashTable *names, int *next)
{
	const char *bare = line + strspn(line, " \t");
	char *end;
	if (!*bare || *bare == '#' || *bare == '\r')
		return true;
	if (*bare == '-') {
		put(names, (*next)++, bare + 1);
		return true;
	}
	const gint64 number = g_ascii_strtoll(bare, &end, 10);
	if (bare == line || end == bare || *end != ':' || number < 0 || number > G_MAXINT16)
		return false;
	put(names, (int)number, end + 1);
	return true;
}

void label_names_from_yaml(const char *text, GHashTable *names)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	int next = 0;
	for (guint i = 0; lines[i]; i++) {
		if (!g_str_has_prefix(lines[i], "names:"))
			continue;
		const char *rest = strstr(text, "names:") + strlen("names:");
		rest += strspn(rest, " \t");
		if (*rest == '[') {
			from_brackets(rest, names);
			return;
		}
		while (lines[++i] && from_line(lines[i], names, &next))
			;
		return;
	}
}

static void from_lines(const char *text, GHashTable *names)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i]; i++)
		put(names, (int)i, lines[i]);
}

static bool read_names(const char *path, GHashTable *names)
{
	g_autofree char *text = NULL;
	if (!g_file_get_contents(path, &text, NULL, NULL))
		return false;
	if (g_str_has_suffix(path, ".yaml") || g_str_has_suffix(path, ".yml"))
		label_names_from_yaml(text, names);
	else
		from_lines(text, names);
	return g_hash_table_size(names) > 0;
}

GHashTable *label_names_find(const char *label_path)
{
	static const char *const usual[] = {"data.yaml",  "dataset.yaml",    "data.yml",  "classes.txt", "obj.names",
	                                    "labels.txt", "_darknet.labels", "names.txt", NULL};
	GHashTable *names = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
	const char *dot = strrchr(label_path, '.');
	g_autofree char *own =
		g_strdup_printf("%.*s_names.yaml", (int)(dot ? dot - label_path : (long)strlen(label_path)), label_path);
	if (read_names(own, names))
		return names;
	char *folder = g_path_get_dirname(label_path);
	for (int up = 0; up < 4; up++) {
		for (const char *const *name = usual; *name; name++) {
			g_autofree char *path = g_build_filename(folder, *name, NULL);
			if (strcmp(path, label_path) != 0 && read_names(path, names)) {
				g_free(folder);
				return names;
			}
		}
		char *parent = g_path_get_dirname(folder);
		g_free(folder);
		folder = parent;
	}
	g_free(folder);
	return names;
}

char *label_names_get(GHashTable *names, int number)
{
	const char *name = g_hash_table_lookup(names, GINT_TO_POINTER(number));
	return name ? g_strdup(name) : g_strdup_printf("class %d", number);
}
