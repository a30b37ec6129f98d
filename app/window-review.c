/* Review mode of the window: one object after the other, one key each. Letters mean something else here than while
 * marking, so the keys are read before anything else sees them; a key that is held counts once. */
#include "app/window-private.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/command/actions.h"
#include "app/command/keymap.h"
#include "app/conversation/answers.h"
#include "app/conversation/chat-store.h"
#include "app/conversation/conversation-text.h"
#include "app/document/object-list.h"
#include "app/panel/swatch.h"
#include "app/review/review-ahead.h"
#include "app/review/review-bar.h"
#include "app/review/review-panel.h"
#include "app/settings.h"

typedef struct {
	GtkWidget *box;
	NadirSwatch *swatch;
	GtkLabel *title, *details;
} review_card;

struct window_review {
	NadirReview *review; /* owned, as all but the widgets */
	review_ahead *ahead;
	GHashTable *held; /* keycodes that are down */
	GCancellable *opening;
	guint ready_source; /* looks again how much is read ahead */
	bool fixing, before;
	enum { WORDS_COMMENT, WORDS_CAPTION, WORDS_IMAGE, WORDS_ANSWER } words; /* what is being typed */
	guint said;       /* texts since the last object: they are taken back first */
	answers *answers; /* that are gone through; owned, NULL: none */

	GtkWidget *bar, *panel, *progress, *pages; /* pages: the sidebar of marking, owned meanwhile */
	review_card card;
};

static void show(NadirWindow *self);

/* --- what floats over the image --- */

static GtkOverlay *overlay_of(NadirWindow *self)
{
	return GTK_OVERLAY(gtk_widget_get_ancestor(GTK_WIDGET(self->work->canvas), GTK_TYPE_OVERLAY));
}

static void add_overlay(NadirWindow *self, GtkWidget *widget, GtkAlign h, GtkAlign v, int margin)
{
	gtk_widget_set_halign(widget, h);
	gtk_widget_set_valign(widget, v);
	gtk_widget_set_margin_start(widget, margin);
	gtk_widget_set_margin_end(widget, margin);
	gtk_widget_set_margin_top(widget, margin);
	gtk_widget_set_margin_bottom(widget, margin);
	gtk_overlay_add_overlay(overlay_of(self), widget);
}

static void make_card(review_card *c)
{
	GtkWidget *texts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
	c->box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 10);
	c->swatch = g_object_new(NADIR_TYPE_SWATCH, "valign", GTK_ALIGN_CENTER, NULL);
	c->title = GTK_LABEL(gtk_label_new(NULL));
	c->details = GTK_LABEL(gtk_label_new(NULL));
	gtk_label_set_xalign(c->title, 0);
	gtk_label_set_xalign(c->details, 0);
	gtk_label_set_wrap(c->details, TRUE);
	gtk_label_set_max_width_chars(c->details, 60);
	gtk_widget_add_css_class(GTK_WIDGET(c->title), "heading");
	gtk_widget_add_css_class(GTK_WIDGET(c->details), "dim-label");
	gtk_widget_add_css_class(GTK_WIDGET(c->details), "caption");
	gtk_box_append(GTK_BOX(texts), GTK_WIDGET(c->title));
	gtk_box_append(GTK_BOX(texts), GTK_WIDGET(c->details));
	gtk_box_append(GTK_BOX(c->box), GTK_WIDGET(c->swatch));
	gtk_box_append(GTK_BOX(c->box), texts);
	gtk_widget_add_css_class(c->box, "float");
	gtk_widget_add_css_class(c->box, "review-title");
	gtk_widget_set_can_target(c->box, FALSE);
}

static const project_class *class_of(NadirWindow *self, int id)
{
	GPtrArray *classes = nadir_document_get_classes(self->document);
	for (guint i = 0; i < classes->len; i++)
		if (((project_class *)classes->pdata[i])->id == id)
			return classes->pdata[i];
	return NULL;
}

