#include "app/preferences.h"

#include <glib/gi18n.h>

#include "app/command/keymap-page.h"
#include "app/command/text-size.h"
#include "infer/vk/gpu.h"

struct _NadirPreferences {
	AdwPreferencesWindow parent_instance;

	/* Template widgets */
	AdwComboRow *theme, *units, *coordinates, *stretch, *device;
	GtkSpinButton *cache, *tiles, *overviews;
	AdwActionRow *segment_model, *chat_model;
	GtkWidget *segment_choose, *segment_reset, *chat_choose, *chat_reset;

	/* Owned references */
	GSettings *settings;
	GPtrArray *uuids; /* of the rows of `device` */
	GtkFileChooserNative *chooser;
	gboolean loading;
};

G_DEFINE_FINAL_TYPE(NadirPreferences, nadir_preferences, ADW_TYPE_PREFERENCES_WINDOW)

/* --- the device --- */

static void list_devices(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	GError *error = NULL;
	GPtrArray *devices = gpu_list(&error);
	if (devices)
		g_task_return_pointer(task, devices, (GDestroyNotify)g_ptr_array_unref);
	else
		g_task_return_error(task, error);
}

static void show_devices(NadirPreferences *self, GPtrArray *devices)
{
	g_autofree char *chosen = g_settings_get_string(self->settings, "device");
	g_autoptr(GtkStringList) names = gtk_string_list_new((const char *const[]){_("Best one found"), NULL});
	guint selected = 0;
	g_ptr_array_add(self->uuids, g_strdup(""));
	for (guint i = 0; i < devices->len; i++) {
		const gpu_info *info = devices->pdata[i];
		g_autofree char *name = info->software ? g_strdup_printf(_("Processor, without GPU (%s)"), info->name) : NULL;
		gtk_string_list_append(names, name ? name : info->name);
		g_ptr_array_add(self->uuids, g_strdup(info->uuid));
		if (g_str_equal(chosen, info->uuid))
			selected = i + 1;
	}
	self->loading = TRUE;
	adw_combo_row_set_model(self->device, G_LIST_MODEL(names));
	adw_combo_row_set_selected(self->device, selected);
	self->loading = FALSE;
	gtk_widget_set_sensitive(GTK_WIDGET(self->device), TRUE);
}

static void on_devices(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirPreferences) self = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) devices = g_task_propagate_pointer(G_TASK(result), &error);
	if (!self->settings)
		return;
	if (devices)
		show_devices(self, devices);
	else
		adw_action_row_set_subtitle(ADW_ACTION_ROW(self->device), error->message);
}

static void on_device(NadirPreferences *self)
{
	const guint i = adw_combo_row_get_selected(self->device);
	if (!self->loading && self->uuids && i < self->uuids->len)
		g_settings_set_string(self->settings, "device", self->uuids->pdata[i]);
}

/* --- models --- */

static void show_models(NadirPreferences *self)
{
	const struct {
		AdwActionRow *row;
		GtkWidget *reset;
		const char *key;
	} models[] = {{self->segment_model, self->segment_reset, "segment-model"},
	              {self->chat_model, self->chat_reset, "chat-model"}};
	for (guint i = 0; i < G_N_ELEMENTS(models); i++) {
		g_autofree char *model = g_settings_get_string(self->settings, models[i].key);
		g_autofree char *name = g_path_get_basename(model);
		adw_action_row_set_subtitle(models[i].row, *model ? name : _("The one that comes with Nadir"));
		gtk_widget_set_tooltip_text(GTK_WIDGET(models[i].row), *model ? model : NULL);
		gtk_widget_set_sensitive(models[i].reset, *model != 0);
	}
}

static void on_model_file(NadirPreferences *self, int response)
{
	g_autoptr(GFile) file =
		response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(self->chooser)) : NULL;
	g_autofree char *path = file ? g_file_get_path(file) : NULL;
	if (path && self->settings)
		g_settings_set_string(self->settings, g_object_get_data(G_OBJECT(self->chooser), "key"), path);
	g_clear_object(&self->chooser);
}

static void choose_model(NadirPreferences *self, const char *key)
{
	g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();
	gtk_file_filter_set_name(filter, _("Models (GGUF)"));
	gtk_file_filter_add_suffix(filter, "gguf");
	g_clear_object(&self->chooser);
	self->chooser = gtk_file_chooser_native_new(_("Choose a Model"), GTK_WINDOW(self), GTK_FILE_CHOOSER_ACTION_OPEN,
	                                            _("_Open"), _("_Cancel"));
	gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(self->chooser), filter);
	g_object_set_data(G_OBJECT(self->chooser), "key", (gpointer)key);
	g_signal_connect_object(self->chooser, "response", G_CALLBACK(on_model_file), self, G_CONNECT_SWAPPED);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(self->chooser));
}

static void on_choose_model(NadirPreferences *self, GtkWidget *button)
{
	choose_model(self, button == self->chat_choose ? "chat-model" : "segment-model");
}

static void on_reset_model(NadirPreferences *self, GtkWidget *button)
{
	g_settings_reset(self->settings, button == self->chat_reset ? "chat-model" : "segment-model");
}

