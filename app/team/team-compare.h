/* Two sides of a conflict, mine and theirs, beside each other: outline and what else differs. */
#pragma once
#include "app/team/team.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

/* One side; the other's outline is dashed beneath it. */
GtkWidget *nadir_team_compare_new(const team_conflict *c, bool theirs);
/* What it is about, and who did what; g_free. */
char *nadir_team_compare_title(const team_conflict *c);

G_END_DECLS
