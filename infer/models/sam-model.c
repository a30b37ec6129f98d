/* A model file on the device: checked, uploaded, ready to encode and to decode. */
#include "infer/models/sam-model.h"
#include <glib/gi18n-lib.h>
#include <string.h>

#define SIDE_MIN 64
#define SIDE_MAX 4096

/* --- passes --- */

bool sam_pass_start(sam_pass *p, GCancellable *cancel, arena_mark *mark, GError **error)
{
	p->cmd = gpu_cmd_begin(ops_gpu(p->o), cancel, error);
	*mark = arena_get_mark(p->work);
	return p->cmd != NULL;
}

bool sam_pass_begin(sam_model *m, sam_pass *p, dtype act, GCancellable *cancel, arena_mark *mark, GError **error)
{
	*p = (sam_pass){.o = m->ops, .work = m->work, .act = act};
	return sam_pass_start(p, cancel, mark, error);
}

bool sam_pass_end(sam_pass *p, arena_mark mark, GError **error)
{
	g_autoptr(GError) kernels = NULL;
	g_autoptr(GError) memory = NULL;
	g_autoptr(GError) device = NULL;
	bool ok = ops_check(p->o, &kernels);
	ok = arena_check(p->work, &memory) && ok;
	ok = gpu_cmd_finish(p->cmd, &device) && ok;
	arena_rewind(p->work, mark);
	p->cmd = NULL;
	/* A lost device makes everything else fail too, and missing memory makes kernels fail: the cause comes first. */
	GError **cause = device && gpu_is_lost(ops_gpu(p->o)) ? &device : memory ? &memory : kernels ? &kernels : &device;
	if (!ok)
		g_propagate_error(error, g_steal_pointer(cause));
	return ok;
}

bool sam_pass_finish(sam_model *m, sam_pass *p, arena_mark mark, GError **error)
{
	g_assert(p->o == m->ops);
	return sam_pass_end(p, mark, error);
}

