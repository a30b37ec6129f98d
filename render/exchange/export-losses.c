/* What a format cannot hold: one table, read before writing (dialog, command line) and by the writers' reports. */
#include "render/exchange/export-private.h"
#include "render/geometry/feature-fields.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

typedef enum {
	LOSES_HOLES = 1,   /* filled, or joined by bridges */
	LOSES_PARTS = 2,   /* of one object */
	LOSES_OUTLINE = 4, /* an upright box stays */
	LOSES_CORNERS = 8, /* a turned box stays */
	LOSES_SCORE = 16,
	LOSES_TEXTS = 32,   /* caption, model, prompt, state, reviewer, times */
	LOSES_OBJECTS = 64, /* those of a class become one */
	LOSES_OVERLAP = 128,
	LOSES_SILENT = 256, /* objects without a caption */
	LOSES_CLASS = 512,
	LOSES_LONG = 1024, /* texts over 254 bytes */
	BRIDGES = 2048,    /* holes and parts are joined, not lost */
	LOSES_ATTRIBUTES = 4096,
} loss;

static const struct {
	guint losses;
	const char *side; /* suffix of the file that holds what does not fit */
} formats[EXPORT_FORMATS] = {
	[EXPORT_SHP] = {LOSES_LONG, "_full.csv"},
	[EXPORT_PNG] = {LOSES_CLASS | LOSES_SCORE | LOSES_TEXTS | LOSES_ATTRIBUTES | LOSES_OVERLAP, NULL},
	[EXPORT_TIF] = {LOSES_CLASS | LOSES_SCORE | LOSES_TEXTS | LOSES_ATTRIBUTES | LOSES_OVERLAP, NULL},
	[EXPORT_COCO_POLYGONS] = {LOSES_HOLES, EXPORT_SIDE},
	[EXPORT_YOLO] = {BRIDGES | LOSES_SCORE | LOSES_TEXTS | LOSES_ATTRIBUTES, EXPORT_SIDE},
	[EXPORT_YOLO_DETECT] = {LOSES_OUTLINE | LOSES_SCORE | LOSES_TEXTS | LOSES_ATTRIBUTES, EXPORT_SIDE},
	[EXPORT_YOLO_OBB] = {LOSES_CORNERS | LOSES_SCORE | LOSES_TEXTS | LOSES_ATTRIBUTES, EXPORT_SIDE},
	[EXPORT_VOC] = {LOSES_OUTLINE | LOSES_SCORE | LOSES_TEXTS | LOSES_ATTRIBUTES, EXPORT_SIDE},
	[EXPORT_DOTA] = {LOSES_CORNERS | LOSES_SCORE | LOSES_TEXTS | LOSES_ATTRIBUTES, EXPORT_SIDE},
	[EXPORT_SEMANTIC_PNG] = {LOSES_OBJECTS | LOSES_OVERLAP | LOSES_SCORE | LOSES_TEXTS | LOSES_ATTRIBUTES, EXPORT_SIDE},
	[EXPORT_SEMANTIC_TIF] = {LOSES_OBJECTS | LOSES_OVERLAP | LOSES_SCORE | LOSES_TEXTS | LOSES_ATTRIBUTES, EXPORT_SIDE},
	[EXPORT_PANOPTIC] = {LOSES_OVERLAP | LOSES_SCORE | LOSES_TEXTS | LOSES_ATTRIBUTES, EXPORT_SIDE},
	[EXPORT_CAPTIONS] = {LOSES_SILENT | LOSES_OUTLINE | LOSES_ATTRIBUTES, EXPORT_SIDE},
	[EXPORT_GROUNDED] = {LOSES_SILENT | LOSES_SCORE | LOSES_ATTRIBUTES, EXPORT_SIDE},
};

const char *export_side_file(export_format f)
{
	return formats[f].side;
}

char *export_side_path(export_format f, const char *path)
{
	return formats[f].side ? export_sibling(path, formats[f].side) : NULL;
}

/* --- what an object has that may be lost --- */

static bool has_holes(const wkb_shape *s)
{
	return s->rings->len > s->parts->len;
}

static bool is_turn(const double *a, const double *b, const double *c, bool upright)
{
	const double ux = b[0] - a[0], uy = b[1] - a[1], vx = c[0] - b[0], vy = c[1] - b[1];
	if (upright && ux != 0 && uy != 0)
		return false;
	return fabs(ux * vx + uy * vy) <= 1e-6 * hypot(ux, uy) * hypot(vx, vy);
}

/* A rectangle: four right corners. */
static bool is_box(const wkb_shape *s, bool upright)
{
	const wkb_ring *r = &g_array_index(s->rings, wkb_ring, 0);
	const double *p = &g_array_index(s->xy, double, 2 * (gsize)r->first);
	if (s->rings->len != 1 || r->n != 4)
		return false;
	for (guint i = 0; i < 4; i++)
		if (!is_turn(p + 2 * i, p + 2 * ((i + 1) % 4), p + 2 * ((i + 2) % 4), upright))
			return false;
	return true;
}

static bool has_texts(const feature *o)
{
	const char *const texts[] = {o->caption, o->prompt, o->reviewer};
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		if (texts[i] && *texts[i] && strcmp(texts[i], "[]") != 0)
			return true;
	return g_strcmp0(o->state, "accepted") != 0;
}

