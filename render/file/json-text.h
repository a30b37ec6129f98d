/* JSON to text of GLib's. */
#pragma once
#include <cjson/cJSON.h>

char *json_text(cJSON *root); /* without spaces; takes root; g_free */
