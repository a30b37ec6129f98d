#include "infer/gguf.h"
#include "infer/gguf-private.h"
#include <glib/gi18n-lib.h>
#include <string.h>

G_STATIC_ASSERT(G_BYTE_ORDER == G_LITTLE_ENDIAN);
G_DEFINE_QUARK(nadir_gguf_error_quark, gguf_error)

#define MAX_KEY 65535
#define MAX_NAME 64
#define MAX_NESTING 4
#define MAX_ALIGNMENT (1u << 20)

const uint8_t meta_bytes[N_META] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
const char *const meta_names[N_META] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                        "bool", "string", "array", "u64", "i64", "f64"};

static const struct {
	uint32_t id;
	const char *name;
} refused_types[] = {
	{6, "Q5_0"},   {7, "Q5_1"},     {9, "Q8_1"},    {10, "Q2_K"},    {11, "Q3_K"},  {13, "Q5_K"},
	{15, "Q8_K"},  {16, "IQ2_XXS"}, {17, "IQ2_XS"}, {18, "IQ3_XXS"}, {19, "IQ1_S"}, {20, "IQ4_NL"},
	{21, "IQ3_S"}, {22, "IQ2_S"},   {23, "IQ4_XS"}, {24, "I8"},      {25, "I16"},   {26, "I32"},
	{27, "I64"},   {28, "F64"},     {29, "IQ1_M"},  {34, "TQ1_0"},   {35, "TQ2_0"}, {39, "MXFP4"},
};

/* A position in the file; every read is checked. The first failure is in *error, later reads fail too. */
typedef struct {
	const char *path;
	const uint8_t *data;
	uint64_t size, at;
	GError **error;
} reader;

static bool G_GNUC_PRINTF(2, 3) lie(const reader *r, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(r->error, GGUF_ERROR, GGUF_ERROR_FORMAT, _("%s: %s; fetch or convert the model again"), r->path, what);
	return false;
}

/* The next n bytes, or NULL. */
static const uint8_t *take(reader *r, uint64_t n)
{
	if (n > r->size - r->at) {
		lie(r, _("the file ends inside its header, at byte %" G_GUINT64_FORMAT), r->size);
		return NULL;
	}
	const uint8_t *p = r->data + r->at;
	r->at += n;
	return p;
}

static bool take_u32(reader *r, uint32_t *out)
{
	const uint8_t *p = take(r, sizeof *out);
	if (!p)
		return false;
	memcpy(out, p, sizeof *out);
	return true;
}

static bool take_u64(reader *r, uint64_t *out)
{
	const uint8_t *p = take(r, sizeof *out);
	if (!p)
		return false;
	memcpy(out, p, sizeof *out);
	return true;
}

/* A key or tensor name as a string of its own. */
static char *take_name(reader *r, uint64_t max, const char *what)
{
	uint64_t n;
	if (!take_u64(r, &n))
		return NULL;
	if (n == 0 || n > max) {
		lie(r, _("a %s at byte %" G_GUINT64_FORMAT " claims %" G_GUINT64_FORMAT " bytes"), what, r->at - 8, n);
		return NULL;
	}
	const uint8_t *p = take(r, n);
	if (!p)
		return NULL;
	if (memchr(p, 0, n) || !g_utf8_validate((const char *)p, (gssize)n, NULL)) {
		lie(r, _("a %s at byte %" G_GUINT64_FORMAT " is not UTF-8 text"), what, r->at - n);
		return NULL;
	}
	return g_strndup((const char *)p, n);
}

static bool skip_strings(reader *r, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		uint64_t n;
		if (!take_u64(r, &n) || !take(r, n))
			return false;
	}
	return true;
}

static bool take_array(reader *r, meta_value *v, const char *key, int depth)
{
	uint32_t element;
	if (!take_u32(r, &element) || !take_u64(r, &v->count))
		return false;
	if (element >= N_META || depth > MAX_NESTING)
		return lie(r, _("the array %s has elements of unknown type %u"), key, element);
	v->element = element;
	v->data = r->data + r->at;
	const uint64_t left = r->size - r->at, least = element == META_STRING  ? 8
	                                               : element == META_ARRAY ? 12
	                                                                       : meta_bytes[element];
	if (v->count > left / least)
		return lie(r, _("the array %s claims %" G_GUINT64_FORMAT " elements, more than the file holds"), key, v->count);
	if (element == META_STRING)
		return skip_strings(r, v->count);
	if (element != META_ARRAY)
		return take(r, v->count * least) != NULL;
	for (uint64_t i = 0; i < v->count; i++) {
		meta_value inner = {0};
		if (!take_array(r, &inner, key, depth + 1))
			return false;
	}
	return true;
}

