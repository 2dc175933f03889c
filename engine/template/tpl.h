/*
 * engine/template/tpl.h - what the files of the template engine share.
 */

#ifndef NT_TPL_H
#define NT_TPL_H

#include <jansson.h>

#include "core/nt_buf.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/ustr.h"
#include "engine/template/jinja.h"

#define NT_TPL_DEPTH_MAX 200    /* nesting of syntax and of values */
#define NT_TPL_EVAL_MAX  1000   /* nesting of evaluation: a + b + c is two */
#define NT_TPL_ITEMS_MAX 100000 /* items of a list that a template makes */
#define NT_TPL_ARGS_MAX  32     /* positional arguments of a call */
#define NT_TPL_BOUND_MAX 6      /* parameters of a filter or method */

/* --- tokens --- */

typedef enum {
    NT_TOK_END,
    NT_TOK_DATA,
    NT_TOK_VAR_BEGIN, /* {{ */
    NT_TOK_VAR_END,
    NT_TOK_TAG_BEGIN, /* {% */
    NT_TOK_TAG_END,
    NT_TOK_NAME,
    NT_TOK_STRING, /* text: with its escapes resolved */
    NT_TOK_INT,
    NT_TOK_FLOAT,
    NT_TOK_OP
} nt_tok_type_t;

typedef struct {
    nt_tok_type_t type;
    uint32_t      line;
    nt_str_t      text;
} nt_tok_t;

/* --- syntax trees --- */

typedef enum {
    /* statements */
    NT_TPL_TEXT,    /* constant */
    NT_TPL_PRINT,   /* a */
    NT_TPL_IF,      /* a: condition, list: body, b: the NT_TPL_IF of an elif or
                      else (the latter without a condition) */
    NT_TPL_FOR,     /* a: target, b: iterable, c: condition, list: body,
                      alt: of else */
    NT_TPL_SET,     /* a: target, b: value */
    NT_TPL_CAPTURE, /* a: target or NULL, list: body, b: filters or NULL */
    NT_TPL_WITH,    /* alt: NT_TPL_SETs, list: body */

    /* expressions */
    NT_TPL_CONST,   /* constant */
    NT_TPL_NAME,    /* name */
    NT_TPL_LIST,    /* list: items */
    NT_TPL_TUPLE,   /* list: items */
    NT_TPL_DICT,    /* list: NT_TPL_PAIRs */
    NT_TPL_PAIR,    /* a: key, b: value */
    NT_TPL_ATTR,    /* a, name */
    NT_TPL_INDEX,   /* a[b] */
    NT_TPL_SLICE,   /* args: object, start, stop, step; may be NULL */
    NT_TPL_CALL,    /* a: callee, list: positional, alt: NT_TPL_KEYWORDs */
    NT_TPL_KEYWORD, /* name, a: value */
    NT_TPL_FILTER,  /* a: value or NULL in NT_TPL_CAPTURE, name, list, alt */
    NT_TPL_TEST,    /* a: value, name, list, alt */
    NT_TPL_NOT,     /* a */
    NT_TPL_NEG,     /* a */
    NT_TPL_POS,     /* a */
    NT_TPL_AND,     /* a, b */
    NT_TPL_OR,      /* a, b */
    NT_TPL_COND,    /* b if a else c; c may be NULL */
    NT_TPL_COMPARE, /* a, list: NT_TPL_OPERANDs */
    NT_TPL_OPERAND, /* op, a */
    NT_TPL_BINARY   /* a op b */
} nt_tpl_type_t;

typedef enum {
    NT_OP_ADD,
    NT_OP_SUB,
    NT_OP_MUL,
    NT_OP_DIV,
    NT_OP_FLOORDIV,
    NT_OP_MOD,
    NT_OP_POW,
    NT_OP_CONCAT,
    NT_OP_EQ,
    NT_OP_NE,
    NT_OP_LT,
    NT_OP_LE,
    NT_OP_GT,
    NT_OP_GE,
    NT_OP_IN,
    NT_OP_NOT_IN
} nt_tpl_op_t;

typedef struct nt_tpl_node nt_tpl_node_t;

