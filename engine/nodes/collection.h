/*
 * engine/nodes/collection.h - collections of vectors with their texts, as
 * Chroma has them: each an SQLite database in the folder "collections" of its
 * user, NAME.db.
 *
 * Records have an id, a metadata dict of texts, numbers, bools and nulls, a
 * vector, and a document or none.  All vectors of a collection have the
 * dimensions of the first one.  Search is exact, by the square of the
 * Euclidean distance.  Several processes may use a collection at once.
 *
 * Blocking: for the thread pool.  False, NULL or -1 stands after
 * nt_call_fail, unless something else is said.
 */

#ifndef NT_COLLECTION_H
#define NT_COLLECTION_H

#include "engine/nodes/args.h"

typedef struct nt_collection nt_collection_t;

typedef struct {
    nt_str_t      id;
    const json_t *metadata; /* checked by nt_collection_check */
    nt_str_t      document; /* no data: there is none */
    const float  *vector;
} nt_record_t;

/* The name in the property `collection`, or in a property that is a text. */
bool nt_arg_collection(nt_node_call_t *call, nt_str_t *name);
bool nt_collection_name(nt_node_call_t *call, nt_str_t name);

/* Is it a metadata dict? */
bool nt_collection_check(nt_node_call_t *call, const json_t *metadata);

/* Makes the collection if there is none of that name.  A `model` that is not
 * NULL becomes that of a collection without one; *kept is set when it has
 * another. */
bool nt_collection_create(nt_node_call_t *call, nt_str_t name,
                          const json_t *model, bool *kept);

nt_collection_t *nt_collection_open(nt_node_call_t *call, nt_str_t name);
void             nt_collection_close(nt_collection_t *collection);

/* The ref of the model that makes its vectors.  A new reference; NULL when
 * there is none, as well. */
json_t *nt_collection_model(nt_collection_t *collection);

int64_t nt_collection_count(nt_collection_t *collection);

/* 1 if there is a record of this id, else 0. */
int nt_collection_has(nt_collection_t *collection, nt_str_t id);

/* Adds all records or none; those whose id is there already are left out,
 * and counted in *known. */
bool nt_collection_add(nt_collection_t *collection, const nt_record_t *records,
                       size_t n, size_t dim, size_t *known);

/* The documents in the order in which they were added, "" for none: of those
 * with one of the ids, if there are ids, `limit` of them from `offset` on.  A
 * new reference. */
json_t *nt_collection_documents(nt_collection_t *collection, const json_t *ids,
                                int64_t limit, int64_t offset);

/* The nearest records: an array of {"id", "document", "metadata",
 * "distance"}, at most n of them.  `words` that is not NULL, an array of
 * texts, leaves those whose document has one of them in it, whatever its
 * case.  A new reference. */
json_t *nt_collection_search(nt_collection_t *collection, const float *vector,
                             size_t dim, size_t n, const json_t *words);

#endif
