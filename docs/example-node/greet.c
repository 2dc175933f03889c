/*
 * A node library of two node types, as a shared object.
 *
 *   cc -std=gnu11 -O2 -fPIC -shared -I. -o greet.so docs/example-node/greet.c
 *   nodetool-engine --nodes FOLDER ...
 */

#include "engine/nodetool_node.h"

/* --- example.Greet: one value in, one value out --- */

static const nt_property_t greet_properties[] = { { .name = "name",
                                                    .type = "str",
                                                    .default_json = "\"world\"",
                                                    .description =
                                                        "Who is greeted" },
                                                  { .name = NULL } };

static const nt_output_t greet_outputs[] = { { "output", "str" },
                                             { NULL, NULL } };

static nt_node_rc_t
greet(nt_node_call_t *call)
{
    const char *name;
    size_t      len;

    name = nt_call_string(call, "name", &len);
    if (len == 0) {
        return nt_call_fail(call, "input \"name\" is empty; give it a name");
    }
    return nt_call_emit(call, "output", json_sprintf("Hello, %s!", name));
}

static const nt_node_type_t greet_type = { .type = "example.Greet",
                                           .title = "Greet",
                                           .description =
                                               "Says hello to somebody",
                                           .properties = greet_properties,
                                           .outputs = greet_outputs,
                                           .run = greet };

/* --- example.Countdown: one value in, many values out --- */

static const nt_property_t countdown_properties[] = {
    { .name = "from",
      .type = "int",
      .default_json = "3",
      .description = "The first number" },
    { .name = NULL }
};

static const nt_output_t countdown_outputs[] = { { "output", "int" },
                                                 { NULL, NULL } };

/* A generator emits one value a call and asks to be called again.  What it
 * remembers between the calls is its state. */
static nt_node_rc_t
countdown(nt_node_call_t *call)
{
    int64_t  from = nt_call_int(call, "from");
    int64_t *done = nt_call_state(call, sizeof(*done), NULL);

    if (done == NULL) {
        return nt_call_fail(call, "the server is out of memory");
    }
    if (*done >= from) {
        return NT_NODE_DONE;
    }
    if (nt_call_emit(call, "output", json_integer(from - *done)) !=
        NT_NODE_DONE) {
        return NT_NODE_FAIL;
    }
    (*done)++;
    nt_call_progress(call, *done, from);
    return NT_NODE_MORE;
}

static const nt_node_type_t countdown_type = {
    .type = "example.Countdown",
    .title = "Countdown",
    .description = "Counts down to one",
    .properties = countdown_properties,
    .outputs = countdown_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT,
    .run = countdown
};

static const nt_node_type_t *const types[] = { &greet_type, &countdown_type,
                                               NULL };

NT_NODE_API const nt_node_library_t nodetool_node_library = { NODETOOL_NODE_ABI,
                                                              "example",
                                                              types };
