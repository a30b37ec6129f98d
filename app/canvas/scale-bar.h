/* A round ground length drawn to the canvas's scale. Hidden without a CRS. */
#pragma once
#include "app/canvas/canvas.h"

G_BEGIN_DECLS

#define NADIR_TYPE_SCALE_BAR (nadir_scale_bar_get_type())
G_DECLARE_FINAL_TYPE(NadirScaleBar, nadir_scale_bar, NADIR, SCALE_BAR, GtkWidget)

/* Reads the canvas's viewport and document again: after each zoom, pan or change of units. */
void nadir_scale_bar_update(NadirScaleBar *bar, NadirCanvas *canvas);

G_END_DECLS
