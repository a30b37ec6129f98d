/* Inside of the document, for its own files and for the canvas that draws it. */
#pragma once
#include "app/document/document-history.h"
#include "app/document/document-preview.h"
#include "app/document/document-visibility.h"
#include "render/raster/tile-cache.h"

G_BEGIN_DECLS

struct _NadirDocument {
	GObject parent_instance;

	/* Owned */
	service *service;
	scene *scene;
	store *store;                   /* NULL once it is closing */
	raster_style style, rule_style; /* of the screen; by rule */
	bool model_follows;             /* the model sees the screen's */
	char *bands, *stretch, *source; /* the user's choice for the screen; NULL: by rule */
	char *title;
	char *caption;            /* of the image; NULL: none */
	char *damage;             /* of the project file, as project_salvage() says; NULL: none */
	char *passed_over;        /* why this is not the project's first image; NULL: it is, or was asked for */
	char *bookmarks;          /* NULL: none */
	NadirObjectList *objects; /* stored */
	GListStore *unstored;     /* newest first */
	GPtrArray *drafts;        /* of document_job: what could not be stored */
	GPtrArray *strokes;       /* of document_job, borrowed: painted, not stored yet */
	guint undoing, redoing;   /* steps that were asked for and are not done yet */
	gint64 last_given;        /* the last id < 0 */
	gint64 selected;
	GHashTable *chosen;   /* gint64: selected besides that one (edit-selection.c) */
	GArray *selection;    /* ids of all that are there; NULL: to be looked up */
	guint64 selection_of; /* the version of `objects` then */
	visibility visibility;
	GPtrArray *ghosts;    /* of wkb_shape: outlines that are not stored, drawn dashed (edit-overlay.c) */
	GPtrArray *proposed;  /* of NadirObject: what a search found (edit-search.c) */
	double least_score;   /* of those that are shown */
	GCancellable *search; /* NULL: none runs */
	double searched;      /* share of it */
	guint n_searched;     /* found by then */
	GPtrArray *classes;   /* of project_class */
	int current_class;
	double opacity;
	guint opacity_source; /* writes it down once it rests */
	bool hidden;
	preview preview;
	tile_cache *tiles_ahead;    /* read before there was a canvas to draw them; NULL: none */
	GCancellable *style_cancel; /* of the newest change of style */
	GCancellable *hover;        /* of what is encoded ahead, and where */
	sam_crop hover_crop;
	bool encoded_ahead;
	NadirDocument *heir; /* has taken over the store: another image of the project; NULL: none */
	bool closing;
	void (*closed)(void *data);
	void *closed_data;
};

enum {
	SIGNAL_STYLE,
	SIGNAL_PREVIEW,
	SIGNAL_SELECTION,
	SIGNAL_CLASSES,
	SIGNAL_SETTINGS,
	SIGNAL_STORE,
	SIGNAL_BUSY,
	SIGNAL_CAPTION,
	SIGNAL_TALKS,
	SIGNAL_ERROR,
	SIGNAL_NOTICE,
	SIGNAL_CLASS_IN_USE,
	SIGNAL_REPLY,
	N_SIGNALS
};
void nadir_document_emit(NadirDocument *d, guint signal);
NadirDocument *nadir_document_living(NadirDocument *d); /* d, or who has its store by now */
void nadir_document_class_in_use(NadirDocument *d, int id, const char *sentence);
const raster_info *nadir_document_info(NadirDocument *d);
/* A step towards the end of nadir_document_close(): something that it waits for may be over. */
void nadir_document_close_soon(NadirDocument *d);

/* document-objects.c */
NadirObject *nadir_document_find(NadirDocument *d, gint64 id, guint *position); /* new reference or NULL */
void nadir_document_apply(NadirDocument *d, GPtrArray *changed);                /* of object_change */
void nadir_document_take_text(NadirDocument *d, const project_words *t); /* the caption, or a reply of this image */
/* document-new.c: a job that makes an object, `unstored` from now on; takes f, which may lack a geometry */
document_job *nadir_document_begin_object(NadirDocument *d, feature *f, prompt *marks);
void nadir_document_store_object(document_job *j); /* takes it */
void nadir_document_forget_object(document_job *j);
void nadir_document_show_geometry(NadirDocument *d, document_job *j); /* j->object has become known */
void nadir_document_make_draft(document_job *j, const GError *error);
void nadir_document_forget_draft(NadirDocument *d, gint64 id);
/* document-draw.c: its marks alone no longer give its mask */
void nadir_document_mark_corrected(feature *f);
/* document-classes.c */
const char *nadir_document_current_class_name(NadirDocument *d);
project_class *nadir_document_default_class(const char *name, guint index);
GPtrArray *nadir_document_copy_classes(GPtrArray *classes);
void nadir_document_take_classes(NadirDocument *d, GPtrArray *classes); /* and their names for the objects */
/* document-request.c: the pending marks, or those of an accepted object (then takes it), to the model */
void nadir_document_ask(NadirDocument *d, document_job *accepted);
bool nadir_same_crop(const sam_crop *a, const sam_crop *b);
void nadir_document_overtake(NadirDocument *d, const sam_crop *next);
void nadir_document_set_result(NadirDocument *d, preview_result *r);
feature *nadir_document_result_feature(NadirDocument *d, const preview_result *r, int shown, const prompt *marks,
                                       const char *class_name);
/* document-preview.c */
void nadir_document_on_result(NadirDocument *d, bool stored); /* the newest one has come, and was stored already */
bool nadir_document_redo_mark(NadirDocument *d);              /* false: there is none to bring back */
prompt *nadir_document_effective_prompt(NadirDocument *d);    /* the marks as the model gets them; caller frees */
void nadir_document_ask_again(NadirDocument *d);              /* what the model sees has changed */
void nadir_document_leave_preview(NadirDocument *d);          /* what was accepted goes on, the rest is dropped */
void nadir_document_preview_dispose(NadirDocument *d);
char *nadir_document_look_text(NadirDocument *d); /* as kept in the project; NULL: nothing special; g_free */
void nadir_document_take_look(NadirDocument *d, const char *text);

G_END_DECLS
