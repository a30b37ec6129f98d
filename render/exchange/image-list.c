#include "render/exchange/image-list-private.h"

#include <glib/gi18n-lib.h>
#include <glob.h>
#include <string.h>

/* --- entries --- */

static void box_clear(void *data)
{
	g_free(((image_list_box *)data)->label);
}

static void entry_free(void *data)
{
	image_list_entry *e = data;
	g_free(e->path);
	g_free(e->name);
	g_free(e->question);
	g_clear_pointer(&e->boxes, g_array_unref);
	g_free(e);
}

void image_list_add_box(image_list_entry *e, const double xyxy[4], const char *label)
{
	const image_list_box b = {MIN(xyxy[0], xyxy[2]), MIN(xyxy[1], xyxy[3]), MAX(xyxy[0], xyxy[2]),
	                          MAX(xyxy[1], xyxy[3]), g_strdup(label)};
	if (!e->boxes) {
		e->boxes = g_array_new(FALSE, FALSE, sizeof(image_list_box));
		g_array_set_clear_func(e->boxes, box_clear);
	}
	g_array_append_val(e->boxes, b);
}

/* GDAL's own file systems and addresses stay as they are. */
static bool is_remote(const char *path)
{
	return g_str_has_prefix(path, "/vsi") || strstr(path, "://");
}

static char *absolute(const char *path, const char *folder)
{
	if (g_str_has_prefix(path, "http://") || g_str_has_prefix(path, "https://"))
		return g_strconcat("/vsicurl/", path, NULL);
	if (g_str_has_prefix(path, "s3://"))
		return g_strconcat("/vsis3/", path + strlen("s3://"), NULL);
	if (g_str_has_prefix(path, "file://"))
		return g_filename_from_uri(path, NULL, NULL);
	return is_remote(path) ? g_strdup(path) : g_canonicalize_filename(path, folder);
}

/* Below the list's folder as it is there; elsewhere the whole path, without what would lead out of a folder. */
static char *name_of(const image_list *l, const char *path)
{
	const gsize n = strlen(l->folder);
	const char *rest = strncmp(path, l->folder, n) == 0 && path[n] == '/' ? path + n : path;
	while (*rest == '/')
		rest++;
	char *name = g_strdup(rest);
	for (char *p = name; *p; p++) /* a colon or a backslash is no part of a portable name */
		if (*p == ':' || *p == '\\' || *p == '?' || *p == '*')
			*p = '_';
	return name;
}

image_list_entry *image_list_add(image_list *l, const char *path, const char *base)
{
	g_autofree char *full = absolute(path, base ? base : l->folder);
	image_list_entry *e = full ? g_hash_table_lookup(l->by_path, full) : NULL;
	if (e || !full)
		return e;
	e = g_new0(image_list_entry, 1);
	e->path = g_steal_pointer(&full);
	e->name = name_of(l, e->path);
	while (g_hash_table_contains(l->names, e->name)) {
		char *other = g_strconcat(e->name, "_", NULL);
		g_free(e->name);
		e->name = other;
	}
	g_hash_table_add(l->names, e->name);
	g_hash_table_insert(l->by_path, e->path, e);
	g_ptr_array_add(l->entries, e);
	return e;
}

bool image_list_failed(const image_list *l, GError **error, const char *why)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _("%s cannot be read as a list of images: %s."), l->source,
	            why);
	return false;
}

/* --- folders and patterns --- */

bool image_list_is_image(const char *name)
{
	static const char *const suffixes[] = {"tif", "tiff", "gtiff", "png", "jpg", "jpeg", "jp2", "j2k", "bmp", "webp",
	                                       "gif", "ntf",  "nitf",  "img", "vrt", "nc",   "hdf", "h5",  "dem", "asc",
	                                       "bil", "bip",  "bsq",   "sid", "ecw", "jxl",  "pgm", "ppm", NULL};
	const char *dot = strrchr(name, '.');
	g_autofree char *suffix = dot ? g_ascii_strdown(dot + 1, -1) : NULL;
	return suffix && *name != '.' && g_strv_contains(suffixes, suffix);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What is in the folder, in the order of names; NULL + error. */
static GPtrArray *names_in(const image_list *l, const char *folder, GError **error)
{
	g_autoptr(GError) inner = NULL;
	g_autoptr(GDir) dir = g_dir_open(folder, 0, &inner);
	const char *name;
	if (!dir) {
		image_list_failed(l, error, inner->message);
		return NULL;
	}
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	while ((name = g_dir_read_name(dir)))
		if (*name != '.')
			g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, by_name);
	return names;
}

static bool is_folder(const char *path)
{
	return g_file_test(path, G_FILE_TEST_IS_DIR);
}

