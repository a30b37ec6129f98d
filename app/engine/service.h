/* The inference thread of the window: owns one engine, opens it on first use, reopens it after a lost device. All
 * functions are called from the main context; results come back there. GIO only, no GTK. */
#pragma once
#include "app/engine/engine.h"

G_BEGIN_DECLS

typedef struct service service;

service *service_new(const engine_options *options); /* returns at once; the engine opens in the thread */
void service_free(service *s);                       /* cancels what runs, joins the thread */
/* Opens engine and model now if they are not open; then service_get_info() is set. */
void service_open_async(service *s, GCancellable *cancel, GAsyncReadyCallback done, void *data);
bool service_open_finish(service *s, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* NULL until opened. Texts live as long as the service. */
typedef struct {
	char *device, *driver, *model; /* model: "name@hash8" */
	bool software;
} service_info;
const service_info *service_get_info(const service *s);

/* progress: in the main context, at most 10 a second, stage "encode". Cancelled or superseded: G_IO_ERROR_CANCELLED.
 * Requests run in order; one that is cancelled before its turn is skipped. */
typedef void (*service_progress_fn)(double fraction, void *data);
void service_segment_async(service *s, raster *image, const raster_style *style, const prompt *marks, int scale,
                           GCancellable *cancel, service_progress_fn progress, GAsyncReadyCallback done, void *data);
/* out is cleared by the caller with engine_answer_clear(). */
bool service_segment_finish(service *s, GAsyncResult *result, engine_answer *out,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
