#include "app/chat/chat-entry.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/chat/chat-text.h"

struct _NadirChatEntry {
	GtkTextView parent_instance;

	GtkTextTag *chip_tag; /* of the buffer */
	GtkTextMark *mention; /* before the "@"; NULL: none */
	int lit;
	int pointed;
	int cursor; /* where it was: says from which side it enters a chip */
	bool busy;  /* changes the text itself: do not answer */
};

G_DEFINE_FINAL_TYPE(NadirChatEntry, nadir_chat_entry, GTK_TYPE_TEXT_VIEW)

enum { SEND, LEAVE, RECALL, MENTION, MENTION_KEY, ENTRY_POINTED, N_ENTRY_SIGNALS };
static guint signals[N_ENTRY_SIGNALS];

static GtkTextBuffer *buffer_of(NadirChatEntry *self)
{
	return gtk_text_view_get_buffer(GTK_TEXT_VIEW(self));
}

static char *all_text(NadirChatEntry *self)
{
	GtkTextIter start, end;
	gtk_text_buffer_get_bounds(buffer_of(self), &start, &end);
	return gtk_text_buffer_get_text(buffer_of(self), &start, &end, TRUE);
}

/* --- chips: [start, end) in characters --- */

typedef struct {
	int start, end;
	guint number;
} chip;

static GArray *find_chips(NadirChatEntry *self)
{
	GArray *chips = g_array_new(FALSE, FALSE, sizeof(chip));
	g_autofree char *text = all_text(self);
	guint at = 0, start, end, number;
	for (; conversation_find_chip(text, at, &start, &end, &number); at = end) {
		const chip c = {(int)g_utf8_pointer_to_offset(text, text + start),
		                (int)g_utf8_pointer_to_offset(text, text + end), number};
		g_array_append_val(chips, c);
	}
	return chips;
}

static void chip_iters(NadirChatEntry *self, const chip *c, GtkTextIter *start, GtkTextIter *end)
{
	gtk_text_buffer_get_iter_at_offset(buffer_of(self), start, c->start);
	gtk_text_buffer_get_iter_at_offset(buffer_of(self), end, c->end);
}

static void tag_chips(NadirChatEntry *self)
{
	g_autoptr(GArray) chips = find_chips(self);
	GtkTextIter start, end;
	gtk_text_buffer_get_bounds(buffer_of(self), &start, &end);
	gtk_text_buffer_remove_tag(buffer_of(self), self->chip_tag, &start, &end);
	for (guint i = 0; i < chips->len; i++) {
		chip_iters(self, &g_array_index(chips, chip, i), &start, &end);
		gtk_text_buffer_apply_tag(buffer_of(self), self->chip_tag, &start, &end);
	}
}

/* The chip that holds the position between its characters, or that ends or starts there. */
static bool chip_around(NadirChatEntry *self, int at, bool ends, bool starts, chip *out)
{
	g_autoptr(GArray) chips = find_chips(self);
	for (guint i = 0; i < chips->len; i++) {
		*out = g_array_index(chips, chip, i);
		if ((at > out->start && at < out->end) || (ends && at == out->end) || (starts && at == out->start))
			return true;
	}
	return false;
}

static int cursor_offset(NadirChatEntry *self)
{
	GtkTextIter iter;
	gtk_text_buffer_get_iter_at_mark(buffer_of(self), &iter, gtk_text_buffer_get_insert(buffer_of(self)));
	return gtk_text_iter_get_offset(&iter);
}

static bool delete_chip(NadirChatEntry *self, bool before)
{
	chip c;
	GtkTextIter start, end;
	if (gtk_text_buffer_get_has_selection(buffer_of(self)) ||
	    !chip_around(self, cursor_offset(self), before, !before, &c))
		return false;
	chip_iters(self, &c, &start, &end);
	gtk_text_buffer_delete_interactive(buffer_of(self), &start, &end, TRUE);
	return true;
}

/* --- mentions --- */

static void end_mention(NadirChatEntry *self)
{
	if (!self->mention)
		return;
	gtk_text_buffer_delete_mark(buffer_of(self), self->mention);
	self->mention = NULL;
	g_signal_emit(self, signals[MENTION], 0, NULL);
}

/* What stands between the "@" and the cursor; NULL when that is no mention any more. */
static char *mention_text(NadirChatEntry *self)
{
	GtkTextIter start, end;
	gtk_text_buffer_get_iter_at_mark(buffer_of(self), &start, self->mention);
	gtk_text_buffer_get_iter_at_mark(buffer_of(self), &end, gtk_text_buffer_get_insert(buffer_of(self)));
	if (gtk_text_iter_compare(&start, &end) >= 0)
		return NULL;
	const gunichar first = gtk_text_iter_get_char(&start);
	if (first != '@' && first != '<')
		return NULL;
	gtk_text_iter_forward_char(&start);
	g_autofree char *typed = gtk_text_buffer_get_text(buffer_of(self), &start, &end, TRUE);
	return strpbrk(typed, "\n>") || g_utf8_strlen(typed, -1) > 24 ? NULL : g_steal_pointer(&typed);
}

