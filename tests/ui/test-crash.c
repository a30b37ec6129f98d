/* Edits of every kind at random in a process of its own, as the window asks for them, which is killed at random points;
 * the same on a full disk, in a folder that may not be written any more, and in the moment a project begins. After each
 * kill the project holds exactly what was acknowledged, but for the edit in flight, wholly or not at all; the window
 * shows what the project holds; OGR and SQLite find it valid. */
#include <fcntl.h>
#include <gdal.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/document/document-history.h"
#include "tests/ui/crash-edits.h"
#include "tests/ui/fixture.h"
#include "tests/unit/store/child-process.h"

enum { ROUNDS = 200, FULL_ROUNDS = 60, LOCKED_ROUNDS = 40, FIRST_ROUNDS = 40, EDITS_TO_BEGIN = 12 };

#define EMPTY "d41d8cd98f00b204e9800998ecf8427e" /* the state where there is no project */

static service *open_service(void)
{
	return service_new(&(engine_options){.model = "/nowhere/none.gguf"});
}

/* --- the child --- */

static void say(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void say(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	fflush(stdout);
}

/* No file may grow beyond this: what a full disk is to a program. 0: no limit. */
static void limit_files(rlim_t bytes)
{
	const struct rlimit limit = {bytes, bytes};
	if (bytes > 0)
		g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
}

static void on_error(bool *refused)
{
	*refused = true;
}

/* Each edit is announced, done, and acknowledged with the state that it has led to. */
static void do_one(hand *h, bool *refused)
{
	const crash_edit *e = crash_choose(h);
	const crash_aside aside = e->choose ? e->choose(h) : (crash_aside){NULL, NULL};
	g_autofree char *value = aside.value ? g_uri_escape_string(aside.value, NULL, FALSE) : NULL;
	g_free(aside.value);
	say("+ %u %s=%s\n", (guint)(e - crash_edit_at(0)), aside.key ? aside.key : "", value ? value : "");
	*refused = false;
	const bool asked = e->work(h);
	g_autofree char *now = crash_state(h->d);
	if (!now) { /* the edit was refused, and the folder lets nobody open the project again: there is only the end */
		say("end\n");
		pause();
	}
	say("= %c %d %s\n", !asked ? 'n' : *refused ? 'r' : 'y', (int)crash_top(h->d), now);
}

/* edits: that many, then the project is closed; 0: until it is killed. */
static int child_main(const char *path, guint32 seed, rlim_t limit, guint edits)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GRand) r = g_rand_new_with_seed(seed);
	g_autofree char *folder = g_path_get_dirname(path);
	bool refused;
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) /* root writes anywhere */
		return 2;
	service *svc = open_service();
	NadirDocument *d = fixture_open(path, svc, &error);
	if (!d) {
		say("! %s\n", error->message);
		return 3;
	}
	g_signal_connect_swapped(d, "error", G_CALLBACK(on_error), &refused);
	hand h = {d, r, folder, NULL};
	limit_files(limit);
	say("ready\n");
	for (guint i = 0; edits == 0 || i < edits; i++)
		do_one(&h, &refused);
	g_clear_object(&h.answer);
	fixture_close(d);
	service_free(svc);
	return 0;
}

/* --- the parent --- */

static child start(const char *path, guint32 seed, rlim_t limit, guint edits)
{
	g_autofree char *s = g_strdup_printf("%u", seed), *l = g_strdup_printf("%lu", (unsigned long)limit);
	g_autofree char *e = g_strdup_printf("%u", edits);
	return child_start((const char *const[]){"test-crash", "--child", path, s, l, e, NULL});
}

/* What a child has said: the last state it acknowledged and the edit that it was at. */
typedef struct {
	char *state; /* NULL: none yet */
	gint64 top;
	int edit; /* -1: none in flight */
	char *aside;
} report;

static void report_clear(report *r)
{
	g_clear_pointer(&r->state, g_free);
	g_clear_pointer(&r->aside, g_free);
}

typedef struct {
	guint kills, acknowledged, refused, idle, in_flight, kept;
	guint *by_kind; /* acknowledged, [crash_n_edits()] */
} counts;

static void hear(report *r, char *line, counts *n)
{
	char *rest;
	g_strchomp(line);
	if (*line == '+') {
		r->edit = (int)strtol(line + 2, &rest, 10);
		g_free(r->aside);
		r->aside = g_strdup(rest + 1);
		return;
	}
	g_assert_cmpint(*line, ==, '=');
	n->acknowledged += line[2] == 'y';
	n->refused += line[2] == 'r';
	n->idle += line[2] == 'n';
	n->by_kind[r->edit] += line[2] == 'y';
	g_free(r->state);
	r->top = strtol(line + 4, &rest, 10);
	r->state = g_strdup(rest + 1);
	if (*r->state == '!')
		g_error("after \"%s\": %s", crash_edit_at((guint)r->edit)->name, r->state);
	r->edit = -1;
}

