#include "app/engine/import-run.h"

#include <glib/gi18n.h>
#include <string.h>

#include "render/store/history.h"

struct import_run {
	char **paths, *images, *class_field;
	GPtrArray *files, *targets; /* of import_file, in the order of paths; of target */
	guint skipped;
};

/* An image that objects may lie on, opened when one asks for it. */
typedef struct {
	char *path, *fingerprint; /* fingerprint NULL: not known before it is open */
	raster *r;
	georef *ref;
	GPtrArray *found; /* of feature: borrowed from the files */
} target;

static void target_free(void *data)
{
	target *t = data;
	g_clear_pointer(&t->ref, georef_free);
	g_clear_pointer(&t->r, raster_unref);
	g_ptr_array_unref(t->found);
	g_free(t->path);
	g_free(t->fingerprint);
	g_free(t);
}

static target *add_target(GPtrArray *targets, char *path, const char *fingerprint)
{
	target *t = g_new0(target, 1);
	t->path = path;
	t->fingerprint = g_strdup(fingerprint);
	t->found = g_ptr_array_new();
	g_ptr_array_add(targets, t);
	return t;
}

static bool open_target(target *t, GError **error)
{
	if (t->ref)
		return true;
	t->r = t->r ? t->r : raster_open(t->path, NULL, error);
	t->ref = t->r ? georef_new(raster_get_info(t->r), error) : NULL;
	if (t->ref && !t->fingerprint)
		t->fingerprint = g_strdup(raster_get_info(t->r)->fingerprint);
	return t->ref != NULL;
}

/* --- which image --- */

/* Labels name their picture without a suffix: then the stems must be equal. */
static bool same_name(const char *path, const char *hint)
{
	g_autofree char *x = g_path_get_basename(path), *y = g_path_get_basename(hint);
	char *dot = strrchr(x, '.');
	if (strcmp(x, y) == 0)
		return true;
	if (dot)
		*dot = 0;
	return dot && strcmp(x, y) == 0;
}

/* "name.tif#fingerprint": the fingerprint finds a renamed image, the name one that was written anew. */
static target *named_target(GPtrArray *targets, const char *hint)
{
	const char *hash = strrchr(hint, '#');
	g_autofree char *name = hash ? g_strndup(hint, (gsize)(hash - hint)) : g_strdup(hint);
	for (guint i = 0; hash && i < targets->len; i++) {
		target *t = targets->pdata[i];
		if (g_strcmp0(t->fingerprint, hash + 1) == 0)
			return t;
	}
	for (guint i = 0; i < targets->len; i++)
		if (same_name(((target *)targets->pdata[i])->path, name))
			return targets->pdata[i];
	return NULL;
}

/* A data set names its pictures: they lie in --images, else beside the file or where its own path says. */
static target *picture_target(GPtrArray *targets, const char *hint, const char *file, const import_run *q)
{
	g_autofree char *full = g_canonicalize_filename(file, NULL), *folder = g_path_get_dirname(full);
	g_autofree char *base = g_path_get_basename(hint);
	char *const places[] = {q->images ? g_build_filename(q->images, hint, NULL) : NULL,
	                        q->images ? g_build_filename(q->images, base, NULL) : NULL,
	                        g_canonicalize_filename(hint, folder), g_build_filename(folder, base, NULL)};
	target *t = NULL;
	for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
		if (!t && places[i] && g_file_test(places[i], G_FILE_TEST_IS_REGULAR))
			t = add_target(targets, g_strdup(places[i]), NULL);
		g_free(places[i]);
	}
	return t;
}

/* true: placed. false without an error: it lies elsewhere. */
static bool place_on(import_file *file, import_object *o, target *t, GError **why, GError **error)
{
	g_autoptr(GError) inner = NULL;
	if (!open_target(t, error))
		return false;
	if (import_place(file, o, raster_get_info(t->r), t->ref, &inner)) {
		g_ptr_array_add(t->found, o->f);
		return true;
	}
	if (g_error_matches(inner, IMPORT_ERROR, IMPORT_ERROR_OUTSIDE) ||
	    g_error_matches(inner, GEOMETRY_ERROR, GEOMETRY_ERROR_EMPTY) ||
	    g_error_matches(inner, GEOMETRY_ERROR, GEOMETRY_ERROR_TRANSFORM)) {
		g_clear_error(why);
		*why = g_steal_pointer(&inner);
	} else {
		g_propagate_error(error, g_steal_pointer(&inner));
	}
	return false;
}

/* One file is one label set: two annotators' files can be compared. */
static void set_author(feature *f, const char *path)
{
	g_free(f->source);
	g_free(f->author);
	f->source = g_strdup("import");
	f->author = g_path_get_basename(path);
}

/* By the name it gives, else by where it lies. */
static bool place_object(import_file *file, const char *path, import_object *o, GPtrArray *targets, const import_run *q,
                         guint *skipped, GError **error)
{
	g_autoptr(GError) why = NULL, wrong = NULL;
	set_author(o->f, path);
	target *t = o->image ? named_target(targets, o->image) : NULL;
	if (!t && o->image && o->space != IMPORT_MAP)
		t = picture_target(targets, o->image, path, q);
	if (t) {
		if (place_on(file, o, t, &why, &wrong))
			return true;
	} else if (o->space == IMPORT_MAP || o->space == IMPORT_LOOSE || targets->len == 1) {
		for (guint i = 0; i < targets->len && !wrong; i++)
			if (place_on(file, o, targets->pdata[i], &why, &wrong))
				return true;
	} else {
		g_set_error(
			error, IMPORT_ERROR, IMPORT_ERROR_PLACE,
			_("%s gives pixels of %s, which is not here: name the image with --image, or its folder with --images."),
			path, o->image ? o->image : _("an image that it does not name"));
		return false;
	}
	if (wrong) {
		g_propagate_error(error, g_steal_pointer(&wrong));
		return false;
	}
	import_skip(file, why);
	(*skipped)++;
	return true;
}

