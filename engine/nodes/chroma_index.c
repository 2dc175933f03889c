/*
 * engine/nodes/chroma_index.c - vector.chroma.*: what is put into
 * collections.
 */

#include <stdlib.h>

#include "engine/nodes/chroma.h"
#include "engine/nodes/defaults.h"
#include "engine/nodes/ndarray.h"
#include "engine/nodes/ustr.h"


/* Chroma, too, leaves a record as it is whose id is added again. */
static void
log_known(nt_node_call_t *call, size_t known)
{
    if (known > 0) {
        nt_call_log(call, "warning",
                    "%zu record(s) with an id that the collection has already "
                    "were left as they are",
                    known);
    }
}


/* An id that is more than white space. */
static bool
arg_id(nt_node_call_t *call, const char *name, nt_str_t *id)
{
    if (!nt_arg_str(call, name, id)) {
        return false;
    }

    if (nt_ustr_strip(*id, NT_USTR_BOTH, NULL).len == 0) {
        (void) nt_call_fail(call, "'%s' must not be empty", name);
        return false;
    }

    return true;
}


/* --- texts --- */

/* One record, on its way through both work on the pool and the model. */
typedef struct {
    nt_record_t record;
    json_t     *texts; /* whose vectors it is made of */
    json_t     *model;
    size_t      dim;
    size_t      known;
    bool        good;
} text_t;


/* On the pool: the model, and whether the id is new. */
static void
prepare_text(nt_node_call_t *call, void *arg)
{
    int              rc;
    text_t          *text = arg;
    nt_collection_t *collection;

    collection = nt_chroma_open(call, &text->model);

    if (collection == NULL) {
        return;
    }

    rc = nt_collection_has(collection, text->record.id);
    text->known = rc == 1;
    text->good = rc >= 0;
    nt_collection_close(collection);
}


/* On the pool. */
static void
add_text(nt_node_call_t *call, void *arg)
{
    text_t          *text = arg;
    nt_collection_t *collection;

    collection = nt_chroma_open(call, NULL);
    text->good =
        collection != NULL && nt_collection_add(collection, &text->record, 1,
                                                text->dim, &text->known);

    if (collection != NULL) {
        nt_collection_close(collection);
    }
}


/* Makes one vector of those of the texts, in the first row. */
typedef void (*combine_t)(float *rows, size_t n, size_t dim);


static bool
index_text(nt_node_call_t *call, text_t *text, combine_t combine)
{
    float *rows;

    if (!nt_call_thread(call, prepare_text, text) || !text->good) {
        return false;
    }

    if (text->known > 0) {
        return true;
    }

    rows = nt_chroma_embed(call, text->model, text->texts, &text->dim);

    if (rows == NULL) {
        return false;
    }

    if (combine != NULL) {
        combine(rows, json_array_size(text->texts), text->dim);
    }

    text->record.vector = rows;
    text->good = false;
    (void) nt_call_thread(call, add_text, text);
    free(rows);
    return text->good;
}


/* Frees the texts and the model. */
static nt_node_rc_t
run_text(nt_node_call_t *call, text_t *text, combine_t combine)
{
    bool good;

    good = index_text(call, text, combine);
    json_decref(text->texts);
    json_decref(text->model);

    if (good) {
        log_known(call, text->known);
    }

    return good ? NT_NODE_DONE : NT_NODE_FAIL;
}


static nt_node_rc_t
run_single(nt_node_call_t *call)
{
    text_t text = { 0 };

    text.record.metadata = nt_call_input(call, "metadata");

    if (!arg_id(call, "document_id", &text.record.id) ||
        !nt_arg_str(call, "text", &text.record.document) ||
        !nt_collection_check(call, text.record.metadata))
    {
        return NT_NODE_FAIL;
    }

    text.texts = json_pack("[O]", nt_call_input(call, "text"));
    return text.texts == NULL ? nt_arg_nomem(call)
                              : run_text(call, &text, NULL);
}


/* --- IndexAggregatedText --- */

static void
combine_sum(float *rows, size_t n, size_t dim)
{
    size_t i, d;

    for (i = 1; i < n; i++) {
        for (d = 0; d < dim; d++) {
            rows[d] += rows[i * dim + d];
        }
    }
}


static void
combine_mean(float *rows, size_t n, size_t dim)
{
    size_t d;

    combine_sum(rows, n, dim);

    for (d = 0; d < dim; d++) {
        rows[d] /= (float) n;
    }
}


static void
combine_max(float *rows, size_t n, size_t dim)
{
    size_t i, d;

    for (i = 1; i < n; i++) {
        for (d = 0; d < dim; d++) {
            rows[d] = rows[i * dim + d] > rows[d] ? rows[i * dim + d] : rows[d];
        }
    }
}


