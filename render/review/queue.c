#include "render/review/queue.h"

#include "render/file/json-text.h"
#include <cjson/cJSON.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

queue_filter *queue_filter_new(void)
{
	queue_filter *f = g_new0(queue_filter, 1);
	f->decisions = 1u << REVIEW_UNDECIDED;
	f->classes = g_array_new(FALSE, FALSE, sizeof(int));
	f->score_max = 1;
	f->set_a = g_strdup("");
	f->set_b = g_strdup("");
	f->sample = 100;
	f->seed = 1;
	return f;
}

queue_filter *queue_filter_copy(const queue_filter *from)
{
	queue_filter *f = g_memdup2(from, sizeof *from);
	f->classes = g_array_copy(from->classes);
	f->set_a = g_strdup(from->set_a);
	f->set_b = g_strdup(from->set_b);
	return f;
}

void queue_filter_free(queue_filter *f)
{
	if (!f)
		return;
	g_array_unref(f->classes);
	g_free(f->set_a);
	g_free(f->set_b);
	g_free(f);
}

/* --- as text --- */

char *queue_filter_to_json(const queue_filter *f)
{
	cJSON *root = cJSON_CreateObject(), *classes;
	cJSON_AddNumberToObject(root, "decisions", f->decisions);
	cJSON_AddNumberToObject(root, "sources", f->sources);
	classes = cJSON_AddArrayToObject(root, "classes");
	for (guint i = 0; i < f->classes->len; i++)
		cJSON_AddItemToArray(classes, cJSON_CreateNumber(g_array_index(f->classes, int, i)));
	cJSON_AddNumberToObject(root, "score_min", f->score_min);
	cJSON_AddNumberToObject(root, "score_max", f->score_max);
	cJSON_AddNumberToObject(root, "area_min", f->area_min);
	cJSON_AddNumberToObject(root, "area_max", f->area_max);
	cJSON_AddNumberToObject(root, "image", (double)f->image);
	cJSON_AddStringToObject(root, "set_a", f->set_a);
	cJSON_AddStringToObject(root, "set_b", f->set_b);
	cJSON_AddNumberToObject(root, "sample", f->sample);
	cJSON_AddNumberToObject(root, "seed", f->seed);
	cJSON_AddNumberToObject(root, "order", f->order);
	return json_text(root);
}

static double number(const cJSON *root, const char *name, double otherwise, double least, double most)
{
	const cJSON *item = cJSON_GetObjectItem(root, name);
	return cJSON_IsNumber(item) ? CLAMP(item->valuedouble, least, most) : otherwise;
}

static void take_text(const cJSON *root, const char *name, char **to)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItem(root, name));
	g_free(*to);
	*to = g_strdup(value ? value : "");
}

queue_filter *queue_filter_from_json(const char *text, GError **error)
{
	cJSON *root = cJSON_Parse(text);
	const cJSON *c;
	if (!cJSON_IsObject(root)) {
		cJSON_Delete(root);
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
		            _("A saved queue cannot be read (%.40s): delete it and save it again."), text);
		return NULL;
	}
	queue_filter *f = queue_filter_new();
	f->decisions = (guint)number(root, "decisions", f->decisions, 0, (1 << REVIEW_DECISIONS) - 1);
	f->sources = (guint)number(root, "sources", 0, 0, (1 << REVIEW_SOURCES) - 1);
	cJSON_ArrayForEach(c, cJSON_GetObjectItem(root, "classes"))
	{
		queue_filter_set_class(f, c->valueint, true);
	}
	f->score_min = number(root, "score_min", 0, 0, 1);
	f->score_max = number(root, "score_max", 1, 0, 1);
	f->area_min = number(root, "area_min", 0, 0, G_MAXDOUBLE);
	f->area_max = number(root, "area_max", 0, 0, G_MAXDOUBLE);
	f->image = (gint64)number(root, "image", 0, 0, (double)(G_GINT64_CONSTANT(1) << 53));
	take_text(root, "set_a", &f->set_a);
	take_text(root, "set_b", &f->set_b);
	f->sample = number(root, "sample", 100, 0, 100);
	f->seed = (guint32)number(root, "seed", 1, 0, G_MAXUINT32);
	f->order = (queue_order)number(root, "order", 0, 0, QUEUE_ORDERS - 1);
	cJSON_Delete(root);
	return f;
}

/* --- choosing --- */

