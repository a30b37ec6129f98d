/* Classes of the document: in memory until there is a project, then the project's. */
#include "app/document-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "render/geometry/class-style.h"

GPtrArray *nadir_document_get_classes(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return d->classes;
}

static int class_index(NadirDocument *d, const char *name)
{
	for (guint i = 0; i < d->classes->len; i++)
		if (g_str_equal(((project_class *)d->classes->pdata[i])->name, name))
			return (int)i;
	return -1;
}

const project_class *nadir_document_find_class(NadirDocument *d, const char *name)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	const int i = class_index(d, name);
	return i < 0 ? NULL : d->classes->pdata[i];
}

int nadir_document_get_current_class(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), 0);
	return d->current_class;
}

const char *nadir_document_current_class_name(NadirDocument *d)
{
	const project_class *c = d->classes->pdata[d->current_class];
	return c->name;
}

void nadir_document_set_current_class(NadirDocument *d, int index)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (index < 0 || (guint)index >= d->classes->len || index == d->current_class)
		return;
	d->current_class = index;
	nadir_document_emit(d, SIGNAL_CLASSES);
	if (d->preview.marks)
		nadir_document_emit(d, SIGNAL_PREVIEW);
}

bool nadir_document_apply_class(NadirDocument *d, int index, GError **error)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), false);
	if (index < 0 || (guint)index >= d->classes->len)
		return true;
	nadir_document_set_current_class(d, index);
	if (d->preview.marks || !d->selected)
		return true;
	g_autofree char *name = g_strdup(nadir_document_current_class_name(d));
	return nadir_document_relabel(d, d->selected, name, error);
}

bool nadir_document_reload_classes(NadirDocument *d, GError **error)
{
	GPtrArray *fresh = project_classes(d->project, error);
	if (!fresh)
		return false;
	g_autofree char *current = d->classes->len > 0 ? g_strdup(nadir_document_current_class_name(d)) : NULL;
	g_ptr_array_unref(d->classes);
	d->classes = fresh;
	if (fresh->len == 0)
		nadir_document_add_default_classes(d);
	d->current_class = current ? MAX(0, class_index(d, current)) : 0;
	nadir_document_emit(d, SIGNAL_CLASSES);
	return true;
}

bool nadir_document_add_class(NadirDocument *d, const char *name, GError **error)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d) && name, false);
	g_autofree char *clean = g_strstrip(g_strdup(name));
	if (!*clean) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
		                    _("A class needs a name: type at least one letter."));
		return false;
	}
	if (class_index(d, clean) < 0) {
		if (!d->project)
			g_ptr_array_add(d->classes, nadir_document_default_class(clean, d->classes->len));
		else if (!project_class_for(d->project, clean, error) || !nadir_document_reload_classes(d, error))
			return false;
	}
	d->current_class = MAX(0, class_index(d, clean));
	nadir_document_emit(d, SIGNAL_CLASSES);
	return true;
}

static void assign(project_class *to, const project_class *from)
{
	if (to->name != from->name) {
		g_free(to->name);
		to->name = g_strdup(from->name);
	}
	memmove(to->color, from->color, sizeof to->color);
	to->pattern = from->pattern;
	to->key = from->key;
}

bool nadir_document_update_class(NadirDocument *d, const project_class *c, GError **error)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d) && c, false);
	if (d->project) {
		if (!project_update_class(d->project, c, error) || !nadir_document_reload_classes(d, error))
			return false;
		return nadir_document_reload_objects(d, error); /* a new name stands in the objects too */
	}
	for (guint i = 0; i < d->classes->len; i++) {
		project_class *have = d->classes->pdata[i];
		if (have->id == c->id)
			assign(have, c);
	}
	nadir_document_emit(d, SIGNAL_CLASSES);
	return true;
}

project_class *nadir_document_default_class(const char *name, guint index)
{
	project_class *c = g_new0(project_class, 1);
	c->id = (int)index + 1;
	c->name = g_strdup(name);
	g_strlcpy(c->color, class_style_color(index), sizeof c->color);
	c->pattern = class_style_pattern(index);
	c->key = index < 9 ? (int)index + 1 : index == 9 ? 0 : -1;
	return c;
}

void nadir_document_add_default_classes(NadirDocument *d)
{
	g_ptr_array_add(d->classes, nadir_document_default_class("object", 0));
}
