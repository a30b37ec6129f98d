/* A georef as text, so that a project can place objects whose image is not at hand. */
#include "render/geometry/georef-private.h"

#include "render/file/json-text.h"
#include <cjson/cJSON.h>
#include <cpl_string.h>
#include <glib/gi18n-lib.h>

/* Raw numbers, because cJSON prints some a bit short and a project must place its objects exactly as before. */
static cJSON *exact_array(const double *v, int n)
{
	cJSON *array = cJSON_CreateArray();
	char text[G_ASCII_DTOSTR_BUF_SIZE];
	for (int i = 0; i < n; i++)
		cJSON_AddItemToArray(array, cJSON_CreateRaw(g_ascii_dtostr(text, sizeof text, v[i])));
	return array;
}

static cJSON *gcps_to_json(const georef *g)
{
	cJSON *list = cJSON_CreateArray();
	for (int i = 0; i < g->n_gcps; i++) {
		const raster_gcp *c = &g->gcps[i];
		cJSON_AddItemToArray(list, exact_array((double[]){c->px, c->py, c->x, c->y}, 4));
	}
	return list;
}

static cJSON *rpc_to_json(char **rpc)
{
	cJSON *list = cJSON_CreateArray();
	for (; rpc && *rpc; rpc++)
		cJSON_AddItemToArray(list, cJSON_CreateString(*rpc));
	return list;
}

char *georef_to_json(const georef *g)
{
	cJSON *root = cJSON_CreateObject();
	if (g->wkt)
		cJSON_AddStringToObject(root, "wkt", g->wkt);
	if (g->name)
		cJSON_AddStringToObject(root, "name", g->name);
	if (g->wkt && g->affine)
		cJSON_AddItemToObject(root, "geotransform", exact_array(g->gt, 6));
	if (g->n_gcps > 0)
		cJSON_AddItemToObject(root, "gcps", gcps_to_json(g));
	if (g->rpc)
		cJSON_AddItemToObject(root, "rpc", rpc_to_json(g->rpc));
	return json_text(root);
}

/* n numbers of an array into out; false when there are not exactly n. */
static bool numbers(const cJSON *array, int n, double *out)
{
	if (!cJSON_IsArray(array) || cJSON_GetArraySize(array) != n)
		return false;
	const cJSON *item;
	cJSON_ArrayForEach(item, array)
	{
		if (!cJSON_IsNumber(item))
			return false;
		*out++ = item->valuedouble;
	}
	return true;
}

static bool gcps_from_json(const cJSON *array, raster_gcp **out, int *n_out)
{
	int n = cJSON_GetArraySize(array);
	g_autofree raster_gcp *gcps = g_new0(raster_gcp, MAX(n, 1));
	for (int i = 0; i < n; i++) {
		double v[4];
		if (!numbers(cJSON_GetArrayItem(array, i), 4, v))
			return false;
		gcps[i] = (raster_gcp){v[0], v[1], v[2], v[3]};
	}
	*out = g_steal_pointer(&gcps);
	*n_out = n;
	return true;
}

static char **rpc_from_json(const cJSON *array)
{
	char **rpc = NULL;
	const cJSON *item;
	cJSON_ArrayForEach(item, array)
	{
		if (cJSON_IsString(item))
			rpc = CSLAddString(rpc, item->valuestring);
	}
	return rpc;
}

static georef *from_object(const cJSON *root, GError **error)
{
	const char *wkt = cJSON_GetStringValue(cJSON_GetObjectItem(root, "wkt"));
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(root, "name"));
	const cJSON *gt = cJSON_GetObjectItem(root, "geotransform"), *list = cJSON_GetObjectItem(root, "gcps");
	raster_gcp *gcps = NULL;
	int n_gcps = 0;
	double terms[6];
	if (!cJSON_IsObject(root) || (gt && !numbers(gt, 6, terms)) || (list && !gcps_from_json(list, &gcps, &n_gcps))) {
		g_set_error_literal(error, GEOMETRY_ERROR, GEOMETRY_ERROR_INVALID, _("The stored georeference is damaged."));
		return NULL;
	}
	return georef_new_from_parts(g_strdup(wkt), g_strdup(name), gt ? terms : NULL, gcps, n_gcps,
	                             rpc_from_json(cJSON_GetObjectItem(root, "rpc")), error);
}

georef *georef_from_json(const char *text, GError **error)
{
	cJSON *root = cJSON_Parse(text);
	georef *g = from_object(root, error);
	cJSON_Delete(root);
	return g;
}
