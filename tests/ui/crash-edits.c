#include "tests/ui/crash-edits.h"

#include <math.h>
#include <string.h>

#include "app/conversation/chat-store.h"
#include "app/document/document-batch.h"
#include "app/document/document-history.h"
#include "app/document/document-import.h"
#include "app/document/document-job.h"
#include "app/document/document-look.h"
#include "app/document/document-private.h"
#include "app/document/document-visibility.h"
#include "app/edit/edit-attributes.h"
#include "app/edit/edit-clipboard.h"
#include "app/edit/edit-search.h"
#include "app/edit/edit-shapes.h"
#include "app/engine/record.h"
#include "render/store/images.h"
#include "render/store/review.h"
#include "tests/ui/fixture.h"

/* --- what is there --- */

static guint n_objects(hand *h)
{
	return g_list_model_get_n_items(nadir_document_get_objects(h->d));
}

static NadirObject *any_object(hand *h)
{
	const guint n = n_objects(h);
	return n ? g_list_model_get_item(nadir_document_get_objects(h->d), (guint)g_rand_int_range(h->r, 0, (int)n)) : NULL;
}

/* Selects at least `least` objects, often more. */
static bool select_some(hand *h, guint least)
{
	const guint n = least + (guint)g_rand_int_range(h->r, 0, 3);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	if (n_objects(h) < least)
		return false;
	nadir_document_show_all(h->d);
	nadir_document_unlock_all(h->d);
	for (guint i = 0; i < 8 * n && ids->len < n; i++) {
		g_autoptr(NadirObject) o = any_object(h);
		const gint64 id = nadir_object_get_feature(o)->id;
		bool known = false;
		for (guint k = 0; k < ids->len; k++)
			known = known || g_array_index(ids, gint64, k) == id;
		if (!known)
			g_array_append_val(ids, id);
	}
	nadir_document_select_ids(h->d, (const gint64 *)(const void *)ids->data, ids->len);
	return ids->len >= least;
}

static double number(hand *h, double lo, double hi)
{
	return g_rand_double_range(h->r, lo, hi);
}

static const char *any_class(hand *h)
{
	GPtrArray *classes = nadir_document_get_classes(h->d);
	return ((project_class *)classes->pdata[g_rand_int_range(h->r, 0, (int)classes->len)])->name;
}

static void any_rectangle(hand *h, double xy[8])
{
	fixture_rectangle_of(g_rand_int_range(h->r, 0, 340), g_rand_int_range(h->r, 0, 340), g_rand_int_range(h->r, 4, 60),
	                     g_rand_int_range(h->r, 4, 60), xy);
}

static bool extent_of_selected(hand *h, double e[4])
{
	NadirObject *o = nadir_document_get_selected(h->d);
	return o && nadir_object_get_extent(o, e);
}

/* --- drawing --- */

static bool draw(hand *h)
{
	double xy[8];
	any_rectangle(h, xy);
	xy[0] += number(h, 0, 3);
	nadir_document_select(h->d, 0);
	nadir_document_draw_polygon(h->d, xy, 4);
	return true;
}

static void stroke(hand *h, bool erase)
{
	const double x = number(h, 0, 390), y = number(h, 0, 390);
	const double xy[] = {x, y, x + number(h, -30, 30), y + number(h, -30, 30), x + 5, y + 5};
	const double pressure[] = {0.3, 1, 0.6};
	nadir_document_paint(h->d, xy, 3, number(h, 2, 12), g_rand_boolean(h->r) ? pressure : NULL, erase);
}

static bool brush_new(hand *h)
{
	nadir_document_select(h->d, 0);
	stroke(h, false);
	return true;
}

static bool brush(hand *h)
{
	if (!select_some(h, 1))
		return false;
	stroke(h, false);
	return true;
}

/* Sometimes over all of it, which deletes it. */
static bool erase(hand *h)
{
	double e[4];
	if (!select_some(h, 1) || !extent_of_selected(h, e))
		return false;
	const double xy[] = {e[0], e[1], (e[0] + e[2]) / 2, (e[1] + e[3]) / 2};
	nadir_document_paint(h->d, xy, 2, number(h, 1, 30), NULL, true);
	return true;
}

