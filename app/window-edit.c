/* The window's actions on selected objects. */
#include <glib/gi18n.h>

#include <math.h>

#include "app/document/document-private.h"
#include "app/edit-dialog.h"
#include "app/edit/edit-attributes.h"
#include "app/edit/edit-search.h"
#include "app/edit/edit-selection.h"
#include "app/edit/edit-shapes.h"
#include "app/panel/class-editor.h"
#include "app/select-dialog.h"
#include "app/window-private.h"

#define MODEL_SIDE 512 /* pixels that the model sees of a part, roughly */
#define TURN (G_PI / 36)
#define STEP_FACTOR 1.05

/* Actions that are one edit without an amount. */
static const struct {
	const char *name;
	NadirEditKind kind;
	bool asks; /* for an amount */
} edits[] = {
	{"unite", NADIR_EDIT_UNION, false},
	{"subtract", NADIR_EDIT_SUBTRACT, false},
	{"intersect", NADIR_EDIT_INTERSECT, false},
	{"duplicate", NADIR_EDIT_DUPLICATE, false},
	{"fill-holes", NADIR_EDIT_FILL, true},
	{"smooth", NADIR_EDIT_SMOOTH, true},
	{"simplify", NADIR_EDIT_SIMPLIFY, true},
	{"square", NADIR_EDIT_SQUARE, true},
	{"grow", NADIR_EDIT_GROW, true},
	{"meet", NADIR_EDIT_MEET, true},
};

static void on_edit(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	NadirWindow *self = data;
	const char *name = g_action_get_name(G_ACTION(action));
	for (guint i = 0; i < G_N_ELEMENTS(edits); i++) {
		if (!g_str_equal(edits[i].name, name))
			continue;
		if (edits[i].asks)
			gtk_window_present(GTK_WINDOW(nadir_edit_dialog_new(
				data, self->document, edits[i].kind, viewport_visible(nadir_canvas_get_viewport(self->work->canvas)))));
		else
			nadir_document_edit(self->document, &(NadirEdit){.kind = edits[i].kind});
	}
}

/* --- many objects at once --- */

/* The box that is marked, if that is all that is marked; else what is in sight. */
static raster_rect part_to_search(NadirWindow *self)
{
	const prompt *p = nadir_document_get_prompt(self->document);
	guint n = 0;
	const sam_mark *m = p ? prompt_marks(p, &n) : NULL;
	if (n != 1 || m->kind != SAM_BOX)
		return viewport_visible(nadir_canvas_get_viewport(self->work->canvas));
	const int x = (int)MIN(m->xy[0], m->xy[2]), y = (int)MIN(m->xy[1], m->xy[3]);
	return (raster_rect){x, y, (int)ceil(MAX(m->xy[0], m->xy[2])) - x, (int)ceil(MAX(m->xy[1], m->xy[3])) - y};
}

static void on_search(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	NadirWindow *self = data;
	const char *where = g_variant_get_string(parameter, NULL);
	const raster_info *info = raster_get_info(nadir_document_get_raster(self->document));
	const bool whole = g_str_has_suffix(where, "image"), like = g_str_has_prefix(where, "similar");
	const raster_rect area = whole ? (raster_rect){0, 0, info->width, info->height} : part_to_search(self);
	const double zoom = nadir_canvas_get_viewport(self->work->canvas)->scale;
	if (area.w <= 0 || area.h <= 0) {
		nadir_window_show_notice(self, _("No part of the image is in sight."));
		return;
	}
	/* Zoomed out, the model sees the view as coarse as the person does. */
	nadir_document_search(self->document, &area, !like && !whole && zoom < 1 ? (int)(MODEL_SIDE / zoom) : 0, like);
	if (nadir_document_get_prompt(self->document))
		nadir_document_drop_preview(self->document);
}

static void on_stop_search(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	nadir_document_stop_search(((NadirWindow *)data)->document);
}

static void on_keep_found(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	nadir_document_keep_found(((NadirWindow *)data)->document);
}

static void on_drop_found(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	nadir_document_drop_found(((NadirWindow *)data)->document);
}

/* --- move, turn, scale --- */

