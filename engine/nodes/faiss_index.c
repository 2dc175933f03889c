/*
 * engine/nodes/faiss_index.c - indexes of vectors as values.
 */

#include <stdlib.h>

#include <openssl/evp.h>

#include "engine/assets/uri.h"
#include "engine/nodes/faiss_index.h"
#include "engine/nodes/ustr.h"

#define ROUNDS 10 /* of k-means, as in Faiss */


void
nt_faiss_free(nt_faiss_t *index)
{
    free(index->centroids);
    free(index->vectors);
    free(index->ids);
    free(index->lists);
    *index = (nt_faiss_t) { 0 };
}


/* --- from and to JSON --- */

static bool
malformed(nt_node_call_t *call)
{
    (void) nt_call_fail(call, "'index' is a malformed index; use one that "
                              "Create Index makes");
    return false;
}


/* The bytes of a member as an array of items: malloc'ed, *n of them; NULL
 * with false after nt_call_fail, and NULL for no bytes. */
static bool
read_items(nt_node_call_t *call, const json_t *index, const char *name,
           size_t size, void **items, size_t *n)
{
    nt_buf_t bytes = { 0 };

    if (nt_base64_decode(&bytes, nt_ustr(json_object_get(index, name))) !=
            NT_OK ||
        bytes.failed || bytes.len % size != 0)
    {
        nt_buf_free(&bytes);
        return malformed(call);
    }

    *n = bytes.len / size;
    *items = bytes.data;

    if (*n == 0) {
        nt_buf_free(&bytes);
        *items = NULL;
    }

    return true;
}


/* The arrays, which must fit each other. */
static bool
read_arrays(nt_node_call_t *call, const json_t *value, nt_faiss_t *index)
{
    void  *items;
    size_t i, n, row;

    row = index->dim * sizeof(float);

    if (!read_items(call, value, "centroids", row, &items, &index->n_trained)) {
        return false;
    }

    index->centroids = items;

    if (!read_items(call, value, "vectors", row, &items, &index->n)) {
        return false;
    }

    index->vectors = items;

    if (!read_items(call, value, "ids", sizeof(int64_t), &items, &n)) {
        return false;
    }

    index->ids = items;

    if (n != index->n ||
        !read_items(call, value, "lists", sizeof(int32_t), &items, &n))
    {
        return malformed(call);
    }

    index->lists = items;

    if (n != (index->ivf ? index->n : 0) ||
        (index->n_trained != 0 && index->n_trained != index->n_lists) ||
        (index->n > 0 && index->ivf && index->n_trained == 0))
    {
        return malformed(call);
    }

    for (i = 0; i < n; i++) {
        if (index->lists[i] < 0 || (size_t) index->lists[i] >= index->n_lists) {
            return malformed(call);
        }
    }

    return true;
}


bool
nt_arg_faiss(nt_node_call_t *call, nt_faiss_t *index)
{
    nt_str_t      kind, metric;
    json_int_t    dim, n_lists;
    const json_t *value;

    *index = (nt_faiss_t) { 0 };
    value = json_object_get(nt_call_input(call, "index"), "index");

    if (!json_is_object(value)) {
        (void) nt_call_fail(call, "'index' is not set: connect a Create Index "
                                  "node, or one that gives its index on");
        return false;
    }

    kind = nt_ustr(json_object_get(value, "kind"));
    metric = nt_ustr(json_object_get(value, "metric"));
    dim = json_integer_value(json_object_get(value, "dim"));
    n_lists = json_integer_value(json_object_get(value, "nlist"));
    index->ivf = nt_str_eq(kind, NT_STR("ivf"));
    index->explicit_ids = json_is_true(json_object_get(value, "explicit_ids"));

    if (dim < 1 || (size_t) dim > NT_FAISS_MAX / sizeof(float) || n_lists < 0 ||
        n_lists > NT_FAISS_LISTS_MAX ||
        (index->ivf ? n_lists == 0 : n_lists != 0) ||
        (!index->ivf && !nt_str_eq(kind, NT_STR("flat"))) ||
        (!nt_str_eq(metric, NT_STR("L2")) && !nt_str_eq(metric, NT_STR("IP"))))
    {
        return malformed(call);
    }

    index->metric =
        nt_str_eq(metric, NT_STR("L2")) ? NT_METRIC_L2 : NT_METRIC_IP;
    index->dim = (size_t) dim;
    index->n_lists = (size_t) n_lists;
    return read_arrays(call, value, index);
}


