/*
 * engine/template/call.c - calls: methods of values, functions, and the loop
 * variable.
 */

#include "engine/template/tpl.h"


static json_t *
fn_range(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    size_t  i;
    json_t *list;
    int64_t v[3] = { 0, 0, 1 }, n;

    if (args->n_pos < 1 || args->n_pos > 3 || args->keywords != NULL) {
        return nt_tpl_fail(env, "range() takes one to three whole numbers");
    }

    for (i = 0; i < args->n_pos; i++) {
        if (!nt_py_integer(args->pos[i], &v[args->n_pos == 1 ? 1 : i])) {
            return nt_tpl_fail(env, "range() takes whole numbers");
        }
    }

    if (v[2] == 0) {
        return nt_tpl_fail(env, "the step of range() must not be 0");
    }

    list = json_array();

    for (n = v[0]; list != NULL && (v[2] > 0 ? n < v[1] : n > v[1]);) {
        if (!nt_tpl_append_new(env, list, json_integer(n))) {
            json_decref(list);
            return NULL;
        }

        if (__builtin_add_overflow(n, v[2], &n)) {
            break;
        }
    }

    return list;
}


/* dict(a=1), dict(other, a=1), also of namespace() */
static json_t *
fn_dict(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    json_t *object, *first;

    first = args->n_pos == 0 ? NULL : args->pos[0];

    if (args->n_pos > 1 || (first != NULL && !json_is_object(first))) {
        return nt_tpl_fail(env, "dict() takes one dict and names with values");
    }

    if (args->keywords != NULL && !nt_tpl_nests(env, args->keywords)) {
        return NULL;
    }

    object = first == NULL ? json_object() : json_copy(first);

    if (object != NULL && args->keywords != NULL &&
        json_object_update(object, args->keywords) != 0)
    {
        json_decref(object);
        return NULL;
    }

    return nt_tpl_charge(env, json_object_size(first)) ? object : NULL;
}


static json_t *
fn_namespace(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return nt_tpl_tag(env, fn_dict(env, value, args), NT_TAG_NAMESPACE);
}


static const nt_tpl_callee_t functions[] = { { "range", NULL, fn_range },
                                             { "dict", NULL, fn_dict },
                                             { "namespace", NULL,
                                               fn_namespace },
                                             { NULL, NULL, NULL } };


/* --- loop --- */

typedef enum {
    LOOP_INDEX,
    LOOP_INDEX0,
    LOOP_REVINDEX,
    LOOP_REVINDEX0,
    LOOP_FIRST,
    LOOP_LAST,
    LOOP_LENGTH,
    LOOP_PREVITEM,
    LOOP_NEXTITEM,
    LOOP_DEPTH,
    LOOP_DEPTH0
} loop_field_t;

static const char *const loop_fields[] = {
    [LOOP_INDEX] = "index",       [LOOP_INDEX0] = "index0",
    [LOOP_REVINDEX] = "revindex", [LOOP_REVINDEX0] = "revindex0",
    [LOOP_FIRST] = "first",       [LOOP_LAST] = "last",
    [LOOP_LENGTH] = "length",     [LOOP_PREVITEM] = "previtem",
    [LOOP_NEXTITEM] = "nextitem", [LOOP_DEPTH] = "depth",
    [LOOP_DEPTH0] = "depth0",     NULL
};


static json_t *
loop_value(const nt_tpl_loop_t *loop, loop_field_t field)
{
    json_t *item;
    size_t  number;

    number = 0;

    switch (field) {
    case LOOP_INDEX:
        number = loop->index + 1;
        break;

    case LOOP_INDEX0:
        number = loop->index;
        break;

    case LOOP_REVINDEX:
        number = loop->len - loop->index;
        break;

    case LOOP_REVINDEX0:
        number = loop->len - loop->index - 1;
        break;

    case LOOP_FIRST:
        return json_boolean(loop->index == 0);

    case LOOP_LAST:
        return json_boolean(loop->index + 1 == loop->len);

    case LOOP_LENGTH:
        number = loop->len;
        break;

    case LOOP_PREVITEM:
    case LOOP_NEXTITEM:
        item = NULL;

        if (field == LOOP_NEXTITEM) {
            item = json_array_get(loop->items, loop->index + 1);

        } else if (loop->index > 0) {
            item = json_array_get(loop->items, loop->index - 1);
        }

        return json_incref(item == NULL ? nt_tpl_undefined : item);

    case LOOP_DEPTH:
        number = 1; /* recursive loops are not supported */
        break;

    case LOOP_DEPTH0:
        break;
    }

    return json_integer((json_int_t) number);
}


