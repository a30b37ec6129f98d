#include "app/chat/chat-wrap.h"

#define GAP 6

struct _NadirWrapLayout {
	GtkLayoutManager parent_instance;
};

G_DEFINE_FINAL_TYPE(NadirWrapLayout, nadir_wrap_layout, GTK_TYPE_LAYOUT_MANAGER)

/* Goes through the lines; gives each child its place when `place`. The height of all. */
static int lay_out(GtkWidget *widget, int width, bool place)
{
	int x = 0, y = 0, line = 0;
	for (GtkWidget *child = gtk_widget_get_first_child(widget); child; child = gtk_widget_get_next_sibling(child)) {
		GtkRequisition least, size;
		if (!gtk_widget_should_layout(child))
			continue;
		gtk_widget_get_preferred_size(child, &least, &size);
		const int w = MIN(size.width, MAX(width, least.width));
		if (x > 0 && x + w > width) {
			x = 0;
			y += line + GAP;
			line = 0;
		}
		if (place)
			gtk_widget_size_allocate(child, &(GtkAllocation){x, y, w, size.height}, -1);
		x += w + GAP;
		line = MAX(line, size.height);
	}
	return y + line;
}

static GtkSizeRequestMode get_request_mode(GtkLayoutManager *manager, GtkWidget *widget)
{
	return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void measure_width(GtkWidget *widget, int *minimum, int *natural)
{
	for (GtkWidget *child = gtk_widget_get_first_child(widget); child; child = gtk_widget_get_next_sibling(child)) {
		GtkRequisition least, size;
		if (!gtk_widget_should_layout(child))
			continue;
		gtk_widget_get_preferred_size(child, &least, &size);
		*minimum = MAX(*minimum, least.width);
		*natural += size.width + (*natural ? GAP : 0);
	}
}

static void measure(GtkLayoutManager *manager, GtkWidget *widget, GtkOrientation orientation, int for_size,
                    int *minimum, int *natural, int *minimum_baseline, int *natural_baseline)
{
	*minimum = *natural = 0;
	*minimum_baseline = *natural_baseline = -1;
	if (orientation == GTK_ORIENTATION_HORIZONTAL)
		measure_width(widget, minimum, natural);
	else
		*minimum = *natural = lay_out(widget, for_size < 0 ? G_MAXINT / 2 : for_size, false);
}

static void allocate(GtkLayoutManager *manager, GtkWidget *widget, int width, int height, int baseline)
{
	lay_out(widget, width, true);
}

static void nadir_wrap_layout_class_init(NadirWrapLayoutClass *klass)
{
	GtkLayoutManagerClass *layout_class = GTK_LAYOUT_MANAGER_CLASS(klass);
	layout_class->get_request_mode = get_request_mode;
	layout_class->measure = measure;
	layout_class->allocate = allocate;
}

static void nadir_wrap_layout_init(NadirWrapLayout *self)
{
}

GtkLayoutManager *nadir_wrap_layout_new(void)
{
	return g_object_new(NADIR_TYPE_WRAP_LAYOUT, NULL);
}
