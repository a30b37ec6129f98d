#include "render/store/project-private.h"
#include "render/store/review.h"
#include "store-fixture.h"

#include <gdal.h>
#include <glib/gstdio.h>
#include <math.h>
#include <ogr_api.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
	char *folder, *path;
	project *p;
	gint64 image, ids[5];
} fixture;

static void set_up(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	f->folder = fixture_folder();
	f->path = g_build_filename(f->folder, "scene.tif.nadir.gpkg", NULL);
	f->p = project_create(f->path, &error);
	g_assert_no_error(error);
	f->image = fixture_image(f->p, "/data/scene.tif", true);
	for (int i = 0; i < 5; i++) {
		g_autoptr(feature) o = fixture_object(i % 2 ? "ship" : "tree", 20 * i, 10 * i, 6 + i, 7);
		g_assert_true(project_insert(f->p, f->image, o, "insert", &error));
		f->ids[i] = o->id;
	}
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

static gint64 decide(fixture *f, int i, review_decision d, const char *class_name)
{
	g_autoptr(GError) error = NULL;
	gint64 step = 0;
	const review_change c = {.decides = true, .decision = d, .class_name = class_name, .reviewer = "anna"};
	g_assert_true(project_review(f->p, &f->ids[i], 1, &c, "decide", NULL, &step, &error));
	g_assert_no_error(error);
	return step;
}

static void test_decide(fixture *f, gconstpointer unused)
{
	static const char *const states[] = {"draft", "accepted", "rejected", "flagged", "accepted"};
	for (int i = 1; i < REVIEW_DECISIONS; i++)
		decide(f, i, (review_decision)i, NULL);
	reopen(f);
	for (int i = 1; i < REVIEW_DECISIONS; i++) {
		g_autoptr(feature) o = project_object(f->p, f->ids[i], NULL);
		g_assert_cmpstr(o->review, ==, review_decision_name((review_decision)i));
		g_assert_cmpstr(o->state, ==, states[i]);
		g_assert_cmpstr(o->reviewer, ==, "anna");
		g_assert_cmpuint(strlen(o->reviewed), ==, 24);
		g_assert_cmpint(o->area_px, >, 0);
	}
	g_autoptr(feature) first = project_object(f->p, f->ids[0], NULL);
	g_assert_cmpstr(first->review, ==, "undecided");
	g_assert_cmpstr(first->source, ==, "model");
	g_assert_cmpint(first->proposed_id, ==, first->class_id);
}

/* One by one, and the outline is never touched. */
static void test_undo(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *before = fixture_digest(f->p);
	g_autoptr(GPtrArray) digests = g_ptr_array_new_with_free_func(g_free);
	for (int i = 0; i < 5; i++) {
		g_ptr_array_add(digests, fixture_digest(f->p));
		decide(f, i, REVIEW_REJECTED, i == 3 ? "barge" : NULL);
	}
	g_autofree char *after = fixture_digest(f->p);
	reopen(f);
	for (int i = 4; i >= 0; i--) {
		g_auto(project_changes) changes = {0};
		g_assert_true(project_undo(f->p, &changes, &error));
		g_autofree char *now = fixture_digest(f->p);
		g_assert_cmpstr(now, ==, digests->pdata[i]);
		g_assert_cmpuint(changes.objects->len, ==, 1);
		const project_change *c = changes.objects->pdata[0];
		g_assert_cmpint(c->id, ==, f->ids[i]);
		g_assert_nonnull(c->now->px_geom);
	}
	g_autofree char *back = fixture_digest(f->p);
	g_assert_cmpstr(before, ==, back);
	for (int i = 0; i < 5; i++)
		g_assert_true(project_redo(f->p, NULL, &error));
	g_autofree char *again = fixture_digest(f->p);
	g_assert_cmpstr(after, ==, again);
}

static void test_many(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	const review_change c = {.decides = true, .decision = REVIEW_ACCEPTED, .reviewer = "ben"};
	g_auto(project_changes) changes = {0};
	g_assert_true(project_review(f->p, f->ids, 5, &c, "accept 5", &changes, NULL, &error));
	g_assert_cmpuint(changes.objects->len, ==, 5);
	g_assert_cmpstr(project_undo_text(f->p), ==, "accept 5");
	g_assert_true(project_undo(f->p, NULL, &error));
	g_autoptr(GArray) items = project_review_items(f->p, &error);
	for (guint i = 0; i < items->len; i++)
		g_assert_cmpint(g_array_index(items, review_item, i).decision, ==, REVIEW_UNDECIDED);
	/* One of them is not there: nothing of it happens. */
	gint64 ids[] = {f->ids[0], 999};
	g_assert_false(project_review(f->p, ids, 2, &c, "accept", NULL, NULL, &error));
	g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE);
	g_autoptr(feature) o = project_object(f->p, f->ids[0], NULL);
	g_assert_cmpstr(o->review, ==, "undecided");
}

