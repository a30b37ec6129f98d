#include "render/exchange/tiles.h"

#include <cairo.h>
#include <cjson/cJSON.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "render/file/json-text.h"
#include "render/file/output.h"
#include "render/geometry/shape-edit.h"

enum { TRAIN, VAL, SPLITS };
static const char *const split_names[SPLITS] = {"train", "val"};

struct tile_export {
	tile_plan plan;
	char *folder, *part; /* part: where it grows until it is whole */
	const char *const *class_names, *const *class_colors;
	cJSON *coco[SPLITS]; /* NULL: another format */
	guint next_id[SPLITS];
	tile_counts counts;
	GHashTable *stems; /* char *: of the images so far */
};

static bool is_coco(export_format f)
{
	return f == EXPORT_COCO || f == EXPORT_COCO_POLYGONS;
}

bool export_tiles_has(export_format format)
{
	static const export_format pixels[] = {EXPORT_COCO, EXPORT_COCO_POLYGONS, EXPORT_PNG,      EXPORT_LABELME,
	                                       EXPORT_YOLO, EXPORT_YOLO_DETECT,   EXPORT_YOLO_OBB, EXPORT_VOC,
	                                       EXPORT_DOTA, EXPORT_SEMANTIC_PNG};
	for (guint i = 0; i < G_N_ELEMENTS(pixels); i++)
		if (format == pixels[i])
			return true;
	return false;
}

bool export_tiles_check(const tile_plan *plan, GError **error)
{
	if (export_tiles_has(plan->format))
		return true;
	g_set_error(error, EXPORT_ERROR, EXPORT_ERROR_FORMAT,
	            _("Tiles have no place on the map: export them as coco, coco-polygons, yolo, yolo-detect, yolo-obb, "
	              "labelme, voc, dota, png or semantic-png, not as %s."),
	            export_format_name(plan->format));
	return false;
}

/* --- begin and end --- */

static void remove_tree(const char *path)
{
	g_autoptr(GDir) dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
	const char *name;
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *below = g_build_filename(path, name, NULL);
		remove_tree(below);
	}
	g_remove(path);
}

static bool make_folders(tile_export *t, GError **error)
{
	static const char *const parts[] = {"images", "labels"};
	for (int s = 0; s < SPLITS; s++)
		for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
			g_autofree char *path = g_build_filename(t->part, parts[i], split_names[s], NULL);
			if (g_mkdir_with_parents(path, 0777) != 0) {
				output_set_error(error, path, errno);
				return false;
			}
		}
	return true;
}

static cJSON *new_coco(const char *const *names)
{
	cJSON *root = cJSON_CreateObject();
	cJSON_AddStringToObject(cJSON_AddObjectToObject(root, "info"), "description", "Nadir " NADIR_VERSION);
	cJSON_AddArrayToObject(root, "licenses");
	cJSON_AddArrayToObject(root, "images");
	cJSON *categories = cJSON_AddArrayToObject(root, "categories");
	for (int i = 0; names[i]; i++) {
		cJSON *c = cJSON_CreateObject();
		cJSON_AddNumberToObject(c, "id", i + 1);
		cJSON_AddStringToObject(c, "name", names[i]);
		cJSON_AddStringToObject(c, "supercategory", "");
		cJSON_AddItemToArray(categories, c);
	}
	cJSON_AddArrayToObject(root, "annotations");
	return root;
}

tile_export *tile_export_begin(const tile_plan *plan, const char *folder, const char *const *class_names,
                               const char *const *class_colors, GError **error)
{
	if (!export_tiles_check(plan, error))
		return NULL;
	if (g_file_test(folder, G_FILE_TEST_EXISTS) && g_rmdir(folder) != 0) { /* an empty one is given up */
		g_set_error(error, EXPORT_ERROR, EXPORT_ERROR_WRITE,
		            _("%s is there already: choose a folder that is new or empty."), folder);
		return NULL;
	}
	g_autoptr(tile_export) t = g_new0(tile_export, 1);
	t->plan = *plan;
	t->folder = g_strdup(folder);
	t->part = g_strdup_printf("%s.%08x.part", folder, g_random_int());
	t->class_names = class_names;
	t->class_colors = class_colors;
	t->stems = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (int s = 0; s < SPLITS && is_coco(plan->format); s++)
		t->coco[s] = new_coco(class_names);
	return make_folders(t, error) ? g_steal_pointer(&t) : NULL;
}

