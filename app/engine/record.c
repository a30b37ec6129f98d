#include "app/engine/record.h"

#include <math.h>

char *record_image_name(const raster_info *image)
{
	g_autofree char *base = g_path_get_basename(image->path);
	return g_strdup_printf("%s#%s", base, image->fingerprint);
}

char *record_time(void)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	return g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
}

static void replace(char **field, char *value)
{
	g_free(*field);
	*field = value;
}

static feature *record_mask(const bitmask *m, const char *class_name, const raster_info *image, const georef *ref,
                            GError **error)
{
	g_autoptr(feature) f = feature_new();
	if (!feature_set_mask(f, m, error))
		return NULL;
	f->area_m2 = georef_area_m2(ref, f->px_geom);
	replace(&f->class_name, g_strdup(class_name));
	replace(&f->image, record_image_name(image));
	replace(&f->created, record_time());
	replace(&f->edited, g_strdup(f->created));
	return g_steal_pointer(&f);
}

feature *record_segmentation(const engine_answer *answer, int which, const prompt *marks, const char *class_name,
                             const char *model, const raster_info *image, const georef *ref, GError **error)
{
	const engine_candidate *c = &answer->candidate[which];
	feature *f = record_mask(c->mask, class_name, image, ref, error);
	if (!f)
		return NULL;
	f->score = CLAMP(c->score, 0, 1);
	replace(&f->model, g_strdup(model));
	replace(&f->prompt, prompt_to_json(marks));
	return f;
}

feature *record_drawing(const bitmask *m, const char *class_name, const raster_info *image, const georef *ref,
                        GError **error)
{
	feature *f = record_mask(m, class_name, image, ref, error);
	if (!f)
		return NULL;
	f->score = NAN;
	replace(&f->model, g_strdup("hand"));
	return f;
}
