/* nadir import FILE… --into PROJECT [--image IMAGE]… [--images FOLDER] [--class-field NAME] */
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/cli-private.h"
#include "app/engine/import-run.h"

typedef struct {
	cli_options shared;
	char *into, *images, *class_field;
	char **image;
} request;

static void request_clear(request *q)
{
	cli_options_clear(&q->shared);
	g_free(q->into);
	g_free(q->images);
	g_free(q->class_field);
	g_strfreev(q->image);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(request, request_clear)

static void tell(const request *q, char **paths, guint n, const import_run *run)
{
	const guint stored = import_run_count(run);
	g_autoptr(GPtrArray) images = import_run_images(run);
	cJSON *json = cJSON_CreateObject(), *list;
	cli_json_texts(json, "project", q->into, NULL);
	list = cJSON_AddArrayToObject(json, "images");
	for (guint i = 0; i < images->len; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(images->pdata[i]));
	cJSON_AddNumberToObject(json, "objects", stored);
	cJSON_AddNumberToObject(json, "skipped", import_run_skipped(run));
	list = cJSON_AddArrayToObject(json, "reports");
	for (guint i = 0; i < n; i++) {
		g_autofree char *report = import_run_report(run, i);
		g_auto(GStrv) lines = g_strsplit(report, "\n", -1);
		for (char **line = lines; *line; line++)
			fprintf(stderr, "nadir import: %s: %s\n", paths[i], *line);
		cJSON_AddItemToArray(list, cJSON_CreateString(report));
	}
	if (q->shared.json) {
		cli_print_json(json);
		return;
	}
	printf(ngettext("%u object into %s\n", "%u objects into %s\n", stored), stored, q->into);
	cJSON_Delete(json);
}

static bool import_into(char **paths, guint n, import_run *run, const request *q, GError **error)
{
	const bool exists = g_file_test(q->into, G_FILE_TEST_EXISTS);
	g_autoptr(project) p = exists ? project_open(q->into, error) : NULL;
	if ((exists && !p) ||
	    !import_run_place(run, p, (const char *const *)q->image, cli_progress, (void *)_("importing"), error))
		return false;
	cli_progress_done();
	p = p ? p : project_create(q->into, error); /* nothing is created for what cannot be placed */
	if (!p)
		return false;
	if (!import_run_store(run, p, error)) {
		g_clear_pointer(&p, project_close);
		if (!exists)
			g_unlink(q->into);
		return false;
	}
	tell(q, paths, n, run);
	return true;
}

bool cli_import(int argc, char **argv, GError **error)
{
	g_auto(request) q = {0};
	const GOptionEntry entries[] = {
		{"into", 0, 0, G_OPTION_ARG_FILENAME, &q.into, N_("the project; made when it is not there"), "PROJECT"},
		{"image", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &q.image, N_("an image that the objects lie on"), "IMAGE"},
		{"images", 0, 0, G_OPTION_ARG_FILENAME, &q.images, N_("where a data set's images are"), "FOLDER"},
		{"class-field", 0, 0, G_OPTION_ARG_STRING, &q.class_field, N_("attribute that holds the class"), "NAME"},
		{0}};
	g_autoptr(GOptionContext) ctx = g_option_context_new(_("FILE… — other tools' objects into a project"));
	g_option_context_add_main_entries(ctx, entries, GETTEXT_PACKAGE);
	cli_add_options(ctx, &q.shared, 0);
	if (!cli_parse(ctx, &argc, &argv, 1, G_MAXINT16, error))
		return false;
	if (!q.into)
		return cli_usage(error, _("--into says which project."));
	g_autoptr(import_run) run =
		import_run_new((const char *const *)argv + 1, (guint)argc - 1, q.images, q.class_field, error);
	return run && import_into(argv + 1, (guint)argc - 1, run, &q, error);
}
