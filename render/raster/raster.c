/* Opening a raster and reading original values. */
#include "render/raster/raster-level.h"
#include "render/raster/raster-remote-private.h"
#include "render/raster/raster-remote.h"
#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

G_DEFINE_QUARK(nadir_raster_error, raster_error)

/* Plain reasons first: GDAL's own words for them are about drivers. False: error is set. */
static bool check_file(const char *path, GError **error)
{
	struct stat st;
	const char *why = NULL;
	if (g_str_has_prefix(path, "/vsi"))
		return true;
	if (stat(path, &st) != 0) {
		if (errno == ENOENT && strchr(path, ':'))
			return true; /* a name like NETCDF:file:variable */
		why = errno == ENOENT || errno == ENOTDIR ? _("there is no such file; check the name") : g_strerror(errno);
	} else if (S_ISREG(st.st_mode) && st.st_size == 0) {
		why = _("the file is empty (0 bytes); copy it again");
	} else if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		why = _("this is not a file");
	} else if (g_access(path, R_OK) != 0) {
		why = _("no permission to read it");
	}
	if (why)
		g_set_error(error, RASTER_ERROR, RASTER_ERROR_OPEN, "%s: %s", path, why);
	return why == NULL;
}

raster *raster_open(const char *path, GCancellable *cancel, GError **error)
{
	return raster_open_through(path, false, cancel, error);
}

raster *raster_open_through(const char *given, bool only_gdal, GCancellable *cancel, GError **error)
{
	g_autofree char *path = raster_resolve_path(given);
	if (!check_file(path, error) || g_cancellable_set_error_if_cancelled(cancel, error))
		return NULL;
	g_autoptr(raster) r = g_new0(raster, 1);
	g_atomic_ref_count_init(&r->refs);
	g_cond_init(&r->built);
	g_mutex_init(&r->lock);
	r->kept = g_ptr_array_new_with_free_func(raster_kept_free);
	r->info.path = g_strdup(path);
	r->remote = raster_remote_new(path);
	r->source = raster_gdal_open(r, path, cancel, error);
	if (!r->source) {
		if (error && *error && g_file_test(path, G_FILE_TEST_IS_DIR)) {
			g_clear_error(error);
			g_set_error(error, RASTER_ERROR, RASTER_ERROR_OPEN, _("%s: this is a folder; open an image inside it"),
			            path);
		}
		return NULL;
	}
	raster_source *tiff = only_gdal ? NULL : raster_tiff_open(r, path);
	if (tiff) {
		r->source->free(r->source);
		r->source = tiff;
	}
	r->stats = g_new0(raster_stats, (size_t)r->info.n_bands);
	r->stats_known = g_new0(bool, (size_t)r->info.n_bands);
	raster_levels_build(r);
	raster_overviews_open(r);
	return g_steal_pointer(&r);
}

raster *raster_ref(raster *r)
{
	g_atomic_ref_count_inc(&r->refs);
	return r;
}

static void info_clear(raster_info *info)
{
	for (int i = 0; info->bands && i < info->n_bands; i++)
		g_free(info->bands[i].name);
	g_free((void *)info->bands);
	g_free((void *)info->palette);
	g_free((void *)info->gcps);
	g_free((void *)info->path);
	g_free((void *)info->format);
	g_free((void *)info->crs_wkt);
	g_free((void *)info->crs_name);
	g_free((void *)info->fingerprint);
}

void raster_unref(raster *r)
{
	if (!g_atomic_ref_count_dec(&r->refs))
		return;
	if (r->source)
		r->source->free(r->source);
	g_ptr_array_unref(r->kept);
	raster_overviews_free(r->overviews);
	raster_remote_free(r->remote);
	raster_lut_free(r->lut);
	g_free(r->stats);
	g_free(r->stats_known);
	info_clear(&r->info);
	g_cond_clear(&r->built);
	g_mutex_clear(&r->lock);
	g_free(r);
}

const raster_info *raster_get_info(const raster *r)
{
	return &r->info;
}

bool raster_apply_transparency(raster *r, int level, const raster_rect *area, uint8_t *valid, GCancellable *cancel,
                               GError **error)
{
	size_t n = (size_t)area->w * (size_t)area->h;
	if (r->alpha >= 0) {
		g_autofree void *alpha = g_malloc(n * raster_type_size(r->info.type));
		g_autofree uint8_t *bytes = g_malloc(n);
		if (!raster_read_native(r, level, area, &r->alpha, 1, alpha, cancel, error))
			return false;
		raster_samples_alpha(r->info.type, alpha, n, bytes);
		for (size_t i = 0; i < n; i++)
			valid[i] &= bytes[i];
	}
	if (r->info.has_mask) {
		g_autofree uint8_t *mask = g_malloc(n);
		if (!raster_read_mask(r, level, area, mask, cancel, error))
			return false;
		for (size_t i = 0; i < n; i++)
			valid[i] &= mask[i] ? 255 : 0;
	}
	return true;
}

