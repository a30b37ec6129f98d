#include "app/panel/export-dialog.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "app/command/text-size.h"
#include "app/document/document-export.h"
#include "app/document/document-visibility.h"
#include "app/panel/tile-row.h"
#include "render/exchange/export.h"

struct _NadirExportDialog {
	AdwWindow parent_instance;

	/* Template widgets */
	AdwPreferencesPage *page;
	GtkImage *losses_icon;
	GtkLabel *losses_title, *losses_text, *hidden;
	AdwComboRow *simplify, *crs;
	AdwEntryRow *path, *epsg;
	NadirTileRow *tiles;
	GtkButton *export_button;
	GtkProgressBar *progress;
	GtkLabel *note;
	GtkRevealer *error_revealer;
	GtkLabel *error;

	/* Owned references */
	NadirDocument *document;
	GSettings *settings;
	GCancellable *cancel; /* of the export under way */
	int *permille;        /* how far that is; of g_atomic_rc_box_new() */
	guint timer;
	GtkFileChooserNative *chooser;
	GPtrArray *losses;        /* by format, of char; NULL: not known yet */
	GCancellable *ask_losses; /* until they are */

	GtkWidget *groups[EXPORT_GROUPS]; /* borrowed */
	export_format format;
	GtkCheckButton *checks[EXPORT_FORMATS]; /* borrowed, by format */
	gboolean typing;                        /* the name says the format, not the other way round */
};

G_DEFINE_FINAL_TYPE(NadirExportDialog, nadir_export_dialog, ADW_TYPE_WINDOW)

enum { EXPORTED, N_SIGNALS };
static guint signals[N_SIGNALS];

static const char *const explanations[EXPORT_FORMATS] = {
	[EXPORT_GPKG] = N_("One file with colours and all attributes; opens in QGIS as it is"),
	[EXPORT_SHP] = N_("Read by every GIS; texts are cut at 254 bytes, the rest goes into a side file"),
	[EXPORT_GEOJSON] = N_("For the web: longitude and latitude in WGS 84"),
	[EXPORT_FGB] = N_("Fast over the network, for very many objects"),
	[EXPORT_KML] = N_("For Google Earth: longitude and latitude in WGS 84; the colours stay behind"),
	[EXPORT_CSV] = N_("A table for spreadsheets, outlines as text (WKT); without colours, the CRS in a file beside it"),
	[EXPORT_PIXEL_GEOJSON] = N_("Outlines in pixels of the image, for images without a place on Earth"),
	[EXPORT_COCO] = N_("Exact masks as compressed run lengths"),
	[EXPORT_COCO_POLYGONS] = N_("Lists of corners for readers without run lengths; holes are lost"),
	[EXPORT_LABELME] = N_("Polygons in pixels, objects with holes as masks; opened there up to 32767 pixels a side"),
	[EXPORT_YOLO] = N_("One polygon an object, holes and parts joined by bridges; class names in a file beside it"),
	[EXPORT_YOLO_DETECT] = N_("One upright box an object; class names in a file beside it"),
	[EXPORT_YOLO_OBB] = N_("The four corners of a turned box an object; class names in a file beside it"),
	[EXPORT_VOC] = N_("One upright box an object, as XML"),
	[EXPORT_DOTA] = N_("The four corners of a turned box an object, as text"),
	[EXPORT_PANOPTIC] = N_("Each pixel holds its segment's number as a colour; classes in a JSON file beside it"),
	[EXPORT_TIF] = N_("With georeference: each pixel holds its object's number, the later object wins"),
	[EXPORT_PNG] = N_("A picture: each pixel holds its object's number, the later object wins"),
	[EXPORT_SEMANTIC_TIF] = N_("With georeference: each pixel holds its class's number, the later object wins"),
	[EXPORT_SEMANTIC_PNG] = N_("A picture: each pixel holds its class's number, the later object wins"),
	[EXPORT_CAPTIONS] = N_("Captions of objects in COCO's form"),
	[EXPORT_REGIONS] = N_("Boxes and outlines with their captions and classes"),
	[EXPORT_GROUNDED] = N_("A description of the image with the outlines of its phrases"),
};

