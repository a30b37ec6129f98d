#include "app/chat/chat-offers.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/conversation/conversation-text.h"

#define MOST_OBJECTS 8

typedef enum { OFFER_REGION, OFFER_MARKS, OFFER_OBJECT } offer_kind;

struct _NadirChatOffers {
	GtkPopover parent_instance;

	GtkListBox *list;

	/* Owned reference */
	NadirChat *chat;
};

G_DEFINE_FINAL_TYPE(NadirChatOffers, nadir_chat_offers, GTK_TYPE_POPOVER)

enum { CHOSEN, FAILED, N_OFFER_SIGNALS };
static guint signals[N_OFFER_SIGNALS];

static const char *mark_title(const prompt *p)
{
	static const struct {
		const char *name, *title;
	} titles[] = {{"point", N_("The marked point")},
	              {"box", N_("The marked box")},
	              {"circle", N_("The marked circle")},
	              {"scribble", N_("The marked scribble")},
	              {"polygon", N_("The marked polygon")}};
	const char *summary = prompt_summary(p);
	for (guint i = 0; i < G_N_ELEMENTS(titles); i++)
		if (g_str_equal(summary, titles[i].name))
			return _(titles[i].title);
	return _("The marks");
}

/* --- rows --- */

static GtkWidget *swatch(const char *color)
{
	GtkWidget *label = gtk_label_new(NULL);
	g_autofree char *markup = g_strdup_printf("<span foreground=\"%s\">●</span>", color ? color : "#888888");
	gtk_label_set_markup(GTK_LABEL(label), markup);
	return label;
}

static void add_row(NadirChatOffers *self, offer_kind kind, gint64 value, const char *color, const char *title,
                    const char *detail)
{
	GtkWidget *row = gtk_list_box_row_new(), *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
	GtkWidget *name = gtk_label_new(title), *more = gtk_label_new(detail);
	gtk_widget_add_css_class(more, "dim-label");
	gtk_widget_add_css_class(more, "caption");
	gtk_label_set_ellipsize(GTK_LABEL(name), PANGO_ELLIPSIZE_END);
	gtk_label_set_xalign(GTK_LABEL(name), 0);
	gtk_widget_set_hexpand(name, TRUE);
	gtk_box_append(GTK_BOX(box), swatch(color));
	gtk_box_append(GTK_BOX(box), name);
	gtk_box_append(GTK_BOX(box), more);
	gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
	g_object_set_data(G_OBJECT(row), "kind", GINT_TO_POINTER(kind));
	g_object_set_data_full(G_OBJECT(row), "value", g_memdup2(&value, sizeof value), g_free);
	gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
	gtk_list_box_append(self->list, row);
}

static bool fits(const char *title, const char *typed)
{
	g_autofree char *a = g_utf8_casefold(title, -1), *b = g_utf8_casefold(typed, -1);
	return strstr(a, g_strchug(b)) != NULL;
}

static void add_regions(NadirChatOffers *self, const GPtrArray *regions, const char *typed)
{
	for (guint i = 0; i < regions->len; i++) {
		const conversation_region *r = regions->pdata[i];
		g_autofree char *title = g_strdup_printf(_("Region %u"), i + 1),
						*any = g_strdup_printf("%s %s", title, r->label);
		const char *detail = *r->label ? r->label : prompt_title(r->mark);
		if (fits(any, typed))
			add_row(self, OFFER_REGION, i + 1, conversation_region_color(i), title, detail);
	}
}

static bool is_region(const GPtrArray *regions, gint64 object)
{
	for (guint i = 0; i < regions->len; i++)
		if (((const conversation_region *)regions->pdata[i])->object == object)
			return true;
	return false;
}

static bool add_object(NadirChatOffers *self, const GPtrArray *regions, NadirObject *o, const char *typed,
                       const char *detail)
{
	const feature *f = nadir_object_get_feature(o);
	const project_class *k = nadir_document_find_class(nadir_chat_get_document(self->chat), f->class_name);
	g_autofree char *title = g_strdup_printf("%s #%" G_GINT64_FORMAT, f->class_name, f->id);
	if (is_region(regions, f->id) || !fits(title, typed))
		return false;
	add_row(self, OFFER_OBJECT, f->id, k ? k->color : NULL, title, detail);
	return true;
}

static void add_objects(NadirChatOffers *self, const GPtrArray *regions, const char *typed)
{
	NadirDocument *d = nadir_chat_get_document(self->chat);
	NadirObject *selected = nadir_document_get_selected(d);
	GListModel *objects = nadir_document_get_objects(d);
	guint n = 0;
	if (selected)
		n += add_object(self, regions, selected, typed, _("selected"));
	for (guint i = 0; i < g_list_model_get_n_items(objects) && n < MOST_OBJECTS; i++) {
		g_autoptr(NadirObject) o = g_list_model_get_item(objects, i);
		if (o != selected)
			n += add_object(self, regions, o, typed, _("object"));
	}
}

/* --- choosing --- */

static NadirObject *find_object(NadirDocument *d, gint64 id)
{
	GListModel *objects = nadir_document_get_objects(d);
	for (guint i = 0; i < g_list_model_get_n_items(objects); i++) {
		g_autoptr(NadirObject) o = g_list_model_get_item(objects, i);
		if (nadir_object_get_feature(o)->id == id)
			return o; /* the list keeps it alive */
	}
	return NULL;
}

