#include "export-fixture.h"

#include <glib/gstdio.h>

static feature *make_object(export_fixture *f, GRand *r, guint i, int cx, int cy)
{
	static const char *const classes[] = {"ship", "Baum & Hütte", "道路"};
	g_autoptr(GError) error = NULL;
	bitmask *m = random_mask(r, (int)i, 128, 128);
	feature *o = feature_new();
	m->x = CLAMP(m->x + cx - 64, 0, f->sample->info.width - m->w);
	m->y = CLAMP(m->y + cy - 64, 0, f->sample->info.height - m->h);
	g_assert_true(feature_set_mask(o, m, &error));
	g_assert_no_error(error);
	o->id = 100 + i;
	o->class_name = (g_free(o->class_name), g_strdup(classes[i % G_N_ELEMENTS(classes)]));
	o->score = i % 4 == 3 ? o->score : 0.25 + i / 64.0;
	o->area_m2 = georef_area_m2(f->ref, o->px_geom);
	o->edited = (g_free(o->edited), g_strdup_printf("2026-03-04T05:06:%02u.789Z", i % 60));
	o->caption = (g_free(o->caption), g_strdup("said \"so\", <b>ünd</b>"));
	g_ptr_array_add(f->masks, m);
	return o;
}

export_fixture *export_fixture_new(sample_info *sample, guint n, int cx, int cy)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GRand) r = g_rand_new_with_seed(12);
	export_fixture *f = g_new0(export_fixture, 1);
	f->sample = sample;
	f->ref = georef_new(&sample->info, &error);
	g_assert_no_error(error);
	f->objects = g_ptr_array_new_with_free_func((GDestroyNotify)feature_free);
	f->masks = g_ptr_array_new_with_free_func((GDestroyNotify)mask_free);
	for (guint i = 0; i < n; i++)
		g_ptr_array_add(f->objects, make_object(f, r, i, cx, cy));
	f->job.image = &sample->info;
	f->job.ref = f->ref;
	f->job.objects = (feature *const *)f->objects->pdata;
	f->job.n_objects = n;
	f->folder = g_dir_make_tmp("nadir-export-XXXXXX", &error);
	g_assert_no_error(error);
	return f;
}

char *export_fixture_path(const export_fixture *f, const char *name)
{
	return g_build_filename(f->folder, name, NULL);
}

static GPtrArray *list_files(const export_fixture *f)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GDir *dir = g_dir_open(f->folder, 0, NULL);
	const char *name;
	while (dir && (name = g_dir_read_name(dir)))
		g_ptr_array_add(names, g_strdup(name));
	if (dir)
		g_dir_close(dir);
	return names;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
	return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

char *export_fixture_files(const export_fixture *f)
{
	g_autoptr(GPtrArray) names = list_files(f);
	g_ptr_array_sort(names, compare_names);
	g_ptr_array_add(names, NULL);
	return g_strjoinv(" ", (char **)names->pdata);
}

void export_fixture_free(export_fixture *f)
{
	g_autoptr(GPtrArray) names = list_files(f);
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path = export_fixture_path(f, g_ptr_array_index(names, i));
		if (g_remove(path) != 0)
			g_rmdir(path);
	}
	g_rmdir(f->folder);
	g_free(f->folder);
	g_ptr_array_unref(f->objects);
	g_ptr_array_unref(f->masks);
	georef_free(f->ref);
	sample_info_free(f->sample);
	g_free(f);
}
