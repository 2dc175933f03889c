/*
 * engine/nodes/jsonpath_int.h - what the parser and the search of JSONPath
 * share.
 */

#ifndef NT_JSONPATH_INT_H
#define NT_JSONPATH_INT_H

#include "engine/nodes/jsonpath.h"

#define NT_JSONPATH_DEPTH_MAX 64   /* nesting of filters */
#define NT_JSONPATH_TERMS_MAX 1000 /* of all filters of a path */

typedef struct nt_jp_segment nt_jp_segment_t;
typedef struct nt_jp_expr    nt_jp_expr_t;

typedef enum {
    NT_JP_NAME,
    NT_JP_INDEX,
    NT_JP_SLICE,
    NT_JP_WILD,
    NT_JP_FILTER
} nt_jp_selector_type_t;

typedef struct nt_jp_selector nt_jp_selector_t;

struct nt_jp_selector {
    nt_jp_selector_type_t type;
    nt_str_t              name;
    int64_t               index; /* also the start of a slice */
    int64_t               stop;
    int64_t               step;
    bool                  has_start;
    bool                  has_stop;
    nt_jp_expr_t         *filter;
    nt_jp_selector_t     *next;
};

struct nt_jp_segment {
    bool              descendant;
    nt_jp_selector_t *selectors;
    nt_jp_segment_t  *next;
};

typedef enum {
    NT_JP_OR,
    NT_JP_AND,
    NT_JP_NOT,
    NT_JP_EXISTS,
    NT_JP_EQ,
    NT_JP_NE,
    NT_JP_LT,
    NT_JP_LE,
    NT_JP_GT,
    NT_JP_GE
} nt_jp_op_t;

/* A literal, or a query from the current value (@) or the document ($). */
typedef struct {
    json_t          *literal; /* owned by the path */
    bool             from_root;
    nt_jp_segment_t *query;
} nt_jp_operand_t;

struct nt_jp_expr {
    nt_jp_op_t      op;
    nt_jp_expr_t   *a, *b;
    nt_jp_operand_t left, right;
};

struct nt_jsonpath {
    struct chunk    *chunks;   /* memory of all that follows */
    json_t          *literals; /* array that owns the literals */
    nt_jp_segment_t *segments;
};

/* --- parsing --- */

typedef struct {
    nt_jsonpath_t *path;
    nt_str_t       text;
    size_t         pos;
    unsigned       depth;
    unsigned       terms;
    nt_buf_t      *error;
} nt_jp_parser_t;

/* Zeroed memory that lives as long as the path; NULL marks the error. */
void *nt_jp_alloc(nt_jp_parser_t *p, size_t size);

/* Says what should stand here, unless a fault was told before. NULL. */
void *nt_jp_fault(nt_jp_parser_t *p, const char *wanted);

/* The next character, NUL at the end. */
char nt_jp_peek(const nt_jp_parser_t *p);
void nt_jp_skip_space(nt_jp_parser_t *p);

/* Takes a token when it stands here; else a fault in the second one. */
bool nt_jp_take(nt_jp_parser_t *p, const char *token);
bool nt_jp_expect(nt_jp_parser_t *p, const char *token, const char *wanted);

/* A name as it stands behind a dot; a string in quotes, which stands here;
 * false after a fault. */
bool nt_jp_is_name_char(char c);
bool nt_jp_parse_name(nt_jp_parser_t *p, nt_str_t *name);
bool nt_jp_parse_string(nt_jp_parser_t *p, nt_str_t *string);

/* False also when no integer stands here. */
bool nt_jp_parse_int(nt_jp_parser_t *p, int64_t *value);

#endif
