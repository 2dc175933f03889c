/*
 * engine/nodes/json.c - lib.json.*
 */

#include <stdio.h>
#include <stdlib.h>

#include "engine/nodes/args.h"
#include "engine/nodes/asset_folder.h"
#include "engine/nodes/defaults.h"
#include "engine/nodes/json_path.h"
#include "engine/nodes/json_template.h"
#include "engine/nodes/jsonschema.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"


/* --- ParseDict, ParseList --- */

static nt_node_rc_t
run_parse_dict(nt_node_call_t *call)
{
    json_t *value = nt_arg_json(call, "json_string", JSON_OBJECT, "an object");

    return value != NULL ? nt_emit(call, value) : NT_NODE_FAIL;
}


static nt_node_rc_t
run_parse_list(nt_node_call_t *call)
{
    json_t *value = nt_arg_json(call, "json_string", JSON_ARRAY, "an array");

    return value != NULL ? nt_emit(call, value) : NT_NODE_FAIL;
}


static const nt_property_t parse_properties[] = {
    NT_PROP("json_string", "str", "\"\"", "The JSON text"), NT_PROP_END
};

static const nt_output_t out_plain_list[] = { { "output", "list" },
                                              { NULL, NULL } };

static const nt_output_t out_dicts[] = { { "output", "list[dict]" },
                                         { NULL, NULL } };

static const nt_node_type_t parse_dict = {
    .type = "lib.json.ParseDict",
    .title = "Parse Dict",
    .description = "Makes a dict of the text of a JSON object.",
    .properties = parse_properties,
    .outputs = nt_out_dict,
    .run = run_parse_dict
};

static const nt_node_type_t parse_list = {
    .type = "lib.json.ParseList",
    .title = "Parse List",
    .description = "Makes a list of the text of a JSON array.",
    .properties = parse_properties,
    .outputs = out_plain_list,
    .run = run_parse_list
};


/* --- StringifyJSON --- */

static nt_node_rc_t
run_stringify(nt_node_call_t *call)
{
    int64_t  indent;
    nt_buf_t text = { 0 };

    if (!nt_arg_indent(call, "indent", &indent)) {
        return NT_NODE_FAIL;
    }

    nt_py_dumps(&text, nt_call_input(call, "data"), (int) indent);
    return nt_emit_buf(call, &text);
}


static const nt_property_t stringify_properties[] = {
    NT_PROP("data", "any", "{}", "The value to write"),
    NT_PROP("indent", "int", "2", "Spaces of each level"), NT_PROP_END
};

static const nt_node_type_t stringify = { .type = "lib.json.StringifyJSON",
                                          .title = "Stringify JSON",
                                          .description =
                                              "Makes a JSON text of a value.",
                                          .properties = stringify_properties,
                                          .outputs = nt_out_str,
                                          .run = run_stringify };


/* --- ValidateJSON --- */

static nt_node_rc_t
run_validate(nt_node_call_t *call)
{
    int      rc;
    json_t  *schema = nt_arg_dict(call, "json_schema");
    nt_buf_t error = { 0 };

    if (schema == NULL) {
        return NT_NODE_FAIL;
    }

    rc = nt_jsonschema_validate(schema, nt_call_input(call, "data"), &error);

    if (rc < 0) {
        (void) nt_call_fail(call, "'json_schema': %.*s", (int) error.len,
                            error.data != NULL ? error.data : "");
    }

    nt_buf_free(&error);
    return rc < 0 ? NT_NODE_FAIL : nt_emit(call, json_boolean(rc));
}


static const nt_property_t validate_properties[] = {
    NT_PROP("data", "any", "{}", "The value to check"),
    NT_PROP("json_schema", "dict", "{}", "The JSON Schema"), NT_PROP_END
};

static const nt_node_type_t validate = {
    .type = "lib.json.ValidateJSON",
    .title = "Validate JSON",
    .description = "Says whether a value meets a JSON Schema.",
    .properties = validate_properties,
    .outputs = nt_out_bool,
    .run = run_validate
};


/* --- FilterJSON --- */

static nt_node_rc_t
run_filter(nt_node_call_t *call)
{
    size_t   i;
    json_t  *list = nt_arg_list(call, "array"), *value, *item, *member;
    json_t  *result;
    nt_str_t key;

    if (list == NULL || !nt_arg_str(call, "key", &key)) {
        return NT_NODE_FAIL;
    }

    value = nt_call_input(call, "value");
    result = json_array();

    json_array_foreach(list, i, item)
    {
        /* as dict.get: what is not there is None */
        member = json_object_getn(item, key.data, key.len);

        if (!json_is_object(item) ||
            !nt_py_equal(member != NULL ? member : json_null(), value))
        {
            continue;
        }

        if (json_array_append(result, item) != 0) {
            json_decref(result);
            return nt_arg_nomem(call);
        }
    }

    return nt_emit(call, result);
}


static const nt_property_t filter_properties[] = {
    NT_PROP("array", "list[dict]", "[]", "The objects"),
    NT_PROP("key", "str", "\"\"", "The member to look at"),
    NT_PROP("value", "any", "{}", "The value that it must have"), NT_PROP_END
};

