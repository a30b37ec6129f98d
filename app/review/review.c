#include "app/review/review-private.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define RATE_OVER 50 /* decisions */
#define PAUSE (5 * 60 * G_USEC_PER_SEC)

enum { SIGNAL_MOVED, SIGNAL_CHANGED, SIGNAL_LOADED, SIGNAL_IMAGE, N_REVIEW_SIGNALS };
static guint signals[N_REVIEW_SIGNALS];

G_DEFINE_FINAL_TYPE(NadirReview, nadir_review, G_TYPE_OBJECT)

static void emit(NadirReview *r, guint signal)
{
	g_signal_emit(r, signals[signal], 0);
}

/* --- items --- */

/* The position in items, or -1. */
static int locate(NadirReview *r, gint64 id)
{
	guint low = 0, high = r->items->len;
	while (low < high) {
		const guint middle = low + (high - low) / 2;
		const gint64 here = g_array_index(r->items, review_item, middle).id;
		if (here == id)
			return (int)middle;
		if (here < id)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

const review_item *nadir_review_find(NadirReview *r, gint64 id)
{
	g_return_val_if_fail(NADIR_IS_REVIEW(r), NULL);
	const int at = locate(r, id);
	return at < 0 ? NULL : &g_array_index(r->items, review_item, at);
}

const review_item *nadir_review_get_item(NadirReview *r, guint ahead)
{
	g_return_val_if_fail(NADIR_IS_REVIEW(r), NULL);
	if (r->position + ahead >= r->order->len)
		return NULL;
	return &g_array_index(r->items, review_item, g_array_index(r->order, guint, r->position + ahead));
}

/* The object that is shown, on the image that is shown. */
static void show(NadirReview *r)
{
	const review_item *item = nadir_review_get_item(r, 0);
	if (item && item->image != r->document->scene->image_id) {
		g_signal_emit(r, signals[SIGNAL_IMAGE], 0, item->image);
		return;
	}
	nadir_document_select(r->document, item ? item->id : 0);
	emit(r, SIGNAL_MOVED);
}

static void select_queue(NadirReview *r)
{
	g_array_unref(r->order);
	r->order = queue_select(r->filter, r->items, r->pairs);
	r->position = 0;
	g_array_set_size(r->past, 0);
}

static int compare_ids(const void *a, const void *b)
{
	const gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
	return (x > y) - (x < y);
}

static int compare_texts(const void *a, const void *b)
{
	return g_utf8_collate(*(const char *const *)a, *(const char *const *)b);
}

static char **collect_authors(GArray *items)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; i < items->len; i++)
		g_hash_table_add(seen, (gpointer)g_array_index(items, review_item, i).author);
	guint n;
	g_autofree char **names = (char **)g_hash_table_get_keys_as_array(seen, &n);
	qsort(names, n, sizeof *names, compare_texts);
	return g_strdupv(names);
}

/* The queue as it stood, without what is gone, and what is new to it behind. known: ids before, ascending; queue: those
 * of the queue. */
static void keep_queue(NadirReview *r, GArray *known, GArray *queue)
{
	g_autoptr(GArray) all = queue_select(r->filter, r->items, r->pairs);
	const guint shown = r->position;
	g_array_set_size(r->order, 0);
	for (guint i = 0; i < queue->len; i++) {
		const int at = locate(r, g_array_index(queue, gint64, i));
		const guint place = (guint)at;
		if (at >= 0)
			g_array_append_val(r->order, place);
		else if (i < shown)
			r->position--;
	}
	for (guint i = 0; i < all->len; i++) {
		const guint place = g_array_index(all, guint, i);
		const gint64 id = g_array_index(r->items, review_item, place).id;
		if (!g_array_binary_search(known, &id, compare_ids, NULL))
			g_array_append_val(r->order, place);
	}
}

