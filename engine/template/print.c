/*
 * engine/template/print.c - values as text: str(), repr(), JSON.
 *
 * A small value can share its parts so often that its text has no end, so
 * every step looks at the limit.
 */

#include <stdlib.h>

#include "engine/template/tpl.h"


/* One more item may be printed. */
static bool
fits(nt_tpl_env_t *env, const nt_buf_t *out)
{
    if (out->len > env->template->options.max_output) {
        return nt_tpl_room(env, out->len);
    }

    return nt_tpl_charge(env, 1);
}


static bool
print_array(nt_tpl_env_t *env, nt_buf_t *out, json_t *array)
{
    bool    tuple;
    size_t  i;
    json_t *item;

    tuple = nt_tpl_tag_of(env, array) != NT_TAG_NONE;
    nt_buf_append_char(out, tuple ? '(' : '[');

    json_array_foreach(array, i, item)
    {
        if (i > 0) {
            nt_buf_append(out, ", ", 2);
        }

        if (!nt_tpl_repr(env, out, item)) {
            return false;
        }
    }

    if (tuple && json_array_size(array) == 1) {
        nt_buf_append_char(out, ',');
    }

    nt_buf_append_char(out, tuple ? ')' : ']');
    return true;
}


static bool
print_object(nt_tpl_env_t *env, nt_buf_t *out, json_t *object)
{
    bool        first, space;
    size_t      len;
    json_t     *value;
    const char *key;

    first = true;
    space = nt_tpl_tag_of(env, object) == NT_TAG_NAMESPACE;

    if (space) {
        nt_buf_append_str(out, NT_STR("<Namespace "));
    }

    nt_buf_append_char(out, '{');

    json_object_keylen_foreach(object, key, len, value)
    {
        if (!first) {
            nt_buf_append(out, ", ", 2);
        }

        first = false;
        nt_py_quote(out, (nt_str_t) { key, len });
        nt_buf_append(out, ": ", 2);

        if (!nt_tpl_repr(env, out, value)) {
            return false;
        }
    }

    nt_buf_append_char(out, '}');

    if (space) {
        nt_buf_append_char(out, '>');
    }

    return true;
}


bool
nt_tpl_repr(nt_tpl_env_t *env, nt_buf_t *out, json_t *value)
{
    if (!fits(env, out)) {
        return false;
    }

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return print_object(env, out, value);

    case JSON_ARRAY:
        return print_array(env, out, value);

    case JSON_STRING:
        nt_py_quote(out, nt_ustr(value));
        return nt_tpl_charge(env, json_string_length(value) / 16);

    case JSON_INTEGER:
        nt_buf_printf(out, "%lld", (long long) json_integer_value(value));
        return true;

    case JSON_REAL:
        nt_py_float(out, json_real_value(value));
        return true;

    case JSON_NULL:
        nt_buf_append_str(out, nt_str(value == nt_tpl_undefined ? "Undefined"
                                                                : "None"));
        return true;

    default:
        nt_buf_append_str(out, nt_str(json_is_true(value) ? "True" : "False"));
        return true;
    }
}


bool
nt_tpl_str(nt_tpl_env_t *env, nt_buf_t *out, json_t *value)
{
    nt_str_t s;

    if (value == nt_tpl_undefined) {
        return true;
    }

    if (!json_is_string(value)) {
        return nt_tpl_repr(env, out, value);
    }

    s = nt_ustr(value);

    if (!nt_tpl_room(env, s.len)) {
        return false;
    }

    nt_buf_append_str(out, s);
    return fits(env, out);
}


/* --- JSON as json.dumps() writes it, safe inside of HTML --- */

static void
json_quoted(nt_buf_t *out, nt_str_t s)
{
    static const char escaped[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";

    size_t      pos;
    uint32_t    c;
    const char *p;

    nt_buf_append_char(out, '"');

    for (pos = 0; pos < s.len;) {
        c = nt_ustr_next(s, &pos);
        p = c == 0 || c >= 0x80 ? NULL : strchr(escaped, (int) c);

        if (p != NULL) {
            nt_buf_append_char(out, '\\');
            nt_buf_append_char(out, letters[p - escaped]);

        } else if (c >= 0x10000) {
            nt_buf_printf(out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10),
                          0xdc00 + (c & 0x3ff));

        } else if (c < 0x20 || c >= 0x7f || c == '<' || c == '>' || c == '&' ||
                   c == '\'')
        {
            if (c == 0x7f) {
                nt_buf_append_char(out, 0x7f);

            } else {
                nt_buf_printf(out, "\\u%04x", c);
            }

        } else {
            nt_buf_append_char(out, (char) c);
        }
    }

    nt_buf_append_char(out, '"');
}


