#include "engine/nodes/generated.h"

#include <stdio.h>

#include <openssl/sha.h>

#include "core/nt_id.h"

json_t *
nt_generated_store(nt_node_call_t *call, const char *type,
                   const char *extension, const void *data, size_t len)
{
    char          key[128], hex[NT_ID_HEX_LEN];
    unsigned char hash[SHA256_DIGEST_LENGTH];

    (void) SHA256(data, len, hash);
    nt_id_hex(hex, hash);
    (void) snprintf(key, sizeof(key), "generated/%.*s.%s", NT_ID_HEX_LEN, hex,
                    extension);

    return nt_call_store(call, type, key, data, len);
}
