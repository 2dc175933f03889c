/*
 * Node types for the tests of the graph runner, loaded as a plugin.
 */

#include <string.h>
#include <time.h>

#include "engine/nodetool_node.h"

static const nt_output_t any_output[] = { { "output", "any" }, { NULL, NULL } };
static const nt_output_t int_output[] = { { "output", "int" }, { NULL, NULL } };
static const nt_output_t list_output[] = { { "output", "list[any]" },
                                           { NULL, NULL } };

/* --- Pair: two values make a list --- */

static const nt_property_t pair_properties[] = { { .name = "a", .type = "any" },
                                                 { .name = "b", .type = "any" },
                                                 { .name = NULL } };

static nt_node_rc_t
run_pair(nt_node_call_t *call)
{
    return nt_call_emit(call, "output",
                        json_pack("[O, O]", nt_call_input(call, "a"),
                                  nt_call_input(call, "b")));
}

static const nt_node_type_t pair = { .type = "test.Pair",
                                     .title = "Pair",
                                     .properties = pair_properties,
                                     .outputs = list_output,
                                     .run = run_pair };

/* --- Wrap: the same value in a list, typed any --- */

static const nt_property_t value_properties[] = {
    { .name = "value", .type = "any" }, { .name = NULL }
};

static nt_node_rc_t
run_wrap(nt_node_call_t *call)
{
    return nt_call_emit(call, "output",
                        json_pack("[O]", nt_call_input(call, "value")));
}

static const nt_node_type_t wrap = { .type = "test.Wrap",
                                     .title = "Wrap",
                                     .properties = value_properties,
                                     .outputs = any_output,
                                     .run = run_wrap };

/* The same, not to be repeated. */
static const nt_node_type_t once = { .type = "test.Once",
                                     .title = "Once",
                                     .properties = value_properties,
                                     .outputs = any_output,
                                     .flags = NT_NODE_ONCE,
                                     .run = run_wrap };

/* The same on the pool, saying more. */
static nt_node_rc_t
run_pool(nt_node_call_t *call)
{
    const struct timespec pause = { .tv_nsec = 200000 };

    nt_call_progress(call, 1, 2);
    (void) nanosleep(&pause, NULL);
    nt_call_log(call, "info", "on node %s", nt_call_node_id(call));
    nt_call_chunk(call, "x\"y", 3, true);
    return run_wrap(call);
}

static const nt_node_type_t pool = { .type = "test.Pool",
                                     .title = "Pool",
                                     .properties = value_properties,
                                     .outputs = any_output,
                                     .flags = NT_NODE_THREAD,
                                     .run = run_pool };

/* --- Add: typed numbers --- */

static const nt_property_t add_properties[] = {
    { .name = "a", .type = "float", .default_json = "0.0" },
    { .name = "b", .type = "int", .default_json = "1" },
    { .name = NULL }
};

static const nt_output_t float_output[] = { { "output", "float" },
                                            { NULL, NULL } };

static nt_node_rc_t
run_add(nt_node_call_t *call)
{
    return nt_call_emit(call, "output",
                        json_real(nt_call_float(call, "a") +
                                  (double) nt_call_int(call, "b")));
}

static const nt_node_type_t add = { .type = "test.Add",
                                    .title = "Add",
                                    .properties = add_properties,
                                    .outputs = float_output,
                                    .run = run_add };

/* --- Repeat: a generator; Burst: the same at once --- */

static const double none = 0, many = 10000;

static const nt_property_t repeat_properties[] = { { .name = "value",
                                                     .type = "any" },
                                                   { .name = "times",
                                                     .type = "int",
                                                     .default_json = "3",
                                                     .min = &none,
                                                     .max = &many },
                                                   { .name = NULL } };

static nt_node_rc_t
run_repeat(nt_node_call_t *call)
{
    int64_t *next = nt_call_state(call, sizeof(*next), NULL);

    if (next == NULL) {
        return nt_call_fail(call, "no memory");
    }
    if (*next >= nt_call_int(call, "times")) {
        return NT_NODE_DONE;
    }
    if (nt_call_emit(call, "output",
                     json_pack("[O, I]", nt_call_input(call, "value"),
                               (json_int_t) *next)) != NT_NODE_DONE)
    {
        return NT_NODE_FAIL;
    }
    (*next)++;
    return NT_NODE_MORE;
}

static const nt_node_type_t repeat = { .type = "test.Repeat",
                                       .title = "Repeat",
                                       .properties = repeat_properties,
                                       .outputs = any_output,
                                       .flags = NT_NODE_STREAMING_OUTPUT,
                                       .run = run_repeat };

static const nt_node_type_t pool_repeat = { .type = "test.PoolRepeat",
                                            .title = "Pool Repeat",
                                            .properties = repeat_properties,
                                            .outputs = any_output,
                                            .flags = NT_NODE_STREAMING_OUTPUT |
                                                     NT_NODE_THREAD,
                                            .run = run_repeat };

