#include "render/geometry/feature-fields.h"

#include <math.h>
#include <string.h>

void feature_texts(const feature *o, feature_text out[FEATURE_TEXTS])
{
	const feature_text all[FEATURE_TEXTS] = {
		{"class", o->class_name}, {"model", o->model},       {"prompt", o->prompt},
		{"state", o->state},      {"reviewer", o->reviewer}, {"caption", o->caption},
		{"image", o->image},      {"created", o->created},   {"edited", o->edited},
	};
	for (guint i = 0; i < FEATURE_TEXTS; i++) {
		out[i] = all[i];
		out[i].value = all[i].value ? all[i].value : "";
	}
}

static const struct {
	const char *name;
	OGRFieldType type;
	int width, precision; /* for shapefile; 0 = text */
} fields[] = {
	{"id", OFTInteger64, 18, 0},   {"class", OFTString, 0, 0},       {"class_id", OFTInteger, 9, 0},
	{"score", OFTReal, 10, 6},     {"area_px", OFTInteger64, 18, 0}, {"area_m2", OFTReal, 20, 4},
	{"model", OFTString, 0, 0},    {"prompt", OFTString, 0, 0},      {"state", OFTString, 0, 0},
	{"reviewer", OFTString, 0, 0}, {"caption", OFTString, 0, 0},     {"image", OFTString, 0, 0},
	{"created", OFTString, 0, 0},  {"edited", OFTString, 0, 0},
};

G_STATIC_ASSERT(G_N_ELEMENTS(fields) == FEATURE_FIELDS);

bool feature_fields_create(OGRLayerH layer, guint text_limit)
{
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
		OGRFieldDefnH d = OGR_Fld_Create(fields[i].name, fields[i].type);
		if (text_limit > 0) { /* only shapefile needs widths; elsewhere they would round the numbers */
			OGR_Fld_SetWidth(d, fields[i].type == OFTString ? (int)text_limit : fields[i].width);
			OGR_Fld_SetPrecision(d, fields[i].precision);
		}
		OGRErr err = OGR_L_CreateField(layer, d, FALSE);
		OGR_Fld_Destroy(d);
		if (err != OGRERR_NONE)
			return false;
	}
	return true;
}

gsize utf8_cut(const char *text, gsize limit)
{
	gsize n = strlen(text);
	if (n <= limit)
		return n;
	/* Step back to the first byte of the character that would be split. */
	while (limit > 0 && ((guchar)text[limit] & 0xc0) == 0x80)
		limit--;
	return limit;
}

static void set_text(OGRFeatureH f, const char *name, const char *value, guint limit)
{
	const char *text = value ? value : "";
	g_autofree char *cut = g_strndup(text, limit > 0 ? utf8_cut(text, limit) : strlen(text));
	OGR_F_SetFieldString(f, OGR_F_GetFieldIndex(f, name), cut);
}

/* Unknown numbers are NULL, never NaN: JSON and dBase have no NaN. */
static void set_real(OGRFeatureH f, const char *name, double value)
{
	if (isfinite(value))
		OGR_F_SetFieldDouble(f, OGR_F_GetFieldIndex(f, name), value);
	else
		OGR_F_SetFieldNull(f, OGR_F_GetFieldIndex(f, name));
}

void feature_fields_set(OGRFeatureH f, const feature *o, gint64 id, int class_id, guint text_limit)
{
	feature_text texts[FEATURE_TEXTS];
	feature_texts(o, texts);
	for (guint i = 0; i < FEATURE_TEXTS; i++)
		set_text(f, texts[i].name, texts[i].value, text_limit);
	OGR_F_SetFieldInteger64(f, OGR_F_GetFieldIndex(f, "id"), id);
	OGR_F_SetFieldInteger(f, OGR_F_GetFieldIndex(f, "class_id"), class_id);
	OGR_F_SetFieldInteger64(f, OGR_F_GetFieldIndex(f, "area_px"), o->area_px);
	set_real(f, "score", o->score);
	set_real(f, "area_m2", o->area_m2);
}
