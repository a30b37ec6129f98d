#include "app/panel/go-to.h"
#include "app/command/text-size.h"
#include "app/document/document-look.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/settings.h"
#include "render/geometry/coordinate.h"

struct _NadirGoTo {
	GtkWindow parent_instance;

	GtkEntry *entry;
	GtkListBox *list;
	GtkLabel *hint;

	NadirCanvas *canvas;        /* owned */
	char *forgotten, *restored; /* the name of the bookmark deleted last, the text with it; NULL: none */
};

G_DEFINE_FINAL_TYPE(NadirGoTo, nadir_go_to, GTK_TYPE_WINDOW)

/* --- bookmarks: lines of "x y scale name", "x y scale@degrees name" in a turned view --- */

typedef struct {
	double x, y, scale, turn;
	char *name;
} bookmark;

static void bookmark_free(void *data)
{
	bookmark *b = data;
	g_free(b->name);
	g_free(b);
}

static GPtrArray *read_bookmarks(NadirDocument *d)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(bookmark_free);
	g_auto(GStrv) lines = g_strsplit(nadir_document_get_bookmarks(d), "\n", -1);
	for (char **l = lines; *l; l++) {
		char *p = *l;
		bookmark b = {.x = g_ascii_strtod(p, &p)};
		b.y = g_ascii_strtod(p, &p);
		b.scale = g_ascii_strtod(p, &p);
		if (*p == '@')
			b.turn = g_ascii_strtod(p + 1, &p);
		if (*p != ' ' || !(b.scale > 0) || !isfinite(b.x) || !isfinite(b.y) || !isfinite(b.turn))
			continue;
		b.name = g_strdup(p + 1);
		g_ptr_array_add(list, g_memdup2(&b, sizeof b));
	}
	return list;
}

static void write_bookmarks(NadirDocument *d, const GPtrArray *list)
{
	GString *text = g_string_new(NULL);
	for (guint i = 0; i < list->len; i++) {
		const bookmark *b = list->pdata[i];
		char x[32], y[32], s[32], t[32];
		g_ascii_formatd(x, sizeof x, "%.8g", b->x);
		g_ascii_formatd(y, sizeof y, "%.8g", b->y);
		g_ascii_formatd(s, sizeof s, "%.6g", b->scale);
		g_ascii_formatd(t, sizeof t, "%.6g", b->turn);
		g_string_append_printf(text, "%s %s %s%s%s %s\n", x, y, s, b->turn != 0 ? "@" : "", b->turn != 0 ? t : "",
		                       b->name);
	}
	nadir_document_set_bookmarks(d, text->str);
	g_string_free(text, TRUE);
}

static bool has_name(const GPtrArray *list, const char *name)
{
	for (guint i = 0; i < list->len; i++)
		if (g_str_equal(((bookmark *)list->pdata[i])->name, name))
			return true;
	return false;
}

char *nadir_go_to_bookmark(NadirCanvas *canvas)
{
	NadirDocument *d = nadir_canvas_get_document(canvas);
	const viewport *v = nadir_canvas_get_viewport(canvas);
	g_autoptr(GPtrArray) list = read_bookmarks(d);
	char *name = NULL;
	for (guint n = list->len + 1; !name || has_name(list, name); n++) {
		g_free(name);
		/* Translators: name of a bookmark, with its number. */
		name = g_strdup_printf(_("Place %u"), n);
	}
	bookmark b = {.scale = v->scale, .turn = nadir_canvas_get_turn(canvas), .name = g_strdup(name)};
	viewport_to_image(v, v->screen_w / 2.0, v->screen_h / 2.0, &b.x, &b.y);
	g_ptr_array_add(list, g_memdup2(&b, sizeof b));
	write_bookmarks(d, list);
	return name;
}

/* --- the list --- */

static void go(NadirGoTo *self, const bookmark *to)
{
	nadir_canvas_set_turn(self->canvas, to->turn);
	nadir_canvas_look_at(self->canvas, to->x, to->y, to->scale);
	gtk_window_destroy(GTK_WINDOW(self));
}

/* to->name is not kept. */
static void set_target(GtkWidget *row, const bookmark *to)
{
	g_object_set_data_full(G_OBJECT(row), "target", g_memdup2(to, sizeof *to), g_free);
}

