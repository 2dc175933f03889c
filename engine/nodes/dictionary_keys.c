/*
 * engine/nodes/dictionary_keys.c - nodetool.dictionary.*: dicts whose keys
 * come from values.
 *
 * A key that is no string becomes the one that json.dumps makes of it.
 */

#include "engine/nodes/dictionary.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/ustr.h"

static const nt_output_t out_any_any[] = { { "output", "dict[any,any]" },
                                           { NULL, NULL } };


static json_t *
get(const json_t *dict, nt_str_t key)
{
    return json_object_getn(dict, key.data, key.len);
}


/* --- Zip --- */

/* Sets a member by a key of any type; false after nt_call_fail. */
static bool
set_by(nt_node_call_t *call, json_t *dict, const json_t *key, json_t *value,
       const char *property)
{
    bool     ok = false;
    nt_buf_t name = { 0 };

    if (!nt_py_member(&name, key)) {
        (void) nt_call_fail(call, "'%s': a %s cannot be a key", property,
                            nt_py_type(key));

    } else if (name.failed ||
               json_object_setn(dict, name.data != NULL ? name.data : "",
                                name.len, value) != 0)
    {
        (void) nt_arg_nomem(call);

    } else {
        ok = true;
    }

    nt_buf_free(&name);
    return ok;
}


static nt_node_rc_t
run_zip(nt_node_call_t *call)
{
    size_t  i;
    json_t *keys, *values, *key, *value, *result;

    if ((keys = nt_arg_list(call, "keys")) == NULL ||
        (values = nt_arg_list(call, "values")) == NULL)
    {
        return NT_NODE_FAIL;
    }

    result = json_object();

    json_array_foreach(keys, i, key)
    {
        value = json_array_get(values, i);

        if (value == NULL) {
            break;
        }

        if (!set_by(call, result, key, value, "keys")) {
            json_decref(result);
            return NT_NODE_FAIL;
        }
    }

    return nt_emit(call, result);
}


static const nt_property_t zip_properties[] = {
    NT_PROP("keys", "list[any]", "[]", "The keys"),
    NT_PROP("values", "list[any]", "[]", "The value of each key"), NT_PROP_END
};

const nt_node_type_t nt_dict_zip = {
    .type = "nodetool.dictionary.Zip",
    .title = "Zip",
    .description = "Makes a dict of a list of keys and a list of values.",
    .properties = zip_properties,
    .outputs = out_any_any,
    .run = run_zip
};


/* --- ReduceDictionaries --- */

/* The value that a dict adds; a new reference, NULL after nt_call_fail. */
static json_t *
reduced_value(nt_node_call_t *call, const json_t *dict, nt_str_t key_field,
              nt_str_t value_field)
{
    json_t *value;

    if (value_field.len > 0) {
        value = json_incref(get(dict, value_field));

        if (value == NULL) {
            (void) nt_call_fail(call, "'value_field': a dict has no \"%.*s\"",
                                (int) value_field.len, value_field.data);
        }

        return value;
    }

    value = json_copy((json_t *) dict);

    if (value == NULL ||
        json_object_deln(value, key_field.data, key_field.len) != 0)
    {
        json_decref(value);
        (void) nt_arg_nomem(call);
        return NULL;
    }

    return value;
}


/* Adds one dict to the result; false after nt_call_fail. */
static bool
reduce(nt_node_call_t *call, json_t *result, const json_t *dict,
       nt_str_t key_field, nt_str_t value_field)
{
    bool     ok, old;
    json_t  *key, *value;
    nt_buf_t name = { 0 };
    nt_str_t conflict = nt_ustr(nt_call_input(call, "conflict_resolution"));

    key = json_is_object(dict) ? get(dict, key_field) : NULL;

    if (key == NULL) {
        (void) nt_call_fail(call, "'key_field': a dict has no \"%.*s\"",
                            (int) key_field.len, key_field.data);
        return false;
    }

    old = nt_py_member(&name, key) && !name.failed &&
          get(result, (nt_str_t) { name.data != NULL ? name.data : "",
                                   name.len }) != NULL;

    if (old && nt_str_eq(conflict, NT_STR("error"))) {
        (void) nt_call_fail(call,
                            "'dictionaries': the key \"%.*s\" comes "
                            "twice",
                            (int) (name.len < 100 ? name.len : 100),
                            name.data != NULL ? name.data : "");
        nt_buf_free(&name);
        return false;
    }

    nt_buf_free(&name);
    value = reduced_value(call, dict, key_field, value_field);
    ok = value != NULL;

    if (ok && (!old || nt_str_eq(conflict, NT_STR("last")))) {
        ok = set_by(call, result, key, value, "key_field");
    }

    json_decref(value);
    return ok;
}


static nt_node_rc_t
run_reduce(nt_node_call_t *call)
{
    size_t   i;
    json_t  *list = nt_arg_list(call, "dictionaries"), *dict, *result;
    nt_str_t key_field, value_field;

    if (list == NULL || !nt_arg_str(call, "key_field", &key_field) ||
        !nt_arg_str(call, "value_field", &value_field))
    {
        return NT_NODE_FAIL;
    }

    result = json_object();

    json_array_foreach(list, i, dict)
    {
        if (!reduce(call, result, dict, key_field, value_field)) {
            json_decref(result);
            return NT_NODE_FAIL;
        }
    }

    return nt_emit(call, result);
}


static const char *const conflicts[] = { "first", "last", "error", NULL };

static const nt_property_t reduce_properties[] = {
    NT_PROP("dictionaries", "list[dict[str,any]]", "[]", "The dicts"),
    NT_PROP("key_field", "str", "\"\"", "The field that becomes the key"),
    NT_PROP("value_field", "str", "\"\"",
            "The field that becomes the value; empty for the whole dict "
            "without its key"),
    NT_PROP_ENUM("conflict_resolution", conflicts, "\"first\"",
                 "What counts when a key comes twice"),
    NT_PROP_END
};

const nt_node_type_t nt_dict_reduce = {
    .type = "nodetool.dictionary.ReduceDictionaries",
    .title = "Reduce Dictionaries",
    .description = "Makes one dict of a list of dicts, by one of their "
                   "fields.",
    .properties = reduce_properties,
    .outputs = out_any_any,
    .run = run_reduce
};
