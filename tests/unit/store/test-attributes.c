/* Classes below classes and the attributes that they ask for, in a project. */
#include "store-fixture.h"

#include "render/geometry/attributes.h"

#include <gdal.h>

typedef struct {
	char *folder, *path;
	project *p;
	gint64 image;
	int vehicle, car, van;
} fixture;

#define DOORS "[{\"name\":\"doors\",\"type\":\"number\",\"required\":true}]"
#define PLATE "[{\"name\":\"plate\",\"type\":\"text\",\"required\":false}]"

static void change(fixture *f, int id, int parent, const char *fields)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) classes = project_classes(f->p, &error);
	project_class *c = project_class_copy(project_class_by_id(classes, id));
	c->parent = parent;
	g_free(c->fields);
	c->fields = g_strdup(fields);
	g_assert_true(project_update_class(f->p, c, "change", &error));
	g_assert_no_error(error);
	project_class_free(c);
}

static void set_up(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	f->folder = fixture_folder();
	f->path = g_build_filename(f->folder, "a.nadir.gpkg", NULL);
	f->p = project_create(f->path, &error);
	g_assert_no_error(error);
	f->image = fixture_image(f->p, "/data/one.tif", true);
	f->vehicle = project_class_for(f->p, "vehicle", "add", &error);
	f->car = project_class_for(f->p, "car/small", "add", &error);
	f->van = project_class_for(f->p, "van", "add", &error);
	change(f, f->vehicle, 0, DOORS);
	change(f, f->car, f->vehicle, PLATE);
	change(f, f->van, f->car, "");
}

static void tear_down(fixture *f, gconstpointer unused)
{
	project_close(f->p);
	g_free(f->path);
	fixture_folder_remove(f->folder);
}

static void reopen(fixture *f)
{
	g_autoptr(GError) error = NULL;
	project_close(f->p);
	f->p = project_open(f->path, &error);
	g_assert_no_error(error);
}

static void test_line(fixture *f, gconstpointer unused)
{
	reopen(f);
	g_autoptr(GPtrArray) classes = project_classes(f->p, NULL);
	const project_class *van = project_class_by_id(classes, f->van);
	g_autofree char *path = project_class_path(classes, van);
	g_autoptr(GPtrArray) fields = project_class_fields(classes, van);
	g_assert_cmpstr(path, ==, "vehicle/car\\/small/van");
	g_assert_cmpuint(fields->len, ==, 2); /* of those above it, the topmost first */
	g_assert_cmpstr(((attribute_field *)fields->pdata[0])->name, ==, "doors");
	g_assert_true(project_class_is_below(classes, van, f->vehicle));
	g_assert_false(project_class_is_below(classes, project_class_by_id(classes, f->vehicle), f->van));
}

static void test_refused(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) classes = project_classes(f->p, NULL);
	project_class c = *project_class_by_id(classes, f->vehicle);
	c.parent = f->van;
	g_assert_false(project_update_class(f->p, &c, "circle", &error));
	g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE);
	g_clear_error(&error);
	c = *project_class_by_id(classes, f->vehicle);
	c.fields = (char *)"[{\"name\":\"score\",\"type\":\"number\"}]";
	g_assert_false(project_update_class(f->p, &c, "name", &error));
	g_assert_error(error, ATTRIBUTE_ERROR, ATTRIBUTE_ERROR_NAME);
}

/* Those below a deleted class move up, and undo brings all of it back. */
static void test_delete(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_assert_true(project_delete_class(f->p, f->car, "delete", &error));
	g_autoptr(GPtrArray) after = project_classes(f->p, NULL);
	g_assert_cmpint(project_class_by_id(after, f->van)->parent, ==, f->vehicle);
	g_assert_true(project_undo(f->p, NULL, &error));
	g_autoptr(GPtrArray) back = project_classes(f->p, NULL);
	g_assert_cmpint(project_class_by_id(back, f->van)->parent, ==, f->car);
	g_assert_cmpstr(project_class_by_id(back, f->car)->fields, ==, PLATE);
}

static gint64 insert(fixture *f, const char *attributes)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(feature) o = fixture_object("van", 5, 5, 9, 7);
	g_free(o->attributes);
	o->attributes = g_strdup(attributes);
	g_assert_true(project_insert(f->p, f->image, o, "accept", &error));
	g_assert_no_error(error);
	return o->id;
}

static void check(fixture *f, gint64 id, const char *attributes)
{
	g_autoptr(feature) o = project_object(f->p, id, NULL);
	g_assert_cmpstr(o->attributes, ==, attributes);
}

static void test_values(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	const gint64 id = insert(f, "{\"doors\":4}");
	g_autoptr(feature) o = project_object(f->p, id, NULL);
	g_autoptr(GBytes) outline = g_bytes_ref(o->px_geom);
	g_free(o->attributes);
	o->attributes = g_strdup("{\"doors\":5,\"plate\":\"it's\"}");
	g_assert_true(project_update(f->p, o, "doors", &error));
	reopen(f);
	check(f, id, "{\"doors\":5,\"plate\":\"it's\"}");
	g_assert_true(project_undo(f->p, NULL, &error));
	check(f, id, "{\"doors\":4}");
	g_assert_true(project_redo(f->p, NULL, &error));
	check(f, id, "{\"doors\":5,\"plate\":\"it's\"}");
	g_autoptr(feature) now = project_object(f->p, id, NULL);
	g_assert_true(g_bytes_equal(outline, now->px_geom));
	g_assert_cmpstr(now->prompt, ==, o->prompt);
	/* What is made anew by hand keeps them. */
	g_autoptr(feature) painted = fixture_object("van", 5, 5, 12, 12);
	painted->id = id;
	g_assert_true(project_update(f->p, painted, "brush", &error));
	check(f, id, "{\"doors\":5,\"plate\":\"it's\"}");
	g_assert_true(project_delete(f->p, &id, 1, "delete", &error));
	g_assert_true(project_undo(f->p, NULL, &error));
	check(f, id, "{\"doors\":5,\"plate\":\"it's\"}");
}

/* Other programs see them in the feature layer. */
static void test_seen_by_others(fixture *f, gconstpointer unused)
{
	insert(f, "{\"doors\":4}");
	g_clear_pointer(&f->p, project_close);
	GDALDatasetH ds = GDALOpenEx(f->path, GDAL_OF_VECTOR, NULL, NULL, NULL);
	OGRLayerH layer = GDALDatasetGetLayerByName(ds, "objects");
	OGRFeatureH row = OGR_L_GetNextFeature(layer);
	g_assert_cmpstr(OGR_F_GetFieldAsString(row, OGR_F_GetFieldIndex(row, "attributes")), ==, "{\"doors\":4}");
	OGR_F_Destroy(row);
	GDALClose(ds);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	GDALAllRegister();
	g_test_add("/attributes/line", fixture, NULL, set_up, test_line, tear_down);
	g_test_add("/attributes/refused", fixture, NULL, set_up, test_refused, tear_down);
	g_test_add("/attributes/delete", fixture, NULL, set_up, test_delete, tear_down);
	g_test_add("/attributes/values", fixture, NULL, set_up, test_values, tear_down);
	g_test_add("/attributes/seen-by-others", fixture, NULL, set_up, test_seen_by_others, tear_down);
	return g_test_run();
}
