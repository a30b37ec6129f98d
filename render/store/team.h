/* The local copy of a project that a team shares: which rows changed here since the server knew them, what the server
 * says of them, and what both sides changed. It knows no network (render/server does): the rows of a push are collected
 * here, carried over there, and the answer is worked in here. Every step is a transaction of its own, so that a kill or
 * a cut between any two of them loses nothing. Threads: as project.h. */
#pragma once
#include "render/store/history.h"

G_BEGIN_DECLS

typedef enum { TEAM_IMAGE = 1, TEAM_CLASS, TEAM_OBJECT } team_kind;
const char *team_kind_name(team_kind kind); /* "image" "class" "object" */
team_kind team_kind_from(const char *name); /* 0: unknown */

/* A row as it travels. Rows refer to each other by uid, never by the numbers of one file. */
typedef struct {
	team_kind kind;
	char *uid;        /* for all copies the same */
	gint64 version;   /* to the server: the one that was changed, 0 for a new row; from it: the one that it has */
	char *json;       /* its attributes; NULL: deleted */
	GBytes *px_geom;  /* of objects, as feature's */
	GBytes *map_geom; /* of objects, to the server: longitude and latitude, WKB; NULL: unknown */
	char *who;        /* from the server: who changed it */
} team_row;
team_row *team_row_new(team_kind kind, const char *uid, gint64 version);
void team_row_free(team_row *r);

/* What became of a row of a push. */
typedef enum { TEAM_STORED, TEAM_STALE, TEAM_SAME, TEAM_REFUSED } team_status;
typedef struct {
	char *uid;
	team_status status;
	gint64 version; /* TEAM_STORED: its version from now on */
} team_answer;
typedef struct {
	GPtrArray *answers; /* of team_answer; NULL: none */
	GPtrArray *rows;    /* of team_row: what the server's rows became since the known version; NULL: none */
	gint64 known;       /* the version that is known once these rows are; 0: as before */
	bool more;          /* there are further rows */
} team_reply;
void team_reply_clear(team_reply *r);

/* Makes the project a copy of the server's project `id`, reached at `address` (which holds no password). Everything in
 * it counts as changed here. A copy of another project is refused. */
bool team_link(project *p, const char *id, const char *address, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *team_address(project *p); /* NULL: shared with nobody. Free with g_free. */
gint64 team_known(project *p);
char *team_uid(project *p, team_kind kind, gint64 id); /* NULL: not known to the team yet. Free with g_free. */
gint64 team_local_id(project *p, const char *uid);     /* 0: not here */

/* The changed rows, at most `most`, [element-type team_row], and the token that tells whether they arrived; both empty
 * when nothing changed. */
GPtrArray *team_collect(project *p, guint most, char **token, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The token of rows that were collected and of which no answer came; NULL: none. Free with g_free. */
char *team_unanswered(project *p);

typedef struct {
	guint sent, received, merged; /* rows stored there, changed here, changed on both sides without a conflict */
} team_counts;
/* Works in what the server said. Changes here that it does not contradict are kept; where both sides changed the same
 * thing the row stays as it is here and becomes a conflict. counts are added to. changes: of objects; NULL: not wanted.
 */
bool team_finish(project *p, const team_reply *reply, team_counts *counts, project_changes *changes,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What waits for a person: the row stays out of pushes until it is resolved. */
typedef struct {
	team_kind kind;
	char *uid, *who, *fields; /* fields: what both changed, "class, outline"; "deleted here", "deleted there" */
	bool refused;             /* the server's role allows no such change: only its side can be taken */
	gint64 id, image;         /* here; 0: deleted here */
	char *ours, *theirs;      /* JSON, NULL: deleted */
	GBytes *ours_px, *theirs_px;
} team_conflict;
void team_conflict_free(team_conflict *c);
GPtrArray *team_conflicts(project *p, GError **error) G_GNUC_WARN_UNUSED_RESULT; /* of team_conflict */
typedef enum { TEAM_OURS, TEAM_THEIRS, TEAM_BOTH } team_choice;
/* TEAM_BOTH: theirs, and ours as a further object. What only one side changed is kept in any case. */
bool team_resolve(project *p, const char *uid, team_choice choice, project_changes *changes,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(team_row, team_row_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(team_reply, team_reply_clear)

G_END_DECLS
