/* nadir export --tiles: a project as a data set for training. */
#pragma once
#include "app/cli/cli-private.h"
#include "render/exchange/tiles.h"
#include "render/store/project.h"

G_BEGIN_DECLS

typedef struct {
	int size, overlap;
	char *split; /* "image", "area", or NULL: area for one image, else image */
	double validation, negatives;
	gboolean whole_only;
} cli_tiles;

/* images: [element-type project_image] that are cut up; choose: takes out of their objects what is not wanted, by
 * `filter`. */
bool cli_export_tiles(project *p, GPtrArray *images, const cli_tiles *tiles, export_format format,
                      const cli_options *shared, const char *folder,
                      bool (*choose)(GPtrArray *objects, const char *filter, GError **error), const char *filter,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
