/*
 * engine/nodes/pyvalue.h - JSON values compared and written as Python does.
 */

#ifndef NT_PYVALUE_H
#define NT_PYVALUE_H

#include <jansson.h>

#include "core/nt_buf.h"

/* type(value).__name__: "str", "int", "float", "bool", "list", "dict",
 * "NoneType" */
const char *nt_py_type(const json_t *value);

/* a == b: 1 == 1.0 == True */
bool nt_py_equal(const json_t *a, const json_t *b);

/* Sets *order to < 0, 0, > 0.  False for values that Python cannot order:
 * numbers go with numbers, strings with strings, lists with lists. */
bool nt_py_order(const json_t *a, const json_t *b, int *order);

/* Appends a text that is the same for values that are equal, and differs for
 * others: a key for sets. */
void nt_py_key(nt_buf_t *out, const json_t *value);

/* The names of a dict's members, sorted; *n of them.  The caller frees the
 * array; the names are the dict's. NULL when memory is out. */
const char **nt_py_names(const json_t *dict, size_t *n);

/* Appends the key that json.dumps gives a member of a dict: a string itself,
 * numbers, true, false and null as text.  False for lists and dicts. */
bool nt_py_member(nt_buf_t *out, const json_t *value);

/* Appends json.dumps(value, indent=indent); indent < 0 stands for None. */
void nt_py_dumps(nt_buf_t *out, const json_t *value, int indent);

/* int, float and bool */
bool nt_py_is_number(const json_t *value);

/* The value of a number, rounded to a double. */
double nt_py_number(const json_t *value);

/* True with its value for int and bool. */
bool nt_py_integer(const json_t *value, int64_t *integer);

#endif
