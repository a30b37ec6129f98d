/* Images of data sets: JSON lines, COCO, labelme, STAC, YOLO's YAML. */
#include "render/exchange/image-list-private.h"

#include <cjson/cJSON.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "render/file/json-text.h"

static const cJSON *get(const cJSON *o, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(o, key);
}

static const char *text_at(const cJSON *o, const char *key)
{
	return cJSON_GetStringValue(get(o, key));
}

/* n finite numbers of a JSON list. */
static bool numbers(const cJSON *list, int n, double *out)
{
	if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) != n)
		return false;
	for (int i = 0; i < n; i++) {
		const cJSON *v = cJSON_GetArrayItem(list, i);
		if (!cJSON_IsNumber(v) || !isfinite(v->valuedouble))
			return false;
		out[i] = v->valuedouble;
	}
	return true;
}

/* --- JSON lines --- */

static bool add_line(image_list *l, const cJSON *o)
{
	const char *image = text_at(o, "image"), *question = text_at(o, "question");
	image_list_entry *e = image && *image ? image_list_add(l, image, NULL) : NULL;
	const cJSON *box, *labels = get(o, "labels");
	int i = 0;
	if (!e)
		return false;
	cJSON_ArrayForEach(box, get(o, "boxes"))
	{
		double v[4];
		if (!numbers(box, 4, v))
			return false;
		image_list_add_box(e, v, cJSON_GetStringValue(cJSON_GetArrayItem(labels, i++)));
	}
	if (question) {
		g_free(e->question);
		e->question = g_strdup(question);
	}
	return true;
}

bool image_list_read_lines(image_list *l, GError **error)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) inner = NULL;
	guint number = 0;
	if (!g_file_get_contents(l->source, &text, NULL, &inner))
		return image_list_failed(l, error, inner->message);
	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		number++;
		if (!*g_strstrip(line))
			continue;
		cJSON *o = cJSON_Parse(line);
		const bool good = o && add_line(l, o);
		cJSON_Delete(o);
		if (!good) {
			g_autofree char *why =
				g_strdup_printf(_("line %u is not {\"image\":…, \"boxes\":[[x0,y0,x1,y1],…], \"question\":…}"), number);
			return image_list_failed(l, error, why);
		}
	}
	return true;
}

/* --- one JSON document --- */

/* A picture of a data set: as the file says below --images or beside it. */
static image_list_entry *add_picture(image_list *l, const char *name)
{
	g_autofree char *slashes = g_strdelimit(g_strdup(name), "\\", '/');
	g_autofree char *base = l->images ? g_canonicalize_filename(l->images, NULL) : NULL;
	return image_list_add(l, slashes, base);
}

static char *id_of(const cJSON *o, const char *key)
{
	const cJSON *v = get(o, key);
	return cJSON_IsNumber(v) ? json_part_text(v) : g_strdup(cJSON_IsString(v) ? v->valuestring : "");
}

static GHashTable *category_names(const cJSON *root)
{
	GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const cJSON *c;
	cJSON_ArrayForEach(c, get(root, "categories"))
		g_hash_table_insert(names, id_of(c, "id"), (void *)text_at(c, "name"));
	return names;
}

static void read_coco(image_list *l, const cJSON *root)
{
	g_autoptr(GHashTable) images = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) names = category_names(root);
	const cJSON *o;
	cJSON_ArrayForEach(o, get(root, "images"))
	{
		const char *name = text_at(o, "file_name");
		if (name && *name)
			g_hash_table_insert(images, id_of(o, "id"), add_picture(l, name));
	}
	cJSON_ArrayForEach(o, get(root, "annotations"))
	{
		double b[4];
		g_autofree char *image = id_of(o, "image_id"), *category = id_of(o, "category_id");
		image_list_entry *e = g_hash_table_lookup(images, image);
		if (e && numbers(get(o, "bbox"), 4, b))
			image_list_add_box(e, (double[]){b[0], b[1], b[0] + b[2], b[1] + b[3]},
			                   g_hash_table_lookup(names, category));
	}
}

/* A shape's bounding box; a circle is its centre and a point of the rim. */
static bool shape_box(const cJSON *shape, double box[4])
{
	const cJSON *p;
	guint n = 0;
	double first[2] = {0}, v[2];
	cJSON_ArrayForEach(p, get(shape, "points"))
	{
		if (!numbers(p, 2, v))
			return false;
		if (n++ == 0) {
			memcpy(first, v, sizeof first);
			memcpy(box, (double[]){v[0], v[1], v[0], v[1]}, 4 * sizeof *box);
		}
		box[0] = MIN(box[0], v[0]);
		box[1] = MIN(box[1], v[1]);
		box[2] = MAX(box[2], v[0]);
		box[3] = MAX(box[3], v[1]);
	}
	if (n == 2 && g_strcmp0(text_at(shape, "shape_type"), "circle") == 0) {
		const double r = hypot(v[0] - first[0], v[1] - first[1]);
		memcpy(box, (double[]){first[0] - r, first[1] - r, first[0] + r, first[1] + r}, 4 * sizeof *box);
	}
	return n >= 2;
}

