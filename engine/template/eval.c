/*
 * engine/template/eval.c - statements.
 */

#include <stdlib.h>

#include "engine/template/tpl.h"


static bool
assign_items(nt_tpl_env_t *env, const nt_tpl_node_t *target, json_t *value)
{
    bool                 ok;
    size_t               i, n;
    json_t              *items;
    const nt_tpl_node_t *name;

    items = nt_tpl_list(env, value);

    if (items == NULL) {
        return false;
    }

    for (n = 0, name = target->list; name != NULL; name = name->next) {
        n++;
    }

    ok = n == json_array_size(items);

    if (!ok) {
        nt_tpl_fail(env, "%zu names cannot take %zu values", n,
                    json_array_size(items));
    }

    for (i = 0, name = target->list; ok && name != NULL; name = name->next) {
        ok = nt_tpl_assign(env, name->name, json_array_get(items, i++));
    }

    json_decref(items);
    return ok;
}


/* {% set namespace.name = value %} */
static bool
assign_attribute(nt_tpl_env_t *env, const nt_tpl_node_t *target, json_t *value)
{
    json_t *space;

    space = nt_tpl_lookup(env, target->a->name);

    if (nt_tpl_tag_of(env, space) != NT_TAG_NAMESPACE) {
        nt_tpl_fail(env,
                    "'%s' is not a namespace: only attributes of a "
                    "namespace can be set",
                    target->a->name);
        return false;
    }

    if (!nt_tpl_nests(env, value)) {
        return false;
    }

    if (json_object_set(space, target->name, value) != 0) {
        return nt_tpl_nomem(env) != NULL;
    }

    return true;
}


static bool
assign(nt_tpl_env_t *env, const nt_tpl_node_t *target, json_t *value)
{
    switch (target->type) {
    case NT_TPL_TUPLE:
        return assign_items(env, target, value);

    case NT_TPL_ATTR:
        return assign_attribute(env, target, value);

    default:
        return nt_tpl_assign(env, target->name, value);
    }
}


static bool
exec_print(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    bool    ok;
    json_t *value;

    value = nt_tpl_eval(env, node->a);

    if (value == NULL) {
        return false;
    }

    ok = nt_tpl_str(env, env->out, value);
    json_decref(value);
    return ok;
}


static bool
truth_of(nt_tpl_env_t *env, const nt_tpl_node_t *node, bool *truth)
{
    json_t *value;

    value = nt_tpl_eval(env, node);

    if (value == NULL) {
        return false;
    }

    *truth = nt_py_truth(value);
    json_decref(value);
    return true;
}


static bool
exec_if(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    bool truth;

    for (; node != NULL; node = node->b) {
        truth = true;

        if (node->a != NULL && !truth_of(env, node->a, &truth)) {
            return false;
        }

        if (truth) {
            return nt_tpl_exec(env, node->list);
        }
    }

    return true;
}


/* The items for which the condition of the loop holds; takes `items` over. */
static json_t *
filter_items(nt_tpl_env_t *env, const nt_tpl_node_t *node, json_t *items)
{
    bool    ok, truth;
    size_t  i, outer;
    json_t *list, *item;

    list = json_array();
    ok = list != NULL || nt_tpl_nomem(env) != NULL;

    json_array_foreach(items, i, item)
    {
        outer = nt_tpl_push_scope(env);
        truth = false;

        ok = ok && assign(env, node->a, item) &&
             truth_of(env, node->c, &truth) &&
             (!truth || nt_tpl_append(env, list, item));

        nt_tpl_pop_scope(env, outer);
    }

    json_decref(items);

    if (!ok) {
        json_decref(list);
        return NULL;
    }

    return list;
}


static bool
exec_loop(nt_tpl_env_t *env, const nt_tpl_node_t *node, json_t *items)
{
    bool          ok;
    size_t        outer;
    nt_tpl_loop_t loop = { 0 };

    loop.items = items;
    loop.len = json_array_size(items);
    loop.outer = env->loop;
    loop.depth = 1;
    env->loop = &loop;
    ok = true;

    for (loop.index = 0; ok && loop.index < loop.len; loop.index++) {
        outer = nt_tpl_push_scope(env);
        ok = nt_tpl_charge(env, 1) &&
             assign(env, node->a, json_array_get(items, loop.index)) &&
             nt_tpl_exec(env, node->list);
        nt_tpl_pop_scope(env, outer);
    }

    env->loop = loop.outer;
    json_decref(loop.changed);
    return ok;
}