static bool has_long_text(const feature *o)
{
	feature_text texts[FEATURE_TEXTS];
	feature_texts(o, texts);
	for (guint i = 0; i < FEATURE_TEXTS; i++)
		if (strlen(texts[i].value) > EXPORT_SHP_TEXT_BYTES)
			return true;
	return false;
}

static bool loses(const feature *o, const wkb_shape *s, loss l)
{
	switch (l) {
	case LOSES_HOLES:
		return has_holes(s);
	case LOSES_PARTS:
		return s->parts->len > 1;
	case LOSES_OUTLINE:
		return !is_box(s, true);
	case LOSES_CORNERS:
		return !is_box(s, false);
	case LOSES_SCORE:
		return isfinite(o->score);
	case LOSES_TEXTS:
		return has_texts(o);
	case LOSES_ATTRIBUTES:
		return *o->attributes;
	case LOSES_SILENT:
		return !o->caption || !*o->caption;
	case LOSES_LONG:
		return has_long_text(o);
	case BRIDGES:
		return s->rings->len > 1;
	default:
		return true;
	}
}

/* In the order they are told; "%u" is how many objects it touches. */
static const struct {
	loss loss;
	const char *line;
} lines[] = {
	{BRIDGES, N_("Objects with holes or parts, which are joined by bridges of no width: %u.")},
	{LOSES_HOLES, N_("Objects with holes, which are lost: %u.")},
	{LOSES_PARTS, N_("Objects of several parts, which are lost but for the first: %u.")},
	{LOSES_OUTLINE, N_("Objects of which only the upright box is held: %u.")},
	{LOSES_CORNERS, N_("Objects of which only the smallest turned box is held: %u.")},
	{LOSES_OBJECTS, N_("Objects that can no longer be told from others of their class: %u.")},
	{LOSES_CLASS, N_("Objects whose class is lost; only their number is held: %u.")},
	{LOSES_SILENT, N_("Objects without a caption, which are left out: %u.")},
	{LOSES_SCORE, N_("Scores that are lost: %u.")},
	{LOSES_TEXTS, N_("Objects whose caption, prompt, reviewer or state is lost: %u.")},
	{LOSES_ATTRIBUTES, N_("Objects whose attributes are lost: %u.")},
	{LOSES_LONG, N_("Objects with texts over 254 bytes, which are cut: %u.")},
};

static void add_line(GString *out, const char *format, guint n)
{
	if (out->len > 0)
		g_string_append_c(out, '\n');
	G_GNUC_BEGIN_IGNORE_DEPRECATIONS
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	g_string_append_printf(out, format, n);
#pragma GCC diagnostic pop
	G_GNUC_END_IGNORE_DEPRECATIONS
}

static char *losses_of(const export_job *job, GPtrArray *shapes, export_format f)
{
	GString *out = g_string_new(NULL);
	for (guint k = 0; k < G_N_ELEMENTS(lines); k++) {
		guint n = 0;
		for (guint i = 0; (formats[f].losses & lines[k].loss) && i < shapes->len; i++)
			n += loses(job->objects[i], shapes->pdata[i], lines[k].loss);
		if (n > 0)
			add_line(out, _(lines[k].line), n);
	}
	if ((formats[f].losses & LOSES_OVERLAP) && shapes->len > 1)
		g_string_append_printf(out, "%s%s", out->len > 0 ? "\n" : "",
		                       _("Where objects overlap, only the later one is held."));
	return g_string_free(out, FALSE);
}

/* NULL: one of them cannot be read; the writing says what is wrong with it. */
static GPtrArray *read_shapes(const export_job *job)
{
	g_autoptr(GPtrArray) shapes = g_ptr_array_new_with_free_func((GDestroyNotify)wkb_shape_free);
	for (guint i = 0; i < job->n_objects; i++) {
		GBytes *wkb = job->objects[i]->px_geom;
		wkb_shape *s = wkb ? wkb_shape_read(wkb, NULL) : NULL;
		if (!s)
			return NULL;
		g_ptr_array_add(shapes, s);
	}
	return g_steal_pointer(&shapes);
}

char *export_losses(const export_job *job, export_format f)
{
	g_autoptr(GPtrArray) shapes = read_shapes(job);
	return shapes ? losses_of(job, shapes, f) : g_strdup("");
}

GPtrArray *export_losses_each(const export_job *job)
{
	g_autoptr(GPtrArray) shapes = read_shapes(job);
	GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
	for (int f = 0; f < EXPORT_FORMATS; f++)
		g_ptr_array_add(texts, shapes ? losses_of(job, shapes, (export_format)f) : g_strdup(""));
	return texts;
}

bool export_side(exporter *e, GError **error)
{
	const char *suffix = formats[e->format].side, *path = e->path;
	g_autofree char *told = losses_of(e->job, e->shapes, e->format);
	if (*told)
		export_note(e, "%s", told);
	if (!suffix || strcmp(suffix, EXPORT_SIDE) != 0 || e->job->no_side_file || !*told)
		return true;
	g_autofree char *side = export_side_path(e->format, path), *name = g_path_get_basename(side);
	export_note(e, _("%s holds all of it."), name);
	e->path = side;
	const bool ok = export_pixel_geojson(e, error);
	e->path = path;
	return ok;
}
