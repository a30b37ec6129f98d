#include "render/geometry/attributes.h"

#include "render/file/json-text.h"
#include <cjson/cJSON.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

G_DEFINE_QUARK(nadir_attribute_error_quark, attribute_error)

/* --- what is asked --- */

static const char *const type_names[ATTRIBUTE_TYPES] = {"text", "number", "choice", "flag"};

const char *attribute_type_name(attribute_type t)
{
	return type_names[t];
}

attribute_field *attribute_field_new(const char *name, attribute_type type, const char *const *choices, bool required)
{
	static const char *const none[] = {NULL};
	attribute_field *f = g_new(attribute_field, 1);
	*f = (attribute_field){g_strdup(name), type, g_strdupv((char **)(choices ? choices : none)), required};
	return f;
}

void attribute_field_free(attribute_field *f)
{
	if (!f)
		return;
	g_free(f->name);
	g_strfreev(f->choices);
	g_free(f);
}

static attribute_field *field_of(const cJSON *o)
{
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(o, "name"));
	const char *type = cJSON_GetStringValue(cJSON_GetObjectItem(o, "type"));
	g_autoptr(GPtrArray) choices = g_ptr_array_new();
	const cJSON *c;
	for (int t = 0; name && *name && type && t < ATTRIBUTE_TYPES; t++) {
		if (strcmp(type, type_names[t]) != 0)
			continue;
		cJSON_ArrayForEach(c, cJSON_GetObjectItem(o, "choices")) if (cJSON_IsString(c))
			g_ptr_array_add(choices, c->valuestring);
		g_ptr_array_add(choices, NULL);
		return attribute_field_new(name, (attribute_type)t, (const char *const *)choices->pdata,
		                           cJSON_IsTrue(cJSON_GetObjectItem(o, "required")));
	}
	return NULL;
}

GPtrArray *attribute_fields_parse(const char *json)
{
	GPtrArray *fields = g_ptr_array_new_with_free_func((GDestroyNotify)attribute_field_free);
	cJSON *root = json && *json ? cJSON_Parse(json) : NULL;
	const cJSON *o;
	cJSON_ArrayForEach(o, root)
	{
		attribute_field *f = field_of(o);
		if (f)
			g_ptr_array_add(fields, f);
	}
	cJSON_Delete(root);
	return fields;
}

char *attribute_fields_print(GPtrArray *fields)
{
	cJSON *root = cJSON_CreateArray();
	for (guint i = 0; i < fields->len; i++) {
		const attribute_field *f = fields->pdata[i];
		cJSON *o = cJSON_CreateObject();
		cJSON_AddStringToObject(o, "name", f->name);
		cJSON_AddStringToObject(o, "type", type_names[f->type]);
		if (f->type == ATTRIBUTE_CHOICE)
			cJSON_AddItemToObject(
				o, "choices", cJSON_CreateStringArray((const char *const *)f->choices, (int)g_strv_length(f->choices)));
		cJSON_AddBoolToObject(o, "required", f->required);
		cJSON_AddItemToArray(root, o);
	}
	if (fields->len > 0)
		return json_text(root);
	cJSON_Delete(root);
	return g_strdup("");
}

/* Names of an object's own fields, in files and in expressions. */
static bool is_own(const char *name)
{
	static const char *const own[] = {"id",      "fid",    "class",    "class_id", "class_path", "score",   "area_px",
	                                  "area_m2", "model",  "prompt",   "state",    "reviewer",   "caption", "image",
	                                  "created", "edited", "geometry", "geom",     "attributes", NULL};
	g_autofree char *lower = g_ascii_strdown(name, -1);
	return g_strv_contains(own, lower);
}

static bool same_name(const char *a, const char *b)
{
	g_autofree char *x = g_utf8_casefold(a, -1), *y = g_utf8_casefold(b, -1);
	return strcmp(x, y) == 0;
}

bool attribute_fields_check(GPtrArray *fields, GError **error)
{
	for (guint i = 0; i < fields->len; i++) {
		const attribute_field *f = fields->pdata[i];
		if (!*f->name) {
			g_set_error_literal(error, ATTRIBUTE_ERROR, ATTRIBUTE_ERROR_NAME,
			                    _("An attribute needs a name: type at least one letter."));
			return false;
		}
		if (is_own(f->name)) {
			g_set_error(error, ATTRIBUTE_ERROR, ATTRIBUTE_ERROR_NAME,
			            _("Every object has “%s” already: give the attribute another name."), f->name);
			return false;
		}
		for (guint k = 0; k < i; k++)
			if (same_name(f->name, ((attribute_field *)fields->pdata[k])->name)) {
				g_set_error(error, ATTRIBUTE_ERROR, ATTRIBUTE_ERROR_NAME,
				            _("Two attributes are called “%s”: give one of them another name."), f->name);
				return false;
			}
		if (f->type == ATTRIBUTE_CHOICE && !*f->choices) {
			g_set_error(error, ATTRIBUTE_ERROR, ATTRIBUTE_ERROR_VALUE,
			            _("“%s” has nothing to choose from: list its choices, with commas between them."), f->name);
			return false;
		}
	}
	return true;
}

/* --- the answers --- */

static cJSON *parse_values(const char *values)
{
	cJSON *root = values && *values ? cJSON_Parse(values) : NULL;
	if (cJSON_IsObject(root))
		return root;
	cJSON_Delete(root);
	return cJSON_CreateObject();
}

