/* Further vectors of an image that say how many there are of what (data/models/training/chat/CONTRACT.md, "Vectors of
 * numbers"): they depend on the whole image alone, not on its marks. */
#include "infer/models/egx-model.h"
#include <glib/gi18n-lib.h>
#include <string.h>

#define ROWS_MAX 64

bool egx_number_read(egx_model *m, sam_build *b)
{
	if (!sam_build_ok(b) || !gguf_find(b->file, "egx.number.fc3.weight"))
		return sam_build_ok(b);
	if (strcmp(m->info.cnn, "lite") != 0)
		return sam_build_fail(b, _("it has egx.number, which goes with EfficientNet-Lite only"));
	const uint32_t out = sam_build_axis(b, "egx.number.fc3.weight", 0, 1, ROWS_MAX * m->info.width);
	m->numbers.seen = sam_build_axis(b, "egx.number.fc1.weight", 0, 1, 4096);
	m->numbers.hidden = sam_build_axis(b, "egx.number.fc2.weight", 0, 1, 4096);
	if (!sam_build_ok(b))
		return false;
	m->numbers.rows = out / m->info.width;
	return out % m->info.width == 0 ||
	       sam_build_fail(b, _("egx.number.fc3 gives %u numbers, no multiple of %u"), out, m->info.width);
}

bool egx_number_load(egx_model *m, sam_build *b)
{
	egx_numbers *n = &m->numbers;
	if (!n->rows)
		return true;
	n->fc1 = weight_linear(b->loader, "egx.number.fc1", n->seen, m->zoom, true);
	n->fc2 = weight_linear(b->loader, "egx.number.fc2", n->hidden, n->seen, true);
	n->fc3 = weight_linear(b->loader, "egx.number.fc3", n->rows * m->info.width, n->hidden, true);
	sam_build_count(b, 1, (uint64_t)n->rows * m->info.width);
	return sam_build_ok(b);
}

tensor egx_number_run(const egx_model *m, const sam_pass *pass, tensor mean)
{
	const sam_pass f32 = egx_in_f32(pass), *p = &f32;
	const egx_numbers *n = &m->numbers;
	const tensor seen = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(1, n->seen));
	const tensor hidden = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(1, n->hidden));
	const tensor out = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(1, n->rows * m->info.width));
	op_linear(p->o, p->cmd, seen, mean, &n->fc1, ACT_NONE, NULL);
	op_linear(p->o, p->cmd, hidden, seen, &n->fc2, ACT_GELU, NULL);
	op_linear(p->o, p->cmd, out, hidden, &n->fc3, ACT_NONE, NULL);
	return out;
}