/* What is asked for most stands first in its group. */
static const export_format order[] = {
	EXPORT_GPKG,     EXPORT_SHP,           EXPORT_GEOJSON,  EXPORT_FGB,           EXPORT_KML,
	EXPORT_CSV,      EXPORT_PIXEL_GEOJSON, EXPORT_COCO,     EXPORT_COCO_POLYGONS, EXPORT_LABELME,
	EXPORT_YOLO,     EXPORT_YOLO_DETECT,   EXPORT_YOLO_OBB, EXPORT_VOC,           EXPORT_DOTA,
	EXPORT_PANOPTIC, EXPORT_TIF,           EXPORT_PNG,      EXPORT_SEMANTIC_TIF,  EXPORT_SEMANTIC_PNG,
	EXPORT_CAPTIONS, EXPORT_REGIONS,       EXPORT_GROUNDED,
};
G_STATIC_ASSERT(G_N_ELEMENTS(order) == EXPORT_FORMATS);

#define TILES "-tiles" /* what a folder of them is called behind the stem */
/* What the row of coordinate systems offers. */
enum { CRS_OWN, CRS_WGS84, CRS_UTM, CRS_OTHER };

static const double tolerances[] = {0, 0.5, 1, 2, 4};

/* --- where to --- */

static char *stem_of(const char *path)
{
	gsize longest = 0; /* ".pixel.geojson" ends in ".geojson" */
	for (int f = 0; f < EXPORT_FORMATS; f++) {
		const char *ext = export_format_extension((export_format)f);
		if (g_str_has_suffix(path, ext))
			longest = MAX(longest, strlen(ext));
	}
	return g_strndup(path, strlen(path) - longest);
}

static char *default_stem(NadirExportDialog *self)
{
	const char *image = raster_get_info(nadir_document_get_raster(self->document))->path;
	g_autofree char *folder = g_path_get_dirname(image), *name = g_path_get_basename(image);
	char *dot = strrchr(name, '.');
	if (dot && dot != name)
		*dot = '\0';
	g_autofree char *stem = g_strconcat(name, "-objects", NULL);
	const char *documents = g_get_user_special_dir(G_USER_DIRECTORY_DOCUMENTS);
	if (g_access(folder, W_OK) == 0 && g_path_is_absolute(folder))
		return g_build_filename(folder, stem, NULL);
	return g_build_filename(documents ? documents : g_get_home_dir(), stem, NULL);
}

static void set_error(NadirExportDialog *self, const char *sentence)
{
	if (sentence)
		gtk_label_set_text(self->error, sentence);
	gtk_revealer_set_reveal_child(self->error_revealer, sentence != NULL);
}

static bool cuts_tiles(NadirExportDialog *self)
{
	return gtk_widget_get_sensitive(GTK_WIDGET(self->tiles)) &&
	       adw_expander_row_get_enable_expansion(ADW_EXPANDER_ROW(self->tiles));
}

/* What the chosen format cannot hold, and where it goes instead. */
static void show_losses(NadirExportDialog *self)
{
	const char *lost = self->losses ? self->losses->pdata[self->format] : "";
	g_autofree char *side = *lost && !cuts_tiles(self)
	                            ? export_side_path(self->format, gtk_editable_get_text(GTK_EDITABLE(self->path)))
	                            : NULL;
	g_autofree char *file = side ? g_path_get_basename(side) : NULL;
	g_autofree char *text = file ? g_strdup_printf(_("%s\n%s holds all of it."), lost, file) : g_strdup(lost);
	gtk_label_set_text(self->losses_title, !self->losses ? _("Looking for what this format cannot hold…")
	                                       : *lost       ? _("This format cannot hold everything")
	                                                     : _("Nothing is lost in this format"));
	gtk_label_set_text(self->losses_text, text);
	gtk_widget_set_visible(GTK_WIDGET(self->losses_text), *lost);
	gtk_image_set_from_icon_name(self->losses_icon, *lost ? "dialog-warning-symbolic" : "emblem-ok-symbolic");
}

/* 0: the image's own; -1: no number is written there. */
static int chosen_epsg(NadirExportDialog *self)
{
	const georef *ref = nadir_document_get_georef(self->document);
	const raster_info *info = raster_get_info(nadir_document_get_raster(self->document));
	if (!gtk_widget_get_sensitive(GTK_WIDGET(self->crs)))
		return 0;
	switch (adw_combo_row_get_selected(self->crs)) {
	case CRS_WGS84:
		return 4326;
	case CRS_UTM: {
		const int zone = georef_utm_epsg(ref, info->width / 2.0, info->height / 2.0);
		return zone > 0 ? zone : -1;
	}
	case CRS_OTHER: {
		const gint64 n = g_ascii_strtoll(gtk_editable_get_text(GTK_EDITABLE(self->epsg)), NULL, 10);
		return n > 0 && n < G_MAXINT ? (int)n : -1;
	}
	default:
		return 0;
	}
}

