/* The inference thread of the window: owns one engine, opens it on first use, reopens it after a lost device. All
 * functions are called from the main context; results come back there. GIO only, no GTK. */
#pragma once
#include "app/engine/sweep.h"

G_BEGIN_DECLS

typedef struct service service;

service *service_new(const engine_options *options); /* returns at once; the engine opens in the thread */
service *service_ref(service *s);
/* The last one cancels what runs; the thread then frees the engine and the service by itself. */
void service_unref(service *s);
void service_await_ended(void); /* blocks until all services that were given up are gone */
void service_free(service *s);  /* both: for those who have nothing else to do meanwhile */
/* Opens engine and model now if they are not open; then service_get_info() is set. */
void service_open_async(service *s, GCancellable *cancel, GAsyncReadyCallback done, void *data);
bool service_open_finish(service *s, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* NULL until opened. Texts live as long as the service. */
typedef struct {
	char *device, *driver, *model; /* model: "name@hash8" */
	bool software;
} service_info;
const service_info *service_get_info(const service *s);

/* What the model is asked about; all of it is copied. */
typedef struct {
	raster *image;
	const raster_style *style;
	const prompt *marks;
	const bitmask *previous; /* as engine_request.previous */
	int scale;
} service_prompt;

/* progress: in the main context, at most 10 a second, stage "encode". Cancelled or superseded: G_IO_ERROR_CANCELLED.
 * Requests run in order; one that is cancelled before its turn is skipped. */
typedef void (*service_progress_fn)(double fraction, void *data);
void service_segment_async(service *s, const service_prompt *p, GCancellable *cancel, service_progress_fn progress,
                           GAsyncReadyCallback done, void *data);
/* out is cleared by the caller with engine_answer_clear(). */
bool service_segment_finish(service *s, GAsyncResult *result, engine_answer *out,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Encodes ahead what a prompt there would need. A prompt that needs something else cancels it. */
void service_prefetch_async(service *s, const service_prompt *p, GCancellable *cancel, GAsyncReadyCallback done,
                            void *data);
bool service_prefetch_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Many objects at once, a step at a time between prompts and replies. req is copied; its cancel and progress are not
 * looked at. progress: in the main context, at most 10 a second. */
typedef void (*service_sweep_fn)(double fraction, guint found, void *data);
void service_sweep_async(service *s, const engine_sweep_request *req, GCancellable *cancel, service_sweep_fn progress,
                         GAsyncReadyCallback done, void *data);
/* [element-type engine_found], surest first; *model: "name@hash8", g_free. */
GPtrArray *service_sweep_finish(GAsyncResult *result, char **model, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(service, service_unref)

/* For other models that share the gpu (chat-service.h). work runs in the inference thread, one short piece at a time
 * and behind the segmentations that wait; again as long as it returns true. e: NULL when the engine could not be
 * opened, then error says why. leave: also in the thread, before the engine is closed (a lost device, the end):
 * everything made from its gpu goes. Both until service_remove_guest(), which waits for a piece that runs. */
typedef bool (*service_work_fn)(engine *e, const GError *error, void *data);
typedef struct service_guest service_guest;
service_guest *service_add_guest(service *s, service_work_fn work, void (*leave)(void *data), void *data);
void service_remove_guest(service_guest *g); /* leave() is called once more */
void service_wake_guest(service_guest *g);   /* there is work; from any thread */
/* In the thread, from inside work: runs the segmentations that wait now, while the gpu is free for them; those that
 * come meanwhile wait for the next call, so that both go on. */
void service_give_way(service_guest *g);

G_END_DECLS
