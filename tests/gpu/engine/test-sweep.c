/* Many objects at once, with the shipped segmenter on a drawn picture: every disc is found once, like ones are found
 * again, and a sweep stops when it is told to. */
#include "app/engine/service.h"
#include "app/engine/sweep.h"
#include "infer/models/sam-points.h"
#include "tests/gpu/engine/chat-fixture.h"

#include <math.h>
#include <string.h>

#define SIDE 512
#define DISCS 6
static const int discs[DISCS][3] = {{90, 100, 26},  {260, 80, 30},  {430, 110, 24},
                                    {110, 330, 28}, {300, 300, 26}, {420, 400, 30}};

typedef struct {
	engine *e;
	raster *image;
	raster_style style;
} world;

static bool inside(const int d[3], int x, int y)
{
	return hypot(x + 0.5 - d[0], y + 0.5 - d[1]) <= d[2];
}

/* Red discs and one blue bar on grained green. */
static raster *draw(void)
{
	g_autofree guint8 *rgb = g_malloc(SIDE * SIDE * 3);
	for (int y = 0; y < SIDE; y++)
		for (int x = 0; x < SIDE; x++) {
			guint8 *p = rgb + 3 * (y * SIDE + x);
			const int grain = (x * 7 + y * 13) % 11;
			p[0] = (guint8)(70 + grain);
			p[1] = (guint8)(110 + grain);
			p[2] = (guint8)(60 + grain);
			for (int i = 0; i < DISCS; i++)
				if (inside(discs[i], x, y))
					memcpy(p, (guint8[]){200, 60, 50}, 3);
			if (x >= 180 && x < 230 && y >= 420 && y < 500)
				memcpy(p, (guint8[]){60, 80, 210}, 3);
		}
	return fixture_raster(rgb, SIDE, SIDE);
}

static char *model_path(void)
{
	const char *source = g_getenv("NADIR_SOURCE");
	return g_build_filename(source ? source : ".", "data", "models", "starter-sam.gguf", NULL);
}

static void world_up(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = model_path();
	w->e = engine_open(&(engine_options){.model = path, .no_cache = true}, &error);
	g_assert_no_error(error);
	w->image = draw();
	w->style = fixture_style(w->image);
}

static void world_down(world *w, gconstpointer data)
{
	raster_unref(w->image);
	engine_close(w->e);
}

static bitmask *disc_mask(int i)
{
	const int *d = discs[i];
	g_autoptr(bitmask) m = mask_new(0, 0, SIDE, SIDE);
	for (int y = 0; y < SIDE; y++)
		for (int x = 0; x < SIDE; x++)
			m->bits[y * SIDE + x] = inside(d, x, y);
	return mask_trimmed(m);
}

/* How many of the found ones are that disc. */
static guint count_disc(GPtrArray *found, int i)
{
	g_autoptr(bitmask) want = disc_mask(i);
	guint n = 0;
	for (guint k = 0; k < found->len; k++)
		n += mask_iou(((const engine_found *)found->pdata[k])->mask, want) > 0.6;
	return n;
}

typedef struct {
	double last;
	guint calls;
	GCancellable *cancel;
} watch;

static void on_progress(double fraction, guint found, void *data)
{
	watch *w = data;
	g_assert_true(fraction >= w->last && fraction <= 1);
	w->last = fraction;
	if (++w->calls == 2 && w->cancel)
		g_cancellable_cancel(w->cancel);
}

static void test_everything(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	watch seen = {0};
	const engine_sweep_request req = {
		.image = w->image, .style = &w->style, .points = 9, .progress = on_progress, .data = &seen};
	g_autoptr(GPtrArray) found = engine_segment_everything(w->e, &req, &error);
	g_assert_no_error(error);
	for (int i = 0; i < DISCS; i++)
		g_assert_cmpuint(count_disc(found, i), ==, 1);
	for (guint i = 0; i < found->len; i++) {
		const engine_found *f = found->pdata[i];
		g_assert_cmpint(f->area, ==, mask_area(f->mask));
		g_assert_true(f->score >= 0.7 && f->score <= 1);
		g_assert_true(i == 0 || f->score <= ((const engine_found *)found->pdata[i - 1])->score);
		for (guint k = 0; k < i; k++)
			g_assert_cmpfloat(mask_iou(f->mask, ((const engine_found *)found->pdata[k])->mask), <, 0.6);
	}
	g_assert_cmpfloat(seen.last, ==, 1);
	g_assert_cmpuint(seen.calls, >, 4);
}

