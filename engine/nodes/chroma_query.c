/*
 * engine/nodes/chroma_query.c - vector.chroma.*: what is found in
 * collections.
 */

#include <stdlib.h>

#include "engine/nodes/chroma.h"
#include "engine/nodes/ustr.h"

#define RESULTS_MAX 10000

/* A search on its way through the model and work on the pool. */
typedef struct {
    json_t *texts; /* the one that is looked for */
    json_t *words; /* for a second search; NULL for none */
    json_t *model;
    float  *vector;
    size_t  dim;
    size_t  n;
    json_t *near;  /* what nt_collection_search found */
    json_t *named; /* ... with the words */
    bool    good;
} query_t;


static void
free_query(query_t *query)
{
    json_decref(query->texts);
    json_decref(query->words);
    json_decref(query->model);
    json_decref(query->near);
    json_decref(query->named);
    free(query->vector);
}


/* On the pool. */
static void
read_model(nt_node_call_t *call, void *arg)
{
    query_t         *query = arg;
    nt_collection_t *collection;

    collection = nt_chroma_open(call, &query->model);
    query->good = collection != NULL;

    if (collection != NULL) {
        nt_collection_close(collection);
    }
}


/* On the pool. */
static void
search(nt_node_call_t *call, void *arg)
{
    query_t         *query = arg;
    nt_collection_t *collection;

    query->good = false;
    collection = nt_chroma_open(call, NULL);

    if (collection == NULL) {
        return;
    }

    query->near = nt_collection_search(collection, query->vector, query->dim,
                                       query->n, NULL);

    if (query->near != NULL && query->words != NULL) {
        query->named = nt_collection_search(collection, query->vector,
                                            query->dim, query->n, query->words);
    }

    query->good =
        query->near != NULL && (query->words == NULL || query->named != NULL);
    nt_collection_close(collection);
}