struct nt_tpl_node {
    nt_tpl_type_t  type;
    nt_tpl_op_t    op;
    uint32_t       line;
    const char    *name;
    json_t        *constant; /* owned by the template */
    nt_tpl_node_t *a, *b, *c;
    nt_tpl_node_t *list; /* chained by next */
    nt_tpl_node_t *alt;
    nt_tpl_node_t *args[4];
    nt_tpl_node_t *next;
};

struct nt_jinja {
    nt_jinja_options_t options;
    struct chunk      *chunks;    /* memory of all that follows */
    json_t            *constants; /* array that owns the constants */
    nt_tpl_node_t     *body;
    const nt_str_t    *source; /* newlines are LF */
    nt_buf_t          *error;  /* while parsing */
    bool               failed;
};

/* Zeroed memory that lives as long as the template; NULL marks it failed. */
void *nt_tpl_alloc(nt_jinja_t *template, size_t size);

/* Marks it failed; the first sentence wins. Returns NULL. */
void *nt_tpl_syntax(nt_jinja_t *template, uint32_t line, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));

/* All tokens, ended by NT_TOK_END; NULL after a failure. */
nt_tok_t *nt_tpl_lex(nt_jinja_t *template);

typedef struct {
    nt_jinja_t *template;
    const nt_tok_t *tok; /* the next one */
    unsigned        depth;
} nt_tpl_parser_t;

/* parser.c; all return NULL after a failure */
nt_tpl_node_t *nt_tpl_node(nt_tpl_parser_t *p, nt_tpl_type_t type);
bool           nt_tpl_is_op(const nt_tok_t *tok, const char *op);
bool           nt_tpl_is_name(const nt_tok_t *tok, const char *name);
bool           nt_tpl_skip_op(nt_tpl_parser_t *p, const char *op);
bool           nt_tpl_skip_name(nt_tpl_parser_t *p, const char *name);
bool           nt_tpl_expect_op(nt_tpl_parser_t *p, const char *op);
const char    *nt_tpl_expect_name(nt_tpl_parser_t *p);
void          *nt_tpl_unexpected(nt_tpl_parser_t *p, const char *wanted);
bool           nt_tpl_enter(nt_tpl_parser_t *p);
const char    *nt_tpl_variable(nt_jinja_t *template, nt_str_t text);
nt_tpl_node_t *nt_tpl_parse_body(nt_tpl_parser_t *p);
/* Hands `value` over to the template; NULL marks it failed. */
json_t *nt_tpl_constant(nt_jinja_t *template, json_t *value);

/* parse_value.c */
nt_tpl_node_t *nt_tpl_parse_value(nt_tpl_parser_t *p);

/* parse_expr.c: values with what follows them: .name [index] (call) |filter */
/* A node with a first operand; others are still to come. */
nt_tpl_node_t *nt_tpl_node_of(nt_tpl_parser_t *p, nt_tpl_type_t type,
                              nt_tpl_op_t op, nt_tpl_node_t *left);
nt_tpl_node_t *nt_tpl_parse_unary(nt_tpl_parser_t *p, bool with_filter);

/* parse_ops.c: operators; `with_condition`: also a if b else c */
nt_tpl_node_t *nt_tpl_parse_expr(nt_tpl_parser_t *p, bool with_condition);
nt_tpl_node_t *nt_tpl_parse_tuple(nt_tpl_parser_t *p, bool with_condition);
/* `value` filtered by what follows; `inside`: the first one without a "|" */
nt_tpl_node_t *nt_tpl_parse_filters(nt_tpl_parser_t *p, nt_tpl_node_t *value,
                                    bool inside);

/* --- rendering --- */

typedef enum {
    NT_TAG_NONE = 0,
    NT_TAG_TUPLE,
    NT_TAG_GROUP, /* a tuple of groupby, with .grouper and .list */
    NT_TAG_NAMESPACE
} nt_tpl_tag_t;

typedef struct {
    json_t      *value; /* owned: a tag must not outlive its value */
    nt_tpl_tag_t tag;
} nt_tpl_tagged_t;

typedef struct {
    const char *name;
    json_t     *value;
} nt_tpl_var_t;

