/*
 * core/llm/nt_json_pull.c - JSON text taken piece by piece.
 */

#include "core/llm/nt_json_pull.h"
#include "core/nt_hex.h"
#include "core/nt_json_plain.h"
#include "core/nt_utf8.h"

#define NT_PULL_DIGITS 18 /* of an integer that fits for sure */


/* --- strings --- */

/* Characters that stand for themselves: up to a quote, a backslash, or what
 * may not be there. */
static void
skip_plain(nt_json_pull_t *p)
{
    int n;

    for (;;) {
        p->at += nt_json_plain(p->at, (size_t) (p->end - p->at));

        if (p->at == p->end || (unsigned char) *p->at < 0x80) {
            return;
        }

        n = nt_utf8_step(p->at, (size_t) (p->end - p->at));
        if (n < 0) {
            return;
        }

        p->at += n;
    }
}


/* The four digits behind \u; 0, which a text may not have, for others. */
static uint32_t
read_hex(nt_json_pull_t *p)
{
    int      digit;
    uint32_t code = 0;

    if (p->end - p->at < 4) {
        return 0;
    }

    for (int i = 0; i < 4; i++) {
        digit = nt_hex_digit(*p->at++);
        if (digit < 0) {
            return 0;
        }

        code = code << 4 | (uint32_t) digit;
    }

    return code;
}


static bool
read_unicode(nt_json_pull_t *p, nt_buf_t *buf)
{
    char     bytes[4];
    uint32_t low, code = read_hex(p);

    if (code == 0 || (code >= 0xdc00 && code <= 0xdfff)) {
        return false;
    }

    if (code >= 0xd800 && code <= 0xdbff) {
        if (!nt_json_pull_char(p, '\\') || !nt_json_pull_char(p, 'u')) {
            return false;
        }

        low = read_hex(p);
        if (low < 0xdc00 || low > 0xdfff) {
            return false;
        }

        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }

    nt_buf_append(buf, bytes, nt_utf8_encode(bytes, code));

    return true;
}


/* What follows a backslash. */
static bool
read_escape(nt_json_pull_t *p, nt_buf_t *buf)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char       *found;

    if (p->at == p->end) {
        return false;
    }

    if (nt_json_pull_char(p, 'u')) {
        return read_unicode(p, buf);
    }

    found = memchr(from, *p->at, sizeof(from) - 1);
    if (found == NULL) {
        return false;
    }

    p->at++;
    nt_buf_append_char(buf, to[found - from]);

    return true;
}


bool
nt_json_pull_text(nt_json_pull_t *p, nt_buf_t *buf, nt_str_t *text)
{
    const char *start = p->at;

    skip_plain(p);

    if (nt_json_pull_char(p, '"')) {
        *text = (nt_str_t) { start, (size_t) (p->at - 1 - start) };
        return true;
    }

    nt_buf_reset(buf);

    for (;;) {
        nt_buf_append(buf, start, (size_t) (p->at - start));

        if (nt_json_pull_char(p, '"')) {
            *text = (nt_str_t) { buf->data, buf->len };
            return !buf->failed;
        }

        if (!nt_json_pull_char(p, '\\') || !read_escape(p, buf)) {
            return false;
        }

        start = p->at;
        skip_plain(p);
    }
}


/* --- numbers and words --- */

static size_t
skip_digits(nt_json_pull_t *p)
{
    const char *start = p->at;

    while (p->at < p->end && *p->at >= '0' && *p->at <= '9') {
        p->at++;
    }

    return (size_t) (p->at - start);
}


/* The point and the exponent. */
static bool
skip_real(nt_json_pull_t *p)
{
    if (nt_json_pull_char(p, '.') && skip_digits(p) == 0) {
        return false;
    }

    if (nt_json_pull_char(p, 'e') || nt_json_pull_char(p, 'E')) {
        if (!nt_json_pull_char(p, '+')) {
            (void) nt_json_pull_char(p, '-');
        }

        return skip_digits(p) != 0;
    }

    return true;
}


bool
nt_json_pull_number(nt_json_pull_t *p, nt_str_t *raw, bool *real,
                    int64_t *integer)
{
    bool        minus;
    size_t      digits;
    int64_t     number = 0;
    const char *start = p->at, *first;

    minus = nt_json_pull_char(p, '-');
    first = p->at;
    digits = skip_digits(p);

    if (digits == 0 || (digits > 1 && *first == '0')) {
        return false;
    }

    *real = p->at < p->end && (*p->at == '.' || *p->at == 'e' || *p->at == 'E');
    if (*real) {
        *raw = (nt_str_t) { start, 0 };
        if (!skip_real(p)) {
            return false;
        }

        raw->len = (size_t) (p->at - start);

        return true;
    }

    if (digits > NT_PULL_DIGITS) {
        return false;
    }

    *raw = (nt_str_t) { start, (size_t) (p->at - start) };
    for (; first < p->at; first++) {
        number = number * 10 + (*first - '0');
    }

    *integer = minus ? -number : number;

    return true;
}