static const feature *shown_feature(NadirWindow *self)
{
	NadirObject *o = self->document ? nadir_document_get_selected(self->document) : NULL;
	return o ? nadir_object_get_feature(o) : NULL;
}

static char *describe_item(const review_item *item, const feature *f, const agreement_pair *p)
{
	static const char *const states[REVIEW_DECISIONS] = {N_("undecided"), N_("accepted"), N_("rejected"), N_("flagged"),
	                                                     N_("skipped")};
	g_autofree char *area = nadir_format_area(item->area_m2, item->area_px);
	GString *text = g_string_new(NULL);
	g_string_append_printf(text, "%s · %s · %s", item->author, area, _(states[item->decision]));
	if (item->decision != REVIEW_UNDECIDED && *item->reviewer)
		g_string_append_printf(text, " (%s)", item->reviewer);
	g_autofree char *key = nadir_action_key_label(nadir_action_find("win.review-before"));
	if (key)
		g_string_append_printf(text, " · %s %s", key, _("before / after"));
	if (p && p->a && p->b)
		g_string_append_printf(text, _(" · IoU %.2f with what the other set has"), p->iou);
	else if (p)
		g_string_append(text, _(" · the other set has none"));
	if (f && *f->comment)
		g_string_append_printf(text, "\n“%s”", f->comment);
	if (f && *f->caption)
		g_string_append_printf(text, "\n%s", f->caption);
	return g_string_free(text, FALSE);
}

static void show_card(NadirWindow *self)
{
	struct window_review *w = self->review;
	const review_item *item = nadir_review_get_item(w->review, 0);
	gtk_widget_set_visible(w->card.box, item != NULL && !w->fixing);
	if (!item)
		return;
	const project_class *k = class_of(self, item->class_id);
	g_autofree char *title = isnan(item->score) ? g_strdup_printf("%s #%" G_GINT64_FORMAT, k ? k->name : "", item->id)
	                                            : g_strdup_printf(_("%s? · score %.2f"), k ? k->name : "", item->score);
	g_autofree char *details = describe_item(item, shown_feature(self), nadir_review_get_pair(w->review));
	gtk_label_set_text(w->card.title, title);
	gtk_label_set_text(w->card.details, details);
	nadir_swatch_set(w->card.swatch, k ? k->color : "#888888", k ? k->pattern : 0);
}

/* --- before and after --- */

static void on_before(GBytes *outline, gpointer object)
{
	NadirWindow *self = object;
	if (self->review && self->review->before && outline)
		nadir_canvas_set_before(self->work->canvas, wkb_shape_read(outline, NULL));
}

/* What the other set has of the object shown, with dashes. */
static void show_partner(NadirWindow *self)
{
	NadirReview *r = self->review->review;
	const review_item *item = nadir_review_get_item(r, 0);
	const agreement_pair *p = nadir_review_get_pair(r);
	const gint64 id = !p ? 0 : p->a == item->id ? p->b : p->a;
	NadirObjectList *objects = NADIR_OBJECT_LIST(nadir_document_get_objects(self->document));
	NadirObject *o = id ? nadir_object_list_find(objects, id, NULL) : NULL;
	nadir_canvas_set_before(self->work->canvas, o ? wkb_shape_read(nadir_object_get_feature(o)->px_geom, NULL) : NULL);
}

static void set_before(NadirWindow *self, bool before)
{
	self->review->before = before;
	nadir_document_set_hidden(self->document, before);
	if (before) {
		nadir_canvas_set_before(self->work->canvas, NULL);
		nadir_review_read_before(self->review->review, on_before, self);
	} else {
		show_partner(self);
	}
}

/* --- where it stands --- */

static void show_ready(NadirWindow *self)
{
	guint of, ready = review_ahead_ready(self->review->ahead, &of);
	nadir_review_panel_set_ready(NADIR_REVIEW_PANEL(self->review->panel), ready, of);
}

