/* Speed of the operators that carry the encoders, at the shapes they have in them: bench-ops [device] [rounds] [layer].
 * Columns: milliseconds (best), GFLOP/s, and GFLOP per second of this process's processor time, which on a software
 * device hardly depends on what else the machine does. */
#include "infer/arena.h"
#include "infer/ops/ops.h"
#include "infer/ops/weights.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
	const char *name;
	weight_kind kind;
	uint32_t h, w, in, out, k, stride;
	op_act act;
	bool add;
} layer;

static const layer layers[] = {
	{"square 1024", WEIGHT_LINEAR, 1, 1024, 1024, 1024, 1, 1, ACT_NONE, false},
	{"lite stem 3x3/2", WEIGHT_CONV, 512, 512, 3, 32, 3, 2, ACT_RELU6, false},
	{"lite expand 16>96", WEIGHT_LINEAR, 256, 256, 16, 96, 1, 1, ACT_RELU6, false},
	{"lite project 96>24", WEIGHT_LINEAR, 128, 128, 96, 24, 1, 1, ACT_NONE, false},
	{"lite expand 88>528", WEIGHT_LINEAR, 32, 32, 88, 528, 1, 1, ACT_RELU6, false},
	{"lite project 528>88 +", WEIGHT_LINEAR, 32, 32, 528, 88, 1, 1, ACT_NONE, true},
	{"lite expand 208>1248", WEIGHT_LINEAR, 16, 16, 208, 1248, 1, 1, ACT_RELU6, false},
	{"neck 3x3 256>256", WEIGHT_CONV, 32, 32, 256, 256, 3, 1, ACT_NONE, false},
	{"vit stem 3x3/2 32>64", WEIGHT_CONV, 256, 256, 32, 64, 3, 2, ACT_NONE, false},
	{"vit conv1 64>256 gelu", WEIGHT_LINEAR, 128, 128, 64, 256, 1, 1, ACT_GELU, false},
	{"vit conv3 256>64 +gelu", WEIGHT_LINEAR, 128, 128, 256, 64, 1, 1, ACT_GELU, true},
	{"vit fc1 160>640 gelu", WEIGHT_LINEAR, 32, 32, 160, 640, 1, 1, ACT_GELU, false},
	{"vit fc2 640>160 +", WEIGHT_LINEAR, 32, 32, 640, 160, 1, 1, ACT_NONE, true},
	{"tokens 7 x 256>2048", WEIGHT_LINEAR, 1, 7, 256, 2048, 1, 1, ACT_RELU, false},
	{"upscale 2x2 256>64", WEIGHT_CONV_TRANSPOSE2, 32, 32, 256, 64, 2, 1, ACT_NONE, false},
	{"depthwise 3x3 144", WEIGHT_DEPTHWISE, 128, 128, 144, 144, 3, 1, ACT_RELU6, false},
	{"depthwise 5x5/2 144", WEIGHT_DEPTHWISE, 128, 128, 144, 144, 5, 2, ACT_RELU6, false},
	{"depthwise 5x5 720", WEIGHT_DEPTHWISE, 32, 32, 720, 720, 5, 1, ACT_RELU6, false},
	{"depthwise 3x3 256 gelu", WEIGHT_DEPTHWISE, 128, 128, 256, 256, 3, 1, ACT_GELU, false},
};

static double processor_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static tensor filled(arena *a, gpu_cmd *cmd, uint8_t n_dims, const uint32_t *ne)
{
	tensor t = arena_tensor(a, DTYPE_F32, n_dims, ne);

	gpu_cmd_fill(cmd, t.data, 0x3dcccccdu); /* 0.1f */
	return t;
}

static void record(ops *o, gpu_cmd *cmd, const layer *l, const weight *w, tensor x, tensor y, const tensor *add)
{
	const op_conv_params conv = {l->stride, l->k / 2, l->k / 2, l->act, add};

	if (l->kind == WEIGHT_LINEAR)
		op_linear(o, cmd, y, x, w, l->act, add);
	else if (l->kind == WEIGHT_CONV)
		op_conv(o, cmd, y, x, w, &conv);
	else if (l->kind == WEIGHT_DEPTHWISE)
		op_depthwise(o, cmd, y, x, w, &conv);
	else
		op_conv_transpose2(o, cmd, y, x, w, l->act, add);
}

