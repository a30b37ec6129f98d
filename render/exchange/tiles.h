/* An image cut into tiles for training, with the labels of each: the picture as the model sees it, and any format of
 * export.h that counts in pixels. One tile is in memory at a time, so the image may have any size. */
#pragma once
#include "render/exchange/export.h"
#include "render/raster/raster-style.h"

G_BEGIN_DECLS

typedef struct {
	int size, overlap;    /* pixels; overlap < size */
	bool by_area;         /* the last part of each image's width is for validation; else whole images are */
	bool whole_only;      /* objects that a tile's edge cuts are left out instead of clipped */
	double validation;    /* 0..1: share of the images or of the width */
	double negatives;     /* 0..1: share of the tiles without objects that are kept */
	export_format format; /* of the labels */
	GCancellable *cancel; /* NULL: none */
	void (*progress)(double fraction, void *data); /* of the image in work; may be NULL */
	void *data;
} tile_plan;
enum { TILE_LEAST = 16, TILE_LARGEST = 16384 };

bool export_tiles_has(export_format format); /* those that count in pixels */
/* What export_tiles_check() says no to cannot be had in tiles. */
bool export_tiles_check(const tile_plan *plan, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct tile_export tile_export;
/* Begins a data set in a folder that is not there yet, or empty; it appears with tile_export_end(). class_names and
 * class_colors as in export_job, NULL-terminated, kept by the caller. */
tile_export *tile_export_begin(const tile_plan *plan, const char *folder, const char *const *class_names,
                               const char *const *class_colors, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The tiles of one image: images/train/NAME_x_y.png, labels/train/NAME_x_y.EXT, and the same under val. */
bool tile_export_image(tile_export *t, raster *r, const raster_style *style, const georef *ref, feature *const *objects,
                       guint n, GError **error) G_GNUC_WARN_UNUSED_RESULT;
typedef struct {
	guint tiles[2], objects[2], negatives; /* train, val; negatives: tiles without objects among them */
} tile_counts;
char *tile_counts_text(const tile_counts *c, const char *folder); /* for a person; g_free */
/* COCO: annotations/train.json and val.json of all tiles; YOLO: data.yaml. */
bool tile_export_end(tile_export *t, tile_counts *counts, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tile_export_free(tile_export *t); /* not ended: nothing is left */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tile_export, tile_export_free)

G_END_DECLS
