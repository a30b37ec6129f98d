#include "app/panel/object-row.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "app/panel/swatch.h"
#include "app/settings.h"
#include "render/geometry/attributes.h"

#define SIDE 16 /* of the swatch and of the icon */
#define GAP 12
#define SMALL_GAP 6

/* One widget that draws itself: GTK keeps two hundred rows alive whatever is in sight, and all of them are made anew
 * when a list changes as a whole. */
struct _NadirObjectRow {
	GtkWidget parent_instance;

	/* Owned */
	NadirObject *object;
	GtkWidget *entry;                     /* NULL unless the class is being typed */
	PangoLayout *name, *number, *details; /* NULL until they are drawn */

	GdkRGBA color; /* of the class */
	int pattern;
};

G_DEFINE_FINAL_TYPE(NadirObjectRow, nadir_object_row, GTK_TYPE_WIDGET)

enum { RELABEL, N_SIGNALS };
static guint signals[N_SIGNALS];

const char *nadir_object_kind(NadirObject *object)
{
	const feature *f = nadir_object_get_feature(object);
	if (g_strcmp0(f->model, "hand") == 0)
		return _("by hand");
	g_autoptr(prompt) marks = f->prompt && *f->prompt ? prompt_from_json(f->prompt, NULL) : NULL;
	if (marks && prompt_count(marks) > 0)
		return prompt_title(marks);
	if (g_strcmp0(f->source, "model") == 0) /* without marks: a search */
		return _("found");
	return _("imported");
}

/* "box · 0.96 · 598 m²": how it was marked, score, area. */
static char *describe(NadirObject *object)
{
	const feature *f = nadir_object_get_feature(object);
	switch (nadir_object_get_stage(object)) {
	case NADIR_STAGE_STORED:
		break;
	case NADIR_STAGE_WAITING:
		return g_strdup(_("waiting for the model…"));
	case NADIR_STAGE_STORING:
		return g_strdup(_("storing…"));
	case NADIR_STAGE_DRAFT:
		return g_strdup(_("not stored · ⏎ tries again"));
	}
	g_autofree char *area = nadir_format_area(f->area_m2, f->area_px);
	if (isnan(f->score))
		return g_strdup_printf("%s · %s", nadir_object_kind(object), area);
	return g_strdup_printf("%s · %.2f · %s", nadir_object_kind(object), f->score, area);
}

/* What an object's state is called in the row: while it is not stored, that is what matters. */
static const char *state_of(NadirObject *o)
{
	switch (nadir_object_get_stage(o)) {
	case NADIR_STAGE_STORED:
		break;
	case NADIR_STAGE_WAITING:
	case NADIR_STAGE_STORING:
		return "storing";
	case NADIR_STAGE_DRAFT:
		return "unstored";
	}
	return nadir_object_get_feature(o)->state;
}

/* State, icon, what it says. */
static const char *const looks[][3] = {{"accepted", "object-select-symbolic", N_("accepted")},
                                       {"rejected", "window-close-symbolic", N_("rejected")},
                                       {"flagged", "dialog-warning-symbolic", N_("flagged for another look")},
                                       {"draft", "document-edit-symbolic", N_("draft")},
                                       {"storing", "content-loading-symbolic", N_("not stored yet")},
                                       {"unstored", "dialog-warning-symbolic", N_("could not be stored")}};

static const char *const *look_of(NadirObject *o)
{
	for (guint i = 0; i < G_N_ELEMENTS(looks); i++)
		if (g_strcmp0(state_of(o), looks[i][0]) == 0)
			return looks[i];
	return looks[0];
}

const char *nadir_object_state_title(NadirObject *o)
{
	return _(look_of(o)[2]);
}

/* "accepted, hidden, locked" */
static char *state_text(NadirObject *o)
{
	return g_strconcat(nadir_object_state_title(o), nadir_object_is_hidden(o) ? _(", hidden") : "",
	                   nadir_object_is_locked(o) ? _(", locked") : "", NULL);
}

