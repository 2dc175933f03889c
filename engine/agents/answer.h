/*
 * engine/agents/answer.h - structured answers of models.
 *
 * The fields that a node is to have in its answer are its dynamic outputs:
 * {name: type} in the form of workflows, {"type": "list", "type_args": [...]}.
 */

#ifndef NT_ANSWER_H
#define NT_ANSWER_H

#include <jansson.h>

#include "core/nt_buf.h"

/* The JSON Schema of a type of workflows.  *strict becomes false where the
 * schema leaves something open, as a dict of any members does: OpenAI's strict
 * mode refuses such.  New reference; NULL when memory is out. */
json_t *nt_answer_type_schema(const json_t *type, bool *strict);

/* The schema of an object with all these fields and no others. As above. */
json_t *nt_answer_schema(const char *title, const json_t *fields, bool *strict);

/*
 * The JSON object in an answer: all of it, what is in its first block of
 * ``` that holds one, or the first that stands in its text.  New reference;
 * NULL for none.
 */
json_t *nt_answer_object(nt_str_t text);

/* The category that an answer means: {"category": NAME}, else the one whose
 * name stands first in its text, else the most similar one, else "other" or
 * "unknown" if there is one, else the first. Borrowed; case does not count. */
const char *nt_answer_category(nt_str_t text, const json_t *categories);

#endif
