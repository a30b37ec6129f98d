#include "app/panel/panel-images.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "app/document/document-images.h"
#include "app/document/image-list.h"
#include "app/panel/thumbnails.h"

#define UPDATE_AFTER 400 /* ms after the last change of an object: what the project says is read then */

struct _NadirPanelImages {
	GtkWidget parent_instance;

	/* Template widgets */
	GtkLabel *count, *none;
	GtkSearchEntry *search;
	GtkMenuButton *filter_button;
	GtkDropDown *state, *klass, *modality, *since;
	GtkSpinButton *score_min, *score_max;
	GtkStack *stack;
	GtkListView *list;

	/* Owned references */
	NadirDocument *document;
	GSignalGroup *signals;
	NadirImageList *images;
	GtkNoSelection *selection;
	GtkStringList *classes;
	GArray *class_ids; /* of int, as `classes` without its first */
	GCancellable *reading;
	thumbnails *thumbs;
	char *project; /* whose images these are */

	gint64 shown;
	guint update_source;
	gboolean loading; /* the filter's widgets follow something else: do not answer */
};

G_DEFINE_FINAL_TYPE(NadirPanelImages, nadir_panel_images, GTK_TYPE_WIDGET)

static guint open_signal, loaded_signal;

/* --- what is said of it --- */

static const char *const state_icons[IMAGE_STATES] = {
	[IMAGE_NEW] = NULL,
	[IMAGE_IN_WORK] = "document-edit-symbolic",
	[IMAGE_DONE] = "object-select-symbolic",
	[IMAGE_FLAGGED] = "emblem-important-symbolic",
};
static const char *const state_names[IMAGE_STATES] = {N_("new"), N_("in work"), N_("done"), N_("flagged")};
static const char *const modality_names[] = {
	[RASTER_OPTICAL] = N_("optical"), [RASTER_SAR] = N_("SAR"), [RASTER_INFRARED] = N_("infrared")};

static char *describe(const image_entry *e)
{
	GString *text = g_string_new(_(state_names[e->state]));
	if (e->objects > 0)
		g_string_append_printf(text, ngettext(" · %u object", " · %u objects", e->objects), e->objects);
	if (e->modality >= 0 && e->modality < (int)G_N_ELEMENTS(modality_names))
		g_string_append_printf(text, " · %s", _(modality_names[e->modality]));
	return g_string_free(text, FALSE);
}

static void show_count(NadirPanelImages *self)
{
	const guint n = g_list_model_get_n_items(G_LIST_MODEL(self->images)), of = nadir_image_list_get_total(self->images);
	g_autofree char *text =
		n == of ? g_strdup_printf("%'u", of) : g_strdup_printf(_("%'u of %'u"), n, of); /* n of all images */
	gtk_label_set_text(self->count, of > 0 ? text : "");
	gtk_label_set_text(self->none, of > 0 ? _("No image passes the search and filter.")
	                                      : _("This image is in no project yet. Add more images with +, and they "
	                                          "become a project together."));
	gtk_stack_set_visible_child_name(self->stack, n > 0 ? "list" : "none");
}

/* --- rows --- */

/* Asked for when the pointer rests: setting a text asks the X server where the pointer is, for each of two hundred
 * rows. */
static gboolean on_tooltip(GtkWidget *row, int x, int y, gboolean keyboard, GtkTooltip *tooltip, GtkListItem *item)
{
	gpointer shown = gtk_list_item_get_item(item);
	g_autofree char *place = shown ? g_filename_display_name(nadir_image_item_get_entry(shown)->path) : NULL;
	gtk_tooltip_set_text(tooltip, place);
	return place != NULL;
}

