/*
 * engine/nodes/chroma.c - vector.chroma.*: collections of vectors and texts.
 */

#include <stdlib.h>

#include "engine/models/models.h"
#include "engine/nodes/chroma.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"


/* --- embedding --- */

/* One row of floats; false when it has another length. */
static bool
copy_row(float *row, const json_t *numbers, size_t dim)
{
    size_t  i;
    json_t *number;

    if (json_array_size(numbers) != dim) {
        return false;
    }

    json_array_foreach(numbers, i, number)
    {
        row[i] = (float) json_number_value(number);
    }

    return true;
}


float *
nt_chroma_embed(nt_node_call_t *call, const json_t *model, const json_t *texts,
                size_t *dim)
{
    float  *rows;
    size_t  i, n;
    json_t *vectors;

    if (model == NULL) {
        (void) nt_call_fail(call, "the collection has no embedding model; give "
                                  "the Collection node one (embedding_model)");
        return NULL;
    }

    vectors = nt_model_embed(call, model, texts, 0);

    if (vectors == NULL) {
        return NULL;
    }

    n = json_array_size(vectors);
    *dim = json_array_size(json_array_get(vectors, 0));
    rows = malloc((n * *dim + 1) * sizeof(*rows));

    if (rows == NULL) {
        json_decref(vectors);
        (void) nt_arg_nomem(call);
        return NULL;
    }

    for (i = 0; i < n; i++) {
        if (!copy_row(rows + i * *dim, json_array_get(vectors, i), *dim)) {
            break;
        }
    }

    json_decref(vectors);

    if (i < n || n != json_array_size(texts) || *dim == 0) {
        free(rows);
        (void) nt_call_fail(call, "the embedding model did not send a vector "
                                  "for each text");
        return NULL;
    }

    return rows;
}


nt_collection_t *
nt_chroma_open(nt_node_call_t *call, json_t **model)
{
    nt_str_t         name;
    nt_collection_t *collection;

    if (!nt_arg_collection(call, &name)) {
        return NULL;
    }

    collection = nt_collection_open(call, name);

    if (collection != NULL && model != NULL) {
        *model = nt_collection_model(collection);
    }

    return collection;
}


/* --- Collection --- */

/* What the property names, as a ref that providers know: a llama_model is one
 * of Ollama's.  NULL for none, or *nomem. */
static json_t *
embedding_model(nt_node_call_t *call, bool *nomem)
{
    json_t       *model;
    nt_str_t      id, provider;
    const json_t *value;

    value = nt_call_input(call, "embedding_model");
    id = nt_ustr(json_object_get(value, "id"));
    provider = nt_ustr(json_object_get(value, "provider"));

    if (id.len == 0) {
        id = nt_ustr(json_object_get(value, "repo_id"));
        provider = NT_STR("ollama");
    }

    if (id.len == 0) {
        return NULL;
    }

    model =
        json_pack("{s:s, s:s%, s:s%}", "type", "embedding_model", "provider",
                  provider.data, provider.len, "id", id.data, id.len);
    *nomem = model == NULL;
    return model;
}


static nt_node_rc_t
run_collection(nt_node_call_t *call)
{
    bool     good, kept, nomem;
    json_t  *model;
    nt_str_t name;

    if (!nt_arg_str(call, "name", &name) || !nt_collection_name(call, name)) {
        return NT_NODE_FAIL;
    }

    nomem = false;
    model = embedding_model(call, &nomem);

    if (nomem) {
        return nt_arg_nomem(call);
    }

    good = nt_collection_create(call, name, model, &kept);
    json_decref(model);

    if (!good) {
        return NT_NODE_FAIL;
    }

    if (kept) {
        nt_call_log(call, "warning",
                    "collection \"%.*s\" keeps the embedding model that it "
                    "was made with",
                    (int) name.len, name.data);
    }

    return nt_emit(call, json_pack("{s:s, s:s%}", "type", "collection", "name",
                                   name.data, name.len));
}


