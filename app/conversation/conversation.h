/* A conversation in memory: a tree of messages of which one path is in sight. An edited question is a sibling of the
 * first, another answer a sibling of the answer. Pure: no GTK, no project, no model. */
#pragma once
#include "app/engine/chat.h"
#include "render/geometry/georef.h"
#include "render/geometry/wkb.h"

G_BEGIN_DECLS

/* A region that is talked about: immutable, shared by reference. */
typedef struct {
	prompt *mark;     /* one mark; of a mask its box */
	bitmask *mask;    /* NULL: the mark says it all */
	GBytes *wkb;      /* outline of the mask */
	wkb_shape *shape; /* the same, to draw */
	gint64 object;    /* the object it was made from, 0: none */
	char *label;      /* that object's class, or "" */
} conversation_region;
/* mask and wkb may be NULL; copied, referenced. */
conversation_region *conversation_region_new(const sam_mark *mark, const bitmask *mask, GBytes *wkb, gint64 object,
                                             const char *label);
conversation_region *conversation_region_ref(conversation_region *r);
void conversation_region_unref(conversation_region *r);
bool conversation_region_contains(const conversation_region *r, double x, double y, double slack); /* image pixels */
raster_rect conversation_region_bounds(const conversation_region *r);

/* What the model named and found. */
typedef struct {
	char *phrase;
	guint start, end; /* bytes of the message's text; equal when it stands nowhere */
	int region;       /* 1-based, 0: none */
	double score;
	bitmask *mask;    /* NULL: the model's mask was empty */
	GBytes *wkb;      /* outline, NULL as the mask */
	wkb_shape *shape; /* the same, to draw */
	gint64 area;
	double area_m2; /* NaN without a CRS */
	gint64 object;  /* the object that was made of it; 0: none yet */
} conversation_grounded;
conversation_grounded *conversation_grounded_new(const char *phrase); /* counted: a reply in other words shares it */
conversation_grounded *conversation_grounded_ref(conversation_grounded *g);
void conversation_grounded_unref(conversation_grounded *g);
/* Outline and areas from the mask; slow for large ones. A mask that cannot be outlined is dropped. Any thread. */
void conversation_grounded_prepare(conversation_grounded *g, const georef *ref);

typedef struct {
	double temperature, top_p, min_p, repeat_penalty; /* infer/text/sampler.h says what they mean */
	guint top_k;
	guint max_tokens;
	guint64 seed;
	bool view; /* talk about what is in sight only; `area` then says what that was */
	raster_rect area;
} conversation_settings;
conversation_settings conversation_settings_default(void);

typedef struct {
	guint prompt, reused, generated, dropped_turns, context;
	double vision_ms, first_token_ms, tokens_per_s;
	char *model, *device;
} conversation_timing;

typedef struct conversation_message conversation_message;
struct conversation_message {
	gint64 id;                    /* in the project, 0: not stored yet */
	bool model;                   /* said by the model */
	conversation_message *parent; /* NULL: the root, which says nothing */
	GPtrArray *children;          /* of conversation_message, borrowed */
	guint chosen;                 /* the child on the path */
	char *value;                  /* as it counts, with <p>, </p>, <pix> */
	char *text;                   /* to show */
	GPtrArray *regions;           /* of conversation_region: a question's, in order */
	GPtrArray *region_texts;      /* of char *, what a reply says of each region, NULL: nothing */
	GPtrArray *grounded;          /* of conversation_grounded: a reply's */
	conversation_settings settings;
	conversation_timing timing;
	struct conversation_said *said; /* conversation-edit.h; NULL: in the model's words */
	chat_stop stop;
	char *note;   /* a sentence beside the reply, or NULL */
	char *error;  /* why there is no answer (yet), not stored; NULL */
	bool running; /* being said now */
};

typedef struct {
	gint64 id;   /* in the project, 0: not stored yet */
	char *title; /* "": conversation_title() */
	conversation_settings settings;
	conversation_message *root;
	GPtrArray *messages; /* all, owned */
	char *words;         /* what was said, while the messages are not loaded; NULL */
	bool loaded;
	gint64 leaf; /* as stored, until loaded */
} conversation;

conversation *conversation_new(void);
conversation *conversation_ref(conversation *c); /* any thread */
void conversation_unref(conversation *c);
void conversation_swap(conversation *c, conversation *other); /* their messages */
/* Appends a branch and goes there. text: value and text of the message. */
conversation_message *conversation_add(conversation *c, conversation_message *parent, bool model, const char *text);
/* Takes a message without children away; what was before it is in sight again. */
void conversation_remove(conversation *c, conversation_message *m);
/* The path in sight, first question first; [element-type conversation_message], borrowed messages. */
GPtrArray *conversation_path(const conversation *c);
conversation_message *conversation_find(const conversation *c, gint64 id); /* as stored; NULL: not in it */
conversation_message *conversation_last(const conversation *c);            /* of the path; the root when it is empty */
void conversation_show(conversation_message *m);                           /* its branch comes in sight */
/* Its place among its siblings, 0-based, and their number; the one before or behind comes in sight, false: none. */
guint conversation_place(const conversation_message *m, guint *count);
bool conversation_step(conversation_message *m, int step);
/* The regions of the last question up to and including `m`; NULL: none. */
GPtrArray *conversation_regions(const conversation_message *m);
/* Its own title, else the beginning of its first question, else "New conversation". g_free. */
char *conversation_title(const conversation *c);
/* Whether all words of a case-folded search occur in what was said or in the title. */
bool conversation_matches(const conversation *c, const char *folded);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(conversation, conversation_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(conversation_region, conversation_region_unref)

G_END_DECLS
