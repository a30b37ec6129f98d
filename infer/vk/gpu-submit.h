/* Between the recorder (gpu-cmd.c) and the queue (gpu-submit.c). */
#pragma once
#include "infer/vk/gpu-private.h"

struct gpu_cmd {
	gpu *dev;
	GCancellable *cancel;
	GError *error;  /* the first failure; every later call does nothing */
	gpu_slot *slot; /* being recorded, or NULL */
	GArray *accesses, *downloads;
	uint64_t expected_flops, done_flops;
	gpu_progress_fn progress;
	void *progress_data;
};

/* Makes cmd->slot a recording slot with room for one more command of that work, cutting if the budget is used up. False
 * after a failure or a cancellation, which is then in cmd->error. */
bool gpu_cmd_room(gpu_cmd *cmd, uint64_t work);
/* Submits if the recording itself is meant, and waits until that submit is done. */
bool gpu_cmd_wait(gpu_cmd *cmd, uint64_t serial);
/* Submits what is recorded (or drops it after a failure) and waits for everything. */
void gpu_cmd_drain(gpu_cmd *cmd);
void gpu_slot_stamp(gpu *dev, gpu_slot *slot, bool after); /* only when profiling */
void gpu_slot_charge(gpu *dev, gpu_slot *slot, uint64_t work);
void gpu_slot_count(gpu *dev, gpu_slot *slot, const char *name, uint64_t flops, uint64_t work); /* one dispatch */
uint64_t gpu_work_of(uint64_t flops, const gpu_span *spans, uint32_t n);