static feature *masked(hand *h, double score)
{
	g_autoptr(bitmask) m = fixture_rectangle(g_rand_int_range(h->r, 0, 340), g_rand_int_range(h->r, 0, 340),
	                                         g_rand_int_range(h->r, 3, 50), g_rand_int_range(h->r, 3, 50));
	g_autoptr(GBytes) wkb = mask_to_wkb(m, NULL);
	g_autoptr(prompt) marks = prompt_new();
	const engine_candidate c = {.score = score, .stability = 0.9, .area = mask_area(m)};
	prompt_add(marks, SAM_POINT, 1, (const double[]){m->x, m->y}, 1, 0);
	return record_outlined(wkb, georef_area_m2(h->d->scene->ref, wkb), &c, marks, any_class(h), "starter@12345678",
	                       nadir_document_info(h->d));
}

/* As Enter on a preview, and as a phrase of a reply becomes an object. */
static bool accept(hand *h)
{
	nadir_document_store_object(nadir_document_begin_object(h->d, masked(h, number(h, 0.3, 1)), NULL));
	return true;
}

/* As segment everything and find similar leave it. */
static bool keep_found(hand *h)
{
	for (guint i = 0; i < 3; i++) {
		feature *f = masked(h, 0.9 - 0.1 * i);
		g_free(f->state);
		f->state = g_strdup("draft");
		g_ptr_array_add(h->d->proposed, nadir_object_new(f, NADIR_STAGE_WAITING));
	}
	h->d->least_score = 0.75;
	nadir_document_keep_found(h->d);
	return true;
}

static bool retry(hand *h)
{
	if (!nadir_document_can_retry(h->d))
		return false;
	nadir_document_retry(h->d);
	return true;
}

/* --- outlines --- */

static bool change(hand *h, guint least, const NadirEdit *e)
{
	if (!select_some(h, least))
		return false;
	nadir_document_edit(h->d, e);
	return true;
}

static bool unite(hand *h)
{
	return change(h, 2, &(NadirEdit){.kind = NADIR_EDIT_UNION});
}

static bool subtract(hand *h)
{
	return change(h, 2, &(NadirEdit){.kind = NADIR_EDIT_SUBTRACT});
}

/* With a copy beside it, for two at random seldom meet. */
static bool intersect(hand *h)
{
	if (!change(h, 1, &(NadirEdit){.kind = NADIR_EDIT_DUPLICATE}))
		return false;
	const gint64 id = nadir_object_get_feature(nadir_document_get_selected(h->d))->id;
	fixture_settle(h->d);
	NadirObject *copy = nadir_document_get_selected(h->d);
	if (!copy || nadir_object_get_feature(copy)->id == id)
		return false; /* a full disk refused it */
	nadir_document_select_ids(h->d, (const gint64[]){id, nadir_object_get_feature(copy)->id}, 2);
	nadir_document_edit(h->d, &(NadirEdit){.kind = NADIR_EDIT_INTERSECT});
	return true;
}

static bool split(hand *h)
{
	double e[4];
	if (!select_some(h, 1) || !extent_of_selected(h, e))
		return false;
	const double x = (e[0] + e[2]) / 2, xy[] = {x, e[1] - 5, x + 1, e[3] + 5};
	nadir_document_edit(h->d, &(NadirEdit){.kind = NADIR_EDIT_SPLIT, .xy = xy, .n = 2});
	return true;
}

static bool cut_hole(hand *h)
{
	double e[4], xy[8];
	if (!select_some(h, 1) || !extent_of_selected(h, e))
		return false;
	const double w = (e[2] - e[0]) / 4, t = (e[3] - e[1]) / 4;
	const double hole[] = {e[0] + w, e[1] + t, e[2] - w, e[1] + t, e[2] - w, e[3] - t, e[0] + w, e[3] - t};
	memcpy(xy, hole, sizeof xy);
	nadir_document_edit(h->d, &(NadirEdit){.kind = NADIR_EDIT_HOLE, .xy = xy, .n = 4});
	return true;
}

