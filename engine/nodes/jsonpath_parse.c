/*
 * engine/nodes/jsonpath_parse.c - the syntax of JSONPath.
 */

#include <stdlib.h>

#include "engine/nodes/jsonpath_int.h"


/* --- segments --- */

static nt_jp_expr_t    *parse_or(nt_jp_parser_t *p);
static nt_jp_segment_t *parse_segments(nt_jp_parser_t *p, bool *ok);


/* [start:stop:step], each of which may be missing, or [index] */
static bool
parse_slice(nt_jp_parser_t *p, nt_jp_selector_t *selector)
{
    selector->type = NT_JP_INDEX;
    selector->step = 1;
    selector->has_start = nt_jp_parse_int(p, &selector->index);
    nt_jp_skip_space(p);

    if (!nt_jp_take(p, ":")) {
        return selector->has_start || nt_jp_fault(p, "a selector") != NULL;
    }

    selector->type = NT_JP_SLICE;
    nt_jp_skip_space(p);
    selector->has_stop = nt_jp_parse_int(p, &selector->stop);
    nt_jp_skip_space(p);

    if (nt_jp_take(p, ":")) {
        nt_jp_skip_space(p);
        (void) nt_jp_parse_int(p, &selector->step);
    }

    return p->error->len == 0;
}


static nt_jp_selector_t *
parse_selector(nt_jp_parser_t *p)
{
    bool              ok = true;
    nt_jp_selector_t *selector = nt_jp_alloc(p, sizeof(*selector));

    if (selector == NULL) {
        return NULL;
    }

    nt_jp_skip_space(p);

    if (nt_jp_take(p, "*")) {
        selector->type = NT_JP_WILD;

    } else if (nt_jp_peek(p) == '\'' || nt_jp_peek(p) == '"') {
        selector->type = NT_JP_NAME;
        ok = nt_jp_parse_string(p, &selector->name);

    } else if (nt_jp_take(p, "?")) {
        selector->type = NT_JP_FILTER;
        selector->filter = parse_or(p);
        ok = selector->filter != NULL;

    } else {
        ok = parse_slice(p, selector);
    }

    nt_jp_skip_space(p);
    return ok ? selector : NULL;
}


/* Behind "[": selectors up to "]". */
static bool
parse_brackets(nt_jp_parser_t *p, nt_jp_segment_t *segment)
{
    nt_jp_selector_t **last = &segment->selectors;

    do {
        *last = parse_selector(p);

        if (*last == NULL) {
            return false;
        }

        last = &(*last)->next;
    } while (nt_jp_take(p, ","));

    return nt_jp_expect(p, "]", "\",\" or \"]\"");
}


/* Behind ".", "..", or at the very start: a name or "*". */
static bool
parse_member(nt_jp_parser_t *p, nt_jp_segment_t *segment)
{
    segment->selectors = nt_jp_alloc(p, sizeof(nt_jp_selector_t));

    if (segment->selectors == NULL) {
        return false;
    }

    if (nt_jp_take(p, "*")) {
        segment->selectors->type = NT_JP_WILD;
        return true;
    }

    segment->selectors->type = NT_JP_NAME;

    return nt_jp_peek(p) == '\'' || nt_jp_peek(p) == '"'
               ? nt_jp_parse_string(p, &segment->selectors->name)
               : nt_jp_parse_name(p, &segment->selectors->name);
}


static nt_jp_segment_t *
parse_segments(nt_jp_parser_t *p, bool *ok)
{
    nt_jp_segment_t *first = NULL, **last = &first;

    for (*ok = true; *ok; last = &(*last)->next) {
        if (nt_jp_peek(p) != '.' && nt_jp_peek(p) != '[') {
            break;
        }

        *last = nt_jp_alloc(p, sizeof(nt_jp_segment_t));

        if (*last == NULL) {
            *ok = false;
            break;
        }

        (*last)->descendant = nt_jp_take(p, "..");

        if (!(*last)->descendant) {
            (void) nt_jp_take(p, "."); /* also in front of "[" */
        }

        *ok = nt_jp_take(p, "[") ? parse_brackets(p, *last)
                                 : parse_member(p, *last);
    }

    return first;
}


/* --- filters --- */

static bool
parse_literal(nt_jp_parser_t *p, nt_jp_operand_t *operand)
{
    nt_str_t     string;
    json_error_t error;

    if (nt_jp_peek(p) == '\'' || nt_jp_peek(p) == '"') {
        if (!nt_jp_parse_string(p, &string)) {
            return false;
        }
        operand->literal = json_stringn(string.data, string.len);

    } else {
        operand->literal =
            json_loadb(p->text.data + p->pos, p->text.len - p->pos,
                       JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &error);
        if (operand->literal == NULL || json_is_object(operand->literal) ||
            json_is_array(operand->literal))
        {
            json_decref(operand->literal);
            operand->literal = NULL;
            return nt_jp_fault(p, "a query or a value") != NULL;
        }
        p->pos += (size_t) error.position;
    }

    if (json_array_append_new(p->path->literals, operand->literal) != 0) {
        p->error->failed = true;
        return false;
    }

    return true;
}


