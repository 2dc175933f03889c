/*
 * engine/template/lexer.c - source into tokens, white space control included.
 */

#include <stdlib.h>

#include "engine/template/tpl.h"


typedef struct {
    nt_jinja_t *template;
    nt_str_t  src;
    size_t    pos;
    size_t    line_pos; /* up to where lines are counted */
    uint32_t  line;
    bool      strip; /* the last tag ended in "-": skip white space */
    nt_tok_t *toks;
    size_t    n, cap;
} lexer_t;


static bool
at(const lexer_t *lx, const char *text)
{
    size_t len;

    len = strlen(text);

    return lx->src.len - lx->pos >= len &&
           memcmp(lx->src.data + lx->pos, text, len) == 0;
}


static int
peek(const lexer_t *lx, size_t ahead)
{
    size_t pos;

    pos = lx->pos + ahead;

    return pos < lx->src.len ? (unsigned char) lx->src.data[pos] : -1;
}


static uint32_t
line_at(lexer_t *lx, size_t pos)
{
    while (lx->line_pos < pos) {
        lx->line += lx->src.data[lx->line_pos++] == '\n';
    }

    return lx->line;
}


static bool
add(lexer_t *lx, nt_tok_type_t type, size_t start, nt_str_t text)
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

    lx->toks[lx->n++] = (nt_tok_t) { type, line_at(lx, start), text };
    return true;
}


static nt_str_t
range(const lexer_t *lx, size_t from, size_t to)
{
    return (nt_str_t) { lx->src.data + from, to - from };
}


static bool
is_digit(int c)
{
    return c >= '0' && c <= '9';
}


static bool
is_name_start(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c >= 0x80;
}


static bool
is_name_char(int c)
{
    return is_name_start(c) || is_digit(c);
}


static bool
lex_number(lexer_t *lx)
{
    bool   dotted, real;
    size_t start;

    start = lx->pos;
    real = false;
    /* in a.0.1 the numbers are indices, not 0.1 */
    dotted = start > 0 && lx->src.data[start - 1] == '.';

    if (peek(lx, 0) == '0' && peek(lx, 1) >= 0 &&
        strchr("xXoObB", peek(lx, 1)) != NULL)
    {
        lx->pos += 2;

        while (is_name_char(peek(lx, 0))) {
            lx->pos++;
        }

        return add(lx, NT_TOK_INT, start, range(lx, start, lx->pos));
    }

    while (is_digit(peek(lx, 0)) || peek(lx, 0) == '_') {
        lx->pos++;
    }

    if (!dotted && peek(lx, 0) == '.' && is_digit(peek(lx, 1))) {
        real = true;
        lx->pos++;

        while (is_digit(peek(lx, 0)) || peek(lx, 0) == '_') {
            lx->pos++;
        }
    }

    if (!dotted && (peek(lx, 0) == 'e' || peek(lx, 0) == 'E')) {
        size_t sign;

        sign = peek(lx, 1) == '+' || peek(lx, 1) == '-' ? 2 : 1;

        if (is_digit(peek(lx, sign))) {
            real = true;
            lx->pos += sign;

            while (is_digit(peek(lx, 0))) {
                lx->pos++;
            }
        }
    }

    return add(lx, real ? NT_TOK_FLOAT : NT_TOK_INT, start,
               range(lx, start, lx->pos));
}


/* \xHH, \uHHHH, \UHHHHHHHH; behind the letter. False when it is none. */
static bool
hex_escape(const char *p, const char *end, size_t digits, uint32_t *code)
{
    size_t i;
    char   text[9], *stop;

    if ((size_t) (end - p) < digits) {
        return false;
    }

    for (i = 0; i < digits; i++) {
        text[i] = p[i];
    }

    text[digits] = '\0';
    *code = (uint32_t) strtoul(text, &stop, 16);

    return stop == text + digits && *code <= 0x10ffff &&
           (*code < 0xd800 || *code > 0xdfff);
}


/* Appends what the escape at `p` (behind the backslash) stands for; returns
 * behind it. */
