/* The few things a user may set: look, units, device, cache. Each takes effect at once. */
#pragma once
#include <adwaita.h>

G_BEGIN_DECLS

#define NADIR_TYPE_PREFERENCES (nadir_preferences_get_type())
G_DECLARE_FINAL_TYPE(NadirPreferences, nadir_preferences, NADIR, PREFERENCES, AdwPreferencesWindow)

GtkWidget *nadir_preferences_new(GtkWindow *parent, GSettings *settings);

G_END_DECLS