/* NULL: no plain value. */
static char *value_text(const cJSON *v)
{
	char number[G_ASCII_DTOSTR_BUF_SIZE];
	if (cJSON_IsBool(v))
		return g_strdup(cJSON_IsTrue(v) ? "true" : "false");
	if (cJSON_IsNumber(v))
		return g_strdup(v->valuedouble == floor(v->valuedouble) && fabs(v->valuedouble) < 1e15
		                    ? g_ascii_formatd(number, sizeof number, "%.0f", v->valuedouble)
		                    : g_ascii_formatd(number, sizeof number, "%.15g", v->valuedouble));
	return g_strdup(cJSON_GetStringValue(v));
}

char *attributes_get(const char *values, const char *name)
{
	if (!values || !*values)
		return NULL;
	cJSON *root = parse_values(values);
	char *text = value_text(cJSON_GetObjectItemCaseSensitive(root, name));
	cJSON_Delete(root);
	return text;
}

/* Takes v; NULL: taken away. */
static char *put(const char *values, const char *name, cJSON *v)
{
	cJSON *root = parse_values(values);
	if (!v)
		cJSON_DeleteItemFromObjectCaseSensitive(root, name);
	else if (cJSON_GetObjectItemCaseSensitive(root, name))
		cJSON_ReplaceItemInObjectCaseSensitive(root, name, v);
	else
		cJSON_AddItemToObject(root, name, v);
	if (root->child)
		return json_text(root);
	cJSON_Delete(root);
	return g_strdup("");
}

static cJSON *flag_from(const char *value)
{
	static const char *const yes[] = {"true", "1", "yes", NULL}, *const no[] = {"false", "0", "no", NULL};
	g_autofree char *lower = g_ascii_strdown(value, -1);
	if (g_strv_contains(yes, lower))
		return cJSON_CreateTrue();
	return g_strv_contains(no, lower) ? cJSON_CreateFalse() : NULL;
}

static cJSON *number_from(const char *value)
{
	g_autofree char *dotted = g_strdelimit(g_strdup(value), ",", '.'); /* as many a keyboard has it */
	char *end = NULL;
	const double v = g_ascii_strtod(dotted, &end);
	return *dotted && !*end && isfinite(v) ? cJSON_CreateNumber(v) : NULL;
}

static cJSON *checked(const attribute_field *field, const char *value, GError **error)
{
	cJSON *v = NULL;
	switch (field->type) {
	case ATTRIBUTE_NUMBER:
		v = number_from(value);
		if (!v)
			g_set_error(error, ATTRIBUTE_ERROR, ATTRIBUTE_ERROR_VALUE,
			            _("“%s” is no number: “%s” takes one, such as 3 or 0.5."), value, field->name);
		return v;
	case ATTRIBUTE_FLAG:
		v = flag_from(value);
		if (!v)
			g_set_error(error, ATTRIBUTE_ERROR, ATTRIBUTE_ERROR_VALUE, _("“%s” takes true or false, not “%s”."),
			            field->name, value);
		return v;
	case ATTRIBUTE_CHOICE:
		if (!g_strv_contains((const char *const *)field->choices, value)) {
			g_autofree char *list = g_strjoinv(", ", field->choices);
			g_set_error(error, ATTRIBUTE_ERROR, ATTRIBUTE_ERROR_VALUE, _("“%s” takes one of %s, not “%s”."),
			            field->name, list, value);
			return NULL;
		}
		break;
	default:
		break;
	}
	return cJSON_CreateString(value);
}

char *attributes_set(const char *values, const attribute_field *field, const char *value, GError **error)
{
	if (!value || !*value)
		return put(values, field->name, NULL);
	cJSON *v = checked(field, value, error);
	return v ? put(values, field->name, v) : NULL;
}

char *attributes_set_text(const char *values, const char *name, const char *value)
{
	return put(values, name, *value ? cJSON_CreateString(value) : NULL);
}

char *attributes_set_number(const char *values, const char *name, double value)
{
	return put(values, name, isfinite(value) ? cJSON_CreateNumber(value) : NULL);
}

char *attributes_set_flag(const char *values, const char *name, bool value)
{
	return put(values, name, cJSON_CreateBool(value));
}

char *attributes_merge(const char *values, const char *more)
{
	cJSON *root = parse_values(more);
	const cJSON *v;
	char *merged = g_strdup(values ? values : "");
	cJSON_ArrayForEach(v, root)
	{
		if (!cJSON_IsString(v) && !cJSON_IsNumber(v) && !cJSON_IsBool(v))
			continue;
		char *next = put(merged, v->string, cJSON_Duplicate(v, TRUE));
		g_free(merged);
		merged = next;
	}
	cJSON_Delete(root);
	return merged;
}

void attributes_each(const char *values, void (*each)(const char *name, attribute_type t, const char *text, void *data),
                     void *data)
{
	if (!values || !*values)
		return;
	cJSON *root = parse_values(values);
	const cJSON *v;
	cJSON_ArrayForEach(v, root)
	{
		g_autofree char *text = value_text(v);
		if (text)
			each(v->string,
			     cJSON_IsBool(v)     ? ATTRIBUTE_FLAG
			     : cJSON_IsNumber(v) ? ATTRIBUTE_NUMBER
			                         : ATTRIBUTE_TEXT,
			     text, data);
	}
	cJSON_Delete(root);
}
