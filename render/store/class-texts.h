/* What an export says of the classes, as lists of texts (render/exchange/export.h: class_names, class_colors,
 * class_paths). */
#pragma once
#include "render/store/project.h"

G_BEGIN_DECLS

/* In the order of the classes, each ending with NULL; owned. */
typedef struct {
	char **names, **colors, **paths;
} class_texts;
class_texts class_texts_of(GPtrArray *classes); /* [element-type project_class] */
void class_texts_clear(class_texts *t);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(class_texts, class_texts_clear)

G_END_DECLS