/* A line; false: there is none any more, or the child does nothing any more. */
static bool hear_line(child *c, report *r, counts *n)
{
	static char line[20000];
	if (!fgets(line, sizeof line, c->out) || !strchr(line, '\n') || strcmp(line, "end\n") == 0)
		return false;
	if (*line == '!')
		g_error("%s", line);
	if (*line == '+' || *line == '=')
		hear(r, line, n);
	return true;
}

static void hear_all(child *c, report *r, counts *n)
{
	while (hear_line(c, r, n))
		;
	fclose(c->out);
}

typedef struct {
	char *dir, *image, *project;
	GRand *r;
	rlim_t limit;
	bool lock; /* the folder may not be written any more, from a random moment on */
	counts n;
	report last;
} world;

static void world_up(world *w, gconstpointer data)
{
	w->dir = fixture_dir();
	w->image = fixture_sample(w->dir);
	w->project = g_strconcat(w->image, ".nadir.gpkg", NULL);
	w->r = g_rand_new_with_seed(GPOINTER_TO_UINT(data));
	w->n.by_kind = g_new0(guint, crash_n_edits());
	w->last.edit = -1;
	crash_write_files(w->dir);
	g_chmod(w->dir, 0777);
}

static void world_down(world *w, gconstpointer data)
{
	report_clear(&w->last);
	fixture_remove(w->dir);
	g_rand_free(w->r);
	g_free(w->n.by_kind);
	g_free(w->project);
	g_free(w->image);
	g_free(w->dir);
}

/* A project that has something in it; each edit by its number, so that every kind has been acknowledged once. */
static void begin(world *w)
{
	int status;
	child c = start(w->image, g_rand_int(w->r), 0, EDITS_TO_BEGIN);
	hear_all(&c, &w->last, &w->n);
	g_assert_cmpint(waitpid(c.pid, &status, 0), ==, c.pid);
	g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	g_assert_true(g_file_test(w->project, G_FILE_TEST_EXISTS));
}

/* After some of its lines, and a moment. */
static void run_and_kill(world *w, const char *path)
{
	int status;
	char line[200];
	child c = start(path, g_rand_int(w->r), w->limit, 0);
	const int n = g_rand_int_range(w->r, 0, 20), locked = g_rand_int_range(w->r, 0, 20);
	g_assert_nonnull(fgets(line, sizeof line, c.out));
	if (strcmp(line, "ready\n") != 0)
		g_error("%s", line);
	for (int i = 0; i < n; i++) {
		if (w->lock && i == locked)
			g_chmod(w->dir, 0555);
		if (!hear_line(&c, &w->last, &w->n))
			break;
	}
	g_usleep((gulong)g_rand_int_range(w->r, 0, 20000));
	kill(c.pid, SIGKILL);
	hear_all(&c, &w->last, &w->n);
	g_assert_cmpint(waitpid(c.pid, &status, 0), ==, c.pid);
	g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	g_chmod(w->dir, 0777);
	w->n.kills++;
	w->n.in_flight += w->last.edit >= 0;
}

static GString *query(GDALDatasetH ds, const char *sql)
{
	GString *text = g_string_new(NULL);
	OGRLayerH rows = GDALDatasetExecuteSQL(ds, sql, NULL, NULL);
	for (OGRFeatureH row; rows && (row = OGR_L_GetNextFeature(rows)); OGR_F_Destroy(row))
		g_string_append(text, OGR_F_GetFieldAsString(row, 0));
	if (rows)
		GDALDatasetReleaseResultSet(ds, rows);
	return text;
}

static void assert_query(GDALDatasetH ds, const char *sql, const char *want)
{
	GString *got = query(ds, sql);
	g_assert_cmpstr(got->str, ==, want);
	g_string_free(got, TRUE);
}

