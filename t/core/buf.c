#include "core/nt_buf.h"
#include "core/nt_error.h"
#include "t/core/tap.h"

static nt_str_t
text(const nt_buf_t *buf)
{
    return (nt_str_t) { buf->data, buf->len };
}


static void
test_append(void)
{
    nt_buf_t buf = { 0 };
    char     big[1000];

    nt_buf_append(&buf, "abc", 3);
    nt_buf_append_char(&buf, 'd');
    nt_buf_append_str(&buf, NT_STR("ef"));
    nt_buf_append(&buf, NULL, 0);
    nt_buf_printf(&buf, " %d %s", 42, "x");
    is_str(text(&buf), "abcdef 42 x", "appends");

    nt_buf_reset(&buf);
    is_int((long long) buf.len, 0, "reset empties");

    nt_buf_append_uint(&buf, 0);
    nt_buf_append_char(&buf, ' ');
    nt_buf_append_uint(&buf, 1005);
    nt_buf_append_char(&buf, ' ');
    nt_buf_append_uint(&buf, UINT64_MAX);
    is_str(text(&buf), "0 1005 18446744073709551615", "appends numbers");
    nt_buf_reset(&buf);

    nt_buf_append_percent(&buf, NT_STR("aZ0-._~/ %\xc3\xa9\0"), "");
    nt_buf_append_char(&buf, ' ');
    nt_buf_append_percent(&buf, NT_STR("a/b?"), "/");
    is_str(text(&buf), "aZ0-._~%2F%20%25%C3%A9%00 a/b%3F",
           "appends percent-encoded");
    nt_buf_reset(&buf);

    memset(big, 'a', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    nt_buf_printf(&buf, "%s%s%s", big, big, big);
    ok(!buf.failed && buf.len == 2997 && buf.data[2996] == 'a',
       "printf longer than the room");

    ok(nt_buf_reserve(&buf, SIZE_MAX - 5) == NULL && buf.failed,
       "a size beyond reason fails");
    nt_buf_append_char(&buf, 'x');
    nt_buf_printf(&buf, "x");
    ok(buf.failed && buf.len == 2997, "and the failure stays");

    nt_buf_free(&buf);
    ok(buf.data == NULL && !buf.failed, "free leaves an empty buffer");
}


static void
test_json(void)
{
    static const struct {
        const char *name;
        nt_str_t    in;
        const char *out;
    } rows[] = {
        { "empty", NT_STR(""), "\"\"" },
        { "plain", NT_STR("hello"), "\"hello\"" },
        { "quotes", NT_STR("a\"b\\c/"), "\"a\\\"b\\\\c/\"" },
        { "named escapes", NT_STR("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"" },
        { "control", NT_STR("\0\x1f\x7f"), "\"\\u0000\\u001f\x7f\"" },
        { "UTF-8", NT_STR("é€😀"), "\"é€😀\"" },
        { "lone continuation", NT_STR("a\x80z"), "\"a\xef\xbf\xbdz\"" },
        { "overlong", NT_STR("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "surrogate", NT_STR("\xed\xa0\x80"),
          "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "cut", NT_STR("\xf0\x9f\x98"), "\"\xef\xbf\xbd\"" },
        { "cut, then text", NT_STR("\xe2\x82x"), "\"\xef\xbf\xbdx\"" },
        { "above U+10FFFF", NT_STR("\xf4\x90\x80\x80"),
          "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" }
    };

    nt_buf_t buf = { 0 };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        nt_buf_reset(&buf);
        nt_buf_append_json(&buf, rows[i].in);
        is_str(text(&buf), rows[i].out, rows[i].name);
    }

    nt_buf_free(&buf);
}


static void
test_error(void)
{
    static const struct {
        int         status;
        const char *type;
    } rows[] = { { 400, "bad_request" },
                 { 401, "unauthorized" },
                 { 403, "forbidden" },
                 { 404, "not_found" },
                 { 405, "method_not_allowed" },
                 { 409, "conflict" },
                 { 412, "precondition_failed" },
                 { 413, "payload_too_large" },
                 { 415, "unsupported_media_type" },
                 { 416, "range_not_satisfiable" },
                 { 422, "validation_error" },
                 { 429, "rate_limited" },
                 { 500, "internal_error" },
                 { 502, "bad_gateway" },
                 { 503, "service_unavailable" },
                 { 504, "timeout" },
                 { 418, "bad_request" },
                 { 599, "internal_error" } };

    nt_buf_t buf = { 0 };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_str(nt_str(nt_error_type(rows[i].status)), rows[i].type,
               rows[i].type);
        ok(nt_error_message(rows[i].status)[0] != '\0', "has a sentence");
    }

    nt_error_body(&buf, 404, NT_STR("Workflow not found: \"x\""));
    is_str(text(&buf),
           "{\"error\": {\"message\": \"Workflow not found: \\\"x\\\"\", "
           "\"type\": \"not_found\", \"code\": 404}}",
           "body");

    nt_buf_reset(&buf);
    nt_error_body(&buf, 413, NT_STR(""));
    is_str(text(&buf),
           "{\"error\": {\"message\": \"The request body is too large.\", "
           "\"type\": \"payload_too_large\", \"code\": 413}}",
           "body with the message of its status");

    nt_buf_free(&buf);
}


static void
test_error_anthropic(void)
{
    struct {
        int         status;
        const char *type;
    } rows[] = { { 400, "invalid_request_error" },
                 { 401, "authentication_error" },
                 { 402, "billing_error" },
                 { 403, "permission_error" },
                 { 404, "not_found_error" },
                 { 405, "invalid_request_error" },
                 { 413, "request_too_large" },
                 { 429, "rate_limit_error" },
                 { 500, "api_error" },
                 { 502, "api_error" },
                 { 503, "overloaded_error" },
                 { 504, "timeout_error" },
                 { 529, "overloaded_error" } };

    char     want[256];
    nt_buf_t buf = { 0 };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void) snprintf(want, sizeof(want),
                        "{\"type\": \"error\", \"error\": {\"type\": \"%s\", "
                        "\"message\": \"a \\\"b\\\"\"}, "
                        "\"request_id\": \"r-1\"}",
                        rows[i].type);
        nt_buf_reset(&buf);
        nt_error_anthropic(&buf, rows[i].status, NT_STR("a \"b\""),
                           NT_STR("r-1"));
        is_str(text(&buf), want, rows[i].type);
    }

    nt_buf_reset(&buf);
    nt_error_anthropic(&buf, 413, NT_STR(""), NT_STR(""));
    is_str(text(&buf),
           "{\"type\": \"error\", \"error\": {\"type\": "
           "\"request_too_large\", \"message\": "
           "\"The request body is too large.\"}}",
           "body with the message of its status, without an id");

    nt_buf_free(&buf);
}


int
main(void)
{
    test_append();
    test_json();
    test_error();
    test_error_anthropic();

    return done();
}
