#include "app/engine/service.h"

struct service {
	gint references; /* atomic */
	engine_options options;
	char *device, *model; /* owned texts of options */
	GAsyncQueue *queue;   /* of job; the thread ends at a job of kind JOB_QUIT */
	GCancellable *closing;
	engine *engine;    /* the thread's */
	GPtrArray *guests; /* the thread's, of service_guest */
	GPtrArray *ahead;  /* of ahead: what was last encoded on a guess; the main context's */
	service_info info; /* main context's copy, learnt from each outcome */
};

/* Services of this process that were given up and whose thread has not ended. */
static GMutex ending_lock;
static GCond ending_done;
static guint n_ending;

struct service_guest {
	service *s;
	service_work_fn work;
	void (*leave)(void *data);
	void *data;
	gint awake;            /* atomic: a job for it is in the queue */
	GAsyncQueue *answered; /* a token when it was removed */
};

typedef enum { JOB_OPEN, JOB_SEGMENT, JOB_JOIN, JOB_GUEST, JOB_PART, JOB_PREFETCH, JOB_SWEEP, JOB_QUIT } job_kind;

/* Prompts that come this much later still go before a guest's work, and before work of long steps; and no later ones,
 * so that prompts one after another do not stop a reply. */
#define GUEST_YIELDS_US 50000
#define LONG_YIELDS_US 1000000

typedef struct {
	job_kind kind;
	gint64 due; /* µs: the queue's order */
	service *s;
	GTask *task;          /* NULL for quit and guests */
	service_guest *guest; /* JOB_JOIN, JOB_GUEST, JOB_PART */
	raster *image;
	raster_style style;
	prompt *marks;
	bitmask *previous;
	int scale;
	engine_sweep *sweep; /* JOB_SWEEP: goes on until it is done, a step a turn */
	service_sweep_fn sweep_progress;
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
	g_clear_pointer(&j->previous, mask_free);
	g_clear_pointer(&j->sweep, engine_sweep_free);
	g_object_unref(j->cancel);
	g_free(j);
}

typedef struct {
	service_progress_fn fn;
	service_sweep_fn sweep_fn; /* one of the two */
	void *data;
	double fraction;
	guint found;
	GTask *task;
} tick;

static gboolean deliver_tick(void *data)
{
	tick *t = data;
	if (g_task_get_completed(t->task) || g_cancellable_is_cancelled(g_task_get_cancellable(t->task)))
		return G_SOURCE_REMOVE;
	if (t->fn)
		t->fn(t->fraction, t->data);
	else
		t->sweep_fn(t->fraction, t->found, t->data);
	return G_SOURCE_REMOVE;
}

static void tick_free(void *data)
{
	tick *t = data;
	g_object_unref(t->task);
	g_free(t);
}

/* In the inference thread. Ten a second are enough for an eye and few enough for a main loop. */
static void send_tick(job *j, double fraction, guint found)
{
	const gint64 now = g_get_monotonic_time();
	if ((!j->progress && !j->sweep_progress) || now - j->last_progress < 100000)
		return;
	j->last_progress = now;
	tick *t = g_new0(tick, 1);
	*t = (tick){j->progress, j->sweep_progress, j->progress_data, fraction, found, g_object_ref(j->task)};
	/* Not g_main_context_invoke(): that would run it here whenever the loop happens to rest. */
	g_autoptr(GSource) source = g_idle_source_new();
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, deliver_tick, t, tick_free);
	g_source_attach(source, g_task_get_context(j->task));
}

static void on_progress(double fraction, void *data)
{
	send_tick(data, fraction, 0);
}

static void on_swept(double fraction, guint found, void *data)
{
	send_tick(data, fraction, found);
}

static void close_engine(service *s)
{
	for (guint i = 0; i < s->guests->len; i++) {
		service_guest *g = s->guests->pdata[i];
		g->leave(g->data);
	}
	g_clear_pointer(&s->engine, engine_close);
}

