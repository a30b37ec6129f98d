/* Band combinations by sensor. Numbers count from 1; names are those that the usual products give their bands. */
#include "render/raster/raster-private.h"
#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct {
	raster_preset preset;
	int n_bands;              /* of the usual stack; 0: any */
	const char *const *names; /* a band of the stack has one of these at this place, or NULL: by number only */
	raster_type type;         /* only for this type of values, where RASTER_F32 … say something; < 0: any */
} entry;

#define ANY ((raster_type)-1)

/* Sentinel-2 L1C and L2A stacks: 13 bands with B10, 12 without. */
static const char *const S2[] = {"B4", "B04", "red", NULL};
static const char *const LANDSAT[] = {"B4", "SR_B4", "red", NULL};
static const char *const S1[] = {"VV", "VH", "HH", "HV", NULL};

static const entry TABLE[] = {
	{{N_("Sentinel-2: true colour (4, 3, 2)"), "4,3,2", NULL, "optical"}, 13, NULL, ANY},
	{{N_("Sentinel-2: near infrared (8, 4, 3)"), "8,4,3", NULL, "optical"}, 13, NULL, ANY},
	{{N_("Sentinel-2: short-wave infrared (12, 8A, 4)"), "13,9,4", NULL, "optical"}, 13, NULL, ANY},
	{{N_("Sentinel-2: agriculture (11, 8, 2)"), "12,8,2", NULL, "optical"}, 13, NULL, ANY},
	{{N_("Sentinel-2: geology (12, 11, 2)"), "13,12,2", NULL, "optical"}, 13, NULL, ANY},
	{{N_("Sentinel-2: true colour (4, 3, 2)"), "4,3,2", NULL, "optical"}, 12, NULL, ANY},
	{{N_("Sentinel-2: near infrared (8, 4, 3)"), "8,4,3", NULL, "optical"}, 12, NULL, ANY},
	{{N_("Sentinel-2: short-wave infrared (12, 8A, 4)"), "12,9,4", NULL, "optical"}, 12, NULL, ANY},
	{{N_("Sentinel-2: agriculture (11, 8, 2)"), "11,8,2", NULL, "optical"}, 12, NULL, ANY},
	{{N_("Sentinel-2 10 m (2, 3, 4, 8): true colour"), "3,2,1", NULL, "optical"}, 4, S2, ANY},
	{{N_("Landsat 8/9: true colour (4, 3, 2)"), "4,3,2", NULL, "optical"}, 7, NULL, ANY},
	{{N_("Landsat 8/9: near infrared (5, 4, 3)"), "5,4,3", NULL, "optical"}, 7, NULL, ANY},
	{{N_("Landsat 8/9: short-wave infrared (7, 6, 4)"), "7,6,4", NULL, "optical"}, 7, NULL, ANY},
	{{N_("Landsat 8/9: agriculture (6, 5, 2)"), "6,5,2", NULL, "optical"}, 7, NULL, ANY},
	{{N_("Landsat 8/9: true colour (4, 3, 2)"), "4,3,2", NULL, "optical"}, 11, LANDSAT, ANY},
	{{N_("Landsat 8/9: near infrared (5, 4, 3)"), "5,4,3", NULL, "optical"}, 11, LANDSAT, ANY},
	{{N_("Landsat 8/9: thermal (10)"), "10", NULL, "infrared"}, 11, LANDSAT, ANY},
	{{N_("NAIP, aerial 4 bands: true colour (1, 2, 3)"), "1,2,3", NULL, "optical"}, 4, NULL, ANY},
	{{N_("NAIP, aerial 4 bands: near infrared (4, 1, 2)"), "4,1,2", NULL, "optical"}, 4, NULL, ANY},
	{{N_("Pléiades, SPOT, PlanetScope 4 bands: true colour (3, 2, 1)"), "3,2,1", NULL, "optical"}, 4, NULL, RASTER_U16},
	{{N_("PlanetScope 8 bands: true colour (6, 4, 2)"), "6,4,2", NULL, "optical"}, 8, NULL, ANY},
	{{N_("PlanetScope 8 bands: near infrared (8, 6, 4)"), "8,6,4", NULL, "optical"}, 8, NULL, ANY},
	{{N_("WorldView 8 bands: true colour (5, 3, 2)"), "5,3,2", NULL, "optical"}, 8, NULL, ANY},
	{{N_("Sentinel-1: first polarisation, decibels"), "1", "db", "sar"}, 2, S1, ANY},
	{{N_("Sentinel-1: second polarisation, decibels"), "2", "db", "sar"}, 2, S1, ANY},
	{{N_("Sentinel-1: both polarisations, decibels (1, 2, 1)"), "1,2,1", "db", "sar"}, 2, S1, ANY},
	{{N_("Radar amplitude, decibels"), "1", "db", "sar"}, 1, NULL, ANY},
	{{N_("Plain RGB (1, 2, 3)"), "1,2,3", NULL, "optical"}, 3, NULL, ANY},
};

static bool has_name(const raster_info *info, const char *const *names)
{
	for (int b = 0; b < info->n_bands; b++)
		for (int i = 0; names[i]; i++)
			if (g_ascii_strcasecmp(info->bands[b].name, names[i]) == 0 ||
			    g_ascii_strcasecmp(info->bands[b].color, names[i]) == 0)
				return true;
	return false;
}

/* Radar bands are often named only in the file's metadata: then the kind of source speaks for them. */
static bool fits(const raster *r, const entry *e)
{
	const raster_info *info = &r->info;
	if (e->n_bands && e->n_bands != info->n_bands)
		return false;
	if (e->type != ANY && e->type != info->type)
		return false;
	if (e->names == S1)
		return info->source == RASTER_SAR || has_name(info, S1);
	if (g_strcmp0(e->preset.source, "sar") == 0)
		return info->source != RASTER_OPTICAL;
	return info->source != RASTER_SAR && (!e->names || has_name(info, e->names));
}

GPtrArray *raster_presets(const raster *r)
{
	GPtrArray *list = g_ptr_array_new();
	for (size_t i = 0; i < G_N_ELEMENTS(TABLE); i++)
		if (fits(r, &TABLE[i]))
			g_ptr_array_add(list, (gpointer)&TABLE[i].preset);
	return list;
}
