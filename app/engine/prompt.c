#include "app/engine/prompt.h"

#include "render/file/json-text.h"
#include <cjson/cJSON.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

struct prompt {
	GArray *marks; /* of sam_mark; xy owned */
};

static const struct {
	const char *name, *key;
} kinds[] = {
	[SAM_POINT] = {"point", "xy"},        [SAM_BOX] = {"box", "xyxy"},        [SAM_CIRCLE] = {"circle", "cxcyr"},
	[SAM_SCRIBBLE] = {"scribble", "pts"}, [SAM_POLYGON] = {"polygon", "pts"},
};

static void mark_clear(void *data)
{
	sam_mark *m = data;
	g_free((void *)m->xy);
}

prompt *prompt_new(void)
{
	prompt *p = g_new0(prompt, 1);
	p->marks = g_array_new(FALSE, TRUE, sizeof(sam_mark));
	g_array_set_clear_func(p->marks, mark_clear);
	return p;
}

void prompt_free(prompt *p)
{
	if (!p)
		return;
	g_array_unref(p->marks);
	g_free(p);
}

void prompt_add(prompt *p, sam_mark_kind kind, int sign, const double *xy, guint n, double r)
{
	sam_mark m = {.kind = kind, .sign = sign, .n = n, .r = r};
	m.xy = g_memdup2(xy, sizeof(double) * 2 * n);
	g_array_append_val(p->marks, m);
}

prompt *prompt_copy(const prompt *p)
{
	prompt *c = prompt_new();
	for (guint i = 0; i < p->marks->len; i++) {
		const sam_mark *m = &g_array_index(p->marks, sam_mark, i);
		prompt_add(c, m->kind, m->sign, m->xy, m->n, m->r);
	}
	return c;
}

void prompt_remove_last(prompt *p)
{
	if (p->marks->len > 0)
		g_array_set_size(p->marks, p->marks->len - 1);
}

prompt *prompt_behind_box(const prompt *p, const bitmask *m)
{
	prompt *all = prompt_new();
	int b[4];
	guint n;
	const sam_mark *marks = prompt_marks(p, &n);
	if (mask_bbox(m, b))
		prompt_add(all, SAM_BOX, 1, (double[]){b[0], b[1], b[0] + b[2], b[1] + b[3]}, 2, 0);
	for (guint i = 0; i < n; i++)
		prompt_add(all, marks[i].kind, marks[i].sign, marks[i].xy, marks[i].n, marks[i].r);
	return all;
}

guint prompt_count(const prompt *p)
{
	return p->marks->len;
}

const sam_mark *prompt_marks(const prompt *p, guint *n)
{
	if (n)
		*n = p->marks->len;
	return (const sam_mark *)p->marks->data;
}

const char *prompt_summary(const prompt *p)
{
	guint n;
	const sam_mark *m = prompt_marks(p, &n);
	for (guint i = 1; i < n; i++)
		if (m[i].kind != m[0].kind)
			return "mixed";
	return n > 0 ? kinds[m[0].kind].name : "none";
}

const char *prompt_title(const prompt *p)
{
	static const char *const titles[] = {[SAM_POINT] = N_("point"),
	                                     [SAM_BOX] = N_("box"),
	                                     [SAM_CIRCLE] = N_("circle"),
	                                     [SAM_SCRIBBLE] = N_("scribble"),
	                                     [SAM_POLYGON] = N_("polygon")};
	const char *summary = prompt_summary(p);
	for (guint i = 0; i < G_N_ELEMENTS(titles); i++)
		if (g_strcmp0(summary, kinds[i].name) == 0)
			return _(titles[i]);
	return _("several marks");
}

/* --- JSON --- */

static cJSON *points_to_json(const sam_mark *m)
{
	cJSON *pts = cJSON_CreateArray();
	for (guint i = 0; i < m->n; i++)
		cJSON_AddItemToArray(pts, cJSON_CreateDoubleArray(m->xy + 2 * i, 2));
	return pts;
}

cJSON *prompt_mark_json(const sam_mark *m)
{
	cJSON *o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "kind", kinds[m->kind].name);
	cJSON_AddNumberToObject(o, "sign", m->sign);
	cJSON *value;
	if (m->kind == SAM_CIRCLE)
		value = cJSON_CreateDoubleArray((double[]){m->xy[0], m->xy[1], m->r}, 3);
	else if (m->kind == SAM_POINT || m->kind == SAM_BOX)
		value = cJSON_CreateDoubleArray(m->xy, (int)m->n * 2);
	else
		value = points_to_json(m);
	cJSON_AddItemToObject(o, kinds[m->kind].key, value);
	return o;
}

cJSON *prompt_list_json(const prompt *p)
{
	cJSON *a = cJSON_CreateArray();
	guint n;
	const sam_mark *m = prompt_marks(p, &n);
	for (guint i = 0; i < n; i++)
		cJSON_AddItemToArray(a, prompt_mark_json(&m[i]));
	return a;
}

char *prompt_to_json(const prompt *p)
{
	return json_text(prompt_list_json(p));
}