/* Links to folders are not followed: they may lead back. */
bool image_list_walk(image_list *l, const char *folder, GError **error)
{
	g_autoptr(GPtrArray) names = names_in(l, folder, error);
	for (guint i = 0; names && i < names->len; i++) {
		g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
		if (image_list_is_image(names->pdata[i]) && !is_folder(path))
			image_list_add(l, path, NULL);
		else if (is_folder(path) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK) && !image_list_walk(l, path, error))
			return false;
	}
	return names != NULL;
}

/* The folder in front of the first wildcard: what the pattern's matches are named below. */
static char *fixed_folder(const char *pattern)
{
	g_autofree char *start = g_strndup(pattern, strcspn(pattern, "*?["));
	char *slash = strrchr(start, '/');
	if (slash)
		slash[1] = 0;
	return g_canonicalize_filename(slash ? start : ".", NULL);
}

static bool match(image_list *l, GError **error)
{
	glob_t found = {0};
	const int status = glob(l->source, 0, NULL, &found);
	g_free(l->folder);
	l->folder = fixed_folder(l->source);
	for (gsize i = 0; status == 0 && i < found.gl_pathc; i++)
		if (!is_folder(found.gl_pathv[i])) {
			g_autofree char *full = g_canonicalize_filename(found.gl_pathv[i], NULL);
			image_list_add(l, full, NULL);
		}
	globfree(&found);
	return status == 0 || image_list_failed(l, error, _("the pattern matches nothing"));
}

/* --- lists --- */

bool image_list_read_text(image_list *l, const char *path, GError **error)
{
	g_autofree char *text = NULL, *base = g_path_get_dirname(path);
	gsize n;
	g_autoptr(GError) inner = NULL;
	if (!g_file_get_contents(path, &text, &n, &inner))
		return image_list_failed(l, error, inner->message);
	if (memchr(text, 0, n))
		return image_list_failed(l, error, _("it is no text"));
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		char *bare = g_strstrip(*line);
		if (*bare && *bare != '#')
			image_list_add(l, bare, base);
	}
	return true;
}

char *image_list_yolo_labels(const char *image)
{
	const char *last = NULL;
	for (const char *p = image; (p = strstr(p, "/images/")); p++)
		last = p;
	const char *dot = strrchr(image, '.'), *slash = strrchr(image, '/');
	const gsize n = dot && (!slash || dot > slash) ? (gsize)(dot - image) : strlen(image);
	if (!last)
		return g_strdup_printf("%.*s.txt", (int)n, image);
	const gsize from = (gsize)(last - image) + strlen("/images");
	return g_strdup_printf("%.*s/labels%.*s.txt", (int)(last - image), image, (int)(n - from), image + from);
}

static bool ends_with(const char *path, const char *suffix)
{
	const gsize n = strlen(path), k = strlen(suffix);
	return n > k && g_ascii_strcasecmp(path + n - k, suffix) == 0;
}

static bool read_source(image_list *l, GError **error)
{
	const char *s = l->source;
	if (is_folder(s))
		return image_list_walk(l, l->folder, error);
	if (!is_remote(s) && !g_file_test(s, G_FILE_TEST_EXISTS)) {
		if (strpbrk(s, "*?["))
			return match(l, error);
		return image_list_failed(l, error, _("there is no such file or folder"));
	}
	if (ends_with(s, ".txt") || ends_with(s, ".lst"))
		return image_list_read_text(l, s, error);
	if (ends_with(s, ".jsonl"))
		return image_list_read_lines(l, error);
	if (ends_with(s, ".json"))
		return image_list_read_json(l, error);
	if (ends_with(s, ".yaml") || ends_with(s, ".yml"))
		return image_list_read_yaml(l, error);
	g_autofree char *full = absolute(s, NULL);
	image_list_add(l, full, NULL);
	return true;
}

GPtrArray *image_list_read(const char *source, const char *images, GError **error)
{
	g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(entry_free);
	g_autofree char *parent = g_path_get_dirname(source);
	image_list l = {.source = source, .images = images, .entries = entries};
	l.folder = g_canonicalize_filename(is_folder(source) ? source : parent, NULL);
	l.by_path = g_hash_table_new(g_str_hash, g_str_equal);
	l.names = g_hash_table_new(g_str_hash, g_str_equal);
	bool ok = read_source(&l, error);
	if (ok && entries->len == 0)
		ok = image_list_failed(&l, error, _("it names no image"));
	g_hash_table_unref(l.by_path);
	g_hash_table_unref(l.names);
	g_free(l.folder);
	return ok ? g_steal_pointer(&entries) : NULL;
}
