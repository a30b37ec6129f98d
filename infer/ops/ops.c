#include "infer/ops/ops-private.h"
#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct {
	uint32_t kernel, variant, n_spec, spec[MAX_SPEC];
} kernel_key;

static guint key_hash(gconstpointer p)
{
	const uint32_t *words = p;
	guint h = 2166136261u;
	for (size_t i = 0; i < sizeof(kernel_key) / sizeof(uint32_t); i++)
		h = (h ^ words[i]) * 16777619u;
	return h;
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, sizeof(kernel_key)) == 0;
}

ops *ops_new(gpu *dev)
{
	ops *o = g_new0(ops, 1);
	o->dev = dev;
	o->caps = gpu_get_caps(dev);
	o->max_binding = o->caps->max_binding_bytes;
	o->software = o->expand_weights = o->caps->software;
	o->kernels = g_hash_table_new_full(key_hash, key_equal, g_free, (GDestroyNotify)gpu_kernel_free);
	return o;
}

void ops_free(ops *o)
{
	if (!o)
		return;
	g_hash_table_unref(o->kernels);
	g_clear_error(&o->error);
	g_free(o);
}

gpu *ops_gpu(const ops *o)
{
	return o->dev;
}

bool ops_f16(const ops *o)
{
	return o->caps->f16_storage;
}

bool ops_check(ops *o, GError **error)
{
	if (!o->error)
		return true;
	g_propagate_error(error, g_steal_pointer(&o->error));
	return false;
}

void ops_set_error(ops *o, GError *error)
{
	if (o->error)
		g_error_free(error);
	else
		o->error = error;
}

static gpu_kernel *get_kernel(ops *o, const ops_call *call)
{
	kernel_key key = {.kernel = call->kernel, .variant = call->variant, .n_spec = call->n_spec};
	memcpy(key.spec, call->spec, call->n_spec * sizeof *call->spec);
	gpu_kernel *k = g_hash_table_lookup(o->kernels, &key);
	if (k)
		return k;
	const kernel_info *info = &kernel_table[call->kernel];
	g_assert(info->variant[call->variant].spirv);
	const gpu_kernel_desc desc = {
		.name = info->variant[call->variant].name,
		.spirv = info->variant[call->variant].spirv,
		.spirv_bytes = info->variant[call->variant].bytes,
		.spec = call->spec,
		.n_spec = call->n_spec,
		.n_bindings = info->n_bindings,
		.push_bytes = info->push_bytes,
		.writes = info->writes,
		.texels = info->variant[call->variant].texel ? ((1u << info->n_bindings) - 1) & ~info->writes : 0,
		.texels_f16 = info->variant[call->variant].f16,
		.texels_u32 = info->variant[call->variant].u32,
	};
	GError *error = NULL;
	k = gpu_kernel_new(o->dev, &desc, &error);
	if (k)
		g_hash_table_insert(o->kernels, g_memdup2(&key, sizeof key), k);
	else
		ops_set_error(o, error);
	return k;
}

bool ops_fits(const ops *o, const tensor *t)
{
	return t->data.bytes + o->caps->binding_align <= o->max_binding;
}

bool ops_need_fit(ops *o, const char *op, const tensor *t)
{
	if (ops_fits(o, t))
		return true;
	ops_set_error(o,
	              g_error_new(GPU_ERROR, GPU_ERROR_FAILED,
	                          _("%s: a tensor of %" G_GUINT64_FORMAT " MiB is larger than this device can bind at once "
	                            "(%" G_GUINT64_FORMAT " MiB); use a smaller image size or another device"),
	                          op, t->data.bytes >> 20, o->max_binding >> 20));
	return false;
}

gpu_span ops_bind(const ops *o, const tensor *t, uint32_t *rest)
{
	const uint32_t align = MAX(o->caps->binding_align, 1);
	const uint64_t skip = t->data.offset % align;
	*rest = (uint32_t)(skip / (t->type == DTYPE_F16 ? 2 : 4));
	const bool room = t->data.offset + t->data.bytes + o->slack <= gpu_buffer_bytes(t->data.buf);
	return (gpu_span){t->data.buf, t->data.offset - skip, t->data.bytes + skip + (room ? o->slack : 0)};
}

void ops_groups_1d(const ops *o, uint64_t n, uint32_t groups[3])
{
	const uint64_t all = (n + 63) / 64, x = MIN(all, MIN(o->caps->max_groups[0], 32768u));
	groups[0] = (uint32_t)MAX(x, 1);
	groups[1] = (uint32_t)((all + groups[0] - 1) / groups[0]);
	groups[2] = 1;
}

void ops_use_fours(const ops *o, ops_call *call, kernel_id kernel, dtype activation)
{
	call->kernel = kernel;
	if (ops_use_texels(o, call, activation, DTYPE_F32))
		call->variant = VARIANT_TEXEL;
}

uint32_t ops_local(const ops *o)
{
	return o->software ? 8 : MIN(64, o->caps->max_local_total);
}

void ops_run(ops *o, gpu_cmd *cmd, const ops_call *call)
{
	gpu_kernel *k = get_kernel(o, call);
	if (k)
		gpu_cmd_dispatch(cmd, k, call->bind, call->push, call->groups, call->flops);
}
