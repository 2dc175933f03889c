/*
 * packs/office/pack.c - what is in the office pack.
 */

#include "packs/office/office.h"


static const nt_node_type_t *const types[] = {
    &nt_excel_create, &nt_excel_write,     &nt_excel_read,  &nt_excel_format,
    &nt_excel_fit,    &nt_excel_save,      &nt_docx_create, &nt_docx_load,
    &nt_docx_heading, &nt_docx_paragraph,  &nt_docx_table,  &nt_docx_image,
    &nt_docx_break,   &nt_docx_properties, &nt_docx_save,   NULL
};

NT_NODE_API const nt_node_library_t nodetool_node_library = { NODETOOL_NODE_ABI,
                                                              "office", types };