static bool fill(hand *h)
{
	return change(h, 1, &(NadirEdit){.kind = NADIR_EDIT_FILL});
}

static bool smooth(hand *h)
{
	return change(h, 1, &(NadirEdit){.kind = NADIR_EDIT_SMOOTH, .amount = number(h, 1, 4)});
}

static bool simplify(hand *h)
{
	return change(h, 1, &(NadirEdit){.kind = NADIR_EDIT_SIMPLIFY, .amount = number(h, 0.5, 4)});
}

static bool square(hand *h)
{
	return change(h, 1, &(NadirEdit){.kind = NADIR_EDIT_SQUARE, .amount = number(h, 1, 4)});
}

static bool buffer(hand *h)
{
	const bool metres = g_rand_boolean(h->r);
	return change(h, 1, &(NadirEdit){.kind = NADIR_EDIT_GROW, .amount = number(h, -2, 3), .metres = metres});
}

static bool meet(hand *h)
{
	return change(h, 1, &(NadirEdit){.kind = NADIR_EDIT_MEET, .amount = number(h, 1, 8)});
}

static bool duplicate(hand *h)
{
	return change(h, 1, &(NadirEdit){.kind = NADIR_EDIT_DUPLICATE});
}

static bool turn(hand *h)
{
	const double a = number(h, -0.4, 0.4), s = number(h, 0.8, 1.2), x = 200, y = 200;
	const double c = s * cos(a), n = s * sin(a);
	return change(
		h, 1,
		&(NadirEdit){.kind = NADIR_EDIT_TRANSFORM, .matrix = {c, -n, x - c * x + n * y, n, c, y - n * x - c * y}});
}

static bool move_vertex(hand *h)
{
	if (!select_some(h, 1))
		return false;
	NadirObject *o = nadir_document_get_selected(h->d);
	g_autoptr(wkb_shape) s = wkb_shape_read(nadir_object_get_feature(o)->px_geom, NULL);
	const guint i = (guint)g_rand_int_range(h->r, 0, (int)s->xy->len);
	g_array_index(s->xy, double, i) += number(h, -6, 6);
	g_autoptr(GBytes) shape = wkb_shape_write(s);
	nadir_document_select(h->d, nadir_object_get_feature(o)->id);
	nadir_document_edit(h->d, &(NadirEdit){.kind = NADIR_EDIT_RESHAPE, .shape = shape});
	return true;
}

/* --- classes and attributes --- */

static bool reclass(hand *h)
{
	if (!select_some(h, 1))
		return false;
	nadir_document_relabel(h->d, nadir_object_get_feature(nadir_document_get_selected(h->d))->id, any_class(h));
	return true;
}

static bool class_key(hand *h)
{
	if (!select_some(h, 1))
		return false;
	nadir_document_apply_class(h->d, g_rand_int_range(h->r, 0, (int)nadir_document_get_classes(h->d)->len));
	return true;
}

static bool reclass_many(hand *h)
{
	if (!select_some(h, 2))
		return false;
	g_autoptr(GArray) ids = nadir_document_get_selection(h->d);
	nadir_document_relabel_many(h->d, ids, any_class(h));
	return true;
}

static bool add_class(hand *h)
{
	g_autofree char *name = g_strdup_printf("class %d", g_rand_int_range(h->r, 0, 12));
	nadir_document_add_class(h->d, name);
	return true;
}