/* As other tools find it: the file whole, every outline of both layers valid, the layers agreeing with the truth. */
static void check_file(const char *path)
{
	static const char *const layers[] = {"objects", "objects_px"};
	GDALDatasetH ds = GDALOpenEx(path, GDAL_OF_VECTOR | GDAL_OF_UPDATE, NULL, NULL, NULL);
	g_assert_nonnull(ds);
	assert_query(ds, "PRAGMA integrity_check", "ok");
	assert_query(ds, "PRAGMA foreign_key_check", "");
	assert_query(ds,
	             "SELECT count(*) FROM nadir_objects n LEFT JOIN objects o ON o.fid = n.fid AND o.caption = n.caption "
	             "AND o.area_px = n.area_px WHERE o.fid IS NULL OR o.geom IS NULL",
	             "0");
	for (guint i = 0; i < G_N_ELEMENTS(layers); i++) {
		OGRLayerH layer = GDALDatasetGetLayerByName(ds, layers[i]);
		GIntBig seen = 0;
		g_assert_nonnull(layer);
		for (OGRFeatureH f; (f = OGR_L_GetNextFeature(layer)); OGR_F_Destroy(f), seen++)
			g_assert_true(OGR_F_GetGeometryRef(f) && OGR_G_IsValid(OGR_F_GetGeometryRef(f)));
		g_assert_cmpint(seen, ==, OGR_L_GetFeatureCount(layer, FALSE)); /* OGR's own count, kept by triggers */
	}
	GDALClose(ds);
}

/* The first word of a state is what the journal goes through, the rest is beside it. */
static bool same_words(const char *a, const char *b, bool first)
{
	const gsize n = strcspn(a, " "), m = strcspn(b, " ");
	return first ? n == m && strncmp(a, b, n) == 0 : strcmp(a + n, b + m) == 0;
}

/* Whether nothing beside the journal differs but what the edit in flight was to change, and that is as it wished. */
static bool differs_as_announced(const char *now, const char *before, const char *announced)
{
	g_auto(GStrv) a = g_strsplit(now, " ", -1), b = g_strsplit(before, " ", -1);
	bool ok = g_strv_length(a) == g_strv_length(b);
	for (guint i = 1; ok && a[i]; i++)
		ok = strcmp(a[i], b[i]) == 0 || strcmp(a[i], announced) == 0;
	return ok;
}

/* The edit in flight was stored: then the history leads back to what was acknowledged, and here again. */
static void check_kept(world *w, NadirDocument *d, const char *now)
{
	const crash_edit *e = w->last.edit >= 0 ? crash_edit_at((guint)w->last.edit) : NULL;
	if (!e)
		g_error("nothing was in flight, and yet the project holds something else than was acknowledged");
	w->n.kept++;
	if (!differs_as_announced(now, w->last.state, w->last.aside))
		g_error("\"%s\" was cut off and left\n%s\nfrom\n%s", e->name, now, w->last.state);
	if (same_words(now, w->last.state, true))
		return;
	const gint64 top = crash_top(d);
	g_assert_cmpuint(crash_steps_between(d, top, w->last.top), <=, e->most);
	nadir_document_go_to(d, w->last.top);
	g_autofree char *back = crash_state(d);
	if (!same_words(back, w->last.state, true))
		g_error("\"%s\" was cut off, and undoing it does not lead back", e->name);
	nadir_document_go_to(d, top);
	g_autofree char *again = crash_state(d);
	g_assert_cmpstr(again, ==, now);
}

static void check(world *w, service *svc)
{
	g_autoptr(GError) error = NULL;
	NadirDocument *d = fixture_open(w->project, svc, &error);
	g_assert_no_error(error);
	g_assert_null(nadir_document_get_damage(d));
	g_autofree char *now = crash_state(d);
	g_assert_cmpint(*now, !=, '!');
	if (w->last.state && strcmp(now, w->last.state) != 0)
		check_kept(w, d, now);
	report_clear(&w->last);
	w->last.state = g_steal_pointer(&now);
	w->last.top = crash_top(d);
	w->last.edit = -1;
	fixture_close(d);
	g_chmod(w->project, 0666);
	check_file(w->project);
}

static guint kinds(const world *w)
{
	guint n = 0;
	for (guint i = 0; i < crash_n_edits(); i++)
		n += w->n.by_kind[i] > 0;
	return n;
}

static void tell(const world *w)
{
	g_test_message("%u kills; %u edits of %u kinds (of %u) acknowledged, %u refused, %u found nothing to do; "
	               "%u edits in flight, %u of them kept",
	               w->n.kills, w->n.acknowledged, kinds(w), crash_n_edits(), w->n.refused, w->n.idle, w->n.in_flight,
	               w->n.kept);
	for (guint i = 0; i < crash_n_edits(); i++)
		g_test_message("%5u %s", w->n.by_kind[i], crash_edit_at(i)->name);
}

static void again_and_again(world *w, guint rounds)
{
	service *svc = open_service();
	begin(w);
	check(w, svc);
	for (guint i = 0; i < rounds; i++) {
		w->limit = w->limit ? (rlim_t)g_rand_int_range(w->r, 160, 320) * 1024 : 0;
		run_and_kill(w, w->project);
		check(w, svc);
	}
	service_free(svc);
	tell(w);
}

