/* What the window's actions do, and when they can. */
#include "app/window-batch.h"
#include "app/window-import.h"
#include "app/window-private.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/command/actions.h"
#include "app/command/shortcuts.h"
#include "app/document/document-visibility.h"
#include "app/edit/edit-search.h"
#include "app/edit/edit-selection.h"
#include "app/engine/paths.h"
#include "app/panel/export-dialog.h"

static const char *const tool_names[] = {"select",  "point", "box",   "circle", "scribble",
                                         "polygon", "brush", "split", "hole",   "vertex"};

static gint64 selected_id(NadirWindow *self)
{
	NadirObject *selected = self->document ? nadir_document_get_selected(self->document) : NULL;
	return selected ? nadir_object_get_feature(selected)->id : 0;
}

#define ACTION(name) static void name(GSimpleAction *action, GVariant *parameter, gpointer data)

/* --- files --- */

ACTION(on_open)
{
	nadir_window_choose_file(data);
}

ACTION(on_open_sample)
{
	g_autofree char *path = paths_sample();
	g_autoptr(GFile) file = g_file_new_for_path(path);
	nadir_window_open_beside(data, file);
}

ACTION(on_open_recent)
{
	g_autoptr(GFile) file = g_file_new_for_uri(g_variant_get_string(parameter, NULL));
	nadir_window_open_beside(data, file);
}

ACTION(on_save_as)
{
	nadir_window_choose_save_as(data);
}

ACTION(on_close)
{
	gtk_window_close(data);
}

ACTION(on_show_in_folder)
{
	g_autofree char *folder = g_path_get_dirname(g_variant_get_string(parameter, NULL));
	g_autofree char *uri = g_filename_to_uri(folder, NULL, NULL);
	if (uri)
		gtk_show_uri(data, uri, GDK_CURRENT_TIME);
}

void nadir_window_show_exported(NadirWindow *self, const char *path, const char *text)
{
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *sentence = g_strdup_printf(_("Exported to %s"), name);
	g_autofree char *title = g_markup_escape_text(sentence, -1);
	AdwToast *toast = adw_toast_new(title);
	adw_toast_set_button_label(toast, _("Show in Folder"));
	adw_toast_set_action_name(toast, "win.show-in-folder");
	adw_toast_set_action_target_value(toast, g_variant_new_string(path));
	adw_toast_overlay_add_toast(self->toasts, toast);
	if (*text)
		nadir_window_show_message(self, GTK_MESSAGE_INFO, text, NULL);
}

ACTION(on_export)
{
	NadirWindow *self = data;
	GSettings *settings = nadir_application_get_settings(NADIR_APPLICATION(gtk_window_get_application(data)));
	GtkWidget *dialog = nadir_export_dialog_new(GTK_WINDOW(self), self->document, settings);
	g_signal_connect_object(dialog, "exported", G_CALLBACK(nadir_window_show_exported), self, G_CONNECT_SWAPPED);
	gtk_window_present(GTK_WINDOW(dialog));
}

/* --- editing --- */

ACTION(on_undo)
{
	NadirWindow *self = data;
	if (!nadir_canvas_shorten_drawing(self->work->canvas))
		nadir_document_undo(self->document);
}

ACTION(on_redo)
{
	nadir_document_redo(((NadirWindow *)data)->document);
}

ACTION(on_delete)
{
	nadir_window_delete_selected(data);
}

ACTION(on_edit_again)
{
	NadirWindow *self = data;
	g_autoptr(GArray) ids = nadir_document_get_selection(self->document);
	if (nadir_document_refuse_locked(self->document, ids))
		return;
	/* What comes next is a mark, whatever the tool was before. */
	const NadirTool tool = nadir_canvas_get_tool(self->work->canvas);
	if (tool < NADIR_TOOL_POINT || tool > NADIR_TOOL_SCRIBBLE)
		nadir_canvas_set_tool(self->work->canvas, NADIR_TOOL_POINT);
	nadir_document_edit_again(self->document, selected_id(self));
	gtk_widget_grab_focus(GTK_WIDGET(self->work->canvas));
}

