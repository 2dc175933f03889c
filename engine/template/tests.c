/*
 * engine/template/tests.c - tests: `value is defined`.
 */

#include "engine/template/tpl.h"


typedef bool (*test_fn_t)(nt_tpl_env_t *env, json_t *value, json_t *arg);

typedef struct {
    const char *name;
    test_fn_t   fn;
    int         op;  /* a comparison when there is no function */
    bool        arg; /* takes an argument */
} test_t;


static bool
is_defined(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return value != nt_tpl_undefined;
}


static bool
is_undefined(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return value == nt_tpl_undefined;
}


static bool
is_none(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return json_is_null(value) && value != nt_tpl_undefined;
}


static bool
is_boolean(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return json_is_boolean(value);
}


static bool
is_true(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return json_is_true(value);
}


static bool
is_false(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return json_is_false(value);
}


static bool
is_integer(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return json_is_integer(value);
}


static bool
is_float(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return json_is_real(value);
}


static bool
is_number(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return json_is_number(value) || json_is_boolean(value);
}


static bool
is_string(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return json_is_string(value);
}


static bool
is_mapping(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return json_is_object(value) &&
           nt_tpl_tag_of(env, value) != NT_TAG_NAMESPACE;
}


/* Undefined is an empty sequence, as in Jinja2. */
static bool
is_sequence(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return json_is_array(value) || json_is_string(value) ||
           value == nt_tpl_undefined || is_mapping(env, value, arg);
}


static bool
is_callable(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return false;
}


static bool
remainder_is(nt_tpl_env_t *env, json_t *value, json_t *divisor, int64_t wanted)
{
    double  number;
    bool    same;
    json_t *rest;

    if (!nt_tpl_number(value, &number)) {
        nt_tpl_fail(env, "a value of type %s is not a number",
                    nt_tpl_type(env, value));
        return false;
    }

    rest = nt_tpl_binary(env, NT_OP_MOD, value, divisor);
    same = rest != NULL && json_number_value(rest) == (double) wanted;
    json_decref(rest);
    return same;
}


static bool
is_parity(nt_tpl_env_t *env, json_t *value, int64_t parity)
{
    bool    result;
    json_t *two;

    two = json_integer(2);

    if (two == NULL) {
        return nt_tpl_nomem(env) != NULL;
    }

    result = remainder_is(env, value, two, parity);
    json_decref(two);
    return result;
}


static bool
is_odd(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return is_parity(env, value, 1);
}


static bool
is_even(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return is_parity(env, value, 0);
}


static bool
is_divisible(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return remainder_is(env, value, arg, 0);
}


static bool
has_case(nt_tpl_env_t *env, json_t *value, bool upper)
{
    bool          result;
    json_t       *answer;
    nt_tpl_args_t args = { 0 };

    value = nt_tpl_string(env, value);

    if (value == NULL) {
        return false;
    }

    answer = nt_tpl_apply(env,
                          nt_tpl_find(nt_tpl_str_methods,
                                      upper ? "isupper" : "islower"),
                          value, &args);
    result = json_is_true(answer);
    json_decref(answer);
    json_decref(value);
    return result;
}


static bool
is_lower(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return has_case(env, value, false);
}


static bool
is_upper(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return has_case(env, value, true);
}


static bool
is_same(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return value == arg ||
           (json_typeof(value) == json_typeof(arg) && !json_is_array(value) &&
            !json_is_object(value) && nt_tpl_equal(env, value, arg));
}


static bool
is_filter(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return json_is_string(value) &&
           nt_tpl_filter(json_string_value(value)) != NULL;
}


static bool
is_test(nt_tpl_env_t *env, json_t *value, json_t *arg)
{
    return json_is_string(value) && nt_tpl_has_test(json_string_value(value));
}


static const test_t tests[] = { { "defined", is_defined, 0, false },
                                { "undefined", is_undefined, 0, false },
                                { "none", is_none, 0, false },
                                { "boolean", is_boolean, 0, false },
                                { "true", is_true, 0, false },
                                { "false", is_false, 0, false },
                                { "integer", is_integer, 0, false },
                                { "float", is_float, 0, false },
                                { "number", is_number, 0, false },
                                { "string", is_string, 0, false },
                                { "mapping", is_mapping, 0, false },
                                { "sequence", is_sequence, 0, false },
                                { "iterable", is_sequence, 0, false },
                                { "callable", is_callable, 0, false },
                                { "escaped", is_callable, 0, false },
                                { "odd", is_odd, 0, false },
                                { "even", is_even, 0, false },
                                { "divisibleby", is_divisible, 0, true },
                                { "lower", is_lower, 0, false },
                                { "upper", is_upper, 0, false },
                                { "sameas", is_same, 0, true },
                                { "filter", is_filter, 0, false },
                                { "test", is_test, 0, false },
                                { "eq", NULL, NT_OP_EQ, true },
                                { "equalto", NULL, NT_OP_EQ, true },
                                { "==", NULL, NT_OP_EQ, true },
                                { "ne", NULL, NT_OP_NE, true },
                                { "!=", NULL, NT_OP_NE, true },
                                { "lt", NULL, NT_OP_LT, true },
                                { "lessthan", NULL, NT_OP_LT, true },
                                { "<", NULL, NT_OP_LT, true },
                                { "le", NULL, NT_OP_LE, true },
                                { "<=", NULL, NT_OP_LE, true },
                                { "gt", NULL, NT_OP_GT, true },
                                { "greaterthan", NULL, NT_OP_GT, true },
                                { ">", NULL, NT_OP_GT, true },
                                { "ge", NULL, NT_OP_GE, true },
                                { ">=", NULL, NT_OP_GE, true },
                                { "in", NULL, NT_OP_IN, true },
                                { NULL, NULL, 0, false } };


static const test_t *
find(const char *name)
{
    const test_t *test;

    for (test = tests; test->name != NULL; test++) {
        if (strcmp(test->name, name) == 0) {
            return test;
        }
    }

    return NULL;
}


bool
nt_tpl_has_test(const char *name)
{
    return find(name) != NULL;
}


bool
nt_tpl_test(nt_tpl_env_t *env, const char *name, json_t *value,
            nt_tpl_args_t *args, bool *result)
{
    const test_t *test;

    test = find(name);

    if (test == NULL) {
        nt_tpl_fail(env, "there is no test '%s'", name);
        return false;
    }

    if (args->n_pos != (test->arg ? 1 : 0) ||
        json_object_size(args->keywords) > 0) {
        nt_tpl_fail(env, "the test '%s' takes %s argument", name,
                    test->arg ? "one" : "no");
        return false;
    }

    if (test->fn == NULL) {
        return nt_tpl_compare(env, (nt_tpl_op_t) test->op, value, args->pos[0],
                              result);
    }

    *result = test->fn(env, value, args->pos[0]);
    return !env->failed;
}