static void read_labelme(image_list *l, const cJSON *root)
{
	const char *name = text_at(root, "imagePath");
	image_list_entry *e = name && *name ? add_picture(l, name) : NULL;
	const cJSON *shape;
	double box[4];
	cJSON_ArrayForEach(shape, get(root, "shapes")) if (e && shape_box(shape, box))
		image_list_add_box(e, box, text_at(shape, "label"));
}

/* The assets that are data, or, where no role says so, those that are images. */
static bool is_data_asset(const cJSON *asset, bool by_role)
{
	const char *type = text_at(asset, "type");
	const cJSON *role;
	if (!by_role)
		return type && g_str_has_prefix(type, "image/");
	cJSON_ArrayForEach(role, get(asset, "roles")) if (g_strcmp0(cJSON_GetStringValue(role), "data") == 0) return true;
	return false;
}

static void read_stac_item(image_list *l, const cJSON *item)
{
	const guint before = l->entries->len;
	for (int by_role = 1; by_role >= 0 && l->entries->len == before; by_role--) {
		const cJSON *asset;
		cJSON_ArrayForEach(asset, get(item, "assets")) if (is_data_asset(asset, by_role) && text_at(asset, "href"))
			image_list_add(l, text_at(asset, "href"), NULL);
	}
}

static bool read_document(image_list *l, const cJSON *root)
{
	const cJSON *item;
	if (cJSON_IsArray(get(root, "images")))
		read_coco(l, root);
	else if (cJSON_IsArray(get(root, "shapes")))
		read_labelme(l, root);
	else if (cJSON_IsObject(get(root, "assets")))
		read_stac_item(l, root);
	else if (cJSON_IsArray(get(root, "features")))
		cJSON_ArrayForEach(item, get(root, "features")) read_stac_item(l, item);
	else
		return false;
	return true;
}

bool image_list_read_json(image_list *l, GError **error)
{
	g_autofree char *text = NULL;
	gsize n;
	g_autoptr(GError) inner = NULL;
	if (!g_file_get_contents(l->source, &text, &n, &inner))
		return image_list_failed(l, error, inner->message);
	cJSON *root = cJSON_ParseWithLength(text, n);
	const bool good = root && read_document(l, root);
	cJSON_Delete(root);
	return good ||
	       image_list_failed(l, error, root ? _("it is neither COCO, labelme nor STAC") : _("it is no sound JSON"));
}

/* --- YOLO's data.yaml: the four keys that name pictures --- */

/* The value of a line "key: value", unquoted; NULL: another line. */
static char *yaml_value(const char *line, const char *key)
{
	const gsize n = strlen(key);
	if (strncmp(line, key, n) != 0 || line[n] != ':')
		return NULL;
	char *value = g_strstrip(g_strdup(line + n + 1)), *comment = strstr(value, " #");
	if (comment)
		*comment = 0;
	g_strstrip(value);
	const gsize k = strlen(value);
	if (k >= 2 && (*value == '"' || *value == '\'') && value[k - 1] == *value) {
		value[k - 1] = 0;
		memmove(value, value + 1, k - 1);
	}
	return value;
}

/* "images/train", "train.txt" or [a, b]. */
static bool add_part(image_list *l, const char *root, const char *value, GError **error)
{
	g_autofree char *bare = g_strdelimit(g_strdup(value), "[]\"'", ' ');
	g_auto(GStrv) parts = g_strsplit(bare, ",", -1);
	for (char **part = parts; *part; part++) {
		if (!*g_strstrip(*part))
			continue;
		g_autofree char *path = g_canonicalize_filename(*part, root);
		if (g_file_test(path, G_FILE_TEST_IS_DIR) ? !image_list_walk(l, path, error)
		                                          : !image_list_read_text(l, path, error))
			return false;
	}
	return true;
}

bool image_list_read_yaml(image_list *l, GError **error)
{
	static const char *const parts[] = {"train", "val", "test"};
	g_autofree char *text = NULL, *root = g_strdup(l->folder);
	g_autoptr(GError) inner = NULL;
	if (!g_file_get_contents(l->source, &text, NULL, &inner))
		return image_list_failed(l, error, inner->message);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		g_autofree char *path = yaml_value(*line, "path");
		if (path && *path) {
			g_free(root);
			root = g_canonicalize_filename(path, l->folder);
		}
	}
	for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
		for (char **line = lines; *line; line++) {
			g_autofree char *value = yaml_value(*line, parts[i]);
			if (value && *value && !add_part(l, root, value, error))
				return false;
		}
	return true;
}
