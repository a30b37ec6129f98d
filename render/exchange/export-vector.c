/* Shapefile, GeoPackage, GeoJSON, FlatGeobuf, KML and CSV through OGR. The files are made in memory, where nothing
 * fails half-way, and then written by output.h, which notices every short write; OGR's drivers do not. */
#include "render/exchange/export-private.h"
#include "render/geometry/class-style.h"
#include "render/geometry/gdal-session.h"

#include <cpl_conv.h>
#include <cpl_string.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <ogr_srs_api.h>
#include <string.h>

typedef struct {
	const char *driver;
	placement where;
	bool has_srs; /* false: the layer gets none */
	char **dataset_options, **layer_options;
	guint text_limit;
	double spacing; /* of extra vertices */
	char *layer_name;
} vector_plan;

static void vector_plan_clear(vector_plan *p)
{
	CSLDestroy(p->dataset_options);
	CSLDestroy(p->layer_options);
	g_free(p->layer_name);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(vector_plan, vector_plan_clear)

/* Decimals of a degree that keep a hundredth of a pixel, at least RFC 7946's seven. */
static int lonlat_decimals(const exporter *e)
{
	const raster_info *image = e->job->image;
	double metres = georef_metres_per_pixel(e->job->ref, image->width / 2.0, image->height / 2.0);
	return metres > 0 ? (int)CLAMP(ceil(-log10(0.01 * metres / 111320)), 7, 12) : 9;
}

static void plan_geojson(exporter *e, vector_plan *p)
{
	g_autofree char *decimals = g_strdup_printf("%d", lonlat_decimals(e));
	p->driver = "GeoJSON";
	p->where = PLACE_LONLAT;
	p->layer_options = CSLSetNameValue(p->layer_options, "RFC7946", "YES");
	p->layer_options = CSLSetNameValue(p->layer_options, "COORDINATE_PRECISION", decimals);
	p->layer_options = CSLSetNameValue(p->layer_options, "WRITE_NAME", "NO");
}

/* The newest edit, in GeoPackage's form, so that the same objects make the same bytes whenever they are exported; NULL
 * when none is known. */
static char *newest_edit(const exporter *e)
{
	const char *newest = NULL;
	for (guint i = 0; i < e->job->n_objects; i++) {
		const char *edited = e->job->objects[i]->edited;
		if (edited && strlen(edited) >= 20 && (!newest || strcmp(edited, newest) > 0))
			newest = edited;
	}
	if (!newest)
		return NULL;
	return strlen(newest) == 24 ? g_strdup(newest) : g_strdup_printf("%.19s.000Z", newest);
}

/* OGR refuses the layer of a GeoPackage whose name begins with one of these, as that of "-3m.gpkg" would. */
static void make_layer_name_plain(vector_plan *p)
{
	if (!strchr("`~!@#$%^&*()+-={}|[]\\:\";'<>?,./", p->layer_name[0]))
		return;
	char *plain = g_strdup_printf("objects%s", p->layer_name);
	g_free(p->layer_name);
	p->layer_name = plain;
}

static void plan_vector(exporter *e, vector_plan *p)
{
	bool has_crs = georef_has_crs(e->job->ref);
	g_autofree char *base = g_path_get_basename(e->path);
	g_autofree char *edited = newest_edit(e);
	p->layer_name = export_sibling(base, "");
	p->where = !has_crs ? PLACE_PIXELS_UP : e->job->epsg == 4326 ? PLACE_LONLAT : PLACE_MAP;
	p->has_srs = true;
	switch (e->format) {
	case EXPORT_SHP:
		p->driver = "ESRI Shapefile";
		p->has_srs = has_crs;
		p->text_limit = EXPORT_SHP_TEXT_BYTES;
		p->layer_options = CSLSetNameValue(p->layer_options, "ENCODING", "UTF-8");
		p->layer_options = CSLSetNameValue(p->layer_options, "2GB_LIMIT", "YES");
		if (edited) {
			edited[10] = '\0'; /* the day */
			p->layer_options = CSLSetNameValue(p->layer_options, "DBF_DATE_LAST_UPDATE", edited);
		}
		break;
	case EXPORT_GPKG:
		p->driver = "GPKG";
		make_layer_name_plain(p);
		break;
	case EXPORT_FGB:
		p->driver = "FlatGeobuf";
		p->has_srs = has_crs;
		break;
	case EXPORT_KML:
		p->driver = "KML";
		p->where = PLACE_LONLAT;
		p->dataset_options = CSLSetNameValue(p->dataset_options, "NameField", "class");
		p->dataset_options = CSLSetNameValue(p->dataset_options, "DescriptionField", "caption");
		return;
	case EXPORT_CSV: /* in the image's system, as a shapefile of the same name: both read the same .prj */
		p->driver = "CSV";
		p->has_srs = has_crs;
		p->layer_options = CSLSetNameValue(p->layer_options, "GEOMETRY", "AS_WKT");
		p->layer_options = CSLSetNameValue(p->layer_options, "CREATE_CSVT", "YES");
		break;
	default:
		plan_geojson(e, p);
		return;
	}
	if (!has_crs)
		export_note(e, _("The image has no coordinate system: coordinates are pixels, x to the right, y = -row."));
}

static OGRSpatialReferenceH layer_srs(const exporter *e, const vector_plan *p)
{
	OGRSpatialReferenceH srs = OSRNewSpatialReference(NULL);
	OSRSetAxisMappingStrategy(srs, OAMS_TRADITIONAL_GIS_ORDER);
	if (p->where == PLACE_LONLAT)
		OSRImportFromEPSG(srs, 4326);
	else if (p->where == PLACE_MAP)
		OSRSetFromUserInput(srs, georef_crs_wkt(e->job->ref));
	else /* never none: OGR would make "undefined geographic" of it */
		OSRSetFromUserInput(srs, "LOCAL_CS[\"Undefined Cartesian SRS\",UNIT[\"metre\",1]]");
	return srs;
}

static bool gdal_failed(const exporter *e, GError **error)
{
	g_set_error(error, EXPORT_ERROR, EXPORT_ERROR_FORMAT, _("Cannot make %s: %s."), e->path, gdal_session_message());
	return false;
}

static bool add_object(exporter *e, const vector_plan *p, OGRLayerH layer, guint i, gint64 id, GError **error)
{
	const feature *o = e->job->objects[i];
	OGRGeometryH g = export_place(e, p->where, p->spacing, i, error);
	if (!g)
		return false;
	OGRFeatureH f = OGR_F_Create(OGR_L_GetLayerDefn(layer));
	feature_fields_set(f, o, id, export_class_number(e, o), p->text_limit);
	export_columns_set(e, f, o, p->text_limit);
	OGR_F_SetGeometryDirectly(f, g);
	OGRErr err = OGR_L_CreateFeature(layer, f);
	OGR_F_Destroy(f);
	return err == OGRERR_NONE || gdal_failed(e, error);
}

static bool add_objects(exporter *e, const vector_plan *p, GDALDatasetH ds, OGRLayerH layer, GError **error)
{
	g_autofree gint64 *ids = export_ids(e->job);
	bool ok = true;
	if (GDALDatasetTestCapability(ds, ODsCTransactions))
		GDALDatasetStartTransaction(ds, FALSE);
	for (guint i = 0; ok && i < e->job->n_objects; i++)
		ok = add_object(e, p, layer, i, ids[i], error) && export_step(e, 0.9 * (i + 1) / e->job->n_objects, error);
	if (GDALDatasetTestCapability(ds, ODsCTransactions) && GDALDatasetCommitTransaction(ds) != OGRERR_NONE && ok)
		ok = gdal_failed(e, error);
	if (ok && e->format == EXPORT_SHP)
		ok = export_long_texts(e, ids, error);
	return ok;
}

static char *style_qml(const exporter *e)
{
	return class_style_qml(e->names->len, (const char *const *)e->names->pdata, (const char *const *)e->colors->pdata,
	                       NULL);
}

static bool write_layer_styles(exporter *e, GDALDatasetH ds, const char *layer_name, GError **error)
{
	static const char *const names[] = {"f_table_catalog",   "f_table_schema", "f_table_name",
	                                    "f_geometry_column", "styleName",      "styleQML",
	                                    "styleSLD",          "description",    "owner"};
	g_autofree char *qml = style_qml(e);
	const char *const values[] = {"", "", layer_name, "geom", "classes", qml, "", "", ""};
	OGRLayerH layer = GDALDatasetCreateLayer(ds, "layer_styles", NULL, wkbNone, NULL);
	if (!layer)
		return gdal_failed(e, error);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		OGRFieldDefnH d = OGR_Fld_Create(names[i], OFTString);
		OGR_L_CreateField(layer, d, FALSE);
		OGR_Fld_Destroy(d);
	}
	OGRFieldDefnH d = OGR_Fld_Create("useAsDefault", OFTInteger);
	OGR_Fld_SetSubType(d, OFSTBoolean);
	OGR_L_CreateField(layer, d, FALSE);
	OGR_Fld_Destroy(d);
	OGRFeatureH f = OGR_F_Create(OGR_L_GetLayerDefn(layer));
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		OGR_F_SetFieldString(f, OGR_F_GetFieldIndex(f, names[i]), values[i]);
	OGR_F_SetFieldInteger(f, OGR_F_GetFieldIndex(f, "useAsDefault"), 1);
	OGRErr err = OGR_L_CreateFeature(layer, f);
	OGR_F_Destroy(f);
	return err == OGRERR_NONE || gdal_failed(e, error);
}

