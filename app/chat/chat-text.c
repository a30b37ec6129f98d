#include "app/chat/chat-text.h"

#include <string.h>

struct _NadirChatText {
	GtkWidget parent_instance;

	GtkLabel *label; /* child */

	/* Owned */
	GArray *spans; /* of conversation_span */
	char *shown;

	int lit_region, lit_grounded;
	int pointed_kind, pointed_index; /* what was told last */
};

G_DEFINE_FINAL_TYPE(NadirChatText, nadir_chat_text, GTK_TYPE_WIDGET)

enum { POINTED, ACTIVATED, N_TEXT_SIGNALS };
static guint signals[N_TEXT_SIGNALS];

/* --- drawing --- */

void nadir_chat_snapshot_chip(GtkSnapshot *snapshot, const graphene_rect_t *r, const GdkRGBA *color, bool lit)
{
	GskRoundedRect round;
	gsk_rounded_rect_init_from_rect(&round, r, 5);
	gtk_snapshot_push_rounded_clip(snapshot, &round);
	gtk_snapshot_append_color(snapshot, color, r);
	gtk_snapshot_pop(snapshot);
	if (!lit)
		return;
	const GdkRGBA ring = {0, 0, 0, 0.75f};
	gtk_snapshot_append_border(snapshot, &round, (float[4]){2, 2, 2, 2}, (GdkRGBA[4]){ring, ring, ring, ring});
}

static void snapshot_line(NadirChatText *self, GtkSnapshot *snapshot, const conversation_span *span,
                          PangoLayoutIter *iter, double dx, double dy)
{
	PangoLayoutLine *line = pango_layout_iter_get_line_readonly(iter);
	PangoRectangle extents;
	int *ranges = NULL, n = 0;
	if ((int)span->end <= line->start_index || (int)span->start >= line->start_index + line->length)
		return;
	pango_layout_iter_get_line_extents(iter, NULL, &extents);
	pango_layout_line_get_x_ranges(line, (int)span->start, (int)span->end, &ranges, &n);
	GdkRGBA color = {0.18f, 0.76f, 0.49f, 0.30f};
	if (span->kind == SPAN_REGION)
		gdk_rgba_parse(&color, conversation_region_color(span->index));
	const bool lit = (int)span->index == (span->kind == SPAN_REGION ? self->lit_region : self->lit_grounded);
	for (int i = 0; i < n && (span->kind == SPAN_REGION || lit); i++) {
		const graphene_rect_t r = GRAPHENE_RECT_INIT((float)(dx + (double)ranges[2 * i] / PANGO_SCALE),
		                                             (float)(dy + (double)extents.y / PANGO_SCALE),
		                                             (float)((double)(ranges[2 * i + 1] - ranges[2 * i]) / PANGO_SCALE),
		                                             (float)((double)extents.height / PANGO_SCALE));
		nadir_chat_snapshot_chip(snapshot, &r, &color, lit && span->kind == SPAN_REGION);
	}
	g_free(ranges);
}

/* Where the label draws its text, in our coordinates. */
static void text_origin(NadirChatText *self, double *dx, double *dy)
{
	int x, y;
	gtk_label_get_layout_offsets(self->label, &x, &y);
	gtk_widget_translate_coordinates(GTK_WIDGET(self->label), GTK_WIDGET(self), x, y, dx, dy);
}

static void nadir_chat_text_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
	NadirChatText *self = NADIR_CHAT_TEXT(widget);
	double dx, dy;
	text_origin(self, &dx, &dy);
	for (guint i = 0; i < self->spans->len; i++) {
		PangoLayoutIter *iter = pango_layout_get_iter(gtk_label_get_layout(self->label));
		do
			snapshot_line(self, snapshot, &g_array_index(self->spans, conversation_span, i), iter, dx, dy);
		while (pango_layout_iter_next_line(iter));
		pango_layout_iter_free(iter);
	}
	gtk_widget_snapshot_child(widget, GTK_WIDGET(self->label), snapshot);
}

/* --- pointing --- */

static void tell(NadirChatText *self, int kind, int index)
{
	if (kind == self->pointed_kind && index == self->pointed_index)
		return;
	self->pointed_kind = kind;
	self->pointed_index = index;
	g_signal_emit(self, signals[POINTED], 0, kind, index);
}

static void on_motion(GtkEventControllerMotion *controller, double x, double y, NadirChatText *self)
{
	double dx, dy;
	int at, trailing;
	text_origin(self, &dx, &dy);
	if (pango_layout_xy_to_index(gtk_label_get_layout(self->label), (int)((x - dx) * PANGO_SCALE),
	                             (int)((y - dy) * PANGO_SCALE), &at, &trailing))
		for (guint i = 0; i < self->spans->len; i++) {
			const conversation_span *span = &g_array_index(self->spans, conversation_span, i);
			if (at >= (int)span->start && at < (int)span->end) {
				tell(self, span->kind, (int)span->index);
				return;
			}
		}
	tell(self, -1, -1);
}

static void on_leave(GtkEventControllerMotion *controller, NadirChatText *self)
{
	tell(self, -1, -1);
}