void review_take(NadirReview *r, review_reading *reading)
{
	const bool first = !r->loaded;
	const review_item *before = nadir_review_get_item(r, 0);
	const gint64 id = before ? before->id : 0;
	g_autoptr(GArray) known = g_array_new(FALSE, FALSE, sizeof(gint64)),
					  queue = g_array_new(FALSE, FALSE, sizeof(gint64));
	for (guint i = 0; reading->keep && i < r->items->len; i++)
		g_array_append_val(known, g_array_index(r->items, review_item, i).id);
	for (guint i = 0; reading->keep && i < r->order->len; i++)
		g_array_append_val(queue, g_array_index(r->items, review_item, g_array_index(r->order, guint, i)).id);
	g_array_unref(r->items);
	g_ptr_array_unref(r->images);
	g_ptr_array_unref(r->queues);
	g_strfreev(r->authors);
	g_clear_pointer(&r->pairs, g_hash_table_unref);
	g_clear_pointer(&r->agreed, agreement_free);
	r->items = g_steal_pointer(&reading->items);
	r->images = g_steal_pointer(&reading->images);
	r->queues = g_steal_pointer(&reading->queues);
	r->agreed = g_steal_pointer(&reading->agreed);
	r->pairs = r->agreed ? agreement_by_id(r->agreed) : NULL;
	r->authors = collect_authors(r->items);
	if (reading->keep) {
		keep_queue(r, known, queue);
		emit(r, SIGNAL_CHANGED);
		if (nadir_review_get_item(r, 0) && nadir_review_get_item(r, 0)->id != id) /* it is gone */
			show(r);
		return;
	}
	select_queue(r);
	for (guint i = 0; id && i < r->order->len; i++)
		if (g_array_index(r->items, review_item, g_array_index(r->order, guint, i)).id == id)
			r->position = i;
	r->loaded = true;
	if (first)
		emit(r, SIGNAL_LOADED);
	emit(r, SIGNAL_CHANGED);
	show(r);
}

static void take_item(NadirReview *r, const review_item *now)
{
	const int at = locate(r, now->id);
	if (at >= 0)
		g_array_index(r->items, review_item, at) = *now;
}

void review_on_changed(NadirReview *r, GArray *now, gint64 first_id, gint64 step)
{
	for (guint i = 0; i < now->len; i++)
		take_item(r, &g_array_index(now, review_item, i));
	for (guint i = r->past->len; step > 0 && i-- > 0;) {
		review_past *p = &g_array_index(r->past, review_past, i);
		if (p->id == first_id && p->step == 0) {
			p->step = step;
			break;
		}
	}
	emit(r, SIGNAL_CHANGED);
}

/* What could not be stored was not decided: nothing to go back to. */
void review_on_failed(NadirReview *r, gint64 first_id)
{
	for (guint i = r->past->len; i-- > 0;)
		if (g_array_index(r->past, review_past, i).id == first_id) {
			g_array_remove_index(r->past, i);
			break;
		}
	emit(r, SIGNAL_CHANGED);
}

/* Edits of the image that is shown: the queue knows its objects as they are. */
static void on_objects(NadirReview *r, guint position, guint removed, guint added, GListModel *list)
{
	for (guint i = position; i < position + added; i++) {
		g_autoptr(NadirObject) o = g_list_model_get_item(list, i);
		review_item item;
		review_item_from_feature(&item, r->document->scene->image_id, nadir_object_get_feature(o));
		take_item(r, &item);
	}
	if (removed > added) /* one is gone */
		review_read(r, false);
	else
		emit(r, SIGNAL_CHANGED);
}

/* --- the queue --- */

const queue_filter *nadir_review_get_filter(NadirReview *r)
{
	g_return_val_if_fail(NADIR_IS_REVIEW(r), NULL);
	return r->filter;
}