typedef struct nt_tpl_loop nt_tpl_loop_t;

struct nt_tpl_loop {
    nt_tpl_loop_t *outer;
    json_t        *items;
    size_t         index;
    size_t         len;
    unsigned       depth;
    json_t        *changed; /* last argument list of loop.changed() */
};

typedef struct {
    const nt_jinja_t *template;
    json_t        *values;
    nt_buf_t      *out;
    nt_buf_t      *error;
    bool           failed;
    bool           nomem;
    uint32_t       line;
    unsigned       depth;
    uint64_t       steps;
    nt_tpl_loop_t *loop;

    nt_tpl_var_t *vars; /* of all open scopes, innermost last */
    size_t        n_vars;
    size_t        cap_vars;
    size_t        scope; /* where the innermost one starts */

    nt_tpl_tagged_t *tags; /* open addressing; cap_tags a power of two */
    size_t           n_tags;
    size_t           cap_tags;
} nt_tpl_env_t;

/* What an undefined variable evaluates to: a JSON null of its own. */
extern json_t *const nt_tpl_undefined;

/* Arguments of a filter, test, method or function. */
typedef struct {
    json_t *pos[NT_TPL_ARGS_MAX];
    size_t  n_pos;
    json_t *keywords; /* object or NULL */
    /* by the parameter list of the callee; NULL where not given */
    json_t *p[NT_TPL_BOUND_MAX];
} nt_tpl_args_t;

typedef json_t *(*nt_tpl_fn_t)(nt_tpl_env_t *env, json_t *value,
                               nt_tpl_args_t *args);

/* A filter, method or function.  It returns a new reference, or NULL after
 * nt_tpl_fail; NULL without a failure means that memory is out. */
typedef struct {
    const char *name;
    /* names of the parameters, separated by spaces, those that must be given
     * with a "!"; NULL: any arguments, looked at by the function */
    const char *parameters;
    nt_tpl_fn_t fn;
} nt_tpl_callee_t;

