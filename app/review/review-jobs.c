/* The review's way to the project: jobs of the store's thread. */
#include "app/review/review-private.h"

#include <glib/gi18n.h>

/* --- reading --- */

typedef struct {
	NadirReview *review; /* owned */
	guint number;
	char *set_a, *set_b;
	review_reading found;
} reading_job;

static void reading_job_free(void *data)
{
	reading_job *j = data;
	g_clear_object(&j->review);
	g_free(j->set_a);
	g_free(j->set_b);
	g_clear_pointer(&j->found.items, g_array_unref);
	g_clear_pointer(&j->found.images, g_ptr_array_unref);
	g_clear_pointer(&j->found.queues, g_ptr_array_unref);
	g_clear_pointer(&j->found.agreed, agreement_free);
	g_free(j);
}

/* Those that something is to be reviewed on: a project may list a hundred thousand others. */
static GPtrArray *images_of(GArray *items, project *p, GError **error)
{
	g_autoptr(GPtrArray) images = project_images(p, error);
	g_autoptr(GHashTable) wanted = g_hash_table_new(g_int64_hash, g_int64_equal);
	if (!images)
		return NULL;
	GPtrArray *kept = g_ptr_array_new_with_free_func((GDestroyNotify)project_image_free);
	for (guint i = 0; i < items->len; i++)
		g_hash_table_add(wanted, &g_array_index(items, review_item, i).image);
	for (guint i = 0; i < images->len; i++)
		if (g_hash_table_contains(wanted, &((project_image *)images->pdata[i])->id))
			g_ptr_array_add(kept, g_steal_pointer(&images->pdata[i]));
	return kept;
}

static bool read_all(document_job *job, project *p, GError **error)
{
	reading_job *j = job->data;
	j->found.items = project_review_items(p, error);
	j->found.images = j->found.items ? images_of(j->found.items, p, error) : NULL;
	j->found.queues = j->found.images ? project_queues(p, error) : NULL;
	if (!j->found.queues)
		return false;
	if (!*j->set_a || !*j->set_b)
		return true;
	j->found.agreed = agreement_of(p, j->set_a, j->set_b, error);
	return j->found.agreed != NULL;
}

static bool on_read(document_job *job, const GError *error)
{
	reading_job *j = job->data;
	if (error)
		nadir_document_report(job->document, error);
	else if (j->number == j->review->reading)
		review_take(j->review, &j->found);
	return false;
}

void review_read(NadirReview *r, bool keep)
{
	reading_job *j = g_new0(reading_job, 1);
	j->review = g_object_ref(r);
	j->number = ++r->reading;
	j->found.keep = keep;
	j->set_a = g_strdup(r->filter->set_a);
	j->set_b = g_strdup(r->filter->set_b);
	document_job *job = document_job_new(r->document, read_all);
	job->done = on_read;
	job->data = j;
	job->data_free = reading_job_free;
	document_job_push(job);
}

/* --- changing --- */

typedef struct {
	NadirReview *review; /* owned */
	GArray *ids, *now;   /* of gint64; of review_item */
	review_order order;
	gint64 step;
	bool back;
} change_job;

static void change_job_free(void *data)
{
	change_job *j = data;
	g_clear_object(&j->review);
	g_array_unref(j->ids);
	g_array_unref(j->now);
	g_free(j->order.class_name);
	g_free(j->order.comment);
	g_free(j->order.caption);
	g_free(j);
}

/* For the queue all of them, for the document those of its image. */
static void tell_changes(document_job *job, project_changes *changes)
{
	change_job *j = job->data;
	for (guint i = 0; i < changes->objects->len; i++) {
		project_change *c = changes->objects->pdata[i];
		review_item item;
		if (c->now) {
			review_item_from_feature(&item, c->image, c->now);
			g_array_append_val(j->now, item);
		}
		if (c->image == job->scene->image_id)
			document_job_changed(job, c->id, g_steal_pointer(&c->now));
	}
}

