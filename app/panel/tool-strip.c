#include "app/panel/tool-strip.h"

#include <glib/gi18n.h>

#include "app/command/keymap.h"

struct _NadirToolStrip {
	GtkBox parent_instance;
};

G_DEFINE_FINAL_TYPE(NadirToolStrip, nadir_tool_strip, GTK_TYPE_BOX)

static const struct {
	const char *action, *icon, *hint;
} tools[] = {
	{"win.tool::select", "nadir-select-symbolic", N_("Click an object to select it, drag to move the image")},
	{"win.tool::point", "nadir-point-symbolic", N_("Click inside an object; right button or Shift: outside of it")},
	{"win.tool::box", "nadir-box-symbolic", N_("Drag a box around an object")},
	{"win.tool::circle", "nadir-circle-symbolic", N_("Drag from the middle of an object outwards")},
	{"win.tool::scribble", "nadir-scribble-symbolic",
     N_("Draw along an object; right button or Shift: what is not part of it")},
	{"win.tool::polygon", "nadir-polygon-symbolic", N_("Click corner after corner; double click closes the outline")},
	{"win.tool::brush", "nadir-brush-symbolic", N_("Paint on the selected object; right button or Shift erases")},
	{"win.tool::vertex", "nadir-vertex-symbolic",
     N_("Drag corners and edges of the selected object, or its frame; Alt deletes a corner, Ctrl stops snapping")},
	{"win.tool::split", "nadir-split-symbolic", N_("Draw a line across the selected objects; double click cuts them")},
	{"win.tool::hole", "nadir-hole-symbolic", N_("Draw an outline to cut out of the selected objects")},
};

/* The key's letter and what is said of the tool, as the keys are now. */
static void tell_key(GtkWidget *button, guint i)
{
	const nadir_action *action = nadir_action_find(tools[i].action);
	GtkWidget *letter = gtk_widget_get_last_child(gtk_button_get_child(GTK_BUTTON(button)));
	g_autofree char *label = nadir_action_key_label(action);
	const char *key = label ? label : "";
	g_autofree char *tip =
		g_strdup_printf("%s  <b>%s</b>\n<small>%s</small>", nadir_action_title(action), key, _(tools[i].hint));
	gtk_label_set_text(GTK_LABEL(letter), g_utf8_strlen(key, -1) == 1 ? key : ""); /* a chord is no badge */
	gtk_widget_set_tooltip_markup(button, tip);
	gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, nadir_action_title(action),
	                               GTK_ACCESSIBLE_PROPERTY_KEY_SHORTCUTS, key, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
	                               _(tools[i].hint), -1);
}

static GtkWidget *make_button(guint i)
{
	GtkWidget *button = gtk_toggle_button_new();
	GtkWidget *overlay = gtk_overlay_new();
	GtkWidget *letter = gtk_label_new(NULL);
	gtk_overlay_set_child(GTK_OVERLAY(overlay), gtk_image_new_from_icon_name(tools[i].icon));
	gtk_widget_set_halign(letter, GTK_ALIGN_END);
	gtk_widget_set_valign(letter, GTK_ALIGN_END);
	gtk_widget_add_css_class(letter, "key-letter");
	gtk_overlay_add_overlay(GTK_OVERLAY(overlay), letter);
	gtk_button_set_child(GTK_BUTTON(button), overlay);
	gtk_actionable_set_detailed_action_name(GTK_ACTIONABLE(button), tools[i].action);
	gtk_widget_set_focus_on_click(button, FALSE);
	gtk_widget_add_css_class(button, "flat");
	gtk_widget_add_css_class(button, "tool");
	tell_key(button, i);
	return button;
}

static void on_keys_changed(GtkWidget *self)
{
	GtkWidget *button = gtk_widget_get_first_child(self);
	for (guint i = 0; i < G_N_ELEMENTS(tools); i++, button = gtk_widget_get_next_sibling(button))
		tell_key(button, i);
}

static void nadir_tool_strip_class_init(NadirToolStripClass *klass)
{
	gtk_widget_class_set_accessible_role(GTK_WIDGET_CLASS(klass), GTK_ACCESSIBLE_ROLE_TOOLBAR);
}

static void nadir_tool_strip_init(NadirToolStrip *self)
{
	gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
	gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Tools"), -1);
	for (guint i = 0; i < G_N_ELEMENTS(tools); i++)
		gtk_box_append(GTK_BOX(self), make_button(i));
	nadir_keymap_on_change(G_OBJECT(self), G_CALLBACK(on_keys_changed));
}
