/*
 * ngx_http_nodetool_chat_echo.c - the built-in provider: core's echo model,
 * sent as a client takes it.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#include "core/llm/nt_echo.h"
#include "core/nt_id.h"

#define NGX_NODETOOL_ECHO_BODY_MAX (32 * 1024 * 1024)
#define NGX_NODETOOL_ECHO_CHUNK    (32 * 1024) /* events made at once */

typedef struct {
    nt_echo_t  *echo;
    nt_buf_t    events;
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
}


/* The whole body in one piece; NGX_DECLINED when it is too long. */
static ngx_int_t
ngx_nodetool_chat_echo_body(ngx_http_request_t *r, ngx_str_t *body)
{
    off_t        length;
    u_char      *p;
    ssize_t      n;
    ngx_buf_t   *b;
    ngx_chain_t *cl;

    length = ngx_nodetool_chat_body_length(r);

    if (length > NGX_NODETOOL_ECHO_BODY_MAX) {
        return NGX_DECLINED;
    }

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

    answer = ngx_nodetool_chat_echo_body(r, &body);

    if (answer == NGX_DECLINED) {
        return ngx_nodetool_errorf(r, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                                   "The echo model takes at most %d bytes",
                                   NGX_NODETOOL_ECHO_BODY_MAX);
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
        answer = ngx_nodetool_error(r, status, &text);

    } else {
        answer = NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    nt_buf_free(&message);

    return answer;
}


static ngx_int_t
ngx_nodetool_chat_echo_reply(ngx_http_request_t *r, ngx_nodetool_echo_t *e)
{
    ngx_str_t body;

    nt_echo_reply(e->echo, &e->events);

    if (e->events.failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body.data = (u_char *) e->events.data; /* lives as long as the request */
    body.len = e->events.len;

    return ngx_nodetool_json(r, NGX_HTTP_OK, &body);
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
ngx_nodetool_chat_echo_next(ngx_http_request_t *r, ngx_nodetool_echo_t *e)
{
    nt_buf_reset(&e->events);

    do {
        if (!nt_echo_next(e->echo, &e->events)) {
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

    return ngx_http_output_filter(r, &e->out);
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

        rc = ngx_nodetool_chat_echo_next(r, e);

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
ngx_nodetool_chat_echo_event(ngx_event_t *ev)
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
        return ngx_nodetool_chat_echo_reply(r, e);
    }

    e->delay = lcf->echo_delay;

    ctx->event.handler = ngx_nodetool_chat_echo_event;
    ctx->event.data = ctx;
    ctx->event.log = r->connection->log;

    return ngx_nodetool_chat_echo_stream(ctx);
}
