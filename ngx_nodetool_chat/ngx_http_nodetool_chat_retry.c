/*
 * ngx_http_nodetool_chat_retry.c - what a failure says of a provider and its
 * key, and what is tried next.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#define NGX_NODETOOL_BACKOFF_MAX 8000 /* ms */


ngx_int_t
ngx_nodetool_attempt_name(ngx_nodetool_attempt_t *a, ngx_nodetool_choice_t *c)
{
    if (c->named) {
        return NGX_OK;
    }

    c->named = 1;
    c->model = a->ctx->model;

    return c->target->model == NULL
               ? NGX_OK
               : ngx_http_complex_value(a->ctx->request, c->target->model,
                                        &c->model);
}


void
ngx_nodetool_attempt_choose(ngx_nodetool_attempt_t *a, ngx_nodetool_choice_t *c,
                            ngx_uint_t key, ngx_uint_t probe, ngx_msec_t wait)
{
    a->chosen = c;
    a->chosen_key = key;
    a->chosen_probe = probe;
    a->wait = wait;
}


void
ngx_nodetool_attempt_unchoose(ngx_nodetool_attempt_t *a)
{
    if (a->chosen_probe) {
        ngx_nodetool_health_release(a->chosen->target->provider);
        a->chosen_probe = 0;
    }
}


ngx_int_t
ngx_nodetool_attempt_select(ngx_nodetool_attempt_t *a, ngx_msec_t wait,
                            ngx_msec_t *left)
{
    ngx_int_t                rc, found;
    ngx_uint_t               i, key, probe;
    ngx_msec_t               rest;
    ngx_nodetool_choice_t   *c;
    ngx_nodetool_provider_t *p;

    found = NGX_DECLINED;
    *left = 0;

    for (i = 0; i < a->n; i++) {
        c = &a->choices[i];
        p = c->target->provider;

        if (c->tried) {
            continue;
        }

        if (ngx_nodetool_attempt_name(a, c) != NGX_OK) {
            return NGX_ERROR;
        }

        rest = 0;
        probe = 0;
        rc = ngx_nodetool_key_pick(p, &c->model, c->refused | c->limited, &key,
                                   &rest);

        if (rc == NGX_OK && (a->n == 1 || ngx_nodetool_health_admit(p, &probe)))
        {
            ngx_nodetool_attempt_choose(a, c, key, probe, 0);
            *left = 0;
            return NGX_OK;
        }

        if (rc == NGX_OK || rc == NGX_BUSY) {
            if (found != NGX_OK) {
                ngx_nodetool_attempt_choose(a, c, key, 0, 0);
                found = NGX_OK;
            }

        } else if (rc == NGX_AGAIN && found != NGX_OK &&
                   (*left == 0 || rest < *left)) {
            *left = rest;

            if (rest <= wait) {
                ngx_nodetool_attempt_choose(a, c, key, 0, rest);
                found = NGX_AGAIN;
            }
        }
    }

    return found == NGX_AGAIN ? NGX_OK : found;
}


/* What the attempt's end says of the provider and of the key. */
static void
ngx_nodetool_attempt_judge(ngx_nodetool_attempt_t *a, ngx_uint_t status,
                           ngx_msec_t retry_after)
{
    ngx_log_t               *log;
    ngx_nodetool_choice_t   *c;
    ngx_nodetool_provider_t *p;

    c = a->current;
    p = c->target->provider;
    log = a->ctx->request->connection->log;

    a->settled = 1;

    if (status == 0 || status >= 500) {
        ngx_nodetool_health_fail(p, log);

    } else {
        ngx_nodetool_health_ok(p, log); /* it is there */
    }

    ngx_nodetool_key_refused(p, a->key, &c->model, status, retry_after);

    switch (status) {
    case 401:
    case 403:
        c->refused |= (uint64_t) 1 << a->key;
        break;

    case NGX_HTTP_TOO_MANY_REQUESTS:
        c->limited |= (uint64_t) 1 << a->key;
        break;

    default:
        c->tried = 1;
    }
}


