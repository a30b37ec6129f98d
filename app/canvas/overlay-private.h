/* What is drawn over the image, for the canvas's own files. Main context only. */
#pragma once
#include "app/canvas/canvas.h"
#include "render/draw/shape-draw.h"

G_BEGIN_DECLS

/* A shape drawn once and kept as a texture while scale and look stay the same. */
typedef struct {
	double anchor[2]; /* of the number, image pixels */
	double scale;
	guint look;              /* hash of what else changes the picture */
	graphene_rect_t covered; /* screen pixels, from the top-left corner of the shape's bounds */
	GdkTexture *texture;
	GdkTexture *badge; /* the object's number */
	guint badge_look;
	guint64 frame; /* last used */
} CanvasShape;

/* overlay-crowd.c: very many objects as one picture, drawn by a thread. */
typedef struct {
	double area[4], scale, opacity; /* what it shows: image pixels, and screen pixels for one of them */
	int factor;                     /* device pixels in one of the screen */
	guint64 version;                /* of the list */
	guint classes;                  /* hash of their looks */
	gint64 edited;
} CanvasCrowdKey;
typedef struct {
	GdkTexture *texture; /* NULL: none yet */
	CanvasCrowdKey key;
	GCancellable *working; /* NULL: no thread is at it */
	GPtrArray *late;       /* NadirObject (owned): changed since the picture was begun */
} CanvasCrowd;

/* overlay.c, overlay-marks.c, overlay-label.c: drawn over the tiles, in this order */
void overlay_init(NadirCanvas *c);
void overlay_forget(NadirCanvas *c); /* the preview's picture */
void overlay_forget_all(NadirCanvas *c);
void overlay_snapshot_objects(NadirCanvas *c, GtkSnapshot *snapshot);
void overlay_snapshot_preview(NadirCanvas *c, GtkSnapshot *snapshot);
void overlay_snapshot_marks(NadirCanvas *c, GtkSnapshot *snapshot);
void overlay_snapshot_label(NadirCanvas *c, GtkSnapshot *snapshot);
GdkTexture *overlay_texture_of(cairo_surface_t *surface);
/* overlay-badge.c: the object's number beside it; where, in image pixels. */
void overlay_badge_anchor(const wkb_shape *s, double anchor[2]);
void overlay_append_badge(NadirCanvas *c, GtkSnapshot *snapshot, CanvasShape *kept, gint64 id, const GdkRGBA *color,
                          bool selected);
/* overlay-crowd.c; area: what is in sight, image pixels */
void overlay_crowd_init(NadirCanvas *c);
void overlay_crowd_forget(NadirCanvas *c);
void overlay_crowd_finalize(NadirCanvas *c);
void overlay_crowd_note(NadirCanvas *c, guint position, guint removed, guint added);
void overlay_crowd_want(NadirCanvas *c, const double area[4]);
bool overlay_crowd_has(NadirCanvas *c, const double area[4]);                           /* all of it, as it is now */
bool overlay_crowd_append(NadirCanvas *c, GtkSnapshot *snapshot, const double area[4]); /* false: none of it */
/* The colour of a class, of the current one with NULL. */
GdkRGBA overlay_class_color(NadirDocument *d, const char *name);
/* Where the pending prompt's shape (or its marks) lies on the screen. */
bool overlay_preview_bounds(NadirCanvas *c, graphene_rect_t *bounds);

G_END_DECLS
