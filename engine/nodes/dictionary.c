/*
 * engine/nodes/dictionary.c - nodetool.dictionary.*: making and changing.
 */

#include "engine/nodes/dictionary.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"
#include "engine/nodes/yaml.h"

#define NT_DICT_ANY(name, text) NT_PROP(name, "dict[str,any]", "{}", text)

static json_t *
get(const json_t *dict, nt_str_t key)
{
    return json_object_getn(dict, key.data, key.len);
}


/* --- GetValue, Remove --- */

static nt_node_rc_t
run_get(nt_node_call_t *call)
{
    json_t  *dict = nt_arg_dict(call, "dictionary"), *value;
    nt_str_t key;

    if (dict == NULL || !nt_arg_str(call, "key", &key)) {
        return NT_NODE_FAIL;
    }

    value = get(dict, key);
    return nt_emit(call,
                   json_incref(value != NULL ? value
                                             : nt_call_input(call, "default")));
}


static const nt_property_t get_properties[] = {
    NT_DICT_ANY("dictionary", "The dict to look in"),
    NT_PROP("key", "str", "\"\"", "The key to look for"),
    NT_PROP("default", "any", "[]", "What to return when it is not there"),
    NT_PROP_END
};

static const nt_node_type_t get_value = { .type =
                                              "nodetool.dictionary.GetValue",
                                          .title = "Get Value",
                                          .description =
                                              "Takes one value of a dict.",
                                          .properties = get_properties,
                                          .outputs = nt_out_any,
                                          .run = run_get };


static nt_node_rc_t
run_remove(nt_node_call_t *call)
{
    json_t  *dict = nt_arg_dict(call, "dictionary"), *result;
    nt_str_t key;

    if (dict == NULL || !nt_arg_str(call, "key", &key)) {
        return NT_NODE_FAIL;
    }

    result = json_copy(dict);

    if (result != NULL) {
        (void) json_object_deln(result, key.data, key.len);
    }

    return nt_emit(call, result);
}


static const nt_property_t remove_properties[] = {
    NT_DICT_ANY("dictionary", "The dict"),
    NT_PROP("key", "str", "\"\"", "The key to leave out"), NT_PROP_END
};

static const nt_node_type_t remove_key = { .type = "nodetool.dictionary.Remove",
                                           .title = "Remove",
                                           .description =
                                               "Leaves a key out of a dict.",
                                           .properties = remove_properties,
                                           .outputs = nt_out_dict_any,
                                           .run = run_remove };


/* --- Update, Combine --- */

static nt_node_rc_t
merge(nt_node_call_t *call, const char *first, const char *second)
{
    json_t *a, *b, *result;

    if ((a = nt_arg_dict(call, first)) == NULL ||
        (b = nt_arg_dict(call, second)) == NULL)
    {
        return NT_NODE_FAIL;
    }

    result = json_copy(a);

    if (result == NULL || json_object_update(result, b) != 0) {
        json_decref(result);
        return nt_arg_nomem(call);
    }

    return nt_emit(call, result);
}


static nt_node_rc_t
run_update(nt_node_call_t *call)
{
    return merge(call, "dictionary", "new_pairs");
}


static nt_node_rc_t
run_combine(nt_node_call_t *call)
{
    return merge(call, "dict_a", "dict_b");
}


static const nt_property_t update_properties[] = {
    NT_DICT_ANY("dictionary", "The dict"),
    NT_DICT_ANY("new_pairs", "The keys and values to put in"), NT_PROP_END
};

static const nt_node_type_t update = { .type = "nodetool.dictionary.Update",
                                       .title = "Update",
                                       .description =
                                           "Puts keys and values into a dict.",
                                       .properties = update_properties,
                                       .outputs = nt_out_dict_any,
                                       .run = run_update };

static const nt_property_t combine_properties[] = {
    NT_DICT_ANY("dict_a", "The first dict"),
    NT_DICT_ANY("dict_b", "The second dict, whose values win"), NT_PROP_END
};

static const nt_node_type_t combine = { .type = "nodetool.dictionary.Combine",
                                        .title = "Combine",
                                        .description = "Makes one dict of two.",
                                        .properties = combine_properties,
                                        .outputs = nt_out_dict_any,
                                        .run = run_combine };


/* --- Filter --- */

static nt_node_rc_t
run_filter(nt_node_call_t *call)
{
    size_t  i;
    json_t *dict, *keys, *key, *value, *result;

    if ((dict = nt_arg_dict(call, "dictionary")) == NULL ||
        (keys = nt_arg_list(call, "keys")) == NULL)
    {
        return NT_NODE_FAIL;
    }

    result = json_object();

    json_array_foreach(keys, i, key)
    {
        value = json_is_string(key) ? get(dict, nt_ustr(key)) : NULL;

        if (value != NULL &&
            json_object_setn(result, json_string_value(key),
                             json_string_length(key), value) != 0)
        {
            json_decref(result);
            return nt_arg_nomem(call);
        }
    }

    return nt_emit(call, result);
}


static const nt_property_t filter_properties[] = {
    NT_DICT_ANY("dictionary", "The dict"),
    NT_PROP("keys", "list[str]", "[]", "The keys to keep, in order"),
    NT_PROP_END
};

