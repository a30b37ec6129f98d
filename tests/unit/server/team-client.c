/* One person at random: edits a copy through the store, synchronises it now and then, decides conflicts by dice, and
 * writes down each edit once it is committed and each conflict as it is reported. tests/cli/team_random.py holds these
 * lines against the server's history.
 *   team-client ADDRESS PROJECT SEED EDITS
 *   E id uid key before after      M id uid      C uid fields choice ours theirs ours_px theirs_px
 * separated by tabs; outlines as MD5 of their WKB; uid "-": not known yet. */
#include "render/server/server.h"
#include "render/store/review.h"
#include "store-fixture.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

typedef struct {
	project *p;
	const char *address;
	server *s;
	GRand *dice;
	gint64 image;
	GArray *fresh; /* ids without a uid yet */
	guint n, seed, cuts, conflicts, unanswered;
	team_counts counts;
} client;

static void must(bool ok, const GError *error)
{
	if (ok)
		return;
	fprintf(stderr, "team-client: %s\n", error ? error->message : "failed");
	exit(1);
}

static char *outline(GBytes *px)
{
	return px ? g_compute_checksum_for_bytes(G_CHECKSUM_MD5, px) : g_strdup("-");
}

static void note(client *c, gint64 id, const char *key, const char *before, const char *after)
{
	g_autofree char *uid = team_uid(c->p, TEAM_OBJECT, id);
	printf("E\t%" G_GINT64_FORMAT "\t%s\t%s\t%s\t%s\n", id, uid ? uid : "-", key, before, after);
	if (!uid)
		g_array_append_val(c->fresh, id);
	fflush(stdout);
}

static feature *draw(client *c)
{
	const int at = (int)c->n % 900 + 10 + g_rand_int_range(c->dice, 0, 3);
	feature *o = fixture_object(g_rand_boolean(c->dice) ? "tree" : "lake", at, (int)(c->seed % 90) * 10 + 5,
	                            g_rand_int_range(c->dice, 3, 40), g_rand_int_range(c->dice, 3, 40));
	g_free(o->state);
	o->state = g_strdup("draft");
	return o;
}

static char *token(client *c)
{
	return g_strdup_printf("t%u-%u", c->seed, c->n);
}

static void insert(client *c)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(feature) o = draw(c);
	g_free(o->caption);
	o->caption = token(c);
	must(project_insert(c->p, c->image, o, "draw", &error), error);
	g_autofree char *sum = outline(o->px_geom);
	note(c, o->id, "caption", "", o->caption);
	note(c, o->id, "outline", "", sum);
}

static void set_text(client *c, feature *o, char **field, const char *key)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *before = *field;
	*field = token(c);
	must(project_update(c->p, o, key, &error), error);
	note(c, o->id, key, before, *field);
}

static void redraw(client *c, feature *o)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(feature) other = draw(c);
	g_autofree char *before = outline(o->px_geom), *after = outline(other->px_geom);
	g_bytes_unref(o->px_geom);
	o->px_geom = g_bytes_ref(other->px_geom);
	o->area_px = other->area_px;
	must(project_update(c->p, o, "redraw", &error), error);
	note(c, o->id, "outline", before, after);
}

static void decide(client *c, const feature *o)
{
	g_autoptr(GError) error = NULL;
	const review_change change = {.decides = true,
	                              .decision = g_rand_int_range(c->dice, 0, REVIEW_DECISIONS),
	                              .class_name = g_rand_int_range(c->dice, 0, 3) == 0 ? "car" : NULL,
	                              .reviewer = "one"};
	must(project_review(c->p, &o->id, 1, &change, "decide", NULL, NULL, &error), error);
}

static void erase(client *c, const feature *o)
{
	g_autoptr(GError) error = NULL;
	must(project_delete(c->p, &o->id, 1, "delete", &error), error);
	note(c, o->id, "deleted", o->caption, "");
}