static void add_value(const char *name, attribute_type t, const char *text, void *data)
{
	g_string_append_printf(data, " %s", text);
}

bool nadir_object_contains_text(NadirObject *o, const char *folded)
{
	const feature *f = nadir_object_get_feature(o);
	g_autofree char *details = describe(o);
	g_autoptr(GString) all = g_string_new(NULL);
	g_string_printf(all, "%s #%" G_GINT64_FORMAT " %s %s %s", f->class_name, f->id, details, f->state,
	                f->caption ? f->caption : "");
	attributes_each(f->attributes, add_value, all);
	g_autofree char *text = g_utf8_casefold(all->str, -1);
	return strstr(text, folded) != NULL;
}

static void forget_texts(NadirObjectRow *self)
{
	g_clear_object(&self->name);
	g_clear_object(&self->number);
	g_clear_object(&self->details);
}

static void end_editing(NadirObjectRow *self)
{
	g_clear_pointer(&self->entry, gtk_widget_unparent);
	gtk_widget_queue_resize(GTK_WIDGET(self));
}

void nadir_object_row_bind(NadirObjectRow *self, NadirObject *object, const project_class *class)
{
	g_return_if_fail(NADIR_IS_OBJECT_ROW(self));
	g_set_object(&self->object, object);
	if (self->entry)
		end_editing(self);
	forget_texts(self);
	if (!object)
		return;
	const feature *f = nadir_object_get_feature(object);
	g_autofree char *details = describe(object);
	g_autofree char *state = state_text(object);
	g_autofree char *spoken =
		f->id > 0 ? g_strdup_printf("%s #%" G_GINT64_FORMAT ", %s, %s", f->class_name, f->id, details, state)
				  : g_strdup_printf("%s, %s, %s", f->class_name, details, state);
	gdk_rgba_parse(&self->color, class ? class->color : "#888888");
	self->pattern = class ? class->pattern : 0;
	gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
	gtk_widget_queue_draw(GTK_WIDGET(self));
}

NadirObject *nadir_object_row_get_object(NadirObjectRow *self)
{
	return self->object;
}

static GtkEntryCompletion *make_completion(GPtrArray *classes)
{
	g_autoptr(GtkListStore) names = gtk_list_store_new(1, G_TYPE_STRING);
	for (guint i = 0; i < classes->len; i++) {
		const project_class *c = classes->pdata[i];
		gtk_list_store_insert_with_values(names, NULL, -1, 0, c->name, -1);
	}
	GtkEntryCompletion *completion = gtk_entry_completion_new();
	gtk_entry_completion_set_model(completion, GTK_TREE_MODEL(names));
	gtk_entry_completion_set_text_column(completion, 0);
	gtk_entry_completion_set_inline_completion(completion, TRUE);
	gtk_entry_completion_set_popup_completion(completion, FALSE);
	return completion;
}

static void on_entry_activate(NadirObjectRow *self)
{
	g_autofree char *text = g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(self->entry))));
	end_editing(self);
	if (*text && self->object && g_strcmp0(text, nadir_object_get_feature(self->object)->class_name) != 0)
		g_signal_emit(self, signals[RELABEL], 0, text);
}

static gboolean end_later(gpointer data)
{
	g_autoptr(NadirObjectRow) self = data;
	if (self->entry)
		end_editing(self);
	return G_SOURCE_REMOVE;
}

/* Not at once: the focus is still on its way. */
static void on_entry_leave(NadirObjectRow *self)
{
	g_idle_add(end_later, g_object_ref(self));
}

static gboolean on_entry_key(NadirObjectRow *self, guint key)
{
	if (key != GDK_KEY_Escape)
		return FALSE;
	end_editing(self);
	return TRUE;
}