static void on_path_changed(NadirExportDialog *self)
{
	const char *path = gtk_editable_get_text(GTK_EDITABLE(self->path));
	const bool exists = g_file_test(path, G_FILE_TEST_EXISTS);
	gtk_label_set_text(self->note, !exists            ? ""
	                               : cuts_tiles(self) ? _("This is there already: a data set wants a new folder.")
	                                                  : _("This file exists and will be replaced."));
	gtk_widget_set_sensitive(GTK_WIDGET(self->export_button), *path != '\0' && !self->cancel && chosen_epsg(self) >= 0);
	set_error(self, NULL);
	export_format format;
	if (!self->typing && !cuts_tiles(self) && export_format_from_path(path, &format, NULL) && self->checks[format]) {
		self->typing = TRUE;
		gtk_check_button_set_active(self->checks[format], TRUE);
		self->typing = FALSE;
	}
	show_losses(self);
}

static void on_losses(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirExportDialog) self = data;
	g_autoptr(GError) error = NULL;
	GPtrArray *losses = nadir_document_losses_finish(result, &error);
	if (losses) {
		self->losses = losses;
		show_losses(self);
	} else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		set_error(self, error->message);
	}
}

/* The name of a file or of a folder of tiles. */
static void write_path(NadirExportDialog *self)
{
	g_autofree char *stem = stem_of(gtk_editable_get_text(GTK_EDITABLE(self->path)));
	if (g_str_has_suffix(stem, TILES))
		stem[strlen(stem) - strlen(TILES)] = '\0';
	g_autofree char *path = g_strconcat(stem, cuts_tiles(self) ? TILES : export_format_extension(self->format), NULL);
	self->typing = TRUE;
	gtk_editable_set_text(GTK_EDITABLE(self->path), path);
	self->typing = FALSE;
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(self->path), cuts_tiles(self) ? _("Folder") : _("File"));
	on_path_changed(self);
}

/* What the format leaves to choose; where it leaves nothing the row says why. */
static void offer_choices(NadirExportDialog *self)
{
	const bool placed = georef_has_crs(nadir_document_get_georef(self->document)), cut = cuts_tiles(self);
	const bool free = export_check_epsg(self->format, 3857, NULL), has_tiles = export_tiles_has(self->format);
	gtk_widget_set_sensitive(GTK_WIDGET(self->simplify), export_format_has_outlines(self->format) && !cut);
	gtk_widget_set_sensitive(GTK_WIDGET(self->crs), free && placed);
	gtk_widget_set_visible(GTK_WIDGET(self->epsg),
	                       free && placed && adw_combo_row_get_selected(self->crs) == CRS_OTHER);
	adw_action_row_set_subtitle(ADW_ACTION_ROW(self->crs),
	                            !placed ? _("The image has none: coordinates are pixels")
	                            : free  ? NULL
	                            : export_format_needs_longitudes(self->format)
	                                ? _("This format is always longitude and latitude (WGS 84)")
	                                : _("This format counts in pixels"));
	gtk_widget_set_sensitive(GTK_WIDGET(self->tiles), has_tiles);
	adw_expander_row_set_subtitle(ADW_EXPANDER_ROW(self->tiles),
	                              has_tiles ? _("A folder of pictures with their labels, for training")
	                                        : _("Only formats that count in pixels are cut into tiles"));
}

static void on_crs_changed(NadirExportDialog *self)
{
	offer_choices(self);
	on_path_changed(self);
}

static void on_tiles_changed(NadirExportDialog *self)
{
	offer_choices(self);
	write_path(self);
}

static void set_format(NadirExportDialog *self, export_format format)
{
	self->format = format;
	offer_choices(self);
	if (!self->typing)
		write_path(self);
}

static void on_format_toggled(GtkCheckButton *check, NadirExportDialog *self)
{
	if (gtk_check_button_get_active(check))
		set_format(self, (export_format)GPOINTER_TO_INT(g_object_get_data(G_OBJECT(check), "format")));
}

