#include "render/file/json-text.h"

#include <glib.h>

char *json_text(cJSON *root)
{
	char *printed = cJSON_PrintUnformatted(root), *text = g_strdup(printed);
	cJSON_free(printed);
	cJSON_Delete(root);
	return text;
}
