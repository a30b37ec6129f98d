#include "app/review/review-panel.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "app/command/key-tips.h"
#include "app/panel/swatch.h"
#include "app/review/pair-box.h"
#include "app/review/score-chart.h"

#define NEXT_SHOWN 3
#define LOOK_AT 20

struct _NadirReviewPanel {
	GtkWidget parent_instance;

	/* Template widgets */
	GtkLabel *summary, *threshold, *ready;
	GtkMenuButton *filter_button, *saved_button;
	GtkDropDown *decision, *klass, *source, *image, *sets, *order;
	GtkSpinButton *score_min, *score_max, *area_min, *area_max, *sample;
	GtkListBox *saved;
	GtkEntry *save_name;
	GtkCheckButton *advance;
	NadirScoreChart *chart;
	GtkButton *accept_above, *reject_below, *look_first;
	GtkGrid *counts;
	GtkBox *next, *hot_card;
	GtkFlowBox *hot;
	NadirPairBox *pairs;

	/* Owned */
	NadirReview *review;
	GSignalGroup *signals;
	NadirDocument *document; /* for classes */

	gconstpointer queues_shown; /* as of this reading */
	GtkLabel *count_labels[7];
	gboolean loading; /* the filter's widgets follow the review: do not answer */
};

G_DEFINE_FINAL_TYPE(NadirReviewPanel, nadir_review_panel, GTK_TYPE_WIDGET)

static const char *const decision_titles[REVIEW_DECISIONS] = {N_("undecided"), N_("accepted"), N_("rejected"),
                                                              N_("flagged"), N_("skipped")};
static const char *const source_titles[REVIEW_SOURCES] = {N_("model"), N_("import"), N_("person")};
static const char *const order_titles[QUEUE_ORDERS] = {N_("image after image"),
                                                       N_("lowest score first"),
                                                       N_("highest score first"),
                                                       N_("class after class"),
                                                       N_("smallest first"),
                                                       N_("at random"),
                                                       N_("pairs of two sets, least IoU first")};

/* --- the filter's widgets --- */

static void fill(GtkDropDown *drop, const char *first, const char *const *names, guint n, bool translate)
{
	g_autoptr(GtkStringList) list = gtk_string_list_new(NULL);
	if (first)
		gtk_string_list_append(list, first);
	for (guint i = 0; i < n; i++)
		gtk_string_list_append(list, translate ? _(names[i]) : names[i]);
	gtk_drop_down_set_model(drop, G_LIST_MODEL(list));
}

static void fill_classes(NadirReviewPanel *p)
{
	GPtrArray *classes = nadir_document_get_classes(p->document);
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	for (guint i = 0; i < classes->len; i++)
		g_ptr_array_add(names, ((project_class *)classes->pdata[i])->name);
	fill(p->klass, _("all"), (const char *const *)names->pdata, names->len, false);
}

static void fill_images(NadirReviewPanel *p)
{
	g_autoptr(GPtrArray) names = nadir_review_image_names(p->review);
	fill(p->image, _("all"), (const char *const *)names->pdata, names->len, false);
}

/* Every pair of label sets, as "a – b", in the order of pair(). */
static void fill_sets(NadirReviewPanel *p)
{
	const char *const *authors = nadir_review_get_authors(p->review);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; authors[i]; i++)
		for (guint k = i + 1; authors[k]; k++)
			g_ptr_array_add(names, g_strdup_printf("%s – %s", authors[i], authors[k]));
	fill(p->sets, _("any"), (const char *const *)names->pdata, names->len, false);
}

static bool pair(NadirReviewPanel *p, guint wanted, const char **a, const char **b)
{
	const char *const *authors = nadir_review_get_authors(p->review);
	guint at = 0;
	for (guint i = 0; authors[i]; i++)
		for (guint k = i + 1; authors[k]; k++)
			if (at++ == wanted) {
				*a = authors[i];
				*b = authors[k];
				return true;
			}
	return false;
}

static guint bit_index(guint bits)
{
	for (guint i = 0; i < 16; i++)
		if (bits == 1u << i)
			return i + 1;
	return 0;
}