/* All targets were tried: from the first one on again, after some time. */
static ngx_int_t
ngx_nodetool_attempt_again(ngx_nodetool_attempt_t *a, ngx_msec_t longest,
                           ngx_msec_t retry_after)
{
    ngx_int_t             rc;
    ngx_uint_t            i;
    ngx_msec_t            backoff, left;
    ngx_nodetool_retry_t *retry;

    retry = &ngx_nodetool_chat_loc(a->ctx)->retry;

    for (i = 0; i < a->n; i++) {
        a->choices[i].tried = 0;
        a->choices[i].limited = 0;
    }

    rc = ngx_nodetool_attempt_select(a, longest, &left);
    if (rc != NGX_OK) {
        return rc;
    }

    if (retry_after != NGX_CONF_UNSET_MSEC && a->chosen == a->current &&
        a->chosen_key == a->key)
    {
        if (retry_after > longest) {
            return NGX_DECLINED;
        }

        a->wait = ngx_max(a->wait, retry_after);
    }

    backoff = ngx_min(retry->backoff << ngx_min(a->rounds, 16),
                      NGX_NODETOOL_BACKOFF_MAX);
    a->rounds++;

    /* some of it by chance: those who failed together do not come again
     * together */
    backoff -= (ngx_msec_t) ngx_random() % (backoff / 2 + 1);
    a->wait = ngx_max(a->wait, backoff);

    return NGX_OK;
}


/* Is there another attempt to be made?  Then it is chosen. */
static ngx_int_t
ngx_nodetool_attempt_more(ngx_nodetool_attempt_t *a, ngx_msec_t retry_after)
{
    ngx_int_t             rc;
    ngx_msec_t            passed, longest, left;
    ngx_nodetool_retry_t *retry;

    retry = &ngx_nodetool_chat_loc(a->ctx)->retry;

    if (a->ctx->request->connection->error ||
        (retry->tries > 0 && a->made >= retry->tries))
    {
        return NGX_DECLINED;
    }

    passed = ngx_current_msec - a->begun;
    longest = retry->wait;

    if (retry->timeout > 0) {
        if (passed >= retry->timeout) {
            return NGX_DECLINED;
        }

        longest = ngx_min(longest, retry->timeout - passed);
    }

    rc = ngx_nodetool_attempt_select(a, longest, &left);

    if (rc == NGX_DECLINED && retry->tries > 0) {
        rc = ngx_nodetool_attempt_again(a, longest, retry_after);
    }

    if (rc == NGX_OK && retry->timeout > 0 &&
        passed + a->wait >= retry->timeout) {
        ngx_nodetool_attempt_unchoose(a);
        rc = NGX_DECLINED;
    }

    return rc;
}


static void
ngx_nodetool_attempt_log(ngx_nodetool_attempt_t *a, ngx_uint_t status,
                         const char *why)
{
    u_char                  *p, *last, text[128];
    ngx_log_t               *log;
    ngx_nodetool_choice_t   *next;
    ngx_nodetool_provider_t *provider;

    last = text + sizeof(text);
    log = a->ctx->request->connection->log;
    provider = a->current->target->provider;

    p = status ? ngx_slprintf(text, last, "status %ui%s%s", status,
                              why ? ", " : "", why ? why : "")
               : ngx_slprintf(text, last, "%s", why);

    if (a->next != NGX_NODETOOL_NEXT_ATTEMPT) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "attempt %ui failed: nodetool_provider \"%V\", model "
                      "\"%V\": %*s, no next",
                      a->made, &provider->name, &a->current->model,
                      (size_t) (p - text), text);
        return;
    }

    next = a->chosen;

    ngx_log_error(NGX_LOG_WARN, log, 0,
                  "attempt %ui failed: nodetool_provider \"%V\", model \"%V\": "
                  "%*s, next: \"%V\", model \"%V\", key %ui, in %M ms",
                  a->made, &provider->name, &a->current->model,
                  (size_t) (p - text), text, &next->target->provider->name,
                  &next->model, a->chosen_key + 1, a->wait);
}


