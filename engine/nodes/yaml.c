/*
 * engine/nodes/yaml.c - YAML 1.2 from JSON values, in block style.
 *
 * A string is written plain only when it cannot be anything else in YAML 1.2
 * or 1.1 (where "no", "1:30" and "0o7" are no strings); else in single
 * quotes, or in double ones when it needs escapes.
 */

#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

#include "engine/nodes/pytext.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/ustr.h"
#include "engine/nodes/yaml.h"


/* --- scalars --- */

static bool
is_reserved(nt_str_t s)
{
    size_t i;

    static const char *const words[] = { "null", "true", "false", "yes",
                                         "no",   "on",   "off",   "y",
                                         "n",    "nan",  "inf",   "infinity" };

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (s.len == strlen(words[i]) &&
            strncasecmp(s.data, words[i], s.len) == 0) {
            return true;
        }
    }

    return false;
}


/* Letters of ASCII and beyond may begin a plain scalar; digits and signs may
 * be numbers or times, other characters are indicators. */
static bool
may_begin(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '/' || c >= 0x80;
}


static bool
may_be_inside(unsigned char c)
{
    return may_begin(c) || (c >= '0' && c <= '9') ||
           strchr(" .-+*()@$%=;<>^~|&!?'\\", c) != NULL;
}


/* Characters that only double quotes can carry: controls, and those that
 * YAML takes for line breaks or does not print. */
static bool
needs_escape(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
           c == 0xfeff || c == 0xfffe || c == 0xffff;
}


typedef enum { STYLE_PLAIN, STYLE_SINGLE, STYLE_DOUBLE } style_t;


static style_t
choose(nt_str_t s)
{
    size_t  pos;
    style_t style = STYLE_PLAIN;

    if (s.len == 0 || !may_begin((unsigned char) s.data[0]) ||
        s.data[s.len - 1] == ' ' || is_reserved(s))
    {
        style = STYLE_SINGLE;
    }

    for (pos = 0; pos < s.len; pos++) {
        if (s.data[pos] == '\0' || !may_be_inside((unsigned char) s.data[pos]))
        {
            style = STYLE_SINGLE;
        }
    }

    for (pos = 0; pos < s.len;) {
        if (needs_escape(nt_ustr_next(s, &pos))) {
            return STYLE_DOUBLE;
        }
    }

    return style;
}


static void
put_double(nt_buf_t *out, nt_str_t s)
{
    size_t   pos, start;
    uint32_t c;

    nt_buf_append_char(out, '"');

    for (pos = 0; pos < s.len;) {
        start = pos;
        c = nt_ustr_next(s, &pos);

        if (c == '"' || c == '\\') {
            nt_buf_append_char(out, '\\');
            nt_buf_append_char(out, (char) c);

        } else if (c == '\n' || c == '\r' || c == '\t') {
            nt_buf_append_char(out, '\\');
            nt_buf_append_char(out, c == '\n' ? 'n' : c == '\r' ? 'r' : 't');

        } else if (needs_escape(c)) {
            nt_buf_printf(out, c < 0x100 ? "\\x%02x" : "\\u%04x", c);

        } else {
            nt_buf_append(out, s.data + start, pos - start);
        }
    }

    nt_buf_append_char(out, '"');
}


static void
put_string(nt_buf_t *out, nt_str_t s)
{
    size_t i;

    switch (choose(s)) {
    case STYLE_PLAIN:
        nt_buf_append_str(out, s);
        break;

    case STYLE_SINGLE:
        nt_buf_append_char(out, '\'');

        for (i = 0; i < s.len; i++) {
            nt_buf_append(out, "''", s.data[i] == '\'' ? 1 : 0);
            nt_buf_append_char(out, s.data[i]);
        }

        nt_buf_append_char(out, '\'');
        break;

    default:
        put_double(out, s);
    }
}