uint64_t sam_checksum(const void *data, size_t bytes)
{
	const uint8_t *p = data;
	uint64_t h = 0xcbf29ce484222325u;
	for (; bytes >= 8; bytes -= 8, p += 8) {
		uint64_t word;
		memcpy(&word, p, 8);
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	for (; bytes > 0; bytes--)
		h = (h ^ *p++) * 0x100000001b3u;
	return h;
}

/* --- metadata --- */

static void take_text(const gguf *file, const char *key, char *out, size_t size)
{
	const char *text = gguf_has(file, key) ? gguf_get_string(file, key, NULL) : NULL;
	g_strlcpy(out, text ? text : "", size);
}

static bool read_sizes(sam_build *b)
{
	if (!sam_build_architecture(b, "sam", _("it is no promptable segmenter")) ||
	    !gguf_get_u32(b->file, "sam.image_size", &b->image_size, &b->loader->error) ||
	    !gguf_get_u32(b->file, "sam.out_dim", &b->dim, &b->loader->error) || !sam_build_f32x3(b, "sam.mean", b->mean) ||
	    !sam_build_f32x3(b, "sam.std", b->std))
		return false;
	if (b->image_size < SIDE_MIN || b->image_size > SIDE_MAX)
		return sam_build_fail(b, _("sam.image_size %u is outside %d to %d"), b->image_size, SIDE_MIN, SIDE_MAX);
	if (b->dim < 32 || b->dim > 4096 || b->dim % 32 != 0)
		return sam_build_fail(b, _("sam.out_dim %u is no multiple of 32 up to 4096"), b->dim);
	for (int c = 0; c < 3; c++)
		if (!(b->std[c] > 0))
			return sam_build_fail(b, _("sam.std holds %g"), (double)b->std[c]);
	return true;
}

static bool read_raster_kind(sam_model *m, sam_build *b)
{
	const char *kind = gguf_get_string(b->file, "sam.prompt_raster", &b->loader->error);
	if (!kind)
		return false;
	m->raster_all = strcmp(kind, "all") == 0;
	if (!m->raster_all && strcmp(kind, "shapes") != 0)
		return sam_build_fail(b, _("sam.prompt_raster is \"%s\", neither \"all\" nor \"shapes\""), kind);
	return true;
}

static void fill_info(sam_model *m, const gguf *file)
{
	static const char hex[] = "0123456789abcdef";
	sam_info *i = &m->info;
	take_text(file, "general.name", i->name, sizeof i->name);
	take_text(file, "general.version", i->version, sizeof i->version);
	take_text(file, "general.license", i->license, sizeof i->license);
	if (!i->name[0])
		g_strlcpy(i->name, "unnamed", sizeof i->name);
	const char *card = gguf_has(file, "nadir.card") ? gguf_get_string(file, "nadir.card", NULL) : NULL;
	m->card = g_strdup(card ? card : "");
	i->card = m->card;
	i->parameters = gguf_parameters(file);
	gsize size, length = sizeof m->hash;
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	const uint8_t *data = g_bytes_get_data(gguf_bytes(file), &size);
	g_checksum_update(sum, data, (gssize)size);
	g_checksum_get_digest(sum, m->hash, &length);
	for (int k = 0; k < 8; k++)
		i->hash8[k] = hex[m->hash[k / 2] >> (k % 2 ? 0 : 4) & 15];
}

/* --- loading --- */

static bool load_parts(sam_model *m, sam_build *b)
{
	const char *encoder = gguf_get_string(b->file, "sam.encoder", &b->loader->error);
	if (!encoder || !read_raster_kind(m, b))
		return false;
	g_strlcpy(m->info.encoder, encoder, sizeof m->info.encoder);
	if (strcmp(encoder, "efficientnet_lite") == 0)
		m->encoder = sam_lite_load(b);
	else if (strcmp(encoder, "tinyvit") == 0)
		m->encoder = sam_tinyvit_load(b);
	else
		return sam_build_fail(b, _("its encoder \"%s\" is none of efficientnet_lite and tinyvit"), encoder);
	if (!m->encoder)
		return false;
	m->decoder = sam_decoder_load(b, m->encoder->tap4, m->encoder->tap8);
	return sam_build_ok(b);
}

/* Uploads are recorded into one pass, which ends here whether all was found or not. */
static bool load_into(sam_model *m, sam_build *b, sam_pass *p, arena_mark mark, GError **error)
{
	const bool complete = read_sizes(b) && load_parts(m, b);
	if (complete)
		sam_decoder_prepare(m->decoder, p, m->weights);
	g_autoptr(GError) missing = NULL;
	g_autoptr(GError) device = NULL;
	const bool loaded = weight_loader_finish(b->loader, &missing);
	const bool ran = sam_pass_finish(m, p, mark, &device);
	if (!loaded && missing->domain == GGUF_ERROR)
		g_set_error_literal(error, SAM_ERROR, SAM_ERROR_MODEL, missing->message);
	else if (!loaded)
		g_propagate_error(error, g_steal_pointer(&missing));
	else if (!ran)
		g_propagate_error(error, g_steal_pointer(&device));
	return complete && loaded && ran;
}

static dtype storage_type(const sam_model *m, const sam_options *options)
{
	const bool want = options->f16 || (!options->f32 && !gpu_get_caps(m->dev)->software);
	return want && ops_f16(m->ops) ? DTYPE_F16 : DTYPE_F32;
}

static bool load(sam_model *m, const gguf *file, const sam_options *options, GError **error)
{
	sam_pass p;
	arena_mark mark;
	m->act = storage_type(m, options);
	if (!sam_pass_begin(m, &p, m->act, NULL, &mark, error))
		return false;
	weight_loader loader = {.ops = m->ops, .arena = m->weights, .cmd = p.cmd, .file = file};
	sam_build b = {.loader = &loader, .file = file};
	if (!load_into(m, &b, &p, mark, error))
		return false;
	m->info.image_size = (int)b.image_size;
	m->info.encode_flops = b.flops;
	memcpy(m->mean, b.mean, sizeof m->mean);
	memcpy(m->std, b.std, sizeof m->std);
	m->input = g_new(float, (size_t)b.image_size *b.image_size * 4);
	fill_info(m, file);
	return true;
}

sam_model *sam_model_open(gpu *dev, const char *path, const sam_options *options, GError **error)
{
	g_autoptr(GError) broken = NULL;
	g_autoptr(gguf) file = gguf_open(path, &broken);
	if (!file) {
		g_set_error_literal(error, SAM_ERROR, SAM_ERROR_MODEL, broken->message);
		return NULL;
	}
	g_autoptr(sam_model) m = g_new0(sam_model, 1);
	m->dev = dev;
	m->ops = ops_new(dev);
	m->weights = arena_new(dev, 16u << 20, _("model weights"));
	m->work = arena_new(dev, 0, _("activations"));
	return load(m, file, options, error) ? g_steal_pointer(&m) : NULL;
}

void sam_model_close(sam_model *m)
{
	if (!m)
		return;
	if (m->encoder)
		m->encoder->free(m->encoder);
	sam_decoder_free(m->decoder);
	arena_free(m->work);
	arena_free(m->weights);
	ops_free(m->ops);
	g_free(m->input);
	g_free(m->card);
	g_free(m);
}

const sam_info *sam_model_info(const sam_model *m)
{
	return &m->info;
}
