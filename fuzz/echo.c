/*
 * The echo model: whatever the request, it is refused with a sentence, or its
 * reply and each event of its stream are JSON.
 */

#include <jansson.h>
#include <stdlib.h>

#include "core/llm/nt_echo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
must(bool condition)
{
    if (!condition) {
        abort();
    }
}


static void
must_be_json(const char *text, size_t len)
{
    json_t *json;

    json = json_loadb(text, len, JSON_ALLOW_NUL, NULL);
    must(json_is_object(json));
    json_decref(json);
}


/* Events are "data: {...}\n\n"; the last one is "data: [DONE]\n\n". */
static void
stream(nt_echo_t *echo)
{
    bool     last = false;
    nt_buf_t out = { 0 };
    nt_str_t done = NT_STR("data: [DONE]\n\n");

    while (nt_echo_next(echo, &out)) {
        must(!last && !out.failed && out.len > 8);
        must(memcmp(out.data, "data: ", 6) == 0);
        must(memcmp(out.data + out.len - 2, "\n\n", 2) == 0);

        last = nt_str_eq((nt_str_t) { out.data, out.len }, done);

        if (!last) {
            must_be_json(out.data + 6, out.len - 8);
        }

        nt_buf_reset(&out);
    }

    must(last && out.len == 0);
    nt_buf_free(&out);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int        status = 0;
    nt_rc_t    rc;
    nt_buf_t   out = { 0 };
    nt_str_t   body = { (const char *) data, size };
    nt_echo_t *echo = NULL;

    nt_echo_options_t options = { .model = NT_STR("echo"),
                                  .id = NT_STR("1a"),
                                  .created = 5 };

    rc = nt_echo_create(&echo, body, &options, &status, &out);

    if (rc != NT_OK) {
        must(rc == NT_ERROR && (status == 400 || status == 422));
        must(echo == NULL && out.len != 0);
        nt_buf_free(&out);
        return 0;
    }

    nt_echo_reply(echo, &out);
    must(!out.failed);
    must_be_json(out.data, out.len);
    nt_buf_free(&out);

    stream(echo);
    nt_echo_free(echo);

    return 0;
}
