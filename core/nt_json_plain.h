/*
 * core/nt_json_plain.h - what of a JSON string stands for itself.
 */

#ifndef NT_JSON_PLAIN_H
#define NT_JSON_PLAIN_H

#include "core/nt_base.h"

/* The same in each byte of a word: 0x01, 0x80. */
#define NT_ONES (UINT64_MAX / 0xff)
#define NT_TOPS (NT_ONES * 0x80)

/* Not 0 when a byte of the word is 0. */
static inline uint64_t
nt_word_zero(uint64_t word)
{
    return (word - NT_ONES) & ~word & NT_TOPS;
}

/*
 * The length of the run at `p`, of `n` bytes, of ASCII characters that need no
 * escape (RFC 8259, section 7): no control characters, quotes and backslashes.
 */
static inline size_t
nt_json_plain(const char *p, size_t n)
{
    size_t        i = 0;
    uint64_t      word;
    unsigned char c;

    for (; n - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, p + i, sizeof(word));

        if (((word | (word - NT_ONES * 0x20)) & NT_TOPS) != 0 ||
            nt_word_zero(word ^ NT_ONES * '"') != 0 ||
            nt_word_zero(word ^ NT_ONES * '\\') != 0)
        {
            break;
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
