#include "engine/json.h"

#include <sys/random.h>

#include "core/nt_id.h"
#include "engine/json_read.h"


json_t *
nt_json_time(int64_t msec)
{
    char text[NT_TIME_LEN];

    nt_time_iso8601(text, msec);

    return json_stringn(text, sizeof(text));
}


json_t *
nt_json_now(void)
{
    return nt_json_time(nt_time_now());
}


json_t *
nt_json_id(void)
{
    char          id[NT_ID_HEX_LEN];
    unsigned char random[16];

    if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
        return NULL;
    }

    nt_id_hex(id, random);

    return json_stringn(id, sizeof(id));
}


json_t *
nt_json_parse(const char *text, size_t len, nt_buf_t *error)
{
    json_t      *value;
    json_error_t e;

    value = nt_json_read(text, len);
    if (value != NULL) {
        return value;
    }

    value = json_loadb(text, len, JSON_DECODE_ANY, &e);

    if (value == NULL && json_error_code(&e) == json_error_null_character) {
        nt_buf_printf(error,
                      "A string has a NUL character (\\u0000) at line "
                      "%d, column %d; texts cannot have one.",
                      e.line, e.column);

    } else if (value == NULL) {
        nt_buf_printf(error, "Malformed JSON at line %d, column %d: %s.",
                      e.line > 0 ? e.line : 1, e.column > 0 ? e.column : 1,
                      e.text);
    }

    return value;
}


void
nt_json_append_text(nt_buf_t *out, const json_t *value)
{
    if (json_is_string(value)) {
        nt_buf_append(out, json_string_value(value), json_string_length(value));
    } else {
        nt_json_append(out, value);
    }
}