static ngx_nodetool_next_e
ngx_nodetool_attempt_decide(ngx_nodetool_attempt_t *a, ngx_uint_t status,
                            ngx_uint_t timeout, ngx_msec_t retry_after,
                            const char *why)
{
    ngx_uint_t               allowed;
    ngx_nodetool_retry_on_t *on;

    on = &ngx_nodetool_chat_loc(a->ctx)->retry_on;

    ngx_nodetool_attempt_judge(a, status, retry_after);
    ngx_nodetool_chat_tried(a->ctx, status    ? status
                                    : timeout ? NGX_HTTP_GATEWAY_TIME_OUT
                                              : NGX_HTTP_BAD_GATEWAY);

    if (status > 0) {
        allowed = ngx_nodetool_retry_on_status(on, status);

    } else {
        allowed = timeout ? on->timeout : on->error;
    }

    a->next = allowed && ngx_nodetool_attempt_more(a, retry_after) == NGX_OK
                  ? NGX_NODETOOL_NEXT_ATTEMPT
                  : NGX_NODETOOL_NEXT_NONE;

    if (allowed || status == 0 || status >= 500) {
        ngx_nodetool_attempt_log(a, status, why);
    }

    return a->next;
}


/* Does nodetool_provider's next_upstream allow another server of it? */
static ngx_uint_t
ngx_nodetool_attempt_server(ngx_nodetool_attempt_t *a, ngx_uint_t mask)
{
    ngx_msec_t               timeout;
    ngx_http_upstream_t     *u;
    ngx_nodetool_provider_t *p;

    u = a->ctx->request->upstream;
    p = a->current->target->provider;
    timeout = p->next_upstream_timeout;

    if (u->request_sent) {
        mask |= NGX_HTTP_UPSTREAM_FT_NON_IDEMPOTENT;
    }

    return (p->next_upstream & mask) == mask &&
           !(timeout && ngx_current_msec - u->peer.start_time >= timeout);
}


ngx_nodetool_next_e
ngx_nodetool_attempt_failed(ngx_nodetool_chat_ctx_t *ctx, ngx_uint_t timeout,
                            const char *why, ngx_uint_t left)
{
    ngx_nodetool_attempt_t *a;

    a = ctx->attempt;

    if (left > 0 &&
        ngx_nodetool_attempt_server(a, timeout ? NGX_HTTP_UPSTREAM_FT_TIMEOUT
                                               : NGX_HTTP_UPSTREAM_FT_ERROR))
    {
        a->next = NGX_NODETOOL_NEXT_SERVER;
        return a->next;
    }

    if (why == NULL) {
        why = timeout ? "timed out" : "connection failed";
    }

    return ngx_nodetool_attempt_decide(a, 0, timeout, NGX_CONF_UNSET_MSEC, why);
}


static ngx_uint_t
ngx_nodetool_attempt_mask(ngx_uint_t status)
{
    switch (status) {
    case NGX_HTTP_INTERNAL_SERVER_ERROR:
        return NGX_HTTP_UPSTREAM_FT_HTTP_500;

    case NGX_HTTP_BAD_GATEWAY:
        return NGX_HTTP_UPSTREAM_FT_HTTP_502;

    case NGX_HTTP_SERVICE_UNAVAILABLE:
        return NGX_HTTP_UPSTREAM_FT_HTTP_503;

    case NGX_HTTP_GATEWAY_TIME_OUT:
        return NGX_HTTP_UPSTREAM_FT_HTTP_504;

    case NGX_HTTP_TOO_MANY_REQUESTS:
        return NGX_HTTP_UPSTREAM_FT_HTTP_429;

    default:
        return 0;
    }
}


