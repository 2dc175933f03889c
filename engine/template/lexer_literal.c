/*
 * engine/template/lexer_literal.c - numbers and strings.
 */

#include <stdlib.h>

#include "engine/template/lexer.h"


bool
nt_lex_number(nt_lexer_t *lx)
{
    bool   dotted, real;
    size_t start;

    start = lx->pos;
    real = false;
    /* in a.0.1 the numbers are indices, not 0.1 */
    dotted = start > 0 && lx->src.data[start - 1] == '.';

    if (nt_lex_peek(lx, 0) == '0' && nt_lex_peek(lx, 1) >= 0 &&
        strchr("xXoObB", nt_lex_peek(lx, 1)) != NULL)
    {
        lx->pos += 2;

        while (nt_lex_is_name_char(nt_lex_peek(lx, 0))) {
            lx->pos++;
        }

        return nt_lex_add(lx, NT_TOK_INT, start,
                          nt_lex_range(lx, start, lx->pos));
    }

    while (nt_lex_is_digit(nt_lex_peek(lx, 0)) || nt_lex_peek(lx, 0) == '_') {
        lx->pos++;
    }

    if (!dotted && nt_lex_peek(lx, 0) == '.' &&
        nt_lex_is_digit(nt_lex_peek(lx, 1))) {
        real = true;
        lx->pos++;

        while (nt_lex_is_digit(nt_lex_peek(lx, 0)) || nt_lex_peek(lx, 0) == '_')
        {
            lx->pos++;
        }
    }

    if (!dotted && (nt_lex_peek(lx, 0) == 'e' || nt_lex_peek(lx, 0) == 'E')) {
        size_t sign;

        sign = nt_lex_peek(lx, 1) == '+' || nt_lex_peek(lx, 1) == '-' ? 2 : 1;

        if (nt_lex_is_digit(nt_lex_peek(lx, sign))) {
            real = true;
            lx->pos += sign;

            while (nt_lex_is_digit(nt_lex_peek(lx, 0))) {
                lx->pos++;
            }
        }
    }

    return nt_lex_add(lx, real ? NT_TOK_FLOAT : NT_TOK_INT, start,
                      nt_lex_range(lx, start, lx->pos));
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


bool
nt_lex_string(nt_lexer_t *lx)
{
    int         quote;
    bool        ok;
    size_t      start;
    nt_buf_t    buf = { 0 };
    nt_str_t    raw, text;
    const char *p, *end;
    char       *copy;

    start = lx->pos;
    quote = nt_lex_peek(lx, 0);

    for (lx->pos++; nt_lex_peek(lx, 0) != quote; lx->pos++) {
        lx->pos += nt_lex_peek(lx, 0) == '\\';

        if (lx->pos >= lx->src.len) {
            nt_tpl_syntax(lx->template, nt_lex_line(lx, start),
                          "a string has no closing quote");
            return false;
        }
    }

    raw = nt_lex_range(lx, start + 1, lx->pos++);
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

    return nt_lex_add(lx, NT_TOK_STRING, start, text);
}
