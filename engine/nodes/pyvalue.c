/*
 * engine/nodes/pyvalue.c - JSON values compared and written as Python does.
 */

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "engine/nodes/pytext.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/ustr.h"

#define NT_PY_EXACT_MAX 9007199254740992.0 /* 2^53 */


const char *
nt_py_type(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "dict";

    case JSON_ARRAY:
        return "list";

    case JSON_STRING:
        return "str";

    case JSON_INTEGER:
        return "int";

    case JSON_REAL:
        return "float";

    case JSON_NULL:
        return "NoneType";

    default:
        return "bool";
    }
}


bool
nt_py_is_number(const json_t *value)
{
    return json_is_number(value) || json_is_boolean(value);
}


bool
nt_py_integer(const json_t *value, int64_t *integer)
{
    if (json_is_integer(value)) {
        *integer = json_integer_value(value);
        return true;
    }

    *integer = json_is_true(value);
    return json_is_boolean(value);
}


double
nt_py_number(const json_t *value)
{
    return json_is_boolean(value) ? json_is_true(value)
                                  : json_number_value(value);
}


/* Numbers without a loss: a long double holds an int64_t. */
static int
order_numbers(const json_t *a, const json_t *b)
{
    int64_t     i, j;
    long double x, y;

    x = nt_py_integer(a, &i) ? (long double) i : json_real_value(a);
    y = nt_py_integer(b, &j) ? (long double) j : json_real_value(b);

    return x < y ? -1 : x > y;
}


static bool
equal_lists(const json_t *a, const json_t *b)
{
    size_t  i;
    json_t *item;

    if (json_array_size(a) != json_array_size(b)) {
        return false;
    }

    json_array_foreach(a, i, item)
    {
        if (!nt_py_equal(item, json_array_get(b, i))) {
            return false;
        }
    }

    return true;
}


static bool
equal_dicts(const json_t *a, const json_t *b)
{
    size_t      len;
    json_t     *item, *other;
    const char *key;

    if (json_object_size(a) != json_object_size(b)) {
        return false;
    }

    json_object_keylen_foreach((json_t *) a, key, len, item)
    {
        other = json_object_getn(b, key, len);

        if (other == NULL || !nt_py_equal(item, other)) {
            return false;
        }
    }

    return true;
}


bool
nt_py_equal(const json_t *a, const json_t *b)
{
    if (a == b) {
        return true;
    }

    if (nt_py_is_number(a) && nt_py_is_number(b)) {
        return order_numbers(a, b) == 0;
    }

    if (json_typeof(a) != json_typeof(b)) {
        return false;
    }

    switch (json_typeof(a)) {
    case JSON_STRING:
        return nt_str_eq(nt_ustr(a), nt_ustr(b));

    case JSON_ARRAY:
        return equal_lists(a, b);

    case JSON_OBJECT:
        return equal_dicts(a, b);

    default:
        return true; /* two nulls */
    }
}


bool
nt_py_order(const json_t *a, const json_t *b, int *order)
{
    size_t  i;
    json_t *item, *other;

    if (nt_py_is_number(a) && nt_py_is_number(b)) {
        *order = order_numbers(a, b);
        return true;
    }

    if (json_is_string(a) && json_is_string(b)) {
        *order = nt_ustr_cmp(nt_ustr(a), nt_ustr(b));
        return true;
    }

    if (!json_is_array(a) || !json_is_array(b)) {
        return false;
    }

    json_array_foreach(a, i, item)
    {
        other = json_array_get(b, i);

        if (other == NULL) {
            *order = 1;
            return true;
        }

        if (!nt_py_equal(item, other)) {
            return nt_py_order(item, other, order);
        }
    }

    *order = json_array_size(a) < json_array_size(b) ? -1 : 0;
    return true;
}


/* --- keys --- */

static void
key_number(nt_buf_t *out, const json_t *value)
{
    double  x;
    int64_t i;

    if (nt_py_integer(value, &i)) {
        nt_buf_printf(out, "%" PRId64, i);
        return;
    }

    x = json_real_value(value);

    /* a whole float is the int; beyond 2^63 no int can be */
    if (x == floor(x) && fabs(x) <= NT_PY_EXACT_MAX * 1024) {
        nt_buf_printf(out, "%" PRId64, (int64_t) x);
    } else {
        nt_py_float(out, x);
    }
}


static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}


const char **
nt_py_names(const json_t *dict, size_t *n)
{
    json_t     *item;
    const char *name, **names;

    *n = 0;
    names = malloc((json_object_size(dict) + 1) * sizeof(*names));

    if (names == NULL) {
        return NULL;
    }

    json_object_foreach((json_t *) dict, name, item)
    {
        names[(*n)++] = name;
    }

    qsort(names, *n, sizeof(*names), compare_names);
    return names;
}


