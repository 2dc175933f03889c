/*
 * engine/nodes/dataframe.c - NodeTool's data frames.
 */

#include <stdio.h>
#include <stdlib.h>

#include "engine/nodes/dataframe.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/ustr.h"


bool
nt_dataframe_init(nt_dataframe_t *df)
{
    df->columns = json_array();
    df->rows = json_array();
    return df->columns != NULL && df->rows != NULL;
}


void
nt_dataframe_free(nt_dataframe_t *df)
{
    json_decref(df->columns);
    json_decref(df->rows);
    df->columns = NULL;
    df->rows = NULL;
}


bool
nt_dataframe_is_too_large(size_t width, size_t rows)
{
    return width > 0 && rows > NT_DATAFRAME_CELLS_MAX / width;
}


/* --- columns --- */

size_t
nt_dataframe_width(const nt_dataframe_t *df)
{
    return json_array_size(df->columns);
}


nt_str_t
nt_dataframe_name(const nt_dataframe_t *df, size_t column)
{
    return nt_ustr(
        json_object_get(json_array_get(df->columns, column), "name"));
}


size_t
nt_dataframe_find(const nt_dataframe_t *df, nt_str_t name)
{
    size_t i, n = nt_dataframe_width(df);

    for (i = 0; i < n; i++) {
        if (nt_str_eq(nt_dataframe_name(df, i), name)) {
            return i;
        }
    }

    return NT_NO_COLUMN;
}


static nt_str_t
declared_type(const nt_dataframe_t *df, size_t column)
{
    return nt_ustr(
        json_object_get(json_array_get(df->columns, column), "data_type"));
}


bool
nt_dataframe_is_numeric(const nt_dataframe_t *df, size_t column)
{
    nt_str_t type = declared_type(df, column);

    return nt_str_eq(type, NT_STR("int")) || nt_str_eq(type, NT_STR("float"));
}


bool
nt_dataframe_add_column(nt_dataframe_t *df, nt_str_t name)
{
    return json_array_append_new(df->columns,
                                 json_pack("{s:s%, s:s, s:s}", "name",
                                           name.data != NULL ? name.data : "",
                                           name.len, "data_type", "object",
                                           "description", "")) == 0;
}


/* --- the types of columns --- */

/* The type of a column by its cells; it stays a column of "string" or
 * "datetime" as long as there are only texts in it, and what it was when
 * there are none. */
static const char *
find_type(const nt_dataframe_t *df, size_t column)
{
    bool     reals = false, ints = false, texts = false, nulls = false;
    size_t   i;
    json_t  *row, *cell;
    nt_str_t declared;

    json_array_foreach(df->rows, i, row)
    {
        cell = json_array_get(row, column);

        switch (json_typeof(cell)) {
        case JSON_INTEGER:
            ints = true;
            break;

        case JSON_REAL:
            reals = true;
            break;

        case JSON_NULL:
            nulls = true;
            break;

        case JSON_STRING:
            texts = true;
            break;

        default:
            return "object";
        }
    }

    declared = declared_type(df, column);

    if (!texts && (ints || reals)) {
        return reals || nulls ? "float" : "int";
    }

    if (!ints && !reals) {
        if (nt_str_eq(declared, NT_STR("string"))) {
            return "string";
        }

        if (nt_str_eq(declared, NT_STR("datetime"))) {
            return "datetime";
        }

        if (json_array_size(df->rows) == 0 &&
            nt_dataframe_is_numeric(df, column)) {
            return nt_str_eq(declared, NT_STR("int")) ? "int" : "float";
        }
    }

    return "object";
}


static bool
make_floats(nt_dataframe_t *df, size_t column)
{
    size_t  i;
    json_t *row, *cell;

    json_array_foreach(df->rows, i, row)
    {
        cell = json_array_get(row, column);

        if (json_is_integer(cell) &&
            json_array_set_new(row, column,
                               json_real((double) json_integer_value(cell))) !=
                0)
        {
            return false;
        }
    }

    return true;
}


/* Brings types up to date.  The columns' definitions may be shared with what
 * came in, so they are copied before they change. */
static bool
update_types(nt_dataframe_t *df)
{
    size_t      i;
    json_t     *column, *copy;
    const char *type;

    json_array_foreach(df->columns, i, column)
    {
        type = find_type(df, i);

        if (strcmp(type, "float") == 0 && !make_floats(df, i)) {
            return false;
        }

        if (nt_str_eq(declared_type(df, i), nt_str(type))) {
            continue;
        }

        copy = json_copy(column);

        if (copy == NULL ||
            json_object_set_new(copy, "data_type", json_string(type)) != 0)
        {
            json_decref(copy);
            return false;
        }

        if (json_array_set_new(df->columns, i, copy) != 0) {
            return false;
        }
    }

    return true;
}


/* --- refs --- */

