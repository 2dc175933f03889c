/*
 * engine/template/parser.c - statements: text, {{ }} and {% %}.
 */

#include "engine/template/tpl.h"


nt_tpl_node_t *
nt_tpl_node(nt_tpl_parser_t *p, nt_tpl_type_t type)
{
    nt_tpl_node_t *node;

    node = nt_tpl_alloc(p->template, sizeof(nt_tpl_node_t));

    if (node != NULL) {
        node->type = type;
        node->line = p->tok->line;
    }

    return node;
}


bool
nt_tpl_is_op(const nt_tok_t *tok, const char *op)
{
    return tok->type == NT_TOK_OP && nt_str_eq(tok->text, nt_str(op));
}


bool
nt_tpl_is_name(const nt_tok_t *tok, const char *name)
{
    return tok->type == NT_TOK_NAME && nt_str_eq(tok->text, nt_str(name));
}


bool
nt_tpl_skip_op(nt_tpl_parser_t *p, const char *op)
{
    bool found;

    found = nt_tpl_is_op(p->tok, op);
    p->tok += found;
    return found;
}


bool
nt_tpl_skip_name(nt_tpl_parser_t *p, const char *name)
{
    bool found;

    found = nt_tpl_is_name(p->tok, name);
    p->tok += found;
    return found;
}


void *
nt_tpl_unexpected(nt_tpl_parser_t *p, const char *wanted)
{
    int len;

    len = p->tok->text.len > 40 ? 40 : (int) p->tok->text.len;

    if (wanted == NULL) {
        return nt_tpl_syntax(p->template, p->tok->line, "unexpected '%.*s'",
                             len, p->tok->text.data);
    }

    return nt_tpl_syntax(p->template, p->tok->line, "expected %s, found '%.*s'",
                         wanted, len, p->tok->text.data);
}


bool
nt_tpl_expect_op(nt_tpl_parser_t *p, const char *op)
{
    char wanted[] = "'  '";

    if (nt_tpl_skip_op(p, op)) {
        return true;
    }

    wanted[1] = op[0];
    wanted[2] = '\'';
    wanted[3] = '\0';
    return nt_tpl_unexpected(p, wanted) != NULL;
}


static const char *
nt_tpl_text(nt_jinja_t *template, nt_str_t text)
{
    char *copy;

    copy = nt_tpl_alloc(template, text.len + 1);

    if (copy != NULL) {
        memcpy(copy, text.data, text.len);
    }

    return copy;
}


const char *
nt_tpl_variable(nt_jinja_t *template, nt_str_t text)
{
    nt_buf_t    buf = { 0 };
    const char *name;

    if (!template->options.lower_names) {
        return nt_tpl_text(template, text);
    }

    nt_ustr_lower(&buf, text);
    name = NULL;

    if (buf.failed) {
        template->failed = true;

    } else {
        name = nt_tpl_text(template, (nt_str_t) { buf.data, buf.len });
    }

    nt_buf_free(&buf);
    return name;
}


const char *
nt_tpl_expect_name(nt_tpl_parser_t *p)
{
    if (p->tok->type != NT_TOK_NAME) {
        return nt_tpl_unexpected(p, "a name");
    }

    return nt_tpl_text(p->template, (p->tok++)->text);
}


bool
nt_tpl_enter(nt_tpl_parser_t *p)
{
    if (++p->depth > NT_TPL_DEPTH_MAX) {
        nt_tpl_syntax(p->template, p->tok->line, "nested too deeply");
        return false;
    }

    return true;
}


static bool
expect_tag_end(nt_tpl_parser_t *p)
{
    if (p->tok->type != NT_TOK_TAG_END) {
        return nt_tpl_unexpected(p, "'%}'") != NULL;
    }

    p->tok++;
    return true;
}


/* Statements up to one of the tags in `ends`, whose name is taken and stored
 * in *end. */
static nt_tpl_node_t *
parse_until(nt_tpl_parser_t *p, const char *const *ends, const char **end)
{
    size_t         i;
    uint32_t       line;
    nt_tpl_node_t *body;

    line = p->tok->line;
    body = nt_tpl_parse_body(p);

    if (p->template->failed) {
        return NULL;
    }

    if (p->tok->type == NT_TOK_TAG_BEGIN) {
        for (i = 0; ends[i] != NULL; i++) {
            if (nt_tpl_is_name(p->tok + 1, ends[i])) {
                p->tok += 2;
                *end = ends[i];
                return body;
            }
        }

        p->tok++;
        return nt_tpl_unexpected(p, ends[1] == NULL ? ends[0] : NULL);
    }

    for (i = 0; ends[i + 1] != NULL; i++) {
        /* the last one is the end tag */
    }

    return nt_tpl_syntax(p->template, line, "{%% %s %%} is missing", ends[i]);
}


