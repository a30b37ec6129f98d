/* A document of a small image with its project, as the tests of documents, tables and canvases find it. */
#pragma once
#include "app/canvas/canvas.h"
#include "tests/ui/fixture.h"

G_BEGIN_DECLS

enum { WORLD_WIDTH = 640, WORLD_HEIGHT = 480, WORLD_OBJECTS = 6 };

typedef struct {
	char *dir, *image;
	service *service; /* its weights do not exist */
	NadirDocument *d;
	char *told;                /* the document's last error or notice */
	GtkWidget *window;         /* closed by world_down(); NULL in a test without one */
	NadirCanvas *c;            /* in the window; NULL in a test without one */
	gint64 ids[WORLD_OBJECTS]; /* what a test's own set-up drew */
} world;

/* What it is of: 400 by 300 pixels without a CRS, the same with a band of alpha, or the shipped sample. */
enum { WORLD_PLAIN, WORLD_ALPHA, WORLD_SAMPLE };

void world_up(world *w, gconstpointer kind); /* GINT_TO_POINTER of one of them */
void world_down(world *w, gconstpointer kind);
/* With a canvas of WORLD_WIDTH by WORLD_HEIGHT in a window; world_down() sees that nothing else holds the canvas. */
void world_up_canvas(world *w, gconstpointer kind);
void world_open(world *w);   /* again, after fixture_close() */
void world_reopen(world *w); /* closed and opened */

guint n_objects(world *w);
NadirObject *object(world *w, guint i);       /* newest first; the list's */
const feature *object_row(world *w, guint i); /* its feature */
const feature *selected_row(world *w);        /* the feature of what was clicked last */
gint64 add(world *w, int x, int y, int width,
           int height); /* a rectangle of the current class, selected; its id, 0 when it was refused */
gint64 add_of(world *w, const char *class_name, int x, int y, int width, int height); /* alone selected */
/* Its parent (NULL: none) and fields (JSON). */
void change_class(world *w, const char *name, const char *parent, const char *fields);
void undo(world *w);
void redo(world *w);

G_END_DECLS