static const nt_property_t collection_properties[] = {
    NT_PROP("name", "str", "\"\"", "The name of the collection"),
    NT_PROP("embedding_model", "llama_model",
            "{\"type\":\"llama_model\",\"name\":\"\",\"repo_id\":\"\","
            "\"modified_at\":\"\",\"size\":0,\"digest\":\"\",\"details\":{}}",
            "The model that makes vectors of texts: one of Ollama's by its "
            "repo_id, or another by provider and id"),
    NT_PROP_END
};

static const nt_output_t collection_output[] = { { "output", "collection" },
                                                 { NULL, NULL } };

static const nt_node_type_t collection_type = {
    .type = "vector.chroma.Collection",
    .title = "Collection",
    .description = "A collection of the user's, made if it is not there.",
    .properties = collection_properties,
    .outputs = collection_output,
    .flags = NT_NODE_THREAD,
    .run = run_collection
};


/* --- Count, GetDocuments, Peek --- */

static nt_node_rc_t
run_count(nt_node_call_t *call)
{
    int64_t          count;
    nt_collection_t *collection;

    collection = nt_chroma_open(call, NULL);

    if (collection == NULL) {
        return NT_NODE_FAIL;
    }

    count = nt_collection_count(collection);
    nt_collection_close(collection);
    return count < 0 ? NT_NODE_FAIL : nt_emit(call, json_integer(count));
}


static nt_node_rc_t
emit_documents(nt_node_call_t *call, const json_t *ids, int64_t offset)
{
    int64_t          limit;
    json_t          *documents;
    nt_collection_t *collection;

    if (!nt_arg_int(call, "limit", &limit)) {
        return NT_NODE_FAIL;
    }

    if (limit < 0 || offset < 0) {
        return nt_call_fail(call, "'%s' must not be negative",
                            limit < 0 ? "limit" : "offset");
    }

    collection = nt_chroma_open(call, NULL);

    if (collection == NULL) {
        return NT_NODE_FAIL;
    }

    documents = nt_collection_documents(collection, ids, limit, offset);
    nt_collection_close(collection);
    return documents == NULL ? NT_NODE_FAIL : nt_emit(call, documents);
}


static nt_node_rc_t
run_get(nt_node_call_t *call)
{
    json_t *ids;
    int64_t offset;

    ids = nt_arg_list(call, "ids");
    return ids == NULL || !nt_arg_int(call, "offset", &offset)
               ? NT_NODE_FAIL
               : emit_documents(call, ids, offset);
}


static nt_node_rc_t
run_peek(nt_node_call_t *call)
{
    json_t      *none;
    nt_node_rc_t rc;

    none = json_array();
    rc = none == NULL ? nt_arg_nomem(call) : emit_documents(call, none, 0);
    json_decref(none);
    return rc;
}


static const nt_property_t count_properties[] = { NT_CHROMA_COLLECTION,
                                                  NT_PROP_END };

static const nt_property_t get_properties[] = {
    NT_CHROMA_COLLECTION,
    NT_PROP("ids", "list[str]", "[]", "Whose documents; none: of all"),
    NT_PROP("limit", "int", "100", "At most so many"),
    NT_PROP("offset", "int", "0", "How many to leave out first"), NT_PROP_END
};

static const nt_property_t peek_properties[] = {
    NT_CHROMA_COLLECTION, NT_PROP("limit", "int", "100", "At most so many"),
    NT_PROP_END
};

static const nt_output_t texts_output[] = { { "output", "list[str]" },
                                            { NULL, NULL } };

static const nt_node_type_t count_type = {
    .type = "vector.chroma.Count",
    .title = "Count",
    .description = "How many records a collection has.",
    .properties = count_properties,
    .outputs = nt_out_int,
    .flags = NT_NODE_THREAD,
    .run = run_count
};

static const nt_node_type_t get_type = {
    .type = "vector.chroma.GetDocuments",
    .title = "Get Documents",
    .description = "Documents of a collection, in the order in which they "
                   "were added.",
    .properties = get_properties,
    .outputs = texts_output,
    .flags = NT_NODE_THREAD,
    .run = run_get
};

static const nt_node_type_t peek_type = {
    .type = "vector.chroma.Peek",
    .title = "Peek",
    .description = "The first documents of a collection.",
    .properties = peek_properties,
    .outputs = texts_output,
    .flags = NT_NODE_THREAD,
    .run = run_peek
};