static void on_chosen(NadirExportDialog *self, int response)
{
	if (response == GTK_RESPONSE_ACCEPT) {
		g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(self->chooser));
		g_autofree char *path = g_file_get_path(file);
		if (path)
			gtk_editable_set_text(GTK_EDITABLE(self->path), path);
	}
	g_clear_object(&self->chooser);
}

static void on_browse(NadirExportDialog *self)
{
	g_autofree char *folder = g_path_get_dirname(gtk_editable_get_text(GTK_EDITABLE(self->path)));
	g_autofree char *name = g_path_get_basename(gtk_editable_get_text(GTK_EDITABLE(self->path)));
	g_autoptr(GFile) dir = g_file_new_for_path(folder);
	g_clear_object(&self->chooser);
	self->chooser =
		gtk_file_chooser_native_new(_("Export To"), GTK_WINDOW(self), GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);
	gtk_file_chooser_set_current_folder(GTK_FILE_CHOOSER(self->chooser), dir, NULL);
	gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(self->chooser), name);
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(self->chooser), TRUE);
	g_signal_connect_swapped(self->chooser, "response", G_CALLBACK(on_chosen), self);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(self->chooser));
}

/* --- the export --- */

static gboolean show_progress(gpointer data)
{
	NadirExportDialog *self = data;
	gtk_progress_bar_set_fraction(self->progress, g_atomic_int_get(self->permille) / 1000.0);
	return G_SOURCE_CONTINUE;
}

static void stop_timer(NadirExportDialog *self)
{
	g_clear_handle_id(&self->timer, g_source_remove);
	g_clear_pointer(&self->permille, g_atomic_rc_box_release);
}

static void set_busy(NadirExportDialog *self, bool busy)
{
	GtkWidget *const choices[] = {GTK_WIDGET(self->simplify), GTK_WIDGET(self->crs), GTK_WIDGET(self->epsg),
	                              GTK_WIDGET(self->tiles)};
	stop_timer(self);
	if (busy) {
		self->permille = g_atomic_rc_box_new0(int);
		self->timer = g_timeout_add(100, show_progress, self);
	}
	gtk_progress_bar_set_fraction(self->progress, 0);
	gtk_widget_set_visible(GTK_WIDGET(self->progress), busy);
	for (guint i = 0; busy && i < G_N_ELEMENTS(choices); i++)
		gtk_widget_set_sensitive(choices[i], FALSE);
	if (!busy)
		offer_choices(self);
	gtk_widget_set_sensitive(GTK_WIDGET(self->export_button), !busy);
	for (guint i = 0; i < EXPORT_GROUPS; i++)
		gtk_widget_set_sensitive(self->groups[i], !busy);
	gtk_editable_set_editable(GTK_EDITABLE(self->path), !busy);
}

static void on_done(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirExportDialog) self = data;
	g_autoptr(GError) error = NULL;
	g_autofree char *report = nadir_document_export_finish(result, &error);
	g_clear_object(&self->cancel);
	set_busy(self, false);
	if (error) {
		if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
			set_error(self, error->message);
		return;
	}
	g_autofree char *path = g_strdup(gtk_editable_get_text(GTK_EDITABLE(self->path)));
	g_signal_emit(self, signals[EXPORTED], 0, path, report ? report : "");
	gtk_window_destroy(GTK_WINDOW(self));
}

static void on_export(NadirExportDialog *self)
{
	const char *path = gtk_editable_get_text(GTK_EDITABLE(self->path));
	NadirExportPlan plan = {.epsg = chosen_epsg(self)};
	tile_plan tiles;
	bool all_images;
	const bool cut = cuts_tiles(self) && nadir_tile_row_get_plan(self->tiles, &tiles, &all_images);
	if (export_format_has_outlines(self->format))
		plan.simplify = tolerances[adw_combo_row_get_selected(self->simplify)];
	if (self->cancel)
		return;
	g_settings_set_string(self->settings, "export-format", export_format_name(self->format));
	g_settings_set_double(self->settings, "export-simplify", tolerances[adw_combo_row_get_selected(self->simplify)]);
	self->cancel = g_cancellable_new();
	set_error(self, NULL);
	set_busy(self, true);
	plan.permille = self->permille;
	if (cut) {
		tiles.format = self->format;
		nadir_document_export_tiles_async(self->document, path, &tiles, all_images, self->permille, self->cancel,
		                                  on_done, g_object_ref(self));
	} else {
		nadir_document_export_async(self->document, path, &plan, self->cancel, on_done, g_object_ref(self));
	}
}