static void on_setup(GtkSignalListItemFactory *factory, GtkListItem *item, NadirPanelImages *self)
{
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 10), *picture = gtk_picture_new();
	GtkWidget *texts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 1), *icon = gtk_image_new();
	GtkWidget *labels[] = {gtk_label_new(NULL), gtk_label_new(NULL)};
	gtk_widget_set_size_request(picture, 52, 40);
	gtk_widget_add_css_class(picture, "thumbnail");
	for (guint i = 0; i < G_N_ELEMENTS(labels); i++) {
		gtk_label_set_xalign(GTK_LABEL(labels[i]), 0);
		gtk_label_set_ellipsize(GTK_LABEL(labels[i]), i == 0 ? PANGO_ELLIPSIZE_MIDDLE : PANGO_ELLIPSIZE_END);
		gtk_box_append(GTK_BOX(texts), labels[i]);
	}
	gtk_widget_add_css_class(labels[1], "dim-label");
	gtk_widget_add_css_class(labels[1], "caption");
	gtk_widget_set_hexpand(texts, TRUE);
	gtk_widget_set_valign(texts, GTK_ALIGN_CENTER);
	gtk_box_append(GTK_BOX(row), picture);
	gtk_box_append(GTK_BOX(row), texts);
	gtk_box_append(GTK_BOX(row), icon);
	gtk_widget_add_css_class(row, "image-row");
	gtk_widget_set_has_tooltip(row, TRUE);
	g_signal_connect_object(row, "query-tooltip", G_CALLBACK(on_tooltip), item, 0);
	gtk_list_item_set_child(item, row);
}

static void on_bind(GtkSignalListItemFactory *factory, GtkListItem *item, NadirPanelImages *self)
{
	const image_entry *e = nadir_image_item_get_entry(gtk_list_item_get_item(item));
	GtkWidget *row = gtk_list_item_get_child(item), *picture = gtk_widget_get_first_child(row);
	GtkWidget *texts = gtk_widget_get_next_sibling(picture), *icon = gtk_widget_get_next_sibling(texts);
	GtkWidget *name = gtk_widget_get_first_child(texts), *details = gtk_widget_get_next_sibling(name);
	const bool shown = e->id == self->shown;
	g_autofree char *text = describe(e), *valid = g_filename_display_name(e->name);
	g_autofree char *label = g_strdup_printf(shown ? _("%s, %s, on screen") : "%s, %s", valid, text);
	gtk_label_set_text(GTK_LABEL(name), valid);
	gtk_label_set_text(GTK_LABEL(details), text);
	gtk_image_set_from_icon_name(GTK_IMAGE(icon), state_icons[e->state]);
	if (shown)
		gtk_widget_add_css_class(row, "shown");
	else
		gtk_widget_remove_css_class(row, "shown");
	gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
	thumbnails_show(self->thumbs, GTK_PICTURE(picture), e->path);
}

static void on_unbind(GtkSignalListItemFactory *factory, GtkListItem *item, NadirPanelImages *self)
{
	GtkWidget *row = gtk_list_item_get_child(item);
	if (row && self->thumbs)
		thumbnails_forget(self->thumbs, GTK_PICTURE(gtk_widget_get_first_child(row)));
}

static void on_activate(NadirPanelImages *self, guint position)
{
	g_autoptr(NadirImageItem) item = g_list_model_get_item(G_LIST_MODEL(self->images), position);
	if (item && nadir_image_item_get_entry(item)->id != self->shown)
		g_signal_emit(self, open_signal, 0, nadir_image_item_get_entry(item)->id);
}

static void refresh_row(NadirPanelImages *self, gint64 image)
{
	guint position;
	if (nadir_image_list_find(self->images, image, &position))
		g_list_model_items_changed(G_LIST_MODEL(self->images), position, 1, 1);
}

static void set_shown(NadirPanelImages *self, gint64 image)
{
	const gint64 before = self->shown;
	guint position;
	self->shown = image;
	if (before == image)
		return;
	refresh_row(self, before);
	refresh_row(self, image);
	if (nadir_image_list_find(self->images, image, &position))
		gtk_widget_activate_action(GTK_WIDGET(self->list), "list.scroll-to-item", "u", position);
}

