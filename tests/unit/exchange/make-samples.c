/* Writes one image's random objects in every format into a folder, for readers that are not ours. */
#include "export-fixture.h"

#include <gdal.h>

int main(int argc, char **argv)
{
	static const char *const names[] = {"a.shp",  "a.gpkg", "a.geojson", "a.fgb",
	                                    "a.json", "a.png",  "a.tif",     "a.pixel.geojson"};
	const double utm[6] = {500000, 10, 0, 4649776, 0, -10};
	g_autoptr(GError) error = NULL;
	if (argc != 2)
		return 2;
	GDALAllRegister();
	g_autoptr(export_fixture) f = export_fixture_new(sample_info_new(400, 300, "EPSG:32618", utm), 40, 200, 150);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(argv[1], names[i], NULL);
		export_format format;
		if (!export_format_from_path(path, &format, &error) || !export_write(&f->job, format, path, NULL, &error)) {
			g_printerr("%s\n", error->message);
			return 1;
		}
	}
	return 0;
}
