#include "app/review/review-bar.h"

#include <glib/gi18n.h>

#include "app/command/key-tips.h"
#include "app/command/keymap.h"

struct _NadirReviewBar {
	GtkWidget parent_instance;

	/* Template widgets */
	GtkStack *stack;
	GtkWidget *keys;
	GtkLabel *title, *hint, *end, *accept_key, *back_key, *leave_key;
	GtkTextView *entry;
	gboolean many;
};

G_DEFINE_FINAL_TYPE(NadirReviewBar, nadir_review_bar, GTK_TYPE_WIDGET)

static guint said_signal, step_signal;
static const char *const pages[] = {"keys", "words", "fix", "end"};

/* In the order of the hand: what decides first. */
static const struct {
	const char *action, *label; /* action NULL: the digits of the classes, which no keymap changes */
	const char *style;
} buttons[] = {
	{"win.review-decide::accepted", N_("Accept"), "accept"},
	{"win.review-decide::rejected", N_("Reject"), "reject"},
	{"win.review-decide::skipped", N_("Skip"), NULL},
	{"win.review-back", N_("Back"), NULL},
	{"win.review-fix", N_("Fix"), NULL},
	{"win.review-decide::flagged", N_("Flag"), NULL},
	{NULL, N_("Class"), NULL},
	{"win.review-comment", N_("Comment"), NULL},
};

static GtkWidget *make_button(guint i)
{
	const nadir_action *a = buttons[i].action ? nadir_action_find(buttons[i].action) : NULL;
	g_autofree char *key = a ? nadir_action_key_label(a) : g_strdup("1–9");
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 1), *badge = gtk_label_new(key);
	gtk_box_append(GTK_BOX(box), gtk_label_new(_(buttons[i].label)));
	gtk_widget_add_css_class(badge, "key-badge");
	gtk_widget_set_visible(badge, key != NULL);
	gtk_widget_set_halign(badge, GTK_ALIGN_CENTER);
	gtk_box_append(GTK_BOX(box), badge);
	if (!a) { /* there is no one class to click for */
		gtk_widget_add_css_class(box, "review-key");
		return box;
	}
	GtkWidget *button = gtk_button_new();
	gtk_button_set_child(GTK_BUTTON(button), box);
	gtk_widget_set_focus_on_click(button, FALSE);
	gtk_actionable_set_detailed_action_name(GTK_ACTIONABLE(button), buttons[i].action);
	gtk_widget_add_css_class(button, "review-key");
	if (buttons[i].style)
		gtk_widget_add_css_class(button, buttons[i].style);
	g_autofree char *tip = nadir_action_tooltip(a);
	gtk_widget_set_tooltip_text(button, tip);
	return button;
}

void nadir_review_bar_show(NadirReviewBar *b, NadirReviewPage page)
{
	g_return_if_fail(NADIR_IS_REVIEW_BAR(b));
	gtk_stack_set_visible_child_name(b->stack, pages[page]);
}

void nadir_review_bar_ask(NadirReviewBar *b, const char *title, const char *text, bool many)
{
	g_return_if_fail(NADIR_IS_REVIEW_BAR(b));
	GtkTextBuffer *buffer = gtk_text_view_get_buffer(b->entry);
	GtkTextIter start, end;
	b->many = many;
	gtk_label_set_text(b->title, title);
	gtk_widget_set_tooltip_text(GTK_WIDGET(b->title), title);
	gtk_label_set_text(b->hint,
	                   many ? _("⏎ keeps it · Alt ↑ ↓ others · Esc leaves it") : _("⏎ keeps it · Esc leaves it"));
	gtk_text_buffer_begin_irreversible_action(buffer);
	gtk_text_buffer_set_text(buffer, text, -1);
	gtk_text_buffer_end_irreversible_action(buffer);
	gtk_text_buffer_get_bounds(buffer, &start, &end);
	gtk_text_buffer_select_range(buffer, &end, &start);
	nadir_review_bar_show(b, NADIR_REVIEW_WORDS);
	gtk_widget_grab_focus(GTK_WIDGET(b->entry));
}

