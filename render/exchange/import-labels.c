/* Labels a line, one text file an image: YOLO's boxes, turned boxes and segments (parts of the image's sides, classes
 * by number), and DOTA's corners (pixels, classes by name). Rows of different kinds may be mixed. */
#include "render/exchange/image-list.h"
#include "render/exchange/import-private.h"
#include "render/exchange/label-names.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* --- which image --- */

static char *with_suffix(const char *stem)
{
	static const char *const suffixes[] = {".tif",  ".png", ".jpg", ".jpeg", ".tiff", ".jp2", ".bmp",
	                                       ".webp", ".TIF", ".PNG", ".JPG",  ".vrt",  NULL};
	for (const char *const *s = suffixes; *s; s++) {
		char *path = g_strconcat(stem, *s, NULL);
		if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
			return path;
		g_free(path);
	}
	return NULL;
}

/* "a.obb.txt" belongs to the image "a" as "a.txt" does. */
static char *stem_of(const char *path)
{
	static const char *const kinds[] = {".detect", ".obb", ".dota", NULL};
	const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
	char *stem = g_strndup(path, dot > slash ? (gsize)(dot - path) : strlen(path));
	for (const char *const *k = kinds; *k; k++)
		if (g_str_has_suffix(stem, *k))
			stem[strlen(stem) - strlen(*k)] = 0;
	return stem;
}

/* Beside the labels, or in the folder of pictures that belongs to theirs; else the bare stem. */
char *import_image_of_labels(const char *path)
{
	static const char *const folders[][2] = {{"labels", "images"},        {"labelTxt", "images"},
	                                         {"labelTxt-v1.0", "images"}, {"Annotations", "JPEGImages"},
	                                         {"annotations", "images"},   {"annfiles", "images"}};
	g_autofree char *full = g_canonicalize_filename(path, NULL), *stem = stem_of(full);
	char *found = with_suffix(stem);
	for (guint i = 0; !found && i < G_N_ELEMENTS(folders); i++) {
		g_autofree char *mark = g_strdup_printf("/%s/", folders[i][0]);
		const char *at = g_strrstr(stem, mark);
		if (!at)
			continue;
		g_autofree char *other =
			g_strdup_printf("%.*s/%s/%s", (int)(at - stem), stem, folders[i][1], at + strlen(mark));
		found = with_suffix(other);
	}
	return found ? found : g_path_get_basename(stem);
}

/* --- rows --- */

typedef struct {
	import_file *file;
	GHashTable *names;
	char *image;
} labels;

/* Leading numbers of a row; *rest: what stands behind them. */
static GArray *numbers_of(char *row, char **rest)
{
	GArray *v = g_array_new(FALSE, FALSE, sizeof(double));
	for (;;) {
		char *end;
		row += strspn(row, " \t,");
		const double d = g_ascii_strtod(row, &end);
		if (end == row || (*end && !strchr(" \t,", *end)))
			break;
		g_array_append_val(v, d);
		row = end;
	}
	*rest = g_strchomp(row);
	return v;
}

static bool all_finite(const GArray *v)
{
	for (guint i = 0; i < v->len; i++)
		if (!isfinite(g_array_index(v, double, i)))
			return false;
	return true;
}

/* A ring that runs along an edge there and back: parts or holes that were joined. It is mended without a word. */
static bool has_bridge(const double *xy, int n)
{
	for (int i = 0; i < n; i++)
		for (int k = i + 1; k < n; k++) {
			const double *a = xy + 2 * i, *b = xy + 2 * ((i + 1) % n), *c = xy + 2 * k, *d = xy + 2 * ((k + 1) % n);
			if (a[0] == d[0] && a[1] == d[1] && b[0] == c[0] && b[1] == c[1] && (a[0] != b[0] || a[1] != b[1]))
				return true;
		}
	return false;
}

static void add(const labels *l, OGRGeometryH g, char *class_name, double score, import_space space)
{
	GBytes *wkb = import_polygons(l->file, g);
	if (wkb) {
		feature *f = feature_new();
		import_set_text(f, "class", class_name);
		f->score = score;
		import_add(l->file, f, g_strdup(l->image), wkb, space, NULL);
	}
	g_free(class_name);
}

