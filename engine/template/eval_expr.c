/*
 * engine/template/eval_expr.c - expressions.
 */

#include "engine/template/tpl.h"


static json_t *
eval_name(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    if (env->loop != NULL && strcmp(node->name, "loop") == 0) {
        return nt_tpl_loop_object(env, env->loop);
    }

    return json_incref(nt_tpl_lookup(env, node->name));
}


/* A list or tuple; with a key in each item, a dict. */
static json_t *
eval_items(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    bool                 ok;
    json_t              *list, *value;
    const nt_tpl_node_t *item;

    list = json_array();
    ok = list != NULL || nt_tpl_nomem(env) != NULL;

    for (item = node->list; ok && item != NULL; item = item->next) {
        value = nt_tpl_eval(env, item);
        ok = value != NULL && nt_tpl_nests(env, value) &&
             nt_tpl_append(env, list, value);
        json_decref(value);
    }

    if (!ok) {
        json_decref(list);
        return NULL;
    }

    return node->type == NT_TPL_TUPLE ? nt_tpl_tag(env, list, NT_TAG_TUPLE)
                                      : list;
}


static bool
set_member(nt_tpl_env_t *env, json_t *object, json_t *key, json_t *value)
{
    if (!json_is_string(key)) {
        nt_tpl_fail(env, "a key of a dict must be a string, not of type %s",
                    nt_tpl_type(env, key));
        return false;
    }

    if (!nt_tpl_nests(env, value)) {
        return false;
    }

    if (json_object_setn(object, json_string_value(key),
                         json_string_length(key), value) != 0)
    {
        return nt_tpl_nomem(env) != NULL;
    }

    return true;
}


static json_t *
eval_dict(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    bool                 ok;
    json_t              *object, *key, *value;
    const nt_tpl_node_t *pair;

    object = json_object();
    ok = object != NULL || nt_tpl_nomem(env) != NULL;

    for (pair = node->list; ok && pair != NULL; pair = pair->next) {
        key = nt_tpl_eval(env, pair->a);
        value = key == NULL ? NULL : nt_tpl_eval(env, pair->b);
        ok = value != NULL && set_member(env, object, key, value);
        json_decref(key);
        json_decref(value);
    }

    if (!ok) {
        json_decref(object);
        return NULL;
    }

    return object;
}


/* Jinja2 looks into nothing that is undefined. */
static bool
check_defined(nt_tpl_env_t *env, const nt_tpl_node_t *node, json_t *value)
{
    if (value != nt_tpl_undefined) {
        return true;
    }

    if (node->name != NULL && node->type != NT_TPL_FILTER) {
        nt_tpl_fail(env, "'%s' is undefined", node->name);

    } else {
        nt_tpl_fail(env, "a value is undefined where something in it is "
                         "asked for");
    }

    return false;
}


static json_t *
eval_attribute(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    json_t *object, *value;

    if (node->a->type == NT_TPL_NAME && env->loop != NULL &&
        strcmp(node->a->name, "loop") == 0)
    {
        return nt_tpl_loop_attribute(env, env->loop, node->name);
    }

    object = nt_tpl_eval(env, node->a);
    value = NULL;

    if (object != NULL && check_defined(env, node->a, object)) {
        value = nt_tpl_attribute(env, object, node->name);
    }

    json_decref(object);
    return value;
}


static json_t *
eval_index(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    json_t *object, *key, *value;

    object = nt_tpl_eval(env, node->a);
    key = NULL;
    value = NULL;

    if (object != NULL && check_defined(env, node->a, object)) {
        key = nt_tpl_eval(env, node->b);
    }

    if (key != NULL) {
        value = nt_tpl_item(env, object, key);
    }

    json_decref(object);
    json_decref(key);
    return value;
}


