/*
 * engine/nodes/faiss_index.h - indexes of vectors as values.
 *
 * {"type": "faiss_index", "index": {"kind": "flat" or "ivf", "metric": "L2"
 * or "IP", "dim": 768, "nlist": 1024, "explicit_ids": false, "centroids",
 * "vectors", "ids", "lists"}}.  The last four are base64 of floats, floats,
 * int64s and int32s: nlist centroids of an "ivf" that was trained, n vectors,
 * their ids, and in which list (by its centroid) each is; the first and last
 * are empty for "flat".  An index that was never set is null.
 */

#ifndef NT_FAISS_INDEX_H
#define NT_FAISS_INDEX_H

#include "engine/nodes/ndarray.h"
#include "engine/nodes/vector.h"

#define NT_FAISS_MAX ((size_t) 64 * 1024 * 1024) /* bytes of its vectors */

#define NT_FAISS_LISTS_MAX 65536

/* A zeroed one may be freed. */
typedef struct {
    bool        ivf;
    bool        explicit_ids;
    nt_metric_t metric;
    size_t      dim;
    size_t      n_lists;   /* of an ivf */
    size_t      n_trained; /* centroids: 0 or n_lists */
    size_t      n;         /* vectors */
    float      *centroids;
    float      *vectors;
    int64_t    *ids;
    int32_t    *lists;
} nt_faiss_t;

/* The property `index`.  False after nt_call_fail; it is to be freed in
 * either case. */
bool nt_arg_faiss(nt_node_call_t *call, nt_faiss_t *index);
void nt_faiss_free(nt_faiss_t *index);

/* Sends it out of "output" and frees it. */
nt_node_rc_t nt_emit_faiss(nt_node_call_t *call, nt_faiss_t *index);

/* The property `name` as rows of as many floats as the index has dimensions:
 * malloc'ed, *n of them.  NULL after nt_call_fail. */
float *nt_arg_vectors(nt_node_call_t *call, const char *name,
                      const nt_faiss_t *index, size_t *n);

/* Makes n_lists centroids of the vectors, by k-means from starts that are
 * the same each time; the vectors are at least as many.  False after
 * nt_call_fail. */
bool nt_faiss_train(nt_node_call_t *call, nt_faiss_t *index,
                    const float *vectors, size_t n);

/* Adds vectors with these ids.  False after nt_call_fail. */
bool nt_faiss_add(nt_node_call_t *call, nt_faiss_t *index, const float *vectors,
                  const int64_t *ids, size_t n);

/* Collects the nearest to a query, in an ivf of `n_probes` lists.  False when
 * memory is out. */
bool nt_faiss_search(const nt_faiss_t *index, const float *query,
                     size_t n_probes, nt_nearest_t *nearest);

#endif
