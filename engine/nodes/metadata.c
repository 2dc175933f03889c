#include "engine/nodes/metadata.h"

#include <ctype.h>

#include "core/nt_buf.h"
#include "engine/graph/types.h"
#include "engine/nodes/registry.h"

/* "input_list" is shown as "Input List". */
static json_t *
make_title(const char *name)
{
    nt_buf_t buf = { 0 };
    json_t  *title;
    bool     start = true;

    for (; *name != '\0'; name++) {
        if (*name == '_') {
            nt_buf_append_char(&buf, ' ');
        } else {
            nt_buf_append_char(&buf, start
                                         ? (char) toupper((unsigned char) *name)
                                         : *name);
        }
        start = *name == '_';
    }
    title = buf.failed ? NULL : json_stringn(buf.data, buf.len);
    nt_buf_free(&buf);
    return title;
}

static json_t *
make_type(const char *text, const char *const *values)
{
    nt_arena_t       arena = { 0 };
    const nt_type_t *type;
    json_t          *meta;

    type = nt_type_parse(&arena, text, values);
    meta = type != NULL ? nt_type_to_json(type) : NULL;
    nt_arena_free(&arena);
    return meta;
}

static json_t *
make_property(const nt_property_t *property)
{
    json_t *object, *value;
    int     rc = 0;

    value = property->default_json != NULL
                ? json_loads(property->default_json, JSON_DECODE_ANY, NULL)
                : json_null();
    object =
        json_pack("{s:s, s:o, s:o, s:o, s:s}", "name", property->name, "type",
                  make_type(property->type, property->values), "default", value,
                  "title", make_title(property->name), "description",
                  property->description != NULL ? property->description : "");
    if (object == NULL) {
        return NULL;
    }
    if (property->min != NULL) {
        rc |= json_object_set_new(object, "min", json_real(*property->min));
    }
    if (property->max != NULL) {
        rc |= json_object_set_new(object, "max", json_real(*property->max));
    }
    if (property->required) {
        rc |= json_object_set_new(object, "required", json_true());
    }
    if (rc != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *
make_properties(const nt_node_type_t *type)
{
    const nt_property_t *property;
    json_t              *list = json_array();

    for (property = type->properties;
         property != NULL && property->name != NULL; property++)
    {
        if (json_array_append_new(list, make_property(property)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *
make_outputs(const nt_node_type_t *type)
{
    const nt_output_t *output;
    json_t            *list = json_array();

    for (output = type->outputs; output != NULL && output->name != NULL;
         output++) {
        if (json_array_append_new(list, json_pack("{s:o, s:s}", "type",
                                                  make_type(output->type, NULL),
                                                  "name", output->name)) != 0)
        {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* The properties that the editor shows first: of inputs and outputs name and
 * value, of others all. */
static json_t *
make_basic_fields(const nt_node_type_t *type)
{
    const nt_property_t *property;
    json_t              *list;

    if (type->flags & (NT_NODE_INPUT | NT_NODE_OUTPUT)) {
        return json_pack("[s, s]", "name", "value");
    }
    list = json_array();
    for (property = type->properties;
         property != NULL && property->name != NULL; property++)
    {
        if (json_array_append_new(list, json_string(property->name)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

json_t *
nt_node_metadata(const nt_node_type_t *type)
{
    const char *dot = strrchr(type->type, '.');
    int         namespace_len = dot != NULL ? (int) (dot - type->type) : 0;

    return json_pack(
        "{s:s, s:s, s:s%, s:s, s:s, s:o, s:o, s:{}, s:[], s:o, s:[], s:b, s:b, "
        "s:b, s:b, s:[]}",
        "title", type->title, "description",
        type->description != NULL ? type->description : "", "namespace",
        type->type, (size_t) namespace_len, "node_type", type->type, "layout",
        "default", "properties", make_properties(type), "outputs",
        make_outputs(type), "the_model_info", "recommended_models",
        "basic_fields", make_basic_fields(type), "required_settings",
        "is_dynamic", (type->flags & NT_NODE_DYNAMIC) != 0,
        "is_streaming_output", (type->flags & NT_NODE_STREAMING_OUTPUT) != 0,
        "expose_as_tool", nt_node_is_tool(type), "supports_dynamic_outputs",
        (type->flags & NT_NODE_DYNAMIC_OUTPUTS) != 0, "model_packs");
}

/* --- members that are implied --- */

/* Sets a member that is not there; takes the reference. */
static int
set_default(json_t *object, const char *name, json_t *value)
{
    if (json_object_get(object, name) != NULL) {
        json_decref(value);
        return 0;
    }
    return json_object_set_new(object, name, value);
}

static int
complete_type(json_t *type)
{
    int     rc = 0;
    size_t  i;
    json_t *arg;

    rc |= set_default(type, "optional", json_false());
    rc |= set_default(type, "values", json_null());
    rc |= set_default(type, "type_args", json_array());
    rc |= set_default(type, "type_name", json_null());

    json_array_foreach(json_object_get(type, "type_args"), i, arg)
    {
        rc |= complete_type(arg);
    }
    return rc;
}

bool
nt_node_metadata_complete(json_t *metadata)
{
    int     rc = 0;
    size_t  i;
    json_t *item;

    json_array_foreach(json_object_get(metadata, "properties"), i, item)
    {
        rc |= complete_type(json_object_get(item, "type"));
        rc |= set_default(item, "min", json_null());
        rc |= set_default(item, "max", json_null());
        rc |= set_default(item, "json_schema_extra", json_null());
        rc |= set_default(item, "required", json_false());
    }
    json_array_foreach(json_object_get(metadata, "outputs"), i, item)
    {
        rc |= complete_type(json_object_get(item, "type"));
        rc |= set_default(item, "stream", json_false());
    }
    return rc == 0;
}
