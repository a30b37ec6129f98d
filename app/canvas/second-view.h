/* Another look at the same place: another image, or other bands of this one, following the canvas. Both with a
 * coordinate system are linked by map position, turned and scaled as the map has them about the view's middle, else
 * pixel by pixel (scaled when the images differ in size), which its title then says. Either over the canvas from a line
 * on that can be dragged (swipe), or beside it. */
#pragma once
#include "app/canvas/canvas.h"

G_BEGIN_DECLS

#define NADIR_TYPE_SECOND_VIEW (nadir_second_view_get_type())
G_DECLARE_FINAL_TYPE(NadirSecondView, nadir_second_view, NADIR, SECOND_VIEW, GtkWidget)

/* swipe: lies over the canvas; else it stands beside it and takes the canvas's scale and middle. */
GtkWidget *nadir_second_view_new(NadirCanvas *canvas, gboolean swipe);
void nadir_second_view_set_image(NadirSecondView *self, raster *image, const raster_style *style, const char *title);
/* What it shows; a reference, and a title for g_free. */
raster *nadir_second_view_get_image(NadirSecondView *self, raster_style *style, char **title);

G_END_DECLS
