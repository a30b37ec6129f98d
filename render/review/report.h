/* The statistics as pictures and tables. Plots are drawn by cairo in points, black on white unless colours are given.
 */
#pragma once
#include "render/review/statistics.h"

#include <cairo.h>

G_BEGIN_DECLS

#define REPORT_WIDTH 595.0 /* A4, points */
#define REPORT_HEIGHT 842.0

/* Draws the page into REPORT_WIDTH x REPORT_HEIGHT. ink: red, green, blue of lines and text. */
void report_draw(cairo_t *cr, const statistics *s, const char *title, const double ink[3]);
/* .csv, .pdf, .svg, .png by the name's end; whole or not at all. */
bool report_write(const statistics *s, const char *title, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Tables one below the other: classes, scores, areas, hours, confusion, agreement. Free with g_free. */
char *report_csv(const statistics *s);

G_END_DECLS