static bool change_class(hand *h)
{
	static const char *const fields[] = {"", "[{\"name\":\"doors\",\"type\":\"number\"}]",
	                                     "[{\"name\":\"roof\",\"type\":\"choice\",\"choices\":[\"flat\",\"steep\"]},{"
	                                     "\"name\":\"new\",\"type\":\"flag\"}]",
	                                     "[{\"name\":\"note\",\"type\":\"text\",\"required\":true}]"};
	const project_class *old = nadir_document_find_class(h->d, any_class(h));
	const project_class *parent = nadir_document_find_class(h->d, any_class(h));
	GPtrArray *classes = nadir_document_get_classes(h->d);
	project_class *c = project_class_copy(old);
	switch (g_rand_int_range(h->r, 0, 4)) {
	case 0:
		g_free(c->name);
		c->name = g_strdup_printf("kind %d", g_rand_int_range(h->r, 0, 10000));
		break;
	case 1:
		c->parent = project_class_is_below(classes, parent, c->id) ? 0 : parent->id;
		break;
	case 2:
		g_free(c->fields);
		c->fields = g_strdup(fields[g_rand_int_range(h->r, 0, G_N_ELEMENTS(fields))]);
		break;
	default:
		g_snprintf(c->color, sizeof c->color, "#%06x", (unsigned)g_rand_int_range(h->r, 0, 0xffffff));
		c->pattern = g_rand_int_range(h->r, 0, 4);
	}
	nadir_document_update_class(h->d, c);
	project_class_free(c);
	return true;
}

static bool delete_class(hand *h)
{
	if (nadir_document_get_classes(h->d)->len < 3)
		return false;
	nadir_document_delete_class(h->d, nadir_document_find_class(h->d, any_class(h))->id);
	return true;
}

static bool dissolve_class(hand *h)
{
	if (nadir_document_get_classes(h->d)->len < 5)
		return false;
	const int id = nadir_document_find_class(h->d, any_class(h))->id;
	const int to = nadir_document_find_class(h->d, any_class(h))->id;
	nadir_document_dissolve_class(h->d, id, to == id ? 0 : to);
	return true;
}

/* One or several at once, as the table does it. */
static bool attribute(hand *h)
{
	static const char *const values[] = {"3", "steep", "true", "with a \"word\"", ""};
	static const attribute_type types[] = {ATTRIBUTE_NUMBER, ATTRIBUTE_CHOICE, ATTRIBUTE_FLAG, ATTRIBUTE_TEXT,
	                                       ATTRIBUTE_TEXT};
	static const char *const names[] = {"doors", "roof", "new", "note", "note"};
	const guint i = (guint)g_rand_int_range(h->r, 0, G_N_ELEMENTS(values));
	g_autoptr(attribute_field) f =
		attribute_field_new(names[i], types[i], (const char *const[]){"flat", "steep", NULL}, false);
	g_autoptr(GError) error = NULL;
	if (!select_some(h, 1))
		return false;
	g_autoptr(GArray) ids = nadir_document_get_selection(h->d);
	g_assert_true(nadir_document_set_attribute(h->d, ids, f, values[i], &error));
	return true;
}

static bool caption(hand *h)
{
	g_autofree char *text = g_strdup_printf("caption %u", g_rand_int(h->r));
	if (!select_some(h, 1))
		return false;
	nadir_document_set_caption(h->d, nadir_object_get_feature(nadir_document_get_selected(h->d))->id, text);
	return true;
}

static bool caption_many(hand *h)
{
	g_autofree char *text = g_strdup_printf("captions %u", g_rand_int(h->r));
	if (!select_some(h, 2))
		return false;
	g_autoptr(GArray) ids = nadir_document_get_selection(h->d);
	nadir_document_caption_many(h->d, ids, text);
	return true;
}

static bool image_caption(hand *h)
{
	g_autofree char *text = g_strdup_printf("image %u", g_rand_int(h->r));
	chat_store_caption(h->d, text);
	return true;
}

/* --- away, and from elsewhere --- */

static bool delete_one(hand *h)
{
	if (!select_some(h, 1))
		return false;
	nadir_document_delete(h->d, nadir_object_get_feature(nadir_document_get_selected(h->d))->id);
	return true;
}

static bool delete_many(hand *h)
{
	if (!select_some(h, 2))
		return false;
	g_autoptr(GArray) ids = nadir_document_get_selection(h->d);
	nadir_document_delete_many(h->d, ids);
	return true;
}

static void on_answer(GObject *source, GAsyncResult *result, gpointer data)
{
	g_set_object(&((hand *)data)->answer, result);
}

static bool is_answered(void *data)
{
	return ((hand *)data)->answer != NULL;
}