/* env.c */
void *nt_tpl_fail(nt_tpl_env_t *env, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void        *nt_tpl_nomem(nt_tpl_env_t *env);
bool         nt_tpl_charge(nt_tpl_env_t *env, size_t items);
json_t      *nt_tpl_tag(nt_tpl_env_t *env, json_t *value, nt_tpl_tag_t tag);
nt_tpl_tag_t nt_tpl_tag_of(const nt_tpl_env_t *env, const json_t *value);
json_t      *nt_tpl_lookup(nt_tpl_env_t *env, const char *name);
bool         nt_tpl_assign(nt_tpl_env_t *env, const char *name, json_t *value);
size_t       nt_tpl_push_scope(nt_tpl_env_t *env);
void         nt_tpl_pop_scope(nt_tpl_env_t *env, size_t outer);
void         nt_tpl_env_free(nt_tpl_env_t *env);

/* Calls a callee: binds the arguments to its parameters first. */
json_t *nt_tpl_apply(nt_tpl_env_t *env, const nt_tpl_callee_t *callee,
                     json_t *value, nt_tpl_args_t *args);
const nt_tpl_callee_t *nt_tpl_find(const nt_tpl_callee_t *callees,
                                   const char            *name);

/* The string of a finished buffer, within the limits; frees the buffer. */
json_t *nt_tpl_take(nt_tpl_env_t *env, nt_buf_t *buf);
/* May the template make a string of so many bytes? */
bool nt_tpl_room(nt_tpl_env_t *env, size_t bytes);
/* May this value stand inside another one?  (depth, namespaces) */
bool nt_tpl_nests(nt_tpl_env_t *env, json_t *value);
/* Appends a reference; false, with the value kept, after a failure. */
bool    nt_tpl_append(nt_tpl_env_t *env, json_t *list, json_t *value);
bool    nt_tpl_append_new(nt_tpl_env_t *env, json_t *list, json_t *value);
json_t *nt_tpl_pair(nt_tpl_env_t *env, json_t *a, json_t *b, nt_tpl_tag_t tag);

/* eval.c, eval_expr.c */
bool    nt_tpl_exec(nt_tpl_env_t *env, const nt_tpl_node_t *list);
json_t *nt_tpl_eval(nt_tpl_env_t *env, const nt_tpl_node_t *node);
bool    nt_tpl_eval_args(nt_tpl_env_t *env, const nt_tpl_node_t *node,
                         nt_tpl_args_t *args);
void    nt_tpl_args_free(nt_tpl_args_t *args);

/* call.c */
json_t *nt_tpl_call(nt_tpl_env_t *env, const nt_tpl_node_t *node);
/* loop.name, and loop as an object with all of them */
json_t *nt_tpl_loop_attribute(nt_tpl_env_t *env, const nt_tpl_loop_t *loop,
                              const char *name);
json_t *nt_tpl_loop_object(nt_tpl_env_t *env, const nt_tpl_loop_t *loop);

/* value.c */
const char *nt_tpl_type(const nt_tpl_env_t *env, const json_t *value);
bool        nt_tpl_number(const json_t *value, double *number);
/* Append str(value), repr(value), json.dumps(value); false on failure. */
bool nt_tpl_str(nt_tpl_env_t *env, nt_buf_t *out, json_t *value);
bool nt_tpl_repr(nt_tpl_env_t *env, nt_buf_t *out, json_t *value);
bool nt_tpl_json(nt_tpl_env_t *env, nt_buf_t *out, json_t *value, int indent);
/* str(value) as a new JSON string; the same reference for a string */
json_t *nt_tpl_string(nt_tpl_env_t *env, json_t *value);
/* list(value); tuples and lists are the same reference */
json_t *nt_tpl_list(nt_tpl_env_t *env, json_t *value);
/* value.name and value[key] as Jinja looks them up: undefined when there is
 * no such thing; new references */
json_t *nt_tpl_attribute(nt_tpl_env_t *env, json_t *value, const char *name);
json_t *nt_tpl_item(nt_tpl_env_t *env, json_t *value, json_t *key);
/* a dotted path of the filters that take an attribute: "user.name", 0 */
json_t *nt_tpl_path(nt_tpl_env_t *env, json_t *value, json_t *path);

/* compare.c; equality never fails, order fails for types that have none */
bool nt_tpl_equal(nt_tpl_env_t *env, json_t *a, json_t *b);
bool nt_tpl_order(nt_tpl_env_t *env, json_t *a, json_t *b, const char *op,
                  int *order);
bool nt_tpl_compare(nt_tpl_env_t *env, nt_tpl_op_t op, json_t *a, json_t *b,
                    bool *result);

/* arith.c */
json_t *nt_tpl_binary(nt_tpl_env_t *env, nt_tpl_op_t op, json_t *a, json_t *b);
json_t *nt_tpl_negate(nt_tpl_env_t *env, json_t *a);
json_t *nt_tpl_real(nt_tpl_env_t *env, double value);

/* format.c */
json_t *nt_tpl_percent(nt_tpl_env_t *env, json_t *format, json_t *values);
json_t *nt_tpl_format(nt_tpl_env_t *env, json_t *format, nt_tpl_args_t *args);

/* the libraries */
extern const nt_tpl_callee_t nt_tpl_filters[];
extern const nt_tpl_callee_t nt_tpl_filters_list[];
extern const nt_tpl_callee_t nt_tpl_filters_sort[];
extern const nt_tpl_callee_t nt_tpl_filters_text[];
extern const nt_tpl_callee_t nt_tpl_filters_words[];
extern const nt_tpl_callee_t nt_tpl_str_methods[];
extern const nt_tpl_callee_t nt_tpl_pad_methods[]; /* of strings, too */
extern const nt_tpl_callee_t nt_tpl_dict_methods[];
extern const nt_tpl_callee_t nt_tpl_list_methods[];

const nt_tpl_callee_t *nt_tpl_filter(const char *name);
json_t *nt_tpl_apply_filter(nt_tpl_env_t *env, const char *name, json_t *value,
                            nt_tpl_args_t *args);
bool    nt_tpl_has_test(const char *name);
/* The test's answer in *result; false after a failure. */
bool nt_tpl_test(nt_tpl_env_t *env, const char *name, json_t *value,
                 nt_tpl_args_t *args, bool *result);

#endif
