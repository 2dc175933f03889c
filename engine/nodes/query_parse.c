/*
 * engine/nodes/query_parse.c - the syntax of queries.
 */

#include <ctype.h>
#include <stdlib.h>

#include "engine/nodes/query_int.h"

static nt_q_node_t *parse_or(nt_q_parser_t *p);
static nt_q_node_t *parse_unary(nt_q_parser_t *p);


/* Behind "[" or "(": items up to the closing bracket. */
static nt_q_node_t *
parse_list(nt_q_parser_t *p, nt_q_node_t *first, const char *closing)
{
    nt_q_node_t *list = nt_q_make(p, NT_Q_LIST, first, NULL), **last;

    if (list == NULL) {
        return NULL;
    }

    last = first != NULL ? &first->next : &list->a;

    while (!nt_q_take(p, closing)) {
        *last = parse_or(p);

        if (*last == NULL) {
            return NULL;
        }

        last = &(*last)->next;

        if (!nt_q_take(p, ",") && !nt_q_take(p, closing)) {
            return nt_q_fault(p, "\",\" or the end of the list");
        }

        if (p->text.data[p->pos - 1] == closing[0]) {
            break;
        }
    }

    return list;
}


static nt_q_node_t *
parse_parentheses(nt_q_parser_t *p)
{
    nt_q_node_t *node;

    if (nt_q_take(p, ")")) {
        return nt_q_make(p, NT_Q_LIST, NULL, NULL);
    }

    node = parse_or(p);

    if (node == NULL || nt_q_take(p, ")")) {
        return node;
    }

    return nt_q_take(p, ",") ? parse_list(p, node, ")")
                             : nt_q_fault(p, "\")\"");
}


static nt_q_node_t *
parse_value(nt_q_parser_t *p)
{
    char c = nt_q_peek(p);

    if (nt_q_take(p, "(")) {
        return parse_parentheses(p);
    }

    if (nt_q_take(p, "[")) {
        return parse_list(p, NULL, "]");
    }

    if (c == '\'' || c == '"') {
        return nt_q_parse_string(p);
    }

    if (isdigit((unsigned char) c) || c == '.') {
        return nt_q_parse_number(p);
    }

    if (nt_q_take(p, "True") || nt_q_take(p, "true")) {
        return nt_q_make_value(p, NT_Q_CONST, json_true());
    }

    if (nt_q_take(p, "False") || nt_q_take(p, "false")) {
        return nt_q_make_value(p, NT_Q_CONST, json_false());
    }

    if (nt_q_take(p, "None") || nt_q_take(p, "null")) {
        return nt_q_make_value(p, NT_Q_CONST, json_null());
    }

    return nt_q_is_word(c) || c == '`' ? nt_q_parse_name(p)
                                       : nt_q_fault(p, "a value");
}


/* --- operators --- */

static nt_q_node_t *
parse_power(nt_q_parser_t *p)
{
    nt_q_node_t *base = parse_value(p), *node;

    if (base == NULL || !nt_q_take(p, "**")) {
        return base;
    }

    node = nt_q_make(p, NT_Q_MATH, base, NULL);

    if (node == NULL || !nt_q_deeper(p)) {
        return NULL;
    }

    node->op = NT_Q_POW;
    node->b = parse_unary(p);
    p->depth--;
    return node->b != NULL ? node : NULL;
}


static nt_q_node_t *
parse_unary(nt_q_parser_t *p)
{
    nt_q_type_t  type;
    nt_q_node_t *operand;

    if (nt_q_take(p, "-")) {
        type = NT_Q_NEGATE;
    } else if (nt_q_take(p, "~")) {
        type = NT_Q_NOT;
    } else {
        return parse_power(p);
    }

    if (!nt_q_deeper(p)) {
        return NULL;
    }

    operand = parse_unary(p);
    p->depth--;
    return operand != NULL ? nt_q_make(p, type, operand, NULL) : NULL;
}


typedef struct {
    const char *token;
    nt_q_op_t   op;
} op_t;


static bool
take_op(nt_q_parser_t *p, const op_t *ops, nt_q_op_t *op)
{
    for (; ops->token != NULL; ops++) {
        if (nt_q_take(p, ops->token)) {
            *op = ops->op;
            return true;
        }
    }

    return false;
}


