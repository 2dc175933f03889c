/*
 * ngx_http_nodetool_chat_echo.c - the built-in provider: core's echo model,
 * sent as a client takes it.
 *
 * The model reads and writes chat completions.  For clients of other APIs
 * both are translated, as if it were a provider that speaks OpenAI's dialect.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_translate.h"

#include "core/llm/nt_echo.h"
#include "core/nt_id.h"

#define NGX_NODETOOL_ECHO_BODY_MAX (32 * 1024 * 1024)
#define NGX_NODETOOL_ECHO_CHUNK    (32 * 1024) /* events made at once */

typedef struct {
    nt_echo_t  *echo;
    nt_buf_t    events;
    nt_buf_t    chunks;  /* events before they are translated */
    char       *request; /* translated */
    ngx_buf_t   buf;
    ngx_chain_t out;
    ngx_msec_t  delay;
    ngx_uint_t  last;
} ngx_nodetool_echo_t;

static void ngx_nodetool_chat_echo_write(ngx_http_request_t *r);


static void
ngx_nodetool_chat_echo_cleanup(void *data)
{
    ngx_nodetool_echo_t *e = data;

    nt_echo_free(e->echo);
    nt_buf_free(&e->events);
    nt_buf_free(&e->chunks);
    free(e->request);
}


