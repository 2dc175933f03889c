/*
 * core/llm/nt_llm_reply.c - whole replies.
 */

#include "core/llm/nt_llm_private.h"


/* An object, or NULL with *rc. */
static json_t *
parse(const nt_llm_dialect_t *dialect, nt_str_t body, nt_rc_t *rc,
      nt_llm_error_t *error)
{
    json_t *value = nt_llm_object(nt_llm_text(body), rc);

    if (value == NULL && *rc != NT_NOMEM) {
        *rc = nt_llm_fail(error, "", "%s sent something that is not JSON.",
                          dialect->title);
        error->kind = NT_LLM_PROTOCOL;
        error->status = 502;
    }

    return value;
}


/* Errors move out of the stream that made them. */
static void
move_error(nt_llm_stream_t *s, nt_llm_error_t *error)
{
    nt_llm_error_free(error);
    *error = s->error;
    memset(&s->error, 0, sizeof(s->error));
}


nt_rc_t
nt_llm_reply(const nt_llm_dialect_t *dialect, nt_str_t body, json_t **out,
             nt_llm_error_t *error)
{
    nt_rc_t           rc;
    json_t           *reply = parse(dialect, body, &rc, error);
    nt_llm_stream_t  *s;
    nt_llm_collect_t *collect;

    if (reply == NULL) {
        return rc;
    }

    collect = nt_llm_collect_new();
    s = nt_llm_stream_new(dialect, nt_llm_collect_add, collect);
    rc = collect != NULL && s != NULL ? dialect->whole(s, reply) : NT_NOMEM;

    if (rc == NT_OK && !s->done) {
        rc = nt_llm_protocol(s, "sent a reply without an answer.");
    }

    if (rc == NT_LIMIT) {
        rc = nt_llm_protocol(s, "sent more at once than can be taken.");
    }

    if (rc == NT_OK) {
        *out = dialect->canonical ? json_incref(reply)
                                  : nt_llm_collect_reply(collect);
        rc = *out != NULL ? NT_OK : NT_NOMEM;
    } else if (rc == NT_ERROR) {
        move_error(s, error);
    }

    nt_llm_stream_free(s);
    nt_llm_collect_free(collect);
    json_decref(reply);

    return rc;
}


/* --- embeddings --- */

static bool
is_vector(const json_t *vector)
{
    size_t  i;
    json_t *number;

    json_array_foreach(vector, i, number)
    {
        if (!json_is_number(number)) {
            return false;
        }
    }

    return json_array_size(vector) != 0;
}


static json_t *
embedding_list(const json_t *vectors)
{
    size_t  i;
    json_t *vector, *list = json_array();

    json_array_foreach(vectors, i, vector)
    {
        if (nt_llm_append(list, json_pack("{s:s,s:I,s:O}", "object",
                                          "embedding", "index", (json_int_t) i,
                                          "embedding", vector)) != NT_OK)
        {
            json_decref(list);
            return NULL;
        }
    }

    return list;
}


static nt_rc_t
embedding_reply(const json_t *vectors, const nt_llm_usage_t *usage,
                json_t **out)
{
    *out = json_pack("{s:s,s:o}", "object", "list", "data",
                     embedding_list(vectors));

    if (*out != NULL && usage->prompt >= 0 &&
        nt_llm_set(*out, "usage", nt_llm_usage_json(usage)) != NT_OK)
    {
        json_decref(*out);
        *out = NULL;
    }

    return *out != NULL ? NT_OK : NT_NOMEM;
}


nt_rc_t
nt_llm_embeddings(const nt_llm_dialect_t *dialect, nt_str_t body, size_t n,
                  json_t **out, nt_llm_error_t *error)
{
    bool           good;
    size_t         i;
    nt_rc_t        rc;
    json_t        *vector, *reply = parse(dialect, body, &rc, error);
    json_t        *vectors;
    nt_llm_usage_t usage;

    if (reply == NULL) {
        return rc;
    }

    if (nt_llm_get(reply, "error") != NULL) {
        nt_llm_error_read(dialect, 0, NT_STR(""), reply, error);
        json_decref(reply);
        return NT_ERROR;
    }

    nt_llm_usage_none(&usage);
    vectors = json_array();
    rc = vectors != NULL ? dialect->vectors(reply, vectors, &usage) : NT_NOMEM;
    good = json_array_size(vectors) == n;

    json_array_foreach(vectors, i, vector)
    {
        good = good && is_vector(vector);
    }

    if (rc == NT_OK && !good) {
        rc = nt_llm_fail(error, "", "%s sent no embedding of each text.",
                         dialect->title);
        error->kind = NT_LLM_PROTOCOL;
        error->status = 502;
    }

    if (rc == NT_OK) {
        rc = embedding_reply(vectors, &usage, out);
    }

    json_decref(vectors);
    json_decref(reply);

    return rc;
}


/* --- models --- */

nt_rc_t
nt_llm_model_list(const nt_llm_dialect_t *dialect, nt_str_t body, json_t **out,
                  nt_llm_error_t *error)
{
    size_t  i;
    nt_rc_t rc;
    json_t *item, *model, *reply = parse(dialect, body, &rc, error);

    if (reply == NULL) {
        return rc;
    }

    *out = json_array();
    rc = *out != NULL ? NT_OK : NT_NOMEM;

    json_array_foreach(json_object_get(reply, dialect->models_member), i, item)
    {
        model = rc == NT_OK ? dialect->model(item, &rc) : NULL;
        if (model != NULL) {
            rc = nt_llm_append(*out, model);
        }
    }

    json_decref(reply);
    if (rc != NT_OK) {
        json_decref(*out);
        *out = NULL;
    }

    return rc;
}


json_t *
nt_llm_model_entry(nt_str_t id, int64_t created, nt_str_t owner, nt_rc_t *rc)
{
    json_t *model;

    if (id.len == 0) {
        return NULL;
    }

    model = json_pack("{s:o,s:s,s:I,s:o}", "id", nt_llm_json_str(id), "object",
                      "model", "created", (json_int_t) created, "owned_by",
                      nt_llm_json_str(owner));
    *rc = model != NULL ? NT_OK : NT_NOMEM;

    return model;
}
