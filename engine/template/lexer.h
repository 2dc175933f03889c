/*
 * engine/template/lexer.h - what the files of the lexer share.
 */

#ifndef NT_TPL_LEXER_H
#define NT_TPL_LEXER_H

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
} nt_lexer_t;

/* The line of a byte; bytes are asked for in order. */
uint32_t nt_lex_line(nt_lexer_t *lx, size_t pos);

/* Adds a token that starts at byte `start`; false when memory is out. */
bool nt_lex_add(nt_lexer_t *lx, nt_tok_type_t type, size_t start,
                nt_str_t text);

/* At a digit or a quote; false after a failure. */
bool nt_lex_number(nt_lexer_t *lx);
bool nt_lex_string(nt_lexer_t *lx);

static inline int
nt_lex_peek(const nt_lexer_t *lx, size_t ahead)
{
    size_t pos;

    pos = lx->pos + ahead;

    return pos < lx->src.len ? (unsigned char) lx->src.data[pos] : -1;
}

static inline nt_str_t
nt_lex_range(const nt_lexer_t *lx, size_t from, size_t to)
{
    return (nt_str_t) { lx->src.data + from, to - from };
}

static inline bool
nt_lex_is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static inline bool
nt_lex_is_name_start(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c >= 0x80;
}

static inline bool
nt_lex_is_name_char(int c)
{
    return nt_lex_is_name_start(c) || nt_lex_is_digit(c);
}

#endif