static gboolean look_ready(gpointer data)
{
	NadirWindow *self = data;
	guint of;
	show_ready(self);
	if (review_ahead_ready(self->review->ahead, &of) < of)
		return G_SOURCE_CONTINUE;
	self->review->ready_source = 0;
	return G_SOURCE_REMOVE;
}

static void on_ahead(void *data)
{
	show_ready(data);
}

static char *describe_time(double hours)
{
	const int minutes = (int)ceil(hours * 60);
	if (minutes < 60)
		return g_strdup_printf(_("about %d min left"), MAX(minutes, 1));
	return g_strdup_printf(_("about %d h %d min left"), minutes / 60, minutes % 60);
}

char *nadir_window_describe_review(NadirWindow *self)
{
	if (!self->review)
		return NULL;
	NadirReview *r = self->review->review;
	const guint n = nadir_review_get_length(r), at = nadir_review_get_position(r);
	const double rate = nadir_review_get_rate(r);
	if (!nadir_review_is_loaded(r))
		return g_strdup(_("reading the project…"));
	if (n == 0)
		return g_strdup(_("nothing in this queue"));
	g_autofree char *time = isnan(rate) ? NULL : describe_time((n - at) / rate);
	g_autofree char *speed = isnan(rate) ? NULL : g_strdup_printf(_(" · %.0f an hour · "), rate);
	return g_strdup_printf(_("object %u of %u%s%s"), MIN(at + 1, n), n, speed ? speed : "", time ? time : "");
}

static void show_progress(NadirWindow *self)
{
	NadirReview *r = self->review->review;
	const guint n = nadir_review_get_length(r);
	gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(self->review->progress),
	                              n > 0 ? (double)nadir_review_get_position(r) / n : 0);
	nadir_window_update_title(self);
}

static void show_end(NadirWindow *self)
{
	struct window_review *w = self->review;
	const guint n = nadir_review_get_length(w->review);
	const bool end = nadir_review_is_loaded(w->review) && nadir_review_get_position(w->review) >= n;
	g_autofree char *key = nadir_action_hint(nadir_action_find("win.review-filter"));
	/* Translators: %s is " (Q)", the key, or nothing. */
	g_autofree char *text = n == 0 ? g_strdup_printf(_("No object is in this queue: change its filter%s."), key)
	                               : g_strdup_printf(ngettext("%u object, all seen", "%u objects, all seen", n), n);
	nadir_review_bar_set_end(NADIR_REVIEW_BAR(w->bar), text);
	if (!w->fixing)
		nadir_review_bar_show(NADIR_REVIEW_BAR(w->bar), end ? NADIR_REVIEW_END : NADIR_REVIEW_KEYS);
}

static void on_moved(NadirWindow *self)
{
	struct window_review *w = self->review;
	const review_item *item = nadir_review_get_item(w->review, 0);
	if (w->before)
		set_before(self, false);
	w->said = 0;
	g_clear_pointer(&w->answers, answers_free);
	show_partner(self);
	if (item)
		nadir_canvas_look_at_object(self->work->canvas, item->extent);
	review_ahead_update(w->ahead);
	show(self);
	if (!w->ready_source)
		w->ready_source = g_timeout_add(150, look_ready, self);
}

static void show(NadirWindow *self)
{
	show_card(self);
	show_end(self);
	show_progress(self);
	nadir_window_update_review(self);
}

/* --- another image --- */

static void on_image_opened(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirWindow) self = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(NadirDocument) d = nadir_document_open_finish(result, &error);
	if (!d) {
		if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
			nadir_window_show_error(self, error->message);
		return;
	}
	nadir_window_change_document(self, d);
	if (!self->review)
		return;
	g_clear_object(&self->review->opening);
	nadir_review_panel_set_review(NADIR_REVIEW_PANEL(self->review->panel), self->review->review, d);
	nadir_review_set_document(self->review->review, d);
}

