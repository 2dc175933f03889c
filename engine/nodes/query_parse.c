/*
 * engine/nodes/query_parse.c - the syntax of queries.
 */

#include <ctype.h>
#include <stdlib.h>

#include "engine/nodes/query_int.h"
#include "engine/nodes/ustr.h"

typedef struct {
    nt_query_t *query;
    nt_str_t    text;
    size_t      pos;
    unsigned    depth;
    unsigned    nodes;
    nt_buf_t   *error;
} parser_t;

static nt_q_node_t *parse_or(parser_t *p);
static nt_q_node_t *parse_unary(parser_t *p);


/* --- basics --- */

static void *
fault(parser_t *p, const char *wanted)
{
    if (p->error->len == 0) {
        nt_buf_printf(p->error, "expected %s at character %zu", wanted,
                      p->pos + 1);
    }

    return NULL;
}


static nt_q_node_t *
make(parser_t *p, nt_q_type_t type, nt_q_node_t *a, nt_q_node_t *b)
{
    nt_q_node_t *node;

    if (++p->nodes > NT_QUERY_NODES_MAX) {
        return fault(p, "a shorter condition");
    }

    node = calloc(1, sizeof(*node));

    if (node == NULL) {
        p->error->failed = true;
        return NULL;
    }

    node->type = type;
    node->a = a;
    node->b = b;
    node->all = p->query->all;
    p->query->all = node;
    return node;
}


/* A node that owns `value`; NULL also when there is none. */
static nt_q_node_t *
make_value(parser_t *p, nt_q_type_t type, json_t *value)
{
    nt_q_node_t *node = make(p, type, NULL, NULL);

    if (node == NULL || value == NULL) {
        p->error->failed |= value == NULL;
        json_decref(value);
        return NULL;
    }

    node->value = value;
    return node;
}


static char
peek(parser_t *p)
{
    while (p->pos < p->text.len &&
           isspace((unsigned char) p->text.data[p->pos])) {
        p->pos++;
    }

    return p->pos < p->text.len ? p->text.data[p->pos] : '\0';
}


static bool
is_word(char c)
{
    return isalnum((unsigned char) c) || c == '_' || (unsigned char) c >= 0x80;
}


/* Takes a token when it stands here; a word only when it ends there. */
static bool
take(parser_t *p, const char *token)
{
    size_t len = strlen(token), end;

    (void) peek(p);
    end = p->pos + len;

    if (end > p->text.len || memcmp(p->text.data + p->pos, token, len) != 0 ||
        (is_word(token[0]) && end < p->text.len && is_word(p->text.data[end])))
    {
        return false;
    }

    p->pos = end;
    return true;
}


static bool
deeper(parser_t *p)
{
    return ++p->depth <= NT_QUERY_DEPTH_MAX || fault(p, "less nesting") != NULL;
}


/* --- values --- */

/* A string in quotes, with Python's commonest escapes. */
static nt_q_node_t *
parse_string(parser_t *p)
{
    char        quote = p->text.data[p->pos++], c;
    nt_buf_t    out = { 0 };
    const char *escape;

    static const char from[] = "ntr\\'\"", to[] = "\n\t\r\\'\"";

    for (;; p->pos++) {
        if (p->pos >= p->text.len) {
            nt_buf_free(&out);
            return fault(p, "the end of the string");
        }

        c = p->text.data[p->pos];

        if (c == quote) {
            break;
        }

        escape = c == '\\' && p->pos + 1 < p->text.len
                     ? memchr(from, p->text.data[p->pos + 1], sizeof(from) - 1)
                     : NULL;

        if (escape != NULL) {
            c = to[escape - from];
            p->pos++;
        }

        nt_buf_append_char(&out, c);
    }

    p->pos++;
    return make_value(p, NT_Q_CONST, nt_ustr_take(&out));
}


static nt_q_node_t *
parse_number(parser_t *p)
{
    char    digits[64] = "", *end;
    size_t  len;
    double  real;
    json_t *value;

    len = p->text.len - p->pos < sizeof(digits) - 1 ? p->text.len - p->pos
                                                    : sizeof(digits) - 1;
    memcpy(digits, p->text.data + p->pos, len);
    len = strspn(digits, "0123456789");

    if (len > 0 && len < 19 && digits[len] != '.' && digits[len] != 'e' &&
        digits[len] != 'E')
    {
        value = json_integer(strtoll(digits, &end, 10));

    } else {
        real = strtod(digits, &end);
        value = json_real(real);
    }

    p->pos += (size_t) (end - digits);

    if (is_word(*end)) {
        json_decref(value);
        return fault(p, "the end of the number");
    }

    return make_value(p, NT_Q_CONST, value);
}


