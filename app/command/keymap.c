#include "app/command/keymap.h"

#include <glib/gi18n.h>
#include <string.h>

static const nadir_keymap_profile profiles[] = {{"nadir", N_("Nadir")},
                                                {"labelme", N_("labelme")},
                                                {"x-anylabeling", N_("X-AnyLabeling")},
                                                {"cvat", N_("CVAT")},
                                                {"qgis", N_("QGIS")}};

/* Where a tool has a key for the same thing. From the default key tables of labelme 5, X-AnyLabeling 3,
 * CVAT 2 and QGIS 3; what loses its key to one of these gets another where it has to be at hand. */
static const struct {
	const char *profile, *action, *keys;
} overrides[] = {
	{"labelme", "win.next-image::any", "d|<Control><Shift>d"},
	{"labelme", "win.previous-image::any", "a|<Control><Shift>a"},
	{"labelme", "win.open-folder", "<Control>u"},
	{"labelme", "win.tool::polygon", "<Control>n"},
	{"labelme", "win.tool::box", "<Control>r"},
	{"labelme", "win.tool::select", "<Control>j"},
	{"labelme", "win.rename", "<Control>l"},
	{"labelme", "win.zoom-fit", "<Control>f"},
	{"labelme", "win.zoom-in", "<Control>plus|<Control>equal|plus"},
	{"labelme", "win.zoom-out", "<Control>minus|minus"},
	{"labelme", "win.save-as", "<Control><Shift>s|<Control>s"},

	{"x-anylabeling", "win.next-image::any", "d"},
	{"x-anylabeling", "win.previous-image::any", "a"},
	{"x-anylabeling", "win.next-image::unreviewed", "<Control><Shift>d"},
	{"x-anylabeling", "win.previous-image::unreviewed", "<Control><Shift>a"},
	{"x-anylabeling", "win.open", "<Control>i"},
	{"x-anylabeling", "win.open-folder", "<Control>u"},
	{"x-anylabeling", "win.save-as", "<Control><Shift>s|<Control>s"},
	{"x-anylabeling", "win.tool::polygon", "p"},
	{"x-anylabeling", "win.tool::box", "r"},
	{"x-anylabeling", "win.tool::circle", "<Shift>c"},
	{"x-anylabeling", "win.tool::point", "q"},
	{"x-anylabeling", "win.tool::brush", "<Shift>b"},
	{"x-anylabeling", "win.tool::select", "<Control>j"},
	{"x-anylabeling", "win.accept", "f|Return|KP_Enter"},
	{"x-anylabeling", "win.drop", "b|Escape"},
	{"x-anylabeling", "win.rename", "<Control>e"},
	{"x-anylabeling", "win.unite", "<Control><Shift>m"},
	{"x-anylabeling", "win.zoom-fit", "<Control>f"},
	{"x-anylabeling", "win.zoom-one", "<Control>equal"},
	{"x-anylabeling", "win.chat", "<Control>1"},
	{"x-anylabeling", "win.review", "<Control><Alt>r"},
	{"x-anylabeling", "win.export", "<Control><Alt>e"},
	{"x-anylabeling", "win.find", "<Alt>f"},

	{"cvat", "win.next-image::any", "f"},
	{"cvat", "win.previous-image::any", "d"},
	{"cvat", "win.tool::polygon", "n"},
	{"cvat", "win.next-object", "Tab"},
	{"cvat", "win.previous-object", "<Shift>Tab|<Shift>ISO_Left_Tab"},
	{"cvat", "win.next-candidate", "<Alt>c"},
	{"cvat", "win.previous-candidate", "<Alt><Shift>c"},
	{"cvat", "win.unite", "j"},
	{"cvat", "win.tool::split", "<Alt>j"},
	{"cvat", "win.style", "<Control>b"},
	{"cvat", "win.shortcuts", "F1"},

	{"qgis", "win.zoom-fit", "<Control><Shift>f"},
	{"qgis", "win.show-object", "<Control>j"},
	{"qgis", "win.zoom-in", "<Control><Alt>plus|plus|equal"},
	{"qgis", "win.zoom-out", "<Control><Alt>minus|minus"},
	{"qgis", "win.tool::polygon", "<Control>period"},
	{"qgis", "win.deselect", "<Control><Alt><Shift>a"},
	{"qgis", "win.style", "F7"},
	{"qgis", "win.table", "F6"},
	{"qgis", "win.export-view", "<Control>p"},
	{"qgis", "win.sidebar", "<Control>Tab"},
	{"qgis", "win.find", "<Control>f"},
};

static struct {
	GSettings *settings;
	GHashTable *keys; /* action -> triggers in force ("": none) */
	GHashTable *of;   /* trigger by its accelerator's name -> action */
} map;

const nadir_keymap_profile *nadir_keymap_profiles(guint *n)
{
	*n = G_N_ELEMENTS(profiles);
	return profiles;
}

/* The same key under all of its names; NULL: no key. */
static char *canonical(const char *trigger)
{
	guint key;
	GdkModifierType mods;
	if (!gtk_accelerator_parse(trigger, &key, &mods) || key == 0)
		return NULL;
	return gtk_accelerator_name(gdk_keyval_to_lower(key), mods);
}

