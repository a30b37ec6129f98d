/* Any format through GDAL: what is known of the image, and its pixels where raster-tiff.c does not read them. */
#include "render/raster/raster-remote-private.h"
#include "render/raster/raster-remote.h"
#include <cpl_string.h>
#include <cpl_vsi.h>
#include <errno.h>
#include <gdal.h>
#include <glib/gi18n-lib.h>
#include <ogr_srs_api.h>
#include <string.h>

#define MAX_HANDLES 4
#define FINGERPRINT_PIECE 65536

/* A GDAL dataset may be used by one thread at a time: each reader borrows one of a few. */
typedef struct {
	raster_source source;
	char *path;
	raster_remote *remote; /* belongs to the raster */
	GDALDataType type;
	GMutex lock;
	GCond returned;
	GPtrArray *idle; /* GDALDatasetH */
	int opened, limit;
} gdal_source;

/* What GDAL says while a call runs: the first failure is kept, warnings are dropped. */
typedef struct {
	GString *text;
} gdal_log;

static void CPL_STDCALL gdal_message(CPLErr level, CPLErrorNum number, const char *text)
{
	gdal_log *log = CPLGetErrorHandlerUserData();
	if (level < CE_Failure || (log->text && log->text->len))
		return;
	if (!log->text)
		log->text = g_string_new(NULL);
	g_string_append(log->text, text);
	g_string_replace(log->text, "/vsicurl/http", "http", 0); /* as the user gave it */
	g_strdelimit(log->text->str, "\r\n\t", ' ');
}

static void gdal_log_begin(gdal_log *log)
{
	log->text = NULL;
	CPLPushErrorHandlerEx(gdal_message, log);
}

static void gdal_log_end(gdal_log *log)
{
	CPLPopErrorHandler();
	CPLErrorReset();
	if (log->text)
		g_string_free(log->text, TRUE);
	log->text = NULL;
}

static const char *gdal_log_text(const gdal_log *log)
{
	return log->text && log->text->len ? log->text->str : _("no reason given");
}

/* GDAL keeps decoded blocks of all images together, by itself up to a twentieth of the machine's memory. Our tiles lie
 * above them: few blocks are enough, unless a row is only found by decoding all rows before it. What the user set with
 * GDAL_CACHEMAX stays. */
#define KEPT_BYTES (INT64_C(48) << 20)

static void keep_blocks(int64_t bytes)
{
	static GMutex lock;
	static int64_t most = 0; /* GDAL's own limit */
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
	if (CPLGetConfigOption("GDAL_CACHEMAX", NULL))
		return;
	const bool first = most == 0;
	if (first)
		most = GDALGetCacheMax64();
	if (first || bytes > GDALGetCacheMax64())
		GDALSetCacheMax64(MIN(bytes, most));
}

static void register_drivers(void)
{
	static gsize once = 0;
	if (g_once_init_enter(&once)) {
		GDALAllRegister();
		keep_blocks(KEPT_BYTES);
		g_once_init_leave(&once, 1);
	}
}

static GDALDatasetH borrow(gdal_source *s, const gdal_log *log, GError **error)
{
	g_mutex_lock(&s->lock);
	while (s->idle->len == 0 && s->opened >= s->limit)
		g_cond_wait(&s->returned, &s->lock);
	GDALDatasetH d = s->idle->len ? g_ptr_array_steal_index_fast(s->idle, s->idle->len - 1) : NULL;
	if (!d)
		s->opened++;
	g_mutex_unlock(&s->lock);
	if (d)
		return d;
	d = GDALOpenEx(s->path, GDAL_OF_RASTER | GDAL_OF_READONLY, NULL, NULL, NULL);
	if (!d) {
		g_mutex_lock(&s->lock);
		s->opened--;
		g_cond_signal(&s->returned);
		g_mutex_unlock(&s->lock);
		if (log->text && log->text->len)
			g_set_error(error, RASTER_ERROR, RASTER_ERROR_OPEN, _("%s: cannot be opened again: %s"),
			            raster_shown_path(s->path), log->text->str);
		else /* GDAL is silent about servers that are gone */
			g_set_error(error, RASTER_ERROR, RASTER_ERROR_OPEN,
			            _("%s: cannot be opened again; it was moved or deleted, or its server does not answer: try "
			              "again later"),
			            raster_shown_path(s->path));
	}
	return d;
}