/* --- the project --- */

static bool collect_targets(import_run *r, project *p, const char *const *more, GError **error)
{
	g_autoptr(GPtrArray) images = p ? project_images(p, error) : NULL;
	if (p && !images)
		return false;
	for (guint i = 0; images && i < images->len; i++) {
		const project_image *im = images->pdata[i];
		char *path = project_find_image(p, im, NULL);
		if (path) /* one that is away now cannot get objects */
			add_target(r->targets, path, im->fingerprint);
	}
	for (const char *const *path = more; path && *path; path++) {
		target *t = named_target(r->targets, *path);
		t = t ? t : add_target(r->targets, g_strdup(*path), NULL);
		if (!open_target(t, error))
			return false;
	}
	return true;
}

/* One step of undo an image. */
static bool store_target(project *p, target *t, const char *what, GError **error)
{
	if (t->found->len == 0)
		return true;
	const gint64 image = project_add_image(p, raster_get_info(t->r), t->ref, error);
	return image != 0 && project_replace(p, image, NULL, 0, (feature **)t->found->pdata, t->found->len, what, error);
}

static bool store_all(project *p, GPtrArray *files, GPtrArray *targets, const char *what, GError **error)
{
	if (!project_begin(p, error))
		return false;
	bool ok = true;
	for (guint i = 0; ok && i < targets->len; i++)
		ok = store_target(p, targets->pdata[i], what, error);
	for (guint i = 0; ok && i < files->len; i++)
		for (const char *const *c = import_classes(files->pdata[i]); ok && *c; c++)
			ok = project_class_for(p, *c, NULL, error) > 0;
	for (guint i = 0; ok && i < files->len; i++)
		ok = project_set_parents(p, import_parents(files->pdata[i]), error);
	return project_end(p, ok, error);
}

static bool place_all(import_run *r, void (*progress)(double fraction, void *data), void *data, GError **error)
{
	guint placed = 0;
	for (guint i = 0; i < r->files->len; i++) {
		import_file *file = r->files->pdata[i];
		const guint n = import_count(file);
		for (guint k = 0; k < n; k++) {
			if (!place_object(file, r->paths[i], import_get(file, k), r->targets, r, &r->skipped, error))
				return false;
			if (progress)
				progress((k + 1.0) / n, data);
		}
		placed += n;
	}
	if (r->skipped < placed)
		return true;
	g_set_error(error, IMPORT_ERROR, IMPORT_ERROR_OUTSIDE,
	            _("None of the %u objects lies on an image of the project: name the image they lie on with --image."),
	            placed);
	return false;
}

/* --- the whole --- */

import_run *import_run_new(const char *const *paths, guint n, const char *images, const char *class_field,
                           GError **error)
{
	g_autoptr(import_run) r = g_new0(import_run, 1);
	r->paths = g_new0(char *, n + 1);
	r->images = g_strdup(images);
	r->class_field = g_strdup(class_field);
	r->files = g_ptr_array_new_with_free_func((GDestroyNotify)import_file_free);
	r->targets = g_ptr_array_new_with_free_func(target_free);
	for (guint i = 0; i < n; i++) {
		r->paths[i] = g_strdup(paths[i]);
		import_file *file = import_read(paths[i], r->class_field, error);
		if (!file)
			return NULL;
		g_ptr_array_add(r->files, file);
	}
	return g_steal_pointer(&r);
}

void import_run_free(import_run *r)
{
	if (!r)
		return;
	g_ptr_array_unref(r->targets);
	g_ptr_array_unref(r->files);
	g_strfreev(r->paths);
	g_free(r->class_field);
	g_free(r->images);
	g_free(r);
}

bool import_run_place(import_run *r, project *p, const char *const *more, void (*progress)(double fraction, void *data),
                      void *data, GError **error)
{
	return collect_targets(r, p, more, error) && place_all(r, progress, data, error);
}

bool import_run_store(import_run *r, project *p, GError **error)
{
	g_autofree char *base = g_path_get_basename(r->paths[0]);
	g_autofree char *what = g_strdup_printf(_("import %s"), base);
	return store_all(p, r->files, r->targets, what, error);
}

guint import_run_count(const import_run *r)
{
	guint n = 0;
	for (guint i = 0; i < r->targets->len; i++)
		n += ((target *)r->targets->pdata[i])->found->len;
	return n;
}

guint import_run_skipped(const import_run *r)
{
	return r->skipped;
}

GPtrArray *import_run_images(const import_run *r)
{
	GPtrArray *images = g_ptr_array_new();
	for (guint i = 0; i < r->targets->len; i++)
		if (((target *)r->targets->pdata[i])->found->len > 0)
			g_ptr_array_add(images, ((target *)r->targets->pdata[i])->path);
	return images;
}

char *import_run_report(const import_run *r, guint file)
{
	return import_report(r->files->pdata[file]);
}