static nt_q_node_t *
parse_name(parser_t *p)
{
    size_t start = p->pos;

    if (p->text.data[start] == '`') {
        for (p->pos++; p->pos < p->text.len && p->text.data[p->pos] != '`';) {
            p->pos++;
        }

        if (p->pos == p->text.len) {
            return fault(p, "the closing backtick");
        }

        p->pos++;
        return make_value(p, NT_Q_NAME,
                          json_stringn(p->text.data + start + 1,
                                       p->pos - start - 2));
    }

    while (p->pos < p->text.len && is_word(p->text.data[p->pos])) {
        p->pos++;
    }

    return make_value(p, NT_Q_NAME,
                      json_stringn(p->text.data + start, p->pos - start));
}


/* Behind "[" or "(": items up to the closing bracket. */
static nt_q_node_t *
parse_list(parser_t *p, nt_q_node_t *first, const char *closing)
{
    nt_q_node_t *list = make(p, NT_Q_LIST, first, NULL), **last;

    if (list == NULL) {
        return NULL;
    }

    last = first != NULL ? &first->next : &list->a;

    while (!take(p, closing)) {
        *last = parse_or(p);

        if (*last == NULL) {
            return NULL;
        }

        last = &(*last)->next;

        if (!take(p, ",") && !take(p, closing)) {
            return fault(p, "\",\" or the end of the list");
        }

        if (p->text.data[p->pos - 1] == closing[0]) {
            break;
        }
    }

    return list;
}


static nt_q_node_t *
parse_parentheses(parser_t *p)
{
    nt_q_node_t *node;

    if (take(p, ")")) {
        return make(p, NT_Q_LIST, NULL, NULL);
    }

    node = parse_or(p);

    if (node == NULL || take(p, ")")) {
        return node;
    }

    return take(p, ",") ? parse_list(p, node, ")") : fault(p, "\")\"");
}


static nt_q_node_t *
parse_value(parser_t *p)
{
    char c = peek(p);

    if (take(p, "(")) {
        return parse_parentheses(p);
    }

    if (take(p, "[")) {
        return parse_list(p, NULL, "]");
    }

    if (c == '\'' || c == '"') {
        return parse_string(p);
    }

    if (isdigit((unsigned char) c) || c == '.') {
        return parse_number(p);
    }

    if (take(p, "True") || take(p, "true")) {
        return make_value(p, NT_Q_CONST, json_true());
    }

    if (take(p, "False") || take(p, "false")) {
        return make_value(p, NT_Q_CONST, json_false());
    }

    if (take(p, "None") || take(p, "null")) {
        return make_value(p, NT_Q_CONST, json_null());
    }

    return is_word(c) || c == '`' ? parse_name(p) : fault(p, "a value");
}


/* --- operators --- */

static nt_q_node_t *
parse_power(parser_t *p)
{
    nt_q_node_t *base = parse_value(p), *node;

    if (base == NULL || !take(p, "**")) {
        return base;
    }

    node = make(p, NT_Q_MATH, base, NULL);

    if (node == NULL || !deeper(p)) {
        return NULL;
    }

    node->op = NT_Q_POW;
    node->b = parse_unary(p);
    p->depth--;
    return node->b != NULL ? node : NULL;
}


static nt_q_node_t *
parse_unary(parser_t *p)
{
    nt_q_type_t  type;
    nt_q_node_t *operand;

    if (take(p, "-")) {
        type = NT_Q_NEGATE;
    } else if (take(p, "~")) {
        type = NT_Q_NOT;
    } else {
        return parse_power(p);
    }

    if (!deeper(p)) {
        return NULL;
    }

    operand = parse_unary(p);
    p->depth--;
    return operand != NULL ? make(p, type, operand, NULL) : NULL;
}


typedef struct {
    const char *token;
    nt_q_op_t   op;
} op_t;


