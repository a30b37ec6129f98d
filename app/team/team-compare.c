#include "app/team/team-compare.h"

#include <cjson/cJSON.h>
#include <glib/gi18n.h>
#include <string.h>

#include "render/file/json-text.h"
#include "render/geometry/wkb.h"

enum { SIDE = 150, MARGIN = 10 };

typedef struct {
	wkb_shape *own, *other; /* NULL: none */
} outlines;

static void outlines_free(void *data)
{
	outlines *o = data;
	wkb_shape_free(o->own);
	wkb_shape_free(o->other);
	g_free(o);
}

static void grow(const wkb_shape *s, double all[4])
{
	double e[4];
	if (!s)
		return;
	wkb_shape_extent(s, e);
	all[0] = MIN(all[0], e[0]);
	all[1] = MIN(all[1], e[1]);
	all[2] = MAX(all[2], e[2]);
	all[3] = MAX(all[3], e[3]);
}

static void trace(cairo_t *cr, const wkb_shape *s, const double extent[4], double scale)
{
	for (guint i = 0; i < s->rings->len; i++) {
		const wkb_ring *r = &g_array_index(s->rings, wkb_ring, i);
		for (guint k = 0; k < r->n; k++) {
			const double *p = &g_array_index(s->xy, double, 2 * (r->first + k));
			cairo_line_to(cr, MARGIN + (p[0] - extent[0]) * scale, MARGIN + (p[1] - extent[1]) * scale);
		}
		cairo_close_path(cr);
	}
}

static void draw(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
	const outlines *o = data;
	double e[4] = {G_MAXDOUBLE, G_MAXDOUBLE, -G_MAXDOUBLE, -G_MAXDOUBLE};
	const double dashes[] = {4, 4};
	GdkRGBA ink;
	gtk_style_context_get_color(gtk_widget_get_style_context(GTK_WIDGET(area)), &ink);
	grow(o->own, e);
	grow(o->other, e);
	const double scale = MIN((width - 2 * MARGIN) / MAX(e[2] - e[0], 1), (height - 2 * MARGIN) / MAX(e[3] - e[1], 1));
	cairo_translate(cr, (width - (e[2] - e[0]) * scale) / 2 - MARGIN, (height - (e[3] - e[1]) * scale) / 2 - MARGIN);
	gdk_cairo_set_source_rgba(cr, &ink);
	cairo_set_line_width(cr, 1);
	if (o->other) {
		trace(cr, o->other, e, scale);
		cairo_set_dash(cr, dashes, G_N_ELEMENTS(dashes), 0);
		cairo_stroke(cr);
		cairo_set_dash(cr, NULL, 0, 0);
	}
	if (!o->own)
		return;
	trace(cr, o->own, e, scale);
	cairo_set_fill_rule(cr, CAIRO_FILL_RULE_EVEN_ODD);
	cairo_set_line_width(cr, 2);
	cairo_stroke_preserve(cr);
	cairo_set_source_rgba(cr, ink.red, ink.green, ink.blue, 0.2);
	cairo_fill(cr);
}

static GtkWidget *picture(GBytes *own, GBytes *other)
{
	GtkWidget *area = gtk_drawing_area_new();
	outlines *o = g_new0(outlines, 1);
	o->own = own ? wkb_shape_read(own, NULL) : NULL;
	o->other = other ? wkb_shape_read(other, NULL) : NULL;
	gtk_drawing_area_set_content_width(GTK_DRAWING_AREA(area), SIDE);
	gtk_drawing_area_set_content_height(GTK_DRAWING_AREA(area), SIDE);
	gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(area), draw, o, outlines_free);
	gtk_widget_add_css_class(area, "frame");
	return area;
}

static void add_line(GString *text, const char *member, const char *said)
{
	const char *name = strcmp(member, "class_name") == 0 ? "class" : member;
	g_string_append_printf(text, "%s%s: %s", text->len ? "\n" : "", name, *said ? said : _("(empty)"));
}

