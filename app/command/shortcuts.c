#include "app/command/shortcuts.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/command/keymap.h"

/* Held keys and gestures are no actions, but they are keys. */
static const struct {
	const char *keys, *title;
} canvas_keys[] = {
	{"space", N_("Hold and drag to move the image")},
	{"Left Right Up Down", N_("Move the image")},
	{"<Shift>", N_("With a click or stroke: what is not part of the object")},
};

static void add_shortcut(GString *ui, const char *keys, const char *title)
{
	g_autofree char *accel = g_markup_escape_text(keys, -1);
	g_autofree char *text = g_markup_escape_text(title, -1);
	g_string_append_printf(ui,
	                       "<child><object class='GtkShortcutsShortcut'><property name='accelerator'>%s</property>"
	                       "<property name='title'>%s</property></object></child>",
	                       accel, text);
}

static void open_group(GString *ui, const char *title)
{
	g_autofree char *text = g_markup_escape_text(title, -1);
	g_string_append_printf(ui, "<child><object class='GtkShortcutsGroup'><property name='title'>%s</property>", text);
}

/* GtkShortcutsWindow takes children from GtkBuilder only. */
GtkWidget *nadir_shortcuts_window_new(GtkWindow *parent)
{
	guint n;
	const nadir_action *table = nadir_actions(&n);
	GString *ui =
		g_string_new("<interface><object class='GtkShortcutsWindow' id='window'><property name='modal'>1</property>"
	                 "<child><object class='GtkShortcutsSection'><property name='section-name'>all</property>"
	                 "<property name='max-height'>14</property>");
	for (guint i = 0; i < n; i++) {
		if (i == 0 || strcmp(table[i].section, table[i - 1].section) != 0) {
			if (i)
				g_string_append(ui, "</object></child>");
			open_group(ui, _(table[i].section));
		}
		const char *in_force = nadir_keymap_keys(&table[i]);
		if (in_force) {
			g_auto(GStrv) keys = g_strsplit(in_force, "|", 2);
			add_shortcut(ui, keys[0], nadir_action_title(&table[i]));
		}
	}
	g_string_append(ui, "</object></child>");
	open_group(ui, _("On the Image"));
	for (guint i = 0; i < G_N_ELEMENTS(canvas_keys); i++)
		add_shortcut(ui, canvas_keys[i].keys, _(canvas_keys[i].title));
	g_string_append(ui, "</object></child></object></child></object></interface>");
	g_autoptr(GtkBuilder) builder = gtk_builder_new_from_string(ui->str, (gssize)ui->len);
	g_string_free(ui, TRUE);
	GtkWidget *window = GTK_WIDGET(gtk_builder_get_object(builder, "window"));
	gtk_window_set_transient_for(GTK_WINDOW(window), parent);
	return window;
}
