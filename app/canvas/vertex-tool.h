/* The vertices of the selected object's outline: moved, inserted, deleted; the whole object moved, turned and scaled by
 * its frame. The outline of a mask is shown thinned; what is not touched keeps every pixel. Positions snap to vertices
 * and edges of other objects and to the image's edges, unless Ctrl is held. For the canvas's own files. */
#pragma once
#include "app/canvas/canvas-private.h"

G_BEGIN_DECLS

typedef enum { SNAP_NONE, SNAP_VERTEX, SNAP_EDGE, SNAP_IMAGE } snap_kind;

/* Where a position in image pixels snaps to, within some screen pixels; `except`: the object that is edited. */
snap_kind vertex_snap(NadirCanvas *c, gint64 except, double xy[2]);

/* True when the press began an edit (c->drag is DRAG_VERTEX then). */
bool vertex_press(NadirCanvas *c, double sx, double sy);
void vertex_motion(NadirCanvas *c, double sx, double sy, bool free);
void vertex_release(NadirCanvas *c);
void vertex_forget(NadirCanvas *c); /* the edit under way */
bool vertex_delete(NadirCanvas *c); /* the vertex that was touched last; false: there is none */
void vertex_free(NadirCanvas *c);
void vertex_draw(NadirCanvas *c, cairo_t *cr); /* handles, frame and snap mark */

/* --- its neighbours --- */

/* edit-overlay.c: outlines that are not stored, what a search found, the rubber band */
void edit_overlay_snapshot(NadirCanvas *c, GtkSnapshot *snapshot);
/* edit-cursor.c: true when the key was for it */
bool edit_cursor_key(NadirCanvas *c, guint key, GdkModifierType state);
void edit_cursor_draw(NadirCanvas *c, cairo_t *cr);

/* --- for vertex-draw.c --- */

enum { HANDLE_NONE = -1, HANDLE_TURN = 8 }; /* 0..7: corners and middles of the frame, from the top left */

struct vertex_tool {
	gint64 id;
	GBytes *base;     /* the outline as it is stored; owned */
	wkb_shape *shape; /* with what is being changed */
	guint8 *shown;    /* of each point of the shape: it has a handle */
	int active;       /* point touched last; -1: none */
	int handle;       /* of the frame, being dragged */
	bool moving;      /* the whole object is */
	double from[2];   /* where the drag began, image pixels */
	double matrix[6]; /* of the whole object, while it is dragged */
	snap_kind snapped;
	double at[2]; /* there */
};
struct vertex_tool *vertex_of(NadirCanvas *c); /* of the selected object; NULL: none */
void vertex_handle_at(const struct vertex_tool *t, NadirCanvas *c, int handle, double s[2]); /* screen pixels */

G_END_DECLS
