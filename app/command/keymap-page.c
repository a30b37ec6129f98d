#include "app/command/keymap-page.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/command/keymap.h"

typedef struct {
	AdwPreferencesWindow *toasts; /* borrowed: the page lives in it */
	GSettings *settings;
	GPtrArray *buttons; /* of GtkButton, one an action, borrowed */
	GtkButton *waiting; /* shows "Press a key…"; NULL: none */
	AdwComboRow *profile;
	bool loading;
} page;

static void page_free(void *data)
{
	page *p = data;
	g_object_unref(p->settings);
	g_ptr_array_unref(p->buttons);
	g_free(p);
}

static const nadir_action *action_of(GtkButton *button)
{
	return g_object_get_data(G_OBJECT(button), "action");
}

static void show_key(page *p, GtkButton *button)
{
	const nadir_action *a = action_of(button);
	g_autofree char *label = nadir_action_key_label(a);
	gtk_button_set_label(button, p->waiting == button ? _("Press a key…") : label ? label : _("none"));
	if (nadir_keymap_is_chosen(a))
		gtk_widget_add_css_class(GTK_WIDGET(button), "accent");
	else
		gtk_widget_remove_css_class(GTK_WIDGET(button), "accent");
	g_autofree char *name = g_strdup_printf(_("Key of “%s”: %s"), nadir_action_title(a), label ? label : _("none"));
	gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

static void show_keys(GtkWidget *widget)
{
	page *p = g_object_get_data(G_OBJECT(widget), "page");
	for (guint i = 0; i < p->buttons->len; i++)
		show_key(p, p->buttons->pdata[i]);
}

/* --- changing one --- */

static void wait_for(page *p, GtkButton *button)
{
	GtkButton *before = p->waiting;
	p->waiting = before == button ? NULL : button;
	if (before)
		show_key(p, before);
	if (p->waiting)
		show_key(p, button);
}

static void tell(page *p, const nadir_action *loser, const nadir_action *winner)
{
	g_autofree char *text = g_strdup_printf(_("“%s” had this key, and has it no more: it is now for “%s”"),
	                                        nadir_action_title(loser), nadir_action_title(winner));
	g_autofree char *title = g_markup_escape_text(text, -1);
	adw_preferences_window_add_toast(p->toasts, adw_toast_new(title));
}

static bool is_modifier(guint key)
{
	return (key >= GDK_KEY_Shift_L && key <= GDK_KEY_Hyper_R) || key == GDK_KEY_ISO_Level3_Shift ||
	       key == GDK_KEY_Num_Lock;
}

static void choose(page *p, const nadir_action *a, guint key, GdkModifierType mods)
{
	g_autofree char *trigger = gtk_accelerator_name(gdk_keyval_to_lower(key), mods);
	const nadir_action *had = nadir_keymap_action_of(trigger);
	nadir_keymap_choose(a, trigger);
	if (had && had != a && nadir_action_is_of_review(had) == nadir_action_is_of_review(a))
		tell(p, had, a);
}

/* Escape leaves it as it was, Backspace takes the key away. */
static gboolean on_key(GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state, page *p)
{
	const GdkModifierType mods = state & (GDK_CONTROL_MASK | GDK_SHIFT_MASK | GDK_ALT_MASK | GDK_SUPER_MASK);
	if (!p->waiting)
		return FALSE;
	if (is_modifier(key))
		return TRUE;
	const nadir_action *a = action_of(p->waiting);
	GtkButton *button = p->waiting;
	p->waiting = NULL;
	if (key == GDK_KEY_BackSpace && mods == 0)
		nadir_keymap_choose(a, "");
	else if (key != GDK_KEY_Escape)
		choose(p, a, key, mods);
	show_key(p, button);
	return TRUE;
}

static void on_reset(page *p)
{
	nadir_keymap_forget_choices();
}

/* --- the page --- */

static void on_profile(page *p)
{
	guint n;
	const nadir_keymap_profile *profiles = nadir_keymap_profiles(&n);
	const guint i = adw_combo_row_get_selected(p->profile);
	if (!p->loading && i < n)
		g_settings_set_string(p->settings, "keymap", profiles[i].id);
}

static void add_profile(page *p, AdwPreferencesPage *to)
{
	guint n, selected = 0;
	const nadir_keymap_profile *profiles = nadir_keymap_profiles(&n);
	g_autofree char *now = g_settings_get_string(p->settings, "keymap");
	g_autoptr(GtkStringList) names = gtk_string_list_new(NULL);
	for (guint i = 0; i < n; i++) {
		gtk_string_list_append(names, _(profiles[i].title));
		if (g_str_equal(profiles[i].id, now))
			selected = i;
	}
	GtkWidget *group = adw_preferences_group_new(), *reset = gtk_button_new_with_label(_("Forget My Changes"));
	p->profile = ADW_COMBO_ROW(adw_combo_row_new());
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(p->profile), _("Keys as in"));
	adw_action_row_set_subtitle(ADW_ACTION_ROW(p->profile), _("All else keeps Nadir's keys"));
	p->loading = true;
	adw_combo_row_set_model(p->profile, G_LIST_MODEL(names));
	adw_combo_row_set_selected(p->profile, selected);
	p->loading = false;
	g_signal_connect_swapped(p->profile, "notify::selected", G_CALLBACK(on_profile), p);
	gtk_widget_set_valign(reset, GTK_ALIGN_CENTER);
	g_signal_connect_swapped(reset, "clicked", G_CALLBACK(on_reset), p);
	adw_preferences_group_set_description(ADW_PREFERENCES_GROUP(group),
	                                      _("Click a key below to change it. Backspace then takes it away, Escape "
	                                        "leaves it as it is."));
	adw_preferences_group_set_header_suffix(ADW_PREFERENCES_GROUP(group), reset);
	adw_preferences_group_add(ADW_PREFERENCES_GROUP(group), GTK_WIDGET(p->profile));
	adw_preferences_page_add(to, ADW_PREFERENCES_GROUP(group));
}

