/* One open image with its project: the state behind the window, without widgets. Nothing here waits for the disk or the
 * GPU: changes are jobs of the store's thread, told of by signals once they are committed; what goes wrong comes as
 * "error". Main context only. */
#pragma once
#include "app/document/object.h"
#include "app/engine/service.h"
#include "render/geometry/georef.h"
#include "render/store/store.h"

G_BEGIN_DECLS
#define NADIR_TYPE_DOCUMENT (nadir_document_get_type())
G_DECLARE_FINAL_TYPE(NadirDocument, nadir_document, NADIR, DOCUMENT, GObject)

/* Signals: "style-changed", "preview-changed", "selection-changed", "classes-changed", "settings-changed" (opacity,
 * hidden), "store-changed" (what is pending, undo texts, place of the project), "busy-changed", "caption-changed" (of
 * the image), "talks-added" (conversations about it, by work on many images), "reply-edited" (gint64 message, const
 * char *text: a person's wording, "" for none), "error" (const char *sentence), "notice" (const char *sentence).
 * Objects: listen to the GListModels. */

/* path: an image, or a *.nadir.gpkg project (opens its first image). Opens off the main loop. */
void nadir_document_open_async(GFile *file, service *svc, GCancellable *cancel, GAsyncReadyCallback done, void *data);
NadirDocument *nadir_document_open_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Finishes what was accepted or painted, closes the project, then calls `closed` (NULL: nobody). Nothing else may be
 * asked of the document from here on. */
void nadir_document_close(NadirDocument *d, void (*closed)(void *data), void *data);

raster *nadir_document_get_raster(NadirDocument *d);
const georef *nadir_document_get_georef(NadirDocument *d);
const raster_style *nadir_document_get_style(NadirDocument *d); /* of the screen */
void nadir_document_set_style(NadirDocument *d, const char *bands, const char *stretch, const char *source); /* async */
/* The choice behind it: NULL where it is by rule. Borrowed until the style changes. */
void nadir_document_get_style_choice(NadirDocument *d, const char **bands, const char **stretch, const char **source);
/* Whether the model sees what the screen shows instead of the automatic view; kept with the project. The choice is then
 * in the first mark of stored prompts ("bands", "stretch", "source"), for the command line's options of these names. */
bool nadir_document_get_model_follows(NadirDocument *d);
void nadir_document_set_model_follows(NadirDocument *d, bool follows);
const char *nadir_document_get_title(NadirDocument *d);
const char *nadir_document_get_project_path(NadirDocument *d); /* NULL until the first accepted object */
/* What is lost of a damaged project that is shown as far as it could be read; NULL when it is whole, or saved anew. */
const char *nadir_document_get_damage(NadirDocument *d);
const char *
nadir_document_get_passed_over(NadirDocument *d); /* why another image than the first; NULL: it is the first */
void nadir_document_save_as(NadirDocument *d, const char *path);
/* Accepted objects not stored yet, drafts that could not be stored, jobs of any kind. */
typedef struct {
	guint storing, drafts, jobs;
} NadirPending;
NadirPending nadir_document_get_pending(NadirDocument *d);

/* Tells the window of something that went wrong or is worth knowing, by the signals "error" and "notice". */
void nadir_document_report(NadirDocument *d, const GError *error);
void nadir_document_notify_user(NadirDocument *d, const char *sentence);

/* --- marks and the preview --- */
typedef enum { NADIR_PREVIEW_NONE, NADIR_PREVIEW_RUNNING, NADIR_PREVIEW_READY } NadirPreviewState;
/* Adds a mark to the pending prompt and asks for a mask; the old preview stays until the new one arrives. A mark that
 * cannot be used (outside the image, no area, negative first) is refused by a "notice". */
void nadir_document_add_mark(NadirDocument *d, sam_mark_kind kind, int sign, const double *xy, guint n, double r);
void nadir_document_undo_mark(NadirDocument *d); /* nadir_document_redo() brings it back */
/* Marks of a stored object come back as the pending prompt, and accepting changes that object. Where a person drew or
 * corrected the mask, its marks no longer give it: then there are none, and what the model gets with the first new ones
 * is the mask itself, as its previous answer. */