/* --- filter --- */

static void on_filter(NadirPanelImages *self)
{
	static const gint64 ages[] = {0, 3600, 86400, 7 * 86400, 30 * 86400}; /* seconds, as the drop-down has them */
	static const int modalities[] = {-1, RASTER_OPTICAL, RASTER_SAR, RASTER_INFRARED, RASTER_OTHER};
	if (self->loading || !self->images)
		return;
	const guint klass = gtk_drop_down_get_selected(self->klass), since = gtk_drop_down_get_selected(self->since);
	image_filter f = {
		.text = gtk_editable_get_text(GTK_EDITABLE(self->search)),
		.state = (int)gtk_drop_down_get_selected(self->state) - 1,
		.modality = modalities[MIN(gtk_drop_down_get_selected(self->modality), G_N_ELEMENTS(modalities) - 1)],
		.score_min = gtk_spin_button_get_value(self->score_min),
		.score_max = gtk_spin_button_get_value(self->score_max),
	};
	if (klass > 0 && klass <= self->class_ids->len)
		f.class_id = g_array_index(self->class_ids, int, klass - 1);
	if (since > 0 && since < G_N_ELEMENTS(ages))
		f.since = g_get_real_time() - ages[since] * G_USEC_PER_SEC;
	const bool any =
		f.state < 0 && f.modality < 0 && f.class_id == 0 && f.since == 0 && f.score_min <= 0 && f.score_max >= 1;
	if (any)
		gtk_widget_remove_css_class(GTK_WIDGET(self->filter_button), "accent");
	else
		gtk_widget_add_css_class(GTK_WIDGET(self->filter_button), "accent");
	gtk_menu_button_set_icon_name(self->filter_button, any ? "nadir-sliders-symbolic" : "edit-find-replace-symbolic");
	nadir_image_list_set_filter(self->images, &f);
	show_count(self);
}

static void on_show_all(NadirPanelImages *self)
{
	self->loading = TRUE;
	gtk_editable_set_text(GTK_EDITABLE(self->search), "");
	gtk_drop_down_set_selected(self->state, 0);
	gtk_drop_down_set_selected(self->klass, 0);
	gtk_drop_down_set_selected(self->modality, 0);
	gtk_drop_down_set_selected(self->since, 0);
	gtk_spin_button_set_value(self->score_min, 0);
	gtk_spin_button_set_value(self->score_max, 1);
	self->loading = FALSE;
	on_filter(self);
}

static void on_stop_search(NadirPanelImages *self)
{
	gtk_editable_set_text(GTK_EDITABLE(self->search), "");
	gtk_widget_grab_focus(GTK_WIDGET(self->list));
}

/* The class that is chosen stays so by its id. */
static void show_classes(NadirPanelImages *self)
{
	GPtrArray *classes = self->document ? nadir_document_get_classes(self->document) : NULL;
	const guint was = gtk_drop_down_get_selected(self->klass);
	const int id = was > 0 && was <= self->class_ids->len ? g_array_index(self->class_ids, int, was - 1) : 0;
	guint now = 0;
	self->loading = TRUE;
	gtk_string_list_splice(self->classes, 1, g_list_model_get_n_items(G_LIST_MODEL(self->classes)) - 1, NULL);
	g_array_set_size(self->class_ids, 0);
	for (guint i = 0; classes && i < classes->len; i++) {
		const project_class *c = classes->pdata[i];
		gtk_string_list_append(self->classes, c->name);
		g_array_append_val(self->class_ids, c->id);
		now = c->id == id ? i + 1 : now;
	}
	gtk_drop_down_set_selected(self->klass, now);
	self->loading = FALSE;
}

/* --- reading --- */