static guint class_index(NadirReviewPanel *p, const queue_filter *f)
{
	GPtrArray *classes = nadir_document_get_classes(p->document);
	for (guint i = 0; f->classes->len == 1 && i < classes->len; i++)
		if (((project_class *)classes->pdata[i])->id == g_array_index(f->classes, int, 0))
			return i + 1;
	return 0;
}

static guint image_index(NadirReviewPanel *p, gint64 image)
{
	GPtrArray *images = nadir_review_get_images(p->review);
	for (guint i = 0; i < images->len; i++)
		if (((project_image *)images->pdata[i])->id == image)
			return i + 1;
	return 0;
}

static guint set_index(NadirReviewPanel *p, const queue_filter *f)
{
	const char *a, *b;
	for (guint i = 0; pair(p, i, &a, &b); i++)
		if (g_str_equal(a, f->set_a) && g_str_equal(b, f->set_b))
			return i + 1;
	return 0;
}

static void load_filter(NadirReviewPanel *p)
{
	const queue_filter *f = nadir_review_get_filter(p->review);
	p->loading = TRUE;
	fill(p->decision, _("all"), decision_titles, REVIEW_DECISIONS, true);
	fill(p->source, _("all"), source_titles, REVIEW_SOURCES, true);
	fill(p->order, NULL, order_titles, QUEUE_ORDERS, true);
	fill_classes(p);
	fill_images(p);
	fill_sets(p);
	gtk_drop_down_set_selected(p->decision, bit_index(f->decisions));
	gtk_drop_down_set_selected(p->source, bit_index(f->sources));
	gtk_drop_down_set_selected(p->order, f->order);
	gtk_drop_down_set_selected(p->klass, class_index(p, f));
	gtk_drop_down_set_selected(p->image, image_index(p, f->image));
	gtk_drop_down_set_selected(p->sets, set_index(p, f));
	gtk_spin_button_set_value(p->score_min, f->score_min);
	gtk_spin_button_set_value(p->score_max, f->score_max);
	gtk_spin_button_set_value(p->area_min, f->area_min);
	gtk_spin_button_set_value(p->area_max, f->area_max);
	gtk_spin_button_set_value(p->sample, f->sample);
	p->loading = FALSE;
}

static void take_lists(NadirReviewPanel *p, queue_filter *f)
{
	const guint decision = gtk_drop_down_get_selected(p->decision), source = gtk_drop_down_get_selected(p->source);
	const guint klass = gtk_drop_down_get_selected(p->klass), image = gtk_drop_down_get_selected(p->image);
	const guint sets = gtk_drop_down_get_selected(p->sets);
	GPtrArray *classes = nadir_document_get_classes(p->document), *images = nadir_review_get_images(p->review);
	const char *a = "", *b = "";
	f->decisions = decision ? 1u << (decision - 1) : 0;
	f->sources = source ? 1u << (source - 1) : 0;
	g_array_set_size(f->classes, 0);
	if (klass > 0 && klass <= classes->len)
		queue_filter_set_class(f, ((project_class *)classes->pdata[klass - 1])->id, true);
	f->image = image > 0 && image <= images->len ? ((project_image *)images->pdata[image - 1])->id : 0;
	if (sets > 0)
		pair(p, sets - 1, &a, &b);
	g_free(f->set_a);
	g_free(f->set_b);
	f->set_a = g_strdup(a);
	f->set_b = g_strdup(b);
	f->order = (queue_order)MIN(gtk_drop_down_get_selected(p->order), QUEUE_ORDERS - 1);
}

static void on_filter(NadirReviewPanel *p)
{
	if (p->loading || !p->review)
		return;
	g_autoptr(queue_filter) f = queue_filter_copy(nadir_review_get_filter(p->review));
	take_lists(p, f);
	f->score_min = gtk_spin_button_get_value(p->score_min);
	f->score_max = gtk_spin_button_get_value(p->score_max);
	f->area_min = gtk_spin_button_get_value(p->area_min);
	f->area_max = gtk_spin_button_get_value(p->area_max);
	f->sample = gtk_spin_button_get_value(p->sample);
	nadir_review_set_filter(p->review, f);
}

/* --- saved queues --- */

static void on_delete_saved(GtkButton *button, NadirReviewPanel *p)
{
	nadir_review_delete_queue(p->review, g_object_get_data(G_OBJECT(button), "queue"));
}

