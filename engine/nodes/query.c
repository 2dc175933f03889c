/*
 * engine/nodes/query.c - what queries say of a dict.
 */

#include <math.h>

#include "engine/nodes/pytext.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/query_int.h"
#include "engine/nodes/ustr.h"

/* A value that cannot be had: a missing member, a sum of texts and numbers.
 * The dict does not meet the condition then. */
typedef enum { GOT, MISSING, NOMEM } got_t;

static got_t evaluate(const nt_q_node_t *node, const json_t *dict,
                      json_t **value);


static got_t
give(json_t *value, json_t **out)
{
    *out = value;
    return value != NULL ? GOT : NOMEM;
}


/* --- arithmetic: of floats, as numexpr does it; ints stay exact --- */

static got_t
compute_ints(nt_q_op_t op, int64_t i, int64_t j, json_t **value)
{
    bool    failed;
    int64_t result = 0;

    switch (op) {
    case NT_Q_ADD:
        failed = __builtin_add_overflow(i, j, &result);
        break;

    case NT_Q_SUB:
        failed = __builtin_sub_overflow(i, j, &result);
        break;

    case NT_Q_MUL:
        failed = __builtin_mul_overflow(i, j, &result);
        break;

    default:
        return MISSING;
    }

    return failed ? MISSING : give(json_integer((json_int_t) result), value);
}


static got_t
compute(nt_q_op_t op, const json_t *a, const json_t *b, json_t **value)
{
    double   x, y, rest;
    int64_t  i, j;
    nt_buf_t text = { 0 };

    if (op == NT_Q_ADD && json_is_string(a) && json_is_string(b)) {
        nt_buf_append_str(&text, nt_ustr(a));
        nt_buf_append_str(&text, nt_ustr(b));
        return give(nt_ustr_take(&text), value);
    }

    if (!nt_py_is_number(a) || !nt_py_is_number(b)) {
        return MISSING;
    }

    if (nt_py_integer(a, &i) && nt_py_integer(b, &j) && op <= NT_Q_MUL) {
        return compute_ints(op, i, j, value);
    }

    x = nt_py_number(a);
    y = nt_py_number(b);

    if (op >= NT_Q_DIV && op <= NT_Q_MOD && y == 0) {
        return MISSING;
    }

    switch (op) {
    case NT_Q_ADD:
        x += y;
        break;

    case NT_Q_SUB:
        x -= y;
        break;

    case NT_Q_MUL:
        x *= y;
        break;

    case NT_Q_DIV:
        x /= y;
        break;

    case NT_Q_FLOORDIV:
        x = floor(x / y);
        break;

    case NT_Q_MOD:
        rest = fmod(x, y);
        x = rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
        break;

    default:
        x = pow(x, y);
    }

    return isfinite(x) ? give(json_real(x), value) : MISSING;
}


static got_t
evaluate_math(const nt_q_node_t *node, const json_t *dict, json_t **value)
{
    got_t   got;
    json_t *a, *b;

    got = evaluate(node->a, dict, &a);

    if (got != GOT) {
        return got;
    }

    got = evaluate(node->b, dict, &b);

    if (got == GOT) {
        got = compute(node->op, a, b, value);
        json_decref(b);
    }

    json_decref(a);
    return got;
}


static got_t
negate(const nt_q_node_t *node, const json_t *dict, json_t **value)
{
    got_t   got;
    json_t *zero, *operand;

    got = evaluate(node->a, dict, &operand);

    if (got != GOT) {
        return got;
    }

    zero = json_integer(0);
    got = zero != NULL ? compute(NT_Q_SUB, zero, operand, value) : NOMEM;
    json_decref(zero);
    json_decref(operand);
    return got;
}


/* --- comparisons --- */

/* a in b: an item of a list, a member of a dict, a part of a string */
static bool
contains(const json_t *b, const json_t *a)
{
    size_t  i;
    json_t *item;

    if (json_is_string(b) && json_is_string(a)) {
        return nt_ustr_find(nt_ustr(b), nt_ustr(a), 0, nt_ustr(b).len) >= 0;
    }

    if (json_is_object(b) && json_is_string(a)) {
        return json_object_getn(b, json_string_value(a),
                                json_string_length(a)) != NULL;
    }

    json_array_foreach(b, i, item)
    {
        if (nt_py_equal(item, a)) {
            return true;
        }
    }

    return false;
}


