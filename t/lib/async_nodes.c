/*
 * A node library for tests: nodes that wait.
 */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/nodetool_node.h"

/* Emits `value` after `ms`; `held` is what a cancelled run must free. */
static nt_node_rc_t
nap_run(nt_node_call_t *call)
{
    char *held = strdup("held");

    if (held == NULL || !nt_call_sleep(call, nt_call_float(call, "ms") / 1e3)) {
        free(held);
        return nt_call_fail(call, "woken too early");
    }
    free(held);
    return nt_call_emit(call, "output",
                        json_incref(nt_call_input(call, "value")));
}

/* 0 ... count-1 from one activation, with a nap of `ms` after each. */
static nt_node_rc_t
count_run(nt_node_call_t *call)
{
    int64_t i;

    for (i = 0; i < nt_call_int(call, "count"); i++) {
        nt_call_chunk(call, "tick", 4, false);
        if (nt_call_emit(call, "output", json_integer(i)) != NT_NODE_DONE) {
            return NT_NODE_FAIL;
        }
        if (nt_call_float(call, "ms") > 0 &&
            !nt_call_sleep(call, nt_call_float(call, "ms") / 1e3))
        {
            return NT_NODE_FAIL;
        }
    }
    return nt_call_bool(call, "fail") ? nt_call_fail(call, "counted enough")
                                      : NT_NODE_DONE;
}

typedef struct {
    int64_t sum;
    pid_t   thread;
} sum_t;

static void
sum_on_thread(nt_node_call_t *call, void *arg)
{
    sum_t *sum = arg;

    sum->thread = gettid();
    sum->sum = nt_call_int(call, "a") + nt_call_int(call, "b");
    nt_call_log(call, "info", "on a thread");
    (void) nt_call_emit(call, "early", json_integer(sum->sum));
}

static nt_node_rc_t
sum_run(nt_node_call_t *call)
{
    sum_t sum = { 0, gettid() };
    pid_t loop = gettid();

    if (!nt_call_thread(call, sum_on_thread, &sum)) {
        return NT_NODE_FAIL;
    }
    if (sum.thread == loop || gettid() != loop) {
        return nt_call_fail(call, "on the wrong thread");
    }
    return nt_call_emit(call, "output", json_integer(sum.sum));
}

/* Drains: the total of what comes, each item waited for. */
static nt_node_rc_t
total_item(nt_node_call_t *call, const char *handle, json_t *value)
{
    int64_t *total = nt_call_state(call, sizeof(*total), NULL);

    if (total == NULL || strcmp(handle, "value") != 0 ||
        !nt_call_sleep(call, 0.001))
    {
        return nt_call_fail(call, "no sleep");
    }
    *total += json_integer_value(value);
    return NT_NODE_DONE;
}

static nt_node_rc_t
total_end(nt_node_call_t *call)
{
    int64_t *total = nt_call_state(call, sizeof(*total), NULL);

    if (total == NULL || !nt_call_sleep(call, 0.001)) {
        return nt_call_fail(call, "no sleep");
    }
    return nt_call_emit(call, "output", json_integer(*total));
}

/* Stores `text` as an asset and loads it back. */
static nt_node_rc_t
keep_run(nt_node_call_t *call)
{
    const char *text;
    char       *data;
    size_t      len;
    json_t     *ref, *loaded;

    text = nt_call_string(call, "text", &len);
    ref = nt_call_store(call, "text", "kept/text.txt", text, len);
    if (ref == NULL || !nt_call_load(call, ref, &data, &len)) {
        json_decref(ref);
        return NT_NODE_FAIL;
    }
    json_decref(ref);
    loaded = json_stringn(data, len);
    free(data);
    return nt_call_emit(call, "output", loaded);
}

/* Stack that a node may use, all of it. */
static nt_node_rc_t
deep_run(nt_node_call_t *call)
{
    volatile char stack[200 * 1024];

    memset((void *) (uintptr_t) stack, 7, sizeof(stack));
    if (!nt_call_sleep(call, 0)) {
        return NT_NODE_FAIL;
    }
    return nt_call_emit(call, "output",
                        json_integer(stack[0] + stack[sizeof(stack) - 1]));
}

static const nt_property_t nap_properties[] = {
    { .name = "value", .type = "any" },
    { .name = "ms", .type = "float", .default_json = "1" },
    { .name = NULL }
};
static const nt_property_t count_properties[] = {
    { .name = "count", .type = "int", .default_json = "3" },
    { .name = "ms", .type = "float", .default_json = "0" },
    { .name = "fail", .type = "bool", .default_json = "false" },
    { .name = NULL }
};
static const nt_property_t sum_properties[] = {
    { .name = "a", .type = "int", .default_json = "1" },
    { .name = "b", .type = "int", .default_json = "2" },
    { .name = NULL }
};
static const nt_property_t total_properties[] = {
    { .name = "value", .type = "int", .default_json = "0" }, { .name = NULL }
};
static const nt_property_t keep_properties[] = {
    { .name = "text", .type = "str", .default_json = "\"\"" }, { .name = NULL }
};
static const nt_output_t any_output[] = { { "output", "any" }, { NULL, NULL } };
static const nt_output_t sum_outputs[] = { { "output", "int" },
                                           { "early", "int" },
                                           { NULL, NULL } };

static const nt_node_type_t nap = { .type = "async.Nap",
                                    .title = "Nap",
                                    .properties = nap_properties,
                                    .outputs = any_output,
                                    .flags = NT_NODE_ASYNC,
                                    .run = nap_run };
static const nt_node_type_t count = { .type = "async.Count",
                                      .title = "Count",
                                      .properties = count_properties,
                                      .outputs = any_output,
                                      .flags = NT_NODE_ASYNC |
                                               NT_NODE_STREAMING_OUTPUT,
                                      .run = count_run };
static const nt_node_type_t sum = { .type = "async.Sum",
                                    .title = "Sum",
                                    .properties = sum_properties,
                                    .outputs = sum_outputs,
                                    .flags = NT_NODE_ASYNC,
                                    .run = sum_run };
static const nt_node_type_t total = { .type = "async.Total",
                                      .title = "Total",
                                      .properties = total_properties,
                                      .outputs = any_output,
                                      .flags = NT_NODE_ASYNC,
                                      .item = total_item,
                                      .end = total_end };
static const nt_node_type_t keep = { .type = "async.Keep",
                                     .title = "Keep",
                                     .properties = keep_properties,
                                     .outputs = any_output,
                                     .flags = NT_NODE_ASYNC,
                                     .run = keep_run };
static const nt_node_type_t deep = { .type = "async.Deep",
                                     .title = "Deep",
                                     .outputs = any_output,
                                     .flags = NT_NODE_ASYNC,
                                     .run = deep_run };

static const nt_node_type_t *const types[] = { &nap,  &count, &sum, &total,
                                               &keep, &deep,  NULL };

NT_NODE_API extern const nt_node_library_t nodetool_node_library;

const nt_node_library_t nodetool_node_library = { NODETOOL_NODE_ABI, "async",
                                                  types };
