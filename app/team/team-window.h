/* The team: how the connection is, who works on what, images held for oneself, and the changes that contradict each
 * other, to be decided one by one. */
#pragma once
#include "app/team/team.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define NADIR_TYPE_TEAM_WINDOW (nadir_team_window_get_type())
G_DECLARE_FINAL_TYPE(NadirTeamWindow, nadir_team_window, NADIR, TEAM_WINDOW, AdwWindow)

NadirTeamWindow *nadir_team_window_new(GtkWindow *parent, NadirTeam *team);

G_END_DECLS
