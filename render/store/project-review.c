/* Decisions about objects. They leave the outline alone, so that a journal of thousands of them stays small. */
#include "render/store/project-private.h"
#include "render/store/project-rows.h"
#include "render/store/review.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

static const char *const decisions[REVIEW_DECISIONS] = {"undecided", "accepted", "rejected", "flagged", "skipped"};
static const char *const sources[REVIEW_SOURCES] = {"model", "import", "person"};

static int find_name(const char *const *names, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (g_strcmp0(names[i], name) == 0)
			return i;
	return 0;
}

const char *review_decision_name(review_decision d)
{
	return decisions[d];
}

review_decision review_decision_from(const char *name)
{
	return (review_decision)find_name(decisions, REVIEW_DECISIONS, name);
}

static review_source source_from(const char *name)
{
	return (review_source)find_name(sources, REVIEW_SOURCES, name);
}

/* --- items --- */

static gint64 read_time(const char *text)
{
	g_autoptr(GDateTime) t = text && *text ? g_date_time_new_from_iso8601(text, NULL) : NULL;
	return t ? g_date_time_to_unix(t) * G_USEC_PER_SEC + g_date_time_get_microsecond(t) : 0;
}

static void read_extent(GBytes *wkb, double extent[4])
{
	g_autoptr(wkb_shape) shape = wkb ? wkb_shape_read(wkb, NULL) : NULL;
	memset(extent, 0, 4 * sizeof *extent);
	if (shape)
		wkb_shape_extent(shape, extent);
}

void review_item_from_feature(review_item *item, gint64 image, const feature *f)
{
	*item = (review_item){.id = f->id,
	                      .image = image,
	                      .class_id = f->class_id,
	                      .proposed_id = f->proposed_id ? f->proposed_id : f->class_id,
	                      .score = f->score,
	                      .area_m2 = f->area_m2,
	                      .area_px = f->area_px,
	                      .source = source_from(f->source),
	                      .decision = review_decision_from(f->review),
	                      .author = g_intern_string(f->author),
	                      .reviewer = g_intern_string(f->reviewer),
	                      .reviewed = read_time(f->reviewed),
	                      .fixed = g_str_has_suffix(f->model, "+hand"),
	                      .commented = *f->comment != 0};
	read_extent(f->px_geom, item->extent);
}

#define ITEM_COLUMNS                                                                                                   \
	"fid+0 AS k, image_id, class_id, proposed_id, score, area_m2, area_px, source, review, author, reviewer, "         \
	"reviewed, model LIKE '%+hand' AS fixed, comment <> '' AS commented, px_geom"

static const char *intern(OGRFeatureH row, int field)
{
	return g_intern_string(OGR_F_GetFieldAsString(row, field));
}

static double real(OGRFeatureH row, int field)
{
	return OGR_F_IsFieldSetAndNotNull(row, field) ? OGR_F_GetFieldAsDouble(row, field) : NAN;
}

static bool add_item(OGRFeatureH row, void *data)
{
	int size = 0;
	const void *wkb = OGR_F_GetFieldAsBinary(row, 14, &size);
	g_autoptr(GBytes) geometry = g_bytes_new_static(wkb, (gsize)MAX(size, 0));
	review_item i = {.id = OGR_F_GetFieldAsInteger64(row, 0),
	                 .image = OGR_F_GetFieldAsInteger64(row, 1),
	                 .class_id = OGR_F_GetFieldAsInteger(row, 2),
	                 .proposed_id = OGR_F_GetFieldAsInteger(row, 3),
	                 .score = real(row, 4),
	                 .area_m2 = real(row, 5),
	                 .area_px = OGR_F_GetFieldAsInteger64(row, 6),
	                 .source = source_from(OGR_F_GetFieldAsString(row, 7)),
	                 .decision = review_decision_from(OGR_F_GetFieldAsString(row, 8)),
	                 .author = intern(row, 9),
	                 .reviewer = intern(row, 10),
	                 .reviewed = read_time(OGR_F_GetFieldAsString(row, 11)),
	                 .fixed = OGR_F_GetFieldAsInteger(row, 12) != 0,
	                 .commented = OGR_F_GetFieldAsInteger(row, 13) != 0};
	read_extent(geometry, i.extent);
	g_array_append_val(data, i);
	return true;
}

static void add_all(GPtrArray *objects, gint64 image, GArray *items)
{
	for (guint i = 0; i < objects->len; i++) {
		review_item item;
		review_item_from_feature(&item, image, objects->pdata[i]);
		g_array_append_val(items, item);
	}
}

/* Of a version without reviews that may only be read. */
static GArray *items_of_old(project *p, GError **error)
{
	g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(review_item));
	g_autoptr(GPtrArray) images = project_images(p, error);
	for (guint i = 0; images && i < images->len; i++) {
		const gint64 image = ((project_image *)images->pdata[i])->id;
		g_autoptr(GPtrArray) objects = project_objects(p, image, error);
		if (!objects)
			return NULL;
		add_all(objects, image, items);
	}
	return images ? g_steal_pointer(&items) : NULL;
}

GArray *project_review_items(project *p, GError **error)
{
	if (p->version < 2)
		return items_of_old(p, error);
	g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(review_item));
	if (!project_select(p, add_item, items, error, "%s", "SELECT " ITEM_COLUMNS " FROM nadir_objects ORDER BY fid"))
		return NULL;
	return g_steal_pointer(&items);
}

/* --- decisions --- */

static void set_text(char **to, const char *value)
{
	g_free(*to);
	*to = g_strdup(value);
}

