/*
 * engine/nodes/query_lex.c - the words of queries.
 */

#include <ctype.h>
#include <stdlib.h>

#include "engine/nodes/query_int.h"
#include "engine/nodes/ustr.h"


/* --- basics --- */

void *
nt_q_fault(nt_q_parser_t *p, const char *wanted)
{
    if (p->error->len == 0) {
        nt_buf_printf(p->error, "expected %s at character %zu", wanted,
                      p->pos + 1);
    }

    return NULL;
}


nt_q_node_t *
nt_q_make(nt_q_parser_t *p, nt_q_type_t type, nt_q_node_t *a, nt_q_node_t *b)
{
    nt_q_node_t *node;

    if (++p->nodes > NT_QUERY_NODES_MAX) {
        return nt_q_fault(p, "a shorter condition");
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
nt_q_node_t *
nt_q_make_value(nt_q_parser_t *p, nt_q_type_t type, json_t *value)
{
    nt_q_node_t *node = nt_q_make(p, type, NULL, NULL);

    if (node == NULL || value == NULL) {
        p->error->failed |= value == NULL;
        json_decref(value);
        return NULL;
    }

    node->value = value;
    return node;
}


char
nt_q_peek(nt_q_parser_t *p)
{
    while (p->pos < p->text.len &&
           isspace((unsigned char) p->text.data[p->pos])) {
        p->pos++;
    }

    return p->pos < p->text.len ? p->text.data[p->pos] : '\0';
}


bool
nt_q_is_word(char c)
{
    return isalnum((unsigned char) c) || c == '_' || (unsigned char) c >= 0x80;
}


/* Takes a token when it stands here; a word only when it ends there. */
bool
nt_q_take(nt_q_parser_t *p, const char *token)
{
    size_t len = strlen(token), end;

    (void) nt_q_peek(p);
    end = p->pos + len;

    if (end > p->text.len || memcmp(p->text.data + p->pos, token, len) != 0 ||
        (nt_q_is_word(token[0]) && end < p->text.len &&
         nt_q_is_word(p->text.data[end])))
    {
        return false;
    }

    p->pos = end;
    return true;
}


bool
nt_q_deeper(nt_q_parser_t *p)
{
    return ++p->depth <= NT_QUERY_DEPTH_MAX ||
           nt_q_fault(p, "less nesting") != NULL;
}


/* --- values --- */

/* A string in quotes, with Python's commonest escapes. */
nt_q_node_t *
nt_q_parse_string(nt_q_parser_t *p)
{
    char        quote = p->text.data[p->pos++], c;
    nt_buf_t    out = { 0 };
    const char *escape;

    static const char from[] = "ntr\\'\"", to[] = "\n\t\r\\'\"";

    for (;; p->pos++) {
        if (p->pos >= p->text.len) {
            nt_buf_free(&out);
            return nt_q_fault(p, "the end of the string");
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
    return nt_q_make_value(p, NT_Q_CONST, nt_ustr_take(&out));
}


nt_q_node_t *
nt_q_parse_number(nt_q_parser_t *p)
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

    if (nt_q_is_word(*end)) {
        json_decref(value);
        return nt_q_fault(p, "the end of the number");
    }

    return nt_q_make_value(p, NT_Q_CONST, value);
}


nt_q_node_t *
nt_q_parse_name(nt_q_parser_t *p)
{
    size_t start = p->pos;

    if (p->text.data[start] == '`') {
        for (p->pos++; p->pos < p->text.len && p->text.data[p->pos] != '`';) {
            p->pos++;
        }

        if (p->pos == p->text.len) {
            return nt_q_fault(p, "the closing backtick");
        }

        p->pos++;
        return nt_q_make_value(p, NT_Q_NAME,
                               json_stringn(p->text.data + start + 1,
                                            p->pos - start - 2));
    }

    while (p->pos < p->text.len && nt_q_is_word(p->text.data[p->pos])) {
        p->pos++;
    }

    return nt_q_make_value(p, NT_Q_NAME,
                           json_stringn(p->text.data + start, p->pos - start));
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
