/*
 * ngx_http_nodetool_workflow_events.c - the engine's event lines as
 * server-sent events:
 *
 *   SEQ {json}\n     id: SEQ\n data: {json}\n \n
 *   \n               data: [DONE]\n \n
 *
 * or, where JSON lines were asked for, their JSON alone and a last line.
 *
 * Events are copied once, into buffers of the request.  An event leaves when
 * it is whole, so that an engine that dies in the middle of one leaves no
 * garbage; only one that is longer than a buffer leaves in pieces.
 *
 * Nothing is read for a client that has not taken what came of the reads
 * before, so a slow one costs a few buffers.
 */

#include "ngx_nodetool_workflow/ngx_http_nodetool_workflow.h"

#define NGX_HTTP_NODETOOL_WORKFLOW_SEQ_MAX 20 /* digits of an uint64_t */

typedef enum {
    sw_start = 0, /* of a line */
    sw_seq,
    sw_json_start,
    sw_json
} ngx_http_nodetool_workflow_state_e;


/* A buffer of the free list, or a new one. */

static ngx_chain_t *
ngx_http_nodetool_workflow_get_buf(ngx_http_nodetool_workflow_ctx_t *ctx)
{
    size_t               size;
    ngx_buf_t           *b;
    ngx_chain_t         *cl;
    ngx_http_request_t  *r;
    ngx_http_upstream_t *u;

    r = ctx->request;
    u = r->upstream;

    cl = ngx_chain_get_free_buf(r->pool, &u->free_bufs);
    if (cl == NULL) {
        return NULL;
    }

    b = cl->buf;

    if (b->start == NULL) {
        size = u->conf->buffer_size;

        b->start = ngx_palloc(r->pool, size);
        if (b->start == NULL) {
            return NULL;
        }

        b->end = b->start + size;
    }

    b->pos = b->start;
    b->last = b->start;
    b->tag = u->output.tag;
    b->temporary = 1;
    b->flush = 1;

    return cl;
}


/*
 * Hands the current buffer over to the client: what is whole of it, or all
 * of it when `all` is set.  The rest moves to a new buffer.
 */