static GtkWidget *make_saved_row(NadirReviewPanel *p, const review_queue_row *q)
{
	GtkWidget *row = gtk_list_box_row_new(), *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
	GtkWidget *label = gtk_label_new(q->name), *button = gtk_button_new_from_icon_name("user-trash-symbolic");
	gtk_widget_set_hexpand(label, TRUE);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_widget_set_margin_start(label, 8);
	gtk_widget_add_css_class(button, "flat");
	gtk_widget_set_tooltip_text(button, _("Delete this queue"));
	g_object_set_data_full(G_OBJECT(button), "queue", g_strdup(q->name), g_free);
	g_signal_connect_object(button, "clicked", G_CALLBACK(on_delete_saved), p, 0);
	gtk_box_append(GTK_BOX(box), label);
	gtk_box_append(GTK_BOX(box), button);
	gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
	g_object_set_data_full(G_OBJECT(row), "filter", g_strdup(q->filter), g_free);
	return row;
}

static void show_saved(NadirReviewPanel *p)
{
	GPtrArray *queues = nadir_review_get_queues(p->review);
	GtkWidget *row;
	if (p->queues_shown == queues)
		return;
	p->queues_shown = queues;
	while ((row = gtk_widget_get_first_child(GTK_WIDGET(p->saved))))
		gtk_list_box_remove(p->saved, row);
	for (guint i = 0; i < queues->len; i++)
		gtk_list_box_append(p->saved, make_saved_row(p, queues->pdata[i]));
	gtk_widget_set_visible(GTK_WIDGET(p->saved), queues->len > 0);
}

static void on_saved_activated(NadirReviewPanel *p, GtkListBoxRow *row)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(queue_filter) f = queue_filter_from_json(g_object_get_data(G_OBJECT(row), "filter"), &error);
	gtk_menu_button_popdown(p->saved_button);
	if (f)
		nadir_review_set_filter(p->review, f);
	else
		nadir_document_report(p->document, error);
	load_filter(p);
}

static void on_save(NadirReviewPanel *p)
{
	nadir_review_save_queue(p->review, gtk_editable_get_text(GTK_EDITABLE(p->save_name)));
	gtk_editable_set_text(GTK_EDITABLE(p->save_name), "");
	gtk_menu_button_popdown(p->saved_button);
}

/* --- scores --- */

static void show_threshold(NadirReviewPanel *p)
{
	const double t = nadir_score_chart_get_threshold(p->chart);
	const guint above = p->review ? nadir_review_count_beyond(p->review, t, true) : 0;
	const guint below = p->review ? nadir_review_count_beyond(p->review, t, false) : 0;
	g_autofree char *text = g_strdup_printf(ngettext("%u undecided object at %.2f and above, %u below",
	                                                 "%u undecided objects at %.2f and above, %u below", above),
	                                        above, t, below);
	g_autofree char *accept = g_strdup_printf(_("Accept %u"), above);
	g_autofree char *reject = g_strdup_printf(_("Reject below (%u)"), below);
	gtk_label_set_text(p->threshold, above + below ? text : _("No undecided object has a score."));
	gtk_button_set_label(p->accept_above, accept);
	gtk_button_set_label(p->reject_below, reject);
	gtk_widget_set_sensitive(GTK_WIDGET(p->accept_above), above > 0);
	gtk_widget_set_sensitive(GTK_WIDGET(p->reject_below), below > 0);
	gtk_widget_set_visible(GTK_WIDGET(p->look_first), above > LOOK_AT);
}

static void show_scores(NadirReviewPanel *p)
{
	guint open[SCORE_BINS] = {0}, decided[SCORE_BINS] = {0};
	GArray *items = nadir_review_get_items(p->review);
	g_autoptr(queue_filter) f = queue_filter_copy(nadir_review_get_filter(p->review));
	f->decisions = 0; /* decided ones leave the queue, not the picture */
	for (guint i = 0; i < items->len; i++) {
		const review_item *item = &g_array_index(items, review_item, i);
		if (isnan(item->score) || !queue_filter_accepts(f, item))
			continue;
		const int bin = CLAMP((int)(item->score * SCORE_BINS), 0, SCORE_BINS - 1);
		(item->decision == REVIEW_UNDECIDED ? open : decided)[bin]++;
	}
	nadir_score_chart_set_counts(p->chart, open, decided);
	show_threshold(p);
}