static bool
exec_for(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    bool    ok;
    size_t  outer;
    json_t *value, *items;

    value = nt_tpl_eval(env, node->b);

    if (value == NULL) {
        return false;
    }

    items = nt_tpl_list(env, value);
    json_decref(value);

    if (items != NULL && node->c != NULL) {
        items = filter_items(env, node, items);
    }

    if (items == NULL) {
        return false;
    }

    if (json_array_size(items) > 0) {
        ok = exec_loop(env, node, items);

    } else {
        outer = nt_tpl_push_scope(env);
        ok = nt_tpl_exec(env, node->alt);
        nt_tpl_pop_scope(env, outer);
    }

    json_decref(items);
    return ok;
}


static bool
exec_set(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    bool    ok;
    json_t *value;

    value = nt_tpl_eval(env, node->b);

    if (value == NULL) {
        return false;
    }

    ok = assign(env, node->a, value);
    json_decref(value);
    return ok;
}


/* Applies the filters, which end in a node without a value, to `value`, which
 * it takes over. */
static json_t *
apply_filters(nt_tpl_env_t *env, const nt_tpl_node_t *node, json_t *value)
{
    json_t       *result;
    nt_tpl_args_t args;

    if (node == NULL) {
        return value;
    }

    value = apply_filters(env, node->a, value);

    if (value == NULL) {
        return NULL;
    }

    result = NULL;

    if (nt_tpl_eval_args(env, node, &args)) {
        result = nt_tpl_apply_filter(env, node->name, value, &args);
        nt_tpl_args_free(&args);
    }

    json_decref(value);
    return result;
}


/* {% set x %}...{% endset %}, {% filter f %}...{% endfilter %} */
static bool
exec_capture(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    bool      ok;
    size_t    outer;
    json_t   *value;
    nt_buf_t  buf = { 0 };
    nt_buf_t *out;

    out = env->out;
    env->out = &buf;
    outer = nt_tpl_push_scope(env);

    ok = nt_tpl_exec(env, node->list);

    nt_tpl_pop_scope(env, outer);
    env->out = out;

    if (!ok) {
        nt_buf_free(&buf);
        return false;
    }

    value = nt_tpl_take(env, &buf);

    if (value != NULL) {
        value = apply_filters(env, node->b, value);
    }

    if (value == NULL) {
        return false;
    }

    ok = node->a == NULL ? nt_tpl_str(env, out, value)
                         : assign(env, node->a, value);
    json_decref(value);
    return ok;
}


static bool
exec_with(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    bool                 ok;
    size_t               outer;
    const nt_tpl_node_t *set;

    outer = nt_tpl_push_scope(env);
    ok = true;

    for (set = node->alt; ok && set != NULL; set = set->next) {
        ok = exec_set(env, set);
    }

    ok = ok && nt_tpl_exec(env, node->list);
    nt_tpl_pop_scope(env, outer);
    return ok;
}


static bool
exec_one(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    switch (node->type) {
    case NT_TPL_TEXT:
        return nt_tpl_str(env, env->out, node->constant);

    case NT_TPL_PRINT:
        return exec_print(env, node);

    case NT_TPL_IF:
        return exec_if(env, node);

    case NT_TPL_FOR:
        return exec_for(env, node);

    case NT_TPL_SET:
        return exec_set(env, node);

    case NT_TPL_CAPTURE:
        return exec_capture(env, node);

    default:
        return exec_with(env, node);
    }
}


bool
nt_tpl_exec(nt_tpl_env_t *env, const nt_tpl_node_t *list)
{
    for (; list != NULL; list = list->next) {
        env->line = list->line;

        if (!nt_tpl_charge(env, 1) || !exec_one(env, list)) {
            return false;
        }
    }

    return true;
}
