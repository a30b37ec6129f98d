/* Inside of the canvas, for its own files. Positions: sx, sy are pixels of the sheet (turn.h), ix, iy
 * image pixels. */
#pragma once
#include "app/canvas/canvas.h"
#include "app/canvas/overlay-private.h"
#include "app/canvas/turn.h"
#include "app/conversation/chat-session.h"
#include "app/document/document-private.h"
#include "render/raster/tile-view.h"

G_BEGIN_DECLS

/* Memory for pixels: decoded tiles, and the enlarged pieces of them that are drawn above 1:1. */
#define CANVAS_BLOCK_COUNT 64           /* of at most 1 MiB */
#define CANVAS_SHAPE_BYTES (192u << 20) /* of kept pictures of objects; the rest is drawn anew in every frame */
/* What the pointer is doing between press and release. */
typedef enum {
	DRAG_NONE,
	DRAG_PAN,
	DRAG_CLICK,
	DRAG_BOX,
	DRAG_CIRCLE,
	DRAG_STROKE,
	DRAG_BRUSH,
	DRAG_BAND,
	DRAG_VERTEX
} CanvasDrag;

struct _NadirCanvas {
	GtkWidget parent_instance;

	/* Owned */
	NadirDocument *document;
	GSignalGroup *document_signals, *list_signals, *unstored_signals;
	NadirChat *chat; /* chat-overlay.c: what is talked about while it is in sight; NULL: nothing */
	GSignalGroup *chat_signals;
	tile_cache *tiles;
	GHashTable *blocks; /* canvas-tiles.c: enlarged pieces of tiles */
	struct {
		GskRenderNode *node; /* of all tiles in sight, while nothing of them changes; NULL: none */
		viewport view;
		int device_scale;
	} picture;
	GHashTable *shapes; /* NadirObject (owned) -> CanvasShape */
	CanvasCrowd crowd;
	CanvasShape *preview; /* of the shown candidate */
	wkb_shape *before;    /* canvas-review.c: an outline as it was; NULL: none */
	bool reviewing;
	GdkTexture *checker[2]; /* light and dark theme */
	char *tile_error;       /* the first tile that could not be read, told once */
	guint tell_error;       /* source id */

	viewport view;     /* of the sheet */
	double turn;       /* radians, clockwise: see turn.h */
	bool fresh;        /* the document is new: the view is fitted at the next allocation */
	bool fitted, grid; /* and nobody moved it since; lines between pixels at high zoom */
	guint64 frame;
	gsize shape_budget; /* bytes of kept pictures of objects */
	gint64 deadline;    /* for drawing shapes in this frame */
	bool unfinished;    /* this frame left something to the next one */

	NadirTool tool;
	double brush_radius;
	bool space;        /* Space is held: drags pan */
	bool inside;       /* the pointer is over the canvas */
	double pointer[2]; /* sx, sy; the keyboard's cursor while it is shown */
	double mouse[2];   /* sx, sy */
	double pressure;   /* of a pen, 0 to 1; < 0: no pen, or one that does not tell */
	bool eraser;       /* the pen is turned over */
	bool pointer_shift, pointer_control;
	GdkModifierType press_state; /* modifiers when the button went down */
	struct vertex_tool *vertex;  /* vertex-tool.c; NULL: nothing is edited */
	bool cursor_shown;           /* the keyboard draws (edit-cursor.c) */
	double cursor[2];            /* where, image pixels */
	guint hover_source;          /* the pointer may come to rest */

	CanvasDrag drag;
	int drag_sign;
	double press[2], last[2]; /* sx, sy */
	GArray *stroke;           /* of double pairs, image pixels: the stroke or box being drawn */
	GArray *pressures;        /* of double, one a pair; empty: no pen draws */
	GArray *polygon;          /* of double pairs, image pixels */
	guint32 last_click_time;
	double pinch_scale;
};

/* canvas.c */
void canvas_view_changed(NadirCanvas *c);
double canvas_snap(NadirCanvas *c, double s);               /* to whole device pixels */
void canvas_to_sheet(NadirCanvas *c, double *x, double *y); /* from a position of the widget */
/* Adds the rings of a shape in image pixels to the path, on the screen. */
void canvas_trace(NadirCanvas *c, cairo_t *cr, const wkb_shape *s);

/* canvas-tiles.c */
void canvas_tiles_init(NadirCanvas *c);
void canvas_tiles_reset(NadirCanvas *c); /* for the document, or none */
void canvas_tiles_snapshot(NadirCanvas *c, GtkSnapshot *snapshot);
void canvas_grid_snapshot(NadirCanvas *c, GtkSnapshot *snapshot); /* canvas-grid.c */

/* canvas-input.c */
void canvas_input_init(NadirCanvas *c);
void canvas_update_cursor(NadirCanvas *c);
void canvas_hover(NadirCanvas *c); /* the pointer, the view or the tool changed */
/* tool.c: what each tool does with the pointer; button as in GDK, state the modifiers. */
void tool_press(NadirCanvas *c, guint button, GdkModifierType state, guint32 time, double sx, double sy);
void tool_motion(NadirCanvas *c, double sx, double sy);
void tool_release(NadirCanvas *c, double sx, double sy);
void tool_abort(NadirCanvas *c);                                 /* drops what is being drawn */
void tool_click(NadirCanvas *c, double sx, double sy, int sign); /* what a click there does */
bool tool_is_drawing(NadirCanvas *c);

G_END_DECLS