static void on_image_wanted(NadirWindow *self, gint64 image)
{
	struct window_review *w = self->review;
	const char *place = nadir_document_get_project_path(self->document);
	g_autofree char *path = place ? review_image_path(w->review, place, image) : NULL;
	g_cancellable_cancel(w->opening);
	g_clear_object(&w->opening);
	show_progress(self);
	if (!path)
		return;
	if (w->before)
		set_before(self, false);
	w->opening = g_cancellable_new();
	nadir_document_open_image_async(self->document, image, path, review_ahead_get(w->ahead, image), w->opening,
	                                on_image_opened, g_object_ref(self));
}

/* --- fixing --- */

static void end_fixing(NadirWindow *self)
{
	self->review->fixing = false;
	nadir_canvas_drop_drawing(self->work->canvas);
	if (nadir_document_get_prompt(self->document))
		nadir_document_drop_preview(self->document);
	nadir_canvas_set_tool(self->work->canvas, NADIR_TOOL_SELECT);
	gtk_widget_set_visible(self->work->tool_box, FALSE);
	show(self);
	gtk_widget_grab_focus(GTK_WIDGET(self->work->canvas));
}

static void begin_fixing(NadirWindow *self)
{
	if (!nadir_document_get_selected(self->document))
		return;
	if (self->review->before)
		set_before(self, false);
	self->review->fixing = true;
	nadir_canvas_set_tool(self->work->canvas, NADIR_TOOL_BRUSH);
	gtk_widget_set_visible(self->work->tool_box, TRUE);
	nadir_review_bar_show(NADIR_REVIEW_BAR(self->review->bar), NADIR_REVIEW_FIX);
	show(self);
	gtk_widget_grab_focus(GTK_WIDGET(self->work->canvas));
}

/* --- words --- */

static void leave_words(NadirWindow *self)
{
	g_clear_pointer(&self->review->answers, answers_free);
	show_end(self); /* the keys, or the end */
	gtk_widget_grab_focus(GTK_WIDGET(self->work->canvas));
}

static void ask_answer(NadirWindow *self)
{
	const answers *a = self->review->answers;
	const conversation_message *m = answers_get(a);
	g_autofree char *question = g_strdelimit(g_strdup(m->parent->text), "\n", ' ');
	/* Translators: which answer of the model, of how many, whether a person worded it, and the question. */
	g_autofree char *title = g_strdup_printf(_("Answer %u of %u%s · %s"), answers_place(a) + 1, answers_count(a),
	                                         m->said ? _(" (edited)") : "", question);
	nadir_review_bar_ask(NADIR_REVIEW_BAR(self->review->bar), title, m->text, true);
}

static void step_answer(NadirWindow *self, int step)
{
	if (!self->review->answers)
		return;
	if (answers_step(self->review->answers, step)) {
		ask_answer(self);
		return;
	}
	leave_words(self);
	nadir_window_show_notice(self, step > 0 ? _("These were all answers about this image.")
	                                        : _("This was the first answer about this image."));
}

static void keep_answer(NadirWindow *self, const char *text)
{
	struct window_review *w = self->review;
	g_autoptr(GError) error = NULL;
	const bool changed = !g_str_equal(text, answers_get(w->answers)->text);
	if (!answers_keep(w->answers, text, &error))
		nadir_window_show_error(self, error->message);
	w->said += changed && !error;
	step_answer(self, 1);
}

static void on_answers(void *data)
{
	NadirWindow *self = data;
	if (answers_get(self->review->answers)) {
		self->review->words = WORDS_ANSWER;
		ask_answer(self);
		return;
	}
	g_clear_pointer(&self->review->answers, answers_free);
	nadir_window_show_notice(self, _("The model has not been asked about this image yet."));
}

static void on_said(NadirWindow *self, const char *text)
{
	struct window_review *w = self->review;
	if (text && w->words == WORDS_ANSWER) {
		keep_answer(self, text);
		return;
	}
	leave_words(self);
	if (!text)
		return;
	w->said++;
	if (w->words == WORDS_CAPTION)
		nadir_review_caption(w->review, text);
	else if (w->words == WORDS_IMAGE)
		chat_store_caption(self->document, text);
	else
		nadir_review_comment(w->review, text);
}

