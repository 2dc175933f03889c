/*
 * engine/nodes/faiss.c - vector.faiss.*: indexes of vectors.
 */

#include <float.h>
#include <stdlib.h>

#include "engine/nodes/defaults.h"
#include "engine/nodes/faiss_index.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"

static const double one = 1;


/* A property that is at least 1. */
static bool
arg_positive(nt_node_call_t *call, const char *name, size_t max, size_t *value)
{
    int64_t n;

    if (!nt_arg_int(call, name, &n)) {
        return false;
    }

    if (n < 1 || (size_t) n > max) {
        (void) nt_call_fail(call, "'%s' must be 1 to %zu", name, max);
        return false;
    }

    *value = (size_t) n;
    return true;
}


/* --- Create ... --- */

static nt_node_rc_t
create(nt_node_call_t *call, nt_faiss_t *index)
{
    if (!arg_positive(call, "dim", 65536, &index->dim)) {
        return NT_NODE_FAIL;
    }

    return nt_emit_faiss(call, index);
}


static nt_node_rc_t
run_create_l2(nt_node_call_t *call)
{
    return create(call, &(nt_faiss_t) { .metric = NT_METRIC_L2 });
}


static nt_node_rc_t
run_create_ip(nt_node_call_t *call)
{
    return create(call, &(nt_faiss_t) { .metric = NT_METRIC_IP });
}


static nt_node_rc_t
run_create_ivf(nt_node_call_t *call)
{
    nt_faiss_t index = { .ivf = true };

    if (!arg_positive(call, "nlist", NT_FAISS_LISTS_MAX, &index.n_lists)) {
        return NT_NODE_FAIL;
    }

    index.metric =
        nt_str_eq(nt_ustr(nt_call_input(call, "metric")), NT_STR("IP"))
            ? NT_METRIC_IP
            : NT_METRIC_L2;
    return create(call, &index);
}


/* --- TrainIndex --- */

static bool
train(nt_node_call_t *call, nt_faiss_t *index, const float *vectors, size_t n)
{
    /* as Faiss: an index that is trained stays as it is */
    if (!index->ivf || index->n_trained > 0) {
        return true;
    }

    if (n < index->n_lists) {
        (void) nt_call_fail(call,
                            "'vectors' has %zu vectors; the index has %zu "
                            "lists (nlist) and needs at least as many to be "
                            "trained",
                            n, index->n_lists);
        return false;
    }

    if (index->n_lists * index->dim * sizeof(float) > NT_FAISS_MAX) {
        (void) nt_call_fail(call, "the index has too many lists (nlist) of "
                                  "that many dimensions");
        return false;
    }

    return nt_faiss_train(call, index, vectors, n);
}


static nt_node_rc_t
run_train(nt_node_call_t *call)
{
    bool       good;
    float     *vectors = NULL;
    size_t     n = 0;
    nt_faiss_t index;

    if (nt_arg_faiss(call, &index)) {
        vectors = nt_arg_vectors(call, "vectors", &index, &n);
    }

    good = vectors != NULL && train(call, &index, vectors, n);
    free(vectors);

    if (!good) {
        nt_faiss_free(&index);
        return NT_NODE_FAIL;
    }

    return nt_emit_faiss(call, &index);
}


/* --- Add ... --- */

/* The ids of n vectors: those of the property, or if !given the next ones.
 * malloc'ed; NULL after nt_call_fail. */
static int64_t *
make_ids(nt_node_call_t *call, const nt_faiss_t *index, bool given, size_t n)
{
    size_t       i;
    int64_t     *ids;
    nt_ndarray_t a = { 0 };

    if (given && (!nt_arg_ndarray(call, "ids", &a) || a.size != n)) {
        if (a.i != NULL || a.f != NULL) {
            (void) nt_call_fail(call,
                                "'ids' must be as many as 'vectors': %zu, "
                                "not %zu",
                                n, a.size);
        }

        nt_nd_free(&a);
        return NULL;
    }

    ids = given && a.i == NULL ? NULL : malloc(n * sizeof(*ids));

    if (ids == NULL) {
        (void) (a.f != NULL ? nt_call_fail(call, "'ids' must be ints")
                            : nt_arg_nomem(call));
    }

    for (i = 0; ids != NULL && i < n; i++) {
        ids[i] = given ? a.i[i] : (int64_t) (index->n + i);
    }

    nt_nd_free(&a);
    return ids;
}


