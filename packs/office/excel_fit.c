/*
 * packs/office/excel_fit.c - lib.excel.AutoFitColumns
 */

#include <stdlib.h>

#include "engine/nodes/defaults.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/ustr.h"
#include "packs/office/excel.h"

#define WIDTH_MAX 255 /* characters of a column */


typedef struct {
    nt_values_t values;
    long        widths[NT_SHEET_COLUMNS + 1];
    long        last; /* column with something in it */
} fit_t;


/* The characters of the longest line. */
static long
longest_line(nt_str_t text)
{
    long   n, most;
    size_t i;

    for (i = 0, n = most = 0; i < text.len;) {
        n = nt_ustr_next(text, &i) == '\n' ? 0 : n + 1;
        most = n > most ? n : most;
    }

    return most;
}


static bool
measure_cell(void *arg, xmlNode *cell, long row, long column)
{
    bool     date;
    long     width;
    fit_t   *fit = arg;
    json_t  *value;
    nt_buf_t text = { 0 };

    value = nt_cell_value(&fit->values, cell, &date);

    if (value == NULL || json_is_null(value)) {
        json_decref(value);
        return value != NULL;
    }

    nt_py_str(&text, value);
    json_decref(value);
    width = longest_line((nt_str_t) { text.data, text.len });
    nt_buf_free(&text);
    fit->widths[column] =
        width > fit->widths[column] ? width : fit->widths[column];
    fit->last = column > fit->last ? column : fit->last;
    return true;
}


/* What stands behind "cols" in a worksheet. */
static const char *const behind_cols[] = { "sheetData", NULL };


/* The description of one column, taken out of one of several. */
static xmlNode *
need_column(xmlNode *cols, long column)
{
    long     first, last;
    xmlNode *col, *rest;

    for (col = nt_xml_child(cols, "col"); col != NULL;
         col = nt_xml_next(col, "col"))
    {
        first = nt_xml_int(col, "min", 0);
        last = nt_xml_int(col, "max", 0);

        if (last < column) {
            continue;
        }

        if (first > column) {
            rest = nt_xml_new(cols, "col");
            col = rest != NULL ? xmlAddPrevSibling(col, rest) : NULL;
            break;
        }

        if (last > column) {
            rest = xmlCopyNode(col, 1);

            if (rest == NULL || !nt_xml_set_int(rest, "min", column + 1)) {
                xmlFreeNode(rest);
                return NULL;
            }

            (void) xmlAddNextSibling(col, rest);
        }

        if (first < column) {
            rest = xmlCopyNode(col, 1);

            if (rest == NULL || !nt_xml_set_int(rest, "max", column - 1)) {
                xmlFreeNode(rest);
                return NULL;
            }

            (void) xmlAddPrevSibling(col, rest);
        }

        break;
    }

    if (col == NULL) {
        col = nt_xml_add(cols, "col");
    }

    return col != NULL && nt_xml_set_int(col, "min", column) &&
                   nt_xml_set_int(col, "max", column)
               ? col
               : NULL;
}


static bool
set_widths(nt_sheet_t *sheet, const fit_t *fit)
{
    long     column, width;
    xmlNode *cols, *col;

    if (fit->last == 0) {
        return true;
    }

    cols = nt_xml_need(sheet->root, "cols", behind_cols);

    for (column = 1; cols != NULL && column <= fit->last; column++) {
        if (fit->widths[column] == 0) {
            continue;
        }

        width = fit->widths[column] + 2;
        width = width < WIDTH_MAX ? width : WIDTH_MAX;
        col = need_column(cols, column);

        if (col == NULL || !nt_xml_set_int(col, "width", width) ||
            !nt_xml_set(col, "customWidth", "1"))
        {
            return false;
        }
    }

    return cols != NULL;
}


static json_t *
work_fit(nt_package_t *package, void *arg, bool *ok)
{
    fit_t     *fit = arg;
    nt_str_t   name;
    nt_sheet_t sheet = { 0 };

    *ok = nt_arg_sheet_name(package->call, &name) &&
          nt_sheet_open(package, name, false, &sheet) &&
          nt_values_open(package, &fit->values);

    if (*ok && (!nt_sheet_visit(&sheet, measure_cell, fit) ||
                !set_widths(&sheet, fit)))
    {
        (void) nt_arg_nomem(package->call);
        *ok = false;
    }

    nt_values_close(&fit->values);
    nt_sheet_close(&sheet);
    return NULL;
}


static nt_node_rc_t
run_fit(nt_node_call_t *call)
{
    fit_t       *fit;
    nt_node_rc_t rc;

    fit = calloc(1, sizeof(*fit)); /* larger than a fiber's stack likes */

    if (fit == NULL) {
        return nt_arg_nomem(call);
    }

    rc = nt_office_run(call, "workbook", NT_EXCEL, work_fit, fit);
    free(fit);
    return rc;
}


/* --- the type --- */

static const nt_property_t fit_properties[] = { NT_EXCEL_WORKBOOK,
                                                NT_EXCEL_SHEET("The sheet"),
                                                NT_PROP_END };

const nt_node_type_t nt_excel_fit = {
    .type = "lib.excel.AutoFitColumns",
    .title = "Auto Fit Columns",
    .description = "A workbook with the columns of a sheet as wide as what is "
                   "in them.",
    .properties = fit_properties,
    .outputs = nt_excel_any_output,
    .flags = NT_NODE_ASYNC,
    .run = run_fit
};
