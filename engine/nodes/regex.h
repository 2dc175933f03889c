/*
 * engine/nodes/regex.h - Python's re on PCRE2.
 *
 * Patterns have Python's syntax where it differs from PCRE2's: \Z is the very
 * end, \uXXXX a character, {,n} starts at 0, "." and "^" know only LF as a
 * line end, classes are Unicode's.  What PCRE2 has beyond that works, too.
 *
 * A match has limits on its steps and memory, and all matches of one regex
 * on its time, so that a pattern that would run for ages fails instead.
 */

#ifndef NT_REGEX_H
#define NT_REGEX_H

#include <jansson.h>

#include "core/nt_buf.h"

typedef struct nt_regex nt_regex_t;

enum {
    NT_REGEX_IGNORECASE = 1 << 0,
    NT_REGEX_MULTILINE = 1 << 1,
    NT_REGEX_DOTALL = 1 << 2
};

typedef enum {
    NT_REGEX_SEARCH,   /* anywhere */
    NT_REGEX_MATCH,    /* at the start */
    NT_REGEX_FULLMATCH /* the whole text */
} nt_regex_mode_t;

/* NULL with a sentence in `error`; it names the property with the pattern as
 * `what`. */
nt_regex_t *nt_regex_compile(nt_str_t pattern, unsigned flags, const char *what,
                             nt_buf_t *error);
void        nt_regex_free(nt_regex_t *regex);

/* Capture groups, without group 0. */
unsigned nt_regex_groups(const nt_regex_t *regex);

/* The number of a group name; -1 when there is none. */
int nt_regex_group(const nt_regex_t *regex, nt_str_t name);

/* 1 for a match, 0 for none, -1 with a sentence in `error`. */
int nt_regex_exec(nt_regex_t *regex, nt_regex_mode_t mode, nt_str_t text,
                  nt_buf_t *error);

/* Where the search for the next match starts; zeroed for the first. */
typedef struct {
    size_t at;
    bool   empty; /* the last match was empty */
} nt_regex_cursor_t;

/* The matches of a text from left to right, as re.finditer: call until it
 * does not return 1. */
int nt_regex_next(nt_regex_t *regex, nt_str_t text, nt_regex_cursor_t *cursor,
                  nt_buf_t *error);

/* Bytes of a group of the last match; false when it took no part in it. */
bool nt_regex_span(const nt_regex_t *regex, unsigned group, size_t *start,
                   size_t *end);

/* A group of the last match as a new JSON string; `missing` stands for one
 * that took no part in it. */
json_t *nt_regex_text(const nt_regex_t *regex, nt_str_t text, unsigned group,
                      json_t *missing);

/* re.findall, re.split, re.sub.  New references; NULL with a sentence in
 * `error`, or without one when memory is out.  `limit` is maxsplit or count;
 * 0 for all.  In a replacement \1, \g<1> and \g<name> are groups. */
json_t *nt_regex_findall(nt_regex_t *regex, nt_str_t text, nt_buf_t *error);
json_t *nt_regex_split(nt_regex_t *regex, nt_str_t text, int64_t limit,
                       nt_buf_t *error);
json_t *nt_regex_sub(nt_regex_t *regex, nt_str_t text, nt_str_t replacement,
                     int64_t limit, nt_buf_t *error);

#endif
