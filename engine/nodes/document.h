/*
 * engine/nodes/document.h - what the files of nodetool.document.* share.
 */

#ifndef NT_DOCUMENT_H
#define NT_DOCUMENT_H

#include "engine/nodes/args.h"
#include "engine/nodes/defaults.h"
#include "engine/nodes/splitter.h"

#define NT_DOCUMENT_PROPERTY                                                   \
    NT_PROP("document", "document", NT_DEFAULT_DOCUMENT, "The document")

/* Outputs of all that split documents: text, source_id, start_index. */
extern const nt_output_t nt_document_chunks[];

typedef struct {
    json_t     *text;      /* a string; owned */
    const char *source_id; /* the URI of the document, or its asset */
} nt_document_t;

/* Reads the text of the property "document": its data, or what its URI leads
 * to.  The caller frees the text.  False after nt_call_fail. */
bool nt_document_read(nt_node_call_t *call, nt_document_t *document);

/* The chunks of a document. */
typedef struct {
    nt_node_call_t *call;
    nt_document_t   document;
    json_t         *items; /* for nt_items_run */
    size_t          bytes;
} nt_chunks_t;

/* Reads the document.  False after nt_call_fail. */
bool nt_chunks_init(nt_chunks_t *chunks, nt_node_call_t *call);

/* Adds a chunk.  False after nt_call_fail. */
bool nt_chunks_add(nt_chunks_t *chunks, nt_str_t text, const char *source_id,
                   size_t start_index);

/* Frees all but the items, which it returns if `good`. */
json_t *nt_chunks_end(nt_chunks_t *chunks, bool good);

/* Reads chunk_size and chunk_overlap.  False after nt_call_fail. */
bool nt_chunks_sizes(nt_node_call_t *call, nt_splitter_t *splitter);

/* document_split.c, document_markdown.c */
extern const nt_node_type_t nt_document_html, nt_document_json,
    nt_document_recursively, nt_document_markdown;

#endif
