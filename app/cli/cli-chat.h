/* What the commands that talk with a model share. */
#pragma once
#include "app/cli/cli-private.h"
#include "app/engine/chat.h"

G_BEGIN_DECLS

/* How the next word is chosen; the defaults are greedy. */
typedef struct {
	double temperature, top_p, min_p, repeat_penalty;
	int top_k, max_tokens;
	char **stops;
} cli_sampling;
void cli_add_sampling(GOptionContext *ctx, cli_sampling *s); /* sets the defaults too */
void cli_sampling_clear(cli_sampling *s);
/* Into the request; a setting outside its range is a usage error. */
bool cli_take_sampling(const cli_sampling *s, const cli_options *o, chat_request *req, GError **error);

/* A device and a chat model on it. */
typedef struct {
	gpu *dev;
	chat *chat;
} cli_chat;
/* model: name or file, NULL for the starter; device and quality from the shared options. */
bool cli_chat_open(const char *model, const cli_options *o, cli_chat *out, GError **error);
void cli_chat_close(cli_chat *c);
/* chat_ask with a progress bar on stderr and, when `stream`, the text on stdout as it comes, a line break at its end. A
 * note for the user goes to stderr in the command's name; NULL: the caller says it. The caller clears `out` in any
 * case. */
bool cli_chat_ask(const char *command, cli_chat *c, chat_request *req, bool stream, chat_reply *out, GError **error);

/* `nadir ask` and `nadir describe`: one question about an image and regions on it. */
typedef struct {
	cli_options shared;
	cli_sampling sampling;
	GPtrArray *regions; /* of prompt, one mark each */
	char **outputs, *turns;
} cli_talk;
void cli_talk_init(cli_talk *t);
void cli_talk_clear(cli_talk *t);
void cli_add_talk(GOptionContext *ctx, cli_talk *t); /* --region and the shared options */
/* The question of req about an open image and t's regions; the caller clears `out` in any case. */
bool cli_talk_ask(const char *command, const cli_talk *t, cli_chat *c, const cli_image *img, chat_request *req,
                  bool stream, chat_reply *out, GError **error);
/* `--json` of a reply. */
cJSON *cli_reply_to_json(const cli_talk *t, const chat_info *model, const raster_info *info, const chat_reply *r);
/* What a reply outlined [element-type feature], ids from 1; each phrase is its object's class. */
GPtrArray *cli_reply_objects(const cli_image *img, const chat_info *model, const chat_reply *r, GError **error);
bool cli_talk_run(const char *command, cli_talk *t, const char *image, const char *question, GError **error);

/* `nadir segment --text`: the union of what the model outlines for the phrase, as candidate 0. An empty one is
 * SAM_ERROR_EMPTY. */
bool cli_segment_phrase(cli_chat *c, const cli_image *img, const char *phrase, const cli_options *o, engine_answer *out,
                        GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(cli_sampling, cli_sampling_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(cli_chat, cli_chat_close)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(cli_talk, cli_talk_clear)

G_END_DECLS