static const nt_node_type_t filter = { .type = "nodetool.dictionary.Filter",
                                       .title = "Filter",
                                       .description =
                                           "Keeps some keys of a dict.",
                                       .properties = filter_properties,
                                       .outputs = nt_out_dict_any,
                                       .run = run_filter };


/* --- MakeDictionary, ArgMax --- */

static nt_node_rc_t
run_make(nt_node_call_t *call)
{
    return nt_emit(call, json_copy(nt_call_dynamic(call)));
}


static const nt_node_type_t make_dictionary = {
    .type = "nodetool.dictionary.MakeDictionary",
    .title = "Make Dictionary",
    .description = "Makes a dict of the node's dynamic properties.",
    .outputs = nt_out_dict_any,
    .flags = NT_NODE_DYNAMIC,
    .run = run_make
};


static nt_node_rc_t
run_arg_max(nt_node_call_t *call)
{
    int         order;
    size_t      len, best_len = 0;
    json_t     *scores = nt_arg_dict(call, "scores"), *score, *best = NULL;
    const char *name, *best_name = NULL;

    if (scores == NULL) {
        return NT_NODE_FAIL;
    }

    json_object_keylen_foreach(scores, name, len, score)
    {
        if (!nt_py_is_number(score)) {
            return nt_call_fail(call,
                                "'scores' must hold numbers only; "
                                "\"%.*s\" is of type %s",
                                (int) (len < 100 ? len : 100), name,
                                nt_py_type(score));
        }

        if (best == NULL || (nt_py_order(score, best, &order) && order > 0)) {
            best = score;
            best_name = name;
            best_len = len;
        }
    }

    return best != NULL ? nt_emit(call, json_stringn(best_name, best_len))
                        : nt_call_fail(call, "'scores' must not be empty");
}


static const nt_property_t arg_max_properties[] = {
    NT_PROP("scores", "dict[str,float]", "{}", "The score of each label"),
    NT_PROP_END
};

static const nt_node_type_t arg_max = { .type = "nodetool.dictionary.ArgMax",
                                        .title = "Arg Max",
                                        .description =
                                            "The label with the highest score.",
                                        .properties = arg_max_properties,
                                        .outputs = nt_out_str,
                                        .run = run_arg_max };


/* --- texts --- */

static nt_node_rc_t
run_parse(nt_node_call_t *call)
{
    json_t *value = nt_arg_json(call, "json_string", JSON_OBJECT, "an object");

    return value != NULL ? nt_emit(call, value) : NT_NODE_FAIL;
}


static const nt_property_t parse_properties[] = {
    NT_PROP("json_string", "str", "\"\"", "The text of a JSON object"),
    NT_PROP_END
};

static const nt_node_type_t parse_json = { .type =
                                               "nodetool.dictionary.ParseJSON",
                                           .title = "Parse JSON",
                                           .description =
                                               "Makes a dict of a JSON text.",
                                           .properties = parse_properties,
                                           .outputs = nt_out_dict_any,
                                           .run = run_parse };


static nt_node_rc_t
run_to_json(nt_node_call_t *call)
{
    json_t  *dict = nt_arg_dict(call, "dictionary");
    nt_buf_t text = { 0 };

    if (dict == NULL) {
        return NT_NODE_FAIL;
    }

    nt_py_dumps(&text, dict, -1);
    return nt_emit_buf(call, &text);
}


static nt_node_rc_t
run_to_yaml(nt_node_call_t *call)
{
    json_t  *dict = nt_arg_dict(call, "dictionary");
    nt_buf_t text = { 0 };

    if (dict == NULL) {
        return NT_NODE_FAIL;
    }

    nt_yaml(&text, dict);
    return nt_emit_buf(call, &text);
}


static const nt_property_t to_text_properties[] = {
    NT_DICT_ANY("dictionary", "The dict"), NT_PROP_END
};

static const nt_node_type_t to_json = { .type = "nodetool.dictionary.ToJSON",
                                        .title = "To JSON",
                                        .description =
                                            "Makes a JSON text of a dict.",
                                        .properties = to_text_properties,
                                        .outputs = nt_out_str,
                                        .run = run_to_json };

static const nt_node_type_t to_yaml = { .type = "nodetool.dictionary.ToYAML",
                                        .title = "To YAML",
                                        .description =
                                            "Makes a YAML text of a dict.",
                                        .properties = to_text_properties,
                                        .outputs = nt_out_str,
                                        .run = run_to_yaml };


static const nt_node_type_t *const types[] = {
    &get_value,        &update,           &remove_key,
    &parse_json,       &nt_dict_zip,      &combine,
    &filter,           &nt_dict_reduce,   &make_dictionary,
    &arg_max,          &to_json,          &to_yaml,
    &nt_dict_load_csv, &nt_dict_save_csv, &nt_dict_save_json,
    &nt_dict_by_value, &nt_dict_by_range, &nt_dict_by_number,
    &nt_dict_by_regex, &nt_dict_by_query, NULL
};

const nt_node_library_t nt_nodes_dictionary = { .abi = NODETOOL_NODE_ABI,
                                                .name = "dictionary",
                                                .types = types };
