/*
 * engine/template/parse_expr.c - what follows a value: .name [index] (call)
 * |filter, is test.
 */

#include "engine/template/tpl.h"


nt_tpl_node_t *
nt_tpl_node_of(nt_tpl_parser_t *p, nt_tpl_type_t type, nt_tpl_op_t op,
               nt_tpl_node_t *left)
{
    nt_tpl_node_t *node;

    node = nt_tpl_node(p, type);

    if (node != NULL) {
        node->op = op;
        node->a = left;
    }

    return node;
}


/* Behind "(": positional arguments to node->list, others to node->alt. */
static bool
parse_args(nt_tpl_parser_t *p, nt_tpl_node_t *node)
{
    size_t         n;
    nt_tpl_node_t *keyword, **last, **last_keyword;

    last = &node->list;
    last_keyword = &node->alt;

    for (n = 0; !nt_tpl_skip_op(p, ")"); n++) {
        if (n > 0 && !nt_tpl_expect_op(p, ",")) {
            return false;
        }

        if (n > 0 && nt_tpl_skip_op(p, ")")) {
            return true;
        }

        if (nt_tpl_is_op(p->tok, "*") || nt_tpl_is_op(p->tok, "**")) {
            nt_tpl_syntax(p->template, p->tok->line,
                          "arguments with * or ** are not supported");
            return false;
        }

        if (p->tok->type == NT_TOK_NAME && nt_tpl_is_op(p->tok + 1, "=")) {
            keyword = nt_tpl_node(p, NT_TPL_KEYWORD);

            if (keyword == NULL) {
                return false;
            }

            keyword->name = nt_tpl_expect_name(p);
            p->tok++;
            keyword->a = nt_tpl_parse_expr(p, true);

            if (keyword->a == NULL) {
                return false;
            }

            *last_keyword = keyword;
            last_keyword = &keyword->next;
            continue;
        }

        if (node->alt != NULL) {
            nt_tpl_syntax(p->template, p->tok->line,
                          "a positional argument stands behind one with a "
                          "name");
            return false;
        }

        *last = nt_tpl_parse_expr(p, true);

        if (*last == NULL) {
            return false;
        }

        last = &(*last)->next;
    }

    return true;
}


static bool
at_subscript_end(const nt_tpl_parser_t *p)
{
    return nt_tpl_is_op(p->tok, ":") || nt_tpl_is_op(p->tok, "]");
}


/* Behind "[". */
static nt_tpl_node_t *
parse_subscript(nt_tpl_parser_t *p, nt_tpl_node_t *object)
{
    size_t         i;
    nt_tpl_node_t *node;

    node = nt_tpl_node_of(p, NT_TPL_INDEX, 0, object);

    if (node == NULL) {
        return NULL;
    }

    if (!at_subscript_end(p)) {
        node->b = nt_tpl_parse_expr(p, true);

        if (node->b == NULL) {
            return NULL;
        }
    }

    if (nt_tpl_is_op(p->tok, ":")) {
        node->type = NT_TPL_SLICE;
        node->args[0] = object;
        node->args[1] = node->b;

        for (i = 2; i < 4 && nt_tpl_skip_op(p, ":"); i++) {
            if (!at_subscript_end(p)) {
                node->args[i] = nt_tpl_parse_expr(p, true);

                if (node->args[i] == NULL) {
                    return NULL;
                }
            }
        }

    } else if (node->b == NULL) {
        return nt_tpl_unexpected(p, "an index");
    }

    return nt_tpl_expect_op(p, "]") ? node : NULL;
}


/* Behind ".": a name or the index of an item. */
static nt_tpl_node_t *
parse_attribute(nt_tpl_parser_t *p, nt_tpl_node_t *object)
{
    nt_tpl_node_t *node;

    node = nt_tpl_node_of(p, NT_TPL_ATTR, 0, object);

    if (node == NULL) {
        return NULL;
    }

    if (p->tok->type == NT_TOK_INT) {
        node->type = NT_TPL_INDEX;
        node->b = nt_tpl_parse_value(p);
        return node->b == NULL ? NULL : node;
    }

    node->name = nt_tpl_expect_name(p);
    return node->name == NULL ? NULL : node;
}


static nt_tpl_node_t *
parse_call(nt_tpl_parser_t *p, nt_tpl_node_t *callee)
{
    nt_tpl_node_t *node;

    node = nt_tpl_node_of(p, NT_TPL_CALL, 0, callee);

    return node != NULL && parse_args(p, node) ? node : NULL;
}


