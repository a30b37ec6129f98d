/* JSON to text of GLib's. */
#pragma once
#include <cjson/cJSON.h>

char *json_text(cJSON *root);            /* without spaces; takes root; g_free */
char *json_part_text(const cJSON *part); /* the same of what is part of something else, and stays it */
char *json_page(cJSON *root);            /* for a person: indented, with a newline at its end; takes root; g_free */
