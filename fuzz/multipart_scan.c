/*
 * Forms on their way through: however a body is cut, the same is found, and
 * it lies within the body.
 */

#include <stdlib.h>
#include <string.h>

#include "core/nt_multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define N 3


static nt_rc_t
scan_body(nt_form_scan_t *scan, nt_form_field_t *fields, const char *body,
          size_t len, size_t step)
{
    fields[0].name = "model";
    fields[1].name = "stream";
    fields[2].name = "file";

    nt_form_scan_init(scan, NT_STR("b"), fields, N);

    for (size_t i = 0; i < len; i += step) {
        (void) nt_form_scan_feed(scan, body + i,
                                 len - i < step ? len - i : step);
    }

    return nt_form_scan_end(scan);
}


/* The first byte says how the body, the rest, is cut. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nt_rc_t         rc;
    const char     *body = (const char *) data + 1;
    nt_form_scan_t  whole, cut;
    nt_form_field_t a[N], b[N];

    if (size < 2) {
        return 0;
    }

    rc = scan_body(&whole, a, body, size - 1, size - 1);

    if (scan_body(&cut, b, body, size - 1, 1 + (size_t) data[0]) != rc) {
        abort();
    }

    if (rc != NT_OK) {
        return 0;
    }

    for (size_t i = 0; i < N; i++) {
        if (a[i].parts != b[i].parts ||
            (a[i].parts > 0 &&
             (a[i].start != b[i].start || a[i].end != b[i].end ||
              a[i].start > a[i].end || a[i].end > size - 1 ||
              a[i].value_len != b[i].value_len ||
              memcmp(a[i].value, b[i].value, a[i].value_len) != 0 ||
              memcmp(a[i].value, body + a[i].start, a[i].value_len) != 0)))
        {
            abort();
        }
    }

    return 0;
}