static GtkWidget *make_row(const char *icon, const char *title, const char *detail)
{
	GtkWidget *row = gtk_list_box_row_new(), *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 10);
	GtkWidget *name = gtk_label_new(title), *more = gtk_label_new(detail);
	gtk_label_set_xalign(GTK_LABEL(name), 0);
	gtk_label_set_ellipsize(GTK_LABEL(name), PANGO_ELLIPSIZE_END);
	gtk_widget_set_hexpand(name, TRUE);
	gtk_widget_add_css_class(more, "dim-label");
	gtk_widget_add_css_class(more, "numeric");
	gtk_box_append(GTK_BOX(box), gtk_image_new_from_icon_name(icon));
	gtk_box_append(GTK_BOX(box), name);
	gtk_box_append(GTK_BOX(box), more);
	gtk_widget_set_margin_start(box, 8);
	gtk_widget_set_margin_end(box, 8);
	gtk_widget_set_margin_top(box, 6);
	gtk_widget_set_margin_bottom(box, 6);
	gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
	return row;
}

static void add_coordinate(NadirGoTo *self, const coordinate *c)
{
	static const char *const titles[] = {[COORDINATE_PIXEL] = N_("Pixel"),
	                                     [COORDINATE_MAP] = N_("Map"),
	                                     [COORDINATE_LONLAT] = N_("Latitude, longitude"),
	                                     [COORDINATE_UTM] = N_("UTM or MGRS")};
	const char *title = _(titles[c->kind]);
	const bool lonlat = c->kind == COORDINATE_LONLAT || c->kind == COORDINATE_UTM;
	g_autofree char *a = nadir_format_fixed(c->given[lonlat], lonlat ? 6 : 2);
	g_autofree char *b = nadir_format_fixed(c->given[!lonlat], lonlat ? 6 : 2);
	g_autofree char *detail = g_strdup_printf(lonlat ? "%s°, %s°" : "%s, %s", a, b);
	g_autofree char *text = c->inside ? g_strdup(title) : g_strdup_printf(_("%s: outside of the image"), title);
	GtkWidget *row = make_row("find-location-symbolic", text, detail);
	gtk_widget_set_sensitive(row, c->inside);
	gtk_list_box_row_set_selectable(GTK_LIST_BOX_ROW(row), c->inside);
	set_target(row, &(bookmark){c->px, c->py, MAX(nadir_canvas_get_viewport(self->canvas)->scale, 1),
	                            nadir_canvas_get_turn(self->canvas), NULL});
	gtk_list_box_append(self->list, row);
}

static void refill(NadirGoTo *self);

static void keep_forgotten(NadirGoTo *self, const char *name, const char *text)
{
	g_free(self->forgotten);
	g_free(self->restored);
	self->forgotten = g_strdup(name);
	self->restored = g_strdup(text);
}

static void on_restore(NadirGoTo *self)
{
	g_autofree char *text = g_steal_pointer(&self->restored);
	keep_forgotten(self, NULL, NULL);
	nadir_document_set_bookmarks(nadir_canvas_get_document(self->canvas), text);
	refill(self);
}

static void add_forgotten(NadirGoTo *self)
{
	g_autofree char *title = g_strdup_printf(_("“%s” deleted"), self->forgotten);
	GtkWidget *row = make_row("user-trash-symbolic", title, ""), *undo = gtk_button_new_with_mnemonic(_("_Undo"));
	gtk_list_box_row_set_selectable(GTK_LIST_BOX_ROW(row), FALSE);
	gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), FALSE);
	gtk_widget_add_css_class(undo, "flat");
	g_signal_connect_swapped(undo, "clicked", G_CALLBACK(on_restore), self);
	gtk_box_append(GTK_BOX(gtk_list_box_row_get_child(GTK_LIST_BOX_ROW(row))), undo);
	gtk_list_box_append(self->list, row);
}

static void on_forget(GtkButton *button, NadirGoTo *self)
{
	NadirDocument *d = nadir_canvas_get_document(self->canvas);
	const char *name = g_object_get_data(G_OBJECT(button), "name");
	g_autoptr(GPtrArray) list = read_bookmarks(d);
	keep_forgotten(self, name, nadir_document_get_bookmarks(d));
	for (guint i = 0; i < list->len; i++)
		if (g_str_equal(((bookmark *)list->pdata[i])->name, name)) {
			g_ptr_array_remove_index(list, i);
			break;
		}
	write_bookmarks(d, list);
	refill(self);
}

