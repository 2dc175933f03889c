/*
 * packs/office/excel.c - lib.excel.*: making, writing, reading and saving
 * workbooks.
 */

#include <stdlib.h>

#include "engine/nodes/dataframe.h"
#include "engine/nodes/defaults.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/ustr.h"
#include "packs/office/excel.h"

const nt_output_t nt_excel_any_output[] = { { "output", "any" },
                                            { NULL, NULL } };


/* --- CreateWorkbook --- */

static nt_node_rc_t
run_create(nt_node_call_t *call)
{
    json_t      *ref = NULL;
    nt_str_t     name;
    nt_package_t package = { .call = call, .name = "workbook" };

    if (!nt_arg_sheet_name(call, &name)) {
        return NT_NODE_FAIL;
    }

    if (nt_workbook_make(&package, name)) {
        ref = nt_office_ref(&package, NT_EXCEL);
    }

    nt_package_free(&package);
    return ref == NULL ? NT_NODE_FAIL : nt_emit(call, ref);
}


/* --- DataFrameToExcel --- */

static bool
too_many_cells(nt_node_call_t *call)
{
    (void) nt_call_fail(call,
                        "a sheet is written and read with at most %d "
                        "cells at a time",
                        NT_CELLS_MAX);
    return false;
}


/* Writes one row of values from a column on. */
static bool
write_row(nt_sheet_t *sheet, const json_t *values, long row, long column)
{
    size_t   i;
    json_t  *value;
    xmlNode *cell;

    json_array_foreach(values, i, value)
    {
        cell = nt_sheet_cell(sheet, row, column + (long) i);

        if (cell == NULL) {
            return false;
        }

        if (!nt_cell_set(cell, value)) {
            (void) nt_arg_nomem(sheet->package->call);
            return false;
        }
    }

    return true;
}


/* The names of the columns; NULL when memory is out. */
static json_t *
header_of(const nt_dataframe_t *df)
{
    json_t *names;
    size_t  i;

    names = json_array();

    for (i = 0; names != NULL && i < nt_dataframe_width(df); i++) {
        if (json_array_append_new(names,
                                  nt_ustr_json(nt_dataframe_name(df, i))) != 0)
        {
            json_decref(names);
            return NULL;
        }
    }

    return names;
}


static bool
write_frame(nt_sheet_t *sheet, const nt_dataframe_t *df, long row, long column,
            bool header)
{
    bool    good;
    json_t *names, *values;
    size_t  i;

    good = true;

    if (header) {
        names = header_of(df);

        if (names == NULL) {
            (void) nt_arg_nomem(sheet->package->call);
            return false;
        }

        good = write_row(sheet, names, row++, column);
        json_decref(names);
    }

    json_array_foreach(df->rows, i, values)
    {
        if (nt_call_cancelled(sheet->package->call)) {
            (void) nt_call_fail(sheet->package->call, "the job was cancelled");
            good = false;
        }

        good = good && write_row(sheet, values, row + (long) i, column);
    }

    return good;
}


/* Does it fit on a sheet from there? */
static bool
check_size(nt_node_call_t *call, const nt_dataframe_t *df, long row,
           long column)
{
    size_t rows, columns;

    rows = json_array_size(df->rows) + 1;
    columns = nt_dataframe_width(df);

    if (columns > 0 && rows > NT_CELLS_MAX / columns) {
        return too_many_cells(call);
    }

    if (rows + (size_t) row > NT_SHEET_ROWS ||
        columns + (size_t) column > NT_SHEET_COLUMNS)
    {
        (void) nt_call_fail(call, "'dataframe' does not fit on a sheet from "
                                  "'start_cell' on");
        return false;
    }

    return true;
}


static json_t *
work_write(nt_package_t *package, void *arg, bool *ok)
{
    long            row, column;
    nt_str_t        name, start;
    nt_sheet_t      sheet = { 0 };
    const char     *text;
    nt_dataframe_t  df = { 0 };
    nt_node_call_t *call = package->call;

    *ok = nt_arg_sheet_name(call, &name) &&
          nt_arg_name(call, "start_cell", &start);
    text = start.data;

    if (*ok && (!nt_cell_parse(&text, &row, &column) || *text != '\0')) {
        (void) nt_call_fail(call, "'start_cell' must be a cell, such as A1");
        *ok = false;
    }

    *ok = *ok && nt_arg_dataframe(call, "dataframe", &df) &&
          check_size(call, &df, row, column) &&
          nt_sheet_open(package, name, true, &sheet) &&
          write_frame(&sheet, &df, row, column,
                      nt_call_bool(call, "include_header"));
    nt_sheet_close(&sheet);
    nt_dataframe_free(&df);
    return NULL;
}


