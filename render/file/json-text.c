#include "render/file/json-text.h"

#include <glib.h>

char *json_part_text(const cJSON *part)
{
	return cJSON_PrintUnformatted(part); /* by malloc(), which g_free() is for as well */
}

char *json_text(cJSON *root)
{
	char *text = json_part_text(root);
	cJSON_Delete(root);
	return text;
}

char *json_page(cJSON *root)
{
	char *printed = cJSON_Print(root), *text = g_strconcat(printed, "\n", NULL);
	cJSON_free(printed);
	cJSON_Delete(root);
	return text;
}
