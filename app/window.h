/* One window with one image: canvas, tools, sidebar, status. */
#pragma once
#include "app/application.h"
#include "app/canvas/canvas.h"

G_BEGIN_DECLS

#define NADIR_TYPE_WINDOW (nadir_window_get_type())
G_DECLARE_FINAL_TYPE(NadirWindow, nadir_window, NADIR, WINDOW, AdwApplicationWindow)

NadirWindow *nadir_window_new(NadirApplication *app);
/* Opens an image or a project, off the main loop, in place of what is open. */
void nadir_window_open(NadirWindow *window, GFile *file);
bool nadir_window_is_empty(NadirWindow *window); /* no image, and none on its way */
bool nadir_window_is_opening(NadirWindow *window);
NadirDocument *nadir_window_get_document(NadirWindow *window); /* NULL: none */
NadirCanvas *nadir_window_get_canvas(NadirWindow *window);
/* One sentence in a bar that stays until it is closed; or in a toast that goes by itself. */
void nadir_window_show_error(NadirWindow *window, const char *sentence);
void nadir_window_show_notice(NadirWindow *window, const char *sentence);
void nadir_window_units_changed(NadirWindow *window);

G_END_DECLS
