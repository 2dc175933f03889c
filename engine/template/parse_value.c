/*
 * engine/template/parse_value.c - values in expressions: names, literals,
 * lists, dicts.
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


nt_tpl_node_t *
nt_tpl_parse_value(nt_tpl_parser_t *p)
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
