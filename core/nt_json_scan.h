/*
 * core/nt_json_scan.h - an incremental JSON validator that picks fields.
 *
 * Checks a whole document against RFC 8259 (UTF-8 included), in pieces of
 * any size, with constant memory and no copy of the document, and reports
 * where a few wanted values stand, so that a gateway can forward a body
 * untouched, or replace one value by offset.
 *
 *   nt_json_field_t fields[] = { { .path = "model" },
 *                                { .path = "stream_options.include_usage" } };
 *   nt_json_scan_t  scan;
 *
 *   nt_json_scan_init(&scan, fields, 2);
 *   while (...) rc = nt_json_scan_feed(&scan, data, len);
 *   rc = nt_json_scan_end(&scan);
 */

#ifndef NT_JSON_SCAN_H
#define NT_JSON_SCAN_H

#include "core/nt_base.h"

#define NT_JSON_VALUE_MAX  256 /* bytes of a scalar that are kept */
#define NT_JSON_DEPTH_MAX  512 /* nesting beyond it is an error */
#define NT_JSON_FIELDS_MAX 16

typedef enum {
    NT_JSON_ABSENT = 0,
    NT_JSON_NULL,
    NT_JSON_FALSE,
    NT_JSON_TRUE,
    NT_JSON_NUMBER,
    NT_JSON_STRING,
    NT_JSON_ARRAY,
    NT_JSON_OBJECT
} nt_json_type_t;

typedef struct {
    /* in: member names joined by dots, from the top-level object; a name
     * that has a dot itself cannot be asked for; arrays are not entered;
     * NULL stays absent */
    const char *path;

    /* out; of members that stand twice the last one counts */
    nt_json_type_t type;
    bool           truncated; /* value holds only the first bytes */
    bool           twice;     /* there is more than one of it */
    uint32_t       count;     /* elements of an array, members of an object */
    uint64_t       start;     /* offset of the value's first byte */
    uint64_t       end;       /* offset past its last byte */
    uint64_t       key_start; /* offset of the opening quote of its name */
    size_t         value_len;
    char value[NT_JSON_VALUE_MAX]; /* strings decoded, other scalars raw */
} nt_json_field_t;

/* Opaque but sized for the stack; about 1 KiB. */
typedef struct nt_json_scan nt_json_scan_t;

NT_BEGIN_DECLS

void nt_json_scan_init(nt_json_scan_t *scan, nt_json_field_t *fields, size_t n);

/* NT_OK or NT_ERROR; after NT_ERROR the scan stays failed. */
nt_rc_t nt_json_scan_feed(nt_json_scan_t *scan, const char *data, size_t len);

/* NT_OK when exactly one whole document was fed. */
nt_rc_t nt_json_scan_end(nt_json_scan_t *scan);

/* Type of the document itself, known from its first byte on. */
nt_json_type_t nt_json_scan_root(const nt_json_scan_t *scan);

/* After NT_ERROR: what is wrong, static text, and where, both from 1;
 * columns count bytes. */
const char *nt_json_scan_error(const nt_json_scan_t *scan, uint32_t *line,
                               uint32_t *column);

NT_END_DECLS

/* Private: here only so that its size is known. Sets of fields are masks
 * with a bit for each index into `fields`. */
struct nt_json_scan {
    nt_json_field_t *fields;
    uint64_t         offset; /* of the byte that comes next */
    uint64_t         line_start;
    uint64_t         key_start;
    const char      *error;
    const char      *literal; /* what of it has still to come */
    uint32_t         line;
    uint32_t         code;    /* of a \u escape */
    uint32_t         high;    /* a surrogate whose other half has to come */
    uint32_t         keys;    /* fields whose name the key so far begins */
    uint32_t         targets; /* fields that the next value is for */
    uint32_t         parents; /* fields that the next value may hold */
    uint32_t         capture; /* fields that take the bytes of a scalar */
    uint32_t         open;    /* fields whose array or object is not closed */
    uint16_t         n_fields;
    uint16_t         depth;
    uint16_t         path_depth; /* objects from the root that names lead to */
    uint16_t         key_len;
    uint16_t         open_depth[NT_JSON_FIELDS_MAX];
    uint16_t         segment[NT_JSON_FIELDS_MAX]; /* of the path, in use */
    uint8_t          level[NT_JSON_FIELDS_MAX];   /* names that led here */
    uint8_t          state;
    uint8_t          root;
    uint8_t          hex_left;
    uint8_t          partial_len;
    char             partial[4]; /* a UTF-8 character that was split */
    bool             in_key;
    uint8_t          objects[NT_JSON_DEPTH_MAX / 8]; /* a bit a level */
};

#endif
