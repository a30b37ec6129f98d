/* An image and requests for tests of conversations. */
#pragma once
#include "app/engine/chat.h"
#include "infer/gguf.h"

G_BEGIN_DECLS

#define CHAIN_SAID "<Region 1>: ship." /* what chat-chain.gguf says, whatever it is asked */
#define CHAIN_VALUE "<Region 1>:<p> ship</p><pix>."
#define CHAIN_IDS 11

char *fixture_data(const char *name); /* in tests/data; g_free */
/* An 8-bit RGB raster of these pixels [h][w][3] in a temporary file, removed when the program ends. */
raster *fixture_raster(const guint8 *rgb, int w, int h);
raster *fixture_picture(int w, int h); /* of waves */
raster_style fixture_style(raster *r);

/* The same positions as the reference's ids: `<imgpad>` and `<vppad>` of the model's file stand where we have vectors.
 */
void fixture_check_prompt(const gguf *model, const guint32 *want, gsize n, const chat_reply *r);

/* What a request told while it ran. */
typedef struct {
	GString *text;
	guint pieces, vision, reading, masks, turns;
	GCancellable *cancel; /* cancelled when `text` has this many bytes, if not 0 */
	gsize cancel_at;
} fixture_log;
void fixture_log_init(fixture_log *l);
void fixture_log_clear(fixture_log *l);
void fixture_watch(chat_request *req, fixture_log *l); /* sets the callbacks */

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(fixture_log, fixture_log_clear)

G_END_DECLS
