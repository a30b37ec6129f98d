#include "app/team/team-window.h"

#include <glib/gi18n.h>

#include "app/command/text-size.h"
#include "app/team/team-compare.h"

enum { BATCH = 20, MINUTES = 60 };

struct _NadirTeamWindow {
	AdwWindow parent_instance;

	/* Template widgets */
	GtkLabel *state;
	AdwPreferencesGroup *people;
	GtkWidget *claim, *release, *none;
	GtkBox *decisions;

	/* Owned */
	NadirTeam *team;
	GPtrArray *rows; /* of people; borrowed */
	char *shown;     /* what the decisions are about: they are not made anew under the pointer */
};

G_DEFINE_FINAL_TYPE(NadirTeamWindow, nadir_team_window, ADW_TYPE_WINDOW)

/* --- people --- */

static char *describe_person(const server_person *p)
{
	g_autofree char *held =
		p->claimed > 0
			? g_strdup_printf(ngettext("holds %d image for %d min", "holds %d images for %d min", (gulong)p->claimed),
	                          p->claimed, p->minutes)
			: NULL;
	const char *where = !p->here ? _("not here") : *p->image ? p->image : _("looks at no image of the team");
	return held ? g_strdup_printf("%s · %s", where, held) : g_strdup(where);
}

static void show_people(NadirTeamWindow *self)
{
	GPtrArray *people = nadir_team_get_people(self->team);
	for (guint i = 0; i < self->rows->len; i++)
		adw_preferences_group_remove(self->people, self->rows->pdata[i]);
	g_ptr_array_set_size(self->rows, 0);
	for (guint i = 0; people && i < people->len; i++) {
		const server_person *p = people->pdata[i];
		GtkWidget *row = adw_action_row_new();
		g_autofree char *subtitle = describe_person(p), *escaped = g_markup_escape_text(subtitle, -1);
		g_autofree char *title = p->me ? g_strdup_printf(_("%s (this window)"), p->who) : g_strdup(p->who);
		adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
		adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
		adw_action_row_set_subtitle(ADW_ACTION_ROW(row), escaped);
		adw_preferences_group_add(self->people, row);
		g_ptr_array_add(self->rows, row);
	}
}

/* --- decisions --- */

static void on_decide(GtkWidget *button, gpointer data)
{
	NadirTeamWindow *self = NADIR_TEAM_WINDOW(gtk_widget_get_root(button));
	const char *uid = g_object_get_data(G_OBJECT(button), "uid");
	gtk_widget_set_sensitive(gtk_widget_get_parent(gtk_widget_get_parent(button)), FALSE);
	if (nadir_team_get_document(self->team))
		nadir_team_resolve(self->team, uid, (team_choice)GPOINTER_TO_INT(data));
}

static void add_button(GtkWidget *box, const char *text, const team_conflict *c, team_choice choice, bool can)
{
	GtkWidget *button = gtk_button_new_with_mnemonic(text);
	g_object_set_data_full(G_OBJECT(button), "uid", g_strdup(c->uid), g_free);
	g_signal_connect(button, "clicked", G_CALLBACK(on_decide), GINT_TO_POINTER(choice));
	gtk_widget_set_sensitive(button, can);
	gtk_widget_set_hexpand(button, TRUE);
	gtk_box_append(GTK_BOX(box), button);
}

static GtkWidget *make_decision(const team_conflict *c)
{
	GtkWidget *card = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
	GtkWidget *sides = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12),
			  *buttons = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
	g_autofree char *text = nadir_team_compare_title(c);
	GtkWidget *title = gtk_label_new(text);
	gtk_label_set_wrap(GTK_LABEL(title), TRUE);
	gtk_label_set_xalign(GTK_LABEL(title), 0);
	gtk_widget_add_css_class(title, "heading");
	gtk_widget_add_css_class(card, "card");
	gtk_widget_add_css_class(card, "team-decision");
	gtk_box_set_homogeneous(GTK_BOX(sides), TRUE);
	gtk_box_append(GTK_BOX(sides), nadir_team_compare_new(c, false));
	gtk_box_append(GTK_BOX(sides), nadir_team_compare_new(c, true));
	add_button(buttons, _("Keep _Mine"), c, TEAM_OURS, !c->refused);
	add_button(buttons, _("Take _Theirs"), c, TEAM_THEIRS, true);
	add_button(buttons, _("Keep _Both"), c, TEAM_BOTH, c->kind == TEAM_OBJECT && c->ours && c->theirs && !c->refused);
	gtk_box_append(GTK_BOX(card), title);
	gtk_box_append(GTK_BOX(card), sides);
	gtk_box_append(GTK_BOX(card), buttons);
	return card;
}

