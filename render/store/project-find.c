/* Images that were moved or renamed are found again by their contents. */
#include "render/store/project-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

enum { DEPTH = 4, MOST_FILES = 5000 }; /* what is looked into before giving up: seconds on a slow disk */

typedef struct {
	const char *suffix, *fingerprint; /* suffix: with its dot; "" */
	guint left;                       /* files that may still be looked into */
	GHashTable *seen;                 /* folders */
} search;

static bool has_suffix(const char *name, const char *suffix)
{
	const char *dot = strrchr(name, '.');
	return g_ascii_strcasecmp(dot ? dot : "", suffix) == 0;
}

static bool is_it(search *s, const char *path)
{
	if (s->left == 0)
		return false;
	s->left--;
	g_autofree char *have = raster_fingerprint(path);
	return strcmp(have, s->fingerprint) == 0;
}

/* Files first, then the folders below; links to folders are not followed. */
static char *search_folder(search *s, const char *folder, int depth)
{
	g_autoptr(GDir) dir = g_hash_table_add(s->seen, g_strdup(folder)) ? g_dir_open(folder, 0, NULL) : NULL;
	g_autoptr(GPtrArray) below = g_ptr_array_new_with_free_func(g_free);
	char *found = NULL;
	const char *name;
	while (dir && !found && s->left > 0 && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		if (*name == '.' || g_file_test(path, G_FILE_TEST_IS_SYMLINK))
			continue;
		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			g_ptr_array_add(below, g_steal_pointer(&path));
		else if (has_suffix(name, s->suffix) && is_it(s, path))
			found = g_steal_pointer(&path);
	}
	for (guint i = 0; !found && depth > 0 && i < below->len; i++)
		found = search_folder(s, below->pdata[i], depth - 1);
	return found;
}

/* Around the project, then around the place where the image was. */
static char *search_contents(project *p, const project_image *image)
{
	const char *dot = strrchr(image->path, '.');
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	search s = {dot && !strchr(dot, '/') ? dot : "", image->fingerprint, MOST_FILES, seen};
	g_autofree char *here = g_path_get_dirname(project_path(p)), *above = g_path_get_dirname(here);
	g_autofree char *there = g_path_get_dirname(image->path);
	char *found = *image->fingerprint ? search_folder(&s, here, DEPTH) : NULL;
	if (!found && *image->fingerprint)
		found = search_folder(&s, there, DEPTH);
	return found || !*image->fingerprint ? found : search_folder(&s, above, 1);
}

char *project_find_image(project *p, const project_image *image, GError **error)
{
	if (g_file_test(image->path, G_FILE_TEST_EXISTS) || strstr(image->path, "://") ||
	    g_str_has_prefix(image->path, "/vsi"))
		return g_strdup(image->path);
	g_autofree char *folder = g_path_get_dirname(project_path(p));
	g_autofree char *base = g_path_get_basename(image->path);
	g_autofree char *beside = g_build_filename(folder, base, NULL);
	if (g_file_test(beside, G_FILE_TEST_EXISTS))
		return g_steal_pointer(&beside);
	char *found = search_contents(p, image);
	if (!found)
		g_set_error(
			error, PROJECT_ERROR, PROJECT_ERROR_OPEN,
			_("The image of %s is neither at %s nor beside it, and no file around them has its contents: put it "
		      "back there and try again."),
			project_path(p), image->path);
	return found;
}
