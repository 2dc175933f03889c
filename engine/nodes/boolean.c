/*
 * engine/nodes/boolean.c - nodetool.boolean.*
 */

#include "engine/nodes/args.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"


static nt_node_rc_t
emit_bool(nt_node_call_t *call, bool value)
{
    return nt_emit(call, json_boolean(value));
}


/* Truth of a property, whatever its value's type. */
static bool
truth(nt_node_call_t *call, const char *name)
{
    return nt_py_truth(nt_call_input(call, name));
}


/* --- ConditionalSwitch --- */

static nt_node_rc_t
run_switch(nt_node_call_t *call)
{
    return nt_emit(call,
                   json_incref(nt_call_input(call, truth(call, "condition")
                                                       ? "if_true"
                                                       : "if_false")));
}


static const nt_property_t switch_properties[] = {
    NT_PROP("condition", "bool", "false", "The condition to check"),
    NT_PROP("if_true", "any", "[]", "What to return when it is true"),
    NT_PROP("if_false", "any", "[]", "What to return when it is false"),
    NT_PROP_END
};

static const nt_node_type_t conditional_switch = {
    .type = "nodetool.boolean.ConditionalSwitch",
    .title = "Conditional Switch",
    .description = "Returns one of two values, by a condition.",
    .properties = switch_properties,
    .outputs = nt_out_any,
    .run = run_switch
};


/* --- LogicalOperator, Not --- */

static nt_node_rc_t
run_logical(nt_node_call_t *call)
{
    bool     a = truth(call, "a"), b = truth(call, "b");
    nt_str_t operation;

    if (!nt_arg_str(call, "operation", &operation)) {
        return NT_NODE_FAIL;
    }

    if (nt_str_eq(operation, NT_STR("and"))) {
        return emit_bool(call, a && b);
    }

    if (nt_str_eq(operation, NT_STR("or"))) {
        return emit_bool(call, a || b);
    }

    if (nt_str_eq(operation, NT_STR("xor"))) {
        return emit_bool(call, a != b);
    }

    if (nt_str_eq(operation, NT_STR("nand"))) {
        return emit_bool(call, !(a && b));
    }

    if (nt_str_eq(operation, NT_STR("nor"))) {
        return emit_bool(call, !(a || b));
    }

    return nt_call_fail(call, "'operation' must be one of and, or, xor, nand, "
                              "nor");
}


static const char *const operations[] = { "and",  "or",  "xor",
                                          "nand", "nor", NULL };

static const nt_property_t logical_properties[] = {
    NT_PROP("a", "bool", "false", "The first value"),
    NT_PROP("b", "bool", "false", "The second value"),
    NT_PROP_ENUM("operation", operations, "\"and\"", "What to do with them"),
    NT_PROP_END
};

static const nt_node_type_t logical_operator = {
    .type = "nodetool.boolean.LogicalOperator",
    .title = "Logical Operator",
    .description = "Combines two booleans: and, or, xor, nand, nor.",
    .properties = logical_properties,
    .outputs = nt_out_bool,
    .run = run_logical
};


static nt_node_rc_t
run_not(nt_node_call_t *call)
{
    return emit_bool(call, !truth(call, "value"));
}


static const nt_property_t not_properties[] = {
    NT_PROP("value", "bool", "false", "The value to turn around"), NT_PROP_END
};

static const nt_node_type_t not_node = { .type = "nodetool.boolean.Not",
                                         .title = "Not",
                                         .description = "Turns a boolean "
                                                        "around.",
                                         .properties = not_properties,
                                         .outputs = nt_out_bool,
                                         .run = run_not };


/* --- Compare --- */

static nt_node_rc_t
run_compare(nt_node_call_t *call)
{
    int      order;
    json_t  *a, *b;
    nt_str_t op;

    a = nt_call_input(call, "a");
    b = nt_call_input(call, "b");

    if (!nt_arg_str(call, "comparison", &op)) {
        return NT_NODE_FAIL;
    }

    if (nt_str_eq(op, NT_STR("=="))) {
        return emit_bool(call, nt_py_equal(a, b));
    }

    if (nt_str_eq(op, NT_STR("!="))) {
        return emit_bool(call, !nt_py_equal(a, b));
    }

    if (!nt_py_order(a, b, &order)) {
        return nt_call_fail(call, "'a' and 'b' have no order: %s and %s",
                            nt_py_type(a), nt_py_type(b));
    }

    if (nt_str_eq(op, NT_STR(">"))) {
        return emit_bool(call, order > 0);
    }

    if (nt_str_eq(op, NT_STR("<"))) {
        return emit_bool(call, order < 0);
    }

    if (nt_str_eq(op, NT_STR(">="))) {
        return emit_bool(call, order >= 0);
    }

    if (nt_str_eq(op, NT_STR("<="))) {
        return emit_bool(call, order <= 0);
    }

    return nt_call_fail(call, "'comparison' must be one of ==, !=, >, <, >=, "
                              "<=");
}