static char *signature(GPtrArray *conflicts)
{
	GString *text = g_string_new(NULL);
	for (guint i = 0; conflicts && i < conflicts->len; i++) {
		const team_conflict *c = conflicts->pdata[i];
		g_string_append_printf(text, "%s %s %s %s\n", c->uid, c->fields, c->ours ? c->ours : "",
		                       c->theirs ? c->theirs : "");
	}
	return g_string_free(text, FALSE);
}

static void show_decisions(NadirTeamWindow *self)
{
	GPtrArray *conflicts = nadir_team_get_conflicts(self->team);
	g_autofree char *now = signature(conflicts);
	GtkWidget *child;
	gtk_widget_set_visible(self->none, !conflicts || conflicts->len == 0);
	if (g_strcmp0(now, self->shown) == 0)
		return;
	g_free(self->shown);
	self->shown = g_steal_pointer(&now);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self->decisions))))
		gtk_box_remove(self->decisions, child);
	for (guint i = 0; conflicts && i < conflicts->len; i++)
		gtk_box_append(self->decisions, make_decision(conflicts->pdata[i]));
}

/* --- the window --- */

static void show(NadirTeamWindow *self)
{
	g_autofree char *state = nadir_team_describe(self->team);
	const bool connected = nadir_team_is_connected(self->team);
	gtk_label_set_text(self->state,
	                   state ? state
	                         : _("This project is shared with nobody. “Open Shared Project…” opens one; “nadir "
	                             "sync” shares this one."));
	gtk_widget_set_sensitive(self->claim, connected);
	gtk_widget_set_sensitive(self->release, connected);
	show_people(self);
	show_decisions(self);
}

static void on_claim(NadirTeamWindow *self)
{
	nadir_team_claim(self->team, BATCH, MINUTES);
}

static void on_release(NadirTeamWindow *self)
{
	nadir_team_claim(self->team, 0, 0);
}

NadirTeamWindow *nadir_team_window_new(GtkWindow *parent, NadirTeam *team)
{
	g_return_val_if_fail(NADIR_IS_TEAM(team), NULL);
	NadirTeamWindow *self = g_object_new(NADIR_TYPE_TEAM_WINDOW, "transient-for", parent, NULL);
	self->team = g_object_ref(team);
	g_signal_connect_object(team, "changed", G_CALLBACK(show), self, G_CONNECT_SWAPPED);
	show(self);
	return self;
}

static void nadir_team_window_dispose(GObject *object)
{
	NadirTeamWindow *self = NADIR_TEAM_WINDOW(object);
	g_clear_object(&self->team);
	g_clear_pointer(&self->rows, g_ptr_array_unref);
	g_clear_pointer(&self->shown, g_free);
	G_OBJECT_CLASS(nadir_team_window_parent_class)->dispose(object);
}

#define BIND(name) gtk_widget_class_bind_template_child(widget_class, NadirTeamWindow, name)

static void nadir_team_window_class_init(NadirTeamWindowClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_team_window_dispose;
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/team-window.ui");
	BIND(state);
	BIND(people);
	BIND(claim);
	BIND(release);
	BIND(none);
	BIND(decisions);
	gtk_widget_class_bind_template_callback(widget_class, on_claim);
	gtk_widget_class_bind_template_callback(widget_class, on_release);
	gtk_widget_class_add_binding_action(widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void nadir_team_window_init(NadirTeamWindow *self)
{
	self->rows = g_ptr_array_new();
	gtk_widget_init_template(GTK_WIDGET(self));
	nadir_fit_window_to_text(GTK_WINDOW(self));
}
