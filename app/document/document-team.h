/* A document whose project is a copy of a shared one: the halves of a round with the server, as jobs of its store. */
#pragma once
#include "app/document/document.h"
#include "render/store/team.h"

G_BEGIN_DECLS

/* What is to be said to the server. */
typedef struct {
	char *address;       /* NULL: the project is shared with nobody */
	char *unanswered;    /* a token to be asked for first; then there are no rows */
	char *token, *image; /* of the rows; uid of the document's image, NULL: not known there yet */
	GPtrArray *rows;     /* of team_row */
	gint64 known;
} team_round;
void team_round_free(team_round *r);

void nadir_document_team_begin_async(NadirDocument *d, GAsyncReadyCallback done, void *data);
team_round *nadir_document_team_begin_finish(GAsyncResult *result, GError **error);
/* Takes the reply over. The conflicts that there are then, [element-type team_conflict]. */
void nadir_document_team_end_async(NadirDocument *d, team_reply *reply, GAsyncReadyCallback done, void *data);
GPtrArray *nadir_document_team_end_finish(GAsyncResult *result, GError **error);
/* Errors are reported by the document. */
void nadir_document_team_resolve(NadirDocument *d, const char *uid, team_choice choice);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(team_round, team_round_free)

G_END_DECLS