static void on_accept_above(NadirReviewPanel *p)
{
	nadir_review_decide_beyond(p->review, nadir_score_chart_get_threshold(p->chart), true, REVIEW_ACCEPTED);
}

static void on_reject_below(NadirReviewPanel *p)
{
	nadir_review_decide_beyond(p->review, nadir_score_chart_get_threshold(p->chart), false, REVIEW_REJECTED);
}

/* A sample of what the threshold would accept, at random. */
static void on_look_first(NadirReviewPanel *p)
{
	const double t = nadir_score_chart_get_threshold(p->chart);
	const guint above = nadir_review_count_beyond(p->review, t, true);
	g_autoptr(queue_filter) f = queue_filter_copy(nadir_review_get_filter(p->review));
	f->score_min = t;
	f->score_max = 1;
	f->order = QUEUE_AT_RANDOM;
	f->sample = above > 0 ? MIN(100.0, 100.0 * LOOK_AT / above) : 100;
	nadir_review_set_filter(p->review, f);
	load_filter(p);
}

/* --- what was decided, what is next --- */

static void show_counts(NadirReviewPanel *p)
{
	guint n[REVIEW_DECISIONS];
	nadir_review_get_counts(p->review, n);
	const guint values[] = {n[REVIEW_ACCEPTED],
	                        n[REVIEW_REJECTED],
	                        n[REVIEW_FLAGGED],
	                        n[REVIEW_SKIPPED],
	                        nadir_review_get_relabelled(p->review),
	                        nadir_review_get_fixed(p->review),
	                        n[REVIEW_UNDECIDED]};
	for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
		g_autofree char *text = g_strdup_printf("%'u", values[i]);
		gtk_label_set_text(p->count_labels[i], text);
	}
}

static const project_class *class_of(NadirReviewPanel *p, int id)
{
	GPtrArray *classes = nadir_document_get_classes(p->document);
	for (guint i = 0; i < classes->len; i++)
		if (((project_class *)classes->pdata[i])->id == id)
			return classes->pdata[i];
	return NULL;
}

/* --- the classes it is often taken for --- */

static GtkWidget *make_hot(const project_class *k, guint place)
{
	g_autofree char *action = g_strdup_printf("win.review-confused::%u", place);
	g_autofree char *key = gtk_accelerator_get_label(GDK_KEY_0 + place, GDK_ALT_MASK);
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6), *name = gtk_label_new(k->name),
			  *button = gtk_button_new();
	GtkWidget *badge = gtk_label_new(key), *swatch = g_object_new(NADIR_TYPE_SWATCH, "valign", GTK_ALIGN_CENTER, NULL);
	nadir_swatch_set(NADIR_SWATCH(swatch), k->color, k->pattern);
	gtk_label_set_ellipsize(GTK_LABEL(name), PANGO_ELLIPSIZE_END);
	gtk_widget_add_css_class(badge, "key-badge");
	gtk_box_append(GTK_BOX(box), swatch);
	gtk_box_append(GTK_BOX(box), name);
	gtk_box_append(GTK_BOX(box), badge);
	gtk_button_set_child(GTK_BUTTON(button), box);
	gtk_widget_set_focus_on_click(button, FALSE);
	gtk_actionable_set_detailed_action_name(GTK_ACTIONABLE(button), action);
	return button;
}

static void show_hot(NadirReviewPanel *p)
{
	const review_item *item = nadir_review_get_item(p->review, 0);
	g_autoptr(GArray) ids = item ? nadir_review_confused_with(p->review, item->class_id, REVIEW_HOT) : NULL;
	GtkWidget *child;
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(p->hot))))
		gtk_flow_box_remove(p->hot, child);
	for (guint i = 0; ids && i < ids->len; i++) {
		const project_class *k = class_of(p, g_array_index(ids, int, i));
		if (k)
			gtk_flow_box_append(p->hot, make_hot(k, i + 1));
	}
	gtk_widget_set_visible(GTK_WIDGET(p->hot_card), ids && ids->len > 0);
}

