/*
 * engine/json_read.c - jansson's values from JSON text, quickly.
 *
 * jansson takes text character by character, which costs ten times of what
 * its values do.  Here only good documents without surprises are read; what is
 * not, jansson reads again, and says what is wrong.
 */

#include <errno.h>
#include <stdlib.h>

#include "core/nt_buf.h"
#include "core/nt_hex.h"
#include "core/nt_json_plain.h"
#include "core/nt_utf8.h"
#include "engine/json_read.h"

#define NT_READ_DEPTH  128 /* arrays and objects within each other */
#define NT_READ_NUMBER 40  /* characters of a real number */
#define NT_READ_DIGITS 18  /* of an integer that fits for sure */

typedef struct {
    const char *at;
    const char *end;
    unsigned    depth;
    nt_buf_t    text; /* a string without its escapes */
} nt_reader_t;

static json_t *read_value(nt_reader_t *r);


static void
skip_blanks(nt_reader_t *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' ||
                              *r->at == '\r' || *r->at == '\t'))
    {
        r->at++;
    }
}


static bool
take_char(nt_reader_t *r, char c)
{
    if (r->at == r->end || *r->at != c) {
        return false;
    }

    r->at++;

    return true;
}


/* --- strings --------------------------------------------------------------*/

/* Characters that stand for themselves: up to a quote, a backslash, or what
 * may not be there. */
static void
skip_plain(nt_reader_t *r)
{
    int n;

    for (;;) {
        r->at += nt_json_plain(r->at, (size_t) (r->end - r->at));

        if (r->at == r->end || (unsigned char) *r->at < 0x80) {
            return;
        }

        n = nt_utf8_step(r->at, (size_t) (r->end - r->at));
        if (n < 0) {
            return;
        }

        r->at += n;
    }
}


/* The four digits behind \u; 0, which a text may not have, for others. */
static uint32_t
read_hex(nt_reader_t *r)
{
    int      digit;
    uint32_t code = 0;

    if (r->end - r->at < 4) {
        return 0;
    }

    for (int i = 0; i < 4; i++) {
        digit = nt_hex_digit(*r->at++);
        if (digit < 0) {
            return 0;
        }
        code = code << 4 | (uint32_t) digit;
    }

    return code;
}


static bool
read_unicode(nt_reader_t *r)
{
    char     bytes[4];
    uint32_t low, code = read_hex(r);

    if (code == 0 || (code >= 0xdc00 && code <= 0xdfff)) {
        return false;
    }

    if (code >= 0xd800 && code <= 0xdbff) {
        if (!take_char(r, '\\') || !take_char(r, 'u')) {
            return false;
        }
        low = read_hex(r);
        if (low < 0xdc00 || low > 0xdfff) {
            return false;
        }
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }

    nt_buf_append(&r->text, bytes, nt_utf8_encode(bytes, code));

    return true;
}


/* What follows a backslash. */
static bool
read_escape(nt_reader_t *r)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char       *found;

    if (r->at == r->end) {
        return false;
    }

    if (take_char(r, 'u')) {
        return read_unicode(r);
    }

    found = memchr(from, *r->at, sizeof(from) - 1);
    if (found == NULL) {
        return false;
    }

    r->at++;
    nt_buf_append_char(&r->text, to[found - from]);

    return true;
}


/* The text behind a quote, up to the other; borrowed until the next one. */
static bool
read_text(nt_reader_t *r, nt_str_t *text)
{
    const char *start = r->at;

    skip_plain(r);

    if (take_char(r, '"')) {
        *text = (nt_str_t) { start, (size_t) (r->at - 1 - start) };
        return true;
    }

    nt_buf_reset(&r->text);

    for (;;) {
        nt_buf_append(&r->text, start, (size_t) (r->at - start));

        if (take_char(r, '"')) {
            *text = (nt_str_t) { r->text.data, r->text.len };
            return !r->text.failed;
        }

        if (!take_char(r, '\\') || !read_escape(r)) {
            return false;
        }

        start = r->at;
        skip_plain(r);
    }
}


/* --- numbers --------------------------------------------------------------*/

static size_t
skip_digits(nt_reader_t *r)
{
    const char *start = r->at;

    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        r->at++;
    }

    return (size_t) (r->at - start);
}


