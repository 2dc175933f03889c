/*
 * engine/nodes/numbers.c - nodetool.numbers.*: filters of streams of numbers.
 */

#include <math.h>

#include "engine/nodes/args.h"
#include "engine/nodes/numbers.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"


const char *const nt_number_conditions[] = { "greater_than", "less_than",
                                             "equal_to",     "even",
                                             "odd",          "positive",
                                             "negative",     NULL };


/* Sign of value - zero. */
static int
sign(const json_t *value)
{
    double x = nt_py_number(value);

    return x < 0 ? -1 : x > 0;
}


static bool
is_parity(const json_t *value, bool odd, bool whole_floats)
{
    double  x;
    int64_t i;

    if (nt_py_integer(value, &i)) {
        return (i % 2 != 0) == odd;
    }

    x = fmod(json_real_value(value), 2);
    return whole_floats && (odd ? x != 0 : x == 0);
}


bool
nt_number_meets(nt_node_call_t *call, const json_t *value, bool whole_floats)
{
    int           order = 0;
    nt_str_t      type = nt_ustr(nt_latest(call, "filter_type"));
    const json_t *other;

    if (nt_str_eq(type, NT_STR("even")) || nt_str_eq(type, NT_STR("odd"))) {
        return is_parity(value, type.len == 3, whole_floats);
    }

    if (nt_str_eq(type, NT_STR("positive"))) {
        return sign(value) > 0;
    }

    if (nt_str_eq(type, NT_STR("negative"))) {
        return sign(value) < 0;
    }

    other = nt_latest(call, "compare_value");

    if (other == NULL || !nt_py_is_number(other) ||
        !nt_py_order(value, other, &order))
    {
        return false;
    }

    return nt_str_eq(type, NT_STR("greater_than")) ? order > 0
           : nt_str_eq(type, NT_STR("less_than"))  ? order < 0
           : nt_str_eq(type, NT_STR("equal_to"))   ? order == 0
                                                   : false;
}


bool
nt_number_between(nt_node_call_t *call, const json_t *value)
{
    int           low, high;
    const json_t *min, *max;

    min = nt_latest(call, "min_value");
    max = nt_latest(call, "max_value");

    if (min == NULL || max == NULL || !nt_py_order(min, value, &low) ||
        !nt_py_order(value, max, &high))
    {
        return false;
    }

    return nt_py_truth(nt_latest(call, "inclusive")) ? low <= 0 && high <= 0
                                                     : low < 0 && high < 0;
}


static nt_node_rc_t
filter_item(nt_node_call_t *call, const char *handle, json_t *value)
{
    bool failed;

    if (nt_latest_keep(call, handle, value, &failed)) {
        return failed ? NT_NODE_FAIL : NT_NODE_DONE;
    }

    if (!nt_py_is_number(value) || !nt_number_meets(call, value, true)) {
        return NT_NODE_DONE;
    }

    return nt_emit(call, json_incref(value));
}


static const nt_property_t filter_properties[] = {
    NT_PROP("value", "float", "0.0", "The stream of numbers"),
    NT_PROP_ENUM("filter_type", nt_number_conditions, "\"greater_than\"",
                 "What lets a number pass"),
    NT_PROP("compare_value", "float", "0",
            "What greater_than, less_than and equal_to compare with"),
    NT_PROP_END
};

static const nt_node_type_t filter_number = {
    .type = "nodetool.numbers.FilterNumber",
    .title = "Filter Number",
    .description = "Lets those numbers of a stream pass that meet a "
                   "condition.",
    .properties = filter_properties,
    .outputs = nt_out_float,
    .flags = NT_NODE_STREAMING_OUTPUT,
    .item = filter_item
};


static nt_node_rc_t
range_item(nt_node_call_t *call, const char *handle, json_t *value)
{
    bool failed;

    if (nt_latest_keep(call, handle, value, &failed)) {
        return failed ? NT_NODE_FAIL : NT_NODE_DONE;
    }

    if (!nt_py_is_number(value) || !nt_number_between(call, value)) {
        return NT_NODE_DONE;
    }

    return nt_emit(call, json_incref(value));
}


static const nt_property_t range_properties[] = {
    NT_PROP("value", "float", "0.0", "The stream of numbers"),
    NT_PROP("min_value", "float", "0", "The least number that passes"),
    NT_PROP("max_value", "float", "0", "The greatest number that passes"),
    NT_PROP("inclusive", "bool", "true", "Whether the bounds pass, too"),
    NT_PROP_END
};

static const nt_node_type_t filter_range = {
    .type = "nodetool.numbers.FilterNumberRange",
    .title = "Filter Number Range",
    .description = "Lets those numbers of a stream pass that lie in a range.",
    .properties = range_properties,
    .outputs = nt_out_float,
    .flags = NT_NODE_STREAMING_OUTPUT,
    .item = range_item
};


static const nt_node_type_t *const types[] = { &filter_number, &filter_range,
                                               NULL };

const nt_node_library_t nt_nodes_numbers = { .abi = NODETOOL_NODE_ABI,
                                             .name = "numbers",
                                             .types = types };
