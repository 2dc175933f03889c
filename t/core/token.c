#include "core/nt_token.h"
#include "t/core/tap.h"


static void
test_bearer(void)
{
    static const struct {
        const char *header;
        const char *token;
    } rows[] = { { "Bearer abc", "abc" },
                 { "bearer abc", "abc" },
                 { "BEARER   abc", "abc" },
                 { "Bearer a-Z0._~+/==", "a-Z0._~+/==" },
                 { "Bearer", "" },
                 { "Bearer ", "" },
                 { "Bearer =", "" },
                 { "Bearer a=b", "" },
                 { "Bearer abc ", "" },
                 { "Bearer abc def", "" },
                 { "Bearer abc, Basic x", "" },
                 { "Bearer\tabc", "" },
                 { "Bearerabc", "" },
                 { "Basic abc", "" },
                 { "", "" },
                 { "Bearer \xc3\xa9", "" } };

    char     long_header[7 + NT_TOKEN_MAX + 1];
    nt_str_t header = { long_header, sizeof(long_header) };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_str(nt_token_bearer(nt_str(rows[i].header)), rows[i].token,
               rows[i].header);
    }

    memset(long_header, 'a', sizeof(long_header));
    memcpy(long_header, "Bearer ", 7);
    is_int((long long) nt_token_bearer(header).len, 0, "too long");
    header.len--;
    is_int((long long) nt_token_bearer(header).len, NT_TOKEN_MAX, "longest");
    is_int((long long) nt_token_bearer((nt_str_t) { "Bearer a\0b", 10 }).len, 0,
           "with NUL");
}


static void
test_equal(void)
{
    ok(nt_token_equal(NT_STR("abc"), NT_STR("abc")), "equal");
    ok(!nt_token_equal(NT_STR("abc"), NT_STR("abd")), "last differs");
    ok(!nt_token_equal(NT_STR("abc"), NT_STR("bbc")), "first differs");
    ok(!nt_token_equal(NT_STR("abc"), NT_STR("ab")), "shorter");
    ok(!nt_token_equal(NT_STR(""), NT_STR("a")), "empty and not");
    ok(nt_token_equal(NT_STR(""), NT_STR("")), "both empty");
}


static void
test_file(void)
{
    nt_str_t text = NT_STR("# comment\n\n  first \r\n\t# another\nsecond\n"
                           "a#b\n   \nlast");

    is_str(nt_token_file_next(&text), "first", "first");
    is_str(nt_token_file_next(&text), "second", "second");
    is_str(nt_token_file_next(&text), "a#b", "# within a line");
    is_str(nt_token_file_next(&text), "last", "last, without a newline");
    is_str(nt_token_file_next(&text), "", "end");
    is_str(nt_token_file_next(&text), "", "end, again");
}


static void
test_base64url(void)
{
    /* RFC 4648, section 10, without the padding */
    static const char *const rows[][2] = { { "", "" },
                                           { "f", "Zg" },
                                           { "fo", "Zm8" },
                                           { "foo", "Zm9v" },
                                           { "foob", "Zm9vYg" },
                                           { "foobar", "Zm9vYmFy" },
                                           { "\xfb\xff\xbf", "-_-_" } };

    nt_buf_t buf = { 0 };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        nt_buf_reset(&buf);
        nt_base64url(&buf, (const unsigned char *) rows[i][0],
                     strlen(rows[i][0]));
        is_str((nt_str_t) { buf.data, buf.len }, rows[i][1], rows[i][1]);
    }

    nt_buf_free(&buf);
}


static void
test_base64url_decode(void)
{
    static const struct {
        const char *text;
        const char *bytes; /* NULL: none */
    } rows[] = { { "", "" },
                 { "Zg", "f" },
                 { "Zm8", "fo" },
                 { "Zm9v", "foo" },
                 { "Zm9vYg", "foob" },
                 { "-_-_", "\xfb\xff\xbf" },
                 { "Zm9vYmFy", "foobar" },
                 { "Z", NULL },
                 { "Zm9vY", NULL },
                 { "Zg==", NULL },
                 { "Zh", NULL },
                 { "Zm9", NULL },
                 { "Zm 8", NULL },
                 { "+/+/", NULL },
                 { "Zm9v\n", NULL },
                 { "Zm9v\xc3", NULL } };

    size_t        len;
    unsigned char out[6];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].bytes == NULL) {
            is_int(nt_base64url_decode(nt_str(rows[i].text), out, sizeof(out),
                                       &len),
                   NT_ERROR, rows[i].text);
            continue;
        }

        is_int(nt_base64url_decode(nt_str(rows[i].text), out, sizeof(out),
                                   &len),
               NT_OK, rows[i].text);
        is_str((nt_str_t) { (char *) out, len }, rows[i].bytes, "... decoded");
    }

    is_int(nt_base64url_decode(NT_STR("Zm9vYmFy"), out, 5, &len), NT_LIMIT,
           "one byte too many");
}


int
main(void)
{
    test_bearer();
    test_equal();
    test_file();
    test_base64url();
    test_base64url_decode();

    return done();
}
