#include "app/review/pair-box.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/command/actions.h"
#include "app/document/object-list.h"
#include "render/draw/shape-draw.h"

struct _NadirPairBox {
	GtkWidget parent_instance;

	/* Template widgets */
	GtkWidget *box;
	GtkLabel *summary, *iou, *names[2];
	GtkDrawingArea *shapes;
	GtkButton *take[2];
	GtkListView *list;

	/* Owned */
	NadirReview *review;
	NadirDocument *document;
	GSignalGroup *signals;
	GArray *order; /* of guint: the list's rows, as places in the agreement's pairs */

	const agreement *listed; /* as of this one; only compared */
};

G_DEFINE_FINAL_TYPE(NadirPairBox, nadir_pair_box, GTK_TYPE_WIDGET)

static const project_class *class_of(NadirPairBox *b, int id)
{
	GPtrArray *classes = nadir_document_get_classes(b->document);
	for (guint i = 0; i < classes->len; i++)
		if (((project_class *)classes->pdata[i])->id == id)
			return classes->pdata[i];
	return NULL;
}

static const char *class_name(NadirPairBox *b, int id)
{
	const project_class *k = class_of(b, id);
	return k ? k->name : "";
}

/* --- the two outlines --- */

/* Borrowed; NULL: that set has none, or it lies on another image. */
static NadirObject *object_of(NadirPairBox *b, bool second)
{
	const agreement_pair *p = b->review ? nadir_review_get_pair(b->review) : NULL;
	const gint64 id = !p ? 0 : second ? p->b : p->a;
	return id ? nadir_object_list_find(NADIR_OBJECT_LIST(nadir_document_get_objects(b->document)), id, NULL) : NULL;
}

static void draw_one(NadirPairBox *b, cairo_t *cr, NadirObject *o, const shape_view *view, bool filled)
{
	const wkb_shape *s = o ? nadir_object_get_shape(o) : NULL;
	const project_class *k = o ? class_of(b, nadir_object_get_feature(o)->class_id) : NULL;
	GdkRGBA c;
	if (!s || !gdk_rgba_parse(&c, k ? k->color : "#888888"))
		return;
	const draw_color line = {c.red, c.green, c.blue, filled ? 1 : 0.55f};
	const shape_look look = {
		.fill = {c.red, c.green, c.blue, filled ? 0.45f : 0}, .line = line, .pattern = filled ? 0 : 1, .width = 2};
	shape_draw(cr, s, view, &look);
}

