#include "core/nt_json_scan.h"
#include "core/nt_buf.h"
#include "t/core/tap.h"

#define N_FIELDS 7

typedef struct {
    nt_rc_t         rc;
    nt_json_type_t  root;
    const char     *error;
    uint32_t        line;
    uint32_t        column;
    nt_json_field_t fields[N_FIELDS];
} outcome_t;

static const char *const paths[N_FIELDS] = { "model", "stream", "messages", "o",
                                             "o.i",   "o.i.x",  "o.j" };


/* A piece in a block of its own, so that ASan sees a read beyond it. */
static nt_rc_t
feed(nt_json_scan_t *scan, const char *data, size_t len)
{
    char   *piece = malloc(len != 0 ? len : 1);
    nt_rc_t rc;

    if (piece == NULL) {
        abort();
    }

    memcpy(piece, data, len);
    rc = nt_json_scan_feed(scan, piece, len);
    free(piece);

    return rc;
}


/* The input in pieces: cut at `a` and `b`, or of one byte each when `a` is
 * SIZE_MAX. */
static void
parse(outcome_t *out, nt_str_t in, size_t a, size_t b)
{
    nt_json_scan_t scan;

    memset(out, 0, sizeof(outcome_t));
    for (size_t i = 0; i < N_FIELDS; i++) {
        out->fields[i].path = paths[i];
    }

    nt_json_scan_init(&scan, out->fields, N_FIELDS);

    if (a == SIZE_MAX) {
        for (size_t i = 0; i < in.len; i++) {
            feed(&scan, in.data + i, 1);
        }
    } else {
        feed(&scan, in.data, a);
        feed(&scan, in.data + a, b - a);
        feed(&scan, in.data + b, in.len - b);
    }

    out->rc = nt_json_scan_end(&scan);
    out->root = nt_json_scan_root(&scan);
    out->error = nt_json_scan_error(&scan, &out->line, &out->column);
}


static bool
same(const outcome_t *a, const outcome_t *b)
{
    if (a->rc != b->rc || a->root != b->root || a->error != b->error ||
        a->line != b->line || a->column != b->column)
    {
        return false;
    }

    for (size_t i = 0; i < N_FIELDS; i++) {
        const nt_json_field_t *f = &a->fields[i], *g = &b->fields[i];

        if (f->type != g->type) {
            return false;
        }

        if (f->type != NT_JSON_ABSENT &&
            (f->truncated != g->truncated || f->count != g->count ||
             f->start != g->start || f->end != g->end ||
             f->key_start != g->key_start || f->value_len != g->value_len ||
             memcmp(f->value, g->value, f->value_len) != 0))
        {
            return false;
        }
    }

    return true;
}


/* Parses the whole; false when some split gives another outcome. */
static bool
parse_all(outcome_t *out, nt_str_t in)
{
    outcome_t split;

    parse(out, in, in.len, in.len);
    parse(&split, in, SIZE_MAX, 0);
    if (!same(out, &split)) {
        diag("byte by byte differs");
        return false;
    }

    for (size_t a = 0; a <= in.len; a++) {
        for (size_t b = a; b <= in.len; b += in.len > 100 ? 7 : 1) {
            parse(&split, in, a, b);
            if (!same(out, &split)) {
                diag("cuts at %zu and %zu differ", a, b);
                return false;
            }
        }
    }

    return true;
}


static void
test_good(void)
{
    static const nt_str_t rows[] = {
        NT_STR("{}"),
        NT_STR("[]"),
        NT_STR(" \t\r\n{ } "),
        NT_STR("null"),
        NT_STR("true"),
        NT_STR("false "),
        NT_STR("0"),
        NT_STR("-0"),
        NT_STR("-0.0e-10"),
        NT_STR("123.456E+7"),
        NT_STR("[1,2.5,-3e2,0]"),
        NT_STR("\"\""),
        NT_STR("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\uD83D\\uDE00\""),
        NT_STR("\"\\ud800\""),
        NT_STR("\"\\udc00\\ud800x\\ud800\\n\""),
        NT_STR("\"\x7f \xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80"
               " \xef\xbf\xbf \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf\""),
        NT_STR("{\"a\":{\"b\":[{\"c\":[[[null,{}]]]}]},\"\":\"\",\"a\":1}"),
        NT_STR("[[],{},\"a\",1,true,false,null]")
    };

    outcome_t out;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool good = parse_all(&out, rows[i]);

        if (out.rc != NT_OK) {
            diag("%s at %u:%u", out.error, out.line, out.column);
        }

        ok(good && out.rc == NT_OK && out.error == NULL, "good, number %zu", i);
    }
}