/* {"b":1,"a":2} and {"a":2,"b":1} are equal, so their names are sorted. */
static void
key_dict(nt_buf_t *out, const json_t *dict)
{
    size_t       i, n;
    const char **names = nt_py_names(dict, &n);

    if (names == NULL) {
        out->failed = true;
        return;
    }

    nt_buf_append_char(out, '{');

    for (i = 0; i < n; i++) {
        nt_buf_append_json(out, nt_str(names[i]));
        nt_py_key(out, json_object_get(dict, names[i]));
        nt_buf_append_char(out, ',');
    }

    nt_buf_append_char(out, '}');
    free(names);
}


void
nt_py_key(nt_buf_t *out, const json_t *value)
{
    size_t  i;
    json_t *item;

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        key_dict(out, value);
        break;

    case JSON_ARRAY:
        nt_buf_append_char(out, '[');

        json_array_foreach(value, i, item)
        {
            nt_py_key(out, item);
            nt_buf_append_char(out, ',');
        }

        nt_buf_append_char(out, ']');
        break;

    case JSON_STRING:
        nt_buf_append_json(out, nt_ustr(value));
        break;

    case JSON_NULL:
        nt_buf_append_char(out, 'n');
        break;

    default:
        key_number(out, value);
    }
}


bool
nt_py_member(nt_buf_t *out, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        return false;

    case JSON_STRING:
        nt_buf_append_str(out, nt_ustr(value));
        return true;

    default:
        nt_py_dumps(out, value, -1);
        return true;
    }
}


/* --- json.dumps --- */

/* A string in ASCII, as ensure_ascii makes it. */
static void
dump_string(nt_buf_t *out, nt_str_t s)
{
    size_t   pos, start;
    uint32_t c;

    static const char letters[] = "btnvfr";

    nt_buf_append_char(out, '"');

    for (pos = 0; pos < s.len;) {
        start = pos;
        c = nt_ustr_next(s, &pos);

        if (c == '"' || c == '\\') {
            nt_buf_append_char(out, '\\');
            nt_buf_append_char(out, (char) c);

        } else if (c >= '\b' && c <= '\r' && c != '\v') {
            nt_buf_append_char(out, '\\');
            nt_buf_append_char(out, letters[c - '\b']);

        } else if (c >= 0x20 && c < 0x7f) {
            nt_buf_append(out, s.data + start, pos - start);

        } else if (c < 0x10000) {
            nt_buf_printf(out, "\\u%04x", c);

        } else {
            c -= 0x10000;
            nt_buf_printf(out, "\\u%04x\\u%04x", 0xd800 + (c >> 10),
                          0xdc00 + (c & 0x3ff));
        }
    }

    nt_buf_append_char(out, '"');
}


static void dump_value(nt_buf_t *out, const json_t *value, int indent,
                       int depth);


static void
dump_break(nt_buf_t *out, bool first, int indent, int depth)
{
    if (!first) {
        nt_buf_append_str(out, indent < 0 ? NT_STR(", ") : NT_STR(","));
    }

    if (indent < 0) {
        return;
    }

    nt_buf_append_char(out, '\n');
    nt_buf_printf(out, "%*s", indent * depth, "");
}


static void
dump_dict(nt_buf_t *out, const json_t *dict, int indent, int depth)
{
    bool        first = true;
    size_t      len;
    json_t     *item;
    const char *key;

    nt_buf_append_char(out, '{');

    json_object_keylen_foreach((json_t *) dict, key, len, item)
    {
        dump_break(out, first, indent, depth + 1);
        first = false;
        dump_string(out, (nt_str_t) { key, len });
        nt_buf_append_str(out, NT_STR(": "));
        dump_value(out, item, indent, depth + 1);
    }

    if (!first && indent >= 0) {
        dump_break(out, true, indent, depth);
    }

    nt_buf_append_char(out, '}');
}


static void
dump_list(nt_buf_t *out, const json_t *list, int indent, int depth)
{
    size_t  i;
    json_t *item;

    nt_buf_append_char(out, '[');

    json_array_foreach(list, i, item)
    {
        dump_break(out, i == 0, indent, depth + 1);
        dump_value(out, item, indent, depth + 1);
    }

    if (json_array_size(list) != 0 && indent >= 0) {
        dump_break(out, true, indent, depth);
    }

    nt_buf_append_char(out, ']');
}


static void
dump_value(nt_buf_t *out, const json_t *value, int indent, int depth)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        dump_dict(out, value, indent, depth);
        break;

    case JSON_ARRAY:
        dump_list(out, value, indent, depth);
        break;

    case JSON_STRING:
        dump_string(out, nt_ustr(value));
        break;

    case JSON_INTEGER:
        nt_buf_printf(out, "%" PRId64, (int64_t) json_integer_value(value));
        break;

    case JSON_REAL:
        nt_py_float(out, json_real_value(value));
        break;

    case JSON_NULL:
        nt_buf_append_str(out, NT_STR("null"));
        break;

    default:
        nt_buf_append_str(out, nt_str(json_is_true(value) ? "true" : "false"));
    }
}


void
nt_py_dumps(nt_buf_t *out, const json_t *value, int indent)
{
    dump_value(out, value, indent, 0);
}