ACTION(on_retry)
{
	NadirWindow *self = data;
	gtk_info_bar_set_revealed(self->info_bar, FALSE);
	nadir_document_retry(self->document);
}

ACTION(on_rename)
{
	NadirWindow *self = data;
	nadir_workspace_show_page(self->work, "objects");
	nadir_panel_objects_edit_selected(self->work->objects);
}

ACTION(on_next_object)
{
	nadir_panel_objects_step(((NadirWindow *)data)->work->objects, 1);
}

ACTION(on_previous_object)
{
	nadir_panel_objects_step(((NadirWindow *)data)->work->objects, -1);
}

ACTION(on_show_object)
{
	NadirWindow *self = data;
	nadir_canvas_show_object(self->work->canvas, nadir_document_get_selected(self->document));
}

ACTION(on_deselect)
{
	nadir_document_select(((NadirWindow *)data)->document, 0);
}

/* --- marking --- */

ACTION(on_tool)
{
	NadirWindow *self = data;
	const char *name = g_variant_get_string(parameter, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(tool_names); i++)
		if (g_str_equal(name, tool_names[i])) {
			nadir_canvas_set_tool(self->work->canvas, (NadirTool)i);
			gtk_widget_grab_focus(GTK_WIDGET(self->work->canvas));
		}
}

static void on_tool_changed(NadirWindow *self)
{
	GAction *action = g_action_map_lookup_action(G_ACTION_MAP(self), "tool");
	g_simple_action_set_state(G_SIMPLE_ACTION(action),
	                          g_variant_new_string(tool_names[nadir_canvas_get_tool(self->work->canvas)]));
}

ACTION(on_accept)
{
	NadirWindow *self = data;
	if (!nadir_canvas_finish_drawing(self->work->canvas))
		nadir_document_accept_preview(self->document);
}

ACTION(on_next_candidate)
{
	nadir_document_next_candidate(((NadirWindow *)data)->document, 1);
}

ACTION(on_previous_candidate)
{
	nadir_document_next_candidate(((NadirWindow *)data)->document, -1);
}

ACTION(on_undo_mark)
{
	NadirWindow *self = data;
	if (!nadir_canvas_shorten_drawing(self->work->canvas))
		nadir_document_undo_mark(self->document);
}

/* Esc goes one step back: the drawing, then the preview, then the selection. */
ACTION(on_drop)
{
	NadirWindow *self = data;
	if (nadir_canvas_drop_drawing(self->work->canvas))
		return;
	if (nadir_document_get_prompt(self->document))
		nadir_document_drop_preview(self->document);
	else if (nadir_document_get_searched(self->document, NULL) >= 0)
		nadir_document_stop_search(self->document);
	else if (nadir_document_get_found(self->document)->len > 0)
		nadir_document_drop_found(self->document);
	else
		nadir_document_select(self->document, 0);
}

static void scale_brush(NadirWindow *self, double factor)
{
	nadir_canvas_set_brush_radius(self->work->canvas, nadir_canvas_get_brush_radius(self->work->canvas) * factor);
	nadir_workspace_update_view(self->work);
}

ACTION(on_brush_smaller)
{
	scale_brush(data, 0.8);
}

ACTION(on_brush_larger)
{
	scale_brush(data, 1.25);
}

ACTION(on_cancel_encode)
{
	nadir_document_cancel_encode(((NadirWindow *)data)->document);
}

/* --- classes --- */

ACTION(on_class)
{
	NadirWindow *self = data;
	const int key = (int)g_ascii_strtoll(g_variant_get_string(parameter, NULL), NULL, 10);
	GPtrArray *classes = nadir_document_get_classes(self->document);
	for (guint i = 0; i < classes->len; i++)
		if (((const project_class *)classes->pdata[i])->key == key) {
			nadir_window_apply_class(self, (int)i);
			return;
		}
	g_autofree char *sentence = g_strdup_printf(
		_("No class has the key %d yet: add a class in the sidebar, or give one this key where it is edited."), key);
	nadir_window_show_notice(self, sentence);
}