/* What the decision says of the object itself: skipping says nothing, and what is undecided again is a draft. */
static const char *state_of(review_decision d, const char *before)
{
	switch (d) {
	case REVIEW_ACCEPTED:
	case REVIEW_REJECTED:
	case REVIEW_FLAGGED:
		return decisions[d];
	case REVIEW_UNDECIDED:
		return "draft";
	default:
		return before;
	}
}

static void decide(feature *o, review_decision d, const char *reviewer)
{
	g_autofree char *state = g_strdup(state_of(d, o->state));
	const bool decided = d != REVIEW_UNDECIDED;
	set_text(&o->state, state);
	set_text(&o->review, decisions[d]);
	set_text(&o->reviewer, decided ? reviewer : "");
	set_text(&o->reviewed, decided ? o->edited : "");
}

static bool change_one(project *p, gint64 step, gint64 id, const review_change *c, const char *what, GPtrArray *changed,
                       GError **error)
{
	gint64 image;
	g_autoptr(feature) o = project_get_rows(p, id, &image, error);
	if (!o)
		return false;
	g_autofree char *before = feature_to_json(o);
	g_free(o->edited);
	o->edited = project_now();
	if (c->class_name) {
		set_text(&o->class_name, c->class_name);
		if ((o->class_id = project_class_in_transaction(p, step, what, c->class_name, error)) == 0)
			return false;
	}
	if (c->comment)
		set_text(&o->comment, c->comment);
	if (c->caption)
		set_text(&o->caption, c->caption);
	if (c->decides)
		decide(o, c->decision, c->reviewer);
	g_autofree char *after = feature_to_json(o);
	const project_edit edit = {.image = image, .object = id, .before = before, .after = after};
	if (!project_put_attributes(p, o, error) || !project_journal_add(p, step, what, &edit, error))
		return false;
	project_change *told = g_new0(project_change, 1);
	*told = (project_change){id, image, g_steal_pointer(&o)};
	g_ptr_array_add(changed, told);
	return true;
}

static bool change_all(project *p, const gint64 *ids, guint n, const review_change *c, const char *what,
                       GPtrArray *changed, gint64 *step, GError **error)
{
	*step = project_journal_step(p, error);
	if (*step == 0)
		return false;
	for (guint i = 0; i < n; i++)
		if (!change_one(p, *step, ids[i], c, what, changed, error))
			return false;
	const review_change against = {.decides = true, .decision = REVIEW_REJECTED, .reviewer = c->reviewer};
	return c->against == 0 || change_one(p, *step, c->against, &against, what, changed, error);
}

bool project_review(project *p, const gint64 *ids, guint n, const review_change *change, const char *what,
                    project_changes *changes, gint64 *step, GError **error)
{
	g_auto(project_changes) told = {.objects = project_changes_new_list(), .classes = change->class_name != NULL};
	gint64 given = 0;
	if (!project_begin(p, error) ||
	    !project_end(p, change_all(p, ids, n, change, what, told.objects, &given, error), error))
		return false;
	if (step)
		*step = given;
	if (changes) {
		*changes = told;
		told.objects = NULL;
	}
	return true;
}

bool project_review_take_back(project *p, gint64 step, const gint64 *ids, guint n, const char *what,
                              project_changes *changes, GError **error)
{
	const review_change undecided = {.decides = true, .decision = REVIEW_UNDECIDED, .reviewer = ""};
	if (step > 0 && project_number(p, 0, "SELECT max(step) FROM edits WHERE state = 'done'") == step)
		return project_undo_step(p, step, changes, error);
	return project_review(p, ids, n, &undecided, what, changes, NULL, error);
}

/* --- before and after --- */

static bool take_geometry(OGRFeatureH row, void *data)
{
	int size = 0;
	const void *wkb = OGR_F_GetFieldAsBinary(row, 0, &size);
	*(GBytes **)data = size > 0 ? g_bytes_new(wkb, (gsize)size) : NULL;
	return false;
}

GBytes *project_review_before(project *p, gint64 id, GError **error)
{
	g_autoptr(GBytes) first = NULL, now = NULL;
	if (!project_select(p, take_geometry, &first, error,
	                    "SELECT after_geom FROM edits WHERE object_id = %" G_GINT64_FORMAT
	                    " AND after_geom IS NOT NULL ORDER BY id LIMIT 1",
	                    id) ||
	    !project_select(p, take_geometry, &now, error,
	                    "SELECT px_geom FROM nadir_objects WHERE fid = %" G_GINT64_FORMAT, id))
		return NULL;
	return first && now && !g_bytes_equal(first, now) ? g_steal_pointer(&first) : NULL;
}

/* --- queues --- */

static void queue_row_free(void *data)
{
	review_queue_row *q = data;
	g_free(q->name);
	g_free(q->filter);
	g_free(q);
}

static bool add_queue(OGRFeatureH row, void *data)
{
	review_queue_row *q = g_new0(review_queue_row, 1);
	*q = (review_queue_row){row_text(row, 0), row_text(row, 1)};
	g_ptr_array_add(data, q);
	return true;
}

GPtrArray *project_queues(project *p, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(queue_row_free);
	if (p->version >= 2 && !project_select(p, add_queue, list, error, "SELECT name, filter FROM queues ORDER BY name"))
		return NULL;
	return g_steal_pointer(&list);
}

bool project_put_queue(project *p, const char *name, const char *filter, GError **error)
{
	g_autofree char *n = project_quote(name);
	g_autofree char *f = project_quote(filter ? filter : "");
	if (!project_begin(p, error))
		return false;
	const bool ok = filter ? project_run(p, error, "INSERT OR REPLACE INTO queues (name, filter) VALUES (%s, %s)", n, f)
	                       : project_run(p, error, "DELETE FROM queues WHERE name = %s", n);
	return project_end(p, ok, error);
}