static void edit(client *c)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) all = project_objects(c->p, 0, &error);
	must(all != NULL, error);
	const int die = g_rand_int_range(c->dice, 0, 100);
	c->n++;
	if (die < 15 || all->len < 4) {
		insert(c);
		return;
	}
	/* the first ones more often: there the two meet */
	feature *o = all->pdata[g_rand_boolean(c->dice) ? g_rand_int_range(c->dice, 0, MIN((int)all->len, 6))
	                                                : g_rand_int_range(c->dice, 0, (int)all->len)];
	if (die < 40)
		set_text(c, o, &o->caption, "caption");
	else if (die < 62)
		set_text(c, o, &o->comment, "comment");
	else if (die < 78)
		redraw(c, o);
	else if (die < 95)
		decide(c, o);
	else
		erase(c, o);
}

static void map_fresh(client *c)
{
	for (guint i = c->fresh->len; i-- > 0;) {
		const gint64 id = g_array_index(c->fresh, gint64, i);
		g_autofree char *uid = team_uid(c->p, TEAM_OBJECT, id);
		if (!uid)
			continue;
		printf("M\t%" G_GINT64_FORMAT "\t%s\n", id, uid);
		g_array_remove_index_fast(c->fresh, i);
	}
}

static void resolve(client *c)
{
	static const char *const names[] = {"ours", "theirs", "both"};
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) list = team_conflicts(c->p, &error);
	must(list != NULL, error);
	for (guint i = 0; i < list->len; i++) {
		const team_conflict *f = list->pdata[i];
		const team_choice choice = g_rand_int_range(c->dice, 0, 3);
		g_autofree char *ours = outline(f->ours_px), *theirs = outline(f->theirs_px);
		printf("C\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f->uid, f->fields, names[choice], f->ours ? f->ours : "null",
		       f->theirs ? f->theirs : "null", ours, theirs);
		must(team_resolve(c->p, f->uid, choice, NULL, &error), error);
		c->conflicts++;
	}
}

/* Whether the server was reached to the end. */
static bool synchronise(client *c)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *lost = team_unanswered(c->p);
	c->unanswered += lost != NULL;
	if (!c->s)
		c->s = server_open(c->address, &error);
	bool ok = c->s && team_link(c->p, server_project(c->s), c->address, &error) &&
	          server_sync(c->s, c->p, &c->counts, &error);
	if (!ok) {
		must(g_error_matches(error, SERVER_ERROR, SERVER_ERROR_AWAY), error);
		g_clear_pointer(&c->s, server_close);
		c->cuts++;
	}
	map_fresh(c);
	resolve(c);
	fflush(stdout);
	return ok;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	must(argc == 5, NULL);
	client c = {.address = argv[1], .seed = (guint)atoi(argv[3]), .fresh = g_array_new(FALSE, FALSE, sizeof(gint64))};
	c.dice = g_rand_new_with_seed(c.seed);
	c.p = g_file_test(argv[2], G_FILE_TEST_EXISTS) ? project_open(argv[2], &error) : project_create(argv[2], &error);
	must(c.p != NULL, error);
	c.image = fixture_image(c.p, "/data/scene.tif", true);
	while (!synchronise(&c))
		g_usleep(100000);
	for (int i = 0; i < atoi(argv[4]); i++) {
		edit(&c);
		if (g_rand_int_range(c.dice, 0, 5) == 0)
			synchronise(&c);
	}
	for (guint i = 0; i < 200 && !synchronise(&c); i++)
		g_usleep(100000);
	printf("S\t%u\t%u\t%u\t%u\t%u\t%u\t%u\n", c.n, c.counts.sent, c.counts.received, c.counts.merged, c.conflicts,
	       c.cuts, c.unanswered);
	server_close(c.s);
	project_close(c.p);
	g_array_unref(c.fresh);
	g_rand_free(c.dice);
	return 0;
}
