/*
 * Uploads in parts: what is taken lies within the body, in order, and no part
 * has its boundary in it.
 */

#include <stdlib.h>

#include "engine/assets/multipart.h"

#define MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* The first line is the Content-Type, the rest the body. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char       *type;
    size_t      n, len;
    nt_buf_t    error = { 0 };
    nt_str_t    boundary, body;
    nt_part_t   parts[MAX];
    const char *lf = size > 0 ? memchr(data, '\n', size) : NULL;

    if (lf == NULL) {
        return 0;
    }

    len = (size_t) (lf - (const char *) data);
    type = strndup((const char *) data, len);
    if (type == NULL) {
        return 0;
    }

    body = (nt_str_t) { lf + 1, size - len - 1 };
    boundary = nt_multipart_boundary(nt_str(type));

    if (nt_multipart_parse(body, boundary, parts, MAX, &n, &error)) {
        const char *end = body.data;

        for (size_t i = 0; i < n; i++) {
            nt_str_t part = parts[i].data;

            if (part.data < end ||
                part.data + part.len > body.data + body.len ||
                parts[i].name.len == 0)
            {
                abort();
            }

            end = part.data + part.len;
        }

    } else if (error.len == 0) {
        abort();
    }

    nt_buf_free(&error);
    free(type);

    return 0;
}