void tile_export_free(tile_export *t)
{
	if (!t)
		return;
	if (t->part)
		remove_tree(t->part);
	cJSON_Delete(t->coco[TRAIN]);
	cJSON_Delete(t->coco[VAL]);
	g_clear_pointer(&t->stems, g_hash_table_unref);
	g_free(t->folder);
	g_free(t->part);
	g_free(t);
}

/* --- a tile --- */

typedef struct {
	raster *r;
	const raster_style *style;
	const georef *ref;
	feature *const *objects;
	guint n;
	double (*extents)[4];
	const char *stem;
	int split;
	raster_rect area;
} tile_job;

static cairo_status_t collect(void *data, const unsigned char *bytes, unsigned int n)
{
	g_byte_array_append(data, bytes, n);
	return CAIRO_STATUS_SUCCESS;
}

static bool write_picture(const tile_job *j, const char *path, GError **error)
{
	const int w = j->area.w, h = j->area.h;
	g_autofree uint8_t *rgb = g_malloc((gsize)w * h * 3);
	if (!raster_model_input(j->r, j->style, &j->area, rgb, (size_t)w * 3, NULL, error))
		return false;
	cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
	for (int y = 0; y < h; y++) {
		uint32_t *row =
			(uint32_t *)(void *)(cairo_image_surface_get_data(s) + (gsize)y * cairo_image_surface_get_stride(s));
		for (int x = 0; x < w; x++) {
			const uint8_t *p = rgb + ((gsize)y * w + x) * 3;
			row[x] = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
		}
	}
	g_autoptr(GByteArray) png = g_byte_array_new();
	cairo_surface_mark_dirty(s);
	cairo_surface_write_to_png_stream(s, collect, png);
	cairo_surface_destroy(s);
	return output_write(path, png->data, png->len, error);
}

/* The object as the tile shows it; NULL: nothing of it, or less than a pixel, or cut where only whole ones are wanted.
 */
static feature *clip(const tile_job *j, const tile_plan *plan, guint i)
{
	const double *e = j->extents[i];
	const raster_rect *a = &j->area;
	const image_size size = {a->w, a->h};
	const bool inside = e[0] >= a->x && e[1] >= a->y && e[2] <= a->x + a->w && e[3] <= a->y + a->h;
	if (e[2] <= a->x || e[3] <= a->y || e[0] >= a->x + a->w || e[1] >= a->y + a->h || (plan->whole_only && !inside))
		return NULL;
	g_autoptr(GBytes) shape =
		shape_transform(j->objects[i]->px_geom, (const double[6]){1, 0, -a->x, 0, 1, -a->y}, size, NULL);
	g_autoptr(bitmask) mask = shape ? mask_from_wkb(shape, NULL) : NULL;
	if (!mask || mask_area(mask) == 0)
		return NULL;
	feature *f = feature_copy(j->objects[i]);
	g_bytes_unref(f->px_geom);
	f->px_geom = g_steal_pointer(&shape);
	f->area_px = mask_area(mask);
	return f;
}

/* One file's annotations into the data set's, under new numbers. */
static void merge(tile_export *t, int split, const cJSON *one, const char *picture)
{
	cJSON *images = cJSON_GetObjectItem(t->coco[split], "images");
	cJSON *list = cJSON_GetObjectItem(t->coco[split], "annotations");
	const int number = cJSON_GetArraySize(images) + 1;
	cJSON *image = cJSON_Duplicate(cJSON_GetArrayItem(cJSON_GetObjectItem(one, "images"), 0), 1), *a;
	cJSON_SetNumberValue(cJSON_GetObjectItem(image, "id"), number);
	cJSON_ReplaceItemInObject(image, "file_name", cJSON_CreateString(picture));
	cJSON_AddItemToArray(images, image);
	cJSON_ArrayForEach(a, cJSON_GetObjectItem(one, "annotations"))
	{
		cJSON *copy = cJSON_Duplicate(a, 1);
		cJSON_SetNumberValue(cJSON_GetObjectItem(copy, "id"), ++t->next_id[split]);
		cJSON_SetNumberValue(cJSON_GetObjectItem(copy, "image_id"), number);
		cJSON_AddItemToArray(list, copy);
	}
}