ACTION(on_class_named)
{
	NadirWindow *self = data;
	const char *name = g_variant_get_string(parameter, NULL);
	GPtrArray *classes = nadir_document_get_classes(self->document);
	for (guint i = 0; i < classes->len; i++)
		if (g_str_equal(((const project_class *)classes->pdata[i])->name, name)) {
			nadir_window_apply_class(self, (int)i);
			return;
		}
}

ACTION(on_add_class)
{
	NadirWindow *self = data;
	nadir_workspace_show_page(self->work, "objects");
	nadir_panel_objects_focus_new_class(self->work->objects);
}

/* --- view --- */

ACTION(on_zoom_in)
{
	nadir_canvas_zoom(((NadirWindow *)data)->work->canvas, M_SQRT2);
}

ACTION(on_zoom_out)
{
	nadir_canvas_zoom(((NadirWindow *)data)->work->canvas, M_SQRT1_2);
}

ACTION(on_zoom_one)
{
	nadir_canvas_zoom_to(((NadirWindow *)data)->work->canvas, 1);
}

ACTION(on_zoom_fit)
{
	nadir_canvas_fit(((NadirWindow *)data)->work->canvas);
}

/* By so many degrees; 0: level. */
ACTION(on_turn_view)
{
	NadirCanvas *c = ((NadirWindow *)data)->work->canvas;
	const double by = g_ascii_strtod(g_variant_get_string(parameter, NULL), NULL);
	nadir_canvas_set_turn(c, by == 0 ? 0 : nadir_canvas_get_turn(c) + by);
}

ACTION(on_hide_masks)
{
	NadirWindow *self = data;
	nadir_document_set_hidden(self->document, !nadir_document_get_hidden(self->document));
}

static void step_opacity(NadirWindow *self, double step)
{
	const double opacity = CLAMP(nadir_document_get_opacity(self->document) + step, 0, 1);
	nadir_document_set_opacity(self->document, opacity);
}

ACTION(on_opacity_down)
{
	step_opacity(data, -0.1);
}

ACTION(on_opacity_up)
{
	step_opacity(data, 0.1);
}

ACTION(on_style)
{
	gtk_menu_button_popup(((NadirWindow *)data)->work->style_button);
}

ACTION(on_page)
{
	nadir_workspace_show_page(((NadirWindow *)data)->work, g_variant_get_string(parameter, NULL));
}

ACTION(on_find)
{
	NadirWindow *self = data;
	nadir_workspace_show_page(self->work, "objects");
	nadir_panel_objects_focus_filter(self->work->objects);
}

ACTION(on_fullscreen)
{
	if (gtk_window_is_fullscreen(data))
		gtk_window_unfullscreen(data);
	else
		gtk_window_fullscreen(data);
}

ACTION(on_copy_position)
{
	NadirWindow *self = data;
	g_autofree char *text = nadir_status_line_get_position_text(self->work->status);
	if (!text) {
		nadir_window_show_notice(self, _("Move the pointer over the image first."));
		return;
	}
	gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(self)), text);
	g_autofree char *sentence = g_strdup_printf(_("Copied %s"), text);
	nadir_window_show_notice(self, sentence);
}

ACTION(on_focus_canvas)
{
	gtk_widget_grab_focus(GTK_WIDGET(((NadirWindow *)data)->work->canvas));
}

/* --- program --- */

static void add_class_commands(NadirWindow *self, GListStore *commands)
{
	GPtrArray *classes = self->document ? nadir_document_get_classes(self->document) : NULL;
	for (guint i = 0; classes && i < classes->len; i++) {
		const project_class *c = classes->pdata[i];
		g_autofree char *title = g_strdup_printf(_("Class: %s"), c->name);
		g_autofree char *key = c->key < 0 ? NULL : g_strdup_printf("%d", c->key);
		g_autoptr(GVariant) target = g_variant_ref_sink(g_variant_new_string(c->name));
		g_autofree char *action = g_action_print_detailed_name("win.class-named", target);
		g_autoptr(NadirCommand) command = nadir_command_new(title, _("Classes"), key, NULL, action);
		g_list_store_append(commands, command);
	}
}

