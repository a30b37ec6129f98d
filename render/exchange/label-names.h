/* Names of classes for labels that hold only numbers. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

/* Looks beside a label file, and up to two folders above: NAME_names.yaml, data.yaml, dataset.yaml, classes.txt,
 * obj.names, labels.txt, _darknet.labels. Number (as pointer) -> name; empty when there is none. */
GHashTable *label_names_find(const char *label_path);
/* "names:" of a YAML text as a list, in brackets or by dashes, or a mapping. Adds to the table. */
void label_names_from_yaml(const char *text, GHashTable *names);
/* The name, or "class 7". g_free. */
char *label_names_get(GHashTable *names, int number);

G_END_DECLS
