/*
 * engine/nodes/dataframe_columns.c - columns that properties name.
 */

#include <stdlib.h>

#include "engine/nodes/dataframe.h"
#include "engine/nodes/ustr.h"


static size_t
no_column(nt_node_call_t *call, const char *property, nt_str_t name,
          const nt_dataframe_t *df)
{
    size_t   i, n = nt_dataframe_width(df);
    nt_buf_t names = { 0 };

    /* the names that there are tell what the caller may have meant */
    for (i = 0; i < n && names.len < 200; i++) {
        nt_buf_append_str(&names, i == 0 ? NT_STR("") : NT_STR(", "));
        nt_buf_append_json(&names, nt_dataframe_name(df, i));
    }

    (void) nt_call_fail(call, "'%s': there is no column \"%.*s\"; there %s%.*s",
                        property, (int) (name.len < 100 ? name.len : 100),
                        name.data, n == 0 ? "are none" : "are ",
                        (int) (names.len < 300 ? names.len : 300),
                        names.data != NULL ? names.data : "");
    nt_buf_free(&names);
    return NT_NO_COLUMN;
}


size_t
nt_arg_column(nt_node_call_t *call, const char *property,
              const nt_dataframe_t *df)
{
    size_t   column;
    nt_str_t name;

    if (!nt_arg_str(call, property, &name)) {
        return NT_NO_COLUMN;
    }

    if (name.len == 0) {
        (void) nt_call_fail(call, "'%s' must name a column", property);
        return NT_NO_COLUMN;
    }

    column = nt_dataframe_find(df, name);
    return column != NT_NO_COLUMN ? column
                                  : no_column(call, property, name, df);
}


/* The position of each column by its name; of equal names the first one's.
 * NULL when memory is out. */
static json_t *
make_index(const nt_dataframe_t *df)
{
    int      rc = 0;
    size_t   i;
    json_t  *index = json_object();
    nt_str_t name;

    for (i = nt_dataframe_width(df); i > 0; i--) {
        name = nt_dataframe_name(df, i - 1);
        rc |= json_object_setn_new(index, name.data, name.len,
                                   json_integer((json_int_t) i - 1));
    }

    if (rc != 0) {
        json_decref(index);
        return NULL;
    }

    return index;
}


static json_t *
look_up(const json_t *index, nt_str_t name)
{
    json_t *found = json_object_getn(index, name.data, name.len);

    if (found == NULL) {
        name = nt_ustr_strip(name, NT_USTR_BOTH, NULL);
        found = json_object_getn(index, name.data, name.len);
    }

    return found;
}


size_t *
nt_arg_columns(nt_node_call_t *call, const char *property,
               const nt_dataframe_t *df, size_t *n)
{
    size_t  *columns;
    json_t  *index, *names, *name, *found;
    nt_str_t list;

    if (!nt_arg_str(call, property, &list)) {
        return NULL;
    }

    if (list.len == 0) {
        (void) nt_call_fail(call, "'%s' must name columns", property);
        return NULL;
    }

    names = nt_ustr_split(list, NT_STR(","), -1);
    index = make_index(df);
    columns = names != NULL && index != NULL
                  ? malloc(json_array_size(names) * sizeof(*columns))
                  : NULL;

    if (columns == NULL) {
        (void) nt_arg_nomem(call);
    }

    for (*n = 0; columns != NULL && *n < json_array_size(names); (*n)++) {
        name = json_array_get(names, *n);
        found = look_up(index, nt_ustr(name));
        columns[*n] = (size_t) json_integer_value(found);

        if (found == NULL) {
            (void) no_column(call, property, nt_ustr(name), df);
            free(columns);
            columns = NULL;
        }
    }

    json_decref(names);
    json_decref(index);
    return columns;
}