/* The whole body in one piece. */
static ngx_int_t
ngx_nodetool_chat_echo_body(ngx_http_request_t *r, ngx_str_t *body)
{
    off_t        length;
    u_char      *p;
    ssize_t      n;
    ngx_buf_t   *b;
    ngx_chain_t *cl;

    length = ngx_nodetool_chat_body_length(r);

    cl = r->request_body->bufs;

    if (cl->next == NULL && ngx_buf_in_memory(cl->buf)) {
        body->data = cl->buf->pos;
        body->len = length;
        return NGX_OK;
    }

    p = ngx_palloc(r->pool, length);
    if (p == NULL) {
        return NGX_ERROR;
    }

    body->data = p;
    body->len = length;

    for (; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_in_memory(b)) {
            p = ngx_cpymem(p, b->pos, b->last - b->pos);
            continue;
        }

        n = ngx_read_file(b->file, p, b->file_last - b->file_pos, b->file_pos);
        if (n != b->file_last - b->file_pos) {
            return NGX_ERROR;
        }

        p += n;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_nodetool_chat_echo_translates(ngx_nodetool_chat_ctx_t *ctx)
{
    return ctx->api->llm != &nt_llm_api_chat;
}


/* The body as a chat completion's; NGX_DECLINED: it was answered, as
 * ctx->answer says. */
static ngx_int_t
ngx_nodetool_chat_echo_request(ngx_nodetool_chat_ctx_t *ctx,
                               ngx_nodetool_echo_t *e, ngx_str_t *body)
{
    json_t                   *usage;
    ngx_int_t                 rc;
    ngx_nodetool_translate_t *t;

    rc = ngx_nodetool_translate_client(ctx);

    if (rc == NGX_DECLINED) {
        ctx->answer = ngx_nodetool_translate_refuse(ctx);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    t = ctx->translate;

    if (ctx->stream) {
        usage = json_pack("{s:b}", "include_usage", 1);

        if (json_object_set_new(t->canonical, "stream_options", usage) != 0) {
            return NGX_ERROR;
        }
    }

    e->request = json_dumps(t->canonical, JSON_COMPACT);
    if (e->request == NULL) {
        return NGX_ERROR;
    }

    body->data = (u_char *) e->request;
    body->len = ngx_strlen(e->request);

    return ngx_nodetool_translate_options(ctx, &t->options, t->id);
}


/* Appends the reply, or the next events, of a client of another API. */
static ngx_int_t
ngx_nodetool_chat_echo_whole(ngx_nodetool_chat_ctx_t *ctx,
                             ngx_nodetool_echo_t     *e)
{
    json_t                   *reply;
    nt_rc_t                   rc;
    ngx_nodetool_translate_t *t;

    t = ctx->translate;

    nt_echo_reply(e->echo, &e->chunks);

    if (e->chunks.failed) {
        return NGX_ERROR;
    }

    rc = nt_llm_reply(&nt_llm_openai,
                      (nt_str_t) { e->chunks.data, e->chunks.len }, &reply,
                      &t->error);

    if (rc == NT_OK) {
        rc = nt_llm_api_reply(ctx->api->llm, reply, &t->options, &e->events);
        json_decref(reply);
    }

    return rc == NT_OK ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_nodetool_chat_echo_begin(ngx_nodetool_chat_ctx_t *ctx,
                             ngx_nodetool_echo_t     *e)
{
    ngx_nodetool_translate_t *t;

    t = ctx->translate;

    t->writer = nt_llm_writer_new(ctx->api->llm, &t->options, &e->events);
    if (t->writer == NULL) {
        return NGX_ERROR;
    }

    t->stream = nt_llm_stream_new(&nt_llm_openai, nt_llm_writer_add, t->writer);

    return t->stream != NULL ? NGX_OK : NGX_ERROR;
}


/* Appends the next events; false when that was the last one. */
static ngx_uint_t
ngx_nodetool_chat_echo_event(ngx_nodetool_chat_ctx_t *ctx,
                             ngx_nodetool_echo_t     *e)
{
    ngx_uint_t                more;
    ngx_nodetool_translate_t *t;

    if (!ngx_nodetool_chat_echo_translates(ctx)) {
        return nt_echo_next(e->echo, &e->events);
    }

    t = ctx->translate;

    nt_buf_reset(&e->chunks);
    more = nt_echo_next(e->echo, &e->chunks);

    if (e->chunks.failed ||
        nt_llm_stream_feed(t->stream, e->chunks.data, e->chunks.len) != NT_OK ||
        (!more && (nt_llm_stream_end(t->stream) != NT_OK ||
                   nt_llm_writer_end(t->writer) != NT_OK)))
    {
        e->events.failed = true;
    }

    return more;
}


/* Sets e->echo, or answers with an error. */
static ngx_int_t
ngx_nodetool_chat_echo_create(ngx_nodetool_chat_ctx_t *ctx,
                              ngx_nodetool_echo_t     *e)
{
    int                 status;
    char                id[NT_ID_HEX_LEN];
    nt_rc_t             rc;
    nt_buf_t            message;
    uint32_t            bits[4];
    ngx_int_t           answer;
    ngx_str_t           body, text;
    ngx_uint_t          i;
    nt_echo_options_t   options;
    ngx_http_request_t *r;

    r = ctx->request;

    ngx_str_null(&body);

    if (ngx_nodetool_chat_body_length(r) > NGX_NODETOOL_ECHO_BODY_MAX) {
        return ngx_nodetool_errorf(r, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                                   "The echo model takes at most %d bytes",
                                   NGX_NODETOOL_ECHO_BODY_MAX);
    }

    answer = ngx_nodetool_chat_echo_translates(ctx)
                 ? ngx_nodetool_chat_echo_request(ctx, e, &body)
                 : ngx_nodetool_chat_echo_body(r, &body);

    if (answer == NGX_DECLINED) {
        return ctx->answer;
    }

    if (answer != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    for (i = 0; i < 4; i++) {
        bits[i] = (uint32_t) ngx_random();
    }

    nt_id_hex(id, (unsigned char *) bits);

    options.model = ngx_nodetool_str(&ctx->model);
    options.id = (nt_str_t) { id, NT_ID_HEX_LEN };
    options.created = ngx_time();

    ngx_memzero(&message, sizeof(nt_buf_t));

    rc = nt_echo_create(&e->echo, ngx_nodetool_str(&body), &options, &status,
                        &message);

    if (rc == NT_OK) {
        answer = NGX_OK;

    } else if (rc == NT_ERROR) {
        text.data = (u_char *) message.data;
        text.len = message.len;
        answer = ngx_nodetool_error(r,
                                    status == 422 && ctx->api->anthropic
                                        ? NGX_HTTP_BAD_REQUEST
                                        : status,
                                    &text);

    } else {
        answer = NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    nt_buf_free(&message);

    return answer;
}


static ngx_int_t
ngx_nodetool_chat_echo_reply(ngx_nodetool_chat_ctx_t *ctx,
                             ngx_nodetool_echo_t     *e)
{
    ngx_str_t body;

    if (!ngx_nodetool_chat_echo_translates(ctx)) {
        nt_echo_reply(e->echo, &e->events);

    } else if (ngx_nodetool_chat_echo_whole(ctx, e) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (e->events.failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body.data = (u_char *) e->events.data; /* lives as long as the request */
    body.len = e->events.len;

    return ngx_nodetool_json(ctx->request, NGX_HTTP_OK, &body);
}


static ngx_int_t
ngx_nodetool_chat_echo_stream(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_int_t           rc;
    ngx_http_request_t *r;

    r = ctx->request;

    /* a comment may have brought the header with it */

    rc = ctx->early ? NGX_OK : ngx_nodetool_chat_stream_begin(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_nodetool_chat_echo_write;

    ngx_nodetool_chat_echo_write(r);

    return NGX_DONE;
}


/* Makes the next events; sends them when the ones before have gone. */
static ngx_int_t
ngx_nodetool_chat_echo_next(ngx_nodetool_chat_ctx_t *ctx,
                            ngx_nodetool_echo_t     *e)
{
    nt_buf_reset(&e->events);

    do {
        if (!ngx_nodetool_chat_echo_event(ctx, e)) {
            e->last = 1;
            break;
        }
    } while (e->delay == 0 && e->events.len < NGX_NODETOOL_ECHO_CHUNK);

    if (e->events.failed) {
        return NGX_ERROR;
    }

    ngx_memzero(&e->buf, sizeof(ngx_buf_t));
    e->buf.pos = (u_char *) e->events.data;
    e->buf.last = e->buf.pos + e->events.len;
    e->buf.memory = e->events.len > 0;
    e->buf.flush = 1;
    e->buf.last_buf = e->last;

    e->out.buf = &e->buf;
    e->out.next = NULL;

    return ngx_http_output_filter(ctx->request, &e->out);
}


static void
ngx_nodetool_chat_echo_write(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_event_t              *wev;
    ngx_connection_t         *c;
    ngx_nodetool_echo_t      *e;
    ngx_http_core_loc_conf_t *clcf;
    ngx_nodetool_chat_ctx_t  *ctx;

    c = r->connection;
    wev = c->write;
    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_chat_module);
    e = ctx->echo;

    if (wev->timedout) {
        ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT, "client timed out");
        c->timedout = 1;
        ngx_http_finalize_request(r, NGX_HTTP_REQUEST_TIME_OUT);
        return;
    }

    if (wev->timer_set) {
        ngx_del_timer(wev);
    }

    rc = r->buffered || c->buffered ? ngx_http_output_filter(r, NULL) : NGX_OK;

    while (rc != NGX_ERROR && !r->buffered && !c->buffered && !e->last) {
        if (e->delay > 0 && ctx->event.timer_set) {
            return;
        }

        rc = ngx_nodetool_chat_echo_next(ctx, e);

        if (e->delay > 0 && !e->last) {
            ngx_add_timer(&ctx->event, e->delay);
        }
    }

    if (rc == NGX_ERROR || e->last) {
        ngx_http_finalize_request(r, rc);
        return;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    ngx_add_timer(wev, clcf->send_timeout);

    if (ngx_handle_write_event(wev, clcf->send_lowat) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_ERROR);
    }
}


static void
ngx_nodetool_chat_echo_timer(ngx_event_t *ev)
{
    ngx_connection_t        *c;
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = ev->data;
    c = ctx->request->connection;

    ngx_http_set_log_request(c->log, ctx->request);

    ngx_nodetool_chat_echo_write(ctx->request);

    ngx_http_run_posted_requests(c);
}


/* Returns what a content handler returns; NGX_DONE while it streams. */
ngx_int_t
ngx_nodetool_chat_echo(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_int_t                     rc;
    nt_echo_usage_t               usage;
    ngx_http_request_t           *r;
    ngx_pool_cleanup_t           *cln;
    ngx_nodetool_echo_t          *e;
    ngx_nodetool_chat_loc_conf_t *lcf;

    r = ctx->request;
    lcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_chat_module);

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_nodetool_echo_t));
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    e = cln->data;
    ngx_memzero(e, sizeof(ngx_nodetool_echo_t));
    cln->handler = ngx_nodetool_chat_echo_cleanup;
    ctx->echo = e;

    rc = ngx_nodetool_chat_echo_create(ctx, e);

    if (e->echo == NULL) {
        return rc;
    }

    usage = nt_echo_usage(e->echo);

    ctx->usage.prompt = usage.prompt_tokens;
    ctx->usage.completion = usage.completion_tokens;
    ctx->usage.total = usage.prompt_tokens + usage.completion_tokens;

    ngx_nodetool_chat_first(ctx);

    if (!nt_echo_is_stream(e->echo)) {
        return ngx_nodetool_chat_echo_reply(ctx, e);
    }

    if (ngx_nodetool_chat_echo_translates(ctx) &&
        ngx_nodetool_chat_echo_begin(ctx, e) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    e->delay = lcf->echo_delay;

    ctx->event.handler = ngx_nodetool_chat_echo_timer;
    ctx->event.data = ctx;
    ctx->event.log = r->connection->log;

    return ngx_nodetool_chat_echo_stream(ctx);
}