static GtkWidget *make_next_row(NadirReviewPanel *p, const review_item *item, gint64 image)
{
	const project_class *k = class_of(p, item->class_id);
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8), *swatch = g_object_new(NADIR_TYPE_SWATCH, NULL);
	g_autofree char *text =
		isnan(item->score) ? g_strdup(k ? k->name : "") : g_strdup_printf("%s %.2f", k ? k->name : "", item->score);
	GtkWidget *name = gtk_label_new(text);
	GtkWidget *where =
		gtk_label_new(item->image == image ? _("same image") : nadir_review_image_name(p->review, item->image));
	nadir_swatch_set(NADIR_SWATCH(swatch), k ? k->color : "#888888", k ? k->pattern : 0);
	gtk_widget_set_valign(swatch, GTK_ALIGN_CENTER);
	gtk_widget_set_hexpand(name, TRUE);
	gtk_label_set_xalign(GTK_LABEL(name), 0);
	gtk_label_set_ellipsize(GTK_LABEL(name), PANGO_ELLIPSIZE_END);
	gtk_label_set_ellipsize(GTK_LABEL(where), PANGO_ELLIPSIZE_MIDDLE);
	gtk_label_set_max_width_chars(GTK_LABEL(where), 20);
	gtk_widget_add_css_class(where, "dim-label");
	gtk_widget_add_css_class(where, "caption");
	gtk_box_append(GTK_BOX(row), swatch);
	gtk_box_append(GTK_BOX(row), name);
	gtk_box_append(GTK_BOX(row), where);
	return row;
}

static void show_next(NadirReviewPanel *p)
{
	const review_item *now = nadir_review_get_item(p->review, 0), *item;
	GtkWidget *row;
	while ((row = gtk_widget_get_first_child(GTK_WIDGET(p->next))))
		gtk_box_remove(p->next, row);
	for (guint i = 1; i <= NEXT_SHOWN && (item = nadir_review_get_item(p->review, i)); i++)
		gtk_box_append(p->next, make_next_row(p, item, now ? now->image : 0));
	if (!gtk_widget_get_first_child(GTK_WIDGET(p->next)))
		gtk_box_append(p->next, gtk_label_new(_("nothing more")));
	show_hot(p);
}

void nadir_review_panel_set_ready(NadirReviewPanel *p, guint ready, guint of)
{
	g_return_if_fail(NADIR_IS_REVIEW_PANEL(p));
	g_autofree char *text = g_strdup_printf(_("%u of %u read ahead"), ready, of);
	gtk_label_set_text(p->ready, of > 0 ? text : "");
}

static void show_summary(NadirReviewPanel *p)
{
	const guint n = nadir_review_get_length(p->review), all = nadir_review_get_items(p->review)->len;
	g_autofree char *text =
		g_strdup_printf(ngettext("%'u object of %'u in the project", "%'u objects of %'u in the project", n), n, all);
	gtk_label_set_text(p->summary, nadir_review_is_loaded(p->review) ? text : _("Reading the project…"));
}

static void on_changed(NadirReviewPanel *p)
{
	show_saved(p);
	show_summary(p);
	show_scores(p);
	show_counts(p);
}

static void on_loaded(NadirReviewPanel *p)
{
	load_filter(p);
}

static void on_advance(NadirReviewPanel *p)
{
	if (p->review)
		nadir_review_set_advance(p->review, gtk_check_button_get_active(p->advance));
}

/* --- the panel --- */

void nadir_review_panel_focus_threshold(NadirReviewPanel *p)
{
	gtk_widget_grab_focus(GTK_WIDGET(p->chart));
}

void nadir_review_panel_open_filter(NadirReviewPanel *p)
{
	gtk_menu_button_popup(p->filter_button);
}

void nadir_review_panel_set_review(NadirReviewPanel *p, NadirReview *r, NadirDocument *d)
{
	g_return_if_fail(NADIR_IS_REVIEW_PANEL(p));
	g_set_object(&p->document, d);
	nadir_pair_box_set_review(p->pairs, r, d);
	if (!g_set_object(&p->review, r))
		return;
	g_signal_group_set_target(p->signals, r);
	if (!r)
		return;
	gtk_check_button_set_active(p->advance, nadir_review_get_advance(r));
	on_changed(p);
	if (nadir_review_is_loaded(r))
		on_loaded(p);
}