static void on_read_all(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirPanelImages) self = data;
	g_autoptr(GError) error = NULL;
	gint64 shown = 0;
	g_autoptr(GPtrArray) entries = nadir_document_read_images_finish(result, &shown, &error);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	g_clear_object(&self->reading);
	if (!entries) {
		nadir_document_report(self->document, error);
		return;
	}
	nadir_image_list_set_entries(self->images, g_steal_pointer(&entries));
	set_shown(self, shown);
	on_filter(self);
	g_signal_emit(self, loaded_signal, 0);
}

static void on_read_one(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirPanelImages) self = data;
	gint64 shown = 0;
	g_autoptr(GPtrArray) entries = nadir_document_read_images_finish(result, &shown, NULL);
	if (!entries || source != G_OBJECT(self->document))
		return;
	if (nadir_image_list_get_total(self->images) == 0 && entries->len > 0) { /* the project has just begun */
		nadir_panel_images_reload(self);
		return;
	}
	set_shown(self, shown);
	if (entries->len > 0)
		nadir_image_list_update(self->images, g_ptr_array_steal_index(entries, 0));
	g_signal_emit(self, loaded_signal, 0);
}

void nadir_panel_images_reload(NadirPanelImages *self)
{
	g_return_if_fail(NADIR_IS_PANEL_IMAGES(self));
	g_cancellable_cancel(self->reading);
	g_clear_object(&self->reading);
	if (!self->document)
		return;
	self->reading = g_cancellable_new();
	nadir_document_read_images_async(self->document, 0, self->reading, on_read_all, g_object_ref(self));
}

void nadir_panel_images_update(NadirPanelImages *self)
{
	g_return_if_fail(NADIR_IS_PANEL_IMAGES(self));
	g_clear_handle_id(&self->update_source, g_source_remove);
	if (self->document)
		nadir_document_read_images_async(self->document, -1, NULL, on_read_one, g_object_ref(self));
}

static gboolean update_now(gpointer data)
{
	NadirPanelImages *self = data;
	self->update_source = 0;
	nadir_panel_images_update(self);
	return G_SOURCE_REMOVE;
}

static void on_objects_changed(NadirPanelImages *self)
{
	g_clear_handle_id(&self->update_source, g_source_remove);
	self->update_source = g_timeout_add(UPDATE_AFTER, update_now, self);
}

void nadir_panel_images_set_document(NadirPanelImages *self, NadirDocument *document)
{
	g_return_if_fail(NADIR_IS_PANEL_IMAGES(self));
	const char *place = document ? nadir_document_get_project_path(document) : NULL;
	const bool same = place && g_strcmp0(place, self->project) == 0;
	g_clear_handle_id(&self->update_source, g_source_remove);
	if (self->document)
		g_signal_handlers_disconnect_by_func(nadir_document_get_objects(self->document), on_objects_changed, self);
	g_set_object(&self->document, document);
	if (document) /* closed first, then comes the next one of the same project: its list stays */
		g_signal_connect_object(nadir_document_get_objects(document), "items-changed", G_CALLBACK(on_objects_changed),
		                        self, G_CONNECT_SWAPPED);
	g_signal_group_set_target(self->signals, document);
	show_classes(self);
	if (same && nadir_image_list_get_total(self->images) > 0) {
		nadir_panel_images_update(self);
		return;
	}
	g_free(self->project);
	self->project = g_strdup(place);
	self->shown = 0;
	nadir_image_list_set_entries(self->images, g_ptr_array_new());
	show_count(self);
	nadir_panel_images_reload(self);
}

/* --- for the window --- */

guint nadir_panel_images_get_total(NadirPanelImages *self)
{
	return nadir_image_list_get_total(self->images);
}

gint64 nadir_panel_images_get_shown(NadirPanelImages *self)
{
	return self->shown;
}

gint64 nadir_panel_images_step(NadirPanelImages *self, gint64 from, int step, bool unreviewed)
{
	return nadir_image_list_step(self->images, from ? from : self->shown, step, unreviewed);
}

