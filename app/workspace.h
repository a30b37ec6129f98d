/* What the window shows of an open image: canvas with floating tools, sidebar, status line. Its parts are open to the
 * window's own files, which give them their actions. */
#pragma once
#include <adwaita.h>

#include "app/canvas/canvas.h"
#include "app/canvas/measure.h"
#include "app/canvas/navigator.h"
#include "app/canvas/scale-bar.h"
#include "app/chat/chat-panel.h"
#include "app/panel/attribute-table.h"
#include "app/panel/overview-progress.h"
#include "app/panel/panel-image.h"
#include "app/panel/panel-images.h"
#include "app/panel/panel-objects.h"
#include "app/panel/remote-state.h"
#include "app/panel/search-bar.h"
#include "app/panel/status-line.h"
#include "app/panel/style-editor.h"

G_BEGIN_DECLS

#define NADIR_TYPE_WORKSPACE (nadir_workspace_get_type())
G_DECLARE_FINAL_TYPE(NadirWorkspace, nadir_workspace, NADIR, WORKSPACE, GtkWidget)

struct _NadirWorkspace {
	GtkWidget parent_instance;

	/* Template widgets */
	AdwFlap *flap;
	AdwViewStack *pages;
	NadirCanvas *canvas;
	NadirPanelObjects *objects;
	NadirChatPanel *chat;
	NadirPanelImage *image;
	NadirPanelImages *images;
	NadirStyleEditor *style;
	GtkMenuButton *style_button;
	NadirScaleBar *scale_bar;
	GtkWidget *scale_box;
	GtkButton *zoom_label, *turn_label;
	NadirSearchBar *search;
	GtkWidget *tool_box, *zoom_box, *brush_box;
	GtkScale *brush_scale;
	GtkLabel *brush_label;
	GtkWidget *encode_box;
	GtkProgressBar *encode_progress;
	GtkLabel *encode_text;
	NadirStatusLine *status;
	NadirOverviewProgress *overviews;
	NadirMeasure *measure;
	NadirNavigator *navigator;
	GtkWidget *navigator_box;
	NadirRemoteState *remote;
	GtkPaned *table_pane;
	NadirAttributeTable *table;
	GtkBox *panes;
	GtkOverlay *canvas_overlay;
	GtkWidget *second; /* a NadirSecondView; NULL: none */

	/* Owned references */
	NadirDocument *document;

	gboolean brush_loading; /* the slider follows the canvas: do not answer */
};

/* Signal: "failed" (const char *sentence), when a change could not be stored. */
void nadir_workspace_set_document(NadirWorkspace *workspace, NadirDocument *document); /* NULL: empty */
void nadir_workspace_show_page(NadirWorkspace *workspace, const char *page);           /* "objects", "chat", "image" */
/* height: of the table, 0: as small as it can be. */
void nadir_workspace_show_table(NadirWorkspace *workspace, bool shown, int height);
void nadir_workspace_update_view(NadirWorkspace *workspace); /* zoom, scale, brush */
/* bar: over the foot of the image, shown instead of the tools; the scale stands above it. NULL: the tools again. */
void nadir_workspace_give_place(NadirWorkspace *workspace, GtkWidget *bar);
/* fraction < 0: nothing is being encoded; `loading`: the model is still on its way and marks wait for it. */
void nadir_workspace_show_progress(NadirWorkspace *workspace, double fraction, gboolean loading);

G_END_DECLS
