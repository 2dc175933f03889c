/*
 * engine/template/lexer.c - source into tokens, white space control included.
 */

#include <stdlib.h>

#include "engine/template/lexer.h"


static bool
at(const nt_lexer_t *lx, const char *text)
{
    size_t len;

    len = strlen(text);

    return lx->src.len - lx->pos >= len &&
           memcmp(lx->src.data + lx->pos, text, len) == 0;
}


uint32_t
nt_lex_line(nt_lexer_t *lx, size_t pos)
{
    while (lx->line_pos < pos) {
        lx->line += lx->src.data[lx->line_pos++] == '\n';
    }

    return lx->line;
}


bool
nt_lex_add(nt_lexer_t *lx, nt_tok_type_t type, size_t start, nt_str_t text)
{
    size_t    cap;
    nt_tok_t *toks;

    if (lx->n == lx->cap) {
        cap = lx->cap == 0 ? 64 : lx->cap * 2;
        toks = realloc(lx->toks, cap * sizeof(nt_tok_t));

        if (toks == NULL) {
            lx->template->failed = true;
            return false;
        }

        lx->toks = toks;
        lx->cap = cap;
    }

    lx->toks[lx->n++] = (nt_tok_t) { type, nt_lex_line(lx, start), text };
    return true;
}


static bool
lex_op(nt_lexer_t *lx, char *open, size_t *depth)
{
    static const char *const ops[] = { "**", "//", "==", "!=", ">=", "<=", "+",
                                       "-",  "*",  "/",  "%",  "~",  "[",  "]",
                                       "(",  ")",  "{",  "}",  ">",  "<",  "=",
                                       ".",  ":",  "|",  ",",  NULL };

    size_t      i, len;
    const char *p;

    for (i = 0; ops[i] != NULL && !at(lx, ops[i]); i++) {
        /* void */
    }

    if (ops[i] == NULL) {
        len = nt_ustr_offset(nt_lex_range(lx, lx->pos, lx->src.len), 1);
        nt_tpl_syntax(lx->template, nt_lex_line(lx, lx->pos),
                      "unexpected character '%.*s'", (int) len,
                      lx->src.data + lx->pos);
        return false;
    }

    if (ops[i][1] == '\0' && strchr("([{", ops[i][0]) != NULL) {
        if (*depth == NT_TPL_DEPTH_MAX) {
            nt_tpl_syntax(lx->template, nt_lex_line(lx, lx->pos),
                          "brackets are nested too deeply");
            return false;
        }

        open[(*depth)++] = ops[i][0];

    } else if (ops[i][1] == '\0' && (p = strchr(")]}", ops[i][0])) != NULL) {
        if (*depth == 0 || open[--*depth] != "([{"[p - strchr(")]}", ')')]) {
            nt_tpl_syntax(lx->template, nt_lex_line(lx, lx->pos),
                          "unexpected '%s'", ops[i]);
            return false;
        }
    }

    len = strlen(ops[i]);
    lx->pos += len;
    return nt_lex_add(lx, NT_TOK_OP, lx->pos - len, (nt_str_t) { ops[i], len });
}


/* The end of a tag, with "-" or "+" before it; brackets must be closed. */
static bool
at_end(nt_lexer_t *lx, const char *end)
{
    size_t sign;

    sign = nt_lex_peek(lx, 0) == '-' ||
           (nt_lex_peek(lx, 0) == '+' && end[0] == '%');
    lx->pos += sign;

    if (!at(lx, end)) {
        lx->pos -= sign;
        return false;
    }

    lx->strip = sign && lx->src.data[lx->pos - 1] == '-';
    lx->pos += 2;
    return true;
}


/* Tokens up to and with the end of a {{ or {% tag. */
static bool
lex_tag(nt_lexer_t *lx, size_t start, bool variable)
{
    int         c;
    bool        ok;
    char        open[NT_TPL_DEPTH_MAX];
    size_t      depth, from;
    const char *end;

    end = variable ? "}}" : "%}";
    depth = 0;

    for (;;) {
        c = nt_lex_peek(lx, 0);

        if (c < 0) {
            nt_tpl_syntax(lx->template, nt_lex_line(lx, start),
                          "this '%s' has no closing '%s'",
                          variable ? "{{" : "{%", end);
            return false;
        }

        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            lx->pos++;
            continue;
        }

        from = lx->pos;

        if (depth == 0 && at_end(lx, end)) {
            return nt_lex_add(lx, variable ? NT_TOK_VAR_END : NT_TOK_TAG_END,
                              from, nt_lex_range(lx, from, lx->pos));
        }

        if (nt_lex_is_name_start(c)) {
            while (nt_lex_is_name_char(nt_lex_peek(lx, 0))) {
                lx->pos++;
            }

            ok = nt_lex_add(lx, NT_TOK_NAME, from,
                            nt_lex_range(lx, from, lx->pos));

        } else if (nt_lex_is_digit(c)) {
            ok = nt_lex_number(lx);

        } else if (c == '"' || c == '\'') {
            ok = nt_lex_string(lx);

        } else {
            ok = lex_op(lx, open, &depth);
        }

        if (!ok) {
            return false;
        }
    }
}


/* Is "{name}" here, with single braces?  Its length, else 0. */
static size_t
single_brace(const nt_lexer_t *lx)
{
    size_t  n;
    json_t *names;

    if (!lx->template->options.single_braces || nt_lex_peek(lx, 0) != '{' ||
        (lx->pos > 0 && lx->src.data[lx->pos - 1] == '{') ||
        !nt_lex_is_name_start(nt_lex_peek(lx, 1)) || nt_lex_peek(lx, 1) >= 0x80)
    {
        return 0;
    }

    for (n = 2; nt_lex_is_name_char(nt_lex_peek(lx, n)); n++) {
        /* void */
    }

    names = lx->template->options.brace_names;

    if (nt_lex_peek(lx, n) != '}' || nt_lex_peek(lx, n + 1) == '}' ||
        (names != NULL &&
         json_object_getn(names, lx->src.data + lx->pos + 1, n - 1) == NULL))
    {
        return 0;
    }

    return n + 1;
}


