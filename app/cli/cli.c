#include "app/cli/cli-private.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

G_DEFINE_QUARK(cli_error_quark, cli_error)

static const struct {
	const char *name;
	bool (*run)(int argc, char **argv, GError **error);
	const char *what;
} commands[] = {
	{"segment", cli_segment, N_("marks on an image to masks and files")},
	{"describe", cli_describe, N_("captions of an image or of regions on it")},
	{"ask", cli_ask, N_("talk about an image and regions on it")},
	{"generate", cli_generate, N_("text from a language model")},
	{"info", cli_info, N_("what an image is: size, bands, CRS, statistics")},
	{"export", cli_export, N_("a project's objects to a file")},
	{"import", cli_import, N_("other tools' objects into a project")},
	{"init", cli_init, N_("a project that a team shares, on a PostGIS server")},
	{"sync", cli_sync, N_("a local copy and the team's server, brought together")},
	{"devices", cli_devices, N_("the GPUs that can be used")},
	{"statistics", cli_statistics, N_("what the review of a project has come to: tables and plots")},
	{"models", cli_models, N_("list, info, verify: the models that are there")},
	{"batch", cli_batch, N_("the same work on many images: segment-everything, segment-boxes, describe, ask")},
	{"bench", cli_bench, N_("speed on this machine: segment, kernels, view, chat")},
};

static bool is_option(const char *text)
{
	return strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0 || strcmp(text, "--version") == 0;
}

bool cli_wants(int argc, char **argv)
{
	if (argc < 2)
		return false;
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return true;
	return is_option(argv[1]);
}

static int print_help(void)
{
	printf("%s\n\n", _("nadir [FILE…]              open the window (images, *.nadir.gpkg projects)"));
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
		printf("nadir %-20s %s\n", commands[i].name, _(commands[i].what));
	printf("\n%s\n", _("nadir COMMAND --help shows a command's options."));
	return 0;
}

/* One line: what, where, what to do. */
static int report(const char *command, const GError *e)
{
	g_autofree char *line = g_strchomp(g_strdup(e->message));
	g_strdelimit(line, "\n\r", ' ');
	cli_progress_done();
	fprintf(stderr, "nadir %s: %s%s\n", command, line, g_str_has_suffix(line, ".") ? "" : ".");
	return g_error_matches(e, CLI_ERROR, CLI_ERROR_USAGE) ? 2 : 1;
}

int cli_main(int argc, char **argv)
{
	if (strcmp(argv[1], "--version") == 0) {
		printf("nadir %s\n", NADIR_VERSION);
		return 0;
	}
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		g_autoptr(GError) error = NULL;
		if (commands[i].run(argc - 1, argv + 1, &error)) {
			if (fflush(stdout) == 0 && !ferror(stdout))
				return 0;
			g_set_error_literal(&error, G_IO_ERROR, G_IO_ERROR_FAILED,
			                    _("The result cannot be written to standard output: send it where there is room."));
		}
		return report(commands[i].name, error);
	}
	return print_help();
}
