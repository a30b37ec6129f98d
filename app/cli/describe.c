/* nadir describe IMAGE [--region PROMPT]… [--detail brief|detailed] */
#include <glib/gi18n.h>
#include <string.h>

#include "app/cli/cli-chat.h"

bool cli_describe(int argc, char **argv, GError **error)
{
	g_auto(cli_talk) t;
	cli_talk_init(&t);
	g_autofree char *detail = NULL;
	g_autoptr(GOptionContext) ctx = g_option_context_new(_("IMAGE — a caption of an image or of regions on it"));
	const GOptionEntry entries[] = {
		{"detail", 0, 0, G_OPTION_ARG_STRING, &detail, N_("how much to say (brief)"), "brief|detailed"}, {0}};
	cli_add_talk(ctx, &t);
	g_option_context_add_main_entries(ctx, entries, GETTEXT_PACKAGE);
	cli_add_sampling(ctx, &t.sampling);
	if (!cli_parse(ctx, &argc, &argv, 1, 1, error))
		return false;
	const bool detailed = detail && strcmp(detail, "detailed") == 0;
	if (detail && !detailed && strcmp(detail, "brief") != 0)
		return cli_usage(error, _("--detail is brief or detailed, not “%s”."), detail);
	const chat_task task = t.regions->len > 0 ? (detailed ? CHAT_DETAILED_REGIONS : CHAT_BRIEF_REGIONS)
	                                          : (detailed ? CHAT_DETAILED : CHAT_BRIEF);
	return cli_talk_run("describe", &t, argv[1], chat_task_question(task), error);
}
