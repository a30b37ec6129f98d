/* A TIFF handle keeps one current directory and one position: it serves one thread. */
#include "render/raster/tiff-pool.h"
#include "render/raster/raster-private.h"
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

#define IDLE_HANDLES 8

struct tiff_pool {
	char *path;
	uint64_t size;
	GMutex lock;
	GPtrArray *idle; /* tiff_handle */
};

static int keep_error(TIFF *tif, void *data, const char *module, const char *format, va_list arguments)
{
	tiff_handle *h = data;
	if (!h->error) {
		g_autofree char *text = g_strdup_vprintf(format, arguments);
		h->error = g_utf8_make_valid(g_strdelimit(text, "\r\n\t", ' '), -1);
	}
	return 1;
}

static int keep_warning(TIFF *tif, void *data, const char *module, const char *format, va_list arguments)
{
	tiff_handle *h = data;
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	if (strstr(text, "remature end of"))
		h->cut_short = true;
	return 1;
}

void tiff_handle_forget(tiff_handle *h)
{
	g_clear_pointer(&h->error, g_free);
	h->cut_short = false;
}

const char *tiff_handle_reason(const tiff_handle *h)
{
	return h->error ? h->error : h->cut_short ? _("the JPEG data end too early") : _("no reason given");
}

static void handle_free(void *data)
{
	tiff_handle *h = data;
	if (h->tif)
		TIFFClose(h->tif);
	g_free(h->error);
	g_free(h);
}

tiff_pool *tiff_pool_new(const char *path, uint64_t size)
{
	tiff_pool *p = g_new0(tiff_pool, 1);
	p->path = g_strdup(path);
	p->size = size;
	g_mutex_init(&p->lock);
	p->idle = g_ptr_array_new_with_free_func(handle_free);
	return p;
}

void tiff_pool_free(tiff_pool *p)
{
	g_ptr_array_unref(p->idle);
	g_mutex_clear(&p->lock);
	g_free(p->path);
	g_free(p);
}

uint64_t tiff_pool_file_size(const tiff_pool *p)
{
	return p->size;
}

const char *tiff_pool_path(const tiff_pool *p)
{
	return p->path;
}

/* m: no memory mapping (a file cut short by somebody else would kill us). D, O: tile offsets are loaded when asked for.
 */
static tiff_handle *handle_open(const char *path)
{
	tiff_handle *h = g_new0(tiff_handle, 1);
	TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
	TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)RASTER_MAX_CHUNK_BYTES * 2);
	TIFFOpenOptionsSetErrorHandlerExtR(options, keep_error, h);
	TIFFOpenOptionsSetWarningHandlerExtR(options, keep_warning, h);
	h->tif = TIFFOpenExt(path, "rmDO", options);
	TIFFOpenOptionsFree(options);
	return h;
}

static void want_rgb(TIFF *tif)
{
	uint16_t compression = 0, photometric = 0;
	if (TIFFGetField(tif, TIFFTAG_COMPRESSION, &compression) && compression == COMPRESSION_JPEG &&
	    TIFFGetField(tif, TIFFTAG_PHOTOMETRIC, &photometric) && photometric == PHOTOMETRIC_YCBCR)
		TIFFSetField(tif, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
}

static bool go_to(tiff_handle *h, uint64_t dir)
{
	if (h->dir == dir)
		return true;
	if (!(dir == 0 ? TIFFSetDirectory(h->tif, 0) : TIFFSetSubDirectory(h->tif, dir)))
		return false;
	h->dir = dir;
	want_rgb(h->tif);
	return true;
}

static tiff_handle *take_idle(tiff_pool *p, uint64_t dir)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&p->lock);
	for (guint i = 0; i < p->idle->len; i++)
		if (((tiff_handle *)p->idle->pdata[i])->dir == dir)
			return g_ptr_array_steal_index_fast(p->idle, i);
	/* Rather one more handle than one that goes to and fro between directories. */
	bool full = p->idle->len >= IDLE_HANDLES;
	return full ? g_ptr_array_steal_index(p->idle, 0) : NULL;
}

tiff_handle *tiff_pool_borrow(tiff_pool *p, uint64_t dir, GError **error)
{
	tiff_handle *h = take_idle(p, dir);
	if (!h) {
		h = handle_open(p->path);
		if (h->tif)
			want_rgb(h->tif);
	}
	if (h->tif && go_to(h, dir)) {
		tiff_handle_forget(h);
		return h;
	}
	g_set_error(error, RASTER_ERROR, h->tif ? RASTER_ERROR_CORRUPT : RASTER_ERROR_OPEN,
	            _("%s: the image description at byte %" G_GUINT64_FORMAT " cannot be read: %s"), p->path, dir,
	            tiff_handle_reason(h));
	handle_free(h);
	return NULL;
}

void tiff_pool_give_back(tiff_pool *p, tiff_handle *h)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&p->lock);
	if (p->idle->len < IDLE_HANDLES)
		g_ptr_array_add(p->idle, h);
	else
		handle_free(h);
}
