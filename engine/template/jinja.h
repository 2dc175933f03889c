/*
 * engine/template/jinja.h - the part of Jinja2 that templates of workflows
 * use: expressions, filters, tests, methods of strings and mappings, for, if,
 * set, with, filter, raw, comments, white space control.  Macros, blocks,
 * includes and imports are refused by name.
 *
 * Values are JSON and print as Python prints them.  Nothing is escaped
 * unless a filter does, and a value never becomes template.  Parsing and
 * rendering are bounded in output, work and nesting, so no template can
 * hang its caller.
 */

#ifndef NT_JINJA_H
#define NT_JINJA_H

#include <jansson.h>

#include "core/nt_buf.h"

typedef struct nt_jinja nt_jinja_t;

typedef struct {
    bool     lower_names;   /* variables are looked up in lower case */
    bool     single_braces; /* {name} in text is {{ name }} ... */
    json_t  *brace_names;   /* ... if it is in this object, when not NULL;
                               borrowed while parsing */
    size_t   max_output;    /* bytes of the result and of any one string */
    uint64_t max_steps;     /* evaluated nodes and handled items */
} nt_jinja_options_t;

#define NT_JINJA_OPTIONS                                                       \
    (nt_jinja_options_t)                                                       \
    {                                                                          \
        .max_output = 16 * 1024 * 1024, .max_steps = 5000000                   \
    }

/*
 * Parses `source` (valid UTF-8; copied).  NULL when it is wrong or memory is
 * out; then `error` has a sentence with the line.
 */
nt_jinja_t *nt_jinja_parse(nt_str_t source, const nt_jinja_options_t *options,
                           nt_buf_t *error);
void        nt_jinja_free(nt_jinja_t *template);

/*
 * Appends the rendered text to `out`.  `values` is the object of variables;
 * it is not changed.  NT_ERROR with a sentence in `error`; NT_NOMEM when
 * memory is out.  A template may be rendered by several threads at a time if
 * they share no values.
 */
nt_rc_t nt_jinja_render(const nt_jinja_t *template, json_t *values,
                        nt_buf_t *out, nt_buf_t *error);

#endif
