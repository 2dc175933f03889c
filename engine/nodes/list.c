/*
 * engine/nodes/list.c - nodetool.list.*: making and taking apart.
 */

#include "engine/nodes/list.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"

#define NT_LIST_ANY(name, text) NT_PROP(name, "list[any]", "[]", text)

const nt_property_t nt_list_values[] = { NT_LIST_ANY("values", "The list"),
                                         NT_PROP_END };


/* A new list of the `count` items from `from` on, each `step` further. */
static json_t *
pick(const json_t *list, int64_t from, size_t count, int64_t step)
{
    size_t  i;
    json_t *result = json_array();

    for (i = 0; i < count && result != NULL; i++) {
        from += i != 0 ? step : 0;

        if (json_array_append(result, json_array_get(list, (size_t) from)) != 0)
        {
            json_decref(result);
            return NULL;
        }
    }

    return result;
}


/* --- Length, Reverse --- */

static nt_node_rc_t
run_length(nt_node_call_t *call)
{
    json_t *list = nt_arg_list(call, "values");

    return list == NULL
               ? NT_NODE_FAIL
               : nt_emit(call,
                         json_integer((json_int_t) json_array_size(list)));
}


static const nt_node_type_t list_length = {
    .type = "nodetool.list.Length",
    .title = "Length",
    .description = "The number of items of a list.",
    .properties = nt_list_values,
    .outputs = nt_out_int,
    .run = run_length
};


static nt_node_rc_t
run_reverse(nt_node_call_t *call)
{
    size_t  len;
    json_t *list = nt_arg_list(call, "values");

    if (list == NULL) {
        return NT_NODE_FAIL;
    }

    len = json_array_size(list);
    return nt_emit(call, pick(list, (int64_t) len - 1, len, -1));
}


static const nt_node_type_t list_reverse = {
    .type = "nodetool.list.Reverse",
    .title = "Reverse",
    .description = "Turns the order of a list around.",
    .properties = nt_list_values,
    .outputs = nt_out_list,
    .run = run_reverse
};


/* --- Slice, SelectElements, GetElement --- */

static nt_node_rc_t
run_slice(nt_node_call_t *call)
{
    size_t  count;
    int64_t start, stop, step, from;
    json_t *list = nt_arg_list(call, "values");

    if (list == NULL || !nt_arg_int(call, "start", &start) ||
        !nt_arg_int(call, "stop", &stop) || !nt_arg_int(call, "step", &step))
    {
        return NT_NODE_FAIL;
    }

    if (step == 0) {
        return nt_call_fail(call, "'step' must not be 0");
    }

    /* a stop of 0 stands for no stop */
    nt_slice(json_array_size(list), &start, stop != 0 ? &stop : NULL, step,
             &from, &count);
    return nt_emit(call, pick(list, from, count, step));
}


static const nt_property_t slice_properties[] = {
    NT_LIST_ANY("values", "The list to take from"),
    NT_PROP("start", "int", "0",
            "The first index; negative ones count from the end"),
    NT_PROP("stop", "int", "0",
            "The index to stop before; 0 goes on to the end"),
    NT_PROP("step", "int", "1", "From one index to the next"), NT_PROP_END
};

static const nt_node_type_t list_slice = { .type = "nodetool.list.Slice",
                                           .title = "Slice",
                                           .description =
                                               "Takes a part of a list.",
                                           .properties = slice_properties,
                                           .outputs = nt_out_list,
                                           .run = run_slice };


/* The item at an index that may count from the end; NULL when there is
 * none. */
static json_t *
at(const json_t *list, int64_t index)
{
    int64_t len = (int64_t) json_array_size(list);

    index = index < 0 ? index + len : index;
    return index < 0 ? NULL : json_array_get(list, (size_t) index);
}


static nt_node_rc_t
out_of_range(nt_node_call_t *call, const char *name, int64_t index,
             const json_t *list)
{
    return nt_call_fail(call, "'%s': there is no item %lld in a list of %zu",
                        name, (long long) index, json_array_size(list));
}


