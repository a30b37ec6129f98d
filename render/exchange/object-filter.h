/* Objects for which a condition holds, written as OGR SQL has it behind WHERE
 * (https://gdal.org/user/ogr_sql_dialect.html): fields are those of exports (class, score, area_px, area_m2, state,
 * caption …), class_path where a class is a kind of another, and the attributes of classes; =, <>, <, >, IN, LIKE,
 * BETWEEN, IS NULL, AND, OR, NOT. */
#pragma once
#include "render/exchange/export.h"

G_BEGIN_DECLS

/* objects [element-type feature], names and paths of classes as in export_job, or NULL. Ids of those that fit, in their
 * order [element-type gint64]; NULL + EXPORT_ERROR: one sentence about what is wrong with it. Any thread. */
GArray *object_filter(GPtrArray *objects, const char *const *class_names, const char *const *class_paths,
                      const char *condition, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
