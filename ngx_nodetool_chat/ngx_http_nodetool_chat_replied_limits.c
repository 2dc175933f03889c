/*
 * ngx_http_nodetool_chat_replied_limits.c - what a provider says of its own
 * limits, as OpenAI's clients read it.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_translate.h"


/* "2026-01-01T00:00:00Z", in seconds from now, as OpenAI has it. */
static ngx_int_t
ngx_nodetool_replied_reset(ngx_pool_t *pool, ngx_str_t *value)
{
    char      text[32];
    u_char   *p;
    time_t    left;
    struct tm tm;

    ngx_memzero(&tm, sizeof(struct tm));
    (void) ngx_cpystrn((u_char *) text, value->data,
                       ngx_min(sizeof(text), value->len + 1));

    if (strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) == NULL) {
        return NGX_DECLINED;
    }

    left = ngx_max(timegm(&tm) - ngx_time(), 0);

    p = ngx_pnalloc(pool, NGX_TIME_T_LEN + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value->data = p;
    value->len = ngx_sprintf(p, "%Ts", left) - p;

    return NGX_OK;
}


/* Anthropic's headers by the names that OpenAI has for them
 * (https://docs.anthropic.com/en/api/rate-limits). */
static ngx_int_t
ngx_nodetool_replied_limit(ngx_nodetool_chat_ctx_t *ctx, ngx_table_elt_t *h)
{
    nt_str_t   name;
    ngx_int_t  rc;
    ngx_uint_t i;

    static const struct {
        const char *from;
        ngx_str_t   to;
    } rows[] = {
        { "requests-limit", ngx_string("x-ratelimit-limit-requests") },
        { "requests-remaining", ngx_string("x-ratelimit-remaining-requests") },
        { "requests-reset", ngx_string("x-ratelimit-reset-requests") },
        { "tokens-limit", ngx_string("x-ratelimit-limit-tokens") },
        { "tokens-remaining", ngx_string("x-ratelimit-remaining-tokens") },
        { "tokens-reset", ngx_string("x-ratelimit-reset-tokens") },
        { NULL, ngx_null_string }
    };

    static const char prefix[] = "anthropic-ratelimit-";

    name = ngx_nodetool_str(&h->key);

    if (name.len < sizeof(prefix) ||
        ngx_memcmp(h->lowcase_key, prefix, sizeof(prefix) - 1) != 0)
    {
        return NGX_OK;
    }

    name.data = (char *) h->lowcase_key + sizeof(prefix) - 1;
    name.len -= sizeof(prefix) - 1;

    for (i = 0; rows[i].from != NULL; i++) {
        if (nt_str_eq(name, nt_str(rows[i].from))) {
            break;
        }
    }

    if (rows[i].from == NULL || ctx->limit != NULL) {
        h->hash = 0;
        return NGX_OK;
    }

    if (i % 3 == 2) {
        rc = ngx_nodetool_replied_reset(ctx->request->pool, &h->value);

        if (rc != NGX_OK) {
            h->hash = 0;
            return rc == NGX_DECLINED ? NGX_OK : NGX_ERROR;
        }
    }

    h->key = rows[i].to;
    h->lowcase_key = h->key.data;
    h->hash = ngx_hash_key(h->key.data, h->key.len);

    return NGX_OK;
}


/* Renames them in the reply's header, or hides them. */
ngx_int_t
ngx_nodetool_translate_limits(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_uint_t       i;
    ngx_list_part_t *part;
    ngx_table_elt_t *h;

    part = &ctx->request->upstream->headers_in.headers.part;

    for (/* void */; part != NULL; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (ngx_nodetool_replied_limit(ctx, &h[i]) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}
