#include "app/engine/service.h"

struct service {
	engine_options options;
	char *device, *model; /* owned texts of options */
	GThread *thread;
	GAsyncQueue *queue; /* of job; the thread ends at a job of kind JOB_QUIT */
	GCancellable *closing;
	engine *engine;    /* the thread's */
	service_info info; /* main context's copy, learnt from each outcome */
};

typedef enum { JOB_OPEN, JOB_SEGMENT, JOB_QUIT } job_kind;

typedef struct {
	job_kind kind;
	service *s;
	GTask *task; /* NULL for quit */
	raster *image;
	raster_style style;
	prompt *marks;
	int scale;
	GCancellable *cancel; /* also cancelled when the service closes */
	gulong closing_id;
	service_progress_fn progress;
	void *progress_data;
	gint64 last_progress;
} job;

static void cancel_job(GCancellable *closing, void *data)
{
	g_cancellable_cancel(data);
}

static job *job_new(service *s, job_kind kind, GTask *task, GCancellable *cancel)
{
	job *j = g_new0(job, 1);
	j->kind = kind;
	j->s = s;
	j->task = task;
	j->cancel = cancel ? g_object_ref(cancel) : g_cancellable_new();
	if (kind != JOB_QUIT)
		j->closing_id =
			g_cancellable_connect(s->closing, G_CALLBACK(cancel_job), g_object_ref(j->cancel), g_object_unref);
	return j;
}

static void job_free(job *j)
{
	if (j->closing_id)
		g_cancellable_disconnect(j->s->closing, j->closing_id);
	g_clear_object(&j->task);
	g_clear_pointer(&j->image, raster_unref);
	g_clear_pointer(&j->marks, prompt_free);
	g_object_unref(j->cancel);
	g_free(j);
}

typedef struct {
	service_progress_fn fn;
	void *data;
	double fraction;
	GTask *task;
} tick;

static gboolean deliver_tick(void *data)
{
	tick *t = data;
	if (!g_task_get_completed(t->task) && !g_cancellable_is_cancelled(g_task_get_cancellable(t->task)))
		t->fn(t->fraction, t->data);
	return G_SOURCE_REMOVE;
}

static void tick_free(void *data)
{
	tick *t = data;
	g_object_unref(t->task);
	g_free(t);
}

/* In the inference thread. Ten a second are enough for an eye and few enough for a main loop. */
static void on_progress(double fraction, void *data)
{
	job *j = data;
	const gint64 now = g_get_monotonic_time();
	if (!j->progress || now - j->last_progress < 100000)
		return;
	j->last_progress = now;
	tick *t = g_new0(tick, 1);
	*t = (tick){j->progress, j->progress_data, fraction, g_object_ref(j->task)};
	g_main_context_invoke_full(g_task_get_context(j->task), G_PRIORITY_DEFAULT, deliver_tick, t, tick_free);
}

/* A lost device stays lost: the next job gets a new engine. */
static engine *ensure_engine(service *s, GError **error)
{
	if (s->engine && engine_is_lost(s->engine))
		g_clear_pointer(&s->engine, engine_close);
	if (!s->engine)
		s->engine = engine_open(&s->options, error);
	return s->engine;
}

/* What a job brings back to the main context. */
typedef struct {
	service_info info;
	engine_answer answer;
} outcome;

static void info_clear(service_info *i)
{
	g_free(i->device);
	g_free(i->driver);
	g_free(i->model);
	*i = (service_info){0};
}

static void outcome_free(void *data)
{
	outcome *o = data;
	info_clear(&o->info);
	engine_answer_clear(&o->answer);
	g_free(o);
}

static outcome *outcome_new(engine *e)
{
	const engine_info *from = engine_get_info(e);
	outcome *o = g_new0(outcome, 1);
	o->info = (service_info){g_strdup(from->device), g_strdup(from->driver), g_strdup(from->model), from->software};
	return o;
}

