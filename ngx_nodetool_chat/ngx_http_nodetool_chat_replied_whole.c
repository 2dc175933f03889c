/*
 * ngx_http_nodetool_chat_replied_whole.c - whole replies of a provider that
 * does not speak as its client does: collected, then translated.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_translate.h"

#define NGX_NODETOOL_REPLY_MAX (64 * 1024 * 1024) /* bytes */


ngx_int_t
ngx_nodetool_replied_whole_sink(ngx_nodetool_chat_ctx_t *ctx, u_char *pos,
                                u_char *last)
{
    ngx_nodetool_translate_t *t;

    t = ctx->translate;

    if (t->body.len + (last - pos) > NGX_NODETOOL_REPLY_MAX) {
        t->too_long = 1;
        ctx->complete = 1; /* the rest need not come */

    } else {
        nt_buf_append(&t->body, pos, last - pos);
    }

    return t->body.failed ? NGX_ERROR : NGX_OK;
}


static void
ngx_nodetool_replied_count(const json_t *usage, const char *name,
                           const char *detail, int64_t *count)
{
    json_t *value;

    value = json_object_get(usage, name);

    if (detail != NULL) {
        value = json_object_get(value, detail);
    }

    if (json_is_integer(value)) {
        *count = nt_llm_count(json_integer_value(value));
    }
}


static void
ngx_nodetool_replied_usage(ngx_nodetool_chat_ctx_t *ctx, const json_t *reply)
{
    json_t         *usage;
    nt_llm_usage_t *u;

    u = &ctx->usage;
    usage = json_object_get(reply, "usage");

    ngx_nodetool_replied_count(usage, "prompt_tokens", NULL, &u->prompt);
    ngx_nodetool_replied_count(usage, "completion_tokens", NULL,
                               &u->completion);
    ngx_nodetool_replied_count(usage, "total_tokens", NULL, &u->total);
    ngx_nodetool_replied_count(usage, "prompt_tokens_details", "cached_tokens",
                               &u->cached);
    ngx_nodetool_replied_count(usage, "completion_tokens_details",
                               "reasoning_tokens", &u->reasoning);
}


/* Of a reply with a status of 200. */
static ngx_int_t
ngx_nodetool_replied_good(ngx_nodetool_chat_ctx_t *ctx)
{
    json_t                   *reply;
    nt_rc_t                   rc;
    nt_str_t                  body;
    ngx_nodetool_translate_t *t;

    t = ctx->translate;
    body = (nt_str_t) { t->body.data, t->body.len };
    reply = NULL;

    if (ngx_nodetool_translate_options(ctx, &t->options, t->id) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->api->llm == &nt_llm_api_embeddings) {
        rc = nt_llm_embeddings(ctx->provider->llm, body, t->inputs, &reply,
                               &t->error);
    } else {
        rc = nt_llm_reply(ctx->provider->llm, body, &reply, &t->error);
    }

    if (rc == NT_OK) {
        ngx_nodetool_replied_usage(ctx, reply);
        rc = nt_llm_api_reply(ctx->api->llm, reply, &t->options, &t->out);
    }

    json_decref(reply);

    if (rc == NT_ERROR) {
        ctx->failed = 1;
        return NGX_OK;
    }

    return rc == NT_OK && !t->out.failed ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_nodetool_replied_whole(ngx_nodetool_chat_ctx_t *ctx)
{
    nt_str_t                  after;
    ngx_uint_t                status;
    ngx_table_elt_t          *h;
    ngx_http_upstream_t      *u;
    ngx_nodetool_translate_t *t;

    t = ctx->translate;
    u = ctx->request->upstream;
    status = u->headers_in.status_n;

    ngx_nodetool_chat_first(ctx);

    if (t->too_long) {
        return ngx_nodetool_replied_fault(ctx, "sent a reply that is too long");
    }

    if (status == NGX_HTTP_OK && !ctx->stream) {
        return ngx_nodetool_replied_good(ctx);
    }

    if (status < 400) {
        return ngx_nodetool_replied_fault(ctx, status == NGX_HTTP_OK
                                                   ? "did not stream"
                                                   : "did not answer with a "
                                                     "status of 200");
    }

    h = ngx_nodetool_chat_upstream_header(u, "retry-after");
    after = h ? ngx_nodetool_str(&h->value) : NT_STR("");

    nt_llm_error_reply(ctx->provider->llm, (int) status, after,
                       (nt_str_t) { t->body.data, t->body.len }, &t->error);
    ctx->failed = 1;

    return t->error.message.failed ? NGX_ERROR : NGX_OK;
}
