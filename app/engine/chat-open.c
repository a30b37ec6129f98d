/* Opening a chat model: file, tokenizer, template, decoder, vision side, segmenter. */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/engine/chat-private.h"
#include "app/engine/paths.h"

#define CONTEXT_MOST 4096u
/* Larger files are told apart by their beginning and size: hashing them whole would cost seconds at each start. */
#define HASH_WHOLE (512ull << 20)
#define HASH_HEAD (16ull << 20)

G_DEFINE_QUARK(chat_error_quark, chat_error)

static char *hash_of(GBytes *bytes)
{
	gsize size;
	const guint8 *data = g_bytes_get_data(bytes, &size);
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_checksum_update(sum, data, (gssize)(size <= HASH_WHOLE ? size : HASH_HEAD));
	if (size > HASH_WHOLE) {
		const guint64 length = GUINT64_TO_LE((guint64)size);
		g_checksum_update(sum, (const guint8 *)&length, sizeof length);
	}
	return g_strdup(g_checksum_get_string(sum));
}

static const char *string_or(const gguf *g, const char *key, const char *other)
{
	const char *s = gguf_has(g, key) ? gguf_get_string(g, key, NULL) : NULL;
	return s ? s : other;
}

static char *model_id(const gguf *g, const char *hash)
{
	g_autofree char *base = g_path_get_basename(gguf_path(g));
	return g_strdup_printf("%s@%.8s", string_or(g, "general.name", base), hash);
}

/* --- the segmenter of an image model --- */

static bool is_segmenter(const char *path, const char *sha256, char **id)
{
	g_autoptr(gguf) g = gguf_open(path, NULL);
	if (!g || !g_str_has_prefix(string_or(g, "general.architecture", ""), "sam"))
		return false;
	g_autofree char *hash = hash_of(gguf_bytes(g));
	if (*sha256 && strcmp(hash, sha256) != 0)
		return false;
	*id = model_id(g, hash);
	return true;
}

static char *segmenter_in(const char *folder, const char *sha256, char **id)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir)) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		if (g_str_has_suffix(name, ".gguf") && is_segmenter(path, sha256, id))
			return g_steal_pointer(&path);
	}
	return NULL;
}

static bool find_segmenter(chat *c, GError **error)
{
	const char *sha256 = egx_model_info(c->vision)->segmenter;
	const sam_info *shared = c->shared ? sam_model_info(c->shared) : NULL;
	if (shared && (!*sha256 || g_str_has_prefix(sha256, shared->hash8))) {
		c->segmenter_id = g_strdup_printf("%s@%s", shared->name, shared->hash8);
		return true;
	}
	c->shared = NULL;
	g_autofree char *beside = g_path_get_dirname(c->path);
	g_autofree char *data = g_build_filename(paths_data_dir(), "models", NULL);
	g_autofree char *user = g_build_filename(paths_user_dir(), "models", NULL);
	const char *folders[] = {beside, data, user};
	for (guint i = 0; i < G_N_ELEMENTS(folders) && !c->segmenter_path; i++)
		c->segmenter_path = segmenter_in(folders[i], sha256, &c->segmenter_id);
	if (c->segmenter_path)
		return true;
	if (*sha256)
		g_set_error(error, CHAT_ERROR, CHAT_ERROR_MODEL,
		            _("%s: the segmenter it was trained with (SHA-256 %.8s…) is neither beside it nor in %s nor in %s; "
		              "put that file beside it."),
		            c->path, sha256, data, user);
	else
		g_set_error(error, CHAT_ERROR, CHAT_ERROR_MODEL,
		            _("%s: it needs a segmenter, and there is none beside it nor in %s nor in %s; put one beside it."),
		            c->path, data, user);
	return false;
}

/* --- the model --- */

static bool find_markers(chat *c, GError **error)
{
	const struct {
		const char *text;
		int *id;
	} markers[] = {
		{"<pix>", &c->pix},        {"<p>", &c->phrase_open}, {"</p>", &c->phrase_close}, {"<img>", &c->img_open},
		{"</img>", &c->img_close}, {"<vp>", &c->vp_open},    {"</vp>", &c->vp_close},
	};
	/* The full configuration has learned vectors where the tiny one has tokens around images and regions. */
	const bool all = strcmp(egx_model_info(c->vision)->cnn, "lite") == 0;
	for (guint i = 0; i < G_N_ELEMENTS(markers); i++) {
		*markers[i].id = tokenizer_find(c->tokens, markers[i].text);
		if (*markers[i].id >= 0 || !all)
			continue;
		g_set_error(error, CHAT_ERROR, CHAT_ERROR_MODEL,
		            _("%s: the tokenizer has no token %s, which an image model needs; convert the model again."),
		            c->path, markers[i].text);
		return false;
	}
	return true;
}

static bool open_vision(chat *c, const gguf *g, bool f32, GError **error)
{
	c->vision = egx_model_open(c->dev, g, &(egx_options){.f32 = f32}, error);
	if (!c->vision || !find_markers(c, error) || !find_segmenter(c, error))
		return false;
	const egx_info *i = egx_model_info(c->vision);
	const llama_info *l = llama_model_info(c->language);
	if (i->width == l->width)
		return true;
	g_set_error(
		error, CHAT_ERROR, CHAT_ERROR_MODEL,
		_("%s: its vision side makes vectors of %u numbers and its language model reads %u; the file is broken."),
		c->path, i->width, l->width);
	return false;
}

