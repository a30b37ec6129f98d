/* What a message shows: its text with regions as chips and grounded phrases as links. Pure. */
#pragma once
#include "app/conversation/conversation.h"

G_BEGIN_DECLS

typedef enum { SPAN_REGION, SPAN_GROUNDED } span_kind;
typedef struct {
	span_kind kind;
	guint start, end; /* bytes of the shown text */
	guint index;      /* 0-based: of the region, of the grounded phrase */
} conversation_span;

/* A region's name as it stands in shown text and in the entry, "Region 1" kept together by no-break spaces, which
 * nobody types: so the entry knows its chips again. g_free. */
char *conversation_chip(guint number);
/* The next chip in text at or behind `from`. */
bool conversation_find_chip(const char *text, guint from, guint *start, guint *end, guint *number);
/* Shown text to what the model reads ("<Region 1>"), and back (numbers above n_regions stay as they are). g_free. */
char *conversation_chips_to_value(const char *shown);
char *conversation_value_to_chips(const char *value, guint n_regions);

/* Markup for a label: links "region:0" and "grounded:2". spans: of conversation_span, filled; shown: the text without
 * markup, or NULL. grounded may be NULL. g_free. */
char *conversation_markup(const char *text, guint n_regions, const GPtrArray *grounded, GArray *spans, char **shown);

/* #rrggbb of a region's colour, by 0-based index: ten that differ for every eye, all of them under dark text. */
const char *conversation_region_color(guint index);

G_END_DECLS
