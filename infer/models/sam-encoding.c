/* Encoded crops: made, kept, saved and loaded. */
#include "infer/models/sam-model.h"
#include <glib/gi18n-lib.h>
#include <string.h>

/* --- making --- */

static sam_encoding *encoding_new(sam_model *m, const sam_crop *crop, GError **error)
{
	gpu_buffer *buf =
		gpu_buffer_new(m->dev, GPU_MEMORY_DEVICE, sam_state_bytes(m->decoder), _("an encoded crop"), error);
	if (!buf)
		return NULL;
	sam_encoding *e = g_new0(sam_encoding, 1);
	e->model = m;
	e->buf = buf;
	sam_frame_init(&e->frame, crop, m->info.image_size);
	sam_state_place(m->decoder, buf, &e->state);
	return e;
}

void sam_encoding_free(sam_encoding *e)
{
	if (!e)
		return;
	gpu_buffer_free(e->buf);
	g_free(e);
}

static void record_encode(sam_encoding *e, const sam_pass *p)
{
	const sam_model *m = e->model;
	const uint32_t s = (uint32_t)m->info.image_size;
	tensor image = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(s, s, 4));
	if (tensor_is_null(&image))
		return; /* reported by arena_check() */
	gpu_cmd_upload(p->cmd, image.data, m->input);
	tensor x = image;
	if (p->act != DTYPE_F32) {
		x = arena_tensor(p->work, p->act, TENSOR_SHAPE(s, s, 4));
		op_copy(p->o, p->cmd, x, image);
	}
	sam_features f = {0};
	m->encoder->run(m->encoder, p, x, &f);
	sam_decoder_take(m->decoder, p, &f, &e->state);
	sam_decoder_products(m->decoder, p, &e->state);
}

sam_encoding *sam_encode(sam_model *m, const uint8_t *rgb, size_t stride, const sam_crop *crop, GCancellable *cancel,
                         gpu_progress_fn progress, void *data, GError **error)
{
	g_return_val_if_fail(crop->w > 0 && crop->h > 0 && stride >= (size_t)crop->w * 3, NULL);
	g_autoptr(sam_encoding) e = encoding_new(m, crop, error);
	sam_pass p;
	arena_mark mark;
	if (!e)
		return NULL;
	g_autofree uint8_t *small = sam_resize_rgb(rgb, stride, crop->w, crop->h, e->frame.new_w, e->frame.new_h);
	sam_normalise(&e->frame, small, m->mean, m->std, m->input);
	if (!sam_pass_begin(m, &p, m->act, cancel, &mark, error))
		return NULL;
	gpu_cmd_set_progress(p.cmd, m->info.encode_flops, progress, data);
	record_encode(e, &p);
	return sam_pass_finish(m, &p, mark, error) ? g_steal_pointer(&e) : NULL;
}

/* --- saving and loading --- */

#define MAGIC "nadirenc"
#define FORMAT 1u

/* Followed by embedding, skip8 and skip4 in the encoder's type. Host byte order: the cache is no exchange format. */
typedef struct {
	char magic[8];
	uint32_t format, type;
	uint8_t model[32];
	int32_t crop_w, crop_h;
	uint64_t payload_bytes, checksum; /* of the payload */
} stored_header;

/* The parts that are stored; those computed from the embedding are computed again. */
static guint stored_parts(const sam_encoding *e, tensor parts[3])
{
	guint n = 0;
	const tensor all[] = {e->state.embedding, e->state.skip8, e->state.skip4};
	for (guint i = 0; i < G_N_ELEMENTS(all); i++)
		if (tensor_count(&all[i]) > 0 && all[i].data.buf)
			parts[n++] = all[i];
	return n;
}

static uint64_t payload_bytes(const sam_encoding *e)
{
	tensor parts[3];
	uint64_t bytes = 0;
	for (guint i = stored_parts(e, parts); i-- > 0;)
		bytes += dtype_bytes(e->model->act, tensor_count(&parts[i]));
	return bytes;
}

static stored_header header_for(const sam_encoding *e)
{
	stored_header h = {.format = FORMAT,
	                   .type = e->model->act,
	                   .crop_w = e->frame.crop.w,
	                   .crop_h = e->frame.crop.h,
	                   .payload_bytes = payload_bytes(e)};
	memcpy(h.magic, MAGIC, sizeof h.magic);
	memcpy(h.model, e->model->hash, sizeof h.model);
	return h;
}

/* Part after part, in the encoder's type: from the device into `to`, or from `from` into the device; the other is NULL.
 */
static void move_parts(const sam_encoding *e, const sam_pass *p, uint8_t *to, const uint8_t *from)
{
	tensor parts[3];
	const guint n = stored_parts(e, parts);
	for (guint i = 0; i < n; i++) {
		const uint64_t bytes = dtype_bytes(p->act, tensor_count(&parts[i]));
		tensor t = arena_tensor(p->work, p->act, parts[i].n_dims, parts[i].ne);
		if (tensor_is_null(&t))
			return; /* reported by arena_check() */
		if (to) {
			op_copy(p->o, p->cmd, t, parts[i]);
			gpu_cmd_download(p->cmd, to, t.data);
			to += bytes;
		} else {
			gpu_cmd_upload(p->cmd, t.data, from);
			op_copy(p->o, p->cmd, parts[i], t);
			from += bytes;
		}
	}
}

GBytes *sam_encoding_save(sam_encoding *e, GError **error)
{
	stored_header h = header_for(e);
	g_autofree uint8_t *bytes = g_malloc(sizeof h + h.payload_bytes);
	sam_pass p;
	arena_mark mark;
	if (!sam_pass_begin(e->model, &p, e->model->act, NULL, &mark, error))
		return NULL;
	move_parts(e, &p, bytes + sizeof h, NULL);
	if (!sam_pass_finish(e->model, &p, mark, error))
		return NULL;
	h.checksum = sam_checksum(bytes + sizeof h, h.payload_bytes);
	memcpy(bytes, &h, sizeof h);
	return g_bytes_new_take(g_steal_pointer(&bytes), sizeof h + h.payload_bytes);
}

static bool header_fits(const sam_encoding *e, const uint8_t *data, gsize size)
{
	stored_header found, want = header_for(e);
	if (size < sizeof found)
		return false;
	memcpy(&found, data, sizeof found);
	want.checksum = found.checksum;
	return memcmp(&found, &want, sizeof found) == 0 && size == sizeof found + found.payload_bytes &&
	       sam_checksum(data + sizeof found, found.payload_bytes) == found.checksum;
}

static bool upload_parts(sam_encoding *e, const uint8_t *at, GError **error)
{
	sam_pass p;
	arena_mark mark;
	if (!sam_pass_begin(e->model, &p, e->model->act, NULL, &mark, error))
		return false;
	move_parts(e, &p, NULL, at);
	sam_decoder_products(e->model->decoder, &p, &e->state);
	return sam_pass_finish(e->model, &p, mark, error);
}

sam_encoding *sam_encoding_load(sam_model *m, GBytes *bytes, const sam_crop *crop, GError **error)
{
	gsize size;
	const uint8_t *data = g_bytes_get_data(bytes, &size);
	g_autoptr(sam_encoding) e = encoding_new(m, crop, error);
	if (!e)
		return NULL;
	if (!header_fits(e, data, size)) {
		g_set_error_literal(error, SAM_ERROR, SAM_ERROR_MODEL,
		                    _("The stored encoding is damaged or belongs to another model: encode again"));
		return NULL;
	}
	return upload_parts(e, data + sizeof(stored_header), error) ? g_steal_pointer(&e) : NULL;
}