static ngx_int_t
ngx_http_nodetool_workflow_publish(ngx_http_nodetool_workflow_ctx_t *ctx,
                                   ngx_uint_t                        all)
{
    size_t               rest;
    ngx_buf_t           *b;
    ngx_chain_t         *cl, *next, **ll;
    ngx_http_upstream_t *u;

    cl = ctx->current;

    if (cl == NULL) {
        return NGX_OK;
    }

    b = cl->buf;
    rest = all ? 0 : (size_t) (b->last - b->start) - ctx->complete;

    if (b->last - b->start == (ssize_t) rest) {
        return NGX_OK;
    }

    next = NULL;

    if (rest) {
        next = ngx_http_nodetool_workflow_get_buf(ctx);
        if (next == NULL) {
            return NGX_ERROR;
        }

        b->last -= rest;
        next->buf->last = ngx_cpymem(next->buf->last, b->last, rest);
    }

    ctx->current = next;
    ctx->complete = 0;

    u = ctx->request->upstream;

    for (ll = &u->out_bufs; *ll; ll = &(*ll)->next) {
        /* void */
    }

    cl->next = NULL;
    *ll = cl;

    if (ctx->interval) {
        ngx_add_timer(&ctx->comment, ctx->interval);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_nodetool_workflow_put(ngx_http_nodetool_workflow_ctx_t *ctx,
                               const void *data, size_t len)
{
    size_t        n;
    ngx_buf_t    *b;
    ngx_uint_t    all;
    const u_char *p;

    p = data;

    while (len) {
        if (ctx->current == NULL) {
            ctx->current = ngx_http_nodetool_workflow_get_buf(ctx);
            if (ctx->current == NULL) {
                return NGX_ERROR;
            }
        }

        b = ctx->current->buf;

        if (b->last == b->end) {
            all = (ctx->complete == 0);

            if (ngx_http_nodetool_workflow_publish(ctx, all) != NGX_OK) {
                return NGX_ERROR;
            }

            if (all) {
                ctx->split = 1;
            }

            continue;
        }

        n = ngx_min(len, (size_t) (b->end - b->last));

        b->last = ngx_cpymem(b->last, p, n);
        p += n;
        len -= n;
    }

    return NGX_OK;
}


#define ngx_http_nodetool_workflow_put_text(ctx, text)                         \
    ngx_http_nodetool_workflow_put(ctx, text, sizeof(text) - 1)


/* The bytes put so far end an event. */

static void
ngx_http_nodetool_workflow_whole(ngx_http_nodetool_workflow_ctx_t *ctx)
{
    ctx->complete = ctx->current->buf->last - ctx->current->buf->start;
    ctx->split = 0;
}


static ngx_int_t
ngx_http_nodetool_workflow_flush(ngx_http_nodetool_workflow_ctx_t *ctx)
{
    return ngx_http_nodetool_workflow_publish(ctx, ctx->split);
}


/* Takes a number and the space behind it, or a part of it. */

static ngx_int_t
ngx_http_nodetool_workflow_seq(ngx_http_nodetool_workflow_ctx_t *ctx,
                               u_char **data, u_char *last)
{
    size_t  n;
    u_char *p;

    for (p = *data; p < last && *p >= '0' && *p <= '9'; p++) {
        /* void */
    }

    n = p - *data;
    ctx->digits += n;

    if (ctx->digits > NGX_HTTP_NODETOOL_WORKFLOW_SEQ_MAX) {
        return NGX_DECLINED;
    }

    if (!ctx->ndjson && ngx_http_nodetool_workflow_put(ctx, *data, n) != NGX_OK)
    {
        return NGX_ERROR;
    }

    *data = p;

    if (p == last) {
        return NGX_OK;
    }

    if (*p != ' ' || ctx->digits == 0) {
        return NGX_DECLINED;
    }

    *data = p + 1;
    ctx->state = sw_json_start;

    if (ctx->ndjson) {
        return ngx_http_nodetool_workflow_lines_begin(ctx);
    }

    return ngx_http_nodetool_workflow_put_text(ctx, "\ndata: ");
}


/* Takes a line of JSON, or a part of it. */

static ngx_int_t
ngx_http_nodetool_workflow_json(ngx_http_nodetool_workflow_ctx_t *ctx,
                                u_char **data, u_char *last)
{
    size_t  n;
    u_char *lf;

    lf = memchr(*data, LF, last - *data);
    n = (lf != NULL ? lf + 1 : last) - *data;

    if (ngx_http_nodetool_workflow_put(ctx, *data, n) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->ndjson) {
        ngx_http_nodetool_workflow_lines_feed(ctx, *data, n);
    }

    *data += n;

    if (lf == NULL) {
        return NGX_OK;
    }

    if (!ctx->ndjson &&
        ngx_http_nodetool_workflow_put_text(ctx, "\n") != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_nodetool_workflow_whole(ctx);
    ctx->state = sw_start;

    return NGX_OK;
}


static ngx_int_t
ngx_http_nodetool_workflow_last_line(ngx_http_nodetool_workflow_ctx_t *ctx)
{
    nt_buf_t  line;
    ngx_int_t rc;

    ngx_memzero(&line, sizeof(nt_buf_t));

    rc = ngx_http_nodetool_workflow_lines_end(ctx, &line);

    if (rc == NGX_OK) {
        rc = ngx_http_nodetool_workflow_put(ctx, line.data, line.len);
    }

    nt_buf_free(&line);

    return rc;
}


static ngx_int_t
ngx_http_nodetool_workflow_done(ngx_http_nodetool_workflow_ctx_t *ctx)
{
    ngx_int_t rc;

    if (ctx->ndjson) {
        rc = ngx_http_nodetool_workflow_last_line(ctx);
    } else {
        rc = ngx_http_nodetool_workflow_put_text(ctx, "data: [DONE]\n\n");
    }

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_nodetool_workflow_whole(ctx);
    ctx->ended = 1;

    return NGX_DONE;
}


static ngx_int_t
ngx_http_nodetool_workflow_translate(ngx_http_nodetool_workflow_ctx_t *ctx,
                                     u_char **data, u_char *last)
{
    switch (ctx->state) {
    case sw_start:
        if (**data == LF) {
            (*data)++;
            return ngx_http_nodetool_workflow_done(ctx);
        }

        ctx->digits = 0;
        ctx->state = sw_seq;

        if (ctx->ndjson) {
            return NGX_OK;
        }

        return ngx_http_nodetool_workflow_put_text(ctx, "id: ");

    case sw_seq:
        return ngx_http_nodetool_workflow_seq(ctx, data, last);

    case sw_json_start:
        if (**data != '{') {
            return NGX_DECLINED;
        }

        ctx->state = sw_json;

        /* fall through */

    default: /* sw_json */
        return ngx_http_nodetool_workflow_json(ctx, data, last);
    }
}


ngx_int_t
ngx_http_nodetool_workflow_events(ngx_http_nodetool_workflow_ctx_t *ctx,
                                  u_char *data, size_t len, size_t *used)
{
    u_char   *p, *last;
    ngx_int_t rc;

    rc = NGX_OK;
    p = data;
    last = data + len;

    while (p < last && rc == NGX_OK) {
        rc = ngx_http_nodetool_workflow_translate(ctx, &p, last);
    }

    *used = p - data;

    if (rc == NGX_ERROR || ngx_http_nodetool_workflow_flush(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    return rc;
}


/* A comment keeps proxies from taking an idle stream for a dead one. */

static void
ngx_http_nodetool_workflow_comment(ngx_event_t *ev)
{
    ngx_connection_t                 *c;
    ngx_http_request_t               *r;
    ngx_http_upstream_t              *u;
    ngx_http_nodetool_workflow_ctx_t *ctx;

    ctx = ev->data;
    r = ctx->request;
    c = r->connection;
    u = r->upstream;

    ngx_http_set_log_request(c->log, r);

    if (ctx->split || ctx->current != NULL || u->out_bufs != NULL ||
        u->busy_bufs != NULL)
    {
        /* not between events, or the client still has to take some */
        ngx_add_timer(ev, ctx->interval);
        return;
    }

    if (ngx_http_nodetool_workflow_put_text(ctx, ": ping\n\n") != NGX_OK) {
        ngx_add_timer(ev, ctx->interval);
        return;
    }

    ngx_http_nodetool_workflow_whole(ctx);

    /* all is whole, so there is nothing to allocate that could fail */
    (void) ngx_http_nodetool_workflow_flush(ctx);

    /* sends, and may end the request */
    r->write_event_handler(r);

    ngx_http_run_posted_requests(c);
}


void
ngx_http_nodetool_workflow_events_init(ngx_http_nodetool_workflow_ctx_t *ctx)
{
    ngx_http_request_t                    *r;
    ngx_http_nodetool_workflow_loc_conf_t *wlcf;

    r = ctx->request;
    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_workflow_module);

    ctx->state = sw_start;

    /* NodeTool's clients parse each of the lines, which none may be empty */

    ctx->interval = ctx->ndjson ? 0 : wlcf->keepalive_comment;

    if (ctx->interval == 0) {
        return;
    }

    ctx->comment.handler = ngx_http_nodetool_workflow_comment;
    ctx->comment.data = ctx;
    ctx->comment.log = r->connection->log;

    /* it is the stream that keeps an old worker alive, not this */
    ctx->comment.cancelable = 1;

    ngx_add_timer(&ctx->comment, ctx->interval);
}


/*
 * An event that is on its way in pieces cannot be taken back: then the body
 * is left without its end, which every HTTP client notices.
 */

void
ngx_http_nodetool_workflow_events_broken(ngx_http_nodetool_workflow_ctx_t *ctx,
                                         ngx_int_t status)
{
    ngx_str_t           message, body;
    ngx_buf_t          *b;
    ngx_chain_t         out;
    ngx_http_request_t *r;

    if (ctx->split) {
        return;
    }

    r = ctx->request;

    ngx_str_set(&message, "The connection to the workflow engine was lost. "
                          "The job may go on: read the rest from "
                          "/jobs/{job_id}/events with the Last-Event-ID that "
                          "you have.");

    if (ngx_nodetool_error_text(r->pool, status, &message, &body) != NGX_OK) {
        return;
    }

    b = ngx_create_temp_buf(r->pool, body.len + sizeof("data: \n\n"));
    if (b == NULL) {
        return;
    }

    b->last =
        ngx_sprintf(b->last, ctx->ndjson ? "%V\n" : "data: %V\n\n", &body);
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;
    b->flush = 1;

    out.buf = b;
    out.next = NULL;

    (void) ngx_http_output_filter(r, &out);
}
