/*
 * engine/nodes/template.c - nodetool.text.FormatText and Template.
 */

#include <stdio.h>

#include "engine/nodetool_node.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"
#include "engine/template/jinja.h"


/* The dynamic properties with their names in lower case, as the names in a
 * template of FormatText are. NULL when memory is out. */
static json_t *
lower_names(json_t *properties)
{
    int         rc;
    json_t     *lower, *value;
    nt_buf_t    buf = { 0 };
    const char *name;

    lower = json_object();
    rc = 0;

    json_object_foreach(properties, name, value)
    {
        nt_buf_reset(&buf);
        nt_ustr_lower(&buf, nt_str(name));
        rc |= buf.failed || lower == NULL ||
              json_object_setn(lower, buf.data == NULL ? "" : buf.data, buf.len,
                               value) != 0;
    }

    nt_buf_free(&buf);

    if (rc != 0) {
        json_decref(lower);
        return NULL;
    }

    return lower;
}


static nt_node_rc_t
render(nt_node_call_t *call, nt_jinja_t *template, json_t *values)
{
    json_t      *text;
    nt_rc_t      rc;
    nt_buf_t     out = { 0 }, error = { 0 };
    nt_node_rc_t result;

    rc = nt_jinja_render(template, values, &out, &error);

    if (rc == NT_ERROR) {
        nt_buf_free(&out);
        result = nt_call_fail(call, "Template error: %.*s", (int) error.len,
                              error.data);

    } else {
        /* out has failed where memory was out */
        out.failed = out.failed || rc != NT_OK;
        text = nt_ustr_take(&out);
        result = nt_call_emit(call, "output", text);
    }

    nt_buf_free(&error);
    return result;
}


static nt_node_rc_t
fail_parse(nt_node_call_t *call, nt_buf_t *error)
{
    nt_node_rc_t rc;

    rc = nt_call_fail(call, "Template error: %.*s", (int) error->len,
                      error->data == NULL ? "" : error->data);
    nt_buf_free(error);
    return rc;
}


static nt_node_rc_t
format_text(nt_node_call_t *call)
{
    size_t   len;
    json_t  *values;
    nt_buf_t error = { 0 };
    nt_jinja_t *template;
    const char        *source;
    nt_node_rc_t       rc;
    nt_jinja_options_t options = NT_JINJA_OPTIONS;

    options.lower_names = true;
    options.single_braces = true;

    source = nt_call_string(call, "template", &len);
    template = nt_jinja_parse((nt_str_t) { source, len }, &options, &error);

    if (template == NULL) {
        return fail_parse(call, &error);
    }

    values = lower_names(nt_call_dynamic(call));
    rc = values == NULL ? nt_call_emit(call, "output", NULL)
                        : render(call, template, values);

    json_decref(values);
    nt_jinja_free(template);
    return rc;
}


/* Finds a syntax error before anything runs. */
static bool
check_format_text(const json_t *properties, char *error, size_t size)
{
    json_t  *source;
    nt_buf_t message = { 0 };
    nt_jinja_t *template;
    nt_jinja_options_t options = NT_JINJA_OPTIONS;

    options.lower_names = true;
    options.single_braces = true;

    source = json_object_get(properties, "template");

    if (!json_is_string(source)) {
        return true;
    }

    template = nt_jinja_parse(nt_ustr(source), &options, &message);

    if (template == NULL) {
        (void) snprintf(error, size, "Template error: %.*s", (int) message.len,
                        message.data == NULL ? "" : message.data);
    }

    nt_buf_free(&message);
    nt_jinja_free(template);
    return template != NULL;
}


static const nt_property_t format_text_properties[] = {
    { .name = "template",
      .type = "str",
      .default_json = "\"\"",
      .description = "Jinja2 with the dynamic inputs as variables: "
                     "Hello, {{ name }} or {{ title|truncate(20) }}; {name} "
                     "works as well" },
    { .name = NULL }
};


/*
 * Template takes its variables from `values` and from its dynamic properties,
 * with their names as they are.  A {name} that is no variable stays: the text
 * may well be JSON or code.
 */
static nt_node_rc_t
run_template(nt_node_call_t *call)
{
    size_t   len;
    json_t  *values, *input;
    nt_buf_t error = { 0 };
    nt_jinja_t *template;
    const char        *source;
    nt_node_rc_t       rc;
    nt_jinja_options_t options = NT_JINJA_OPTIONS;

    input = nt_call_input(call, "values");
    values = json_is_object(input) ? json_copy(input) : json_object();

    if (values == NULL ||
        json_object_update(values, nt_call_dynamic(call)) != 0) {
        json_decref(values);
        return nt_call_emit(call, "output", NULL);
    }

    options.single_braces = true;
    options.brace_names = values;

    source = nt_call_string(call, "string", &len);
    template = nt_jinja_parse((nt_str_t) { source, len }, &options, &error);

    if (template == NULL) {
        rc = fail_parse(call, &error);

    } else {
        rc = render(call, template, values);
    }

    nt_jinja_free(template);
    json_decref(values);
    return rc;
}


static const nt_property_t template_properties[] = {
    { .name = "string",
      .type = "str",
      .default_json = "\"\"",
      .description = "Jinja2: Hello, {{ name }} or {{ title|truncate(20) }}; "
                     "{name} works as well" },
    { .name = "values",
      .type = "any",
      .default_json = "{}",
      .description = "A dictionary of variables; dynamic inputs are "
                     "variables, too, and win" },
    { .name = NULL }
};

static const nt_output_t text_output[] = { { "output", "str" },
                                           { NULL, NULL } };

static const nt_node_type_t format_text_type = {
    .type = "nodetool.text.FormatText",
    .title = "Format Text",
    .description = "Replaces placeholders in a text with dynamic inputs, by "
                   "Jinja2's rules.",
    .properties = format_text_properties,
    .outputs = text_output,
    .flags = NT_NODE_DYNAMIC,
    .run = format_text,
    .check = check_format_text
};

static const nt_node_type_t template_type = {
    .type = "nodetool.text.Template",
    .title = "Template",
    .description = "Formats a text with variables and filters, by Jinja2's "
                   "rules.",
    .properties = template_properties,
    .outputs = text_output,
    .flags = NT_NODE_DYNAMIC,
    .run = run_template
};

static const nt_node_type_t *const types[] = { &format_text_type,
                                               &template_type, NULL };

const nt_node_library_t nt_nodes_template = { NODETOOL_NODE_ABI, "template",
                                              types };