static void on_clicked(GtkButton *button)
{
	wait_for(g_object_get_data(G_OBJECT(button), "page"), button);
}

static void add_action(page *p, AdwPreferencesGroup *to, const nadir_action *a)
{
	GtkWidget *row = adw_action_row_new(), *button = gtk_button_new();
	adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), nadir_action_title(a));
	g_object_set_data(G_OBJECT(button), "action", (gpointer)a);
	gtk_widget_add_css_class(button, "flat");
	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	g_object_set_data(G_OBJECT(button), "page", p);
	g_signal_connect(button, "clicked", G_CALLBACK(on_clicked), NULL);
	adw_action_row_add_suffix(ADW_ACTION_ROW(row), button);
	adw_action_row_set_activatable_widget(ADW_ACTION_ROW(row), button);
	g_ptr_array_add(p->buttons, button);
	show_key(p, GTK_BUTTON(button));
	adw_preferences_group_add(to, row);
}

static void add_actions(page *p, AdwPreferencesPage *to)
{
	guint n;
	const nadir_action *table = nadir_actions(&n);
	AdwPreferencesGroup *group = NULL;
	for (guint i = 0; i < n; i++) {
		if (!group || strcmp(table[i].section, table[i - 1].section) != 0) {
			group = ADW_PREFERENCES_GROUP(adw_preferences_group_new());
			adw_preferences_group_set_title(group, _(table[i].section));
			adw_preferences_page_add(to, group);
		}
		add_action(p, group, &table[i]);
	}
}

GtkWidget *nadir_keymap_page_new(AdwPreferencesWindow *toasts, GSettings *settings)
{
	GtkWidget *widget = adw_preferences_page_new();
	GtkEventController *keys = gtk_event_controller_key_new();
	page *p = g_new0(page, 1);
	p->toasts = toasts;
	p->settings = g_object_ref(settings);
	p->buttons = g_ptr_array_new();
	g_object_set_data_full(G_OBJECT(widget), "page", p, page_free);
	adw_preferences_page_set_title(ADW_PREFERENCES_PAGE(widget), _("Keys"));
	adw_preferences_page_set_icon_name(ADW_PREFERENCES_PAGE(widget), "input-keyboard-symbolic");
	add_profile(p, ADW_PREFERENCES_PAGE(widget));
	add_actions(p, ADW_PREFERENCES_PAGE(widget));
	gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
	g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), p);
	gtk_widget_add_controller(widget, keys);
	nadir_keymap_on_change(G_OBJECT(widget), G_CALLBACK(show_keys));
	return widget;
}
