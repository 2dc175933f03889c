#include "core/nt_sse.h"

enum {
    NT_SSE_STARTED = 1 << 0, /* past the first line, where a BOM may be */
    NT_SSE_CR = 1 << 1,      /* a LF that comes now belongs to a CR */
    NT_SSE_GIVEN = 1 << 2    /* the event was handed out, begin a new one */
};

/* A line's end is looked for in pieces, so that a stream with CR alone does
 * not have all its rest searched for LF at each line. */
#define NT_SSE_WINDOW 4096


void
nt_sse_init(nt_sse_t *sse)
{
    *sse = (nt_sse_t) { .max = NT_SSE_EVENT_MAX };
}


void
nt_sse_free(nt_sse_t *sse)
{
    nt_buf_free(&sse->data);
    nt_buf_free(&sse->event);
    nt_buf_free(&sse->id);
    nt_buf_free(&sse->line);
}


static void
nt_sse_begin(nt_sse_t *sse)
{
    if (sse->state & NT_SSE_GIVEN) {
        nt_buf_reset(&sse->data);
        nt_buf_reset(&sse->event);
        sse->has_data = false;
        sse->state &= (uint8_t) ~NT_SSE_GIVEN;
    }
}


/* The first LF or CR; NULL when there is none. */
static const char *
nt_sse_line_end(const char *p, const char *end)
{
    while (p < end) {
        size_t      n = (size_t) (end - p);
        const char *lf, *cr;

        if (n > NT_SSE_WINDOW) {
            n = NT_SSE_WINDOW;
        }

        lf = memchr(p, '\n', n);
        cr = memchr(p, '\r', lf != NULL ? (size_t) (lf - p) : n);

        if (cr != NULL || lf != NULL) {
            return cr != NULL ? cr : lf;
        }

        p += n;
    }

    return NULL;
}


static void
nt_sse_set(nt_buf_t *buf, nt_str_t value)
{
    nt_buf_reset(buf);
    nt_buf_append_str(buf, value);
}


/* One line that is not blank: a field or a comment. */
static void
nt_sse_field(nt_sse_t *sse, nt_str_t line)
{
    nt_str_t    name = line, value = { "", 0 };
    const char *colon = memchr(line.data, ':', line.len);

    if (colon != NULL) {
        name.len = (size_t) (colon - line.data);
        value.data = colon + 1;
        value.len = line.len - name.len - 1;

        if (value.len != 0 && value.data[0] == ' ') {
            value.data++;
            value.len--;
        }
    }

    if (nt_str_eq(name, NT_STR("data"))) {
        if (sse->has_data) {
            nt_buf_append_char(&sse->data, '\n');
        }

        nt_buf_append_str(&sse->data, value);
        sse->has_data = true;

    } else if (nt_str_eq(name, NT_STR("event"))) {
        nt_sse_set(&sse->event, value);

    } else if (nt_str_eq(name, NT_STR("id"))) {
        /* one with NUL in it is to be ignored */
        if (value.len == 0 || memchr(value.data, '\0', value.len) == NULL) {
            nt_sse_set(&sse->id, value);
        }
    }
}


/* NT_OK when the line ends an event, else NT_AGAIN or a failure. */
static nt_rc_t
nt_sse_line(nt_sse_t *sse, nt_str_t line)
{
    if (!(sse->state & NT_SSE_STARTED)) {
        sse->state |= NT_SSE_STARTED;

        if (line.len >= 3 && memcmp(line.data, "\xef\xbb\xbf", 3) == 0) {
            line.data += 3;
            line.len -= 3;
        }
    }

    if (line.len != 0) {
        nt_sse_field(sse, line);

        if (sse->data.failed || sse->event.failed || sse->id.failed) {
            return NT_NOMEM;
        }

        return NT_AGAIN;
    }

    if (sse->has_data) {
        return NT_OK;
    }

    nt_buf_reset(&sse->event);

    return NT_AGAIN;
}


static bool
nt_sse_fits(nt_sse_t *sse, size_t more)
{
    size_t used = sse->line.len + sse->data.len + sse->event.len;

    return used <= sse->max && more <= sse->max - used;
}


static nt_str_t
nt_sse_str(const nt_buf_t *buf)
{
    return (nt_str_t) { buf->len != 0 ? buf->data : "", buf->len };
}


static void
nt_sse_give(nt_sse_t *sse, nt_sse_event_t *event)
{
    sse->state |= NT_SSE_GIVEN;

    event->data = nt_sse_str(&sse->data);
    event->event = nt_sse_str(&sse->event);
    event->id = nt_sse_str(&sse->id);
}


/* Completes the line with its last piece and takes it. */
static nt_rc_t
nt_sse_line_piece(nt_sse_t *sse, nt_str_t piece)
{
    nt_rc_t rc;

    if (sse->line.len == 0) {
        return nt_sse_line(sse, piece);
    }

    nt_buf_append_str(&sse->line, piece);
    if (sse->line.failed) {
        return NT_NOMEM;
    }

    rc = nt_sse_line(sse, (nt_str_t) { sse->line.data, sse->line.len });
    nt_buf_reset(&sse->line);

    return rc;
}


nt_rc_t
nt_sse_next(nt_sse_t *sse, const char *data, size_t len, size_t *taken,
            nt_sse_event_t *event)
{
    nt_rc_t     rc;
    const char *p = data, *end = data + len;

    nt_sse_begin(sse);
    *taken = len;

    while (p < end) {
        nt_str_t    piece;
        const char *eol;

        if (sse->state & NT_SSE_CR) {
            sse->state &= (uint8_t) ~NT_SSE_CR;

            if (*p == '\n') {
                p++;
                continue;
            }
        }

        eol = nt_sse_line_end(p, end);
        piece.data = p;
        piece.len = (size_t) ((eol != NULL ? eol : end) - p);

        if (!nt_sse_fits(sse, piece.len)) {
            return NT_LIMIT;
        }

        if (eol == NULL) {
            nt_buf_append_str(&sse->line, piece);
            return sse->line.failed ? NT_NOMEM : NT_AGAIN;
        }

        p = eol + 1;

        if (*eol == '\r') {
            if (p < end && *p == '\n') {
                p++;
            } else if (p == end) {
                sse->state |= NT_SSE_CR;
            }
        }

        rc = nt_sse_line_piece(sse, piece);
        if (rc == NT_OK) {
            *taken = (size_t) (p - data);
            nt_sse_give(sse, event);
        }

        if (rc != NT_AGAIN) {
            return rc;
        }
    }

    return NT_AGAIN;
}


nt_rc_t
nt_sse_end(nt_sse_t *sse, nt_sse_event_t *event)
{
    nt_rc_t rc;

    nt_sse_begin(sse);

    if (sse->line.len != 0) {
        rc = nt_sse_line_piece(sse, (nt_str_t) { "", 0 });
        if (rc == NT_NOMEM) {
            return rc;
        }
    }

    if (!sse->has_data) {
        return NT_AGAIN;
    }

    nt_sse_give(sse, event);

    return NT_OK;
}