/* --- RemoveOverlap --- */

/* How many words at the end of `last` are those at the start of `next`, if
 * at least `min` are. */
static size_t
overlap(const json_t *last, const json_t *next, size_t min)
{
    size_t n, i, last_n, next_n;

    last_n = json_array_size(last);
    next_n = json_array_size(next);

    for (n = last_n < next_n ? last_n : next_n; n >= min && n > 0; n--) {
        for (i = 0; i < n; i++) {
            if (!json_equal(json_array_get(last, last_n - n + i),
                            json_array_get(next, i))) {
                break;
            }
        }

        if (i == n) {
            return n;
        }
    }

    return 0;
}


/* The words from `from` on, as a text; "" for none, NULL when memory is
 * out. */
static json_t *
join_words(const json_t *words, size_t from)
{
    size_t   i;
    nt_buf_t text = { 0 };

    for (i = from; i < json_array_size(words); i++) {
        if (i > from) {
            nt_buf_append_char(&text, ' ');
        }

        nt_buf_append_str(&text, nt_ustr(json_array_get(words, i)));
    }

    return nt_ustr_take(&text);
}


/* Appends a document to the result, without what the last one of the result
 * ends with.  False when memory is out. */
static bool
append_rest(json_t *result, json_t *document, size_t min)
{
    bool    good;
    json_t *last, *next, *rest;
    size_t  n, i;

    n = json_array_size(result);
    last = n == 0 ? json_array()
                  : nt_ustr_split_space(nt_ustr(json_array_get(result, n - 1)),
                                        -1);
    next = nt_ustr_split_space(nt_ustr(document), -1);
    good = last != NULL && next != NULL;
    i = good ? overlap(last, next, min) : 0;

    if (i > 0) {
        rest = join_words(next, i);
        good = rest != NULL && (json_string_length(rest) == 0 ||
                                json_array_append(result, rest) == 0);
        json_decref(rest);
    } else if (good) {
        good = json_array_append(result, document) == 0;
    }

    json_decref(last);
    json_decref(next);
    return good;
}


static nt_node_rc_t
run_overlap(nt_node_call_t *call)
{
    json_t *documents, *document, *result;
    size_t  i;
    int64_t min;

    documents = nt_arg_list(call, "documents");

    if (documents == NULL || !nt_arg_int(call, "min_overlap_words", &min)) {
        return NT_NODE_FAIL;
    }

    if (min < 1) {
        return nt_call_fail(call, "'min_overlap_words' must be at least 1");
    }

    result = json_array();

    json_array_foreach(documents, i, document)
    {
        if (nt_call_cancelled(call) ||
            !append_rest(result, document, (size_t) min)) {
            json_decref(result);
            return nt_arg_nomem(call);
        }
    }

    return nt_call_emit(call, "documents", result);
}


static const nt_property_t overlap_properties[] = {
    NT_PROP("documents", "list[str]", "[]", "Texts that follow each other"),
    NT_PROP("min_overlap_words", "int", "2", "How many words are an overlap"),
    NT_PROP_END
};

static const nt_output_t overlap_output[] = { { "documents", "list[str]" },
                                              { NULL, NULL } };

static const nt_node_type_t overlap_type = {
    .type = "vector.chroma.RemoveOverlap",
    .title = "Remove Overlap",
    .description = "Takes words off the start of each text that the one "
                   "before it ends with.",
    .properties = overlap_properties,
    .outputs = overlap_output,
    .flags = NT_NODE_THREAD,
    .run = run_overlap
};

static const nt_node_type_t *const types[] = { &collection_type,
                                               &count_type,
                                               &get_type,
                                               &peek_type,
                                               &overlap_type,
                                               &nt_chroma_index_embedding,
                                               &nt_chroma_index_string,
                                               &nt_chroma_index_chunk,
                                               &nt_chroma_index_aggregated,
                                               &nt_chroma_query_text,
                                               &nt_chroma_hybrid,
                                               NULL };

const nt_node_library_t nt_nodes_chroma = { .abi = NODETOOL_NODE_ABI,
                                            .name = "chroma",
                                            .types = types };
