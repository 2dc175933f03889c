/*
 * ngx_http_nodetool_chat_usage.c - what replies that pass say of tokens, of
 * their end and of failures.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"


ngx_uint_t
ngx_nodetool_chat_has(nt_str_t data, const char *word, size_t len)
{
    return memmem(data.data, data.len, word, len) != NULL;
}


void
ngx_nodetool_chat_fields_share(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_pool_t *pool;

    static nt_json_field_t fields[NGX_NODETOOL_FIELDS_N];

    if (ctx->fields == fields) {
        return;
    }

    pool = ctx->request->pool;

    (void) ngx_pfree(pool, ctx->fields);
    ctx->fields = fields;

    if (ctx->attempt != NULL && ctx->attempt->fields != NULL) {
        (void) ngx_pfree(pool, ctx->attempt->fields);
        ctx->attempt->fields = NULL;
    }
}


static void
ngx_nodetool_chat_scan_paths(ngx_nodetool_chat_ctx_t    *ctx,
                             const ngx_nodetool_paths_t *paths)
{
    ngx_uint_t i;

    for (i = 0; i < NGX_NODETOOL_REPLY_N; i++) {
        ctx->fields[i].path = (*paths)[i];
    }

    nt_json_scan_init(&ctx->scan, ctx->fields, NGX_NODETOOL_REPLY_N);
}


void
ngx_nodetool_chat_scan_begin(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_nodetool_chat_scan_paths(ctx, ctx->api->paths);
}


static ngx_uint_t
ngx_nodetool_chat_count(nt_json_field_t *f, int64_t *count)
{
    ngx_int_t n;

    if (f->type != NT_JSON_NUMBER) {
        return 0;
    }

    n = ngx_atoi((u_char *) f->value, f->value_len);

    if (n == NGX_ERROR) {
        return 0;
    }

    *count = nt_llm_count(n);

    return 1;
}


void
ngx_nodetool_chat_usage(ngx_nodetool_chat_ctx_t *ctx)
{
    int64_t          created;
    ngx_uint_t       told;
    nt_llm_usage_t  *u;
    nt_json_field_t *f;

    f = ctx->fields;
    u = &ctx->usage;

    told = ngx_nodetool_chat_count(&f[NGX_NODETOOL_REPLY_PROMPT], &u->prompt);
    (void) ngx_nodetool_chat_count(&f[NGX_NODETOOL_REPLY_COMPLETION],
                                   &u->completion);
    (void) ngx_nodetool_chat_count(&f[NGX_NODETOOL_REPLY_CACHED], &u->cached);
    (void) ngx_nodetool_chat_count(&f[NGX_NODETOOL_REPLY_REASONING],
                                   &u->reasoning);

    if (ngx_nodetool_chat_count(&f[NGX_NODETOOL_REPLY_CACHE_READ],
                                &u->cached) &&
        told)
    {
        u->prompt += u->cached;
    }

    if (ngx_nodetool_chat_count(&f[NGX_NODETOOL_REPLY_CACHE_CREATED],
                                &created) &&
        told)
    {
        u->prompt += created;
    }

    if (f[NGX_NODETOOL_REPLY_TOTAL].path != NULL) {
        (void) ngx_nodetool_chat_count(&f[NGX_NODETOOL_REPLY_TOTAL], &u->total);

    } else if (u->prompt >= 0 && u->completion >= 0) {
        u->total = u->prompt + u->completion;
    }
}


/* Scans the data of an event that may be the one of the row. */
static ngx_uint_t
ngx_nodetool_chat_event_scan(ngx_nodetool_chat_ctx_t    *ctx,
                             nt_sse_event_t             *event,
                             const ngx_nodetool_event_t *row)
{
    nt_json_field_t *f;

    ngx_nodetool_chat_scan_paths(ctx,
                                 row->paths ? row->paths : ctx->api->paths);

    if (nt_json_scan_feed(&ctx->scan, event->data.data, event->data.len) !=
            NT_OK ||
        nt_json_scan_end(&ctx->scan) != NT_OK)
    {
        return 0;
    }

    if (event->event.len > 0) {
        return 1;
    }

    f = &ctx->fields[NGX_NODETOOL_REPLY_TYPE];

    return (f->type == NT_JSON_STRING && f->value_len == row->name.len &&
            ngx_memcmp(f->value, row->name.data, row->name.len) == 0) ||
           (row->failed &&
            ctx->fields[NGX_NODETOOL_REPLY_ERROR].type == NT_JSON_OBJECT);
}


/* Some providers send no names of events, only "type" in the data. */
static ngx_uint_t
ngx_nodetool_chat_event_is(ngx_nodetool_chat_ctx_t *ctx, nt_sse_event_t *event,
                           const ngx_nodetool_event_t *row)
{
    if (event->event.len > 0) {
        return nt_str_eq(event->event, (nt_str_t) { (char *) row->name.data,
                                                    row->name.len }) &&
               (row->paths == NULL ||
                ngx_nodetool_chat_event_scan(ctx, event, row));
    }

    return ngx_nodetool_chat_has(event->data, (char *) row->name.data,
                                 row->name.len) &&
           ngx_nodetool_chat_event_scan(ctx, event, row);
}


void
ngx_nodetool_chat_named_event(ngx_nodetool_chat_ctx_t *ctx,
                              nt_sse_event_t          *event)
{
    const ngx_nodetool_event_t *row;

    for (row = ctx->api->events; row->name.len; row++) {
        if (ngx_nodetool_chat_event_is(ctx, event, row)) {
            break;
        }
    }

    if (row->paths != NULL) {
        ngx_nodetool_chat_usage(ctx);
    }

    if (row->last) {
        ctx->complete = 1;
    }

    if (row->failed) {
        ctx->failed = 1;
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "nodetool_provider \"%V\" sent an error in its stream",
                      &ctx->provider->name);
    }
}