static bool fill_dataset(exporter *e, const vector_plan *p, GDALDatasetH ds, GError **error)
{
	OGRSpatialReferenceH srs = layer_srs(e, p);
	OGRLayerH layer = GDALDatasetCreateLayer(ds, p->layer_name, p->has_srs ? srs : NULL,
	                                         e->format == EXPORT_SHP ? wkbPolygon : wkbMultiPolygon, p->layer_options);
	OSRDestroySpatialReference(srs);
	if (!layer || !feature_fields_create(layer, p->text_limit) ||
	    !export_columns_create(e, layer, p->text_limit, e->format == EXPORT_SHP ? 10 : 0))
		return gdal_failed(e, error);
	return add_objects(e, p, ds, layer, error) &&
	       (e->format != EXPORT_GPKG || write_layer_styles(e, ds, p->layer_name, error));
}

static bool make_dataset(exporter *e, const vector_plan *p, const char *memory_path, GError **error)
{
	GDALDriverH driver = GDALGetDriverByName(p->driver);
	GDALDatasetH ds = driver ? GDALCreate(driver, memory_path, 0, 0, 0, GDT_Unknown, p->dataset_options) : NULL;
	if (!ds)
		return gdal_failed(e, error);
	bool ok = fill_dataset(e, p, ds, error);
	CPLErrorReset();
	GDALClose(ds);
	if (ok && CPLGetLastErrorType() >= CE_Failure)
		ok = gdal_failed(e, error);
	return ok;
}

