/*
 * engine/nodes/query_int.h - what the parser and the evaluation of queries
 * share.
 */

#ifndef NT_QUERY_INT_H
#define NT_QUERY_INT_H

#include "engine/nodes/query.h"

typedef enum {
    NT_Q_CONST,
    NT_Q_NAME,
    NT_Q_LIST,    /* a: the first item, chained by next */
    NT_Q_AND,     /* a, b */
    NT_Q_OR,      /* a, b */
    NT_Q_NOT,     /* a */
    NT_Q_COMPARE, /* a; b: the next operand, with its op, of this type */
    NT_Q_MATH,    /* a op b */
    NT_Q_NEGATE   /* a */
} nt_q_type_t;

typedef enum {
    NT_Q_EQ,
    NT_Q_NE,
    NT_Q_LT,
    NT_Q_LE,
    NT_Q_GT,
    NT_Q_GE,
    NT_Q_IN,
    NT_Q_NOT_IN,
    NT_Q_ADD,
    NT_Q_SUB,
    NT_Q_MUL,
    NT_Q_DIV,
    NT_Q_FLOORDIV,
    NT_Q_MOD,
    NT_Q_POW
} nt_q_op_t;

typedef struct nt_q_node nt_q_node_t;

struct nt_q_node {
    nt_q_type_t  type;
    nt_q_op_t    op;
    json_t      *value; /* owned; the string of NT_Q_NAME */
    nt_q_node_t *a, *b, *next;
    nt_q_node_t *all; /* chains all nodes of a query */
};

struct nt_query {
    nt_q_node_t *all;
    nt_q_node_t *root;
};

/* --- parsing --- */

typedef struct {
    nt_query_t *query;
    nt_str_t    text;
    size_t      pos;
    unsigned    depth;
    unsigned    nodes;
    nt_buf_t   *error;
} nt_q_parser_t;

/* Says what should stand here, unless a fault was told before. NULL. */
void *nt_q_fault(nt_q_parser_t *p, const char *wanted);

/* Nodes; NULL after a failure. The second one takes `value` over. */
nt_q_node_t *nt_q_make(nt_q_parser_t *p, nt_q_type_t type, nt_q_node_t *a,
                       nt_q_node_t *b);
nt_q_node_t *nt_q_make_value(nt_q_parser_t *p, nt_q_type_t type, json_t *value);

/* The next character behind white space, NUL at the end. */
char nt_q_peek(nt_q_parser_t *p);
bool nt_q_is_word(char c);

/* Takes a token when it stands here; a word only when it ends there. */
bool nt_q_take(nt_q_parser_t *p, const char *token);

/* One level of nesting more; false after a fault. */
bool nt_q_deeper(nt_q_parser_t *p);

/* What begins here with a quote, a digit, a letter or a backtick. */
nt_q_node_t *nt_q_parse_string(nt_q_parser_t *p);
nt_q_node_t *nt_q_parse_number(nt_q_parser_t *p);
nt_q_node_t *nt_q_parse_name(nt_q_parser_t *p);

#endif