static void give_back(gdal_source *s, GDALDatasetH d)
{
	g_mutex_lock(&s->lock);
	g_ptr_array_add(s->idle, d);
	g_cond_signal(&s->returned);
	g_mutex_unlock(&s->lock);
}

/* One that failed on a remote file may stay broken: the next reader opens another. */
static void throw_away(gdal_source *s, GDALDatasetH d)
{
	GDALClose(d);
	g_mutex_lock(&s->lock);
	s->opened--;
	g_cond_signal(&s->returned);
	g_mutex_unlock(&s->lock);
}

static int CPL_STDCALL go_on(double done, const char *message, void *data)
{
	return !g_cancellable_is_cancelled(data);
}

static bool read_band(GDALRasterBandH band, int level, const raster_rect *a, void *out, GDALDataType type,
                      GCancellable *cancel)
{
	GDALRasterIOExtraArg extra;
	INIT_RASTERIO_EXTRA_ARG(extra);
	if (cancel) {
		extra.pfnProgress = go_on;
		extra.pProgressData = cancel;
	}
	if (level > 0)
		band = GDALGetOverview(band, level - 1);
	return band &&
	       GDALRasterIOEx(band, GF_Read, a->x, a->y, a->w, a->h, out, a->w, a->h, type, 0, 0, &extra) == CE_None;
}

static void set_read_error(const gdal_source *s, int level, const raster_rect *a, const gdal_log *log,
                           GCancellable *cancel, GError **error)
{
	if (g_cancellable_set_error_if_cancelled(cancel, error))
		return;
	g_set_error(error, RASTER_ERROR, RASTER_ERROR_CORRUPT,
	            _("%s: the part at column %d, row %d (%dx%d pixels, level %d) cannot be read: %s"),
	            raster_shown_path(s->path), a->x, a->y, a->w, a->h, level, gdal_log_text(log));
}

static bool read_once(gdal_source *s, int level, const raster_rect *area, const int *bands, int n_bands, void *out,
                      const gdal_log *log, GCancellable *cancel, GError **error)
{
	GDALDatasetH d = borrow(s, log, error);
	bool ok = d != NULL;
	size_t plane = (size_t)area->w * (size_t)area->h * (size_t)GDALGetDataTypeSizeBytes(s->type);
	for (int i = 0; ok && i < n_bands; i++) {
		GDALRasterBandH band = GDALGetRasterBand(d, bands[i] + 1);
		ok = read_band(band, level, area, (char *)out + (size_t)i * plane, s->type, cancel);
		if (!ok)
			set_read_error(s, level, area, log, cancel, error);
	}
	if (d && !ok && s->remote)
		throw_away(s, d);
	else if (d)
		give_back(s, d);
	return ok;
}

static bool gdal_read(raster_source *base, int level, const raster_rect *area, const int *bands, int n_bands, void *out,
                      GCancellable *cancel, GError **error)
{
	gdal_source *s = (gdal_source *)base;
	GError *why = NULL;
	bool ok = false, again = true;
	raster_remote_begin(s->remote);
	for (int failures = 1; !ok && again; failures++) {
		gdal_log log;
		g_clear_error(&why);
		gdal_log_begin(&log);
		ok = read_once(s, level, area, bands, n_bands, out, &log, cancel, &why);
		gdal_log_end(&log);
		again = !ok && raster_remote_again(s->remote, s->path, failures, why->message, cancel);
	}
	raster_remote_end(s->remote, !ok && !g_cancellable_is_cancelled(cancel));
	if (why)
		g_propagate_error(error, why);
	return ok;
}