/* An editable title: a bookmark is renamed where it stands. */
static void on_renamed(GtkEditableLabel *label, GParamSpec *spec, NadirGoTo *self)
{
	NadirDocument *d = nadir_canvas_get_document(self->canvas);
	const char *old = g_object_get_data(G_OBJECT(label), "name");
	if (gtk_editable_label_get_editing(label) || !old)
		return;
	g_autofree char *name = g_strstrip(g_strdelimit(g_strdup(gtk_editable_get_text(GTK_EDITABLE(label))), "\n", ' '));
	g_autoptr(GPtrArray) list = read_bookmarks(d);
	if (!*name || g_str_equal(name, old) || has_name(list, name)) {
		gtk_editable_set_text(GTK_EDITABLE(label), old);
		return;
	}
	for (guint i = 0; i < list->len; i++) {
		bookmark *b = list->pdata[i];
		if (!g_str_equal(b->name, old))
			continue;
		g_free(b->name);
		b->name = g_strdup(name);
	}
	keep_forgotten(self, NULL, NULL); /* taking back the deletion would take back the name, too */
	write_bookmarks(d, list);
	g_object_set_data_full(G_OBJECT(label), "name", g_strdup(name), g_free);
}

static void add_bookmark(NadirGoTo *self, const bookmark *b)
{
	g_autofree char *at = g_strdup_printf(_("px %.0f, %.0f · %.0f %%"), b->x, b->y, 100 * b->scale);
	g_autofree char *detail = b->turn != 0 ? g_strdup_printf("%s · %.0f°", at, b->turn) : g_strdup(at);
	GtkWidget *row = make_row("user-bookmarks-symbolic", "", detail);
	GtkWidget *box = gtk_list_box_row_get_child(GTK_LIST_BOX_ROW(row)), *icon = gtk_widget_get_first_child(box);
	GtkWidget *title = gtk_editable_label_new(b->name), *forget = gtk_button_new_from_icon_name("user-trash-symbolic");
	gtk_box_remove(GTK_BOX(box), gtk_widget_get_next_sibling(icon));
	gtk_widget_set_hexpand(title, TRUE);
	gtk_widget_set_tooltip_text(title, _("Double click renames"));
	g_object_set_data_full(G_OBJECT(title), "name", g_strdup(b->name), g_free);
	g_signal_connect(title, "notify::editing", G_CALLBACK(on_renamed), self);
	gtk_box_insert_child_after(GTK_BOX(box), title, icon);
	gtk_widget_add_css_class(forget, "flat");
	gtk_widget_set_tooltip_text(forget, _("Delete this bookmark"));
	g_object_set_data_full(G_OBJECT(forget), "name", g_strdup(b->name), g_free);
	g_signal_connect(forget, "clicked", G_CALLBACK(on_forget), self);
	gtk_box_append(GTK_BOX(box), forget);
	set_target(row, b);
	gtk_list_box_append(self->list, row);
}

static bool contains(const char *name, const char *text)
{
	g_autofree char *a = g_utf8_casefold(name, -1), *b = g_utf8_casefold(text, -1);
	return strstr(a, b) != NULL;
}

static void refill(NadirGoTo *self)
{
	NadirDocument *d = nadir_canvas_get_document(self->canvas);
	const raster_info *info = raster_get_info(nadir_document_get_raster(d));
	const char *text = gtk_editable_get_text(GTK_EDITABLE(self->entry));
	coordinate found[COORDINATE_MOST];
	GtkWidget *row;
	while ((row = gtk_widget_get_first_child(GTK_WIDGET(self->list))))
		gtk_list_box_remove(self->list, row);
	const int n = coordinate_parse(text, nadir_document_get_georef(d), info->width, info->height, found);
	for (int i = 0; i < n; i++)
		add_coordinate(self, &found[i]);
	g_autoptr(GPtrArray) list = read_bookmarks(d);
	for (guint i = 0; i < list->len; i++)
		if (n > 0 || contains(((bookmark *)list->pdata[i])->name, text))
			add_bookmark(self, list->pdata[i]);
	if (self->forgotten)
		add_forgotten(self);
	row = gtk_widget_get_first_child(GTK_WIDGET(self->list));
	const bool target = row && gtk_widget_get_sensitive(row) && gtk_list_box_row_get_selectable(GTK_LIST_BOX_ROW(row));
	gtk_list_box_select_row(self->list, target ? GTK_LIST_BOX_ROW(row) : NULL);
	gtk_widget_set_visible(GTK_WIDGET(self->list), row != NULL);
	gtk_widget_set_visible(GTK_WIDGET(self->hint), !row);
	gtk_label_set_text(
		self->hint, *text
						? _("This names no place: give two numbers, as pixels, map units or degrees.")
						: _("Two numbers, as pixels, map units or degrees. The view's bookmarks will be listed here."));
}

