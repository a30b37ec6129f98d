/* What the readers of lists share. */
#pragma once
#include "render/exchange/image-list.h"

G_BEGIN_DECLS

typedef struct {
	const char *source, *images;
	char *folder;        /* names are relative to it; absolute */
	GPtrArray *entries;  /* image_list_entry */
	GHashTable *by_path; /* path (borrowed) -> entry */
	GHashTable *names;   /* names taken, borrowed */
} image_list;

/* The entry of that image, made when it is new; relative paths are below `base` (NULL: the list's folder). */
image_list_entry *image_list_add(image_list *l, const char *path, const char *base);
void image_list_add_box(image_list_entry *e, const double xyxy[4], const char *label);
bool image_list_failed(const image_list *l, GError **error, const char *why);

bool image_list_read_json(image_list *l, GError **error) G_GNUC_WARN_UNUSED_RESULT;  /* one document */
bool image_list_read_lines(image_list *l, GError **error) G_GNUC_WARN_UNUSED_RESULT; /* .jsonl */
bool image_list_read_yaml(image_list *l, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool image_list_read_text(image_list *l, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool image_list_walk(image_list *l, const char *folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