static void ask(NadirWindow *self, int words)
{
	static const char *const titles[] = {N_("Comment"), N_("Caption"), N_("Caption of the Image")};
	const feature *f = shown_feature(self);
	g_autofree char *of_image = chat_store_get_caption(self->document);
	if (!f && words != WORDS_IMAGE)
		return;
	self->review->words = words;
	nadir_review_bar_ask(NADIR_REVIEW_BAR(self->review->bar), _(titles[words]),
	                     words == WORDS_IMAGE     ? (of_image ? of_image : "")
	                     : words == WORDS_CAPTION ? f->caption
	                                              : f->comment,
	                     false);
}

/* --- going in and out --- */

static void add_widgets(NadirWindow *self)
{
	struct window_review *w = self->review;
	w->bar = g_object_new(NADIR_TYPE_REVIEW_BAR, NULL);
	w->panel = g_object_new(NADIR_TYPE_REVIEW_PANEL, NULL);
	w->progress = gtk_progress_bar_new();
	make_card(&w->card);
	gtk_widget_add_css_class(w->progress, "review-progress");
	gtk_widget_set_can_target(w->progress, FALSE);
	add_overlay(self, w->card.box, GTK_ALIGN_START, GTK_ALIGN_START, 14);
	add_overlay(self, w->bar, GTK_ALIGN_CENTER, GTK_ALIGN_END, 56);
	gtk_widget_set_margin_bottom(w->bar, 14);
	add_overlay(self, w->progress, GTK_ALIGN_FILL, GTK_ALIGN_START, 0);
	nadir_workspace_give_place(self->work, w->bar);
	w->pages = g_object_ref(adw_flap_get_flap(self->work->flap));
	gtk_widget_set_size_request(w->panel, 340, -1);
	gtk_widget_add_css_class(w->panel, "sidebar-pane");
	adw_flap_set_flap(self->work->flap, w->panel);
	g_signal_connect_object(w->bar, "said", G_CALLBACK(on_said), self, G_CONNECT_SWAPPED);
	g_signal_connect_object(w->bar, "step", G_CALLBACK(step_answer), self, G_CONNECT_SWAPPED);
}

static void enter(NadirWindow *self)
{
	if (!self->document || !nadir_document_get_project_path(self->document)) {
		nadir_window_show_notice(self, _("There is nothing to review yet: accept or import objects first."));
		return;
	}
	struct window_review *w = g_new0(struct window_review, 1);
	w->review = nadir_review_new(self->document); /* changes the store: the window listens */
	self->review = w;
	w->held = g_hash_table_new(NULL, NULL);
	add_widgets(self);
	nadir_canvas_set_tool(self->work->canvas, NADIR_TOOL_SELECT);
	nadir_canvas_set_reviewing(self->work->canvas, true);
	w->ahead = review_ahead_new(w->review, self->work->canvas, on_ahead, self);
	nadir_review_panel_set_review(NADIR_REVIEW_PANEL(w->panel), w->review, self->document);
	g_signal_connect_object(w->review, "moved", G_CALLBACK(on_moved), self, G_CONNECT_SWAPPED);
	g_signal_connect_object(w->review, "changed", G_CALLBACK(show), self, G_CONNECT_SWAPPED);
	g_signal_connect_object(w->review, "image-wanted", G_CALLBACK(on_image_wanted), self, G_CONNECT_SWAPPED);
	show(self);
	gtk_widget_grab_focus(GTK_WIDGET(self->work->canvas));
}

