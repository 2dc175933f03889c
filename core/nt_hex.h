/*
 * core/nt_hex.h - hexadecimal digits.
 */

#ifndef NT_HEX_H
#define NT_HEX_H

/* 0 to 15, of either case; -1 for another character. */
static inline int
nt_hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c = (char) (c | 0x20);

    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