static void make_entry(NadirObjectRow *self)
{
	GtkEventController *focus = gtk_event_controller_focus_new(), *keys = gtk_event_controller_key_new();
	self->entry = gtk_entry_new();
	gtk_entry_set_max_length(GTK_ENTRY(self->entry), 120);
	gtk_accessible_update_property(GTK_ACCESSIBLE(self->entry), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Class of the object"),
	                               -1);
	gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
	/* The focus may leave the entry when the row is gone already. */
	g_signal_connect_object(self->entry, "activate", G_CALLBACK(on_entry_activate), self, G_CONNECT_SWAPPED);
	g_signal_connect_object(focus, "leave", G_CALLBACK(on_entry_leave), self, G_CONNECT_SWAPPED);
	g_signal_connect_object(keys, "key-pressed", G_CALLBACK(on_entry_key), self, G_CONNECT_SWAPPED);
	gtk_widget_add_controller(self->entry, focus);
	gtk_widget_add_controller(self->entry, keys);
	gtk_widget_set_parent(self->entry, GTK_WIDGET(self));
}

void nadir_object_row_edit(NadirObjectRow *self, GPtrArray *classes)
{
	g_return_if_fail(NADIR_IS_OBJECT_ROW(self));
	if (!self->object)
		return;
	g_autoptr(GtkEntryCompletion) completion = make_completion(classes);
	if (!self->entry)
		make_entry(self);
	gtk_entry_set_completion(GTK_ENTRY(self->entry), completion);
	gtk_editable_set_text(GTK_EDITABLE(self->entry), nadir_object_get_feature(self->object)->class_name);
	gtk_widget_queue_resize(GTK_WIDGET(self));
	gtk_widget_grab_focus(self->entry);
}

/* --- the widget --- */

static PangoLayout *make_text(NadirObjectRow *self, const char *text, bool small)
{
	PangoLayout *layout = gtk_widget_create_pango_layout(GTK_WIDGET(self), text);
	pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
	if (small) {
		PangoAttrList *attributes = pango_attr_list_new();
		pango_attr_list_insert(attributes, pango_attr_scale_new(0.82));
		pango_attr_list_insert(attributes, pango_attr_font_features_new("tnum=1"));
		pango_layout_set_attributes(layout, attributes);
		pango_attr_list_unref(attributes);
	}
	return layout;
}

static void make_texts(NadirObjectRow *self)
{
	const feature *f = nadir_object_get_feature(self->object);
	g_autofree char *number = f->id > 0 ? g_strdup_printf("#%" G_GINT64_FORMAT, f->id) : g_strdup("");
	g_autofree char *details = describe(self->object);
	self->name = make_text(self, f->class_name, false);
	self->number = make_text(self, number, true);
	self->details = make_text(self, details, true);
}

/* Two lines of text: the same for all rows of a font, and looked up by all of them at every change. */
static int text_height(NadirObjectRow *self)
{
	static guint font;
	static double resolution;
	static int height;
	PangoContext *context = gtk_widget_get_pango_context(GTK_WIDGET(self));
	const guint now = pango_font_description_hash(pango_context_get_font_description(context));
	if (height == 0 || now != font || pango_cairo_context_get_resolution(context) != resolution) {
		int name, details;
		g_autoptr(PangoLayout) large = make_text(self, "X", false);
		g_autoptr(PangoLayout) small = make_text(self, "X", true);
		pango_layout_get_pixel_size(large, NULL, &name);
		pango_layout_get_pixel_size(small, NULL, &details);
		height = name + details;
		font = now;
		resolution = pango_cairo_context_get_resolution(context);
	}
	return height;
}

static void nadir_object_row_measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                                     int *natural, int *minimum_baseline, int *natural_baseline)
{
	NadirObjectRow *self = NADIR_OBJECT_ROW(widget);
	const bool tall = orientation == GTK_ORIENTATION_VERTICAL;
	*minimum = *natural = tall ? text_height(self) : 2 * (SIDE + GAP) + 48;
	if (self->entry) {
		int least, most;
		gtk_widget_measure(self->entry, orientation, -1, &least, &most, NULL, NULL);
		*minimum = MAX(*minimum, least + (tall ? 0 : 2 * (SIDE + GAP)));
		*natural = MAX(*natural, *minimum);
	}
}

