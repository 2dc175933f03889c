/*
 * packs/office/docx.h - what the nodes of lib.docx share.
 */

#ifndef NT_DOCX_H
#define NT_DOCX_H

#include "packs/office/office.h"

#define NT_DOCX_DOCUMENT                                                       \
    NT_PROP("document", "document", NT_DEFAULT_DOCUMENT, "The Word document")

extern const nt_output_t nt_docx_output[];

/* A type that adds something to the end of a document. */
#define NT_DOCX_ADDS(variable, name, words, text, in, function)                \
    const nt_node_type_t variable = { .type = "lib.docx." name,                \
                                      .title = words,                          \
                                      .description = text,                     \
                                      .properties = in,                        \
                                      .outputs = nt_docx_output,               \
                                      .flags = NT_NODE_ASYNC,                  \
                                      .run = function }

/* Appends a node that was made, if it was `good`; frees it if it cannot be.
 * False after nt_call_fail. */
bool nt_docx_finish(nt_package_t *package, xmlNode *body, xmlNode *node,
                    bool good);

/* The size in pixels and the dots an inch of a PNG, JPEG, GIF or BMP image,
 * and its extension and media type; false for another. */
typedef struct {
    const char *extension;
    const char *type;
    uint32_t    width, height;
    double      x_dpi, y_dpi; /* 72 where the image says nothing */
} nt_picture_t;

bool nt_picture_read(nt_str_t bytes, nt_picture_t *picture);

#endif
