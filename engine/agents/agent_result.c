#include "engine/agents/agent.h"

#include "engine/agents/answer.h"
#include "engine/json.h"
#include "engine/nodes/jsonschema.h"
#include "engine/nodes/ustr.h"


bool
nt_agent_want(nt_agent_t *agent, const char *title, const json_t *fields)
{
    agent->schema = nt_answer_schema(title, fields, &agent->strict);

    if (agent->schema == NULL) {
        (void) nt_call_fail(agent->call, "the server is out of memory");
        return false;
    }

    return true;
}


/* The first field that is missing, or NULL. */
static const char *
missing(const nt_agent_t *agent, const json_t *value)
{
    size_t      i;
    json_t     *name;
    const char *text;

    json_array_foreach(json_object_get(agent->schema, "required"), i, name)
    {
        text = json_string_value(name);

        if (text != NULL && json_object_get(value, text) == NULL) {
            return text;
        }
    }

    return NULL;
}


/* Is each field of the type that the schema gives it?  Else a sentence that
 * names the first that is not. */
static bool
check_fields(const nt_agent_t *agent, const json_t *value, nt_buf_t *error)
{
    json_t     *schema, *field;
    const char *name;

    json_object_foreach(json_object_get(agent->schema, "properties"), name,
                        schema)
    {
        field = json_object_get(value, name);

        if (field != NULL && nt_jsonschema_validate(schema, field, error) != 1)
        {
            nt_buf_reset(error);
            nt_buf_printf(error,
                          "the field \"%s\" is not what its schema says: ",
                          name);
            nt_json_append(error, schema);
            return false;
        }
    }

    return true;
}


bool
nt_agent_take(nt_agent_t *agent, json_t *value, nt_buf_t *error)
{
    const char *name;

    if (!json_is_object(value)) {
        nt_buf_append_str(error, NT_STR("the result is no JSON object"));
        return false;
    }

    name = missing(agent, value);

    if (name != NULL) {
        nt_buf_printf(error, "the field \"%s\" is missing", name);
        return false;
    }

    if (!check_fields(agent, value, error)) {
        return false;
    }

    json_decref(agent->result);
    agent->result = json_incref(value);
    return true;
}


/* The answer's text as the only field, if there is only one and it is a
 * text: models do not always wrap it up.  New reference; NULL otherwise. */
static json_t *
only_field(const nt_agent_t *agent, nt_str_t text)
{
    json_t     *fields = json_object_get(agent->schema, "properties");
    void       *first = json_object_iter(fields);
    const char *type;

    if (json_object_size(fields) != 1) {
        return NULL;
    }

    type = json_string_value(
        json_object_get(json_object_iter_value(first), "type"));
    text = nt_ustr_strip(text, NT_USTR_BOTH, NULL);

    if (type == NULL || strcmp(type, "string") != 0 || text.len == 0) {
        return NULL;
    }

    return json_pack("{s:o}", json_object_iter_key(first), nt_ustr_json(text));
}


bool
nt_agent_take_text(nt_agent_t *agent, nt_buf_t *error)
{
    bool     good;
    json_t  *value;
    nt_str_t text = { agent->text.data, agent->text.len };

    value = nt_answer_object(text);

    if (value == NULL) {
        value = only_field(agent, text);
    }

    if (value == NULL) {
        nt_buf_append_str(error, NT_STR("there is no JSON object in the "
                                        "answer"));
        return false;
    }

    good = nt_agent_take(agent, value, error);
    json_decref(value);
    return good;
}


nt_node_rc_t
nt_agent_emit_result(nt_agent_t *agent)
{
    json_t     *value, *fields;
    const char *name;

    fields = json_object_get(agent->schema, "properties");

    json_object_foreach(fields, name, value)
    {
        if (nt_call_emit(agent->call, name,
                         json_incref(json_object_get(agent->result, name))) !=
            NT_NODE_DONE)
        {
            return NT_NODE_FAIL;
        }
    }

    return NT_NODE_DONE;
}
