/* What was found becomes objects and captions of the document. */
#include <glib/gi18n.h>
#include <string.h>

#include "app/conversation/chat-private.h"
#include "app/conversation/chat-store.h"
#include "app/conversation/conversation-edit.h"
#include "app/document/document-private.h"
#include "app/engine/record.h"

/* --- from a phrase to a class --- */

/* Whether `word` stands in `text` as a word, or as its plural. Both are case-folded. */
static bool has_word(const char *text, const char *word)
{
	const gsize n = strlen(word);
	for (const char *at = text; n && (at = strstr(at, word)); at++) {
		const bool begins = at == text || !g_ascii_isalnum(at[-1]);
		const char *end = at + n;
		if (begins && (!g_ascii_isalnum(*end) || (*end == 's' && !g_ascii_isalnum(end[1]))))
			return true;
	}
	return false;
}

/* A class that the phrase names, the longest name first; else the phrase without its article. */
static char *class_for(NadirDocument *d, const char *phrase)
{
	static const char *const articles[] = {"the ", "a ", "an ", "all ", "each "};
	GPtrArray *classes = nadir_document_get_classes(d);
	g_autofree char *folded = g_utf8_casefold(phrase, -1);
	const project_class *best = NULL;
	for (guint i = 0; i < classes->len; i++) {
		const project_class *k = classes->pdata[i];
		g_autofree char *name = g_utf8_casefold(k->name, -1);
		if (has_word(folded, name) && (!best || strlen(k->name) > strlen(best->name)))
			best = k;
	}
	if (best)
		return g_strdup(best->name);
	for (guint i = 0; i < G_N_ELEMENTS(articles); i++)
		if (g_str_has_prefix(folded, articles[i]))
			return g_strstrip(g_strdup(phrase + strlen(articles[i])));
	return *folded ? g_strdup(phrase) : g_strdup(nadir_document_current_class_name(d));
}

/* --- objects --- */

static bool is_open(const conversation_grounded *g)
{
	return g->wkb && !g->object;
}

guint nadir_chat_count_open(conversation_message *reply)
{
	guint n = 0;
	for (guint i = 0; reply && !reply->running && i < reply->grounded->len; i++)
		n += is_open(reply->grounded->pdata[i]);
	return n;
}

/* An object that was made of a phrase has got its number: the reply remembers it. */
typedef struct {
	conversation *talk;
	gint64 before; /* its id until now */
} accepted;

static bool tell_message(NadirDocument *d, const accepted *a, conversation_message *m, gint64 id)
{
	const GPtrArray *all = m->said ? m->said->grounded : m->grounded;
	bool told = false;
	for (guint i = 0; i < all->len; i++) {
		conversation_grounded *g = all->pdata[i];
		if (g->object != a->before)
			continue;
		g->object = id;
		told = true;
	}
	if (told)
		chat_store_put(d, a->talk, m);
	return told;
}

static void on_stored(NadirDocument *d, gint64 id, void *data)
{
	g_autofree accepted *a = data;
	for (guint i = 0; i < a->talk->messages->len; i++)
		if (tell_message(d, a, a->talk->messages->pdata[i], id))
			break;
	conversation_unref(a->talk);
}

static void accept(NadirChat *c, conversation_message *reply, conversation_grounded *g)
{
	NadirDocument *d = c->document;
	g_autofree char *name = class_for(d, g->phrase);
	feature *f = record_grounded(g->wkb, g->area, g->area_m2, g->score, g->phrase, name, reply->timing.model,
	                             nadir_document_info(d));
	document_job *j = nadir_document_begin_object(d, f, NULL);
	accepted *a = g_new0(accepted, 1);
	*a = (accepted){conversation_ref(c->open), j->id};
	j->fresh->stored = on_stored;
	j->fresh->data = a;
	g->object = j->id;
	nadir_document_select(d, j->id);
	nadir_document_store_object(j);
}

static guint accept_range(NadirChat *c, conversation_message *reply, guint first, guint n)
{
	guint made = 0;
	for (guint i = first; c->document && !reply->running && i < first + n && i < reply->grounded->len; i++) {
		conversation_grounded *g = reply->grounded->pdata[i];
		if (!is_open(g))
			continue;
		accept(c, reply, g);
		made++;
	}
	if (made) {
		chat_emit_message(c, reply);
		chat_emit(c, CHAT_SIGNAL_LIT); /* the canvas draws it as an object now */
	}
	return made;
}

guint nadir_chat_accept(NadirChat *c, conversation_message *reply, guint index)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c) && reply, 0);
	return accept_range(c, reply, index, 1);
}

guint nadir_chat_accept_all(NadirChat *c, conversation_message *reply)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c) && reply, 0);
	return accept_range(c, reply, 0, reply->grounded->len);
}

/* --- captions --- */

static bool has_object(NadirDocument *d, gint64 id)
{
	g_autoptr(NadirObject) o = nadir_document_find(d, id, NULL);
	return o != NULL;
}

/* How many objects got the line that speaks of them, or all of the reply when there is one region only. */
static guint caption_regions(NadirChat *c, conversation_message *reply, const GPtrArray *regions)
{
	guint n = 0;
	for (guint i = 0; regions && i < regions->len; i++) {
		const conversation_region *r = regions->pdata[i];
		const char *line = i < reply->region_texts->len ? reply->region_texts->pdata[i] : NULL;
		if (!line && regions->len == 1)
			line = reply->text;
		if (!r->object || !line || !*line || !has_object(c->document, r->object))
			continue;
		nadir_document_set_caption(c->document, r->object, line);
		n++;
	}
	return n;
}

char *nadir_chat_keep_caption(NadirChat *c, conversation_message *reply)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c) && c->document && reply, NULL);
	const GPtrArray *regions = conversation_regions(reply);
	NadirObject *selected = nadir_document_get_selected(c->document);
	const guint n = caption_regions(c, reply, regions);
	if (n)
		return g_strdup_printf(ngettext("Kept as the caption of %u object", "Kept as the captions of %u objects", n),
		                       n);
	if (!selected) {
		chat_store_caption(c->document, reply->text);
		return g_strdup(_("Kept as the caption of the image"));
	}
	const feature *f = nadir_object_get_feature(selected);
	nadir_document_set_caption(c->document, f->id, reply->text);
	return g_strdup_printf(_("Kept as the caption of %s #%" G_GINT64_FORMAT), f->class_name, f->id);
}