void nadir_review_set_filter(NadirReview *r, const queue_filter *f)
{
	g_return_if_fail(NADIR_IS_REVIEW(r) && f);
	const bool other_sets = g_strcmp0(r->filter->set_a, f->set_a) != 0 || g_strcmp0(r->filter->set_b, f->set_b) != 0;
	queue_filter *old = r->filter;
	r->filter = queue_filter_copy(f);
	queue_filter_free(old);
	if (other_sets || !r->loaded) {
		r->position = r->order->len; /* the new queue begins at its first object */
		review_read(r, false);
		return;
	}
	select_queue(r);
	emit(r, SIGNAL_CHANGED);
	show(r);
}

GPtrArray *nadir_review_get_queues(NadirReview *r)
{
	return r->queues;
}

void nadir_review_save_queue(NadirReview *r, const char *name)
{
	g_return_if_fail(NADIR_IS_REVIEW(r) && name);
	g_autofree char *clean = g_strstrip(g_strdup(name)), *text = queue_filter_to_json(r->filter);
	if (!*clean) {
		nadir_document_notify_user(r->document, _("A queue needs a name: type at least one letter."));
		return;
	}
	review_push_queue(r, clean, text);
}

void nadir_review_delete_queue(NadirReview *r, const char *name)
{
	g_return_if_fail(NADIR_IS_REVIEW(r) && name);
	review_push_queue(r, name, NULL);
}

GArray *nadir_review_get_items(NadirReview *r)
{
	return r->items;
}

const char *const *nadir_review_get_authors(NadirReview *r)
{
	return (const char *const *)r->authors;
}

GPtrArray *nadir_review_get_images(NadirReview *r)
{
	return r->images;
}

static const char *base_name(const project_image *image)
{
	const char *slash = strrchr(image->path, '/');
	return slash ? slash + 1 : image->path;
}

GPtrArray *nadir_review_image_names(NadirReview *r)
{
	GPtrArray *names = g_ptr_array_new();
	for (guint i = 0; i < r->images->len; i++)
		g_ptr_array_add(names, (char *)base_name(r->images->pdata[i]));
	return names;
}

const char *nadir_review_image_name(NadirReview *r, gint64 image)
{
	for (guint i = 0; i < r->images->len; i++)
		if (((project_image *)r->images->pdata[i])->id == image)
			return base_name(r->images->pdata[i]);
	return "";
}

guint nadir_review_get_length(NadirReview *r)
{
	return r->order->len;
}

guint nadir_review_get_position(NadirReview *r)
{
	return r->position;
}

bool nadir_review_is_loaded(NadirReview *r)
{
	return r->loaded;
}

void nadir_review_go(NadirReview *r, int step)
{
	g_return_if_fail(NADIR_IS_REVIEW(r));
	const gint64 to = CLAMP((gint64)r->position + step, 0, (gint64)r->order->len);
	if (to == r->position)
		return;
	r->position = (guint)to;
	show(r);
}

void nadir_review_get_counts(NadirReview *r, guint n[REVIEW_DECISIONS])
{
	memset(n, 0, REVIEW_DECISIONS * sizeof *n);
	for (guint i = 0; i < r->order->len; i++)
		n[g_array_index(r->items, review_item, g_array_index(r->order, guint, i)).decision]++;
}

guint nadir_review_get_relabelled(NadirReview *r)
{
	guint n = 0;
	for (guint i = 0; i < r->order->len; i++) {
		const review_item *item = &g_array_index(r->items, review_item, g_array_index(r->order, guint, i));
		n += item->decision != REVIEW_UNDECIDED && item->class_id != item->proposed_id;
	}
	return n;
}

guint nadir_review_get_fixed(NadirReview *r)
{
	guint n = 0;
	for (guint i = 0; i < r->order->len; i++)
		n += g_array_index(r->items, review_item, g_array_index(r->order, guint, i)).fixed;
	return n;
}

double nadir_review_get_rate(NadirReview *r)
{
	const guint n = MIN(r->past->len, RATE_OVER);
	gint64 span = 0;
	guint counted = 0;
	for (guint i = r->past->len - n; i + 1 < r->past->len; i++) {
		const gint64 took =
			g_array_index(r->past, review_past, i + 1).time - g_array_index(r->past, review_past, i).time;
		if (took > PAUSE) /* a pause is no work */
			continue;
		span += took;
		counted++;
	}
	return counted < 3 || span == 0 ? NAN : counted * 3600.0 * G_USEC_PER_SEC / (double)span;
}