json_t *
nt_tpl_loop_attribute(nt_tpl_env_t *env, const nt_tpl_loop_t *loop,
                      const char *name)
{
    size_t i;

    for (i = 0; loop_fields[i] != NULL; i++) {
        if (strcmp(loop_fields[i], name) == 0) {
            return loop_value(loop, (loop_field_t) i);
        }
    }

    return json_incref(nt_tpl_undefined);
}


json_t *
nt_tpl_loop_object(nt_tpl_env_t *env, const nt_tpl_loop_t *loop)
{
    size_t  i;
    json_t *object;

    object = json_object();

    for (i = 0; object != NULL && loop_fields[i] != NULL; i++) {
        if (json_object_set_new(object, loop_fields[i],
                                loop_value(loop, (loop_field_t) i)) != 0)
        {
            json_decref(object);
            return NULL;
        }
    }

    return object;
}


/* loop.cycle(a, b, ...) and loop.changed(a, ...) */
static json_t *
call_loop(nt_tpl_env_t *env, const char *name, nt_tpl_args_t *args)
{
    bool           same;
    size_t         i;
    json_t        *list;
    nt_tpl_loop_t *loop;

    loop = env->loop;

    if (strcmp(name, "cycle") == 0 && args->n_pos > 0) {
        return json_incref(args->pos[loop->index % args->n_pos]);
    }

    if (strcmp(name, "changed") != 0) {
        return nt_tpl_fail(env, "loop.%s() is not supported", name);
    }

    list = json_array();

    for (i = 0; list != NULL && i < args->n_pos; i++) {
        if (json_array_append(list, args->pos[i]) != 0) {
            json_decref(list);
            return NULL;
        }
    }

    if (list == NULL) {
        return NULL;
    }

    same = loop->changed != NULL && nt_tpl_equal(env, loop->changed, list);
    json_decref(loop->changed);
    loop->changed = list;
    return json_boolean(!same);
}


/* --- calls --- */

static json_t *
call_method(nt_tpl_env_t *env, json_t *object, const char *name,
            nt_tpl_args_t *args)
{
    const nt_tpl_callee_t *callee, *methods;

    methods = json_is_string(object)   ? nt_tpl_str_methods
              : json_is_object(object) ? nt_tpl_dict_methods
              : json_is_array(object)  ? nt_tpl_list_methods
                                       : NULL;
    callee = methods == NULL ? NULL : nt_tpl_find(methods, name);

    if (callee == NULL && json_is_string(object)) {
        callee = nt_tpl_find(nt_tpl_pad_methods, name);
    }

    if (callee == NULL) {
        return nt_tpl_fail(env, "a value of type %s has no method %s()",
                           nt_tpl_type(env, object), name);
    }

    return nt_tpl_apply(env, callee, object, args);
}


static json_t *
call_object(nt_tpl_env_t *env, const nt_tpl_node_t *node, nt_tpl_args_t *args)
{
    json_t              *object, *result;
    const nt_tpl_node_t *callee;

    callee = node->a;

    if (env->loop != NULL && callee->a->type == NT_TPL_NAME &&
        strcmp(callee->a->name, "loop") == 0)
    {
        return call_loop(env, callee->name, args);
    }

    object = nt_tpl_eval(env, callee->a);

    if (object == NULL) {
        return NULL;
    }

    env->line = node->line;

    if (object == nt_tpl_undefined) {
        result = nt_tpl_fail(env,
                             "%s() is called on a value that is "
                             "undefined",
                             callee->name);

    } else {
        result = call_method(env, object, callee->name, args);
    }

    json_decref(object);
    return result;
}


json_t *
nt_tpl_call(nt_tpl_env_t *env, const nt_tpl_node_t *node)
{
    json_t                *result;
    nt_tpl_args_t          args;
    const nt_tpl_callee_t *callee;

    if (node->a->type != NT_TPL_ATTR && node->a->type != NT_TPL_NAME) {
        return nt_tpl_fail(env, "only functions and methods can be called");
    }

    if (!nt_tpl_eval_args(env, node, &args)) {
        return NULL;
    }

    env->line = node->line;

    if (node->a->type == NT_TPL_ATTR) {
        result = call_object(env, node, &args);

    } else {
        callee = nt_tpl_find(functions, node->a->name);
        result = callee == NULL ? nt_tpl_fail(env, "there is no function '%s'",
                                              node->a->name)
                                : nt_tpl_apply(env, callee, NULL, &args);
    }

    nt_tpl_args_free(&args);
    return result;
}
