/*
 * packs/office/sheet.c - workbooks: their sheets.
 */

#include <stdlib.h>

#include "engine/nodes/ustr.h"
#include "packs/office/office.h"

#define NAME_MAX_LEN 31 /* characters of a sheet's name */

#define MAIN "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define REL                                                                    \
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define XML   "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define TYPE  "application/vnd.openxmlformats-officedocument.spreadsheetml."
#define SHEET XML "<worksheet xmlns=\"" MAIN "\"><sheetData/></worksheet>"

/* What stands behind the sheetData of a worksheet is not named: it is always
 * there. */
static const char *const no_names[] = { NULL };


/* --- names of sheets --- */

bool
nt_arg_sheet_name(nt_node_call_t *call, nt_str_t *name)
{
    size_t i;

    if (!nt_arg_str(call, "sheet_name", name)) {
        return false;
    }

    for (i = 0; i < name->len; i++) {
        if (strchr("[]:*?/\\", name->data[i]) != NULL) {
            break;
        }
    }

    if (i < name->len || name->len == 0 || nt_ustr_len(*name) > NAME_MAX_LEN ||
        name->data[0] == '\'' || name->data[name->len - 1] == '\'')
    {
        (void) nt_call_fail(call,
                            "'sheet_name' must have 1 to %d characters, none "
                            "of []:*?/\\ among them, nor ' at an end",
                            NAME_MAX_LEN);
        return false;
    }

    return true;
}


/* --- a new workbook --- */

static const struct {
    const char *name;
    const char *text;
} parts[] = {
    { "[Content_Types].xml",
      XML "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/"
          "content-types\"><Default Extension=\"rels\" ContentType="
          "\"application/vnd.openxmlformats-package.relationships+xml\"/>"
          "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
          "<Override PartName=\"/xl/workbook.xml\" ContentType=\"" TYPE
          "sheet.main+xml\"/>"
          "<Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"" TYPE
          "worksheet+xml\"/>"
          "<Override PartName=\"/xl/styles.xml\" ContentType=\"" TYPE
          "styles+xml\"/></Types>" },
    { "_rels/.rels",
      XML "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/"
          "2006/relationships\"><Relationship Id=\"rId1\" Type=\"" REL
          "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>" },
    { "xl/workbook.xml",
      XML "<workbook xmlns=\"" MAIN "\" xmlns:r=\"" REL "\"><sheets>"
          "<sheet name=\"\" sheetId=\"1\" r:id=\"rId1\"/></sheets>"
          "</workbook>" },
    { "xl/_rels/workbook.xml.rels",
      XML "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/"
          "2006/relationships\"><Relationship Id=\"rId1\" Type=\"" REL
          "/worksheet\" Target=\"worksheets/sheet1.xml\"/>"
          "<Relationship Id=\"rId2\" Type=\"" REL "/styles\" Target="
          "\"styles.xml\"/></Relationships>" },
    { "xl/worksheets/sheet1.xml", SHEET },
    { "xl/styles.xml",
      XML "<styleSheet xmlns=\"" MAIN "\"><fonts count=\"1\"><font>"
          "<sz val=\"11\"/><name val=\"Calibri\"/></font></fonts>"
          "<fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill>"
          "<fill><patternFill patternType=\"gray125\"/></fill></fills>"
          "<borders count=\"1\"><border><left/><right/><top/><bottom/>"
          "<diagonal/></border></borders><cellStyleXfs count=\"1\">"
          "<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/>"
          "</cellStyleXfs><cellXfs count=\"1\"><xf numFmtId=\"0\" "
          "fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/></cellXfs>"
          "<cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" "
          "builtinId=\"0\"/></cellStyles></styleSheet>" },
};


/* A text as it stands in the node's properties, NUL-terminated; NULL when
 * memory is out. */
static char *
copy_text(nt_str_t text)
{
    return strndup(text.data, text.len);
}


bool
nt_workbook_make(nt_package_t *package, nt_str_t name)
{
    char    *text;
    bool     good;
    size_t   i;
    xmlNode *root;

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (!nt_package_put(package, parts[i].name, parts[i].text,
                            strlen(parts[i].text)))
        {
            return false;
        }
    }

    root = nt_package_xml(package, "xl/workbook.xml");
    text = copy_text(name);
    good = root != NULL && text != NULL &&
           nt_xml_set(nt_xml_child(nt_xml_child(root, "sheets"), "sheet"),
                      "name", text);
    free(text);

    if (!good && root != NULL) {
        (void) nt_arg_nomem(package->call);
    }

    return good;
}


/* --- opening a sheet --- */

/* The sheet's element in the workbook, by its name. */
static xmlNode *
find_sheet(const xmlNode *workbook, nt_str_t name)
{
    xmlNode *sheet;

    for (sheet = nt_xml_child(nt_xml_child(workbook, "sheets"), "sheet");
         sheet != NULL; sheet = nt_xml_next(sheet, "sheet"))
    {
        if (nt_str_eq(nt_str(nt_xml_attr(sheet, "name")), name)) {
            return sheet;
        }
    }

    return NULL;
}


