/* Boxes a line: YOLO's upright and turned ones in parts of the image's sides, DOTA's corners in pixels. */
#include "render/exchange/export-private.h"
#include "render/geometry/turned-box.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

static void add_number(GString *out, const char *format, double v)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];
	g_string_append_c(out, ' ');
	g_string_append(out, g_ascii_formatd(text, sizeof text, format, v));
}

/* The upright box, cut at the image's edge. */
static void clipped_extent(const exporter *e, guint i, double b[4])
{
	const double w = e->job->image->width, h = e->job->image->height;
	wkb_shape_extent(e->shapes->pdata[i], b);
	b[0] = CLAMP(b[0], 0, w);
	b[1] = CLAMP(b[1], 0, h);
	b[2] = CLAMP(b[2], 0, w);
	b[3] = CLAMP(b[3], 0, h);
}

static void add_detect(const exporter *e, GString *out, guint i)
{
	const double w = e->job->image->width, h = e->job->image->height;
	double b[4];
	clipped_extent(e, i, b);
	const double values[] = {(b[0] + b[2]) / 2 / w, (b[1] + b[3]) / 2 / h, (b[2] - b[0]) / w, (b[3] - b[1]) / h};
	g_string_append_printf(out, "%d", export_class_number(e, e->job->objects[i]) - 1);
	for (int k = 0; k < 4; k++)
		add_number(out, "%.9f", values[k]);
}

/* A corner outside the image is moved onto its edge: readers refuse a file with one value beyond 0..1. true: moved. */
static bool add_turned(const exporter *e, GString *out, guint i)
{
	const double w = e->job->image->width, h = e->job->image->height;
	double c[8];
	bool moved = false;
	turned_box(e->shapes->pdata[i], c);
	g_string_append_printf(out, "%d", export_class_number(e, e->job->objects[i]) - 1);
	for (int k = 0; k < 8; k++) {
		const double v = c[k] / (k % 2 ? h : w);
		moved |= v < -1e-9 || v > 1 + 1e-9;
		add_number(out, "%.9f", CLAMP(v, 0, 1));
	}
	return moved;
}

/* A class's name is one word there. true: it had to be changed. */
static bool add_dota(const exporter *e, GString *out, guint i)
{
	double c[8];
	g_autofree char *name = g_strdup(e->job->objects[i]->class_name);
	g_strdelimit(name, " \t\r\n", '-');
	turned_box(e->shapes->pdata[i], c);
	for (int k = 0; k < 8; k++) {
		char text[G_ASCII_DTOSTR_BUF_SIZE];
		g_string_append(out, g_ascii_formatd(text, sizeof text, "%.6f", c[k]));
		g_string_append_c(out, ' ');
	}
	g_string_append_printf(out, "%s 0", *name ? name : "object");
	return strcmp(name, e->job->objects[i]->class_name) != 0;
}

static void note_changes(exporter *e, guint changed)
{
	if (changed == 0)
		return;
	if (e->format == EXPORT_DOTA)
		export_note(e, _("Objects whose class was written with - for spaces: %u."), changed);
	else
		export_note(e, _("Turned boxes with a corner outside the image, which was moved to its edge: %u."), changed);
}

bool export_boxes(exporter *e, GError **error)
{
	g_autoptr(GString) out = g_string_new(e->format == EXPORT_DOTA ? "imagesource:Nadir\ngsd:null\n" : NULL);
	guint changed = 0;
	for (guint i = 0; i < e->job->n_objects; i++) {
		if (e->format == EXPORT_YOLO_DETECT)
			add_detect(e, out, i);
		else if (e->format == EXPORT_YOLO_OBB)
			changed += add_turned(e, out, i);
		else
			changed += add_dota(e, out, i);
		g_string_append_c(out, '\n');
		if (!export_step(e, 0.9 * (i + 1) / e->job->n_objects, error))
			return false;
	}
	note_changes(e, changed);
	return export_side(e, error) && (e->format == EXPORT_DOTA || export_names(e, 0, error)) &&
	       export_put(e, e->path, out->str, out->len, error);
}
