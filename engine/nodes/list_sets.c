/*
 * engine/nodes/list_sets.c - nodetool.list.*: sets, orders, files.
 *
 * Sets keep the order in which their members came, and take members of any
 * type: equality is Python's.
 */

#include <stdlib.h>

#include "engine/nodes/list.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/timename.h"
#include "engine/nodes/ustr.h"


/* --- sets: objects whose names are the keys of values --- */

typedef enum { SET_NEW, SET_OLD, SET_NOMEM } set_rc_t;


/* Adds a value unless it is there; with `look` set, only looks. */
static set_rc_t
set_add(json_t *set, const json_t *value, bool look)
{
    set_rc_t rc;
    nt_buf_t key = { 0 };

    nt_py_key(&key, value);

    if (key.failed) {
        rc = SET_NOMEM;

    } else if (json_object_getn(set, key.data, key.len) != NULL) {
        rc = SET_OLD;

    } else if (!look && json_object_setn_new_nocheck(set, key.data, key.len,
                                                     json_true()) != 0)
    {
        rc = SET_NOMEM;

    } else {
        rc = SET_NEW;
    }

    nt_buf_free(&key);
    return rc;
}


/* Appends those members of `list` to `result` that are new to `seen` and, if
 * `other` is given, are in it (`wanted`) or not. */
static bool
collect(json_t *result, json_t *seen, const json_t *list, json_t *other,
        bool wanted)
{
    size_t   i;
    json_t  *item;
    set_rc_t rc;

    json_array_foreach(list, i, item)
    {
        if (other != NULL) {
            rc = set_add(other, item, true);

            if (rc == SET_NOMEM) {
                return false;
            }

            if ((rc == SET_OLD) != wanted) {
                continue;
            }
        }

        rc = set_add(seen, item, false);

        if (rc == SET_NOMEM ||
            (rc == SET_NEW && json_array_append(result, item) != 0)) {
            return false;
        }
    }

    return true;
}


static bool
fill(json_t *set, const json_t *list)
{
    size_t  i;
    json_t *item;

    json_array_foreach(list, i, item)
    {
        if (set_add(set, item, false) == SET_NOMEM) {
            return false;
        }
    }

    return true;
}


typedef enum {
    SET_DEDUPE,
    SET_UNION,
    SET_INTERSECTION,
    SET_DIFFERENCE
} set_op_t;


static nt_node_rc_t
run_set(nt_node_call_t *call, set_op_t op)
{
    bool    ok;
    json_t *list, *list2 = NULL, *result, *seen, *other;

    list = nt_arg_list(call, op == SET_DEDUPE ? "values" : "list1");

    if (list != NULL && op != SET_DEDUPE) {
        list2 = nt_arg_list(call, "list2");
    }

    if (list == NULL || (list2 == NULL && op != SET_DEDUPE)) {
        return NT_NODE_FAIL;
    }

    result = json_array();
    seen = json_object();
    other = json_object();
    ok = result != NULL && seen != NULL && other != NULL;

    if (op == SET_DEDUPE || op == SET_UNION) {
        ok = ok && collect(result, seen, list, NULL, false) &&
             (list2 == NULL || collect(result, seen, list2, NULL, false));
    } else {
        ok = ok && fill(other, list2) &&
             collect(result, seen, list, other, op == SET_INTERSECTION);
    }

    json_decref(seen);
    json_decref(other);

    if (!ok) {
        json_decref(result);
        return nt_arg_nomem(call);
    }

    return nt_emit(call, result);
}


static nt_node_rc_t
run_dedupe(nt_node_call_t *call)
{
    return run_set(call, SET_DEDUPE);
}


static nt_node_rc_t
run_union(nt_node_call_t *call)
{
    return run_set(call, SET_UNION);
}


static nt_node_rc_t
run_intersection(nt_node_call_t *call)
{
    return run_set(call, SET_INTERSECTION);
}


static nt_node_rc_t
run_difference(nt_node_call_t *call)
{
    return run_set(call, SET_DIFFERENCE);
}


static const nt_property_t set_properties[] = {
    NT_PROP("list1", "list[any]", "[]", "The first list"),
    NT_PROP("list2", "list[any]", "[]", "The second list"), NT_PROP_END
};

const nt_node_type_t nt_list_dedupe = {
    .type = "nodetool.list.Dedupe",
    .title = "Dedupe",
    .description = "Leaves out items that came before.",
    .properties = nt_list_values,
    .outputs = nt_out_list,
    .run = run_dedupe
};

const nt_node_type_t nt_list_union = { .type = "nodetool.list.Union",
                                       .title = "Union",
                                       .description =
                                           "The items of two lists, each once.",
                                       .properties = set_properties,
                                       .outputs = nt_out_list,
                                       .run = run_union };

const nt_node_type_t nt_list_intersection = {
    .type = "nodetool.list.Intersection",
    .title = "Intersection",
    .description = "The items that are in both lists, each once.",
    .properties = set_properties,
    .outputs = nt_out_list,
    .run = run_intersection
};

const nt_node_type_t nt_list_difference = {
    .type = "nodetool.list.Difference",
    .title = "Difference",
    .description = "The items of the first list that are not in the second.",
    .properties = set_properties,
    .outputs = nt_out_list,
    .run = run_difference
};


/* --- Sort --- */

typedef struct {
    int           sign;    /* -1 to sort in descending order */
    const json_t *pair[2]; /* of which the order was not known */
} sort_t;


/* Merges the sorted halves of `from`; false for values without an order. A
 * stable sort: equal items keep their places, in both directions. */