static json_t *
slice_value(nt_tpl_env_t *env, json_t *object, const int64_t *start,
            const int64_t *stop, int64_t step)
{
    bool     ok;
    size_t   count;
    int64_t  from;
    json_t  *list;
    nt_buf_t buf = { 0 };

    if (json_is_string(object)) {
        if (!nt_tpl_charge(env, json_string_length(object) / 4)) {
            return NULL;
        }

        nt_ustr_slice(&buf, nt_ustr(object), start, stop, step);
        return nt_tpl_take(env, &buf);
    }

    list = json_array();
    ok = list != NULL || nt_tpl_nomem(env) != NULL;
    nt_slice(json_array_size(object), start, stop, step, &from, &count);

    for (; ok && count > 0; count--) {
        ok = nt_tpl_append(env, list, json_array_get(object, (size_t) from));
        from += count > 1 ? step : 0;
    }

    if (!ok) {
        json_decref(list);
        return NULL;
    }

    return nt_tpl_tag_of(env, object) == NT_TAG_NONE
               ? list
               : nt_tpl_tag(env, list, NT_TAG_TUPLE);
}


static json_t *
eval_slice(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    bool    ok;
    size_t  i;
    json_t *object, *value;
    int64_t bound[4], *given[4] = { NULL };

    object = nt_tpl_eval(env, node->args[0]);
    ok = object != NULL;

    for (i = 1; ok && i < 4; i++) {
        if (node->args[i] == NULL) {
            continue;
        }

        value = nt_tpl_eval(env, node->args[i]);
        ok = value != NULL;

        if (ok && !json_is_null(value)) {
            given[i] = &bound[i];
            ok = nt_py_integer(value, given[i]);
        }

        json_decref(value);
    }

    value = NULL;

    if (object != NULL && !env->failed) {
        if (!ok || (given[3] != NULL && bound[3] == 0)) {
            nt_tpl_fail(env, "the bounds of a slice must be whole numbers, "
                             "its step not 0");

        } else if (json_is_array(object) || json_is_string(object)) {
            value = slice_value(env, object, given[1], given[2],
                                given[3] == NULL ? 1 : bound[3]);

        } else {
            value = json_incref(nt_tpl_undefined);
        }
    }

    json_decref(object);
    return value;
}


bool
nt_tpl_eval_args(nt_tpl_env_t *env, const nt_tpl_node_t *node,
                 nt_tpl_args_t *args)
{
    json_t              *value;
    const nt_tpl_node_t *arg;

    memset(args, 0, sizeof(*args));

    for (arg = node->list; arg != NULL; arg = arg->next) {
        if (args->n_pos == NT_TPL_ARGS_MAX) {
            nt_tpl_fail(env, "a call has more than %d arguments",
                        NT_TPL_ARGS_MAX);
            goto failed;
        }

        value = nt_tpl_eval(env, arg);

        if (value == NULL) {
            goto failed;
        }

        args->pos[args->n_pos++] = value;
    }

    if (node->alt != NULL && (args->keywords = json_object()) == NULL) {
        nt_tpl_nomem(env);
        goto failed;
    }

    for (arg = node->alt; arg != NULL; arg = arg->next) {
        value = nt_tpl_eval(env, arg->a);

        if (value == NULL) {
            goto failed;
        }

        if (json_object_set_new(args->keywords, arg->name, value) != 0) {
            nt_tpl_nomem(env);
            goto failed;
        }
    }

    return true;

failed:

    nt_tpl_args_free(args);
    return false;
}


void
nt_tpl_args_free(nt_tpl_args_t *args)
{
    while (args->n_pos > 0) {
        json_decref(args->pos[--args->n_pos]);
    }

    json_decref(args->keywords);
    args->keywords = NULL;
}


static json_t *
eval_filter(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    json_t       *value, *result;
    nt_tpl_args_t args;

    value = nt_tpl_eval(env, node->a);
    result = NULL;

    if (value != NULL && nt_tpl_eval_args(env, node, &args)) {
        result = nt_tpl_apply_filter(env, node->name, value, &args);
        nt_tpl_args_free(&args);
    }

    json_decref(value);
    return result;
}