/* The parts in that order, the file itself last; those this export does not have are removed, lest an old .prj lie
 * about it. */
static bool take_parts(exporter *e, const char *memory_path, const char *const *parts, GError **error)
{
	bool ok = true;
	for (; ok && *parts; parts++) {
		g_autofree char *from = export_sibling(memory_path, *parts);
		g_autofree char *to = parts[1] ? export_sibling(e->path, *parts) : g_strdup(e->path);
		VSIStatBufL st;
		if (VSIStatL(from, &st) == 0)
			ok = export_take_file(e, from, to, error);
		else
			output_set_remove(e->out, to);
	}
	return ok;
}

static bool take_shapefile(exporter *e, const char *memory_path, GError **error)
{
	static const char *const parts[] = {".dbf", ".shx", ".cpg", ".prj", ".shp", NULL};
	static const char *const stale[] = {".qix", ".sbn", ".sbx", ".qpj", ".idm", ".ind"};
	g_autofree char *qml_path = export_sibling(e->path, ".qml"), *qml = style_qml(e);
	bool ok = export_put(e, qml_path, qml, strlen(qml), error);
	for (guint i = 0; i < G_N_ELEMENTS(stale); i++) {
		g_autofree char *path = export_sibling(e->path, stale[i]);
		output_set_remove(e->out, path);
	}
	return ok && take_parts(e, memory_path, parts, error);
}

static bool check_fields(const exporter *e, GError **error)
{
	const guint n = FEATURE_FIELDS + (e->class_paths != NULL) + e->columns->len;
	if (e->format != EXPORT_SHP || n <= EXPORT_SHP_FIELDS)
		return true;
	g_set_error(error, EXPORT_ERROR, EXPORT_ERROR_FORMAT,
	            _("%s cannot be written: the objects have %u fields with their attributes, and a shapefile holds %d. "
	              "Export to .gpkg instead."),
	            e->path, n, EXPORT_SHP_FIELDS);
	return false;
}

bool export_vector(exporter *e, GError **error)
{
	g_auto(vector_plan) p = {0};
	if (!check_fields(e, error))
		return false;
	static const char *const extensions[] = {
		[EXPORT_SHP] = ".shp", [EXPORT_GPKG] = ".gpkg", [EXPORT_GEOJSON] = ".geojson",
		[EXPORT_FGB] = ".fgb", [EXPORT_KML] = ".kml",   [EXPORT_CSV] = ".csv"};
	plan_vector(e, &p);
	p.spacing = export_spacing(e, p.where);
	g_autofree char *folder = g_strdup_printf("/vsimem/nadir-export-%p", (void *)e);
	g_autofree char *memory_path = g_strdup_printf("%s/%s%s", folder, p.layer_name, extensions[e->format]);
	VSIMkdir(folder, 0700);
	g_autofree char *edited = newest_edit(e);
	CPLSetThreadLocalConfigOption("OGR_CURRENT_DATE", edited);
	CPLSetThreadLocalConfigOption("OGR_WKT_PRECISION", "17");
	bool ok = make_dataset(e, &p, memory_path, error);
	CPLSetThreadLocalConfigOption("OGR_CURRENT_DATE", NULL);
	CPLSetThreadLocalConfigOption("OGR_WKT_PRECISION", NULL);
	static const char *const table[] = {".csvt", ".prj", ".csv", NULL};
	if (ok && e->format == EXPORT_SHP)
		ok = take_shapefile(e, memory_path, error);
	else if (ok && e->format == EXPORT_CSV)
		ok = take_parts(e, memory_path, table, error);
	else if (ok)
		ok = export_take_file(e, memory_path, e->path, error);
	VSIRmdirRecursive(folder);
	return ok;
}
