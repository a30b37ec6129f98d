/* Which keys start which action: Nadir's own, those of another tool, and what the user has changed. Main context only.
 */
#pragma once
#include "app/command/actions.h"

G_BEGIN_DECLS

typedef struct {
	const char *id;    /* value of the setting "keymap" */
	const char *title; /* not translated yet */
} nadir_keymap_profile;

const nadir_keymap_profile *nadir_keymap_profiles(guint *n);
/* Reads the settings "keymap" and "keys" now and whenever they change; NULL: Nadir's own keys. */
void nadir_keymap_follow(GSettings *settings);
/* The triggers that are in force, as in nadir_action.keys; NULL: none. Borrowed until the next change. No trigger
 * starts two actions: what the user chose goes before the profile's, and that before Nadir's own. */
const char *nadir_keymap_keys(const nadir_action *a);
/* The action that a trigger starts now, or NULL. */
const nadir_action *nadir_keymap_action_of(const char *trigger);
/* The user's choice for an action, kept in the settings: triggers, "" for none, NULL for what the profile says. */
void nadir_keymap_choose(const nadir_action *a, const char *triggers);
bool nadir_keymap_is_chosen(const nadir_action *a);
void nadir_keymap_forget_choices(void);
/* Calls f(object) after each change, as long as object lives. */
void nadir_keymap_on_change(GObject *object, GCallback f);

G_END_DECLS
