/* Entry: a sub-command runs without a display; anything else opens the window. */
#include <glib/gi18n.h>
#include <locale.h>
#include <malloc.h>
#include <stdio.h>

#include "app/cli/cli.h"
#ifdef NADIR_WINDOW
#include "app/application.h"
#endif

int main(int argc, char **argv)
{
#ifdef M_ARENA_MAX
	/* Every thread that decodes tiles would keep a heap of its own, each as large as its largest moment. */
	mallopt(M_ARENA_MAX, 2);
#endif
	setlocale(LC_ALL, "");
	bindtextdomain(GETTEXT_PACKAGE, NADIR_LOCALEDIR);
	bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
	textdomain(GETTEXT_PACKAGE);
	if (cli_wants(argc, argv)) {
		setlocale(LC_NUMERIC, "C"); /* scripts read it, and 1,5,2,5 would be no point */
		return cli_main(argc, argv);
	}
#ifdef NADIR_WINDOW
	return nadir_application_run(argc, argv);
#else
	fprintf(stderr, "nadir: %s\n", _("this program was built without the window; see nadir --help."));
	return 2;
#endif
}
