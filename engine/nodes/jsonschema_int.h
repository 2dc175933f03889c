/*
 * engine/nodes/jsonschema_int.h - what the files of JSON Schema share.
 */

#ifndef NT_JSONSCHEMA_INT_H
#define NT_JSONSCHEMA_INT_H

#include <stdarg.h>
#include <stdio.h>

#include "engine/nodes/jsonschema.h"

/* One validation. */
typedef struct {
    json_t   *root;
    nt_buf_t *error;
    unsigned  depth;
    unsigned  steps;
} nt_js_t;

/* Says what is wrong with the schema; the first fault counts. Returns -1. */
int nt_js_fault(nt_js_t *js, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* These return 1, 0, or -1 for a fault. */
int nt_js_check(nt_js_t *js, const json_t *schema, const json_t *value);

/* Keywords for all types, for numbers and for strings; for lists; for
 * dicts. */
int nt_js_check_value(nt_js_t *js, const json_t *schema, const json_t *value);
int nt_js_check_list(nt_js_t *js, const json_t *schema, const json_t *list);
int nt_js_check_dict(nt_js_t *js, const json_t *schema, const json_t *dict);

/* A keyword that is a whole number of at least 0: true with its value when it
 * is there; *rc is -1 when it is something else. */
bool nt_js_count(nt_js_t *js, const json_t *schema, const char *keyword,
                 double *count, int *rc);

/* Whether a pattern is found in a text. */
int nt_js_match(nt_js_t *js, nt_str_t pattern, nt_str_t text);

#endif
