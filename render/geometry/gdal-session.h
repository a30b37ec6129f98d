/* GDAL used quietly: drivers registered once, messages kept for the GError instead of stderr. Pairs may be nested; a
 * session belongs to its thread. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

void gdal_session_begin(void);
void gdal_session_end(void);
/* The last message of this thread, one line without its full stop; "unknown reason" when there is none. Valid until the
 * next call. */
const char *gdal_session_message(void);

G_END_DECLS
