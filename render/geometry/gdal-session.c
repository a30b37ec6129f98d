#include "render/geometry/gdal-session.h"

#include <cpl_error.h>
#include <gdal.h>
#include <glib/gi18n-lib.h>
#include <string.h>

static gpointer set_up(gpointer unused)
{
	GDALAllRegister();
	return NULL;
}

void gdal_session_begin(void)
{
	static GOnce once = G_ONCE_INIT;
	g_once(&once, set_up, NULL);
	CPLPushErrorHandler(CPLQuietErrorHandler);
	CPLErrorReset();
}

void gdal_session_end(void)
{
	CPLPopErrorHandler();
}

const char *gdal_session_message(void)
{
	static GPrivate kept = G_PRIVATE_INIT(g_free);
	char *text = g_strdup(CPLGetLastErrorMsg());
	g_strdelimit(text, "\n\r\t", ' ');
	g_strchomp(text);
	gsize n = strlen(text);
	if (n > 0 && text[n - 1] == '.')
		text[n - 1] = '\0';
	g_private_replace(&kept, text);
	return *text ? text : _("unknown reason");
}