static nt_tpl_node_t *
parse_target_name(nt_tpl_parser_t *p, bool with_namespace)
{
    nt_tpl_node_t *node, *attr;

    node = nt_tpl_node(p, NT_TPL_NAME);

    if (node == NULL) {
        return NULL;
    }

    if (p->tok->type != NT_TOK_NAME) {
        return nt_tpl_unexpected(p, "a name");
    }

    node->name = nt_tpl_variable(p->template, (p->tok++)->text);

    if (!with_namespace || !nt_tpl_skip_op(p, ".")) {
        return node;
    }

    attr = nt_tpl_node(p, NT_TPL_ATTR);

    if (attr != NULL) {
        attr->a = node;
        attr->name = nt_tpl_expect_name(p);
    }

    return attr;
}


/* a name, or names with commas, with or without parentheses */
static nt_tpl_node_t *
parse_target(nt_tpl_parser_t *p, bool with_namespace)
{
    bool           parens;
    nt_tpl_node_t *first, *tuple, **last;

    parens = nt_tpl_skip_op(p, "(");
    first = parse_target_name(p, with_namespace);

    if (first == NULL || (!nt_tpl_is_op(p->tok, ",") && !parens)) {
        return first;
    }

    tuple = nt_tpl_node(p, NT_TPL_TUPLE);

    if (tuple == NULL) {
        return NULL;
    }

    tuple->list = first;
    last = &first->next;

    while (nt_tpl_skip_op(p, ",") && p->tok->type == NT_TOK_NAME &&
           !nt_tpl_is_name(p->tok, "in"))
    {
        *last = parse_target_name(p, with_namespace);

        if (*last == NULL) {
            return NULL;
        }

        last = &(*last)->next;
    }

    if (parens && !nt_tpl_expect_op(p, ")")) {
        return NULL;
    }

    return tuple;
}


static nt_tpl_node_t *
parse_for(nt_tpl_parser_t *p)
{
    static const char *const ends[] = { "else", "endfor", NULL };

    const char    *end;
    nt_tpl_node_t *node;

    node = nt_tpl_node(p, NT_TPL_FOR);

    if (node == NULL || (node->a = parse_target(p, false)) == NULL) {
        return NULL;
    }

    if (!nt_tpl_skip_name(p, "in")) {
        return nt_tpl_unexpected(p, "'in'");
    }

    node->b = nt_tpl_parse_tuple(p, false);

    if (nt_tpl_skip_name(p, "if")) {
        node->c = nt_tpl_parse_expr(p, true);
    }

    if (nt_tpl_is_name(p->tok, "recursive")) {
        return nt_tpl_syntax(p->template, p->tok->line,
                             "recursive loops are not supported");
    }

    if (p->template->failed || !expect_tag_end(p)) {
        return NULL;
    }

    node->list = parse_until(p, ends, &end);

    if (!p->template->failed && end == ends[0] && expect_tag_end(p)) {
        node->alt = parse_until(p, ends + 1, &end);
    }

    return node;
}


static nt_tpl_node_t *
parse_if(nt_tpl_parser_t *p)
{
    static const char *const ends[] = { "elif", "else", "endif", NULL };

    const char    *end;
    nt_tpl_node_t *first, **last;

    first = NULL;
    last = &first;
    end = ends[0];

    while (end != ends[2]) {
        *last = nt_tpl_node(p, NT_TPL_IF);

        if (*last == NULL) {
            return NULL;
        }

        if (end == ends[0]) {
            (*last)->a = nt_tpl_parse_tuple(p, true);
        }

        if (p->template->failed || !expect_tag_end(p)) {
            return NULL;
        }

        /* behind else only endif may follow */
        (*last)->list = parse_until(p, end == ends[1] ? ends + 2 : ends, &end);

        if (p->template->failed) {
            return NULL;
        }

        last = &(*last)->b;
    }

    return first;
}


static nt_tpl_node_t *
parse_set(nt_tpl_parser_t *p)
{
    static const char *const ends[] = { "endset", NULL };

    const char    *end;
    nt_tpl_node_t *node;

    node = nt_tpl_node(p, NT_TPL_SET);

    if (node == NULL || (node->a = parse_target(p, true)) == NULL) {
        return NULL;
    }

    if (nt_tpl_skip_op(p, "=")) {
        node->b = nt_tpl_parse_tuple(p, true);
        return node;
    }

    node->type = NT_TPL_CAPTURE;
    node->b = nt_tpl_parse_filters(p, NULL, false);

    if (!p->template->failed && expect_tag_end(p)) {
        node->list = parse_until(p, ends, &end);
    }

    return node;
}


