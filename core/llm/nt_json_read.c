/*
 * core/llm/nt_json_read.c - jansson's values from JSON text, quickly.
 *
 * jansson takes text character by character, which costs ten times of what
 * its values do.  Here only good documents without surprises are read; what is
 * not, jansson reads again, and says what is wrong.
 */

#include <errno.h>
#include <stdlib.h>

#include "core/llm/nt_json_pull.h"
#include "core/llm/nt_json_read.h"

#define NT_READ_NUMBER 40 /* characters of a real number */

static json_t *read_value(nt_json_pull_t *r);


/* --- numbers --- */

static json_t *
read_real(nt_str_t raw)
{
    char   text[NT_READ_NUMBER + 1];
    char  *stop;
    double number;

    if (raw.len > NT_READ_NUMBER) {
        return NULL;
    }

    memcpy(text, raw.data, raw.len);
    text[raw.len] = '\0';
    errno = 0;
    number = strtod(text, &stop);

    /* a locale with another point stops there */
    return errno == 0 && stop == text + raw.len ? json_real(number) : NULL;
}


static json_t *
read_number(nt_json_pull_t *r)
{
    bool     real;
    int64_t  number;
    nt_str_t raw;

    if (!nt_json_pull_number(r, &raw, &real, &number)) {
        return NULL;
    }

    return real ? read_real(raw) : json_integer(number);
}


/* --- values --- */

static json_t *
read_word(nt_json_pull_t *r, nt_str_t word, json_t *value)
{
    return nt_json_pull_word(r, word) ? value : NULL;
}


static bool
read_elements(nt_json_pull_t *r, json_t *array)
{
    nt_json_pull_blanks(r);
    if (nt_json_pull_char(r, ']')) {
        return true;
    }

    do {
        if (json_array_append_new(array, read_value(r)) != 0) {
            return false;
        }
    } while (nt_json_pull_char(r, ','));

    return nt_json_pull_char(r, ']');
}


static bool
read_member(nt_json_pull_t *r, json_t *object)
{
    bool     ok;
    char     small[64];
    char    *name = small;
    nt_str_t text;

    nt_json_pull_blanks(r);
    if (!nt_json_pull_char(r, '"') || !nt_json_pull_text(r, &r->text, &text)) {
        return false;
    }

    nt_json_pull_blanks(r);
    if (!nt_json_pull_char(r, ':')) {
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
read_members(nt_json_pull_t *r, json_t *object)
{
    nt_json_pull_blanks(r);
    if (nt_json_pull_char(r, '}')) {
        return true;
    }

    do {
        if (!read_member(r, object)) {
            return false;
        }
    } while (nt_json_pull_char(r, ','));

    return nt_json_pull_char(r, '}');
}


static json_t *
read_container(nt_json_pull_t *r, json_t *value,
               bool (*read)(nt_json_pull_t *, json_t *))
{
    bool ok;

    if (value == NULL || r->depth == NT_JSON_PULL_DEPTH) {
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
read_string(nt_json_pull_t *r)
{
    nt_str_t text;

    r->at++;

    return nt_json_pull_text(r, &r->text, &text)
               ? json_stringn_nocheck(text.data, text.len)
               : NULL;
}


static json_t *
read_bare(nt_json_pull_t *r)
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
read_value(nt_json_pull_t *r)
{
    json_t *value;

    nt_json_pull_blanks(r);
    value = r->at < r->end ? read_bare(r) : NULL;
    nt_json_pull_blanks(r);

    return value;
}


json_t *
nt_json_read(const char *text, size_t len)
{
    json_t        *value;
    nt_json_pull_t r = { .at = text, .end = text + len };

    value = read_value(&r);

    if (value != NULL && r.at < r.end) {
        json_decref(value);
        value = NULL;
    }

    nt_buf_free(&r.text);

    return value;
}
