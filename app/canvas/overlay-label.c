/* The small label beside the preview: class, score and area, which candidate it is, and the keys that act on it. */
#include "app/canvas/canvas-private.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "app/settings.h"

#define PAD 10.0f
#define GAP 6.0f     /* between the pieces of a line */
#define KEY_PAD 5.0f /* inside a key's frame */
#define LINE_GAP 4.0f
#define DISTANCE 14.0 /* from the preview */
#define EDGE 12.0     /* from the canvas's edge */

/* A piece of text, or a key in its frame. */
typedef struct {
	PangoLayout *layout;
	float w, h;
	bool key;
} piece;

static void piece_clear(void *data)
{
	g_object_unref(((piece *)data)->layout);
}

static GArray *line_new(void)
{
	GArray *line = g_array_new(FALSE, FALSE, sizeof(piece));
	g_array_set_clear_func(line, piece_clear);
	return line;
}

static void add(NadirCanvas *c, GArray *line, const char *text, bool key, bool strong)
{
	piece p = {.layout = gtk_widget_create_pango_layout(GTK_WIDGET(c), text), .key = key};
	PangoAttrList *attributes = pango_attr_list_new();
	int w, h;
	if (strong)
		pango_attr_list_insert(attributes, pango_attr_weight_new(PANGO_WEIGHT_SEMIBOLD));
	else
		pango_attr_list_insert(attributes, pango_attr_scale_new(PANGO_SCALE_SMALL));
	pango_layout_set_attributes(p.layout, attributes);
	pango_attr_list_unref(attributes);
	pango_layout_get_pixel_size(p.layout, &w, &h);
	p.w = (float)w + (key ? 2 * KEY_PAD : 0);
	p.h = (float)h;
	g_array_append_val(line, p);
}

static void line_size(const GArray *line, float *w, float *h)
{
	*w = *h = 0;
	for (guint i = 0; i < line->len; i++) {
		const piece *p = &g_array_index(line, piece, i);
		*w += p->w + (i > 0 ? GAP : 0);
		*h = MAX(*h, p->h);
	}
}

static void append_line(GtkSnapshot *snapshot, const GArray *line, float x, float y, const GdkRGBA *color)
{
	const GdkRGBA frame = {1, 1, 1, 0.45f};
	for (guint i = 0; i < line->len; i++) {
		const piece *p = &g_array_index(line, piece, i);
		if (p->key) {
			GskRoundedRect r;
			gsk_rounded_rect_init_from_rect(&r, &GRAPHENE_RECT_INIT(x, y, p->w, p->h), 4);
			gtk_snapshot_append_border(snapshot, &r, (float[4]){1, 1, 1, 1}, (GdkRGBA[4]){frame, frame, frame, frame});
		}
		gtk_snapshot_save(snapshot);
		gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT(x + (p->key ? KEY_PAD : 0), y));
		gtk_snapshot_append_layout(snapshot, p->layout, color);
		gtk_snapshot_restore(snapshot);
		x += p->w + GAP;
	}
}

/* --- what it says --- */

static void fill_ready(NadirCanvas *c, GArray *first, GArray *second)
{
	NadirDocument *d = c->document;
	const engine_answer *answer;
	int shown;
	guint index, count;
	nadir_document_get_preview(d, &answer, &shown);
	const engine_candidate *k = &answer->candidate[shown];
	g_autofree char *area = nadir_format_area(nadir_document_get_preview_area_m2(d), k->area);
	const gint64 edited = nadir_document_get_edited(d);
	g_autofree char *number = edited ? g_strdup_printf(" #%" G_GINT64_FORMAT, edited) : g_strdup("");
	g_autofree char *score = isnan(k->score) ? g_strdup("") : g_strdup_printf(" · %.2f", CLAMP(k->score, 0, 1));
	g_autofree char *text = g_strdup_printf("%s%s%s · %s", nadir_document_current_class_name(d), number, score, area);
	add(c, first, text, false, true);
	if (prompt_count(nadir_document_get_prompt(d)) == 0) {
		add(c, second, _("add a mark to change it, or leave it"), false, false);
		add(c, second, _("Esc"), true, false);
		return;
	}
	if (nadir_document_get_candidate(d, &index, &count) && count > 1) {
		g_autofree char *which = g_strdup_printf(_("candidate %u of %u"), index + 1, count);
		add(c, second, which, false, false);
		add(c, second, _("Tab"), true, false);
	}
	add(c, second, _("accept"), false, false);
	add(c, second, "⏎", true, false);
	add(c, second, _("drop"), false, false);
	add(c, second, _("Esc"), true, false);
}

static void fill_running(NadirCanvas *c, GArray *first, GArray *second)
{
	const double done = nadir_document_get_encode_progress(c->document);
	const preview *p = &c->document->preview;
	const bool accepted = p->accept_soon || (p->latest && p->latest->accepted);
	g_autofree char *text = done >= 0 ? g_strdup_printf(_("Reading the image … %d %%"), (int)(100 * done))
	                                  : g_strdup(_("Finding the object …"));
	add(c, first, text, false, true);
	add(c, second, accepted ? _("will be kept") : _("keep it"), false, false);
	if (!accepted)
		add(c, second, "⏎", true, false);
	add(c, second, _("stop"), false, false);
	add(c, second, _("Esc"), true, false);
}

static void fill_none(NadirCanvas *c, GArray *first, GArray *second)
{
	const bool failed = c->document->preview.failed;
	add(c, first, failed ? _("No mask yet") : _("Nothing found here"), false, true);
	add(c, second, failed ? _("try again") : _("add a mark, or drop"), false, false);
	if (failed) {
		add(c, second, "⏎", true, false);
		add(c, second, _("drop"), false, false);
	}
	add(c, second, _("Esc"), true, false);
}