static void
test_bad(void)
{
    static const struct {
        nt_str_t    in;
        const char *error;
        uint32_t    line;
        uint32_t    column;
    } rows[] = {
        { NT_STR(""), "the document is empty", 1, 1 },
        { NT_STR(" \n "), "the document is empty", 2, 2 },
        { NT_STR("{"), "the document is cut off", 1, 2 },
        { NT_STR("[1"), "the document is cut off", 1, 3 },
        { NT_STR("\"abc"), "the document is cut off", 1, 5 },
        { NT_STR("-"), "the document is cut off", 1, 2 },
        { NT_STR("1."), "the document is cut off", 1, 3 },
        { NT_STR("tru"), "the document is cut off", 1, 4 },
        { NT_STR("\"\xe2\x82"), "the document is cut off", 1, 4 },
        { NT_STR("{\n  \"a\": 1,\n  b: 2\n}"), "expected a name in quotes", 3,
          3 },
        { NT_STR("{\"a\" 1}"), "expected \":\"", 1, 6 },
        { NT_STR("{\"a\":1,}"), "expected a name in quotes", 1, 8 },
        { NT_STR("{,}"), "expected a name in quotes", 1, 2 },
        { NT_STR("[1,]"), "expected a value", 1, 4 },
        { NT_STR("[,1]"), "expected a value", 1, 2 },
        { NT_STR("[1 2]"), "expected \",\" or \"]\"", 1, 4 },
        { NT_STR("{\"a\":1 \"b\":2}"), "expected \",\" or \"}\"", 1, 8 },
        { NT_STR("[1}"), "expected \",\" or \"]\"", 1, 3 },
        { NT_STR("{\"a\":1]"), "expected \",\" or \"}\"", 1, 7 },
        { NT_STR("[}"), "expected a value", 1, 2 },
        { NT_STR("]"), "expected a value", 1, 1 },
        { NT_STR("{} {}"), "text after the end of the document", 1, 4 },
        { NT_STR("1 2"), "text after the end of the document", 1, 3 },
        { NT_STR("nul1"), "expected true, false or null", 1, 4 },
        { NT_STR("True"), "expected a value", 1, 1 },
        { NT_STR("NaN"), "expected a value", 1, 1 },
        { NT_STR("'a'"), "expected a value", 1, 1 },
        { NT_STR("01"), "text after the end of the document", 1, 2 },
        { NT_STR("[01]"), "expected \",\" or \"]\"", 1, 3 },
        { NT_STR("[-a]"), "malformed number", 1, 3 },
        { NT_STR("[1.]"), "malformed number", 1, 4 },
        { NT_STR("[.5]"), "expected a value", 1, 2 },
        { NT_STR("[+1]"), "expected a value", 1, 2 },
        { NT_STR("[1e]"), "malformed number", 1, 4 },
        { NT_STR("[1e+]"), "malformed number", 1, 5 },
        { NT_STR("[1.2.3]"), "expected \",\" or \"]\"", 1, 5 },
        { NT_STR("\"a\nb\""), "control character in a string", 1, 3 },
        { NT_STR("\"a\0b\""), "control character in a string", 1, 3 },
        { NT_STR("\"\\x\""), "unknown escape in a string", 1, 3 },
        { NT_STR("\"\\u12g4\""), "expected four hex digits after \\u", 1, 6 },
        { NT_STR("\"\\u123\""), "expected four hex digits after \\u", 1, 7 },
        { NT_STR("\xef\xbb\xbf{}"), "expected a value", 1, 1 },
        { NT_STR("{\"\xff\":1}"), "invalid UTF-8", 1, 3 },
        { NT_STR("\"12345678\xff\""), "invalid UTF-8", 1, 10 },
        { NT_STR("\"\x80\""), "invalid UTF-8", 1, 2 },
        { NT_STR("\"\xc0\xaf\""), "invalid UTF-8", 1, 2 },
        { NT_STR("\"\xe0\x80\x80\""), "invalid UTF-8", 1, 2 },
        { NT_STR("\"\xed\xa0\x80\""), "invalid UTF-8", 1, 2 },
        { NT_STR("\"\xf4\x90\x80\x80\""), "invalid UTF-8", 1, 2 },
        { NT_STR("\"\xf0\x9f\x98\""), "invalid UTF-8", 1, 2 },
        { NT_STR("[1]\n\n\n x"), "text after the end of the document", 4, 2 },
        { NT_STR("[1,\r\n 2,\r\n x]"), "expected a value", 3, 2 }
    };

    outcome_t out;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool good = parse_all(&out, rows[i].in);

        if (out.error == NULL || strcmp(out.error, rows[i].error) != 0 ||
            out.line != rows[i].line || out.column != rows[i].column)
        {
            diag("got %s at %u:%u, want %s at %u:%u",
                 out.error ? out.error : "no error", out.line, out.column,
                 rows[i].error, rows[i].line, rows[i].column);
            good = false;
        }

        ok(good && out.rc == NT_ERROR, "bad, number %zu: %s", i, rows[i].error);
    }
}


