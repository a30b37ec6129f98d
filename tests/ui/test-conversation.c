/* A conversation in memory: the tree and its branches, chips in text, markup of a reply. */
#include <pango/pango.h>
#include <string.h>

#include "app/conversation/conversation-edit.h"
#include "app/conversation/conversation-json.h"
#include "app/conversation/conversation-text.h"
#include "tests/ui/fixture.h"

static void test_tree(void)
{
	g_autoptr(conversation) c = conversation_new();
	conversation_message *q1 = conversation_add(c, c->root, false, "What is this?");
	conversation_message *a1 = conversation_add(c, q1, true, "A ship.");
	conversation_message *a2 = conversation_add(c, q1, true, "A boat.");
	conversation_message *q2 = conversation_add(c, a2, false, "How long?");
	guint count;
	g_assert_true(conversation_last(c) == q2);
	g_assert_cmpuint(conversation_place(a2, &count), ==, 1);
	g_assert_cmpuint(count, ==, 2);
	g_assert_true(conversation_step(a2, -1));
	g_assert_true(conversation_last(c) == a1);
	g_assert_false(conversation_step(a1, -1));
	conversation_message *edited = conversation_add(c, c->root, false, "What are these?");
	g_autoptr(GPtrArray) path = conversation_path(c);
	g_assert_cmpuint(path->len, ==, 1);
	g_assert_true(path->pdata[0] == edited);
	conversation_show(q2);
	g_autoptr(GPtrArray) old = conversation_path(c);
	g_assert_cmpuint(old->len, ==, 3);
	conversation_remove(c, q2);
	g_assert_true(conversation_last(c) == a2);
	g_autofree char *title = conversation_title(c);
	g_assert_cmpstr(title, ==, "What is this?");
	g_assert_true(conversation_matches(c, "boat what"));
	g_assert_false(conversation_matches(c, "submarine"));
}

static void test_chips(void)
{
	g_autofree char *shown = conversation_value_to_chips("Is <Region 1> like < region2 > or <Region 7>?", 2);
	g_autofree char *back = conversation_chips_to_value(shown);
	g_assert_cmpstr(back, ==, "Is <Region 1> like <Region 2> or <Region 7>?");
	guint start, end, number;
	g_assert_true(conversation_find_chip(shown, 0, &start, &end, &number));
	g_assert_cmpuint(number, ==, 1);
	g_assert_true(conversation_find_chip(shown, end, &start, &end, &number));
	g_assert_cmpuint(number, ==, 2);
	g_assert_false(conversation_find_chip(shown, end, &start, &end, &number));
	g_assert_false(conversation_find_chip("Region 1", 0, &start, &end, &number)); /* as somebody types it */
}

static void test_markup(void)
{
	g_autoptr(conversation) c = conversation_new();
	const char *text = "<Region 1> & the ship; <b>a dock</b>";
	conversation_message *m = conversation_add(c, c->root, true, text);
	g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(conversation_span));
	conversation_grounded *g = conversation_grounded_new("the ship");
	g_autofree char *shown = NULL;
	g->start = (guint)(strstr(text, "the ship") - text);
	g->end = g->start + 8;
	g->mask = fixture_rectangle(1, 2, 3, 4);
	g_ptr_array_add(m->grounded, g);
	g_autofree char *markup = conversation_markup(text, 1, m->grounded, spans, &shown);
	g_autoptr(GError) error = NULL;
	g_autofree char *plain = NULL;
	g_assert_cmpuint(spans->len, ==, 2);
	const conversation_span *link = &g_array_index(spans, conversation_span, 1);
	g_autofree char *phrase = g_strndup(shown + link->start, link->end - link->start);
	g_assert_true(link->kind == SPAN_GROUNDED);
	g_assert_cmpstr(phrase, ==, "the ship");
	g_assert_nonnull(strstr(shown, "<b>a dock</b>"));
	GString *without = g_string_new(markup); /* pango knows no <a>: the label does */
	g_string_replace(without, "<a href=\"region:0\" title=\"\">", "", 0);
	g_string_replace(without, "<a href=\"grounded:0\" title=\"\">", "", 0);
	g_string_replace(without, "</a>", "", 0);
	g_autofree char *pango = g_string_free(without, FALSE);
	g_assert_true(pango_parse_markup(pango, -1, 0, NULL, &plain, NULL, &error));
	g_assert_cmpstr(plain, ==, shown);
}

static conversation_grounded *add_phrase(conversation_message *m, const char *phrase, int x)
{
	conversation_grounded *g = conversation_grounded_new(phrase);
	const char *at = strstr(m->text, phrase);
	g->start = (guint)(at - m->text);
	g->end = g->start + (guint)strlen(phrase);
	g->mask = fixture_rectangle(x, 2, 3, 4);
	g_ptr_array_add(m->grounded, g);
	return g;
}

