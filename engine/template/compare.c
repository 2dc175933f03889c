/*
 * engine/template/compare.c - equality, order and membership as Python has
 * them.
 */

#include "engine/template/tpl.h"


static bool
equal_arrays(nt_tpl_env_t *env, json_t *a, json_t *b)
{
    size_t  i;
    json_t *item;

    if (json_array_size(a) != json_array_size(b) ||
        (nt_tpl_tag_of(env, a) == NT_TAG_NONE) !=
            (nt_tpl_tag_of(env, b) == NT_TAG_NONE))
    {
        return false;
    }

    json_array_foreach(a, i, item)
    {
        if (!nt_tpl_equal(env, item, json_array_get(b, i))) {
            return false;
        }
    }

    return true;
}


static bool
equal_objects(nt_tpl_env_t *env, json_t *a, json_t *b)
{
    size_t      len;
    json_t     *value, *other;
    const char *key;

    if (json_object_size(a) != json_object_size(b)) {
        return false;
    }

    json_object_keylen_foreach(a, key, len, value)
    {
        other = json_object_getn(b, key, len);

        if (other == NULL || !nt_tpl_equal(env, value, other)) {
            return false;
        }
    }

    return true;
}


bool
nt_tpl_equal(nt_tpl_env_t *env, json_t *a, json_t *b)
{
    double  x, y;
    int64_t i, j;

    if (a == b) {
        return true;
    }

    /* a failure ends the rendering, whatever is answered */
    if (!nt_tpl_charge(env, 1)) {
        return false;
    }

    if (nt_py_integer(a, &i) && nt_py_integer(b, &j)) {
        return i == j;
    }

    if (nt_tpl_number(a, &x) && nt_tpl_number(b, &y)) {
        return x == y;
    }

    if (json_typeof(a) != json_typeof(b)) {
        return false;
    }

    switch (json_typeof(a)) {
    case JSON_STRING:
        return nt_ustr_cmp(nt_ustr(a), nt_ustr(b)) == 0;

    case JSON_ARRAY:
        return equal_arrays(env, a, b);

    case JSON_OBJECT:
        return equal_objects(env, a, b);

    default:
        /* two nulls: both None, or one of them undefined */
        return (a == nt_tpl_undefined) == (b == nt_tpl_undefined);
    }
}


static bool
order_arrays(nt_tpl_env_t *env, json_t *a, json_t *b, const char *op,
             int *order)
{
    size_t  i;
    json_t *item, *other;

    json_array_foreach(a, i, item)
    {
        other = json_array_get(b, i);

        if (other == NULL) {
            *order = 1;
            return true;
        }

        if (!nt_tpl_equal(env, item, other)) {
            return !env->failed && nt_tpl_order(env, item, other, op, order);
        }
    }

    *order = json_array_size(a) < json_array_size(b) ? -1 : 0;
    return !env->failed;
}


bool
nt_tpl_order(nt_tpl_env_t *env, json_t *a, json_t *b, const char *op,
             int *order)
{
    double  x, y;
    int64_t i, j;

    if (!nt_tpl_charge(env, 1)) {
        return false;
    }

    if (nt_py_integer(a, &i) && nt_py_integer(b, &j)) {
        *order = i < j ? -1 : i > j;
        return true;
    }

    if (nt_tpl_number(a, &x) && nt_tpl_number(b, &y)) {
        *order = x < y ? -1 : x > y;
        return true;
    }

    if (json_is_string(a) && json_is_string(b)) {
        *order = nt_ustr_cmp(nt_ustr(a), nt_ustr(b));
        return true;
    }

    if (json_is_array(a) && json_is_array(b)) {
        return order_arrays(env, a, b, op, order);
    }

    nt_tpl_fail(env,
                "'%s' cannot compare a value of type %s with one of "
                "type %s",
                op, nt_tpl_type(env, a), nt_tpl_type(env, b));
    return false;
}


static bool
nt_tpl_contains(nt_tpl_env_t *env, json_t *container, json_t *item, bool *found)
{
    size_t   i;
    json_t  *other;
    nt_str_t s;

    *found = false;

    if (json_is_string(container) && json_is_string(item)) {
        s = nt_ustr(container);
        *found = nt_ustr_find(s, nt_ustr(item), 0, s.len) >= 0;
        return nt_tpl_charge(env, s.len / 256);
    }

    if (json_is_array(container)) {
        json_array_foreach(container, i, other)
        {
            if (nt_tpl_equal(env, item, other)) {
                *found = true;
                break;
            }
        }

        return !env->failed;
    }

    if (json_is_object(container)) {
        *found = json_is_string(item) &&
                 json_object_getn(container, json_string_value(item),
                                  json_string_length(item)) != NULL;
        return true;
    }

    if (container == nt_tpl_undefined) {
        return true;
    }

    nt_tpl_fail(env,
                "'in' cannot look for a value of type %s in one of type "
                "%s",
                nt_tpl_type(env, item), nt_tpl_type(env, container));
    return false;
}


bool
nt_tpl_compare(nt_tpl_env_t *env, nt_tpl_op_t op, json_t *a, json_t *b,
               bool *result)
{
    static const char *const names[] = {
        [NT_OP_LT] = "<", [NT_OP_LE] = "<=", [NT_OP_GT] = ">", [NT_OP_GE] = ">="
    };

    int order;

    switch (op) {
    case NT_OP_EQ:
        *result = nt_tpl_equal(env, a, b);
        return !env->failed;

    case NT_OP_NE:
        *result = !nt_tpl_equal(env, a, b);
        return !env->failed;

    case NT_OP_IN:
        return nt_tpl_contains(env, b, a, result);

    case NT_OP_NOT_IN:
        if (!nt_tpl_contains(env, b, a, result)) {
            return false;
        }

        *result = !*result;
        return true;

    default:
        break;
    }

    if (!nt_tpl_order(env, a, b, names[op], &order)) {
        return false;
    }

    *result = op == NT_OP_LT   ? order < 0
              : op == NT_OP_LE ? order <= 0
              : op == NT_OP_GT ? order > 0
                               : order >= 0;
    return true;
}