void nadir_window_leave_review(NadirWindow *self)
{
	struct window_review *w = self->review;
	if (!w)
		return;
	if (w->before && self->document)
		set_before(self, false);
	nadir_canvas_set_before(self->work->canvas, NULL);
	nadir_canvas_set_reviewing(self->work->canvas, false);
	g_signal_handlers_disconnect_by_data(w->review, self);
	g_clear_handle_id(&w->ready_source, g_source_remove);
	g_cancellable_cancel(w->opening);
	g_clear_object(&w->opening);
	answers_free(w->answers);
	review_ahead_free(w->ahead);
	gtk_overlay_remove_overlay(overlay_of(self), w->card.box);
	gtk_overlay_remove_overlay(overlay_of(self), w->bar);
	gtk_overlay_remove_overlay(overlay_of(self), w->progress);
	adw_flap_set_flap(self->work->flap, w->pages);
	g_object_unref(w->pages);
	nadir_workspace_give_place(self->work, NULL);
	self->review = NULL;
	nadir_canvas_want_next(self->work->canvas, NULL, 0);
	nadir_workspace_update_view(self->work);
	g_clear_object(&w->review);
	g_hash_table_unref(w->held);
	g_free(w);
	nadir_panel_images_reload(self->work->images); /* decisions on other images than this one */
	nadir_window_update_title(self);
	nadir_window_update_actions(self);
}

/* --- actions --- */

#define ACTION(name) static void name(GSimpleAction *action, GVariant *parameter, gpointer data)

ACTION(on_review)
{
	NadirWindow *self = data;
	if (self->review)
		nadir_window_leave_review(self);
	else
		enter(self);
	nadir_window_update_actions(self);
}

ACTION(on_decide)
{
	NadirWindow *self = data;
	nadir_review_decide(self->review->review, review_decision_from(g_variant_get_string(parameter, NULL)));
}

ACTION(on_back)
{
	NadirWindow *self = data;
	if (!nadir_review_back(self->review->review))
		nadir_window_show_notice(self, _("Nothing was decided in this sitting yet."));
}

ACTION(on_fix)
{
	begin_fixing(data);
}

ACTION(on_fixed)
{
	NadirWindow *self = data;
	if (!self->review->fixing)
		return;
	end_fixing(self);
	nadir_review_decide(self->review->review, REVIEW_ACCEPTED);
}

ACTION(on_comment)
{
	ask(data, WORDS_COMMENT);
}

ACTION(on_caption)
{
	ask(data, WORDS_CAPTION);
}

ACTION(on_image_caption)
{
	ask(data, WORDS_IMAGE);
}

ACTION(on_review_answers)
{
	NadirWindow *self = data;
	NadirChat *session = nadir_chat_panel_get_chat(self->work->chat);
	if (session && !self->review->answers)
		self->review->answers = answers_new(session, on_answers, self);
}

ACTION(on_take)
{
	NadirWindow *self = data;
	nadir_review_take(self->review->review, g_str_equal(g_variant_get_string(parameter, NULL), "second"));
}

ACTION(on_confused)
{
	NadirReview *r = ((NadirWindow *)data)->review->review;
	const guint place = (guint)g_ascii_strtoull(g_variant_get_string(parameter, NULL), NULL, 10);
	const review_item *item = nadir_review_get_item(r, 0);
	g_autoptr(GArray) ids = nadir_review_confused_with(r, item->class_id, REVIEW_HOT);
	const project_class *k =
		place >= 1 && place <= ids->len ? class_of(data, g_array_index(ids, int, place - 1)) : NULL;
	if (k)
		nadir_review_relabel(r, k->name);
	else
		nadir_window_show_notice(data, _("No further class was taken for this one yet."));
}

ACTION(on_before_after)
{
	NadirWindow *self = data;
	set_before(self, !self->review->before);
}

ACTION(on_threshold)
{
	nadir_review_panel_focus_threshold(NADIR_REVIEW_PANEL(((NadirWindow *)data)->review->panel));
}

ACTION(on_filter)
{
	nadir_review_panel_open_filter(NADIR_REVIEW_PANEL(((NadirWindow *)data)->review->panel));
}

ACTION(on_leave)
{
	NadirWindow *self = data;
	if (self->review->fixing)
		end_fixing(self);
	else
		nadir_window_leave_review(self);
}

#undef ACTION

