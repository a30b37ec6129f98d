#include "app/engine/record.h"

#include "render/file/json-text.h"
#include <cjson/cJSON.h>
#include <math.h>

/* "name.tif#fingerprint" */
static char *image_name(const raster_info *image)
{
	g_autofree char *base = g_path_get_basename(image->path);
	return g_strdup_printf("%s#%s", base, image->fingerprint);
}

/* UTC, "2026-01-31T12:00:00Z" */
static char *time_now(void)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	return g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
}

static void replace(char **field, char *value)
{
	g_free(*field);
	*field = value;
}

/* What every object has; takes px_geom. */
static feature *record_geometry(GBytes *px_geom, gint64 area_px, double area_m2, const char *class_name,
                                const raster_info *image)
{
	feature *f = feature_new();
	f->px_geom = px_geom;
	f->area_px = area_px;
	f->area_m2 = area_m2;
	replace(&f->class_name, g_strdup(class_name));
	replace(&f->image, image_name(image));
	replace(&f->created, time_now());
	replace(&f->edited, g_strdup(f->created));
	return f;
}

feature *record_outlined(GBytes *px_geom, double area_m2, const engine_candidate *c, const prompt *marks,
                         const char *class_name, const char *model, const raster_info *image)
{
	feature *f = record_geometry(g_bytes_ref(px_geom), c->area, area_m2, class_name, image);
	f->score = CLAMP(c->score, 0, 1);
	replace(&f->model, g_strdup(model));
	replace(&f->prompt, prompt_to_json(marks));
	return f;
}

feature *record_segmentation(const engine_answer *answer, int which, const prompt *marks, const char *class_name,
                             const char *model, const raster_info *image, const georef *ref, GError **error)
{
	const engine_candidate *c = &answer->candidate[which];
	g_autoptr(GBytes) wkb = mask_to_wkb(c->mask, error);
	return wkb ? record_outlined(wkb, georef_area_m2(ref, wkb), c, marks, class_name, model, image) : NULL;
}

feature *record_drawing(const bitmask *m, const char *class_name, const raster_info *image, const georef *ref,
                        GError **error)
{
	GBytes *wkb = mask_to_wkb(m, error);
	if (!wkb)
		return NULL;
	feature *f = record_geometry(wkb, mask_area(m), georef_area_m2(ref, wkb), class_name, image);
	f->score = NAN;
	replace(&f->model, g_strdup("hand"));
	return f;
}

static char *text_prompt(const char *phrase)
{
	cJSON *list = cJSON_CreateArray(), *mark = cJSON_CreateObject();
	cJSON_AddStringToObject(mark, "kind", "text");
	cJSON_AddNumberToObject(mark, "sign", 1);
	cJSON_AddStringToObject(mark, "text", phrase);
	cJSON_AddItemToArray(list, mark);
	return json_text(list);
}

feature *record_grounded(GBytes *px_geom, gint64 area_px, double area_m2, double score, const char *phrase,
                         const char *class_name, const char *model, const raster_info *image)
{
	feature *f = record_geometry(g_bytes_ref(px_geom), area_px, area_m2, class_name, image);
	f->score = CLAMP(score, 0, 1);
	replace(&f->model, g_strdup(model));
	replace(&f->prompt, text_prompt(phrase));
	replace(&f->caption, g_strdup(phrase));
	return f;
}
