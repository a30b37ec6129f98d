/* What the tests of document and canvas share: small images, waiting, opening. */
#pragma once
#include "app/document/document.h"

G_BEGIN_DECLS

char *fixture_dir(void);              /* a fresh folder; g_free */
void fixture_remove(const char *dir); /* with all files in it */
/* RGB, 8 bit, no CRS: value (x, y, 128) mod 256; alpha: a fourth band, 0 in the left half. */
char *fixture_image(const char *dir, const char *name, int width, int height, bool alpha);
char *fixture_sample(const char *dir); /* a copy of the shipped sample, which has a CRS; g_free */
char *fixture_model(void);             /* a segmenter's weights; NULL when none is there; g_free */

/* Runs the main loop until `done` says so; false after `seconds`. */
bool fixture_wait(bool (*done)(void *data), void *data, double seconds);
void fixture_spin(double seconds);
NadirDocument *fixture_open(const char *path, service *svc, GError **error);
/* Waits until everything that was asked of the project is told of. */
void fixture_settle(NadirDocument *d);
/* Closes the project; then the last reference must go. */
void fixture_close(NadirDocument *d);
void fixture_rectangle_of(int x, int y, int w, int h, double xy[8]); /* its corners */

/* Before the tests of a window are added. */
void fixture_init_application(int *argc, char ***argv);
/* Runs them inside of one application, as its activation; weights: of the segmenter, a path that need not exist. */
int fixture_run_application(char *program, const char *weights);

void fixture_count(gpointer object, const char *signal, int *counter); /* adds one at each emission */
bitmask *fixture_rectangle(int x, int y, int w, int h);                /* all 1 */

G_END_DECLS
