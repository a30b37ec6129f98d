#include "tests/ui/find-widget.h"

#include <adwaita.h>
#include <string.h>

static GtkWidget *find(GtkWidget *in, bool (*is_it)(GtkWidget *widget, const void *what), const void *what)
{
	GtkWidget *found = is_it(in, what) ? in : NULL;
	for (GtkWidget *c = gtk_widget_get_first_child(in); c && !found; c = gtk_widget_get_next_sibling(c))
		found = find(c, is_it, what);
	return found;
}

static bool is_of_type(GtkWidget *widget, const void *type)
{
	return g_type_is_a(G_OBJECT_TYPE(widget), *(const GType *)type);
}

GtkWidget *find_child(GtkWidget *in, GType type)
{
	return find(in, is_of_type, &type);
}

static bool is_titled(GtkWidget *widget, const void *title)
{
	return ADW_IS_PREFERENCES_ROW(widget) &&
	       g_strcmp0(adw_preferences_row_get_title(ADW_PREFERENCES_ROW(widget)), title) == 0;
}

GtkWidget *find_titled(GtkWidget *in, const char *title)
{
	return find(in, is_titled, title);
}

static bool says(GtkWidget *widget, const void *text)
{
	return GTK_IS_LABEL(widget) && strstr(gtk_label_get_text(GTK_LABEL(widget)), text);
}

GtkWidget *find_label(GtkWidget *in, const char *text)
{
	return find(in, says, text);
}
