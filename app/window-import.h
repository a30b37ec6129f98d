/* Other tools' objects into the project of the window. */
#pragma once
#include "app/window.h"

G_BEGIN_DECLS

void nadir_window_install_import(NadirWindow *self);
void nadir_window_update_import(NadirWindow *self);
/* A data set was opened, and its project has no object on the image that is shown: its labels are offered. */
void nadir_window_offer_labels(NadirWindow *self);

G_END_DECLS