/* --- choices and numbers --- */

typedef struct {
	GtkWidget *widget; /* a combo row, or a spin button */
	const char *key;
} preference;

#define MOST_PREFERENCES 8

static guint list_preferences(NadirPreferences *self, preference out[MOST_PREFERENCES])
{
	const preference all[] = {{GTK_WIDGET(self->theme), "theme"},
	                          {GTK_WIDGET(self->units), "units"},
	                          {GTK_WIDGET(self->coordinates), "coordinates"},
	                          {GTK_WIDGET(self->stretch), "stretch"},
	                          {GTK_WIDGET(self->cache), "cache-megabytes"},
	                          {GTK_WIDGET(self->tiles), "tile-megabytes"},
	                          {GTK_WIDGET(self->overviews), "overview-megabytes"}};
	G_STATIC_ASSERT(G_N_ELEMENTS(all) <= MOST_PREFERENCES);
	for (guint i = 0; i < G_N_ELEMENTS(all); i++)
		out[i] = all[i];
	return G_N_ELEMENTS(all);
}

static void load(NadirPreferences *self)
{
	preference all[MOST_PREFERENCES];
	for (guint i = list_preferences(self, all); i-- > 0;)
		if (ADW_IS_COMBO_ROW(all[i].widget))
			adw_combo_row_set_selected(ADW_COMBO_ROW(all[i].widget),
			                           (guint)g_settings_get_enum(self->settings, all[i].key));
		else
			gtk_spin_button_set_value(GTK_SPIN_BUTTON(all[i].widget), g_settings_get_int(self->settings, all[i].key));
}

/* Of a combo row or a spin button: what it says is kept at once. */
static void on_changed(NadirPreferences *self)
{
	preference all[MOST_PREFERENCES];
	for (guint i = self->loading ? 0 : list_preferences(self, all); i-- > 0;) {
		const bool choice = ADW_IS_COMBO_ROW(all[i].widget);
		const int now = choice ? (int)adw_combo_row_get_selected(ADW_COMBO_ROW(all[i].widget))
		                       : gtk_spin_button_get_value_as_int(GTK_SPIN_BUTTON(all[i].widget));
		const int before =
			choice ? g_settings_get_enum(self->settings, all[i].key) : g_settings_get_int(self->settings, all[i].key);
		if (now != before && choice)
			g_settings_set_enum(self->settings, all[i].key, now);
		else if (now != before)
			g_settings_set_int(self->settings, all[i].key, now);
	}
}

/* --- the window --- */

static void nadir_preferences_dispose(GObject *object)
{
	NadirPreferences *self = NADIR_PREFERENCES(object);
	self->loading = TRUE;
	g_clear_object(&self->chooser);
	g_clear_object(&self->settings);
	g_clear_pointer(&self->uuids, g_ptr_array_unref);
	G_OBJECT_CLASS(nadir_preferences_parent_class)->dispose(object);
}

#define BIND(name) gtk_widget_class_bind_template_child(widget_class, NadirPreferences, name)

static void nadir_preferences_class_init(NadirPreferencesClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_preferences_dispose;
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/preferences.ui");
	BIND(theme);
	BIND(units);
	BIND(coordinates);
	BIND(stretch);
	BIND(device);
	BIND(cache);
	BIND(tiles);
	BIND(overviews);
	BIND(segment_model);
	BIND(chat_model);
	BIND(segment_choose);
	BIND(segment_reset);
	BIND(chat_choose);
	BIND(chat_reset);
	gtk_widget_class_bind_template_callback(widget_class, on_changed);
	gtk_widget_class_bind_template_callback(widget_class, on_device);
	gtk_widget_class_bind_template_callback(widget_class, on_choose_model);
	gtk_widget_class_bind_template_callback(widget_class, on_reset_model);
}

#undef BIND

static void nadir_preferences_init(NadirPreferences *self)
{
	self->loading = TRUE;
	gtk_widget_init_template(GTK_WIDGET(self));
	nadir_fit_window_to_text(GTK_WINDOW(self));
	self->uuids = g_ptr_array_new_with_free_func(g_free);
}

/* The devices are asked for off the main loop: a driver may take its time to wake up. */
GtkWidget *nadir_preferences_new(GtkWindow *parent, GSettings *settings)
{
	NadirPreferences *self = g_object_new(NADIR_TYPE_PREFERENCES, "transient-for", parent, NULL);
	self->settings = g_object_ref(settings);
	load(self);
	show_models(self);
	self->loading = FALSE;
	g_signal_connect_object(settings, "changed::segment-model", G_CALLBACK(show_models), self, G_CONNECT_SWAPPED);
	g_signal_connect_object(settings, "changed::chat-model", G_CALLBACK(show_models), self, G_CONNECT_SWAPPED);
	adw_preferences_window_add(ADW_PREFERENCES_WINDOW(self),
	                           ADW_PREFERENCES_PAGE(nadir_keymap_page_new(ADW_PREFERENCES_WINDOW(self), settings)));
	g_autoptr(GTask) task = g_task_new(NULL, NULL, on_devices, g_object_ref(self));
	g_task_run_in_thread(task, list_devices);
	return GTK_WIDGET(self);
}
