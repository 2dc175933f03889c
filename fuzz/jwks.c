/* Sets of keys: of what is taken, nothing verifies what nobody signed. */

#include "core/auth/nt_jwks.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char        zeros[512] = { 0 };
    nt_str_t    none = { NULL, 0 };
    nt_jwks_t  *keys;
    const char *why = NULL;

    if (nt_jwks_parse((nt_str_t) { (const char *) data, size }, &keys, &why) !=
        NT_OK)
    {
        if (keys != NULL || why == NULL) {
            abort();
        }

        return 0;
    }

    if (nt_jwks_count(keys) == 0 || nt_jwks_count(keys) > NT_JWKS_KEYS) {
        abort();
    }

    for (size_t len = 0; len <= sizeof(zeros); len += 64) {
        if (nt_jwks_verify(keys, NT_JWT_ES256, none, NT_STR("text"),
                           (nt_str_t) { zeros, len }) == NT_OK ||
            nt_jwks_verify(keys, NT_JWT_RS256, none, NT_STR("text"),
                           (nt_str_t) { zeros, len }) == NT_OK)
        {
            abort();
        }
    }

    nt_jwks_free(keys);

    return 0;
}