/* Left the first set's outline, right the second's, at one scale; the other's lies over it as a line. */
static void draw(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
	NadirPairBox *b = data;
	NadirObject *const o[2] = {object_of(b, false), object_of(b, true)};
	double all[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
	for (int i = 0; i < 2; i++) {
		double e[4];
		if (!o[i] || !nadir_object_get_shape(o[i]))
			continue;
		wkb_shape_extent(nadir_object_get_shape(o[i]), e);
		for (int k = 0; k < 2; k++) {
			all[k] = MIN(all[k], e[k]);
			all[k + 2] = MAX(all[k + 2], e[k + 2]);
		}
	}
	if (!(all[2] > all[0]))
		return;
	const double half = width / 2.0, margin = 8;
	const double scale = MIN((half - 2 * margin) / (all[2] - all[0]), (height - 2 * margin) / (all[3] - all[1]));
	for (int i = 0; i < 2; i++) {
		const double cx = (all[0] + all[2]) / 2, cy = (all[1] + all[3]) / 2;
		const shape_view view = {cx - half / 2 / scale, cy - height / 2.0 / scale, scale};
		cairo_save(cr);
		cairo_translate(cr, i * half, 0);
		draw_one(b, cr, o[i], &view, true);
		draw_one(b, cr, o[1 - i], &view, false);
		cairo_restore(cr);
	}
}

static void show_side(NadirPairBox *b, const agreement_pair *p, bool second)
{
	const char *set = nadir_review_get_set(b->review, second);
	const gint64 id = !p ? 0 : second ? p->b : p->a;
	g_autofree char *text =
		id ? g_strdup_printf("%s\n%s #%" G_GINT64_FORMAT, set, class_name(b, second ? p->class_b : p->class_a), id)
		   : g_strdup_printf("%s\n%s", set, p ? _("has none") : "");
	const nadir_action *a = nadir_action_find(second ? "win.review-take::second" : "win.review-take::first");
	/* Translators: a label set, then " (])", the key, or nothing. */
	g_autofree char *key = nadir_action_hint(a), *label = g_strdup_printf(_("Take %s%s"), set, key);
	gtk_label_set_text(b->names[second], text);
	gtk_button_set_label(b->take[second], label);
}

static void show_pair(NadirPairBox *b)
{
	const agreement_pair *p = nadir_review_get_pair(b->review);
	g_autofree char *text = p && p->a && p->b ? g_strdup_printf(_("IoU %.2f"), p->iou)
	                        : p               ? g_strdup(_("only one has it"))
	                                          : g_strdup("");
	gtk_label_set_text(b->iou, text);
	show_side(b, p, false);
	show_side(b, p, true);
	gtk_widget_queue_draw(GTK_WIDGET(b->shapes));
}

/* --- all pairs --- */

static int by_iou(gconstpointer x, gconstpointer y, gpointer pairs)
{
	const guint a = *(const guint *)x, b = *(const guint *)y;
	const double p = g_array_index((GArray *)pairs, agreement_pair, a).iou,
				 q = g_array_index((GArray *)pairs, agreement_pair, b).iou;
	return p != q ? (p > q) - (p < q) : (a > b) - (a < b);
}

static char *describe(NadirPairBox *b, const agreement_pair *p)
{
	if (p->a && p->b)
		return g_strdup_printf("%.2f   %s #%" G_GINT64_FORMAT " · %s #%" G_GINT64_FORMAT, p->iou,
		                       class_name(b, p->class_a), p->a, class_name(b, p->class_b), p->b);
	g_autofree char *name =
		g_strdup_printf("%s #%" G_GINT64_FORMAT, class_name(b, p->a ? p->class_a : p->class_b), agreement_first(p));
	return g_strdup_printf(_("only %s   %s"), nadir_review_get_set(b->review, !p->a), name);
}

static void list_pairs(NadirPairBox *b, const agreement *g)
{
	g_autoptr(GtkStringList) texts = gtk_string_list_new(NULL);
	g_array_set_size(b->order, 0);
	for (guint i = 0; i < g->pairs->len; i++)
		g_array_append_val(b->order, i);
	g_array_sort_with_data(b->order, by_iou, g->pairs);
	for (guint i = 0; i < b->order->len; i++)
		gtk_string_list_take(texts,
		                     describe(b, &g_array_index(g->pairs, agreement_pair, g_array_index(b->order, guint, i))));
	g_autoptr(GtkNoSelection) model = gtk_no_selection_new(G_LIST_MODEL(g_steal_pointer(&texts)));
	gtk_list_view_set_model(b->list, GTK_SELECTION_MODEL(model));
}

static void on_activated(NadirPairBox *b, guint row)
{
	const agreement *g = nadir_review_get_agreement(b->review);
	if (!g || row >= b->order->len)
		return;
	const agreement_pair *p = &g_array_index(g->pairs, agreement_pair, g_array_index(b->order, guint, row));
	if (nadir_review_go_to(b->review, agreement_first(p)) || (p->b && nadir_review_go_to(b->review, p->b)))
		return;
	g_autofree char *key = nadir_action_hint(nadir_action_find("win.review-filter"));
	/* Translators: %s is " (Q)", the key, or nothing. */
	g_autofree char *sentence = g_strdup_printf(
		_("This pair is not in the queue: in its filter%s choose all states and the order by pairs."), key);
	nadir_document_notify_user(b->document, sentence);
}

static void on_changed(NadirPairBox *b)
{
	const agreement *g = b->review ? nadir_review_get_agreement(b->review) : NULL;
	gtk_widget_set_visible(b->box, g != NULL);
	if (!g)
		return;
	if (g != b->listed) {
		list_pairs(b, g);
		b->listed = g;
	}
	g_autofree char *iou = isnan(g->mean_iou) ? g_strdup("–") : g_strdup_printf("%.2f", g->mean_iou);
	g_autofree char *kappa = isnan(g->kappa) ? g_strdup("–") : g_strdup_printf("%.2f", g->kappa);
	g_autofree char *text = g_strdup_printf(_("%u in both, %u only in %s, %u only in %s · mean IoU %s · kappa %s"),
	                                        g->both, g->only_a, nadir_review_get_set(b->review, false), g->only_b,
	                                        nadir_review_get_set(b->review, true), iou, kappa);
	gtk_label_set_text(b->summary, text);
	show_pair(b);
}

/* --- life --- */

void nadir_pair_box_set_review(NadirPairBox *b, NadirReview *r, NadirDocument *d)
{
	g_return_if_fail(NADIR_IS_PAIR_BOX(b));
	g_set_object(&b->document, d);
	if (g_set_object(&b->review, r)) {
		b->listed = NULL;
		g_signal_group_set_target(b->signals, r);
	}
	on_changed(b);
}

static void nadir_pair_box_dispose(GObject *object)
{
	NadirPairBox *b = NADIR_PAIR_BOX(object);
	g_clear_object(&b->signals);
	g_clear_object(&b->review);
	g_clear_object(&b->document);
	g_clear_pointer(&b->box, gtk_widget_unparent);
	G_OBJECT_CLASS(nadir_pair_box_parent_class)->dispose(object);
}

static void nadir_pair_box_finalize(GObject *object)
{
	g_array_unref(NADIR_PAIR_BOX(object)->order);
	G_OBJECT_CLASS(nadir_pair_box_parent_class)->finalize(object);
}

static void nadir_pair_box_class_init(NadirPairBoxClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_pair_box_dispose;
	G_OBJECT_CLASS(klass)->finalize = nadir_pair_box_finalize;
	gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/pair-box.ui");
	gtk_widget_class_bind_template_child(widget_class, NadirPairBox, box);
	gtk_widget_class_bind_template_child(widget_class, NadirPairBox, summary);
	gtk_widget_class_bind_template_child(widget_class, NadirPairBox, iou);
	gtk_widget_class_bind_template_child(widget_class, NadirPairBox, shapes);
	gtk_widget_class_bind_template_child(widget_class, NadirPairBox, list);
	gtk_widget_class_bind_template_child_full(widget_class, "name_a", FALSE, G_STRUCT_OFFSET(NadirPairBox, names[0]));
	gtk_widget_class_bind_template_child_full(widget_class, "name_b", FALSE, G_STRUCT_OFFSET(NadirPairBox, names[1]));
	gtk_widget_class_bind_template_child_full(widget_class, "take_a", FALSE, G_STRUCT_OFFSET(NadirPairBox, take[0]));
	gtk_widget_class_bind_template_child_full(widget_class, "take_b", FALSE, G_STRUCT_OFFSET(NadirPairBox, take[1]));
	gtk_widget_class_bind_template_callback(widget_class, on_activated);
}

static void setup_row(GtkSignalListItemFactory *factory, GtkListItem *item)
{
	GtkWidget *label = gtk_label_new(NULL);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
	gtk_widget_add_css_class(label, "numeric");
	gtk_list_item_set_child(item, label);
}

static void bind_row(GtkSignalListItemFactory *factory, GtkListItem *item)
{
	GtkStringObject *text = gtk_list_item_get_item(item);
	gtk_label_set_text(GTK_LABEL(gtk_list_item_get_child(item)), gtk_string_object_get_string(text));
}

static void nadir_pair_box_init(NadirPairBox *b)
{
	g_autoptr(GtkListItemFactory) factory = gtk_signal_list_item_factory_new();
	gtk_widget_init_template(GTK_WIDGET(b));
	b->order = g_array_new(FALSE, FALSE, sizeof(guint));
	g_signal_connect(factory, "setup", G_CALLBACK(setup_row), NULL);
	g_signal_connect(factory, "bind", G_CALLBACK(bind_row), NULL);
	gtk_list_view_set_factory(b->list, factory);
	gtk_drawing_area_set_draw_func(b->shapes, draw, b, NULL);
	b->signals = g_signal_group_new(NADIR_TYPE_REVIEW);
	g_signal_group_connect_swapped(b->signals, "changed", G_CALLBACK(on_changed), b);
	g_signal_group_connect_swapped(b->signals, "moved", G_CALLBACK(on_changed), b);
}
