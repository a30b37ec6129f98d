/* Chooses format, simplification and place of an export and runs it. Stays open when it fails, so that the choice can
 * be mended. */
#pragma once
#include "app/document/document.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define NADIR_TYPE_EXPORT_DIALOG (nadir_export_dialog_get_type())
G_DECLARE_FINAL_TYPE(NadirExportDialog, nadir_export_dialog, NADIR, EXPORT_DIALOG, AdwWindow)

/* Signal: "exported" (const char *path, const char *report), report: what the format could not hold, or "". */
GtkWidget *nadir_export_dialog_new(GtkWindow *parent, NadirDocument *document, GSettings *settings);

G_END_DECLS
