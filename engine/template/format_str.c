/*
 * engine/template/format_str.c - "{name:>10} {0.key[1]!r}".format(...).
 */

#include <stdlib.h>

#include "engine/template/format.h"


typedef struct {
    nt_tpl_env_t        *env;
    const nt_tpl_args_t *args;
    const char          *p;
    const char          *end;
    size_t               next; /* of the fields without a name */
} format_t;


/* A name of digits as an index, else as it is. */
static json_t *
key_of(nt_str_t name)
{
    if (name.len > 0 && name.len < 10 &&
        strspn(name.data, "0123456789") >= name.len)
    {
        return json_integer(strtoll(name.data, NULL, 10));
    }

    return nt_ustr_json(name);
}


static json_t *
first_value(format_t *f, nt_str_t name)
{
    json_t *key, *value;

    if (name.len == 0) {
        value = f->next < f->args->n_pos ? f->args->pos[f->next] : NULL;
        f->next++;

    } else {
        key = key_of(name);
        value = NULL;

        if (json_is_string(key)) {
            value = json_object_getn(f->args->keywords, name.data, name.len);

        } else if (key != NULL &&
                   json_integer_value(key) < (json_int_t) f->args->n_pos) {
            value = f->args->pos[json_integer_value(key)];
        }

        json_decref(key);
    }

    if (value == NULL) {
        return nt_tpl_fail(f->env, "format() has no value for {%.*s}",
                           name.len > 40 ? 40 : (int) name.len, name.data);
    }

    return json_incref(value);
}


/* One ".name" or "[key]" of a field; takes `value` over. */
static json_t *
next_value(format_t *f, json_t *value)
{
    json_t     *key, *found;
    nt_str_t    name;
    const char *close;

    name.data = f->p + 1;

    if (*f->p == '[') {
        close = memchr(f->p, ']', (size_t) (f->end - f->p));
        name.len = close == NULL ? 0 : (size_t) (close - name.data);
        f->p = close == NULL ? f->end : close + 1;

    } else {
        for (close = name.data;
             close < f->end && strchr(".[!:}", *close) == NULL; close++)
        {
            /* void */
        }

        name.len = (size_t) (close - name.data);
        f->p = close;
    }

    key = name.len == 0 ? NULL : key_of(name);
    found = key == NULL ? NULL : nt_tpl_item(f->env, value, key);
    json_decref(key);
    json_decref(value);

    if (found == NULL || found == nt_tpl_undefined) {
        return nt_tpl_fail(f->env, "format() finds no value for a field");
    }

    return found;
}


static json_t *
field_value(format_t *f)
{
    json_t  *value;
    nt_str_t name;

    name.data = f->p;

    while (f->p < f->end && strchr(".[!:}{", *f->p) == NULL) {
        f->p++;
    }

    name.len = (size_t) (f->p - name.data);
    value = first_value(f, name);

    while (value != NULL && f->p < f->end && (*f->p == '.' || *f->p == '[')) {
        value = next_value(f, value);
    }

    return value;
}


/* [[fill]align][sign][#][0][width][grouping][.precision][type] */
static bool
read_spec(format_t *f, nt_tpl_field_t *field)
{
    int    width;
    size_t fill;

    width = 0;
    fill = nt_ustr_offset((nt_str_t) { f->p, (size_t) (f->end - f->p) }, 1);

    if ((size_t) (f->end - f->p) > fill && strchr("<>^=", f->p[fill]) != NULL) {
        field->fill.data = f->p;
        field->fill.len = fill;
        field->align = f->p[fill];
        f->p += fill + 1;

    } else if (f->p < f->end && strchr("<>^=", *f->p) != NULL) {
        field->align = *f->p++;
    }

    if (f->p < f->end && strchr("+- ", *f->p) != NULL) {
        field->sign = *f->p++;
    }

    if (f->p < f->end && *f->p == '#') {
        field->alternate = true;
        f->p++;
    }

    if (f->p < f->end && *f->p == '0') {
        if (field->align == 0) {
            field->align = '=';
            field->fill = NT_STR("0");
        }

        f->p++;
    }

    if (!nt_tpl_read_size(f->env, &f->p, f->end, NT_TPL_WIDTH_MAX, &width)) {
        return false;
    }

    field->width = (size_t) width;

    if (f->p < f->end && (*f->p == ',' || *f->p == '_')) {
        field->group = *f->p++;
    }

    if (f->p < f->end && *f->p == '.') {
        f->p++;
        field->precision = 0;

        if (!nt_tpl_read_size(f->env, &f->p, f->end, NT_TPL_PRECISION_MAX,
                              &field->precision))
        {
            return false;
        }
    }

    if (f->p < f->end && strchr("bcdeEfFgGnosxX%", *f->p) != NULL) {
        field->type = *f->p++;
    }

    return true;
}


/* Behind "{". */
static bool
put_field(format_t *f, nt_buf_t *out)
{
    bool           ok;
    json_t        *value;
    nt_tpl_field_t field = { .fill = NT_STR(" "), .precision = -1 };

    value = field_value(f);

    if (value == NULL) {
        return false;
    }

    if (f->end - f->p >= 2 && f->p[0] == '!' &&
        (f->p[1] == 'r' || f->p[1] == 's')) {
        field.type = f->p[1];
        f->p += 2;
    }

    ok = true;

    if (f->p < f->end && *f->p == ':') {
        f->p++;
        ok = read_spec(f, &field);
    }

    if (ok && (f->p == f->end || *f->p != '}')) {
        nt_tpl_fail(f->env, "format() does not understand a field; it must be "
                            "like {name} or {name:>10.2f}");
        ok = false;
    }

    f->p++;

    /* a sign-aware fill means nothing before a text */
    if (ok && field.align == '=' && !json_is_number(value)) {
        field.align = '<';
    }

    ok = ok && nt_tpl_put_field(f->env, out, &field, value);
    json_decref(value);
    return ok;
}


json_t *
nt_tpl_format(nt_tpl_env_t *env, json_t *format, nt_tpl_args_t *args)
{
    nt_str_t s;
    nt_buf_t buf = { 0 };
    format_t f = { .env = env, .args = args };

    s = nt_ustr(format);
    f.p = s.data;
    f.end = s.data + s.len;

    while (f.p < f.end) {
        if (f.end - f.p >= 2 && (f.p[0] == '{' || f.p[0] == '}') &&
            f.p[1] == f.p[0]) {
            nt_buf_append_char(&buf, *f.p);
            f.p += 2;

        } else if (*f.p == '}') {
            nt_tpl_fail(env, "format() found a single '}'");
            break;

        } else if (*f.p != '{') {
            nt_buf_append_char(&buf, *f.p++);

        } else {
            f.p++;

            if (!put_field(&f, &buf)) {
                break;
            }
        }
    }

    return nt_tpl_take(env, &buf);
}