static nt_tpl_node_t *
parse_filter_block(nt_tpl_parser_t *p)
{
    static const char *const ends[] = { "endfilter", NULL };

    const char    *end;
    nt_tpl_node_t *node;

    node = nt_tpl_node(p, NT_TPL_CAPTURE);

    if (node == NULL) {
        return NULL;
    }

    node->b = nt_tpl_parse_filters(p, NULL, true);

    if (!p->template->failed && expect_tag_end(p)) {
        node->list = parse_until(p, ends, &end);
    }

    return node;
}


static nt_tpl_node_t *
parse_with(nt_tpl_parser_t *p)
{
    static const char *const ends[] = { "endwith", NULL };

    const char    *end;
    nt_tpl_node_t *node, *set, **last;

    node = nt_tpl_node(p, NT_TPL_WITH);

    if (node == NULL) {
        return NULL;
    }

    last = &node->alt;

    while (p->tok->type != NT_TOK_TAG_END) {
        if (last != &node->alt && !nt_tpl_expect_op(p, ",")) {
            return NULL;
        }

        set = nt_tpl_node(p, NT_TPL_SET);

        if (set == NULL || (set->a = parse_target(p, false)) == NULL ||
            !nt_tpl_expect_op(p, "="))
        {
            return NULL;
        }

        set->b = nt_tpl_parse_expr(p, true);

        if (set->b == NULL) {
            return NULL;
        }

        *last = set;
        last = &set->next;
    }

    p->tok++;
    node->list = parse_until(p, ends, &end);
    return node;
}


/* behind "{%" */
static nt_tpl_node_t *
parse_tag(nt_tpl_parser_t *p)
{
    static const struct {
        const char *name;
        nt_tpl_node_t *(*parse)(nt_tpl_parser_t *p);
    } tags[] = { { "for", parse_for },
                 { "if", parse_if },
                 { "set", parse_set },
                 { "with", parse_with },
                 { "filter", parse_filter_block } };

    size_t         i;
    nt_tpl_node_t *node;

    for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        if (nt_tpl_skip_name(p, tags[i].name)) {
            node = tags[i].parse(p);

            return !p->template->failed && expect_tag_end(p) ? node : NULL;
        }
    }

    if (p->tok->type != NT_TOK_NAME) {
        return nt_tpl_unexpected(p, "the name of a tag");
    }

    return nt_tpl_syntax(p->template, p->tok->line,
                         "{%% %.*s %%} is not supported: use for, if, set, "
                         "with, filter or raw",
                         p->tok->text.len > 40 ? 40 : (int) p->tok->text.len,
                         p->tok->text.data);
}


static nt_tpl_node_t *
parse_statement(nt_tpl_parser_t *p)
{
    nt_tpl_node_t *node;

    if (p->tok->type == NT_TOK_DATA) {
        node = nt_tpl_node(p, NT_TPL_TEXT);

        if (node != NULL) {
            node->constant =
                nt_tpl_constant(p->template, nt_ustr_json(p->tok->text));
        }

        p->tok++;
        return node;
    }

    p->tok++;

    if (p->tok[-1].type == NT_TOK_TAG_BEGIN) {
        return parse_tag(p);
    }

    node = nt_tpl_node(p, NT_TPL_PRINT);

    if (node == NULL || (node->a = nt_tpl_parse_tuple(p, true)) == NULL) {
        return NULL;
    }

    if (p->tok->type != NT_TOK_VAR_END) {
        return nt_tpl_unexpected(p, "'}}'");
    }

    p->tok++;
    return node;
}


/* Is this the tag that ends, or continues, the one around it? */
static bool
at_end_tag(const nt_tpl_parser_t *p)
{
    static const char *const names[] = { "elif",      "else",   "endif",
                                         "endfor",    "endset", "endwith",
                                         "endfilter", NULL };

    size_t i;

    for (i = 0; p->tok->type == NT_TOK_TAG_BEGIN && names[i] != NULL; i++) {
        if (nt_tpl_is_name(p->tok + 1, names[i])) {
            return true;
        }
    }

    return p->tok->type == NT_TOK_END;
}


nt_tpl_node_t *
nt_tpl_parse_body(nt_tpl_parser_t *p)
{
    nt_tpl_node_t *first, **last;

    first = NULL;
    last = &first;

    if (!nt_tpl_enter(p)) {
        return NULL;
    }

    while (!p->template->failed && !at_end_tag(p)) {
        *last = parse_statement(p);

        if (*last == NULL) {
            return NULL;
        }

        last = &(*last)->next;
    }

    p->depth--;
    return first;
}