/* Only what is asked about is searched, and a part outside the image is refused. */
static void test_area(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	engine_sweep_request req = {.image = w->image, .style = &w->style, .points = 12, .area = {20, 30, 150, 150}};
	g_autoptr(GPtrArray) found = engine_segment_everything(w->e, &req, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(count_disc(found, 0), ==, 1);
	for (guint i = 0; i < found->len; i++) {
		const engine_found *f = found->pdata[i];
		g_assert_true(f->at[0] >= 20 && f->at[0] <= 170 && f->at[1] >= 30 && f->at[1] <= 180);
	}
	req.area = (raster_rect){600, 30, 50, 50};
	g_assert_null(engine_segment_everything(w->e, &req, &error));
	g_assert_error(error, SAM_ERROR, SAM_ERROR_PROMPT);
}

static void test_similar(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(bitmask) given = disc_mask(0);
	const bitmask *like[] = {given};
	const engine_sweep_request req = {.image = w->image, .style = &w->style, .like = like, .n_like = 1};
	g_autoptr(GPtrArray) found = engine_segment_everything(w->e, &req, &error);
	g_assert_no_error(error);
	guint others = 0;
	for (int i = 1; i < DISCS; i++)
		others += count_disc(found, i) == 1;
	g_assert_cmpuint(others, >=, DISCS - 2);
	g_assert_cmpuint(count_disc(found, 0), ==, 0); /* it was given */
	/* What is most like a disc is a disc. */
	guint first = 0;
	for (int i = 1; i < DISCS; i++) {
		g_autoptr(GPtrArray) top = g_ptr_array_new();
		for (guint k = 0; k < MIN(found->len, 3); k++)
			g_ptr_array_add(top, found->pdata[k]);
		first += count_disc(top, i);
	}
	g_assert_cmpuint(first, ==, 3);
	const bitmask empty = {0};
	const bitmask *nothing[] = {&empty};
	engine_sweep_request none = req;
	none.like = nothing;
	g_assert_null(engine_segment_everything(w->e, &none, &error));
	g_assert_error(error, SAM_ERROR, SAM_ERROR_PROMPT);
}

static void test_cancel(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	watch seen = {.cancel = cancel};
	const engine_sweep_request req = {
		.image = w->image, .style = &w->style, .points = 16, .cancel = cancel, .progress = on_progress, .data = &seen};
	g_assert_null(engine_segment_everything(w->e, &req, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	g_assert_cmpuint(seen.calls, ==, 2);
}

/* --- through the service, with a prompt in between --- */

typedef struct {
	GPtrArray *order; /* of what came back: "prompt", "sweep" */
	guint n_found, ticks;
	GError *error;
	service *s;
} queue;

static void on_swept(GObject *source, GAsyncResult *result, gpointer data)
{
	queue *q = data;
	g_autofree char *model = NULL;
	g_autoptr(GPtrArray) found = service_sweep_finish(result, &model, &q->error);
	q->n_found = found ? found->len : 0;
	g_assert_true(!found || g_str_has_prefix(model, "starter-sam@"));
	g_ptr_array_add(q->order, (gpointer) "sweep");
}

static void on_prompted(GObject *source, GAsyncResult *result, gpointer data)
{
	queue *q = data;
	g_auto(engine_answer) answer = {0};
	g_autoptr(GError) error = NULL;
	g_assert_true(service_segment_finish(q->s, result, &answer, &error));
	g_ptr_array_add(q->order, (gpointer) "prompt");
}

static void on_tick(double fraction, guint found, void *data)
{
	((queue *)data)->ticks++;
}

static void spin(queue *q, guint answers)
{
	while (q->order->len < answers)
		g_main_context_iteration(NULL, TRUE);
}

static void test_service(void)
{
	g_autofree char *path = model_path();
	g_autoptr(raster) image = draw();
	const raster_style style = fixture_style(image);
	queue q = {.order = g_ptr_array_new(), .s = service_new(&(engine_options){.model = path, .no_cache = true})};
	const engine_sweep_request req = {.image = image, .style = &style, .points = 10};
	g_autoptr(prompt) marks = prompt_new();
	prompt_add(marks, SAM_POINT, 1, (const double[]){260, 80}, 1, 0);
	service_sweep_async(q.s, &req, NULL, on_tick, on_swept, &q);
	service_segment_async(q.s, &(service_prompt){.image = image, .style = &style, .marks = marks}, NULL, NULL,
	                      on_prompted, &q);
	spin(&q, 2);
	g_assert_no_error(q.error);
	g_assert_cmpstr(q.order->pdata[0], ==, "prompt"); /* a click does not wait for a search */
	g_assert_cmpuint(q.n_found, >=, DISCS);
	g_assert_cmpuint(q.ticks, >, 2);
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	service_sweep_async(q.s, &req, cancel, on_tick, on_swept, &q);
	g_cancellable_cancel(cancel);
	spin(&q, 3);
	g_assert_error(q.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	g_clear_error(&q.error);
	service_sweep_async(q.s, &req, NULL, on_tick, on_swept, &q); /* and nobody waits for it */
	service_free(q.s);
	spin(&q, 4);
	g_assert_error(q.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	g_clear_error(&q.error);
	g_ptr_array_unref(q.order);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, fn) g_test_add("/sweep/" name, world, NULL, world_up, fn, world_down)
	ADD("everything", test_everything);
	ADD("area", test_area);
	ADD("similar", test_similar);
	ADD("cancel", test_cancel);
	g_test_add_func("/sweep/service", test_service);
	return g_test_run();
}