static json_t *
eval_test(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    bool          ok, result;
    json_t       *value;
    nt_tpl_args_t args;

    value = nt_tpl_eval(env, node->a);
    ok = value != NULL && nt_tpl_eval_args(env, node, &args);

    if (ok) {
        ok = nt_tpl_test(env, node->name, value, &args, &result);
        nt_tpl_args_free(&args);
    }

    json_decref(value);
    return ok ? json_boolean(result) : NULL;
}


/* a < b < c */
static json_t *
eval_compare(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    bool                 ok, result;
    json_t              *left, *right;
    const nt_tpl_node_t *operand;

    left = nt_tpl_eval(env, node->a);
    ok = left != NULL;
    result = true;

    for (operand = node->list; ok && result && operand != NULL;
         operand = operand->next)
    {
        right = nt_tpl_eval(env, operand->a);
        ok = right != NULL &&
             nt_tpl_compare(env, operand->op, left, right, &result);
        json_decref(left);
        left = right;
    }

    json_decref(left);
    return ok ? json_boolean(result) : NULL;
}


static json_t *
eval_binary(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    json_t *a, *b, *result;

    a = nt_tpl_eval(env, node->a);
    b = a == NULL ? NULL : nt_tpl_eval(env, node->b);
    env->line = node->line;
    result = b == NULL ? NULL : nt_tpl_binary(env, node->op, a, b);
    json_decref(a);
    json_decref(b);
    return result;
}


/* and, or, not, - , if: all start with their first operand */
static json_t *
eval_unary(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    bool    truth;
    json_t *value, *result;

    value = nt_tpl_eval(env, node->a);

    if (value == NULL) {
        return NULL;
    }

    truth = nt_py_truth(value);

    if ((node->type == NT_TPL_AND && !truth) ||
        (node->type == NT_TPL_OR && truth) || node->type == NT_TPL_POS)
    {
        return value;
    }

    result = node->type == NT_TPL_NEG ? nt_tpl_negate(env, value) : NULL;
    json_decref(value);

    switch (node->type) {
    case NT_TPL_NEG:
        return result;

    case NT_TPL_NOT:
        return json_boolean(!truth);

    case NT_TPL_COND:
        if (!truth) {
            return node->c == NULL ? json_incref(nt_tpl_undefined)
                                   : nt_tpl_eval(env, node->c);
        }

        /* fall through */

    default:
        return nt_tpl_eval(env, node->b);
    }
}


static json_t *
eval_one(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    switch (node->type) {
    case NT_TPL_CONST:
        return json_incref(node->constant);

    case NT_TPL_NAME:
        return eval_name(env, node);

    case NT_TPL_LIST:
    case NT_TPL_TUPLE:
        return eval_items(env, node);

    case NT_TPL_DICT:
        return eval_dict(env, node);

    case NT_TPL_ATTR:
        return eval_attribute(env, node);

    case NT_TPL_INDEX:
        return eval_index(env, node);

    case NT_TPL_SLICE:
        return eval_slice(env, node);

    case NT_TPL_CALL:
        return nt_tpl_call(env, node);

    case NT_TPL_FILTER:
        return eval_filter(env, node);

    case NT_TPL_TEST:
        return eval_test(env, node);

    case NT_TPL_COMPARE:
        return eval_compare(env, node);

    case NT_TPL_BINARY:
        return eval_binary(env, node);

    default:
        return eval_unary(env, node);
    }
}


json_t *
nt_tpl_eval(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    json_t *value;

    if (!nt_tpl_charge(env, 1)) {
        return NULL;
    }

    if (env->depth == NT_TPL_EVAL_MAX) {
        return nt_tpl_fail(env, "an expression is nested too deeply");
    }

    env->depth++;
    env->line = node->line;
    value = eval_one(env, node);
    env->depth--;

    if (value == NULL && !env->failed) {
        return nt_tpl_nomem(env);
    }

    return value;
}
