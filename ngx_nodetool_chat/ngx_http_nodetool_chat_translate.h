/*
 * ngx_http_nodetool_chat_translate.h - what a request keeps that is
 * translated; for _translate and _replied*.
 *
 * All of it is malloc'ed, and freed with the request's pool at the latest.
 */

#ifndef NGX_HTTP_NODETOOL_CHAT_TRANSLATE_H
#define NGX_HTTP_NODETOOL_CHAT_TRANSLATE_H

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#include "core/nt_id.h"


struct ngx_nodetool_translate_s {
    /* as long as another attempt may be made */
    json_t          *client;    /* the request, as it came */
    json_t          *canonical; /* and as all providers' are made of it */
    nt_llm_request_t request;   /* the provider's */

    nt_llm_reply_options_t options;
    char                   id[NT_ID_HEX_LEN];

    nt_llm_stream_t *stream;
    nt_llm_writer_t *writer;
    nt_buf_t         body; /* of the provider's reply, when it is whole */
    nt_buf_t         out;  /* what the client gets next */

    nt_llm_error_t error;  /* of the request, or of the reply */
    size_t         inputs; /* of a request for embeddings */

    unsigned too_long : 1;
};

NT_BEGIN_DECLS

/* Sets id, time and model; for each attempt. */
ngx_int_t ngx_nodetool_translate_options(ngx_nodetool_chat_ctx_t *ctx,
                                         nt_llm_reply_options_t  *options,
                                         char                    *id);

/* What a provider did that it must not do. */
ngx_int_t ngx_nodetool_replied_fault(ngx_nodetool_chat_ctx_t *ctx,
                                     const char              *what);

/* Collects a whole reply; then makes of it what the client gets, in
 * translate->out, or translate->error with ctx->failed. */
ngx_int_t ngx_nodetool_replied_whole_sink(ngx_nodetool_chat_ctx_t *ctx,
                                          u_char *pos, u_char *last);
ngx_int_t ngx_nodetool_replied_whole(ngx_nodetool_chat_ctx_t *ctx);

/* Headers of the reply that tell of the provider's limits. */
ngx_int_t ngx_nodetool_translate_limits(ngx_nodetool_chat_ctx_t *ctx);

NT_END_DECLS

#endif
