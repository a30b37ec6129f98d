/* What the window says without being asked: title, zoom, scale, encoding, device. */
#include "app/window-private.h"

#include <glib/gi18n.h>

static NadirApplication *get_app(NadirWindow *self)
{
	return NADIR_APPLICATION(gtk_window_get_application(GTK_WINDOW(self)));
}

/* --- title --- */

/* Where the work is kept, then what the image is; the status line says whether all is saved. */
static char *describe(NadirWindow *self)
{
	const raster_info *info = raster_get_info(nadir_document_get_raster(self->document));
	const georef *g = nadir_document_get_georef(self->document);
	g_autofree char *pixel = nadir_describe_resolution(self->document);
	const char *path = nadir_document_get_project_path(self->document);
	const bool damaged = nadir_document_get_damage(self->document) != NULL;
	g_autofree char *name = damaged ? g_strdup(_("damaged project, read only"))
	                        : path  ? g_path_get_basename(path)
	                                : NULL;
	g_autofree char *team = self->team ? nadir_team_summarise(self->team) : NULL;
	GString *text = g_string_new(team); /* whose copy the file is says more than its name */
	if (name)
		g_string_append_printf(text, "%s%s", team ? " · " : "", name);
	g_string_append_printf(text, "%s%s", text->len ? " · " : "", georef_has_crs(g) ? georef_crs_name(g) : _("no CRS"));
	if (pixel)
		g_string_append_printf(text, " · %s", pixel);
	g_string_append_printf(text, " · ");
	g_string_append_printf(text, ngettext("%d band", "%d bands", (gulong)info->n_bands), info->n_bands);
	g_string_append_printf(text, ", %s", raster_type_name(info->type));
	return g_string_free(text, FALSE);
}

void nadir_window_update_title(NadirWindow *self)
{
	if (!self->document) {
		adw_window_title_set_title(self->title, _("Nadir"));
		adw_window_title_set_subtitle(self->title, "");
		gtk_widget_set_tooltip_text(GTK_WIDGET(self->title), NULL);
		gtk_window_set_title(GTK_WINDOW(self), _("Nadir"));
		return;
	}
	g_autofree char *review = nadir_window_describe_review(self);
	g_autofree char *subtitle = review ? g_strdup(review) : describe(self);
	adw_window_title_set_title(self->title, review ? _("Review") : nadir_document_get_title(self->document));
	adw_window_title_set_subtitle(self->title, subtitle);
	gtk_widget_set_tooltip_text(GTK_WIDGET(self->title), subtitle); /* large text leaves no room for all of it */
	gtk_window_set_title(GTK_WINDOW(self), nadir_document_get_title(self->document));
}

/* --- encoding --- */

void nadir_window_update_busy(NadirWindow *self)
{
	nadir_window_update_edit_actions(self); /* a search began or ended */
	const engine_answer *answer = NULL;
	int candidate = 0;
	const double fraction = self->document ? nadir_document_get_encode_progress(self->document) : -1;
	const bool waiting = self->document && fraction < 0 &&
	                     nadir_document_get_preview(self->document, &answer, &candidate) == NADIR_PREVIEW_RUNNING &&
	                     !service_get_info(self->service) && !nadir_application_get_service_error(get_app(self));
	nadir_workspace_show_progress(self->work, fraction, waiting);
	GAction *cancel = g_action_map_lookup_action(G_ACTION_MAP(self), "cancel-encode");
	g_simple_action_set_enabled(G_SIMPLE_ACTION(cancel), fraction >= 0);
}

/* --- device --- */

/* "AMD Radeon 780M (RADV GFX1103_R1)" -> "AMD Radeon 780M" */
static char *short_device(const service_info *info)
{
	if (info->software)
		return g_strdup(_("processor"));
	g_auto(GStrv) parts = g_strsplit(info->device, " (", 2);
	return g_strdup(parts[0]);
}

static void set_chip(NadirWindow *self, const char *icon, const char *label, const char *details)
{
	gtk_image_set_from_icon_name(self->chip_icon, icon);
	gtk_label_set_text(self->chip_label, label);
	gtk_label_set_ellipsize(self->chip_label,
	                        g_utf8_strlen(label, -1) > 30 ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
	gtk_label_set_text(self->chip_details, details);
	gtk_widget_set_tooltip_text(GTK_WIDGET(self->chip), _("Model and device"));
	gtk_accessible_update_property(GTK_ACCESSIBLE(self->chip), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void show_service(NadirWindow *self, const service_info *info)
{
	const bool makeshift = info->software && !nadir_application_has_chosen_device(get_app(self));
	const char *notice = makeshift        ? _("Running on the processor: no Vulkan GPU found")
	                     : info->software ? _("Running on the processor, as chosen")
	                                      : "";
	g_auto(GStrv) model = g_strsplit(info->model, "@", 2);
	g_autofree char *device = short_device(info);
	g_autofree char *label = g_strdup_printf("%s · %s", model[0], device);
	g_autofree char *details = g_strdup_printf(_("Model: %s\nDevice: %s\nDriver: %s%s%s"), info->model, info->device,
	                                           info->driver, *notice ? "\n\n" : "", notice);
	set_chip(self, makeshift ? "dialog-warning-symbolic" : "nadir-chip-symbolic", label, details);
	if (makeshift && !self->told_software)
		nadir_window_show_notice(self, notice);
	self->told_software = TRUE;
}

static void show_service_error(NadirWindow *self, const GError *error)
{
	const char *stop = g_str_has_suffix(error->message, ".") ? "" : ".";
	g_autofree char *sentence =
		g_strdup_printf(_("%s%s Drawing by hand still works: polygon and brush need no model."), error->message, stop);
	set_chip(self, "dialog-error-symbolic", _("no model"), sentence);
	nadir_window_show_message(self, GTK_MESSAGE_ERROR, sentence, "app.reopen-model");
}

/* After a change of device the document gets the new service; it is reopened, and nothing is lost: all is stored. */
void nadir_window_update_chip(NadirWindow *self)
{
	NadirApplication *app = get_app(self);
	if (!app)
		return;
	service *s = nadir_application_get_service(app);
	const GError *error = nadir_application_get_service_error(app);
	const service_info *info = service_get_info(s);
	if (error)
		show_service_error(self, error);
	else if (info)
		show_service(self, info);
	else
		set_chip(self, "content-loading-symbolic", _("loading the model…"), _("The model is being loaded."));
	nadir_window_update_busy(self);
	if (self->document && self->service != s)
		nadir_window_reload(self);
}