static nt_node_rc_t
run_select(nt_node_call_t *call)
{
    size_t  i;
    json_t *list, *indices, *index, *item, *result;

    if ((list = nt_arg_list(call, "values")) == NULL ||
        (indices = nt_arg_list(call, "indices")) == NULL)
    {
        return NT_NODE_FAIL;
    }

    result = json_array();

    json_array_foreach(indices, i, index)
    {
        if (!json_is_integer(index)) {
            json_decref(result);
            return nt_call_fail(call, "'indices' must hold whole numbers");
        }

        item = at(list, json_integer_value(index));

        if (item == NULL) {
            json_decref(result);
            return out_of_range(call, "indices", json_integer_value(index),
                                list);
        }

        if (json_array_append(result, item) != 0) {
            json_decref(result);
            return nt_arg_nomem(call);
        }
    }

    return nt_emit(call, result);
}


static const nt_property_t select_properties[] = {
    NT_LIST_ANY("values", "The list to take from"),
    NT_PROP("indices", "list[int]", "[]", "Which items to take, in order"),
    NT_PROP_END
};

static const nt_node_type_t list_select = {
    .type = "nodetool.list.SelectElements",
    .title = "Select Elements",
    .description = "Takes the items at some indices of a list.",
    .properties = select_properties,
    .outputs = nt_out_list,
    .run = run_select
};


static nt_node_rc_t
run_get(nt_node_call_t *call)
{
    int64_t index;
    json_t *list = nt_arg_list(call, "values"), *item;

    if (list == NULL || !nt_arg_int(call, "index", &index)) {
        return NT_NODE_FAIL;
    }

    item = at(list, index);
    return item != NULL ? nt_emit(call, json_incref(item))
                        : out_of_range(call, "index", index, list);
}


static const nt_property_t get_properties[] = {
    NT_LIST_ANY("values", "The list to take from"),
    NT_PROP("index", "int", "0",
            "Which item to take; negative ones count from the end"),
    NT_PROP_END
};

static const nt_node_type_t list_get = { .type = "nodetool.list.GetElement",
                                         .title = "Get Element",
                                         .description =
                                             "Takes one item of a list.",
                                         .properties = get_properties,
                                         .outputs = nt_out_any,
                                         .run = run_get };


/* --- Append, Extend --- */

static nt_node_rc_t
run_append(nt_node_call_t *call)
{
    json_t *list = nt_arg_list(call, "values"), *result;

    if (list == NULL) {
        return NT_NODE_FAIL;
    }

    result = json_copy(list);

    if (result == NULL ||
        json_array_append(result, nt_call_input(call, "value")) != 0)
    {
        json_decref(result);
        return nt_arg_nomem(call);
    }

    return nt_emit(call, result);
}


static const nt_property_t append_properties[] = {
    NT_LIST_ANY("values", "The list"),
    NT_PROP("value", "any", "[]", "The value to put at its end"), NT_PROP_END
};

static const nt_node_type_t list_append = {
    .type = "nodetool.list.Append",
    .title = "Append",
    .description = "Puts a value at the end of a list.",
    .properties = append_properties,
    .outputs = nt_out_list,
    .run = run_append
};


static nt_node_rc_t
run_extend(nt_node_call_t *call)
{
    json_t *list, *other, *result;

    if ((list = nt_arg_list(call, "values")) == NULL ||
        (other = nt_arg_list(call, "other_values")) == NULL)
    {
        return NT_NODE_FAIL;
    }

    result = json_copy(list);

    if (result == NULL || json_array_extend(result, other) != 0) {
        json_decref(result);
        return nt_arg_nomem(call);
    }

    return nt_emit(call, result);
}


static const nt_property_t extend_properties[] = {
    NT_LIST_ANY("values", "The list"),
    NT_LIST_ANY("other_values", "The items to put at its end"), NT_PROP_END
};

static const nt_node_type_t list_extend = {
    .type = "nodetool.list.Extend",
    .title = "Extend",
    .description = "Puts the items of one list behind those of another.",
    .properties = extend_properties,
    .outputs = nt_out_list,
    .run = run_extend
};