/* The exporter's main file; what it puts beside it is the data set's own matter. */
static bool take_labels(tile_export *t, const tile_job *j, const char *from, const char *name, GError **error)
{
	g_autofree char *text = NULL, *picture = g_strconcat(name, ".png", NULL);
	gsize size;
	if (!g_file_get_contents(from, &text, &size, error))
		return false;
	if (t->coco[j->split]) {
		cJSON *one = cJSON_Parse(text);
		merge(t, j->split, one, picture);
		cJSON_Delete(one);
		return true;
	}
	/* Beside its picture under the same name: ".obb.txt" is ".txt" here. */
	g_autofree char *file = g_strconcat(name, strrchr(export_format_extension(t->plan.format), '.'), NULL);
	g_autofree char *to = g_build_filename(t->part, "labels", split_names[j->split], file, NULL);
	return output_write(to, text, size, error);
}

static bool write_labels(tile_export *t, const tile_job *j, GPtrArray *clipped, const char *name, GError **error)
{
	raster_info info = *raster_get_info(j->r);
	g_autofree char *picture = g_strconcat(name, ".png", NULL);
	g_autofree char *work = g_build_filename(t->part, "work", NULL);
	g_autofree char *file = g_strconcat(name, export_format_extension(t->plan.format), NULL);
	g_autofree char *path = g_build_filename(work, file, NULL);
	info.path = picture;
	info.width = j->area.w;
	info.height = j->area.h;
	const export_job job = {.image = &info,
	                        .ref = j->ref,
	                        .objects = (feature *const *)clipped->pdata,
	                        .n_objects = clipped->len,
	                        .class_names = t->class_names,
	                        .class_colors = t->class_colors,
	                        .no_side_file = true,
	                        .may_be_empty = true};
	if (g_mkdir_with_parents(work, 0777) != 0) {
		output_set_error(error, work, errno);
		return false;
	}
	const bool ok = export_write(&job, t->plan.format, path, NULL, error) && take_labels(t, j, path, name, error);
	remove_tree(work);
	return ok;
}

/* By the name, so that the same call gives the same data set. */
static bool is_chosen(const char *name, double share)
{
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_MD5, name, -1);
	sum[8] = '\0';
	return (double)g_ascii_strtoull(sum, NULL, 16) < share * 4294967296.0;
}

static bool write_tile(tile_export *t, const tile_job *j, GError **error)
{
	g_autofree char *name = g_strdup_printf("%s_%d_%d", j->stem, j->area.x, j->area.y);
	g_autofree char *file = g_strconcat(name, ".png", NULL);
	g_autofree char *path = g_build_filename(t->part, "images", split_names[j->split], file, NULL);
	g_autoptr(GPtrArray) clipped = g_ptr_array_new_with_free_func((GDestroyNotify)feature_free);
	for (guint i = 0; i < j->n; i++) {
		feature *f = clip(j, &t->plan, i);
		if (f)
			g_ptr_array_add(clipped, f);
	}
	if (clipped->len == 0 && !is_chosen(name, t->plan.negatives))
		return true;
	t->counts.tiles[j->split]++;
	t->counts.objects[j->split] += clipped->len;
	t->counts.negatives += clipped->len == 0;
	return write_picture(j, path, error) && write_labels(t, j, clipped, name, error);
}

/* --- an image --- */

/* After a row of tiles of the part x0 … x1; what is left of it is done. */
static void tell(const tile_export *t, const tile_job *j, int x0, int x1)
{
	const raster_info *info = raster_get_info(j->r);
	if (t->plan.progress)
		t->plan.progress((x0 + (double)(x1 - x0) * (j->area.y + j->area.h) / info->height) / info->width, t->plan.data);
}

/* The last tile of a row ends with the area; a smaller area is one smaller tile. */
static bool tile_area(tile_export *t, tile_job *j, int x0, int x1, GError **error)
{
	const raster_info *info = raster_get_info(j->r);
	const int size = t->plan.size, stride = size - t->plan.overlap;
	for (int y = 0;; y += stride) {
		const int ty = MAX(0, MIN(y, info->height - size));
		for (int x = x0;; x += stride) {
			const int tx = MAX(x0, MIN(x, x1 - size));
			j->area = (raster_rect){tx, ty, MIN(size, x1 - tx), MIN(size, info->height - ty)};
			if (g_cancellable_set_error_if_cancelled(t->plan.cancel, error) || !write_tile(t, j, error))
				return false;
			if (x + size >= x1)
				break;
		}
		tell(t, j, x0, x1);
		if (y + size >= info->height)
			return true;
	}
}

