#include "app/panel/class-delete.h"

#include <glib/gi18n.h>

typedef struct {
	NadirDocument *document; /* owned */
	GtkDropDown *others;     /* borrowed: the dialog's */
	GArray *ids;             /* of int: of the classes it lists */
	int id;
} question;

static void question_free(void *data, GClosure *closure)
{
	question *q = data;
	g_object_unref(q->document);
	g_array_unref(q->ids);
	g_free(q);
}

static void on_response(AdwMessageDialog *dialog, const char *response, question *q)
{
	const guint chosen = gtk_drop_down_get_selected(q->others);
	if (g_str_equal(response, "delete"))
		nadir_document_dissolve_class(q->document, q->id, 0);
	else if (g_str_equal(response, "move") && chosen < q->ids->len)
		nadir_document_dissolve_class(q->document, q->id, g_array_index(q->ids, int, chosen));
}

static GtkWidget *make_choice(question *q, GtkStringList *names)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12), *label = gtk_label_new_with_mnemonic(_("_New class"));
	GtkWidget *others = gtk_drop_down_new(G_LIST_MODEL(names), NULL);
	gtk_label_set_mnemonic_widget(GTK_LABEL(label), others);
	gtk_widget_set_hexpand(others, TRUE);
	gtk_box_append(GTK_BOX(box), label);
	gtk_box_append(GTK_BOX(box), others);
	q->others = GTK_DROP_DOWN(others);
	return box;
}

void nadir_class_delete_ask(GtkWindow *parent, NadirDocument *document, int id, const char *sentence)
{
	GPtrArray *classes = nadir_document_get_classes(document);
	GtkStringList *names = gtk_string_list_new(NULL);
	const char *name = "";
	question *q = g_new0(question, 1);
	*q = (question){g_object_ref(document), NULL, g_array_new(FALSE, FALSE, sizeof(int)), id};
	for (guint i = 0; i < classes->len; i++) {
		const project_class *c = classes->pdata[i];
		if (c->id == id) {
			name = c->name;
			continue;
		}
		gtk_string_list_append(names, c->name);
		g_array_append_val(q->ids, c->id);
	}
	GtkWidget *dialog = adw_message_dialog_new(parent, NULL, NULL);
	AdwMessageDialog *message = ADW_MESSAGE_DIALOG(dialog);
	adw_message_dialog_format_heading(message, _("Delete Class “%s”?"), name);
	adw_message_dialog_set_body(message, sentence);
	adw_message_dialog_set_extra_child(message, make_choice(q, names));
	adw_message_dialog_add_responses(message, "cancel", _("_Cancel"), "delete", _("Delete _Objects"), "move",
	                                 _("_Move Objects"), NULL);
	adw_message_dialog_set_response_appearance(message, "delete", ADW_RESPONSE_DESTRUCTIVE);
	adw_message_dialog_set_response_appearance(message, "move", ADW_RESPONSE_SUGGESTED);
	adw_message_dialog_set_default_response(message, "move");
	adw_message_dialog_set_close_response(message, "cancel");
	g_signal_connect_data(dialog, "response", G_CALLBACK(on_response), q, question_free, 0);
	gtk_window_present(GTK_WINDOW(dialog));
}