/* In YAML 1.1 a float needs its point: 1e+20 would be a string. */
static void
put_float(nt_buf_t *out, double value)
{
    size_t   start = out->len, i;
    nt_buf_t text = { 0 };

    nt_py_float(&text, value);

    if (text.failed) {
        out->failed = true;
        return;
    }

    for (i = 0; i < text.len; i++) {
        if (text.data[i] == 'e' &&
            memchr(out->data + start, '.', out->len - start) == NULL)
        {
            nt_buf_append_str(out, NT_STR(".0"));
        }

        nt_buf_append_char(out, text.data[i]);
    }

    nt_buf_free(&text);
}


static void
put_scalar(nt_buf_t *out, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        put_string(out, nt_ustr(value));
        break;

    case JSON_INTEGER:
        nt_buf_printf(out, "%" PRId64, (int64_t) json_integer_value(value));
        break;

    case JSON_REAL:
        put_float(out, json_real_value(value));
        break;

    case JSON_NULL:
        nt_buf_append_str(out, NT_STR("null"));
        break;

    case JSON_OBJECT:
        nt_buf_append_str(out, NT_STR("{}"));
        break;

    case JSON_ARRAY:
        nt_buf_append_str(out, NT_STR("[]"));
        break;

    default:
        nt_buf_append_str(out, nt_str(json_is_true(value) ? "true" : "false"));
    }
}


/* --- collections --- */

static void put_block(nt_buf_t *out, const json_t *value, int indent,
                      bool inlined);


static bool
is_empty(const json_t *value)
{
    return json_is_object(value)  ? json_object_size(value) == 0
           : json_is_array(value) ? json_array_size(value) == 0
                                  : true;
}


static void
put_indent(nt_buf_t *out, int indent, bool *inlined)
{
    if (!*inlined) {
        nt_buf_printf(out, "%*s", indent, "");
    }

    *inlined = false;
}


/* The value of a member: behind its name when it is a scalar, below it when
 * it is a collection.  Lists are not indented more than their name. */
static void
put_member(nt_buf_t *out, const json_t *value, int indent)
{
    if (is_empty(value)) {
        nt_buf_append_char(out, ' ');
        put_scalar(out, value);
        nt_buf_append_char(out, '\n');
        return;
    }

    nt_buf_append_char(out, '\n');
    put_block(out, value, json_is_array(value) ? indent : indent + 2, false);
}


static void
put_dict(nt_buf_t *out, const json_t *dict, int indent, bool inlined)
{
    size_t       i, n;
    const char **names = nt_py_names(dict, &n);

    if (names == NULL) {
        out->failed = true;
        return;
    }

    for (i = 0; i < n; i++) {
        put_indent(out, indent, &inlined);

        /* a name of more than 1,024 characters has to be told as one */
        if (strlen(names[i]) > 1000) {
            nt_buf_append_str(out, NT_STR("? "));
            put_string(out, nt_str(names[i]));
            nt_buf_printf(out, "\n%*s:", indent, "");
        } else {
            put_string(out, nt_str(names[i]));
            nt_buf_append_char(out, ':');
        }

        put_member(out, json_object_get(dict, names[i]), indent);
    }

    free(names);
}


/* `inlined`: the first line goes on behind "- ". */
static void
put_block(nt_buf_t *out, const json_t *value, int indent, bool inlined)
{
    size_t  i;
    json_t *item;

    if (json_is_object(value)) {
        put_dict(out, value, indent, inlined);
        return;
    }

    json_array_foreach(value, i, item)
    {
        put_indent(out, indent, &inlined);
        nt_buf_append_str(out, NT_STR("- "));

        if (is_empty(item)) {
            put_scalar(out, item);
            nt_buf_append_char(out, '\n');
        } else {
            put_block(out, item, indent + 2, true);
        }
    }
}


void
nt_yaml(nt_buf_t *out, const json_t *value)
{
    if (is_empty(value)) {
        put_scalar(out, value);
        nt_buf_append_char(out, '\n');
    } else {
        put_block(out, value, 0, false);
    }
}
