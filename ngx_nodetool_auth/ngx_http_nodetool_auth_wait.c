/*
 * ngx_http_nodetool_auth_wait.c - requests that wait for an issuer, in the
 * access phase.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

/* Between two looks at what another request, maybe of another worker,
 * fetches. */
#define NGX_HTTP_NODETOOL_AUTH_LOOK 50 /* ms */

static void ngx_http_nodetool_auth_look(ngx_event_t *ev);


/* The request's keys are on their way, or the answer about its token. */

ngx_int_t
ngx_http_nodetool_auth_wait(ngx_http_request_t           *r,
                            ngx_http_nodetool_auth_ctx_t *ctx)
{
    ngx_http_nodetool_auth_loc_conf_t *alcf;

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_auth_module);

    if (!ctx->waiting) {
        ctx->waiting = 1;
        ctx->deadline = ngx_current_msec + alcf->timeout;
        ctx->event.handler = ngx_http_nodetool_auth_look;
        ctx->event.data = ctx;
        ctx->event.log = r->connection->log;

    } else if ((ngx_msec_int_t) (ctx->deadline - ngx_current_msec) <= 0) {
        ctx->conf = alcf;
        ngx_http_nodetool_auth_unavailable(ctx, 1);
        return NGX_OK;
    }

    /* others may wait for what this one fetches: it stays when its client
     * goes */

    r->read_event_handler =
        ctx->fetching ? ngx_http_block_reading : ngx_http_test_reading;

    if (!ctx->event.timer_set) {
        ngx_add_timer(&ctx->event, NGX_HTTP_NODETOOL_AUTH_LOOK);
    }

    return NGX_AGAIN;
}


void
ngx_http_nodetool_auth_stop_waiting(ngx_http_request_t           *r,
                                    ngx_http_nodetool_auth_ctx_t *ctx)
{
    if (!ctx->waiting) {
        return;
    }

    ctx->waiting = 0;
    r->read_event_handler = ngx_http_block_reading;

    if (ctx->event.timer_set) {
        ngx_del_timer(&ctx->event);
    }
}


static void
ngx_http_nodetool_auth_look(ngx_event_t *ev)
{
    ngx_connection_t             *c;
    ngx_http_request_t           *r;
    ngx_http_nodetool_auth_ctx_t *ctx;

    ctx = ev->data;
    r = ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (ctx->waiting) {
        r->write_event_handler(r);
    }

    ngx_http_run_posted_requests(c);
}


void
ngx_http_nodetool_auth_wake(ngx_http_request_t *r)
{
    ngx_http_nodetool_auth_ctx_t *ctx;

    ctx = ngx_http_nodetool_auth_get_ctx(r);

    if (ctx != NULL && ctx->waiting) {
        (void) ngx_http_post_request(r, NULL); /* else the timer does it */
    }
}
