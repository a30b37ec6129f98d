/* Shared by the sub-commands. */
#pragma once
#include <cjson/cJSON.h>

#include "app/cli/cli.h"
#include "app/engine/engine.h"
#include "render/geometry/feature.h"
#include "render/geometry/georef.h"

G_BEGIN_DECLS

/* Each: argv[0] is the sub-command's name. false + error, exit status by the error's domain. */
bool cli_segment(int argc, char **argv, GError **error);
bool cli_info(int argc, char **argv, GError **error);
bool cli_statistics(int argc, char **argv, GError **error);
bool cli_describe(int argc, char **argv, GError **error);
bool cli_ask(int argc, char **argv, GError **error);
bool cli_generate(int argc, char **argv, GError **error);
bool cli_export(int argc, char **argv, GError **error);
bool cli_import(int argc, char **argv, GError **error);
bool cli_init(int argc, char **argv, GError **error);
bool cli_sync(int argc, char **argv, GError **error);
bool cli_devices(int argc, char **argv, GError **error);
bool cli_models(int argc, char **argv, GError **error);
bool cli_bench(int argc, char **argv, GError **error);
bool cli_batch(int argc, char **argv, GError **error);

/* Options that several sub-commands share. Texts are owned. */
typedef struct {
	char *model, *device, *quality;
	char *bands, *stretch, *source;
	int seed;
	gboolean no_cache, json;
} cli_options;
void cli_options_clear(cli_options *o);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(cli_options, cli_options_clear)
typedef enum { CLI_MODEL = 1, CLI_IMAGE = 2 } cli_option_set;
void cli_add_options(GOptionContext *ctx, cli_options *o, cli_option_set sets);
/* Parses; what is left in argv are the operands, of which there must be min..max. Bad usage is CLI_ERROR_USAGE. */
bool cli_parse(GOptionContext *ctx, int *argc, char ***argv, int min, int max, GError **error);
bool cli_usage(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* From the shared options; checks --quality. */
bool cli_engine_options(const cli_options *o, engine_options *out, GError **error);

/* An opened image with the style that --bands --stretch --source ask for. */
typedef struct {
	raster *r;
	const raster_info *info;
	raster_style style;
	georef *ref;
} cli_image;
bool cli_image_open(const char *path, const cli_options *o, cli_image *out, GError **error);
void cli_image_clear(cli_image *i);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(cli_image, cli_image_clear)

/* Files to write (-o): usage errors before anything else, then whether they can be written at all (one that cannot must
 * not leave the others behind), then the writing; what a format could not hold is said on stderr. */
bool cli_check_formats(char **outputs, GError **error);
bool cli_check_targets(char **outputs, const georef *ref, GError **error);
bool cli_write_outputs(const char *command, char **outputs, const cli_image *img, feature *const *list, guint n,
                       GError **error);
/* {"size":[h,w],"counts":…} in full-image coordinates; of the bounding box, with its "origin", for huge images. */
cJSON *cli_rle_to_json(const bitmask *m, const raster_info *info);
/* One object of `segment --json`; f->class_name and areas, marks: the prompt as JSON text, candidate `which` of the
 * answer; all: the three candidates, too. */
cJSON *cli_object_to_json(const feature *f, const char *marks, const engine_answer *a, int which, bool all,
                          const raster_info *info);
/* The whole answer; takes `objects` over. */
cJSON *cli_masks_to_json(const cli_image *img, const char *model, const char *device, double encode_ms, int encodings,
                         cJSON *objects);

/* Prints and deletes. */
void cli_print_json(cJSON *json);
void cli_json_number(cJSON *o, const char *key, double v); /* null for NaN */
/* Key, value, key, value …, NULL: texts, null for a value that is NULL. */
void cli_json_texts(cJSON *o, ...) G_GNUC_NULL_TERMINATED;

/* A progress bar on stderr when it is a terminal, drawn at most ten times a second; silent otherwise. */
void cli_progress(double fraction, void *what);
void cli_progress_done(void);

G_END_DECLS
