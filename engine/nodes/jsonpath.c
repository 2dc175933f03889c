/*
 * engine/nodes/jsonpath.c - what a JSONPath finds.
 */

#include "engine/nodes/jsonpath_int.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/ustr.h"

/* One search. */
typedef struct {
    json_t *root;
    size_t  steps;
} search_t;


static json_t *find(search_t *search, const nt_jp_segment_t *segment,
                    json_t *from);


/* --- filters --- */

/* The value that an operand has, NULL for none; false when memory is out. */
static bool
operand_value(search_t *search, const nt_jp_operand_t *operand, json_t *current,
              json_t **value)
{
    json_t *values;

    if (operand->literal != NULL) {
        *value = json_incref(operand->literal);
        return true;
    }

    values = find(search, operand->query,
                  operand->from_root ? search->root : current);

    *value = json_incref(json_array_get(values, 0));
    json_decref(values);
    return values != NULL;
}


/* Booleans are no numbers here, unlike in Python; nothing equals nothing. */
static bool
is_equal(const json_t *a, const json_t *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }

    return json_is_boolean(a) == json_is_boolean(b) && nt_py_equal(a, b);
}


static bool
is_ordered(const json_t *a, const json_t *b, int *order)
{
    if (a == NULL || b == NULL || json_is_boolean(a) || json_is_boolean(b) ||
        json_is_array(a))
    {
        return false;
    }

    return nt_py_order(a, b, order);
}


static bool
compares(nt_jp_op_t op, const json_t *a, const json_t *b)
{
    int order;

    switch (op) {
    case NT_JP_EQ:
        return is_equal(a, b);

    case NT_JP_NE:
        return !is_equal(a, b);

    case NT_JP_LT:
        return is_ordered(a, b, &order) && order < 0;

    case NT_JP_GT:
        return is_ordered(a, b, &order) && order > 0;

    case NT_JP_LE:
        return is_equal(a, b) || (is_ordered(a, b, &order) && order < 0);

    default:
        return is_equal(a, b) || (is_ordered(a, b, &order) && order > 0);
    }
}


/* 1, 0, or -1 when memory is out */
static int
holds(search_t *search, const nt_jp_expr_t *expr, json_t *current)
{
    int     rc;
    json_t *a, *b;

    switch (expr->op) {
    case NT_JP_OR:
        rc = holds(search, expr->a, current);
        return rc != 0 ? rc : holds(search, expr->b, current);

    case NT_JP_AND:
        rc = holds(search, expr->a, current);
        return rc != 1 ? rc : holds(search, expr->b, current);

    case NT_JP_NOT:
        rc = holds(search, expr->a, current);
        return rc < 0 ? rc : !rc;

    default:
        break;
    }

    if (!operand_value(search, &expr->left, current, &a)) {
        return -1;
    }

    if (expr->op == NT_JP_EXISTS) {
        json_decref(a);
        return a != NULL;
    }

    if (!operand_value(search, &expr->right, current, &b)) {
        json_decref(a);
        return -1;
    }

    rc = compares(expr->op, a, b);
    json_decref(a);
    json_decref(b);
    return rc;
}


/* --- selectors --- */

static bool
step(search_t *search)
{
    return ++search->steps <= NT_JSONPATH_STEPS_MAX;
}


static bool
append(search_t *search, json_t *list, json_t *value)
{
    return step(search) && json_array_append(list, value) == 0;
}


static bool
select_slice(search_t *search, const nt_jp_selector_t *selector,
             const json_t *value, json_t *result)
{
    size_t  i, count;
    int64_t from;

    if (selector->step == 0) {
        return true;
    }

    nt_slice(json_array_size(value),
             selector->has_start ? &selector->index : NULL,
             selector->has_stop ? &selector->stop : NULL, selector->step, &from,
             &count);

    for (i = 0; i < count; i++) {
        from += i != 0 ? selector->step : 0;

        if (!append(search, result, json_array_get(value, (size_t) from))) {
            return false;
        }
    }

    return true;
}


/* All children, or those that the filter lets pass. */
static bool
select_child(search_t *search, const nt_jp_selector_t *selector, json_t *child,
             json_t *result)
{
    int rc = 1;

    if (!step(search)) {
        return false;
    }

    if (selector->type == NT_JP_FILTER) {
        rc = holds(search, selector->filter, child);
    }

    return rc == 0 || (rc == 1 && append(search, result, child));
}


static bool
select_children(search_t *search, const nt_jp_selector_t *selector,
                json_t *value, json_t *result)
{
    size_t      i;
    json_t     *child;
    const char *name;

    json_array_foreach(value, i, child)
    {
        if (!select_child(search, selector, child, result)) {
            return false;
        }
    }

    json_object_foreach(value, name, child)
    {
        if (!select_child(search, selector, child, result)) {
            return false;
        }
    }

    return true;
}


static bool
select_from(search_t *search, const nt_jp_selector_t *selector, json_t *value,
            json_t *result)
{
    json_t *child;
    int64_t index;

    switch (selector->type) {
    case NT_JP_NAME:
        child =
            json_object_getn(value, selector->name.data, selector->name.len);
        break;

    case NT_JP_INDEX:
        index = selector->index;
        index += index < 0 ? (int64_t) json_array_size(value) : 0;
        child = index < 0 ? NULL : json_array_get(value, (size_t) index);
        break;

    case NT_JP_SLICE:
        return select_slice(search, selector, value, result);

    default:
        return select_children(search, selector, value, result);
    }

    return child == NULL || append(search, result, child);
}


/* --- segments --- */

/* Values are nested no deeper than jansson reads them (2048). */
static bool
apply(search_t *search, const nt_jp_segment_t *segment, json_t *value,
      json_t *result)
{
    size_t                  i;
    json_t                 *child;
    const char             *name;
    const nt_jp_selector_t *selector;

    if (!step(search)) {
        return false;
    }

    for (selector = segment->selectors; selector != NULL;
         selector = selector->next) {
        if (!select_from(search, selector, value, result)) {
            return false;
        }
    }

    if (!segment->descendant) {
        return true;
    }

    json_array_foreach(value, i, child)
    {
        if (!apply(search, segment, child, result)) {
            return false;
        }
    }

    json_object_foreach(value, name, child)
    {
        if (!apply(search, segment, child, result)) {
            return false;
        }
    }

    return true;
}


static json_t *
find(search_t *search, const nt_jp_segment_t *segment, json_t *from)
{
    bool    ok = true;
    size_t  i;
    json_t *values, *next, *value;

    values = json_pack("[O]", from);

    for (; segment != NULL && values != NULL; segment = segment->next) {
        next = json_array();

        json_array_foreach(values, i, value)
        {
            ok = ok && next != NULL && apply(search, segment, value, next);
        }

        json_decref(values);
        values = next;

        if (!ok) {
            json_decref(values);
            return NULL;
        }
    }

    return values;
}


json_t *
nt_jsonpath_find(const nt_jsonpath_t *path, json_t *root)
{
    search_t search = { .root = root };

    return find(&search, path->segments, root);
}