static void add_recent_commands(NadirWindow *self, GListStore *commands)
{
	NadirApplication *app = NADIR_APPLICATION(gtk_window_get_application(GTK_WINDOW(self)));
	g_auto(GStrv) recent = g_settings_get_strv(nadir_application_get_settings(app), "recent-files");
	for (char **uri = recent; *uri; uri++) {
		g_autoptr(GFile) file = g_file_new_for_uri(*uri);
		g_autofree char *name = g_file_get_basename(file);
		g_autofree char *title = g_strdup_printf(_("Open %s"), name);
		g_autoptr(GVariant) target = g_variant_ref_sink(g_variant_new_string(*uri));
		g_autofree char *action = g_action_print_detailed_name("win.open-recent", target);
		g_autoptr(NadirCommand) command = nadir_command_new(title, _("Recent"), NULL, NULL, action);
		g_list_store_append(commands, command);
	}
}

ACTION(on_palette)
{
	NadirWindow *self = data;
	g_autoptr(GListStore) more = g_list_store_new(NADIR_TYPE_COMMAND);
	add_class_commands(self, more);
	add_recent_commands(self, more);
	gtk_window_present(GTK_WINDOW(nadir_palette_new(GTK_WINDOW(self), G_LIST_MODEL(more))));
}

ACTION(on_shortcuts)
{
	gtk_window_present(GTK_WINDOW(nadir_shortcuts_window_new(data)));
}

#undef ACTION

static const GActionEntry entries[] = {
	{.name = "open", .activate = on_open},
	{.name = "open-sample", .activate = on_open_sample},
	{.name = "open-recent", .activate = on_open_recent, .parameter_type = "s"},
	{.name = "save-as", .activate = on_save_as},
	{.name = "export", .activate = on_export},
	{.name = "show-in-folder", .activate = on_show_in_folder, .parameter_type = "s"},
	{.name = "close", .activate = on_close},
	{.name = "undo", .activate = on_undo},
	{.name = "redo", .activate = on_redo},
	{.name = "rename", .activate = on_rename},
	{.name = "edit-again", .activate = on_edit_again},
	{.name = "retry", .activate = on_retry},
	{.name = "delete", .activate = on_delete},
	{.name = "next-object", .activate = on_next_object},
	{.name = "previous-object", .activate = on_previous_object},
	{.name = "show-object", .activate = on_show_object},
	{.name = "deselect", .activate = on_deselect},
	{.name = "tool", .activate = on_tool, .parameter_type = "s", .state = "'select'"},
	{.name = "accept", .activate = on_accept},
	{.name = "next-candidate", .activate = on_next_candidate},
	{.name = "previous-candidate", .activate = on_previous_candidate},
	{.name = "undo-mark", .activate = on_undo_mark},
	{.name = "drop", .activate = on_drop},
	{.name = "brush-smaller", .activate = on_brush_smaller},
	{.name = "brush-larger", .activate = on_brush_larger},
	{.name = "cancel-encode", .activate = on_cancel_encode},
	{.name = "class", .activate = on_class, .parameter_type = "s"},
	{.name = "class-named", .activate = on_class_named, .parameter_type = "s"},
	{.name = "add-class", .activate = on_add_class},
	{.name = "zoom-in", .activate = on_zoom_in},
	{.name = "zoom-out", .activate = on_zoom_out},
	{.name = "zoom-one", .activate = on_zoom_one},
	{.name = "zoom-fit", .activate = on_zoom_fit},
	{.name = "turn-view", .activate = on_turn_view, .parameter_type = "s"},
	{.name = "hide-masks", .activate = on_hide_masks},
	{.name = "opacity-down", .activate = on_opacity_down},
	{.name = "opacity-up", .activate = on_opacity_up},
	{.name = "style", .activate = on_style},
	{.name = "page", .activate = on_page, .parameter_type = "s"},
	{.name = "find", .activate = on_find},
	{.name = "fullscreen", .activate = on_fullscreen},
	{.name = "copy-position", .activate = on_copy_position},
	{.name = "focus-canvas", .activate = on_focus_canvas},
	{.name = "palette", .activate = on_palette},
	{.name = "shortcuts", .activate = on_shortcuts},
};

