/* The marks that describe one object, with their JSON form (command line contract, design.md section 4): what the
 * window draws, the command line reads, the engine runs and the project stores. Pure. */
#pragma once
#include <cjson/cJSON.h>

#include "infer/models/sam.h"
#include "render/geometry/mask.h"

G_BEGIN_DECLS

typedef struct prompt prompt;

prompt *prompt_new(void);
prompt *prompt_copy(const prompt *p);
void prompt_free(prompt *p);
/* xy: [n][2] image pixels, copied. r only for SAM_CIRCLE. */
void prompt_add(prompt *p, sam_mark_kind kind, int sign, const double *xy, guint n, double r);
void prompt_remove_last(prompt *p);
/* The bounding box of a mask, then the marks of p: how an object is marked that the model begins with the mask of. */
prompt *prompt_behind_box(const prompt *p, const bitmask *m);
guint prompt_count(const prompt *p);
const sam_mark *prompt_marks(const prompt *p, guint *n); /* borrowed until the prompt changes */
/* "point", "box" … when all marks are of one kind, else "mixed": for lists and the object's summary. */
const char *prompt_summary(const prompt *p);
const char *prompt_title(const prompt *p); /* the same for a person, translated: "box", "several marks" */

/* [{"kind":"point","sign":1,"xy":[x,y]}, {"kind":"box","sign":1,"xyxy":[…]}, {"kind":"circle","sign":1,"cxcyr":[…]},
 *  {"kind":"scribble","sign":-1,"pts":[[x,y],…]}, {"kind":"polygon","sign":1,"pts":[…]}], numbers in full precision.
 * g_free. */
char *prompt_to_json(const prompt *p);
prompt *prompt_from_json(const char *json, GError **error) G_GNUC_WARN_UNUSED_RESULT;
cJSON *prompt_list_json(const prompt *p);   /* the list, for a larger JSON */
cJSON *prompt_mark_json(const sam_mark *m); /* one entry of it */
/* A prompt of the one mark that an entry is. */
prompt *prompt_from_mark_json(const cJSON *entry, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "point:X,Y box:X0,Y0,X1,Y1 circle:CX,CY,R scribble:X,Y;X,Y;… polygon:…": the text after a command line option; kind
 * given apart. Adds one mark. */
bool prompt_parse_mark(prompt *p, sam_mark_kind kind, int sign, const char *text,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "box:0,0,10,20", a region of a question: its kind, and the text of its numbers for prompt_parse_mark(). NULL: it
 * begins with no kind. */
const char *prompt_region_numbers(const char *text, sam_mark_kind *kind);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(prompt, prompt_free)

G_END_DECLS
