/* Where the program finds its own files, in the build tree and installed. Strings are static or freed with g_free as
 * said. */
#pragma once
#include <gio/gio.h>

G_BEGIN_DECLS

/* The folder with models/, samples/, schema …: NADIR_DATA, else beside the program (…/data of the source tree), else
 * PREFIX/share/nadir. Static. */
const char *paths_data_dir(void);
/* A model by name or file: "starter-sam" -> data/models/starter-sam.gguf, then the user's model folder; a path that
 * exists as it is. Free with g_free; error says where it looked. */
char *paths_find_model(const char *name, GError **error);
char *paths_sample(void);          /* the shipped sample image; g_free */
const char *paths_cache_dir(void); /* $XDG_CACHE_HOME/nadir */
const char *paths_user_dir(void);  /* $XDG_DATA_HOME/nadir */

G_END_DECLS