static nt_node_rc_t
run_burst(nt_node_call_t *call)
{
    int64_t i;

    for (i = 0; i < nt_call_int(call, "times"); i++) {
        if (nt_call_emit(call, "output",
                         json_pack("[O, I]", nt_call_input(call, "value"),
                                   (json_int_t) i)) != NT_NODE_DONE)
        {
            return NT_NODE_FAIL;
        }
    }
    return NT_NODE_DONE;
}

static const nt_node_type_t burst = { .type = "test.Burst",
                                      .title = "Burst",
                                      .properties = repeat_properties,
                                      .outputs = any_output,
                                      .flags = NT_NODE_STREAMING_OUTPUT,
                                      .run = run_burst };

static nt_node_rc_t
run_forever(nt_node_call_t *call)
{
    return nt_call_emit(call, "output", json_true()) == NT_NODE_DONE
               ? NT_NODE_MORE
               : NT_NODE_FAIL;
}

static const nt_node_type_t forever = { .type = "test.Forever",
                                        .title = "Forever",
                                        .outputs = any_output,
                                        .flags = NT_NODE_STREAMING_OUTPUT,
                                        .run = run_forever };

/* Waits on the pool until the run is cancelled. */
static nt_node_rc_t
run_wait(nt_node_call_t *call)
{
    const struct timespec pause = { .tv_nsec = 100000 };

    while (!nt_call_cancelled(call)) {
        (void) nanosleep(&pause, NULL);
    }
    return nt_call_fail(call, "cancelled");
}

static const nt_node_type_t wait_node = { .type = "test.Wait",
                                          .title = "Wait",
                                          .outputs = any_output,
                                          .flags = NT_NODE_THREAD,
                                          .run = run_wait };

/* --- Sum: drains integers; says so step by step at the end --- */

static const nt_property_t sum_properties[] = {
    { .name = "value", .type = "int", .default_json = "0" },
    { .name = "start", .type = "int", .default_json = "0" },
    { .name = NULL }
};

static nt_node_rc_t
sum_item(nt_node_call_t *call, const char *handle, json_t *value)
{
    int64_t *sum = nt_call_state(call, sizeof(*sum), NULL);

    if (sum == NULL || strcmp(handle, "value") != 0) {
        return nt_call_fail(call, "item of \"%s\"", handle);
    }
    *sum += json_integer_value(value);
    return NT_NODE_DONE;
}

static nt_node_rc_t
sum_end(nt_node_call_t *call)
{
    int64_t *sum = nt_call_state(call, sizeof(*sum), NULL);

    return sum == NULL
               ? nt_call_fail(call, "no memory")
               : nt_call_emit(call, "output",
                              json_integer(*sum + nt_call_int(call, "start")));
}

static const nt_node_type_t sum = { .type = "test.Sum",
                                    .title = "Sum",
                                    .properties = sum_properties,
                                    .outputs = int_output,
                                    .item = sum_item,
                                    .end = sum_end };

/* --- Fail --- */

static nt_node_rc_t
run_fail(nt_node_call_t *call)
{
    return nt_call_fail(call, "cannot take %s",
                        json_is_string(nt_call_input(call, "value"))
                            ? nt_call_string(call, "value", NULL)
                            : "this");
}

static const nt_node_type_t fail = { .type = "test.Fail",
                                     .title = "Fail",
                                     .properties = value_properties,
                                     .outputs = any_output,
                                     .run = run_fail };

/* Returns NT_NODE_DONE although it has failed. */
static nt_node_rc_t
run_fail_late(nt_node_call_t *call)
{
    (void) nt_call_emit(call, "output", json_true());
    (void) nt_call_fail(call, "after all");
    return NT_NODE_DONE;
}

static const nt_node_type_t fail_late = { .type = "test.FailLate",
                                          .title = "Fail Late",
                                          .outputs = any_output,
                                          .run = run_fail_late };

/* --- First: takes one value and closes its output --- */

static nt_node_rc_t
run_first(nt_node_call_t *call)
{
    (void) nt_call_emit(call, "output",
                        json_incref(nt_call_input(call, "value")));
    nt_call_close(call, "output");
    return NT_NODE_DONE;
}

static const nt_node_type_t first = { .type = "test.First",
                                      .title = "First",
                                      .properties = value_properties,
                                      .outputs = any_output,
                                      .run = run_first };

/* --- Lists: a list of integers --- */

static const nt_property_t lists_properties[] = {
    { .name = "values", .type = "list[int]", .default_json = "[]" },
    { .name = "other", .type = "any" },
    { .name = NULL }
};

static nt_node_rc_t
run_lists(nt_node_call_t *call)
{
    return nt_call_emit(call, "output",
                        json_incref(nt_call_input(call, "values")));
}

