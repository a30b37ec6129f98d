#include "render/geometry/feature.h"

#include <math.h>

feature *feature_new(void)
{
	feature *o = g_new0(feature, 1);
	o->class_name = g_strdup("");
	o->score = NAN;
	o->area_m2 = NAN;
	o->model = g_strdup("");
	o->prompt = g_strdup("");
	o->state = g_strdup("accepted");
	o->reviewer = g_strdup("");
	o->caption = g_strdup("");
	o->image = g_strdup("");
	o->created = g_strdup("");
	o->edited = g_strdup("");
	o->source = g_strdup("");
	o->author = g_strdup("");
	o->review = g_strdup("undecided");
	o->reviewed = g_strdup("");
	o->comment = g_strdup("");
	o->attributes = g_strdup("");
	return o;
}

feature *feature_copy(const feature *from)
{
	feature *o = g_new(feature, 1);
	*o = *from;
	o->class_name = g_strdup(from->class_name);
	o->model = g_strdup(from->model);
	o->prompt = g_strdup(from->prompt);
	o->state = g_strdup(from->state);
	o->reviewer = g_strdup(from->reviewer);
	o->caption = g_strdup(from->caption);
	o->image = g_strdup(from->image);
	o->created = g_strdup(from->created);
	o->edited = g_strdup(from->edited);
	o->source = g_strdup(from->source);
	o->author = g_strdup(from->author);
	o->review = g_strdup(from->review);
	o->reviewed = g_strdup(from->reviewed);
	o->comment = g_strdup(from->comment);
	o->attributes = g_strdup(from->attributes);
	o->px_geom = from->px_geom ? g_bytes_ref(from->px_geom) : NULL;
	return o;
}

void feature_free(feature *o)
{
	if (!o)
		return;
	g_free(o->class_name);
	g_free(o->model);
	g_free(o->prompt);
	g_free(o->state);
	g_free(o->reviewer);
	g_free(o->caption);
	g_free(o->image);
	g_free(o->created);
	g_free(o->edited);
	g_free(o->source);
	g_free(o->author);
	g_free(o->review);
	g_free(o->reviewed);
	g_free(o->comment);
	g_free(o->attributes);
	g_clear_pointer(&o->px_geom, g_bytes_unref);
	g_free(o);
}

bool feature_set_mask(feature *o, const bitmask *m, GError **error)
{
	GBytes *wkb = mask_to_wkb(m, error);
	if (!wkb)
		return false;
	g_clear_pointer(&o->px_geom, g_bytes_unref);
	o->px_geom = wkb;
	o->area_px = mask_area(m);
	return true;
}
