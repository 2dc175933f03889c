/*
 * engine/nodes/list_range.c - nodetool.list.*: ListRange, GenerateSequence.
 */

#include "engine/nodes/list.h"

#define NT_LIST_RANGE_MAX 1000000 /* ints that ListRange makes */


/* Reads start, stop and step and says how many ints they make. */
static bool
read_range(nt_node_call_t *call, int64_t *start, int64_t *step, uint64_t *count)
{
    int64_t stop;

    if (!nt_arg_int(call, "start", start) || !nt_arg_int(call, "stop", &stop) ||
        !nt_arg_int(call, "step", step))
    {
        return false;
    }

    if (*step == 0) {
        (void) nt_call_fail(call, "'step' must not be 0");
        return false;
    }

    *count = 0;

    if (*step > 0 && *start < stop) {
        *count = ((uint64_t) stop - (uint64_t) *start - 1) / (uint64_t) *step;
        *count += 1;

    } else if (*step < 0 && *start > stop) {
        *count =
            ((uint64_t) *start - (uint64_t) stop - 1) / (0 - (uint64_t) *step);
        *count += 1;
    }

    return true;
}


/* start + index * step, which is in range for each index below count */
static json_t *
range_item(int64_t start, int64_t step, uint64_t index)
{
    return json_integer(
        (json_int_t) ((uint64_t) start + index * (uint64_t) step));
}


static nt_node_rc_t
run_range(nt_node_call_t *call)
{
    int64_t  start, step;
    json_t  *result;
    uint64_t i, count;

    if (!read_range(call, &start, &step, &count)) {
        return NT_NODE_FAIL;
    }

    if (count > NT_LIST_RANGE_MAX) {
        return nt_call_fail(call,
                            "'stop' makes a list of %llu numbers; the "
                            "limit is %d",
                            (unsigned long long) count, NT_LIST_RANGE_MAX);
    }

    result = json_array();

    for (i = 0; i < count; i++) {
        if (json_array_append_new(result, range_item(start, step, i)) != 0) {
            json_decref(result);
            return nt_arg_nomem(call);
        }
    }

    return nt_emit(call, result);
}


static nt_node_rc_t
run_sequence(nt_node_call_t *call)
{
    int64_t   start, step;
    uint64_t *next, count;

    next = nt_call_state(call, sizeof(*next), NULL);

    if (next == NULL) {
        return nt_arg_nomem(call);
    }

    if (!read_range(call, &start, &step, &count)) {
        return NT_NODE_FAIL;
    }

    if (*next >= count) {
        return NT_NODE_DONE;
    }

    if (nt_emit(call, range_item(start, step, (*next)++)) != NT_NODE_DONE) {
        return NT_NODE_FAIL;
    }

    return *next < count ? NT_NODE_MORE : NT_NODE_DONE;
}


static const nt_property_t range_properties[] = {
    NT_PROP("start", "int", "0", "The first number"),
    NT_PROP("stop", "int", "0", "The number to stop before"),
    NT_PROP("step", "int", "1", "From one number to the next"), NT_PROP_END
};

static const nt_output_t range_outputs[] = { { "output", "list[int]" },
                                             { NULL, NULL } };

const nt_node_type_t nt_list_range = { .type = "nodetool.list.ListRange",
                                       .title = "List Range",
                                       .description =
                                           "Makes a list of whole numbers.",
                                       .properties = range_properties,
                                       .outputs = range_outputs,
                                       .run = run_range };

const nt_node_type_t nt_list_sequence = { .type =
                                              "nodetool.list.GenerateSequence",
                                          .title = "Generate Sequence",
                                          .description =
                                              "Sends whole numbers one by one.",
                                          .properties = range_properties,
                                          .outputs = nt_out_int,
                                          .flags = NT_NODE_STREAMING_OUTPUT,
                                          .run = run_sequence };
