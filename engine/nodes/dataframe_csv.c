/*
 * engine/nodes/dataframe_csv.c - data frames from and to CSV.
 */

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/nodes/csv.h"
#include "engine/nodes/dataframe.h"
#include "engine/nodes/ustr.h"


/* --- what a cell's text says --- */

static bool
is_one_of(nt_str_t text, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (nt_str_eq(text, nt_str(*list))) {
            return true;
        }
    }

    return false;
}


static bool
is_missing(nt_str_t text)
{
    static const char *const missing[] = {
        "",     "#N/A",   "#N/A N/A", "#NA",     "-1.#IND", "-1.#QNAN", "-NaN",
        "-nan", "1.#IND", "<NA>",     "1.#QNAN", "N/A",     "NA",       "NULL",
        "NaN",  "None",   "n/a",      "nan",     "null",    NULL
    };

    return text.len <= 9 && is_one_of(text, missing);
}


/* A new reference; NULL when the text says no such thing, or memory is
 * out. */
typedef json_t *(*parser_t)(nt_str_t text);


static json_t *
parse_int(nt_str_t text)
{
    char     *end;
    size_t    i;
    long long n;

    text = nt_ustr_strip(text, NT_USTR_BOTH, &NT_STR(" \t"));

    for (i = 0; i < text.len; i++) {
        if (!isdigit((unsigned char) text.data[i]) &&
            (i > 0 || strchr("+-", text.data[i]) == NULL))
        {
            return NULL;
        }
    }

    errno = 0;
    n = strtoll(text.data, &end, 10);
    return errno == 0 && end == text.data + text.len && text.len > 0
               ? json_integer(n)
               : NULL;
}


static json_t *
parse_float(nt_str_t text)
{
    char  *end;
    size_t i;
    double x;

    text = nt_ustr_strip(text, NT_USTR_BOTH, &NT_STR(" \t"));

    for (i = 0; i < text.len; i++) {
        if (text.data[i] == '\0' ||
            strchr("0123456789.eE+-", text.data[i]) == NULL) {
            return NULL;
        }
    }

    x = strtod(text.data, &end);
    return end == text.data + text.len && text.len > 0 && isfinite(x)
               ? json_real(x)
               : NULL;
}


static json_t *
parse_bool(nt_str_t text)
{
    static const char *const yes[] = { "True", "TRUE", "true", NULL };
    static const char *const no[] = { "False", "FALSE", "false", NULL };

    return is_one_of(text, yes)  ? json_true()
           : is_one_of(text, no) ? json_false()
                                 : NULL;
}


/* --- columns --- */

/* Does every cell of the column that is not missing say a value of a kind? */
static bool
fits(const nt_dataframe_t *df, size_t column, parser_t parse)
{
    bool    any = false;
    size_t  i;
    json_t *row, *cell, *value;

    json_array_foreach(df->rows, i, row)
    {
        cell = json_array_get(row, column);

        if (json_is_null(cell)) {
            continue;
        }

        value = parse(nt_ustr(cell));
        json_decref(value);

        if (value == NULL) {
            return false;
        }

        any = true;
    }

    return any;
}


/* Turns the texts of a column into what they say; false when memory is
 * out. */
static bool
convert(nt_dataframe_t *df, size_t column)
{
    static const parser_t parsers[] = { parse_int, parse_float, parse_bool };

    size_t   i;
    json_t  *row, *cell;
    parser_t parse = NULL;

    for (i = 0; i < sizeof(parsers) / sizeof(parsers[0]) && parse == NULL; i++)
    {
        parse = fits(df, column, parsers[i]) ? parsers[i] : NULL;
    }

    json_array_foreach(df->rows, i, row)
    {
        cell = json_array_get(row, column);

        if (parse != NULL && json_is_string(cell) &&
            json_array_set_new(row, column, parse(nt_ustr(cell))) != 0)
        {
            return false;
        }
    }

    return true;
}


/* A column with this name, or with it and the first number that makes it a
 * new one; `seen` has for each name the number to go on with. */