static bool take_value(reader *r, meta_value *v, const char *key)
{
	uint32_t type;
	if (!take_u32(r, &type))
		return false;
	if (type >= N_META)
		return lie(r, _("the key %s has a value of unknown type %u"), key, type);
	v->type = type;
	v->count = 1;
	if (type == META_ARRAY)
		return take_array(r, v, key, 0);
	if (type == META_STRING) {
		v->data = take_u64(r, &v->count) ? take(r, v->count) : NULL;
		if (!v->data)
			return false;
		if (memchr(v->data, 0, v->count) || !g_utf8_validate((const char *)v->data, (gssize)v->count, NULL))
			return lie(r, _("the text of key %s is not UTF-8"), key);
		v->as[AS_STRING] = g_strndup((const char *)v->data, v->count);
		return true;
	}
	v->data = take(r, meta_bytes[type]);
	if (!v->data)
		return false;
	return type != META_BOOL || *v->data <= 1 || lie(r, _("the key %s is a bool of value %u"), key, *v->data);
}

static void meta_value_free(gpointer p)
{
	meta_value *v = p;
	for (int i = 0; i < N_AS; i++)
		g_free(v->as[i]);
	g_free(v);
}

static bool read_meta(gguf *g, reader *r, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		g_autofree char *key = take_name(r, MAX_KEY, _("key"));
		if (!key)
			return false;
		meta_value *v = g_new0(meta_value, 1);
		const bool ok = take_value(r, v, key) &&
		                (!g_hash_table_contains(g->meta, key) || lie(r, _("the key %s is there twice"), key));
		if (!ok) {
			meta_value_free(v);
			return false;
		}
		g_hash_table_insert(g->meta, g_steal_pointer(&key), v);
	}
	return true;
}

static bool read_alignment(gguf *g, reader *r)
{
	uint32_t alignment = 32;
	if (gguf_has(g, "general.alignment") && !gguf_get_u32(g, "general.alignment", &alignment, r->error))
		return false;
	if (alignment == 0 || alignment % 8 || alignment > MAX_ALIGNMENT)
		return lie(r, _("general.alignment is %u, which is no multiple of 8 up to %u"), alignment, MAX_ALIGNMENT);
	g->alignment = alignment;
	return true;
}

static bool check_type(const reader *r, const char *name, uint32_t type)
{
	if (gguf_block_elements(type) > 0)
		return true;
	const char *text = NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(refused_types); i++)
		if (refused_types[i].id == type)
			text = refused_types[i].name;
	if (!text)
		return lie(r, _("tensor %s has the unknown type %u"), name, type);
	g_set_error(r->error, GGUF_ERROR, GGUF_ERROR_FORMAT,
	            _("%s: tensor %s is of type %s, which is not supported; convert the model to F16, Q8_0 or Q4_K_M"),
	            r->path, name, text);
	return false;
}

/* Bytes and element count from the dims; the format's dims begin with the fastest axis. */
static bool measure(const reader *r, gguf_tensor *t, const uint64_t *dims)
{
	t->count = 1;
	for (int i = 0; i < 4; i++) {
		const uint64_t d = i < t->n_dims ? dims[t->n_dims - 1 - i] : 1;
		if (d == 0 || d > UINT32_MAX || __builtin_mul_overflow(t->count, d, &t->count))
			return lie(r, _("tensor %s claims an impossible shape"), t->name);
		t->ne[i] = (uint32_t)d;
	}
	const uint32_t block = gguf_block_elements(t->type);
	if (dims[0] % block)
		return lie(r, _("tensor %s is %s but its rows of %u are no multiple of %u"), t->name, gguf_type_name(t->type),
		           (uint32_t)dims[0], block);
	if (__builtin_mul_overflow(t->count / block, (uint64_t)gguf_block_bytes(t->type), &t->bytes))
		return lie(r, _("tensor %s claims an impossible shape"), t->name);
	return true;
}

/* Takes name. The offset is left in t->data until the start of the data section is known. */
static bool take_tensor(gguf *g, reader *r, char *name)
{
	uint32_t n_dims, type;
	uint64_t dims[4] = {1, 1, 1, 1}, offset;
	gguf_tensor t = {.name = name};
	if (g_hash_table_contains(g->names, name)) {
		lie(r, _("the tensor %s is there twice"), name);
		g_free(name);
		return false;
	}
	g_hash_table_insert(g->names, name, GUINT_TO_POINTER(g->tensors->len + 1));
	if (!take_u32(r, &n_dims))
		return false;
	if (n_dims < 1 || n_dims > 4)
		return lie(r, _("tensor %s claims %u dimensions"), name, n_dims);
	t.n_dims = (uint8_t)n_dims;
	for (uint32_t i = 0; i < n_dims; i++)
		if (!take_u64(r, &dims[i]))
			return false;
	if (!take_u32(r, &type) || !take_u64(r, &offset) || !check_type(r, name, type))
		return false;
	t.type = type;
	if (offset % g->alignment)
		return lie(r, _("tensor %s lies at offset %" G_GUINT64_FORMAT ", which is not aligned"), name, offset);
	if (offset > r->size || !measure(r, &t, dims))
		return offset <= r->size ? false : lie(r, _("tensor %s lies behind the end of the file"), name);
	t.data = r->data + offset;
	g_array_append_val(g->tensors, t);
	g->parameters += t.count;
	return true;
}