static void follow_mention(NadirChatEntry *self)
{
	if (!self->mention)
		return;
	g_autofree char *typed = mention_text(self);
	if (typed)
		g_signal_emit(self, signals[MENTION], 0, typed);
	else
		end_mention(self);
}

static void begin_mention(NadirChatEntry *self)
{
	GtkTextIter at;
	gtk_text_buffer_get_iter_at_mark(buffer_of(self), &at, gtk_text_buffer_get_insert(buffer_of(self)));
	gtk_text_iter_backward_char(&at);
	end_mention(self);
	self->mention = gtk_text_buffer_create_mark(buffer_of(self), NULL, &at, TRUE);
	follow_mention(self);
}

static void on_inserted(NadirChatEntry *self, GtkTextIter *at, char *text, int length)
{
	if (!self->busy && length == 1 && (*text == '@' || *text == '<'))
		begin_mention(self);
}

static void on_changed(NadirChatEntry *self)
{
	tag_chips(self);
	if (!self->busy)
		follow_mention(self);
}

/* The cursor never stands inside a chip. */
static void on_cursor(NadirChatEntry *self)
{
	const int at = cursor_offset(self), from = self->cursor;
	chip c;
	self->cursor = at;
	if (self->busy || !chip_around(self, at, false, false, &c)) {
		if (!self->busy)
			follow_mention(self);
		return;
	}
	GtkTextIter to;
	gtk_text_buffer_get_iter_at_offset(buffer_of(self), &to, at > from ? c.end : c.start);
	self->cursor = gtk_text_iter_get_offset(&to);
	if (gtk_text_buffer_get_has_selection(buffer_of(self)))
		gtk_text_buffer_move_mark(buffer_of(self), gtk_text_buffer_get_insert(buffer_of(self)), &to);
	else
		gtk_text_buffer_place_cursor(buffer_of(self), &to);
}

/* --- keys --- */

static bool offer_mention_key(NadirChatEntry *self, guint key)
{
	gboolean taken = FALSE;
	if (self->mention)
		g_signal_emit(self, signals[MENTION_KEY], 0, key, &taken);
	return taken;
}

/* A text view scrolls with Alt and arrows and hides its cursor with F7: here the window's actions have these keys. */
static bool belongs_to_window(guint key, GdkModifierType state)
{
	const bool arrow = key == GDK_KEY_Up || key == GDK_KEY_Down || key == GDK_KEY_Left || key == GDK_KEY_Right;
	return key == GDK_KEY_F7 || (arrow && state & GDK_ALT_MASK);
}

static gboolean on_key(GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state,
                       NadirChatEntry *self)
{
	if (belongs_to_window(key, state))
		return gtk_event_controller_key_forward(controller, GTK_WIDGET(gtk_widget_get_root(GTK_WIDGET(self))));
	const bool shift = state & GDK_SHIFT_MASK, plain = !(state & (GDK_CONTROL_MASK | GDK_ALT_MASK));
	if (plain && offer_mention_key(self, key))
		return TRUE;
	switch (key) {
	case GDK_KEY_Return:
	case GDK_KEY_KP_Enter:
		if (shift || (state & GDK_ALT_MASK))
			return FALSE;
		if (gtk_text_view_im_context_filter_keypress(
				GTK_TEXT_VIEW(self), gtk_event_controller_get_current_event(GTK_EVENT_CONTROLLER(controller))))
			return TRUE; /* it ends a word of an input method */
		g_signal_emit(self, signals[SEND], 0);
		return TRUE;
	case GDK_KEY_Escape:
		if (self->mention)
			end_mention(self);
		else
			g_signal_emit(self, signals[LEAVE], 0);
		return TRUE;
	case GDK_KEY_Up:
		if (!plain || shift || !nadir_chat_entry_is_empty(self))
			return FALSE;
		g_signal_emit(self, signals[RECALL], 0);
		return TRUE;
	case GDK_KEY_BackSpace:
		return plain && delete_chip(self, true);
	case GDK_KEY_Delete:
		return plain && delete_chip(self, false);
	default:
		return FALSE;
	}
}

/* --- drawing and pointing --- */

