/* A key that passes has no segment that leads elsewhere. */

#include <stdlib.h>

#include "core/nt_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t      start = 0;
    const char *key = (const char *) data;

    if (nt_key_check((nt_str_t) { key, size }) != NULL) {
        return 0;
    }

    if (size == 0 || memchr(key, '\0', size) != NULL) {
        abort();
    }

    for (size_t i = 0; i <= size; i++) {
        if (i < size && key[i] != '/') {
            continue;
        }

        if (i == start || (i - start == 1 && key[start] == '.') ||
            (i - start == 2 && memcmp(key + start, "..", 2) == 0))
        {
            abort();
        }

        start = i + 1;
    }

    return 0;
}
