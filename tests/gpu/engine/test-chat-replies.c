/* The shipped chat model answers as its PyTorch reference does (tests/data/egx-replies.json, made by
 * data/models/training/chat/make_replies.py): twenty validation questions about real pictures, the same prompts, and
 * the same greedy ids up to the first step that rounding may decide. Needs the pictures in ../shared, else skipped. */
#include <cjson/cJSON.h>
#include <string.h>

#include "app/engine/prompt.h"
#include "tests/gpu/engine/chat-fixture.h"

#define SURE_MARGIN 0.3 /* the reference's best logit over its second: the id must be the same */
#define ITEMS 20
#define DISTINCT 12
#define STEPS 60 /* of all replies, compared before the first unsure one: fewer would show nothing */

static cJSON *reference;
static char *data; /* folder of the pictures; NULL: it is not here */
static gpu *dev;
static chat *talk;
static gguf *model;
static GHashTable *said;   /* set of replies */
static guint items, steps; /* asked; compared */

static const cJSON *field(const cJSON *o, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);
	g_assert_nonnull(v);
	return v;
}

static guint32 *ids_of(const cJSON *list, gsize *n)
{
	guint32 *ids = g_new(guint32, (gsize)cJSON_GetArraySize(list) + 1);
	const cJSON *v;
	*n = 0;
	cJSON_ArrayForEach(v, list) ids[(*n)++] = (guint32)v->valuedouble;
	return ids;
}

static GPtrArray *marks_of(const cJSON *list)
{
	GPtrArray *marks = g_ptr_array_new_with_free_func((GDestroyNotify)prompt_free);
	const cJSON *v;
	cJSON_ArrayForEach(v, list)
	{
		g_autoptr(GError) error = NULL;
		sam_mark_kind kind;
		const char *numbers = prompt_region_numbers(v->valuestring, &kind);
		prompt *p = prompt_new();
		g_assert_nonnull(numbers);
		g_assert_true(prompt_parse_mark(p, kind, 1, numbers, &error));
		g_ptr_array_add(marks, p);
	}
	return marks;
}

static void ask(const cJSON *item, chat_reply *out)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(data, field(item, "image")->valuestring, NULL);
	g_autoptr(raster) image = raster_open(path, NULL, &error);
	g_assert_no_error(error);
	const raster_style style = fixture_style(image);
	g_autoptr(GPtrArray) marks = marks_of(field(item, "marks"));
	g_autofree chat_region *regions = g_new0(chat_region, marks->len + 1);
	for (guint i = 0; i < marks->len; i++)
		regions[i].mark = *prompt_marks(marks->pdata[i], NULL);
	const chat_request req = {.image = image,
	                          .style = &style,
	                          .regions = regions,
	                          .n_regions = marks->len,
	                          .question = field(item, "question")->valuestring,
	                          .sampling = SAMPLING_GREEDY,
	                          .max_tokens = 96, /* as the reference */
	                          .no_masks = true};
	g_assert_true(chat_ask(talk, &req, out, &error));
	g_assert_no_error(error);
}

/* A reply that our engine ends because it loops or lists what nobody marked is a beginning of the reference's. */
static void compare(const cJSON *item, const chat_reply *r)
{
	gsize n;
	g_autofree guint32 *want = ids_of(field(item, "ids"), &n);
	const cJSON *margins = field(item, "margins");
	const gsize sure = r->note ? MIN(n, r->ids->len) : n;
	g_assert_cmpint(cJSON_GetArraySize(margins), >=, (int)n);
	for (gsize i = 0; i < sure; i++, steps++) {
		if (cJSON_GetArrayItem(margins, (int)i)->valuedouble < SURE_MARGIN)
			return;
		g_assert_cmpuint(i, <, r->ids->len);
		g_assert_cmpuint(g_array_index(r->ids, guint32, i), ==, want[i]);
	}
	const cJSON *end = cJSON_GetArrayItem(margins, (int)n);
	if (!end || end->valuedouble < SURE_MARGIN || r->note)
		return;
	steps++;
	g_assert_cmpuint(r->ids->len, ==, n); /* both end their turn here */
	g_assert_cmpint(r->stop, ==, CHAT_STOP_END);
}

static void test_item(gconstpointer item)
{
	gsize n;
	if (!data) {
		g_test_skip("there is no ../shared/data/rs");
		return;
	}
	g_autofree guint32 *want = ids_of(field(item, "prompt"), &n);
	const guint before = steps;
	g_auto(chat_reply) r = {0};
	ask(item, &r);
	fixture_check_prompt(model, want, n, &r);
	compare(item, &r);
	items++;
	g_hash_table_add(said, g_strdup(r.value));
	g_test_message("%s | %s | %u steps | %.0f ms", field(item, "question")->valuestring, r.value, steps - before,
	               r.first_token_ms);
}

/* The reference is of the model that ships. */
static void test_model(void)
{
	g_autofree char *sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, gguf_bytes(model));
	if (strcmp(field(reference, "model")->valuestring, sum) != 0)
		g_error("starter-chat.gguf has changed: make tests/data/egx-replies.json again "
		        "(data/models/training/chat/make_replies.py)");
}

/* Enough was compared, and the model does not say one thing whatever it is asked. */
static void test_enough(void)
{
	if (!data) {
		g_test_skip("there is no ../shared/data/rs");
		return;
	}
	g_test_message("%u items, %u distinct replies, %u steps equal", items, g_hash_table_size(said), steps);
	g_assert_cmpuint(items, >=, ITEMS);
	g_assert_cmpuint(g_hash_table_size(said), >=, DISTINCT);
	g_assert_cmpuint(steps, >=, STEPS);
}

static char *find_data(void)
{
	const char *shared = g_getenv("NADIR_SHARED"), *source = g_getenv("NADIR_SOURCE");
	g_autofree char *beside = g_build_filename(source ? source : ".", "..", "shared", NULL);
	g_autofree char *folder = g_build_filename(shared ? shared : beside, "data", "rs", NULL);
	return g_file_test(folder, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&folder) : NULL;
}

static void open_all(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = fixture_data("egx-replies.json"), *text = NULL, *weights = NULL;
	g_assert_true(g_file_get_contents(path, &text, NULL, &error));
	reference = cJSON_Parse(text);
	g_assert_nonnull(reference);
	weights = g_build_filename(g_getenv("NADIR_SOURCE"), "data", "models", "starter-chat.gguf", NULL);
	model = gguf_open(weights, &error);
	g_assert_no_error(error);
	dev = gpu_open(&(gpu_options){0}, &error);
	g_assert_no_error(error);
	talk = chat_open(dev, NULL, &(chat_options){.model = weights, .full = true, .fast = true}, &error);
	g_assert_no_error(error);
	said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	data = find_data();
}

static void close_all(void)
{
	g_hash_table_unref(said);
	chat_close(talk);
	gpu_close(dev);
	gguf_close(model);
	cJSON_Delete(reference);
	g_free(data);
}

int main(int argc, char **argv)
{
	guint number = 0;
	const cJSON *item;
	g_test_init(&argc, &argv, NULL);
	open_all();
	g_test_add_func("/engine/chat-replies/reference/model", test_model);
	cJSON_ArrayForEach(item, field(reference, "replies"))
	{
		g_autofree char *path = g_strdup_printf("/engine/chat-replies/item/%02u", ++number);
		g_test_add_data_func(path, item, test_item);
	}
	g_test_add_func("/engine/chat-replies/all/enough", test_enough); /* groups run in this order */
	const int status = g_test_run();
	close_all();
	return status;
}