static json_t *
read_real(nt_reader_t *r, const char *start)
{
    char   text[NT_READ_NUMBER + 1];
    char  *stop;
    double number;
    size_t len;

    if (take_char(r, '.') && skip_digits(r) == 0) {
        return NULL;
    }

    if (take_char(r, 'e') || take_char(r, 'E')) {
        if (!take_char(r, '+')) {
            (void) take_char(r, '-');
        }
        if (skip_digits(r) == 0) {
            return NULL;
        }
    }

    len = (size_t) (r->at - start);
    if (len > NT_READ_NUMBER) {
        return NULL;
    }

    memcpy(text, start, len);
    text[len] = '\0';
    errno = 0;
    number = strtod(text, &stop);

    /* a locale with another point stops there */
    return errno == 0 && stop == text + len ? json_real(number) : NULL;
}


static json_t *
read_number(nt_reader_t *r)
{
    bool        minus;
    size_t      digits;
    json_int_t  number = 0;
    const char *start = r->at, *first;

    minus = take_char(r, '-');
    first = r->at;
    digits = skip_digits(r);

    if (digits == 0 || (digits > 1 && *first == '0')) {
        return NULL;
    }

    if (r->at < r->end && (*r->at == '.' || *r->at == 'e' || *r->at == 'E')) {
        return read_real(r, start);
    }

    if (digits > NT_READ_DIGITS) {
        return NULL;
    }

    for (; first < r->at; first++) {
        number = number * 10 + (*first - '0');
    }

    return json_integer(minus ? -number : number);
}


/* --- values ---------------------------------------------------------------*/

static json_t *
read_word(nt_reader_t *r, nt_str_t word, json_t *value)
{
    if ((size_t) (r->end - r->at) < word.len ||
        memcmp(r->at, word.data, word.len) != 0)
    {
        return NULL;
    }

    r->at += word.len;

    return value;
}


static bool
read_elements(nt_reader_t *r, json_t *array)
{
    skip_blanks(r);
    if (take_char(r, ']')) {
        return true;
    }

    do {
        if (json_array_append_new(array, read_value(r)) != 0) {
            return false;
        }
    } while (take_char(r, ','));

    return take_char(r, ']');
}


static bool
read_member(nt_reader_t *r, json_t *object)
{
    bool     ok;
    char     small[64];
    char    *name = small;
    nt_str_t text;

    skip_blanks(r);
    if (!take_char(r, '"') || !read_text(r, &text)) {
        return false;
    }

    skip_blanks(r);
    if (!take_char(r, ':')) {
        return false;
    }

    /* one with escapes would be overwritten by those of the value */
    if (text.data == r->text.data) {
        if (text.len > sizeof(small) && (name = malloc(text.len)) == NULL) {
            return false;
        }
        memcpy(name, text.data, text.len);
        text.data = name;
    }

    ok = json_object_setn_new_nocheck(object, text.data, text.len,
                                      read_value(r)) == 0;
    if (name != small) {
        free(name);
    }

    return ok;
}


static bool
read_members(nt_reader_t *r, json_t *object)
{
    skip_blanks(r);
    if (take_char(r, '}')) {
        return true;
    }

    do {
        if (!read_member(r, object)) {
            return false;
        }
    } while (take_char(r, ','));

    return take_char(r, '}');
}


static json_t *
read_container(nt_reader_t *r, json_t *value,
               bool (*read)(nt_reader_t *, json_t *))
{
    bool ok;

    if (value == NULL || r->depth == NT_READ_DEPTH) {
        json_decref(value);
        return NULL;
    }

    r->at++;
    r->depth++;
    ok = read(r, value);
    r->depth--;

    if (!ok) {
        json_decref(value);
        return NULL;
    }

    return value;
}


static json_t *
read_string(nt_reader_t *r)
{
    nt_str_t text;

    r->at++;

    return read_text(r, &text) ? json_stringn_nocheck(text.data, text.len)
                               : NULL;
}


static json_t *
read_bare(nt_reader_t *r)
{
    switch (*r->at) {
    case '{':
        return read_container(r, json_object(), read_members);
    case '[':
        return read_container(r, json_array(), read_elements);
    case '"':
        return read_string(r);
    case 't':
        return read_word(r, NT_STR("true"), json_true());
    case 'f':
        return read_word(r, NT_STR("false"), json_false());
    case 'n':
        return read_word(r, NT_STR("null"), json_null());
    default:
        return read_number(r);
    }
}


/* With the blanks around it. */
static json_t *
read_value(nt_reader_t *r)
{
    json_t *value;

    skip_blanks(r);
    value = r->at < r->end ? read_bare(r) : NULL;
    skip_blanks(r);

    return value;
}


json_t *
nt_json_read(const char *text, size_t len)
{
    json_t     *value;
    nt_reader_t r = { text, text + len, 0, { 0 } };

    value = read_value(&r);

    if (value != NULL && r.at < r.end) {
        json_decref(value);
        value = NULL;
    }

    nt_buf_free(&r.text);

    return value;
}