static void nadir_object_row_size_allocate(GtkWidget *widget, int width, int height, int baseline)
{
	NadirObjectRow *self = NADIR_OBJECT_ROW(widget);
	if (!self->entry)
		return;
	int least;
	gtk_widget_measure(self->entry, GTK_ORIENTATION_VERTICAL, -1, &least, NULL, NULL, NULL);
	gtk_widget_size_allocate(self->entry,
	                         &(GtkAllocation){SIDE + GAP, (height - least) / 2, width - 2 * (SIDE + GAP), least}, -1);
}

typedef struct {
	GtkSnapshot *snapshot;
	int width, height;
	bool mirrored; /* right to left */
} painting;

static float from_left(const painting *p, float x, float w)
{
	return p->mirrored ? (float)p->width - x - w : x;
}

static int append_text(const painting *p, PangoLayout *layout, int x, int y, int most, const GdkRGBA *color)
{
	int w;
	pango_layout_set_width(layout, MAX(most, 1) * PANGO_SCALE);
	pango_layout_get_pixel_size(layout, &w, NULL);
	PangoRectangle logical;
	pango_layout_get_pixel_extents(layout, NULL, &logical);
	gtk_snapshot_save(p->snapshot);
	gtk_snapshot_translate(p->snapshot,
	                       &GRAPHENE_POINT_INIT(from_left(p, (float)x, (float)w) - (float)logical.x, (float)y));
	gtk_snapshot_append_layout(p->snapshot, layout, color);
	gtk_snapshot_restore(p->snapshot);
	return w;
}

static void append_swatch(NadirObjectRow *self, const painting *p)
{
	const float y = (float)(p->height - SIDE) / 2;
	cairo_t *cr = gtk_snapshot_append_cairo(p->snapshot, &GRAPHENE_RECT_INIT(from_left(p, 0, SIDE), y, SIDE, SIDE));
	cairo_translate(cr, (double)from_left(p, 0, SIDE), (double)y);
	nadir_swatch_draw(cr, &self->color, self->pattern, SIDE);
	cairo_destroy(cr);
}

static void append_icon(NadirObjectRow *self, const painting *p, const char *name, int from_end, const GdkRGBA *color)
{
	GtkWidget *widget = GTK_WIDGET(self);
	GtkIconTheme *theme = gtk_icon_theme_get_for_display(gtk_widget_get_display(widget));
	g_autoptr(GtkIconPaintable) icon = gtk_icon_theme_lookup_icon(
		theme, name, NULL, SIDE, gtk_widget_get_scale_factor(widget), gtk_widget_get_direction(widget), 0);
	gtk_snapshot_save(p->snapshot);
	gtk_snapshot_translate(p->snapshot, &GRAPHENE_POINT_INIT(from_left(p, (float)(p->width - SIDE - from_end), SIDE),
	                                                         (float)(p->height - SIDE) / 2));
	gtk_symbolic_paintable_snapshot_symbolic(GTK_SYMBOLIC_PAINTABLE(icon), p->snapshot, SIDE, SIDE, color, 1);
	gtk_snapshot_restore(p->snapshot);
}

/* The state, and before it what keeps the object from being seen or touched. Returns the width of that. */
static int append_icons(NadirObjectRow *self, const painting *p, const GdkRGBA *color)
{
	int w = 0;
	append_icon(self, p, look_of(self->object)[1], 0, color);
	if (nadir_object_is_locked(self->object))
		append_icon(self, p, "changes-prevent-symbolic", w += SIDE + SMALL_GAP, color);
	if (nadir_object_is_hidden(self->object))
		append_icon(self, p, "view-conceal-symbolic", w += SIDE + SMALL_GAP, color);
	return w;
}

