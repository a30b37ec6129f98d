/* What the files of the shared copy have in common. */
#pragma once
#include "render/store/project-private.h"
#include "render/store/team.h"

#include <cjson/cJSON.h>

G_BEGIN_DECLS

/* A row as one side has it. */
typedef struct {
	cJSON *json; /* NULL: it is not there */
	GBytes *px;  /* of objects */
} team_side;
void team_side_clear(team_side *s);
team_side team_side_copy(const team_side *s);
team_side team_side_from(const char *json, GBytes *px); /* copies; json NULL or "": not there */
bool team_side_equal(const team_side *a, const team_side *b);
char *team_side_text(const team_side *s); /* NULL: not there. Free with g_free. */

/* Three-way merge. merged is complete in any case: what both sides changed comes from the preferred one. The answer
 * names it ("class, outline"), or is NULL when the two agree. Free with g_free. */
char *team_merge(const team_side *base, const team_side *ours, const team_side *theirs, team_choice prefer,
                 team_side *merged);

/* --- team-rows.c: a row of the project's tables as it travels; inside a transaction --- */
bool team_read(project *p, team_kind kind, gint64 id, team_side *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* id 0: a new row, which gets one. */
bool team_write(project *p, team_kind kind, gint64 *id, const team_side *side,
                GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool team_drop(project *p, team_kind kind, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *team_map_geometry(project *p, gint64 object); /* NULL: unknown */
/* What a person did to a row that the team has changed since can no longer be undone step by step: it would take back
 * the others' work, too. */
bool team_forget_steps(project *p, team_kind kind, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- team-link.c --- */
bool team_linked(project *p);
/* uid of a row, which gets one when it has none. */
char *team_uid_for(project *p, team_kind kind, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool team_set_meta(project *p, const char *key, const char *value, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What team_rows holds of a row. */
typedef struct {
	team_kind kind;
	char *uid, *who, *trouble;
	gint64 id, version, theirs_version;
	bool pending;
	team_side base, sent, theirs;
} team_record;
void team_record_free(team_record *r);
/* [element-type team_record]; the rest of a statement after WHERE. */
GPtrArray *team_records(project *p, GError **error, const char *where, ...)
	G_GNUC_PRINTF(3, 4) G_GNUC_WARN_UNUSED_RESULT;
team_record *team_record_of(project *p, const char *uid, GError **error) G_GNUC_WARN_UNUSED_RESULT; /* NULL: none */
bool team_record_put(project *p, const team_record *r, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool team_is_dirty(project *p, team_kind kind, gint64 id);
bool team_mark(project *p, team_kind kind, gint64 id, bool dirty, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(team_side, team_side_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(team_record, team_record_free)

G_END_DECLS
