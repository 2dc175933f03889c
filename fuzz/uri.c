/*
 * URIs of media refs: what is decoded is never longer than what was given,
 * and a key comes back from the URI that is made of it.
 */

#include <stdlib.h>

#include "engine/assets/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nt_str_t text = { (const char *) data, size };
    nt_buf_t bytes = { 0 }, uri = { 0 }, key = { 0 };

    if (nt_uri_data(&bytes, text) == NT_OK && bytes.len > size) {
        abort();
    }
    nt_buf_reset(&bytes);
    if (nt_uri_key(&bytes, text, NT_STR("http://h")) == NT_OK &&
        bytes.len > size) {
        abort();
    }

    nt_uri_asset(&uri, NT_STR("http://h"), text);
    if (nt_uri_key(&key, (nt_str_t) { uri.data, uri.len },
                   NT_STR("http://h")) != NT_OK ||
        !nt_str_eq((nt_str_t) { key.data, key.len }, text))
    {
        abort();
    }

    nt_buf_free(&bytes);
    nt_buf_free(&uri);
    nt_buf_free(&key);
    return 0;
}