static void run_segment(job *j, GError **error)
{
	engine *e = ensure_engine(j->s, error);
	if (!e)
		return;
	const engine_request req = {.image = j->image,
	                            .style = &j->style,
	                            .marks = j->marks,
	                            .scale = j->scale,
	                            .cancel = j->cancel,
	                            .progress = on_progress,
	                            .data = j};
	outcome *o = outcome_new(e);
	if (engine_segment(e, &req, &o->answer, error))
		g_task_return_pointer(j->task, o, outcome_free);
	else
		outcome_free(o);
}

static void run_job(job *j)
{
	g_autoptr(GError) error = NULL;
	if (!g_cancellable_set_error_if_cancelled(j->cancel, &error)) {
		if (j->kind != JOB_OPEN)
			run_segment(j, &error);
		else if (ensure_engine(j->s, &error))
			g_task_return_pointer(j->task, outcome_new(j->s->engine), outcome_free);
	}
	if (error)
		g_task_return_error(j->task, g_steal_pointer(&error));
}

static void *service_thread(void *data)
{
	service *s = data;
	for (;;) {
		job *j = g_async_queue_pop(s->queue);
		const bool quit = j->kind == JOB_QUIT;
		if (!quit)
			run_job(j);
		job_free(j);
		if (quit)
			break;
	}
	g_clear_pointer(&s->engine, engine_close);
	return NULL;
}

service *service_new(const engine_options *options)
{
	service *s = g_new0(service, 1);
	s->options = *options;
	s->options.device = s->device = g_strdup(options->device);
	s->options.model = s->model = g_strdup(options->model);
	s->queue = g_async_queue_new();
	s->closing = g_cancellable_new();
	s->thread = g_thread_new("inference", service_thread, s);
	return s;
}

void service_free(service *s)
{
	if (!s)
		return;
	g_cancellable_cancel(s->closing);
	g_async_queue_push(s->queue, job_new(s, JOB_QUIT, NULL, NULL));
	g_thread_join(s->thread);
	g_async_queue_unref(s->queue);
	g_object_unref(s->closing);
	g_free(s->device);
	g_free(s->model);
	info_clear(&s->info);
	g_free(s);
}

const service_info *service_get_info(const service *s)
{
	return s->info.model ? &s->info : NULL;
}

static GTask *task_new(service *s, GCancellable *cancel, GAsyncReadyCallback done, void *data, void *tag)
{
	GTask *task = g_task_new(NULL, cancel, done, data);
	g_task_set_task_data(task, s, NULL);
	g_task_set_source_tag(task, tag);
	return task;
}

void service_open_async(service *s, GCancellable *cancel, GAsyncReadyCallback done, void *data)
{
	GTask *task = task_new(s, cancel, done, data, service_open_async);
	g_async_queue_push(s->queue, job_new(s, JOB_OPEN, task, cancel));
}

/* Takes the outcome's info; out may be NULL. */
static bool finish(service *s, GAsyncResult *result, engine_answer *out, GError **error)
{
	outcome *o = g_task_propagate_pointer(G_TASK(result), error);
	if (!o)
		return false;
	info_clear(&s->info);
	s->info = o->info;
	o->info = (service_info){0};
	if (out) {
		*out = o->answer;
		o->answer = (engine_answer){0};
	}
	outcome_free(o);
	return true;
}

bool service_open_finish(service *s, GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, service_open_async), false);
	return finish(s, result, NULL, error);
}

static job *picture_job(service *s, job_kind kind, GTask *task, GCancellable *cancel, raster *image,
                        const raster_style *style, const prompt *marks)
{
	job *j = job_new(s, kind, task, cancel);
	j->image = raster_ref(image);
	j->style = *style;
	j->marks = prompt_copy(marks);
	return j;
}

void service_segment_async(service *s, raster *image, const raster_style *style, const prompt *marks, int scale,
                           GCancellable *cancel, service_progress_fn progress, GAsyncReadyCallback done, void *data)
{
	GTask *task = task_new(s, cancel, done, data, service_segment_async);
	job *j = picture_job(s, JOB_SEGMENT, task, cancel, image, style, marks);
	j->scale = scale;
	j->progress = progress;
	j->progress_data = data;
	g_async_queue_push(s->queue, j);
}

bool service_segment_finish(service *s, GAsyncResult *result, engine_answer *out, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, service_segment_async), false);
	return finish(s, result, out, error);
}