/* What a definition leaves out gets its default. */
static bool
read_columns(nt_node_call_t *call, const char *name, const json_t *columns,
             nt_dataframe_t *df)
{
    size_t  i;
    json_t *column, *copy;

    json_array_foreach(columns, i, column)
    {
        if (!json_is_string(json_object_get(column, "name"))) {
            (void) nt_call_fail(call, "'%s': column %zu has no name", name, i);
            return false;
        }

        copy = json_pack("{s:s, s:s, s:s}", "name", "", "data_type", "object",
                         "description", "");

        if (copy == NULL || json_object_update(copy, column) != 0 ||
            json_array_append(df->columns, copy) != 0)
        {
            json_decref(copy);
            (void) nt_arg_nomem(call);
            return false;
        }

        json_decref(copy);
    }

    return true;
}


static bool
read_rows(nt_node_call_t *call, const char *name, const json_t *data,
          nt_dataframe_t *df)
{
    size_t  i, width = nt_dataframe_width(df);
    json_t *row, *copy;

    if (nt_dataframe_is_too_large(width, json_array_size(data))) {
        (void) nt_call_fail(call, "'%s' has more than %d cells", name,
                            NT_DATAFRAME_CELLS_MAX);
        return false;
    }

    json_array_foreach(data, i, row)
    {
        if (!json_is_array(row) || json_array_size(row) > width) {
            (void) nt_call_fail(call,
                                "'%s': row %zu must be a list of %zu values",
                                name, i, width);
            return false;
        }

        copy = json_copy(row);

        while (copy != NULL && json_array_size(copy) < width &&
               json_array_append_new(copy, json_null()) == 0)
        {
        }

        if (json_array_size(copy) < width ||
            json_array_append(df->rows, copy) != 0) {
            json_decref(copy);
            (void) nt_arg_nomem(call);
            return false;
        }

        json_decref(copy);
    }

    return true;
}


/* An asset: JSON by its first character, or CSV. */
static bool
read_asset(nt_node_call_t *call, const char *name, const json_t *ref,
           nt_dataframe_t *df)
{
    bool     ok;
    char    *data, what[64];
    size_t   len;
    json_t  *value;
    nt_str_t text;

    if (!nt_call_load(call, ref, &data, &len)) {
        return false;
    }

    (void) snprintf(what, sizeof(what), "'%s'", name);
    text = nt_ustr_strip((nt_str_t) { data, len }, NT_USTR_LEFT,
                         &NT_STR(" \t\r\n"));

    if (text.len > 0 && (*text.data == '[' || *text.data == '{')) {
        value = nt_call_parse(call, what, text);
        ok = value != NULL && nt_dataframe_from_json(call, what, value, df);
        json_decref(value);

    } else {
        ok = nt_dataframe_from_csv(call, what, (nt_str_t) { data, len }, df);
    }

    free(data);
    return ok;
}


static bool
is_set(const json_t *value)
{
    return json_is_string(value) && json_string_length(value) > 0;
}


bool
nt_arg_dataframe(nt_node_call_t *call, const char *name, nt_dataframe_t *df)
{
    json_t *ref, *columns, *data;

    *df = (nt_dataframe_t) { 0 };
    ref = nt_arg_dict(call, name);

    if (ref == NULL) {
        return false;
    }

    if (!nt_dataframe_init(df)) {
        (void) nt_arg_nomem(call);
        return false;
    }

    columns = json_object_get(ref, "columns");
    data = json_object_get(ref, "data");

    if (json_array_size(columns) == 0 && json_array_size(data) == 0) {
        if (is_set(json_object_get(ref, "uri")) ||
            is_set(json_object_get(ref, "asset_id")))
        {
            if (!read_asset(call, name, ref, df)) {
                return false;
            }

        } else if (!json_is_array(columns)) {
            (void) nt_call_fail(call,
                                "'%s' holds no data frame: connect one, or "
                                "give \"columns\" and \"data\"",
                                name);
            return false;
        }
    }

    if (!read_columns(call, name, columns, df) ||
        !read_rows(call, name, data, df)) {
        return false;
    }

    if (!update_types(df)) {
        (void) nt_arg_nomem(call);
        return false;
    }

    return true;
}


json_t *
nt_dataframe_json(nt_dataframe_t *df)
{
    if (df->columns == NULL || df->rows == NULL || !update_types(df)) {
        return NULL;
    }

    return json_pack("{s:s, s:s, s:n, s:O, s:n, s:O}", "type", "dataframe",
                     "uri", "", "asset_id", "data", df->rows, "metadata",
                     "columns", df->columns);
}


nt_node_rc_t
nt_emit_dataframe(nt_node_call_t *call, nt_dataframe_t *df, bool ok)
{
    nt_node_rc_t rc = NT_NODE_FAIL;

    if (ok) {
        rc = nt_emit(call, nt_dataframe_json(df));
    }

    nt_dataframe_free(df);
    return rc;
}