static gboolean on_close_request(NadirExportDialog *self)
{
	g_cancellable_cancel(self->cancel);
	g_cancellable_cancel(self->ask_losses);
	return FALSE;
}

/* --- the dialog --- */

static void add_format(NadirExportDialog *self, export_format format, GtkCheckButton **group, const char *chosen)
{
	const bool impossible =
		export_format_needs_longitudes(format) && !georef_has_crs(nadir_document_get_georef(self->document));
	GtkWidget *row = adw_action_row_new(), *check = gtk_check_button_new();
	g_autofree char *title = g_strdup_printf("%s (%s)", export_format_title(format), export_format_extension(format));
	adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
	adw_action_row_set_subtitle(ADW_ACTION_ROW(row),
	                            impossible ? _("Needs an image with a CRS: take pixel coordinates instead")
	                                       : _(explanations[format]));
	gtk_widget_set_sensitive(row, !impossible);
	gtk_widget_set_valign(check, GTK_ALIGN_CENTER);
	g_object_set_data(G_OBJECT(check), "format", GINT_TO_POINTER(format));
	if (*group)
		gtk_check_button_set_group(GTK_CHECK_BUTTON(check), *group);
	else
		*group = GTK_CHECK_BUTTON(check);
	g_signal_connect(check, "toggled", G_CALLBACK(on_format_toggled), self);
	if (!impossible)
		self->checks[format] = GTK_CHECK_BUTTON(check);
	adw_action_row_add_prefix(ADW_ACTION_ROW(row), check);
	adw_action_row_set_activatable_widget(ADW_ACTION_ROW(row), check);
	adw_preferences_group_add(ADW_PREFERENCES_GROUP(self->groups[export_format_group(format)]), row);
	if (!impossible && g_str_equal(export_format_name(format), chosen))
		gtk_check_button_set_active(GTK_CHECK_BUTTON(check), TRUE);
}

static void fill_crs(NadirExportDialog *self)
{
	const georef *ref = nadir_document_get_georef(self->document);
	const raster_info *info = raster_get_info(nadir_document_get_raster(self->document));
	const int zone = georef_utm_epsg(ref, info->width / 2.0, info->height / 2.0);
	const char *name = georef_has_crs(ref) ? georef_crs_name(ref) : NULL;
	g_autofree char *own = name ? g_strdup_printf(_("Own (%s)"), name) : g_strdup(_("The image's own"));
	g_autofree char *utm = zone > 0
	                           ? g_strdup_printf(_("UTM %d%s (EPSG:%d)"), zone % 100, zone < 32700 ? "N" : "S", zone)
	                           : g_strdup(_("UTM: no zone here"));
	const char *const items[] = {own, _("WGS 84 (EPSG:4326)"), utm, _("Other…"), NULL};
	g_autoptr(GtkStringList) model = gtk_string_list_new(items);
	adw_combo_row_set_model(self->crs, G_LIST_MODEL(model));
}

/* What is hidden is only out of sight. */
static void tell_hidden(NadirExportDialog *self)
{
	const guint n = nadir_document_n_hidden(self->document);
	g_autofree char *text =
		g_strdup_printf(ngettext("%u hidden object is exported, too.", "%u hidden objects are exported, too.", n), n);
	gtk_label_set_text(self->hidden, text);
	gtk_widget_set_visible(GTK_WIDGET(self->hidden), n > 0);
}

