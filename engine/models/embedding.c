/*
 * engine/models/embedding.c - texts as vectors: nodetool.text.Embedding, and
 * those of openai, gemini and mistral.
 *
 * A long text is embedded in chunks of so many characters, whose vectors are
 * averaged.
 */

#include "core/nt_utf8.h"
#include "engine/models/node.h"
#include "engine/nodes/ndarray.h"

#define NT_CHUNKS_MAX 10000


/* A list of texts.  A new reference; NULL after nt_call_fail. */
static json_t *
chunks_of(nt_node_call_t *call, nt_str_t text, int64_t size)
{
    size_t  start = 0, i = 0;
    int64_t n = 0;
    json_t *list = json_array();

    while (i < text.len) {
        i += (size_t) nt_utf8_step(text.data + i, text.len - i);
        n++;

        if (n < size && i < text.len) {
            continue;
        }

        if (json_array_size(list) == NT_CHUNKS_MAX) {
            json_decref(list);
            (void) nt_call_fail(call,
                                "'input' has more than %d chunks: make "
                                "'chunk_size' larger",
                                NT_CHUNKS_MAX);
            return NULL;
        }

        if (json_array_append_new(list, json_stringn(text.data + start,
                                                     i - start)) != 0)
        {
            json_decref(list);
            (void) nt_arg_nomem(call);
            return NULL;
        }

        start = i;
        n = 0;
    }

    return list;
}


/* Emits the mean of vectors (taken over). */
static nt_node_rc_t
emit_mean(nt_node_call_t *call, json_t *vectors)
{
    size_t       i, k, size = json_array_size(json_array_get(vectors, 0));
    json_t      *vector, *number;
    nt_ndarray_t mean = { 0 };

    if (vectors == NULL || !nt_nd_make(call, &mean, NT_ND_F8, 1, &size)) {
        json_decref(vectors);
        return NT_NODE_FAIL;
    }

    json_array_foreach(vectors, i, vector)
    {
        if (json_array_size(vector) != size) {
            json_decref(vectors);
            nt_nd_free(&mean);
            return nt_call_fail(call, "the provider sent vectors of different "
                                      "lengths");
        }

        json_array_foreach(vector, k, number)
        {
            mean.f[k] +=
                json_number_value(number) / (double) json_array_size(vectors);
        }
    }

    json_decref(vectors);

    return nt_emit_ndarray(call, "output", &mean);
}


/* Embeds `input` with a model (borrowed, NULL when memory is out). */
static nt_node_rc_t
embed(nt_node_call_t *call, const json_t *model, int64_t size)
{
    json_t  *chunks, *vectors;
    nt_str_t text;

    if (model == NULL) {
        return nt_arg_nomem(call);
    }

    if (!nt_arg_filled(call, "input", &text)) {
        return NT_NODE_FAIL;
    }

    if (size < 1) {
        return nt_call_fail(call, "'chunk_size' must be at least 1");
    }

    chunks = chunks_of(call, text, size);
    if (chunks == NULL) {
        return NT_NODE_FAIL;
    }

    vectors = nt_model_embed(call, model, chunks,
                             json_integer_value(
                                 json_object_get(model, "dimensions")));
    json_decref(chunks);

    return emit_mean(call, vectors);
}


static nt_node_rc_t
embed_by(nt_node_call_t *call, const char *provider, int64_t size)
{
    nt_node_rc_t rc;
    json_t      *model = json_pack("{s:s,s:O}", "provider", provider, "id",
                                   nt_call_input(call, "model"));

    rc = embed(call, model, size);
    json_decref(model);

    return rc;
}


/* --- nodes --- */

static const double most_chunk = 8192;

#define INPUT NT_PROP("input", "str", "\"\"", "The text")
#define CHUNK_SIZE                                                             \
    NT_PROP_INT("chunk_size", "4096", &nt_one, &most_chunk,                    \
                "Characters that are embedded at once; the vectors of a "      \
                "longer text are averaged")


static nt_node_rc_t
run_embedding(nt_node_call_t *call)
{
    return embed(call, nt_call_input(call, "model"),
                 nt_call_int(call, "chunk_size"));
}


static const nt_property_t embedding_properties[] = {
    NT_PROP("model", "embedding_model",
            "{\"type\":\"embedding_model\",\"provider\":\"openai\",\"id\":"
            "\"text-embedding-3-small\",\"name\":\"Text Embedding 3 Small\","
            "\"dimensions\":0}",
            "The model, of any provider that has embeddings"),
    INPUT, CHUNK_SIZE, NT_PROP_END
};

const nt_node_type_t nt_embedding = {
    .type = "nodetool.text.Embedding",
    .title = "Embedding",
    .description = "The vector of a text: texts that mean the same have "
                   "vectors that are near each other.",
    .properties = embedding_properties,
    .outputs = nt_out_np_array,
    .flags = NT_MODEL_NODE | NT_NODE_CACHE,
    .run = run_embedding
};


static nt_node_rc_t
run_openai(nt_node_call_t *call)
{
    return embed_by(call, "openai", nt_call_int(call, "chunk_size"));
}


static const char *const openai_models[] = { "text-embedding-3-large",
                                             "text-embedding-3-small", NULL };

static const nt_property_t openai_properties[] = {
    INPUT,
    NT_PROP_ENUM("model", openai_models, "\"text-embedding-3-small\"",
                 "The model"),
    NT_PROP_INT("chunk_size", "4096", NULL, NULL,
                "Characters that are embedded at once; the vectors of a "
                "longer text are averaged"),
    NT_PROP_END
};

const nt_node_type_t nt_openai_embedding = {
    .type = "openai.text.Embedding",
    .title = "Embedding",
    .description = "The vector of a text by a model of OpenAI.",
    .properties = openai_properties,
    .outputs = nt_out_np_array,
    .flags = NT_MODEL_NODE | NT_NODE_CACHE,
    .run = run_openai
};


static nt_node_rc_t
run_gemini(nt_node_call_t *call)
{
    return embed_by(call, "gemini", INT64_MAX);
}


static const char *const gemini_models[] = { "text-embedding-004",
                                             "gemini-embedding-001", NULL };

static const nt_property_t gemini_properties[] = {
    INPUT,
    NT_PROP_ENUM("model", gemini_models, "\"text-embedding-004\"", "The model"),
    NT_PROP_END
};

const nt_node_type_t nt_gemini_embedding = {
    .type = "gemini.text.Embedding",
    .title = "Embedding",
    .description = "The vector of a text by a model of Google.",
    .properties = gemini_properties,
    .outputs = nt_out_np_array,
    .flags = NT_MODEL_NODE | NT_NODE_CACHE,
    .run = run_gemini
};


static nt_node_rc_t
run_mistral(nt_node_call_t *call)
{
    return embed_by(call, "mistral", nt_call_int(call, "chunk_size"));
}


static const char *const mistral_models[] = { "mistral-embed", NULL };

static const nt_property_t mistral_properties[] = {
    INPUT,
    NT_PROP_ENUM("model", mistral_models, "\"mistral-embed\"", "The model"),
    CHUNK_SIZE, NT_PROP_END
};

const nt_node_type_t nt_mistral_embedding = {
    .type = "mistral.embeddings.Embedding",
    .title = "Embedding",
    .description = "The vector of a text by a model of Mistral.",
    .properties = mistral_properties,
    .outputs = nt_out_np_array,
    .flags = NT_MODEL_NODE | NT_NODE_CACHE,
    .run = run_mistral
};
