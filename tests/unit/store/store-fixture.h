/* What the store's tests share. */
#pragma once
#include "render/store/history.h"

/* A new empty folder; remove it with fixture_folder_remove, which frees the name. */
char *fixture_folder(void);
void fixture_folder_remove(char *folder);
/* A UTM image with 10 m pixels, or one without a CRS. */
gint64 fixture_image(project *p, const char *path, bool has_crs);
/* A rectangle with a hole when it is large enough. */
feature *fixture_object(const char *class_name, int x, int y, int w, int h);
/* All that two lists must share to be the same objects: ids, attributes, geometry; edit times only when asked for. */
char *fixture_digest(project *p);
