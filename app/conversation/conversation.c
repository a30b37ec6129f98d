#include "app/conversation/conversation.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "app/conversation/conversation-edit.h"
#include "app/conversation/conversation-text.h"

/* --- regions --- */

static void region_clear(void *data)
{
	conversation_region *r = data;
	prompt_free(r->mark);
	mask_free(r->mask);
	g_clear_pointer(&r->wkb, g_bytes_unref);
	g_clear_pointer(&r->shape, wkb_shape_free);
	g_free(r->label);
}

conversation_region *conversation_region_new(const sam_mark *mark, const bitmask *mask, GBytes *wkb, gint64 object,
                                             const char *label)
{
	conversation_region *r = g_rc_box_new0(conversation_region);
	r->mark = prompt_new();
	prompt_add(r->mark, mark->kind, mark->sign, mark->xy, mark->n, mark->r);
	r->mask = mask ? mask_copy(mask) : NULL;
	r->wkb = wkb ? g_bytes_ref(wkb) : NULL;
	r->shape = wkb ? wkb_shape_read(wkb, NULL) : NULL;
	r->object = object;
	r->label = g_strdup(label ? label : "");
	return r;
}

conversation_region *conversation_region_ref(conversation_region *r)
{
	return g_rc_box_acquire(r);
}

void conversation_region_unref(conversation_region *r)
{
	g_rc_box_release_full(r, region_clear);
}

static double distance_to_segment(const double *a, const double *b, double x, double y)
{
	const double dx = b[0] - a[0], dy = b[1] - a[1], length = dx * dx + dy * dy;
	const double t = length > 0 ? CLAMP(((x - a[0]) * dx + (y - a[1]) * dy) / length, 0, 1) : 0;
	return hypot(a[0] + t * dx - x, a[1] + t * dy - y);
}

static bool near_line(const sam_mark *m, double x, double y, double slack)
{
	for (guint i = 0; i + 1 < m->n; i++)
		if (distance_to_segment(m->xy + 2 * (gsize)i, m->xy + 2 * (gsize)i + 2, x, y) <= slack)
			return true;
	return m->n == 1 && hypot(m->xy[0] - x, m->xy[1] - y) <= slack;
}

static bool in_polygon(const sam_mark *m, double x, double y)
{
	bool inside = false;
	for (guint i = 0, j = m->n - 1; i < m->n; j = i++) {
		const double *a = m->xy + 2 * (gsize)i, *b = m->xy + 2 * (gsize)j;
		if ((a[1] > y) != (b[1] > y) && x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]))
			inside = !inside;
	}
	return inside;
}

bool conversation_region_contains(const conversation_region *r, double x, double y, double slack)
{
	const sam_mark *m = prompt_marks(r->mark, NULL);
	if (r->mask)
		return mask_contains(r->mask, x, y);
	switch (m->kind) {
	case SAM_BOX:
		return x >= MIN(m->xy[0], m->xy[2]) && x <= MAX(m->xy[0], m->xy[2]) && y >= MIN(m->xy[1], m->xy[3]) &&
		       y <= MAX(m->xy[1], m->xy[3]);
	case SAM_CIRCLE:
		return hypot(m->xy[0] - x, m->xy[1] - y) <= m->r;
	case SAM_POLYGON:
		return in_polygon(m, x, y);
	case SAM_POINT:
	case SAM_SCRIBBLE:
		return near_line(m, x, y, slack);
	}
	return false;
}

raster_rect conversation_region_bounds(const conversation_region *r)
{
	const sam_mark *m = prompt_marks(r->mark, NULL);
	double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
	const double grow = m->kind == SAM_CIRCLE ? m->r : 0;
	if (r->mask)
		return (raster_rect){r->mask->x, r->mask->y, r->mask->w, r->mask->h};
	for (guint i = 0; i < m->n; i++) {
		x0 = MIN(x0, m->xy[2 * (gsize)i] - grow);
		y0 = MIN(y0, m->xy[2 * (gsize)i + 1] - grow);
		x1 = MAX(x1, m->xy[2 * (gsize)i] + grow);
		y1 = MAX(y1, m->xy[2 * (gsize)i + 1] + grow);
	}
	return (raster_rect){(int)floor(x0), (int)floor(y0), (int)ceil(x1) - (int)floor(x0),
	                     (int)ceil(y1) - (int)floor(y0)};
}

