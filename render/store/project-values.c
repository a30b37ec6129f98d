/* The plain records of project.h. */
#include "render/store/project.h"

G_DEFINE_QUARK(nadir_project_error_quark, project_error)

void project_image_free(project_image *i)
{
	if (!i)
		return;
	g_free(i->path);
	g_free(i->fingerprint);
	g_free(i);
}

void project_class_free(project_class *c)
{
	if (!c)
		return;
	g_free(c->name);
	g_free(c);
}
