/* Small readers that turn a file's metadata and tensor shapes into sizes that can be trusted. */
#include "infer/models/sam-build.h"
#include <glib/gi18n-lib.h>
#include <string.h>

bool sam_build_fail(sam_build *b, const char *format, ...)
{
	if (b->loader->error)
		return false;
	va_list args;
	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(&b->loader->error, SAM_ERROR, SAM_ERROR_MODEL, _("%s: %s; use another model file"), gguf_path(b->file),
	            what);
	return false;
}

bool sam_build_ok(const sam_build *b)
{
	return b->loader->error == NULL;
}

bool sam_build_architecture(sam_build *b, const char *name, const char *what)
{
	const char *is = gguf_get_string(b->file, "general.architecture", &b->loader->error);
	if (!is)
		return false;
	return strcmp(is, name) == 0 || sam_build_fail(b, _("its architecture is \"%s\", not \"%s\": %s"), is, name, what);
}

bool sam_build_f32x3(sam_build *b, const char *key, float out[3])
{
	guint n = 0;
	const float *v = sam_build_ok(b) ? gguf_get_f32s(b->file, key, &n, &b->loader->error) : NULL;
	if (!v)
		return false;
	if (n != 3)
		return sam_build_fail(b, _("%s has %u entries instead of 3"), key, n);
	memcpy(out, v, 3 * sizeof(float));
	return true;
}

const uint32_t *sam_build_sizes(sam_build *b, const char *key, guint *n, uint32_t low, uint32_t high)
{
	guint found = 0;
	if (!sam_build_ok(b))
		return NULL;
	const uint32_t *v = gguf_get_u32s(b->file, key, &found, &b->loader->error);
	if (!sam_build_ok(b))
		return NULL;
	if (!v || found == 0) {
		sam_build_fail(b, _("%s is empty"), key);
		return NULL;
	}
	if (*n != 0 && found != *n) {
		sam_build_fail(b, _("%s has %u entries instead of %u"), key, found, *n);
		return NULL;
	}
	for (guint i = 0; i < found; i++)
		if (v[i] < low || v[i] > high) {
			sam_build_fail(b, _("%s holds %u, outside %u to %u"), key, v[i], low, high);
			return NULL;
		}
	*n = found;
	return v;
}

uint32_t sam_build_axis(sam_build *b, const char *tensor_name, uint8_t axis, uint32_t low, uint32_t high)
{
	const gguf_tensor *t = gguf_find(b->file, tensor_name);
	if (!t) {
		sam_build_fail(b, _("the tensor %s is missing"), tensor_name);
		return 0;
	}
	if (t->ne[axis] < low || t->ne[axis] > high) {
		sam_build_fail(b, _("the tensor %s has %u entries along axis %u, outside %u to %u"), tensor_name, t->ne[axis],
		               axis, low, high);
		return 0;
	}
	return t->ne[axis];
}

void sam_build_count(sam_build *b, uint64_t outputs, uint64_t inputs_each)
{
	b->flops += 2 * outputs * inputs_each;
}

const char *sam_name(const char *prefix, const char *name)
{
	static _Thread_local char ring[8][128];
	static _Thread_local unsigned at;
	char *s = ring[at++ % G_N_ELEMENTS(ring)];
	g_snprintf(s, sizeof ring[0], "%s.%s", prefix, name);
	return s;
}

sam_norm sam_norm_load(sam_build *b, const char *prefix, uint32_t n)
{
	return (sam_norm){weight_tensor(b->loader, sam_name(prefix, "weight"), TENSOR_SHAPE(n)),
	                  weight_tensor(b->loader, sam_name(prefix, "bias"), TENSOR_SHAPE(n))};
}
