/*
 * engine/models/provider.h - the providers of models, and requests to them.
 *
 * A provider is configured by settings: its key, its address, or both.  An
 * address that the operator gave is trusted: it may be private.
 */

#ifndef NT_PROVIDER_H
#define NT_PROVIDER_H

#include "core/llm/nt_llm.h"
#include "engine/nodetool_node.h"

/* Bytes of a reply: media among them. */
#define NT_PROVIDER_BODY_MAX ((size_t) 256 * 1024 * 1024)

/* What a model is for. */
typedef enum {
    NT_MODEL_CHAT,
    NT_MODEL_IMAGE,
    NT_MODEL_VIDEO,
    NT_MODEL_TTS, /* speech of texts */
    NT_MODEL_ASR, /* texts of speech */
    NT_MODEL_EMBEDDING,
    NT_MODEL_KINDS
} nt_model_kind_t;

typedef struct {
    const char             *name;         /* in refs */
    const char             *title;        /* in sentences */
    const nt_llm_dialect_t *dialect;      /* NULL: it does not chat */
    const char             *base;         /* its address; NULL: has to be set */
    const char             *key_setting;  /* NULL: it has no keys */
    const char             *base_setting; /* of its address */
    const char             *scheme; /* of Authorization; NULL: the dialect's */
    const char *models[NT_MODEL_KINDS]; /* ids, for refs without one; or NULL */
} nt_provider_t;

/* A model with all that is needed to reach it. */
typedef struct nt_model {
    const nt_provider_t *provider;
    const char          *base;
    const char          *key; /* "" for none */
    bool                 trusted;
    bool                 root; /* paths begin above the address's "/v1" */
    char                 id[256];
    unsigned             flags;   /* more of NT_HTTP_ */
    const json_t        *headers; /* more of them: ["Name: value"], or NULL */
    nt_llm_error_t      *fault; /* why it failed, for who wants to know more */
} nt_model_t;

/* NULL when there is none of that name; "huggingface_NAME" is Hugging Face's
 * router, whose models have ":NAME" behind their id. */
const nt_provider_t *nt_provider_find(const char *name);

/* Reads the provider's settings.  False after nt_call_fail, which says what
 * to set. */
bool nt_provider_use(nt_node_call_t *call, const nt_provider_t *provider,
                     nt_model_t *model);

/* The model that a ref means.  For one without a provider that is the setting
 * NODETOOL_DEFAULT_MODEL (..._IMAGE_MODEL, _VIDEO_MODEL, _TTS_MODEL,
 * _ASR_MODEL, _EMBEDDING_MODEL), "provider/id"; else of the first provider
 * that is configured and has such models.  False after nt_call_fail. */
bool nt_model_resolve(nt_node_call_t *call, const json_t *ref,
                      nt_model_kind_t kind, nt_model_t *model);

/* Sends a request to a path of the provider's; its headers, "Name: value",
 * have the key already.  A reply with another status than 2xx fails.  The
 * reply has to be freed before the request.  NULL after nt_call_fail. */
typedef struct {
    const char        *method;
    const char        *path;
    const char *const *headers;
    const void        *body;
    size_t             body_len;
    double             timeout; /* seconds; 0: none */
    size_t             limit; /* of the reply's body; 0: NT_PROVIDER_BODY_MAX */
    unsigned           flags; /* more of NT_HTTP_ */
    nt_buf_t           url;   /* made here, to be freed by the caller */
} nt_provider_request_t;

nt_http_reply_t *nt_provider_send(nt_node_call_t *call, const nt_model_t *model,
                                  nt_provider_request_t *request);

/* Sends JSON with the key as OpenAI's dialect does ("Authorization: Bearer")
 * or the provider's own, and reads JSON: a new reference; NULL after
 * nt_call_fail.  A NULL body is a GET. */
json_t *nt_provider_json(nt_node_call_t *call, const nt_model_t *model,
                         const char *path, const json_t *body, double timeout);

/* The same for a body of another `type` (of no data: a GET). */
json_t *nt_provider_send_json(nt_node_call_t *call, const nt_model_t *model,
                              const char *path, nt_str_t body, const char *type,
                              double timeout);

/* The same, but the reply's body is bytes: *data is malloc'ed and ends with a
 * NUL beyond its length; *reply_type, if not NULL, its Content-Type, malloc'ed.
 * False after nt_call_fail. */
bool nt_provider_bytes(nt_node_call_t *call, const nt_model_t *model,
                       const char *path, nt_str_t body, const char *type,
                       double timeout, nt_str_t *data, char **reply_type);

/* A GET of a file, which may be elsewhere: redirects are followed, without
 * the key to another origin. */
bool nt_provider_follow(nt_node_call_t *call, const nt_model_t *model,
                        const char *path, nt_str_t *data);

/* Headers with the provider's key, ended by NULL; freed with
 * nt_provider_free_headers.  `type` is a Content-Type, or NULL.  NULL after
 * nt_call_fail. */
char **nt_provider_headers(nt_node_call_t *call, const nt_model_t *model,
                           const char *type);
void   nt_provider_free_headers(char **headers);

/* Fails the node with a provider's error, without the key that some repeat;
 * NULL for convenience. */
void *nt_provider_fail(nt_node_call_t *call, const nt_model_t *model,
                       const nt_llm_error_t *error);

#endif