/* --- decisions --- */

void review_remember(NadirReview *r, const review_item *item, gint64 other)
{
	const review_past past = {r->position, item->id, other, 0, g_get_monotonic_time()};
	g_array_append_val(r->past, past);
	if (r->advance)
		nadir_review_go(r, 1);
}

static const char *class_name_of(NadirReview *r, int id)
{
	GPtrArray *classes = nadir_document_get_classes(r->document);
	for (guint i = 0; i < classes->len; i++)
		if (((project_class *)classes->pdata[i])->id == id)
			return ((project_class *)classes->pdata[i])->name;
	return "";
}

/* Translators: steps in the undo list; %s is a class. */
static const char *const step_names[REVIEW_DECISIONS] = {N_("take back the decision on %s"), N_("review: accept %s"),
                                                         N_("review: reject %s"), N_("review: flag %s"),
                                                         N_("review: skip %s")};

static char *name_step(review_decision decision, const char *class_name)
{
	g_auto(GStrv) parts = g_strsplit(_(step_names[decision]), "%s", 2);
	return g_strjoin(class_name, parts[0], parts[1] ? parts[1] : "", NULL);
}

char *review_name_step(NadirReview *r, review_decision decision, int class_id)
{
	return name_step(decision, class_name_of(r, class_id));
}

void nadir_review_decide(NadirReview *r, review_decision decision)
{
	g_return_if_fail(NADIR_IS_REVIEW(r));
	const review_item *item = nadir_review_get_item(r, 0);
	if (!item || item->image != r->document->scene->image_id) /* not shown yet: nobody has seen it */
		return;
	const review_order o = {.decides = true, .decision = decision};
	review_push(r, &item->id, 1, &o, review_name_step(r, decision, item->class_id));
	review_remember(r, item, 0);
}

void nadir_review_relabel(NadirReview *r, const char *class_name)
{
	g_return_if_fail(NADIR_IS_REVIEW(r) && class_name);
	const review_item *item = nadir_review_get_item(r, 0);
	if (!item || item->image != r->document->scene->image_id)
		return;
	const review_order o = {.decides = true, .decision = REVIEW_ACCEPTED, .class_name = g_strdup(class_name)};
	review_push(r, &item->id, 1, &o, name_step(REVIEW_ACCEPTED, class_name));
	review_remember(r, item, 0);
}

void nadir_review_comment(NadirReview *r, const char *text)
{
	g_return_if_fail(NADIR_IS_REVIEW(r) && text);
	const review_item *item = nadir_review_get_item(r, 0);
	if (!item)
		return;
	const review_order o = {.comment = g_strstrip(g_strdup(text))};
	review_push(r, &item->id, 1, &o, g_strdup_printf(_("comment on %s"), class_name_of(r, item->class_id)));
}

void nadir_review_caption(NadirReview *r, const char *text)
{
	g_return_if_fail(NADIR_IS_REVIEW(r) && text);
	const review_item *item = nadir_review_get_item(r, 0);
	if (!item)
		return;
	const review_order o = {.caption = g_strstrip(g_strdup(text))};
	review_push(r, &item->id, 1, &o, g_strdup_printf(_("caption of %s"), class_name_of(r, item->class_id)));
}

bool nadir_review_back(NadirReview *r)
{
	g_return_val_if_fail(NADIR_IS_REVIEW(r), false);
	if (r->past->len == 0)
		return false;
	const review_past past = g_array_index(r->past, review_past, r->past->len - 1);
	const review_item *item = nadir_review_find(r, past.id);
	g_array_set_size(r->past, r->past->len - 1);
	review_push_back(r, &past, name_step(REVIEW_UNDECIDED, item ? class_name_of(r, item->class_id) : ""));
	r->position = MIN(past.position, r->order->len);
	show(r);
	return true;
}