static bool chip_rect(NadirChatEntry *self, const chip *c, graphene_rect_t *rect)
{
	GtkTextIter start, end;
	GdkRectangle a, b;
	chip_iters(self, c, &start, &end);
	gtk_text_view_get_iter_location(GTK_TEXT_VIEW(self), &start, &a);
	gtk_text_view_get_iter_location(GTK_TEXT_VIEW(self), &end, &b);
	if (a.y != b.y) { /* broken over two lines, which takes a very narrow entry */
		gtk_text_iter_backward_char(&end);
		gtk_text_view_get_iter_location(GTK_TEXT_VIEW(self), &end, &b);
		b.x += b.width;
	}
	*rect = GRAPHENE_RECT_INIT((float)a.x, (float)a.y, (float)(b.x - a.x), (float)a.height);
	return a.y == b.y && b.x > a.x;
}

static void nadir_chat_entry_snapshot_layer(GtkTextView *view, GtkTextViewLayer layer, GtkSnapshot *snapshot)
{
	NadirChatEntry *self = NADIR_CHAT_ENTRY(view);
	if (layer != GTK_TEXT_VIEW_LAYER_BELOW_TEXT)
		return;
	g_autoptr(GArray) chips = find_chips(self);
	for (guint i = 0; i < chips->len; i++) {
		const chip *c = &g_array_index(chips, chip, i);
		graphene_rect_t r;
		GdkRGBA color;
		gdk_rgba_parse(&color, conversation_region_color(c->number - 1));
		if (chip_rect(self, c, &r))
			nadir_chat_snapshot_chip(snapshot, &r, &color, self->lit == (int)c->number - 1);
	}
}

static void point_at(NadirChatEntry *self, int region)
{
	if (self->pointed == region)
		return;
	self->pointed = region;
	g_signal_emit(self, signals[ENTRY_POINTED], 0, region);
}

static void on_motion(GtkEventControllerMotion *controller, double x, double y, NadirChatEntry *self)
{
	int bx, by;
	GtkTextIter at;
	chip c;
	gtk_text_view_window_to_buffer_coords(GTK_TEXT_VIEW(self), GTK_TEXT_WINDOW_WIDGET, (int)x, (int)y, &bx, &by);
	const bool over = gtk_text_view_get_iter_at_location(GTK_TEXT_VIEW(self), &at, bx, by) &&
	                  chip_around(self, gtk_text_iter_get_offset(&at), false, true, &c);
	point_at(self, over ? (int)c.number - 1 : -1);
}

static void on_leave_motion(GtkEventControllerMotion *controller, NadirChatEntry *self)
{
	point_at(self, -1);
}

/* --- the interface --- */

bool nadir_chat_entry_is_empty(NadirChatEntry *self)
{
	g_return_val_if_fail(NADIR_IS_CHAT_ENTRY(self), true);
	return gtk_text_buffer_get_char_count(buffer_of(self)) == 0;
}

char *nadir_chat_entry_get_value(NadirChatEntry *self)
{
	g_return_val_if_fail(NADIR_IS_CHAT_ENTRY(self), NULL);
	g_autofree char *text = all_text(self);
	return conversation_chips_to_value(text);
}

static void set_shown(NadirChatEntry *self, const char *shown)
{
	GtkTextIter end;
	end_mention(self);
	self->busy = true;
	gtk_text_buffer_set_text(buffer_of(self), shown, -1);
	gtk_text_buffer_get_end_iter(buffer_of(self), &end);
	gtk_text_buffer_place_cursor(buffer_of(self), &end);
	self->busy = false;
	self->cursor = cursor_offset(self);
}

void nadir_chat_entry_set_value(NadirChatEntry *self, const char *value, guint n_regions)
{
	g_return_if_fail(NADIR_IS_CHAT_ENTRY(self) && value);
	g_autofree char *shown = conversation_value_to_chips(value, n_regions);
	set_shown(self, shown);
}

static bool is_space_before(const GtkTextIter *at)
{
	GtkTextIter before = *at;
	return !gtk_text_iter_backward_char(&before) || g_unichar_isspace(gtk_text_iter_get_char(&before));
}

void nadir_chat_entry_insert_region(NadirChatEntry *self, guint number)
{
	g_return_if_fail(NADIR_IS_CHAT_ENTRY(self) && number > 0);
	GtkTextBuffer *b = buffer_of(self);
	g_autofree char *name = conversation_chip(number);
	GtkTextIter start, end;
	self->busy = true;
	gtk_text_buffer_begin_user_action(b);
	if (self->mention) {
		gtk_text_buffer_get_iter_at_mark(b, &start, self->mention);
		gtk_text_buffer_get_iter_at_mark(b, &end, gtk_text_buffer_get_insert(b));
		gtk_text_buffer_delete(b, &start, &end);
	}
	gtk_text_buffer_get_iter_at_mark(b, &start, gtk_text_buffer_get_insert(b));
	g_autofree char *text = g_strconcat(is_space_before(&start) ? "" : " ", name, " ", NULL);
	gtk_text_buffer_insert(b, &start, text, -1);
	gtk_text_buffer_end_user_action(b);
	self->busy = false;
	self->cursor = cursor_offset(self);
	end_mention(self);
}