ngx_uint_t
ngx_nodetool_attempt_retry(ngx_nodetool_chat_ctx_t *ctx, ngx_uint_t status,
                           ngx_msec_t retry_after)
{
    ngx_uint_t              mask;
    ngx_nodetool_attempt_t *a;

    a = ctx->attempt;

    if (a == NULL || a->settled) {
        return 0;
    }

    if (status == 0) {
        return ngx_nodetool_attempt_decide(a, 0, 0, retry_after,
                                           "no valid reply") ==
               NGX_NODETOOL_NEXT_ATTEMPT;
    }

    mask = ngx_nodetool_attempt_mask(status);

    if (mask != 0 && ctx->request->upstream->peer.tries > 1 &&
        ngx_nodetool_attempt_server(a, mask))
    {
        a->next = NGX_NODETOOL_NEXT_SERVER;
        return 1;
    }

    return ngx_nodetool_attempt_decide(a, status, 0, retry_after, NULL) ==
           NGX_NODETOOL_NEXT_ATTEMPT;
}


void
ngx_nodetool_attempt_ok(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_http_upstream_t     *u;
    ngx_nodetool_attempt_t  *a;
    ngx_nodetool_provider_t *p;

    a = ctx->attempt;

    if (a == NULL) {
        return;
    }

    u = ctx->request->upstream;
    p = ctx->provider;

    if (!a->settled) {
        a->settled = 1;
        a->answered = 1;
        ngx_nodetool_chat_tried(ctx, NGX_HTTP_OK);
        ngx_nodetool_health_ok(p, ctx->request->connection->log);
    }

    if (u->conf == &p->first_upstream) {
        u->conf = &p->upstream;
    }
}


/* nginx's reason: a status when the provider failed, or the client. */
void
ngx_nodetool_attempt_over(ngx_nodetool_chat_ctx_t *ctx, ngx_int_t rc)
{
    ngx_nodetool_attempt_t *a;

    ngx_nodetool_attempt_cancel(ctx);

    a = ctx->attempt;

    if (a == NULL || a->current == NULL) {
        return;
    }

    /* idle connections are known by it */
    ctx->request->upstream->conf = a->conf;

    if (a->answered && !ctx->request->connection->error &&
        (rc == NGX_HTTP_BAD_GATEWAY || rc == NGX_HTTP_GATEWAY_TIME_OUT))
    {
        ngx_nodetool_health_fail(ctx->provider, ctx->request->connection->log);

    } else if (!a->settled && a->probe) {
        ngx_nodetool_health_release(ctx->provider);
    }

    a->settled = 1;
    a->answered = 0;
}


ngx_msec_t
ngx_nodetool_retry_after(ngx_http_request_t *r)
{
    time_t           time;
    ngx_int_t        ms, n;
    ngx_uint_t       i;
    ngx_list_part_t *part;
    ngx_table_elt_t *h;

    ms = NGX_ERROR;

    for (part = &r->upstream->headers_in.headers.part; part; part = part->next)
    {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len == 14 &&
                ngx_strncmp(h[i].lowcase_key, "retry-after-ms", 14) == 0)
            {
                n = ngx_atoi(h[i].value.data, h[i].value.len);

                if (n != NGX_ERROR) {
                    return n; /* the more exact one */
                }
            }

            if (h[i].key.len != 11 ||
                ngx_strncmp(h[i].lowcase_key, "retry-after", 11) != 0) {
                continue;
            }

            ms = ngx_atofp(h[i].value.data, h[i].value.len, 3);

            if (ms == NGX_ERROR) {
                time = ngx_parse_http_time(h[i].value.data, h[i].value.len);

                if (time != NGX_ERROR) {
                    ms = ngx_max(time - ngx_time(), 0) * 1000;
                }
            }
        }
    }

    return ms == NGX_ERROR ? NGX_CONF_UNSET_MSEC : (ngx_msec_t) ms;
}