static void await_answer(hand *h)
{
	g_assert_true(fixture_wait(is_answered, h, 60));
}

static bool paste_copy(hand *h)
{
	g_autoptr(GError) error = NULL;
	if (!select_some(h, 1))
		return false;
	g_clear_object(&h->answer);
	nadir_document_copy_async(h->d, g_rand_boolean(h->r), on_answer, h);
	await_answer(h);
	g_autofree char *text = nadir_document_copy_finish(h->answer, &error);
	g_assert_no_error(error);
	nadir_document_paste(h->d, text);
	return true;
}

static bool import(hand *h)
{
	g_autofree char *path = g_build_filename(h->folder, "in.pixel.geojson", NULL);
	g_clear_object(&h->answer);
	nadir_document_import_async(h->d, path, on_answer, h);
	await_answer(h);
	g_autoptr(GError) refused = NULL; /* on a full disk: the state tells that nothing has changed */
	g_autofree char *report = NULL;
	const int n = nadir_document_import_finish(h->answer, &report, &refused);
	g_assert_true((n == 2) == (refused == NULL));
	return true;
}

/* The result of work on many images, which is taken once a run. */
static bool batch(hand *h)
{
	g_autofree char *path = g_build_filename(h->folder, "r.json", NULL);
	g_autofree char *run = g_strdup_printf("run-%u", g_rand_int(h->r));
	g_autoptr(GError) refused = NULL;
	if (!nadir_document_get_project_path(h->d))
		return false;
	g_clear_object(&h->answer);
	nadir_document_batch_take_async(h->d, h->d->scene->image_id, nadir_document_info(h->d)->path, path, run, NULL,
	                                on_answer, h);
	await_answer(h);
	const int n = nadir_document_batch_take_finish(h->answer, &refused);
	g_assert_true((n == 1) == (refused == NULL));
	return true;
}

void crash_write_files(const char *folder)
{
	static const char one[] = "{\"type\":\"Feature\",\"properties\":{\"class\":\"roof\",\"score\":0.8},\"geometry\":{"
							  "\"type\":\"Polygon\",\"coordinates\":[[[5,5],[45,5],[45,35],[5,35],[5,5]]]}}";
	g_autofree char *two = g_strdup_printf("{\"type\":\"FeatureCollection\",\"features\":[%s,%s]}", one, one);
	g_autofree char *single = g_strdup_printf("{\"type\":\"FeatureCollection\",\"features\":[%s]}", one);
	const char *const files[][2] = {
		{"in.pixel.geojson", two}, {"r.pixel.geojson", single}, {"r.json", "{\"objects\":[]}"}};
	for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_build_filename(folder, files[i][0], NULL);
		g_assert_true(g_file_set_contents(path, files[i][1], -1, NULL));
	}
}

/* --- review --- */

static bool is_loaded(void *data)
{
	return nadir_review_is_loaded(data);
}

/* At an object at random. */
static NadirReview *review_at(hand *h)
{
	g_autoptr(NadirObject) o = any_object(h);
	if (!o)
		return NULL;
	NadirReview *r = nadir_review_new(h->d);
	g_autoptr(queue_filter) f = queue_filter_new();
	g_assert_true(fixture_wait(is_loaded, r, 60));
	f->decisions = 0;
	nadir_review_set_filter(r, f);
	g_assert_true(nadir_review_go_to(r, nadir_object_get_feature(o)->id));
	return r;
}

static bool decide(hand *h)
{
	g_autoptr(NadirReview) r = review_at(h);
	if (!r)
		return false;
	nadir_review_decide(r, (review_decision)g_rand_int_range(h->r, REVIEW_ACCEPTED, REVIEW_DECISIONS));
	return true;
}

static bool review_reclass(hand *h)
{
	g_autoptr(NadirReview) r = review_at(h);
	if (!r)
		return false;
	nadir_review_relabel(r, any_class(h));
	return true;
}

static bool review_words(hand *h)
{
	g_autoptr(NadirReview) r = review_at(h);
	g_autofree char *text = g_strdup_printf("said %u", g_rand_int(h->r));
	if (!r)
		return false;
	if (g_rand_boolean(h->r))
		nadir_review_comment(r, text);
	else
		nadir_review_caption(r, text);
	return true;
}

