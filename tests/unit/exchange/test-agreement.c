/* Every format says the same: each object read back is its mask again, bit for bit. */
#include "export-fixture.h"

#include <cjson/cJSON.h>
#include <gdal.h>
#include <math.h>
#include <ogr_api.h>
#include <ogr_srs_api.h>
#include <string.h>

static const char *const field_names[] = {"id",     "class", "class_id", "score",   "area_px", "area_m2", "model",
                                          "prompt", "state", "reviewer", "caption", "image",   "created", "edited"};

/* Map coordinates of a geometry back to pixels. */
static void to_pixels(const export_fixture *f, OGRGeometryH g, OGRCoordinateTransformationH ct)
{
	g_autoptr(GError) error = NULL;
	for (int i = 0; i < OGR_G_GetGeometryCount(g); i++)
		to_pixels(f, OGR_G_GetGeometryRef(g, i), ct);
	for (int i = 0; i < OGR_G_GetPointCount(g) && OGR_G_GetGeometryCount(g) == 0; i++) {
		double x = OGR_G_GetX(g, i), y = OGR_G_GetY(g, i);
		if (ct)
			g_assert_true(OCTTransform(ct, 1, &x, &y, NULL));
		if (georef_has_crs(f->ref))
			g_assert_true(georef_from_map(f->ref, 1, &x, &y, &error));
		else
			y = -y;
		OGR_G_SetPoint_2D(g, i, x, y);
	}
}

static void assert_mask(const export_fixture *f, OGRGeometryH g, guint i)
{
	g_autoptr(GError) error = NULL;
	gsize size = (gsize)OGR_G_WkbSize(g);
	g_autofree guchar *data = g_malloc(size);
	OGR_G_ExportToWkb(g, wkbNDR, data);
	g_autoptr(GBytes) wkb = g_bytes_new(data, size);
	g_autoptr(bitmask) m = mask_from_wkb(wkb, &error);
	g_assert_no_error(error);
	if (!mask_equal(m, g_ptr_array_index(f->masks, i)))
		g_error("object %u came back as another mask (iou %g)", i, mask_iou(m, g_ptr_array_index(f->masks, i)));
}

static int field(OGRFeatureH row, const char *name)
{
	return OGR_F_GetFieldIndex(row, name);
}

static void assert_attributes(const export_fixture *f, OGRFeatureH row, guint i)
{
	const feature *o = g_ptr_array_index(f->objects, i);
	g_assert_cmpint(OGR_F_GetFieldAsInteger64(row, field(row, "id")), ==, o->id);
	g_assert_cmpint(OGR_F_GetFieldAsInteger64(row, field(row, "area_px")), ==,
	                mask_area(g_ptr_array_index(f->masks, i)));
	g_assert_cmpstr(OGR_F_GetFieldAsString(row, field(row, "class")), ==, o->class_name);
	g_assert_cmpstr(OGR_F_GetFieldAsString(row, field(row, "caption")), ==, o->caption);
	g_assert_true(OGR_F_IsFieldSetAndNotNull(row, field(row, "score")) == (isnan(o->score) ? 0 : 1));
	g_assert_true(OGR_F_IsFieldSetAndNotNull(row, field(row, "area_m2")) == (isnan(o->area_m2) ? 0 : 1));
	if (!isnan(o->area_m2))
		g_assert_cmpfloat_with_epsilon(OGR_F_GetFieldAsDouble(row, field(row, "area_m2")), o->area_m2, 1e-4);
}

/* Outer rings counter-clockwise, holes clockwise (or the other way round for shapefiles, which OGR turns when it
 * reads). */
static void assert_turned(OGRGeometryH g)
{
	if (wkbFlatten(OGR_G_GetGeometryType(g)) == wkbMultiPolygon) {
		for (int i = 0; i < OGR_G_GetGeometryCount(g); i++)
			assert_turned(OGR_G_GetGeometryRef(g, i));
		return;
	}
	for (int i = 0; i < OGR_G_GetGeometryCount(g); i++) {
		OGRGeometryH ring = OGR_G_GetGeometryRef(g, i);
		double area = 0;
		for (int k = 0; k + 1 < OGR_G_GetPointCount(ring); k++)
			area += (OGR_G_GetX(ring, k) - OGR_G_GetX(ring, 0)) * (OGR_G_GetY(ring, k + 1) - OGR_G_GetY(ring, 0)) -
			        (OGR_G_GetX(ring, k + 1) - OGR_G_GetX(ring, 0)) * (OGR_G_GetY(ring, k) - OGR_G_GetY(ring, 0));
		g_assert_true(i == 0 ? area > 0 : area < 0);
	}
}

