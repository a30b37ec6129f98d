/* Keys: of each profile no key starts two actions, the user's choice goes first, and forgetting it brings all back. */
#include <string.h>

#include "app/command/keymap.h"
#include "app/settings.h"

static GSettings *settings;

static void set_up(void)
{
	g_settings_reset(settings, "keys");
	g_settings_reset(settings, "keymap");
}

static void assert_keys(const char *action, const char *keys)
{
	g_assert_cmpstr(nadir_keymap_keys(nadir_action_find(action)), ==, keys);
}

static void assert_starts(const char *trigger, const char *action)
{
	const nadir_action *a = nadir_keymap_action_of(trigger);
	g_assert_cmpstr(a ? a->action : NULL, ==, action);
}

static void test_own(void)
{
	guint n;
	const nadir_action *table = nadir_actions(&n);
	set_up();
	for (guint i = 0; i < n; i++) {
		g_assert_nonnull(table[i].keys); /* nothing needs the mouse */
		g_assert_cmpstr(nadir_keymap_keys(&table[i]), ==, table[i].keys);
	}
}

static void test_profiles(void)
{
	guint n_profiles, n;
	const nadir_keymap_profile *profiles = nadir_keymap_profiles(&n_profiles);
	const nadir_action *table = nadir_actions(&n);
	set_up();
	for (guint p = 0; p < n_profiles; p++) {
		g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		guint differ = 0;
		g_assert_true(g_settings_set_string(settings, "keymap", profiles[p].id));
		for (guint i = 0; i < n; i++) {
			const char *in_force = nadir_keymap_keys(&table[i]);
			g_auto(GStrv) keys = g_strsplit(in_force ? in_force : "", "|", -1);
			differ += g_strcmp0(in_force, table[i].keys) != 0;
			for (char **k = keys; *k; k++) {
				const bool review = nadir_action_is_of_review(&table[i]);
				if (!review)
					assert_starts(*k, table[i].action);
				g_assert_true(g_hash_table_add(seen, g_strdup_printf("%s%s", review ? "review " : "", *k)));
			}
		}
		g_assert_true((differ > 0) == !g_str_equal(profiles[p].id, "nadir"));
	}
}

static void test_precedence(void)
{
	set_up();
	g_settings_set_string(settings, "keymap", "qgis");
	assert_keys("win.zoom-fit", "<Control><Shift>f");
	assert_starts("f", NULL); /* Nadir's key for it is not kept beside QGIS's */
	assert_keys("win.tool::point", "p");
	nadir_keymap_choose(nadir_action_find("win.tool::point"), "<Control><Shift>f");
	assert_starts("<Control><Shift>f", "win.tool::point");
	assert_keys("win.zoom-fit", NULL); /* lost it */
	g_assert_true(nadir_keymap_is_chosen(nadir_action_find("win.tool::point")));
	nadir_keymap_choose(nadir_action_find("win.tool::point"), NULL);
	assert_keys("win.zoom-fit", "<Control><Shift>f");
	nadir_keymap_choose(nadir_action_find("win.undo"), "");
	assert_keys("win.undo", NULL);
	nadir_keymap_choose(nadir_action_find("win.redo"), "<Control>z");
	assert_starts("<Control>z", "win.redo");
	nadir_keymap_forget_choices();
	assert_starts("<Control>z", "win.undo");
}

/* Nonsense in the settings file is no reason to lose keys. */
static void test_nonsense(void)
{
	set_up();
	nadir_keymap_choose(nadir_action_find("win.open"), "no such key|<Control>o");
	assert_keys("win.open", "<Control>o");
	assert_starts("no such key", NULL);
}

static void count(GObject *object)
{
	g_object_set_data(object, "n", GINT_TO_POINTER(GPOINTER_TO_INT(g_object_get_data(object, "n")) + 1));
}

static void test_told(void)
{
	set_up();
	GObject *listener = g_object_new(G_TYPE_OBJECT, NULL);
	nadir_keymap_on_change(listener, G_CALLBACK(count));
	g_settings_set_string(settings, "keymap", "cvat");
	nadir_keymap_choose(nadir_action_find("win.open"), "<Alt>o");
	g_assert_cmpint(GPOINTER_TO_INT(g_object_get_data(listener, "n")), ==, 2);
	g_object_unref(listener);
	nadir_keymap_forget_choices(); /* nobody is told any more */
}

int main(int argc, char *argv[])
{
	g_autoptr(GError) error = NULL;
	g_setenv("GSETTINGS_BACKEND", "memory", TRUE);
	g_test_init(&argc, &argv, NULL);
	settings = nadir_settings_new(&error);
	g_assert_no_error(error);
	nadir_keymap_follow(settings);
	g_test_add_func("/keymap/own", test_own);
	g_test_add_func("/keymap/profiles", test_profiles);
	g_test_add_func("/keymap/precedence", test_precedence);
	g_test_add_func("/keymap/nonsense", test_nonsense);
	g_test_add_func("/keymap/told", test_told);
	return g_test_run();
}
