/*
 * engine/nodes/json_template.h - JSON texts with placeholders.
 *
 *   {"name": "$user", "greeting": "Hello $user", "age": $age}
 */

#ifndef NT_JSON_TEMPLATE_H
#define NT_JSON_TEMPLATE_H

#include <jansson.h>

#include "core/nt_buf.h"

/*
 * Appends the template with each "$name" that `values` has replaced: a string
 * that is nothing but one placeholder, and a placeholder outside of strings,
 * by the value itself as JSON; one inside a string by its text.  Of several
 * names that fit, the longest counts; values are not looked into for more
 * placeholders.
 */
void nt_json_template(nt_buf_t *out, nt_str_t text, const json_t *values);

#endif
