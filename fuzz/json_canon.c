/*
 * The form of a valid document is valid, and its own form; no input does harm.
 */

#include <stdlib.h>

#include "core/nt_json_canon.h"
#include "core/nt_json_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static bool
is_valid(const char *data, size_t len)
{
    nt_json_scan_t scan;

    nt_json_scan_init(&scan, NULL, 0);
    nt_json_scan_feed(&scan, data, len);

    return nt_json_scan_end(&scan) == NT_OK;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool     valid = is_valid((const char *) data, size);
    nt_buf_t form = { 0 }, again = { 0 };

    static const nt_json_drop_t drop[] = { { "user", NULL }, { NULL, "null" } };

    if (nt_json_canon(&form, (nt_str_t) { (const char *) data, size }, NULL,
                      0) == NT_OK &&
        valid)
    {
        if (!is_valid(form.data, form.len) ||
            nt_json_canon(&again, (nt_str_t) { form.data, form.len }, NULL,
                          0) != NT_OK ||
            again.len != form.len ||
            memcmp(again.data, form.data, form.len) != 0)
        {
            abort();
        }
    }

    nt_buf_reset(&again);
    if (nt_json_canon(&again, (nt_str_t) { (const char *) data, size }, drop,
                      2) == NT_OK &&
        valid && !is_valid(again.data, again.len))
    {
        abort();
    }

    nt_buf_free(&form);
    nt_buf_free(&again);

    return 0;
}