void nadir_document_edit_again(NadirDocument *d, gint64 id);
gint64 nadir_document_get_edited(NadirDocument *d);             /* the object whose marks are pending; 0: a new one */
void nadir_document_drop_preview(NadirDocument *d);             /* Esc */
void nadir_document_next_candidate(NadirDocument *d, int step); /* Tab, Shift+Tab */
const prompt *nadir_document_get_prompt(NadirDocument *d);      /* NULL: no pending marks */
NadirPreviewState nadir_document_get_preview(NadirDocument *d, const engine_answer **answer, int *candidate);
/* Place of the shown candidate among those that Tab goes through: index 0..count-1; false without a preview. */
bool nadir_document_get_candidate(NadirDocument *d, guint *index, guint *count);
double nadir_document_get_preview_area_m2(NadirDocument *d); /* NaN without a CRS */
/* What the model sees or will see for the pending prompt; false without one. */
bool nadir_document_get_crop(NadirDocument *d, sam_crop *crop);
/* Enter: the object is stored, and selected. While the mask is still being computed it is accepted as soon as it comes
 * (unless Esc comes first; another mark begins the next object); after a failure (lost device, no model) it tries
 * again. A chosen candidate that is not the model's answer is kept in the stored prompt (prompt-choice.h). */
void nadir_document_accept_preview(NadirDocument *d);
double nadir_document_get_encode_progress(NadirDocument *d); /* 0..1; < 0: not encoding */
void nadir_document_cancel_encode(NadirDocument *d);
/* The pointer is at an image position with a tool that asks the model (NaN: it is not). Where it rests, what a click
 * needs is encoded ahead; where something else is needed, that stops. */
void nadir_document_hover(NadirDocument *d, double x, double y, bool rests);
bool nadir_document_is_encoded_ahead(NadirDocument *d); /* what was hovered over last is */

/* --- objects --- */
GListModel *nadir_document_get_objects(NadirDocument *d);  /* of NadirObject, stored ones, newest first */
GListModel *nadir_document_get_unstored(NadirDocument *d); /* of NadirObject: on their way, and drafts; newest first */
void nadir_document_retry(NadirDocument *d);               /* all drafts once more, and marks that got no answer */
bool nadir_document_can_retry(NadirDocument *d);
NadirObject *nadir_document_get_selected(NadirDocument *d);                  /* borrowed */
void nadir_document_select(NadirDocument *d, gint64 id);                     /* 0: none */
NadirObject *nadir_document_object_at(NadirDocument *d, double x, double y); /* topmost at an image position, or NULL */
/* By hand, xy[n][2] in image pixels: a new object from a polygon; brush and eraser on the selected object (a new one
 * when none is), pressure[n] or NULL as in mask_from_stroke(). An emptied object is deleted. */
void nadir_document_draw_polygon(NadirDocument *d, const double *xy, guint n);
void nadir_document_paint(NadirDocument *d, const double *xy, guint n, double radius, const double *pressure,
                          bool erase);
void nadir_document_relabel(NadirDocument *d, gint64 id, const char *class_name);
void nadir_document_set_caption(NadirDocument *d, gint64 id, const char *text);
void nadir_document_delete(NadirDocument *d, gint64 id);

/* --- classes and display --- */
GPtrArray *nadir_document_get_classes(NadirDocument *d); /* [element-type project_class], borrowed */
const project_class *nadir_document_find_class(NadirDocument *d, const char *name);
int nadir_document_get_current_class(NadirDocument *d);             /* index into classes */
void nadir_document_set_current_class(NadirDocument *d, int index); /* of the preview and of what comes next */
/* What a class key does: sets the current class and, with nothing pending, relabels the selected object. */
void nadir_document_apply_class(NadirDocument *d, int index);
void nadir_document_add_class(NadirDocument *d, const char *name); /* becomes the current one */
void nadir_document_update_class(NadirDocument *d, const project_class *c);
/* One that no object has; else the signal "class-in-use" (int id, const char *sentence) asks what is to become of them:
 * dissolve_class() gives them the class `to`, or deletes them too (0). One step of undo. */
void nadir_document_delete_class(NadirDocument *d, int id);
void nadir_document_dissolve_class(NadirDocument *d, int id, int to);
double nadir_document_get_opacity(NadirDocument *d); /* of masks, 0..1 */
void nadir_document_set_opacity(NadirDocument *d, double opacity);
void nadir_document_set_hidden(NadirDocument *d, bool hidden); /* H held */
bool nadir_document_get_hidden(NadirDocument *d);

G_END_DECLS
