/*
 * engine/nodes/dataframe_json.c - data frames from and to other JSON values.
 */

#include <stdio.h>

#include "engine/nodes/dataframe.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/ustr.h"


json_t *
nt_dataframe_dict(const nt_dataframe_t *df, const json_t *row)
{
    size_t   i;
    json_t  *dict = json_object(), *cell;
    nt_str_t name;

    json_array_foreach(row, i, cell)
    {
        name = nt_dataframe_name(df, i);

        if (json_object_setn(dict, name.data, name.len, cell) != 0) {
            json_decref(dict);
            return NULL;
        }
    }

    return dict;
}


/* --- building: columns come up while rows are read --- */

typedef struct {
    nt_dataframe_t *df;
    json_t         *index; /* the position of each column by its name */
    size_t          cells; /* so far */
    bool            full;  /* there would be too many */
} builder_t;


/* The position of a column, which is new or not; NT_NO_COLUMN when memory is
 * out. */
static size_t
column_at(builder_t *b, nt_str_t name)
{
    size_t  n = nt_dataframe_width(b->df);
    json_t *known = json_object_getn(b->index, name.data, name.len);

    if (known != NULL) {
        return (size_t) json_integer_value(known);
    }

    return nt_dataframe_add_column(b->df, name) &&
                   json_object_setn_new(b->index, name.data, name.len,
                                        json_integer((json_int_t) n)) == 0
               ? n
               : NT_NO_COLUMN;
}


/* Makes a list as long as `width`, with nulls. */
static bool
pad(json_t *row, size_t width)
{
    while (json_array_size(row) < width) {
        if (json_array_append_new(row, json_null()) != 0) {
            return false;
        }
    }

    return row != NULL;
}


static bool
set_cell(builder_t *b, json_t *row, size_t column, json_t *cell)
{
    if (column != NT_NO_COLUMN && column >= json_array_size(row)) {
        b->cells += column + 1 - json_array_size(row);
        b->full = b->cells > NT_DATAFRAME_CELLS_MAX;
    }

    return !b->full && column != NT_NO_COLUMN && pad(row, column + 1) &&
           json_array_set(row, column, cell) == 0;
}


/* A row of a dict's members, or of the items of a list under "0", "1", ...,
 * or of a single value under "0". */
static bool
add_row(builder_t *b, json_t *value)
{
    char        number[24];
    bool        ok = true;
    size_t      i, len;
    json_t     *row = json_array(), *cell;
    const char *name;

    if (json_is_object(value)) {
        json_object_keylen_foreach(value, name, len, cell)
        {
            ok = ok &&
                 set_cell(b, row, column_at(b, (nt_str_t) { name, len }), cell);
        }

    } else if (json_is_array(value)) {
        json_array_foreach(value, i, cell)
        {
            (void) snprintf(number, sizeof(number), "%zu", i);
            ok = ok && set_cell(b, row, column_at(b, nt_str(number)), cell);
        }

    } else {
        ok = set_cell(b, row, column_at(b, NT_STR("0")), value);
    }

    if (!ok || json_array_append(b->df->rows, row) != 0) {
        json_decref(row);
        return false;
    }

    json_decref(row);
    return true;
}


typedef enum { BUILD_OK, BUILD_FAULT, BUILD_NOMEM } build_rc_t;


/* What a row is written as; rows of several kinds make no frame. */
static int
row_kind(const json_t *value)
{
    return json_is_object(value) ? 2 : json_is_array(value) ? 1 : 0;
}


static build_rc_t
build_rows(builder_t *b, json_t *list, nt_buf_t *error)
{
    size_t  i;
    json_t *value;

    json_array_foreach(list, i, value)
    {
        if (row_kind(value) != row_kind(json_array_get(list, 0))) {
            nt_buf_printf(error, "row %zu is a %s, but the first one is a %s",
                          i, nt_py_type(value),
                          nt_py_type(json_array_get(list, 0)));
            return BUILD_FAULT;
        }

        if (!add_row(b, value)) {
            return BUILD_NOMEM;
        }
    }

    return BUILD_OK;
}


