/* SIGKILL at random moments: after each, the project holds exactly the edits that were acknowledged, but for the one in
 * flight. */
#include "store-fixture.h"

#include <gdal.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 200 };

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

/* Before each edit its result is not known, so the child says after each what the project now holds. */
static void child_main(const char *path, gint64 image, guint32 seed)
{
	g_autoptr(GRand) r = g_rand_new_with_seed(seed);
	g_autoptr(GError) error = NULL;
	project *p = project_open(path, &error);
	if (!p) {
		printf("! %s\n", error->message);
		fflush(stdout);
		_exit(3);
	}
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		if (!edit(p, image, r)) {
			printf("! an edit failed\n");
			fflush(stdout);
			_exit(4);
		}
		g_autofree char *digest = fixture_digest(p);
		printf("%s\n", digest);
		fflush(stdout);
	}
}

typedef struct {
	pid_t pid;
	FILE *out;
} child;

static child start(const char *path, gint64 image, guint32 seed)
{
	int ends[2];
	child c;
	g_assert_cmpint(pipe(ends), ==, 0);
	c.pid = fork();
	g_assert_cmpint(c.pid, >=, 0);
	if (c.pid == 0) {
		g_autofree char *i = g_strdup_printf("%d", (int)image), *s = g_strdup_printf("%u", seed);
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl("/proc/self/exe", "test-crash", "--child", path, i, s, NULL);
		_exit(127);
	}
	close(ends[1]);
	c.out = fdopen(ends[0], "r");
	return c;
}

/* Kills after a random time once the child has begun; returns the last state it acknowledged, or NULL for none. */
static char *run_and_kill(const char *path, gint64 image, GRand *r, guint *acknowledged)
{
	child c = start(path, image, g_rand_int(r));
	char line[200], *last = NULL;
	int status;
	g_assert_nonnull(fgets(line, sizeof line, c.out));
	g_assert_cmpstr(line, ==, "ready\n");
	g_usleep((gulong)g_rand_int_range(r, 0, 40000));
	kill(c.pid, SIGKILL);
	while (fgets(line, sizeof line, c.out)) {
		if (!strchr(line, '\n'))
			break; /* cut by the kill */
		g_assert_cmpint(line[0], !=, '!');
		g_free(last);
		last = g_strdup(g_strchomp(line));
		(*acknowledged)++;
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

static void test_kill(void)
{
	char *folder = fixture_folder();
	g_autofree char *path = g_build_filename(folder, "k.nadir.gpkg", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GRand) r = g_rand_new_with_seed(11);
	guint acknowledged = 0, in_flight = 0;
	project *p = project_create(path, &error);
	g_assert_no_error(error);
	gint64 image = fixture_image(p, "/data/scene.tif", true);
	g_autofree char *state = fixture_digest(p);
	project_close(p);
	for (int i = 0; i < ROUNDS; i++) {
		g_autofree char *last = run_and_kill(path, image, r, &acknowledged);
		p = project_open(path, &error);
		g_assert_no_error(error);
		if (!matches(p, last ? last : state))
			g_error("round %d: the project holds something else than was acknowledged", i);
		g_autofree char *now = fixture_digest(p);
		in_flight += strcmp(now, last ? last : state) != 0;
		g_free(state);
		state = g_steal_pointer(&now);
		project_close(p);
		if (i % 10 == 0)
			check_integrity(path);
	}
	check_integrity(path);
	g_test_message("%d kills, %u edits acknowledged, %u in flight were kept", ROUNDS, acknowledged, in_flight);
	g_assert_cmpuint(acknowledged, >, ROUNDS);
	fixture_folder_remove(folder);
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "--child") == 0) {
		child_main(argv[2], atoi(argv[3]), (guint32)strtoul(argv[4], NULL, 10));
		return 1;
	}
	if (access("/dev/shm", W_OK) == 0)
		g_setenv("TMPDIR", "/dev/shm", TRUE); /* a kill is no power failure: forcing to a disk would only cost time */
	g_test_init(&argc, &argv, NULL);
	GDALAllRegister();
	g_test_add_func("/project/kill", test_kill);
	return g_test_run();
}