/* Overviews of the mask are missing in some files: then the full-size mask is sampled at the same places. */
static bool gdal_read_mask(raster_source *base, int level, const raster_rect *a, uint8_t *out, GCancellable *cancel,
                           GError **error)
{
	gdal_source *s = (gdal_source *)base;
	const raster_level *full = &s->source.levels[0], *l = &s->source.levels[level];
	gdal_log log;
	gdal_log_begin(&log);
	GDALDatasetH d = borrow(s, &log, error);
	bool ok = d != NULL;
	if (ok) {
		GDALRasterBandH mask = GDALGetMaskBand(GDALGetRasterBand(d, 1));
		GDALRasterBandH over =
			level > 0 && level <= GDALGetOverviewCount(mask) ? GDALGetOverview(mask, level - 1) : NULL;
		if (over && GDALGetRasterBandXSize(over) == l->width && GDALGetRasterBandYSize(over) == l->height) {
			ok = read_band(mask, level, a, out, GDT_Byte, cancel);
		} else {
			int x0 = (int)((int64_t)a->x * full->width / l->width),
				y0 = (int)((int64_t)a->y * full->height / l->height);
			int x1 = (int)((int64_t)(a->x + a->w) * full->width / l->width);
			int y1 = (int)((int64_t)(a->y + a->h) * full->height / l->height);
			ok = GDALRasterIO(mask, GF_Read, x0, y0, x1 - x0, y1 - y0, out, a->w, a->h, GDT_Byte, 0, 0) == CE_None;
		}
		if (!ok)
			set_read_error(s, level, a, &log, cancel, error);
		give_back(s, d);
	}
	gdal_log_end(&log);
	return ok;
}

static void gdal_free(raster_source *base)
{
	gdal_source *s = (gdal_source *)base;
	gdal_log log;
	gdal_log_begin(&log);
	for (guint i = 0; i < s->idle->len; i++)
		GDALClose(s->idle->pdata[i]);
	gdal_log_end(&log);
	g_ptr_array_unref(s->idle);
	g_mutex_clear(&s->lock);
	g_cond_clear(&s->returned);
	g_free(s->path);
	g_free(s);
}

/* ---- what is known of the image ---- */

static bool type_of(GDALRasterBandH band, GDALDataType t, raster_type *type)
{
	static const struct {
		GDALDataType gdal;
		raster_type ours;
	} table[] = {{GDT_Byte, RASTER_U8},      {GDT_UInt16, RASTER_U16},  {GDT_Int16, RASTER_I16},
	             {GDT_UInt32, RASTER_U32},   {GDT_Int32, RASTER_I32},   {GDT_UInt64, RASTER_U64},
	             {GDT_Int64, RASTER_I64},    {GDT_Float32, RASTER_F32}, {GDT_Float64, RASTER_F64},
	             {GDT_CInt16, RASTER_CI16},  {GDT_CInt32, RASTER_CI32}, {GDT_CFloat32, RASTER_CF32},
	             {GDT_CFloat64, RASTER_CF64}};
	for (guint i = 0; i < G_N_ELEMENTS(table); i++)
		if (table[i].gdal == t) {
			*type = table[i].ours;
			const char *sign = GDALGetMetadataItem(band, "PIXELTYPE", "IMAGE_STRUCTURE");
			if (t == GDT_Byte && g_strcmp0(sign, "SIGNEDBYTE") == 0)
				*type = RASTER_I8;
			return true;
		}
	return false;
}

static const char *color_name(GDALColorInterp c)
{
	switch (c) {
	case GCI_RedBand:
		return "red";
	case GCI_GreenBand:
		return "green";
	case GCI_BlueBand:
		return "blue";
	case GCI_AlphaBand:
		return "alpha";
	case GCI_GrayIndex:
		return "gray";
	case GCI_PaletteIndex:
		return "palette";
	default:
		return "undef";
	}
}

static void read_nodata(GDALRasterBandH h, raster_type type, raster_band *band)
{
	int has = 0;
	if (type == RASTER_I64)
		band->nodata = (double)GDALGetRasterNoDataValueAsInt64(h, &has);
	else if (type == RASTER_U64)
		band->nodata = (double)GDALGetRasterNoDataValueAsUInt64(h, &has);
	else
		band->nodata = GDALGetRasterNoDataValue(h, &has);
	band->has_nodata = has && raster_type_holds(type, band->nodata);
}

static void read_bands(raster *r, GDALDatasetH d)
{
	raster_info *info = &r->info;
	raster_band *bands = g_new0(raster_band, (size_t)info->n_bands);
	info->bands = bands;
	r->alpha = -1;
	for (int i = 0; i < info->n_bands; i++) {
		GDALRasterBandH h = GDALGetRasterBand(d, i + 1);
		bands[i].name = g_utf8_make_valid(GDALGetDescription(h), -1);
		g_strlcpy(bands[i].color, color_name(GDALGetRasterColorInterpretation(h)), sizeof bands[i].color);
		read_nodata(h, info->type, &bands[i]);
		if (r->alpha < 0 && strcmp(bands[i].color, "alpha") == 0)
			r->alpha = i;
	}
	const char *bits = GDALGetMetadataItem(GDALGetRasterBand(d, 1), "NBITS", "IMAGE_STRUCTURE");
	r->bits = bits ? CLAMP(atoi(bits), 1, 128) : (int)raster_type_size(info->type) * 8;
	/* A mask band of its own; nodata and alpha are not this. */
	info->has_mask = GDALGetMaskFlags(GDALGetRasterBand(d, 1)) == GMF_PER_DATASET;
}

