/* Every kind of edit that a document knows, at random, for the crash test: what the child process does. */
#pragma once
#include "app/document/document.h"
#include "app/review/review.h"

G_BEGIN_DECLS

typedef struct {
	NadirDocument *d;
	GRand *r;
	const char *folder; /* of the project; holds what is imported */
	GAsyncResult *answer;
} hand;

/* What an edit is to change of what undo knows nothing of: one of them, and what it is to be then. */
typedef struct {
	const char *key;
	char *value; /* owned */
} crash_aside;

typedef struct {
	const char *name;
	guint most; /* steps of the journal that it may be; 0: it changes nothing there */
	/* Asks for it and returns; false: there is nothing to do it on. */
	bool (*work)(hand *h);
	/* Of what is beside the journal: chosen before it is done. NULL: nothing. */
	crash_aside (*choose)(hand *h);
} crash_edit;

/* The table of all, [crash_n_edits()]; one of them at random, drawing more often where there are few objects. */
guint crash_n_edits(void);
const crash_edit *crash_edit_at(guint i);
const crash_edit *crash_choose(hand *h);
/* The files that edits import, into the folder. */
void crash_write_files(const char *folder);

/* Everything that the project holds, in one line: what undo goes through, as a checksum, then key=value of the rest.
 * Waits for what is under way; also says, by a leading "!", what the window shows otherwise. NULL: it
 * cannot be read. g_free. */
char *crash_state(NadirDocument *d);
/* The steps of the journal, newest first [element-type project_step]; the last that stands, 0: none; how many lie
 * between two. */
GPtrArray *crash_history(NadirDocument *d);
gint64 crash_top(NadirDocument *d);
guint crash_steps_between(NadirDocument *d, gint64 a, gint64 b);

G_END_DECLS