/* --- what was found --- */

static void grounded_clear(void *data)
{
	conversation_grounded *g = data;
	g_free(g->phrase);
	mask_free(g->mask);
	g_clear_pointer(&g->wkb, g_bytes_unref);
	g_clear_pointer(&g->shape, wkb_shape_free);
}

conversation_grounded *conversation_grounded_new(const char *phrase)
{
	conversation_grounded *g = g_rc_box_new0(conversation_grounded);
	g->phrase = g_strdup(phrase);
	g->area_m2 = NAN;
	return g;
}

conversation_grounded *conversation_grounded_ref(conversation_grounded *g)
{
	return g_rc_box_acquire(g);
}

void conversation_grounded_unref(conversation_grounded *g)
{
	g_rc_box_release_full(g, grounded_clear);
}

void conversation_grounded_prepare(conversation_grounded *g, const georef *ref)
{
	if (!g->mask || g->wkb)
		return;
	g->area = mask_area(g->mask);
	g->wkb = mask_to_wkb(g->mask, NULL);
	g->shape = g->wkb ? wkb_shape_read(g->wkb, NULL) : NULL;
	if (g->shape)
		g->area_m2 = georef_area_m2(ref, g->wkb);
	else
		g_clear_pointer(&g->mask, mask_free);
}

/* --- messages --- */

conversation_settings conversation_settings_default(void)
{
	return (conversation_settings){.temperature = 0.1, .top_p = 0.5, .repeat_penalty = 1, .max_tokens = 512};
}

static void timing_clear(conversation_timing *t)
{
	g_free(t->model);
	g_free(t->device);
	*t = (conversation_timing){0};
}

static conversation_message *message_new(conversation_message *parent, bool model, const char *text)
{
	conversation_message *m = g_new0(conversation_message, 1);
	m->model = model;
	m->parent = parent;
	m->value = g_strdup(text);
	m->text = g_strdup(text);
	m->children = g_ptr_array_new();
	m->regions = g_ptr_array_new_with_free_func((GDestroyNotify)conversation_region_unref);
	m->region_texts = g_ptr_array_new_with_free_func(g_free);
	m->grounded = g_ptr_array_new_with_free_func((GDestroyNotify)conversation_grounded_unref);
	m->settings = conversation_settings_default();
	return m;
}

static void message_free(void *data)
{
	conversation_message *m = data;
	g_free(m->value);
	g_free(m->text);
	g_free(m->note);
	g_free(m->error);
	g_ptr_array_unref(m->children);
	g_ptr_array_unref(m->regions);
	g_ptr_array_unref(m->region_texts);
	g_ptr_array_unref(m->grounded);
	conversation_said_free(m->said);
	timing_clear(&m->timing);
	g_free(m);
}

/* --- the tree --- */

conversation *conversation_new(void)
{
	conversation *c = g_atomic_rc_box_new0(conversation);
	c->title = g_strdup("");
	c->settings = conversation_settings_default();
	c->root = message_new(NULL, true, "");
	c->messages = g_ptr_array_new_with_free_func(message_free);
	c->loaded = true;
	return c;
}

static void conversation_clear(void *data)
{
	conversation *c = data;
	message_free(c->root);
	g_ptr_array_unref(c->messages);
	g_free(c->title);
	g_free(c->words);
}

conversation *conversation_ref(conversation *c)
{
	return g_atomic_rc_box_acquire(c);
}

void conversation_unref(conversation *c)
{
	g_atomic_rc_box_release_full(c, conversation_clear);
}