/* What a person can tell the sides by: the texts that differ. References between rows tell nothing. */
static void add_differences(GString *text, const cJSON *own, const cJSON *other)
{
	static const char *const silent[] = {"edited", "image", "class", "proposed", "area_m2", "prompt", "reviewed", NULL};
	const cJSON *item;
	cJSON_ArrayForEach(item, own)
	{
		const cJSON *there = cJSON_GetObjectItemCaseSensitive(other, item->string);
		if (g_strv_contains(silent, item->string) || (there && cJSON_Compare(item, there, true)))
			continue;
		g_autofree char *value = cJSON_IsString(item) ? NULL : json_part_text(item);
		add_line(text, item->string, value ? value : item->valuestring);
	}
}

/* Where the other side is gone: what there is to lose. */
static void add_facts(GString *text, const cJSON *own)
{
	static const char *const telling[] = {"class_name", "name", "caption", "comment"};
	for (guint i = 0; i < G_N_ELEMENTS(telling); i++) {
		const char *said = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(own, telling[i]));
		if (said && *said)
			add_line(text, telling[i], said);
	}
}

static char *describe(const char *own, const char *other)
{
	cJSON *a = own ? cJSON_Parse(own) : NULL, *b = other ? cJSON_Parse(other) : NULL;
	GString *text = g_string_new(a ? NULL : _("deleted"));
	if (a && b)
		add_differences(text, a, b);
	else if (a)
		add_facts(text, a);
	cJSON_Delete(a);
	cJSON_Delete(b);
	return g_string_free(text, FALSE);
}

static GtkWidget *label(const char *text, const char *class)
{
	GtkWidget *l = gtk_label_new(text);
	gtk_label_set_wrap(GTK_LABEL(l), TRUE);
	gtk_label_set_wrap_mode(GTK_LABEL(l), PANGO_WRAP_WORD_CHAR);
	gtk_label_set_xalign(GTK_LABEL(l), 0);
	gtk_label_set_max_width_chars(GTK_LABEL(l), 28);
	gtk_label_set_selectable(GTK_LABEL(l), FALSE);
	gtk_widget_add_css_class(l, class);
	return l;
}

static char *name_of(const team_conflict *c)
{
	cJSON *row = cJSON_Parse(c->ours ? c->ours : c->theirs ? c->theirs : "{}");
	const char *key = c->kind == TEAM_OBJECT ? "class_name" : "name";
	const char *said = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, key));
	GString *name = g_string_new(said && *said ? said : team_kind_name(c->kind));
	if (c->kind == TEAM_OBJECT && c->id > 0)
		g_string_append_printf(name, " #%" G_GINT64_FORMAT, c->id);
	cJSON_Delete(row);
	return g_string_free(name, FALSE);
}

char *nadir_team_compare_title(const team_conflict *c)
{
	g_autofree char *name = name_of(c);
	const char *who = *c->who ? c->who : _("the server");
	/* Translators: a thing ("ship #3"), then who else changed it, or which parts. */
	return c->refused   ? g_strdup_printf(_("%s: your role allows no such change"), name)
	       : !c->ours   ? g_strdup_printf(_("%s: you deleted it, %s changed it"), name, who)
	       : !c->theirs ? g_strdup_printf(_("%s: you changed it, %s deleted it"), name, who)
	                    : g_strdup_printf(_("%s: both changed %s"), name, c->fields);
}

GtkWidget *nadir_team_compare_new(const team_conflict *c, bool theirs)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
	g_autofree char *title =
		theirs ? g_strdup_printf(_("Theirs (%s)"), *c->who ? c->who : _("the server")) : g_strdup(_("Mine"));
	g_autofree char *text = theirs ? describe(c->theirs, c->ours) : describe(c->ours, c->theirs);
	GBytes *own = theirs ? c->theirs_px : c->ours_px, *other = theirs ? c->ours_px : c->theirs_px;
	gtk_box_append(GTK_BOX(box), label(title, "dim-label"));
	if (own || other)
		gtk_box_append(GTK_BOX(box), picture(own, other));
	gtk_box_append(GTK_BOX(box), label(text, "caption"));
	gtk_widget_set_hexpand(box, TRUE);
	return box;
}
