/*
 * packs/office/excel_format.c - lib.excel.FormatCells
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/nodes/defaults.h"
#include "packs/office/excel.h"


typedef struct {
    bool     bold;
    char     text[9]; /* colours, AARRGGBB */
    char     fill[9]; /* "" for none */
    xmlNode *styles;
    long     fill_id;
    long    *made; /* by old style: the new one, or -1 */
    long     n_made;
} format_t;


/* Reads RRGGBB or AARRGGBB, with or without a "#". */
static bool
read_color(nt_node_call_t *call, const char *name, char color[9])
{
    size_t   i;
    nt_str_t text;

    if (!nt_arg_str(call, name, &text)) {
        return false;
    }

    if (text.len > 0 && text.data[0] == '#') {
        text = (nt_str_t) { text.data + 1, text.len - 1 };
    }

    for (i = 0; i < text.len && isxdigit((unsigned char) text.data[i]); i++) {
        /* count */
    }

    if (i < text.len || (text.len != 6 && text.len != 8)) {
        (void) nt_call_fail(call,
                            "'%s' must be a colour in hex, such as "
                            "FFFF00",
                            name);
        return false;
    }

    (void) snprintf(color, 9, "%s%.*s", text.len == 6 ? "FF" : "",
                    (int) text.len, text.data);
    return true;
}


/* Adds an item to a list of the styles, which counts them; *id is its
 * number. */
static bool
add_item(xmlNode *styles, const char *list_name, xmlNode *item, long *id)
{
    long     n;
    xmlNode *list, *child;

    list = nt_xml_child(styles, list_name);

    if (list == NULL || item == NULL) {
        xmlFreeNode(item);
        return false;
    }

    for (n = 0, child = nt_xml_child(list, NULL); child != NULL;
         child = nt_xml_next(child, NULL))
    {
        n++;
    }

    *id = n;
    return xmlAddChild(list, item) != NULL &&
           nt_xml_set_int(list, "count", n + 1);
}


/* The item of that number in a list of the styles. */
static xmlNode *
item_at(const xmlNode *styles, const char *list_name, long id)
{
    xmlNode *item;

    item = nt_xml_child(nt_xml_child(styles, list_name), NULL);

    while (item != NULL && id-- > 0) {
        item = nt_xml_next(item, NULL);
    }

    return item;
}


static bool
add_fill(format_t *format)
{
    xmlNode *fill, *pattern, *color;

    if (format->fill[0] == '\0') {
        return true;
    }

    fill = nt_xml_new(format->styles, "fill");
    pattern = fill != NULL ? nt_xml_add(fill, "patternFill") : NULL;
    color = pattern != NULL ? nt_xml_add(pattern, "fgColor") : NULL;

    if (color == NULL || !nt_xml_set(pattern, "patternType", "solid") ||
        !nt_xml_set(color, "rgb", format->fill))
    {
        xmlFreeNode(fill);
        return false;
    }

    return add_item(format->styles, "fills", fill, &format->fill_id);
}


static void
drop_child(xmlNode *node, const char *name)
{
    xmlNode *child;

    while ((child = nt_xml_child(node, name)) != NULL) {
        xmlUnlinkNode(child);
        xmlFreeNode(child);
    }
}


/* What stands behind "b" and "color" in a font, in its order. */
static const char *const behind_bold[] = {
    "i",  "strike", "condense", "extend", "outline", "shadow", "u", "vertAlign",
    "sz", "color",  "name",     "family", "charset", "scheme", NULL
};
static const char *const behind_color[] = { "name", "family", "charset",
                                            "scheme", NULL };


/* A copy of a font, bold or not and in the colour. */
static bool
add_font(format_t *format, long old, long *id)
{
    bool     good;
    xmlNode *font, *color;

    font = item_at(format->styles, "fonts", old);
    font = font != NULL ? xmlCopyNode(font, 1)
                        : nt_xml_new(format->styles, "font");

    if (font == NULL) {
        return false;
    }

    drop_child(font, "b");
    drop_child(font, "color");
    color = nt_xml_need(font, "color", behind_color);
    good = color != NULL && nt_xml_set(color, "rgb", format->text) &&
           (!format->bold || nt_xml_need(font, "b", behind_bold) != NULL);

    if (!good) {
        xmlFreeNode(font);
        return false;
    }

    return add_item(format->styles, "fonts", font, id);
}


/* The style that another becomes: -1 when memory is out, or there is no such
 * list. */
static long
new_style(format_t *format, long old)
{
    long     id, font;
    xmlNode *xf;

    if (old < 0 || old >= format->n_made) {
        old = 0;
    }

    if (format->made[old] != -1) {
        return format->made[old];
    }

    xf = item_at(format->styles, "cellXfs", old);
    xf = xf != NULL ? xmlCopyNode(xf, 1) : NULL;

    if (xf == NULL || !add_font(format, nt_xml_int(xf, "fontId", 0), &font) ||
        !nt_xml_set_int(xf, "fontId", font) ||
        !nt_xml_set(xf, "applyFont", "1") ||
        (format->fill[0] != '\0' &&
         (!nt_xml_set_int(xf, "fillId", format->fill_id) ||
          !nt_xml_set(xf, "applyFill", "1"))))
    {
        xmlFreeNode(xf);
        return -1;
    }

    if (!add_item(format->styles, "cellXfs", xf, &id)) {
        return -1;
    }

    format->made[old] = id;
    return id;
}


