/*
 * ngx_http_nodetool_chat_translate.c - requests that a provider does not
 * understand as they are.
 *
 * The client's body becomes a canonical request (core/llm/nt_llm_api.h), and
 * that the provider's (core/llm/nt_llm.h).  The canonical one is kept until a
 * reply is there, so that the next attempt can ask a provider of another
 * dialect.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_translate.h"


#include "core/llm/nt_json_read.h"

#define NGX_NODETOOL_TRANSLATE_MAX    (64 * 1024 * 1024) /* bytes of a body */
#define NGX_NODETOOL_TRANSLATE_VALUES (1024 * 1024)      /* and what is in it */


static ngx_int_t
ngx_nodetool_translate_create(ngx_nodetool_chat_ctx_t *ctx)
{
    if (ctx->translate == NULL) {
        ctx->translate =
            ngx_pcalloc(ctx->request->pool, sizeof(ngx_nodetool_translate_t));
    }

    return ctx->translate != NULL ? NGX_OK : NGX_ERROR;
}


/* What one attempt made. */
void
ngx_nodetool_translate_reset(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_nodetool_translate_t *t;

    t = ctx->translate;

    if (t == NULL) {
        return;
    }

    nt_llm_stream_free(t->stream);
    nt_llm_writer_free(t->writer);
    t->stream = NULL;
    t->writer = NULL;

    nt_buf_free(&t->body);
    nt_buf_free(&t->out);
    nt_llm_error_free(&t->error);
    ngx_memzero(&t->error, sizeof(nt_llm_error_t));
    t->error.retry_after = -1;
    t->too_long = 0;
}


/* What all attempts share. */
void
ngx_nodetool_translate_free(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_nodetool_translate_t *t;

    t = ctx->translate;

    if (t == NULL) {
        return;
    }

    ngx_nodetool_translate_reset(ctx);
    nt_llm_request_free(&t->request);
    json_decref(t->canonical);
    json_decref(t->client);
    t->canonical = NULL;
    t->client = NULL;
}


/* --- the client's body --- */

static ngx_int_t
ngx_nodetool_translate_read(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *body)
{
    char        *to;
    off_t        size;
    ssize_t      n;
    ngx_buf_t   *b;
    ngx_chain_t *cl;

    to = nt_buf_reserve(body,
                        (size_t) ngx_nodetool_chat_body_length(ctx->request));

    for (cl = ctx->request->request_body->bufs; to != NULL && cl; cl = cl->next)
    {
        b = cl->buf;
        size = ngx_buf_size(b);

        if (ngx_buf_in_memory(b)) {
            nt_buf_append(body, b->pos, (size_t) size);
            continue;
        }

        n = ngx_read_file(b->file, (u_char *) body->data + body->len,
                          (size_t) size, b->file_pos);
        if (n != size) {
            ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                          "the body of a chat could not be read back");
            return NGX_ERROR;
        }

        body->len += (size_t) n;
    }

    return to != NULL ? NGX_OK : NGX_ERROR;
}


/* Are there too many values?  "[]," becomes forty times as long when it is
 * parsed.  The text is known to be valid. */
static ngx_uint_t
ngx_nodetool_translate_is_bomb(nt_buf_t *body)
{
    char  *p, *last;
    size_t n;

    n = 0;
    p = body->data;
    last = p + body->len;

    for (/* void */; p < last; p++) {
        if (*p == ',' || *p == '[' || *p == '{') {
            n++;
            continue;
        }

        if (*p != '"') {
            continue;
        }

        for (p++; p < last && *p != '"'; p++) {
            p += (*p == '\\');
        }
    }

    return n > NGX_NODETOOL_TRANSLATE_VALUES;
}


static void
ngx_nodetool_translate_too_large(ngx_nodetool_chat_ctx_t *ctx, const char *what,
                                 int max)
{
    ngx_nodetool_chat_error_set(&ctx->translate->error, NT_LLM_INVALID,
                                NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                                "The request body has more than %d %s, which "
                                "is too much to be translated",
                                max, what);
}


