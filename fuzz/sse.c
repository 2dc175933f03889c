/*
 * Any split of a stream gives the same events. The input's first byte says
 * where to cut.
 */

#include <stdlib.h>

#include "core/nt_sse.h"

#define EVENT_MAX 512 /* small, so that the limit is met, too */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
note(nt_buf_t *out, const nt_sse_event_t *event)
{
    nt_buf_append_json(out, event->event);
    nt_buf_append_json(out, event->id);
    nt_buf_append_json(out, event->data);
}


static nt_rc_t
parse_piece(nt_sse_t *sse, nt_buf_t *out, const char *data, size_t len)
{
    size_t         taken;
    nt_rc_t        rc;
    nt_sse_event_t event;

    do {
        rc = nt_sse_next(sse, data, len, &taken, &event);
        if (taken > len || (rc == NT_AGAIN && taken != len)) {
            abort();
        }

        data += taken;
        len -= taken;
        if (rc == NT_OK) {
            note(out, &event);
        }
    } while (rc == NT_OK);

    return rc;
}


static nt_rc_t
parse(nt_buf_t *out, const char *data, size_t len, size_t cut)
{
    nt_sse_t       sse;
    nt_rc_t        rc = NT_AGAIN;
    nt_sse_event_t event;

    nt_sse_init(&sse);
    sse.max = EVENT_MAX;

    for (size_t i = 0; i < len && rc == NT_AGAIN; i += cut) {
        rc = parse_piece(&sse, out, data + i, len - i < cut ? len - i : cut);
    }

    if (rc == NT_AGAIN) {
        rc = nt_sse_end(&sse, &event);
        if (rc == NT_OK) {
            note(out, &event);
        }
    }

    nt_sse_free(&sse);

    return rc;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nt_rc_t     whole_rc, split_rc;
    nt_buf_t    whole = { 0 }, split = { 0 };
    const char *stream = (const char *) data + 1;

    if (size < 2) {
        return 0;
    }

    whole_rc = parse(&whole, stream, size - 1, size);
    split_rc = parse(&split, stream, size - 1, data[0] % 32 + 1u);

    if (whole_rc != split_rc || whole.len != split.len ||
        (whole.len != 0 && memcmp(whole.data, split.data, whole.len) != 0))
    {
        abort();
    }

    nt_buf_free(&whole);
    nt_buf_free(&split);

    return 0;
}