static bool
take_op(parser_t *p, const op_t *ops, nt_q_op_t *op)
{
    for (; ops->token != NULL; ops++) {
        if (take(p, ops->token)) {
            *op = ops->op;
            return true;
        }
    }

    return false;
}


static nt_q_node_t *
parse_product(parser_t *p)
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
        node = right != NULL ? make(p, NT_Q_MATH, node, right) : NULL;

        if (node != NULL) {
            node->op = op;
        }
    }

    return node;
}


static nt_q_node_t *
parse_sum(parser_t *p)
{
    nt_q_op_t    op;
    nt_q_node_t *node = parse_product(p), *right;

    static const op_t ops[] = { { "+", NT_Q_ADD },
                                { "-", NT_Q_SUB },
                                { NULL, NT_Q_ADD } };

    while (node != NULL && take_op(p, ops, &op)) {
        right = parse_product(p);
        node = right != NULL ? make(p, NT_Q_MATH, node, right) : NULL;

        if (node != NULL) {
            node->op = op;
        }
    }

    return node;
}


static bool
take_comparison(parser_t *p, nt_q_op_t *op)
{
    size_t start;

    static const op_t ops[] = { { "==", NT_Q_EQ }, { "!=", NT_Q_NE },
                                { "<=", NT_Q_LE }, { ">=", NT_Q_GE },
                                { "<", NT_Q_LT },  { ">", NT_Q_GT },
                                { "in", NT_Q_IN }, { NULL, NT_Q_EQ } };

    if (take_op(p, ops, op)) {
        return true;
    }

    (void) peek(p);
    start = p->pos;

    if (take(p, "not")) {
        if (take(p, "in")) {
            *op = NT_Q_NOT_IN;
            return true;
        }
        p->pos = start;
    }

    return false;
}


/* a < b < c, the operands of one comparison. */
static nt_q_node_t *
parse_comparison(parser_t *p)
{
    nt_q_op_t    op;
    nt_q_node_t *first = parse_sum(p), *node = NULL, *operand, **last = NULL;

    while (first != NULL && take_comparison(p, &op)) {
        operand = parse_sum(p);

        if (operand == NULL) {
            return NULL;
        }

        operand = make(p, NT_Q_COMPARE, operand, NULL);
        if (node == NULL) {
            node = make(p, NT_Q_COMPARE, first, NULL);
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
parse_not(parser_t *p)
{
    nt_q_node_t *operand;

    if (!take(p, "not")) {
        return parse_comparison(p);
    }

    if (!deeper(p)) {
        return NULL;
    }

    operand = parse_not(p);
    p->depth--;
    return operand != NULL ? make(p, NT_Q_NOT, operand, NULL) : NULL;
}


static nt_q_node_t *
parse_and(parser_t *p)
{
    nt_q_node_t *node = parse_not(p), *right;

    while (node != NULL && (take(p, "and") || take(p, "&"))) {
        right = parse_not(p);
        node = right != NULL ? make(p, NT_Q_AND, node, right) : NULL;
    }

    return node;
}


static nt_q_node_t *
parse_or(parser_t *p)
{
    nt_q_node_t *node, *right;

    if (!deeper(p)) {
        return NULL;
    }

    node = parse_and(p);

    while (node != NULL && (take(p, "or") || take(p, "|"))) {
        right = parse_and(p);
        node = right != NULL ? make(p, NT_Q_OR, node, right) : NULL;
    }

    p->depth--;
    return node;
}


/* --- the whole --- */

nt_query_t *
nt_query_parse(nt_str_t text, nt_buf_t *error)
{
    parser_t p = { .text = text, .error = error };

    p.query = calloc(1, sizeof(*p.query));

    if (p.query == NULL) {
        return NULL;
    }

    p.query->root = parse_or(&p);

    if (p.query->root != NULL && peek(&p) != '\0') {
        p.query->root = fault(&p, "an operator or the end");
    }

    if (p.query->root == NULL) {
        nt_query_free(p.query);
        return NULL;
    }

    return p.query;
}


void
nt_query_free(nt_query_t *query)
{
    nt_q_node_t *node, *next;

    if (query == NULL) {
        return;
    }

    for (node = query->all; node != NULL; node = next) {
        next = node->all;
        json_decref(node->value);
        free(node);
    }

    free(query);
}