void conversation_swap(conversation *c, conversation *other)
{
	const conversation before = *c;
	c->root = other->root;
	c->messages = other->messages;
	c->loaded = other->loaded;
	other->root = before.root;
	other->messages = before.messages;
	other->loaded = before.loaded;
}

conversation_message *conversation_add(conversation *c, conversation_message *parent, bool model, const char *text)
{
	conversation_message *m = message_new(parent, model, text);
	g_ptr_array_add(c->messages, m);
	g_ptr_array_add(parent->children, m);
	conversation_show(m);
	return m;
}

void conversation_remove(conversation *c, conversation_message *m)
{
	conversation_message *parent = m->parent;
	g_assert(m->children->len == 0 && parent);
	g_ptr_array_remove(parent->children, m);
	if (parent->chosen >= parent->children->len)
		parent->chosen = MAX(parent->children->len, 1) - 1;
	g_ptr_array_remove(c->messages, m);
}

GPtrArray *conversation_path(const conversation *c)
{
	GPtrArray *path = g_ptr_array_new();
	for (conversation_message *m = c->root; m->children->len > 0;) {
		m = m->children->pdata[m->chosen];
		g_ptr_array_add(path, m);
	}
	return path;
}

conversation_message *conversation_find(const conversation *c, gint64 id)
{
	for (guint i = 0; i < c->messages->len; i++)
		if (((conversation_message *)c->messages->pdata[i])->id == id)
			return c->messages->pdata[i];
	return NULL;
}

conversation_message *conversation_last(const conversation *c)
{
	conversation_message *m = c->root;
	while (m->children->len > 0)
		m = m->children->pdata[m->chosen];
	return m;
}

void conversation_show(conversation_message *m)
{
	for (; m->parent; m = m->parent) {
		guint place = 0;
		if (g_ptr_array_find(m->parent->children, m, &place))
			m->parent->chosen = place;
	}
}

guint conversation_place(const conversation_message *m, guint *count)
{
	guint place = 0;
	*count = m->parent ? m->parent->children->len : 1;
	if (m->parent)
		g_ptr_array_find(m->parent->children, m, &place);
	return place;
}

bool conversation_step(conversation_message *m, int step)
{
	guint count;
	const guint place = conversation_place(m, &count);
	if ((step < 0 && place == 0) || (step > 0 && place + 1 >= count))
		return false;
	conversation_show(m->parent->children->pdata[step < 0 ? place - 1 : place + 1]);
	return true;
}

GPtrArray *conversation_regions(const conversation_message *m)
{
	for (; m && m->parent; m = m->parent)
		if (!m->model)
			return m->regions;
	return NULL;
}

/* --- finding it again --- */

char *conversation_title(const conversation *c)
{
	const conversation_message *first = c->root->children->len > 0 ? c->root->children->pdata[0] : NULL;
	const char *said = *c->title ? c->title : first ? first->text : c->words && *c->words ? c->words : NULL;
	if (!said)
		return g_strdup(_("New conversation"));
	g_autofree char *first_line = g_strndup(said, strcspn(said, "\n"));
	g_autofree char *line = conversation_value_to_chips(first_line, G_MAXUINT);
	if (g_utf8_strlen(line, -1) <= 60)
		return g_steal_pointer(&line);
	g_autofree char *begin = g_utf8_substring(line, 0, 59);
	return g_strconcat(begin, "…", NULL);
}

static void fold_into(GString *all, const char *text)
{
	g_autofree char *folded = g_utf8_casefold(text, -1);
	g_string_append(all, folded);
	g_string_append_c(all, '\n');
}

bool conversation_matches(const conversation *c, const char *folded)
{
	g_autoptr(GString) all = g_string_new(NULL);
	g_auto(GStrv) words = g_strsplit(folded, " ", -1);
	fold_into(all, c->title);
	fold_into(all, c->words && !c->loaded ? c->words : "");
	for (guint i = 0; i < c->messages->len; i++)
		fold_into(all, ((conversation_message *)c->messages->pdata[i])->text);
	for (char **w = words; *w; w++)
		if (!strstr(all->str, *w))
			return false;
	return true;
}
