#include "render/review/report.h"

#include "render/file/output.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#define MARGIN 40.0
#define PLOT_W 248.0
#define PLOT_H 158.0
#define GAP 19.0
#define CONFUSION_MOST 8 /* classes in the picture; the table has all */

typedef struct {
	cairo_t *cr;
	const double *ink;
	double x, y, w, h; /* of the plot, with its title above */
} plot;

/* --- pieces --- */

static void set_ink(const plot *p, double alpha)
{
	cairo_set_source_rgba(p->cr, p->ink[0], p->ink[1], p->ink[2], alpha);
}

static void text_at(const plot *p, double x, double y, double size, bool bold, const char *text)
{
	cairo_select_font_face(p->cr, "Sans", CAIRO_FONT_SLANT_NORMAL,
	                       bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(p->cr, size);
	cairo_move_to(p->cr, x, y);
	cairo_show_text(p->cr, text);
}

/* Ends at x. */
static void text_before(const plot *p, double x, double y, double size, const char *text)
{
	cairo_text_extents_t e;
	cairo_select_font_face(p->cr, "Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(p->cr, size);
	cairo_text_extents(p->cr, text, &e);
	text_at(p, x - e.x_advance, y, size, false, text);
}

static void level(const plot *p, double y, double alpha)
{
	set_ink(p, alpha);
	cairo_set_line_width(p->cr, 0.7);
	cairo_move_to(p->cr, p->x, y);
	cairo_line_to(p->cr, p->x + p->w, y);
	cairo_stroke(p->cr);
}

static void begin_plot(const plot *p, const char *title)
{
	set_ink(p, 1);
	text_at(p, p->x, p->y - 6, 10, true, title);
}

/* Bars with a darker part, between nothing and the most, which is said. */
static void bars(const plot *p, const guint *whole, const guint *part, guint n)
{
	guint most = 1;
	for (guint i = 0; i < n; i++)
		most = MAX(most, whole[i]);
	const double step = p->w / MAX(n, 1), unit = (p->h - 12) / most;
	level(p, p->y + 12, 0.2);
	for (guint i = 0; i < n; i++) {
		cairo_set_source_rgb(p->cr, 0.60, 0.76, 0.95);
		cairo_rectangle(p->cr, p->x + i * step + 0.5, p->y + p->h - whole[i] * unit, MAX(step - 1.5, 0.5),
		                whole[i] * unit);
		cairo_fill(p->cr);
		if (!part)
			continue;
		cairo_set_source_rgb(p->cr, 0.11, 0.44, 0.85);
		cairo_rectangle(p->cr, p->x + i * step + 0.5, p->y + p->h - part[i] * unit, MAX(step - 1.5, 0.5),
		                part[i] * unit);
		cairo_fill(p->cr);
	}
	g_autofree char *top = g_strdup_printf("%u", most);
	level(p, p->y + p->h, 0.5);
	set_ink(p, 0.7);
	text_at(p, p->x, p->y + 9, 7, false, top);
}

static void axis(const plot *p, const char *left, const char *right)
{
	set_ink(p, 0.7);
	text_at(p, p->x, p->y + p->h + 9, 7, false, left);
	text_before(p, p->x + p->w, p->y + p->h + 9, 7, right);
}

/* --- the plots --- */

static void draw_progress(const plot *p, const statistics *s)
{
	static const double colors[REVIEW_DECISIONS][3] = {
		{0.75, 0.75, 0.75}, {0.15, 0.64, 0.41}, {0.75, 0.11, 0.16}, {0.90, 0.65, 0.04}, {0.45, 0.45, 0.55}};
	static const char *const names[REVIEW_DECISIONS] = {N_("undecided"), N_("accepted"), N_("rejected"), N_("flagged"),
	                                                    N_("skipped")};
	double x = p->x, row = p->y + 40;
	begin_plot(p, _("Progress"));
	for (int d = 0; d < REVIEW_DECISIONS; d++) {
		const double w = s->total ? p->w * s->by_decision[d] / s->total : 0;
		cairo_set_source_rgb(p->cr, colors[d][0], colors[d][1], colors[d][2]);
		cairo_rectangle(p->cr, x, p->y + 6, w, 18);
		cairo_rectangle(p->cr, p->x, row - 6, 7, 7);
		cairo_fill(p->cr);
		x += w;
		g_autofree char *line = g_strdup_printf("%s: %u (%.0f %%)", _(names[d]), s->by_decision[d],
		                                        s->total ? 100.0 * s->by_decision[d] / s->total : 0);
		set_ink(p, 1);
		text_at(p, p->x + 12, row, 8, false, line);
		row += 13;
	}
	g_autofree char *more = g_strdup_printf(_("%u relabelled · %u fixed by hand · %u with a comment"), s->relabelled,
	                                        s->fixed, s->commented);
	text_at(p, p->x, row + 4, 8, false, more);
}

static void draw_hours(const plot *p, const statistics *s)
{
	begin_plot(p, _("Decisions an hour"));
	bars(p, (const guint *)(void *)s->hours->data, NULL, s->hours->len);
	if (s->hours->len == 0)
		return;
	g_autoptr(GDateTime) first = g_date_time_new_from_unix_utc(s->first / G_USEC_PER_SEC);
	g_autofree char *from = g_date_time_format(first, "%Y-%m-%d %H:00 UTC");
	g_autofree char *to = g_strdup_printf(ngettext("%u hour", "%u hours", s->hours->len), s->hours->len);
	axis(p, from, to);
}

static void draw_classes(const plot *p, const statistics *s)
{
	const guint n = MIN(s->classes->len, 9);
	begin_plot(p, _("Accepted, by class"));
	for (guint i = 0; i < n; i++) {
		const statistics_class *c = &g_array_index(s->classes, statistics_class, i);
		const guint decided = c->by_decision[REVIEW_ACCEPTED] + c->by_decision[REVIEW_REJECTED];
		const double share = statistics_share(c->by_decision[REVIEW_ACCEPTED], decided), y = p->y + 4 + i * 13.5;
		cairo_set_source_rgb(p->cr, 0.60, 0.76, 0.95);
		cairo_rectangle(p->cr, p->x + 90, y, p->w - 170, 9);
		cairo_fill(p->cr);
		cairo_set_source_rgb(p->cr, 0.11, 0.44, 0.85);
		cairo_rectangle(p->cr, p->x + 90, y, isnan(share) ? 0 : (p->w - 170) * share, 9);
		cairo_fill(p->cr);
		g_autofree char *value =
			isnan(share) ? g_strdup_printf("– (%u)", c->total)
						 : g_strdup_printf("%.0f %% (%u/%u)", 100 * share, c->by_decision[REVIEW_ACCEPTED], decided);
		g_autofree char *name = g_utf8_substring(c->name, 0, MIN(g_utf8_strlen(c->name, -1), 17));
		set_ink(p, 1);
		text_at(p, p->x, y + 8, 8, false, name);
		text_at(p, p->x + p->w - 76, y + 8, 8, false, value);
	}
}

static void draw_scores(const plot *p, const statistics *s)
{
	begin_plot(p, _("By score: decided, accepted dark"));
	bars(p, s->score_decided, s->score_accepted, STATISTICS_BINS);
	axis(p, "0", "1");
}

static void draw_areas(const plot *p, const statistics *s)
{
	begin_plot(p, _("Areas, accepted ones dark"));
	bars(p, s->areas, s->areas_accepted, STATISTICS_AREAS);
	axis(p, "8 px", "524 288 px");
}

static void column_head(const plot *p, double x, double width, const char *name)
{
	g_autofree char *cut = g_utf8_substring(name, 0, MIN(g_utf8_strlen(name, -1), (glong)(width / 3.6)));
	set_ink(p, 0.7);
	text_at(p, x, p->y + 4, 6, false, cut);
}

/* Rows: the class it came with; columns: what the reviewer said, rejected last. */
static void draw_confusion(const plot *p, const statistics *s)
{
	const guint n = MIN(s->classes->len, CONFUSION_MOST), all = s->classes->len;
	const double side = MIN((p->h - 16) / MAX(n, 1), 26), left = p->x + 90,
				 wide = MIN(side * 1.2, (p->w - 90) / (n + 1));
	begin_plot(p, _("Came as (rows), reviewed as (columns)"));
	for (guint i = 0; i < n; i++) {
		const char *name = g_array_index(s->classes, statistics_class, i).name;
		guint sum = 0;
		for (guint k = 0; k <= all; k++)
			sum += statistics_confused(s, i, k);
		g_autofree char *cut = g_utf8_substring(name, 0, MIN(g_utf8_strlen(name, -1), 17));
		set_ink(p, 1);
		text_at(p, p->x, p->y + 10 + i * side + side / 2, 8, false, cut);
		for (guint k = 0; k <= n; k++) {
			const guint v = statistics_confused(s, i, k == n ? all : k);
			const double share = sum > 0 ? (double)v / sum : 0;
			if (i == 0)
				column_head(p, left + k * wide, wide,
				            k == n ? _("rejected") : g_array_index(s->classes, statistics_class, k).name);
			cairo_set_source_rgba(p->cr, k == i ? 0.11 : 0.75, k == i ? 0.44 : 0.11, k == i ? 0.85 : 0.16,
			                      0.08 + 0.8 * share);
			cairo_rectangle(p->cr, left + k * wide, p->y + 6 + i * side, wide - 1, side - 1);
			cairo_fill(p->cr);
			g_autofree char *text = g_strdup_printf("%u", v);
			set_ink(p, v ? 1 : 0.4);
			text_at(p, left + k * wide + 3, p->y + 6 + i * side + side / 2 + 3, 7, false, text);
		}
	}
}

static void draw_agreement(const plot *p, const statistics *s)
{
	const agreement *a = s->agreed;
	g_autofree char *title = g_strdup_printf(_("Agreement of %s and %s"), s->set_a, s->set_b);
	g_autofree char *first = g_strdup_printf(_("%u objects of both, %u of the same class"), a->both, a->same_class);
	g_autofree char *second = g_strdup_printf(_("%u only in the first, %u only in the second"), a->only_a, a->only_b);
	g_autofree char *third = g_strdup_printf(_("mean IoU %.3f · Cohen's kappa %.3f"), a->mean_iou, a->kappa);
	begin_plot(p, title);
	set_ink(p, 1);
	text_at(p, p->x, p->y + 16, 9, false, first);
	text_at(p, p->x, p->y + 30, 9, false, second);
	text_at(p, p->x, p->y + 44, 9, false, third);
}

void report_draw(cairo_t *cr, const statistics *s, const char *title, const double ink[3])
{
	static void (*const plots[])(const plot *, const statistics *) = {draw_progress, draw_hours, draw_classes,
	                                                                  draw_scores,   draw_areas, draw_confusion};
	plot p = {cr, ink, MARGIN, MARGIN, PLOT_W, PLOT_H};
	set_ink(&p, 1);
	text_at(&p, MARGIN, MARGIN + 14, 18, true, _("Review"));
	text_at(&p, MARGIN + 80, MARGIN + 14, 11, false, title);
	for (guint i = 0; i < G_N_ELEMENTS(plots); i++) {
		p.x = MARGIN + i % 2 * (PLOT_W + GAP);
		p.y = MARGIN + 50 + i / 2 * (PLOT_H + 45);
		plots[i](&p, s);
	}
	p.x = MARGIN;
	p.y = MARGIN + 50 + 3 * (PLOT_H + 45);
	if (s->agreed)
		draw_agreement(&p, s);
}

/* --- tables --- */

static void csv_text(GString *out, const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "\"", -1);
	g_autofree char *doubled = g_strjoinv("\"\"", parts);
	g_string_append_printf(out, "\"%s\"", doubled);
}

static void csv_classes(GString *out, const statistics *s)
{
	g_string_append(out, "class,objects,undecided,accepted,rejected,flagged,skipped,relabelled\n");
	for (guint i = 0; i < s->classes->len; i++) {
		const statistics_class *c = &g_array_index(s->classes, statistics_class, i);
		csv_text(out, c->name);
		g_string_append_printf(out, ",%u", c->total);
		for (int d = 0; d < REVIEW_DECISIONS; d++)
			g_string_append_printf(out, ",%u", c->by_decision[d]);
		g_string_append_printf(out, ",%u\n", c->relabelled);
	}
}

static void csv_bins(GString *out, const statistics *s)
{
	char from[G_ASCII_DTOSTR_BUF_SIZE];
	g_string_append(out, "\nscore from,objects,decided,accepted\n");
	for (int i = 0; i < STATISTICS_BINS; i++)
		g_string_append_printf(out, "%s,%u,%u,%u\n",
		                       g_ascii_formatd(from, sizeof from, "%.2f", (double)i / STATISTICS_BINS),
		                       s->score_total[i], s->score_decided[i], s->score_accepted[i]);
	g_string_append(out, "\narea px from,objects,accepted\n");
	for (int i = 0; i < STATISTICS_AREAS; i++)
		g_string_append_printf(out, "%d,%u,%u\n", i == 0 ? 0 : 8 << i, s->areas[i], s->areas_accepted[i]);
	g_string_append(out, "\nhour,decisions\n");
	for (guint i = 0; i < s->hours->len; i++) {
		g_autoptr(GDateTime) t = g_date_time_new_from_unix_utc(s->first / G_USEC_PER_SEC + 3600 * (gint64)i);
		g_autofree char *hour = g_date_time_format(t, "%Y-%m-%dT%H:00:00Z");
		g_string_append_printf(out, "%s,%u\n", hour, g_array_index(s->hours, guint, i));
	}
}

static void csv_confusion(GString *out, const statistics *s)
{
	g_string_append(out, "\ncame as");
	for (guint i = 0; i < s->classes->len; i++) {
		g_string_append_c(out, ',');
		csv_text(out, g_array_index(s->classes, statistics_class, i).name);
	}
	g_string_append(out, ",rejected\n");
	for (guint i = 0; i < s->classes->len; i++) {
		csv_text(out, g_array_index(s->classes, statistics_class, i).name);
		for (guint k = 0; k <= s->classes->len; k++)
			g_string_append_printf(out, ",%u", statistics_confused(s, i, k));
		g_string_append_c(out, '\n');
	}
}

char *report_csv(const statistics *s)
{
	GString *out = g_string_new(NULL);
	csv_classes(out, s);
	csv_bins(out, s);
	csv_confusion(out, s);
	if (s->agreed) {
		char iou[G_ASCII_DTOSTR_BUF_SIZE], kappa[G_ASCII_DTOSTR_BUF_SIZE];
		g_string_append(out, "\nset a,set b,both,same class,only a,only b,mean iou,kappa\n");
		csv_text(out, s->set_a);
		g_string_append_c(out, ',');
		csv_text(out, s->set_b);
		g_string_append_printf(out, ",%u,%u,%u,%u,%s,%s\n", s->agreed->both, s->agreed->same_class, s->agreed->only_a,
		                       s->agreed->only_b, g_ascii_formatd(iou, sizeof iou, "%.6f", s->agreed->mean_iou),
		                       g_ascii_formatd(kappa, sizeof kappa, "%.6f", s->agreed->kappa));
	}
	return g_string_free(out, FALSE);
}

/* --- files --- */

static cairo_status_t collect(void *data, const unsigned char *bytes, unsigned int n)
{
	g_byte_array_append(data, bytes, n);
	return CAIRO_STATUS_SUCCESS;
}

static void render(cairo_surface_t *surface, const statistics *s, const char *title, double scale)
{
	static const double black[3] = {0.1, 0.1, 0.1};
	cairo_t *cr = cairo_create(surface);
	cairo_scale(cr, scale, scale);
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_paint(cr);
	report_draw(cr, s, title, black);
	cairo_destroy(cr);
}

static GByteArray *picture(const statistics *s, const char *title, const char *path)
{
	GByteArray *out = g_byte_array_new();
	const bool png = g_str_has_suffix(path, ".png"), pdf = g_str_has_suffix(path, ".pdf");
	const double scale = png ? 2 : 1;
	cairo_surface_t *surface =
		png ? cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(REPORT_WIDTH * scale), (int)(REPORT_HEIGHT * scale))
		: pdf ? cairo_pdf_surface_create_for_stream(collect, out, REPORT_WIDTH, REPORT_HEIGHT)
			  : cairo_svg_surface_create_for_stream(collect, out, REPORT_WIDTH, REPORT_HEIGHT);
	render(surface, s, title, scale);
	if (png)
		cairo_surface_write_to_png_stream(surface, collect, out);
	cairo_surface_finish(surface);
	cairo_surface_destroy(surface);
	return out;
}

bool report_write(const statistics *s, const char *title, const char *path, GError **error)
{
	if (g_str_has_suffix(path, ".csv")) {
		g_autofree char *text = report_csv(s);
		return output_write(path, text, strlen(text), error);
	}
	if (!g_str_has_suffix(path, ".pdf") && !g_str_has_suffix(path, ".svg") && !g_str_has_suffix(path, ".png")) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
		            _("%s: a report is a .csv, .pdf, .svg or .png: choose one of these names."), path);
		return false;
	}
	g_autoptr(GByteArray) bytes = picture(s, title, path);
	return output_write(path, bytes->data, bytes->len, error);
}
