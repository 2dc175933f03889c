/* JSON text from jansson's values. */

#include <float.h>

#include "engine/json.h"
#include "t/core/tap.h"


/* What `value` (stolen) is written as. */
static void
is_text(json_t *value, const char *want)
{
    char *text = nt_json_text(value);

    if (!ok(text != NULL && strcmp(text, want) == 0, "%s", want)) {
        diag("got %s", text);
    }

    free(text);
    json_decref(value);
}


static void
numbers(void)
{
    is_text(json_integer(0), "0");
    is_text(json_integer(-1), "-1");
    is_text(json_integer(INT64_MAX), "9223372036854775807");
    is_text(json_integer(INT64_MIN), "-9223372036854775808");
    is_text(json_real(0.1), "0.1");
    is_text(json_real(0.1 + 0.2), "0.30000000000000004");
    is_text(json_real(2.0), "2.0");
    is_text(json_real(-0.0), "-0.0");
    is_text(json_real(1e21), "1e+21");
    is_text(json_real(1.0 / 3), "0.3333333333333333");
    is_text(json_real(DBL_MAX), "1.7976931348623157e+308");
}


/* Every number is read back as it was. */
static void
round_trip(void)
{
    int      wrong = 0;
    uint64_t bits = 88172645463325252ull;

    for (int i = 0; i < 100000; i++) {
        char   *text;
        double  number;
        json_t *value, *back;

        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        memcpy(&number, &bits, sizeof(number));

        value = json_real(number);
        if (value == NULL) {
            continue; /* not finite */
        }

        text = nt_json_text(value);
        back = json_loads(text, JSON_DECODE_ANY, NULL);

        if (!json_is_real(back) || json_real_value(back) != number) {
            diag("%.17g is written as %s", number, text);
            wrong++;
        }

        free(text);
        json_decref(value);
        json_decref(back);
    }

    is_int(wrong, 0, "100,000 random doubles are read back as they were");
}


static void
values(void)
{
    nt_buf_t buf = { 0 };
    json_t  *value;

    is_text(NULL, "null");
    is_text(json_true(), "true");
    is_text(json_false(), "false");
    is_text(json_array(), "[]");
    is_text(json_object(), "{}");
    is_text(json_string("a\"b\\c\n\x01\xc3\xa4/"),
            "\"a\\\"b\\\\c\\n\\u0001\xc3\xa4/\"");
    is_text(json_stringn("a\0b", 3), "\"a\\u0000b\"");
    is_text(json_pack("{s:i,s:[n,b,{s:s}],s:{}}", "z", 1, "a", 1, "", "x", "o"),
            "{\"z\":1,\"a\":[null,true,{\"\":\"x\"}],\"o\":{}}");

    value = json_pack("{s:[i,i],s:{},s:[]}", "a", 1, 2, "b", "c");
    nt_json_append_pretty(&buf, value);
    nt_buf_append_char(&buf, '\0');
    ok(strcmp(buf.data, "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n"
                        "  \"c\": []\n}") == 0,
       "indented");
    nt_buf_free(&buf);
    json_decref(value);
}


static void
is_error(const char *text, const char *want)
{
    nt_buf_t error = { 0 };
    json_t  *value = nt_json_parse(text, strlen(text), &error);

    if (!ok(value == NULL && error.len >= strlen(want) &&
                memcmp(error.data, want, strlen(want)) == 0,
            "%s", want))
    {
        diag("got %.*s", (int) error.len, error.data);
    }

    nt_buf_free(&error);
    json_decref(value);
}


/* An array of `n` times `item`, which ends with a comma. */
static json_t *
parse_many(const char *item, size_t n, nt_buf_t *error)
{
    json_t  *value;
    nt_buf_t text = { 0 };

    nt_buf_append_char(&text, '[');
    while (n-- > 0) {
        nt_buf_append_str(&text, nt_str(item));
    }
    text.data[text.len - 1] = ']';

    value = nt_json_parse(text.data, text.len, error);
    nt_buf_free(&text);

    return value;
}


static void
many_values(void)
{
    size_t   n = NT_JSON_VALUES / (NT_JSON_CONTAINER + 1);
    json_t  *value;
    nt_buf_t error = { 0 };

    value = parse_many("{},", n - 1, &error);
    ok(json_array_size(value) == n - 1, "as many objects as there may be");
    json_decref(value);

    value = parse_many("{},", n + 1, &error);
    ok(value == NULL && error.len > 0 &&
           strncmp(error.data, "The JSON has too many values", 28) == 0,
       "more are refused");
    nt_buf_free(&error);

    value = parse_many("\"[{\\\"[{,[{,[{,[{,[{,\",", 200000, &error);
    ok(json_array_size(value) == 200000, "what is in texts does not count");
    json_decref(value);
}


int
main(void)
{
    numbers();
    round_trip();
    values();
    many_values();

    is_error("", "Malformed JSON at line 1, column 1: ");
    is_error("{\"a\":\n nope}", "Malformed JSON at line 2, column ");
    is_error("[1] 2", "Malformed JSON at line 1, column 5: ");

    return done();
}
