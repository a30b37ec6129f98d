/* Inside of the document, for its own files and for the canvas that draws it. */
#pragma once
#include "app/document.h"
#include "render/geometry/wkb.h"

G_BEGIN_DECLS

/* --- objects --- */

NadirObject *nadir_object_new(feature *f);               /* takes f */
const wkb_shape *nadir_object_get_shape(NadirObject *o); /* NULL: broken geometry */
bool nadir_object_contains(NadirObject *o, double x, double y);
bool nadir_object_same(NadirObject *o, const feature *f); /* nothing visible differs */

/* --- the preview --- */

/* An answer with the forms that drawing and storing need; made outside the main loop. */
typedef struct {
	engine_answer answer;
	char *view;     /* what the model was shown: JSON members for the stored prompt */
	GBytes *wkb[4]; /* of each candidate; NULL: empty */
	wkb_shape *shape[4];
	double area_m2[4];
	guint option[4], n_options; /* candidates that differ, in the order of Tab; option[0] is the answer */
} preview_result;

void preview_result_free(preview_result *r);

/* One request under way; it outlives the document until its answer came. */
typedef struct {
	NadirDocument *document; /* borrowed; NULL: the document is gone */
	GCancellable *cancel;
	sam_crop crop;
	char *view;       /* as in preview_result */
	prompt *accepted; /* marks to be stored: Enter came before the answer, and the next object is being marked */
	char *class_name; /* of `accepted`, as it was at Enter */
} preview_request;

typedef struct {
	prompt *marks;           /* NULL: none pending */
	preview_result *result;  /* what is shown; may be older than the marks */
	guint chosen;            /* index into result->option */
	preview_request *latest; /* borrowed; its answer is the one that counts */
	GPtrArray *requests;     /* without an answer yet, oldest first; each freed by its own callbacks */
	double progress;         /* of the encode; < 0: none */
	char *accept_class;      /* class at Enter, which came before the answer; NULL: no Enter */
	bool failed;             /* the last request ended in an error that says nothing about the marks */
} preview;

const wkb_shape *nadir_document_get_preview_shape(NadirDocument *d); /* of the shown candidate; NULL: none */

/* --- the document --- */

struct _NadirDocument {
	GObject parent_instance;

	/* Borrowed */
	service *service;

	/* Owned */
	raster *image;
	georef *ref;
	raster_style style, rule_style; /* of the screen; by rule */
	bool model_follows;             /* the model sees the screen's */
	char *bands, *stretch, *source; /* the user's choice for the screen; NULL: by rule */
	char *title;
	project *project; /* NULL until the first accepted object */
	gint64 image_id;
	GListStore *objects; /* newest first */
	gint64 selected;
	GPtrArray *classes; /* of project_class */
	int current_class;
	double opacity;
	guint opacity_source; /* writes it down once it rests */
	bool hidden;
	preview preview;
	GCancellable *style_cancel; /* of the newest change of style */
	GQueue *strokes;            /* of the brush, waiting for their turn on a large object */
	bool painting;
};

enum {
	SIGNAL_STYLE,
	SIGNAL_PREVIEW,
	SIGNAL_SELECTION,
	SIGNAL_CLASSES,
	SIGNAL_SETTINGS,
	SIGNAL_BUSY,
	SIGNAL_ERROR,
	SIGNAL_NOTICE,
	N_SIGNALS
};
void nadir_document_emit(NadirDocument *d, guint signal);

/* Makes the project at `path` (NULL: the default place) when there is none yet, with the image and the classes in it.
 */
bool nadir_document_ensure_project(NadirDocument *d, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool nadir_document_reload_objects(NadirDocument *d, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool nadir_document_reload_classes(NadirDocument *d, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Stores a new object and selects it; takes f. NULL on error. */
NadirObject *nadir_document_insert(NadirDocument *d, feature *f, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The object and its place in the list (position may be NULL); new reference or NULL. */
NadirObject *nadir_document_find(NadirDocument *d, gint64 id, guint *position);
/* Stores a changed object, which is in the list, and replaces its item; takes f. */
bool nadir_document_store(NadirDocument *d, feature *f, const char *what, GError **error) G_GNUC_WARN_UNUSED_RESULT;
const char *nadir_document_current_class_name(NadirDocument *d);
project_class *nadir_document_default_class(const char *name, guint index);
void nadir_document_add_default_classes(NadirDocument *d);
/* Asks anew when marks are pending: what the model sees has changed. */
void nadir_document_ask_again(NadirDocument *d);
void nadir_document_preview_dispose(NadirDocument *d);
void nadir_document_paint_dispose(NadirDocument *d);
/* A setting of the image in the project; errors are reported, not returned: a view is no reason to lose work. */
void nadir_document_remember(NadirDocument *d, const char *key, const char *value);

G_END_DECLS
