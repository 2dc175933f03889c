#include "core/nt_multipart.h"

#include <string.h>

enum {
    S_PREAMBLE = 0, /* before the first boundary */
    S_BOUNDARY,     /* behind one */
    S_DASH,         /* behind one and a dash */
    S_PADDING,      /* behind one and blanks */
    S_BOUNDARY_LF,  /* at the end of its line */
    S_HEADER,       /* in a line of a part's header */
    S_HEADER_LF,
    S_DATA,
    S_EPILOGUE, /* behind the last boundary */
    S_FAILED
};


void
nt_form_scan_init(nt_form_scan_t *scan, nt_str_t boundary,
                  nt_form_field_t *fields, size_t n)
{
    /* without the line, which has no meaning beyond line_len */
    memset(scan, 0, offsetof(nt_form_scan_t, line));

    scan->fields = fields;
    scan->n_fields = n < NT_FORM_FIELDS_MAX ? n : NT_FORM_FIELDS_MAX;

    if (boundary.len > NT_MULTIPART_BOUNDARY_MAX) {
        boundary.len = NT_MULTIPART_BOUNDARY_MAX;
    }

    memcpy(scan->delimiter, "\r\n--", 4);
    memcpy(scan->delimiter + 4, boundary.data, boundary.len);
    scan->delimiter_len = 4 + boundary.len;
    scan->matched = 2; /* the first one may stand at the start */

    for (size_t i = 0; i < scan->n_fields; i++) {
        const char *name = fields[i].name;

        memset(&fields[i], 0, offsetof(nt_form_field_t, value));
        fields[i].name = name;
    }
}


static nt_rc_t
nt_form_fail(nt_form_scan_t *scan, const char *error)
{
    scan->state = S_FAILED;
    scan->error = error;

    return NT_ERROR;
}


/* --- the header of a part --- */

/* Whether the name between the quotes is `name`; in it \ may stand before any
 * character, as old browsers have it before a quote. */
static bool
nt_form_name_is(nt_str_t quoted, const char *name)
{
    for (size_t i = 0; i < quoted.len; i++, name++) {
        if (quoted.data[i] == '\\' && i + 1 < quoted.len) {
            i++;
        }

        if (*name == '\0' || *name != quoted.data[i]) {
            return false;
        }
    }

    return *name == '\0';
}


static nt_rc_t
nt_form_disposition(nt_form_scan_t *scan, nt_str_t value)
{
    size_t   names, encoded;
    nt_str_t name;

    if (scan->overflow) {
        return nt_form_fail(scan, "the header of a part is too long");
    }

    value = nt_header_trim(value);

    if (!nt_header_begins(value, "form-data") || scan->named) {
        return nt_form_fail(scan, "a part is no form-data");
    }

    name = nt_header_parameter(value, "name", &names);
    (void) nt_header_parameter(value, "name*", &encoded);

    if (name.len == 0 || names > 1 || encoded > 0) {
        return nt_form_fail(scan, "a part has no plain name");
    }

    scan->named = true;

    for (size_t i = 0; i < scan->n_fields; i++) {
        if (nt_form_name_is(name, scan->fields[i].name)) {
            scan->field = &scan->fields[i];
        }
    }

    return NT_OK;
}


/* A line of the header is whole; an empty one ends it. */
static nt_rc_t
nt_form_line(nt_form_scan_t *scan)
{
    nt_str_t line = { scan->line, scan->line_len };

    static const char name[] = "content-disposition:";

    scan->line_len = 0;
    scan->state = S_HEADER;

    if (nt_header_begins(line, name)) {
        line.data += sizeof(name) - 1;
        line.len -= sizeof(name) - 1;

        return nt_form_disposition(scan, line);
    }

    scan->overflow = false;

    if (line.len > 0) {
        return line.data[0] == ' ' || line.data[0] == '\t'
                   ? nt_form_fail(scan, "a line of a part's header is folded")
                   : NT_OK;
    }

    if (!scan->named) {
        return nt_form_fail(scan, "a part has no plain name");
    }

    scan->state = S_DATA;
    scan->matched = 0;

    if (scan->field != NULL) {
        scan->field->parts++;
        scan->field->start = scan->offset + 1;
        scan->field->end = 0;
        scan->field->value_len = 0;
        scan->field->truncated = false;
    }

    return NT_OK;
}


static size_t
nt_form_header(nt_form_scan_t *scan, const char *data, size_t len)
{
    size_t      n, keep;
    const char *cr = memchr(data, '\r', len);

    n = cr != NULL ? (size_t) (cr - data) : len;

    if (memchr(data, '\n', n) != NULL) {
        (void) nt_form_fail(scan, "a line of a part's header ends without CR");
        return 0;
    }

    keep = sizeof(scan->line) - scan->line_len;
    if (keep < n) {
        scan->overflow = true;
    } else {
        keep = n;
    }

    memcpy(scan->line + scan->line_len, data, keep);
    scan->line_len += keep;

    if (cr != NULL) {
        scan->state = S_HEADER_LF;
        n++;
    }

    return n;
}


