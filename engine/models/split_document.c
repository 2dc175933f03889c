/*
 * engine/models/split_document.c - nodetool.document.SplitDocument: chunks of
 * sentences that are about the same.
 *
 * Each sentence is embedded with its neighbours; where two that follow each
 * other are further apart than so many percent of all such pairs, a chunk
 * ends (as LlamaIndex's SemanticSplitterNodeParser has it).
 */

#include <math.h>
#include <stdlib.h>

#include "engine/models/node.h"
#include "engine/models/sentences.h"
#include "engine/nodes/document.h"
#include "engine/nodes/ustr.h"

#define NT_SENTENCES_MAX 20000

typedef struct {
    nt_document_t document;
    nt_str_t      text;
    size_t        n; /* sentences */
    size_t       *ends;
    double       *distances; /* between sentence i and i + 1 */
} split_t;


static bool
find_sentences(nt_node_call_t *call, split_t *s)
{
    size_t at = 0, cap = 0;

    while (at < s->text.len) {
        if (s->n == NT_SENTENCES_MAX) {
            (void) nt_call_fail(call,
                                "'document' has more than %d sentences: "
                                "split it first",
                                NT_SENTENCES_MAX);
            return false;
        }

        if (s->n == cap) {
            size_t *ends;

            cap = cap != 0 ? cap * 2 : 64;
            ends = realloc(s->ends, cap * sizeof(*ends));
            if (ends == NULL) {
                (void) nt_arg_nomem(call);
                return false;
            }

            s->ends = ends;
        }

        at += nt_sentence((nt_str_t) { s->text.data + at, s->text.len - at });
        s->ends[s->n++] = at;
    }

    return true;
}


static size_t
start_of(const split_t *s, size_t i)
{
    return i == 0 ? 0 : s->ends[i - 1];
}


/* Each sentence with those around it.  New reference; NULL when memory is
 * out. */
static json_t *
windows_of(const split_t *s, size_t buffer)
{
    size_t  from, to;
    json_t *list = json_array();

    for (size_t i = 0; i < s->n; i++) {
        from = start_of(s, i > buffer ? i - buffer : 0);
        to = s->ends[i + buffer < s->n ? i + buffer : s->n - 1];
        if (json_array_append_new(list, json_stringn(s->text.data + from,
                                                     to - from)) != 0)
        {
            json_decref(list);
            return NULL;
        }
    }

    return list;
}


/* 1 - the cosine of the angle between two vectors. */
static double
distance(const json_t *a, const json_t *b)
{
    double x, y, dot = 0, aa = 0, bb = 0;

    for (size_t i = 0; i < json_array_size(a); i++) {
        x = json_number_value(json_array_get(a, i));
        y = json_number_value(json_array_get(b, i));
        dot += x * y;
        aa += x * x;
        bb += y * y;
    }

    return aa > 0 && bb > 0 ? 1 - dot / sqrt(aa * bb) : 1;
}


static bool
measure(nt_node_call_t *call, split_t *s)
{
    json_t *windows = windows_of(s, (size_t) nt_call_int(call, "buffer_size"));
    json_t *vectors;

    if (windows == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    vectors =
        nt_model_embed(call, nt_call_input(call, "embed_model"), windows, 0);
    json_decref(windows);
    if (vectors == NULL) {
        return false;
    }

    s->distances = calloc(s->n, sizeof(*s->distances));
    for (size_t i = 0; s->distances != NULL && i + 1 < s->n; i++) {
        s->distances[i] = distance(json_array_get(vectors, i),
                                   json_array_get(vectors, i + 1));
    }

    json_decref(vectors);
    if (s->distances == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    return true;
}


static int
compare_doubles(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;

    return (x > y) - (x < y);
}


/* numpy.percentile(distances, percent), linear between two.  False when memory
 * is out. */
static bool
percentile(const split_t *s, double percent, double *value)
{
    size_t  n = s->n - 1, low;
    double  at;
    double *sorted = malloc(n * sizeof(*sorted));

    if (sorted == NULL) {
        return false;
    }

    memcpy(sorted, s->distances, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), compare_doubles);
    at = percent / 100 * (double) (n - 1);
    low = (size_t) at;
    *value = low + 1 < n ? sorted[low] + (at - (double) low) *
                                             (sorted[low + 1] - sorted[low])
                         : sorted[n - 1];
    free(sorted);

    return true;
}


/* `start` is where it starts in characters. */
static bool
emit_chunk(nt_node_call_t *call, const split_t *s, nt_str_t chunk, size_t start)
{
    return nt_call_emit(call, "text", nt_ustr_json(chunk)) == NT_NODE_DONE &&
           nt_call_emit(call, "source_id",
                        json_string(s->document.source_id)) == NT_NODE_DONE &&
           nt_call_emit(call, "start_index",
                        json_integer((json_int_t) start)) == NT_NODE_DONE;
}


static bool
emit_chunks(nt_node_call_t *call, split_t *s)
{
    size_t   from = 0, start = 0;
    double   limit = INFINITY;
    nt_str_t chunk;

    if (s->n > 1 &&
        (!measure(call, s) ||
         !percentile(s, (double) nt_call_int(call, "threshold"), &limit)))
    {
        (void) nt_arg_nomem(call); /* unless it has failed already */
        return false;
    }

    for (size_t i = 0; i < s->n; i++) {
        if (i + 1 < s->n && s->distances[i] <= limit) {
            continue;
        }

        chunk = (nt_str_t) { s->text.data + from, s->ends[i] - from };
        if (!emit_chunk(call, s, chunk, start)) {
            return false;
        }

        start += nt_ustr_len(chunk);
        from = s->ends[i];
    }

    return true;
}


static nt_node_rc_t
run_split(nt_node_call_t *call)
{
    bool    good;
    split_t s = { 0 };

    if (nt_call_int(call, "buffer_size") < 1) {
        return nt_call_fail(call, "'buffer_size' must be at least 1");
    }

    if (!nt_document_read(call, &s.document)) {
        return NT_NODE_FAIL;
    }

    s.text = (nt_str_t) { json_string_value(s.document.text),
                          json_string_length(s.document.text) };
    good = find_sentences(call, &s) && emit_chunks(call, &s);

    free(s.ends);
    free(s.distances);
    json_decref(s.document.text);

    return good ? NT_NODE_DONE : NT_NODE_FAIL;
}


static const double most_buffer = 100, most_percent = 100;

static const nt_property_t properties[] = {
    NT_PROP("embed_model", "language_model",
            "{\"type\":\"language_model\",\"provider\":\"ollama\",\"id\":"
            "\"embeddinggemma\",\"name\":\"\",\"path\":null,"
            "\"supported_tasks\":[]}",
            "The model that embeds, of any provider that has such ones"),
    NT_DOCUMENT_PROPERTY,
    NT_PROP_INT("buffer_size", "1", &nt_one, &most_buffer,
                "Sentences around each that are looked at with it"),
    NT_PROP_INT("threshold", "95", &nt_zero, &most_percent,
                "Percent of the neighbouring sentences that stay together"),
    NT_PROP_END
};

const nt_node_type_t nt_split_document = {
    .type = "nodetool.document.SplitDocument",
    .title = "Split Document",
    .description = "A document in chunks of sentences that are about the same.",
    .properties = properties,
    .outputs = nt_document_chunks,
    .flags = NT_MODEL_NODE | NT_NODE_STREAMING_OUTPUT,
    .run = run_split
};