static void append_texts(NadirObjectRow *self, const painting *p, int icons, const GdkRGBA *color, const GdkRGBA *dim)
{
	const int x = SIDE + GAP, room = p->width - 2 * x - icons;
	int number, name_height, number_height, details_height;
	if (!self->name)
		make_texts(self);
	pango_layout_set_width(self->number, -1);
	pango_layout_get_pixel_size(self->number, &number, &number_height);
	pango_layout_get_pixel_size(self->name, NULL, &name_height);
	pango_layout_get_pixel_size(self->details, NULL, &details_height);
	const int top = (p->height - name_height - details_height) / 2;
	const int w = append_text(p, self->name, x, top, room - number - SMALL_GAP, color);
	append_text(p, self->number, x + w + SMALL_GAP, top + (name_height - number_height) / 2, number, dim);
	append_text(p, self->details, x, top + name_height, room, dim);
}

static void nadir_object_row_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
	NadirObjectRow *self = NADIR_OBJECT_ROW(widget);
	GdkRGBA color;
	if (!self->object)
		return;
	gtk_style_context_get_color(gtk_widget_get_style_context(widget), &color);
	GdkRGBA dim = color;
	dim.alpha *= 0.6f;
	const painting p = {snapshot, gtk_widget_get_width(widget), gtk_widget_get_height(widget),
	                    gtk_widget_get_direction(widget) == GTK_TEXT_DIR_RTL};
	append_swatch(self, &p);
	const int icons = append_icons(self, &p, &dim);
	if (self->entry)
		gtk_widget_snapshot_child(widget, self->entry, snapshot);
	else
		append_texts(self, &p, icons, nadir_object_is_hidden(self->object) ? &dim : &color, &dim);
}

static gboolean nadir_object_row_query_tooltip(GtkWidget *widget, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
	NadirObjectRow *self = NADIR_OBJECT_ROW(widget);
	if (!self->object || (!keyboard && x < gtk_widget_get_width(widget) - 3 * (SIDE + GAP)))
		return FALSE;
	g_autofree char *state = state_text(self->object);
	gtk_tooltip_set_text(tooltip, state);
	return TRUE;
}

static void nadir_object_row_css_changed(GtkWidget *widget, GtkCssStyleChange *change)
{
	GTK_WIDGET_CLASS(nadir_object_row_parent_class)->css_changed(widget, change);
	forget_texts(NADIR_OBJECT_ROW(widget));
}

static void nadir_object_row_dispose(GObject *object)
{
	NadirObjectRow *self = NADIR_OBJECT_ROW(object);
	g_clear_object(&self->object);
	g_clear_pointer(&self->entry, gtk_widget_unparent);
	forget_texts(self);
	G_OBJECT_CLASS(nadir_object_row_parent_class)->dispose(object);
}

static void nadir_object_row_class_init(NadirObjectRowClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_object_row_dispose;
	widget_class->measure = nadir_object_row_measure;
	widget_class->size_allocate = nadir_object_row_size_allocate;
	widget_class->snapshot = nadir_object_row_snapshot;
	widget_class->query_tooltip = nadir_object_row_query_tooltip;
	widget_class->css_changed = nadir_object_row_css_changed;
	signals[RELABEL] = g_signal_new("relabel", NADIR_TYPE_OBJECT_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
	                                G_TYPE_NONE, 1, G_TYPE_STRING);
	gtk_widget_class_set_css_name(widget_class, "object-row");
}

static void nadir_object_row_init(NadirObjectRow *self)
{
	gtk_widget_add_css_class(GTK_WIDGET(self), "object-row");
	gtk_widget_set_has_tooltip(GTK_WIDGET(self), TRUE);
}

GtkWidget *nadir_object_row_new(void)
{
	return g_object_new(NADIR_TYPE_OBJECT_ROW, NULL);
}
