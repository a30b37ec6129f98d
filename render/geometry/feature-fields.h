/* The attributes of an object (design.md section 5) as fields of an OGR layer: the same in projects and in exported
 * files. */
#pragma once
#include "render/geometry/feature.h"

#include <ogr_api.h>

G_BEGIN_DECLS

/* text_limit: bytes of a text, for formats that have a limit (then numbers get widths, too); 0: none. */
bool feature_fields_create(OGRLayerH layer, guint text_limit);
void feature_fields_set(OGRFeatureH f, const feature *o, gint64 id, int class_id, guint text_limit);

enum { FEATURE_TEXTS = 9, FEATURE_FIELDS = 14 }; /* texts; all of them */
/* The text attributes with their names, `class` first; values are borrowed and never NULL. */
typedef struct {
	const char *name;
	const char *value;
} feature_text;
void feature_texts(const feature *o, feature_text out[FEATURE_TEXTS]);

/* The largest n <= limit so that the first n bytes end between two characters. */
gsize utf8_cut(const char *text, gsize limit);

G_END_DECLS
