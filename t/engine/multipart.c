/* t/engine/multipart.c - uploads in parts. */

#include <stdlib.h>

#include "engine/assets/multipart.h"
#include "t/core/tap.h"

#define MAX 4

static const char two[] = "--b\r\n"
                          "Content-Disposition: form-data; name=\"json\"\r\n"
                          "\r\n"
                          "{\"a\":\"--b\"}\r\n"
                          "--b\r\n"
                          "content-disposition: form-data; filename=\"a "
                          "\\\"b\\\".png\"; name=file\r\n"
                          "Content-Type: image/png \r\n"
                          "\r\n"
                          "\r\n--bx\r\n\0--b--\r\n"
                          "--b--\r\n";


static bool
parse(nt_str_t body, const char *boundary, nt_part_t *parts, size_t *n)
{
    bool     good;
    nt_buf_t error = { 0 };

    good = nt_multipart_parse(body, nt_str(boundary), parts, MAX, n, &error);
    if (!good && error.len == 0) {
        ok(false, "an error has a sentence");
    }

    nt_buf_free(&error);

    return good;
}


static void
test_parts(void)
{
    size_t    n;
    nt_str_t  body = { two, sizeof(two) - 1 };
    nt_part_t parts[MAX];

    if (!ok(parse(body, "b", parts, &n) && n == 2, "two parts")) {
        return;
    }

    is_str(parts[0].name, "json", "the name of the first");
    is_str(parts[0].data, "{\"a\":\"--b\"}", "its data");
    is_str(parts[0].filename, "", "it has no file name");
    is_str(parts[1].name, "file", "a name without quotes");
    is_str(parts[1].filename, "a \\\"b\\\".png", "a file name with quotes");
    is_str(parts[1].type, "image/png", "its type");
    ok(nt_str_eq(parts[1].data, NT_STR("\r\n--bx\r\n\0--b--")),
       "data that looks like a boundary");
}


/* A body that ends anywhere before its end is refused; it lies in memory of
 * its own size, for the sanitizers. */
static void
test_cut_off(void)
{
    size_t    n, i, taken = 0;
    char     *copy;
    nt_part_t parts[MAX];
    size_t    end = sizeof(two) - 1 - 2; /* the last line's end is optional */

    for (i = 0; i < end; i++) {
        copy = malloc(i > 0 ? i : 1);
        if (copy != NULL) {
            memcpy(copy, two, i);
            taken += parse((nt_str_t) { copy, i }, "b", parts, &n);
            free(copy);
        }
    }

    ok(taken == 0, "cut off at every position");
    ok(parse((nt_str_t) { two, end }, "b", parts, &n), "but not at its end");
}


static void
test_bodies(void)
{
    static const struct {
        const char *body;
        const char *boundary;
        int         n; /* -1: refused */
        const char *what;
    } cases[] = {
        { "--b--", "b", 0, "no part" },
        { "preamble\r\n--b--\r\nepilogue", "b", 0, "text around it" },
        { "--b \t\r\nContent-Disposition: form-data; name=x\r\n\r\n\r\n--b--",
          "b", 1, "empty data, blanks behind the boundary" },
        { "--b\r\nContent-Disposition: form-data; name=x\r\n\r\n--b--", "b", 1,
          "no data at all" },
        { "", "b", -1, "nothing" },
        { "--c--", "b", -1, "another boundary" },
        { "x--b--", "b", -1, "one within a line" },
        { "--b\nContent-Disposition: form-data; name=x\n\ny\n--b--", "b", -1,
          "lines without CR" },
        { "--b\r\n\r\nx\r\n--b--", "b", -1, "a part without a name" },
        { "--b\r\nContent-Disposition: form-data; name=\"x\r\n\r\ny\r\n--b--",
          "b", -1, "a name without an end" },
        { "--b\r\nContent-Disposition: form-data; name\r\n\r\ny\r\n--b--", "b",
          -1, "a name without a value" },
        { "--b--", "", -1, "no boundary" },
    };

    nt_part_t parts[MAX];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t n = 0;
        bool good = parse(nt_str(cases[i].body), cases[i].boundary, parts, &n);

        ok(good == (cases[i].n >= 0) && (!good || n == (size_t) cases[i].n),
           "%s", cases[i].what);
    }
}


static void
test_limits(void)
{
    size_t    n;
    nt_buf_t  body = { 0 };
    nt_part_t parts[MAX];

    for (int i = 0; i <= MAX; i++) {
        nt_buf_append_str(&body, NT_STR("--b\r\nContent-Disposition: form-data;"
                                        " name=x\r\n\r\ny\r\n"));
    }
    nt_buf_append_str(&body, NT_STR("--b--"));
    ok(!parse((nt_str_t) { body.data, body.len }, "b", parts, &n),
       "too many parts");

    nt_buf_reset(&body);
    nt_buf_append_str(&body,
                      NT_STR("--b\r\nContent-Disposition: form-data; name=x"));
    for (int i = 0; i < NT_MULTIPART_HEADERS_MAX; i++) {
        nt_buf_append_char(&body, ' ');
    }
    nt_buf_append_str(&body, NT_STR("\r\n\r\ny\r\n--b--"));
    ok(!parse((nt_str_t) { body.data, body.len }, "b", parts, &n),
       "headers that are too long");

    nt_buf_free(&body);
}


static void
test_boundary(void)
{
    static const struct {
        const char *type;
        const char *boundary;
    } cases[] = {
        { "multipart/form-data; boundary=abc", "abc" },
        { "Multipart/Form-Data;charset=utf-8 ; Boundary=\"a b;c\"", "a b;c" },
        { " multipart/form-data; boundary = abc ; x=y", "abc" },
        { "multipart/form-data; xboundary=abc", "" },
        { "multipart/form-data; boundary=", "" },
        { "multipart/form-data", "" },
        { "multipart/form-data-x; boundary=abc", "" },
        { "multipart/mixed; boundary=abc", "" },
        { "application/json", "" },
        { "", "" },
        { "multipart/form-data; boundary=\"abc", "" },
        { "multipart/form-data; boundary="
          "0123456789012345678901234567890123456789"
          "0123456789012345678901234567890",
          "" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        is_str(nt_multipart_boundary(nt_str(cases[i].type)), cases[i].boundary,
               cases[i].type);
    }
}


int
main(void)
{
    test_parts();
    test_cut_off();
    test_bodies();
    test_limits();
    test_boundary();

    return done();
}
