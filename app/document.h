/* One open image with its project: the state behind the window, without widgets. Every change to stored objects is
 * committed before the signal that tells of it; nothing here blocks on the GPU (results arrive through the service).
 * Main context only. */
#pragma once
#include "app/engine/service.h"
#include "render/geometry/georef.h"
#include "render/store/project.h"

G_BEGIN_DECLS

/* An object or class as a list item; immutable snapshots: a change replaces the item. */
#define NADIR_TYPE_OBJECT (nadir_object_get_type())
G_DECLARE_FINAL_TYPE(NadirObject, nadir_object, NADIR, OBJECT, GObject)
const feature *nadir_object_get_feature(NadirObject *o);
const bitmask *nadir_object_get_mask(NadirObject *o);              /* rasterised once, kept */
bool nadir_object_get_bounds(NadirObject *o, raster_rect *bounds); /* image pixels; false when it has no geometry */

#define NADIR_TYPE_DOCUMENT (nadir_document_get_type())
G_DECLARE_FINAL_TYPE(NadirDocument, nadir_document, NADIR, DOCUMENT, GObject)

/* Signals: "style-changed", "preview-changed", "selection-changed", "classes-changed", "settings-changed" (opacity,
 * hidden), "busy-changed", "error" (const char *sentence), "notice" (const char *sentence). Objects: listen to the
 * GListModel. */

/* path: an image, or a *.nadir.gpkg project (opens its first image). Opens off the main loop. */
void nadir_document_open_async(GFile *file, service *svc, GCancellable *cancel, GAsyncReadyCallback done, void *data);
NadirDocument *nadir_document_open_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

raster *nadir_document_get_raster(NadirDocument *d);
const georef *nadir_document_get_georef(NadirDocument *d);
const raster_style *nadir_document_get_style(NadirDocument *d); /* of the screen */
void nadir_document_set_style(NadirDocument *d, const char *bands, const char *stretch,
                              const char *source); /* async; "style-changed" */
/* The choice behind it: NULL where it is by rule. Borrowed until the style changes. */
void nadir_document_get_style_choice(NadirDocument *d, const char **bands, const char **stretch, const char **source);
/* Whether the model sees what the screen shows instead of the automatic view; kept with the project. The choice is then
 * written into the first mark of stored prompts ("bands", "stretch", "source"), for the command line's options of these
 * names. */
bool nadir_document_get_model_follows(NadirDocument *d);
void nadir_document_set_model_follows(NadirDocument *d, bool follows);
const char *nadir_document_get_title(NadirDocument *d);
project *nadir_document_get_project(NadirDocument *d); /* NULL until the first accepted object */
bool nadir_document_save_as(NadirDocument *d, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Tells the window of something that went wrong or is worth knowing, by the signals "error" and "notice". */
void nadir_document_report(NadirDocument *d, const GError *error);
void nadir_document_notify_user(NadirDocument *d, const char *sentence);

/* --- marks and the preview --- */
typedef enum { NADIR_PREVIEW_NONE, NADIR_PREVIEW_RUNNING, NADIR_PREVIEW_READY } NadirPreviewState;
/* Adds a mark to the pending prompt and asks for a mask; the old preview stays in sight until the new one arrives. A
 * mark that cannot be used (outside the image, no area, negative first) is refused by a "notice". */
void nadir_document_add_mark(NadirDocument *d, sam_mark_kind kind, int sign, const double *xy, guint n, double r);
void nadir_document_undo_mark(NadirDocument *d);
void nadir_document_drop_preview(NadirDocument *d);             /* Esc */
void nadir_document_next_candidate(NadirDocument *d, int step); /* Tab, Shift+Tab */
const prompt *nadir_document_get_prompt(NadirDocument *d);      /* NULL: no pending marks */
NadirPreviewState nadir_document_get_preview(NadirDocument *d, const engine_answer **answer, int *candidate);
/* Place of the shown candidate among those that Tab goes through: index 0..count-1; false without a preview. */
bool nadir_document_get_candidate(NadirDocument *d, guint *index, guint *count);
double nadir_document_get_preview_area_m2(NadirDocument *d); /* NaN without a CRS */
/* What the model sees or will see for the pending prompt; false without one. */
bool nadir_document_get_crop(NadirDocument *d, sam_crop *crop);
/* Enter: stored, selected; borrowed. NULL with error, or NULL without one: the mask is still being computed and will be
 * accepted when it arrives (unless Esc comes first; another mark begins the next object), or nothing is pending; after
 * a failure (lost device, no model) it tries again. The chosen candidate k of `--candidates` is kept in the stored
 * prompt as "candidate":k of its first mark, when it is not the model's answer. */
NadirObject *nadir_document_accept_preview(NadirDocument *d, GError **error);
double nadir_document_get_encode_progress(NadirDocument *d); /* 0..1; < 0: not encoding */
void nadir_document_cancel_encode(NadirDocument *d);

/* --- objects --- */
GListModel *nadir_document_get_objects(NadirDocument *d); /* of NadirObject, newest first */
NadirObject *nadir_document_get_selected(NadirDocument *d);
void nadir_document_select(NadirDocument *d, gint64 id); /* 0: none */
NadirObject *nadir_document_object_at(NadirDocument *d, double x,
                                      double y); /* topmost under an image position, or NULL */
bool nadir_document_add_by_hand(NadirDocument *d, bitmask *mask,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT; /* takes the mask */
/* Brush and eraser: the selected object's mask united with or cut by `stroke`. An emptied object is deleted.
 * Large objects are worked on in a thread: true then means begun, and what goes wrong comes as "error". */
bool nadir_document_paint_selected(NadirDocument *d, const bitmask *stroke, bool erase,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool nadir_document_relabel(NadirDocument *d, gint64 id, const char *class_name,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool nadir_document_delete(NadirDocument *d, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* With marks pending, undo takes back the last of them; else it goes through the project's journal. */
bool nadir_document_undo(NadirDocument *d, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool nadir_document_redo(NadirDocument *d, GError **error) G_GNUC_WARN_UNUSED_RESULT;
const char *nadir_document_get_undo_text(NadirDocument *d); /* NULL: nothing to undo */
const char *nadir_document_get_redo_text(NadirDocument *d);

/* --- classes and display --- */
GPtrArray *nadir_document_get_classes(NadirDocument *d); /* [element-type project_class], borrowed */
const project_class *nadir_document_find_class(NadirDocument *d, const char *name);
int nadir_document_get_current_class(NadirDocument *d);             /* index into classes */
void nadir_document_set_current_class(NadirDocument *d, int index); /* of the preview and of what comes next */
/* What a class key does: sets the current class and, with nothing pending, relabels the selected object. */
bool nadir_document_apply_class(NadirDocument *d, int index, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool nadir_document_add_class(NadirDocument *d, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool nadir_document_update_class(NadirDocument *d, const project_class *c, GError **error) G_GNUC_WARN_UNUSED_RESULT;
double nadir_document_get_opacity(NadirDocument *d); /* of masks, 0..1 */
void nadir_document_set_opacity(NadirDocument *d, double opacity);
void nadir_document_set_hidden(NadirDocument *d, bool hidden); /* H held */
bool nadir_document_get_hidden(NadirDocument *d);

/* All objects to a file, off the main loop; report as export_write(). */
void nadir_document_export_async(NadirDocument *d, const char *path, double simplify, GCancellable *cancel,
                                 GAsyncReadyCallback done, void *data);
char *nadir_document_export_finish(NadirDocument *d, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
