/*
 * engine/graph/types.h - NodeTool's type expressions.
 *
 * "str", "list[str]", "dict[str,any]", "union[int,float]", "image" ... in the
 * tables of node types, {"type": "list", "type_args": [...]} in workflows.
 */

#ifndef NT_TYPES_H
#define NT_TYPES_H

#include <jansson.h>

#include "core/nt_buf.h"
#include "engine/graph/arena.h"

typedef enum {
    NT_TYPE_ANY,
    NT_TYPE_NONE,
    NT_TYPE_STR,
    NT_TYPE_INT,
    NT_TYPE_FLOAT,
    NT_TYPE_BOOL,
    NT_TYPE_ENUM,
    NT_TYPE_LIST,
    NT_TYPE_DICT,
    NT_TYPE_UNION,
    NT_TYPE_REF,  /* an object that names its type: image, language_model */
    NT_TYPE_OTHER /* a name that we do not look into: datetime, np_array */
} nt_type_kind_t;

typedef struct nt_type nt_type_t;

struct nt_type {
    nt_type_kind_t     kind;
    bool               optional; /* takes null as well */
    const char        *name;     /* "list", "image" ... */
    const nt_type_t  **args;
    size_t             n_args;
    const char *const *values; /* of an enum, NULL-terminated; may be NULL */
};

/* NULL when memory is out or the expression is malformed; `text` and
 * `values` are kept by reference only where said. Types live as long as the
 * arena; `values` must, too. */
const nt_type_t *nt_type_parse(nt_arena_t *arena, const char *text,
                               const char *const *values);
const nt_type_t *nt_type_from_json(nt_arena_t *arena, const json_t *meta);

/* Appends the expression for messages: "list[str]"; of an enumeration the
 * values: one of "a", "b". */
void nt_type_write(nt_buf_t *buf, const nt_type_t *type);

/* {"type": "list", "type_args": [{"type": "str"}]}: NodeTool's metadata. New
 * reference. */
json_t *nt_type_to_json(const nt_type_t *type);

/* May an edge lead from an output of type `from` to a property of type `to`?
 * any with any, int and float both ways, a single value into a list of its
 * type, unions, lists and dicts member by member. */
bool nt_type_accepts(const nt_type_t *to, const nt_type_t *from);

/*
 * The value as a property of this type takes it: int becomes float, a whole
 * float becomes int, a single value a list of one.  A new reference, most
 * often to `value` itself; NULL when the value does not fit (or memory is
 * out).
 */
json_t *nt_type_convert(const nt_type_t *type, json_t *value);

/* What a value is, for messages: "str", "int", "list", "image" ... */
const char *nt_type_of(const json_t *value);

#endif
