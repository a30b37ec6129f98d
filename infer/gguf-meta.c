/* Getters of metadata and tensors of a file that gguf.c has checked. */
#include "infer/gguf-private.h"
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

const char *gguf_path(const gguf *g)
{
	return g->path;
}

GBytes *gguf_bytes(const gguf *g)
{
	return g->bytes;
}

bool gguf_has(const gguf *g, const char *key)
{
	return g_hash_table_contains(g->meta, key);
}

static bool wrong(const gguf *g, const char *key, const meta_value *v, const char *wanted, GError **error)
{
	if (!v)
		g_set_error(error, GGUF_ERROR, GGUF_ERROR_KEY, _("%s: the key %s is missing; the model needs it"), g->path,
		            key);
	else
		g_set_error(error, GGUF_ERROR, GGUF_ERROR_KEY, _("%s: the key %s (%s%s%s) cannot be used as %s"), g->path, key,
		            meta_names[v->type], v->type == META_ARRAY ? " of " : "",
		            v->type == META_ARRAY ? meta_names[v->element] : "", wanted);
	return false;
}

/* The value at p when it is a whole number: as sign and magnitude. */
static bool read_integer(meta_type type, const uint8_t *p, bool *negative, uint64_t *magnitude)
{
	int64_t s = 0;
	uint64_t u = 0;
	switch (type) {
	case META_U8:
	case META_U16:
	case META_U32:
	case META_U64:
		memcpy(&u, p, meta_bytes[type]);
		break;
	case META_I8:
		s = *(const int8_t *)p;
		break;
	case META_I16:
		s = (int16_t)(p[0] | p[1] << 8);
		break;
	case META_I32: {
		int32_t i;
		memcpy(&i, p, sizeof i);
		s = i;
		break;
	}
	case META_I64:
		memcpy(&s, p, sizeof s);
		break;
	default:
		return false;
	}
	*negative = s < 0;
	*magnitude = s < 0 ? 0 - (uint64_t)s : u + (uint64_t)s;
	return true;
}

static bool read_u64(meta_type type, const uint8_t *p, uint64_t max, uint64_t *out)
{
	bool negative;
	return read_integer(type, p, &negative, out) && !negative && *out <= max;
}

static bool read_i32(meta_type type, const uint8_t *p, int32_t *out)
{
	bool negative;
	uint64_t m;
	if (!read_integer(type, p, &negative, &m) || m > (uint64_t)INT32_MAX + negative)
		return false;
	*out = negative ? (int32_t)(0 - (int64_t)m) : (int32_t)m;
	return true;
}

static bool read_f32(meta_type type, const uint8_t *p, float *out)
{
	double d;
	if (type == META_F32) {
		memcpy(out, p, sizeof *out);
	} else if (type == META_F64) {
		memcpy(&d, p, sizeof d);
		*out = (float)d;
	} else {
		return false;
	}
	return isfinite(*out);
}

bool gguf_get_u64(const gguf *g, const char *key, uint64_t *out, GError **error)
{
	const meta_value *v = g_hash_table_lookup(g->meta, key);
	return (v && read_u64(v->type, v->data, UINT64_MAX, out)) || wrong(g, key, v, "u64", error);
}

bool gguf_get_u32(const gguf *g, const char *key, uint32_t *out, GError **error)
{
	const meta_value *v = g_hash_table_lookup(g->meta, key);
	uint64_t wide;
	if (!v || !read_u64(v->type, v->data, UINT32_MAX, &wide))
		return wrong(g, key, v, "u32", error);
	*out = (uint32_t)wide;
	return true;
}

bool gguf_get_f32(const gguf *g, const char *key, float *out, GError **error)
{
	const meta_value *v = g_hash_table_lookup(g->meta, key);
	return (v && read_f32(v->type, v->data, out)) || wrong(g, key, v, "f32", error);
}

bool gguf_get_bool(const gguf *g, const char *key, bool *out, GError **error)
{
	const meta_value *v = g_hash_table_lookup(g->meta, key);
	if (!v || v->type != META_BOOL)
		return wrong(g, key, v, "bool", error);
	*out = *v->data;
	return true;
}

const char *gguf_get_string(const gguf *g, const char *key, GError **error)
{
	const meta_value *v = g_hash_table_lookup(g->meta, key);
	if (v && v->type == META_STRING)
		return v->as[AS_STRING];
	wrong(g, key, v, "string", error);
	return NULL;
}

/* --- arrays --- */

typedef bool (*read_element)(meta_type type, const uint8_t *p, void *out);

static bool element_u32(meta_type type, const uint8_t *p, void *out)
{
	uint64_t wide;
	if (!read_u64(type, p, UINT32_MAX, &wide))
		return false;
	*(uint32_t *)out = (uint32_t)wide;
	return true;
}

static bool element_i32(meta_type type, const uint8_t *p, void *out)
{
	return read_i32(type, p, out);
}

static bool element_f32(meta_type type, const uint8_t *p, void *out)
{
	return read_f32(type, p, out);
}