static const char *const comparisons[] = { "==", "!=", ">", "<",
                                           ">=", "<=", NULL };

static const nt_property_t compare_properties[] = {
    NT_PROP("a", "union[int,float]", "0", "The first value"),
    NT_PROP("b", "union[int,float]", "0", "The second value"),
    NT_PROP_ENUM("comparison", comparisons, "\"==\"", "How to compare them"),
    NT_PROP_END
};

static const nt_node_type_t compare = { .type = "nodetool.boolean.Compare",
                                        .title = "Compare",
                                        .description = "Compares two values.",
                                        .properties = compare_properties,
                                        .outputs = nt_out_bool,
                                        .run = run_compare };


/* --- IsNone, IsIn --- */

static nt_node_rc_t
run_is_none(nt_node_call_t *call)
{
    return emit_bool(call, json_is_null(nt_call_input(call, "value")));
}


static const nt_property_t is_none_properties[] = {
    NT_PROP("value", "any", "[]", "The value to check"), NT_PROP_END
};

static const nt_node_type_t is_none = { .type = "nodetool.boolean.IsNone",
                                        .title = "Is None",
                                        .description =
                                            "Says whether a value is null.",
                                        .properties = is_none_properties,
                                        .outputs = nt_out_bool,
                                        .run = run_is_none };


static nt_node_rc_t
run_is_in(nt_node_call_t *call)
{
    size_t  i;
    json_t *value, *options, *option;

    value = nt_call_input(call, "value");
    options = nt_arg_list(call, "options");

    if (options == NULL) {
        return NT_NODE_FAIL;
    }

    json_array_foreach(options, i, option)
    {
        if (nt_py_equal(option, value)) {
            return emit_bool(call, true);
        }
    }

    return emit_bool(call, false);
}


static const nt_property_t is_in_properties[] = {
    NT_PROP("value", "any", "[]", "The value to look for"),
    NT_PROP("options", "list[any]", "[]", "Where to look for it"), NT_PROP_END
};

static const nt_node_type_t is_in = { .type = "nodetool.boolean.IsIn",
                                      .title = "Is In",
                                      .description =
                                          "Says whether a value is in a list.",
                                      .properties = is_in_properties,
                                      .outputs = nt_out_bool,
                                      .run = run_is_in };


/* --- All, Some --- */

/* Emits `found` when a member's truth is `wanted`, else its opposite. */
static nt_node_rc_t
any_member(nt_node_call_t *call, bool wanted, bool found)
{
    size_t  i;
    json_t *values, *value;

    values = nt_arg_list(call, "values");

    if (values == NULL) {
        return NT_NODE_FAIL;
    }

    json_array_foreach(values, i, value)
    {
        if (nt_py_truth(value) == wanted) {
            return emit_bool(call, found);
        }
    }

    return emit_bool(call, !found);
}


static nt_node_rc_t
run_all(nt_node_call_t *call)
{
    return any_member(call, false, false);
}


static nt_node_rc_t
run_some(nt_node_call_t *call)
{
    return any_member(call, true, true);
}


static const nt_property_t values_properties[] = {
    NT_PROP("values", "list[bool]", "[]", "The booleans to check"), NT_PROP_END
};

static const nt_node_type_t all = {
    .type = "nodetool.boolean.All",
    .title = "All",
    .description = "Says whether all booleans of a list are true.",
    .properties = values_properties,
    .outputs = nt_out_bool,
    .run = run_all
};

static const nt_node_type_t some = {
    .type = "nodetool.boolean.Some",
    .title = "Some",
    .description = "Says whether a boolean of a list is true.",
    .properties = values_properties,
    .outputs = nt_out_bool,
    .run = run_some
};


static const nt_node_type_t *const types[] = { &conditional_switch,
                                               &logical_operator,
                                               &not_node,
                                               &compare,
                                               &is_none,
                                               &is_in,
                                               &all,
                                               &some,
                                               NULL };

const nt_node_library_t nt_nodes_boolean = { .abi = NODETOOL_NODE_ABI,
                                             .name = "boolean",
                                             .types = types };
