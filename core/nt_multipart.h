/*
 * core/nt_multipart.h - multipart/form-data (RFC 7578; RFC 2046, section 5.1):
 * the boundary of a body, and an incremental scanner that picks fields.
 *
 * The scanner takes a body in pieces of any size, with constant memory, and
 * reports where the values of a few fields stand, so that a gateway can
 * forward files of any size untouched, or replace one value by offset.  What
 * two readers could take for different things is an error: a boundary that
 * something follows, a part without a name or with two, an encoded name.
 *
 *   nt_form_field_t fields[] = { { .name = "model" }, { .name = "stream" } };
 *   nt_form_scan_t  scan;
 *
 *   rc = nt_form_scan_init(&scan, boundary, fields, 2);
 *   while (...) rc = nt_form_scan_feed(&scan, data, len);
 *   rc = nt_form_scan_end(&scan);
 */

#ifndef NT_CORE_MULTIPART_H
#define NT_CORE_MULTIPART_H

#include "core/nt_base.h"

#define NT_MULTIPART_BOUNDARY_MAX 70 /* bytes, by RFC 2046 */

#define NT_FORM_VALUE_MAX  256  /* bytes of a value that are kept */
#define NT_FORM_LINE_MAX   4096 /* bytes of the line with a part's name */
#define NT_FORM_FIELDS_MAX 8

typedef struct {
    const char *name; /* in */

    /* out; of several parts the last one counts */
    uint32_t parts;     /* of this name */
    bool     truncated; /* value holds only the first bytes */
    uint64_t start;     /* offset of the value's first byte */
    uint64_t end;       /* offset past its last byte */
    size_t   value_len;
    char     value[NT_FORM_VALUE_MAX];
} nt_form_field_t;

/* Opaque but sized for a pool; about 4 KiB. */
typedef struct nt_form_scan nt_form_scan_t;

NT_BEGIN_DECLS

/* Parts of a header's value: without blanks at both ends; whether it begins
 * with a word of any case; and a parameter ("; name=value"), as it stands
 * between its quotes, empty when it is not there; of several the first one,
 * and in *times, which may be NULL, how many there are. */
nt_str_t nt_header_trim(nt_str_t s);
bool     nt_header_begins(nt_str_t s, const char *word);
nt_str_t nt_header_parameter(nt_str_t header, const char *name, size_t *times);

/* The boundary in a Content-Type, borrowed; empty when it is not
 * multipart/form-data with one of at most NT_MULTIPART_BOUNDARY_MAX bytes. */
nt_str_t nt_multipart_boundary(nt_str_t content_type);

/* `boundary` has 1 to NT_MULTIPART_BOUNDARY_MAX bytes, and is copied. */
void nt_form_scan_init(nt_form_scan_t *scan, nt_str_t boundary,
                       nt_form_field_t *fields, size_t n);

/* NT_OK or NT_ERROR; after NT_ERROR the scan stays failed. */
nt_rc_t nt_form_scan_feed(nt_form_scan_t *scan, const char *data, size_t len);

/* NT_OK when the last boundary has come. */
nt_rc_t nt_form_scan_end(nt_form_scan_t *scan);

/* After NT_ERROR: what is wrong; static text. */
const char *nt_form_scan_error(const nt_form_scan_t *scan);

/* Where the first boundary begins: a part may be put there.  After the scan
 * has ended well. */
uint64_t nt_form_scan_first(const nt_form_scan_t *scan);

NT_END_DECLS

/* Private: here only so that its size is known. */
struct nt_form_scan {
    nt_form_field_t *fields;
    nt_form_field_t *field; /* that the part is of, NULL: none */
    const char      *error;
    uint64_t         offset; /* of the byte that comes next */
    uint64_t         first;
    size_t           n_fields;
    size_t           delimiter_len;
    size_t           matched; /* bytes of the delimiter */
    size_t           line_len;
    uint8_t          state;
    bool             named;    /* the part has told its name */
    bool             overflow; /* the line is longer than what is kept */
    char             delimiter[4 + NT_MULTIPART_BOUNDARY_MAX];
    char             line[NT_FORM_LINE_MAX];
};

#endif