static json_t *
base64(const void *data, size_t len)
{
    char    *p;
    json_t  *text;
    nt_buf_t buf = { 0 };

    p = nt_buf_reserve(&buf, (len + 2) / 3 * 4 + 1);

    if (p == NULL) {
        return NULL;
    }

    /* at most 128 MiB, so an int holds it */
    buf.len =
        (size_t) EVP_EncodeBlock((unsigned char *) p,
                                 len > 0 ? data : (const void *) "", (int) len);
    text = json_stringn_nocheck(buf.data, buf.len);
    nt_buf_free(&buf);
    return text;
}


nt_node_rc_t
nt_emit_faiss(nt_node_call_t *call, nt_faiss_t *index)
{
    size_t  row;
    json_t *value;

    row = index->dim * sizeof(float);
    value =
        json_pack("{s:s, s:{s:s, s:s, s:I, s:I, s:b, s:o, s:o, s:o, s:o}}",
                  "type", "faiss_index", "index", "kind",
                  index->ivf ? "ivf" : "flat", "metric",
                  index->metric == NT_METRIC_L2 ? "L2" : "IP", "dim",
                  (json_int_t) index->dim, "nlist", (json_int_t) index->n_lists,
                  "explicit_ids", index->explicit_ids, "centroids",
                  base64(index->centroids, index->n_trained * row), "vectors",
                  base64(index->vectors, index->n * row), "ids",
                  base64(index->ids, index->n * sizeof(int64_t)), "lists",
                  base64(index->lists,
                         index->ivf ? index->n * sizeof(int32_t) : 0));
    nt_faiss_free(index);
    return nt_emit(call, value);
}


float *
nt_arg_vectors(nt_node_call_t *call, const char *name, const nt_faiss_t *index,
               size_t *n)
{
    float       *rows;
    size_t       k, dim;
    nt_ndarray_t a;

    if (!nt_arg_ndarray(call, name, &a)) {
        nt_nd_free(&a);
        return NULL;
    }

    rows = NULL;
    dim = a.n_dims > 0 ? a.shape[a.n_dims - 1] : 0;
    *n = a.n_dims == 2 ? a.shape[0] : 1;

    if (a.n_dims != 1 && a.n_dims != 2) {
        (void) nt_call_fail(call,
                            "'%s' must be a vector or rows of vectors, not an "
                            "array of %u dimensions",
                            name, a.n_dims);
    } else if (a.size == 0) {
        (void) nt_call_fail(call, "'%s' must not be empty", name);
    } else if (dim != index->dim) {
        (void) nt_call_fail(call,
                            "'%s' has vectors of %zu dimensions, the index of "
                            "%zu",
                            name, dim, index->dim);
    } else {
        rows = malloc(a.size * sizeof(*rows));

        if (rows == NULL) {
            (void) nt_arg_nomem(call);
        }
    }

    for (k = 0; rows != NULL && k < a.size; k++) {
        rows[k] = (float) nt_nd_float(&a, k);
    }

    nt_nd_free(&a);
    return rows;
}


/* --- the lists of an ivf --- */

static size_t
nearest_centroid(const nt_faiss_t *index, const float *vector)
{
    float  distance, best = 0;
    size_t i, at;

    for (i = at = 0; i < index->n_trained; i++) {
        distance =
            nt_vector_distance(index->metric, vector,
                               index->centroids + i * index->dim, index->dim);

        if (i == 0 ||
            (index->metric == NT_METRIC_L2 ? distance < best : distance > best))
        {
            best = distance;
            at = i;
        }
    }

    return at;
}


/* Moves each centroid to the mean of the vectors next to it; one that has
 * none takes the place of the next of all vectors in turn. */
static void
move_centroids(nt_faiss_t *index, const float *vectors, size_t n,
               const int32_t *near, size_t *counts)
{
    size_t i, d, next;
    float *centroid;

    (void) memset(counts, 0, index->n_lists * sizeof(*counts));
    (void) memset(index->centroids, 0,
                  index->n_lists * index->dim * sizeof(float));

    for (i = 0; i < n; i++) {
        counts[near[i]]++;
        centroid = index->centroids + (size_t) near[i] * index->dim;

        for (d = 0; d < index->dim; d++) {
            centroid[d] += vectors[i * index->dim + d];
        }
    }

    for (i = next = 0; i < index->n_lists; i++) {
        centroid = index->centroids + i * index->dim;

        if (counts[i] == 0) {
            (void) memcpy(centroid, vectors + next * index->dim,
                          index->dim * sizeof(float));
            next = (next + 1) % n;
            continue;
        }

        for (d = 0; d < index->dim; d++) {
            centroid[d] /= (float) counts[i];
        }
    }
}