/* Two images of one name in different folders stay two. */
static char *stem_of(tile_export *t, const char *path)
{
	g_autofree char *base = g_path_get_basename(path);
	char *dot = strrchr(base, '.');
	if (dot && dot > base)
		*dot = '\0';
	char *stem = g_strdup(base);
	for (guint i = 2; !g_hash_table_add(t->stems, g_strdup(stem)); i++) {
		g_free(stem);
		stem = g_strdup_printf("%s-%u", base, i);
	}
	return stem;
}

bool tile_export_image(tile_export *t, raster *r, const raster_style *style, const georef *ref, feature *const *objects,
                       guint n, GError **error)
{
	const raster_info *info = raster_get_info(r);
	g_autofree char *stem = stem_of(t, info->path);
	g_autofree double(*extents)[4] = g_malloc0_n(n + 1, sizeof *extents);
	tile_job j = {.r = r, .style = style, .ref = ref, .objects = objects, .n = n, .extents = extents, .stem = stem};
	for (guint i = 0; i < n; i++) {
		g_autoptr(wkb_shape) s = wkb_shape_read(objects[i]->px_geom, error);
		if (!s)
			return false;
		wkb_shape_extent(s, extents[i]);
	}
	if (!t->plan.by_area) {
		j.split = is_chosen(stem, t->plan.validation) ? VAL : TRAIN;
		return tile_area(t, &j, 0, info->width, error);
	}
	const int border = CLAMP((int)(info->width * (1 - t->plan.validation) + 0.5), 0, info->width);
	if (border > 0 && !tile_area(t, &j, 0, border, error))
		return false;
	j.split = VAL;
	return border == info->width || tile_area(t, &j, border, info->width, error);
}

/* --- the end --- */

static bool write_coco(tile_export *t, int split, GError **error)
{
	g_autofree char *folder = g_build_filename(t->part, "annotations", NULL);
	g_autofree char *file = g_strconcat(split_names[split], ".json", NULL),
					*path = g_build_filename(folder, file, NULL);
	if (g_mkdir_with_parents(folder, 0777) != 0) {
		output_set_error(error, folder, errno);
		return false;
	}
	g_autofree char *text = json_part_text(t->coco[split]);
	return output_write(path, text, strlen(text), error);
}

static bool write_yaml(tile_export *t, GError **error)
{
	g_autofree char *path = g_build_filename(t->part, "data.yaml", NULL);
	g_autoptr(GString) text = g_string_new("path: .\ntrain: images/train\nval: images/val\nnames:\n");
	for (int i = 0; t->class_names[i]; i++) {
		g_autofree char *quoted = json_text(cJSON_CreateString(t->class_names[i])); /* a JSON string is a YAML one */
		g_string_append_printf(text, "  %d: %s\n", i, quoted);
	}
	return output_write(path, text->str, text->len, error);
}

char *tile_counts_text(const tile_counts *c, const char *folder)
{
	return g_strdup_printf(
		_("Tiles for training: %u, with %u objects; for validation: %u, with %u objects; without objects: %u; in %s"),
		c->tiles[0], c->objects[0], c->tiles[1], c->objects[1], c->negatives, folder);
}

bool tile_export_end(tile_export *t, tile_counts *counts, GError **error)
{
	const export_format f = t->plan.format;
	for (int s = 0; s < SPLITS && t->coco[s]; s++)
		if (!write_coco(t, s, error))
			return false;
	if ((f == EXPORT_YOLO || f == EXPORT_YOLO_DETECT || f == EXPORT_YOLO_OBB) && !write_yaml(t, error))
		return false;
	if (t->coco[TRAIN]) {
		g_autofree char *labels = g_build_filename(t->part, "labels", NULL);
		remove_tree(labels); /* COCO's are elsewhere */
	}
	if (g_rename(t->part, t->folder) != 0) {
		output_set_error(error, t->folder, errno);
		return false;
	}
	*counts = t->counts;
	return true;
}
