/* One segmented object with its attributes (design.md section 5): what the project stores and the exporters write. */
#pragma once
#include "render/geometry/mask.h"

G_BEGIN_DECLS

typedef struct {
	gint64 id;        /* 0: not stored yet */
	char *class_name; /* never NULL */
	int class_id;
	double score; /* NaN: drawn by hand */
	gint64 area_px;
	double area_m2;                                      /* NaN without a CRS */
	char *model;                                         /* "name@hash8", or "hand" */
	char *prompt;                                        /* JSON array of the marks, as in the command line's --json */
	char *state;                                         /* draft accepted rejected flagged */
	char *reviewer, *caption, *image, *created, *edited; /* "" when unknown; times ISO 8601 */
	/* Of the review (render/store/review.h): kept by projects, not by exports. */
	char *source;     /* model import person; "": whatever the model and the prompt say */
	char *author;     /* whose label set it is of: a model, an imported file, a person */
	char *review;     /* undecided accepted rejected flagged skipped */
	char *reviewed;   /* when that was decided, ISO 8601; "": not yet */
	char *comment;    /* the reviewer's */
	int proposed_id;  /* the class it came with; 0: not stored yet */
	char *attributes; /* what its class asks for (attributes.h): JSON, "" for none */
	GBytes *px_geom;  /* MultiPolygon WKB, pixels, y down */
} feature;

feature *feature_new(void); /* empty strings, state accepted, NaNs */
feature *feature_copy(const feature *o);
void feature_free(feature *o);
/* Sets px_geom and area_px from a mask. */
bool feature_set_mask(feature *o, const bitmask *m, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(feature, feature_free)

G_END_DECLS