bool
nt_faiss_train(nt_node_call_t *call, nt_faiss_t *index, const float *vectors,
               size_t n)
{
    size_t   i, round, *counts;
    int32_t *near;

    counts = calloc(index->n_lists, sizeof(*counts));
    near = calloc(n, sizeof(*near));
    index->centroids =
        calloc(index->n_lists, index->dim * sizeof(*index->centroids));

    if (counts == NULL || near == NULL || index->centroids == NULL) {
        free(counts);
        free(near);
        (void) nt_arg_nomem(call);
        return false;
    }

    /* starts all over the vectors */
    for (i = 0; i < index->n_lists; i++) {
        (void) memcpy(index->centroids + i * index->dim,
                      vectors + i * n / index->n_lists * index->dim,
                      index->dim * sizeof(float));
    }

    index->n_trained = index->n_lists;

    for (round = 0; round < ROUNDS; round++) {
        for (i = 0; i < n && !nt_call_cancelled(call); i++) {
            near[i] =
                (int32_t) nearest_centroid(index, vectors + i * index->dim);
        }

        move_centroids(index, vectors, n, near, counts);
    }

    free(counts);
    free(near);
    return true;
}


/* --- adding and searching --- */

/* Appends n items of `size` to *items, which has `had`. */
static bool
append(void *items, size_t had, const void *more, size_t n, size_t size)
{
    char  *grown;
    void **place;

    place = items;
    grown = realloc(*place, (had + n) * size);

    if (grown == NULL) {
        return false;
    }

    (void) memcpy(grown + had * size, more, n * size);
    *place = grown;
    return true;
}


bool
nt_faiss_add(nt_node_call_t *call, nt_faiss_t *index, const float *vectors,
             const int64_t *ids, size_t n)
{
    bool     good;
    size_t   i, row;
    int32_t *lists;

    row = index->dim * sizeof(float);

    if ((index->n + n) * row > NT_FAISS_MAX) {
        (void) nt_call_fail(call,
                            "an index that is passed from node to node holds "
                            "%zu vectors of %zu dimensions; collections "
                            "(vector.chroma) hold more",
                            NT_FAISS_MAX / row, index->dim);
        return false;
    }

    lists = calloc(n, sizeof(*lists));

    for (i = 0; lists != NULL && index->ivf && i < n; i++) {
        lists[i] = (int32_t) nearest_centroid(index, vectors + i * index->dim);
    }

    good = lists != NULL &&
           append(&index->vectors, index->n, vectors, n, row) &&
           append(&index->ids, index->n, ids, n, sizeof(*ids)) &&
           (!index->ivf ||
            append(&index->lists, index->n, lists, n, sizeof(*lists)));
    free(lists);

    if (!good) {
        (void) nt_arg_nomem(call);
        return false;
    }

    index->n += n;
    return true;
}


/* Which lists are looked at: an array of bools, malloc'ed; NULL when memory
 * is out. */
static bool *
probed_lists(const nt_faiss_t *index, const float *query, size_t n_probes)
{
    bool        *probed;
    size_t       i;
    nt_nearest_t near;

    probed = calloc(index->n_lists, sizeof(*probed));

    if (probed == NULL ||
        !nt_nearest_init(&near, index->metric,
                         n_probes < index->n_lists ? n_probes : index->n_lists))
    {
        free(probed);
        return NULL;
    }

    for (i = 0; i < index->n_trained; i++) {
        nt_nearest_add(&near,
                       nt_vector_distance(index->metric, query,
                                          index->centroids + i * index->dim,
                                          index->dim),
                       (int64_t) i);
    }

    for (i = 0; i < near.n; i++) {
        probed[near.items[i].label] = true;
    }

    nt_nearest_free(&near);
    return probed;
}


bool
nt_faiss_search(const nt_faiss_t *index, const float *query, size_t n_probes,
                nt_nearest_t *nearest)
{
    bool  *probed;
    size_t i;

    probed = NULL;

    if (index->ivf) {
        probed = probed_lists(index, query, n_probes);

        if (probed == NULL) {
            return false;
        }
    }

    for (i = 0; i < index->n; i++) {
        if (probed == NULL || probed[index->lists[i]]) {
            nt_nearest_add(nearest,
                           nt_vector_distance(index->metric, query,
                                              index->vectors + i * index->dim,
                                              index->dim),
                           index->ids[i]);
        }
    }

    free(probed);
    return true;
}
