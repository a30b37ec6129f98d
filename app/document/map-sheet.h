/* A sheet of paper of the view: image, objects, legend, scale bar and north arrow, as PNG, PDF or SVG (cairo). */
#pragma once
#include "app/document/object.h"
#include "render/geometry/georef.h"
#include "render/raster/raster-style.h"
#include "render/store/project.h"

G_BEGIN_DECLS

typedef struct map_sheet map_sheet;

/* area: image pixels to show; opacity: of the objects' fill, 0..1; title: stands at the top. All is kept by reference
 * or copy, so that a thread can write while editing goes on. */
map_sheet *map_sheet_new(raster *image, const georef *ref, const raster_style *style, const raster_rect *area,
                         const char *title, double opacity);
/* Before anything is added: the view is turned clockwise by `turn` radians about the middle of w x h image pixels that
 * are seen, at x, y of the image; the area covers them. What of it lies beside the image is left out. */
void map_sheet_turn(map_sheet *s, double turn, double x, double y, double w, double h);
void map_sheet_free(map_sheet *s);
/* What lies in the area is drawn, in the order of the calls. klass NULL: none of that name. */
void map_sheet_add(map_sheet *s, NadirObject *o, const project_class *klass);
/* By the name's end: .png (150 dots an inch), .pdf, .svg; A4, upright or across as the area is. Appears whole or not at
 * all. Any thread. */
bool map_sheet_write(const map_sheet *s, const char *path, GCancellable *cancel,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(map_sheet, map_sheet_free)

G_END_DECLS
