/* nadir ask IMAGE QUESTION [--region PROMPT]… [--turns FILE] [-o OUT]… */
#include <glib/gi18n.h>

#include "app/cli/cli-chat.h"

static bool check_question(const char *question, GError **error)
{
	if (!g_utf8_validate(question, -1, NULL))
		return cli_usage(error, _("the question is not UTF-8 text."));
	g_autofree char *bare = g_strstrip(g_strdup(question));
	return *bare || cli_usage(error, _("the question is empty; ask something."));
}

bool cli_ask(int argc, char **argv, GError **error)
{
	g_auto(cli_talk) t;
	cli_talk_init(&t);
	g_autoptr(GOptionContext) ctx = g_option_context_new(_("IMAGE QUESTION — talk about an image"));
	const GOptionEntry entries[] = {{"turns", 0, 0, G_OPTION_ARG_FILENAME, &t.turns,
	                                 N_("the conversation so far: [{\"from\":…,\"value\":…},…]"), "FILE"},
	                                {"output", 'o', 0, G_OPTION_ARG_FILENAME_ARRAY, &t.outputs,
	                                 N_("what the model outlines, as a file; its name says the format: .shp, .gpkg, "
	                                    ".geojson, .json, … (docs/FORMATS.md)"),
	                                 "OUT"},
	                                {0}};
	cli_add_talk(ctx, &t);
	g_option_context_add_main_entries(ctx, entries, GETTEXT_PACKAGE);
	cli_add_sampling(ctx, &t.sampling);
	return cli_parse(ctx, &argc, &argv, 2, 2, error) && check_question(argv[2], error) &&
	       cli_talk_run("ask", &t, argv[1], argv[2], error);
}