static void
combine_min(float *rows, size_t n, size_t dim)
{
    size_t i, d;

    for (i = 1; i < n; i++) {
        for (d = 0; d < dim; d++) {
            rows[d] = rows[i * dim + d] < rows[d] ? rows[i * dim + d] : rows[d];
        }
    }
}


static const char *const aggregations[] = { "mean", "max", "min", "sum", NULL };

static const combine_t combines[] = { combine_mean, combine_max, combine_min,
                                      combine_sum };


/* The texts of the chunks; NULL after nt_call_fail. */
static json_t *
chunk_texts(nt_node_call_t *call)
{
    json_t *chunks, *chunk, *texts, *text;
    size_t  i;

    chunks = nt_arg_list(call, "text_chunks");

    if (chunks == NULL) {
        return NULL;
    }

    if (json_array_size(chunks) == 0) {
        (void) nt_call_fail(call, "'text_chunks' must not be empty");
        return NULL;
    }

    texts = json_array();

    json_array_foreach(chunks, i, chunk)
    {
        text = json_is_object(chunk) ? json_object_get(chunk, "text") : chunk;

        if (!json_is_string(text)) {
            (void) nt_call_fail(call, "'text_chunks' must be texts or text "
                                      "chunks");
            json_decref(texts);
            return NULL;
        }

        if (json_array_append(texts, text) != 0) {
            (void) nt_arg_nomem(call);
            json_decref(texts);
            return NULL;
        }
    }

    return texts;
}


static nt_node_rc_t
run_aggregated(nt_node_call_t *call)
{
    size_t   i;
    text_t   text = { 0 };
    nt_str_t aggregation;

    text.record.metadata = nt_call_input(call, "metadata");

    if (!arg_id(call, "document_id", &text.record.id) ||
        !arg_id(call, "document", &text.record.document) ||
        !nt_collection_check(call, text.record.metadata))
    {
        return NT_NODE_FAIL;
    }

    aggregation = nt_ustr(nt_call_input(call, "aggregation"));

    for (i = 0; aggregations[i] != NULL; i++) {
        if (nt_str_eq(aggregation, nt_str(aggregations[i]))) {
            break;
        }
    }

    if (aggregations[i] == NULL) {
        return nt_call_fail(call, "'aggregation' must be mean, max, min or "
                                  "sum");
    }

    text.texts = chunk_texts(call);
    return text.texts == NULL ? NT_NODE_FAIL
                              : run_text(call, &text, combines[i]);
}


/* --- IndexEmbedding --- */

/* The records of a list of ids, of which vectors and metadata are as many or
 * one; malloc'ed.  NULL after nt_call_fail. */
static nt_record_t *
make_records(nt_node_call_t *call, const json_t *ids, const json_t *metadata,
             const float *rows, size_t dim)
{
    size_t       i, n;
    json_t      *id;
    nt_record_t *records;

    n = json_array_size(ids);
    records = calloc(n, sizeof(*records));

    if (records == NULL) {
        (void) nt_arg_nomem(call);
        return NULL;
    }

    json_array_foreach(ids, i, id)
    {
        records[i].id = nt_ustr(id);
        records[i].vector = rows + i * dim;
        records[i].metadata =
            json_is_array(metadata) ? json_array_get(metadata, i) : metadata;

        if (!nt_collection_check(call, records[i].metadata)) {
            free(records);
            return NULL;
        }
    }

    return records;
}


/* The embedding as rows of floats, *dim in each, malloc'ed. */
static float *
read_rows(nt_node_call_t *call, size_t *n, size_t *dim)
{
    float       *rows;
    size_t       i;
    nt_ndarray_t a;

    if (!nt_arg_ndarray(call, "embedding", &a)) {
        nt_nd_free(&a);
        return NULL;
    }

    if ((a.n_dims != 1 && a.n_dims != 2) || a.size == 0) {
        (void) nt_call_fail(call, "'embedding' must be a vector or rows of "
                                  "vectors");
        nt_nd_free(&a);
        return NULL;
    }

    *dim = a.shape[a.n_dims - 1];
    *n = a.n_dims == 2 ? a.shape[0] : 1;
    rows = malloc(a.size * sizeof(*rows));

    if (rows == NULL) {
        (void) nt_arg_nomem(call);
    }

    for (i = 0; rows != NULL && i < a.size; i++) {
        rows[i] = (float) nt_nd_float(&a, i);
    }

    nt_nd_free(&a);
    return rows;
}


static bool
check_counts(nt_node_call_t *call, const json_t *ids, const json_t *metadata,
             size_t n)
{
    size_t n_ids;

    n_ids = json_array_size(ids);

    if (n_ids == 0) {
        (void) nt_call_fail(call, "'index_id' must not be empty");
    } else if (n_ids != n) {
        (void) nt_call_fail(call,
                            "'index_id' must have an id for each of the %zu "
                            "vectors, not %zu",
                            n, n_ids);
    } else if (json_is_array(metadata) && json_array_size(metadata) != n) {
        (void) nt_call_fail(call,
                            "'metadata' must be a dict or a list of a dict "
                            "for each of the %zu vectors",
                            n);
    } else {
        return true;
    }

    return false;
}