static json_t *
ngx_nodetool_translate_parse(ngx_nodetool_chat_ctx_t *ctx, nt_rc_t *rc)
{
    json_t                   *client;
    nt_buf_t                  body;
    json_error_t              error;
    ngx_nodetool_translate_t *t;

    t = ctx->translate;
    *rc = NT_NOMEM;
    client = NULL;
    ngx_memzero(&body, sizeof(nt_buf_t));

    if (ngx_nodetool_chat_body_length(ctx->request) >
        NGX_NODETOOL_TRANSLATE_MAX) {
        *rc = NT_ERROR;
        ngx_nodetool_translate_too_large(ctx, "bytes",
                                         NGX_NODETOOL_TRANSLATE_MAX);
        return NULL;
    }

    if (ngx_nodetool_translate_read(ctx, &body) != NGX_OK) {
        /* void */

    } else if (ngx_nodetool_translate_is_bomb(&body)) {
        *rc = NT_ERROR;
        ngx_nodetool_translate_too_large(ctx, "values",
                                         NGX_NODETOOL_TRANSLATE_VALUES);

    } else {
        client = nt_json_read(body.data, body.len);

        if (client == NULL) {
            client = json_loadb(body.data, body.len, JSON_ALLOW_NUL, &error);
        }

        /* the module's own scanner has found it valid, but it may be nested
         * too deep, or have a number that is out of range */
        if (client == NULL &&
            json_error_code(&error) != json_error_out_of_memory) {
            *rc = NT_ERROR;
            ngx_nodetool_chat_error_set(&t->error, NT_LLM_INVALID,
                                        NGX_HTTP_BAD_REQUEST,
                                        "The request body cannot be read: %s",
                                        error.text);
        }
    }

    nt_buf_free(&body);

    return client;
}


/* What core/llm refuses for a want of memory is no fault of the client. */
static ngx_int_t
ngx_nodetool_translate_rc(nt_rc_t rc)
{
    return rc == NT_OK ? NGX_OK : rc == NT_ERROR ? NGX_DECLINED : NGX_ERROR;
}


static nt_rc_t
ngx_nodetool_translate_set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0 ? NT_OK : NT_NOMEM;
}


static nt_rc_t
ngx_nodetool_translate_canonical(ngx_nodetool_chat_ctx_t *ctx)
{
    json_t                       *wish;
    nt_rc_t                       rc;
    ngx_nodetool_translate_t     *t;
    ngx_nodetool_chat_loc_conf_t *lcf;

    t = ctx->translate;

    t->client = ngx_nodetool_translate_parse(ctx, &rc);
    if (t->client == NULL) {
        return rc;
    }

    /* it may have none */
    rc = ngx_nodetool_translate_set(t->client, "model",
                                    json_stringn((char *) ctx->model.data,
                                                 ctx->model.len));

    if (rc == NT_OK) {
        rc = nt_llm_api_request(ctx->api->llm, t->client, &t->canonical,
                                &t->error);
    }

    if (rc != NT_OK || !ctx->stream) {
        return rc;
    }

    wish = json_object_get(json_object_get(t->canonical, "stream_options"),
                           "include_usage");
    t->options.include_usage = json_is_true(wish);

    lcf = ngx_http_get_module_loc_conf(ctx->request,
                                       ngx_http_nodetool_chat_module);

    if (lcf->stream_usage) {
        rc = ngx_nodetool_translate_set(t->canonical, "stream_options",
                                        json_pack("{s:b}", "include_usage", 1));
    }

    return rc;
}


static nt_rc_t
ngx_nodetool_translate_make(ngx_nodetool_chat_ctx_t *ctx)
{
    nt_rc_t                   rc;
    ngx_nodetool_translate_t *t;
    const nt_llm_dialect_t   *llm;

    t = ctx->translate;
    llm = ctx->provider->llm;

    rc = ngx_nodetool_translate_set(t->canonical, "model",
                                    json_stringn((char *)
                                                     ctx->upstream_model.data,
                                                 ctx->upstream_model.len));

    if (rc == NT_OK && ctx->api->llm == &nt_llm_api_embeddings) {
        t->inputs = json_array_size(json_object_get(t->canonical, "input"));
        rc =
            nt_llm_embed(llm, t->canonical, NT_STR(""), &t->request, &t->error);

    } else if (rc == NT_OK) {
        rc = nt_llm_chat(llm, t->canonical, NT_STR(""), &t->request, &t->error);
    }

    return rc;
}