static void read_palette(raster *r, GDALDatasetH d)
{
	GDALColorTableH table = GDALGetRasterColorTable(GDALGetRasterBand(d, 1));
	int n = table ? MIN(GDALGetColorEntryCount(table), 65536) : 0;
	if (n <= 0 || GDALGetPaletteInterpretation(table) != GPI_RGB)
		return;
	uint8_t(*palette)[4] = g_malloc((size_t)n * sizeof *palette);
	for (int i = 0; i < n; i++) {
		const GDALColorEntry *e = GDALGetColorEntry(table, i);
		const short c[4] = {e->c1, e->c2, e->c3, e->c4};
		for (int k = 0; k < 4; k++)
			palette[i][k] = (uint8_t)CLAMP(c[k], 0, 255);
	}
	r->info.palette = (const uint8_t(*)[4])palette;
	r->info.palette_size = n;
}

static void read_crs(raster_info *info, OGRSpatialReferenceH crs)
{
	static const char *const options[] = {"FORMAT=WKT2_2019", NULL};
	char *wkt = NULL;
	if (!crs || OSRExportToWktEx(crs, &wkt, options) != OGRERR_NONE || !wkt || !*wkt) {
		CPLFree(wkt);
		return;
	}
	info->crs_wkt = g_strdup(wkt);
	CPLFree(wkt);
	const char *authority = OSRGetAuthorityName(crs, NULL), *code = OSRGetAuthorityCode(crs, NULL);
	if (authority && code)
		info->crs_name = g_strdup_printf("%s:%s", authority, code);
	else
		info->crs_name = g_strdup(OSRGetName(crs) ? OSRGetName(crs) : "");
}

static void read_georeference(raster *r, GDALDatasetH d)
{
	raster_info *info = &r->info;
	info->has_geotransform = GDALGetGeoTransform(d, info->geotransform) == CE_None;
	if (!info->has_geotransform)
		memcpy(info->geotransform, (const double[6]){0, 1, 0, 0, 0, 1}, sizeof info->geotransform);
	info->has_rpc = GDALGetMetadata(d, "RPC") != NULL;
	info->n_gcps = GDALGetGCPCount(d);
	const GDAL_GCP *gcps = GDALGetGCPs(d);
	raster_gcp *own = g_new0(raster_gcp, (size_t)MAX(info->n_gcps, 0));
	for (int i = 0; i < info->n_gcps; i++)
		own[i] = (raster_gcp){gcps[i].dfGCPPixel, gcps[i].dfGCPLine, gcps[i].dfGCPX, gcps[i].dfGCPY};
	info->gcps = own;
	OGRSpatialReferenceH crs = GDALGetSpatialRef(d);
	read_crs(info, crs ? crs : GDALGetGCPSpatialRef(d));
}

/* ---- opening ---- */

static bool refuse(GError **error, raster_error code, const char *path, const char *why)
{
	g_set_error(error, RASTER_ERROR, code, "%s: %s", path, why);
	return false;
}

static bool check_contents(GDALDatasetH d, const char *path, GError **error)
{
	int n = GDALGetRasterCount(d), w = GDALGetRasterXSize(d), h = GDALGetRasterYSize(d);
	if (n <= 0) {
		char **sub = GDALGetMetadata(d, "SUBDATASETS");
		const char *first = CSLFetchNameValue(sub, "SUBDATASET_1_NAME");
		g_autofree char *why = first
		                           ? g_strdup_printf(_("holds several images; open one of them, for example %s"), first)
		                           : g_strdup(_("holds no image"));
		return refuse(error, RASTER_ERROR_UNSUPPORTED, path, why);
	}
	if (w <= 0 || h <= 0)
		return refuse(error, RASTER_ERROR_CORRUPT, path, _("the image has no pixels"));
	if (n > RASTER_MAX_BANDS) {
		g_autofree char *why = g_strdup_printf(_("%d bands, more than the %d that can be read"), n, RASTER_MAX_BANDS);
		return refuse(error, RASTER_ERROR_UNSUPPORTED, path, why);
	}
	return true;
}

