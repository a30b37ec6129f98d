/* The floating strip of drawing tools over the canvas: one toggle a tool with its key, driven by the action win.tool.
 */
#pragma once
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_TOOL_STRIP (nadir_tool_strip_get_type())
G_DECLARE_FINAL_TYPE(NadirToolStrip, nadir_tool_strip, NADIR, TOOL_STRIP, GtkBox)

G_END_DECLS
