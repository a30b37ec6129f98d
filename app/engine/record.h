/* What is written down about an object: one rule for the window and the command line (attributes of design.md section
 * 5). */
#pragma once
#include "app/engine/engine.h"
#include "render/geometry/feature.h"
#include "render/geometry/georef.h"

G_BEGIN_DECLS

/* A feature from candidate `which` (0: the answer) of a segmentation: class, score (clamped to 0..1), areas, model,
 * prompt, image and times. Free with feature_free. */
feature *record_segmentation(const engine_answer *answer, int which, const prompt *marks, const char *class_name,
                             const char *model, const raster_info *image, const georef *ref,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same from a candidate's outline and ground area that are made already, off the main loop. Never NULL. */
feature *record_outlined(GBytes *px_geom, double area_m2, const engine_candidate *c, const prompt *marks,
                         const char *class_name, const char *model, const raster_info *image);
/* The same for a mask that a person drew: model "hand", no score. */
feature *record_drawing(const bitmask *m, const char *class_name, const raster_info *image, const georef *ref,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for what a language model found for a phrase: the prompt is {"kind":"text","sign":1,"text":phrase}, the
 * phrase is the caption too. area_m2: NaN without a CRS. Never NULL. */
feature *record_grounded(GBytes *px_geom, gint64 area_px, double area_m2, double score, const char *phrase,
                         const char *class_name, const char *model, const raster_info *image);

G_END_DECLS
