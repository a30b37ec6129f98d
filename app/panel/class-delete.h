/* What is to become of the objects of a class that is deleted: another class, or they go too. */
#pragma once
#include "app/document/document.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* Asks over the parent, which may be NULL; sentence says what the class is used for. */
void nadir_class_delete_ask(GtkWindow *parent, NadirDocument *document, int id, const char *sentence);

G_END_DECLS
