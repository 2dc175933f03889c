/*
 * packs/office/cell.c - cells of workbooks.
 */

#include <ctype.h>
#include <math.h>
#include <stdio.h>

#include "engine/nodes/pytext.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/ustr.h"
#include "packs/office/office.h"

#define TEXT_MAX 32767 /* characters of a text */


bool
nt_cell_parse(const char **text, long *row, long *column)
{
    const char *p;

    *row = *column = 0;

    for (p = *text; isalpha((unsigned char) *p); p++) {
        *column = 26 * *column + toupper((unsigned char) *p) - 'A' + 1;

        if (*column > NT_SHEET_COLUMNS) {
            return false;
        }
    }

    for (; isdigit((unsigned char) *p); p++) {
        *row = 10 * *row + *p - '0';

        if (*row > NT_SHEET_ROWS) {
            return false;
        }
    }

    *text = p;
    return *row > 0 && *column > 0;
}


bool
nt_cell_reference(xmlNode *cell, long row, long column)
{
    char  letters[8], text[32];
    char *p;

    p = letters + sizeof(letters) - 1;
    *p = '\0';

    for (; column > 0; column = (column - 1) / 26) {
        *--p = (char) ('A' + (column - 1) % 26);
    }

    (void) snprintf(text, sizeof(text), "%s%ld", p, row);
    return nt_xml_set(cell, "r", text);
}


/* The last element of `name` at or before place n, from `from` on, where
 * `place` tells the places of elements; NULL when all are behind. */
static xmlNode *
seek(xmlNode *from, const char *name, long n,
     long (*place)(const xmlNode *node))
{
    xmlNode *last;

    for (last = NULL; from != NULL && place(from) <= n;
         from = nt_xml_next(from, name))
    {
        last = from;
    }

    return last;
}


static long
row_place(const xmlNode *row)
{
    return nt_xml_int(row, "r", 0);
}


static long
cell_place(const xmlNode *cell)
{
    long        row, column;
    const char *text = nt_xml_attr(cell, "r");

    return nt_cell_parse(&text, &row, &column) ? column : 0;
}


/* Puts a new element behind `before`, or first. */
static xmlNode *
put_behind(xmlNode *parent, xmlNode *before, const char *name)
{
    xmlNode *node, *first;

    node = nt_xml_new(parent, name);

    if (node == NULL) {
        return NULL;
    }

    if (before != NULL) {
        return xmlAddNextSibling(before, node);
    }

    first = nt_xml_child(parent, name);
    return first != NULL ? xmlAddPrevSibling(first, node)
                         : xmlAddChild(parent, node);
}


static xmlNode *
need_row(nt_sheet_t *sheet, long row)
{
    xmlNode *found;

    found = sheet->row != NULL && row_place(sheet->row) <= row
                ? sheet->row
                : nt_xml_child(sheet->data, "row");
    found = seek(found, "row", row, row_place);

    if (found == NULL || row_place(found) != row) {
        found = put_behind(sheet->data, found, "row");

        if (found == NULL || !nt_xml_set_int(found, "r", row)) {
            return NULL;
        }
    }

    return found;
}


xmlNode *
nt_sheet_cell(nt_sheet_t *sheet, long row, long column)
{
    xmlNode *element, *found;

    element = need_row(sheet, row);
    found = NULL;

    if (element != NULL) {
        found = element == sheet->row && sheet->cell != NULL &&
                        cell_place(sheet->cell) <= column
                    ? sheet->cell
                    : nt_xml_child(element, "c");
        found = seek(found, "c", column, cell_place);

        if (found == NULL || cell_place(found) != column) {
            found = put_behind(element, found, "c");

            if (found != NULL && !nt_cell_reference(found, row, column)) {
                found = NULL;
            }
        }
    }

    if (found == NULL) {
        (void) nt_arg_nomem(sheet->package->call);
        return NULL;
    }

    sheet->row = element;
    sheet->cell = found;
    return found;
}


/* Makes it an empty one, which keeps its format. */
static void
empty_cell(xmlNode *cell)
{
    xmlNode *child, *next;

    for (child = cell->children; child != NULL; child = next) {
        next = child->next;
        xmlUnlinkNode(child);
        xmlFreeNode(child);
    }

    (void) xmlUnsetProp(cell, BAD_CAST "t");
}


/* A text that stands in the cell itself. */
static bool
set_text(xmlNode *cell, nt_str_t text)
{
    xmlNode *is, *t;

    text.len = nt_ustr_offset(text, TEXT_MAX);
    is = nt_xml_add(cell, "is");
    t = is != NULL ? nt_xml_add(is, "t") : NULL;

    if (t == NULL) {
        return false;
    }

    xmlNodeSetSpacePreserve(t, 1);
    return nt_xml_set(cell, "t", "inlineStr") && nt_xml_text(t, text);
}


static bool
set_value(xmlNode *cell, const char *type, nt_str_t text)
{
    xmlNode *v;

    v = nt_xml_add(cell, "v");
    return v != NULL && (type == NULL || nt_xml_set(cell, "t", type)) &&
           nt_xml_text(v, text);
}


bool
nt_cell_set(xmlNode *cell, const json_t *value)
{
    bool     good;
    nt_buf_t text = { 0 };

    empty_cell(cell);

    if (json_is_null(value)) {
        return true;
    }

    if (json_is_string(value)) {
        return set_text(cell, nt_ustr(value));
    }

    if (json_is_boolean(value)) {
        return set_value(cell, "b",
                         json_is_true(value) ? NT_STR("1") : NT_STR("0"));
    }

    if (json_is_number(value)) {
        nt_py_str(&text, value);
        good = !text.failed &&
               set_value(cell, NULL, (nt_str_t) { text.data, text.len });
    } else {
        nt_py_dumps(&text, value, -1);
        good =
            !text.failed && set_text(cell, (nt_str_t) { text.data, text.len });
    }

    nt_buf_free(&text);
    return good;
}


bool
nt_sheet_visit(const nt_sheet_t *sheet, nt_cell_visit_t visit, void *arg)
{
    long        row, column;
    xmlNode    *r, *c, *next;
    const char *text;

    for (r = nt_xml_child(sheet->data, "row"); r != NULL;
         r = nt_xml_next(r, "row")) {
        for (c = nt_xml_child(r, "c"); c != NULL; c = next) {
            next = nt_xml_next(c, "c");
            text = nt_xml_attr(c, "r");

            if (nt_cell_parse(&text, &row, &column) &&
                !visit(arg, c, row, column)) {
                return false;
            }
        }
    }

    return true;
}
