/*
 * A node library for tests, loaded with --nodes: nodes that take their time.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/nodetool_node.h"


static void
nap(nt_node_call_t *call, int64_t ms)
{
    struct timespec slice = { .tv_nsec = 5000000 };

    while (ms > 0 && !nt_call_cancelled(call)) {
        (void) nanosleep(&slice, NULL);
        ms -= 5;
    }
}


static nt_node_rc_t
sleep_run(nt_node_call_t *call)
{
    nap(call, nt_call_int(call, "ms"));

    return nt_call_emit(call, "output",
                        json_incref(nt_call_input(call, "value")));
}


/* `count` strings of `size` bytes, `ms` apart; a failure behind them when
 * `fail` is set. */
static nt_node_rc_t
ticks_run(nt_node_call_t *call)
{
    char        *text;
    size_t       size = (size_t) nt_call_int(call, "size");
    int64_t     *n = nt_call_state(call, sizeof(*n), NULL);
    nt_node_rc_t rc;

    if (n == NULL) {
        return nt_call_fail(call, "out of memory");
    }

    if (*n == nt_call_int(call, "count")) {
        return nt_call_bool(call, "fail")
                   ? nt_call_fail(call, "the clock stopped")
                   : NT_NODE_DONE;
    }

    ++*n;
    nap(call, nt_call_int(call, "ms"));

    text = malloc(size + 1);
    if (text == NULL) {
        return nt_call_fail(call, "out of memory");
    }

    memset(text, 'a' + *n % 26, size);
    rc = nt_call_emit(call, "output", json_stringn(text, size));
    free(text);

    return rc == NT_NODE_DONE ? NT_NODE_MORE : rc;
}


/* Appends its value to a file, as a line: an effect that can be counted; then
 * waits `ms`. */
static nt_node_rc_t
effect_run(nt_node_call_t *call)
{
    char   line[256];
    size_t len, n;
    int    fd;

    len = (size_t) snprintf(line, sizeof(line), "%s\n",
                            nt_call_string(call, "value", NULL));
    fd = open(nt_call_string(call, "path", NULL),
              O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    n = fd == -1 ? 0 : (size_t) write(fd, line, len);
    (void) close(fd);

    if (n != len) {
        return nt_call_fail(call, "no effect");
    }

    nap(call, nt_call_int(call, "ms"));

    return nt_call_emit(call, "output",
                        json_incref(nt_call_input(call, "value")));
}


static const nt_property_t sleep_properties[] = {
    { .name = "ms", .type = "int", .default_json = "100" },
    { .name = "value", .type = "any", .default_json = "\"slept\"" },
    { 0 }
};

static const nt_property_t ticks_properties[] = {
    { .name = "count", .type = "int", .default_json = "3" },
    { .name = "ms", .type = "int", .default_json = "0" },
    { .name = "size", .type = "int", .default_json = "8" },
    { .name = "fail", .type = "bool", .default_json = "false" },
    { 0 }
};

static const nt_property_t effect_properties[] = {
    { .name = "value", .type = "str", .default_json = "\"\"" },
    { .name = "path", .type = "str", .default_json = "\"\"" },
    { .name = "ms", .type = "int", .default_json = "0" },
    { 0 }
};

static const nt_output_t any[] = { { "output", "any" }, { 0 } };
static const nt_output_t str[] = { { "output", "str" }, { 0 } };

static const nt_node_type_t sleep_node = {
    .type = "test.Sleep",
    .title = "Sleep",
    .description = "Waits, then passes its value on.",
    .properties = sleep_properties,
    .outputs = any,
    .flags = NT_NODE_THREAD,
    .run = sleep_run,
};

static const nt_node_type_t ticks_node = {
    .type = "test.Ticks",
    .title = "Ticks",
    .description = "Emits strings, one after the other.",
    .properties = ticks_properties,
    .outputs = str,
    .flags = NT_NODE_THREAD | NT_NODE_STREAMING_OUTPUT,
    .run = ticks_run,
};

static const nt_node_type_t effect_node = {
    .type = "test.Effect",
    .title = "Effect",
    .description = "Appends its value to a file.",
    .properties = effect_properties,
    .outputs = any,
    .flags = NT_NODE_THREAD | NT_NODE_ONCE,
    .run = effect_run,
};

static const nt_node_type_t *const types[] = { &sleep_node, &ticks_node,
                                               &effect_node, NULL };

NT_NODE_API extern const nt_node_library_t nodetool_node_library;

const nt_node_library_t nodetool_node_library = { .abi = NODETOOL_NODE_ABI,
                                                  .name = "slow",
                                                  .types = types };
