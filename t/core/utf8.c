/*
 * t/core/utf8.c - UTF-8 that comes in parts: what is kept back for the next
 * one, at every split.
 */

#include "core/nt_buf.h"
#include "core/nt_utf8.h"
#include "t/core/tap.h"

static const char *const texts[] = {
    "plain",
    "\xc3\xa4\xc2\x80\xdf\xbf",                 /* of two bytes */
    "\xe2\x82\xac\xe0\xa0\x80\xed\x9f\xbf",     /* three */
    "\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf",         /* four */
    "a\xff\xfe\x80z",                           /* never begin one */
    "\xc0\x80\xc1\xbf\xe0\x80\x80\xf0\x80\x80", /* overlong */
    "\xed\xa0\x80\xed\xbf\xbf",                 /* surrogates */
    "\xf4\x90\x80\x80\xf5\x80\x80\x80",         /* above U+10FFFF */
    "\xe2\x82(\xf0\x9f\x98)\xc3(",              /* cut off within */
    "\xe2\x82",                                 /* and at the end */
    "\xf0\x9f\x98",
    "\xc3\xc3\xc3\xa4",
    "\xe2\xe2\x82\xe2\x82\xac"
};


/* Passes on what is whole, and keeps the rest for the next part. */
static void
feed(nt_buf_t *out, nt_buf_t *kept, const char *data, size_t len, bool end)
{
    size_t rest;

    nt_buf_append(kept, data, len);
    rest = end ? 0 : nt_utf8_unfinished(kept->data, kept->len);

    nt_buf_append_json(out, (nt_str_t) { kept->data, kept->len - rest });
    out->len--; /* parts make one string: the quotes between them go */

    if (kept->len > 0) {
        memmove(kept->data, kept->data + kept->len - rest, rest);
    }

    kept->len = rest;
}


/* The text in parts of the lengths `first`, `then`, and what is left. */
static void
in_parts(nt_buf_t *out, const char *text, size_t first, size_t then)
{
    nt_buf_t part = { 0 }, kept = { 0 };
    size_t   len = strlen(text), at = 0;

    for (int i = 0; at < len || i == 0; i++) {
        size_t n = i == 0 ? first : then;

        if (n == 0 || n > len - at) {
            n = len - at;
        }

        part.len = 0;
        feed(&part, &kept, text + at, n, at + n == len);
        nt_buf_append(out, part.data + 1, part.len - 1);
        at += n;
    }

    nt_buf_free(&part);
    nt_buf_free(&kept);
}


static bool
same_in_parts(const char *text, size_t first, size_t then)
{
    bool     same;
    nt_buf_t whole = { 0 }, parts = { 0 };

    in_parts(&whole, text, 0, 0);
    in_parts(&parts, text, first, then);
    same = whole.len == parts.len &&
           memcmp(whole.data, parts.data, whole.len) == 0;

    nt_buf_free(&whole);
    nt_buf_free(&parts);

    return same;
}


int
main(void)
{
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size_t len = strlen(texts[i]), bad = 0;

        for (size_t first = 1; first < len; first++) {
            for (size_t then = 1; then <= len; then++) {
                bad += !same_in_parts(texts[i], first, then);
            }
        }

        ok(bad == 0, "text %zu is the same in all parts", i);
        ok(same_in_parts(texts[i], 1, 1), "and byte by byte");
    }

    is_int((long long) nt_utf8_unfinished("", 0), 0, "nothing");
    is_int((long long) nt_utf8_unfinished("\xe2", 1), 1, "one of three");
    is_int((long long) nt_utf8_unfinished("a\xe2\x82", 3), 2, "two of three");
    is_int((long long) nt_utf8_unfinished("\xf0\x9f\x98", 3), 3, "of four");
    is_int((long long) nt_utf8_unfinished("\xe2\x82\xac", 3), 0, "whole");
    is_int((long long) nt_utf8_unfinished("\xe0\x80", 2), 0, "overlong");
    is_int((long long) nt_utf8_unfinished("\x80\x80\x80\x80", 4), 0, "none");

    return done();
}