static bool
check_add(nt_node_call_t *call, const nt_faiss_t *index, bool given)
{
    if (index->ivf && index->n_trained == 0) {
        (void) nt_call_fail(call, "'index' must be trained before vectors are "
                                  "added: put Train Index in front");
        return false;
    }

    if (index->n > 0 && index->explicit_ids != given) {
        (void) nt_call_fail(call,
                            "'index' has vectors %s; others cannot be "
                            "added to it",
                            given ? "without ids of their own"
                                  : "with ids of their own");
        return false;
    }

    return true;
}


static nt_node_rc_t
add(nt_node_call_t *call, bool given)
{
    bool       good;
    float     *vectors = NULL;
    size_t     n = 0;
    int64_t   *ids = NULL;
    nt_faiss_t index;

    if (nt_arg_faiss(call, &index) && check_add(call, &index, given)) {
        vectors = nt_arg_vectors(call, "vectors", &index, &n);
    }

    if (vectors != NULL) {
        ids = make_ids(call, &index, given, n);
    }

    good = ids != NULL && nt_faiss_add(call, &index, vectors, ids, n);
    free(vectors);
    free(ids);

    if (!good) {
        nt_faiss_free(&index);
        return NT_NODE_FAIL;
    }

    index.explicit_ids = given;
    return nt_emit_faiss(call, &index);
}


static nt_node_rc_t
run_add(nt_node_call_t *call)
{
    return add(call, false);
}


static nt_node_rc_t
run_add_ids(nt_node_call_t *call)
{
    return add(call, true);
}


/* --- Search --- */

/* Row `row` of the results; places that nothing was found for have the id
 * -1, and the worst distance, as in Faiss. */
static bool
search_row(const nt_faiss_t *index, const float *query, size_t k,
           size_t n_probes, size_t row, nt_ndarray_t *distances,
           nt_ndarray_t *indices)
{
    bool         good;
    size_t       i;
    nt_nearest_t near;

    if (!nt_nearest_init(&near, index->metric, k)) {
        return false;
    }

    good = nt_faiss_search(index, query, n_probes, &near);
    nt_nearest_sort(&near);

    for (i = 0; i < k; i++) {
        distances->f[row * k + i] = i < near.n ? near.items[i].distance
                                    : index->metric == NT_METRIC_L2 ? FLT_MAX
                                                                    : -FLT_MAX;
        indices->i[row * k + i] = i < near.n ? near.items[i].label : -1;
    }

    nt_nearest_free(&near);
    return good;
}


static bool
search(nt_node_call_t *call, const nt_faiss_t *index, const float *queries,
       size_t n, nt_ndarray_t *distances, nt_ndarray_t *indices)
{
    size_t row, k, n_probes, shape[2];

    if (!arg_positive(call, "k", 1000000, &k) ||
        !arg_positive(call, "nprobe", NT_FAISS_LISTS_MAX, &n_probes))
    {
        return false;
    }

    shape[0] = n;
    shape[1] = k;

    if (!nt_nd_make(call, distances, NT_ND_F4, 2, shape) ||
        !nt_nd_make(call, indices, NT_ND_I8, 2, shape))
    {
        return false;
    }

    for (row = 0; row < n; row++) {
        if (nt_call_cancelled(call)) {
            (void) nt_call_fail(call, "the job was cancelled");
            return false;
        }

        if (!search_row(index, queries + row * index->dim, k, n_probes, row,
                        distances, indices))
        {
            (void) nt_arg_nomem(call);
            return false;
        }
    }

    return true;
}


static nt_node_rc_t
run_search(nt_node_call_t *call)
{
    bool         good;
    float       *queries = NULL;
    size_t       n = 0;
    nt_faiss_t   index;
    nt_ndarray_t distances = { 0 }, indices = { 0 };

    if (nt_arg_faiss(call, &index)) {
        queries = nt_arg_vectors(call, "query", &index, &n);
    }

    good = queries != NULL &&
           search(call, &index, queries, n, &distances, &indices);
    free(queries);
    nt_faiss_free(&index);

    if (!good || nt_emit_ndarray(call, "distances", &distances) != NT_NODE_DONE)
    {
        nt_nd_free(&distances);
        nt_nd_free(&indices);
        return NT_NODE_FAIL;
    }

    return nt_emit_ndarray(call, "indices", &indices);
}