bool
nt_json_pull_word(nt_json_pull_t *p, nt_str_t word)
{
    if ((size_t) (p->end - p->at) < word.len ||
        memcmp(p->at, word.data, word.len) != 0)
    {
        return false;
    }

    p->at += word.len;

    return true;
}


/* --- values --- */

bool
nt_json_pull_open(nt_json_pull_t *p, char brace)
{
    nt_json_pull_blanks(p);

    return nt_json_pull_char(p, brace);
}


int
nt_json_pull_member(nt_json_pull_t *p, bool first, nt_str_t *name)
{
    nt_json_pull_blanks(p);

    if (nt_json_pull_char(p, '}')) {
        return 0;
    }

    if (!first) {
        if (!nt_json_pull_char(p, ',')) {
            return -1;
        }

        nt_json_pull_blanks(p);
    }

    if (!nt_json_pull_char(p, '"') || !nt_json_pull_text(p, &p->name, name) ||
        name->data == p->name.data)
    {
        return -1;
    }

    nt_json_pull_blanks(p);

    return nt_json_pull_char(p, ':') ? 1 : -1;
}


/* Real numbers are left to jansson, which refuses those that are too big. */
static bool
skip_number(nt_json_pull_t *p)
{
    bool     real;
    int64_t  integer;
    nt_str_t raw;

    return nt_json_pull_number(p, &raw, &real, &integer) &&
           (!real || (memchr(raw.data, 'e', raw.len) == NULL &&
                      memchr(raw.data, 'E', raw.len) == NULL &&
                      raw.len <= NT_PULL_DIGITS));
}


static bool
skip_members(nt_json_pull_t *p)
{
    int      got;
    nt_str_t name;

    for (bool first = true;; first = false) {
        got = nt_json_pull_member(p, first, &name);
        if (got != 1) {
            return got == 0;
        }

        if (!nt_json_pull_skip(p)) {
            return false;
        }
    }
}


static bool
skip_elements(nt_json_pull_t *p)
{
    nt_json_pull_blanks(p);
    if (nt_json_pull_char(p, ']')) {
        return true;
    }

    do {
        if (!nt_json_pull_skip(p)) {
            return false;
        }
    } while (nt_json_pull_char(p, ','));

    return nt_json_pull_char(p, ']');
}


static bool
skip_bare(nt_json_pull_t *p)
{
    bool     good;
    nt_str_t text;

    switch (*p->at) {
    case '{':
    case '[':
        if (p->depth == NT_JSON_PULL_DEPTH) {
            return false;
        }

        p->depth++;
        good = *p->at++ == '{' ? skip_members(p) : skip_elements(p);
        p->depth--;
        return good;

    case '"':
        p->at++;
        return nt_json_pull_text(p, &p->name, &text);
    case 't':
        return nt_json_pull_word(p, NT_STR("true"));
    case 'f':
        return nt_json_pull_word(p, NT_STR("false"));
    case 'n':
        return nt_json_pull_word(p, NT_STR("null"));
    default:
        return skip_number(p);
    }
}


bool
nt_json_pull_skip(nt_json_pull_t *p)
{
    bool good;

    nt_json_pull_blanks(p);
    good = p->at < p->end && skip_bare(p);
    nt_json_pull_blanks(p);

    return good;
}


bool
nt_json_pull_null(nt_json_pull_t *p)
{
    bool good;

    nt_json_pull_blanks(p);
    good = nt_json_pull_word(p, NT_STR("null"));
    nt_json_pull_blanks(p);

    return good;
}


bool
nt_json_pull_integer(nt_json_pull_t *p, int64_t *integer)
{
    bool     good, real;
    nt_str_t raw;

    nt_json_pull_blanks(p);
    good = nt_json_pull_number(p, &raw, &real, integer) && !real;
    nt_json_pull_blanks(p);

    return good;
}


bool
nt_json_pull_string(nt_json_pull_t *p, nt_buf_t *buf, nt_str_t *text)
{
    bool good;

    nt_json_pull_blanks(p);
    good = nt_json_pull_char(p, '"') && nt_json_pull_text(p, buf, text);
    nt_json_pull_blanks(p);

    return good;
}
