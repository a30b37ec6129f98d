/* The image view: tiles, objects, marks and the preview drawn over each other; zoom, pan and the drawing tools. */
#pragma once
#include <gtk/gtk.h>

#include "app/document/document.h"
#include "render/raster/viewport.h"

G_BEGIN_DECLS

typedef enum {
	NADIR_TOOL_SELECT,
	NADIR_TOOL_POINT,
	NADIR_TOOL_BOX,
	NADIR_TOOL_CIRCLE,
	NADIR_TOOL_SCRIBBLE,
	NADIR_TOOL_POLYGON,
	NADIR_TOOL_BRUSH,
	NADIR_TOOL_SPLIT,  /* a line that cuts the selected objects */
	NADIR_TOOL_HOLE,   /* an outline that is cut out of them */
	NADIR_TOOL_VERTEX, /* the vertices of the selected object */
} NadirTool;

#define NADIR_TYPE_CANVAS (nadir_canvas_get_type())
G_DECLARE_FINAL_TYPE(NadirCanvas, nadir_canvas, NADIR, CANVAS, GtkWidget)

/* Signals: "view-changed" (zoom or pan), "tiles-changed" (something of the image was read), "pointer-moved" (image
 * position; NaN when it left), "tool-changed". */
GtkWidget *nadir_canvas_new(void);
void nadir_canvas_set_document(NadirCanvas *c, NadirDocument *d); /* NULL: empty */
NadirDocument *nadir_canvas_get_document(NadirCanvas *c);
/* Of the sheet that is drawn on: the widget, unless the view is turned (turn.h). */
const viewport *nadir_canvas_get_viewport(NadirCanvas *c);
/* Degrees clockwise, -180 to 180: the image about the middle of the view. Rows of pixels are level at 0. */
void nadir_canvas_set_turn(NadirCanvas *c, double degrees);
double nadir_canvas_get_turn(NadirCanvas *c);
/* Between positions of the widget and image pixels. */
void nadir_canvas_to_image(NadirCanvas *c, double x, double y, double *ix, double *iy);
void nadir_canvas_from_image(NadirCanvas *c, double ix, double iy, double *x, double *y);
NadirTool nadir_canvas_get_tool(NadirCanvas *c);
void nadir_canvas_set_tool(NadirCanvas *c, NadirTool tool);
double nadir_canvas_get_brush_radius(NadirCanvas *c);
void nadir_canvas_set_brush_radius(NadirCanvas *c, double image_pixels);
void nadir_canvas_zoom(NadirCanvas *c, double factor); /* around the pointer if it is inside, else the centre */
void nadir_canvas_zoom_to(NadirCanvas *c, double scale);
void nadir_canvas_fit(NadirCanvas *c);
/* That image position in the middle of the view; scale 0: as it is. */
void nadir_canvas_look_at(NadirCanvas *c, double ix, double iy, double scale);
/* The whole image, small; NULL while it is not read yet. Borrowed until the next "tiles-changed". */
GdkTexture *nadir_canvas_get_cover(NadirCanvas *c);
/* Parts of the image that are on their way, and those that could not be had. */
void nadir_canvas_stop_reading(NadirCanvas *c);
void nadir_canvas_read_again(NadirCanvas *c);
void nadir_canvas_set_grid(NadirCanvas *c, bool grid); /* lines between pixels at high zoom; on at first */
void nadir_canvas_show_object(NadirCanvas *c, NadirObject *o);
/* The last pointer position in image pixels; false when the pointer is elsewhere. */
bool nadir_canvas_get_pointer(NadirCanvas *c, double *x, double *y);

/* Whether a drawing is under way that Enter closes, Esc drops and Backspace shortens (a polygon). The canvas handles
 * those keys itself while it has the focus; a window calls these when it does not. They return whether there was
 * something to do. */
bool nadir_canvas_is_drawing(NadirCanvas *c);
bool nadir_canvas_finish_drawing(NadirCanvas *c);
bool nadir_canvas_drop_drawing(NadirCanvas *c);
bool nadir_canvas_shorten_drawing(NadirCanvas *c);
/* A crosshair that the arrow keys move and Space clicks with, for all tools (edit-cursor.c). */
void nadir_canvas_toggle_cursor(NadirCanvas *c);

/* Squares that lie under what is transparent, to be repeated; borrowed. */
GdkTexture *nadir_canvas_get_checker(NadirCanvas *c);

G_END_DECLS