static bool
add_records(nt_node_call_t *call, const nt_record_t *records, size_t n,
            size_t dim)
{
    bool             good;
    size_t           known;
    nt_collection_t *collection;

    collection = nt_chroma_open(call, NULL);

    if (collection == NULL) {
        return false;
    }

    good = nt_collection_add(collection, records, n, dim, &known);
    nt_collection_close(collection);

    if (good) {
        log_known(call, known);
    }

    return good;
}


static nt_node_rc_t
run_embedding(nt_node_call_t *call)
{
    bool         good;
    float       *rows;
    size_t       n, dim;
    json_t      *ids;
    nt_str_t     id;
    nt_record_t *records = NULL;

    ids = nt_call_input(call, "index_id");

    if (!json_is_array(ids)) {
        if (!arg_id(call, "index_id", &id)) {
            return NT_NODE_FAIL;
        }

        ids = json_pack("[O]", ids);
    } else {
        json_incref(ids);
    }

    rows = ids != NULL ? read_rows(call, &n, &dim) : NULL;

    if (rows != NULL &&
        check_counts(call, ids, nt_call_input(call, "metadata"), n)) {
        records =
            make_records(call, ids, nt_call_input(call, "metadata"), rows, dim);
    }

    good = records != NULL && add_records(call, records, n, dim);
    free(records);
    free(rows);
    json_decref(ids);
    return good ? NT_NODE_DONE : NT_NODE_FAIL;
}


/* --- the types --- */

#define DOCUMENT_ID                                                            \
    NT_PROP("document_id", "str", "\"\"", "The id of the record")
#define TEXT     NT_PROP("text", "str", "\"\"", "The text")
#define METADATA NT_PROP("metadata", "dict", "{}", "What else is kept with it")

static const nt_property_t string_properties[] = { NT_CHROMA_COLLECTION, TEXT,
                                                   DOCUMENT_ID, METADATA,
                                                   NT_PROP_END };

static const nt_property_t chunk_properties[] = { NT_CHROMA_COLLECTION,
                                                  DOCUMENT_ID, TEXT, METADATA,
                                                  NT_PROP_END };

static const nt_property_t aggregated_properties[] = {
    NT_CHROMA_COLLECTION,
    NT_PROP("document", "str", "\"\"", "The text that is kept"),
    DOCUMENT_ID,
    METADATA,
    NT_PROP("text_chunks", "list[union[text_chunk,str]]", "[]",
            "The parts of it, of whose vectors one is made"),
    NT_PROP_ENUM("aggregation", aggregations, "\"mean\"",
                 "How that is made, number by number"),
    NT_PROP_END
};

static const nt_property_t embedding_properties[] = {
    NT_CHROMA_COLLECTION,
    NT_PROP("embedding", "np_array", NT_DEFAULT_NP_ARRAY,
            "A vector, or vectors in rows"),
    NT_PROP("index_id", "union[str,list[str]]", "\"\"",
            "The id of the record, or a list of them"),
    NT_PROP("metadata", "union[dict,list[dict]]", "{}",
            "What else is kept with it, or a list of that"),
    NT_PROP_END
};

static const nt_output_t no_outputs[] = { { NULL, NULL } };

const nt_node_type_t nt_chroma_index_string = {
    .type = "vector.chroma.IndexString",
    .title = "Index String",
    .description = "Adds a text to a collection.",
    .properties = string_properties,
    .outputs = no_outputs,
    .flags = NT_NODE_ASYNC,
    .run = run_single
};

const nt_node_type_t nt_chroma_index_chunk = {
    .type = "vector.chroma.IndexTextChunk",
    .title = "Index Text Chunk",
    .description = "Adds a part of a text to a collection.",
    .properties = chunk_properties,
    .outputs = no_outputs,
    .flags = NT_NODE_ASYNC,
    .run = run_single
};

const nt_node_type_t nt_chroma_index_aggregated = {
    .type = "vector.chroma.IndexAggregatedText",
    .title = "Index Aggregated Text",
    .description = "Adds a text to a collection by one vector, made of those "
                   "of its parts.",
    .properties = aggregated_properties,
    .outputs = no_outputs,
    .flags = NT_NODE_ASYNC,
    .run = run_aggregated
};

const nt_node_type_t nt_chroma_index_embedding = {
    .type = "vector.chroma.IndexEmbedding",
    .title = "Index Embedding",
    .description = "Adds vectors to a collection.",
    .properties = embedding_properties,
    .outputs = no_outputs,
    .flags = NT_NODE_THREAD,
    .run = run_embedding
};
