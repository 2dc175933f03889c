/*
 * Messages of mail: whatever the bytes, they are read as texts.
 */

#include <stdlib.h>

#include "engine/nodes/mime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *mail = nt_mime_read((nt_str_t) { (const char *) data, size });

    if (!json_is_string(json_object_get(mail, "subject")) ||
        !json_is_string(json_object_get(mail, "sender")) ||
        !json_is_string(json_object_get(mail, "body")))
    {
        abort();
    }

    json_decref(mail);
    return 0;
}