void nadir_review_bar_set_end(NadirReviewBar *b, const char *sentence)
{
	g_return_if_fail(NADIR_IS_REVIEW_BAR(b));
	gtk_label_set_text(b->end, sentence);
}

static char *words_of(NadirReviewBar *b)
{
	g_return_val_if_fail(NADIR_IS_REVIEW_BAR(b), NULL);
	GtkTextBuffer *buffer = gtk_text_view_get_buffer(b->entry);
	GtkTextIter start, end;
	gtk_text_buffer_get_bounds(buffer, &start, &end);
	return gtk_text_buffer_get_text(buffer, &start, &end, FALSE);
}

/* Shift with Enter is a new line. */
static gboolean on_entry_key(NadirReviewBar *b, guint key, guint code, GdkModifierType state)
{
	const bool enter = key == GDK_KEY_Return || key == GDK_KEY_KP_Enter, up = key == GDK_KEY_Up;
	if (enter && !(state & GDK_SHIFT_MASK)) {
		g_autofree char *text = words_of(b);
		g_signal_emit(b, said_signal, 0, text);
		return TRUE;
	}
	if (key == GDK_KEY_Escape) {
		g_signal_emit(b, said_signal, 0, NULL);
		return TRUE;
	}
	if (!b->many || !(state & GDK_ALT_MASK) || (!up && key != GDK_KEY_Down))
		return FALSE;
	g_signal_emit(b, step_signal, 0, up ? -1 : 1);
	return TRUE;
}

static void nadir_review_bar_dispose(GObject *object)
{
	GtkWidget *child;
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(object))))
		gtk_widget_unparent(child);
	G_OBJECT_CLASS(nadir_review_bar_parent_class)->dispose(object);
}

static void nadir_review_bar_class_init(NadirReviewBarClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_review_bar_dispose;
	said_signal = g_signal_new("said", NADIR_TYPE_REVIEW_BAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
	                           G_TYPE_STRING);
	step_signal =
		g_signal_new("step", NADIR_TYPE_REVIEW_BAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/review-bar.ui");
	gtk_widget_class_bind_template_child(widget_class, NadirReviewBar, stack);
	gtk_widget_class_bind_template_child(widget_class, NadirReviewBar, keys);
	gtk_widget_class_bind_template_child(widget_class, NadirReviewBar, title);
	gtk_widget_class_bind_template_child(widget_class, NadirReviewBar, hint);
	gtk_widget_class_bind_template_child(widget_class, NadirReviewBar, end);
	gtk_widget_class_bind_template_child(widget_class, NadirReviewBar, accept_key);
	gtk_widget_class_bind_template_child(widget_class, NadirReviewBar, back_key);
	gtk_widget_class_bind_template_child(widget_class, NadirReviewBar, leave_key);
	gtk_widget_class_bind_template_child(widget_class, NadirReviewBar, entry);
	gtk_widget_class_bind_template_callback(widget_class, on_entry_key);
}

static void show_keys(NadirReviewBar *b)
{
	GtkWidget *child;
	while ((child = gtk_widget_get_first_child(b->keys)))
		gtk_box_remove(GTK_BOX(b->keys), child);
	for (guint i = 0; i < G_N_ELEMENTS(buttons); i++)
		gtk_box_append(GTK_BOX(b->keys), make_button(i));
}

static void nadir_review_bar_init(NadirReviewBar *b)
{
	gtk_widget_init_template(GTK_WIDGET(b));
	nadir_key_badge(b->accept_key, "win.review-fixed");
	nadir_key_badge(b->back_key, "win.review-leave");
	nadir_key_badge(b->leave_key, "win.review-leave");
	show_keys(b);
	nadir_keymap_on_change(G_OBJECT(b), G_CALLBACK(show_keys));
}