/* The last decision is undone; one that others followed becomes undecided as a step of its own. */
/* Of two versions of an object one is accepted and the other rejected, in one step that goes back as one. */
static void test_against(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *before = fixture_digest(f->p);
	g_auto(project_changes) changes = {0};
	gint64 step = 0;
	const gint64 both[] = {f->ids[1], f->ids[3]};
	const review_change c = {.decides = true, .decision = REVIEW_ACCEPTED, .reviewer = "anna", .against = f->ids[3]};
	g_assert_true(project_review(f->p, &f->ids[1], 1, &c, "take one", &changes, &step, &error));
	g_assert_cmpuint(changes.objects->len, ==, 2);
	g_autoptr(feature) taken = project_object(f->p, f->ids[1], NULL), left = project_object(f->p, f->ids[3], NULL);
	g_assert_cmpstr(taken->review, ==, "accepted");
	g_assert_cmpstr(left->review, ==, "rejected");
	g_assert_true(project_review_take_back(f->p, step, both, 2, "back", NULL, &error));
	g_autofree char *after = fixture_digest(f->p);
	g_assert_cmpstr(before, ==, after);
}

static void test_take_back(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *before = fixture_digest(f->p);
	const gint64 first = decide(f, 0, REVIEW_ACCEPTED, NULL), second = decide(f, 1, REVIEW_REJECTED, "barge");
	g_assert_true(project_review_take_back(f->p, first, &f->ids[0], 1, "take back", NULL, &error));
	g_autoptr(feature) a = project_object(f->p, f->ids[0], NULL), b = project_object(f->p, f->ids[1], NULL);
	g_assert_cmpstr(a->review, ==, "undecided");
	g_assert_cmpstr(b->review, ==, "rejected");
	g_assert_true(project_undo(f->p, NULL, &error));
	g_assert_true(project_review_take_back(f->p, second, &f->ids[1], 1, "take back", NULL, &error));
	g_assert_true(project_undo(f->p, NULL, &error));
	g_autofree char *after = fixture_digest(f->p);
	g_assert_cmpstr(before, ==, after);
}

/* A decision is taken back from wherever the review is by then: undo goes through another image's steps. */
static void test_take_back_elsewhere(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	const gint64 other = fixture_image(f->p, "/data/other.tif", false);
	g_autoptr(feature) o = fixture_object("ship", 5, 5, 9, 9);
	g_assert_true(project_insert(f->p, other, o, "accept", &error));
	const gint64 step = decide(f, 0, REVIEW_ACCEPTED, NULL);
	project_set_undo_image(f->p, other);
	g_assert_true(project_review_take_back(f->p, step, &f->ids[0], 1, "take back", NULL, &error));
	g_assert_no_error(error);
	g_autoptr(feature) a = project_object(f->p, f->ids[0], NULL), still = project_object(f->p, o->id, NULL);
	g_assert_cmpstr(a->review, ==, "undecided");
	g_assert_nonnull(still);
}