void nadir_review_set_advance(NadirReview *r, bool advance)
{
	r->advance = advance;
}

bool nadir_review_get_advance(NadirReview *r)
{
	return r->advance;
}

guint nadir_review_count_beyond(NadirReview *r, double score, bool above)
{
	g_return_val_if_fail(NADIR_IS_REVIEW(r), 0);
	g_autoptr(GArray) ids = queue_beyond(r->filter, r->items, score, above);
	return ids->len;
}

void nadir_review_decide_beyond(NadirReview *r, double score, bool above, review_decision decision)
{
	g_return_if_fail(NADIR_IS_REVIEW(r));
	g_autoptr(GArray) ids = queue_beyond(r->filter, r->items, score, above);
	if (ids->len == 0)
		return;
	const review_order o = {.decides = true, .decision = decision};
	const gulong n = ids->len;
	/* Translators: steps in the undo list. */
	char *what = decision == REVIEW_ACCEPTED
	                 ? g_strdup_printf(ngettext("accept %lu object by score", "accept %lu objects by score", n), n)
	                 : g_strdup_printf(ngettext("reject %lu object by score", "reject %lu objects by score", n), n);
	review_push(r, (const gint64 *)(void *)ids->data, ids->len, &o, what);
}

/* --- life --- */

void nadir_review_set_document(NadirReview *r, NadirDocument *d)
{
	g_return_if_fail(NADIR_IS_REVIEW(r) && NADIR_IS_DOCUMENT(d));
	g_set_object(&r->document, d);
	g_signal_group_set_target(r->list_signals, nadir_document_get_objects(d));
	if (r->loaded)
		show(r);
}

void nadir_review_refresh(NadirReview *r)
{
	g_return_if_fail(NADIR_IS_REVIEW(r));
	review_read(r, r->loaded);
}

static void nadir_review_finalize(GObject *object)
{
	NadirReview *r = NADIR_REVIEW(object);
	g_clear_object(&r->list_signals);
	g_clear_object(&r->document);
	queue_filter_free(r->filter);
	g_array_unref(r->items);
	g_array_unref(r->order);
	g_array_unref(r->past);
	g_ptr_array_unref(r->images);
	g_ptr_array_unref(r->queues);
	g_strfreev(r->authors);
	g_clear_pointer(&r->pairs, g_hash_table_unref);
	g_clear_pointer(&r->agreed, agreement_free);
	G_OBJECT_CLASS(nadir_review_parent_class)->finalize(object);
}

static void nadir_review_class_init(NadirReviewClass *klass)
{
	static const char *const names[] = {"moved", "changed", "loaded", "image-wanted"};
	G_OBJECT_CLASS(klass)->finalize = nadir_review_finalize;
	for (guint i = 0; i < N_REVIEW_SIGNALS; i++)
		signals[i] = g_signal_new(names[i], NADIR_TYPE_REVIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
		                          i == SIGNAL_IMAGE ? 1 : 0, G_TYPE_INT64);
}

static void nadir_review_init(NadirReview *r)
{
	r->filter = queue_filter_new();
	r->items = g_array_new(FALSE, FALSE, sizeof(review_item));
	r->order = g_array_new(FALSE, FALSE, sizeof(guint));
	r->past = g_array_new(FALSE, FALSE, sizeof(review_past));
	r->images = g_ptr_array_new();
	r->queues = g_ptr_array_new();
	r->authors = g_new0(char *, 1);
	r->advance = true;
	r->list_signals = g_signal_group_new(G_TYPE_LIST_MODEL);
	g_signal_group_connect_swapped(r->list_signals, "items-changed", G_CALLBACK(on_objects), r);
}

NadirReview *nadir_review_new(NadirDocument *d)
{
	NadirReview *r = g_object_new(NADIR_TYPE_REVIEW, NULL);
	nadir_review_set_document(r, d);
	review_read(r, false);
	return r;
}
