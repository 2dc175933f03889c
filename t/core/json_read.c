/* What nt_json_read reads is what jansson reads; the rest it leaves to it. */

#include "core/llm/nt_json_write.h"
#include "core/llm/nt_json_read.h"
#include "t/core/tap.h"

static const char *const good[] = {
    "null",
    "true",
    " false ",
    "[]",
    "{}",
    " [ ] ",
    "\n{\r\n}\t",
    "0",
    "-0",
    "7",
    "-12",
    "123456789012345678",
    "-123456789012345678",
    "0.5",
    "-0.0",
    "1e3",
    "1E+3",
    "1e-3",
    "12.25e2",
    "1.7976931348623157e308",
    "\"\"",
    "\"plain\"",
    "\"eight by\"",
    "\"eight byt\"",
    "\"quote \\\" in\"",
    "\"\\\\ \\/ \\b \\f \\n \\r \\t\"",
    "\"\\u0041\\u00f6\\u20ac\"",
    "\"\\ud83d\\ude00\"",
    "\"\\uD83D\\uDE00\\u00FF\"",
    "\"\xc3\xb6 \xe2\x82\xac \xf0\x9f\x98\x80 \xef\xbf\xbf\"",
    "\"12345678\xc3\xb6 12345678\\n12345678\xf0\x9f\x98\x80\"",
    "\"\x7f\"",
    "[1, 2.5, \"three\", [4], {\"five\": 6}, null, true, false]",
    "{\"a\": 1, \"b\": {\"c\": [ ]}, \"\": \"\"}",
    "{\"a\": 1, \"b\": 2, \"a\": 3}", /* the last one, in the first's place */
    "{\"k\\u0065y\": \"v\\u0061lue\", \"\\n\": {\"\\t\": \"\\r\"}}",
    "{\"a name with an escape \\n that is longer than the reader's own room, "
    "which is sixty-four bytes\": \"\\n\"}",
};

/* Not JSON, or beyond what is read without jansson. */
static const char *const odd[] = {
    "",
    " ",
    "nul",
    "nulll",
    "truefalse",
    "[",
    "]",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "{",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":1",
    "{\"a\":1,}",
    "{a:1}",
    "{1:1}",
    "{\"a\" 1}",
    "{\"a\":1 \"b\":2}",
    "{,}",
    "[}",
    "{]",
    "01",
    "-",
    "-01",
    "+1",
    ".5",
    "1.",
    "1.e3",
    "1e",
    "1e+",
    "0x10",
    "1 2",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "1e-999",
    "1234567890123456789",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "0.1234567890123456789012345678901234567890123",
    "\"",
    "\"a",
    "\"\\\"",
    "\"\\x\"",
    "\"\\u\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\ud800x\"",
    "\"\\ud800\\n\"",
    "\"\\ud800\\u0041\"",
    "\"\\udc00\"",
    "\"\\ud800\\ud800\"",
    "\"tab\there\"",
    "\"nl\n\"",
    "\"\x01\"",
    "\"\xff\"",
    "\"\xc3\"",
    "\"\xc0\x80\"",
    "\"\xed\xa0\x80\"",
    "\"\xf4\x90\x80\x80\"",
    "{\"\\u0000\":1}",
    "{\"\xff\":1}",
    "\xef\xbb\xbf{}",
    "// 1",
    "[1] x",
    "'a'",
    "\v1",
};


/* What the reader makes of a text; it is given without what follows it. */
static json_t *
read_text(const char *text, size_t len)
{
    char   *copy = malloc(len > 0 ? len : 1);
    json_t *value;

    memcpy(copy, text, len);
    value = nt_json_read(copy, len);
    free(copy);

    return value;
}


/* Read as jansson does, order and all, or not at all. */
static bool
agrees(const char *text, size_t len, bool *was_read)
{
    bool    same;
    char   *mine, *theirs;
    json_t *value = read_text(text, len);
    json_t *other;

    *was_read = value != NULL;
    if (value == NULL) {
        return true;
    }

    other = json_loadb(text, len, JSON_DECODE_ANY, NULL);
    mine = nt_json_text(value);
    theirs = nt_json_text(other);
    same =
        other != NULL && json_equal(value, other) && strcmp(mine, theirs) == 0;
    if (!same) {
        diag("%.*s: %s, not %s", (int) len, text, mine, theirs);
    }

    free(mine);
    free(theirs);
    json_decref(value);
    json_decref(other);

    return same;
}


static void
tables(void)
{
    bool was_read;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ok(agrees(good[i], strlen(good[i]), &was_read) && was_read, "read: %s",
           good[i]);
    }

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        ok(agrees(odd[i], strlen(odd[i]), &was_read) && !was_read,
           "left to jansson: %zu", i);
    }

    ok(read_text("\"a\0b\"", 5) == NULL, "a NUL in a text");
    ok(read_text("1\0", 2) == NULL, "a NUL behind it");
}


/* Each good text with each byte cut off, and with each byte changed. */
static void
damage(void)
{
    static const char bytes[] = "\"\\{}[],:0e.-x \n\x80\xc3\x01";
    bool              was_read, all = true;
    char              text[256];
    size_t            len, n = 0;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        len = strlen(good[i]);
        for (size_t at = 0; at < len; at++) {
            all = agrees(good[i], at, &was_read) && all;
            for (const char *b = bytes; *b != '\0'; b++, n++) {
                memcpy(text, good[i], len);
                text[at] = *b;
                all = agrees(text, len, &was_read) && all;
            }
        }
    }

    ok(all, "damaged texts: %zu", n);
}


static void
depth(void)
{
    char    text[4096];
    json_t *value;

    memset(text, '[', 128);
    memset(text + 128, ']', 128);
    value = read_text(text, 256);
    ok(value != NULL, "128 levels");
    json_decref(value);

    memset(text, '[', 129);
    memset(text + 129, ']', 129);
    ok(read_text(text, 258) == NULL, "129 are left to jansson");
    memset(text, '[', sizeof(text));
    ok(read_text(text, sizeof(text)) == NULL, "thousands, too");
}


int
main(void)
{
    tables();
    damage();
    depth();

    return done();
}
