/*
 * core/llm/nt_json_read.h - jansson's values from JSON text, quickly.
 */

#ifndef NT_JSON_READ_H
#define NT_JSON_READ_H

#include <jansson.h>

#include "core/nt_base.h"

NT_BEGIN_DECLS

/* NULL when jansson should be asked: the text is no JSON or somehow unusual,
 * or memory is out.  Of members with the same name the last one counts. */
json_t *nt_json_read(const char *text, size_t len);

NT_END_DECLS

#endif