/* A lost device stays lost: the next job gets a new engine. */
static engine *ensure_engine(service *s, GError **error)
{
	if (s->engine && engine_is_lost(s->engine))
		close_engine(s);
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

static engine_request request_of(job *j)
{
	return (engine_request){.image = j->image,
	                        .style = &j->style,
	                        .marks = j->marks,
	                        .previous = j->previous,
	                        .scale = j->scale,
	                        .cancel = j->cancel,
	                        .progress = on_progress,
	                        .data = j};
}

static void run_prefetch(job *j, GError **error)
{
	engine *e = ensure_engine(j->s, error);
	const engine_request req = request_of(j);
	if (e && engine_prefetch(e, &req, error))
		g_task_return_boolean(j->task, TRUE);
}

static void run_segment(job *j, GError **error)
{
	engine *e = ensure_engine(j->s, error);
	if (!e)
		return;
	const engine_request req = request_of(j);
	outcome *o = outcome_new(e);
	if (engine_segment(e, &req, &o->answer, error))
		g_task_return_pointer(j->task, o, outcome_free);
	else
		outcome_free(o);
}

static int by_due(gconstpointer a, gconstpointer b, void *data)
{
	const job *x = a, *y = b;
	return (x->due > y->due) - (x->due < y->due);
}

static void push_job(service *s, job *j)
{
	const gint64 yields = j->kind >= JOB_PREFETCH ? LONG_YIELDS_US : j->kind >= JOB_GUEST ? GUEST_YIELDS_US : 0;
	j->due = g_get_monotonic_time() + yields;
	g_async_queue_push_sorted(s->queue, j, by_due, NULL);
}

static void run_guest(job *j)
{
	service_guest *g = j->guest;
	if (!g_ptr_array_find(j->s->guests, g, NULL))
		return; /* it left while this job waited */
	g_autoptr(GError) error = NULL;
	engine *e = ensure_engine(j->s, &error);
	g_atomic_int_set(&g->awake, 0);
	if (g->work(e, error, g->data))
		service_wake_guest(g);
}

static void part_with(job *j)
{
	j->guest->leave(j->guest->data);
	g_ptr_array_remove(j->s->guests, j->guest);
	g_async_queue_push(j->guest->answered, j->guest);
}

/* What a sweep brings back. */
typedef struct {
	GPtrArray *found; /* of engine_found */
	char *model;
} sweep_outcome;

static void sweep_outcome_free(void *data)
{
	sweep_outcome *o = data;
	g_clear_pointer(&o->found, g_ptr_array_unref);
	g_free(o->model);
	g_free(o);
}

/* One step; true when another one follows. */
static bool run_sweep(job *j)
{
	g_autoptr(GError) error = NULL;
	engine *e = g_cancellable_set_error_if_cancelled(j->cancel, &error) ? NULL : ensure_engine(j->s, &error);
	const sweep_state state = e ? engine_sweep_step(j->sweep, e, &error) : SWEEP_FAILED;
	if (state == SWEEP_MORE) {
		push_job(j->s, j);
		return true;
	}
	if (state == SWEEP_DONE) {
		sweep_outcome *o = g_new0(sweep_outcome, 1);
		*o = (sweep_outcome){engine_sweep_take(j->sweep), g_strdup(engine_get_info(e)->model)};
		g_task_return_pointer(j->task, o, sweep_outcome_free);
	} else {
		g_task_return_error(j->task, g_steal_pointer(&error));
	}
	return false;
}

static void run_request(job *j)
{
	g_autoptr(GError) error = NULL;
	if (!g_cancellable_set_error_if_cancelled(j->cancel, &error)) {
		if (j->kind == JOB_SEGMENT)
			run_segment(j, &error);
		else if (j->kind == JOB_PREFETCH)
			run_prefetch(j, &error);
		else if (ensure_engine(j->s, &error))
			g_task_return_pointer(j->task, outcome_new(j->s->engine), outcome_free);
	}
	if (error)
		g_task_return_error(j->task, g_steal_pointer(&error));
}

/* And frees it, but for one that goes on. */
static void run_job(job *j)
{
	switch (j->kind) {
	case JOB_OPEN:
	case JOB_SEGMENT:
	case JOB_PREFETCH:
		run_request(j);
		break;
	case JOB_JOIN:
		g_ptr_array_add(j->s->guests, j->guest);
		break;
	case JOB_GUEST:
		run_guest(j);
		break;
	case JOB_PART:
		part_with(j);
		break;
	case JOB_SWEEP:
		if (run_sweep(j))
			return;
		break;
	case JOB_QUIT:
		break;
	}
	job_free(j);
}

/* Whoever still waits is told that there is nobody to wait for. */
static void turn_away(service *s)
{
	job *j;
	while ((j = g_async_queue_try_pop(s->queue))) {
		if (j->task)
			g_task_return_new_error(j->task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "closed");
		job_free(j);
	}
}

static void end(service *s)
{
	close_engine(s);
	g_async_queue_unref(s->queue);
	g_object_unref(s->closing);
	g_ptr_array_unref(s->guests);
	g_ptr_array_unref(s->ahead);
	g_free(s->device);
	g_free(s->model);
	info_clear(&s->info);
	g_free(s);
	g_mutex_lock(&ending_lock);
	n_ending--;
	g_cond_broadcast(&ending_done);
	g_mutex_unlock(&ending_lock);
}

static void *service_thread(void *data)
{
	service *s = data;
	for (;;) {
		job *j = g_async_queue_pop(s->queue);
		const bool quit = j->kind == JOB_QUIT;
		run_job(j);
		if (quit)
			break;
	}
	turn_away(s);
	end(s);
	return NULL;
}

/* A prefetch under way, for the main context. */
typedef struct {
	GCancellable *cancel;
	raster *image;
	char *style;
	sam_crop crop;
} ahead;

static void ahead_free(void *data)
{
	ahead *a = data;
	g_object_unref(a->cancel);
	raster_unref(a->image);
	g_free(a->style);
	g_free(a);
}

static ahead *ahead_new(const service_prompt *p, GCancellable *cancel)
{
	ahead *a = g_new0(ahead, 1);
	const raster_info *info = raster_get_info(p->image);
	guint n;
	const sam_mark *marks = prompt_marks(p->marks, &n);
	a->cancel = cancel ? g_object_ref(cancel) : g_cancellable_new();
	a->image = raster_ref(p->image);
	a->style = raster_style_key(p->style);
	a->crop = sam_crop_choose(marks, n, info->width, info->height, p->scale);
	return a;
}

static bool same_view(const ahead *a, const ahead *b)
{
	return a->image == b->image && g_str_equal(a->style, b->style) && a->crop.x == b->crop.x &&
	       a->crop.y == b->crop.y && a->crop.w == b->crop.w && a->crop.h == b->crop.h;
}

/* A prompt never waits for what was only guessed, unless it was guessed right. */
static void give_way(service *s, const service_prompt *p)
{
	ahead *wanted = ahead_new(p, NULL);
	for (guint i = 0; i < s->ahead->len; i++) {
		ahead *a = s->ahead->pdata[i];
		if (!same_view(a, wanted))
			g_cancellable_cancel(a->cancel);
	}
	g_ptr_array_set_size(s->ahead, 0);
	ahead_free(wanted);
}

service *service_new(const engine_options *options)
{
	service *s = g_new0(service, 1);
	s->options = *options;
	s->options.device = s->device = g_strdup(options->device);
	s->options.model = s->model = g_strdup(options->model);
	s->queue = g_async_queue_new();
	s->closing = g_cancellable_new();
	s->guests = g_ptr_array_new();
	s->ahead = g_ptr_array_new_with_free_func(ahead_free);
	s->references = 1;
	g_thread_unref(g_thread_new("inference", service_thread, s));
	return s;
}

service *service_ref(service *s)
{
	g_atomic_int_inc(&s->references);
	return s;
}

void service_unref(service *s)
{
	if (!s || !g_atomic_int_dec_and_test(&s->references))
		return;
	g_mutex_lock(&ending_lock);
	n_ending++;
	g_mutex_unlock(&ending_lock);
	g_cancellable_cancel(s->closing);
	push_job(s, job_new(s, JOB_QUIT, NULL, NULL));
}

void service_await_ended(void)
{
	g_mutex_lock(&ending_lock);
	while (n_ending > 0)
		g_cond_wait(&ending_done, &ending_lock);
	g_mutex_unlock(&ending_lock);
}

void service_free(service *s)
{
	service_unref(s);
	service_await_ended();
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
	push_job(s, job_new(s, JOB_OPEN, task, cancel));
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

static void push_prompt(service *s, job_kind kind, GTask *task, GCancellable *cancel, const service_prompt *p,
                        service_progress_fn progress, void *progress_data)
{
	job *j = job_new(s, kind, task, cancel);
	j->image = raster_ref(p->image);
	j->style = *p->style;
	j->marks = prompt_copy(p->marks);
	j->previous = p->previous ? mask_copy(p->previous) : NULL;
	j->scale = p->scale;
	j->progress = progress;
	j->progress_data = progress_data;
	push_job(s, j);
}

void service_segment_async(service *s, const service_prompt *p, GCancellable *cancel, service_progress_fn progress,
                           GAsyncReadyCallback done, void *data)
{
	give_way(s, p);
	push_prompt(s, JOB_SEGMENT, task_new(s, cancel, done, data, service_segment_async), cancel, p, progress, data);
}

bool service_segment_finish(service *s, GAsyncResult *result, engine_answer *out, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, service_segment_async), false);
	return finish(s, result, out, error);
}

