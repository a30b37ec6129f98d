#include "app/workspace.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/command/key-tips.h"
#include "app/panel/tool-strip.h"

#define FLOAT_MARGIN 12 /* pixels about what floats over the image, as in workspace.ui */

G_DEFINE_FINAL_TYPE(NadirWorkspace, nadir_workspace, GTK_TYPE_WIDGET)

static void update_zoom(NadirWorkspace *self)
{
	const viewport *v = nadir_canvas_get_viewport(self->canvas);
	const double percent = self->document ? v->scale * 100 : 100;
	g_autofree char *text = g_strdup_printf(percent < 10 ? "%.1f %%" : "%.0f %%", percent);
	gtk_button_set_label(self->zoom_label, text);
	const double turn = nadir_canvas_get_turn(self->canvas);
	g_autofree char *angle = g_strdup_printf("↻ %.0f°", turn);
	gtk_button_set_label(self->turn_label, angle);
	gtk_widget_set_visible(GTK_WIDGET(self->turn_label), turn != 0);
	nadir_scale_bar_update(self->scale_bar, self->canvas);
	gtk_widget_set_visible(self->scale_box, gtk_widget_get_visible(GTK_WIDGET(self->scale_bar)));
}

static void update_brush(NadirWorkspace *self)
{
	const double radius = nadir_canvas_get_brush_radius(self->canvas);
	g_autofree char *text = g_strdup_printf(_("%.0f px"), 2 * radius);
	const bool shown = self->document && gtk_widget_get_visible(self->tool_box) &&
	                   nadir_canvas_get_tool(self->canvas) == NADIR_TOOL_BRUSH;
	int strip = 0;
	gtk_widget_set_visible(self->brush_box, shown);
	if (!shown)
		return;
	/* Beside the strip, not in a box with it: that would keep the pointer from the image below the brush. */
	gtk_widget_measure(self->tool_box, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &strip, NULL, NULL);
	gtk_widget_set_margin_start(self->brush_box, strip + 8);
	gtk_label_set_text(self->brush_label, text);
	self->brush_loading = TRUE;
	gtk_range_set_value(GTK_RANGE(self->brush_scale), log2(MAX(radius, 0.5)));
	self->brush_loading = FALSE;
}

void nadir_workspace_update_view(NadirWorkspace *self)
{
	g_return_if_fail(NADIR_IS_WORKSPACE(self));
	update_zoom(self);
	update_brush(self);
}

static void on_brush_scale(NadirWorkspace *self)
{
	if (self->brush_loading)
		return;
	nadir_canvas_set_brush_radius(self->canvas, exp2(gtk_range_get_value(GTK_RANGE(self->brush_scale))));
	update_brush(self);
}

static void on_pointer_moved(NadirWorkspace *self)
{
	double x = NAN, y = NAN;
	if (!nadir_canvas_get_pointer(self->canvas, &x, &y))
		x = y = NAN;
	nadir_status_line_set_pointer(self->status, x, y);
}

static void on_view_changed(NadirWorkspace *self)
{
	update_zoom(self);
	on_pointer_moved(self);
}

void nadir_workspace_show_progress(NadirWorkspace *self, double fraction, gboolean loading)
{
	g_return_if_fail(NADIR_IS_WORKSPACE(self));
	gtk_widget_set_visible(self->encode_box, fraction >= 0 || loading);
	gtk_progress_bar_set_fraction(self->encode_progress, MAX(fraction, 0));
	if (fraction >= 0) {
		g_autofree char *text = g_strdup_printf(_("Encoding… %.0f %%"), 100 * fraction);
		gtk_label_set_text(self->encode_text, text);
	} else if (loading) {
		gtk_label_set_text(self->encode_text, _("Loading the model…"));
	}
}

void nadir_workspace_give_place(NadirWorkspace *self, GtkWidget *bar)
{
	g_return_if_fail(NADIR_IS_WORKSPACE(self));
	int height = 0;
	if (bar)
		gtk_widget_measure(bar, GTK_ORIENTATION_VERTICAL, -1, NULL, &height, NULL, NULL);
	gtk_widget_set_visible(self->tool_box, !bar);
	gtk_widget_set_visible(self->zoom_box, !bar);
	gtk_widget_set_margin_bottom(self->scale_box, FLOAT_MARGIN + (bar ? height + FLOAT_MARGIN : 0));
}

void nadir_workspace_show_page(NadirWorkspace *self, const char *page)
{
	g_return_if_fail(NADIR_IS_WORKSPACE(self));
	adw_flap_set_reveal_flap(self->flap, TRUE);
	adw_view_stack_set_visible_child_name(self->pages, page);
}

