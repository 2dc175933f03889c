/*
 * core/nt_utf8.h - steps through UTF-8, and makes it (RFC 3629).
 */

#ifndef NT_UTF8_H
#define NT_UTF8_H

#include "core/nt_base.h"

/*
 * The length of the character that starts at `p`, of `n` (at least 1) bytes:
 * 1 to 4; or, negated, the length of what is wrong there: the longest
 * beginning of a character, at least one byte, which one U+FFFD replaces
 * (Unicode 15, section 3.9).
 */
static inline int
nt_utf8_step(const char *p, size_t n)
{
    const unsigned char *s = (const unsigned char *) p;
    unsigned             lo = 0x80, hi = 0xbf;
    int                  more;

    if (s[0] < 0x80) {
        return 1;
    } else if (s[0] < 0xc2 || s[0] > 0xf4) {
        return -1;
    } else if (s[0] < 0xe0) {
        more = 1;
    } else if (s[0] < 0xf0) {
        more = 2;
        lo = s[0] == 0xe0 ? 0xa0 : 0x80; /* no overlong form */
        hi = s[0] == 0xed ? 0x9f : 0xbf; /* no surrogate */
    } else {
        more = 3;
        lo = s[0] == 0xf0 ? 0x90 : 0x80; /* no overlong form */
        hi = s[0] == 0xf4 ? 0x8f : 0xbf; /* not above U+10FFFF */
    }

    for (int i = 1; i <= more; i++) {
        if ((size_t) i >= n || s[i] < lo || s[i] > hi) {
            return -i;
        }

        lo = 0x80;
        hi = 0xbf;
    }

    return more + 1;
}


/* How many of the last bytes begin a character that more bytes may end: 0 to
 * 3. */
static inline size_t
nt_utf8_unfinished(const char *p, size_t n)
{
    for (size_t last = 1; last <= 3 && last <= n; last++) {
        unsigned char c = (unsigned char) p[n - last];

        if (c >= 0xc2 && c <= 0xf4) { /* begins one of several bytes */
            return nt_utf8_step(p + n - last, last) == -(int) last ? last : 0;
        }

        if (c < 0x80 || c >= 0xc0) {
            return 0;
        }
    }

    return 0;
}


/* Writes a character, up to U+10FFFF; returns its length. */
static inline size_t
nt_utf8_encode(char out[4], uint32_t code)
{
    size_t n = 0;

    if (code < 0x80) {
        out[n++] = (char) code;
        return n;
    }

    if (code < 0x800) {
        out[n++] = (char) (0xc0 | code >> 6);

    } else if (code < 0x10000) {
        out[n++] = (char) (0xe0 | code >> 12);
        out[n++] = (char) (0x80 | (code >> 6 & 0x3f));

    } else {
        out[n++] = (char) (0xf0 | code >> 18);
        out[n++] = (char) (0x80 | (code >> 12 & 0x3f));
        out[n++] = (char) (0x80 | (code >> 6 & 0x3f));
    }

    out[n++] = (char) (0x80 | (code & 0x3f));

    return n;
}

#endif
