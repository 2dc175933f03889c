#include "core/nt_token.h"

#include <strings.h>


static bool
nt_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c == '~' || c == '+' || c == '/';
}


bool
nt_token_valid(nt_str_t token)
{
    size_t i = 0;

    while (i < token.len && nt_token_char(token.data[i])) {
        i++;
    }

    if (i == 0 || token.len > NT_TOKEN_MAX) {
        return false;
    }

    while (i < token.len && token.data[i] == '=') {
        i++;
    }

    return i == token.len;
}


nt_str_t
nt_token_bearer(nt_str_t header)
{
    static const nt_str_t none = { "", 0 };

    size_t   i;
    nt_str_t token;

    if (header.len < sizeof("Bearer ") - 1 ||
        strncasecmp(header.data, "Bearer ", sizeof("Bearer ") - 1) != 0)
    {
        return none;
    }

    i = sizeof("Bearer ") - 1;
    while (i < header.len && header.data[i] == ' ') {
        i++;
    }

    token.data = header.data + i;
    token.len = header.len - i;

    return nt_token_valid(token) ? token : none;
}


bool
nt_token_equal(nt_str_t a, nt_str_t b)
{
    /* volatile: a compiler must not find the first difference and leave */
    volatile unsigned char diff = 0;

    if (a.len != b.len) {
        return false;
    }

    for (size_t i = 0; i < a.len; i++) {
        diff |= (unsigned char) (a.data[i] ^ b.data[i]);
    }

    return diff == 0;
}


bool
nt_token_among(const void *tokens, size_t n, nt_str_t token)
{
    nt_str_t        one = { tokens, token.len };
    volatile size_t found = 0;

    for (size_t i = 0; i < n; i++) {
        found |= nt_token_equal(one, token);
        one.data += one.len;
    }

    return found != 0;
}


static bool
nt_token_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}


nt_str_t
nt_token_file_next(nt_str_t *text)
{
    while (text->len != 0) {
        nt_str_t line = nt_str_line(text);

        while (line.len != 0 && nt_token_space(line.data[0])) {
            line.data++;
            line.len--;
        }

        while (line.len != 0 && nt_token_space(line.data[line.len - 1])) {
            line.len--;
        }

        if (line.len != 0 && line.data[0] != '#') {
            return line;
        }
    }

    return (nt_str_t) { "", 0 };
}


void
nt_base64url(nt_buf_t *buf, const unsigned char *data, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789-_";

    for (size_t i = 0; i < len; i += 3) {
        size_t   n = len - i < 3 ? len - i : 3;
        uint32_t bits = (uint32_t) data[i] << 16;
        char     out[4];

        if (n > 1) {
            bits |= (uint32_t) data[i + 1] << 8;
        }

        if (n > 2) {
            bits |= data[i + 2];
        }

        out[0] = digits[bits >> 18];
        out[1] = digits[bits >> 12 & 0x3f];
        out[2] = digits[bits >> 6 & 0x3f];
        out[3] = digits[bits & 0x3f];

        nt_buf_append(buf, out, n + 1);
    }
}


int
nt_base64url_digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }

    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }

    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }

    return c == '-' ? 62 : c == '_' ? 63 : -1;
}


nt_rc_t
nt_base64url_decode(nt_str_t text, unsigned char *out, size_t size, size_t *len)
{
    int      digit;
    size_t   n = 0;
    uint32_t bits = 0;
    unsigned have = 0; /* bits that are not written yet */

    if (text.len % 4 == 1) {
        return NT_ERROR;
    }

    if (text.len / 4 * 3 + text.len % 4 * 3 / 4 > size) {
        return NT_LIMIT;
    }

    for (size_t i = 0; i < text.len; i++) {
        digit = nt_base64url_digit(text.data[i]);
        if (digit < 0) {
            return NT_ERROR;
        }

        bits = (bits << 6 | (uint32_t) digit) & 0xffff;
        have += 6;

        if (have >= 8) {
            have -= 8;
            out[n++] = (unsigned char) (bits >> have);
        }
    }

    if ((bits & ((1u << have) - 1)) != 0) {
        return NT_ERROR;
    }

    *len = n;

    return NT_OK;
}