static void on_row(GtkListBox *list, GtkListBoxRow *row, NadirGoTo *self)
{
	const bookmark *to = g_object_get_data(G_OBJECT(row), "target");
	if (to && gtk_widget_get_sensitive(GTK_WIDGET(row)))
		go(self, to);
}

static void on_activate(NadirGoTo *self)
{
	GtkListBoxRow *row = gtk_list_box_get_selected_row(self->list);
	if (row)
		on_row(self->list, row, self);
}

static gboolean on_key(GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state, NadirGoTo *self)
{
	if (key == GDK_KEY_Escape) {
		gtk_window_destroy(GTK_WINDOW(self));
		return TRUE;
	}
	if (key != GDK_KEY_Down && key != GDK_KEY_Up)
		return FALSE;
	GtkListBoxRow *row = gtk_list_box_get_selected_row(self->list);
	const int at = row ? gtk_list_box_row_get_index(row) + (key == GDK_KEY_Down ? 1 : -1) : 0;
	row = gtk_list_box_get_row_at_index(self->list, MAX(at, 0));
	if (row)
		gtk_list_box_select_row(self->list, row);
	return TRUE;
}

static void nadir_go_to_dispose(GObject *object)
{
	keep_forgotten(NADIR_GO_TO(object), NULL, NULL);
	g_clear_object(&NADIR_GO_TO(object)->canvas);
	G_OBJECT_CLASS(nadir_go_to_parent_class)->dispose(object);
}

static void nadir_go_to_class_init(NadirGoToClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = nadir_go_to_dispose;
}

static void nadir_go_to_init(NadirGoTo *self)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8), *scrolled = gtk_scrolled_window_new();
	gtk_window_set_title(GTK_WINDOW(self), _("Go to a Place"));
	gtk_window_set_modal(GTK_WINDOW(self), TRUE);
	gtk_window_set_destroy_with_parent(GTK_WINDOW(self), TRUE);
	gtk_window_set_default_size(GTK_WINDOW(self), 480, -1);
	nadir_fit_window_to_text(GTK_WINDOW(self));
	self->entry = GTK_ENTRY(gtk_entry_new());
	gtk_entry_set_placeholder_text(self->entry, _("1200, 800 · 48.21 N 16.37 E · E 462000 N 5245000"));
	gtk_accessible_update_property(GTK_ACCESSIBLE(self->entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
	                               _("Position or name of a bookmark"), -1);
	self->list = GTK_LIST_BOX(gtk_list_box_new());
	gtk_widget_set_valign(GTK_WIDGET(self->list), GTK_ALIGN_START);
	gtk_widget_add_css_class(GTK_WIDGET(self->list), "boxed-list");
	self->hint = GTK_LABEL(gtk_label_new(NULL));
	gtk_label_set_wrap(self->hint, TRUE);
	gtk_label_set_xalign(self->hint, 0);
	gtk_widget_add_css_class(GTK_WIDGET(self->hint), "dim-label");
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), GTK_WIDGET(self->list));
	gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
	gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(scrolled), TRUE);
	gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(scrolled), 280);
	gtk_widget_set_margin_start(box, 12);
	gtk_widget_set_margin_end(box, 12);
	gtk_widget_set_margin_top(box, 12);
	gtk_widget_set_margin_bottom(box, 12);
	gtk_box_append(GTK_BOX(box), GTK_WIDGET(self->entry));
	gtk_box_append(GTK_BOX(box), GTK_WIDGET(self->hint));
	gtk_box_append(GTK_BOX(box), scrolled);
	gtk_window_set_child(GTK_WINDOW(self), box);
	g_signal_connect_swapped(self->entry, "changed", G_CALLBACK(refill), self);
	g_signal_connect_swapped(self->entry, "activate", G_CALLBACK(on_activate), self);
	g_signal_connect(self->list, "row-activated", G_CALLBACK(on_row), self);
	GtkEventController *keys = gtk_event_controller_key_new();
	gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
	g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), self);
	gtk_widget_add_controller(GTK_WIDGET(self->entry), keys);
}

GtkWidget *nadir_go_to_new(GtkWindow *parent, NadirCanvas *canvas)
{
	NadirGoTo *self = g_object_new(NADIR_TYPE_GO_TO, "transient-for", parent, NULL);
	self->canvas = g_object_ref(canvas);
	refill(self);
	return GTK_WIDGET(self);
}