static int find_class(const queue_filter *f, int class_id)
{
	for (guint i = 0; i < f->classes->len; i++)
		if (g_array_index(f->classes, int, i) == class_id)
			return (int)i;
	return -1;
}

static bool has_class(const queue_filter *f, int class_id)
{
	return f->classes->len == 0 || find_class(f, class_id) >= 0;
}

void queue_filter_set_class(queue_filter *f, int class_id, bool in)
{
	const int at = find_class(f, class_id);
	if (in && at < 0)
		g_array_append_val(f->classes, class_id);
	else if (!in && at >= 0)
		g_array_remove_index(f->classes, (guint)at);
}

static bool has_score(const queue_filter *f, double score)
{
	if (isnan(score))
		return f->score_min <= 0 && f->score_max >= 1;
	return score >= f->score_min && score <= f->score_max;
}

bool queue_filter_accepts(const queue_filter *f, const review_item *item)
{
	return (f->decisions == 0 || (f->decisions & (1u << item->decision))) &&
	       (f->sources == 0 || (f->sources & (1u << item->source))) && (f->image == 0 || f->image == item->image) &&
	       has_class(f, item->class_id) && has_score(f, item->score) && (double)item->area_px >= f->area_min &&
	       (f->area_max <= 0 || (double)item->area_px <= f->area_max);
}

/* A number for an object that only the seed changes: the sample stays the same while the queue shrinks (splitmix64,
 * Steele et al. 2014). */
static guint64 lot(guint32 seed, gint64 id)
{
	guint64 z = (guint64)id + ((guint64)seed + 1) * 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* What is sorted: a key for each position. */
typedef struct {
	double key;
	guint64 lot;
	gint64 image, id;
	guint at;
} ranked;

static int by_lot(gconstpointer a, gconstpointer b)
{
	const ranked *x = a, *y = b;
	return x->lot < y->lot ? -1 : x->lot > y->lot;
}

static int by_key(gconstpointer a, gconstpointer b)
{
	const ranked *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->image != y->image)
		return x->image < y->image ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static double key_of(const queue_filter *f, const review_item *i, const agreement_pair *p)
{
	switch (f->order) {
	case QUEUE_BY_IOU:
		return p ? p->iou : 0;
	case QUEUE_BY_SCORE:
		return isnan(i->score) ? 2 : i->score;
	case QUEUE_BY_SCORE_FALLING:
		return isnan(i->score) ? 2 : -i->score;
	case QUEUE_BY_CLASS:
		return i->class_id;
	case QUEUE_BY_AREA:
		return (double)i->area_px;
	default:
		return 0;
	}
}

/* Of two sets: what they differ in, or one object of each pair. */
static bool is_wanted(const queue_filter *f, const agreement_pair *p, gint64 id)
{
	return p && (f->order == QUEUE_BY_IOU ? agreement_first(p) == id : agreement_differs(p));
}

GArray *queue_select(const queue_filter *f, GArray *items, GHashTable *pairs)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(ranked));
	const bool sets = *f->set_a && *f->set_b;
	for (guint i = 0; i < items->len; i++) {
		const review_item *item = &g_array_index(items, review_item, i);
		const agreement_pair *p = sets && pairs ? g_hash_table_lookup(pairs, &item->id) : NULL;
		if (!queue_filter_accepts(f, item) || (sets && !is_wanted(f, p, item->id)))
			continue;
		const ranked r = {key_of(f, item, p), lot(f->seed, item->id), item->image, item->id, i};
		g_array_append_val(found, r);
	}
	if (f->sample < 100) {
		g_array_sort(found, by_lot);
		g_array_set_size(found, (guint)lround(found->len * f->sample / 100));
	}
	g_array_sort(found, f->order == QUEUE_AT_RANDOM ? by_lot : by_key);
	GArray *order = g_array_sized_new(FALSE, FALSE, sizeof(guint), found->len);
	for (guint i = 0; i < found->len; i++)
		g_array_append_val(order, g_array_index(found, ranked, i).at);
	return order;
}

GArray *queue_beyond(const queue_filter *f, GArray *items, double score, bool above)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	for (guint i = 0; i < items->len; i++) {
		const review_item *item = &g_array_index(items, review_item, i);
		if (item->decision == REVIEW_UNDECIDED && !isnan(item->score) && queue_filter_accepts(f, item) &&
		    (above ? item->score >= score : item->score < score))
			g_array_append_val(ids, item->id);
	}
	return ids;
}
