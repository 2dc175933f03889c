/*
 * engine/template/arith.c - + - * / // % ** ~ as Python has them; integers
 * have 64 bits, and one that does not fit is an error.
 */

#include <math.h>

#include "engine/template/tpl.h"


static const char *const names[] = {
    [NT_OP_ADD] = "+", [NT_OP_SUB] = "-",       [NT_OP_MUL] = "*",
    [NT_OP_DIV] = "/", [NT_OP_FLOORDIV] = "//", [NT_OP_MOD] = "%",
    [NT_OP_POW] = "**"
};


json_t *
nt_tpl_real(nt_tpl_env_t *env, double value)
{
    if (!isfinite(value)) {
        return nt_tpl_fail(env, "a number becomes too large");
    }

    return json_real(value);
}


static json_t *
power(nt_tpl_env_t *env, int64_t base, int64_t exponent)
{
    bool    overflow;
    int64_t result;

    if (exponent < 0) {
        if (base == 0) {
            return nt_tpl_fail(env, "division by zero");
        }

        return nt_tpl_real(env, pow((double) base, (double) exponent));
    }

    result = 1;
    overflow = false;

    while (exponent > 0 && !overflow) {
        if (exponent & 1) {
            overflow = __builtin_mul_overflow(result, base, &result);
        }

        exponent >>= 1;

        if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) {
            overflow = true;
        }
    }

    return overflow ? nt_tpl_fail(env, "a whole number does not fit 64 bits")
                    : json_integer(result);
}


static int64_t
floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}


static json_t *
integers(nt_tpl_env_t *env, nt_tpl_op_t op, int64_t a, int64_t b)
{
    bool    overflow;
    int64_t result;

    overflow = false;
    result = 0;

    switch (op) {
    case NT_OP_ADD:
        overflow = __builtin_add_overflow(a, b, &result);
        break;

    case NT_OP_SUB:
        overflow = __builtin_sub_overflow(a, b, &result);
        break;

    case NT_OP_MUL:
        overflow = __builtin_mul_overflow(a, b, &result);
        break;

    case NT_OP_POW:
        return power(env, a, b);

    default:
        if (b == 0) {
            return nt_tpl_fail(env, "division by zero");
        }

        if (op == NT_OP_DIV) {
            return nt_tpl_real(env, (double) a / (double) b);
        }

        if (b == -1) { /* INT64_MIN / -1 traps */
            overflow =
                op == NT_OP_FLOORDIV && __builtin_sub_overflow(0, a, &result);
            break;
        }

        result =
            op == NT_OP_FLOORDIV ? floor_div(a, b) : a - floor_div(a, b) * b;
    }

    return overflow ? nt_tpl_fail(env, "a whole number does not fit 64 bits")
                    : json_integer(result);
}


static json_t *
reals(nt_tpl_env_t *env, nt_tpl_op_t op, double a, double b)
{
    double rest;

    switch (op) {
    case NT_OP_ADD:
        return nt_tpl_real(env, a + b);

    case NT_OP_SUB:
        return nt_tpl_real(env, a - b);

    case NT_OP_MUL:
        return nt_tpl_real(env, a * b);

    case NT_OP_POW:
        return nt_tpl_real(env, pow(a, b));

    default:
        break;
    }

    if (b == 0) {
        return nt_tpl_fail(env, "division by zero");
    }

    if (op == NT_OP_DIV) {
        return nt_tpl_real(env, a / b);
    }

    rest = fmod(a, b);

    if (rest != 0 && (rest < 0) != (b < 0)) {
        rest += b;
    }

    return nt_tpl_real(env, op == NT_OP_MOD ? rest : round((a - rest) / b));
}


static bool
append_all(nt_tpl_env_t *env, json_t *list, json_t *items)
{
    size_t  i;
    json_t *item;

    json_array_foreach(items, i, item)
    {
        if (!nt_tpl_append(env, list, item)) {
            return false;
        }
    }

    return true;
}


