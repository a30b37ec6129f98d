/* Measures distances and areas on the canvas: corner by corner, geodesic where the image has a coordinate system, in
 * pixels otherwise. Lies over the canvas; while it is on, clicks on the canvas set corners. */
#pragma once
#include "app/canvas/canvas.h"

G_BEGIN_DECLS

#define NADIR_TYPE_MEASURE (nadir_measure_get_type())
G_DECLARE_FINAL_TYPE(NadirMeasure, nadir_measure, NADIR, MEASURE, GtkWidget)

/* Signal: "ended", when Esc was struck. */
void nadir_measure_set_canvas(NadirMeasure *self, NadirCanvas *canvas); /* once */
void nadir_measure_set_active(NadirMeasure *self, gboolean active);
/* A corner at an image position, as a click there sets it. */
void nadir_measure_add(NadirMeasure *self, double x, double y);
/* "1.2 km · 0.53 km²", or NULL with fewer than two corners; g_free. */
char *nadir_measure_get_text(NadirMeasure *self);

G_END_DECLS