/* Best wall clock and best processor time of some passes, in seconds. */
static bool time_layer(ops *o, arena *a, const layer *l, int rounds, double best[2], GError **error)
{
	const bool up = l->kind == WEIGHT_CONV_TRANSPOSE2, deep = l->kind == WEIGHT_DEPTHWISE;
	const uint32_t h = up ? 2 * l->h : l->h / l->stride, width = up ? 2 * l->w : l->w / l->stride;
	gpu_cmd *cmd = gpu_cmd_begin(ops_gpu(o), NULL, error);

	if (!cmd)
		return false;
	const uint32_t rows = up ? 4 * l->out : l->out, cols = deep ? 1 : up ? l->in : l->k * l->k * l->in;
	weight w = {.kind = l->kind, .out = l->out, .in = deep ? 1 : l->in, .kh = l->k, .kw = l->k};
	w.data = deep ? filled(a, cmd, TENSOR_SHAPE(l->k * l->k, l->out)) : filled(a, cmd, TENSOR_SHAPE(rows, cols));
	w.bias = filled(a, cmd, TENSOR_SHAPE(l->out));
	tensor x = filled(a, cmd, TENSOR_SHAPE(l->h, l->w, l->in)), y = filled(a, cmd, TENSOR_SHAPE(h, width, l->out));
	for (int i = 0; i <= rounds; i++) {
		const double wall = (double)g_get_monotonic_time() * 1e-6, cpu = processor_seconds();
		if (!cmd && !(cmd = gpu_cmd_begin(ops_gpu(o), NULL, error)))
			return false;
		record(o, cmd, l, &w, x, y, l->add ? &y : NULL);
		if (!gpu_cmd_finish(g_steal_pointer(&cmd), error) || !ops_check(o, error))
			return false;
		const double took[2] = {(double)g_get_monotonic_time() * 1e-6 - wall, processor_seconds() - cpu};
		for (int k = 0; k < 2 && i > 0; k++)
			best[k] = MIN(best[k], took[k]);
	}
	return arena_check(a, error);
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(gpu) dev = gpu_open(&(gpu_options){.device = argc > 1 ? argv[1] : NULL}, &error);
	const int rounds = argc > 2 ? atoi(argv[2]) : 5;

	if (!dev) {
		fprintf(stderr, "%s\n", error->message);
		return 1;
	}
	g_autoptr(ops) o = ops_new(dev);
	g_autoptr(arena) a = arena_new(dev, 0, "bench");
	printf("%s\n%-24s %10s %10s %14s\n", gpu_get_info(dev)->name, "layer", "ms", "GFLOP/s", "GFLOP/cpu-s");
	for (size_t i = 0; i < G_N_ELEMENTS(layers); i++) {
		const layer *l = &layers[i];
		if (argc > 3 && !strstr(l->name, argv[3]))
			continue;
		const arena_mark mark = arena_get_mark(a);
		double best[2] = {1e9, 1e9};
		if (!time_layer(o, a, l, rounds, best, &error)) {
			fprintf(stderr, "%s: %s\n", l->name, error->message);
			return 1;
		}
		arena_rewind(a, mark);
		const double outputs =
			(double)l->h * l->w * l->out / (l->stride * l->stride) * (l->kind == WEIGHT_CONV_TRANSPOSE2 ? 4 : 1);
		const uint32_t taps = l->kind == WEIGHT_CONV_TRANSPOSE2 ? 1 : l->k * l->k;
		const double gflop = 2e-9 * outputs * taps * (l->kind == WEIGHT_DEPTHWISE ? 1 : l->in);
		printf("%-24s %10.2f %10.2f %14.2f\n", l->name, best[0] * 1e3, gflop / best[0], gflop / best[1]);
	}
	return 0;
}