static bool
compares(nt_q_op_t op, const json_t *a, const json_t *b)
{
    int order;

    /* pandas: == with a list is "in" */
    if (json_is_array(b) && !json_is_array(a) && op <= NT_Q_NE) {
        op = op == NT_Q_EQ ? NT_Q_IN : NT_Q_NOT_IN;
    }

    switch (op) {
    case NT_Q_EQ:
        return nt_py_equal(a, b);

    case NT_Q_NE:
        return !nt_py_equal(a, b);

    case NT_Q_IN:
        return contains(b, a);

    case NT_Q_NOT_IN:
        return !contains(b, a);

    default:
        break;
    }

    if (!nt_py_order(a, b, &order)) {
        return false;
    }

    return op == NT_Q_LT   ? order < 0
           : op == NT_Q_LE ? order <= 0
           : op == NT_Q_GT ? order > 0
                           : order >= 0;
}


static got_t
evaluate_compare(const nt_q_node_t *node, const json_t *dict, json_t **value)
{
    bool               holds = true;
    got_t              got;
    json_t            *left, *right;
    const nt_q_node_t *operand;

    got = evaluate(node->a, dict, &left);

    if (got != GOT) {
        return got;
    }

    for (operand = node->b; operand != NULL && holds; operand = operand->b) {
        got = evaluate(operand->a, dict, &right);

        if (got != GOT) {
            json_decref(left);
            return got;
        }

        holds = compares(operand->op, left, right);
        json_decref(left);
        left = right;
    }

    json_decref(left);
    return give(json_boolean(holds), value);
}


/* --- the rest --- */

static got_t
evaluate_list(const nt_q_node_t *node, const json_t *dict, json_t **value)
{
    got_t              got;
    json_t            *list = json_array(), *entry;
    const nt_q_node_t *item;

    for (item = node->a; item != NULL; item = item->next) {
        got = evaluate(item, dict, &entry);

        if (got != GOT) {
            json_decref(list);
            return got;
        }

        if (json_array_append_new(list, entry) != 0) {
            json_decref(list);
            return NOMEM;
        }
    }

    return give(list, value);
}


/* and, or, not: of truth values, the right side only when it matters */
static got_t
evaluate_logic(const nt_q_node_t *node, const json_t *dict, json_t **value)
{
    bool    truth;
    got_t   got;
    json_t *operand;

    got = evaluate(node->a, dict, &operand);

    if (got != GOT) {
        return got;
    }

    truth = nt_py_truth(operand);
    json_decref(operand);

    if (node->type == NT_Q_NOT) {
        return give(json_boolean(!truth), value);
    }

    if (truth == (node->type == NT_Q_OR)) {
        return give(json_boolean(truth), value);
    }

    return evaluate(node->b, dict, value);
}


static got_t
evaluate(const nt_q_node_t *node, const json_t *dict, json_t **value)
{
    switch (node->type) {
    case NT_Q_CONST:
        *value = json_incref(node->value);
        return GOT;

    case NT_Q_NAME:
        *value =
            json_incref(json_object_getn(dict, json_string_value(node->value),
                                         json_string_length(node->value)));
        return *value != NULL ? GOT : MISSING;

    case NT_Q_LIST:
        return evaluate_list(node, dict, value);

    case NT_Q_COMPARE:
        return evaluate_compare(node, dict, value);

    case NT_Q_MATH:
        return evaluate_math(node, dict, value);

    case NT_Q_NEGATE:
        return negate(node, dict, value);

    default:
        return evaluate_logic(node, dict, value);
    }
}


nt_str_t
nt_query_unknown(const nt_query_t *query, const json_t *dict)
{
    nt_str_t           name;
    const nt_q_node_t *node;

    for (node = query->all; node != NULL; node = node->all) {
        name = nt_ustr(node->value);

        if (node->type == NT_Q_NAME &&
            json_object_getn(dict, name.data, name.len) == NULL)
        {
            return name;
        }
    }

    return (nt_str_t) { NULL, 0 };
}


int
nt_query_test(const nt_query_t *query, const json_t *dict)
{
    int     rc;
    json_t *value;

    switch (evaluate(query->root, dict, &value)) {
    case GOT:
        rc = nt_py_truth(value);
        json_decref(value);
        return rc;

    case MISSING:
        return 0;

    default:
        return -1;
    }
}
