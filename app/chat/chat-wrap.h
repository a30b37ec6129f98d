/* Children one after the other in lines, as words in a text: for chips and pills. */
#pragma once
#include <gtk/gtk.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define NADIR_TYPE_WRAP_LAYOUT (nadir_wrap_layout_get_type())
G_DECLARE_FINAL_TYPE(NadirWrapLayout, nadir_wrap_layout, NADIR, WRAP_LAYOUT, GtkLayoutManager)
GtkLayoutManager *nadir_wrap_layout_new(void);

G_END_DECLS