ngx_int_t
ngx_nodetool_translate_client(ngx_nodetool_chat_ctx_t *ctx)
{
    nt_rc_t                   rc;
    ngx_nodetool_translate_t *t;

    if (ngx_nodetool_translate_create(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    t = ctx->translate;

    ngx_nodetool_translate_reset(ctx);
    nt_llm_request_free(&t->request);

    if (ngx_nodetool_api_lacks(ctx->api, ctx->provider)) {
        ngx_nodetool_chat_error_set(&t->error, NT_LLM_INVALID,
                                    NGX_HTTP_BAD_REQUEST,
                                    "The provider \"%.*s\" has no %.*s",
                                    (int) ctx->provider->name.len,
                                    ctx->provider->name.data,
                                    (int) ctx->api->path.len,
                                    ctx->api->path.data);
        return NGX_DECLINED;
    }

    rc = t->canonical ? NT_OK : ngx_nodetool_translate_canonical(ctx);

    return ngx_nodetool_translate_rc(rc);
}


ngx_int_t
ngx_nodetool_translate_request(ngx_nodetool_chat_ctx_t *ctx)
{
    nt_rc_t                   rc;
    const char               *path;
    ngx_nodetool_translate_t *t;

    path = ngx_nodetool_api_native(ctx->api, ctx->provider);
    ctx->translated = (path == NULL);

    if (path != NULL) {
        ctx->upstream_path.data = (u_char *) path;
        ctx->upstream_path.len = ngx_strlen(path);

        return ngx_nodetool_chat_body_edit(ctx);
    }

    rc = ngx_nodetool_translate_client(ctx);
    if (rc != NGX_OK) {
        return rc;
    }

    t = ctx->translate;
    rc = ngx_nodetool_translate_make(ctx);

    ctx->upstream_path.data = (u_char *) t->request.path.data;
    ctx->upstream_path.len = t->request.path.len;

    return ngx_nodetool_translate_rc(rc);
}


/* Ends a stream that has begun with comments. */
static ngx_int_t
ngx_nodetool_translate_last(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *out)
{
    ngx_buf_t          *b;
    ngx_chain_t         chain;
    ngx_http_request_t *r;

    r = ctx->request;

    b = out->failed ? NULL : ngx_create_temp_buf(r->pool, out->len);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->last = ngx_cpymem(b->last, out->data, out->len);
    b->last_buf = 1;

    chain.buf = b;
    chain.next = NULL;

    return ngx_http_output_filter(r, &chain);
}


static ngx_int_t
ngx_nodetool_translate_body(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *out)
{
    ngx_str_t body;

    body.len = out->len;
    body.data = out->failed ? NULL : ngx_pnalloc(ctx->request->pool, out->len);

    if (body.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memcpy(body.data, out->data, out->len);

    return ngx_nodetool_json(ctx->request, ctx->translate->error.status, &body);
}


/* Tells the client what is wrong with its request. */
ngx_int_t
ngx_nodetool_translate_refuse(ngx_nodetool_chat_ctx_t *ctx)
{
    nt_buf_t                  out;
    ngx_int_t                 rc;
    ngx_nodetool_translate_t *t;

    t = ctx->translate;
    ngx_memzero(&out, sizeof(nt_buf_t));

    if (ctx->early) {
        rc = ngx_nodetool_translate_event(ctx, &t->error, &out);

        if (rc == NGX_OK) {
            rc = ngx_nodetool_translate_last(ctx, &out);
        }

    } else {
        ngx_nodetool_chat_error_body(ctx, &t->error, &out);
        rc = ngx_nodetool_translate_body(ctx, &out);
    }

    nt_buf_free(&out);

    return rc;
}


ngx_int_t
ngx_nodetool_translate_chain(ngx_nodetool_chat_ctx_t *ctx, ngx_chain_t ***last,
                             off_t *length)
{
    ngx_buf_t                *b;
    ngx_chain_t              *cl;
    ngx_nodetool_translate_t *t;

    t = ctx->translate;

    cl = ngx_alloc_chain_link(ctx->request->pool);
    b = ngx_calloc_buf(ctx->request->pool);
    if (cl == NULL || b == NULL) {
        return NGX_ERROR;
    }

    b->memory = 1;
    b->start = (u_char *) t->request.body.data;
    b->pos = b->start;
    b->last = b->start + t->request.body.len;
    b->end = b->last;

    cl->buf = b;
    cl->next = NULL;
    **last = cl;
    *last = &cl->next;

    *length = t->request.body.len;

    return NGX_OK;
}


ngx_int_t
ngx_nodetool_translate_options(ngx_nodetool_chat_ctx_t *ctx,
                               nt_llm_reply_options_t *options, char *id)
{
    if (ngx_nodetool_make_id(id) != NGX_OK) {
        return NGX_ERROR;
    }

    options->id = (nt_str_t) { id, NT_ID_HEX_LEN };
    options->created = ngx_time();
    options->model = ngx_nodetool_str(&ctx->model);
    options->request = NULL;

    if (ctx->translate != NULL && (ctx->api->llm == &nt_llm_api_responses ||
                                   ctx->api->llm == &nt_llm_api_embeddings))
    {
        options->request = ctx->translate->client;
    }

    return NGX_OK;
}