static void fill(NadirExportDialog *self)
{
	tell_hidden(self);
	fill_crs(self);
	nadir_tile_row_bind(self->tiles, self->settings);
	GtkCheckButton *group = NULL;
	g_autofree char *stem = default_stem(self);
	g_autofree char *chosen = g_settings_get_string(self->settings, "export-format");
	const double tolerance = g_settings_get_double(self->settings, "export-simplify");
	gtk_editable_set_text(GTK_EDITABLE(self->path), stem);
	for (int g = 0; g < EXPORT_GROUPS; g++) {
		self->groups[g] = adw_preferences_group_new();
		adw_preferences_group_set_title(ADW_PREFERENCES_GROUP(self->groups[g]), export_group_title((export_group)g));
		adw_preferences_page_add(self->page, ADW_PREFERENCES_GROUP(self->groups[g]));
	}
	for (guint i = 0; i < G_N_ELEMENTS(order); i++)
		add_format(self, order[i], &group, chosen);
	if (!strrchr(gtk_editable_get_text(GTK_EDITABLE(self->path)) + strlen(stem), '.'))
		gtk_check_button_set_active(group, TRUE); /* what was chosen last cannot be had here */
	for (guint i = 0; i < G_N_ELEMENTS(tolerances); i++)
		if (tolerance >= tolerances[i])
			adw_combo_row_set_selected(self->simplify, i);
}

static void nadir_export_dialog_dispose(GObject *object)
{
	NadirExportDialog *self = NADIR_EXPORT_DIALOG(object);
	stop_timer(self);
	g_clear_object(&self->document);
	g_clear_object(&self->settings);
	g_clear_object(&self->cancel);
	g_clear_object(&self->chooser);
	g_cancellable_cancel(self->ask_losses); /* there is nothing left to show them in */
	g_clear_object(&self->ask_losses);
	g_clear_pointer(&self->losses, g_ptr_array_unref);
	G_OBJECT_CLASS(nadir_export_dialog_parent_class)->dispose(object);
}

static void nadir_export_dialog_class_init(NadirExportDialogClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	g_type_ensure(NADIR_TYPE_TILE_ROW);
	G_OBJECT_CLASS(klass)->dispose = nadir_export_dialog_dispose;
	signals[EXPORTED] = g_signal_new("exported", NADIR_TYPE_EXPORT_DIALOG, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
	                                 G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/export-dialog.ui");
	gtk_widget_class_bind_template_child(widget_class, NadirExportDialog, page);
	gtk_widget_class_bind_template_child(widget_class, NadirExportDialog, losses_title);
	gtk_widget_class_bind_template_child(widget_class, NadirExportDialog, losses_text);
	gtk_widget_class_bind_template_child(widget_class, NadirExportDialog, hidden);
	gtk_widget_class_bind_template_child(widget_class, NadirExportDialog, losses_icon);
	gtk_widget_class_bind_template_child(widget_class, NadirExportDialog, simplify);
	gtk_widget_class_bind_template_child(widget_class, NadirExportDialog, path);
	gtk_widget_class_bind_template_child(widget_class, NadirExportDialog, export_button);
	gtk_widget_class_bind_template_child(widget_class, NadirExportDialog, progress);
	gtk_widget_class_bind_template_child(widget_class, NadirExportDialog, crs);
	gtk_widget_class_bind_template_child(widget_class, NadirExportDialog, epsg);
	gtk_widget_class_bind_template_child(widget_class, NadirExportDialog, tiles);
	gtk_widget_class_bind_template_child(widget_class, NadirExportDialog, note);
	gtk_widget_class_bind_template_child(widget_class, NadirExportDialog, error_revealer);
	gtk_widget_class_bind_template_child(widget_class, NadirExportDialog, error);
	gtk_widget_class_bind_template_callback(widget_class, on_path_changed);
	gtk_widget_class_bind_template_callback(widget_class, on_crs_changed);
	gtk_widget_class_bind_template_callback(widget_class, on_tiles_changed);
	gtk_widget_class_bind_template_callback(widget_class, on_browse);
	gtk_widget_class_bind_template_callback(widget_class, on_export);
	gtk_widget_class_bind_template_callback(widget_class, on_close_request);
	gtk_widget_class_add_binding_action(widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void nadir_export_dialog_init(NadirExportDialog *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
	nadir_fit_window_to_text(GTK_WINDOW(self));
}

GtkWidget *nadir_export_dialog_new(GtkWindow *parent, NadirDocument *document, GSettings *settings)
{
	NadirExportDialog *self = g_object_new(NADIR_TYPE_EXPORT_DIALOG, "transient-for", parent, NULL);
	self->document = g_object_ref(document);
	self->settings = g_object_ref(settings);
	self->ask_losses = g_cancellable_new();
	fill(self);
	nadir_document_losses_async(document, self->ask_losses, on_losses, g_object_ref(self));
	gtk_widget_grab_focus(GTK_WIDGET(self->path));
	return GTK_WIDGET(self);
}