static void enable(NadirWindow *self, const char *const *names, bool enabled)
{
	for (; *names; names++)
		g_simple_action_set_enabled(G_SIMPLE_ACTION(g_action_map_lookup_action(G_ACTION_MAP(self), *names)), enabled);
}

#define ENABLE(condition, ...) enable(self, (const char *const[]){__VA_ARGS__, NULL}, condition)

void nadir_window_update_actions(NadirWindow *self)
{
	NadirDocument *d = self->document;
	const engine_answer *answer = NULL;
	int candidate = 0;
	const NadirPreviewState preview = d ? nadir_document_get_preview(d, &answer, &candidate) : NADIR_PREVIEW_NONE;
	const guint n = d ? g_list_model_get_n_items(nadir_document_get_objects(d)) : 0;
	const NadirTool tool = nadir_canvas_get_tool(self->work->canvas);
	const bool drawing = tool == NADIR_TOOL_POLYGON || tool >= NADIR_TOOL_SPLIT;
	ENABLE(d != NULL, "tool", "class", "class-named", "add-class", "zoom-in", "zoom-out", "zoom-one", "zoom-fit",
	       "turn-view", "hide-masks", "opacity-down", "opacity-up", "style", "page", "find", "copy-position",
	       "focus-canvas", "brush-smaller", "brush-larger", "drop", "save-as");
	ENABLE(d && (nadir_document_can_undo(d) || drawing), "undo");
	ENABLE(d && nadir_document_can_redo(d), "redo");
	ENABLE(n > 0, "export", "next-object", "previous-object");
	ENABLE(selected_id(self) != 0, "rename", "delete", "show-object", "deselect");
	ENABLE(selected_id(self) > 0, "edit-again");
	ENABLE(d && nadir_document_can_retry(d), "retry");
	/* Without a mask too: after a failure Enter tries again. */
	ENABLE(d && (nadir_document_get_prompt(d) || drawing || nadir_document_can_retry(d)), "accept");
	ENABLE(d && (nadir_document_get_prompt(d) || drawing), "undo-mark");
	ENABLE(preview != NADIR_PREVIEW_NONE, "next-candidate", "previous-candidate"); /* Tab waits, it does not stray */
	ENABLE(d && nadir_document_get_encode_progress(d) >= 0, "cancel-encode");
	nadir_window_update_edit_actions(self);
	nadir_window_update_clipboard_actions(self);
	nadir_window_update_project_actions(self);
	nadir_window_update_images(self);
	nadir_window_update_team_actions(self);
	nadir_window_update_batch_actions(self);
	nadir_window_update_import(self);
	nadir_window_update_view_actions(self);
	nadir_window_update_visibility(self);
	nadir_window_update_review(self);
}

#undef ENABLE

void nadir_window_install_actions(NadirWindow *self)
{
	g_action_map_add_action_entries(G_ACTION_MAP(self), entries, G_N_ELEMENTS(entries), self);
	nadir_window_install_edit_actions(self);
	nadir_window_install_visibility(self);
	nadir_window_install_clipboard_actions(self);
	nadir_window_install_project_actions(self);
	nadir_window_install_images(self);
	nadir_window_install_team_actions(self);
	nadir_window_install_batch_actions(self);
	nadir_window_install_import(self);
	nadir_window_install_view_actions(self);
	nadir_chat_panel_install_actions(self->work->chat, G_ACTION_MAP(self));
	g_autoptr(GPropertyAction) sidebar = g_property_action_new("sidebar", self->work->flap, "reveal-flap");
	g_action_map_add_action(G_ACTION_MAP(self), G_ACTION(sidebar));
	g_signal_connect_swapped(self->work->canvas, "tool-changed", G_CALLBACK(on_tool_changed), self);
	g_signal_connect_swapped(self->work->canvas, "tool-changed", G_CALLBACK(nadir_window_update_actions), self);
}
