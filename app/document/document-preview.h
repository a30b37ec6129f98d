/* Marks and the live preview, for the document's own files. */
#pragma once
#include "app/document/document-job.h"
#include "app/engine/prompt-choice.h"

G_BEGIN_DECLS

/* An answer with the forms that drawing and storing need; made outside the main loop. */
typedef struct {
	engine_answer answer;
	prompt_choice view; /* what the model was shown */
	bool continued;     /* the model was given a mask to begin with */
	GBytes *wkb[4];     /* of each candidate; NULL: empty */
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
	prompt_choice view;     /* as in preview_result */
	bool continued;         /* as in preview_result */
	document_job *accepted; /* Enter came before the answer: this is to be stored then */
} preview_request;

typedef struct {
	prompt *marks;           /* NULL: none pending */
	GPtrArray *undone;       /* of prompt: marks taken back, the last one last */
	gint64 edited;           /* the object that the marks change; 0: a new one */
	bitmask *base;           /* its mask, when marks alone do not give it; NULL: they do */
	int wanted;              /* candidate to show when the answer comes; 0: the model's */
	preview_result *result;  /* what is shown; may be older than the marks */
	guint chosen;            /* index into result->option */
	preview_request *latest; /* borrowed; its answer is the one that counts */
	GPtrArray *requests;     /* of preview_request, under way, oldest first */
	double progress;         /* of the encode; < 0: none */
	bool accept_soon;        /* of an edited object: Enter came before the answer */
	bool failed;             /* the last request ended in an error that says nothing about the marks */
} preview;

const wkb_shape *nadir_document_get_preview_shape(NadirDocument *d); /* of the shown candidate; NULL: none */

G_END_DECLS
