/* Conversations as triples: what is read, what is wrong is refused by name, names of regions in text. */
#include <string.h>

#include "app/engine/chat.h"

static chat_turns *parse(const char *text, GError **error)
{
	return chat_turns_parse(text, strlen(text), "talk.json", error);
}

static void test_record(void)
{
	static const char text[] = "{\"image\":\"a \\\"b\\\".tif\",\"source\":\"SAR\","
							   "\"regions\":[{\"kind\":\"box\",\"sign\":1,\"xyxy\":[1,2.5,30,40]}],"
							   "\"conversations\":[{\"from\":\"user\",\"value\":\"What is <Region 1>?\\n…\"},"
							   "{\"from\":\"model\",\"value\":\"A <p>ship</p><pix>.\"}]}";
	g_autoptr(GError) error = NULL;
	g_autoptr(chat_turns) t = parse(text, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(t->image, ==, "a \"b\".tif");
	g_assert_cmpstr(t->source, ==, "SAR");
	g_assert_cmpuint(t->regions->len, ==, 1);
	g_assert_cmpuint(prompt_count(t->regions->pdata[0]), ==, 1);
	g_assert_true(prompt_marks(t->regions->pdata[0], NULL)[0].xy[1] == 2.5);
	g_assert_cmpuint(t->turns->len, ==, 2);
	g_assert_cmpstr(g_array_index(t->turns, chat_turn, 0).value, ==, "What is <Region 1>?\n…");
	g_assert_true(g_array_index(t->turns, chat_turn, 1).model);
}

static void test_source(void)
{
	g_assert_cmpstr(chat_source_word(NULL, RASTER_SAR), ==, "SAR");
	g_assert_cmpstr(chat_source_word("auto", RASTER_OPTICAL), ==, "optical");
	g_assert_cmpstr(chat_source_word("sar", RASTER_OPTICAL), ==, "SAR");
	g_assert_cmpstr(chat_source_word("infrared", RASTER_OTHER), ==, "infrared");
	g_assert_null(chat_source_word(NULL, RASTER_OTHER));
}

/* A backslash before the words u0000 is text like any other. */
static void test_escaped_backslash(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(chat_turns) t = parse("[{\"from\":\"user\",\"value\":\"a\\\\u0000b\"}]", &error);
	g_assert_no_error(error);
	g_assert_cmpstr(g_array_index(t->turns, chat_turn, 0).value, ==, "a\\u0000b");
}

static void test_list(void)
{
	g_autoptr(chat_turns) t = parse("[{\"from\":\"user\",\"value\":\"\"},{\"from\":\"model\",\"value\":\"b\"}]", NULL);
	g_assert_cmpuint(t->turns->len, ==, 2);
	g_assert_cmpuint(t->regions->len, ==, 0);
	g_autoptr(chat_turns) none = parse("[] \r\n", NULL);
	g_assert_cmpuint(none->turns->len, ==, 0);
}

static void test_wrong(void)
{
	static const struct {
		const char *text, *word;
	} wrong[] = {
		{"", "JSON"},
		{"[", "JSON"},
		{"7", "list of turns"},
		{"{}", "list of turns"},
		{"[7]", "turn 1"},
		{"[{\"from\":\"user\"}]", "turn 1"},
		{"[{\"from\":\"user\",\"value\":3}]", "turn 1"},
		{"[{\"from\":\"gpt\",\"value\":\"a\"}]", "gpt"},
		{"[{\"from\":\"model\",\"value\":\"a\"}]", "turn 1"},
		{"[{\"from\":\"user\",\"value\":\"a\"},{\"from\":\"user\",\"value\":\"b\"}]", "turn 2"},
		{"{\"conversations\":[],\"regions\":[{\"kind\":\"point\",\"xy\":[1]}]}", "region 1"},
		{"{\"conversations\":[],\"regions\":5}", "regions"},
		{"{\"conversations\":[],\"regions\":{\"a\":{\"kind\":\"point\",\"xy\":[1,2]}}}", "regions"},
		{"[] and more", "JSON"},
		{"\"\xff\"", "byte 2"},
		{"[{\"from\":\"user\",\"value\":\"a\\u0000b\"}]", "byte 27"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_null(parse(wrong[i].text, &error));
		g_assert_error(error, CHAT_ERROR, CHAT_ERROR_QUESTION);
		g_assert_nonnull(strstr(error->message, "talk.json"));
		g_assert_nonnull(strstr(error->message, wrong[i].word));
	}
	g_autoptr(GError) error = NULL;
	g_assert_null(chat_turns_load("/nonexistent/talk.json", &error));
	g_assert_nonnull(strstr(error->message, "talk.json"));
}

static void test_find_region(void)
{
	static const struct {
		const char *text;
		guint start, end, number; /* number 0: none */
	} cases[] = {
		{"<Region 1>: ship", 0, 10, 1},
		{"near <Region12>", 5, 15, 12},
		{"a < region 3 > b", 2, 14, 3},
		{"<REGION 10>", 0, 11, 10},
		{"<Region>", 0, 0, 0},
		{"<Region 0>", 0, 0, 0},
		{"Region 1", 0, 0, 0},
		{"<Region 1", 0, 0, 0},
		{"<<Region 2>>", 1, 11, 2},
		{"<Region 12345>", 0, 0, 0},
		{"", 0, 0, 0},
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		guint start, end, number;
		const bool found = chat_find_region(cases[i].text, 0, &start, &end, &number);
		g_assert_true(found == (cases[i].number > 0));
		if (!found)
			continue;
		g_assert_cmpuint(start, ==, cases[i].start);
		g_assert_cmpuint(end, ==, cases[i].end);
		g_assert_cmpuint(number, ==, cases[i].number);
	}
	guint start, end, number;
	g_assert_true(chat_find_region("<Region 1> and <Region 2>", 10, &start, &end, &number));
	g_assert_cmpuint(number, ==, 2);
}

static void test_questions(void)
{
	for (int i = 0; i < CHAT_N_TASKS; i++)
		g_assert_true(g_str_has_prefix(chat_task_question(i), "Please "));
	g_autofree char *segment = chat_segment_question("the ships");
	g_assert_cmpstr(segment, ==, "Please segment the ships in the image.");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/chat-turns/record", test_record);
	g_test_add_func("/chat-turns/source", test_source);
	g_test_add_func("/chat-turns/list", test_list);
	g_test_add_func("/chat-turns/escaped-backslash", test_escaped_backslash);
	g_test_add_func("/chat-turns/wrong", test_wrong);
	g_test_add_func("/chat-turns/find-region", test_find_region);
	g_test_add_func("/chat-turns/questions", test_questions);
	return g_test_run();
}