static void nadir_review_panel_dispose(GObject *object)
{
	NadirReviewPanel *p = NADIR_REVIEW_PANEL(object);
	GtkWidget *child;
	g_clear_object(&p->signals);
	g_clear_object(&p->review);
	g_clear_object(&p->document);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(p))))
		gtk_widget_unparent(child);
	G_OBJECT_CLASS(nadir_review_panel_parent_class)->dispose(object);
}

#define BIND(name) gtk_widget_class_bind_template_child(widget_class, NadirReviewPanel, name)

static void bind_children(GtkWidgetClass *widget_class)
{
	BIND(summary);
	BIND(threshold);
	BIND(ready);
	BIND(filter_button);
	BIND(saved_button);
	BIND(decision);
	BIND(klass);
	BIND(source);
	BIND(image);
	BIND(sets);
	BIND(order);
	BIND(score_min);
	BIND(score_max);
	BIND(area_min);
	BIND(area_max);
	BIND(sample);
	BIND(saved);
	BIND(save_name);
	BIND(advance);
	BIND(chart);
	BIND(accept_above);
	BIND(reject_below);
	BIND(look_first);
	BIND(counts);
	BIND(next);
	BIND(hot);
	BIND(hot_card);
	BIND(pairs);
}

#undef BIND

static void nadir_review_panel_class_init(NadirReviewPanelClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_review_panel_dispose;
	g_type_ensure(NADIR_TYPE_SCORE_CHART);
	g_type_ensure(NADIR_TYPE_PAIR_BOX);
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/review-panel.ui");
	bind_children(widget_class);
	gtk_widget_class_bind_template_callback(widget_class, on_filter);
	gtk_widget_class_bind_template_callback(widget_class, on_saved_activated);
	gtk_widget_class_bind_template_callback(widget_class, on_save);
	gtk_widget_class_bind_template_callback(widget_class, on_advance);
	gtk_widget_class_bind_template_callback(widget_class, show_threshold);
	gtk_widget_class_bind_template_callback(widget_class, on_accept_above);
	gtk_widget_class_bind_template_callback(widget_class, on_reject_below);
	gtk_widget_class_bind_template_callback(widget_class, on_look_first);
}

static void make_counts(NadirReviewPanel *p)
{
	static const char *const titles[] = {N_("accepted"),   N_("rejected"),      N_("flagged"),  N_("skipped"),
	                                     N_("relabelled"), N_("fixed by hand"), N_("undecided")};
	for (int i = 0; i < (int)G_N_ELEMENTS(titles); i++) {
		GtkWidget *title = gtk_label_new(_(titles[i])), *value = gtk_label_new("");
		gtk_label_set_xalign(GTK_LABEL(title), 0);
		gtk_widget_set_hexpand(title, TRUE);
		gtk_widget_add_css_class(value, "numeric");
		gtk_label_set_xalign(GTK_LABEL(value), 1);
		gtk_widget_set_margin_end(value, i % 2 ? 0 : 16);
		gtk_grid_attach(p->counts, title, i % 2 * 2, i / 2, 1, 1);
		gtk_grid_attach(p->counts, value, i % 2 * 2 + 1, i / 2, 1, 1);
		p->count_labels[i] = GTK_LABEL(value);
	}
}

static void nadir_review_panel_init(NadirReviewPanel *p)
{
	p->loading = TRUE;
	gtk_widget_init_template(GTK_WIDGET(p));
	p->loading = FALSE;
	nadir_key_tip(GTK_WIDGET(p->filter_button), "win.review-filter");
	make_counts(p);
	p->signals = g_signal_group_new(NADIR_TYPE_REVIEW);
	g_signal_group_connect_swapped(p->signals, "changed", G_CALLBACK(on_changed), p);
	g_signal_group_connect_swapped(p->signals, "loaded", G_CALLBACK(on_loaded), p);
	g_signal_group_connect_swapped(p->signals, "moved", G_CALLBACK(show_next), p);
}