static bool bad_json(GError **error, const char *what)
{
	g_set_error(error, SAM_ERROR, SAM_ERROR_PROMPT, _("The stored prompt cannot be read: %s."), what);
	return false;
}

/* Numbers of a flat or nested array, appended to `out`. */
static bool numbers_from_json(const cJSON *a, GArray *out)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, a)
	{
		if (cJSON_IsArray(item)) {
			if (cJSON_GetArraySize(item) != 2 || !numbers_from_json(item, out))
				return false;
		} else if (cJSON_IsNumber(item) && isfinite(item->valuedouble)) {
			g_array_append_val(out, item->valuedouble);
		} else {
			return false;
		}
	}
	return true;
}

static bool count_fits(sam_mark_kind kind, guint numbers)
{
	switch (kind) {
	case SAM_POINT:
		return numbers == 2;
	case SAM_BOX:
		return numbers == 4;
	case SAM_CIRCLE:
		return numbers == 3;
	case SAM_SCRIBBLE:
		return numbers >= 2 && numbers % 2 == 0;
	case SAM_POLYGON:
		return numbers >= 6 && numbers % 2 == 0;
	}
	return false;
}

static void add_numbers(prompt *p, sam_mark_kind kind, int sign, const GArray *v)
{
	const double *xy = (const double *)v->data;
	double r = kind == SAM_CIRCLE ? xy[2] : 0;
	prompt_add(p, kind, sign, xy, kind == SAM_CIRCLE ? 1 : v->len / 2, r);
}

static bool mark_from_json(prompt *p, const cJSON *o, GError **error)
{
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "kind"));
	const cJSON *sign = cJSON_GetObjectItemCaseSensitive(o, "sign");
	for (guint k = 0; name && k < G_N_ELEMENTS(kinds); k++) {
		if (strcmp(name, kinds[k].name) != 0)
			continue;
		const cJSON *a = cJSON_GetObjectItemCaseSensitive(o, kinds[k].key);
		g_autoptr(GArray) v = g_array_new(FALSE, FALSE, sizeof(double));
		if (!cJSON_IsArray(a) || !numbers_from_json(a, v) || !count_fits(k, v->len))
			return bad_json(error, name);
		add_numbers(p, k, cJSON_IsNumber(sign) && sign->valuedouble < 0 ? -1 : 1, v);
		return true;
	}
	return bad_json(error, name ? name : "kind");
}

prompt *prompt_from_json(const char *json, GError **error)
{
	g_autoptr(prompt) p = prompt_new();
	cJSON *a = json ? cJSON_Parse(json) : NULL;
	bool ok = cJSON_IsArray(a);
	if (!ok)
		bad_json(error, _("it is no JSON list"));
	for (const cJSON *o = ok ? a->child : NULL; o && ok; o = o->next)
		ok = mark_from_json(p, o, error);
	cJSON_Delete(a);
	return ok ? g_steal_pointer(&p) : NULL;
}

prompt *prompt_from_mark_json(const cJSON *entry, GError **error)
{
	g_autoptr(prompt) p = prompt_new();
	return mark_from_json(p, entry, error) ? g_steal_pointer(&p) : NULL;
}

/* --- command line text --- */

/* "1,2" or "1,2;3,4;…": commas inside a point, semicolons between points when `pairs`; nothing may trail. */
static bool parse_numbers(const char *text, bool pairs, GArray *out)
{
	for (const char *s = text;;) {
		char *end;
		double v = g_ascii_strtod(s, &end);
		if (end == s || !isfinite(v))
			return false;
		g_array_append_val(out, v);
		if (!*end)
			return true;
		if (*end != (pairs && out->len % 2 == 0 ? ';' : ','))
			return false;
		s = end + 1;
	}
}

bool prompt_parse_mark(prompt *p, sam_mark_kind kind, int sign, const char *text, GError **error)
{
	static const char *forms[] = {
		[SAM_POINT] = "X,Y",          [SAM_BOX] = "X0,Y0,X1,Y1",       [SAM_CIRCLE] = "CX,CY,R",
		[SAM_SCRIBBLE] = "X,Y;X,Y;…", [SAM_POLYGON] = "X,Y;X,Y;X,Y;…",
	};
	g_autoptr(GArray) v = g_array_new(FALSE, FALSE, sizeof(double));
	const bool pairs = kind == SAM_SCRIBBLE || kind == SAM_POLYGON;
	if (!parse_numbers(text, pairs, v) || !count_fits(kind, v->len)) {
		g_set_error(error, SAM_ERROR, SAM_ERROR_PROMPT, _("A %s is given as %s, not as “%s”."), kinds[kind].name,
		            forms[kind], text);
		return false;
	}
	add_numbers(p, kind, sign, v);
	return true;
}

const char *prompt_region_numbers(const char *text, sam_mark_kind *kind)
{
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		const gsize n = strlen(kinds[i].name);
		if (strncmp(text, kinds[i].name, n) != 0 || text[n] != ':')
			continue;
		*kind = (sam_mark_kind)i;
		return text + n + 1;
	}
	return NULL;
}