static int by_data(gconstpointer a, gconstpointer b)
{
	const gguf_tensor *const *x = a, *const *y = b;
	return (*x)->data < (*y)->data ? -1 : (*x)->data > (*y)->data;
}

/* Offsets become addresses; each tensor must lie in the file and on no other. */
static bool place_tensors(gguf *g, const reader *r)
{
	const uint64_t start = (r->at + g->alignment - 1) / g->alignment * g->alignment;
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();
	for (guint i = 0; i < g->tensors->len; i++) {
		gguf_tensor *t = &g_array_index(g->tensors, gguf_tensor, i);
		const uint64_t offset = (uint64_t)((const uint8_t *)t->data - r->data);
		if (start > r->size || offset > r->size - start || t->bytes > r->size - start - offset)
			return lie(r, _("tensor %s (%" G_GUINT64_FORMAT " bytes) ends behind the end of the file"), t->name,
			           t->bytes);
		t->data = r->data + start + offset;
		g_ptr_array_add(sorted, t);
	}
	g_ptr_array_sort(sorted, by_data);
	for (guint i = 1; i < sorted->len; i++) {
		const gguf_tensor *a = sorted->pdata[i - 1], *b = sorted->pdata[i];
		if ((const uint8_t *)a->data + a->bytes > (const uint8_t *)b->data)
			return lie(r, _("the tensors %s and %s overlap"), a->name, b->name);
	}
	return true;
}

static bool check_head(reader *r, uint64_t *n_tensors, uint64_t *n_keys)
{
	uint32_t version;
	if (r->size < 24)
		return lie(r, _("the file has %" G_GUINT64_FORMAT " bytes and is no GGUF model"), r->size);
	const uint8_t *magic = take(r, 4);
	if (!magic || !take_u32(r, &version) || !take_u64(r, n_tensors) || !take_u64(r, n_keys))
		return false;
	if (memcmp(magic, "GGUF", 4))
		return lie(r, _("this is no GGUF model"));
	if (version != 2 && version != 3)
		return lie(r,
		           version == GUINT32_SWAP_LE_BE(3u) ? _("this GGUF file is big-endian (version %u)")
		                                             : _("GGUF version %u is not supported, only 2 and 3"),
		           version);
	/* The least a key takes is 8 + 1 + 4 + 1 bytes, a tensor 8 + 1 + 4 + 8 + 4 + 8. */
	if (*n_keys > r->size / 14 || *n_tensors > r->size / 33)
		return lie(r,
		           _("the header claims %" G_GUINT64_FORMAT " keys and %" G_GUINT64_FORMAT
		             " tensors, more than the file can hold"),
		           *n_keys, *n_tensors);
	return true;
}

static bool parse(gguf *g, GError **error)
{
	gsize size;
	const uint8_t *data = g_bytes_get_data(g->bytes, &size);
	reader r = {.path = g->path, .data = data, .size = size, .error = error};
	uint64_t n_tensors = 0, n_keys = 0;
	if (!check_head(&r, &n_tensors, &n_keys) || !read_meta(g, &r, n_keys) || !read_alignment(g, &r))
		return false;
	for (uint64_t i = 0; i < n_tensors; i++) {
		char *name = take_name(&r, MAX_NAME, _("tensor name"));
		if (!name || !take_tensor(g, &r, name))
			return false;
	}
	return place_tensors(g, &r);
}

gguf *gguf_open_bytes(GBytes *bytes, const char *name, GError **error)
{
	g_autoptr(gguf) g = g_new0(gguf, 1);
	g_mutex_init(&g->lock);
	g->path = g_strdup(name);
	g->bytes = g_bytes_ref(bytes);
	g->meta = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, meta_value_free);
	g->tensors = g_array_new(FALSE, FALSE, sizeof(gguf_tensor));
	g->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return parse(g, error) ? g_steal_pointer(&g) : NULL;
}

gguf *gguf_open(const char *path, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autoptr(GMappedFile) map = g_mapped_file_new(path, FALSE, &local);
	if (!map) {
		g_set_error(error, GGUF_ERROR, GGUF_ERROR_READ, _("%s: the model cannot be read: %s"), path, local->message);
		return NULL;
	}
	g_autoptr(GBytes) bytes = g_mapped_file_get_bytes(map);
	return gguf_open_bytes(bytes, path, error);
}

void gguf_close(gguf *g)
{
	if (!g)
		return;
	g_hash_table_unref(g->meta);
	g_hash_table_unref(g->names);
	g_array_unref(g->tensors);
	g_bytes_unref(g->bytes);
	g_free(g->path);
	g_mutex_clear(&g->lock);
	g_free(g);
}
