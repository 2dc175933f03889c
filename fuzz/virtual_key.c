/* Files of virtual keys: whatever comes is refused, or what is found in it
 * stands in it and is found again. */

#include <stdlib.h>

#include "core/auth/nt_virtual_key.h"
#include "core/nt_money.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
check_inside(nt_str_t part, nt_str_t text)
{
    if (part.len != 0 &&
        (part.data < text.data || part.data + part.len > text.data + text.len))
    {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t           nano;
    nt_str_t          text = { (const char *) data, size };
    nt_virtual_keys_t set;

    if (nt_virtual_keys_parse(&set, text) != NT_OK) {
        if (set.error == NULL || set.line == 0 || set.keys != NULL) {
            abort();
        }

        return 0;
    }

    for (size_t i = 0; i < set.n; i++) {
        const nt_virtual_key_t *key = &set.keys[i];

        check_inside(key->name, text);
        check_inside(key->user, text);
        check_inside(key->models, text);
        check_inside(key->rpm, text);

        if (key->name.len == 0 || key->user.len == 0 ||
            (key->budget_day.len != 0 &&
             !nt_money_parse(key->budget_day, &nano)) ||
            (i > 0 &&
             memcmp(set.keys[i - 1].digest, key->digest,
                    NT_VIRTUAL_KEY_DIGEST / 2) != 0 &&
             nt_virtual_keys_find(&set, key->digest) != key))
        {
            abort();
        }
    }

    nt_virtual_keys_free(&set);

    return 0;
}