void nadir_chat_entry_drop_region(NadirChatEntry *self, guint number)
{
	g_return_if_fail(NADIR_IS_CHAT_ENTRY(self));
	g_autofree char *text = all_text(self);
	g_autoptr(GString) out = g_string_new(NULL);
	guint at = 0, start, end, n;
	for (; conversation_find_chip(text, at, &start, &end, &n); at = end) {
		g_string_append_len(out, text + at, start - at);
		g_autofree char *chip_text = conversation_chip(n > number ? n - 1 : n);
		if (n != number)
			g_string_append(out, chip_text);
		else if (text[end] == ' ')
			end++;
	}
	g_string_append(out, text + at);
	if (strcmp(out->str, text) != 0)
		set_shown(self, out->str);
}

void nadir_chat_entry_light(NadirChatEntry *self, int region)
{
	g_return_if_fail(NADIR_IS_CHAT_ENTRY(self));
	if (self->lit == region)
		return;
	self->lit = region;
	gtk_widget_queue_draw(GTK_WIDGET(self));
}

/* --- the widget --- */

/* A text view that grows goes on scrolling to where the cursor was out of sight: lines would stay hidden although there
 * is room for all of them. */
static void nadir_chat_entry_size_allocate(GtkWidget *widget, int width, int height, int baseline)
{
	GTK_WIDGET_CLASS(nadir_chat_entry_parent_class)->size_allocate(widget, width, height, baseline);
	GtkAdjustment *a = gtk_scrollable_get_vadjustment(GTK_SCROLLABLE(widget));
	if (gtk_adjustment_get_upper(a) <= height) {
		gtk_adjustment_set_page_size(a, height);
		gtk_adjustment_set_value(a, 0);
	}
}

static void nadir_chat_entry_class_init(NadirChatEntryClass *klass)
{
	GTK_WIDGET_CLASS(klass)->size_allocate = nadir_chat_entry_size_allocate;
	GTK_TEXT_VIEW_CLASS(klass)->snapshot_layer = nadir_chat_entry_snapshot_layer;
	static const char *const plain[] = {[SEND] = "send", [LEAVE] = "leave", [RECALL] = "recall"};
	for (guint i = SEND; i <= RECALL; i++)
		signals[i] =
			g_signal_new(plain[i], NADIR_TYPE_CHAT_ENTRY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
	signals[MENTION] = g_signal_new("mention", NADIR_TYPE_CHAT_ENTRY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
	                                G_TYPE_NONE, 1, G_TYPE_STRING);
	signals[MENTION_KEY] = g_signal_new("mention-key", NADIR_TYPE_CHAT_ENTRY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
	                                    G_TYPE_BOOLEAN, 1, G_TYPE_UINT);
	signals[ENTRY_POINTED] = g_signal_new("pointed", NADIR_TYPE_CHAT_ENTRY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
	                                      G_TYPE_NONE, 1, G_TYPE_INT);
}

static void add_controllers(NadirChatEntry *self)
{
	GtkEventController *keys = gtk_event_controller_key_new(), *motion = gtk_event_controller_motion_new();
	gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
	g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), self);
	gtk_widget_add_controller(GTK_WIDGET(self), keys);
	g_signal_connect(motion, "motion", G_CALLBACK(on_motion), self);
	g_signal_connect(motion, "leave", G_CALLBACK(on_leave_motion), self);
	gtk_widget_add_controller(GTK_WIDGET(self), motion);
}

static void nadir_chat_entry_init(NadirChatEntry *self)
{
	GtkTextBuffer *b = buffer_of(self);
	self->lit = self->pointed = -1;
	self->chip_tag = gtk_text_buffer_create_tag(b, NULL, "foreground", "#1d1d20", "weight", 600, NULL);
	gtk_text_view_set_wrap_mode(GTK_TEXT_VIEW(self), GTK_WRAP_WORD_CHAR);
	gtk_text_view_set_accepts_tab(GTK_TEXT_VIEW(self), FALSE);
	g_signal_connect_object(b, "insert-text", G_CALLBACK(on_inserted), self, G_CONNECT_SWAPPED | G_CONNECT_AFTER);
	g_signal_connect_object(b, "changed", G_CALLBACK(on_changed), self, G_CONNECT_SWAPPED);
	g_signal_connect_object(b, "notify::cursor-position", G_CALLBACK(on_cursor), self, G_CONNECT_SWAPPED);
	add_controllers(self);
	gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Question"),
	                               GTK_ACCESSIBLE_PROPERTY_MULTI_LINE, TRUE, -1);
}

GtkWidget *nadir_chat_entry_new(void)
{
	return g_object_new(NADIR_TYPE_CHAT_ENTRY, NULL);
}
