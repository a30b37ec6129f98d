/* The window's work on many images. */
#pragma once
#include "app/window.h"

G_BEGIN_DECLS

void nadir_window_install_batch_actions(NadirWindow *self);
void nadir_window_update_batch_actions(NadirWindow *self);
void nadir_window_follow_batch(NadirWindow *self); /* of the document that is shown now */

G_END_DECLS
