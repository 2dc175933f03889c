/*
 * A node library for tests: nodes that run programs.
 */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "engine/nodetool_node.h"

#define ARGS_MAX 32

/* What the node's properties say; `argv` has room for ARGS_MAX. */
static nt_process_t
process_of(nt_node_call_t *call, const char **argv)
{
    nt_process_t process = { .argv = argv };
    json_t      *list = nt_call_input(call, "argv");
    size_t       i;

    for (i = 0; i < json_array_size(list) && i < ARGS_MAX - 1; i++) {
        argv[i] = json_string_value(json_array_get(list, i));
    }
    argv[i] = NULL;

    process.input = nt_call_string(call, "input", &process.input_len);
    process.timeout = nt_call_float(call, "timeout");
    process.cpu = nt_call_float(call, "cpu");
    process.memory = (size_t) nt_call_int(call, "memory");
    process.file_size = (size_t) nt_call_int(call, "file_size");
    process.output_limit = (size_t) nt_call_int(call, "output_limit");
    process.flags = (unsigned) nt_call_int(call, "flags");
    return process;
}

static nt_node_rc_t
fail(nt_node_call_t *call, char *error)
{
    (void) nt_call_fail(call, "%s", error != NULL ? error : "no reason");
    free(error);
    return NT_NODE_FAIL;
}

/* The output of a program, all of it. */
static nt_node_rc_t
run_run(nt_node_call_t *call)
{
    const char        *argv[ARGS_MAX];
    nt_process_t       process = process_of(call, argv);
    nt_process_reply_t reply;
    char              *error;
    json_t            *value;

    if (!nt_call_process(call, &process, &reply, &error)) {
        return fail(call, error);
    }
    value =
        json_pack("{s:i, s:s%, s:s%}", "status", reply.status, "out", reply.out,
                  reply.out_len, "err", reply.err, reply.err_len);
    nt_process_reply_free(&reply);
    return nt_call_emit(call, "output", value);
}

/* Emits the numbers of bytes that came with each read. */
static nt_node_rc_t
read_run(nt_node_call_t *call)
{
    const char   *argv[ARGS_MAX], *data;
    nt_process_t  process = process_of(call, argv);
    nt_program_t *program;
    char         *error;
    size_t        len;
    int           rc;

    program = nt_call_program(call, &process, &error);
    if (program == NULL) {
        return fail(call, error);
    }
    while ((rc = nt_program_read(program, &data, &len, &error)) > 0) {
        if (nt_call_emit(call, "output", json_integer((json_int_t) len)) !=
                NT_NODE_DONE ||
            !nt_call_sleep(call, nt_call_float(call, "pause")))
        {
            nt_program_free(program);
            return NT_NODE_FAIL;
        }
    }
    nt_program_free(program);
    return rc == 0 ? NT_NODE_DONE : fail(call, error);
}

static const nt_property_t properties[] = {
    { .name = "argv", .type = "list[str]", .default_json = "[]" },
    { .name = "input", .type = "str", .default_json = "\"\"" },
    { .name = "timeout", .type = "float", .default_json = "0" },
    { .name = "cpu", .type = "float", .default_json = "0" },
    { .name = "memory", .type = "int", .default_json = "0" },
    { .name = "file_size", .type = "int", .default_json = "0" },
    { .name = "output_limit", .type = "int", .default_json = "0" },
    { .name = "flags", .type = "int", .default_json = "0" },
    { .name = "pause", .type = "float", .default_json = "0" },
    { .name = NULL }
};
static const nt_output_t outputs[] = { { "output", "any" }, { NULL, NULL } };

static const nt_node_type_t run = { .type = "process.Run",
                                    .title = "Run",
                                    .properties = properties,
                                    .outputs = outputs,
                                    .flags = NT_NODE_ASYNC,
                                    .run = run_run };
static const nt_node_type_t read_type = { .type = "process.Read",
                                          .title = "Read",
                                          .properties = properties,
                                          .outputs = outputs,
                                          .flags = NT_NODE_ASYNC |
                                                   NT_NODE_STREAMING_OUTPUT,
                                          .run = read_run };

static const nt_node_type_t *const types[] = { &run, &read_type, NULL };

NT_NODE_API extern const nt_node_library_t nodetool_node_library;

const nt_node_library_t nodetool_node_library = { NODETOOL_NODE_ABI, "process",
                                                  types };
