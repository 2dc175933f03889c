/*
 * Files of settings: whatever is in one, it is refused with a sentence, or
 * each of its secrets opens, or says why it does not; and what is encrypted
 * anew opens.
 */

#include <stdlib.h>

#include "engine/log.h"
#include "engine/settings/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
check(json_t *file, const nt_seal_keys_t *keys)
{
    json_t      *record;
    nt_values_t *values = nt_settings_file_values(file, keys);
    const char  *name, *value;

    json_object_foreach(json_object_get(file, "secrets"), name, record)
    {
        if (values == NULL || !nt_values_find(values, name, &value) ||
            (value == NULL &&
             json_object_get(json_object_get(file, "settings"), name) == NULL &&
             nt_settings_file_fault(file, name, keys) == NULL))
        {
            abort();
        }
    }

    nt_values_unref(values);

    if (nt_settings_file_rotate(file, keys) < 0 ||
        !nt_settings_file_set(file, "NEW", NT_STR("x"), NULL, &keys->keys[0]) ||
        nt_settings_file_fault(file, "NEW", keys) != NULL)
    {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t               *file;
    nt_buf_t              error = { 0 };
    static nt_seal_keys_t keys;

    if (keys.n == 0) {
        keys.n = 2;
        nt_log_set_level(NT_LOG_ERROR);
        (void) nt_seal_key(&keys.keys[0], NT_STR("2-master-key"));
        (void) nt_seal_key(&keys.keys[1], NT_STR("1-master-key-of-more-than-32-"
                                                 "characters"));
    }

    file = nt_settings_file_parse((const char *) data, size, "1", &error);

    if (file == NULL ? error.len == 0 : error.len != 0) {
        abort();
    }

    if (file != NULL) {
        check(file, &keys);
    }

    json_decref(file);
    nt_buf_free(&error);

    return 0;
}
