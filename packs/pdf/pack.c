/*
 * packs/pdf/pack.c - what is in the PDF pack.
 */

#include "packs/pdf/pdf.h"


static const nt_node_type_t *const types[] = { &nt_pymupdf_text,
                                               &nt_pymupdf_blocks,
                                               &nt_pymupdf_style,
                                               &nt_pymupdf_tables,
                                               &nt_pymupdf_markdown,
                                               &nt_pdfplumber_text,
                                               &nt_pdfplumber_images,
                                               &nt_pdfplumber_count,
                                               &nt_pdfplumber_metadata,
                                               &nt_pdfplumber_tables,
                                               NULL };

NT_NODE_API const nt_node_library_t nodetool_node_library = { NODETOOL_NODE_ABI,
                                                              "pdf", types };
