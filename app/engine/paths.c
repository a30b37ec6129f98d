#include "app/engine/paths.h"

#include <glib/gi18n-lib.h>
#include <stdbool.h>

/* The program's own folder: it runs from the build tree and installed without knowing either at compile time. */
static char *program_dir(void)
{
	g_autofree char *exe = g_file_read_link("/proc/self/exe", NULL);
	return exe ? g_path_get_dirname(exe) : g_strdup(".");
}

static bool is_data_dir(const char *dir)
{
	g_autofree char *models = g_build_filename(dir, "models", NULL);
	g_autofree char *samples = g_build_filename(dir, "samples", NULL);
	return g_file_test(models, G_FILE_TEST_IS_DIR) || g_file_test(samples, G_FILE_TEST_IS_DIR);
}

/* build/nadir, build/tests/unit/x: walk up to the source tree; PREFIX/bin/nadir: PREFIX/share/nadir. */
static char *find_data_dir(void)
{
	const char *env = g_getenv("NADIR_DATA");
	if (env && *env)
		return g_strdup(env);
	g_autofree char *dir = program_dir();
	for (int up = 0; up < 5; up++) {
		g_autofree char *tree = g_build_filename(dir, "data", NULL);
		g_autofree char *installed = g_build_filename(dir, "share", "nadir", NULL);
		if (is_data_dir(tree))
			return g_steal_pointer(&tree);
		if (is_data_dir(installed))
			return g_steal_pointer(&installed);
		char *parent = g_path_get_dirname(dir);
		g_free(dir);
		dir = parent;
	}
	const char *source = g_getenv("NADIR_SOURCE"); /* tests run from build folders outside the tree */
	return source ? g_build_filename(source, "data", NULL) : g_strdup("data");
}

const char *paths_data_dir(void)
{
	static char *dir;
	if (g_once_init_enter(&dir))
		g_once_init_leave(&dir, find_data_dir());
	return dir;
}

const char *paths_cache_dir(void)
{
	static char *dir;
	if (g_once_init_enter(&dir))
		g_once_init_leave(&dir, g_build_filename(g_get_user_cache_dir(), "nadir", NULL));
	return dir;
}

const char *paths_user_dir(void)
{
	static char *dir;
	if (g_once_init_enter(&dir))
		g_once_init_leave(&dir, g_build_filename(g_get_user_data_dir(), "nadir", NULL));
	return dir;
}

char *paths_find_model(const char *name, GError **error)
{
	if (g_file_test(name, G_FILE_TEST_IS_REGULAR))
		return g_strdup(name);
	g_autofree char *file = g_str_has_suffix(name, ".gguf") ? g_strdup(name) : g_strconcat(name, ".gguf", NULL);
	const char *roots[] = {paths_data_dir(), paths_user_dir()};
	for (guint i = 0; i < G_N_ELEMENTS(roots); i++) {
		g_autofree char *path = g_build_filename(roots[i], "models", file, NULL);
		if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
			return g_steal_pointer(&path);
	}
	g_set_error(
		error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
		_("There is no model “%s”: it is no file, and neither in %s/models nor in %s/models. Name a .gguf file."), name,
		roots[0], roots[1]);
	return NULL;
}

char *paths_sample(void)
{
	return g_build_filename(paths_data_dir(), "samples", "OSBS_029.tif", NULL);
}
