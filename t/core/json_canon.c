/*
 * One form for what says the same: by table, and of documents made by chance
 * and written in two ways.
 */

#include "core/nt_json_canon.h"
#include "core/nt_json_scan.h"
#include "t/core/tap.h"

typedef struct {
    const char *document;
    const char *form; /* NULL: refused */
    const char *name;
} row_t;

static const row_t rows[] = {
    { " { \"b\" : [ 1 , 2 ] ,\n\t\"a\" : null } ",
      "{\"a\":null,\"b\":[1e0,2e0]}", "white space, and order of members" },
    { "{}", "{}", "an empty object" },
    { "[]", "[]", "an empty array" },
    { "{\"a\":{\"d\":1,\"c\":{\"f\":true,\"e\":false}}}",
      "{\"a\":{\"c\":{\"e\":false,\"f\":true},\"d\":1e0}}", "objects within" },
    { "[3,1,2]", "[3e0,1e0,2e0]", "arrays keep their order" },
    { "\"a\\u0041\\u00e4\\ud83d\\ude00\\/\\n\\u000a\"",
      "\"aA\xc3\xa4\xf0\x9f\x98\x80/\\n\\n\"", "escapes" },
    { "\"\xc3\xa4\xf0\x9f\x98\x80\"", "\"\xc3\xa4\xf0\x9f\x98\x80\"", "UTF-8" },
    { "\"\\\"\\\\\"", "\"\\\"\\\\\"", "escapes that must stay" },
    { "{\"\\u0061\":1}", "{\"a\":1e0}", "escapes in names" },
    { "1", "1e0", "1" },
    { "1.0", "1e0", "1.0" },
    { "10e-1", "1e0", "10e-1" },
    { "0.01E+2", "1e0", "0.01E+2" },
    { "100", "1e2", "100" },
    { "-0.50", "-5e-1", "-0.50" },
    { "0", "0", "0" },
    { "-0.0e5", "0", "-0.0e5" },
    { "9007199254740993", "9007199254740993e0", "more than a double has" },
    { "0.1", "1e-1", "0.1" },
    { "0.1000000000000000055", "1000000000000000055e-19",
      "what a double takes for 0.1 is another number" },
    { "1.0e999999999999", "1.0e999999999999", "an exponent without measure" },
    { "{\"a\":1,\"a\":1}", NULL, "a member twice" },
    { "{\"a\":{\"b\":1,\"c\":2,\"b\":3}}", NULL, "also further in" },
    { "{\"a\":1,\"\\u0061\":1}", NULL, "also spelt otherwise" },
    { "\"\\ud83d\"", NULL, "half a surrogate" },
    { "\"\\ud83d\\u0041\"", NULL, "and another character" },
    { "\"\\ude00\"", NULL, "the other half" },
    { "", NULL, "nothing" },
    { "{\"a\":1", NULL, "cut off" },
    { "{\"a\" 1}", NULL, "no colon" },
    { "{,}", NULL, "no member" },
    { "[1,]", NULL, "no element" },
    { "1 2", NULL, "two documents" },
    { "tru", NULL, "half a literal" },
    { "-", NULL, "half a number" },
};


static void
table(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        nt_buf_t out = { 0 };
        nt_rc_t  rc;
        size_t   len = strlen(rows[i].document);
        char    *copy = malloc(len + 1); /* ASan sees a read beyond it */

        if (copy == NULL) {
            abort();
        }

        memcpy(copy, rows[i].document, len);
        rc = nt_json_canon(&out, (nt_str_t) { copy, len }, NULL, 0);

        if (rows[i].form == NULL) {
            ok(rc == NT_ERROR, "refused: %s", rows[i].name);
        } else if (ok(rc == NT_OK, "taken: %s", rows[i].name)) {
            is_str((nt_str_t) { out.data, out.len }, rows[i].form,
                   rows[i].name);
        }

        nt_buf_free(&out);
        free(copy);
    }
}


