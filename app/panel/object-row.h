/* One object in the list: its class's look, name and number, how it was marked, score, area and state. */
#pragma once
#include "app/document/document.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_OBJECT_ROW (nadir_object_row_get_type())
G_DECLARE_FINAL_TYPE(NadirObjectRow, nadir_object_row, NADIR, OBJECT_ROW, GtkWidget)

/* Signal: "relabel" (const char *class_name), when the user has typed another class. */
GtkWidget *nadir_object_row_new(void);
/* Shows the object; class: for the colour, may be NULL. */
void nadir_object_row_bind(NadirObjectRow *row, NadirObject *object, const project_class *class);
NadirObject *nadir_object_row_get_object(NadirObjectRow *row); /* NULL when unbound */
/* Turns the class name into an entry that completes the names of `classes` [element-type project_class]. */
void nadir_object_row_edit(NadirObjectRow *row, GPtrArray *classes);

const char *nadir_object_kind(NadirObject *object);        /* "box", "by hand": how it was marked */
const char *nadir_object_state_title(NadirObject *object); /* "accepted" */
/* Whether any of its texts, values of attributes too, contains `folded` (g_utf8_casefold). */
bool nadir_object_contains_text(NadirObject *object, const char *folded);

G_END_DECLS
