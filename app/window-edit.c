/* The window's actions on selected objects. */
#include <glib/gi18n.h>

#include "app/edit-dialog.h"
#include "app/edit-selection.h"
#include "app/edit-shapes.h"
#include "app/window-private.h"

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
			gtk_window_present(GTK_WINDOW(nadir_edit_dialog_new(data, self->document, edits[i].kind)));
		else
			nadir_document_edit(self->document, &(NadirEdit){.kind = edits[i].kind});
	}
}

static void on_select_all(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	nadir_document_select_all(((NadirWindow *)data)->document);
}

static void on_select_invert(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	nadir_document_invert_selection(((NadirWindow *)data)->document);
}

void nadir_window_delete_selected(NadirWindow *self)
{
	g_autoptr(GArray) ids = nadir_document_get_selection(self->document);
	if (ids->len > 1)
		nadir_document_delete_many(self->document, ids);
	else if (ids->len == 1)
		nadir_document_delete(self->document, g_array_index(ids, gint64, 0));
}

static const GActionEntry entries[] = {
	{.name = "select-all", .activate = on_select_all},
	{.name = "select-invert", .activate = on_select_invert},
};

void nadir_window_update_edit_actions(NadirWindow *self)
{
	NadirDocument *d = self->document;
	const bool any = d && g_list_model_get_n_items(nadir_document_get_objects(d)) > 0;
	for (guint i = 0; i < G_N_ELEMENTS(edits); i++) {
		GAction *action = g_action_map_lookup_action(G_ACTION_MAP(self), edits[i].name);
		g_simple_action_set_enabled(G_SIMPLE_ACTION(action), d && nadir_document_can_edit(d, edits[i].kind));
	}
	for (guint i = 0; i < G_N_ELEMENTS(entries); i++) {
		GAction *action = g_action_map_lookup_action(G_ACTION_MAP(self), entries[i].name);
		g_simple_action_set_enabled(G_SIMPLE_ACTION(action), any);
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