/* A dict of dicts: the members of all of these, in order, are the rows. */
static build_rc_t
build_indexed(builder_t *b, json_t *dict)
{
    bool        ok = true;
    size_t      len, label_len, at;
    json_t     *column, *cell, *rows = json_object(), *row;
    const char *name, *label;

    json_object_keylen_foreach(dict, name, len, column)
    {
        at = column_at(b, (nt_str_t) { name, len });

        json_object_keylen_foreach(column, label, label_len, cell)
        {
            row = json_object_getn(rows, label, label_len);

            if (row == NULL) {
                row = json_array();
                ok = ok &&
                     json_object_setn_new(rows, label, label_len, row) == 0 &&
                     json_array_append(b->df->rows, row) == 0;
            }

            ok = ok && set_cell(b, row, at, cell);
        }
    }

    json_decref(rows);
    return ok ? BUILD_OK : BUILD_NOMEM;
}


/* A dict of lists; a single value stands for itself in every row. */
static build_rc_t
build_columns(builder_t *b, json_t *dict, nt_buf_t *error)
{
    size_t      i, at, len, n = NT_NO_COLUMN;
    json_t     *column, *row;
    const char *name;

    json_object_keylen_foreach(dict, name, len, column)
    {
        if (json_is_array(column) && n != NT_NO_COLUMN &&
            json_array_size(column) != n) {
            nt_buf_printf(error,
                          "column \"%.*s\" has %zu values, but others have %zu",
                          (int) (len < 100 ? len : 100), name,
                          json_array_size(column), n);
            return BUILD_FAULT;
        }

        n = json_array_size(column) > 0 || json_is_array(column)
                ? json_array_size(column)
                : n;
    }

    if (n == NT_NO_COLUMN) {
        nt_buf_printf(error, "a dict must hold lists, one for each column");
        return BUILD_FAULT;
    }

    for (i = 0; i < n; i++) {
        if (json_array_append_new(b->df->rows, json_array()) != 0) {
            return BUILD_NOMEM;
        }
    }

    json_object_keylen_foreach(dict, name, len, column)
    {
        at = column_at(b, (nt_str_t) { name, len });

        json_array_foreach(b->df->rows, i, row)
        {
            if (!set_cell(b, row, at,
                          json_is_array(column) ? json_array_get(column, i)
                                                : column))
            {
                return BUILD_NOMEM;
            }
        }
    }

    return BUILD_OK;
}


static build_rc_t
build_dict(builder_t *b, json_t *dict, nt_buf_t *error)
{
    bool        dicts = true;
    json_t     *column;
    const char *name;

    json_object_foreach(dict, name, column)
    {
        dicts = dicts && json_is_object(column);
    }

    return dicts ? build_indexed(b, dict) : build_columns(b, dict, error);
}


static build_rc_t
build(builder_t *b, json_t *value, nt_buf_t *error)
{
    size_t     i, width;
    json_t    *row;
    build_rc_t rc;

    if (!json_is_array(value) && !json_is_object(value)) {
        nt_buf_printf(error, "a %s is no list of rows", nt_py_type(value));
        return BUILD_FAULT;
    }

    rc = json_is_array(value) ? build_rows(b, value, error)
                              : build_dict(b, value, error);

    width = nt_dataframe_width(b->df);
    b->full = b->full ||
              nt_dataframe_is_too_large(width, json_array_size(b->df->rows));

    if (b->full) {
        nt_buf_printf(error, "makes more than %d cells",
                      NT_DATAFRAME_CELLS_MAX);
        return BUILD_FAULT;
    }

    json_array_foreach(b->df->rows, i, row)
    {
        if (rc == BUILD_OK && !pad(row, width)) {
            return BUILD_NOMEM;
        }
    }

    return rc;
}


bool
nt_dataframe_from_json(nt_node_call_t *call, const char *what, json_t *value,
                       nt_dataframe_t *df)
{
    nt_buf_t   error = { 0 };
    builder_t  b = { .df = df, .index = json_object() };
    build_rc_t rc;

    rc = b.index != NULL ? build(&b, value, &error) : BUILD_NOMEM;

    if (rc == BUILD_FAULT && !error.failed) {
        (void) nt_call_fail(call, "%s: %.*s", what, (int) error.len,
                            error.data);

    } else if (rc != BUILD_OK) {
        (void) nt_arg_nomem(call);
    }

    json_decref(b.index);
    nt_buf_free(&error);
    return rc == BUILD_OK;
}
