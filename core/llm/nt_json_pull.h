/*
 * core/llm/nt_json_pull.h - JSON text taken piece by piece (RFC 8259).
 *
 * For those who know what to expect: whatever is wrong or somehow unusual is
 * not taken, and jansson should be asked.  So nothing is accepted here that
 * jansson does not accept.
 */

#ifndef NT_JSON_PULL_H
#define NT_JSON_PULL_H

#include "core/nt_buf.h"

#define NT_JSON_PULL_DEPTH 128 /* arrays and objects within each other */

typedef struct {
    const char *at;
    const char *end;
    unsigned    depth;
    nt_buf_t    text; /* the owner's: a string without its escapes */
    nt_buf_t    name; /* likewise: one that nobody looks at */
} nt_json_pull_t;

static inline void
nt_json_pull_blanks(nt_json_pull_t *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\n' ||
                              *p->at == '\r' || *p->at == '\t'))
    {
        p->at++;
    }
}

static inline bool
nt_json_pull_char(nt_json_pull_t *p, char c)
{
    if (p->at == p->end || *p->at != c) {
        return false;
    }

    p->at++;

    return true;
}

NT_BEGIN_DECLS

/* "true", "false", "null". */
bool nt_json_pull_word(nt_json_pull_t *p, nt_str_t word);

/* The string behind a quote, up to the other.  One with escapes stands in
 * `buf`, another one in the text itself. */
bool nt_json_pull_text(nt_json_pull_t *p, nt_buf_t *buf, nt_str_t *text);

/* A number and its text; an integer, of up to 18 digits, as such too. */
bool nt_json_pull_number(nt_json_pull_t *p, nt_str_t *raw, bool *real,
                         int64_t *integer);

/* A value of any kind, with the blanks around it. */
bool nt_json_pull_skip(nt_json_pull_t *p);

/* From the brace on: the next member's name, which must have no escapes, up
 * to its value: 1; the end: 0; else -1.  `first` says that none was taken. */
int nt_json_pull_member(nt_json_pull_t *p, bool first, nt_str_t *name);

/* Values with the blanks around them, of this type only. */
bool nt_json_pull_open(nt_json_pull_t *p, char brace);
bool nt_json_pull_null(nt_json_pull_t *p);
bool nt_json_pull_integer(nt_json_pull_t *p, int64_t *integer);
bool nt_json_pull_string(nt_json_pull_t *p, nt_buf_t *buf, nt_str_t *text);

NT_END_DECLS

#endif
