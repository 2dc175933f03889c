/*
 * engine/template/methods.c - methods of dicts and lists.  Those of strings
 * are in methods_str.c.
 *
 * Values are shared with the rest of the workflow, so there is no method
 * that changes one.
 */

#include "engine/template/tpl.h"


static json_t *
dict_items(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    size_t      len;
    json_t     *list, *key, *item;
    const char *name;

    list = json_array();

    if (list == NULL) {
        return NULL;
    }

    json_object_keylen_foreach(value, name, len, item)
    {
        key = nt_ustr_json((nt_str_t) { name, len });

        if (key == NULL ||
            !nt_tpl_append_new(env, list,
                               nt_tpl_pair(env, key, item, NT_TAG_TUPLE)))
        {
            json_decref(key);
            json_decref(list);
            return NULL;
        }

        json_decref(key);
    }

    return list;
}


static json_t *
dict_keys(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return nt_tpl_list(env, value);
}


static json_t *
dict_values(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    json_t     *list, *item;
    const char *name;

    list = json_array();

    if (list == NULL) {
        return NULL;
    }

    json_object_foreach(value, name, item)
    {
        if (!nt_tpl_append(env, list, item)) {
            json_decref(list);
            return NULL;
        }
    }

    return list;
}


static json_t *
dict_get(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    json_t *found;

    found = nt_tpl_item(env, value, args->p[0]);

    if (found != nt_tpl_undefined) {
        return found;
    }

    return args->p[1] == NULL ? json_null() : json_incref(args->p[1]);
}


static json_t *
dict_copy(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return nt_tpl_charge(env, json_object_size(value)) ? json_copy(value)
                                                       : NULL;
}


static json_t *
refuse_change(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return nt_tpl_fail(env, "a template cannot change a value: make a new one "
                            "with {%% set x = x + [...] %%}, in a loop with a "
                            "namespace");
}


const nt_tpl_callee_t nt_tpl_dict_methods[] = {
    { "copy", "", dict_copy },
    { "get", "key! default", dict_get },
    { "items", "", dict_items },
    { "keys", "", dict_keys },
    { "values", "", dict_values },
    { "clear", NULL, refuse_change },
    { "pop", NULL, refuse_change },
    { "popitem", NULL, refuse_change },
    { "setdefault", NULL, refuse_change },
    { "update", NULL, refuse_change },
    { NULL, NULL, NULL }
};


static json_t *
list_count(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    size_t  i, n;
    json_t *item;

    n = 0;

    json_array_foreach(value, i, item)
    {
        n += nt_tpl_equal(env, item, args->p[0]);
    }

    return json_integer((json_int_t) n);
}


static json_t *
list_index(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    size_t  i;
    json_t *item;

    json_array_foreach(value, i, item)
    {
        if (nt_tpl_equal(env, item, args->p[0])) {
            return json_integer((json_int_t) i);
        }
    }

    return nt_tpl_fail(env, "index() did not find its argument in the list");
}


static json_t *
list_copy(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    return nt_tpl_charge(env, json_array_size(value)) ? json_copy(value) : NULL;
}


const nt_tpl_callee_t nt_tpl_list_methods[] = {
    { "copy", "", list_copy },         { "count", "value!", list_count },
    { "index", "value!", list_index }, { "append", NULL, refuse_change },
    { "clear", NULL, refuse_change },  { "extend", NULL, refuse_change },
    { "insert", NULL, refuse_change }, { "pop", NULL, refuse_change },
    { "remove", NULL, refuse_change }, { "reverse", NULL, refuse_change },
    { "sort", NULL, refuse_change },   { NULL, NULL, NULL }
};