static nt_q_node_t *
parse_product(nt_q_parser_t *p)
{
    nt_q_op_t    op;
    nt_q_node_t *node = parse_unary(p), *right;

    static const op_t ops[] = { { "*", NT_Q_MUL },
                                { "//", NT_Q_FLOORDIV },
                                { "/", NT_Q_DIV },
                                { "%", NT_Q_MOD },
                                { NULL, NT_Q_MUL } };

    while (node != NULL && take_op(p, ops, &op)) {
        right = parse_unary(p);
        node = right != NULL ? nt_q_make(p, NT_Q_MATH, node, right) : NULL;

        if (node != NULL) {
            node->op = op;
        }
    }

    return node;
}


static nt_q_node_t *
parse_sum(nt_q_parser_t *p)
{
    nt_q_op_t    op;
    nt_q_node_t *node = parse_product(p), *right;

    static const op_t ops[] = { { "+", NT_Q_ADD },
                                { "-", NT_Q_SUB },
                                { NULL, NT_Q_ADD } };

    while (node != NULL && take_op(p, ops, &op)) {
        right = parse_product(p);
        node = right != NULL ? nt_q_make(p, NT_Q_MATH, node, right) : NULL;

        if (node != NULL) {
            node->op = op;
        }
    }

    return node;
}


static bool
take_comparison(nt_q_parser_t *p, nt_q_op_t *op)
{
    size_t start;

    static const op_t ops[] = { { "==", NT_Q_EQ }, { "!=", NT_Q_NE },
                                { "<=", NT_Q_LE }, { ">=", NT_Q_GE },
                                { "<", NT_Q_LT },  { ">", NT_Q_GT },
                                { "in", NT_Q_IN }, { NULL, NT_Q_EQ } };

    if (take_op(p, ops, op)) {
        return true;
    }

    (void) nt_q_peek(p);
    start = p->pos;

    if (nt_q_take(p, "not")) {
        if (nt_q_take(p, "in")) {
            *op = NT_Q_NOT_IN;
            return true;
        }
        p->pos = start;
    }

    return false;
}


/* a < b < c, the operands of one comparison. */
static nt_q_node_t *
parse_comparison(nt_q_parser_t *p)
{
    nt_q_op_t    op;
    nt_q_node_t *first = parse_sum(p), *node = NULL, *operand, **last = NULL;

    while (first != NULL && take_comparison(p, &op)) {
        operand = parse_sum(p);

        if (operand == NULL) {
            return NULL;
        }

        operand = nt_q_make(p, NT_Q_COMPARE, operand, NULL);
        if (node == NULL) {
            node = nt_q_make(p, NT_Q_COMPARE, first, NULL);
            last = node != NULL ? &node->b : NULL;
        }

        if (operand == NULL || node == NULL) {
            return NULL;
        }

        operand->op = op;
        *last = operand;
        last = &operand->b;
    }

    return node != NULL ? node : first;
}


static nt_q_node_t *
parse_not(nt_q_parser_t *p)
{
    nt_q_node_t *operand;

    if (!nt_q_take(p, "not")) {
        return parse_comparison(p);
    }

    if (!nt_q_deeper(p)) {
        return NULL;
    }

    operand = parse_not(p);
    p->depth--;
    return operand != NULL ? nt_q_make(p, NT_Q_NOT, operand, NULL) : NULL;
}


static nt_q_node_t *
parse_and(nt_q_parser_t *p)
{
    nt_q_node_t *node = parse_not(p), *right;

    while (node != NULL && (nt_q_take(p, "and") || nt_q_take(p, "&"))) {
        right = parse_not(p);
        node = right != NULL ? nt_q_make(p, NT_Q_AND, node, right) : NULL;
    }

    return node;
}


static nt_q_node_t *
parse_or(nt_q_parser_t *p)
{
    nt_q_node_t *node, *right;

    if (!nt_q_deeper(p)) {
        return NULL;
    }

    node = parse_and(p);

    while (node != NULL && (nt_q_take(p, "or") || nt_q_take(p, "|"))) {
        right = parse_and(p);
        node = right != NULL ? nt_q_make(p, NT_Q_OR, node, right) : NULL;
    }

    p->depth--;
    return node;
}


/* --- the whole --- */

nt_query_t *
nt_query_parse(nt_str_t text, nt_buf_t *error)
{
    nt_q_parser_t p = { .text = text, .error = error };

    p.query = calloc(1, sizeof(*p.query));

    if (p.query == NULL) {
        return NULL;
    }

    p.query->root = parse_or(&p);

    if (p.query->root != NULL && nt_q_peek(&p) != '\0') {
        p.query->root = nt_q_fault(&p, "an operator or the end");
    }

    if (p.query->root == NULL) {
        nt_query_free(p.query);
        return NULL;
    }

    return p.query;
}
