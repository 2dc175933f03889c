/*
 * engine/template/value.c - JSON values as Python sees them: types, items,
 * attributes. How they print is in print.c.
 */

#include "engine/template/tpl.h"


const char *
nt_tpl_type(const nt_tpl_env_t *env, const json_t *value)
{
    if (value == nt_tpl_undefined) {
        return "undefined";
    }

    if (nt_tpl_tag_of(env, value) == NT_TAG_NAMESPACE) {
        return "namespace";
    }

    return nt_tpl_tag_of(env, value) == NT_TAG_NONE ? nt_py_type(value)
                                                    : "tuple";
}


bool
nt_tpl_number(const json_t *value, double *number)
{
    if (!nt_py_is_number(value)) {
        return false;
    }

    *number = nt_py_number(value);
    return true;
}


static json_t *
characters(nt_tpl_env_t *env, nt_str_t s)
{
    size_t   pos, start;
    json_t  *list;
    nt_str_t one;

    list = json_array();

    for (pos = 0; list != NULL && pos < s.len;) {
        start = pos;
        (void) nt_ustr_next(s, &pos);
        one.data = s.data + start;
        one.len = pos - start;

        if (!nt_tpl_append_new(env, list, nt_ustr_json(one))) {
            json_decref(list);
            return NULL;
        }
    }

    return list == NULL ? nt_tpl_nomem(env) : list;
}


static json_t *
keys(nt_tpl_env_t *env, json_t *object)
{
    size_t      len;
    json_t     *list, *value;
    const char *key;

    list = json_array();

    if (list == NULL) {
        return nt_tpl_nomem(env);
    }

    json_object_keylen_foreach(object, key, len, value)
    {
        if (!nt_tpl_append_new(env, list,
                               nt_ustr_json((nt_str_t) { key, len }))) {
            json_decref(list);
            return NULL;
        }
    }

    return list;
}


json_t *
nt_tpl_list(nt_tpl_env_t *env, json_t *value)
{
    json_t *list;

    if (json_is_array(value)) {
        return nt_tpl_charge(env, json_array_size(value) / 16)
                   ? json_incref(value)
                   : NULL;
    }

    if (json_is_string(value)) {
        return characters(env, nt_ustr(value));
    }

    if (json_is_object(value) && nt_tpl_tag_of(env, value) != NT_TAG_NAMESPACE)
    {
        return keys(env, value);
    }

    if (value == nt_tpl_undefined) {
        list = json_array();
        return list == NULL ? nt_tpl_nomem(env) : list;
    }

    return nt_tpl_fail(env, "a value of type %s is not a list",
                       nt_tpl_type(env, value));
}


json_t *
nt_tpl_string(nt_tpl_env_t *env, json_t *value)
{
    nt_buf_t buf = { 0 };

    if (json_is_string(value)) {
        return json_incref(value);
    }

    if (!nt_tpl_str(env, &buf, value)) {
        nt_buf_free(&buf);
        return NULL;
    }

    return nt_tpl_take(env, &buf);
}


json_t *
nt_tpl_attribute(nt_tpl_env_t *env, json_t *value, const char *name)
{
    json_t  *found;
    nt_buf_t lower = { 0 };

    if (nt_tpl_tag_of(env, value) == NT_TAG_GROUP) {
        if (strcmp(name, "grouper") == 0) {
            return json_incref(json_array_get(value, 0));
        }

        if (strcmp(name, "list") == 0) {
            return json_incref(json_array_get(value, 1));
        }
    }

    found = json_object_get(value, name);

    if (found == NULL && json_is_object(value) &&
        env->template->options.lower_names)
    {
        nt_ustr_lower(&lower, nt_str(name));

        if (lower.failed) {
            return nt_tpl_nomem(env);
        }

        found = json_object_getn(value, lower.data, lower.len);
        nt_buf_free(&lower);
    }

    return json_incref(found == NULL ? nt_tpl_undefined : found);
}


static json_t *
item_at(nt_tpl_env_t *env, json_t *value, int64_t index)
{
    size_t   from, to;
    int64_t  len;
    nt_str_t s;

    s = nt_ustr(value);
    len = json_is_array(value) ? (int64_t) json_array_size(value)
                               : (int64_t) nt_ustr_len(s);

    if (index < 0) {
        index += len;
    }

    if (index < 0 || index >= len) {
        return json_incref(nt_tpl_undefined);
    }

    if (json_is_array(value)) {
        return json_incref(json_array_get(value, (size_t) index));
    }

    from = nt_ustr_offset(s, (size_t) index);
    to = from;
    (void) nt_ustr_next(s, &to);

    if (!nt_tpl_charge(env, s.len / 256)) {
        return NULL;
    }

    return nt_ustr_json((nt_str_t) { s.data + from, to - from });
}


json_t *
nt_tpl_item(nt_tpl_env_t *env, json_t *value, json_t *key)
{
    int64_t index;
    json_t *found;

    if (json_is_object(value)) {
        found = NULL;

        if (json_is_string(key)) {
            found = json_object_getn(value, json_string_value(key),
                                     json_string_length(key));
        }

        return json_incref(found == NULL ? nt_tpl_undefined : found);
    }

    if ((json_is_array(value) || json_is_string(value)) &&
        nt_py_integer(key, &index))
    {
        return item_at(env, value, index);
    }

    return json_incref(nt_tpl_undefined);
}


json_t *
nt_tpl_path(nt_tpl_env_t *env, json_t *value, json_t *path)
{
    size_t      len;
    json_t     *part, *next;
    nt_str_t    s;
    const char *dot;

    if (!json_is_string(path)) {
        return nt_tpl_item(env, value, path);
    }

    s = nt_ustr(path);
    value = json_incref(value);

    while (value != NULL) {
        dot = memchr(s.data, '.', s.len);
        len = dot == NULL ? s.len : (size_t) (dot - s.data);

        if (len > 0 && len < 10 && strspn(s.data, "0123456789") >= len) {
            part = json_integer(strtoll(s.data, NULL, 10));

        } else {
            part = nt_ustr_json((nt_str_t) { s.data, len });
        }

        if (part == NULL) {
            json_decref(value);
            return nt_tpl_nomem(env);
        }

        next = nt_tpl_item(env, value, part);
        json_decref(part);
        json_decref(value);
        value = next;

        if (dot == NULL) {
            break;
        }

        s.data += len + 1;
        s.len -= len + 1;
    }

    return value;
}