static bool change_objects(document_job *job, project *p, GError **error)
{
	change_job *j = job->data;
	g_auto(project_changes) changes = {0};
	const gint64 *ids = (const gint64 *)(void *)j->ids->data;
	const review_change c = {.decides = j->order.decides,
	                         .decision = j->order.decision,
	                         .class_name = j->order.class_name,
	                         .comment = j->order.comment,
	                         .caption = j->order.caption,
	                         .reviewer = g_get_user_name(),
	                         .against = j->order.against};
	const bool ok = j->back ? project_review_take_back(p, j->step, ids, j->ids->len, job->what, &changes, error)
	                        : project_review(p, ids, j->ids->len, &c, job->what, &changes, &j->step, error);
	if (!ok)
		return false;
	tell_changes(job, &changes);
	return !changes.classes || document_job_read_classes(job, p, error);
}

static bool on_changed(document_job *job, const GError *error)
{
	change_job *j = job->data;
	const gint64 first = j->ids->len > 0 ? g_array_index(j->ids, gint64, 0) : 0;
	if (error) {
		review_on_failed(j->review, first);
		nadir_document_report(job->document, error);
	} else {
		review_on_changed(j->review, j->now, first, j->back ? 0 : j->step);
	}
	return false;
}

static void push(NadirReview *r, const gint64 *ids, guint n, const review_order *o, gint64 back, char *what)
{
	change_job *j = g_new0(change_job, 1);
	j->review = g_object_ref(r);
	j->ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	j->now = g_array_new(FALSE, FALSE, sizeof(review_item));
	g_array_append_vals(j->ids, ids, n);
	j->order = *o;
	j->back = back >= 0;
	j->step = MAX(back, 0);
	document_job *job = document_job_new(r->document, change_objects);
	job->what = what;
	job->done = on_changed;
	job->data = j;
	job->data_free = change_job_free;
	document_job_push(job);
}

void review_push(NadirReview *r, const gint64 *ids, guint n, const review_order *o, char *what)
{
	push(r, ids, n, o, -1, what);
}

void review_push_back(NadirReview *r, const review_past *past, char *what)
{
	const gint64 ids[2] = {past->id, past->other};
	push(r, ids, past->other ? 2 : 1, &(review_order){0}, past->step, what);
}

/* --- saved queues --- */

static bool put_queue(document_job *job, project *p, GError **error)
{
	return project_put_queue(p, job->what, job->text, error);
}

void review_push_queue(NadirReview *r, const char *name, const char *filter)
{
	document_job *job = document_job_new(r->document, put_queue);
	job->what = g_strdup(name);
	job->text = g_strdup(filter);
	document_job_push(job);
	review_read(r, false);
}

/* --- before and after --- */

typedef struct {
	GObject *object; /* owned */
	void (*done)(GBytes *outline, gpointer object);
	GBytes *outline;
} before_job;

static void before_job_free(void *data)
{
	before_job *j = data;
	g_clear_object(&j->object);
	g_clear_pointer(&j->outline, g_bytes_unref);
	g_free(j);
}

static bool read_before(document_job *job, project *p, GError **error)
{
	before_job *j = job->data;
	GError *inner = NULL;
	j->outline = project_review_before(p, job->id, &inner);
	if (inner)
		g_propagate_error(error, inner);
	return inner == NULL;
}

static bool on_before(document_job *job, const GError *error)
{
	before_job *j = job->data;
	if (error)
		nadir_document_report(job->document, error);
	else
		j->done(j->outline, j->object);
	return false;
}

void nadir_review_read_before(NadirReview *r, void (*done)(GBytes *outline, gpointer object), gpointer object)
{
	g_return_if_fail(NADIR_IS_REVIEW(r) && done);
	const review_item *item = nadir_review_get_item(r, 0);
	if (!item)
		return;
	before_job *j = g_new0(before_job, 1);
	j->object = g_object_ref(object);
	j->done = done;
	document_job *job = document_job_new(r->document, read_before);
	job->id = item->id;
	job->done = on_before;
	job->data = j;
	job->data_free = before_job_free;
	document_job_push(job);
}
