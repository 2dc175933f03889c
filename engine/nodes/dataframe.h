/*
 * engine/nodes/dataframe.h - NodeTool's data frames.
 *
 * {"type": "dataframe", "columns": [{"name": "age", "data_type": "int",
 * "description": ""}, ...], "data": [[41, ...], ...]}, or a ref to an asset
 * of JSON or CSV.  A missing value is null.
 *
 * As in pandas, a column is of one type: "int", "float" (numbers of which
 * some are floats or missing: ints among them become floats), or "object"
 * for all else; columns of texts that were declared "string" or "datetime"
 * stay so.  Unlike there, rows have no index but their position.
 */

#ifndef NT_DATAFRAME_H
#define NT_DATAFRAME_H

#include <jansson.h>

#include "core/nt_buf.h"
#include "engine/nodes/args.h"

#define NT_DATAFRAME_CELLS_MAX 10000000
#define NT_NO_COLUMN           SIZE_MAX

/* A zeroed one may be freed.  Both lists belong to it alone; the cells are
 * shared with others and must not be changed. */
typedef struct {
    json_t *columns;
    json_t *rows; /* each with as many cells as there are columns */
} nt_dataframe_t;

/* An empty one; false when memory is out. */
bool nt_dataframe_init(nt_dataframe_t *df);
void nt_dataframe_free(nt_dataframe_t *df);

/* Reads a property, from an asset where need be (only on the pool).  False
 * after nt_call_fail; *df is to be freed in either case. */
bool nt_arg_dataframe(nt_node_call_t *call, const char *name,
                      nt_dataframe_t *df);

/* Its ref, with the types of its columns brought up to date.  A new
 * reference; NULL when memory is out. */
json_t *nt_dataframe_json(nt_dataframe_t *df);

/* Sends it out of the output `output`, if `ok`, and frees it. */
nt_node_rc_t nt_emit_dataframe(nt_node_call_t *call, nt_dataframe_t *df,
                               bool ok);

/* Would this be more than NT_DATAFRAME_CELLS_MAX cells? */
bool nt_dataframe_is_too_large(size_t width, size_t rows);

/* --- columns --- */

size_t   nt_dataframe_width(const nt_dataframe_t *df);
nt_str_t nt_dataframe_name(const nt_dataframe_t *df, size_t column);
size_t   nt_dataframe_find(const nt_dataframe_t *df, nt_str_t name);

/* Is it of numbers? */
bool nt_dataframe_is_numeric(const nt_dataframe_t *df, size_t column);

/* Adds a column to the list, not to the rows; false when memory is out. */
bool nt_dataframe_add_column(nt_dataframe_t *df, nt_str_t name);

/* The column that a property names; NT_NO_COLUMN after nt_call_fail. */
size_t nt_arg_column(nt_node_call_t *call, const char *property,
                     const nt_dataframe_t *df);

/* Those that a property names, separated by commas; malloc'ed, *n of them.
 * NULL after nt_call_fail. */
size_t *nt_arg_columns(nt_node_call_t *call, const char *property,
                       const nt_dataframe_t *df, size_t *n);

/* --- other forms; `what` leads the message of a fault --- */

/* A row as a dict.  A new reference; NULL when memory is out. */
json_t *nt_dataframe_dict(const nt_dataframe_t *df, const json_t *row);

/* As pandas.DataFrame(value): a list of dicts, of lists or of values, or a
 * dict of columns.  Into an empty frame; false after nt_call_fail. */
bool nt_dataframe_from_json(nt_node_call_t *call, const char *what,
                            json_t *value, nt_dataframe_t *df);

/* As pandas.read_csv(), whose ideas of missing values it has, but no
 * infinities. */
bool nt_dataframe_from_csv(nt_node_call_t *call, const char *what,
                           nt_str_t text, nt_dataframe_t *df);

/* The same from records, the first of which names the columns. */
bool nt_dataframe_from_records(nt_node_call_t *call, const char *what,
                               const json_t *records, nt_dataframe_t *df);

/* df.to_csv(index=False) */
void nt_dataframe_to_csv(nt_buf_t *out, const nt_dataframe_t *df);

#endif
