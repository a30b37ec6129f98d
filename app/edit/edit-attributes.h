/* Classes and attributes of several objects at once: each change is one step of undo. Main context only. */
#pragma once
#include "app/document/document.h"
#include "render/geometry/attributes.h"

G_BEGIN_DECLS

/* ids [element-type gint64], as the window knows them. */
void nadir_document_relabel_many(NadirDocument *d, const GArray *ids, const char *class_name);
void nadir_document_caption_many(NadirDocument *d, const GArray *ids, const char *text);
/* value NULL or "": taken away. False: the value does not fit the field, the error says what does. */
bool nadir_document_set_attribute(NadirDocument *d, const GArray *ids, const attribute_field *field, const char *value,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What the classes of the selected objects all ask for [element-type attribute_field]; free with g_ptr_array_unref().
 */
GPtrArray *nadir_document_selection_fields(NadirDocument *d);
/* What the selected objects have there: NULL with *mixed when they differ, NULL when none has a value. g_free. */
char *nadir_document_selection_value(NadirDocument *d, const char *name, bool *mixed);
/* What the class of an object asks for under that name, or, unasked, what it holds there; NULL: neither. Caller frees.
 */
attribute_field *nadir_document_object_field(NadirDocument *d, gint64 id, const char *name);
/* Those of ids that have a field of the same name, type and choices; g_array_unref(). */
GArray *nadir_document_with_field(NadirDocument *d, const GArray *ids, const attribute_field *field);
/* The objects of a class and of all kinds of it. Returns how many. */
guint nadir_document_select_class(NadirDocument *d, int id);
/* Which objects an OGR SQL condition holds for ("class = 'ship' AND area_px > 100"; render/exchange/object-filter.h),
 * as soon as the store has looked. finish: ids [element-type gint64], g_array_unref(); NULL: what is wrong with it. */
void nadir_document_match_async(NadirDocument *d, const char *condition, GAsyncReadyCallback done, void *data);
GArray *nadir_document_match_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Selects those; what is wrong with the condition comes as an "error". */
void nadir_document_select_expression(NadirDocument *d, const char *expression);

G_END_DECLS