void service_prefetch_async(service *s, const service_prompt *p, GCancellable *cancel, GAsyncReadyCallback done,
                            void *data)
{
	ahead *a = ahead_new(p, cancel);
	if (s->ahead->len > 8) /* they are long done: nobody asked since */
		g_ptr_array_set_size(s->ahead, 0);
	g_ptr_array_add(s->ahead, a);
	push_prompt(s, JOB_PREFETCH, task_new(s, a->cancel, done, data, service_prefetch_async), a->cancel, p, NULL, NULL);
}

bool service_prefetch_finish(GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, service_prefetch_async), false);
	return g_task_propagate_boolean(G_TASK(result), error);
}

void service_sweep_async(service *s, const engine_sweep_request *req, GCancellable *cancel, service_sweep_fn progress,
                         GAsyncReadyCallback done, void *data)
{
	job *j = job_new(s, JOB_SWEEP, task_new(s, cancel, done, data, service_sweep_async), cancel);
	engine_sweep_request own = *req;
	own.cancel = j->cancel;
	own.progress = on_swept;
	own.data = j;
	j->sweep = engine_sweep_new(&own);
	j->sweep_progress = progress;
	j->progress_data = data;
	push_job(s, j);
}

GPtrArray *service_sweep_finish(GAsyncResult *result, char **model, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, service_sweep_async), NULL);
	sweep_outcome *o = g_task_propagate_pointer(G_TASK(result), error);
	if (!o)
		return NULL;
	GPtrArray *found = g_steal_pointer(&o->found);
	*model = g_steal_pointer(&o->model);
	sweep_outcome_free(o);
	return found;
}