/* --- where it stands --- */

static bool marks_bounds(NadirCanvas *c, graphene_rect_t *bounds)
{
	const prompt *pending = nadir_document_get_prompt(c->document);
	guint n = 0;
	const sam_mark *marks = pending ? prompt_marks(pending, &n) : NULL;
	double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
	for (guint i = 0; i < n; i++)
		for (guint k = 0; k < marks[i].n; k++) {
			double x, y;
			const double r = marks[i].kind == SAM_CIRCLE ? marks[i].r * c->view.scale : 8;
			viewport_to_screen(&c->view, marks[i].xy[2 * (gsize)k], marks[i].xy[2 * (gsize)k + 1], &x, &y);
			x0 = MIN(x0, x - r);
			y0 = MIN(y0, y - r);
			x1 = MAX(x1, x + r);
			y1 = MAX(y1, y + r);
		}
	*bounds = GRAPHENE_RECT_INIT((float)x0, (float)y0, (float)(x1 - x0), (float)(y1 - y0));
	return n > 0;
}

/* From the sheet to the widget: what surrounds the turned rectangle. */
static graphene_rect_t on_widget(NadirCanvas *c, const graphene_rect_t *r)
{
	const int w = gtk_widget_get_width(GTK_WIDGET(c)), h = gtk_widget_get_height(GTK_WIDGET(c));
	double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
	for (int i = 0; i < 4; i++) {
		double x = r->origin.x + (i & 1 ? r->size.width : 0), y = r->origin.y + (i & 2 ? r->size.height : 0);
		turn_from_sheet(c->turn, w, h, &x, &y);
		x0 = MIN(x0, x);
		y0 = MIN(y0, y);
		x1 = MAX(x1, x);
		y1 = MAX(y1, y);
	}
	return GRAPHENE_RECT_INIT((float)x0, (float)y0, (float)(x1 - x0), (float)(y1 - y0));
}

/* Right of what it speaks of, else left, below, above; at last over it, but in sight. */
static graphene_rect_t place(NadirCanvas *c, const graphene_rect_t *about, float w, float h)
{
	const double vw = gtk_widget_get_width(GTK_WIDGET(c)), vh = gtk_widget_get_height(GTK_WIDGET(c));
	const double left = about->origin.x, top = about->origin.y;
	const double right = left + about->size.width, bottom = top + about->size.height;
	double x = right + DISTANCE, y = (top + bottom) / 2 - h / 2;
	if (x + w > vw - EDGE) {
		x = left - DISTANCE - w;
		if (x < EDGE) {
			x = (left + right) / 2 - w / 2;
			y = bottom + DISTANCE + h <= vh - EDGE ? bottom + DISTANCE : top - DISTANCE - h;
		}
	}
	x = CLAMP(x, EDGE, MAX(EDGE, vw - w - EDGE));
	y = CLAMP(y, EDGE, MAX(EDGE, vh - h - EDGE));
	return GRAPHENE_RECT_INIT((float)round(x), (float)round(y), w, h);
}

static void append_panel(GtkSnapshot *snapshot, const graphene_rect_t *r)
{
	const GdkRGBA back = {0.11f, 0.11f, 0.125f, 0.93f}, edge = {1, 1, 1, 0.14f}, shadow = {0, 0, 0, 0.4f};
	GskRoundedRect round;
	gsk_rounded_rect_init_from_rect(&round, r, 9);
	gtk_snapshot_append_outset_shadow(snapshot, &round, &shadow, 0, 2, 0, 6);
	gtk_snapshot_push_rounded_clip(snapshot, &round);
	gtk_snapshot_append_color(snapshot, &back, r);
	gtk_snapshot_pop(snapshot);
	gtk_snapshot_append_border(snapshot, &round, (float[4]){1, 1, 1, 1}, (GdkRGBA[4]){edge, edge, edge, edge});
}

void overlay_snapshot_label(NadirCanvas *c, GtkSnapshot *snapshot)
{
	graphene_rect_t about;
	if (!nadir_document_get_prompt(c->document) || c->drag > DRAG_PAN ||
	    (!overlay_preview_bounds(c, &about) && !marks_bounds(c, &about)))
		return;
	g_autoptr(GArray) first = line_new();
	g_autoptr(GArray) second = line_new();
	switch (nadir_document_get_preview(c->document, NULL, NULL)) {
	case NADIR_PREVIEW_READY:
		fill_ready(c, first, second);
		break;
	case NADIR_PREVIEW_RUNNING:
		fill_running(c, first, second);
		break;
	case NADIR_PREVIEW_NONE:
		fill_none(c, first, second);
		break;
	}
	float w1, h1, w2, h2;
	line_size(first, &w1, &h1);
	line_size(second, &w2, &h2);
	about = on_widget(c, &about);
	const graphene_rect_t r = place(c, &about, MAX(w1, w2) + 2 * PAD, h1 + h2 + LINE_GAP + 1.6f * PAD);
	append_panel(snapshot, &r);
	const GdkRGBA bright = {1, 1, 1, 1}, soft = {1, 1, 1, 0.75f};
	append_line(snapshot, first, r.origin.x + PAD, r.origin.y + 0.8f * PAD, &bright);
	append_line(snapshot, second, r.origin.x + PAD, r.origin.y + 0.8f * PAD + h1 + LINE_GAP, &soft);
}