/* The converted copy of an array of 4-byte elements, made at the first call. */
static const void *array_as(const gguf *g, const char *key, int as, read_element read, const char *wanted, guint *n,
                            GError **error)
{
	meta_value *v = g_hash_table_lookup(g->meta, key);
	if (!v || v->type != META_ARRAY || v->element == META_STRING || v->element == META_ARRAY || v->count > G_MAXUINT) {
		wrong(g, key, v, wanted, error);
		return NULL;
	}
	g_autoptr(GMutexLocker) lock = g_mutex_locker_new((GMutex *)&g->lock);
	if (!v->as[as]) {
		g_autofree uint8_t *copy = g_malloc0_n(v->count + 1, 4);
		for (uint64_t i = 0; i < v->count; i++)
			if (!read(v->element, v->data + i * meta_bytes[v->element], copy + 4 * i)) {
				wrong(g, key, v, wanted, error);
				return NULL;
			}
		v->as[as] = g_steal_pointer(&copy);
	}
	*n = (guint)v->count;
	return v->as[as];
}

const uint32_t *gguf_get_u32s(const gguf *g, const char *key, guint *n, GError **error)
{
	return array_as(g, key, AS_U32, element_u32, "u32 array", n, error);
}

const int32_t *gguf_get_i32s(const gguf *g, const char *key, guint *n, GError **error)
{
	return array_as(g, key, AS_I32, element_i32, "i32 array", n, error);
}

const float *gguf_get_f32s(const gguf *g, const char *key, guint *n, GError **error)
{
	return array_as(g, key, AS_F32, element_f32, "f32 array", n, error);
}

/* One allocation: the pointers, then the texts. NULL when one is not UTF-8. */
static const char **copy_strings(const meta_value *v)
{
	const uint8_t *p = v->data;
	uint64_t text = 0, n;
	for (uint64_t i = 0; i < v->count; i++, p += 8 + n, text += n + 1)
		memcpy(&n, p, 8);
	g_autofree char **copy = g_malloc0((v->count + 1) * sizeof(char *) + text);
	char *to = (char *)(copy + v->count + 1);
	p = v->data;
	for (uint64_t i = 0; i < v->count; i++, p += 8 + n, to += n + 1) {
		memcpy(&n, p, 8);
		memcpy(to, p + 8, n);
		if (memchr(to, 0, n) || !g_utf8_validate(to, (gssize)n, NULL))
			return NULL;
		copy[i] = to;
	}
	return (const char **)g_steal_pointer(&copy);
}

const char *const *gguf_get_strings(const gguf *g, const char *key, guint *n, GError **error)
{
	meta_value *v = g_hash_table_lookup(g->meta, key);
	if (!v || v->type != META_ARRAY || v->element != META_STRING || v->count > G_MAXUINT) {
		wrong(g, key, v, "string array", error);
		return NULL;
	}
	g_autoptr(GMutexLocker) lock = g_mutex_locker_new((GMutex *)&g->lock);
	if (!v->as[AS_STRING])
		v->as[AS_STRING] = copy_strings(v);
	if (!v->as[AS_STRING])
		wrong(g, key, v, "string array", error);
	*n = (guint)v->count;
	return v->as[AS_STRING];
}

/* --- tensors --- */

guint gguf_n_tensors(const gguf *g)
{
	return g->tensors->len;
}

const gguf_tensor *gguf_nth_tensor(const gguf *g, guint i)
{
	return &g_array_index(g->tensors, gguf_tensor, i);
}

uint64_t gguf_parameters(const gguf *g)
{
	return g->parameters;
}

const gguf_tensor *gguf_find(const gguf *g, const char *name)
{
	const guint i = GPOINTER_TO_UINT(g_hash_table_lookup(g->names, name));
	return i ? gguf_nth_tensor(g, i - 1) : NULL;
}

static char *shape_text(uint8_t n_dims, const uint32_t *ne)
{
	GString *s = g_string_new("[");
	for (int i = 0; i < n_dims; i++)
		g_string_append_printf(s, "%s%u", i ? "," : "", ne[i]);
	return g_string_free(g_string_append_c(s, ']'), FALSE);
}

const gguf_tensor *gguf_need(const gguf *g, const char *name, uint8_t n_dims, const uint32_t *ne, GError **error)
{
	const gguf_tensor *t = gguf_find(g, name);
	if (!t) {
		g_set_error(error, GGUF_ERROR, GGUF_ERROR_KEY, _("%s: the tensor %s is missing; the model needs it"), g->path,
		            name);
		return NULL;
	}
	bool fits = true;
	for (int i = 0; i < 4; i++)
		fits &= t->ne[i] == (i < n_dims ? ne[i] : 1);
	if (fits)
		return t;
	g_autofree char *found = shape_text(t->n_dims, t->ne), *wanted = shape_text(n_dims, ne);
	g_set_error(error, GGUF_ERROR, GGUF_ERROR_KEY, _("%s: the tensor %s is %s but the model's sizes ask for %s"),
	            g->path, name, found, wanted);
	return NULL;
}