static nt_tpl_node_t *
parse_postfix(nt_tpl_parser_t *p, nt_tpl_node_t *node)
{
    while (node != NULL) {
        if (nt_tpl_skip_op(p, ".")) {
            node = parse_attribute(p, node);

        } else if (nt_tpl_skip_op(p, "[")) {
            node = parse_subscript(p, node);

        } else if (nt_tpl_skip_op(p, "(")) {
            node = parse_call(p, node);

        } else {
            break;
        }
    }

    return node;
}


nt_tpl_node_t *
nt_tpl_parse_filters(nt_tpl_parser_t *p, nt_tpl_node_t *value, bool inside)
{
    nt_tpl_node_t *node;

    while (inside || nt_tpl_skip_op(p, "|")) {
        inside = false;
        node = nt_tpl_node_of(p, NT_TPL_FILTER, 0, value);

        if (node == NULL) {
            return NULL;
        }

        node->name = nt_tpl_expect_name(p);

        if (node->name == NULL) {
            return NULL;
        }

        if (nt_tpl_filter(node->name) == NULL) {
            return nt_tpl_syntax(p->template, node->line,
                                 "there is no filter '%s'", node->name);
        }

        if (nt_tpl_skip_op(p, "(") && !parse_args(p, node)) {
            return NULL;
        }

        value = node;
    }

    return value;
}


/* May an argument without parentheses follow the name of a test? */
static bool
at_test_argument(const nt_tpl_parser_t *p)
{
    static const char *const words[] = { "else", "or",  "and", "if",
                                         "in",   "not", "is",  NULL };

    size_t i;

    if (p->tok->type == NT_TOK_NAME) {
        for (i = 0; words[i] != NULL; i++) {
            if (nt_tpl_is_name(p->tok, words[i])) {
                return false;
            }
        }

        return true;
    }

    return p->tok->type == NT_TOK_STRING || p->tok->type == NT_TOK_INT ||
           p->tok->type == NT_TOK_FLOAT || nt_tpl_is_op(p->tok, "[") ||
           nt_tpl_is_op(p->tok, "{");
}


/* Behind "is". */
static nt_tpl_node_t *
parse_test(nt_tpl_parser_t *p, nt_tpl_node_t *value)
{
    bool           negated;
    nt_tpl_node_t *node, *not ;

    negated = nt_tpl_skip_name(p, "not");
    node = nt_tpl_node_of(p, NT_TPL_TEST, 0, value);

    if (node == NULL || (node->name = nt_tpl_expect_name(p)) == NULL) {
        return NULL;
    }

    if (!nt_tpl_has_test(node->name)) {
        return nt_tpl_syntax(p->template, node->line, "there is no test '%s'",
                             node->name);
    }

    if (nt_tpl_skip_op(p, "(")) {
        if (!parse_args(p, node)) {
            return NULL;
        }

    } else if (at_test_argument(p)) {
        node->list = parse_postfix(p, nt_tpl_parse_value(p));

        if (node->list == NULL) {
            return NULL;
        }
    }

    if (!negated) {
        return node;
    }

    not = nt_tpl_node(p, NT_TPL_NOT);

    if (not != NULL) {
        not ->a = node;
    }

    return not ;
}


/* filters, tests and calls of their results */
static nt_tpl_node_t *
parse_suffixes(nt_tpl_parser_t *p, nt_tpl_node_t *node)
{
    while (node != NULL) {
        if (nt_tpl_is_op(p->tok, "|")) {
            node = nt_tpl_parse_filters(p, node, false);

        } else if (nt_tpl_skip_name(p, "is")) {
            node = parse_test(p, node);

        } else if (nt_tpl_skip_op(p, "(")) {
            node = parse_call(p, node);

        } else {
            break;
        }
    }

    return node;
}


nt_tpl_node_t *
nt_tpl_parse_unary(nt_tpl_parser_t *p, bool with_filter)
{
    bool           minus;
    nt_tpl_node_t *node;

    if (!nt_tpl_enter(p)) {
        return NULL;
    }

    minus = nt_tpl_is_op(p->tok, "-");

    if (minus || nt_tpl_is_op(p->tok, "+")) {
        node = nt_tpl_node(p, minus ? NT_TPL_NEG : NT_TPL_POS);
        p->tok++;

        if (node != NULL && (node->a = nt_tpl_parse_unary(p, false)) == NULL) {
            return NULL;
        }

    } else {
        node = nt_tpl_parse_value(p);
    }

    node = parse_postfix(p, node);

    if (with_filter) {
        node = parse_suffixes(p, node);
    }

    p->depth--;
    return node;
}
