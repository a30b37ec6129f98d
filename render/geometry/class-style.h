/* How classes look: colours that stay apart for colour-blind people, outline patterns, and the style files QGIS reads.
 */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

enum { CLASS_STYLE_COLORS = 8, CLASS_STYLE_PATTERNS = 4 };

/* For the i-th class, counted from 0: "#rrggbb" and outline 0 solid, 1 dashes, 2 dots, 3 dash-dot. 32 classes differ.
 */
const char *class_style_color(guint i);
int class_style_pattern(guint i);
/* A QGIS style (QML) that colours the classes of the field `class`; patterns NULL: the default ones. Free with g_free.
 */
char *class_style_qml(guint n, const char *const *names, const char *const *colors, const int *patterns);

/* A line of classes from the topmost down, "vehicle/car", as its names [element-type utf8]; "\\/" is a "/" of a name.
 */
GPtrArray *class_line_split(const char *path);

G_END_DECLS