static bool review_back(hand *h)
{
	g_autoptr(NadirReview) r = review_at(h);
	if (!r)
		return false;
	nadir_review_decide(r, REVIEW_REJECTED);
	fixture_settle(h->d);
	(void)nadir_review_back(r); /* a full disk may have refused the decision */
	return true;
}

static bool review_beyond(hand *h)
{
	g_autoptr(NadirReview) r = review_at(h);
	if (!r || nadir_review_count_beyond(r, 0.6, true) == 0)
		return false;
	nadir_review_decide_beyond(r, 0.6, true, REVIEW_ACCEPTED);
	return true;
}

/* --- history --- */

static bool undo(hand *h)
{
	if (!nadir_document_get_undo_text(h->d))
		return false;
	nadir_document_undo(h->d);
	return true;
}

static bool redo(hand *h)
{
	if (!nadir_document_get_redo_text(h->d)) {
		nadir_document_undo(h->d);
		fixture_settle(h->d);
	}
	if (!nadir_document_get_redo_text(h->d))
		return false;
	nadir_document_redo(h->d);
	return true;
}

enum { FAR = 6 };

static bool go_to(hand *h)
{
	g_autoptr(GPtrArray) steps = crash_history(h->d);
	guint top = 0;
	while (top < steps->len && !((project_step *)steps->pdata[top])->done)
		top++;
	const int first = MAX(0, (int)top - FAR), end = MIN((int)steps->len, (int)top + FAR);
	if (first >= end)
		return false;
	nadir_document_go_to(h->d, ((project_step *)steps->pdata[g_rand_int_range(h->r, first, end)])->step);
	return true;
}

/* --- how it is looked at: not stored, so nothing may change --- */

static bool look_only(hand *h)
{
	if (!select_some(h, 1))
		return false;
	g_autoptr(GArray) ids = nadir_document_get_selection(h->d);
	switch (g_rand_int_range(h->r, 0, 4)) {
	case 0:
		nadir_document_hide(h->d, ids);
		break;
	case 1:
		nadir_document_lock(h->d, ids, true);
		break;
	case 2:
		nadir_document_isolate(h->d, ids);
		break;
	default:
		nadir_document_hide_class(h->d, nadir_document_find_class(h->d, any_class(h))->id, true);
	}
	return true;
}

/* --- beside the journal --- */

static const char *const aside_values[] = {"harbour", "a farm, \"old\"", "quay"};

static char *any_value(hand *h)
{
	return g_strdup(aside_values[g_rand_int_range(h->r, 0, G_N_ELEMENTS(aside_values))]);
}

static char *wished; /* by the last choice: what the edit then does */

static crash_aside choose_bookmarks(hand *h)
{
	g_free(wished);
	wished = any_value(h);
	return (crash_aside){"bookmarks", g_strdup(wished)};
}

static bool bookmarks(hand *h)
{
	nadir_document_set_bookmarks(h->d, wished);
	return true;
}

static crash_aside choose_stretch(hand *h)
{
	g_free(wished);
	wished = g_strdup_printf("p%d-%d", g_rand_int_range(h->r, 0, 9), g_rand_int_range(h->r, 90, 99));
	return (crash_aside){"stretch", g_strdup(wished)};
}

static bool has_wished(void *data)
{
	const char *bands, *now, *source;
	nadir_document_get_style_choice(data, &bands, &now, &source);
	return g_strcmp0(now, wished) == 0;
}

static bool stretch(hand *h)
{
	nadir_document_set_style(h->d, NULL, wished, NULL);
	g_assert_true(fixture_wait(has_wished, h->d, 60)); /* its statistics are made by a thread of their own */
	return true;
}

static crash_aside choose_queue(hand *h)
{
	g_autoptr(queue_filter) f = queue_filter_new();
	f->sample = g_rand_int_range(h->r, 1, 100);
	g_free(wished);
	wished = queue_filter_to_json(f);
	return (crash_aside){"queue", g_strdup(wished)};
}