static bool
parse_operand(nt_jp_parser_t *p, nt_jp_operand_t *operand)
{
    bool ok;

    nt_jp_skip_space(p);

    if (nt_jp_peek(p) != '@' && nt_jp_peek(p) != '$') {
        return parse_literal(p, operand);
    }

    operand->from_root = nt_jp_peek(p) == '$';
    p->pos++;
    operand->query = parse_segments(p, &ok);
    return ok;
}


static bool
parse_comparison(nt_jp_parser_t *p, nt_jp_op_t *op)
{
    size_t i;

    static const struct {
        const char *token;
        nt_jp_op_t  op;
    } ops[] = { { "==", NT_JP_EQ }, { "!=", NT_JP_NE }, { "<=", NT_JP_LE },
                { ">=", NT_JP_GE }, { "<", NT_JP_LT },  { ">", NT_JP_GT } };

    nt_jp_skip_space(p);

    for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        if (nt_jp_take(p, ops[i].token)) {
            *op = ops[i].op;
            return true;
        }
    }

    return false;
}


static nt_jp_expr_t *
parse_term(nt_jp_parser_t *p)
{
    nt_jp_expr_t *expr;

    nt_jp_skip_space(p);

    if (++p->terms > NT_JSONPATH_TERMS_MAX) {
        return nt_jp_fault(p, "a shorter filter");
    }

    if (nt_jp_take(p, "(")) {
        expr = parse_or(p);
        return expr != NULL && nt_jp_expect(p, ")", "\")\"") ? expr : NULL;
    }

    expr = nt_jp_alloc(p, sizeof(*expr));

    if (expr == NULL) {
        return NULL;
    }

    if (nt_jp_take(p, "!")) {
        expr->op = NT_JP_NOT;

        if (++p->depth > NT_JSONPATH_DEPTH_MAX) {
            return nt_jp_fault(p, "less nesting");
        }

        expr->a = parse_term(p);
        p->depth--;
        return expr->a != NULL ? expr : NULL;
    }

    if (!parse_operand(p, &expr->left)) {
        return NULL;
    }

    if (parse_comparison(p, &expr->op)) {
        return parse_operand(p, &expr->right) ? expr : NULL;
    }

    expr->op = NT_JP_EXISTS;
    return expr->left.literal == NULL ? expr : nt_jp_fault(p, "a comparison");
}


static nt_jp_expr_t *
parse_chain(nt_jp_parser_t *p, const char *token, nt_jp_op_t op,
            nt_jp_expr_t *(*next)(nt_jp_parser_t *p))
{
    nt_jp_expr_t *left = next(p), *expr;

    for (nt_jp_skip_space(p); left != NULL && nt_jp_take(p, token);
         nt_jp_skip_space(p))
    {
        expr = nt_jp_alloc(p, sizeof(*expr));

        if (expr == NULL) {
            return NULL;
        }

        expr->op = op;
        expr->a = left;
        expr->b = next(p);
        left = expr->b != NULL ? expr : NULL;
    }

    return left;
}


static nt_jp_expr_t *
parse_and(nt_jp_parser_t *p)
{
    return parse_chain(p, "&&", NT_JP_AND, parse_term);
}


static nt_jp_expr_t *
parse_or(nt_jp_parser_t *p)
{
    nt_jp_expr_t *expr;

    if (++p->depth > NT_JSONPATH_DEPTH_MAX) {
        return nt_jp_fault(p, "less nesting");
    }

    expr = parse_chain(p, "||", NT_JP_OR, parse_and);
    p->depth--;
    return expr;
}


/* --- the whole --- */

/* A path may begin with "$", or with its first name or bracket. */
static bool
parse_path(nt_jp_parser_t *p)
{
    bool            ok;
    nt_jp_segment_t first = { 0 };

    nt_jp_skip_space(p);

    if (p->text.len > p->pos && nt_jp_peek(p) == '$' &&
        (p->pos + 1 == p->text.len ||
         !nt_jp_is_name_char(p->text.data[p->pos + 1])))
    {
        p->pos++;

    } else if (nt_jp_peek(p) != '[' && nt_jp_peek(p) != '.') {
        if (!parse_member(p, &first)) {
            return false;
        }
    }

    p->path->segments = parse_segments(p, &ok);

    if (ok && first.selectors != NULL) {
        first.next = p->path->segments;
        p->path->segments = nt_jp_alloc(p, sizeof(first));

        if (p->path->segments == NULL) {
            return false;
        }

        *p->path->segments = first;
    }

    nt_jp_skip_space(p);
    return ok && (p->pos == p->text.len ||
                  nt_jp_fault(p, "\".\", \"[\" or the end") != NULL);
}


nt_jsonpath_t *
nt_jsonpath_parse(nt_str_t text, nt_buf_t *error)
{
    nt_jp_parser_t p = { .text = text, .error = error };

    p.path = calloc(1, sizeof(*p.path));

    if (p.path == NULL) {
        return NULL;
    }

    p.path->literals = json_array();

    if (p.path->literals == NULL || !parse_path(&p)) {
        nt_jsonpath_free(p.path);
        return NULL;
    }

    return p.path;
}
