/* The same work on many images of the project, from the window: `nadir batch` runs as a process of its own, so that
 * nothing here waits for it, and what it has done comes into the project image by image. Its results lie beside the
 * project; the same work started again goes on where it was. */
#pragma once
#include "app/document/document.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define NADIR_TYPE_BATCH_WINDOW (nadir_batch_window_get_type())
G_DECLARE_FINAL_TYPE(NadirBatchWindow, nadir_batch_window, NADIR, BATCH_WINDOW, AdwWindow)

/* Signal: "taken", when an image got results. program: what is run; models and device as `nadir batch` knows them,
 * NULL: its own. */
GtkWidget *nadir_batch_window_new(GtkWindow *parent, NadirDocument *document, const char *program, const char *device,
                                  const char *chat_model);
const char *nadir_batch_window_get_project(NadirBatchWindow *w); /* its path; NULL: none yet */
/* Another image of the same project. */
void nadir_batch_window_set_document(NadirBatchWindow *w, NadirDocument *document);

G_END_DECLS