static void test_items(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	const review_change said = {.comment = "is this one?", .reviewer = "anna"};
	g_assert_true(project_review(f->p, &f->ids[2], 1, &said, "comment", NULL, NULL, &error));
	decide(f, 2, REVIEW_ACCEPTED, "ship");
	g_autoptr(GArray) items = project_review_items(f->p, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(items->len, ==, 5);
	for (guint i = 0; i < items->len; i++) {
		review_item one;
		const review_item *item = &g_array_index(items, review_item, i);
		g_autoptr(feature) o = project_object(f->p, item->id, NULL);
		review_item_from_feature(&one, f->image, o);
		const gsize all = offsetof(review_item, commented) + 1; /* what lies behind it is padding */
		g_assert_cmpmem(&one, all, item, all);
	}
	const review_item *item = &g_array_index(items, review_item, 2);
	g_assert_true(item->commented);
	g_assert_cmpint(item->class_id, !=, item->proposed_id);
	g_assert_cmpfloat(item->extent[0], ==, 40);
	g_assert_cmpfloat(item->extent[3], ==, 27);
	g_assert_cmpint(ABS(item->reviewed - g_get_real_time()), <, 60 * G_USEC_PER_SEC);
}

/* The outline it came with can be shown beside the one it has now; what replaces an object keeps its review. */
static void test_before(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	decide(f, 0, REVIEW_FLAGGED, NULL);
	g_autoptr(GBytes) same = project_review_before(f->p, f->ids[0], &error);
	g_assert_null(same);
	g_autoptr(feature) o = project_object(f->p, f->ids[0], NULL), other = fixture_object("tree", 1, 1, 9, 9);
	other->id = o->id;
	g_assert_true(project_update(f->p, other, "fix", &error));
	g_autoptr(GBytes) first = project_review_before(f->p, f->ids[0], &error);
	g_assert_no_error(error);
	g_assert_true(g_bytes_equal(first, o->px_geom));
	g_autoptr(feature) now = project_object(f->p, f->ids[0], NULL);
	g_assert_cmpstr(now->review, ==, "flagged");
	g_assert_cmpstr(now->source, ==, "model");
}

static void test_queues(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_assert_true(project_put_queue(f->p, "b's", "{}", &error));
	g_assert_true(project_put_queue(f->p, "a", "{\"x\":1}", &error));
	g_assert_true(project_put_queue(f->p, "a", "{\"x\":2}", &error));
	reopen(f);
	g_autoptr(GPtrArray) list = project_queues(f->p, &error);
	g_assert_cmpuint(list->len, ==, 2);
	g_assert_cmpstr(((review_queue_row *)list->pdata[0])->filter, ==, "{\"x\":2}");
	g_assert_true(project_put_queue(f->p, "a", NULL, &error));
	g_autoptr(GPtrArray) rest = project_queues(f->p, &error);
	g_assert_cmpuint(rest->len, ==, 1);
	g_assert_cmpstr(((review_queue_row *)rest->pdata[0])->name, ==, "b's");
}

/* --- a project of version 1 --- */

static void statement(const char *path, const char *sql)
{
	const char *const drivers[] = {"GPKG", NULL}, *const options[] = {"LIST_ALL_TABLES=YES", NULL};
	GDALDatasetH ds = GDALOpenEx(path, GDAL_OF_VECTOR | GDAL_OF_UPDATE, drivers, options, NULL);
	g_assert_nonnull(ds);
	CPLErrorReset();
	OGRLayerH rows = GDALDatasetExecuteSQL(ds, sql, NULL, NULL);
	g_assert_cmpint(CPLGetLastErrorType(), <, CE_Failure);
	if (rows)
		GDALDatasetReleaseResultSet(ds, rows);
	GDALClose(ds);
}

static void make_old(fixture *f)
{
	static const char *const columns[][2] = {
		{"nadir_objects", "source"},     {"nadir_objects", "author"},  {"nadir_objects", "review"},
		{"nadir_objects", "reviewed"},   {"nadir_objects", "comment"}, {"nadir_objects", "proposed_id"},
		{"nadir_objects", "attributes"}, {"objects", "attributes"},    {"objects_px", "attributes"},
		{"classes", "parent"},           {"classes", "fields"}};
	g_clear_pointer(&f->p, project_close);
	for (guint i = 0; i < G_N_ELEMENTS(columns); i++) {
		g_autofree char *sql = g_strdup_printf("ALTER TABLE %s DROP COLUMN %s", columns[i][0], columns[i][1]);
		statement(f->path, sql);
	}
	statement(f->path, "DROP TABLE queues");
	statement(f->path, "UPDATE nadir_meta SET schema_version = 1, program = 'Nadir 0.0.1'");
}

static void test_migrate(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(feature) o = project_object(f->p, f->ids[1], NULL);
	const int proposed = o->class_id;
	g_free(o->class_name);
	o->class_name = g_strdup("barge");
	g_assert_true(project_update(f->p, o, "label", &error));
	g_autofree char *before = fixture_digest(f->p);
	make_old(f);
	f->p = project_open(f->path, &error);
	g_assert_no_error(error);
	g_autofree char *after = fixture_digest(f->p), *program = project_text(f->p, "SELECT program FROM nadir_meta");
	g_assert_cmpstr(before, ==, after);
	g_assert_cmpstr(program, ==, "Nadir " NADIR_VERSION); /* what reads it from now on */
	g_autoptr(GArray) items = project_review_items(f->p, &error);
	g_assert_cmpint(g_array_index(items, review_item, 1).proposed_id, ==, proposed);
	g_assert_cmpint(g_array_index(items, review_item, 1).class_id, !=, proposed);
	g_assert_cmpint(g_array_index(items, review_item, 0).source, ==, REVIEW_MODEL);
	decide(f, 1, REVIEW_ACCEPTED, NULL);
	g_assert_true(project_undo(f->p, NULL, &error)); /* the decision */
	g_assert_true(project_undo(f->p, NULL, &error)); /* a step of the old journal */
	g_autoptr(feature) back = project_object(f->p, f->ids[1], NULL);
	g_assert_cmpint(back->class_id, ==, proposed);
	g_assert_cmpstr(back->review, ==, "undecided");
	g_assert_true(project_put_queue(f->p, "a", "{}", &error));
}

/* Where it may not be written it is read as it is. */
static void test_old_read_only(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *before = fixture_digest(f->p);
	if (getuid() == 0) {
		g_test_skip("root may write everything");
		return;
	}
	make_old(f);
	g_chmod(f->path, 0444);
	f->p = project_open(f->path, &error);
	g_assert_no_error(error);
	g_autofree char *after = fixture_digest(f->p), *program = project_text(f->p, "SELECT program FROM nadir_meta");
	g_assert_cmpstr(before, ==, after);
	g_assert_cmpstr(program, ==, "Nadir " NADIR_VERSION); /* what reads it from now on */
	g_autoptr(GArray) items = project_review_items(f->p, &error);
	g_autoptr(GPtrArray) queues = project_queues(f->p, &error);
	g_assert_cmpuint(items->len, ==, 5);
	g_assert_cmpuint(queues->len, ==, 0);
}

/* kill -9 between decisions: every one that was told as committed is there. */
static void test_kill(fixture *f, gconstpointer unused)
{
	int tube[2];
	gint64 last = 0, id;
	g_autoptr(GError) error = NULL;
	g_clear_pointer(&f->p, project_close);
	g_assert_cmpint(pipe(tube), ==, 0);
	const pid_t child = fork();
	if (child == 0) {
		project *p = project_open(f->path, NULL);
		const review_change c = {.decides = true, .decision = REVIEW_REJECTED, .reviewer = "anna"};
		for (int i = 0; i < 5; i++)
			if (project_review(p, &f->ids[i], 1, &c, "reject", NULL, NULL, NULL) &&
			    write(tube[1], &f->ids[i], sizeof f->ids[i]) < 0)
				break;
		pause();
		_exit(0);
	}
	close(tube[1]);
	for (int i = 0; i < 3; i++) {
		g_assert_cmpint(read(tube[0], &id, sizeof id), ==, sizeof id);
		last = id;
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(tube[0]);
	f->p = project_open(f->path, &error);
	g_assert_no_error(error);
	for (int i = 0; f->ids[i] <= last && i < 3; i++) {
		g_autoptr(feature) o = project_object(f->p, f->ids[i], NULL);
		g_assert_cmpstr(o->state, ==, "rejected");
	}
	g_assert_cmpstr(project_undo_text(f->p), ==, "reject");
}

#define ADD(name, test) g_test_add("/review/" name, fixture, NULL, set_up, test, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("decide", test_decide);
	ADD("undo", test_undo);
	ADD("many", test_many);
	ADD("against", test_against);
	ADD("take-back", test_take_back);
	ADD("take-back-elsewhere", test_take_back_elsewhere);
	ADD("items", test_items);
	ADD("before", test_before);
	ADD("queues", test_queues);
	ADD("migrate", test_migrate);
	ADD("old-read-only", test_old_read_only);
	ADD("kill", test_kill);
	return g_test_run();
}
