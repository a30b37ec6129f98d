/* A project's images as a list: what is known of each without opening it. Threads: as project.h; entries are plain
 * values that any thread may read. */
#pragma once
#include "render/store/project.h"

G_BEGIN_DECLS

/* New: without objects. In work: some are undecided. Done: all are decided, or somebody said so. Flagged: an object is,
 * or somebody said so. */
typedef enum { IMAGE_NEW, IMAGE_IN_WORK, IMAGE_DONE, IMAGE_FLAGGED, IMAGE_STATES } image_state;

typedef struct {
	gint64 id;
	char *path, *fingerprint; /* as stored; "": not opened yet */
	const char *name;         /* its last part */
	char *folded;             /* the path as it is searched in */
	image_state state;
	int modality; /* a raster_source_kind; -1: not opened yet */
	guint objects, decided;
	double score_min, score_max; /* of its objects; NaN: none has a score */
	char *classes;               /* ",3,7,": ids of its objects' classes; "" */
	gint64 changed;              /* µs since 1970, UTC: its last object, else when it was added */
} image_entry;

/* [element-type image_entry] in the order they were added; image 0: all, else that one. Reads no files. */
GPtrArray *project_image_entries(project *p, gint64 image, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void image_entry_free(image_entry *e);
/* New images by path, in one transaction; those that are there already stay as they are. They are not opened: size and
 * georeference come with the first opening. added: how many are new. */
bool project_add_paths(project *p, const char *const *paths, guint n, guint *added,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What is known of an image once it is open: place, size, fingerprint, georeference, modality. Writes nothing when that
 * is known already, or the project is read only. */
bool project_place_image(project *p, gint64 image, const raster_info *info, const georef *g,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Its modality alone, inside a transaction. */
bool project_write_modality(project *p, gint64 image, const raster_info *info,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* IMAGE_DONE or IMAGE_FLAGGED until it is taken back with IMAGE_STATES: by its objects. */
bool project_set_image_state(project *p, gint64 image, image_state state, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
	const char *text; /* words that the path holds, folded by image_fold(); NULL: any */
	int state;        /* an image_state; -1: any */
	int class_id;     /* 0: any */
	int modality;     /* -1: any */
	double score_min, score_max;
	gint64 since; /* changed then or later, µs; 0: any */
} image_filter;
#define IMAGE_FILTER_ALL                                                                                               \
	{                                                                                                                  \
		NULL, -1, 0, -1, 0, 1, 0                                                                                       \
	}
/* Score: an image passes when the scores of its objects reach into the range; 0..1 lets those without objects pass. */
bool image_entry_matches(const image_entry *e, const image_filter *f);
char *image_fold(const char *text); /* g_free */

G_END_DECLS
