/*
 * engine/template/parse_expr.c - expressions, by Jinja2's precedence.
 */

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "engine/template/tpl.h"


json_t *
nt_tpl_constant(nt_jinja_t *template, json_t *value)
{
    if (value == NULL || json_array_append_new(template->constants, value) != 0)
    {
        template->failed = true;
        return NULL;
    }

    return value;
}


static nt_tpl_node_t *
constant_node(nt_tpl_parser_t *p, json_t *value)
{
    nt_tpl_node_t *node;

    node = nt_tpl_node(p, NT_TPL_CONST);
    value = nt_tpl_constant(p->template, value);

    if (node == NULL || value == NULL) {
        return NULL;
    }

    node->constant = value;
    return node;
}


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


static nt_tpl_node_t *
parse_number(nt_tpl_parser_t *p)
{
    int         base;
    char        digits[512], *stop;
    size_t      i, n;
    json_t     *value;
    double      real;
    const char *start;
    long long   integer;

    for (i = 0, n = 0; i < p->tok->text.len && n < sizeof(digits) - 1; i++) {
        if (p->tok->text.data[i] != '_') {
            digits[n++] = p->tok->text.data[i];
        }
    }

    digits[n] = '\0';
    start = digits;
    errno = 0;

    if (p->tok->type == NT_TOK_FLOAT) {
        real = strtod(digits, &stop);
        value = isfinite(real) ? json_real(real) : NULL;
        errno = 0; /* it is also set by a number near 0 */

    } else {
        base = 10;

        if (digits[0] == '0' && n > 1 && digits[1] > '9') {
            base = (digits[1] | 32) == 'x'   ? 16
                   : (digits[1] | 32) == 'o' ? 8
                                             : 2;
            start += 2;
        }

        integer = strtoll(start, &stop, base);
        value = json_integer(integer);
    }

    if (errno == ERANGE || *stop != '\0' || stop == start || value == NULL) {
        json_decref(value);
        return nt_tpl_unexpected(p, "a number that fits 64 bits");
    }

    p->tok++;
    return constant_node(p, value);
}


static nt_tpl_node_t *
parse_string(nt_tpl_parser_t *p)
{
    json_t  *value;
    nt_buf_t buf = { 0 };

    while (p->tok->type == NT_TOK_STRING) {
        nt_buf_append_str(&buf, (p->tok++)->text);
    }

    value = nt_ustr_take(&buf);
    return constant_node(p, value);
}


/* Expressions with commas between them, up to `end`, which is taken. */
static bool
parse_items(nt_tpl_parser_t *p, nt_tpl_node_t **last, const char *end)
{
    while (!nt_tpl_skip_op(p, end)) {
        *last = nt_tpl_parse_expr(p, true);

        if (*last == NULL) {
            return false;
        }

        last = &(*last)->next;

        if (!nt_tpl_is_op(p->tok, end) && !nt_tpl_expect_op(p, ",")) {
            return false;
        }
    }

    return true;
}


static nt_tpl_node_t *
parse_list(nt_tpl_parser_t *p)
{
    nt_tpl_node_t *node;

    node = nt_tpl_node(p, NT_TPL_LIST);

    return node != NULL && parse_items(p, &node->list, "]") ? node : NULL;
}


static nt_tpl_node_t *
parse_dict(nt_tpl_parser_t *p)
{
    nt_tpl_node_t *node, *pair, **last;

    node = nt_tpl_node(p, NT_TPL_DICT);

    if (node == NULL) {
        return NULL;
    }

    for (last = &node->list; !nt_tpl_skip_op(p, "}"); last = &pair->next) {
        pair = nt_tpl_node(p, NT_TPL_PAIR);

        if (pair == NULL || (pair->a = nt_tpl_parse_expr(p, true)) == NULL ||
            !nt_tpl_expect_op(p, ":") ||
            (pair->b = nt_tpl_parse_expr(p, true)) == NULL ||
            (!nt_tpl_is_op(p->tok, "}") && !nt_tpl_expect_op(p, ",")))
        {
            return NULL;
        }

        *last = pair;
    }

    return node;
}


static nt_tpl_node_t *
parse_name(nt_tpl_parser_t *p)
{
    size_t         i;
    nt_str_t       text;
    nt_tpl_node_t *node;

    static const struct {
        const char *name;
        int         value;
    } words[] = { { "true", 1 },  { "True", 1 }, { "false", 0 },
                  { "False", 0 }, { "none", 2 }, { "None", 2 } };

    static const char *const reserved[] = { "not",  "and", "or", "if",
                                            "else", "in",  "is", NULL };

    text = p->tok->text;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (nt_tpl_skip_name(p, words[i].name)) {
            return constant_node(p, words[i].value == 2
                                        ? json_null()
                                        : json_boolean(words[i].value));
        }
    }

    for (i = 0; reserved[i] != NULL; i++) {
        if (nt_tpl_is_name(p->tok, reserved[i])) {
            return nt_tpl_unexpected(p, "a value");
        }
    }

    node = nt_tpl_node(p, NT_TPL_NAME);
    p->tok++;

    if (node != NULL) {
        node->name = nt_tpl_variable(p->template, text);
    }

    return node;
}


static nt_tpl_node_t *
parse_parens(nt_tpl_parser_t *p)
{
    nt_tpl_node_t *node;

    if (nt_tpl_skip_op(p, ")")) {
        return nt_tpl_node(p, NT_TPL_TUPLE);
    }

    node = nt_tpl_parse_tuple(p, true);

    return node != NULL && nt_tpl_expect_op(p, ")") ? node : NULL;
}


static nt_tpl_node_t *
parse_primary(nt_tpl_parser_t *p)
{
    switch (p->tok->type) {
    case NT_TOK_NAME:
        return parse_name(p);

    case NT_TOK_STRING:
        return parse_string(p);

    case NT_TOK_INT:
    case NT_TOK_FLOAT:
        return parse_number(p);

    default:
        break;
    }

    if (nt_tpl_skip_op(p, "(")) {
        return parse_parens(p);
    }

    if (nt_tpl_skip_op(p, "[")) {
        return parse_list(p);
    }

    if (nt_tpl_skip_op(p, "{")) {
        return parse_dict(p);
    }

    return nt_tpl_unexpected(p, "a value");
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
        node->b = parse_number(p);
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
        node->list = parse_postfix(p, parse_primary(p));

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
        node = parse_primary(p);
    }

    node = parse_postfix(p, node);

    if (with_filter) {
        node = parse_suffixes(p, node);
    }

    p->depth--;
    return node;
}
