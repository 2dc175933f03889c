/*
 * packs/office/excel.h - what the nodes of lib.excel share.
 */

#ifndef NT_EXCEL_H
#define NT_EXCEL_H

#include "packs/office/office.h"

#define NT_EXCEL_WORKBOOK                                                      \
    NT_PROP("workbook", "excel", "{\"type\":\"excel\"," NT_ASSET_FIELDS "}",   \
            "The workbook")
#define NT_EXCEL_SHEET(text) NT_PROP("sheet_name", "str", "\"Sheet1\"", text)

extern const nt_output_t nt_excel_any_output[];

#endif
