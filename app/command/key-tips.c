#include "app/command/key-tips.h"

#include <string.h>

#include "app/command/keymap.h"

/* What is kept with the object: the action, and the tooltip without its key. */
#define ACTION "nadir-key-action"
#define TIP "nadir-key-tip"

static void follow(gpointer object, const char *action, void (*tell)(gpointer object))
{
	g_return_if_fail(nadir_action_find(action));
	g_object_set_data(object, ACTION, (gpointer)nadir_action_find(action));
	tell(object);
	nadir_keymap_on_change(object, G_CALLBACK(tell));
}

static void tell_tip(gpointer widget)
{
	const nadir_action *a = g_object_get_data(widget, ACTION);
	g_autofree char *hint = nadir_action_hint(a), *key = nadir_action_key_label(a);
	g_autofree char *text = g_strconcat(g_object_get_data(widget, TIP), hint, NULL);
	gtk_widget_set_tooltip_text(widget, text);
	gtk_accessible_update_property(widget, GTK_ACCESSIBLE_PROPERTY_KEY_SHORTCUTS, key ? key : "", -1);
}

void nadir_key_tip(GtkWidget *widget, const char *action)
{
	const char *tip = gtk_widget_get_tooltip_text(widget);
	g_object_set_data_full(G_OBJECT(widget), TIP, g_strdup(tip ? tip : ""), g_free);
	follow(widget, action, tell_tip);
}

void nadir_key_tips(GtkWidget *root)
{
	const char *name = GTK_IS_ACTIONABLE(root) ? gtk_actionable_get_action_name(GTK_ACTIONABLE(root)) : NULL;
	if (name && gtk_widget_get_tooltip_text(root) && !g_object_get_data(G_OBJECT(root), ACTION)) {
		GVariant *target = gtk_actionable_get_action_target_value(GTK_ACTIONABLE(root));
		g_autofree char *action = g_action_print_detailed_name(name, target);
		if (nadir_action_find(action))
			nadir_key_tip(root, action);
	}
	for (GtkWidget *c = gtk_widget_get_first_child(root); c; c = gtk_widget_get_next_sibling(c))
		nadir_key_tips(c);
}

static void tell_badge(gpointer label)
{
	g_autofree char *key = nadir_action_key_label(g_object_get_data(label, ACTION));
	gtk_label_set_text(label, key ? key : "");
	gtk_widget_set_visible(label, key != NULL);
}

void nadir_key_badge(GtkLabel *label, const char *action)
{
	follow(label, action, tell_badge);
}

GtkWidget *nadir_badge_new(const char *key)
{
	GtkWidget *badge = gtk_label_new(key);
	gtk_widget_add_css_class(badge, "key-badge");
	gtk_widget_set_valign(badge, GTK_ALIGN_CENTER);
	return badge;
}

GtkWidget *nadir_key_badge_new(const char *action)
{
	GtkWidget *badge = nadir_badge_new(NULL);
	nadir_key_badge(GTK_LABEL(badge), action);
	return badge;
}

/* As GTK writes it beside an item; NULL: no key. */
static char *first_trigger(GMenuItem *item)
{
	g_autoptr(GVariant) name = g_menu_item_get_attribute_value(item, "action", G_VARIANT_TYPE_STRING);
	g_autoptr(GVariant) target = g_menu_item_get_attribute_value(item, "target", NULL);
	g_autofree char *action = name ? g_action_print_detailed_name(g_variant_get_string(name, NULL), target) : NULL;
	const nadir_action *a = action ? nadir_action_find(action) : NULL;
	const char *keys = a ? nadir_keymap_keys(a) : NULL;
	return keys ? g_strndup(keys, strcspn(keys, "|")) : NULL;
}

/* Items are values: one with another key takes the place of the one before. */
static void tell_menu(GMenu *menu)
{
	for (int i = 0; i < g_menu_model_get_n_items(G_MENU_MODEL(menu)); i++) {
		g_autoptr(GMenuItem) item = g_menu_item_new_from_model(G_MENU_MODEL(menu), i);
		g_autoptr(GMenuModel) section = g_menu_item_get_link(item, G_MENU_LINK_SECTION);
		g_autoptr(GMenuModel) inner = g_menu_item_get_link(item, G_MENU_LINK_SUBMENU);
		if (section)
			tell_menu(G_MENU(section));
		if (inner)
			tell_menu(G_MENU(inner));
		if (section || inner)
			continue;
		g_autofree char *trigger = first_trigger(item);
		g_menu_item_set_attribute(item, "accel", trigger ? "s" : NULL, trigger);
		g_menu_remove(menu, i);
		g_menu_insert_item(menu, i, item);
	}
}

void nadir_key_menu(GMenu *menu)
{
	tell_menu(menu);
	nadir_keymap_on_change(G_OBJECT(menu), G_CALLBACK(tell_menu));
}
