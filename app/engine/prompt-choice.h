/* What a person or an option chose beside the marks, so that a stored prompt gives its mask again: members of the first
 * mark in the stored JSON, left out where nothing was chosen. Pure. */
#pragma once
#include "app/engine/prompt.h"

G_BEGIN_DECLS

typedef struct {
	int candidate;                  /* 1..3: that one of the three candidates, best first; 0: the model's answer */
	int scale;                      /* side of the crop in pixels; 0: by the rule */
	char *bands, *stretch, *source; /* what the model was shown, as on the command line; NULL: by the rule. Owned */
} prompt_choice;
void prompt_choice_clear(prompt_choice *c);
prompt_choice prompt_choice_copy(const prompt_choice *c);

/* As prompt_to_json(), with the choice: [{"candidate":2,"bands":"3,2,1","kind":"point",…},…]. g_free. */
char *prompt_to_json_as_run(const prompt *p, const prompt_choice *c);
/* The choice in a stored prompt that prompt_from_json() can read; a member of a wrong type is SAM_ERROR_PROMPT. */
bool prompt_choice_from_json(const char *json, prompt_choice *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(prompt_choice, prompt_choice_clear)

G_END_DECLS
