#include "engine/json.h"

#include <sys/random.h>

#include "core/nt_id.h"
#include "core/nt_json_plain.h"
#include "core/llm/nt_json_read.h"


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


/* How many values a text has at most, a container as NT_JSON_CONTAINER. */
static size_t
count_values(const char *text, size_t len)
{
    bool   quoted = false;
    size_t n = 1;

    for (size_t i = 0; i < len; i++) {
        if (quoted) {
            i += nt_json_plain(text + i, len - i);
            if (i == len) {
                break;
            }
        }

        switch (text[i]) {
        case '"':
            quoted = !quoted;
            break;

        case '\\':
            i++;
            break;

        case ',':
            n += !quoted;
            break;

        case '[':
        case '{':
            n += quoted ? 0 : NT_JSON_CONTAINER;
            break;

        default:
            break;
        }
    }

    return n;
}


json_t *
nt_json_parse(const char *text, size_t len, nt_buf_t *error)
{
    json_t      *value;
    json_error_t e;

    /* a short text cannot have so many */
    if (len > NT_JSON_VALUES / NT_JSON_CONTAINER &&
        count_values(text, len) > NT_JSON_VALUES)
    {
        nt_buf_printf(error,
                      "The JSON has too many values: %d at most, where "
                      "an array or object counts as %d.",
                      NT_JSON_VALUES, NT_JSON_CONTAINER);
        return NULL;
    }

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