static bool save_queue(hand *h)
{
	g_autoptr(NadirReview) r = nadir_review_new(h->d);
	g_autoptr(queue_filter) f = queue_filter_from_json(wished, NULL);
	g_assert_true(fixture_wait(is_loaded, r, 60));
	nadir_review_set_filter(r, f);
	nadir_review_save_queue(r, "mine");
	return true;
}

/* A question as it is stored the moment it is asked: the conversation with it. */
static crash_aside choose_question(hand *h)
{
	g_free(wished);
	wished = g_strdup_printf("question %u", g_rand_int(h->r));
	return (crash_aside){"asked", g_strdup(wished)};
}

static bool question(hand *h)
{
	g_autoptr(conversation) talk = conversation_new();
	chat_store_put(h->d, talk, conversation_add(talk, talk->root, false, wished));
	fixture_settle(h->d);
	return true;
}

/* --- the table --- */

static const crash_edit edits[] = {
	{"draw", 1, draw, NULL},
	{"brush, new object", 1, brush_new, NULL},
	{"brush", 1, brush, NULL},
	{"eraser", 1, erase, NULL},
	{"accept mask", 1, accept, NULL},
	{"keep found drafts", 1, keep_found, NULL},
	{"try drafts again", 30, retry, NULL},
	{"move vertex", 1, move_vertex, NULL},
	{"split", 1, split, NULL},
	{"unite", 1, unite, NULL},
	{"subtract", 1, subtract, NULL},
	{"intersect", 2, intersect, NULL},
	{"cut hole", 1, cut_hole, NULL},
	{"fill holes", 1, fill, NULL},
	{"smooth", 1, smooth, NULL},
	{"simplify", 1, simplify, NULL},
	{"right angles", 1, square, NULL},
	{"buffer", 1, buffer, NULL},
	{"fill to neighbour", 1, meet, NULL},
	{"duplicate", 1, duplicate, NULL},
	{"rotate and scale", 1, turn, NULL},
	{"class", 1, reclass, NULL},
	{"class by key", 1, class_key, NULL},
	{"class of many", 1, reclass_many, NULL},
	{"add class", 1, add_class, NULL},
	{"change class", 1, change_class, NULL},
	{"delete class", 1, delete_class, NULL},
	{"dissolve class", 1, dissolve_class, NULL},
	{"attribute", 1, attribute, NULL},
	{"caption", 1, caption, NULL},
	{"caption of many", 1, caption_many, NULL},
	{"delete", 1, delete_one, NULL},
	{"delete many", 1, delete_many, NULL},
	{"copy and paste", 1, paste_copy, NULL},
	{"import", 1, import, NULL},
	{"take batch result", 1, batch, NULL},
	{"decide", 1, decide, NULL},
	{"review: class", 1, review_reclass, NULL},
	{"review: words", 1, review_words, NULL},
	{"review: go back", 2, review_back, NULL},
	{"review: by score", 1, review_beyond, NULL},
	{"undo", 1, undo, NULL},
	{"redo", 1, redo, NULL},
	{"go to step", FAR + 1, go_to, NULL},
	{"hide, lock, isolate", 0, look_only, NULL},
	{"caption of image", 1, image_caption, NULL},
	{"bookmarks", 0, bookmarks, choose_bookmarks},
	{"stretch", 0, stretch, choose_stretch},
	{"save queue", 0, save_queue, choose_queue},
	{"question", 0, question, choose_question},
};

guint crash_n_edits(void)
{
	return G_N_ELEMENTS(edits);
}

const crash_edit *crash_edit_at(guint i)
{
	return &edits[i];
}

const crash_edit *crash_choose(hand *h)
{
	const guint n = n_objects(h);
	if (n < 4 && g_rand_boolean(h->r))
		return &edits[0];
	if (n > 60) {
		nadir_document_select_all(h->d);
		return &edits[g_rand_boolean(h->r) ? 31 : 32]; /* delete */
	}
	return &edits[g_rand_int_range(h->r, 0, G_N_ELEMENTS(edits))];
}