static const nt_node_type_t filter = {
    .type = "lib.json.FilterJSON",
    .title = "Filter JSON",
    .description = "Keeps those objects of a list that have a member of a "
                   "value.",
    .properties = filter_properties,
    .outputs = out_dicts,
    .run = run_filter
};


/* --- JSONTemplate --- */

static nt_node_rc_t
run_template(nt_node_call_t *call)
{
    json_t  *values = nt_arg_dict(call, "values"), *value;
    nt_buf_t text = { 0 };
    nt_str_t template;

    if (values == NULL || !nt_arg_str(call, "template", &template)) {
        return NT_NODE_FAIL;
    }

    nt_json_template(&text, template, values);

    if (text.failed) {
        nt_buf_free(&text);
        return nt_arg_nomem(call);
    }

    value = nt_call_parse(call, "the filled 'template'",
                          (nt_str_t) { text.data != NULL ? text.data : "",
                                       text.len });
    nt_buf_free(&text);

    if (value != NULL && !json_is_object(value)) {
        (void) nt_call_fail(call,
                            "the filled 'template' must be an object, "
                            "not a %s",
                            nt_py_type(value));
        json_decref(value);
        value = NULL;
    }

    return value != NULL ? nt_emit(call, value) : NT_NODE_FAIL;
}


static const nt_property_t template_properties[] = {
    NT_PROP("template", "str", "\"\"", "The JSON text with $placeholders"),
    NT_PROP("values", "dict[str,any]", "{}", "Their values"), NT_PROP_END
};

static const nt_node_type_t json_template = {
    .type = "lib.json.JSONTemplate",
    .title = "JSON Template",
    .description = "Fills the placeholders of a JSON text and returns what "
                   "it then says.",
    .properties = template_properties,
    .outputs = nt_out_dict,
    .run = run_template
};


/* --- LoadJSONAssets --- */

/* The folder that a ref names: its id, or its place among the assets. */
static const char *
folder_name(const json_t *ref)
{
    const char *id, *uri, *place;

    static const char prefix[] = "/storage/assets/";

    id = json_string_value(json_object_get(ref, "asset_id"));

    if (id != NULL && *id != '\0') {
        return id;
    }

    uri = json_string_value(json_object_get(ref, "uri"));
    place = uri != NULL ? strstr(uri, prefix) : NULL;
    return place != NULL ? place + sizeof(prefix) - 1 : uri;
}


static bool
is_json_name(const char *key)
{
    static const char suffix[] = ".json";

    size_t len = strlen(key);

    return len >= sizeof(suffix) - 1 &&
           strcmp(key + len - (sizeof(suffix) - 1), suffix) == 0;
}


/* Sends one asset: its value and its name. */
static nt_node_rc_t
send_asset(nt_node_call_t *call, const char *key)
{
    char         what[300];
    char        *data;
    size_t       len;
    json_t      *ref, *value = NULL;
    const char  *name = strrchr(key, '/');
    nt_node_rc_t rc;

    name = name != NULL ? name + 1 : key;
    (void) snprintf(what, sizeof(what), "the asset \"%s\"", name);
    ref = json_pack("{s:s}", "asset_id", key);

    if (ref == NULL) {
        return nt_arg_nomem(call);
    }

    if (nt_call_load(call, ref, &data, &len)) {
        value = nt_call_parse(call, what, (nt_str_t) { data, len });
        free(data);
    }

    json_decref(ref);

    if (value == NULL) {
        return NT_NODE_FAIL;
    }

    rc = nt_call_emit(call, "json", value);
    return rc == NT_NODE_DONE ? nt_call_emit(call, "name", json_string(name))
                              : rc;
}


static nt_node_rc_t
run_load(nt_node_call_t *call)
{
    static const nt_asset_folder_t how = { is_json_name, send_asset };

    const char *folder = folder_name(nt_call_input(call, "folder"));

    if (folder == NULL || *folder == '\0') {
        return nt_call_fail(call, "'folder' must name an asset folder");
    }

    return nt_asset_folder_run(call, folder, &how);
}


static const nt_property_t load_properties[] = {
    NT_PROP("folder", "folder", NT_DEFAULT_FOLDER, "The asset folder"),
    NT_PROP_END
};

static const nt_output_t load_outputs[] = { { "json", "dict" },
                                            { "name", "str" },
                                            { NULL, NULL } };

static const nt_node_type_t load_assets = {
    .type = "lib.json.LoadJSONAssets",
    .title = "Load JSON Folder",
    .description = "Sends the JSON files of an asset folder one by one.",
    .properties = load_properties,
    .outputs = load_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_THREAD,
    .run = run_load
};


static const nt_node_type_t *const types[] = { &parse_dict,
                                               &parse_list,
                                               &stringify,
                                               &validate,
                                               &filter,
                                               &json_template,
                                               &load_assets,
                                               &nt_json_path_str,
                                               &nt_json_path_int,
                                               &nt_json_path_float,
                                               &nt_json_path_bool,
                                               &nt_json_path_list,
                                               &nt_json_path_dict,
                                               NULL };

const nt_node_library_t nt_nodes_json = { .abi = NODETOOL_NODE_ABI,
                                          .name = "json",
                                          .types = types };