static bool parse_uri(const char *uri, int *kind, int *index)
{
	const char *colon = uri ? strchr(uri, ':') : NULL;
	if (!colon)
		return false;
	*kind = g_str_has_prefix(uri, "region") ? SPAN_REGION : SPAN_GROUNDED;
	*index = (int)g_ascii_strtoll(colon + 1, NULL, 10);
	return true;
}

/* The keyboard goes from link to link within the label. */
static void follow_focus(NadirChatText *self)
{
	int kind = -1, index = -1;
	if (gtk_widget_has_focus(GTK_WIDGET(self->label)))
		parse_uri(gtk_label_get_current_uri(self->label), &kind, &index);
	tell(self, kind, index);
}

static gboolean on_link(NadirChatText *self, const char *uri)
{
	int kind, index;
	if (parse_uri(uri, &kind, &index))
		g_signal_emit(self, signals[ACTIVATED], 0, kind, index);
	return TRUE;
}

/* --- the widget --- */

void nadir_chat_text_set(NadirChatText *self, const char *text, guint n_regions, const GPtrArray *grounded)
{
	g_return_if_fail(NADIR_IS_CHAT_TEXT(self) && text);
	g_free(self->shown);
	g_autofree char *markup = conversation_markup(text, n_regions, grounded, self->spans, &self->shown);
	gtk_label_set_markup(self->label, markup);
	gtk_widget_queue_draw(GTK_WIDGET(self));
}

void nadir_chat_text_light(NadirChatText *self, int region, int grounded)
{
	g_return_if_fail(NADIR_IS_CHAT_TEXT(self));
	if (self->lit_region == region && self->lit_grounded == grounded)
		return;
	self->lit_region = region;
	self->lit_grounded = grounded;
	gtk_widget_queue_draw(GTK_WIDGET(self));
}

const char *nadir_chat_text_get_shown(NadirChatText *self)
{
	g_return_val_if_fail(NADIR_IS_CHAT_TEXT(self), NULL);
	return self->shown;
}

static void nadir_chat_text_dispose(GObject *object)
{
	NadirChatText *self = NADIR_CHAT_TEXT(object);
	if (self->label)
		gtk_widget_unparent(GTK_WIDGET(self->label));
	self->label = NULL;
	G_OBJECT_CLASS(nadir_chat_text_parent_class)->dispose(object);
}

static void nadir_chat_text_finalize(GObject *object)
{
	NadirChatText *self = NADIR_CHAT_TEXT(object);
	g_array_unref(self->spans);
	g_free(self->shown);
	G_OBJECT_CLASS(nadir_chat_text_parent_class)->finalize(object);
}

static void nadir_chat_text_class_init(NadirChatTextClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_chat_text_dispose;
	G_OBJECT_CLASS(klass)->finalize = nadir_chat_text_finalize;
	widget_class->snapshot = nadir_chat_text_snapshot;
	gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
	gtk_widget_class_set_css_name(widget_class, "chattext");
	for (guint i = 0; i < N_TEXT_SIGNALS; i++)
		signals[i] = g_signal_new(i == POINTED ? "pointed" : "activated", NADIR_TYPE_CHAT_TEXT, G_SIGNAL_RUN_LAST, 0,
		                          NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_INT, G_TYPE_INT);
}

static void add_controllers(NadirChatText *self)
{
	GtkEventController *motion = gtk_event_controller_motion_new();
	g_signal_connect(motion, "motion", G_CALLBACK(on_motion), self);
	g_signal_connect(motion, "leave", G_CALLBACK(on_leave), self);
	gtk_widget_add_controller(GTK_WIDGET(self), motion);
	GtkEventController *focus = gtk_event_controller_focus_new(), *keys = gtk_event_controller_key_new();
	g_signal_connect_swapped(focus, "enter", G_CALLBACK(follow_focus), self);
	g_signal_connect_swapped(focus, "leave", G_CALLBACK(follow_focus), self);
	g_signal_connect_swapped(keys, "key-released", G_CALLBACK(follow_focus), self);
	gtk_widget_add_controller(GTK_WIDGET(self), focus);
	gtk_widget_add_controller(GTK_WIDGET(self), keys);
}

static void nadir_chat_text_init(NadirChatText *self)
{
	self->spans = g_array_new(FALSE, FALSE, sizeof(conversation_span));
	self->shown = g_strdup("");
	self->lit_region = self->lit_grounded = self->pointed_kind = self->pointed_index = -1;
	self->label = GTK_LABEL(gtk_label_new(NULL));
	gtk_label_set_wrap(self->label, TRUE);
	gtk_label_set_wrap_mode(self->label, PANGO_WRAP_WORD_CHAR);
	gtk_label_set_xalign(self->label, 0);
	gtk_label_set_selectable(self->label, TRUE);
	gtk_label_set_use_markup(self->label, TRUE);
	g_signal_connect_swapped(self->label, "activate-link", G_CALLBACK(on_link), self);
	gtk_widget_set_parent(GTK_WIDGET(self->label), GTK_WIDGET(self));
	add_controllers(self);
}

GtkWidget *nadir_chat_text_new(void)
{
	return g_object_new(NADIR_TYPE_CHAT_TEXT, NULL);
}
