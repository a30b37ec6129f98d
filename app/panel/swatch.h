/* How a class looks on the map, small: its colour filled lightly, its outline with the class's pattern. */
#pragma once
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_SWATCH (nadir_swatch_get_type())
G_DECLARE_FINAL_TYPE(NadirSwatch, nadir_swatch, NADIR, SWATCH, GtkWidget)

GtkWidget *nadir_swatch_new(int side);
void nadir_swatch_set(NadirSwatch *swatch, const char *color, int pattern); /* "#rrggbb" */
/* The same on a surface: a square of `side`. */
void nadir_swatch_draw(cairo_t *cr, const GdkRGBA *color, int pattern, double side);
/* What a pattern is called, for tooltips and screen readers; translated, static. */
const char *nadir_swatch_pattern_name(int pattern);

G_END_DECLS
