/* How a document is looked at, beyond bands and stretch: ranges by hand, gamma, colours, bookmarks. */
#pragma once
#include "app/document/document.h"

G_BEGIN_DECLS

/* With statistics of a part of the image: what they give is kept as numbers. */
void nadir_document_set_style_from(NadirDocument *d, const char *bands, const char *stretch, const char *source,
                                   const raster_rect *area);
/* lo and hi of the screen's channels while they are being dragged: shown, not kept; set_style() ends it. */
void nadir_document_try_range(NadirDocument *d, const double lo[3], const double hi[3]);
/* For the eye only, the model never sees it: gamma (1: none) and colours of a single band (raster_ramp_name). */
void nadir_document_set_look(NadirDocument *d, double gamma, int ramp);
/* Bookmarks of the image as the text that go-to.c writes ("" without); kept in the project, which is made for them. */
const char *nadir_document_get_bookmarks(NadirDocument *d);
void nadir_document_set_bookmarks(NadirDocument *d, const char *text);

G_END_DECLS