static bool
open_styles(nt_package_t *package, format_t *format)
{
    long     i;
    char    *workbook, *part;
    xmlNode *xf;

    workbook = nt_relation_target(package, "", "officeDocument", NULL);
    part = workbook != NULL
               ? nt_relation_target(package, workbook, "styles", NULL)
               : NULL;
    free(workbook);

    if (part == NULL) {
        (void) nt_call_fail(package->call, "'%s' has no styles", package->name);
        return false;
    }

    format->styles = nt_package_xml(package, part);
    free(part);

    if (format->styles == NULL) {
        return false;
    }

    for (xf = item_at(format->styles, "cellXfs", 0); xf != NULL;
         xf = nt_xml_next(xf, NULL))
    {
        format->n_made++;
    }

    if (format->n_made == 0 || nt_xml_child(format->styles, "fonts") == NULL ||
        nt_xml_child(format->styles, "fills") == NULL)
    {
        (void) nt_call_fail(package->call, "'%s' has damaged styles",
                            package->name);
        return false;
    }

    format->made = calloc((size_t) format->n_made, sizeof(*format->made));

    for (i = 0; format->made != NULL && i < format->n_made; i++) {
        format->made[i] = -1;
    }

    if (format->made == NULL || !add_fill(format)) {
        (void) nt_arg_nomem(package->call);
        return false;
    }

    return true;
}


/* "A1:B10", or one cell. */
static bool
read_range(nt_node_call_t *call, long *row, long *column, long *last_row,
           long *last_column)
{
    bool        good;
    nt_str_t    text;
    const char *p;

    if (!nt_arg_name(call, "cell_range", &text)) {
        return false;
    }

    p = text.data;
    good = nt_cell_parse(&p, row, column);
    *last_row = *row;
    *last_column = *column;

    if (good && *p == ':') {
        p++;
        good = nt_cell_parse(&p, last_row, last_column);
    }

    if (!good || *p != '\0' || *last_row < *row || *last_column < *column) {
        (void) nt_call_fail(call, "'cell_range' must be cells, such as A1:B10");
        return false;
    }

    if ((*last_row - *row + 1) > NT_CELLS_MAX / (*last_column - *column + 1)) {
        (void) nt_call_fail(call,
                            "'cell_range' must not have more than %d "
                            "cells",
                            NT_CELLS_MAX);
        return false;
    }

    return true;
}


static bool
format_range(nt_sheet_t *sheet, format_t *format)
{
    long            row, column, last_row, last_column, c, style;
    xmlNode        *cell;
    nt_node_call_t *call = sheet->package->call;

    if (!read_range(call, &row, &column, &last_row, &last_column)) {
        return false;
    }

    for (; row <= last_row; row++) {
        for (c = column; c <= last_column; c++) {
            cell = nt_sheet_cell(sheet, row, c);

            if (cell == NULL) {
                return false;
            }

            style = new_style(format, nt_xml_int(cell, "s", 0));

            if (style == -1 || !nt_xml_set_int(cell, "s", style)) {
                (void) nt_arg_nomem(call);
                return false;
            }
        }
    }

    return true;
}


static json_t *
work_format(nt_package_t *package, void *arg, bool *ok)
{
    size_t          len;
    format_t        format = { 0 };
    nt_str_t        name;
    nt_sheet_t      sheet = { 0 };
    nt_node_call_t *call = package->call;

    format.bold = nt_call_bool(call, "bold");
    (void) nt_call_string(call, "background_color", &len);

    *ok = nt_arg_sheet_name(call, &name) &&
          read_color(call, "text_color", format.text) &&
          (len == 0 || read_color(call, "background_color", format.fill)) &&
          nt_sheet_open(package, name, false, &sheet) &&
          open_styles(package, &format) && format_range(&sheet, &format);
    free(format.made);
    nt_sheet_close(&sheet);
    return NULL;
}


static nt_node_rc_t
run_format(nt_node_call_t *call)
{
    return nt_office_run(call, "workbook", NT_EXCEL, work_format, NULL);
}


/* --- the types --- */

static const nt_property_t format_properties[] = {
    NT_EXCEL_WORKBOOK,
    NT_EXCEL_SHEET("The sheet"),
    NT_PROP("cell_range", "str", "\"A1:B10\"", "The cells"),
    NT_PROP("bold", "bool", "false", "Bold letters"),
    NT_PROP("background_color", "str", "\"FFFF00\"",
            "The colour behind them in hex; empty: as it is"),
    NT_PROP("text_color", "str", "\"000000\"", "Their colour in hex"),
    NT_PROP_END
};

const nt_node_type_t nt_excel_format = {
    .type = "lib.excel.FormatCells",
    .title = "Format Cells",
    .description = "A workbook with some cells in another format.",
    .properties = format_properties,
    .outputs = nt_excel_any_output,
    .flags = NT_NODE_ASYNC,
    .run = run_format
};