static void
test_depth(void)
{
    char      deep[2 * (NT_JSON_DEPTH_MAX + 1)];
    size_t    half = NT_JSON_DEPTH_MAX + 1;
    outcome_t out;

    memset(deep, '[', half);
    memset(deep + half, ']', half);
    parse(&out, (nt_str_t) { deep, sizeof(deep) }, 1, 2);
    ok(out.rc == NT_ERROR && out.column == half, "one level too deep");
    is_str(nt_str(out.error), "too deeply nested", "says so");

    parse(&out, (nt_str_t) { deep + 1, sizeof(deep) - 2 }, 1, 2);
    ok(out.rc == NT_OK, "the deepest");
}


/* Writes the fields down as NAME=TYPE(value|count)@start-end/key_start. */
static void
describe(nt_buf_t *buf, const outcome_t *out, nt_str_t in)
{
    static const char *const types[] = { "",  "null", "false", "true",
                                         "n", "s",    "a",     "o" };

    for (size_t i = 0; i < N_FIELDS; i++) {
        const nt_json_field_t *f = &out->fields[i];

        if (f->type == NT_JSON_ABSENT) {
            continue;
        }

        nt_buf_printf(buf, "%s%s=%s", buf->len == 0 ? "" : " ", f->path,
                      types[f->type]);
        if (f->type >= NT_JSON_ARRAY) {
            nt_buf_printf(buf, "(%u)", f->count);
        } else if (f->type >= NT_JSON_NUMBER) {
            nt_buf_printf(buf, "(%.*s)", (int) f->value_len, f->value);
        }

        if (f->end > in.len || f->start >= f->end || f->key_start >= f->start ||
            in.data[f->key_start] != '"')
        {
            nt_buf_printf(buf, " bad offsets!");
        } else {
            nt_buf_printf(buf, "<%.*s>", (int) (f->end - f->start),
                          in.data + f->start);
        }
    }
}


