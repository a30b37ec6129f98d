/* The three-way merge. Things that only make sense together are merged together: an outline with what made it, a
 * decision with who made it. */
#include "render/store/team-private.h"

#include <string.h>

#include "render/file/json-text.h"

/* What a change is called, and the keys that are changed together; the first `telling` of them say whether two changes
 * are the same. "" stands for the outline itself. */
static const struct {
	const char *name;
	int telling;
	const char *keys[6];
} groups[] = {
	{"outline", 1, {"", "area_px", "area_m2", "model", "prompt", "score"}},
	{"decision", 2, {"state", "review", "reviewer", "reviewed"}},
};

/* A change of these alone is no change. */
static const char *const times[] = {"edited", NULL};

void team_side_clear(team_side *s)
{
	cJSON_Delete(s->json);
	g_clear_pointer(&s->px, g_bytes_unref);
	s->json = NULL;
}

team_side team_side_copy(const team_side *s)
{
	return (team_side){s->json ? cJSON_Duplicate(s->json, true) : NULL, s->px ? g_bytes_ref(s->px) : NULL};
}

team_side team_side_from(const char *json, GBytes *px)
{
	return (team_side){json && *json ? cJSON_Parse(json) : NULL, px ? g_bytes_ref(px) : NULL};
}

char *team_side_text(const team_side *s)
{
	return s->json ? json_part_text(s->json) : NULL;
}

static const cJSON *value_of(const team_side *s, const char *key)
{
	return s->json ? cJSON_GetObjectItemCaseSensitive(s->json, key) : NULL;
}

static bool same_bytes(GBytes *a, GBytes *b)
{
	return a == b || (a && b && g_bytes_equal(a, b));
}

static bool same_key(const team_side *a, const team_side *b, const char *key)
{
	if (!*key)
		return same_bytes(a->px, b->px);
	const cJSON *x = value_of(a, key), *y = value_of(b, key);
	return (!x && !y) || (x && y && cJSON_Compare(x, y, true));
}

bool team_side_equal(const team_side *a, const team_side *b)
{
	if (!a->json || !b->json)
		return !a->json && !b->json;
	const cJSON *item;
	cJSON_ArrayForEach(item, a->json)
	{
		if (!g_strv_contains(times, item->string) && !same_key(a, b, item->string))
			return false;
	}
	cJSON_ArrayForEach(item, b->json)
	{
		if (!g_strv_contains(times, item->string) && !value_of(a, item->string))
			return false;
	}
	return same_bytes(a->px, b->px);
}

static void take(team_side *to, const team_side *from, const char *key)
{
	if (!*key) {
		g_clear_pointer(&to->px, g_bytes_unref);
		to->px = from->px ? g_bytes_ref(from->px) : NULL;
		return;
	}
	const cJSON *value = value_of(from, key);
	cJSON_DeleteItemFromObjectCaseSensitive(to->json, key);
	if (value)
		cJSON_AddItemToObject(to->json, key, cJSON_Duplicate(value, true));
}

typedef struct {
	const team_side *base, *ours, *theirs;
	team_choice prefer;
	team_side *merged; /* starts as ours */
	GString *conflicts;
} merge;

static void add_conflict(merge *m, const char *name)
{
	g_string_append_printf(m->conflicts, "%s%s", m->conflicts->len ? ", " : "", name);
}

static bool changed(const merge *m, const team_side *side, int n, const char *const *keys)
{
	for (int i = 0; i < n; i++)
		if (keys[i] && !same_key(m->base, side, keys[i]))
			return true;
	return false;
}

/* keys[n], of which the first `telling` say whether both sides did the same. */
static void merge_keys(merge *m, const char *name, int telling, int n, const char *const *keys)
{
	bool agree = true, theirs = changed(m, m->theirs, n, keys);
	if (theirs && changed(m, m->ours, n, keys)) {
		for (int i = 0; i < telling; i++)
			agree = agree && same_key(m->ours, m->theirs, keys[i]);
		if (!agree)
			add_conflict(m, name);
		theirs = agree || m->prefer == TEAM_THEIRS;
	}
	for (int i = 0; theirs && i < n; i++)
		if (keys[i])
			take(m->merged, m->theirs, keys[i]);
}