static void check_vector(const export_fixture *f, const char *path, bool lonlat, bool turned)
{
	GDALDatasetH ds = GDALOpenEx(path, GDAL_OF_VECTOR, NULL, NULL, NULL);
	g_assert_nonnull(ds);
	OGRLayerH layer = GDALDatasetGetLayer(ds, 0);
	OGRFeatureDefnH defn = OGR_L_GetLayerDefn(layer);
	OGRSpatialReferenceH srs = OGR_L_GetSpatialRef(layer), crs = OSRNewSpatialReference(georef_crs_wkt(f->ref));
	OGRCoordinateTransformationH ct = NULL;
	g_assert_cmpint(OGR_FD_GetFieldCount(defn), ==, G_N_ELEMENTS(field_names));
	for (guint i = 0; i < G_N_ELEMENTS(field_names); i++)
		g_assert_cmpstr(OGR_Fld_GetNameRef(OGR_FD_GetFieldDefn(defn, (int)i)), ==, field_names[i]);
	OSRSetAxisMappingStrategy(crs, OAMS_TRADITIONAL_GIS_ORDER);
	if (lonlat)
		ct = OCTNewCoordinateTransformation(srs, crs);
	g_assert_cmpint(OGR_L_GetFeatureCount(layer, TRUE), ==, f->objects->len);
	OGRFeatureH row;
	guint seen = 0;
	while ((row = OGR_L_GetNextFeature(layer))) {
		guint i = (guint)(OGR_F_GetFieldAsInteger64(row, field(row, "id")) - 100);
		OGRGeometryH g = OGR_F_GetGeometryRef(row);
		g_assert_true(OGR_G_IsValid(g));
		if (turned)
			assert_turned(g);
		assert_attributes(f, row, i);
		to_pixels(f, g, ct);
		assert_mask(f, g, i);
		OGR_F_Destroy(row);
		seen++;
	}
	g_assert_cmpuint(seen, ==, f->objects->len);
	if (ct)
		OCTDestroyCoordinateTransformation(ct);
	OSRDestroySpatialReference(crs);
	GDALClose(ds);
}

static void check_coco(const export_fixture *f, const char *path)
{
	g_autofree char *text = NULL;
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	cJSON *root = cJSON_Parse(text);
	const cJSON *list = cJSON_GetObjectItem(root, "annotations"),
				*image = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "images"), 0);
	g_assert_cmpint(cJSON_GetArraySize(list), ==, (int)f->objects->len);
	g_assert_cmpint(cJSON_GetObjectItem(image, "width")->valueint, ==, f->sample->info.width);
	for (guint i = 0; i < f->objects->len; i++) {
		const cJSON *a = cJSON_GetArrayItem(list, (int)i), *s = cJSON_GetObjectItem(a, "segmentation");
		const bitmask *want = g_ptr_array_index(f->masks, i);
		int b[4];
		g_assert_true(mask_bbox(want, b));
		for (int k = 0; k < 4; k++)
			g_assert_cmpint(cJSON_GetArrayItem(cJSON_GetObjectItem(a, "bbox"), k)->valueint, ==, b[k]);
		g_assert_cmpfloat(cJSON_GetObjectItem(a, "area")->valuedouble, ==, (double)mask_area(want));
		g_assert_cmpint(cJSON_GetObjectItem(a, "iscrowd")->valueint, ==, 0);
		g_assert_cmpint(cJSON_GetObjectItem(a, "category_id")->valueint, ==, (int)i % 3 + 1);
		g_autoptr(bitmask) got = mask_from_rle(cJSON_GetObjectItem(s, "counts")->valuestring, f->sample->info.width,
		                                       f->sample->info.height, NULL);
		g_assert_true(mask_equal(got, want));
	}
	cJSON_Delete(root);
}

static guint16 *painted(const export_fixture *f)
{
	int w = f->sample->info.width;
	guint16 *all = g_new0(guint16, (gsize)w * (gsize)f->sample->info.height);
	for (guint i = 0; i < f->masks->len; i++) {
		const bitmask *m = g_ptr_array_index(f->masks, i);
		for (int k = 0; k < m->w * m->h; k++)
			if (m->bits[k])
				all[(gsize)(m->y + k / m->w) * (gsize)w + (gsize)(m->x + k % m->w)] = (guint16)(i + 1);
	}
	return all;
}

