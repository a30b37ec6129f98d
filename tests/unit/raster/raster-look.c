/* Writes what the screen (or with --model the model) sees of an image as a PNG, to be looked at:
 * raster-look IMAGE OUT.png [--level N] [--bands B] [--stretch S] [--source S] [--model] */
#include "render/raster/raster-style.h"
#include <cairo.h>
#include <stdio.h>

static char *bands, *stretch, *source;
static int level = -1;
static gboolean model;

static const GOptionEntry ENTRIES[] = {
	{"bands", 0, 0, G_OPTION_ARG_STRING, &bands, "", "B"},   {"stretch", 0, 0, G_OPTION_ARG_STRING, &stretch, "", "S"},
	{"source", 0, 0, G_OPTION_ARG_STRING, &source, "", "S"}, {"level", 0, 0, G_OPTION_ARG_INT, &level, "", "N"},
	{"model", 0, 0, G_OPTION_ARG_NONE, &model, "", NULL},    {NULL}};

static void describe(const raster_info *info, const raster_style *style)
{
	g_autofree char *key = raster_style_key(style);
	printf("%s: %s %dx%d, %d bands of %s, %s, %s\n", info->path, info->format, info->width, info->height, info->n_bands,
	       raster_type_name(info->type), info->crs_name ? info->crs_name : "no CRS", key);
	for (int i = 0; i < info->n_levels; i++)
		printf("  level %d: %dx%d\n", i, info->levels[i].width, info->levels[i].height);
}

static void rgb_to_bgrx(const uint8_t *rgb, int w, uint8_t *out)
{
	for (int x = 0; x < w; x++) {
		uint32_t pixel = 0xff000000u | (uint32_t)rgb[3 * x] << 16 | (uint32_t)rgb[3 * x + 1] << 8 | rgb[3 * x + 2];
		((uint32_t *)(void *)out)[x] = pixel;
	}
}

static bool draw(raster *r, const raster_style *style, const char *out, GError **error)
{
	const raster_info *info = raster_get_info(r);
	int l = model ? 0 : level;
	if (l < 0)
		for (l = 0; l + 1 < info->n_levels && info->levels[l].width > 1024; l++)
			;
	raster_rect area = {0, 0, info->levels[l].width, info->levels[l].height};
	cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, area.w, area.h);
	uint8_t *pixels = cairo_image_surface_get_data(s);
	size_t stride = (size_t)cairo_image_surface_get_stride(s);
	bool ok;
	if (model) {
		g_autofree uint8_t *rgb = g_malloc((size_t)area.w * (size_t)area.h * 3);
		ok = raster_model_input(r, style, &area, rgb, (size_t)area.w * 3, NULL, error);
		for (int y = 0; ok && y < area.h; y++)
			rgb_to_bgrx(rgb + (size_t)y * (size_t)area.w * 3, area.w, pixels + (size_t)y * stride);
	} else {
		ok = raster_render(r, style, l, &area, pixels, stride, NULL, error);
	}
	cairo_surface_mark_dirty(s);
	ok = ok && cairo_surface_write_to_png(s, out) == CAIRO_STATUS_SUCCESS;
	cairo_surface_destroy(s);
	return ok;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GOptionContext) context = g_option_context_new("IMAGE OUT.png");
	g_option_context_add_main_entries(context, ENTRIES, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) || argc != 3) {
		fprintf(stderr, "raster-look: %s\n", error ? error->message : "give IMAGE and OUT.png");
		return 2;
	}
	g_autoptr(raster) r = raster_open(argv[1], NULL, &error);
	raster_style style;
	if (r && raster_style_resolve(r, bands, stretch, source, &style, NULL, &error)) {
		describe(raster_get_info(r), &style);
		if (draw(r, &style, argv[2], &error))
			return 0;
	}
	fprintf(stderr, "raster-look: %s\n", error ? error->message : "the picture cannot be written");
	return 1;
}
