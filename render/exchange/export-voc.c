/* Pascal VOC: one XML an image, upright boxes in pixels counted from 1, the last ones inside. */
#include "render/exchange/export-private.h"

#include <math.h>
#include <string.h>

static void add_object(const exporter *e, GString *out, guint i)
{
	const raster_info *image = e->job->image;
	double b[4];
	wkb_shape_extent(e->shapes->pdata[i], b);
	const int x0 = (int)CLAMP(floor(b[0]), 0, image->width - 1), y0 = (int)CLAMP(floor(b[1]), 0, image->height - 1),
			  x1 = (int)CLAMP(ceil(b[2]), x0 + 1, image->width), y1 = (int)CLAMP(ceil(b[3]), y0 + 1, image->height);
	const bool cut = x0 == 0 || y0 == 0 || x1 == image->width || y1 == image->height;
	g_autofree char *name = g_markup_escape_text(e->job->objects[i]->class_name, -1);
	g_string_append_printf(
		out,
		"\t<object>\n\t\t<name>%s</name>\n\t\t<pose>Unspecified</pose>\n\t\t<truncated>%d</truncated>\n"
		"\t\t<difficult>0</difficult>\n\t\t<bndbox><xmin>%d</xmin><ymin>%d</ymin><xmax>%d</xmax>"
		"<ymax>%d</ymax></bndbox>\n\t</object>\n",
		name, cut, x0 + 1, y0 + 1, x1, y1);
}

bool export_voc(exporter *e, GError **error)
{
	const raster_info *image = e->job->image;
	g_autofree char *folder = g_path_get_dirname(image->path), *parent = g_path_get_basename(folder);
	g_autofree char *base = g_path_get_basename(image->path), *name = g_markup_escape_text(base, -1);
	g_autofree char *where = g_markup_escape_text(parent, -1);
	g_autoptr(GString) out = g_string_new("<annotation>\n");
	g_string_append_printf(
		out,
		"\t<folder>%s</folder>\n\t<filename>%s</filename>\n\t<source><database>Nadir</database></source>\n"
		"\t<size><width>%d</width><height>%d</height><depth>%d</depth></size>\n\t<segmented>0</segmented>\n",
		where, name, image->width, image->height, image->n_bands >= 3 ? 3 : 1);
	for (guint i = 0; i < e->job->n_objects; i++) {
		add_object(e, out, i);
		if (!export_step(e, 0.9 * (i + 1) / e->job->n_objects, error))
			return false;
	}
	g_string_append(out, "</annotation>\n");
	return export_side(e, error) && export_put(e, e->path, out->str, out->len, error);
}