static nt_node_rc_t
run_write(nt_node_call_t *call)
{
    return nt_office_run(call, "workbook", NT_EXCEL, work_write, NULL);
}


/* --- ExcelToDataFrame --- */

/* Rows of values, and how many of each column's are dates. */
typedef struct {
    nt_node_call_t *call;
    nt_values_t     values;
    json_t         *rows;
    size_t          width;                          /* of the widest row */
    bool            header;                         /* in the first row */
    size_t          n_values[NT_SHEET_COLUMNS + 1]; /* by column */
    size_t          n_dates[NT_SHEET_COLUMNS + 1];
} reader_t;


/* The row of that number, from 1; those before it are made. */
static json_t *
row_of(reader_t *reader, long row)
{
    while (json_array_size(reader->rows) < (size_t) row) {
        if (json_array_append_new(reader->rows, json_array()) != 0) {
            return NULL;
        }
    }

    return json_array_get(reader->rows, (size_t) row - 1);
}


/* Cells without a value do not count: what is only formatted is no data. */
static bool
read_cell(void *arg, xmlNode *cell, long row, long column)
{
    bool      date;
    json_t   *value, *cells;
    reader_t *reader = arg;

    value = nt_cell_value(&reader->values, cell, &date);

    if (json_is_null(value)) {
        return true;
    }

    reader->width =
        (size_t) column > reader->width ? (size_t) column : reader->width;

    if ((size_t) row > NT_CELLS_MAX / reader->width) {
        json_decref(value);
        return too_many_cells(reader->call);
    }

    cells = value != NULL ? row_of(reader, row) : NULL;

    while (cells != NULL && json_array_size(cells) < (size_t) column) {
        if (json_array_append_new(cells, json_null()) != 0) {
            cells = NULL;
        }
    }

    if (cells == NULL || json_array_set(cells, (size_t) column - 1, value) != 0)
    {
        json_decref(value);
        (void) nt_arg_nomem(reader->call);
        return false;
    }

    if (row > 1 || !reader->header) {
        reader->n_values[column]++;
        reader->n_dates[column] += date;
    }

    json_decref(value);
    return true;
}


static bool
add_column(reader_t *reader, nt_dataframe_t *df, const json_t *cell,
           size_t number)
{
    bool     good;
    nt_buf_t name = { 0 };

    if (cell == NULL) {
        nt_buf_append_uint(&name, number);
    } else {
        nt_py_str(&name, cell);
    }

    good = !name.failed &&
           nt_dataframe_add_column(df, (nt_str_t) { name.data, name.len });
    nt_buf_free(&name);

    if (good && reader->n_values[number + 1] > 0 &&
        reader->n_dates[number + 1] == reader->n_values[number + 1])
    {
        good = json_object_set_new(json_array_get(df->columns, number),
                                   "data_type", json_string("datetime")) == 0;
    }

    return good;
}


/* The rows as a frame; each gets as many cells as the widest has. */
static bool
fill_frame(reader_t *reader, nt_dataframe_t *df)
{
    bool    good, header;
    size_t  i;
    json_t *row;

    json_array_foreach(reader->rows, i, row)
    {
        while (json_array_size(row) < reader->width) {
            if (json_array_append_new(row, json_null()) != 0) {
                return false;
            }
        }
    }

    header = reader->header && json_array_size(reader->rows) > 0;
    row = json_array_get(reader->rows, 0);

    for (i = 0, good = true; good && i < reader->width; i++) {
        good =
            add_column(reader, df, header ? json_array_get(row, i) : NULL, i);
    }

    json_array_foreach(reader->rows, i, row)
    {
        good = good &&
               ((i == 0 && header) || json_array_append(df->rows, row) == 0);
    }

    return good;
}