static void choose(NadirChatOffers *self, GtkListBoxRow *row)
{
	g_autoptr(GError) error = NULL;
	if (!row || !self->chat)
		return;
	const offer_kind kind = (offer_kind)GPOINTER_TO_INT(g_object_get_data(G_OBJECT(row), "kind"));
	const gint64 value = *(gint64 *)g_object_get_data(G_OBJECT(row), "value");
	NadirObject *o = kind == OFFER_OBJECT ? find_object(nadir_chat_get_document(self->chat), value) : NULL;
	guint number = 0;
	if (kind == OFFER_REGION)
		number = (guint)value;
	else if (kind == OFFER_MARKS)
		number = nadir_chat_add_marks(self->chat, &error);
	else if (o)
		number = nadir_chat_add_object(self->chat, o, &error);
	gtk_popover_popdown(GTK_POPOVER(self));
	if (number)
		g_signal_emit(self, signals[CHOSEN], 0, number);
	else if (error)
		g_signal_emit(self, signals[FAILED], 0, error->message);
}

static void on_row_activated(GtkListBox *list, GtkListBoxRow *row, NadirChatOffers *self)
{
	choose(self, row);
}

static void step(NadirChatOffers *self, int by)
{
	GtkListBoxRow *row = gtk_list_box_get_selected_row(self->list);
	GtkListBoxRow *next = gtk_list_box_get_row_at_index(self->list, (row ? gtk_list_box_row_get_index(row) : 0) + by);
	if (next)
		gtk_list_box_select_row(self->list, next);
}

gboolean nadir_chat_offers_key(NadirChatOffers *self, guint key)
{
	g_return_val_if_fail(NADIR_IS_CHAT_OFFERS(self), FALSE);
	if (!gtk_widget_get_visible(GTK_WIDGET(self)))
		return FALSE;
	if (key == GDK_KEY_Down || key == GDK_KEY_Up)
		step(self, key == GDK_KEY_Down ? 1 : -1);
	else if (key == GDK_KEY_Return || key == GDK_KEY_KP_Enter || key == GDK_KEY_Tab)
		choose(self, gtk_list_box_get_selected_row(self->list));
	else
		return FALSE;
	return TRUE;
}

void nadir_chat_offers_update(NadirChatOffers *self, NadirChat *session, const char *typed)
{
	g_return_if_fail(NADIR_IS_CHAT_OFFERS(self));
	GtkWidget *row;
	g_set_object(&self->chat, session);
	while ((row = gtk_widget_get_first_child(GTK_WIDGET(self->list))))
		gtk_list_box_remove(self->list, row);
	if (session && typed && nadir_chat_get_document(session)) {
		const prompt *pending = nadir_document_get_prompt(nadir_chat_get_document(session));
		g_autoptr(GPtrArray) regions = nadir_chat_get_regions(session, NULL);
		add_regions(self, regions, typed);
		if (pending && fits(mark_title(pending), typed))
			add_row(self, OFFER_MARKS, 0, conversation_region_color(regions->len), mark_title(pending), _("new"));
		add_objects(self, regions, typed);
	}
	GtkListBoxRow *first = gtk_list_box_get_row_at_index(self->list, 0);
	if (!first) {
		gtk_popover_popdown(GTK_POPOVER(self));
		return;
	}
	gtk_list_box_select_row(self->list, first);
	gtk_popover_popup(GTK_POPOVER(self));
}

/* --- the widget --- */

static void nadir_chat_offers_dispose(GObject *object)
{
	g_clear_object(&NADIR_CHAT_OFFERS(object)->chat);
	G_OBJECT_CLASS(nadir_chat_offers_parent_class)->dispose(object);
}

static void nadir_chat_offers_class_init(NadirChatOffersClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = nadir_chat_offers_dispose;
	signals[CHOSEN] = g_signal_new("chosen", NADIR_TYPE_CHAT_OFFERS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
	                               G_TYPE_NONE, 1, G_TYPE_UINT);
	signals[FAILED] = g_signal_new("failed", NADIR_TYPE_CHAT_OFFERS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
	                               G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void nadir_chat_offers_init(NadirChatOffers *self)
{
	self->list = GTK_LIST_BOX(gtk_list_box_new());
	gtk_widget_add_css_class(GTK_WIDGET(self->list), "chat-offers");
	gtk_accessible_update_property(GTK_ACCESSIBLE(self->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
	                               _("What the question can be about"), -1);
	g_signal_connect(self->list, "row-activated", G_CALLBACK(on_row_activated), self);
	gtk_widget_set_size_request(GTK_WIDGET(self->list), 220, -1);
	gtk_popover_set_child(GTK_POPOVER(self), GTK_WIDGET(self->list));
	gtk_popover_set_autohide(GTK_POPOVER(self), FALSE); /* the entry keeps the focus: typing goes on */
	gtk_popover_set_position(GTK_POPOVER(self), GTK_POS_TOP);
	gtk_popover_set_has_arrow(GTK_POPOVER(self), FALSE);
}

GtkWidget *nadir_chat_offers_new(void)
{
	return g_object_new(NADIR_TYPE_CHAT_OFFERS, NULL);
}
