/* The original values of the pixel under the pointer, read off the main loop: one reading at a time, the latest
 * position next. "changed" is emitted when another pixel's values are there, or none. Main context only. */
#pragma once
#include "app/document/document.h"

G_BEGIN_DECLS

#define NADIR_TYPE_PIXEL_VALUES (nadir_pixel_values_get_type())
G_DECLARE_FINAL_TYPE(NadirPixelValues, nadir_pixel_values, NADIR, PIXEL_VALUES, GObject)

NadirPixelValues *nadir_pixel_values_new(void);
void nadir_pixel_values_set_document(NadirPixelValues *v, NadirDocument *document); /* NULL: none */
/* Image pixels; NaN: the pointer is elsewhere. */
void nadir_pixel_values_set_pointer(NadirPixelValues *v, double x, double y);
/* All bands of an image that has many, not only those on the screen: while somebody shows them. */
void nadir_pixel_values_want_all(NadirPixelValues *v, bool all);

typedef struct {
	enum { PIXEL_NONE, PIXEL_UNREADABLE, PIXEL_NO_DATA, PIXEL_VALUES } state;
	int n;           /* bands that were read */
	const int *band; /* which, from 0 */
	char **text;     /* theirs, as raster_read_pixel gives them */
} pixel_values;
/* Borrowed until the next "changed". */
pixel_values nadir_pixel_values_get(const NadirPixelValues *v);

G_END_DECLS
