/* Actions that hide, lock and isolate objects, and classes of them. */
#include "app/window-private.h"

#include <glib/gi18n.h>

#include "app/document/document-visibility.h"
#include "app/document/object-list.h"
#include "app/edit/edit-selection.h"

#define ACTION(name) static void name(GSimpleAction *action, GVariant *parameter, gpointer data)

static const project_class *current_class(NadirDocument *d)
{
	return nadir_document_get_classes(d)->pdata[nadir_document_get_current_class(d)];
}

ACTION(on_hide)
{
	NadirDocument *d = ((NadirWindow *)data)->document;
	g_autoptr(GArray) ids = nadir_document_get_selection(d);
	nadir_document_hide(d, ids);
}

ACTION(on_show_all)
{
	nadir_document_show_all(((NadirWindow *)data)->document);
}

static void change_isolate(GSimpleAction *action, GVariant *state, gpointer data)
{
	NadirDocument *d = ((NadirWindow *)data)->document;
	g_autoptr(GArray) ids = nadir_document_get_selection(d);
	nadir_document_isolate(d, g_variant_get_boolean(state) ? ids : NULL);
}

/* Unlocks when all of them are. */
ACTION(on_lock)
{
	NadirDocument *d = ((NadirWindow *)data)->document;
	g_autoptr(GArray) ids = nadir_document_get_selection(d);
	bool all = true;
	for (guint i = 0; i < ids->len; i++) {
		NadirObjectList *list = NADIR_OBJECT_LIST(nadir_document_get_objects(d));
		NadirObject *o = nadir_object_list_find(list, g_array_index(ids, gint64, i), NULL);
		all &= o && nadir_object_is_locked(o);
	}
	nadir_document_lock(d, ids, !all);
	nadir_window_show_notice(data, all ? _("Unlocked.") : _("Locked: not to be hit or changed on the image."));
}

ACTION(on_unlock_all)
{
	nadir_document_unlock_all(((NadirWindow *)data)->document);
}

ACTION(on_hide_class)
{
	NadirDocument *d = ((NadirWindow *)data)->document;
	const int id = current_class(d)->id;
	nadir_document_hide_class(d, id, !nadir_document_is_class_hidden(d, id));
}

ACTION(on_lock_class)
{
	NadirDocument *d = ((NadirWindow *)data)->document;
	const int id = current_class(d)->id;
	nadir_document_lock_class(d, id, !nadir_document_is_class_locked(d, id));
}

#undef ACTION

static const GActionEntry entries[] = {
	{.name = "hide-objects", .activate = on_hide},
	{.name = "isolate", .state = "false", .change_state = change_isolate},
	{.name = "show-all", .activate = on_show_all},
	{.name = "lock-objects", .activate = on_lock},
	{.name = "unlock-all", .activate = on_unlock_all},
	{.name = "hide-class", .activate = on_hide_class},
	{.name = "lock-class", .activate = on_lock_class},
};

void nadir_window_update_visibility(NadirWindow *self)
{
	NadirDocument *d = self->document;
	const bool selected = d && nadir_document_n_selected(d) > 0, isolated = d && nadir_document_is_isolated(d);
	const bool enabled[] = {selected,
	                        selected || isolated,
	                        d && nadir_document_n_hidden(d) > 0,
	                        selected,
	                        d && nadir_document_n_locked(d) > 0,
	                        d != NULL,
	                        d != NULL};
	G_STATIC_ASSERT(G_N_ELEMENTS(enabled) == G_N_ELEMENTS(entries));
	for (guint i = 0; i < G_N_ELEMENTS(entries); i++) {
		GAction *action = g_action_map_lookup_action(G_ACTION_MAP(self), entries[i].name);
		g_simple_action_set_enabled(G_SIMPLE_ACTION(action), enabled[i]);
	}
	GAction *isolate = g_action_map_lookup_action(G_ACTION_MAP(self), "isolate");
	g_simple_action_set_state(G_SIMPLE_ACTION(isolate), g_variant_new_boolean(isolated));
}

void nadir_window_install_visibility(NadirWindow *self)
{
	g_action_map_add_action_entries(G_ACTION_MAP(self), entries, G_N_ELEMENTS(entries), self);
}