/* --- guests --- */

static void push_guest(service_guest *g, job_kind kind)
{
	job *j = job_new(g->s, kind, NULL, NULL);
	j->guest = g;
	push_job(g->s, j);
}

service_guest *service_add_guest(service *s, service_work_fn work, void (*leave)(void *data), void *data)
{
	service_guest *g = g_new0(service_guest, 1);
	*g = (service_guest){.s = s, .work = work, .leave = leave, .data = data, .answered = g_async_queue_new()};
	push_guest(g, JOB_JOIN);
	return g;
}

void service_remove_guest(service_guest *g)
{
	push_guest(g, JOB_PART); /* behind its last piece of work: both wait in order */
	g_async_queue_pop(g->answered);
	g_async_queue_unref(g->answered);
	g_free(g);
}

void service_wake_guest(service_guest *g)
{
	if (g_atomic_int_compare_and_exchange(&g->awake, 0, 1))
		push_guest(g, JOB_GUEST);
}

void service_give_way(service_guest *g)
{
	service *s = g->s;
	for (gint n = g_async_queue_length(s->queue); n > 0 && !engine_is_lost(s->engine); n--) {
		job *j = g_async_queue_try_pop(s->queue);
		if (j && (j->kind == JOB_SEGMENT || j->kind == JOB_OPEN)) {
			run_job(j);
			continue;
		}
		if (j)
			g_async_queue_push_front(s->queue, j);
		return;
	}
}
