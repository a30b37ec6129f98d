/* A language that writes 1,5 for one and a half, made on the spot: no machine need have it installed. */
#pragma once
#include <glib/gstdio.h>
#include <locale.h>
#include <stdio.h>

/* Sets LC_NUMERIC to German, or skips the test and returns false where the C library's sources are not there. */
static inline gboolean comma_locale_begin(void)
{
	g_autofree char *folder = g_dir_make_tmp("nadir-locale-XXXXXX", NULL);
	g_autofree char *target = g_build_filename(folder, "de_DE.UTF-8", NULL);
	const char *const command[] = {"localedef", "-i", "de_DE", "-f", "UTF-8", target, NULL};
	g_autofree char *out = NULL, *err = NULL;
	g_autoptr(GError) error = NULL;
	g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err, NULL, &error);
	g_setenv("LOCPATH", folder, TRUE);
	const gboolean there = setlocale(LC_NUMERIC, "de_DE.UTF-8") != NULL;
	const char *const clean[] = {"rm", "-rf", folder, NULL};
	g_spawn_sync(NULL, (char **)clean, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
	g_unsetenv("LOCPATH");
	if (!there) {
		g_test_skip("localedef cannot make a German locale here");
		return FALSE;
	}
	char text[8];
	g_snprintf(text, sizeof text, "%.1f", 1.5);
	g_assert_cmpstr(text, ==, "1,5");
	return TRUE;
}

static inline void comma_locale_end(void)
{
	setlocale(LC_NUMERIC, "C");
}