static json_t *
work_read(nt_package_t *package, void *arg, bool *ok)
{
    json_t         *frame = NULL;
    nt_str_t        name;
    reader_t       *reader = arg;
    nt_sheet_t      sheet = { 0 };
    nt_dataframe_t  df = { 0 };
    nt_node_call_t *call = package->call;

    reader->call = call;
    reader->header = nt_call_bool(call, "has_header");
    reader->rows = json_array();

    *ok = nt_arg_sheet_name(call, &name) &&
          nt_sheet_open(package, name, false, &sheet) &&
          nt_values_open(package, &reader->values) &&
          nt_sheet_visit(&sheet, read_cell, reader);

    if (*ok) {
        frame = nt_dataframe_init(&df) && fill_frame(reader, &df)
                    ? nt_dataframe_json(&df)
                    : NULL;
        *ok = frame != NULL;

        if (!*ok) {
            (void) nt_arg_nomem(call);
        }
    }

    nt_dataframe_free(&df);
    nt_values_close(&reader->values);
    nt_sheet_close(&sheet);
    json_decref(reader->rows);
    return frame;
}


static nt_node_rc_t
run_read(nt_node_call_t *call)
{
    reader_t    *reader;
    nt_node_rc_t rc;

    reader = calloc(1, sizeof(*reader)); /* much for a fiber's stack */

    if (reader == NULL) {
        return nt_arg_nomem(call);
    }

    rc = nt_office_run(call, "workbook", NT_EXCEL, work_read, reader);
    free(reader);
    return rc;
}


/* --- SaveWorkbook --- */

static nt_node_rc_t
run_save(nt_node_call_t *call)
{
    return nt_office_save(call, "workbook", NT_EXCEL, "folder");
}


/* --- the types --- */

static const nt_property_t create_properties[] = {
    NT_EXCEL_SHEET("The name of its sheet"), NT_PROP_END
};

static const nt_property_t write_properties[] = {
    NT_EXCEL_WORKBOOK,
    NT_PROP("dataframe", "dataframe", NT_DEFAULT_DATAFRAME,
            "The data frame to write"),
    NT_EXCEL_SHEET("The sheet, which is made if it is not there"),
    NT_PROP("start_cell", "str", "\"A1\"", "The first cell"),
    NT_PROP("include_header", "bool", "true",
            "Write the names of the columns first"),
    NT_PROP_END
};

static const nt_property_t read_properties[] = {
    NT_EXCEL_WORKBOOK, NT_EXCEL_SHEET("The sheet to read"),
    NT_PROP("has_header", "bool", "true", "The first row names the columns"),
    NT_PROP_END
};

static const nt_property_t save_properties[] = {
    NT_EXCEL_WORKBOOK,
    NT_PROP("folder", "file_path", "{\"type\":\"file_path\",\"path\":\"\"}",
            "A folder of the workspace"),
    NT_PROP("filename", "str", "\"\"",
            "The name of the file; %Y %m %d %H %M %S are the date and time"),
    NT_PROP_END
};

static const nt_output_t excel_output[] = { { "output", "excel" },
                                            { NULL, NULL } };
static const nt_output_t frame_output[] = { { "output", "dataframe" },
                                            { NULL, NULL } };
static const nt_output_t no_output[] = { { NULL, NULL } };

const nt_node_type_t nt_excel_create = { .type = "lib.excel.CreateWorkbook",
                                         .title = "Create Workbook",
                                         .description =
                                             "An empty Excel workbook.",
                                         .properties = create_properties,
                                         .outputs = excel_output,
                                         .flags = NT_NODE_THREAD,
                                         .run = run_create };

const nt_node_type_t nt_excel_write = {
    .type = "lib.excel.DataFrameToExcel",
    .title = "Data Frame To Excel",
    .description = "A workbook with a data frame written to a sheet.",
    .properties = write_properties,
    .outputs = nt_excel_any_output,
    .flags = NT_NODE_ASYNC,
    .run = run_write
};

const nt_node_type_t nt_excel_read = {
    .type = "lib.excel.ExcelToDataFrame",
    .title = "Excel To Data Frame",
    .description = "A sheet of a workbook as a data frame.",
    .properties = read_properties,
    .outputs = frame_output,
    .flags = NT_NODE_ASYNC,
    .run = run_read
};

const nt_node_type_t nt_excel_save = {
    .type = "lib.excel.SaveWorkbook",
    .title = "Save Workbook",
    .description = "Writes a workbook to a file of the workspace.",
    .properties = save_properties,
    .outputs = no_output,
    .flags = NT_NODE_ASYNC,
    .run = run_save
};