static void check_phrases(const conversation_message *m)
{
	for (guint i = 0; i < m->grounded->len; i++) {
		const conversation_grounded *g = m->grounded->pdata[i];
		g_autofree char *here = g_strndup(m->text + g->start, g->end - g->start);
		g_assert_cmpstr(here, ==, g->phrase);
	}
}

/* Masks stay with their phrases, the second ship with the second; those whose phrase is gone come back with it. */
static void test_wording(void)
{
	static const struct {
		const char *typed, *value;
		int masks[3]; /* x of each; 0: no more */
	} cases[] = {
		{"Two things: a ship, a dock and a ship.",
	     "Two things: <p>a ship</p><pix>, <p>a dock</p><pix> and <p>a ship</p><pix>.",
	     {1, 2, 3}},
		{"I see a ship, and a ship.", "I see <p>a ship</p><pix>, and <p>a ship</p><pix>.", {1, 3}},
		{"Only a dock é and a ship.", "Only <p>a dock</p><pix> é and <p>a ship</p><pix>.", {2, 3}},
		{"Nothing.", "Nothing.", {0}},
		{"I see a <p>ship</p><pix>, a dock and a ship.", NULL, {1, 2, 3}}, /* markers that were typed say nothing */
		{"", NULL, {1, 2, 3}},
	};
	g_autoptr(conversation) c = conversation_new();
	const char *value = "I see <p>a ship</p><pix>, <p>a dock</p><pix> and <p>a ship</p><pix>.";
	conversation_message *m = conversation_add(c, c->root, true, "I see a ship, a dock and a ship.");
	g_free(m->value);
	m->value = g_strdup(value);
	add_phrase(m, "a ship", 1);
	add_phrase(m, "a dock", 2);
	conversation_grounded *last = add_phrase(m, "a ship", 3);
	last->start = (guint)strlen("I see a ship, a dock and ");
	last->end = last->start + 6;
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		conversation_edit(m, cases[i].typed);
		g_assert_cmpstr(m->value, ==, cases[i].value ? cases[i].value : value);
		g_assert_true((m->said != NULL) == (cases[i].value != NULL));
		g_assert_cmpstr(conversation_said_text(m), ==, "I see a ship, a dock and a ship.");
		check_phrases(m);
		for (guint k = 0; k < 3 && cases[i].masks[k]; k++) {
			g_assert_cmpuint(k, <, m->grounded->len);
			g_assert_cmpint(((conversation_grounded *)m->grounded->pdata[k])->mask->x, ==, cases[i].masks[k]);
		}
	}
}

/* A mask without a phrase stands where the words changed: never inside of a character. */
static void test_wording_characters(void)
{
	g_autoptr(conversation) c = conversation_new();
	conversation_message *m = conversation_add(c, c->root, true, "ab é");
	conversation_grounded *g = conversation_grounded_new("");
	g->start = g->end = 2;
	g_ptr_array_add(m->grounded, g);
	conversation_edit(m, "x ©"); /* ends with the same byte as before */
	g_assert_cmpstr(m->value, ==, "x ©<pix>");
}

/* Places in a file are no better than who wrote them. */
static void test_places(void)
{
	g_autoptr(conversation) c = conversation_new();
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)project_message_free);
	g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(conversation_span));
	project_message *row = project_message_new();
	row->id = 7;
	row->model = true;
	g_free(row->results);
	row->results = g_strdup("{\"text\":\"un été\",\"grounded\":[{\"phrase\":\"x\",\"start\":4,\"end\":7},"
	                        "{\"phrase\":\"y\",\"start\":-3,\"end\":1e300}]}");
	g_ptr_array_add(rows, row);
	conversation_load(c, rows, NULL);
	const conversation_message *m = conversation_find(c, 7);
	g_assert_nonnull(m);
	const conversation_grounded *first = m->grounded->pdata[0], *second = m->grounded->pdata[1];
	g_assert_true(first->start == 3 && first->end == 6 && second->start == 0 && second->end == strlen(m->text));
	g_autofree char *markup = conversation_markup(m->text, 0, m->grounded, spans, NULL);
	g_assert_true(g_utf8_validate(markup, -1, NULL));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/conversation/tree", test_tree);
	g_test_add_func("/conversation/chips", test_chips);
	g_test_add_func("/conversation/markup", test_markup);
	g_test_add_func("/conversation/wording", test_wording);
	g_test_add_func("/conversation/wording-characters", test_wording_characters);
	g_test_add_func("/conversation/places", test_places);
	return g_test_run();
}