/* --- the types --- */

static const char *const metrics[] = { "L2", "IP", NULL };

#define AT_LEAST_1(property, json, text)                                       \
    {                                                                          \
        .name = property, .type = "int", .default_json = json, .min = &one,    \
        .description = text                                                    \
    }
#define DIM AT_LEAST_1("dim", "768", "How many dimensions the vectors have")
#define INDEX                                                                  \
    NT_PROP("index", "faiss_index",                                            \
            "{\"type\":\"faiss_index\",\"index\":null}", "The index")
#define ARRAY(name, text) NT_PROP(name, "np_array", NT_DEFAULT_NP_ARRAY, text)
#define VECTORS(text)     ARRAY("vectors", text)

static const nt_property_t flat_properties[] = { DIM, NT_PROP_END };

static const nt_property_t ivf_properties[] = {
    DIM, AT_LEAST_1("nlist", "1024", "How many lists the vectors are put into"),
    NT_PROP_ENUM("metric", metrics, "\"L2\"",
                 "L2: the square of the Euclidean distance; IP: the inner "
                 "product"),
    NT_PROP_END
};

static const nt_property_t train_properties[] = {
    INDEX, VECTORS("Vectors like those that will be added"), NT_PROP_END
};

static const nt_property_t add_properties[] = {
    INDEX, VECTORS("The vectors, in rows; their ids count on"), NT_PROP_END
};

static const nt_property_t add_ids_properties[] = {
    INDEX, VECTORS("The vectors, in rows"), ARRAY("ids", "An int for each"),
    NT_PROP_END
};

static const nt_property_t search_properties[] = {
    INDEX, ARRAY("query", "A vector, or vectors in rows"),
    AT_LEAST_1("k", "5", "How many neighbours"),
    AT_LEAST_1("nprobe", "10",
               "How many of its lists an IVF index looks through"),
    NT_PROP_END
};

static const nt_output_t index_output[] = { { "output", "faiss_index" },
                                            { NULL, NULL } };
static const nt_output_t search_outputs[] = { { "distances", "np_array" },
                                              { "indices", "np_array" },
                                              { NULL, NULL } };

#define FAISS_TYPE(variable, name, words, text, in, out, function)             \
    static const nt_node_type_t variable = { .type = "vector.faiss." name,     \
                                             .title = words,                   \
                                             .description = text,              \
                                             .properties = in,                 \
                                             .outputs = out,                   \
                                             .flags = NT_NODE_THREAD,          \
                                             .run = function }

FAISS_TYPE(l2_type, "CreateIndexFlatL2", "Create Index Flat L2",
           "An empty index that compares with all vectors, by the square of "
           "the Euclidean distance.",
           flat_properties, index_output, run_create_l2);
FAISS_TYPE(ip_type, "CreateIndexFlatIP", "Create Index Flat IP",
           "An empty index that compares with all vectors, by the inner "
           "product: the cosine of vectors of length 1.",
           flat_properties, index_output, run_create_ip);
FAISS_TYPE(ivf_type, "CreateIndexIVFFlat", "Create Index IVFFlat",
           "An empty index that compares with the vectors in the nearest of "
           "its lists; it must be trained.",
           ivf_properties, index_output, run_create_ivf);
FAISS_TYPE(train_type, "TrainIndex", "Train Index",
           "Lays out the lists of an IVF index.", train_properties,
           index_output, run_train);
FAISS_TYPE(add_type, "AddVectors", "Add Vectors",
           "The index with more vectors.", add_properties, index_output,
           run_add);
FAISS_TYPE(add_ids_type, "AddWithIds", "Add With Ids",
           "The index with more vectors, which have ids of their own.",
           add_ids_properties, index_output, run_add_ids);
FAISS_TYPE(search_type, "Search", "Search",
           "The nearest vectors of an index, and how far they are.",
           search_properties, search_outputs, run_search);

static const nt_node_type_t *const types[] = { &l2_type,     &ip_type,
                                               &ivf_type,    &train_type,
                                               &add_type,    &add_ids_type,
                                               &search_type, NULL };

const nt_node_library_t nt_nodes_faiss = { .abi = NODETOOL_NODE_ABI,
                                           .name = "faiss",
                                           .types = types };
