/* The window as it stands after its start, in a folder of its own with a copy of the sample. */
#pragma once
#include "app/window-private.h"
#include "tests/ui/find-widget.h"
#include "tests/ui/fixture.h"

G_BEGIN_DECLS

typedef struct {
	NadirApplication *app; /* borrowed */
	NadirWindow *window;
	char *dir, *sample;
	guint seen; /* widgets that a test looked at */
} world;

void world_up(world *w, gconstpointer data); /* no image is open */
/* Closes the window, and sees that neither it nor its project is left. */
void world_down(world *w, gconstpointer data);
void open_file(world *w, const char *path);
void add_object(world *w, int x); /* 30 by 20 pixels of the image that is open, its left edge there */

G_END_DECLS
