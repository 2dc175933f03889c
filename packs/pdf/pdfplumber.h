/*
 * packs/pdf/pdfplumber.h - what the nodes of lib.pdfplumber share.
 */

#ifndef NT_PDFPLUMBER_H
#define NT_PDFPLUMBER_H

#include "packs/pdf/pdf.h"

/* end_page is the first that is not wanted, -1 the end of the document; pages
 * that are not there are left out. */
bool nt_pdfplumber_range(nt_node_call_t *call, nt_pdf_t *pdf);

#define NT_PDFPLUMBER_PAGES                                                    \
    NT_PROP("start_page", "int", "0", "The first page, from 0"),               \
        NT_PROP("end_page", "int", "4",                                        \
                "Behind the last page; -1: all that there are")

#endif
