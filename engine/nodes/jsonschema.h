/*
 * engine/nodes/jsonschema.h - JSON Schema validation, draft 2020-12, with the
 * keywords of drafts 4 to 2019-09 that it replaced (items as an array,
 * additionalItems, dependencies, definitions, a boolean exclusiveMaximum).
 *
 * References lead to places of the schema itself (#, #/$defs/x, #anchor, or
 * an $id that stands in it); others are an error, nothing is fetched.
 * `format` is an annotation and checks nothing.  unevaluatedItems,
 * unevaluatedProperties and $dynamicRef are not supported and an error.
 */

#ifndef NT_JSONSCHEMA_H
#define NT_JSONSCHEMA_H

#include <jansson.h>

#include "core/nt_buf.h"

#define NT_JSONSCHEMA_DEPTH_MAX 256     /* nesting of schemas, $ref included */
#define NT_JSONSCHEMA_STEPS_MAX 1000000 /* checks of one validation */

/* 1 when the value is valid, 0 when it is not, -1 when the schema is wrong
 * or too complex, with a sentence in `error`. */
int nt_jsonschema_validate(const json_t *schema, const json_t *value,
                           nt_buf_t *error);

#endif
