/*
 * A template renders within its limits or is refused, with a sentence.
 * Values are there for its variables, and stay as they are.
 */

#include <stdlib.h>

#include "core/nt_utf8.h"
#include "engine/template/jinja.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static bool
is_utf8(const char *p, size_t n)
{
    int step;

    for (; n > 0; p += step, n -= (size_t) step) {
        step = nt_utf8_step(p, n);

        if (step < 0) {
            return false;
        }
    }

    return true;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char text[] = "{\"s\": \"Añ b\", \"n\": 3, \"f\": 1.5, "
                               "\"l\": [3, 1, 2], \"d\": {\"a\": 1, \"b\": "
                               "[\"x\"]}, \"u\": [{\"a\": 1}, {\"a\": 2}]}";

    json_t  *values, *before;
    nt_rc_t  rc;
    nt_buf_t out = { 0 }, error = { 0 };
    nt_jinja_t *template;
    nt_jinja_options_t options = NT_JINJA_OPTIONS;

    if (size == 0 || !is_utf8((const char *) data + 1, size - 1)) {
        return 0;
    }

    options.lower_names = data[0] & 1;
    options.single_braces = data[0] & 2;
    options.max_output = 100000;
    options.max_steps = 20000;

    template = nt_jinja_parse((nt_str_t) { (const char *) data + 1, size - 1 },
                              &options, &error);

    if (template != NULL) {
        values = json_loads(text, 0, NULL);
        before = json_deep_copy(values);
        rc = nt_jinja_render(template, values, &out, &error);

        if (!json_equal(values, before) || out.len > 300000 ||
            (rc == NT_OK && !is_utf8(out.data, out.len)) ||
            (rc != NT_OK && error.len == 0))
        {
            abort();
        }

        json_decref(values);
        json_decref(before);

    } else if (error.len == 0) {
        abort();
    }

    nt_jinja_free(template);
    nt_buf_free(&out);
    nt_buf_free(&error);
    return 0;
}
