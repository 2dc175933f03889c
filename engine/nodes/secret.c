/*
 * engine/nodes/secret.c - lib.secret.*: what the user or the operator lets
 * workflows know.
 *
 * Only secrets and variables of the environment that begin with
 * NODETOOL_SECRET_: keys of providers, tokens and passwords of the server
 * itself are none of a workflow's business.
 */

#include <string.h>

#include "core/nt_buf.h"
#include "engine/nodes/args.h"
#include "engine/nodes/registry.h"
#include "engine/settings/registry.h"


static bool
is_name(const char *name, size_t len)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789_";

    return len > 0 && strspn(name, allowed) == len;
}


static nt_node_rc_t
run_get_secret(nt_node_call_t *call)
{
    size_t      len;
    nt_buf_t    variable = { 0 };
    const char *name = nt_call_string(call, "name", &len), *value;

    if (!is_name(name, len)) {
        return nt_call_fail(call, "input \"name\" must be letters, digits and "
                                  "underscores, such as WEATHER_KEY");
    }

    nt_buf_append_str(&variable, NT_STR(NT_SECRET_PREFIX));
    nt_buf_append(&variable, name, len);
    nt_buf_append_char(&variable, '\0');
    if (variable.failed) {
        nt_buf_free(&variable);
        return nt_call_fail(call, "the server is out of memory");
    }
    value = nt_call_setting(call, variable.data);
    nt_buf_free(&variable);

    if (value == NULL) {
        return nt_call_emit(call, "output",
                            json_incref(nt_call_input(call, "default")));
    }
    return nt_call_emit(call, "output", json_string(value));
}


static const nt_property_t get_secret_properties[] = {
    NT_PROP("name", "str", "\"\"",
            "Which secret: X is the server's variable NODETOOL_SECRET_X"),
    NT_PROP("default", "str", "\"\"", "What is sent when there is none"),
    NT_PROP_END
};

static const nt_output_t get_secret_outputs[] = { { "output", "str?" },
                                                  { NULL, NULL } };

static const nt_node_type_t get_secret_type = {
    .type = "lib.secret.GetSecret",
    .title = "Get Secret",
    .description = "Gives a secret that the server keeps for workflows",
    .properties = get_secret_properties,
    .outputs = get_secret_outputs,
    .run = run_get_secret
};

static const nt_node_type_t *const types[] = { &get_secret_type, NULL };

const nt_node_library_t nt_nodes_secret = { NODETOOL_NODE_ABI, "secret",
                                            types };