/* Around the middle of all selected objects: turned by `angle`, enlarged by `factor`. */
static void turn_and_scale(NadirWindow *self, double angle, double factor)
{
	NadirDocument *d = self->document;
	g_autoptr(GArray) ids = nadir_document_get_selection(d);
	double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
	for (guint i = 0; i < ids->len; i++) {
		g_autoptr(NadirObject) o = nadir_document_find(d, g_array_index(ids, gint64, i), NULL);
		raster_rect b;
		if (!nadir_object_get_bounds(o, &b))
			continue;
		x0 = MIN(x0, b.x);
		y0 = MIN(y0, b.y);
		x1 = MAX(x1, b.x + b.w);
		y1 = MAX(y1, b.y + b.h);
	}
	const double cx = (x0 + x1) / 2, cy = (y0 + y1) / 2, c = factor * cos(angle), s = factor * sin(angle);
	if (isfinite(cx) && isfinite(cy))
		nadir_document_edit(d, &(NadirEdit){.kind = NADIR_EDIT_TRANSFORM,
		                                    .matrix = {c, -s, cx - c * cx + s * cy, s, c, cy - s * cx - c * cy}});
}

static void on_turn_left(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	turn_and_scale(data, -TURN, 1);
}

static void on_turn_right(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	turn_and_scale(data, TURN, 1);
}

static void on_enlarge(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	turn_and_scale(data, 0, STEP_FACTOR);
}

static void on_reduce(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	turn_and_scale(data, 0, 1 / STEP_FACTOR);
}

static void on_move(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	const char *where = g_variant_get_string(parameter, NULL);
	const double dx = g_str_equal(where, "left") ? -1 : g_str_equal(where, "right") ? 1 : 0;
	const double dy = g_str_equal(where, "up") ? -1 : g_str_equal(where, "down") ? 1 : 0;
	nadir_document_edit(((NadirWindow *)data)->document,
	                    &(NadirEdit){.kind = NADIR_EDIT_TRANSFORM, .matrix = {1, 0, dx, 0, 1, dy}});
}

static void on_cursor(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	nadir_canvas_toggle_cursor(((NadirWindow *)data)->work->canvas);
}

static void on_select_all(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	nadir_document_select_all(((NadirWindow *)data)->document);
}

static void on_select_invert(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	nadir_document_invert_selection(((NadirWindow *)data)->document);
}

/* Undone by other means: there is nothing left to take back. */
static void on_store_changed(AdwToast *toast, NadirDocument *d)
{
	const char *step = g_variant_get_string(adw_toast_get_action_target_value(toast), NULL);
	if (g_strcmp0(nadir_document_get_redo_text(d), step) == 0)
		adw_toast_dismiss(toast);
}

/* step: what the deletion is called in the undo list; the button takes back that and nothing else. */
static void show_deleted(NadirWindow *self, guint n, const char *step)
{
	g_autofree char *text = g_strdup_printf(ngettext("%u object deleted", "%u objects deleted", n), n);
	AdwToast *toast = adw_toast_new(text);
	adw_toast_set_button_label(toast, _("_Undo"));
	adw_toast_set_priority(toast, ADW_TOAST_PRIORITY_HIGH); /* not behind what was said before */
	adw_toast_set_action_name(toast, "win.undo-delete");
	adw_toast_set_action_target_value(toast, g_variant_new_string(step));
	g_signal_connect_object(self->document, "store-changed", G_CALLBACK(on_store_changed), toast, G_CONNECT_SWAPPED);
	adw_toast_overlay_add_toast(self->toasts, toast);
}

static void on_undo_delete(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	NadirWindow *self = data;
	const char *next = self->document ? nadir_document_get_undo_text(self->document) : NULL;
	if (g_strcmp0(next, g_variant_get_string(parameter, NULL)) == 0)
		nadir_document_undo(self->document);
	else
		nadir_window_show_notice(self, _("Something else was done since: the history brings the objects back."));
}

void nadir_window_delete_selected(NadirWindow *self)
{
	g_autoptr(GArray) ids = nadir_document_get_selection(self->document);
	if (nadir_document_refuse_locked(self->document, ids))
		return;
	NadirObject *o = nadir_document_get_selected(self->document);
	g_autofree char *step = ids->len > 1 ? g_strdup_printf(_("delete %u objects"), ids->len)
	                        : o          ? g_strdup_printf(_("delete %s"), nadir_object_get_feature(o)->class_name)
	                                     : NULL;
	if (ids->len > 1)
		nadir_document_delete_many(self->document, ids);
	else if (ids->len == 1)
		nadir_document_delete(self->document, g_array_index(ids, gint64, 0));
	if (step)
		show_deleted(self, ids->len, step);
}

