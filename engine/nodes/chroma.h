/*
 * engine/nodes/chroma.h - what the files of vector.chroma.* share.
 */

#ifndef NT_CHROMA_H
#define NT_CHROMA_H

#include "engine/nodes/collection.h"

#define NT_CHROMA_COLLECTION                                                   \
    NT_PROP("collection", "collection",                                        \
            "{\"type\":\"collection\",\"name\":\"\"}", "The collection")

/* The vectors of texts by a model of nt_collection_model: rows, malloc'ed,
 * each of *dim floats.  `model` may be NULL, which fails.  Waits.  NULL after
 * nt_call_fail. */
float *nt_chroma_embed(nt_node_call_t *call, const json_t *model,
                       const json_t *texts, size_t *dim);

/* Opens the collection of the property `collection`, whose model becomes
 * *model, a new reference.  For the thread pool; NULL after nt_call_fail. */
nt_collection_t *nt_chroma_open(nt_node_call_t *call, json_t **model);

/* --- chroma_index.c, chroma_query.c --- */

extern const nt_node_type_t nt_chroma_index_embedding;
extern const nt_node_type_t nt_chroma_index_string;
extern const nt_node_type_t nt_chroma_index_chunk;
extern const nt_node_type_t nt_chroma_index_aggregated;
extern const nt_node_type_t nt_chroma_query_text;
extern const nt_node_type_t nt_chroma_hybrid;

#endif