/* Adds an element to the workbook for the sheet with the relation `id`. */
static bool
add_element(xmlNode *workbook, nt_str_t name, const char *id)
{
    bool     good;
    char    *text;
    long     number, most;
    xmlNs   *ns;
    xmlNode *sheets, *sheet;

    sheets = nt_xml_need(workbook, "sheets", no_names);
    most = 0;

    for (sheet = nt_xml_child(sheets, "sheet"); sheet != NULL;
         sheet = nt_xml_next(sheet, "sheet"))
    {
        number = nt_xml_int(sheet, "sheetId", 0);
        most = number > most ? number : most;
    }

    text = copy_text(name);
    sheet = sheets != NULL && text != NULL ? nt_xml_add(sheets, "sheet") : NULL;
    ns = sheet != NULL ? xmlSearchNsByHref(sheet->doc, sheet, BAD_CAST REL)
                       : NULL;

    if (sheet != NULL && ns == NULL) {
        ns = xmlNewNs(workbook, BAD_CAST REL, BAD_CAST "r");
    }

    good = ns != NULL && nt_xml_set(sheet, "name", text) &&
           nt_xml_set_int(sheet, "sheetId", most + 1) &&
           xmlSetNsProp(sheet, ns, BAD_CAST "id", BAD_CAST id) != NULL;
    free(text);
    return good;
}


/* A new part for a sheet; its name, malloc'ed. */
static char *
make_sheet(nt_package_t *package, const char *workbook_part, xmlNode *workbook,
           nt_str_t name)
{
    char *part, *id;
    bool  good;

    part = nt_package_new_name(package, "xl/worksheets/sheet", "xml");

    if (part == NULL) {
        (void) nt_arg_nomem(package->call);
        return NULL;
    }

    id = nt_package_put(package, part, SHEET, strlen(SHEET)) &&
                 nt_content_override(package, part, TYPE "worksheet+xml")
             ? nt_relation_add(package, workbook_part, "worksheet", part)
             : NULL;
    good = id != NULL && add_element(workbook, name, id);

    if (id != NULL && !good) {
        (void) nt_arg_nomem(package->call);
    }

    free(id);

    if (!good) {
        free(part);
        return NULL;
    }

    return part;
}


/* Says in each row and cell where it is, as few leave out. */
static bool
number_cells(nt_sheet_t *sheet)
{
    long        row, column, cell_row;
    xmlNode    *r, *c;
    const char *reference;

    row = 0;

    for (r = nt_xml_child(sheet->data, "row"); r != NULL;
         r = nt_xml_next(r, "row")) {
        row = nt_xml_int(r, "r", row + 1);
        column = 0;

        if (row < 1 || row > NT_SHEET_ROWS || !nt_xml_set_int(r, "r", row)) {
            return false;
        }

        for (c = nt_xml_child(r, "c"); c != NULL; c = nt_xml_next(c, "c")) {
            reference = nt_xml_attr(c, "r");

            if (*reference != '\0') {
                if (!nt_cell_parse(&reference, &cell_row, &column) ||
                    cell_row != row) {
                    return false;
                }

                continue;
            }

            if (++column > NT_SHEET_COLUMNS) {
                return false;
            }

            if (!nt_cell_reference(c, row, column)) {
                return false;
            }
        }
    }

    return true;
}


/* The part of the sheet, malloc'ed. */
static char *
sheet_part(nt_package_t *package, nt_str_t name, bool make)
{
    char    *workbook_part, *part;
    xmlNode *workbook, *element;

    workbook_part = nt_relation_target(package, "", "officeDocument", NULL);
    workbook =
        workbook_part != NULL ? nt_package_xml(package, workbook_part) : NULL;

    if (workbook == NULL) {
        free(workbook_part);
        return NULL;
    }

    element = find_sheet(workbook, name);

    if (element != NULL) {
        part = nt_relation_target(package, workbook_part, NULL,
                                  nt_xml_attr(element, "id"));

        if (part == NULL) {
            (void) nt_call_fail(package->call,
                                "'%s' has a sheet without "
                                "cells: \"%.*s\"",
                                package->name, (int) name.len, name.data);
        }
    } else if (make) {
        part = make_sheet(package, workbook_part, workbook, name);
    } else {
        part = NULL;
        (void) nt_call_fail(package->call, "'%s' has no sheet \"%.*s\"",
                            package->name, (int) name.len, name.data);
    }

    free(workbook_part);
    return part;
}


bool
nt_sheet_open(nt_package_t *package, nt_str_t name, bool make,
              nt_sheet_t *sheet)
{
    *sheet = (nt_sheet_t) { .package = package };
    sheet->part = sheet_part(package, name, make);

    if (sheet->part == NULL) {
        return false;
    }

    sheet->root = nt_package_xml(package, sheet->part);

    if (sheet->root == NULL) {
        return false;
    }

    sheet->data = nt_xml_child(sheet->root, "sheetData");

    if (sheet->data == NULL || !number_cells(sheet)) {
        (void) nt_call_fail(package->call,
                            "'%s' has a sheet whose cells are damaged: "
                            "\"%.*s\"",
                            package->name, (int) name.len, name.data);
        return false;
    }

    return true;
}


void
nt_sheet_close(nt_sheet_t *sheet)
{
    free(sheet->part);
    *sheet = (nt_sheet_t) { 0 };
}
