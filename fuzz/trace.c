/*
 * An id that is told stands in the header; no input is read beyond its end.
 */

#include <stdlib.h>

#include "core/nt_trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nt_str_t id, value = { (const char *) data, size };

    if (nt_trace_parent(value, &id) &&
        (id.len != NT_TRACE_ID_LEN || id.data < value.data ||
         id.data + id.len > value.data + value.len))
    {
        abort();
    }

    (void) nt_trace_state(value);

    return 0;
}