/* A table that nobody sees follows nothing. */
void nadir_workspace_show_table(NadirWorkspace *self, bool shown, int height)
{
	g_return_if_fail(NADIR_IS_WORKSPACE(self));
	const int room = gtk_widget_get_height(GTK_WIDGET(self->table_pane));
	nadir_attribute_table_set_document(self->table, shown ? self->document : NULL);
	gtk_widget_set_visible(GTK_WIDGET(self->table), shown);
	if (shown && height > 0 && room > height)
		gtk_paned_set_position(self->table_pane, room - height);
}

void nadir_workspace_set_document(NadirWorkspace *self, NadirDocument *document)
{
	g_return_if_fail(NADIR_IS_WORKSPACE(self));
	nadir_canvas_set_document(self->canvas, document);
	nadir_panel_objects_set_document(self->objects, document);
	nadir_panel_image_set_document(self->image, document);
	nadir_panel_images_set_document(self->images, document);
	nadir_style_editor_set_document(self->style, document);
	nadir_status_line_set_document(self->status, document);
	nadir_search_bar_set_document(self->search, document);
	nadir_overview_progress_set_document(self->overviews, document);
	nadir_remote_state_set_document(self->remote, document);
	if (gtk_widget_get_visible(GTK_WIDGET(self->table)))
		nadir_attribute_table_set_document(self->table, document);
	gtk_widget_queue_resize(GTK_WIDGET(self->navigator));
	g_set_object(&self->document, document);
	nadir_workspace_update_view(self);
}

static void nadir_workspace_dispose(GObject *object)
{
	NadirWorkspace *self = NADIR_WORKSPACE(object);
	GtkWidget *child;
	g_clear_object(&self->document);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))))
		gtk_widget_unparent(child);
	G_OBJECT_CLASS(nadir_workspace_parent_class)->dispose(object);
}

static void ensure_types(void)
{
	g_type_ensure(NADIR_TYPE_CANVAS);
	g_type_ensure(NADIR_TYPE_TOOL_STRIP);
	g_type_ensure(NADIR_TYPE_SEARCH_BAR);
	g_type_ensure(NADIR_TYPE_SCALE_BAR);
	g_type_ensure(NADIR_TYPE_PANEL_OBJECTS);
	g_type_ensure(NADIR_TYPE_CHAT_PANEL);
	g_type_ensure(NADIR_TYPE_ATTRIBUTE_TABLE);
	g_type_ensure(NADIR_TYPE_PANEL_IMAGE);
	g_type_ensure(NADIR_TYPE_PANEL_IMAGES);
	g_type_ensure(NADIR_TYPE_STYLE_EDITOR);
	g_type_ensure(NADIR_TYPE_STATUS_LINE);
	g_type_ensure(NADIR_TYPE_OVERVIEW_PROGRESS);
	g_type_ensure(NADIR_TYPE_MEASURE);
	g_type_ensure(NADIR_TYPE_NAVIGATOR);
	g_type_ensure(NADIR_TYPE_REMOTE_STATE);
}

static void nadir_workspace_class_init(NadirWorkspaceClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_workspace_dispose;
	ensure_types();
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/workspace.ui");
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, flap);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, pages);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, canvas);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, objects);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, image);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, images);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, chat);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, style);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, style_button);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, scale_bar);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, scale_box);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, turn_label);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, zoom_label);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, search);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, tool_box);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, zoom_box);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, brush_box);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, brush_scale);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, brush_label);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, encode_box);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, encode_progress);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, encode_text);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, status);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, overviews);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, measure);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, navigator);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, navigator_box);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, remote);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, panes);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, table_pane);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, table);
	gtk_widget_class_bind_template_child(widget_class, NadirWorkspace, canvas_overlay);
	gtk_widget_class_bind_template_callback(widget_class, on_brush_scale);
	gtk_widget_class_bind_template_callback(widget_class, on_view_changed);
	gtk_widget_class_bind_template_callback(widget_class, on_pointer_moved);
	gtk_widget_class_bind_template_callback(widget_class, update_brush);
	gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BOX_LAYOUT);
}

static void nadir_workspace_init(NadirWorkspace *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
	nadir_panel_image_set_values(self->image, nadir_status_line_get_values(self->status));
	nadir_chat_panel_set_canvas(self->chat, self->canvas);
	nadir_measure_set_canvas(self->measure, self->canvas);
	nadir_navigator_set_canvas(self->navigator, self->canvas);
	nadir_remote_state_set_canvas(self->remote, self->canvas);
	nadir_key_tip(GTK_WIDGET(self->style_button), "win.style");
}
