/* A document and its team's server, kept together: what is changed here is sent soon after, what is changed there comes
 * by itself, and while the server is away work goes on and it is asked again. Nothing here waits in the main loop.
 * Signals: "changed": any of what the getters tell; "received": rows of the server are in the project, of any image. */
#pragma once
#include "app/document/document-team.h"
#include "render/server/server.h"

G_BEGIN_DECLS

#define NADIR_TYPE_TEAM (nadir_team_get_type())
G_DECLARE_FINAL_TYPE(NadirTeam, nadir_team, NADIR, TEAM, GObject)

NadirTeam *nadir_team_new(NadirDocument *document);
void nadir_team_stop(NadirTeam *team); /* at once; what was not sent is in the copy */
/* Some words, and a sentence with the server and the role; g_free; NULL: not shared. */
char *nadir_team_summarise(NadirTeam *team);
char *nadir_team_describe(NadirTeam *team);
GPtrArray *nadir_team_get_conflicts(NadirTeam *team); /* of team_conflict; NULL: none yet */
GPtrArray *nadir_team_get_people(NadirTeam *team);    /* of server_person; NULL: none yet */
bool nadir_team_is_connected(NadirTeam *team);
NadirDocument *nadir_team_get_document(NadirTeam *team);
void nadir_team_resolve(NadirTeam *team, const char *uid, team_choice choice);
void nadir_team_claim(NadirTeam *team, int n, int minutes); /* n 0: release */

G_END_DECLS