/* --- Chunk, Flatten --- */

static nt_node_rc_t
run_chunk(nt_node_call_t *call)
{
    size_t  i, len, size;
    int64_t chunk_size;
    json_t *list = nt_arg_list(call, "values"), *result;

    if (list == NULL || !nt_arg_int(call, "chunk_size", &chunk_size)) {
        return NT_NODE_FAIL;
    }

    if (chunk_size < 1) {
        return nt_call_fail(call, "'chunk_size' must be at least 1");
    }

    result = json_array();
    len = json_array_size(list);

    for (i = 0; i < len; i += size) {
        size = (uint64_t) chunk_size < len - i ? (size_t) chunk_size : len - i;

        if (json_array_append_new(result, pick(list, (int64_t) i, size, 1)) !=
            0) {
            json_decref(result);
            return nt_arg_nomem(call);
        }
    }

    return nt_emit(call, result);
}


static const nt_property_t chunk_properties[] = {
    NT_LIST_ANY("values", "The list to cut"),
    NT_PROP("chunk_size", "int", "1", "Items of a piece, at least 1"),
    NT_PROP_END
};

static const nt_output_t chunk_outputs[] = { { "output", "list[list[any]]" },
                                             { NULL, NULL } };

static const nt_node_type_t list_chunk = {
    .type = "nodetool.list.Chunk",
    .title = "Chunk",
    .description = "Cuts a list into pieces of a size.",
    .properties = chunk_properties,
    .outputs = chunk_outputs,
    .run = run_chunk
};


/* Lists are nested no deeper than the JSON that they came from. */
static bool
flatten(json_t *result, const json_t *list, int64_t depth)
{
    size_t  i;
    json_t *item;

    json_array_foreach(list, i, item)
    {
        if (json_is_array(item) && depth != 0) {
            if (!flatten(result, item, depth - 1)) {
                return false;
            }

        } else if (json_array_append(result, item) != 0) {
            return false;
        }
    }

    return true;
}


static nt_node_rc_t
run_flatten(nt_node_call_t *call)
{
    int64_t depth;
    json_t *list = nt_arg_list(call, "values"), *result;

    if (list == NULL || !nt_arg_int(call, "max_depth", &depth)) {
        return NT_NODE_FAIL;
    }

    if (depth < -1) {
        return nt_call_fail(call, "'max_depth' must be -1 (all) or more");
    }

    result = json_array();

    if (result == NULL || !flatten(result, list, depth)) {
        json_decref(result);
        return nt_arg_nomem(call);
    }

    return nt_emit(call, result);
}


static const double all_depths = -1;

static const nt_property_t flatten_properties[] = {
    NT_LIST_ANY("values", "The list of lists"),
    { .name = "max_depth",
      .type = "int",
      .default_json = "-1",
      .description = "How many levels to take away; -1 for all",
      .min = &all_depths },
    NT_PROP_END
};

static const nt_node_type_t list_flatten = {
    .type = "nodetool.list.Flatten",
    .title = "Flatten",
    .description = "Makes one list of nested lists.",
    .properties = flatten_properties,
    .outputs = nt_out_list,
    .run = run_flatten
};


static const nt_node_type_t *const types[] = {
    &list_length,     &nt_list_range,        &nt_list_sequence,
    &list_slice,      &list_select,          &list_get,
    &list_append,     &list_extend,          &list_reverse,
    &list_chunk,      &list_flatten,         &nt_list_dedupe,
    &nt_list_union,   &nt_list_intersection, &nt_list_difference,
    &nt_list_sort,    &nt_list_randomize,    &nt_list_save,
    &nt_list_sum,     &nt_list_average,      &nt_list_minimum,
    &nt_list_maximum, &nt_list_product,      NULL
};

const nt_node_library_t nt_nodes_list = { .abi = NODETOOL_NODE_ABI,
                                          .name = "list",
                                          .types = types };
