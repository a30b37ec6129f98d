#include "render/store/store.h"

#include "render/store/history.h"

struct store {
	GThread *thread;
	GAsyncQueue *queue; /* of job; the thread ends at one without work */
	GMainContext *context;
	store_info info;  /* the main context's copy */
	guint pending;    /* the main context's */
	project *project; /* the thread's */
	bool closing;     /* counted in n_closing */
	void (*closed)(void *data);
	void *closed_data;
};

typedef struct {
	store *s;
	store_work work; /* NULL: the last one */
	store_done done;
	void *data;
	GError *error;
	store_info info; /* after it */
} job;

/* Stores that are closing, in this process. */
static GMutex closing_lock;
static GCond closing_ended;
static guint n_closing;

static void info_clear(store_info *info)
{
	g_free(info->path);
	g_free(info->undo);
	g_free(info->redo);
	*info = (store_info){0};
}

static store_info info_of(project *p)
{
	store_info info = {0};
	if (!p)
		return info;
	info.path = g_strdup(project_path(p));
	info.undo = g_strdup(project_undo_text(p));
	info.redo = g_strdup(project_redo_text(p));
	info.read_only = project_is_read_only(p);
	return info;
}

static gboolean tell(gpointer data)
{
	job *j = data;
	store *s = j->s;
	info_clear(&s->info);
	s->info = j->info;
	j->info = (store_info){0};
	s->pending--;
	j->done(j->error, j->data);
	return G_SOURCE_REMOVE;
}

static void job_free(void *data)
{
	job *j = data;
	g_clear_error(&j->error);
	info_clear(&j->info);
	g_free(j);
}

static void join_and_free(store *s)
{
	g_thread_join(s->thread);
	g_async_queue_unref(s->queue);
	g_main_context_unref(s->context);
	info_clear(&s->info);
	g_free(s);
}

static gboolean tell_closed(gpointer data)
{
	store *s = data;
	void (*closed)(void *) = s->closed;
	void *closed_data = s->closed_data;
	join_and_free(s); /* the thread is at its end */
	if (closed)
		closed(closed_data);
	return G_SOURCE_REMOVE;
}

/* Not g_main_context_invoke(): that would run it here whenever the loop happens to rest. */
static void post(store *s, GSourceFunc call, void *data, GDestroyNotify free)
{
	GSource *source = g_idle_source_new();
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, call, data, free);
	g_source_attach(source, s->context);
	g_source_unref(source);
}

static void end(store *s)
{
	g_clear_pointer(&s->project, project_close);
	if (!s->closing)
		return;
	g_mutex_lock(&closing_lock);
	n_closing--;
	g_cond_broadcast(&closing_ended);
	g_mutex_unlock(&closing_lock);
	post(s, tell_closed, s, NULL);
}

static void *store_thread(void *data)
{
	store *s = data;
	for (;;) {
		job *j = g_async_queue_pop(s->queue);
		if (!j->work) {
			job_free(j);
			break;
		}
		if (!j->work(&s->project, j->data, &j->error) && !j->error)
			g_set_error(&j->error, PROJECT_ERROR, PROJECT_ERROR_WRITE, "%s", "a job failed without a reason");
		j->info = info_of(s->project);
		post(s, tell, j, job_free);
	}
	end(s);
	return NULL;
}

store *store_new(project *p)
{
	store *s = g_new0(store, 1);
	s->queue = g_async_queue_new();
	s->context = g_main_context_ref_thread_default();
	s->info = info_of(p);
	s->project = p;
	s->thread = g_thread_new("store", store_thread, s);
	return s;
}

const store_info *store_get_info(const store *s)
{
	return &s->info;
}

guint store_pending(const store *s)
{
	return s->pending;
}

static void push(store *s, store_work work, store_done done, void *data)
{
	job *j = g_new0(job, 1);
	*j = (job){.s = s, .work = work, .done = done, .data = data};
	g_async_queue_push(s->queue, j);
}

void store_push(store *s, store_work work, store_done done, void *data)
{
	g_return_if_fail(s && work && done);
	s->pending++;
	push(s, work, done, data);
}

void store_close(store *s, void (*closed)(void *data), void *data)
{
	g_return_if_fail(s != NULL);
	s->closed = closed;
	s->closed_data = data;
	s->closing = true;
	g_mutex_lock(&closing_lock);
	n_closing++;
	g_mutex_unlock(&closing_lock);
	push(s, NULL, NULL, NULL);
}

void store_free(store *s)
{
	if (!s)
		return;
	g_assert(s->pending == 0);
	push(s, NULL, NULL, NULL);
	join_and_free(s);
}

void store_await_closing(void)
{
	g_mutex_lock(&closing_lock);
	while (n_closing > 0)
		g_cond_wait(&closing_ended, &closing_lock);
	g_mutex_unlock(&closing_lock);
}
