#include "core/nt_buf.h"
#include "core/nt_multipart.h"
#include "t/core/tap.h"

#define B          "--x-y"
#define PART(name) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define FILE_PART                                                              \
    "content-disposition:form-data; name=file; filename=\"a\\\"b.mp3\"\r\n"    \
    "Content-Type: audio/mpeg\r\n\r\n"

/* What a scan made of a body is written down as text:
 * model=VALUE*parts for each field that was there, its value taken from where
 * it is said to stand, then <first. */

typedef struct {
    const char *name;
    const char *body;
    const char *want;
} case_t;

static const case_t cases[] = {
    { "one field", B "\r\n" PART("model") "m-1\r\n" B "--\r\n",
      "model=m-1*1<0" },
    { "an empty value", B "\r\n" PART("model") "\r\n" B "--", "model=*1<0" },
    { "a preamble and an epilogue",
      "hi\r\n" B "\r\n" PART("model") "m\r\n" B "--\r\n" B "\r\nbye",
      "model=m*1<4" },
    { "blanks behind a boundary", B " \t\r\n" PART("model") "m\r\n" B "--",
      "model=m*1<0" },
    { "a file with what is nearly a boundary",
      B "\r\n" FILE_PART "\r\r\n-\r\n--x\r\n--x-\r\n\r\n" B
        "\r\n" PART("model") "m\r\n" B "--",
      "file=\r\r\n-\r\n--x\r\n--x-\r\n*1model=m*1<0" },
    { "values with line ends",
      B "\r\n" PART("model") "\r\na\r\nb\n\r\r\n" B "--",
      "model=\r\na\r\nb\n\r*1<0" },
    { "of two fields the last one counts",
      B "\r\n" PART("model") "a\r\n" B "\r\n" PART("model") "bc\r\n" B "--",
      "model=bc*2<0" },
    { "a name without quotes, in any case, among others",
      B "\r\nX-A: b\r\nCONTENT-DISPOSITION: Form-Data ; a=\"b;name=q\" ; NAME="
        "model ; c=d\r\nY: \r\n\r\nm\r\n" B "--",
      "model=m*1<0" },
    { "a name with an escape",
      B "\r\nContent-Disposition: form-data; name=\"mo\\del\"\r\n\r\nm\r\n" B
        "--",
      "model=m*1<0" },
    { "other names",
      B "\r\n" PART("models") "a\r\n" B "\r\n" PART("mode") "b\r\n" B "--",
      "<0" },
    { "no part at all", B "--", "<0" },

    { "nothing", "", "its boundary is not in it" },
    { "no boundary", "a=b&c=d", "its boundary is not in it" },
    { "cut off in a value", B "\r\n" PART("model") "m\r\n--x",
      "it ends before its last boundary" },
    { "cut off behind a boundary", B "\r\n" PART("model") "m\r\n" B,
      "it ends before its last boundary" },
    { "cut off in a header", B "\r\nContent-Disposition: form-data; name=\"mo",
      "it ends before its last boundary" },
    { "a boundary that goes on",
      B "\r\n" PART("model") "m\r\n" B "z\r\n" B "--",
      "something follows a boundary" },
    { "a boundary and one dash", B "\r\n" PART("model") "m\r\n" B "-\r\n",
      "something follows a boundary" },
    { "a boundary without its line feed", B "\rx",
      "something follows a boundary" },
    { "a part without a header", B "\r\n\r\nm\r\n" B "--",
      "a part has no plain name" },
    { "a part without a name",
      B "\r\nContent-Disposition: form-data\r\n\r\nm\r\n" B "--",
      "a part has no plain name" },
    { "a part with two names",
      B "\r\nContent-Disposition: form-data; name=a; Name=model\r\n\r\nm\r\n" B
        "--",
      "a part has no plain name" },
    { "an encoded name",
      B "\r\nContent-Disposition: form-data; name=a; name*=UTF-8''model\r\n\r\n"
        "m\r\n" B "--",
      "a part has no plain name" },
    { "a part that says twice what it is",
      B "\r\nContent-Disposition: form-data; name=a\r\n"
        "Content-Disposition: form-data; name=model\r\n\r\nm\r\n" B "--",
      "a part is no form-data" },
    { "an attachment",
      B "\r\nContent-Disposition: attachment; name=model\r\n\r\nm\r\n" B "--",
      "a part is no form-data" },
    { "a folded line",
      B "\r\nContent-Disposition: form-data;\r\n name=model\r\n\r\nm\r\n" B
        "--",
      "a part has no plain name" },
    { "a folded line behind the name",
      B "\r\nContent-Disposition: form-data; name=a\r\n ; name=model\r\n\r\n" B
        "--",
      "a line of a part's header is folded" },
    { "a line feed alone",
      B "\r\nContent-Disposition: form-data; name=model\n\r\nm\r\n" B "--",
      "a line of a part's header ends without CR" },
    { "a carriage return alone",
      B "\r\nContent-Disposition: form-data; name=a\r\rb\r\n\r\n" B "--",
      "a CR stands in a part's header" },
};


