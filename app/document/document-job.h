/* Changes of a document as jobs of the store, for the document's own files. */
#pragma once
#include "app/document/document.h"
#include "app/document/object-list.h"
#include "render/store/history.h"

G_BEGIN_DECLS

/* What threads share with the document. */
typedef struct {
	raster *image;
	georef *ref;
	/* The store's thread's: */
	gint64 image_id;   /* in the project; 0: not in it yet */
	GHashTable *given; /* gint64 -> gint64: ids that new objects had until they were stored, and since */
} scene;
scene *scene_new(raster *image, georef *ref, gint64 image_id); /* takes both */
scene *scene_ref(scene *s);
void scene_unref(scene *s);

/* What a project begins with: the classes and the view as the user has them. */
typedef struct {
	char *path;
	GPtrArray *classes; /* of project_class */
	char *settings[7];  /* values of document_settings */
} birth;
extern const char *const document_settings[7];

/* A new object on its way to the project. */
typedef struct {
	NadirObject *item; /* in `unstored` */
	prompt *marks;     /* while the model has not answered */
	/* Once it is stored; NULL: nobody asks. */
	void (*stored)(NadirDocument *d, gint64 id, void *data);
	void *data;
} new_object;

typedef struct document_job document_job;
struct document_job {
	NadirDocument *document; /* owned: lives until its jobs are told of. Main context only. */
	scene *scene;
	birth *birth; /* NULL: without a project there is nothing to do */
	/* In the store's thread. */
	bool (*work)(document_job *j, project *p, GError **error);
	/* In the main context, after the changes were applied: true when it keeps the job. NULL: errors are reported. */
	bool (*done)(document_job *j, const GError *error);

	gint64 id;       /* of the object that it is about */
	feature *object; /* to be stored */
	char *text;      /* class, path, value … */
	char *what;      /* step in the undo list */
	project_class *klass;
	new_object *fresh;
	/* What was drawn by hand: xy[n][2], image pixels. */
	double *xy;
	guint n;
	double radius;    /* 0: a polygon */
	double *pressure; /* [n], or NULL */
	bool erase;

	void *data; /* of those who push it */
	GDestroyNotify data_free;
	GTask *task; /* owned; who waits for it, NULL: nobody */

	/* Results */
	GPtrArray *changed; /* of object_change, which own their objects */
	GPtrArray *classes; /* of project_class; NULL: as before */
	GPtrArray *texts;   /* of project_words: captions and wordings; NULL: as before */
};
document_job *document_job_new(NadirDocument *d, bool (*work)(document_job *, project *, GError **));
/* One that a task waits for; takes task and data. Told with document_job_answer(), or cancelled when the document was
 * closed before. The task has data as its task data from then on. */
document_job *document_job_for(GTask *task, bool (*work)(document_job *, project *, GError **), void *data,
                               GDestroyNotify data_free);
bool document_job_answer(document_job *j, const GError *error); /* a `done`: the error, else true */
void document_job_free(document_job *j);
void document_job_push(document_job *j); /* takes it */
/* In work: the stored id of j->id, 0 when that object never came to be; what changed (takes now); classes anew. */
gint64 document_job_id(document_job *j);
void document_job_changed(document_job *j, gint64 id, feature *now);
/* In work: changes a caption or a reply's wording, as the step j->what; image 0: that of the document. */
bool document_job_set_text(document_job *j, project *p, gint64 image, gint64 message, const char *text,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The changed object to the project, and what it is then to the list. */
bool document_job_update(document_job *j, project *p, const feature *o, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool document_job_read_classes(document_job *j, project *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What a step has changed of this image, and of the classes, is what the job has changed. */
bool document_job_take_changes(document_job *j, project *p, project_changes *changes,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
birth *birth_new(NadirDocument *d, const char *path); /* path NULL: the default place */

G_END_DECLS
