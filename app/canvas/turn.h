/* A view that is turned: everything is drawn and pressed on a sheet, level with the rows of pixels, large enough to
 * cover the widget when it is turned about its middle. turn: radians, clockwise on the screen; w, h: of the widget.
 * Without a turn the sheet is the widget. */
#pragma once
#include <gtk/gtk.h>

G_BEGIN_DECLS

void turn_sheet_size(double turn, int w, int h, int *sheet_w, int *sheet_h);
void turn_to_sheet(double turn, int w, int h, double *x, double *y); /* a position of the widget on the sheet */
void turn_from_sheet(double turn, int w, int h, double *x, double *y);
void turn_vector_to_sheet(double turn, double *dx, double *dy);
/* How much smaller a picture that fits the sheet must be to fit the widget; image_w, image_h: its sides' ratio. */
double turn_fit(double turn, int w, int h, double image_w, double image_h);
/* What follows is drawn on the sheet, until gtk_snapshot_restore(). */
void turn_push(double turn, int w, int h, GtkSnapshot *snapshot);
/* What follows stands upright about a point of the sheet, until gtk_snapshot_restore(). */
void turn_push_upright(double turn, double x, double y, GtkSnapshot *snapshot);

G_END_DECLS