static bool
merge(sort_t *sort, json_t **from, json_t **to, size_t begin, size_t middle,
      size_t end)
{
    int    order;
    size_t a = begin, b = middle, i;

    for (i = begin; i < end; i++) {
        if (a == middle || b == end) {
            to[i] = a == middle ? from[b++] : from[a++];
            continue;
        }

        if (!nt_py_order(from[a], from[b], &order)) {
            sort->pair[0] = from[a];
            sort->pair[1] = from[b];
            return false;
        }

        to[i] = order * sort->sign <= 0 ? from[a++] : from[b++];
    }

    return true;
}


/* Sorts `items`, with `spare` of the same size; the result is in the one that
 * is returned, NULL for values without an order. */
static json_t **
merge_sort(sort_t *sort, json_t **items, json_t **spare, size_t n)
{
    size_t   width, i, middle, end;
    json_t **swap;

    for (width = 1; width < n; width *= 2) {
        for (i = 0; i < n; i += 2 * width) {
            middle = i + width < n ? i + width : n;
            end = i + 2 * width < n ? i + 2 * width : n;

            if (!merge(sort, items, spare, i, middle, end)) {
                return NULL;
            }
        }

        swap = items;
        items = spare;
        spare = swap;
    }

    return items;
}


static nt_node_rc_t
run_sort(nt_node_call_t *call)
{
    size_t   i, n;
    sort_t   sort = { .sign = 1 };
    json_t  *list = nt_arg_list(call, "values"), *result, *item;
    json_t **items, **sorted;
    nt_str_t order;

    if (list == NULL || !nt_arg_str(call, "order", &order)) {
        return NT_NODE_FAIL;
    }

    if (nt_str_eq(order, NT_STR("descending"))) {
        sort.sign = -1;
    }

    n = json_array_size(list);
    items = malloc((2 * n + 1) * sizeof(*items));
    result = json_array();

    if (items == NULL || result == NULL) {
        free(items);
        json_decref(result);
        return nt_arg_nomem(call);
    }

    json_array_foreach(list, i, item)
    {
        items[i] = item;
    }

    sorted = merge_sort(&sort, items, items + n, n);

    for (i = 0; sorted != NULL && i < n; i++) {
        if (json_array_append(result, sorted[i]) != 0) {
            break;
        }
    }

    free(items);

    if (sorted == NULL || i < n) {
        json_decref(result);
        return sorted == NULL
                   ? nt_call_fail(call,
                                  "'values' cannot be sorted: %s and "
                                  "%s have no order",
                                  nt_py_type(sort.pair[0]),
                                  nt_py_type(sort.pair[1]))
                   : nt_arg_nomem(call);
    }

    return nt_emit(call, result);
}


static const char *const orders[] = { "ascending", "descending", NULL };

static const nt_property_t sort_properties[] = {
    NT_PROP("values", "list[any]", "[]", "The list to sort"),
    NT_PROP_ENUM("order", orders, "\"ascending\"", "In which direction"),
    NT_PROP_END
};

const nt_node_type_t nt_list_sort = {
    .type = "nodetool.list.Sort",
    .title = "Sort",
    .description = "Sorts a list of numbers, of texts or of lists.",
    .properties = sort_properties,
    .outputs = nt_out_list,
    .run = run_sort
};


/* --- Randomize --- */

static nt_node_rc_t
run_randomize(nt_node_call_t *call)
{
    size_t  i, other;
    json_t *list = nt_arg_list(call, "values"), *result, *item;

    if (list == NULL) {
        return NT_NODE_FAIL;
    }

    result = json_copy(list);

    for (i = json_array_size(result); i > 1; i--) {
        other = arc4random_uniform((uint32_t) i);
        item = json_incref(json_array_get(result, i - 1));

        if (json_array_set(result, i - 1, json_array_get(result, other)) != 0 ||
            json_array_set(result, other, item) != 0)
        {
            json_decref(item);
            json_decref(result);
            return nt_arg_nomem(call);
        }

        json_decref(item);
    }

    return nt_emit(call, result);
}


const nt_node_type_t nt_list_randomize = {
    .type = "nodetool.list.Randomize",
    .title = "Randomize",
    .description = "Puts the items of a list in a random order.",
    .properties = nt_list_values,
    .outputs = nt_out_list,
    .run = run_randomize
};


/* --- SaveList --- */

static nt_node_rc_t
run_save(nt_node_call_t *call)
{
    size_t   i;
    json_t  *list = nt_arg_list(call, "values"), *item, *ref = NULL;
    nt_buf_t text = { 0 }, key = { 0 };
    nt_str_t name;

    if (list == NULL || !nt_arg_name(call, "name", &name)) {
        return NT_NODE_FAIL;
    }

    json_array_foreach(list, i, item)
    {
        if (i != 0) {
            nt_buf_append_char(&text, '\n');
        }

        nt_py_str(&text, item);
    }

    nt_timename(&key, name);
    nt_buf_append_char(&key, '\0');

    if (text.failed || key.failed) {
        (void) nt_arg_nomem(call);
    } else {
        ref = nt_call_store(call, "text", key.data, text.data, text.len);
    }

    nt_buf_free(&text);
    nt_buf_free(&key);
    return ref != NULL ? nt_emit(call, ref) : NT_NODE_FAIL;
}


static const nt_property_t save_properties[] = {
    NT_PROP("values", "list[any]", "[]", "The list to save"),
    NT_PROP("name", "str", "\"text.txt\"",
            "The name of the asset; %Y %m %d %H %M %S stand for the time"),
    NT_PROP_END
};

static const nt_output_t save_outputs[] = { { "output", "text" },
                                            { NULL, NULL } };

const nt_node_type_t nt_list_save = {
    .type = "nodetool.list.SaveList",
    .title = "Save List",
    .description = "Saves a list as a text asset, one item a line.",
    .properties = save_properties,
    .outputs = save_outputs,
    .flags = NT_NODE_THREAD,
    .run = run_save
};