static void
test_fields(void)
{
    static const struct {
        const char *in;
        const char *want;
    } rows[] = {
        { "{}", "" },
        { "[{\"model\":1}]", "" },
        { "{\"model\":\"gpt\",\"stream\":true}",
          "model=s(gpt)<\"gpt\"> stream=true<true>" },
        { "{ \"stream\" : false , \"model\" : null }",
          "model=null<null> stream=false<false>" },
        { "{\"model\":-1.5e3}", "model=n(-1.5e3)<-1.5e3>" },
        { "{\"model\":12 }", "model=n(12)<12>" },
        { "{\"m\\u006fdel\":\"\\u0067p\\t\"}",
          "model=s(gp\t)<\"\\u0067p\\t\">" },
        { "{\"model\":\"\\ud83d\\ude00\\ud800x\\udc00\"}",
          "model=s(😀\xef\xbf\xbdx\xef\xbf\xbd)"
          "<\"\\ud83d\\ude00\\ud800x\\udc00\">" },
        { "{\"model\":1,\"model\":\"b\"}", "model=s(b)<\"b\">" },
        { "{\"models\":1,\"mode\":2,\"\":3,\"Model\":4}", "" },
        { "{\"x\":{\"model\":1},\"y\":[{\"model\":1}]}", "" },
        { "{\"messages\":[]}", "messages=a(0)<[]>" },
        { "{\"messages\":[1,[2,3],{\"a\":4}]}",
          "messages=a(3)<[1,[2,3],{\"a\":4}]>" },
        { "{\"o\":{}}", "o=o(0)<{}>" },
        { "{\"o\":{\"i\":{\"x\":1},\"j\":2}}",
          "o=o(2)<{\"i\":{\"x\":1},\"j\":2}> o.i=o(1)<{\"x\":1}> o.i.x=n(1)<1> "
          "o.j=n(2)<2>" },
        { "{\"o.j\":1,\"o\":{\"i.x\":2}}", "o=o(1)<{\"i.x\":2}>" },
        { "{\"o\":{\"j\":1,\"i\":{\"x\":2}},\"o\":{}}", "o=o(0)<{}>" },
        { "{\"o\":{\"j\":1},\"o\":[1]}", "o=a(1)<[1]>" },
        { "{\"o\":[{\"j\":1}],\"j\":2,\"x\":3}", "o=a(1)<[{\"j\":1}]>" },
        { "{\"o\":{\"i\":{\"i\":1,\"j\":2},\"j\":{\"x\":1}},\"i\":{\"x\":1}}",
          "o=o(2)<{\"i\":{\"i\":1,\"j\":2},\"j\":{\"x\":1}}> "
          "o.i=o(2)<{\"i\":1,\"j\":2}> o.j=o(1)<{\"x\":1}>" },
        { "{\"o\":{\"z\":{\"j\":1},\"i\":{\"z\":0},\"j\":3},\"model\":4}",
          "model=n(4)<4> o=o(3)<{\"z\":{\"j\":1},\"i\":{\"z\":0},\"j\":3}> "
          "o.i=o(1)<{\"z\":0}> o.j=n(3)<3>" }
    };

    nt_buf_t  buf = { 0 };
    outcome_t out;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        nt_str_t in = nt_str(rows[i].in);
        bool     good = parse_all(&out, in);

        nt_buf_reset(&buf);
        describe(&buf, &out, in);
        is_str((nt_str_t) { buf.data, buf.len }, rows[i].want, rows[i].in);
        ok(good && out.rc == NT_OK, "at every split");
    }

    nt_buf_free(&buf);
}


static void
test_truncated(void)
{
    char      in[2 * NT_JSON_VALUE_MAX], format[64];
    int       len;
    outcome_t out;

    for (int n = NT_JSON_VALUE_MAX - 4; n <= NT_JSON_VALUE_MAX + 1; n++) {
        const nt_json_field_t *f = &out.fields[0];
        size_t                 whole = (size_t) n + 3, kept;

        snprintf(format, sizeof(format), "{\"model\":\"%%0%dd€\"}", n);
        len = snprintf(in, sizeof(in), format, 0);
        kept = whole <= NT_JSON_VALUE_MAX       ? whole
               : (size_t) n < NT_JSON_VALUE_MAX ? (size_t) n
                                                : NT_JSON_VALUE_MAX;

        ok(parse_all(&out, (nt_str_t) { in, (size_t) len }) &&
               f->value_len == kept &&
               f->truncated == (whole > NT_JSON_VALUE_MAX) &&
               f->end == (uint64_t) len - 1,
           "a string of %zu bytes that ends with a character of 3", whole);
    }
}


static void
test_root(void)
{
    nt_json_scan_t scan;

    nt_json_scan_init(&scan, NULL, 0);
    is_int(nt_json_scan_root(&scan), NT_JSON_ABSENT, "no root yet");
    nt_json_scan_feed(&scan, " [", 2);
    is_int(nt_json_scan_root(&scan), NT_JSON_ARRAY, "root is an array");
    is_int(nt_json_scan_feed(&scan, "}", 1), NT_ERROR, "an error");
    is_int(nt_json_scan_feed(&scan, "]", 1), NT_ERROR, "stays");
    is_int(nt_json_scan_end(&scan), NT_ERROR, "to the end");
}


int
main(void)
{
    test_good();
    test_bad();
    test_depth();
    test_fields();
    test_truncated();
    test_root();

    return done();
}