static const char *
unescape(nt_buf_t *out, const char *p, const char *end)
{
    static const char from[] = "\\'\"abfnrtv";
    static const char to[] = "\\'\"\a\b\f\n\r\t\v";

    uint32_t    code;
    const char *found;
    size_t      digits;

    found = strchr(from, *p);

    if (found != NULL && *p != '\0') {
        nt_buf_append_char(out, to[found - from]);
        return p + 1;
    }

    if (*p == '\n') {
        return p + 1;
    }

    if (*p >= '0' && *p <= '7') {
        for (code = 0, digits = 0;
             digits < 3 && p < end && *p >= '0' && *p <= '7'; digits++)
        {
            code = code * 8 + (uint32_t) (*p++ - '0');
        }

        nt_ustr_put(out, code);
        return p;
    }

    digits = *p == 'x' ? 2 : *p == 'u' ? 4 : *p == 'U' ? 8 : 0;

    if (digits > 0 && hex_escape(p + 1, end, digits, &code)) {
        nt_ustr_put(out, code);
        return p + 1 + digits;
    }

    nt_buf_append_char(out, '\\');
    return p;
}


static bool
lex_string(lexer_t *lx)
{
    int         quote;
    bool        ok;
    size_t      start;
    nt_buf_t    buf = { 0 };
    nt_str_t    raw, text;
    const char *p, *end;
    char       *copy;

    start = lx->pos;
    quote = peek(lx, 0);

    for (lx->pos++; peek(lx, 0) != quote; lx->pos++) {
        lx->pos += peek(lx, 0) == '\\';

        if (lx->pos >= lx->src.len) {
            nt_tpl_syntax(lx->template, line_at(lx, start),
                          "a string has no closing quote");
            return false;
        }
    }

    raw = range(lx, start + 1, lx->pos++);
    end = raw.data + raw.len;

    for (p = raw.data; p < end;) {
        if (*p == '\\') {
            p = unescape(&buf, p + 1, end);

        } else {
            nt_buf_append_char(&buf, *p++);
        }
    }

    copy = nt_tpl_alloc(lx->template, buf.len + 1);
    ok = !buf.failed && copy != NULL;

    if (ok && buf.len > 0) {
        memcpy(copy, buf.data, buf.len);
    }

    text.data = copy;
    text.len = buf.len;
    nt_buf_free(&buf);

    if (!ok) {
        lx->template->failed = true;
        return false;
    }

    return add(lx, NT_TOK_STRING, start, text);
}


static bool
lex_op(lexer_t *lx, char *open, size_t *depth)
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
        len = nt_ustr_offset(range(lx, lx->pos, lx->src.len), 1);
        nt_tpl_syntax(lx->template, line_at(lx, lx->pos),
                      "unexpected character '%.*s'", (int) len,
                      lx->src.data + lx->pos);
        return false;
    }

    if (ops[i][1] == '\0' && strchr("([{", ops[i][0]) != NULL) {
        if (*depth == NT_TPL_DEPTH_MAX) {
            nt_tpl_syntax(lx->template, line_at(lx, lx->pos),
                          "brackets are nested too deeply");
            return false;
        }

        open[(*depth)++] = ops[i][0];

    } else if (ops[i][1] == '\0' && (p = strchr(")]}", ops[i][0])) != NULL) {
        if (*depth == 0 || open[--*depth] != "([{"[p - strchr(")]}", ')')]) {
            nt_tpl_syntax(lx->template, line_at(lx, lx->pos), "unexpected '%s'",
                          ops[i]);
            return false;
        }
    }

    len = strlen(ops[i]);
    lx->pos += len;
    return add(lx, NT_TOK_OP, lx->pos - len, (nt_str_t) { ops[i], len });
}