static OGRGeometryH box_of(const double *v)
{
	const double x0 = v[0] - v[2] / 2, y0 = v[1] - v[3] / 2, x1 = v[0] + v[2] / 2, y1 = v[1] + v[3] / 2;
	return v[2] > 0 && v[3] > 0 ? import_ring((double[]){x0, y0, x1, y0, x1, y1, x0, y1}, 4) : NULL;
}

/* class x y w h [score], class x1 y1 … xn yn [score] */
static void yolo_row(const labels *l, const GArray *v)
{
	const double *n = (const double *)(const void *)v->data;
	const bool box = v->len == 5 || v->len == 6, scored = v->len % 2 == 0;
	const int points = (int)(v->len - 1) / 2;
	OGRGeometryH g = NULL;
	if (v->len < 5 || !all_finite(v) || n[0] < 0 || n[0] > G_MAXINT16 || n[0] != floor(n[0])) {
		l->file->losses[LOSS_BROKEN]++;
		return;
	}
	if (box)
		g = box_of(n + 1);
	else
		g = import_ring(n + 1, points);
	if (!box && g && has_bridge(n + 1, points)) {
		OGRGeometryH valid = OGR_G_MakeValid(g);
		OGR_G_DestroyGeometry(g);
		g = valid;
	}
	l->file->losses[LOSS_BOX] += box && g;
	add(l, g, label_names_get(l->names, (int)n[0]), scored ? n[v->len - 1] : NAN, IMPORT_PARTS);
}

/* x1 y1 … x4 y4 class [difficult] */
static void dota_row(const labels *l, const GArray *v, const char *rest)
{
	g_auto(GStrv) words = g_strsplit_set(rest, " \t", 2);
	if (!all_finite(v)) {
		l->file->losses[LOSS_BROKEN]++;
		return;
	}
	if (words[1] && strcmp(g_strstrip(words[1]), "0") != 0)
		import_note_dropped(l->file, "difficult");
	add(l, import_ring((const double *)(const void *)v->data, 4), g_strdup(words[0]), NAN, IMPORT_PIXELS);
}

static void read_row(const labels *l, char *row)
{
	char *rest;
	if (!*g_strstrip(row) || g_str_has_prefix(row, "imagesource") || g_str_has_prefix(row, "gsd"))
		return;
	g_autoptr(GArray) v = numbers_of(row, &rest);
	if (*rest && v->len == 8)
		dota_row(l, v, rest);
	else if (!*rest)
		yolo_row(l, v);
	else
		l->file->losses[LOSS_BROKEN]++;
}

static bool read_labels(import_file *file, const char *path, char *image, GHashTable *names, GError **error)
{
	g_autofree char *text = NULL;
	gsize n;
	g_autoptr(GError) inner = NULL;
	if (!g_file_get_contents(path, &text, &n, &inner))
		return import_failed(error, path, inner->message);
	if (memchr(text, 0, n))
		return import_failed(error, path, _("it is no text"));
	const labels l = {file, names, image};
	g_auto(GStrv) rows = g_strsplit(text, "\n", -1);
	for (char **row = rows; *row; row++)
		read_row(&l, *row);
	return true;
}

/* In order of their numbers, so that the project's classes keep it. */
static void note_names(import_file *file, GHashTable *names)
{
	for (int i = 0, left = (int)g_hash_table_size(names); left > 0 && i < G_MAXINT16; i++) {
		const char *name = g_hash_table_lookup(names, GINT_TO_POINTER(i));
		if (name) {
			import_note_class(file, name);
			left--;
		}
	}
}

bool import_labels(import_file *file, GError **error)
{
	g_autoptr(GHashTable) names = label_names_find(file->path);
	g_autofree char *image = import_image_of_labels(file->path);
	note_names(file, names);
	return read_labels(file, file->path, image, names, error);
}

bool import_yolo_set(import_file *file, GError **error)
{
	g_autoptr(GPtrArray) images = image_list_read(file->path, NULL, error);
	g_autoptr(GHashTable) names = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
	g_autofree char *text = NULL;
	if (!images)
		return false;
	if (g_file_get_contents(file->path, &text, NULL, NULL))
		label_names_from_yaml(text, names);
	note_names(file, names);
	for (guint i = 0; i < images->len; i++) {
		const image_list_entry *e = images->pdata[i];
		g_autofree char *labels_path = image_list_yolo_labels(e->path);
		if (g_file_test(labels_path, G_FILE_TEST_IS_REGULAR) && /* none: an image without objects */
		    !read_labels(file, labels_path, e->path, names, error))
			return false;
	}
	return true;
}