static const GActionEntry entries[] = {
	{.name = "review", .activate = on_review, .state = "false"},
	{.name = "review-decide", .activate = on_decide, .parameter_type = "s"},
	{.name = "review-back", .activate = on_back},
	{.name = "review-fix", .activate = on_fix},
	{.name = "review-fixed", .activate = on_fixed},
	{.name = "review-comment", .activate = on_comment},
	{.name = "review-caption", .activate = on_caption},
	{.name = "review-image-caption", .activate = on_image_caption},
	{.name = "review-answers", .activate = on_review_answers},
	{.name = "review-take", .activate = on_take, .parameter_type = "s"},
	{.name = "review-confused", .activate = on_confused, .parameter_type = "s"},
	{.name = "review-before", .activate = on_before_after},
	{.name = "review-threshold", .activate = on_threshold},
	{.name = "review-filter", .activate = on_filter},
	{.name = "review-leave", .activate = on_leave},
};

static void enable(NadirWindow *self, const char *name, bool enabled)
{
	g_simple_action_set_enabled(G_SIMPLE_ACTION(g_action_map_lookup_action(G_ACTION_MAP(self), name)), enabled);
}

void nadir_window_refresh_review(NadirWindow *self)
{
	if (self->review)
		nadir_review_refresh(self->review->review);
}

void nadir_window_update_review(NadirWindow *self)
{
	const struct window_review *w = self->review;
	const bool on = w != NULL, fixing = on && w->fixing;
	const bool item = on && w->review && nadir_review_get_item(w->review, 0) != NULL;
	GAction *review = g_action_map_lookup_action(G_ACTION_MAP(self), "review");
	if (!review) /* the window is just being made */
		return;
	g_simple_action_set_state(G_SIMPLE_ACTION(review), g_variant_new_boolean(on));
	enable(self, "review", self->document != NULL);
	enable(self, "review-decide", item && !fixing);
	enable(self, "review-back", on && !fixing);
	enable(self, "review-fix", item && !fixing);
	enable(self, "review-fixed", fixing);
	enable(self, "review-comment", item && !fixing);
	enable(self, "review-caption", item && !fixing);
	enable(self, "review-before", item && !fixing);
	enable(self, "review-image-caption", on && !fixing);
	enable(self, "review-answers", on && !fixing);
	enable(self, "review-confused", item && !fixing);
	enable(self, "review-take", item && !fixing && nadir_review_get_pair(w->review) != NULL);
	enable(self, "review-threshold", on && !fixing);
	enable(self, "review-filter", on && !fixing);
	enable(self, "review-leave", on);
}

/* --- keys --- */

static bool matches(const char *keys, guint key, GdkModifierType state)
{
	g_auto(GStrv) list = g_strsplit(keys, "|", -1);
	const GdkModifierType mods = state & (GDK_CONTROL_MASK | GDK_ALT_MASK | GDK_SHIFT_MASK);
	for (char **k = list; *k; k++) {
		guint want;
		GdkModifierType want_mods;
		if (gtk_accelerator_parse(*k, &want, &want_mods) && want == gdk_keyval_to_lower(key) && want_mods == mods)
			return true;
	}
	return false;
}

static bool run_key(NadirWindow *self, guint key, GdkModifierType state)
{
	guint n;
	const nadir_action *table = nadir_actions(&n);
	for (guint i = 0; i < n; i++)
		if (nadir_action_is_of_review(&table[i]) && nadir_keymap_keys(&table[i]) &&
		    matches(nadir_keymap_keys(&table[i]), key, state))
			return nadir_action_run(GTK_WIDGET(self), &table[i]);
	return false;
}