static bool find_type(GDALDatasetH d, raster_info *info, GDALDataType *type, GError **error)
{
	GDALRasterBandH first = GDALGetRasterBand(d, 1);
	*type = GDALGetRasterDataType(first);
	for (int i = 2; i <= info->n_bands; i++)
		*type = GDALDataTypeUnion(*type, GDALGetRasterDataType(GDALGetRasterBand(d, i)));
	if (type_of(first, *type, &info->type))
		return true;
	g_autofree char *why = g_strdup_printf(_("pixels of type %s cannot be read"), GDALGetDataTypeName(*type));
	return refuse(error, RASTER_ERROR_UNSUPPORTED, info->path, why);
}

/* Formats whose header alone decides about the size: their claims are measured against the file. */
static bool check_claims(GDALDatasetH d, const raster_info *info, int block_w, int block_h, GError **error)
{
	static const char *const packed[] = {"GTiff", "COG",         "PNG",  "JPEG", "GIF",
	                                     "BMP",   "JP2OpenJPEG", "WEBP", "HFA",  NULL};
	uint64_t sample = raster_type_size(info->type);
	uint64_t block = (uint64_t)block_w * (uint64_t)block_h * sample;
	VSIStatBufL st;
	bool one_file = g_strv_contains(packed, info->format) && VSIStatL(info->path, &st) == 0 && VSI_ISREG(st.st_mode);
	double bytes = (double)info->width * info->height * info->n_bands * (double)sample;
	if (block <= RASTER_MAX_CHUNK_BYTES && !(one_file && bytes > (double)st.st_size * RASTER_MAX_RATIO))
		return true;
	g_autofree char *why =
		g_strdup_printf(_("the header claims %dx%d pixels in %d bands, which cannot be true or is too much to read"),
	                    info->width, info->height, info->n_bands);
	return refuse(error, RASTER_ERROR_UNSUPPORTED, info->path, why);
}

static void find_levels(gdal_source *s, GDALDatasetH d, const raster_info *info)
{
	GDALRasterBandH first = GDALGetRasterBand(d, 1);
	raster_source *base = &s->source;
	base->levels[0] = (raster_level){info->width, info->height};
	base->n_levels = 1;
	int n = GDALGetOverviewCount(first);
	for (int i = 2; i <= info->n_bands; i++)
		n = MIN(n, GDALGetOverviewCount(GDALGetRasterBand(d, i)));
	/* The index of a level is that of GDAL's overview: the list ends where sizes stop falling. */
	for (int i = 0; i < n && base->n_levels < RASTER_MAX_LEVELS / 2; i++) {
		GDALRasterBandH over = GDALGetOverview(first, i);
		raster_level l = {over ? GDALGetRasterBandXSize(over) : 0, over ? GDALGetRasterBandYSize(over) : 0};
		const raster_level *last = &base->levels[base->n_levels - 1];
		if (l.width <= 0 || l.height <= 0 || l.width > last->width || l.height > last->height ||
		    (l.width == last->width && l.height == last->height))
			break;
		base->levels[base->n_levels++] = l;
	}
}

static gdal_source *source_new(const char *path, GDALDatasetH d, GDALDataType type, const raster_info *info)
{
	gdal_source *s = g_new0(gdal_source, 1);
	s->source.read = gdal_read;
	s->source.read_mask = gdal_read_mask;
	s->source.free = gdal_free;
	s->path = g_strdup(path);
	s->type = type;
	g_mutex_init(&s->lock);
	g_cond_init(&s->returned);
	s->idle = g_ptr_array_new();
	g_ptr_array_add(s->idle, d);
	s->opened = 1;
	/* These are decoded from their first row on: a second handle would only decode the same again. */
	static const char *const sequential[] = {"PNG", "JPEG", "GIF", "BMP", "WEBP", NULL};
	s->source.sequential = g_strv_contains(sequential, info->format);
	s->limit = s->source.sequential ? 1 : MAX_HANDLES;
	if (s->source.sequential)
		keep_blocks(KEPT_BYTES +
		            (int64_t)info->width * info->height * info->n_bands * (int64_t)raster_type_size(info->type));
	GDALGetBlockSize(GDALGetRasterBand(d, 1), &s->source.chunk_w, &s->source.chunk_h);
	const char *interleave = GDALGetMetadataItem(d, "INTERLEAVE", "IMAGE_STRUCTURE");
	s->source.contiguous = g_strcmp0(interleave, "PIXEL") == 0;
	find_levels(s, d, info);
	return s;
}