static bool in_group(const char *key)
{
	for (guint g = 0; g < G_N_ELEMENTS(groups); g++)
		for (guint i = 0; i < G_N_ELEMENTS(groups[g].keys) && groups[g].keys[i]; i++)
			if (strcmp(groups[g].keys[i], key) == 0)
				return true;
	return false;
}

/* Attributes of a class travel as one text of JSON: each of them is merged by itself. */
static cJSON *parse_inner(const team_side *s, const char *key)
{
	const char *text = cJSON_GetStringValue(value_of(s, key));
	cJSON *inner = text && *text ? cJSON_Parse(text) : cJSON_CreateObject();
	return inner ? inner : cJSON_CreateObject();
}

static void merge_sides(merge *m, char *(*named)(const char *key));

static char *attribute_name(const char *key)
{
	return g_strconcat("attribute ", key, NULL);
}

static void merge_inner(merge *m, const char *key)
{
	g_auto(team_side) base = {parse_inner(m->base, key)}, ours = {parse_inner(m->ours, key)};
	g_auto(team_side) theirs = {parse_inner(m->theirs, key)}, merged = team_side_copy(&ours);
	merge inner = {&base, &ours, &theirs, m->prefer, &merged, m->conflicts};
	merge_sides(&inner, attribute_name);
	g_autofree char *text = cJSON_GetArraySize(merged.json) > 0 ? team_side_text(&merged) : g_strdup("");
	cJSON_DeleteItemFromObjectCaseSensitive(m->merged->json, key);
	cJSON_AddStringToObject(m->merged->json, key, text);
}

static void merge_one(merge *m, const char *key, char *(*named)(const char *key))
{
	const char *mine = cJSON_GetStringValue(value_of(m->ours, key));
	const char *other = cJSON_GetStringValue(value_of(m->theirs, key));
	g_autofree char *name = named ? named(key) : g_strdup(key);
	if (named || (!in_group(key) && !g_strv_contains(times, key) && strcmp(key, "attributes") != 0))
		merge_keys(m, name, 1, 1, &key);
	else if (strcmp(key, "attributes") == 0)
		merge_inner(m, key);
	else if (g_strv_contains(times, key) && g_strcmp0(other, mine) > 0)
		take(m->merged, m->theirs, key);
}

/* Every key of any side, once. */
static void merge_sides(merge *m, char *(*named)(const char *key))
{
	const team_side *const sides[] = {m->base, m->ours, m->theirs};
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; i < G_N_ELEMENTS(sides); i++) {
		const cJSON *item;
		if (!sides[i]->json)
			continue;
		cJSON_ArrayForEach(item, sides[i]->json)
		{
			if (g_hash_table_add(seen, item->string))
				merge_one(m, item->string, named);
		}
	}
}

/* One side has deleted what the other changed. */
static char *merge_deleted(const merge *m)
{
	const team_side *left = m->ours->json ? m->ours : m->theirs;
	const bool gone_here = !m->ours->json;
	if ((m->prefer == TEAM_THEIRS) == gone_here) /* the side that is preferred has it still */
		*m->merged = team_side_copy(left);
	return g_strdup(gone_here ? "deleted here" : "deleted there");
}

char *team_merge(const team_side *base, const team_side *ours, const team_side *theirs, team_choice prefer,
                 team_side *merged)
{
	merge m = {base, ours, theirs, prefer, merged, NULL};
	*merged = (team_side){0};
	if (team_side_equal(ours, base) || team_side_equal(theirs, base) || team_side_equal(ours, theirs)) {
		*merged = team_side_copy(team_side_equal(ours, base) ? theirs : ours);
		return NULL;
	}
	if (!ours->json || !theirs->json)
		return merge_deleted(&m);
	*merged = team_side_copy(ours);
	m.conflicts = g_string_new(NULL);
	for (guint g = 0; g < G_N_ELEMENTS(groups); g++)
		merge_keys(&m, groups[g].name, groups[g].telling, G_N_ELEMENTS(groups[g].keys), groups[g].keys);
	merge_sides(&m, NULL);
	return g_string_free(m.conflicts, m.conflicts->len == 0);
}
