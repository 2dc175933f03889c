#include "engine/graph/tools.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * The arguments of tools: models write them, so they are looked at closely,
 * and what is wrong is said in sentences that a model can act on.
 */

char *
nt_tool_sentence(const char *format, ...)
{
    va_list args;
    char   *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        text = NULL;
    }
    va_end(args);
    return text;
}

static char *
refuse_type(const char *name, const nt_type_t *type, const json_t *value)
{
    nt_buf_t text = { 0 };
    char    *error;

    nt_type_write(&text, type);
    error = text.failed ? NULL
                        : nt_tool_sentence("Argument \"%s\" takes %.*s, not %s",
                                           name, (int) text.len, text.data,
                                           nt_type_of(value));
    nt_buf_free(&text);
    return error;
}

/* Converts an argument and puts it into `into`; false with *error. */
static bool
put_argument(json_t *into, const char *name, const nt_type_t *type,
             json_t *value, char **error)
{
    json_t *converted;

    converted =
        type != NULL ? nt_type_convert(type, value) : json_incref(value);
    if (converted == NULL) {
        *error = refuse_type(name, type, value);
        return false;
    }
    return json_object_set_new(into, name, converted) == 0;
}

static char *
refuse_unknown(const nt_tool_plan_t *plan, const char *name)
{
    const json_t *parameters = json_object_get(plan->schema, "parameters");
    const char   *known;
    json_t       *schema;
    nt_buf_t      text = { 0 };
    char         *error;

    json_object_foreach(json_object_get(parameters, "properties"), known,
                        schema)
    {
        nt_buf_append_str(&text, text.len > 0 ? NT_STR(", ") : NT_STR(""));
        nt_buf_append_json(&text, nt_str(known));
    }
    error = text.failed
                ? NULL
                : nt_tool_sentence("Tool \"%s\" has no argument \"%s\"; it "
                                   "takes %.*s",
                                   plan->name, name,
                                   text.len > 0 ? (int) text.len : 4,
                                   text.len > 0 ? text.data : "none");
    nt_buf_free(&text);
    return error;
}

/* Is an argument within the bounds of its property?  Else false and a
 * sentence. */
static bool
check_bounds(const nt_property_t *property, const json_t *value, char **error)
{
    nt_buf_t text = { 0 };

    if (nt_property_accepts(property, value)) {
        return true;
    }
    nt_property_write_bounds(&text, property);
    if (!text.failed) {
        *error = nt_tool_sentence("Argument \"%s\" takes %.*s, not %.10g",
                                  property->name, (int) text.len, text.data,
                                  json_number_value(value));
    }
    nt_buf_free(&text);
    return false;
}

/* The arguments of a controlled node: each takes a property's place. */
static bool
take_overrides(const nt_tool_plan_t *plan, const nt_node_plan_t *target,
               const json_t *arguments, json_t *into, char **error)
{
    const nt_property_t *property;
    const char          *name;
    json_t              *value;
    uint32_t             i;

    json_object_foreach((json_t *) arguments, name, value)
    {
        i = nt_type_property(target->type, name);
        if (i == NT_NONE && !(target->type->flags & NT_NODE_DYNAMIC)) {
            *error = refuse_unknown(plan, name);
            return false;
        }
        if (json_is_null(value)) {
            continue; /* models say so for "not given" */
        }
        if (!put_argument(into, name, i != NT_NONE ? target->types[i] : NULL,
                          value, error))
        {
            return false;
        }
        if (i != NT_NONE && !check_bounds(&target->type->properties[i],
                                          json_object_get(into, name), error))
        {
            return false;
        }
    }
    for (i = 0; i < target->n_properties; i++) {
        property = &target->type->properties[i];
        if (property->required && target->handles[i] == NT_NONE &&
            json_is_null(target->values[i]) &&
            json_object_get(into, property->name) == NULL)
        {
            *error = nt_tool_sentence("Tool \"%s\" needs the argument \"%s\"",
                                      plan->name, property->name);
            return false;
        }
    }
    return true;
}

/* The arguments of a chain, all of them needed, by the chain's parameters. */
static bool
take_params(const nt_tool_plan_t *plan, const json_t *arguments, json_t *into,
            char **error)
{
    const nt_tool_param_t *param;
    const char            *name;
    json_t                *value;
    uint32_t               i;

    json_object_foreach((json_t *) arguments, name, value)
    {
        for (i = 0; i < plan->n_params; i++) {
            if (strcmp(plan->params[i].name, name) == 0) {
                break;
            }
        }
        if (i == plan->n_params) {
            *error = refuse_unknown(plan, name);
            return false;
        }
    }
    for (i = 0; i < plan->n_params; i++) {
        param = &plan->params[i];
        value = json_object_get(arguments, param->name);
        if (value == NULL) {
            *error = nt_tool_sentence("Tool \"%s\" needs the argument \"%s\"",
                                      plan->name, param->name);
            return false;
        }
        if (!put_argument(into, param->name, param->type, value, error)) {
            return false;
        }
    }
    return true;
}

bool
nt_tool_arguments(const nt_tool_plan_t *plan, const nt_node_plan_t *target,
                  const json_t *arguments, json_t *into, char **error)
{
    if (arguments != NULL && !json_is_object(arguments)) {
        *error = nt_tool_sentence("The arguments must be an object, not %s",
                                  nt_type_of(arguments));
        return false;
    }
    return target != NULL ? take_overrides(plan, target, arguments, into, error)
                          : take_params(plan, arguments, into, error);
}
