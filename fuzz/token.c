/* Tokens stand in the input they were taken from; a token file ends. */

#include <stdlib.h>

#include "core/nt_id.h"
#include "core/nt_token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
check_inside(nt_str_t token, nt_str_t text)
{
    if (token.data < text.data || token.data + token.len > text.data + text.len)
    {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nt_buf_t buf = { 0 };
    nt_str_t text = { (const char *) data, size }, rest = text, token;

    token = nt_token_bearer(text);
    if (token.len != 0) {
        check_inside(token, text);
    }

    for (size_t n = 0; (token = nt_token_file_next(&rest)).len != 0; n++) {
        check_inside(token, text);

        if (n > size || token.data[0] == '#' ||
            memchr(token.data, '\n', token.len) != NULL)
        {
            abort();
        }
    }

    nt_base64url(&buf, data, size);
    if (buf.len != (size * 4 + 2) / 3) {
        abort();
    }

    nt_buf_free(&buf);
    (void) nt_request_id_valid(text);
    (void) nt_workflow_id_valid(text);

    return 0;
}