static bool open_text(chat *c, const gguf *g, GError **error)
{
	c->tokens = tokenizer_new(g, error);
	if (!c->tokens || !chat_template_find(g, c->tokens, &c->template, error))
		return false;
	c->language = llama_model_open(c->dev, g, NULL, error);
	if (!c->language)
		return false;
	const llama_info *l = llama_model_info(c->language);
	if (tokenizer_size(c->tokens) <= l->vocab)
		return true;
	g_set_error(error, CHAT_ERROR, CHAT_ERROR_MODEL,
	            _("%s: the tokenizer has %u tokens and the model only %u; the file is broken."), c->path,
	            tokenizer_size(c->tokens), l->vocab);
	return false;
}

static bool open_context(chat *c, GError **error)
{
	const uint32_t trained = llama_model_info(c->language)->context;
	const uint32_t wanted = c->options.context ? c->options.context : CONTEXT_MOST;
	c->context = llama_context_new(c->language, trained ? MIN(trained, wanted) : wanted, error);
	return c->context != NULL;
}

static void fill_info(chat *c, const gguf *g, gint64 started)
{
	const egx_info *v = c->vision ? egx_model_info(c->vision) : NULL;
	g_autofree char *hash = hash_of(gguf_bytes(g));
	c->model_id = model_id(g, hash);
	c->card = g_strdup(string_or(g, "nadir.card", ""));
	c->info = (chat_info){.model = c->model_id,
	                      .device = gpu_get_info(c->dev)->name,
	                      .card = c->card,
	                      .segmenter = c->segmenter_id,
	                      .sees = v != NULL,
	                      .regions_max = v ? v->regions_max : 0,
	                      .parameters = gguf_parameters(g),
	                      .context = llama_context_size(c->context),
	                      .load_ms = (double)(g_get_monotonic_time() - started) / 1e3};
}

static char *find_model(const char *name, GError **error)
{
	g_autoptr(GError) inner = NULL;
	char *path = paths_find_model(name ? name : "starter-chat", &inner);
	if (!path && !name)
		g_set_error_literal(error, CHAT_ERROR, CHAT_ERROR_MODEL,
		                    _("There is no chat model: data/models/starter-chat.gguf is not part of this version; "
		                      "choose another one (--model FILE.gguf)."));
	else if (!path)
		g_propagate_error(error, g_steal_pointer(&inner));
	return path;
}

static gguf *open_file(const char *path, bool *sees, GError **error)
{
	g_autoptr(gguf) g = gguf_open(path, error);
	if (!g)
		return NULL;
	const char *architecture = string_or(g, "general.architecture", "");
	*sees = strcmp(architecture, "earthgpt-x") == 0;
	if (*sees || strcmp(architecture, "llama") == 0)
		return g_steal_pointer(&g);
	g_set_error(error, CHAT_ERROR, CHAT_ERROR_MODEL,
	            _("%s: its architecture “%s” is no chat model; llama and earthgpt-x are."), path, architecture);
	return NULL;
}

chat *chat_open(gpu *dev, sam_model *shared, const chat_options *options, GError **error)
{
	const gint64 started = g_get_monotonic_time();
	g_autoptr(chat) c = g_new0(chat, 1);
	c->dev = dev;
	c->shared = shared;
	c->options = *options;
	c->options.model = NULL; /* the caller's text */
	c->held = g_array_new(FALSE, FALSE, sizeof(guint64));
	c->said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
	c->pix = c->phrase_open = c->phrase_close = c->img_open = c->img_close = c->vp_open = c->vp_close = -1;
	g_queue_init(&c->pictures);
	c->path = find_model(options->model, error);
	bool sees;
	g_autoptr(gguf) g = c->path ? open_file(c->path, &sees, error) : NULL;
	if (!g || !open_text(c, g, error))
		return NULL;
	/* f16 storage saves a GPU's bandwidth; a software device only loses by it, in speed and in exactness. */
	if (sees && !open_vision(c, g, options->full || gpu_get_caps(dev)->software, error))
		return NULL;
	if (!open_context(c, error))
		return NULL;
	fill_info(c, g, started);
	return g_steal_pointer(&c);
}

void chat_forget(chat *c)
{
	g_queue_clear_full(&c->pictures, chat_picture_free);
	egx_vectors_clear(&c->vectors);
	g_clear_pointer(&c->spliced, g_free);
	g_array_set_size(c->held, 0);
	g_hash_table_remove_all(c->said);
	if (c->context)
		llama_context_truncate(c->context, 0);
}

void chat_close(chat *c)
{
	if (!c)
		return;
	chat_run_clear(c);
	chat_forget(c);
	llama_context_free(c->context);
	llama_model_close(c->language);
	egx_model_close(c->vision);
	sam_model_close(c->own);
	tokenizer_free(c->tokens);
	chat_template_clear(&c->template);
	g_array_unref(c->held);
	g_hash_table_unref(c->said);
	g_free(c->path);
	g_free(c->model_id);
	g_free(c->card);
	g_free(c->segmenter_path);
	g_free(c->segmenter_id);
	g_free(c);
}

const chat_info *chat_get_info(const chat *c)
{
	return &c->info;
}
