/* SIGKILL at random moments, and the same while the disk is full: after each, the project holds exactly the edits that
 * were acknowledged, but for the one in flight. */
#include "child-process.h"
#include "store-fixture.h"

#include <gdal.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 200, FULL_ROUNDS = 60 };

/* One random edit; what it does depends only on `r` and the objects there are. */
static bool edit(project *p, gint64 image, GRand *r)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) list = project_objects(p, 0, &error);
	g_autoptr(feature) fresh =
		fixture_object(g_rand_boolean(r) ? "ship" : "tree", g_rand_int_range(r, 0, 900), g_rand_int_range(r, 0, 700),
	                   g_rand_int_range(r, 1, 9), g_rand_int_range(r, 1, 9));
	int kind = list && list->len > 2 ? g_rand_int_range(r, 0, 7) : 0;
	feature *o = list && list->len > 0 ? g_ptr_array_index(list, g_rand_int_range(r, 0, (int)list->len)) : NULL;
	switch (kind) {
	case 1:
		return project_delete(p, &o->id, 1, "delete", &error);
	case 2:
		g_free(o->caption);
		o->caption = g_strdup_printf("caption %u", g_rand_int(r));
		return project_update(p, o, "caption", &error);
	case 3:
		return project_replace(p, image, &o->id, 1, &fresh, 1, "replace", &error);
	case 4:
		return project_undo(p, NULL, &error);
	case 5:
		return project_redo_text(p) ? project_redo(p, NULL, &error) : project_undo(p, NULL, &error);
	default:
		return project_insert(p, image, fresh, "insert", &error);
	}
}

/* No file may grow beyond this: what a full disk is to a program. 0: no limit. */
static void limit_files(rlim_t bytes)
{
	const struct rlimit limit = {bytes, bytes};
	if (bytes > 0)
		g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
}

/* Before each edit its result is not known, so the child says after each what the project now holds. An edit that
 * fails, on a full disk only, leaves it as it was. */
static void child_main(const char *path, gint64 image, guint32 seed, rlim_t limit)
{
	g_autoptr(GRand) r = g_rand_new_with_seed(seed);
	g_autoptr(GError) error = NULL;
	project *p = project_open(path, &error);
	if (!p) {
		printf("! %s\n", error->message);
		fflush(stdout);
		_exit(3);
	}
	limit_files(limit);
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		g_autofree char *before = fixture_digest(p);
		const bool done = edit(p, image, r);
		g_autofree char *digest = fixture_digest(p);
		if (!done && (limit == 0 || strcmp(before, digest) != 0)) {
			printf("! an edit failed\n");
			fflush(stdout);
			_exit(4);
		}
		printf("%s%s\n", done ? "" : "refused ", digest);
		fflush(stdout);
	}
}

static child start(const char *path, gint64 image, guint32 seed, rlim_t limit)
{
	g_autofree char *i = g_strdup_printf("%d", (int)image), *s = g_strdup_printf("%u", seed);
	g_autofree char *l = g_strdup_printf("%lu", (unsigned long)limit);
	return child_start((const char *const[]){"test-crash", "--child", path, i, s, l, NULL});
}

typedef struct {
	guint acknowledged, refused, in_flight;
} counts;

/* Kills after a random time once the child has begun; returns the last state it acknowledged, or NULL for none. */
static char *run_and_kill(const char *path, gint64 image, GRand *r, rlim_t limit, counts *n)
{
	child c = start(path, image, g_rand_int(r), limit);
	char line[200], *last = NULL;
	int status;
	g_assert_nonnull(fgets(line, sizeof line, c.out));
	g_assert_cmpstr(line, ==, "ready\n");
	g_usleep((gulong)g_rand_int_range(r, 0, limit > 0 ? 120000 : 40000));
	kill(c.pid, SIGKILL);
	while (fgets(line, sizeof line, c.out)) {
		if (!strchr(line, '\n'))
			break; /* cut by the kill */
		g_assert_cmpint(line[0], !=, '!');
		const bool refused = g_str_has_prefix(line, "refused ");
		n->refused += refused;
		n->acknowledged += !refused;
		g_free(last);
		last = g_strdup(g_strchomp(line) + (refused ? strlen("refused ") : 0));
	}
	fclose(c.out);
	waitpid(c.pid, &status, 0);
	g_assert_true(WIFSIGNALED(status));
	return last;
}