/* --- data, and the boundaries between --- */

static void
nt_form_keep(nt_form_scan_t *scan, const char *data, size_t len)
{
    size_t           room;
    nt_form_field_t *field = scan->field;

    if (scan->state != S_DATA || field == NULL) {
        return;
    }

    room = sizeof(field->value) - field->value_len;
    if (room < len) {
        field->truncated = true;
        len = room;
    }

    memcpy(field->value + field->value_len, data, len);
    field->value_len += len;
}


/* A whole delimiter has come, up to and with the byte at scan->offset. */
static void
nt_form_delimited(nt_form_scan_t *scan)
{
    uint64_t end = scan->offset + 1;

    if (scan->state == S_PREAMBLE) {
        scan->first = end - (scan->delimiter_len - 2);

    } else if (scan->field != NULL) {
        scan->field->end = end - scan->delimiter_len;
    }

    scan->state = S_BOUNDARY;
    scan->field = NULL;
    scan->named = false;
    scan->overflow = false;
    scan->line_len = 0;
}


/* Takes data, or what is before the first boundary, until a delimiter ends;
 * returns how much.  Of a delimiter only the first byte is a CR: one that
 * breaks off can only begin anew. */
static size_t
nt_form_data(nt_form_scan_t *scan, const char *data, size_t len)
{
    size_t      i = 0, n;
    const char *cr;

    while (i < len) {
        if (scan->matched == 0) {
            cr = memchr(data + i, '\r', len - i);
            n = cr != NULL ? (size_t) (cr - data) - i : len - i;

            nt_form_keep(scan, data + i, n);
            i += n;

            if (cr == NULL) {
                break;
            }
        }

        if (data[i] == scan->delimiter[scan->matched]) {
            i++;

            if (++scan->matched == scan->delimiter_len) {
                scan->offset += i - 1;
                nt_form_delimited(scan);
                scan->offset -= i - 1;
                return i;
            }

        } else {
            nt_form_keep(scan, scan->delimiter, scan->matched);
            scan->matched = 0;
        }
    }

    return i;
}


/* One byte of what has a fixed form. */
static void
nt_form_byte(nt_form_scan_t *scan, char c)
{
    switch (scan->state) {
    case S_BOUNDARY:
        if (c == '-') {
            scan->state = S_DASH;
            return;
        }

        /* fall through */

    case S_PADDING:
        if (c == '\r') {
            scan->state = S_BOUNDARY_LF;

        } else if (c == ' ' || c == '\t') {
            scan->state = S_PADDING;

        } else {
            (void) nt_form_fail(scan, "something follows a boundary");
        }

        return;

    case S_DASH:
        if (c == '-') {
            scan->state = S_EPILOGUE;
        } else {
            (void) nt_form_fail(scan, "something follows a boundary");
        }

        return;

    case S_BOUNDARY_LF:
        if (c == '\n') {
            scan->state = S_HEADER;
        } else {
            (void) nt_form_fail(scan, "something follows a boundary");
        }

        return;

    default: /* S_HEADER_LF */
        if (c == '\n') {
            (void) nt_form_line(scan);
        } else {
            (void) nt_form_fail(scan, "a CR stands in a part's header");
        }
    }
}


nt_rc_t
nt_form_scan_feed(nt_form_scan_t *scan, const char *data, size_t len)
{
    size_t n;

    while (len > 0) {
        switch (scan->state) {
        case S_FAILED:
            return NT_ERROR;

        case S_PREAMBLE:
        case S_DATA:
            n = nt_form_data(scan, data, len);
            break;

        case S_HEADER:
            n = nt_form_header(scan, data, len);
            break;

        case S_EPILOGUE:
            n = len;
            break;

        default:
            nt_form_byte(scan, *data);
            n = 1;
        }

        scan->offset += n;
        data += n;
        len -= n;
    }

    return scan->state == S_FAILED ? NT_ERROR : NT_OK;
}


nt_rc_t
nt_form_scan_end(nt_form_scan_t *scan)
{
    if (scan->state == S_FAILED) {
        return NT_ERROR;
    }

    if (scan->state == S_PREAMBLE) {
        return nt_form_fail(scan, "its boundary is not in it");
    }

    return scan->state == S_EPILOGUE
               ? NT_OK
               : nt_form_fail(scan, "it ends before its last boundary");
}


const char *
nt_form_scan_error(const nt_form_scan_t *scan)
{
    return scan->error;
}


uint64_t
nt_form_scan_first(const nt_form_scan_t *scan)
{
    return scan->first;
}
