/*
 * core/nt_sse.h - an incremental parser of server-sent events
 * (WHATWG HTML, section 9.2.6).
 *
 * Takes LF, CRLF and CR, a leading BOM, comments, several data lines, and
 * "data:" with or without a space.  Pull style: one call takes bytes up to
 * the end of the next event, so that a gateway knows which of its bytes
 * belong to which event.
 */

#ifndef NT_SSE_H
#define NT_SSE_H

#include "core/nt_buf.h"

#define NT_SSE_EVENT_MAX (8 * 1024 * 1024) /* default limit of one event */

/* Strings live until the next call on the same parser. */
typedef struct {
    nt_str_t data;  /* data lines joined by LF */
    nt_str_t event; /* empty when not given */
    nt_str_t id;
} nt_sse_event_t;

typedef struct {
    size_t   max; /* limit on one event's bytes; set after init if needed */
    nt_buf_t data;
    nt_buf_t event;
    nt_buf_t id;
    nt_buf_t line;
    uint8_t  state;
    bool     has_data;
} nt_sse_t;

NT_BEGIN_DECLS

void nt_sse_init(nt_sse_t *sse);
void nt_sse_free(nt_sse_t *sse);

/*
 * Takes bytes of `data` until an event with data ends or `len` bytes are
 * taken; *taken says how many.  NT_OK: *event holds an event, call again
 * with the rest.  NT_AGAIN: all was taken and no event ended.  NT_LIMIT,
 * NT_NOMEM: give up.
 */
nt_rc_t nt_sse_next(nt_sse_t *sse, const char *data, size_t len, size_t *taken,
                    nt_sse_event_t *event);

/* End of input: NT_OK with a last event that lacks its blank line (some
 * providers cut it), NT_AGAIN when there is none. */
nt_rc_t nt_sse_end(nt_sse_t *sse, nt_sse_event_t *event);

NT_END_DECLS

#endif