/* The end of a tag, with "-" or "+" before it; brackets must be closed. */
static bool
at_end(lexer_t *lx, const char *end)
{
    size_t sign;

    sign = peek(lx, 0) == '-' || (peek(lx, 0) == '+' && end[0] == '%');
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
lex_tag(lexer_t *lx, size_t start, bool variable)
{
    int         c;
    bool        ok;
    char        open[NT_TPL_DEPTH_MAX];
    size_t      depth, from;
    const char *end;

    end = variable ? "}}" : "%}";
    depth = 0;

    for (;;) {
        c = peek(lx, 0);

        if (c < 0) {
            nt_tpl_syntax(lx->template, line_at(lx, start),
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
            return add(lx, variable ? NT_TOK_VAR_END : NT_TOK_TAG_END, from,
                       range(lx, from, lx->pos));
        }

        if (is_name_start(c)) {
            while (is_name_char(peek(lx, 0))) {
                lx->pos++;
            }

            ok = add(lx, NT_TOK_NAME, from, range(lx, from, lx->pos));

        } else if (is_digit(c)) {
            ok = lex_number(lx);

        } else if (c == '"' || c == '\'') {
            ok = lex_string(lx);

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
single_brace(const lexer_t *lx)
{
    size_t  n;
    json_t *names;

    if (!lx->template->options.single_braces || peek(lx, 0) != '{' ||
        (lx->pos > 0 && lx->src.data[lx->pos - 1] == '{') ||
        !is_name_start(peek(lx, 1)) || peek(lx, 1) >= 0x80)
    {
        return 0;
    }

    for (n = 2; is_name_char(peek(lx, n)); n++) {
        /* void */
    }

    names = lx->template->options.brace_names;

    if (peek(lx, n) != '}' || peek(lx, n + 1) == '}' ||
        (names != NULL &&
         json_object_getn(names, lx->src.data + lx->pos + 1, n - 1) == NULL))
    {
        return 0;
    }

    return n + 1;
}


static bool
add_data(lexer_t *lx, size_t from, size_t to, bool strip_end)
{
    nt_str_t text;

    text = range(lx, from, to);

    if (lx->strip) {
        text = nt_ustr_strip(text, NT_USTR_LEFT, NULL);
    }

    if (strip_end) {
        text = nt_ustr_strip(text, NT_USTR_RIGHT, NULL);
    }

    lx->strip = false;

    return text.len == 0 || add(lx, NT_TOK_DATA, from, text);
}


static void
skip_space(lexer_t *lx)
{
    while (peek(lx, 0) == ' ' || (peek(lx, 0) >= '\t' && peek(lx, 0) <= '\r')) {
        lx->pos++;
    }
}


/* At a {% NAME %} with any signs?  Then *pos moves behind it. */
static bool
whole_tag(lexer_t *lx, const char *name, bool *strip_before)
{
    size_t start;

    start = lx->pos;
    lx->pos += 2;
    *strip_before = peek(lx, 0) == '-';
    lx->pos += peek(lx, 0) == '-' || peek(lx, 0) == '+';
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
lex_raw(lexer_t *lx, size_t start)
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

    nt_tpl_syntax(lx->template, line_at(lx, start),
                  "{%% raw %%} has no {%% endraw %%}");
    return false;
}


static bool
lex_comment(lexer_t *lx, size_t start)
{
    for (lx->pos += 2; lx->pos < lx->src.len; lx->pos++) {
        if (at(lx, "#}")) {
            lx->strip = lx->pos > start + 2 && lx->src.data[lx->pos - 1] == '-';
            lx->pos += 2;
            return true;
        }
    }

    nt_tpl_syntax(lx->template, line_at(lx, start),
                  "this '{#' has no closing '#}'");
    return false;
}


/* At "{{", "{%" or "{#", behind the text that starts at `text`. */
static bool
lex_construct(lexer_t *lx, size_t text)
{
    int    kind;
    bool   strip;
    size_t start;

    start = lx->pos;
    kind = peek(lx, 1);

    if (!add_data(lx, text, start, peek(lx, 2) == '-')) {
        return false;
    }

    if (kind == '#') {
        return lex_comment(lx, start);
    }

    if (kind == '%' && whole_tag(lx, "raw", &strip)) {
        return lex_raw(lx, start);
    }

    lx->pos += 2;
    lx->pos += peek(lx, 0) == '-' || (kind == '%' && peek(lx, 0) == '+');

    return add(lx, kind == '{' ? NT_TOK_VAR_BEGIN : NT_TOK_TAG_BEGIN, start,
               range(lx, start, lx->pos)) &&
           lex_tag(lx, start, kind == '{');
}


static bool
lex_all(lexer_t *lx)
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
            !add(lx, NT_TOK_VAR_BEGIN, start, range(lx, start, start + 1)) ||
            !add(lx, NT_TOK_NAME, start, range(lx, start + 1, start + n - 1)) ||
            !add(lx, NT_TOK_VAR_END, start, range(lx, start, start + 1)))
        {
            return false;
        }

        text = lx->pos;
    }

    return add_data(lx, text, lx->pos, false) &&
           add(lx, NT_TOK_END, lx->pos, NT_STR("end of the template"));
}


nt_tok_t *
nt_tpl_lex(nt_jinja_t *template)
{
    lexer_t lx = { 0 };

    lx.template = template;
    lx.src = *template->source;
    lx.line = 1;

    if (!lex_all(&lx)) {
        free(lx.toks);
        return NULL;
    }

    return lx.toks;
}