static void check_numbers(const export_fixture *f, const char *path, bool placed)
{
	int w = f->sample->info.width, h = f->sample->info.height;
	GDALDatasetH ds = GDALOpen(path, GA_ReadOnly);
	g_autofree guint16 *want = painted(f), *got = g_new(guint16, (gsize)w * (gsize)h);
	g_assert_nonnull(ds);
	g_assert_cmpint(GDALGetRasterXSize(ds), ==, w);
	g_assert_cmpint(GDALGetRasterDataType(GDALGetRasterBand(ds, 1)), ==, GDT_UInt16);
	g_assert_cmpint(GDALRasterIO(GDALGetRasterBand(ds, 1), GF_Read, 0, 0, w, h, got, w, h, GDT_UInt16, 0, 0), ==,
	                CE_None);
	g_assert_cmpmem(got, sizeof *got * (gsize)w * (gsize)h, want, sizeof *want * (gsize)w * (gsize)h);
	if (placed && f->sample->info.has_geotransform && georef_has_crs(f->ref)) {
		double gt[6];
		g_assert_cmpint(GDALGetGeoTransform(ds, gt), ==, CE_None);
		for (int i = 0; i < 6; i++)
			g_assert_cmpfloat(gt[i], ==, f->sample->info.geotransform[i]);
		g_assert_nonnull(GDALGetSpatialRef(ds));
	}
	g_assert_cmpint(GDALGetGCPCount(ds), ==, placed ? f->sample->info.n_gcps : 0);
	GDALClose(ds);
}

static char *export_to(const export_fixture *f, const char *name)
{
	g_autoptr(GError) error = NULL;
	export_format format;
	char *path = export_fixture_path(f, name);
	g_assert_true(export_format_from_path(path, &format, &error));
	if (!export_write(&f->job, format, path, NULL, &error))
		g_error("%s", error->message);
	return path;
}

static void check_all(export_fixture *f)
{
	bool crs = georef_has_crs(f->ref);
	g_autofree char *shp = export_to(f, "a.shp"), *gpkg = export_to(f, "a.gpkg"), *fgb = export_to(f, "a.fgb"),
					*coco = export_to(f, "a.json");
	g_autofree char *tif = export_to(f, "a.tif"), *png = export_to(f, "a.png"),
					*pixels = export_to(f, "a.pixel.geojson");
	check_vector(f, shp, false, false);
	check_vector(f, gpkg, false, true);
	check_vector(f, fgb, false, true);
	check_coco(f, coco);
	check_numbers(f, tif, true);
	check_numbers(f, png, false);
	if (crs) {
		g_autofree char *geojson = export_to(f, "a.geojson");
		check_vector(f, geojson, true, true);
	}
	g_autofree char *files = export_fixture_files(f);
	g_assert_cmpstr(
		files, ==,
		crs ? "a.cpg a.dbf a.fgb a.geojson a.gpkg a.json a.pixel.geojson a.png a.prj a.qml a.shp a.shx a.tif"
			: "a.cpg a.dbf a.fgb a.gpkg a.json a.pixel.geojson a.png a.qml a.shp a.shx a.tif");
}

static void test_sample(gconstpointer name)
{
	sample_info *s = sample_info_open(name);
	if (!s) {
		g_test_skip("the shared samples are not there");
		return;
	}
	g_autoptr(export_fixture) f = export_fixture_new(s, 30, s->info.width / 2, s->info.height / 2);
	check_all(f);
}

static void test_made_up(gconstpointer crs)
{
	const double rotated[6] = {500000, 0.3, 0.05, 4649776, 0.05, -0.3};
	g_autoptr(export_fixture) f = export_fixture_new(sample_info_new(700, 500, crs, rotated), 60, 350, 250);
	check_all(f);
}

int main(int argc, char **argv)
{
	static const char *const samples[] = {"RGB.byte.tif",
	                                      "Spain_7370579_S1Hand.tif",
	                                      "Spain_7370579_S2Hand.tif",
	                                      "mosaic_cog1.tif",
	                                      "pix4d_alpha_nodata.tif",
	                                      "cog_rgb_mask.tif",
	                                      "cog_gcps.tif",
	                                      "goes.tif",
	                                      "cog_nodata_nan.tif",
	                                      "OSBS_029.tif"};
	g_test_init(&argc, &argv, NULL);
	GDALAllRegister();
	for (guint i = 0; i < G_N_ELEMENTS(samples); i++) {
		g_autofree char *path = g_strconcat("/agreement/", samples[i], NULL);
		g_test_add_data_func(path, samples[i], test_sample);
	}
	g_test_add_data_func("/agreement/rotated", "EPSG:32618", test_made_up);
	g_test_add_data_func("/agreement/no-crs", NULL, test_made_up);
	return g_test_run();
}
