/* Pascal VOC: boxes upright (bndbox), turned (robndbox of roLabelImg) or as corners (polygon). */
#include "render/exchange/import-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

typedef struct {
	char *name;
	double box[4]; /* xmin ymin xmax ymax; NaN: not said */
	double turned[5];
	GArray *corners;
	bool difficult;
} voc_object;

typedef struct {
	import_file *file;
	char *filename;
	GArray *objects; /* of voc_object */
	GString *text;
	bool in_object;
	int part; /* depth inside <part>: limbs of persons, not objects */
	bool annotation;
} voc;

static void object_clear(void *data)
{
	voc_object *o = data;
	g_free(o->name);
	g_array_unref(o->corners);
}

static void on_start(GMarkupParseContext *ctx, const char *name, const char **keys, const char **values, void *data,
                     GError **error)
{
	voc *v = data;
	g_string_truncate(v->text, 0);
	v->annotation |= strcmp(name, "annotation") == 0;
	v->part += strcmp(name, "part") == 0;
	if (strcmp(name, "object") != 0)
		return;
	voc_object o = {.corners = g_array_new(FALSE, FALSE, sizeof(double))};
	for (int i = 0; i < 5; i++)
		o.turned[i] = o.box[i % 4] = NAN;
	g_array_append_val(v->objects, o);
	v->in_object = true;
}

static void take_number(voc_object *o, const char *name, double value)
{
	static const char *const box[] = {"xmin", "ymin", "xmax", "ymax"}, *const turned[] = {"cx", "cy", "w", "h",
	                                                                                      "angle"};
	for (guint i = 0; i < G_N_ELEMENTS(box); i++)
		if (strcmp(name, box[i]) == 0)
			o->box[i] = value;
	for (guint i = 0; i < G_N_ELEMENTS(turned); i++)
		if (strcmp(name, turned[i]) == 0)
			o->turned[i] = value;
	if ((*name == 'x' || *name == 'y') && g_ascii_isdigit(name[1]))
		g_array_append_val(o->corners, value);
	o->difficult |= strcmp(name, "difficult") == 0 && value != 0;
}

static void on_end(GMarkupParseContext *ctx, const char *name, void *data, GError **error)
{
	voc *v = data;
	g_strstrip(v->text->str);
	const char *text = v->text->str;
	char *end;
	if (v->in_object && v->part == 0) {
		voc_object *o = &g_array_index(v->objects, voc_object, v->objects->len - 1);
		const double d = g_ascii_strtod(text, &end);
		if (strcmp(name, "name") == 0) {
			g_free(o->name);
			o->name = g_strdup(text);
		} else if (*text && !*end) {
			take_number(o, name, d);
		}
	} else if (strcmp(name, "filename") == 0) {
		g_free(v->filename);
		v->filename = g_strdup(text);
	}
	v->part -= strcmp(name, "part") == 0;
	if (strcmp(name, "object") == 0)
		v->in_object = false;
	g_string_truncate(v->text, 0);
}

static void on_text(GMarkupParseContext *ctx, const char *text, gsize n, void *data, GError **error)
{
	g_string_append_len(((voc *)data)->text, text, (gssize)n);
}

static bool is_said(const double *v, int n)
{
	for (int i = 0; i < n; i++)
		if (!isfinite(v[i]))
			return false;
	return true;
}

/* Counted from 1 the last pixel is inside, so its number is the box's far edge; tools that count from 0 write the edge
 * itself. */
static OGRGeometryH upright(const double *b, double first)
{
	const double x0 = b[0] - first, y0 = b[1] - first, x1 = b[2], y1 = b[3];
	return x1 > x0 && y1 > y0 ? import_ring((double[]){x0, y0, x1, y0, x1, y1, x0, y1}, 4) : NULL;
}

/* cx cy w h and the angle in radians, clockwise with y down. */
static OGRGeometryH turned(const double *t)
{
	const double c = cos(t[4]), s = sin(t[4]), u[] = {-1, 1, 1, -1}, v[] = {-1, -1, 1, 1};
	double xy[8];
	for (int i = 0; i < 4; i++) {
		const double x = u[i] * t[2] / 2, y = v[i] * t[3] / 2;
		xy[2 * i] = t[0] + x * c - y * s;
		xy[2 * i + 1] = t[1] + x * s + y * c;
	}
	return t[2] > 0 && t[3] > 0 ? import_ring(xy, 4) : NULL;
}

/* The standard counts pixels from 1; a file with a 0 in it counts from 0. */
static double first_pixel(const voc *v)
{
	for (guint i = 0; i < v->objects->len; i++) {
		const voc_object *o = &g_array_index(v->objects, voc_object, i);
		if (o->box[0] < 1 || o->box[1] < 1)
			return 0;
	}
	return 1;
}

static void add_object(const voc *v, const voc_object *o, double first)
{
	OGRGeometryH g = NULL;
	const guint n = o->corners->len / 2;
	if (n >= 3 && o->corners->len % 2 == 0)
		g = import_ring((const double *)(const void *)o->corners->data, (int)n);
	else if (is_said(o->turned, 5))
		g = turned(o->turned);
	else if (is_said(o->box, 4))
		g = upright(o->box, first);
	v->file->losses[LOSS_BOX] += g && n < 3;
	GBytes *wkb = import_polygons(v->file, g);
	if (o->difficult)
		import_note_dropped(v->file, "difficult");
	if (!wkb)
		return;
	feature *f = feature_new();
	if (o->name)
		import_set_text(f, "class", o->name);
	import_add(v->file, f, g_strdup(v->filename), wkb, IMPORT_PIXELS, NULL);
}

/* Without a name the image is the one of the same stem. */
static void name_image(voc *v)
{
	if (v->filename && strchr(v->filename, '.'))
		return;
	g_free(v->filename);
	v->filename = import_image_of_labels(v->file->path);
}

bool import_voc(import_file *file, GError **error)
{
	static const GMarkupParser parser = {.start_element = on_start, .end_element = on_end, .text = on_text};
	g_autofree char *text = NULL;
	gsize n;
	g_autoptr(GError) inner = NULL;
	if (!g_file_get_contents(file->path, &text, &n, &inner))
		return import_failed(error, file->path, inner->message);
	voc v = {.file = file, .text = g_string_new(NULL), .objects = g_array_new(FALSE, TRUE, sizeof(voc_object))};
	g_array_set_clear_func(v.objects, object_clear);
	g_autoptr(GMarkupParseContext) ctx = g_markup_parse_context_new(&parser, 0, &v, NULL);
	bool ok =
		g_markup_parse_context_parse(ctx, text, (gssize)n, &inner) && g_markup_parse_context_end_parse(ctx, &inner);
	if (!ok || !v.annotation)
		ok = import_failed(error, file->path,
		                   inner ? inner->message : _("it is XML, but not Pascal VOC's (annotation)"));
	if (ok)
		name_image(&v);
	const double first = first_pixel(&v);
	for (guint i = 0; ok && i < v.objects->len; i++)
		add_object(&v, &g_array_index(v.objects, voc_object, i), first);
	g_array_unref(v.objects);
	g_string_free(v.text, TRUE);
	g_free(v.filename);
	return ok;
}
