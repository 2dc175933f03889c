/*
 * engine/template/parse_ops.c - operators, by Jinja2's precedence.
 */

#include "engine/template/tpl.h"


typedef struct {
    const char *text;
    nt_tpl_op_t op;
} operator_t;


/* From the loosest to the tightest; all of them group to the left. */
static const operator_t sums[] = { { "+", NT_OP_ADD },
                                   { "-", NT_OP_SUB },
                                   { NULL, 0 } };
static const operator_t concats[] = { { "~", NT_OP_CONCAT }, { NULL, 0 } };
static const operator_t products[] = { { "*", NT_OP_MUL },
                                       { "/", NT_OP_DIV },
                                       { "//", NT_OP_FLOORDIV },
                                       { "%", NT_OP_MOD },
                                       { NULL, 0 } };
static const operator_t powers[] = { { "**", NT_OP_POW }, { NULL, 0 } };

static const operator_t *const levels[] = { sums, concats, products, powers,
                                            NULL };

static const operator_t comparisons[] = {
    { "==", NT_OP_EQ }, { "!=", NT_OP_NE }, { "<", NT_OP_LT },
    { "<=", NT_OP_LE }, { ">", NT_OP_GT },  { ">=", NT_OP_GE },
    { NULL, 0 }
};


static const operator_t *
take_operator(nt_tpl_parser_t *p, const operator_t *operators)
{
    for (; operators->text != NULL; operators++) {
        if (nt_tpl_skip_op(p, operators->text)) {
            return operators;
        }
    }

    return NULL;
}


static nt_tpl_node_t *
parse_level(nt_tpl_parser_t *p, const operator_t *const *level)
{
    nt_tpl_node_t    *left, *node;
    const operator_t *operator;

    if (*level == NULL) {
        return nt_tpl_parse_unary(p, true);
    }

    left = parse_level(p, level + 1);

    while (left != NULL && (operator= take_operator(p, *level)) != NULL) {
        node = nt_tpl_node_of(p, NT_TPL_BINARY, operator->op, left);

        if (node == NULL || (node->b = parse_level(p, level + 1)) == NULL) {
            return NULL;
        }

        left = node;
    }

    return left;
}


static bool
take_comparison(nt_tpl_parser_t *p, nt_tpl_op_t *op)
{
    const operator_t *operator;

    operator= take_operator(p, comparisons);

    if (operator!= NULL) {
        *op = operator->op;
        return true;
    }

    if (nt_tpl_skip_name(p, "in")) {
        *op = NT_OP_IN;
        return true;
    }

    if (nt_tpl_is_name(p->tok, "not") && nt_tpl_is_name(p->tok + 1, "in")) {
        p->tok += 2;
        *op = NT_OP_NOT_IN;
        return true;
    }

    return false;
}


static nt_tpl_node_t *
parse_compare(nt_tpl_parser_t *p)
{
    nt_tpl_op_t    op;
    nt_tpl_node_t *first, *node, *operand, **last;

    first = parse_level(p, levels);
    node = NULL;
    last = NULL;

    while (first != NULL && take_comparison(p, &op)) {
        if (node == NULL) {
            node = nt_tpl_node_of(p, NT_TPL_COMPARE, 0, first);

            if (node == NULL) {
                return NULL;
            }

            last = &node->list;
        }

        operand = nt_tpl_node_of(p, NT_TPL_OPERAND, op, NULL);

        if (operand == NULL || (operand->a = parse_level(p, levels)) == NULL) {
            return NULL;
        }

        *last = operand;
        last = &operand->next;
    }

    return node == NULL ? first : node;
}


static nt_tpl_node_t *
parse_not(nt_tpl_parser_t *p)
{
    nt_tpl_node_t *node;

    if (!nt_tpl_is_name(p->tok, "not")) {
        return parse_compare(p);
    }

    if (!nt_tpl_enter(p)) {
        return NULL;
    }

    node = nt_tpl_node(p, NT_TPL_NOT);
    p->tok++;

    if (node == NULL || (node->a = parse_not(p)) == NULL) {
        return NULL;
    }

    p->depth--;
    return node;
}


static nt_tpl_node_t *
parse_and(nt_tpl_parser_t *p)
{
    nt_tpl_node_t *left, *node;

    left = parse_not(p);

    while (left != NULL && nt_tpl_skip_name(p, "and")) {
        node = nt_tpl_node_of(p, NT_TPL_AND, 0, left);

        if (node == NULL || (node->b = parse_not(p)) == NULL) {
            return NULL;
        }

        left = node;
    }

    return left;
}


static nt_tpl_node_t *
parse_or(nt_tpl_parser_t *p)
{
    nt_tpl_node_t *left, *node;

    left = parse_and(p);

    while (left != NULL && nt_tpl_skip_name(p, "or")) {
        node = nt_tpl_node_of(p, NT_TPL_OR, 0, left);

        if (node == NULL || (node->b = parse_and(p)) == NULL) {
            return NULL;
        }

        left = node;
    }

    return left;
}


nt_tpl_node_t *
nt_tpl_parse_expr(nt_tpl_parser_t *p, bool with_condition)
{
    nt_tpl_node_t *value, *node;

    if (!nt_tpl_enter(p)) {
        return NULL;
    }

    value = parse_or(p);

    while (value != NULL && with_condition && nt_tpl_skip_name(p, "if")) {
        node = nt_tpl_node_of(p, NT_TPL_COND, 0, NULL);

        if (node == NULL || (node->a = parse_or(p)) == NULL) {
            return NULL;
        }

        node->b = value;

        if (nt_tpl_skip_name(p, "else")) {
            node->c = nt_tpl_parse_expr(p, true);

            if (node->c == NULL) {
                return NULL;
            }
        }

        value = node;
    }

    p->depth--;
    return value;
}


nt_tpl_node_t *
nt_tpl_parse_tuple(nt_tpl_parser_t *p, bool with_condition)
{
    nt_tpl_node_t *first, *tuple, **last;

    first = nt_tpl_parse_expr(p, with_condition);

    if (first == NULL || !nt_tpl_is_op(p->tok, ",")) {
        return first;
    }

    tuple = nt_tpl_node(p, NT_TPL_TUPLE);

    if (tuple == NULL) {
        return NULL;
    }

    tuple->list = first;
    last = &first->next;

    while (nt_tpl_skip_op(p, ",")) {
        if (p->tok->type == NT_TOK_TAG_END || p->tok->type == NT_TOK_VAR_END ||
            nt_tpl_is_op(p->tok, ")"))
        {
            break;
        }

        *last = nt_tpl_parse_expr(p, with_condition);

        if (*last == NULL) {
            return NULL;
        }

        last = &(*last)->next;
    }

    return tuple;
}
