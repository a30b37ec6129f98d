/* The window of the history: every step of the image by name, and a way to each of them. */
#pragma once
#include "app/document/document.h"

#include <adwaita.h>

G_BEGIN_DECLS
#define NADIR_TYPE_HISTORY (nadir_history_get_type())
G_DECLARE_FINAL_TYPE(NadirHistory, nadir_history, NADIR, HISTORY, AdwWindow)

GtkWidget *nadir_history_new(GtkWindow *parent, NadirDocument *document);
G_END_DECLS