static bool
add_data(nt_lexer_t *lx, size_t from, size_t to, bool strip_end)
{
    nt_str_t text;

    text = nt_lex_range(lx, from, to);

    if (lx->strip) {
        text = nt_ustr_strip(text, NT_USTR_LEFT, NULL);
    }

    if (strip_end) {
        text = nt_ustr_strip(text, NT_USTR_RIGHT, NULL);
    }

    lx->strip = false;

    return text.len == 0 || nt_lex_add(lx, NT_TOK_DATA, from, text);
}


static void
skip_space(nt_lexer_t *lx)
{
    while (nt_lex_peek(lx, 0) == ' ' ||
           (nt_lex_peek(lx, 0) >= '\t' && nt_lex_peek(lx, 0) <= '\r'))
    {
        lx->pos++;
    }
}


/* At a {% NAME %} with any signs?  Then *pos moves behind it. */
static bool
whole_tag(nt_lexer_t *lx, const char *name, bool *strip_before)
{
    size_t start;

    start = lx->pos;
    lx->pos += 2;
    *strip_before = nt_lex_peek(lx, 0) == '-';
    lx->pos += nt_lex_peek(lx, 0) == '-' || nt_lex_peek(lx, 0) == '+';
    skip_space(lx);

    if (at(lx, name)) {
        lx->pos += strlen(name);
        skip_space(lx);

        if (at_end(lx, "%}")) {
            return true;
        }
    }

    lx->pos = start;
    return false;
}


/* Behind {% raw %}: text up to {% endraw %}. */
static bool
lex_raw(nt_lexer_t *lx, size_t start)
{
    bool   strip_start, strip_end, strip_after;
    size_t from, to;

    from = lx->pos;
    strip_start = lx->strip;

    for (; lx->pos < lx->src.len; lx->pos++) {
        if (!at(lx, "{%")) {
            continue;
        }

        to = lx->pos;

        if (whole_tag(lx, "endraw", &strip_end)) {
            strip_after = lx->strip;
            lx->strip = strip_start;

            if (!add_data(lx, from, to, strip_end)) {
                return false;
            }

            lx->strip = strip_after;
            return true;
        }
    }

    nt_tpl_syntax(lx->template, nt_lex_line(lx, start),
                  "{%% raw %%} has no {%% endraw %%}");
    return false;
}


static bool
lex_comment(nt_lexer_t *lx, size_t start)
{
    for (lx->pos += 2; lx->pos < lx->src.len; lx->pos++) {
        if (at(lx, "#}")) {
            lx->strip = lx->pos > start + 2 && lx->src.data[lx->pos - 1] == '-';
            lx->pos += 2;
            return true;
        }
    }

    nt_tpl_syntax(lx->template, nt_lex_line(lx, start),
                  "this '{#' has no closing '#}'");
    return false;
}


/* At "{{", "{%" or "{#", behind the text that starts at `text`. */
static bool
lex_construct(nt_lexer_t *lx, size_t text)
{
    int    kind;
    bool   strip;
    size_t start;

    start = lx->pos;
    kind = nt_lex_peek(lx, 1);

    if (!add_data(lx, text, start, nt_lex_peek(lx, 2) == '-')) {
        return false;
    }

    if (kind == '#') {
        return lex_comment(lx, start);
    }

    if (kind == '%' && whole_tag(lx, "raw", &strip)) {
        return lex_raw(lx, start);
    }

    lx->pos += 2;
    lx->pos +=
        nt_lex_peek(lx, 0) == '-' || (kind == '%' && nt_lex_peek(lx, 0) == '+');

    return nt_lex_add(lx, kind == '{' ? NT_TOK_VAR_BEGIN : NT_TOK_TAG_BEGIN,
                      start, nt_lex_range(lx, start, lx->pos)) &&
           lex_tag(lx, start, kind == '{');
}


static bool
lex_all(nt_lexer_t *lx)
{
    size_t text, start, n;

    for (text = 0; lx->pos < lx->src.len;) {
        if (at(lx, "{{") || at(lx, "{%") || at(lx, "{#")) {
            if (!lex_construct(lx, text)) {
                return false;
            }

            text = lx->pos;
            continue;
        }

        n = single_brace(lx);

        if (n == 0) {
            lx->pos++;
            continue;
        }

        start = lx->pos;
        lx->pos += n;

        if (!add_data(lx, text, start, false) ||
            !nt_lex_add(lx, NT_TOK_VAR_BEGIN, start,
                        nt_lex_range(lx, start, start + 1)) ||
            !nt_lex_add(lx, NT_TOK_NAME, start,
                        nt_lex_range(lx, start + 1, start + n - 1)) ||
            !nt_lex_add(lx, NT_TOK_VAR_END, start,
                        nt_lex_range(lx, start, start + 1)))
        {
            return false;
        }

        text = lx->pos;
    }

    return add_data(lx, text, lx->pos, false) &&
           nt_lex_add(lx, NT_TOK_END, lx->pos, NT_STR("end of the template"));
}


nt_tok_t *
nt_tpl_lex(nt_jinja_t *template)
{
    nt_lexer_t lx = { 0 };

    lx.template = template;
    lx.src = *template->source;
    lx.line = 1;

    if (!lex_all(&lx)) {
        free(lx.toks);
        return NULL;
    }

    return lx.toks;
}