static bool
add_column(nt_dataframe_t *df, json_t *seen, nt_str_t name)
{
    bool       ok;
    json_int_t number;
    json_t    *known = json_object_getn(seen, name.data, name.len);
    nt_buf_t   other = { 0 };

    nt_buf_append_str(&other, name);

    for (number = json_integer_value(known);
         !other.failed && json_object_getn(seen, other.data, other.len) != NULL;
         number++)
    {
        nt_buf_reset(&other);
        nt_buf_append_str(&other, name);
        nt_buf_printf(&other, ".%lld", (long long) number);
    }

    ok = !other.failed &&
         (known == NULL || json_object_setn_new(seen, name.data, name.len,
                                                json_integer(number)) == 0) &&
         json_object_setn_new(seen, other.data, other.len, json_integer(1)) ==
             0 &&
         nt_dataframe_add_column(df, (nt_str_t) { other.data, other.len });

    nt_buf_free(&other);
    return ok;
}


/* Names from the first record: one without a name gets one. */
static bool
add_columns(nt_dataframe_t *df, const json_t *header)
{
    bool    ok = true;
    char    name[40];
    size_t  i;
    json_t *cell, *seen = json_object();

    json_array_foreach(header, i, cell)
    {
        (void) snprintf(name, sizeof(name), "Unnamed: %zu", i);
        ok = ok && add_column(df, seen,
                              json_string_length(cell) > 0 ? nt_ustr(cell)
                                                           : nt_str(name));
    }

    json_decref(seen);
    return ok;
}


/* A record becomes a row: what it lacks and what stands for nothing is null.
 * False when memory is out. */
static bool
add_row(nt_dataframe_t *df, json_t *record)
{
    size_t  i, width = nt_dataframe_width(df);
    json_t *cell;

    for (i = 0; i < width; i++) {
        cell = json_array_get(record, i);

        if (cell == NULL ? json_array_append_new(record, json_null()) != 0
                         : is_missing(nt_ustr(cell)) &&
                               json_array_set_new(record, i, json_null()) != 0)
        {
            return false;
        }
    }

    return json_array_append(df->rows, record) == 0;
}


bool
nt_dataframe_from_records(nt_node_call_t *call, const char *what,
                          const json_t *records, nt_dataframe_t *df)
{
    bool    ok;
    size_t  i, width;
    json_t *record;

    ok = add_columns(df, json_array_get(records, 0));
    width = nt_dataframe_width(df);

    if (ok && nt_dataframe_is_too_large(width, json_array_size(records))) {
        (void) nt_call_fail(call, "%s: there are more than %d cells", what,
                            NT_DATAFRAME_CELLS_MAX);
        return false;
    }

    json_array_foreach(records, i, record)
    {
        if (json_array_size(record) > width) {
            (void) nt_call_fail(call,
                                "%s: record %zu has %zu fields, but the first "
                                "one has %zu",
                                what, i + 1, json_array_size(record), width);
            return false;
        }

        ok = ok && (i == 0 || add_row(df, record));
    }

    for (i = 0; i < width; i++) {
        ok = ok && convert(df, i);
    }

    if (!ok) {
        (void) nt_arg_nomem(call);
    }

    return ok;
}


bool
nt_dataframe_from_csv(nt_node_call_t *call, const char *what, nt_str_t text,
                      nt_dataframe_t *df)
{
    bool     ok = false;
    json_t  *records;
    nt_buf_t error = { 0 };

    records = nt_csv_records(text.data, text.len, &error);

    if (records == NULL) {
        (void) (error.len > 0 ? nt_call_fail(call, "%s: %.*s", what,
                                             (int) error.len, error.data)
                              : nt_arg_nomem(call));

    } else if (json_array_size(records) == 0) {
        (void) nt_call_fail(call, "%s: there are no columns in the text", what);

    } else {
        ok = nt_dataframe_from_records(call, what, records, df);
    }

    json_decref(records);
    nt_buf_free(&error);
    return ok;
}


void
nt_dataframe_to_csv(nt_buf_t *out, const nt_dataframe_t *df)
{
    int     rc = 0;
    size_t  i;
    json_t *header = json_array(), *column, *row;

    json_array_foreach(df->columns, i, column)
    {
        rc |= json_array_append(header, json_object_get(column, "name"));
    }

    if (header == NULL || rc != 0) {
        out->failed = true;
    }

    nt_csv_write_record(out, header);
    nt_buf_append_char(out, '\n');
    json_decref(header);

    json_array_foreach(df->rows, i, row)
    {
        nt_csv_write_record(out, row);
        nt_buf_append_char(out, '\n');
    }
}