/* A digit gives the class of that key and accepts; with Alt that of the list of those often taken for it. */
static bool relabel_by_key(NadirWindow *self, guint key, GdkModifierType state)
{
	const gunichar c = gdk_keyval_to_unicode(key);
	GPtrArray *classes = nadir_document_get_classes(self->document);
	if (c < '0' || c > '9' || (state & GDK_CONTROL_MASK))
		return false;
	if (state & GDK_ALT_MASK) {
		const char place[] = {(char)c, '\0'};
		g_action_group_activate_action(G_ACTION_GROUP(self), "review-confused", g_variant_new_string(place));
		return true;
	}
	for (guint i = 0; i < classes->len; i++)
		if (((const project_class *)classes->pdata[i])->key == (int)(c - '0')) {
			nadir_review_relabel(self->review->review, ((const project_class *)classes->pdata[i])->name);
			return true;
		}
	g_autofree char *sentence =
		g_strdup_printf(_("No class has the key %d yet: add one in the sidebar."), (int)(c - '0'));
	nadir_window_show_notice(self, sentence);
	return true;
}

static bool step_by_key(NadirWindow *self, guint key, GdkModifierType state)
{
	if ((key != GDK_KEY_n && key != GDK_KEY_N) || (state & (GDK_CONTROL_MASK | GDK_ALT_MASK)))
		return false;
	nadir_review_go(self->review->review, state & GDK_SHIFT_MASK ? -1 : 1);
	return true;
}

/* While something is drawn or previewed, Enter and Escape are about that. */
static bool fixing_key(NadirWindow *self, guint key, GdkModifierType state)
{
	const bool enter = key == GDK_KEY_Return || key == GDK_KEY_KP_Enter, leave = key == GDK_KEY_Escape;
	if ((!enter && !leave) || nadir_document_get_prompt(self->document) ||
	    nadir_canvas_get_tool(self->work->canvas) == NADIR_TOOL_POLYGON)
		return false;
	if (enter)
		g_action_group_activate_action(G_ACTION_GROUP(self), "review-fixed", NULL);
	else
		end_fixing(self);
	return true;
}

static bool undo_key(NadirWindow *self, guint key, GdkModifierType state)
{
	if (key != GDK_KEY_z || (state & (GDK_CONTROL_MASK | GDK_SHIFT_MASK | GDK_ALT_MASK)) != GDK_CONTROL_MASK)
		return false;
	if (self->review->said > 0 && nadir_document_get_undo_text(self->document)) {
		self->review->said--;
		nadir_document_undo(self->document);
		return true;
	}
	g_action_group_activate_action(G_ACTION_GROUP(self), "review-back", NULL);
	return true;
}

static gboolean on_key(NadirWindow *self, guint key, guint code, GdkModifierType state)
{
	struct window_review *w = self->review;
	if (!w || nadir_actions_want_text(GTK_WINDOW(self)))
		return FALSE;
	const bool again = !g_hash_table_add(w->held, GUINT_TO_POINTER(code));
	if (w->fixing)
		return fixing_key(self, key, state);
	if (again && !(state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) && gdk_keyval_to_unicode(key))
		return TRUE; /* held: it was meant once */
	/* The threshold has keys of its own while it has the focus. */
	return undo_key(self, key, state) || run_key(self, key, state) || relabel_by_key(self, key, state) ||
	       step_by_key(self, key, state);
}

static void on_key_released(NadirWindow *self, guint key, guint code)
{
	if (self->review)
		g_hash_table_remove(self->review->held, GUINT_TO_POINTER(code));
}

static void on_active(NadirWindow *self)
{
	if (self->review)
		g_hash_table_remove_all(self->review->held);
}

void nadir_window_setup_review(NadirWindow *self)
{
	GtkEventController *keys = gtk_event_controller_key_new();
	gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
	g_signal_connect_swapped(keys, "key-pressed", G_CALLBACK(on_key), self);
	g_signal_connect_swapped(keys, "key-released", G_CALLBACK(on_key_released), self);
	gtk_widget_add_controller(GTK_WIDGET(self), keys);
	g_signal_connect(self, "notify::is-active", G_CALLBACK(on_active), NULL);
	g_action_map_add_action_entries(G_ACTION_MAP(self), entries, G_N_ELEMENTS(entries), self);
	nadir_window_update_review(self);
}