static void test_kill(world *w, gconstpointer data)
{
	again_and_again(w, ROUNDS);
	g_assert_cmpuint(w->n.acknowledged, >, ROUNDS);
	g_assert_cmpuint(w->n.refused, <, w->n.acknowledged); /* outlines that would not be valid */
}

/* Room for some edits, then none: they are refused, and what was drawn meanwhile are drafts that can be tried again. */
static void test_full_disk(world *w, gconstpointer data)
{
	w->limit = 1;
	again_and_again(w, FULL_ROUNDS);
	g_assert_cmpuint(w->n.acknowledged, >, FULL_ROUNDS);
	g_assert_cmpuint(w->n.refused, >, FULL_ROUNDS / 4);
}

/* What is open goes on: the files are there already. What is opened afterwards is for reading only. */
static void test_locked_while_open(world *w, gconstpointer data)
{
	w->lock = true;
	again_and_again(w, LOCKED_ROUNDS);
	g_assert_cmpuint(w->n.acknowledged, >, LOCKED_ROUNDS);
}

static char *contents(const char *path)
{
	g_autofree char *bytes = NULL;
	gsize size;
	g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
	return g_compute_checksum_for_data(G_CHECKSUM_MD5, (const guchar *)bytes, size);
}

static void test_locked_before(world *w, gconstpointer data)
{
	service *svc = open_service();
	begin(w);
	check(w, svc);
	g_autofree char *before = contents(w->project);
	const guint acknowledged = w->n.acknowledged;
	g_chmod(w->project, 0444);
	for (guint i = 0; i < LOCKED_ROUNDS / 4; i++) {
		g_chmod(w->dir, 0555);
		run_and_kill(w, w->project);
		g_autofree char *now = contents(w->project);
		g_assert_cmpstr(now, ==, before);
		w->last.edit = -1;
	}
	/* Acknowledged is what changes nothing by its nature, or was found to be so already. */
	g_test_message("%u of the edits refused, %u changed nothing", w->n.refused, w->n.acknowledged - acknowledged);
	g_assert_cmpuint(w->n.refused, >, LOCKED_ROUNDS / 4);
	check(w, svc);
	service_free(svc);
	tell(w);
}

/* Killed while the project is made: afterwards there is none, or one with all classes and nothing or the first edit. */
static void test_first_edit(world *w, gconstpointer data)
{
	service *svc = open_service();
	guint begun = 0, n_classes = 0;
	for (guint i = 0; i < FIRST_ROUNDS; i++) {
		g_autoptr(GError) error = NULL;
		g_unlink(w->project);
		report_clear(&w->last);
		run_and_kill(w, w->image);
		NadirDocument *d = fixture_open(w->image, svc, &error);
		g_assert_no_error(error);
		const bool made = nadir_document_get_project_path(d) != NULL;
		const bool nothing = !w->last.state || g_str_has_prefix(w->last.state, EMPTY);
		if (!made)
			n_classes = nadir_document_get_classes(d)->len;
		else if (nothing && n_classes) /* the edit in flight may have added one */
			g_assert_cmpuint(nadir_document_get_classes(d)->len - n_classes, <=, 1);
		g_assert_true(made || nothing);
		fixture_close(d);
		begun += made;
		if (made && nothing)
			report_clear(&w->last);
		if (made)
			check(w, svc);
	}
	service_free(svc);
	tell(w);
	g_test_message("%u of them had a project", begun);
	g_assert_cmpuint(begun, >, 0);
}

int main(int argc, char **argv)
{
	if (access("/dev/shm", W_OK) == 0)
		g_setenv("TMPDIR", "/dev/shm", TRUE); /* a kill is no power failure: forcing to a disk would only cost time */
	if (argc == 6 && strcmp(argv[1], "--child") == 0)
		return child_main(argv[2], (guint32)strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10),
		                  (guint)strtoul(argv[5], NULL, 10));
	g_test_init(&argc, &argv, NULL);
	GDALAllRegister();
#define ADD(name, seed, fn) g_test_add("/crash/" name, world, GUINT_TO_POINTER(seed), world_up, fn, world_down)
	ADD("kill", 11, test_kill);
	ADD("full-disk", 12, test_full_disk);
	ADD("folder-locked-while-open", 13, test_locked_while_open);
	ADD("folder-locked-before", 14, test_locked_before);
	ADD("first-edit", 15, test_first_edit);
	return g_test_run();
}
