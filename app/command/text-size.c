#include "app/command/text-size.h"

#include <adwaita.h>

#define USUAL_DPI (96.0 * 1024) /* as gtk-xft-dpi counts */
#define OF_SCREEN 0.94

double nadir_text_scale(GtkWidget *widget)
{
	int dpi;
	g_object_get(gtk_widget_get_settings(widget), "gtk-xft-dpi", &dpi, NULL);
	return MAX(dpi / USUAL_DPI, 1);
}

/* Pages of preferences keep to a width in pixels. */
static void widen_clamps(GtkWidget *in, double scale)
{
	if (ADW_IS_CLAMP(in)) {
		AdwClamp *clamp = ADW_CLAMP(in);
		adw_clamp_set_maximum_size(clamp, (int)(adw_clamp_get_maximum_size(clamp) * scale));
		adw_clamp_set_tightening_threshold(clamp, (int)(adw_clamp_get_tightening_threshold(clamp) * scale));
	}
	for (GtkWidget *c = gtk_widget_get_first_child(in); c; c = gtk_widget_get_next_sibling(c))
		widen_clamps(c, scale);
}

static void on_realize(GtkWidget *window)
{
	widen_clamps(window, nadir_text_scale(window));
}

void nadir_fit_window_to_text(GtkWindow *window)
{
	GdkDisplay *display = gtk_widget_get_display(GTK_WIDGET(window));
	const double scale = nadir_text_scale(GTK_WIDGET(window));
	g_autoptr(GdkMonitor) monitor = g_list_model_get_item(gdk_display_get_monitors(display), 0);
	GdkRectangle screen = {0, 0, 1280, 720};
	int width, height;
	gtk_window_get_default_size(window, &width, &height);
	if (monitor)
		gdk_monitor_get_geometry(monitor, &screen);
	if (scale == 1)
		return;
	g_signal_connect(window, "realize", G_CALLBACK(on_realize), NULL);
	gtk_window_set_default_size(window, width > 0 ? (int)MIN(width * scale, screen.width * OF_SCREEN) : width,
	                            height > 0 ? (int)MIN(height * scale, screen.height * OF_SCREEN) : height);
}