void nadir_window_apply_class(NadirWindow *self, int index)
{
	g_autoptr(GArray) ids = nadir_document_get_selection(self->document);
	GPtrArray *classes = nadir_document_get_classes(self->document);
	if (ids->len < 2 || nadir_document_get_prompt(self->document) || (guint)index >= classes->len) {
		nadir_document_apply_class(self->document, index);
		return;
	}
	nadir_document_set_current_class(self->document, index);
	nadir_document_relabel_many(self->document, ids, ((project_class *)classes->pdata[index])->name);
}

static void on_select_class(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	NadirDocument *d = ((NadirWindow *)data)->document;
	GPtrArray *classes = nadir_document_get_classes(d);
	const project_class *c = classes->pdata[nadir_document_get_current_class(d)];
	nadir_document_select_class(d, c->id);
}

static void on_select_where(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	gtk_window_present(GTK_WINDOW(nadir_select_dialog_new(data, ((NadirWindow *)data)->document)));
}

static void on_edit_class(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	NadirDocument *d = ((NadirWindow *)data)->document;
	GPtrArray *classes = nadir_document_get_classes(d);
	const project_class *c = classes->pdata[nadir_document_get_current_class(d)];
	gtk_window_present(GTK_WINDOW(nadir_class_editor_new(data, d, c->id)));
}

static const GActionEntry entries[] = {
	{.name = "select-all", .activate = on_select_all},
	{.name = "select-invert", .activate = on_select_invert},
	{.name = "select-class", .activate = on_select_class},
	{.name = "select-where", .activate = on_select_where},
	{.name = "edit-class", .activate = on_edit_class},
	{.name = "undo-delete", .activate = on_undo_delete, .parameter_type = "s"},
	{.name = "turn-left", .activate = on_turn_left},
	{.name = "turn-right", .activate = on_turn_right},
	{.name = "enlarge", .activate = on_enlarge},
	{.name = "reduce", .activate = on_reduce},
	{.name = "move", .activate = on_move, .parameter_type = "s"},
	{.name = "search", .activate = on_search, .parameter_type = "s"},
	{.name = "stop-search", .activate = on_stop_search},
	{.name = "keep-found", .activate = on_keep_found},
	{.name = "drop-found", .activate = on_drop_found},
	{.name = "cursor", .activate = on_cursor},
};

void nadir_window_update_edit_actions(NadirWindow *self)
{
	NadirDocument *d = self->document;
	const bool any = d && g_list_model_get_n_items(nadir_document_get_objects(d)) > 0;
	const bool selected = d && nadir_document_can_edit(d, NADIR_EDIT_TRANSFORM);
	const bool found = d && nadir_document_get_found(d)->len > 0;
	const struct {
		const char *name;
		bool enabled;
	} states[] = {{"select-all", any},       {"select-invert", any},
	              {"select-class", any},     {"select-where", any},
	              {"edit-class", d != NULL}, {"turn-left", selected},
	              {"turn-right", selected},  {"enlarge", selected},
	              {"reduce", selected},      {"move", selected},
	              {"search", d != NULL},     {"stop-search", d && nadir_document_get_searched(d, NULL) >= 0},
	              {"keep-found", found},     {"drop-found", found},
	              {"cursor", d != NULL}};
	for (guint i = 0; i < G_N_ELEMENTS(edits); i++) {
		GAction *action = g_action_map_lookup_action(G_ACTION_MAP(self), edits[i].name);
		g_simple_action_set_enabled(G_SIMPLE_ACTION(action), d && nadir_document_can_edit(d, edits[i].kind));
	}
	for (guint i = 0; i < G_N_ELEMENTS(states); i++) {
		GAction *action = g_action_map_lookup_action(G_ACTION_MAP(self), states[i].name);
		g_simple_action_set_enabled(G_SIMPLE_ACTION(action), states[i].enabled);
	}
}

void nadir_window_install_edit_actions(NadirWindow *self)
{
	g_action_map_add_action_entries(G_ACTION_MAP(self), entries, G_N_ELEMENTS(entries), self);
	for (guint i = 0; i < G_N_ELEMENTS(edits); i++) {
		const GActionEntry entry = {.name = edits[i].name, .activate = on_edit};
		g_action_map_add_action_entries(G_ACTION_MAP(self), &entry, 1, self);
	}
}