static const nt_node_type_t lists = { .type = "test.Lists",
                                      .title = "Lists",
                                      .properties = lists_properties,
                                      .outputs = any_output,
                                      .run = run_lists };

/* --- Dynamic: properties and outputs by any name --- */

static nt_node_rc_t
run_dynamic(nt_node_call_t *call)
{
    if (nt_call_input(call, "x") != NULL &&
        nt_call_emit(call, "extra", json_incref(nt_call_input(call, "x"))))
    {
        return NT_NODE_FAIL;
    }
    return nt_call_emit(call, "output", json_copy(nt_call_dynamic(call)));
}

static const nt_node_type_t dynamic = { .type = "test.Dynamic",
                                        .title = "Dynamic",
                                        .properties = value_properties,
                                        .outputs = any_output,
                                        .flags = NT_NODE_DYNAMIC |
                                                 NT_NODE_DYNAMIC_OUTPUTS,
                                        .run = run_dynamic };

/* --- Needy: required inputs, an enum, a check of its own --- */

static const char *const modes[] = { "fast", "slow", NULL };

static const nt_property_t needy_properties[] = {
    { .name = "image", .type = "image", .required = true },
    { .name = "mode",
      .type = "enum",
      .values = modes,
      .default_json = "\"fast\"" },
    { .name = "either", .type = "union[int,str]", .default_json = "0" },
    { .name = "table", .type = "dict[str,float]", .default_json = "{}" },
    { .name = NULL }
};

static bool
check_needy(const json_t *properties, char *error, size_t size)
{
    const json_t *mode = json_object_get(properties, "either");

    if (json_integer_value(mode) == 13) {
        (void) strncpy(error, "13 is unlucky", size - 1);
        return false;
    }
    return true;
}

static nt_node_rc_t
run_needy(nt_node_call_t *call)
{
    return nt_call_emit(call, "output",
                        json_pack("[O, O, O, O]", nt_call_input(call, "image"),
                                  nt_call_input(call, "mode"),
                                  nt_call_input(call, "either"),
                                  nt_call_input(call, "table")));
}

static const nt_node_type_t needy = { .type = "test.Needy",
                                      .title = "Needy",
                                      .properties = needy_properties,
                                      .outputs = any_output,
                                      .run = run_needy,
                                      .check = check_needy };

/* --- Files --- */

static const nt_property_t file_properties[] = {
    { .name = "op", .type = "str", .default_json = "\"\"" },
    { .name = "key", .type = "str", .default_json = "\"\"" },
    { .name = "ref", .type = "any" },
    { .name = NULL }
};

nt_node_rc_t run_file(nt_node_call_t *call);

static const nt_node_type_t file = { .type = "test.File",
                                     .title = "File",
                                     .properties = file_properties,
                                     .outputs = any_output,
                                     .flags = NT_NODE_THREAD,
                                     .run = run_file };

/* --- Fetch, Load: test_http.c --- */

nt_node_rc_t run_fetch(nt_node_call_t *call);
nt_node_rc_t run_load(nt_node_call_t *call);

static const nt_property_t fetch_properties[] = {
    { .name = "url", .type = "str", .default_json = "\"\"" },
    { .name = "header", .type = "str", .default_json = "\"\"" },
    { .name = "body", .type = "str", .default_json = "\"\"" },
    { .name = "timeout", .type = "float", .default_json = "0.0" },
    { .name = "pause", .type = "float", .default_json = "0.0" },
    { .name = "pieces", .type = "bool", .default_json = "false" },
    { .name = "trusted", .type = "bool", .default_json = "false" },
    { .name = NULL }
};

static const nt_node_type_t fetch = { .type = "test.Fetch",
                                      .title = "Fetch",
                                      .properties = fetch_properties,
                                      .outputs = any_output,
                                      .flags = NT_NODE_ASYNC,
                                      .run = run_fetch };

static const nt_node_type_t load = { .type = "test.Load",
                                     .title = "Load",
                                     .properties = file_properties,
                                     .outputs = any_output,
                                     .flags = NT_NODE_ASYNC,
                                     .run = run_load };

extern const nt_node_type_t test_caller; /* test_tools.c */
extern const nt_node_type_t test_dynamic_outputs;
extern const nt_node_type_t test_gather;
extern const nt_node_type_t test_dear;

static const nt_node_type_t *const types[] = {
    &pair,        &wrap,
    &once,        &pool,
    &add,         &repeat,
    &pool_repeat, &burst,
    &forever,     &wait_node,
    &sum,         &fail,
    &fail_late,   &first,
    &lists,       &dynamic,
    &needy,       &file,
    &fetch,       &load,
    &test_caller, &test_dynamic_outputs,
    &test_gather, &test_dear,
    NULL
};

NT_NODE_API const nt_node_library_t nodetool_node_library = { NODETOOL_NODE_ABI,
                                                              "test", types };