static void
depth(void)
{
    char     text[2 * NT_JSON_CANON_DEPTH + 2];
    nt_buf_t out = { 0 };

    memset(text, '[', NT_JSON_CANON_DEPTH + 1);
    memset(text + NT_JSON_CANON_DEPTH + 1, ']', NT_JSON_CANON_DEPTH + 1);

    ok(nt_json_canon(&out, (nt_str_t) { text + 1, 2 * NT_JSON_CANON_DEPTH },
                     NULL, 0) == NT_OK,
       "as deep as it may be");
    ok(nt_json_canon(&out, (nt_str_t) { text, sizeof(text) }, NULL, 0) ==
           NT_ERROR,
       "and deeper");

    nt_buf_free(&out);
}


static void
drops(void)
{
    static const nt_json_drop_t drop[] = { { "user", NULL },
                                           { "n", "1e0" },
                                           { NULL, "null" } };
    static const struct {
        const char *document;
        const char *form;
        const char *name;
    } cases[] = {
        { "{\"user\":\"x\",\"a\":1}", "{\"a\":1e0}", "a member by name" },
        { "{\"a\":{\"user\":1,\"b\":null}}",
          "{\"a\":{\"b\":null,\"user\":1e0}}", "not further in" },
        { "{\"n\":1.0,\"m\":1}", "{\"m\":1e0}", "by name and value" },
        { "{\"n\":2}", "{\"n\":2e0}", "not with another value" },
        { "{\"x\":null,\"y\":[]}", "{\"y\":[]}", "by value" },
        { "{\"user\":1,\"n\":1}", "{}", "all of them" },
        { "{\"user\":1,\"user\":2}", NULL, "a member that stands twice" },
        { "{\"x\":null,\"x\":2}", NULL, "once dropped, once not" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        nt_buf_t out = { 0 };
        nt_rc_t  rc = nt_json_canon(&out, nt_str(cases[i].document), drop, 3);

        if (cases[i].form == NULL) {
            ok(rc == NT_ERROR, "refused: %s", cases[i].name);
        } else {
            is_str((nt_str_t) { out.data, out.len }, cases[i].form,
                   cases[i].name);
        }

        nt_buf_free(&out);
    }
}


/* --- documents by chance --- */

static uint32_t seed = 1;


static unsigned
chance(unsigned n)
{
    seed = seed * 1664525u + 1013904223u;

    return (seed >> 16) % n;
}


static void
space(nt_buf_t *out, bool odd)
{
    while (odd && chance(3) == 0) {
        nt_buf_append_char(out, " \t\n\r"[chance(4)]);
    }
}


static void
put_string(nt_buf_t *out, unsigned what, bool odd)
{
    static const char *const chars[] = {
        "a", "\\n",          "\xc3\xa4", "\\\"", "\\u001f",
        "/", "\xe2\x82\xac", "z",        "\\\\"
    };
    static const char *const others[] = { "\\u0061", "\\u000A", "\\u00E4",
                                          "\\u0022", "\\u001F", "\\/",
                                          "\\u20ac", "\\u007a", "\\u005c" };

    nt_buf_append_char(out, '"');

    for (; what > 0; what /= 9) {
        const char *text =
            odd && chance(2) ? others[what % 9] : chars[what % 9];

        nt_buf_append(out, text, strlen(text));
    }

    nt_buf_append_char(out, '"');
}


static void
put_number(nt_buf_t *out, unsigned what, bool odd)
{
    if (!odd) {
        nt_buf_printf(out, "%u.%02u", what / 100, what % 100);
        return;
    }

    switch (chance(4)) {
    case 0:
        nt_buf_printf(out, "%u.%02u00", what / 100, what % 100);
        break;
    case 1:
        nt_buf_printf(out, "%ue-2", what);
        break;
    case 2:
        nt_buf_printf(out, "%u00E-04", what);
        break;
    default:
        nt_buf_printf(out, "0.%06ue+%u", what, 4);
    }
}


/* The same value of the same `id`; spelt as chance has it when `odd`. */
static void
put_value(nt_buf_t *out, unsigned id, unsigned depth, bool odd)
{
    unsigned what = id % 7, n = id / 7 % 5, shift;

    space(out, odd);

    if (depth == 0 && what < 4) {
        what = 4;
    }

    switch (what) {
    case 0:
    case 1:
        nt_buf_append_char(out, '{');
        shift = odd && n > 0 ? chance(n) : 0;

        for (unsigned i = 0; i < n; i++) {
            unsigned member = (i + shift) % n;

            if (i > 0) {
                nt_buf_append_char(out, ',');
            }

            space(out, odd);
            put_string(out, 10 + member * 31 + id % 3, odd);
            space(out, odd);
            nt_buf_append_char(out, ':');
            put_value(out, id * 5 + member * 3 + 1, depth - 1, odd);
        }

        nt_buf_append_char(out, '}');
        break;
    case 2:
    case 3:
        nt_buf_append_char(out, '[');

        for (unsigned i = 0; i < n; i++) {
            if (i > 0) {
                nt_buf_append_char(out, ',');
            }

            put_value(out, id * 5 + i * 3 + 2, depth - 1, odd);
        }

        nt_buf_append_char(out, ']');
        break;
    case 4:
        put_string(out, id % 5000, odd);
        break;
    case 5:
        put_number(out, id % 100000, odd);
        break;
    default:
        nt_buf_append_str(out, id % 2 ? NT_STR("true") : NT_STR("null"));
    }

    space(out, odd);
}


static bool
same(const nt_buf_t *a, const nt_buf_t *b)
{
    return nt_str_eq((nt_str_t) { a->data, a->len },
                     (nt_str_t) { b->data, b->len });
}


static void
by_chance(void)
{
    unsigned bad = 0, twice = 0, invalid = 0, equal = 0, documents = 0;

    for (unsigned id = 0; id < 7000; id++) {
        nt_buf_t       plain = { 0 }, odd = { 0 }, other = { 0 };
        nt_buf_t       form = { 0 }, form2 = { 0 }, form3 = { 0 };
        nt_json_scan_t scan;

        put_value(&plain, id, 4, false);
        put_value(&odd, id, 4, true);
        put_value(&other, id + 7 * 5 * 9 * 4, 4, false);

        if (nt_json_canon(&form, (nt_str_t) { plain.data, plain.len }, NULL,
                          0) == NT_OK)
        {
            documents++;
            bad += nt_json_canon(&form2, (nt_str_t) { odd.data, odd.len }, NULL,
                                 0) != NT_OK ||
                   !same(&form, &form2);

            nt_buf_reset(&form2);
            twice += nt_json_canon(&form2, (nt_str_t) { form.data, form.len },
                                   NULL, 0) != NT_OK ||
                     !same(&form, &form2);

            nt_json_scan_init(&scan, NULL, 0);
            nt_json_scan_feed(&scan, form.data, form.len);
            invalid += nt_json_scan_end(&scan) != NT_OK;

            equal += !same(&plain, &other) &&
                     nt_json_canon(&form3, (nt_str_t) { other.data, other.len },
                                   NULL, 0) == NT_OK &&
                     same(&form, &form3);
        }

        nt_buf_free(&plain);
        nt_buf_free(&odd);
        nt_buf_free(&other);
        nt_buf_free(&form);
        nt_buf_free(&form2);
        nt_buf_free(&form3);
    }

    ok(documents > 5000, "documents by chance");
    is_int(bad, 0, "however they are spelt, the form is the same");
    is_int(twice, 0, "the form of a form is itself");
    is_int(invalid, 0, "and is valid JSON");
    is_int(equal, 0, "other documents have another one");
}


int
main(void)
{
    table();
    depth();
    drops();
    by_chance();

    return done();
}