/* A new list, a tuple if `a` is one, of the items of `a`, `count` times,
 * and those of `b`, which may be NULL. */
static json_t *
join_arrays(nt_tpl_env_t *env, json_t *a, size_t count, json_t *b)
{
    bool    ok;
    size_t  i;
    json_t *list;

    list = json_array();

    if (list == NULL) {
        return nt_tpl_nomem(env);
    }

    ok = true;

    for (i = 0; ok && json_array_size(a) > 0 && i < count; i++) {
        ok = append_all(env, list, a);
    }

    if (!ok || !append_all(env, list, b)) {
        json_decref(list);
        return NULL;
    }

    return nt_tpl_tag_of(env, a) == NT_TAG_NONE
               ? list
               : nt_tpl_tag(env, list, NT_TAG_TUPLE);
}


static json_t *
repeat(nt_tpl_env_t *env, json_t *value, int64_t times)
{
    size_t   i, count;
    nt_buf_t buf = { 0 };
    nt_str_t s;

    count = times < 0 ? 0 : (size_t) times;

    if (json_is_array(value)) {
        return join_arrays(env, value, count, NULL);
    }

    s = nt_ustr(value);

    if (s.len == 0) {
        return json_incref(value);
    }

    if (!nt_tpl_room(env, count > SIZE_MAX / s.len ? SIZE_MAX : count * s.len))
    {
        return NULL;
    }

    for (i = 0; i < count; i++) {
        nt_buf_append_str(&buf, s);
    }

    return nt_tpl_take(env, &buf);
}


static json_t *
concat(nt_tpl_env_t *env, json_t *a, json_t *b)
{
    nt_buf_t buf = { 0 };

    if (!nt_tpl_str(env, &buf, a) || !nt_tpl_str(env, &buf, b)) {
        nt_buf_free(&buf);
        return NULL;
    }

    return nt_tpl_take(env, &buf);
}


static bool
is_sequence(const json_t *value)
{
    return json_is_string(value) || json_is_array(value);
}


json_t *
nt_tpl_binary(nt_tpl_env_t *env, nt_tpl_op_t op, json_t *a, json_t *b)
{
    double  x, y;
    int64_t i, j;

    if (op == NT_OP_CONCAT) {
        return concat(env, a, b);
    }

    if (nt_py_integer(a, &i) && nt_py_integer(b, &j)) {
        return integers(env, op, i, j);
    }

    if (nt_tpl_number(a, &x) && nt_tpl_number(b, &y)) {
        return reals(env, op, x, y);
    }

    if (op == NT_OP_ADD && json_is_string(a) && json_is_string(b)) {
        return concat(env, a, b);
    }

    if (op == NT_OP_ADD && json_is_array(a) && json_is_array(b) &&
        strcmp(nt_tpl_type(env, a), nt_tpl_type(env, b)) == 0)
    {
        return join_arrays(env, a, 1, b);
    }

    if (op == NT_OP_MUL && is_sequence(a) && nt_py_integer(b, &j)) {
        return repeat(env, a, j);
    }

    if (op == NT_OP_MUL && nt_py_integer(a, &i) && is_sequence(b)) {
        return repeat(env, b, i);
    }

    if (op == NT_OP_MOD && json_is_string(a)) {
        return nt_tpl_percent(env, a, b);
    }

    return nt_tpl_fail(env,
                       "'%s' cannot combine a value of type %s with one "
                       "of type %s",
                       names[op], nt_tpl_type(env, a), nt_tpl_type(env, b));
}


json_t *
nt_tpl_negate(nt_tpl_env_t *env, json_t *a)
{
    double  number;
    int64_t integer;

    if (nt_py_integer(a, &integer)) {
        return integers(env, NT_OP_SUB, 0, integer);
    }

    if (nt_tpl_number(a, &number)) {
        return json_real(-number);
    }

    return nt_tpl_fail(env, "'-' needs a number, not a value of type %s",
                       nt_tpl_type(env, a));
}
