/*
 * engine/nodes/query.h - conditions on dicts, in the syntax of pandas'
 * DataFrame.query.
 *
 *   age > 30 and city == "Berlin"      `full name` != 'x' or not (a <= b + 1)
 *   country in ["DE", "FR"]            0 < score < 10      tag not in tags
 *
 * Names are members of the dict, in backticks when they are no identifiers.
 * & and | are other names of and and or, as in pandas; ~ is not, but binds as
 * tightly as a sign.
 */

#ifndef NT_QUERY_H
#define NT_QUERY_H

#include <jansson.h>

#include "core/nt_buf.h"

#define NT_QUERY_DEPTH_MAX 100   /* nesting of parentheses and operators */
#define NT_QUERY_NODES_MAX 10000 /* values and operators */

typedef struct nt_query nt_query_t;

/* NULL with a sentence in `error`; without one when memory is out. */
nt_query_t *nt_query_parse(nt_str_t text, nt_buf_t *error);
void        nt_query_free(nt_query_t *query);

/* A name in the condition that is no member of the dict; empty, with NULL as
 * its data, when all are.  Lives as long as the query. */
nt_str_t nt_query_unknown(const nt_query_t *query, const json_t *dict);

/* 1 when the dict meets the condition, 0 when not, or when it lacks a member
 * or has values that the operators cannot take, -1 when memory is out. */
int nt_query_test(const nt_query_t *query, const json_t *dict);

#endif
