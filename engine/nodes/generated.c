#include "engine/nodes/generated.h"

#include <stdio.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "core/nt_id.h"


void
nt_generated_key(char key[NT_GENERATED_KEY_MAX], const char *extension,
                 const void *data, size_t len)
{
    char          hex[NT_ID_HEX_LEN];
    unsigned char hash[SHA256_DIGEST_LENGTH];

    (void) SHA256(data, len, hash);
    nt_id_hex(hex, hash);
    (void) snprintf(key, NT_GENERATED_KEY_MAX, "generated/%.*s.%s",
                    NT_ID_HEX_LEN, hex, extension);

    /* threads of the pool do not end before the process does */
    OPENSSL_thread_stop();
}


json_t *
nt_generated_store(nt_node_call_t *call, const char *type,
                   const char *extension, const void *data, size_t len)
{
    char key[NT_GENERATED_KEY_MAX];

    nt_generated_key(key, extension, data, len);

    return nt_call_store(call, type, key, data, len);
}
