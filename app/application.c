#include "app/application.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/canvas/frame-log.h"
#include "app/command/actions.h"
#include "app/command/keymap.h"
#include "app/engine/paths.h"
#include "app/preferences.h"
#include "app/settings.h"
#include "app/window.h"
#include "render/raster/raster-overviews.h"
#include "ui/nadir-resources.h"

#define MOST_RECENT 10

struct _NadirApplication {
	AdwApplication parent_instance;

	/* Owned references */
	GSettings *settings;
	service *service; /* the current one; documents hold those they were opened with */
	GPtrArray *chats; /* of chat_entry: those that were asked for */
	GError *service_error;
	char *device, *model; /* options of the command line, or NULL */

	gboolean exit_after_startup;
	guint exit_source, service_source;
};

G_DEFINE_FINAL_TYPE(NadirApplication, nadir_application, ADW_TYPE_APPLICATION)

enum { SERVICE_CHANGED, CHAT_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* --- the inference service --- */

typedef struct {
	NadirApplication *app; /* owned */
	service *service;
} opening;

static void on_service_opened(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autofree opening *o = data;
	g_autoptr(NadirApplication) self = o->app;
	g_autoptr(GError) error = NULL;
	g_autoptr(service) s = o->service;
	const bool ok = service_open_finish(s, result, &error);
	if (self->service != s)
		return; /* replaced meanwhile, or the program ends */
	g_clear_error(&self->service_error);
	if (!ok && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		self->service_error = g_steal_pointer(&error);
	g_signal_emit(self, signals[SERVICE_CHANGED], 0);
}

/* The chat of a service, which goes before it. */
typedef struct {
	service *service;
	chat_service *chat;
} chat_entry;

static void chat_entry_free(void *data)
{
	chat_entry *e = data;
	chat_service_free(e->chat);
	service_unref(e->service);
	g_free(e);
}

static GPtrArray *chats_new(void)
{
	return g_ptr_array_new_with_free_func(chat_entry_free);
}

/* Windows that used another service have let go of its chat. */
static void forget_old_chats(NadirApplication *self)
{
	for (guint i = self->chats->len; i-- > 0;) {
		const chat_entry *e = self->chats->pdata[i];
		if (e->service != self->service)
			g_ptr_array_remove_index(self->chats, i);
	}
}

static void start_service(NadirApplication *self)
{
	g_autofree char *device = g_settings_get_string(self->settings, "device");
	g_autofree char *model = g_settings_get_string(self->settings, "segment-model");
	const engine_options options = {
		.device = self->device ? self->device
	              : *device    ? device
	                           : NULL,
		.model = self->model ? self->model
	             : *model    ? model
	                         : NULL,
		.cache_bytes = (uint64_t)g_settings_get_int(self->settings, "cache-megabytes") << 20,
	};
	g_clear_pointer(&self->service, service_unref);
	self->service = service_new(&options);
	g_clear_error(&self->service_error);
	opening *o = g_new0(opening, 1);
	*o = (opening){g_object_ref(self), service_ref(self->service)};
	service_open_async(self->service, NULL, on_service_opened, o);
	g_signal_emit(self, signals[SERVICE_CHANGED], 0);
	forget_old_chats(self);
}

static gboolean start_service_now(gpointer data)
{
	NadirApplication *self = data;
	self->service_source = 0;
	start_service(self);
	return G_SOURCE_REMOVE;
}

/* A number is turned through many values; only where it comes to rest is a new engine worth its while. */
static void start_service_soon(NadirApplication *self)
{
	g_clear_handle_id(&self->service_source, g_source_remove);
	self->service_source = g_timeout_add(1500, start_service_now, self);
}

service *nadir_application_get_service(NadirApplication *self)
{
	g_return_val_if_fail(NADIR_IS_APPLICATION(self), NULL);
	return self->service;
}

chat_service *nadir_application_get_chat(NadirApplication *self, service *s)
{
	g_return_val_if_fail(NADIR_IS_APPLICATION(self) && s, NULL);
	for (guint i = 0; i < self->chats->len; i++) {
		chat_entry *e = self->chats->pdata[i];
		if (e->service == s)
			return e->chat;
	}
	g_autofree char *model = g_settings_get_string(self->settings, "chat-model");
	const chat_options options = {.model = *model ? model : NULL};
	chat_entry *e = g_new0(chat_entry, 1);
	*e = (chat_entry){service_ref(s), chat_service_new(s, &options)};
	g_ptr_array_add(self->chats, e);
	return e->chat;
}

/* Windows take the new ones before the old ones go. */
static void change_chat(NadirApplication *self)
{
	GPtrArray *old = self->chats;
	self->chats = chats_new();
	g_signal_emit(self, signals[CHAT_CHANGED], 0);
	g_ptr_array_unref(old);
}

const GError *nadir_application_get_service_error(NadirApplication *self)
{
	return self->service_error;
}

bool nadir_application_has_chosen_device(NadirApplication *self)
{
	g_autofree char *device = g_settings_get_string(self->settings, "device");
	return self->device || *device;
}

/* --- settings --- */

GSettings *nadir_application_get_settings(NadirApplication *self)
{
	g_return_val_if_fail(NADIR_IS_APPLICATION(self), NULL);
	return self->settings;
}

static void apply_theme(NadirApplication *self)
{
	static const AdwColorScheme schemes[] = {ADW_COLOR_SCHEME_DEFAULT, ADW_COLOR_SCHEME_FORCE_LIGHT,
	                                         ADW_COLOR_SCHEME_FORCE_DARK};
	adw_style_manager_set_color_scheme(adw_style_manager_get_default(),
	                                   schemes[g_settings_get_enum(self->settings, "theme")]);
}

static void apply_units(NadirApplication *self)
{
	nadir_units_set((NadirUnits)g_settings_get_enum(self->settings, "units"));
	for (GList *l = gtk_application_get_windows(GTK_APPLICATION(self)); l; l = l->next)
		if (NADIR_IS_WINDOW(l->data))
			nadir_window_units_changed(l->data);
}

static void apply_coordinates(NadirApplication *self)
{
	nadir_coordinates_set((NadirCoordinates)g_settings_get_enum(self->settings, "coordinates"));
	apply_units(self); /* whatever is written is written again */
}

/* Of what is opened from now on. */
static void apply_images(NadirApplication *self)
{
	g_autofree char *stretch = g_settings_get_string(self->settings, "stretch");
	nadir_stretch_set(g_str_equal(stretch, "automatic") ? NULL : stretch);
	nadir_tile_bytes_set((guint64)g_settings_get_int(self->settings, "tile-megabytes") << 20);
	raster_overviews_set_limit((uint64_t)g_settings_get_int(self->settings, "overview-megabytes") << 20);
}

static void set_recent(NadirApplication *self, const char *uri, bool keep)
{
	g_auto(GStrv) old = g_settings_get_strv(self->settings, "recent-files");
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	guint n = 0;
	if (keep) {
		g_strv_builder_add(builder, uri);
		n++;
	}
	for (char **u = old; *u && n < MOST_RECENT; u++)
		if (!g_str_equal(*u, uri)) {
			g_strv_builder_add(builder, *u);
			n++;
		}
	g_auto(GStrv) recent = g_strv_builder_end(builder);
	g_settings_set_strv(self->settings, "recent-files", (const char *const *)recent);
}

void nadir_application_add_recent(NadirApplication *self, GFile *file)
{
	g_autofree char *uri = g_file_get_uri(file);
	set_recent(self, uri, true);
}

void nadir_application_remove_recent(NadirApplication *self, const char *uri)
{
	set_recent(self, uri, false);
}

/* --- actions --- */

static void on_quit(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	GList *windows = g_list_copy(gtk_application_get_windows(data));
	for (GList *l = windows; l; l = l->next)
		gtk_window_close(l->data);
	g_list_free(windows);
}

static void on_preferences(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	NadirApplication *self = data;
	GtkWindow *parent = gtk_application_get_active_window(GTK_APPLICATION(self));
	gtk_window_present(GTK_WINDOW(nadir_preferences_new(parent, self->settings)));
}

static void on_reopen_model(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	start_service(data);
}

static void on_about(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	GtkWindow *parent = gtk_application_get_active_window(data);
	adw_show_about_window(parent, "application-name", _("Nadir"), "application-icon", NADIR_APP_ID, "version",
	                      NADIR_VERSION, "developer-name", _("The Nadir developers"), "license-type",
	                      GTK_LICENSE_APACHE_2_0, "comments",
	                      _("Mark objects in overhead imagery, get masks, export them. The model runs on your own "
	                        "graphics processor; nothing leaves this computer."),
	                      NULL);
}

static const GActionEntry actions[] = {
	{.name = "quit", .activate = on_quit},
	{.name = "preferences", .activate = on_preferences},
	{.name = "reopen-model", .activate = on_reopen_model},
	{.name = "about", .activate = on_about},
};

/* --- the application --- */

static void nadir_application_startup(GApplication *application)
{
	NadirApplication *self = NADIR_APPLICATION(application);
	nadir_register_resource(); /* before the parent looks for its style and icons in it */
	G_APPLICATION_CLASS(nadir_application_parent_class)->startup(application);
	gtk_window_set_default_icon_name(NADIR_APP_ID);
	g_action_map_add_action_entries(G_ACTION_MAP(self), actions, G_N_ELEMENTS(actions), self);
	nadir_frame_log_start();
	nadir_keymap_follow(self->settings);
	apply_theme(self);
	apply_coordinates(self);
	apply_images(self);
	g_signal_connect_swapped(self->settings, "changed::theme", G_CALLBACK(apply_theme), self);
	g_signal_connect_swapped(self->settings, "changed::units", G_CALLBACK(apply_units), self);
	g_signal_connect_swapped(self->settings, "changed::coordinates", G_CALLBACK(apply_coordinates), self);
	g_signal_connect_swapped(self->settings, "changed::stretch", G_CALLBACK(apply_images), self);
	g_signal_connect_swapped(self->settings, "changed::tile-megabytes", G_CALLBACK(apply_images), self);
	g_signal_connect_swapped(self->settings, "changed::overview-megabytes", G_CALLBACK(apply_images), self);
	start_service(self);
	g_signal_connect_swapped(self->settings, "changed::segment-model", G_CALLBACK(start_service), self);
	g_signal_connect_swapped(self->settings, "changed::device", G_CALLBACK(start_service), self);
	g_signal_connect_swapped(self->settings, "changed::chat-model", G_CALLBACK(change_chat), self);
	g_signal_connect_swapped(self->settings, "changed::cache-megabytes", G_CALLBACK(start_service_soon), self);
}

/* Out once every window has shown its image: enough for a smoke test to mean something. */
static gboolean exit_when_settled(gpointer data)
{
	NadirApplication *self = data;
	for (GList *l = gtk_application_get_windows(GTK_APPLICATION(self)); l; l = l->next)
		if (NADIR_IS_WINDOW(l->data) && nadir_window_is_opening(l->data))
			return G_SOURCE_CONTINUE;
	self->exit_source = 0;
	on_quit(NULL, NULL, self);
	return G_SOURCE_REMOVE;
}

static void show_window(NadirApplication *self, NadirWindow *window)
{
	gtk_window_present(GTK_WINDOW(window));
	if (self->exit_after_startup && !self->exit_source)
		self->exit_source = g_timeout_add(50, exit_when_settled, self);
}

static void nadir_application_activate(GApplication *application)
{
	NadirApplication *self = NADIR_APPLICATION(application);
	GtkWindow *active = gtk_application_get_active_window(GTK_APPLICATION(self));
	show_window(self, NADIR_IS_WINDOW(active) ? NADIR_WINDOW(active) : nadir_window_new(self));
}

static void nadir_application_open(GApplication *application, GFile **files, int n_files, const char *hint)
{
	NadirApplication *self = NADIR_APPLICATION(application);
	for (int i = 0; i < n_files; i++) {
		GtkWindow *active = gtk_application_get_active_window(GTK_APPLICATION(self));
		const bool reuse = NADIR_IS_WINDOW(active) && nadir_window_is_empty(NADIR_WINDOW(active));
		NadirWindow *window = reuse ? NADIR_WINDOW(active) : nadir_window_new(self);
		nadir_window_open(window, files[i]);
		show_window(self, window);
	}
}

static int nadir_application_handle_local_options(GApplication *application, GVariantDict *options)
{
	NadirApplication *self = NADIR_APPLICATION(application);
	GError *error = NULL;
	g_variant_dict_lookup(options, "device", "s", &self->device);
	g_variant_dict_lookup(options, "model", "s", &self->model);
	self->exit_after_startup = g_variant_dict_contains(options, "exit-after-startup");
	/* Options belong to this process: it must not hand its files over to one that runs already. */
	if (self->device || self->model || self->exit_after_startup)
		g_application_set_flags(application, g_application_get_flags(application) | G_APPLICATION_NON_UNIQUE);
	if (self->settings)
		return -1;
	self->settings = nadir_settings_new(&error);
	if (self->settings)
		return -1;
	g_printerr("nadir: %s\n", error->message);
	g_error_free(error);
	return 1;
}

static void nadir_application_shutdown(GApplication *application)
{
	NadirApplication *self = NADIR_APPLICATION(application);
	nadir_frame_log_stop();
	G_APPLICATION_CLASS(nadir_application_parent_class)->shutdown(application);
	g_clear_handle_id(&self->exit_source, g_source_remove);
	g_clear_handle_id(&self->service_source, g_source_remove);
	g_clear_pointer(&self->chats, g_ptr_array_unref);
	g_clear_pointer(&self->service, service_unref);
	service_await_ended();
}

static void nadir_application_finalize(GObject *object)
{
	NadirApplication *self = NADIR_APPLICATION(object);
	g_clear_pointer(&self->chats, g_ptr_array_unref);
	g_clear_pointer(&self->service, service_unref);
	g_clear_object(&self->settings);
	g_clear_error(&self->service_error);
	g_free(self->device);
	g_free(self->model);
	G_OBJECT_CLASS(nadir_application_parent_class)->finalize(object);
}

static void nadir_application_class_init(NadirApplicationClass *klass)
{
	GApplicationClass *application_class = G_APPLICATION_CLASS(klass);
	G_OBJECT_CLASS(klass)->finalize = nadir_application_finalize;
	application_class->startup = nadir_application_startup;
	application_class->activate = nadir_application_activate;
	application_class->open = nadir_application_open;
	application_class->handle_local_options = nadir_application_handle_local_options;
	application_class->shutdown = nadir_application_shutdown;
	signals[CHAT_CHANGED] =
		g_signal_new("chat-changed", NADIR_TYPE_APPLICATION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
	signals[SERVICE_CHANGED] =
		g_signal_new("service-changed", NADIR_TYPE_APPLICATION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static const GOptionEntry options[] = {
	{"device", 0, 0, G_OPTION_ARG_STRING, NULL,
     N_("Device for the model: a UUID, a number of “nadir devices”, or “software”"), N_("DEVICE")},
	{"model", 0, 0, G_OPTION_ARG_STRING, NULL, N_("Segmenter: a name or a .gguf file"), N_("MODEL")},
	{"exit-after-startup", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, NULL, NULL, NULL},
	{NULL},
};

static void nadir_application_init(NadirApplication *self)
{
	self->chats = chats_new();
	g_application_add_main_option_entries(G_APPLICATION(self), options);
	g_application_set_option_context_parameter_string(G_APPLICATION(self), _("[FILE…]"));
}

NadirApplication *nadir_application_new(void)
{
	GApplicationFlags flags = G_APPLICATION_HANDLES_OPEN;
	if (g_getenv("NADIR_TEST"))
		flags |= G_APPLICATION_NON_UNIQUE;
	return g_object_new(NADIR_TYPE_APPLICATION, "application-id", NADIR_APP_ID, "flags", flags, "resource-base-path",
	                    NADIR_RESOURCE_PATH, NULL);
}

int nadir_application_run(int argc, char **argv)
{
	g_set_application_name("Nadir");
	g_autoptr(NadirApplication) app = nadir_application_new();
	return g_application_run(G_APPLICATION(app), argc, argv);
}