static void check_integrity(const char *path)
{
	GDALDatasetH ds = GDALOpenEx(path, GDAL_OF_VECTOR | GDAL_OF_UPDATE, NULL, NULL, NULL);
	OGRLayerH rows = GDALDatasetExecuteSQL(ds, "PRAGMA integrity_check", NULL, NULL);
	OGRFeatureH row = OGR_L_GetNextFeature(rows);
	g_assert_cmpstr(OGR_F_GetFieldAsString(row, 0), ==, "ok");
	OGR_F_Destroy(row);
	GDALDatasetReleaseResultSet(ds, rows);
	/* the views agree with the truth */
	rows =
		GDALDatasetExecuteSQL(ds,
	                          "SELECT count(*) FROM nadir_objects n LEFT JOIN objects o ON o.fid = n.fid AND "
	                          "o.caption = n.caption AND o.area_px = n.area_px WHERE o.fid IS NULL OR o.geom IS NULL",
	                          NULL, NULL);
	row = OGR_L_GetNextFeature(rows);
	g_assert_cmpint(OGR_F_GetFieldAsInteger(row, 0), ==, 0);
	OGR_F_Destroy(row);
	GDALDatasetReleaseResultSet(ds, rows);
	GDALClose(ds);
}

/* Exactly what was acknowledged; or one edit more, which undoing (or redoing, when it was an undo) takes back to that.
 */
static bool matches(project *p, const char *want)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *now = fixture_digest(p);
	if (strcmp(now, want) == 0)
		return true;
	if (project_undo(p, NULL, &error)) {
		g_autofree char *before = fixture_digest(p);
		g_assert_true(project_redo(p, NULL, &error));
		if (strcmp(before, want) == 0)
			return true;
	}
	g_clear_error(&error);
	if (project_redo(p, NULL, &error)) {
		g_autofree char *after = fixture_digest(p);
		g_assert_true(project_undo(p, NULL, &error));
		return strcmp(after, want) == 0;
	}
	return false;
}

/* A limit that the write-ahead log comes upon after an edit or a few; its index alone takes 32 KiB. */
static rlim_t choose_limit(GRand *r)
{
	return (rlim_t)g_rand_int_range(r, 40, 160) * 1024;
}

static void kill_again_and_again(guint rounds, bool full, guint32 seed, counts *n)
{
	char *folder = fixture_folder();
	g_autofree char *path = g_build_filename(folder, "k.nadir.gpkg", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GRand) r = g_rand_new_with_seed(seed);
	project *p = project_create(path, &error);
	g_assert_no_error(error);
	gint64 image = fixture_image(p, "/data/scene.tif", true);
	g_autofree char *state = fixture_digest(p);
	project_close(p);
	for (guint i = 0; i < rounds; i++) {
		g_autofree char *last = run_and_kill(path, image, r, full ? choose_limit(r) : 0, n);
		p = project_open(path, &error);
		g_assert_no_error(error);
		if (!matches(p, last ? last : state))
			g_error("round %u: the project holds something else than was acknowledged", i);
		g_autofree char *now = fixture_digest(p);
		n->in_flight += strcmp(now, last ? last : state) != 0;
		g_free(state);
		state = g_steal_pointer(&now);
		project_close(p);
		if (i % 10 == 0)
			check_integrity(path);
	}
	check_integrity(path);
	g_test_message("%u kills, %u edits acknowledged, %u refused, %u in flight were kept", rounds, n->acknowledged,
	               n->refused, n->in_flight);
	fixture_folder_remove(folder);
}

static void test_kill(void)
{
	counts n = {0};
	kill_again_and_again(ROUNDS, false, 11, &n);
	g_assert_cmpuint(n.acknowledged, >, ROUNDS);
	g_assert_cmpuint(n.refused, ==, 0);
}

static void test_kill_on_full_disk(void)
{
	counts n = {0};
	kill_again_and_again(FULL_ROUNDS, true, 12, &n);
	g_assert_cmpuint(n.acknowledged, >, FULL_ROUNDS);
	g_assert_cmpuint(n.refused, >, FULL_ROUNDS / 4);
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "--child") == 0) {
		child_main(argv[2], atoi(argv[3]), (guint32)strtoul(argv[4], NULL, 10), strtoul(argv[5], NULL, 10));
		return 1;
	}
	if (access("/dev/shm", W_OK) == 0)
		g_setenv("TMPDIR", "/dev/shm", TRUE); /* a kill is no power failure: forcing to a disk would only cost time */
	g_test_init(&argc, &argv, NULL);
	GDALAllRegister();
	g_test_add_func("/project/kill", test_kill);
	g_test_add_func("/project/kill-on-full-disk", test_kill_on_full_disk);
	return g_test_run();
}
