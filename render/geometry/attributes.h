/* What a class asks of its objects beside the outline, and the answers: attributes with names and types. An object's
 * values are the text of a JSON object (texts, numbers, truths), "" for none; what a class asks is a JSON array, ""
 * for nothing. Names are unique without regard to case. */
#pragma once
#include <gio/gio.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define ATTRIBUTE_ERROR (attribute_error_quark())
GQuark attribute_error_quark(void);
typedef enum {
	ATTRIBUTE_ERROR_NAME,  /* empty, taken, or one of an object's own */
	ATTRIBUTE_ERROR_VALUE, /* no number, no choice of the list */
} attribute_error;

typedef enum { ATTRIBUTE_TEXT, ATTRIBUTE_NUMBER, ATTRIBUTE_CHOICE, ATTRIBUTE_FLAG, ATTRIBUTE_TYPES } attribute_type;

typedef struct {
	char *name;
	attribute_type type;
	char **choices; /* of a choice; else empty. Never NULL */
	bool required;
} attribute_field;

attribute_field *attribute_field_new(const char *name, attribute_type type, const char *const *choices, bool required);
void attribute_field_free(attribute_field *f);
/* [element-type attribute_field]; entries that are broken are left out. */
GPtrArray *attribute_fields_parse(const char *json);
char *attribute_fields_print(GPtrArray *fields); /* "" when there are none; g_free */
/* Whether the names are there, differ, and are not those of an object's own fields ("score" …); lists of choices have
 * choices. */
bool attribute_fields_check(GPtrArray *fields, GError **error) G_GNUC_WARN_UNUSED_RESULT;
const char *attribute_type_name(attribute_type t); /* "text", as stored */

/* The value as a text: a number's shortest form, "true" or "false"; NULL: not set. g_free. */
char *attributes_get(const char *values, const char *name);
/* Values with one of them changed; value NULL or "": taken away. Checked against the field's type. g_free. */
char *attributes_set(const char *values, const attribute_field *field, const char *value,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same without a field: as text, number or truth. */
char *attributes_set_text(const char *values, const char *name, const char *value);
char *attributes_set_number(const char *values, const char *name, double value);
char *attributes_set_flag(const char *values, const char *name, bool value);
/* Those of `more` over those of `values`; what is no JSON object of plain values is left out. g_free. */
char *attributes_merge(const char *values, const char *more);
/* Each value in its order, as a text and with its type (a choice is a text here). */
void attributes_each(const char *values, void (*each)(const char *name, attribute_type t, const char *text, void *data),
                     void *data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(attribute_field, attribute_field_free)

G_END_DECLS
