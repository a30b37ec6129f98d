/* Which images somebody means: a folder, a glob, a list, or a data set as it comes. Only names are read, so a hundred
 * thousand images cost no more than their list. Pure: any thread. */
#pragma once
#include <gio/gio.h>
#include <stdbool.h>

G_BEGIN_DECLS

typedef struct {
	double x0, y0, x1, y1; /* pixels */
	char *label;           /* or NULL */
} image_list_box;

typedef struct {
	char *path;     /* absolute, or a name GDAL knows (/vsicurl/…) */
	char *name;     /* its place below the list's folder: unique in the list, relative, without ".." */
	GArray *boxes;  /* of image_list_box; NULL: the list gives none */
	char *question; /* what the list asks about it, or NULL */
} image_list_entry;

/* Entries in order, each image once [element-type image_list_entry]; free with g_ptr_array_unref. source is
 *  a folder                    the images in it and below, by name
 *  a pattern ("a/[bc]*.tif")   what it matches
 *  .txt .lst                   a path a line, relative to the list; # begins a comment
 *  .jsonl                      {"image":…, "boxes":[[x0,y0,x1,y1],…], "labels":[…], "question":…} a line; all but the
 * image optional .json                       COCO (boxes of its annotations), labelme (boxes of its shapes), a STAC
 * item or collection of items (its data assets) .yaml .yml                  a YOLO data set: path, train, val, test
 *  anything else               one image
 * images: where the pictures of a COCO or labelme file lie, or NULL: beside it. G_IO_ERROR, one sentence. */
GPtrArray *image_list_read(const char *source, const char *images, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* By its name: whether it may be a picture. */
bool image_list_is_image(const char *name);
/* The label file of an image by YOLO's rule: the last folder "images" becomes "labels", the suffix ".txt". g_free. */
char *image_list_yolo_labels(const char *image);

G_END_DECLS