char *raster_fingerprint(const char *path)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	VSIStatBufL st;
	VSILFILE *f = VSIStatL(path, &st) == 0 && VSI_ISREG(st.st_mode) ? VSIFOpenL(path, "rb") : NULL;
	if (f) {
		uint64_t size = (uint64_t)st.st_size;
		g_autofree guchar *piece = g_malloc(FINGERPRINT_PIECE);
		const uint64_t at[3] = {0, size / 2, size > FINGERPRINT_PIECE ? size - FINGERPRINT_PIECE : 0};
		g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT ";", size);
		g_checksum_update(sum, (const guchar *)text, -1);
		for (int i = 0; i < 3; i++) {
			size_t n = VSIFSeekL(f, at[i], SEEK_SET) == 0 ? VSIFReadL(piece, 1, FINGERPRINT_PIECE, f) : 0;
			g_checksum_update(sum, piece, (gssize)n);
		}
		VSIFCloseL(f);
	} else {
		g_checksum_update(sum, (const guchar *)path, -1); /* a name GDAL understands, no file of its own */
	}
	return g_strndup(g_checksum_get_string(sum), 16);
}

static raster_source *describe(raster *r, GDALDatasetH d, const char *path, GError **error)
{
	raster_info *info = &r->info;
	GDALDataType type;
	int bw = 0, bh = 0;
	if (!check_contents(d, path, error))
		return NULL;
	info->format = g_strdup(GDALGetDriverShortName(GDALGetDatasetDriver(d)));
	info->width = GDALGetRasterXSize(d);
	info->height = GDALGetRasterYSize(d);
	info->n_bands = GDALGetRasterCount(d);
	if (!find_type(d, info, &type, error))
		return NULL;
	GDALGetBlockSize(GDALGetRasterBand(d, 1), &bw, &bh);
	if (!check_claims(d, info, bw, bh, error))
		return NULL;
	read_bands(r, d);
	read_palette(r, d);
	read_georeference(r, d);
	info->source = raster_guess_source(r, (const char *const *)GDALGetMetadata(d, NULL));
	info->fingerprint = raster_fingerprint(path);
	return &source_new(path, d, type, info)->source;
}

/* Beside a remote file nothing is looked for: each name would be a question to the server. */
static GDALDatasetH open_data_set(const raster *r, const char *path)
{
	if (r->remote)
		CPLSetThreadLocalConfigOption("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR");
	GDALDatasetH d = GDALOpenEx(path, GDAL_OF_RASTER | GDAL_OF_READONLY | GDAL_OF_VERBOSE_ERROR, NULL, NULL, NULL);
	if (r->remote)
		CPLSetThreadLocalConfigOption("GDAL_DISABLE_READDIR_ON_OPEN", NULL);
	return d;
}

raster_source *raster_gdal_open(raster *r, const char *path, GCancellable *cancel, GError **error)
{
	raster_source *s = NULL;
	GDALDatasetH d = NULL;
	bool again = true;
	register_drivers();
	for (int failures = 1; !d && again; failures++) {
		gdal_log log;
		g_clear_error(error);
		gdal_log_begin(&log);
		d = open_data_set(r, path);
		s = d ? describe(r, d, path, error) : NULL;
		if (!d)
			g_set_error(error, RASTER_ERROR, RASTER_ERROR_OPEN,
			            r->remote
			                ? _("%s: cannot be read from its server; is the address right and the server up? (%s)")
			                : _("%s: cannot be opened as an image; is it complete and of a known format? (%s)"),
			            raster_shown_path(path), gdal_log_text(&log));
		again = !d && raster_remote_again(r->remote, path, failures, gdal_log_text(&log), cancel);
		gdal_log_end(&log);
	}
	if (d && !s)
		GDALClose(d);
	if (s)
		((gdal_source *)s)->remote = r->remote;
	return s;
}
