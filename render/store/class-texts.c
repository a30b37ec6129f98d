#include "render/store/class-texts.h"

class_texts class_texts_of(GPtrArray *classes)
{
	const gsize n = classes->len + 1;
	const class_texts t = {g_new0(char *, n), g_new0(char *, n), g_new0(char *, n)};
	for (guint i = 0; i < classes->len; i++) {
		const project_class *c = classes->pdata[i];
		t.names[i] = g_strdup(c->name);
		t.colors[i] = g_strdup(c->color);
		t.paths[i] = project_class_path(classes, c);
	}
	return t;
}

void class_texts_clear(class_texts *t)
{
	g_clear_pointer(&t->names, g_strfreev);
	g_clear_pointer(&t->colors, g_strfreev);
	g_clear_pointer(&t->paths, g_strfreev);
}