/* What an action asks for on one level: by the user, by the profile, by Nadir. NULL: nothing is said there. */
enum { BY_USER, BY_PROFILE, BY_NADIR, N_LEVELS };

static char *asked(const nadir_action *a, int level, const char *profile, GVariant *chosen)
{
	const char *keys = NULL;
	if (level == BY_USER) {
		if (chosen)
			g_variant_lookup(chosen, a->action, "&s", &keys);
	} else if (level == BY_PROFILE) {
		for (guint i = 0; i < G_N_ELEMENTS(overrides); i++)
			if (g_str_equal(overrides[i].profile, profile) && g_str_equal(overrides[i].action, a->action))
				keys = overrides[i].keys;
	} else {
		keys = a->keys;
	}
	return g_strdup(keys);
}

/* The triggers that are still free, and are taken from now on. */
static char *take_free(const nadir_action *a, const char *keys)
{
	g_auto(GStrv) list = g_strsplit(keys, "|", -1);
	GString *got = g_string_new(NULL);
	for (char **t = list; *t; t++) {
		g_autofree char *plain = canonical(*t);
		char *name = plain && nadir_action_is_of_review(a) ? g_strconcat("review ", plain, NULL) : g_strdup(plain);
		if (!name || g_hash_table_contains(map.of, name)) {
			g_free(name);
			continue;
		}
		g_hash_table_insert(map.of, name, (gpointer)a);
		g_string_append_printf(got, "%s%s", got->len ? "|" : "", *t);
	}
	return g_string_free(got, FALSE);
}

static void read_keys(void)
{
	g_autofree char *profile = map.settings ? g_settings_get_string(map.settings, "keymap") : g_strdup("nadir");
	g_autoptr(GVariant) chosen = map.settings ? g_settings_get_value(map.settings, "keys") : NULL;
	guint n;
	const nadir_action *table = nadir_actions(&n);
	g_clear_pointer(&map.keys, g_hash_table_unref);
	g_clear_pointer(&map.of, g_hash_table_unref);
	map.keys = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	map.of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (int level = 0; level < N_LEVELS; level++) {
		for (guint i = 0; i < n; i++) {
			g_autofree char *keys = asked(&table[i], level, profile, chosen);
			if (keys && !g_hash_table_contains(map.keys, table[i].action))
				g_hash_table_insert(map.keys, (gpointer)table[i].action, take_free(&table[i], keys));
		}
	}
}

void nadir_keymap_follow(GSettings *settings)
{
	if (map.settings)
		g_signal_handlers_disconnect_by_func(map.settings, read_keys, NULL);
	g_set_object(&map.settings, settings);
	if (settings) {
		/* before those who ask for the new keys */
		g_signal_connect_swapped(settings, "changed::keymap", G_CALLBACK(read_keys), NULL);
		g_signal_connect_swapped(settings, "changed::keys", G_CALLBACK(read_keys), NULL);
	}
	read_keys();
}

void nadir_keymap_on_change(GObject *object, GCallback f)
{
	if (!map.settings)
		return;
	g_signal_connect_object(map.settings, "changed::keymap", f, object, G_CONNECT_SWAPPED);
	g_signal_connect_object(map.settings, "changed::keys", f, object, G_CONNECT_SWAPPED);
}

const char *nadir_keymap_keys(const nadir_action *a)
{
	if (!map.keys)
		read_keys();
	const char *keys = g_hash_table_lookup(map.keys, a->action);
	return keys && *keys ? keys : NULL;
}

const nadir_action *nadir_keymap_action_of(const char *trigger)
{
	g_autofree char *name = canonical(trigger);
	if (!map.of)
		read_keys();
	return name ? g_hash_table_lookup(map.of, name) : NULL;
}

bool nadir_keymap_is_chosen(const nadir_action *a)
{
	g_autoptr(GVariant) chosen = map.settings ? g_settings_get_value(map.settings, "keys") : NULL;
	const char *keys;
	return chosen && g_variant_lookup(chosen, a->action, "&s", &keys);
}

void nadir_keymap_choose(const nadir_action *a, const char *triggers)
{
	g_return_if_fail(map.settings);
	g_autoptr(GVariant) old = g_settings_get_value(map.settings, "keys");
	GVariantBuilder now;
	GVariantIter iter;
	const char *action, *keys;
	g_variant_builder_init(&now, G_VARIANT_TYPE("a{ss}"));
	g_variant_iter_init(&iter, old);
	while (g_variant_iter_next(&iter, "{&s&s}", &action, &keys))
		if (!g_str_equal(action, a->action))
			g_variant_builder_add(&now, "{ss}", action, keys);
	if (triggers)
		g_variant_builder_add(&now, "{ss}", a->action, triggers);
	g_settings_set_value(map.settings, "keys", g_variant_builder_end(&now));
}

void nadir_keymap_forget_choices(void)
{
	g_return_if_fail(map.settings);
	g_settings_reset(map.settings, "keys");
}
