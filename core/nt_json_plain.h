/*
 * core/nt_json_plain.h - what of a JSON string stands for itself.
 */

#ifndef NT_JSON_PLAIN_H
#define NT_JSON_PLAIN_H

#include "core/nt_base.h"

/*
 * The length of the run at `p`, of `n` bytes, of ASCII characters that need no
 * escape (RFC 8259, section 7): no control characters, quotes and backslashes.
 */
static inline size_t
nt_json_plain(const char *p, size_t n)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t         i = 0;
    unsigned char  c;

    for (; n - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        uint64_t word, quote, slash, other;

        memcpy(&word, p + i, sizeof(word));
        quote = word ^ ones * '"';
        slash = word ^ ones * '\\';

        /* a byte's high bit tells: zero after the xor, or below 0x20, or not
         * ASCII; a borrow may mark a byte too many above one that is marked
         * rightly, never one too few */
        other = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) |
                (word - ones * 0x20) | word;
        other &= ones * 0x80;
        if (other != 0) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            return i + (size_t) __builtin_ctzll(other) / 8;
#else
            break;
#endif
        }
    }

    for (; i < n; i++) {
        c = (unsigned char) p[i];
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') {
            break;
        }
    }

    return i;
}

#endif