int nadir_panel_images_get_state(NadirPanelImages *self)
{
	const image_entry *e = nadir_image_list_get(self->images, self->shown);
	return e ? (int)e->state : -1;
}

void nadir_panel_images_focus_search(NadirPanelImages *self)
{
	gtk_widget_grab_focus(GTK_WIDGET(self->search));
}

/* --- life --- */

static void nadir_panel_images_dispose(GObject *object)
{
	NadirPanelImages *self = NADIR_PANEL_IMAGES(object);
	GtkWidget *child;
	g_clear_handle_id(&self->update_source, g_source_remove);
	g_cancellable_cancel(self->reading);
	g_clear_object(&self->reading);
	g_clear_object(&self->document);
	g_clear_object(&self->signals);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))))
		gtk_widget_unparent(child);
	g_clear_pointer(&self->thumbs, thumbnails_free);
	g_clear_object(&self->selection);
	g_clear_object(&self->images);
	g_clear_object(&self->classes);
	G_OBJECT_CLASS(nadir_panel_images_parent_class)->dispose(object);
}

static void nadir_panel_images_finalize(GObject *object)
{
	NadirPanelImages *self = NADIR_PANEL_IMAGES(object);
	g_array_unref(self->class_ids);
	g_free(self->project);
	G_OBJECT_CLASS(nadir_panel_images_parent_class)->finalize(object);
}

#define BIND(name) gtk_widget_class_bind_template_child(widget_class, NadirPanelImages, name)

static void nadir_panel_images_class_init(NadirPanelImagesClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_panel_images_dispose;
	G_OBJECT_CLASS(klass)->finalize = nadir_panel_images_finalize;
	open_signal = g_signal_new("open", NADIR_TYPE_PANEL_IMAGES, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
	                           G_TYPE_INT64);
	loaded_signal =
		g_signal_new("loaded", NADIR_TYPE_PANEL_IMAGES, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/panel-images.ui");
	BIND(count);
	BIND(none);
	BIND(search);
	BIND(filter_button);
	BIND(state);
	BIND(klass);
	BIND(modality);
	BIND(since);
	BIND(score_min);
	BIND(score_max);
	BIND(stack);
	BIND(list);
	gtk_widget_class_bind_template_callback(widget_class, on_filter);
	gtk_widget_class_bind_template_callback(widget_class, on_show_all);
	gtk_widget_class_bind_template_callback(widget_class, on_stop_search);
	gtk_widget_class_bind_template_callback(widget_class, on_activate);
}

static void nadir_panel_images_init(NadirPanelImages *self)
{
	self->loading = TRUE;
	self->class_ids = g_array_new(FALSE, FALSE, sizeof(int));
	self->thumbs = thumbnails_new();
	gtk_widget_init_template(GTK_WIDGET(self));
	self->images = nadir_image_list_new();
	self->selection = gtk_no_selection_new(g_object_ref(G_LIST_MODEL(self->images)));
	self->classes = gtk_string_list_new((const char *const[]){_("any"), NULL});
	gtk_drop_down_set_model(self->klass, G_LIST_MODEL(self->classes));
	self->signals = g_signal_group_new(NADIR_TYPE_DOCUMENT);
	g_signal_group_connect_swapped(self->signals, "classes-changed", G_CALLBACK(show_classes), self);
	g_autoptr(GtkListItemFactory) factory = gtk_signal_list_item_factory_new();
	g_signal_connect(factory, "setup", G_CALLBACK(on_setup), self);
	g_signal_connect(factory, "bind", G_CALLBACK(on_bind), self);
	g_signal_connect(factory, "unbind", G_CALLBACK(on_unbind), self);
	gtk_list_view_set_factory(self->list, factory);
	gtk_list_view_set_model(self->list, GTK_SELECTION_MODEL(self->selection));
	self->loading = FALSE;
	show_count(self);
}