/* valid of the native samples of some bands, [n_bands][h][w], as raster_read says. */
static bool find_valid(raster *r, int level, const raster_rect *area, const int *bands, int n_bands,
                       const uint8_t *native, uint8_t *valid, GCancellable *cancel, GError **error)
{
	const size_t n = (size_t)area->w * (size_t)area->h, size = raster_type_size(r->info.type);
	memset(valid, 0, n);
	for (int b = 0; b < n_bands; b++)
		raster_samples_valid(r->info.type, native + (size_t)b * n * size, n, &r->info.bands[bands[b]], valid);
	for (size_t i = 0; i < n; i++)
		valid[i] = valid[i] ? 255 : 0;
	return raster_apply_transparency(r, level, area, valid, cancel, error);
}

static bool read_slice(raster *r, int level, const raster_rect *area, const int *bands, int n_bands, float *values,
                       size_t plane, uint8_t *valid, GCancellable *cancel, GError **error)
{
	size_t n = (size_t)area->w * (size_t)area->h, size = raster_type_size(r->info.type);
	g_autofree uint8_t *native = g_try_malloc(n * (size_t)n_bands * size);
	if (!native) {
		g_set_error(error, RASTER_ERROR, RASTER_ERROR_UNSUPPORTED, _("%s: not enough memory to read %dx%d pixels"),
		            r->info.path, area->w, area->h);
		return false;
	}
	if (!raster_read_native(r, level, area, bands, n_bands, native, cancel, error))
		return false;
	for (int b = 0; b < n_bands; b++)
		raster_samples_to_float(r->info.type, native + (size_t)b * n * size, n, &r->info.bands[bands[b]],
		                        values + (size_t)b * plane);
	return !valid || find_valid(r, level, area, bands, n_bands, native, valid, cancel, error);
}

static bool is_there(const raster *r, int level, const raster_rect *area, const int *bands, int n_bands, GError **error)
{
	for (int i = 0; i < n_bands; i++)
		if (bands[i] < 0 || bands[i] >= r->info.n_bands) {
			g_set_error(error, RASTER_ERROR, RASTER_ERROR_UNSUPPORTED, _("%s: there is no band %d; it has %d"),
			            r->info.path, bands[i] + 1, r->info.n_bands);
			return false;
		}
	if (level < 0 || level >= r->info.n_levels || !raster_area_inside(area, &r->levels[level])) {
		g_set_error(error, RASTER_ERROR, RASTER_ERROR_UNSUPPORTED,
		            _("%s: the part at %d,%d of size %dx%d is not inside the image"), r->info.path, area->x, area->y,
		            area->w, area->h);
		return false;
	}
	return true;
}

bool raster_read(raster *r, int level, const raster_rect *area, const int *bands, int n_bands, float *values,
                 uint8_t *valid, GCancellable *cancel, GError **error)
{
	if (!is_there(r, level, area, bands, n_bands, error))
		return false;
	size_t plane = (size_t)area->w * (size_t)area->h;
	int rows = raster_slice_rows(r, level, area->w, n_bands);
	for (int y = 0; y < area->h; y += rows) {
		raster_rect slice = {area->x, area->y + y, area->w, MIN(rows, area->h - y)};
		size_t at = (size_t)y * (size_t)area->w;
		if (!read_slice(r, level, &slice, bands, n_bands, values + at, plane, valid ? valid + at : NULL, cancel, error))
			return false;
	}
	return true;
}

bool raster_read_pixel(raster *r, int x, int y, const int *bands, int n_bands, char **texts, bool *valid,
                       GCancellable *cancel, GError **error)
{
	const raster_rect area = {x, y, 1, 1};
	const size_t size = raster_type_size(r->info.type);
	uint8_t there = 0;
	if (!is_there(r, 0, &area, bands, n_bands, error))
		return false;
	g_autofree uint8_t *native = g_malloc((size_t)n_bands * size);
	if (!raster_read_native(r, 0, &area, bands, n_bands, native, cancel, error) ||
	    !find_valid(r, 0, &area, bands, n_bands, native, &there, cancel, error))
		return false;
	for (int i = 0; i < n_bands; i++)
		texts[i] = raster_sample_text(r->info.type, native + (size_t)i * size);
	*valid = there > 0;
	return true;
}
