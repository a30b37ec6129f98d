/* Opening a shared project: its local copy is made, or brought up to date, in a worker. */
#pragma once
#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The copy's file, to be opened like any project. When the server is away and there is a copy, that is it. */
void nadir_team_open_async(const char *address, GCancellable *cancel, GAsyncReadyCallback done, void *data);
GFile *nadir_team_open_finish(GAsyncResult *result, GError **error);
/* Asks for an address; chosen is called with it. */
void nadir_team_ask_address(GtkWindow *parent, void (*chosen)(GtkWindow *parent, const char *address));

G_END_DECLS
