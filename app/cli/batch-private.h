/* What the files of `nadir batch` share: the queue, what is done with one image, the report. */
#pragma once
#include "app/cli/cli-chat.h"
#include "render/exchange/image-list.h"

G_BEGIN_DECLS

typedef enum { BATCH_SEGMENT_EVERYTHING, BATCH_SEGMENT_BOXES, BATCH_DESCRIBE, BATCH_ASK, BATCH_TASKS } batch_task;

typedef struct {
	cli_talk talk; /* shared options, sampling; its regions are those of the image in work */
	batch_task task;
	char *task_name, *output, *shard_text, *question, *detail, *label, *images;
	char **formats;         /* --to */
	gboolean resume, lines; /* lines: one of JSON on stdout for each image */
	int scale;
	double least_score, least_stability; /* of segment-everything; 0: its own */
	guint shard, shards;                 /* from 1 */
	/* In work; opened at the first image that needs them. */
	engine *engine;
	cli_chat chat;
} batch;

/* Where an entry's result goes: OUT/NAME.json. g_free. */
char *batch_result_path(const batch *b, const image_list_entry *e);

/* --- batch-task.c --- */

typedef struct {
	guint objects; /* outlined */
	guint empty;   /* prompts that gave no object */
} batch_count;
/* Does the task on one image and writes its files, the result last: it is whole or not there. */
bool batch_image(batch *b, const image_list_entry *e, batch_count *count, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The device is gone; batch_reopen() closes what belonged to it. */
bool batch_is_lost(const batch *b);
void batch_reopen(batch *b);

/* --- batch-run.c --- */

/* Works off this shard's entries; entries with a result are left out when b->resume. The report is written at the end,
 * also of a run that was stopped by a signal. false + error: not all images are done. */
bool batch_run(batch *b, GPtrArray *entries, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
