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

#endif
