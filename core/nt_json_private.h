/*
 * core/nt_json_private.h - what the parts of nt_json_scan share:
 *
 *   nt_json_scan.c    the grammar, numbers, white space
 *   nt_json_string.c  strings
 *   nt_json_field.c   which values are wanted, and what is kept of them
 *
 * A function that returns a size takes so many bytes; one that fails sets
 * scan->error and scan->offset.
 */

#ifndef NT_JSON_PRIVATE_H
#define NT_JSON_PRIVATE_H

#include "core/nt_json_scan.h"

enum {
    S_VALUE,       /* a value has to come */
    S_FIRST_VALUE, /* a value or the end of the array */
    S_FIRST_KEY,   /* a name or the end of the object */
    S_KEY,         /* a name has to come */
    S_COLON,       /* behind a name */
    S_AFTER,       /* behind a value: a comma or the end */
    S_DONE,        /* behind the document */
    S_STRING,
    S_CHARACTER, /* in a UTF-8 character that was split */
    S_ESCAPE,    /* behind a backslash */
    S_HEX,       /* in the digits behind \u */
    S_LITERAL,
    S_NUMBER /* the first of the states of numbers */
};

static inline void
nt_json_fail(nt_json_scan_t *scan, uint64_t offset, const char *error)
{
    scan->offset = offset;
    scan->error = error;
}

NT_BEGIN_DECLS

/* A name begins or ends. */
void nt_json_key_start(nt_json_scan_t *scan);
void nt_json_key_end(nt_json_scan_t *scan);

/* A value begins at scan->offset; a scalar ends before `end`. */
void nt_json_value_start(nt_json_scan_t *scan, nt_json_type_t type);
void nt_json_value_end(nt_json_scan_t *scan, uint64_t end);

/* An array or object begins or ends at scan->offset. */
void nt_json_open(nt_json_scan_t *scan, bool object);
void nt_json_close(nt_json_scan_t *scan, bool object);

/* Keeps bytes of the name or scalar that is under way. */
void nt_json_keep(nt_json_scan_t *scan, const char *data, size_t len);

/* The states of strings. */
size_t nt_json_string(nt_json_scan_t *scan, const char *p, size_t len);
size_t nt_json_character(nt_json_scan_t *scan, const char *p);
size_t nt_json_escape(nt_json_scan_t *scan, char c);
size_t nt_json_hex(nt_json_scan_t *scan, char c);

NT_END_DECLS

/* Decoded bytes of a string, raw ones of other scalars. */
static inline void
nt_json_bytes(nt_json_scan_t *scan, const char *data, size_t len)
{
    if (scan->in_key ? scan->keys != 0 : scan->capture != 0) {
        nt_json_keep(scan, data, len);
    }
}

#endif
