/* What kind of sensor an image comes from, guessed from what its file says. */
#include "render/raster/raster-private.h"
#include <string.h>

/* `word` as a word of its own in `text`: no letter or digit beside it. Both in lower case. */
static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = strstr(text, word); p; p = strstr(p + 1, word))
		if ((p == text || !g_ascii_isalnum(p[-1])) && !g_ascii_isalnum(p[n]))
			return true;
	return false;
}

static bool has_any(const char *text, const char *const *words)
{
	g_autofree char *lower = g_ascii_strdown(text, -1);
	for (; *words; words++)
		if (has_word(lower, *words))
			return true;
	return false;
}

static const char *const SAR_BANDS[] = {
	"vv",        "vh",           "hh",           "hv",           "sigma0",       "gamma0",    "beta0",     "sigma0_vv",
	"sigma0_vh", "intensity_vv", "intensity_vh", "amplitude_vv", "amplitude_vh", "gamma0_vv", "gamma0_vh", NULL};
static const char *const SAR_WORDS[] = {"sar",        "sentinel-1", "s1a",         "s1b",    "s1c",
                                        "terrasar-x", "radarsat-2", "alos-palsar", "palsar", "cosmo-skymed",
                                        "iceye",      "capella",    "umbra",       NULL};
static const char *const INFRARED_WORDS[] = {"thermal", "lwir", "mwir", "tir", "infrared", "brightness_temperature",
                                             NULL};

static bool metadata_has(const char *const *metadata, const char *const *words)
{
	/* Long values are whole documents: a word somewhere in one says nothing about this image. */
	for (; metadata && *metadata; metadata++)
		if (strlen(*metadata) < 200 && has_any(*metadata, words))
			return true;
	return false;
}

static bool bands_have(const raster_info *info, const char *const *words)
{
	for (int i = 0; i < info->n_bands; i++)
		if (info->bands[i].name[0] && has_any(info->bands[i].name, words))
			return true;
	return false;
}

static int colored_bands(const raster_info *info)
{
	int n = 0;
	for (int i = 0; i < info->n_bands; i++)
		n += strcmp(info->bands[i].color, "red") == 0 || strcmp(info->bands[i].color, "green") == 0 ||
		     strcmp(info->bands[i].color, "blue") == 0;
	return n;
}

raster_source_kind raster_guess_source(const raster *r, const char *const *metadata)
{
	const raster_info *info = &r->info;
	g_autofree char *name = g_path_get_basename(info->path);
	g_strdelimit(name, "_.", '-'); /* so that S1A_IW_… and x_sar.tif fall into words */
	if (raster_type_is_complex(info->type) || bands_have(info, SAR_BANDS) || metadata_has(metadata, SAR_WORDS))
		return RASTER_SAR;
	if (bands_have(info, INFRARED_WORDS) || metadata_has(metadata, INFRARED_WORDS))
		return RASTER_INFRARED;
	if (has_any(name, SAR_WORDS))
		return RASTER_SAR;
	if (colored_bands(info) == 3 || info->palette || info->n_bands >= 3)
		return RASTER_OPTICAL;
	return RASTER_OTHER;
}