typedef struct {
    nt_tpl_env_t *env;
    nt_buf_t     *out;
    int           indent; /* < 0: on one line */
} json_writer_t;

static bool json_value(json_writer_t *w, json_t *value, int level);


static void
json_break(json_writer_t *w, bool first, int level)
{
    int i;

    if (!first) {
        nt_buf_append_char(w->out, ',');
    }

    if (w->indent < 0) {
        if (!first) {
            nt_buf_append_char(w->out, ' ');
        }

        return;
    }

    nt_buf_append_char(w->out, '\n');

    for (i = 0; i < level * w->indent; i++) {
        nt_buf_append_char(w->out, ' ');
    }
}


static void
json_close(json_writer_t *w, char bracket, int level)
{
    if (w->indent >= 0) {
        json_break(w, true, level);
    }

    nt_buf_append_char(w->out, bracket);
}


static bool
json_list(json_writer_t *w, json_t *array, int level)
{
    size_t  i;
    json_t *item;

    if (json_array_size(array) == 0) {
        nt_buf_append(w->out, "[]", 2);
        return true;
    }

    nt_buf_append_char(w->out, '[');

    json_array_foreach(array, i, item)
    {
        json_break(w, i == 0, level + 1);

        if (!json_value(w, item, level + 1)) {
            return false;
        }
    }

    json_close(w, ']', level);
    return true;
}


static int
by_text(const void *a, const void *b)
{
    return nt_ustr_cmp(nt_ustr(*(json_t *const *) a),
                       nt_ustr(*(json_t *const *) b));
}


static bool
json_members(json_writer_t *w, json_t *object, json_t **keys, size_t n,
             int level)
{
    size_t   i;
    nt_str_t key;

    nt_buf_append_char(w->out, '{');

    for (i = 0; i < n; i++) {
        key = nt_ustr(keys[i]);
        json_break(w, i == 0, level + 1);
        json_quoted(w->out, key);
        nt_buf_append(w->out, ": ", 2);

        if (!json_value(w, json_object_getn(object, key.data, key.len),
                        level + 1)) {
            return false;
        }
    }

    json_close(w, '}', level);
    return true;
}


static bool
json_dict(json_writer_t *w, json_t *object, int level)
{
    bool    ok;
    size_t  i, n;
    json_t *list, **keys;

    n = json_object_size(object);

    if (n == 0) {
        nt_buf_append(w->out, "{}", 2);
        return true;
    }

    list = nt_tpl_list(w->env, object);
    keys = list == NULL ? NULL : calloc(n, sizeof(json_t *));

    if (keys == NULL) {
        json_decref(list);
        return w->env->failed ? false : nt_tpl_nomem(w->env) != NULL;
    }

    for (i = 0; i < n; i++) {
        keys[i] = json_array_get(list, i);
    }

    qsort(keys, n, sizeof(json_t *), by_text);
    ok = json_members(w, object, keys, n, level);

    free(keys);
    json_decref(list);
    return ok;
}


static bool
json_value(json_writer_t *w, json_t *value, int level)
{
    if (!fits(w->env, w->out)) {
        return false;
    }

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return json_dict(w, value, level);

    case JSON_ARRAY:
        return json_list(w, value, level);

    case JSON_STRING:
        json_quoted(w->out, nt_ustr(value));
        return nt_tpl_charge(w->env, json_string_length(value) / 4);

    case JSON_INTEGER:
    case JSON_REAL:
        return nt_tpl_repr(w->env, w->out, value);

    case JSON_NULL:
        nt_buf_append_str(w->out, NT_STR("null"));
        return true;

    default:
        nt_buf_append_str(w->out,
                          nt_str(json_is_true(value) ? "true" : "false"));
        return true;
    }
}


bool
nt_tpl_json(nt_tpl_env_t *env, nt_buf_t *out, json_t *value, int indent)
{
    json_writer_t writer = { env, out, indent };

    return json_value(&writer, value, 0);
}
