/*
 * engine/nodes/supabase.h - what the files of lib.supabase share.
 */

#ifndef NT_SUPABASE_H
#define NT_SUPABASE_H

#include <jansson.h>

#include "core/nt_buf.h"

/* PostgREST's operator, such as "gte.", for NodeTool's name of it; NULL when
 * there is none. */
const char *nt_supabase_operator(const json_t *name);

/* Appends the condition that a value has to meet. */
void nt_supabase_condition(nt_buf_t *out, const char *op, const json_t *value);

#endif
