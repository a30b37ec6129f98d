#include "render/geometry/class-style.h"

#include <stdio.h>

/* Okabe and Ito, Color Universal Design (2008), in an order that keeps neighbours apart; grey instead of black, which
 * is lost on dark imagery. */
static const char *const palette[CLASS_STYLE_COLORS] = {
	"#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#bbbbbb",
};
static const char *const qgis_lines[CLASS_STYLE_PATTERNS] = {"solid", "dash", "dot", "dash dot"};

const char *class_style_color(guint i)
{
	return palette[i % CLASS_STYLE_COLORS];
}

int class_style_pattern(guint i)
{
	return (int)((i + i / CLASS_STYLE_COLORS) % CLASS_STYLE_PATTERNS);
}

static void add_option(GString *out, const char *name, const char *value)
{
	g_string_append_printf(out, "     <Option name=\"%s\" value=\"%s\" type=\"QString\"/>\n", name, value);
}

static void add_symbol(GString *out, guint i, const char *color, int pattern)
{
	unsigned r = 0, g = 0, b = 0;
	g_autofree char *fill = NULL, *line = NULL;
	sscanf(color, "#%2x%2x%2x", &r, &g, &b);
	fill = g_strdup_printf("%u,%u,%u,90", r, g, b);
	line = g_strdup_printf("%u,%u,%u,255", r, g, b);
	g_string_append_printf(
		out,
		"   <symbol type=\"fill\" name=\"%u\" alpha=\"1\" clip_to_extent=\"1\" force_rhr=\"0\">\n"
		"    <layer class=\"SimpleFill\" enabled=\"1\" locked=\"0\" pass=\"0\">\n    <Option type=\"Map\">\n",
		i);
	add_option(out, "color", fill);
	add_option(out, "style", "solid");
	add_option(out, "outline_color", line);
	add_option(out, "outline_style", qgis_lines[pattern % CLASS_STYLE_PATTERNS]);
	add_option(out, "outline_width", "0.5");
	add_option(out, "outline_width_unit", "MM");
	add_option(out, "joinstyle", "bevel");
	g_string_append(out, "    </Option>\n    </layer>\n   </symbol>\n");
}

char *class_style_qml(guint n, const char *const *names, const char *const *colors, const int *patterns)
{
	GString *out = g_string_new("<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
	                            "<qgis version=\"3.22.0\" styleCategories=\"Symbology\">\n"
	                            " <renderer-v2 type=\"categorizedSymbol\" attr=\"class\" enableorderby=\"0\" "
	                            "forceraster=\"0\" symbollevels=\"0\">\n  <categories>\n");
	for (guint i = 0; i < n; i++) {
		g_autofree char *name = g_markup_escape_text(names[i], -1);
		g_string_append_printf(
			out, "   <category render=\"true\" symbol=\"%u\" value=\"%s\" label=\"%s\" type=\"string\"/>\n", i, name,
			name);
	}
	g_string_append(out, "  </categories>\n  <symbols>\n");
	for (guint i = 0; i < n; i++)
		add_symbol(out, i, colors[i], patterns ? patterns[i] : class_style_pattern(i));
	g_string_append(out, "  </symbols>\n </renderer-v2>\n <layerGeometryType>2</layerGeometryType>\n</qgis>\n");
	return g_string_free(out, FALSE);
}

GPtrArray *class_line_split(const char *path)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) name = g_string_new(NULL);
	for (const char *c = path;; c++) {
		if (c[0] == '\\' && c[1] == '/') {
			g_string_append_c(name, *++c);
		} else if (*c == '/' || !*c) {
			if (name->len > 0)
				g_ptr_array_add(names, g_strdup(name->str));
			g_string_truncate(name, 0);
			if (!*c)
				return names;
		} else {
			g_string_append_c(name, *c);
		}
	}
}
