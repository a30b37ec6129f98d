/* The command line (design.md section 4): one file a sub-command. */
#pragma once
#include <gio/gio.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define CLI_ERROR (cli_error_quark())
GQuark cli_error_quark(void);
typedef enum { CLI_ERROR_USAGE } cli_error; /* exit status 2; every other error is 1 */

/* Whether argv[1] names a sub-command or an option of the command line, so that no window is wanted. */
bool cli_wants(int argc, char **argv);
/* Runs it; the exit status. */
int cli_main(int argc, char **argv);

G_END_DECLS