/* Looks for the property `text`. */
static bool
run_query(nt_node_call_t *call, query_t *query)
{
    query->texts = json_pack("[O]", nt_call_input(call, "text"));

    if (query->texts == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    if (!nt_call_thread(call, read_model, query) || !query->good) {
        return false;
    }

    query->vector =
        nt_chroma_embed(call, query->model, query->texts, &query->dim);

    return query->vector != NULL && nt_call_thread(call, search, query) &&
           query->good;
}


static bool
arg_results(nt_node_call_t *call, int64_t *n)
{
    if (!nt_arg_int(call, "n_results", n)) {
        return false;
    }

    if (*n < 1 || *n > RESULTS_MAX) {
        (void) nt_call_fail(call, "'n_results' must be 1 to %d", RESULTS_MAX);
        return false;
    }

    return true;
}


/* Sends a list of one member of each record. */
static nt_node_rc_t
emit_member(nt_node_call_t *call, const char *output, const json_t *records,
            const char *member)
{
    json_t *list, *record;
    size_t  i;

    list = json_array();

    json_array_foreach(records, i, record)
    {
        if (json_array_append(list, json_object_get(record, member)) != 0) {
            json_decref(list);
            return nt_arg_nomem(call);
        }
    }

    return nt_call_emit(call, output, list);
}


static nt_node_rc_t
emit_records(nt_node_call_t *call, const json_t *records)
{
    static const char *const outputs[][2] = { { "ids", "id" },
                                              { "documents", "document" },
                                              { "metadatas", "metadata" },
                                              { "distances", "distance" } };

    size_t i;

    for (i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
        if (emit_member(call, outputs[i][0], records, outputs[i][1]) !=
            NT_NODE_DONE) {
            return NT_NODE_FAIL;
        }
    }

    return NT_NODE_DONE;
}


/* --- sorting --- */

typedef struct {
    json_t *record;
    double  score;
    size_t  place;
} ranked_t;


/* By id, in the order of code points. */
static int
by_id(const void *a, const void *b)
{
    return nt_ustr_cmp(nt_ustr(json_object_get(((const ranked_t *) a)->record,
                                               "id")),
                       nt_ustr(json_object_get(((const ranked_t *) b)->record,
                                               "id")));
}


/* The best score first; of equal ones, what came first. */
static int
by_score(const void *a, const void *b)
{
    const ranked_t *left = a, *right = b;

    if (left->score != right->score) {
        return left->score > right->score ? -1 : 1;
    }

    return left->place < right->place ? -1 : left->place > right->place;
}


/* The first n records of a list in another order, a new reference; each gets
 * its score. NULL when memory is out. */
static json_t *
take_sorted(ranked_t *ranked, size_t count, size_t n,
            int (*order)(const void *a, const void *b))
{
    json_t *list;
    size_t  i;

    list = json_array();

    if (count > 1) {
        qsort(ranked, count, sizeof(*ranked), order);
    }

    for (i = 0; list != NULL && i < count && i < n; i++) {
        if (json_object_set_new(ranked[i].record, "score",
                                json_real(ranked[i].score)) != 0 ||
            json_array_append(list, ranked[i].record) != 0)
        {
            json_decref(list);
            list = NULL;
        }
    }

    return list;
}


/* --- QueryText --- */

/* As NodeTool's, the results are in the order of their ids: chunks of a text
 * stand in its order. */
static json_t *
sort_by_id(const json_t *records)
{
    size_t    i;
    json_t   *list, *record;
    ranked_t *ranked;

    ranked = calloc(json_array_size(records) + 1, sizeof(*ranked));

    if (ranked == NULL) {
        return NULL;
    }

    json_array_foreach(records, i, record)
    {
        ranked[i].record = record;
    }

    list = take_sorted(ranked, json_array_size(records), SIZE_MAX, by_id);
    free(ranked);
    return list;
}


static nt_node_rc_t
run_text(nt_node_call_t *call)
{
    json_t      *sorted;
    query_t      query = { 0 };
    int64_t      n;
    nt_node_rc_t rc;

    if (!arg_results(call, &n)) {
        return NT_NODE_FAIL;
    }

    query.n = (size_t) n;

    if (!run_query(call, &query)) {
        free_query(&query);
        return NT_NODE_FAIL;
    }

    sorted = sort_by_id(query.near);
    free_query(&query);
    rc = sorted == NULL ? nt_arg_nomem(call) : emit_records(call, sorted);
    json_decref(sorted);
    return rc;
}


/* --- HybridSearch --- */

/* The words of the text that have at least `min` characters, in lower case,
 * each once.  *nomem, or NULL for no words. */
static json_t *
keywords(nt_str_t text, size_t min, bool *nomem)
{
    size_t   from, to;
    json_t  *words, *seen, *word;
    nt_str_t part, lower;
    nt_buf_t buf = { 0 };

    nt_ustr_lower(&buf, text);
    words = json_array();
    seen = json_object();
    lower = (nt_str_t) { buf.data, buf.len };
    *nomem = buf.failed || words == NULL || seen == NULL;

    for (from = 0; !*nomem && from < lower.len; from = to + 1) {
        for (to = from;
             to < lower.len && strchr(" ,.!?-_=|", lower.data[to]) == NULL;
             to++)
        { /* to the end of the word */
        }

        part = nt_ustr_strip((nt_str_t) { lower.data + from, to - from },
                             NT_USTR_BOTH, NULL);

        if (part.len == 0 || nt_ustr_len(part) < min ||
            json_object_getn(seen, part.data, part.len) != NULL)
        {
            continue;
        }

        word = nt_ustr_json(part);
        *nomem =
            json_object_setn_new(seen, part.data, part.len, json_true()) != 0 ||
            json_array_append_new(words, word) != 0;
    }

    json_decref(seen);
    nt_buf_free(&buf);

    if (*nomem || json_array_size(words) == 0) {
        json_decref(words);
        return NULL;
    }

    return words;
}


/* Adds what each record of a list gets for its place in it; `places` are
 * those of the ids in `ranked`.  False when memory is out. */
static bool
add_ranks(ranked_t *ranked, json_t *places, const json_t *records, double k)
{
    size_t        i, at;
    json_t       *record;
    nt_str_t      id;
    const json_t *place;

    json_array_foreach(records, i, record)
    {
        id = nt_ustr(json_object_get(record, "id"));
        place = json_object_getn(places, id.data, id.len);
        at = place != NULL ? (size_t) json_integer_value(place)
                           : json_object_size(places);

        if (place == NULL) {
            ranked[at] = (ranked_t) { .record = record, .place = at };

            if (json_object_setn_new(places, id.data, id.len,
                                     json_integer((json_int_t) at)) != 0)
            {
                return false;
            }
        }

        ranked[at].score += 1 / ((double) i + k);
    }

    return true;
}


/* Reciprocal rank fusion of both lists.  NULL when memory is out. */
static json_t *
fuse(const query_t *query, size_t n, double k)
{
    json_t   *list, *places;
    ranked_t *ranked;

    /* without words, what is near counts for both */
    const json_t *second = query->named != NULL ? query->named : query->near;

    list = NULL;
    places = json_object();
    ranked = calloc(json_array_size(query->near) + json_array_size(second) + 1,
                    sizeof(*ranked));

    if (ranked != NULL && places != NULL &&
        add_ranks(ranked, places, query->near, k) &&
        add_ranks(ranked, places, second, k))
    {
        list = take_sorted(ranked, json_object_size(places), n, by_score);
    }

    json_decref(places);
    free(ranked);
    return list;
}


static bool
prepare_hybrid(nt_node_call_t *call, query_t *query, int64_t *n, double *k)
{
    bool     nomem;
    int64_t  min;
    nt_str_t text;

    *k = nt_call_float(call, "k_constant");

    if (!arg_results(call, n) ||
        !nt_arg_int(call, "min_keyword_length", &min) ||
        !nt_arg_str(call, "text", &text))
    {
        return false;
    }

    if (!(*k > 0)) {
        (void) nt_call_fail(call, "'k_constant' must be greater than 0");
        return false;
    }

    if (nt_ustr_strip(text, NT_USTR_BOTH, NULL).len == 0) {
        (void) nt_call_fail(call, "'text' must not be empty");
        return false;
    }

    query->n = 2 * (size_t) *n;
    query->words = keywords(text, min > 0 ? (size_t) min : 0, &nomem);

    if (nomem) {
        (void) nt_arg_nomem(call);
    }

    return !nomem;
}


static nt_node_rc_t
run_hybrid(nt_node_call_t *call)
{
    double       k;
    json_t      *found;
    query_t      query = { 0 };
    int64_t      n;
    nt_node_rc_t rc;

    if (!prepare_hybrid(call, &query, &n, &k) || !run_query(call, &query)) {
        free_query(&query);
        return NT_NODE_FAIL;
    }

    found = fuse(&query, (size_t) n, k);
    free_query(&query);

    if (found == NULL) {
        return nt_arg_nomem(call);
    }

    rc = emit_records(call, found);

    if (rc == NT_NODE_DONE) {
        rc = emit_member(call, "scores", found, "score");
    }

    json_decref(found);
    return rc;
}


/* --- the types --- */

static const nt_property_t text_properties[] = {
    NT_CHROMA_COLLECTION, NT_PROP("text", "str", "\"\"", "What to look for"),
    NT_PROP("n_results", "int", "1", "How many records"), NT_PROP_END
};

static const nt_output_t text_outputs[] = { { "ids", "list[str]" },
                                            { "documents", "list[str]" },
                                            { "metadatas", "list[dict]" },
                                            { "distances", "list[float]" },
                                            { NULL, NULL } };

const nt_node_type_t nt_chroma_query_text = {
    .type = "vector.chroma.QueryText",
    .title = "Query Text",
    .description = "The records of a collection nearest to a text, in the "
                   "order of their ids.",
    .properties = text_properties,
    .outputs = text_outputs,
    .flags = NT_NODE_ASYNC,
    .run = run_text
};

static const nt_property_t hybrid_properties[] = {
    NT_CHROMA_COLLECTION,
    NT_PROP("text", "str", "\"\"", "What to look for"),
    NT_PROP("n_results", "int", "5", "How many records"),
    NT_PROP("k_constant", "float", "60.0",
            "The greater, the less the first places count"),
    NT_PROP("min_keyword_length", "int", "3",
            "Words of fewer characters are not looked for"),
    NT_PROP_END
};

static const nt_output_t hybrid_outputs[] = {
    { "ids", "list[str]" },        { "documents", "list[str]" },
    { "metadatas", "list[dict]" }, { "distances", "list[float]" },
    { "scores", "list[float]" },   { NULL, NULL }
};

const nt_node_type_t nt_chroma_hybrid = {
    .type = "vector.chroma.HybridSearch",
    .title = "Hybrid Search",
    .description = "The records nearest to a text and those that have its "
                   "words in them, by reciprocal rank fusion.",
    .properties = hybrid_properties,
    .outputs = hybrid_outputs,
    .flags = NT_NODE_ASYNC,
    .run = run_hybrid
};
