/*
 * engine/nodes/text_json.c - nodetool.text.ParseJSON and ExtractJSON.
 */

#include "engine/nodes/jsonpath.h"
#include "engine/nodes/text.h"


/* The value of the JSON text in `text`; NULL after nt_call_fail. */
static json_t *
parse(nt_node_call_t *call)
{
    json_t      *value;
    nt_str_t     text;
    json_error_t error;

    text = nt_text_input(call, "text");
    value = json_loadb(text.data, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL,
                       &error);

    if (value == NULL) {
        (void) nt_call_fail(call,
                            "text is not JSON: %s, at line %d, column "
                            "%d",
                            error.text, error.line, error.column);
    }

    return value;
}


static nt_node_rc_t
run_parse(nt_node_call_t *call)
{
    json_t *value;

    value = parse(call);

    return value == NULL ? NT_NODE_FAIL : nt_emit(call, value);
}


static const nt_property_t parse_properties[] = {
    NT_PROP("text", "str", "\"\"", "The JSON text"), NT_PROP_END
};

const nt_node_type_t nt_text_parse_json = { .type = "nodetool.text.ParseJSON",
                                            .title = "Parse JSON String",
                                            .description =
                                                "Makes a value of a JSON text.",
                                            .properties = parse_properties,
                                            .outputs = nt_out_any,
                                            .run = run_parse };


/* All that the path finds, or the first of it; NULL after nt_call_fail. */
static json_t *
extract(nt_node_call_t *call, const nt_jsonpath_t *path, json_t *root)
{
    json_t *found, *first;

    found = nt_jsonpath_find(path, root);

    if (found == NULL) {
        (void) nt_call_fail(call, "json_path finds too much");
        return NULL;
    }

    if (nt_call_bool(call, "find_all")) {
        return found;
    }

    first = json_incref(json_array_get(found, 0));
    json_decref(found);

    if (first == NULL) {
        (void) nt_call_fail(call, "json_path finds nothing in this text: %s",
                            nt_text_input(call, "json_path").data);
    }

    return first;
}


static nt_node_rc_t
run_extract(nt_node_call_t *call)
{
    json_t        *root, *result;
    nt_buf_t       error = { 0 };
    nt_jsonpath_t *path;

    path = nt_jsonpath_parse(nt_text_input(call, "json_path"), &error);

    if (path == NULL) {
        (void) nt_call_fail(call, "json_path is not right: %.*s",
                            (int) error.len, error.data);
        nt_buf_free(&error);
        return NT_NODE_FAIL;
    }

    root = parse(call);
    result = root == NULL ? NULL : extract(call, path, root);
    json_decref(root);
    nt_jsonpath_free(path);

    return result == NULL ? NT_NODE_FAIL : nt_emit(call, result);
}


static const nt_property_t extract_properties[] = {
    NT_PROP("text", "str", "\"\"", "The JSON text"),
    NT_PROP("json_path", "str", "\"$.*\"", "A JSONPath, as $.items[0].name"),
    NT_PROP("find_all", "bool", "false", "All values that it finds, as a list"),
    NT_PROP_END
};

const nt_node_type_t nt_text_extract_json = {
    .type = "nodetool.text.ExtractJSON",
    .title = "Extract JSON",
    .description = "Takes values out of a JSON text by a JSONPath.",
    .properties = extract_properties,
    .outputs = nt_out_any,
    .run = run_extract
};