/* A piece in a block of its own, so that ASan sees a read beyond it. */
static void
feed(nt_form_scan_t *scan, const char *data, size_t len)
{
    char *piece = malloc(len != 0 ? len : 1);

    if (piece == NULL) {
        abort();
    }

    memcpy(piece, data, len);
    (void) nt_form_scan_feed(scan, piece, len);
    free(piece);
}


/* The body cut at `a` and `b`, or in pieces of one byte when `single`. */
static void
outcome(nt_buf_t *text, const char *body, size_t len, size_t a, size_t b,
        bool single)
{
    nt_form_scan_t  scan;
    nt_form_field_t fields[] = { { .name = "file" },
                                 { .name = "model" },
                                 { .name = "stream" } };

    nt_buf_reset(text);
    nt_form_scan_init(&scan, NT_STR("x-y"), fields, 3);

    if (single) {
        for (size_t i = 0; i < len; i++) {
            feed(&scan, body + i, 1);
        }

    } else {
        feed(&scan, body, a);
        feed(&scan, body + a, b - a);
        feed(&scan, body + b, len - b);
    }

    if (nt_form_scan_end(&scan) != NT_OK) {
        nt_buf_append_str(text, nt_str(nt_form_scan_error(&scan)));
        return;
    }

    for (size_t i = 0; i < 3; i++) {
        if (fields[i].parts > 0) {
            nt_buf_printf(text, "%s=%.*s*%u", fields[i].name,
                          (int) (fields[i].end - fields[i].start),
                          body + fields[i].start, fields[i].parts);

            if (fields[i].value_len != fields[i].end - fields[i].start ||
                memcmp(fields[i].value, body + fields[i].start,
                       fields[i].value_len) != 0)
            {
                nt_buf_append_str(text, NT_STR("?"));
            }
        }
    }

    nt_buf_printf(text, "<%llu",
                  (unsigned long long) nt_form_scan_first(&scan));
}


static void
test_case(const case_t *c)
{
    size_t   len = strlen(c->body);
    bool     good = true;
    nt_buf_t text = { 0 };

    outcome(&text, c->body, len, len, len, false);
    is_str((nt_str_t) { text.data, text.len }, c->want, c->name);

    outcome(&text, c->body, len, 0, 0, true);
    is_str((nt_str_t) { text.data, text.len }, c->want, " byte by byte");

    for (size_t a = 0; a <= len; a++) {
        for (size_t b = a; b <= len; b += 1 + (b - a) / 8) {
            outcome(&text, c->body, len, a, b, false);
            good = good && strlen(c->want) == text.len &&
                   memcmp(text.data, c->want, text.len) == 0;
        }
    }

    ok(good, " cut anywhere");
    nt_buf_free(&text);
}


/* Names and values that are longer than what is kept. */
static void
test_long(void)
{
    nt_buf_t        body = { 0 };
    nt_form_scan_t  scan;
    nt_form_field_t field = { .name = "model" };

    nt_buf_append_str(&body, NT_STR(B "\r\nX: "));
    for (int i = 0; i < NT_FORM_LINE_MAX; i++) {
        nt_buf_append_char(&body, 'x');
    }
    nt_buf_append_str(&body, NT_STR("\r\n" PART("model")));
    for (int i = 0; i < NT_FORM_VALUE_MAX + 1; i++) {
        nt_buf_append_char(&body, 'y');
    }
    nt_buf_append_str(&body, NT_STR("\r\n" B "--"));

    nt_form_scan_init(&scan, NT_STR("x-y"), &field, 1);
    feed(&scan, body.data, body.len);
    is_int(nt_form_scan_end(&scan), NT_OK, "a long line of a header");
    ok(field.truncated, "a long value is cut");
    is_int((long long) field.value_len, NT_FORM_VALUE_MAX, " to its start");
    is_int((long long) (field.end - field.start), NT_FORM_VALUE_MAX + 1,
           " but it is known where it ends");

    nt_buf_reset(&body);
    nt_buf_append_str(&body,
                      NT_STR(B
                             "\r\nContent-Disposition: form-data; filename="));
    for (int i = 0; i < NT_FORM_LINE_MAX; i++) {
        nt_buf_append_char(&body, 'x');
    }
    nt_buf_append_str(&body, NT_STR("; name=model\r\n\r\nm\r\n" B "--"));

    nt_form_scan_init(&scan, NT_STR("x-y"), &field, 1);
    feed(&scan, body.data, body.len);
    is_int(nt_form_scan_end(&scan), NT_ERROR, "a name too far behind");
    is_str(nt_str(nt_form_scan_error(&scan)),
           "the header of a part is too long", " is an error");

    nt_buf_free(&body);
}


int
main(void)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        test_case(&cases[i]);
    }

    test_long();

    return done();
}
