/*
 * ngx_http_nodetool_chat_trace.c - traceparent and tracestate (W3C Trace
 * Context) of the client, passed on as they came: the gateway has no span of
 * its own.  What is not valid is dropped, as the specification wants it.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#include "core/nt_trace.h"


/* The lines of tracestate, in order, as one list. */
static ngx_int_t
ngx_nodetool_trace_join(ngx_http_request_t *r, ngx_str_t *state)
{
    u_char          *p;
    size_t           len;
    ngx_uint_t       i, pass;
    ngx_list_part_t *part;
    ngx_table_elt_t *h;

    static ngx_str_t name = ngx_string("tracestate");

    p = NULL;
    len = 0;

    for (pass = 0; pass < 2; pass++) {
        for (part = &r->headers_in.headers.part; part; part = part->next) {
            h = part->elts;

            for (i = 0; i < part->nelts; i++) {
                if (h[i].key.len != name.len ||
                    ngx_strncmp(h[i].lowcase_key, name.data, name.len) != 0)
                {
                    continue;
                }

                if (pass == 0) {
                    len += h[i].value.len + 1;
                    continue;
                }

                p = ngx_cpymem(p, h[i].value.data, h[i].value.len);
                *p++ = ',';
            }
        }

        if (pass == 0) {
            p = ngx_pnalloc(r->pool, len);
            if (p == NULL) {
                return NGX_ERROR;
            }

            state->data = p;
            state->len = len - 1; /* without the last comma */
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_nodetool_trace_take(ngx_nodetool_chat_ctx_t *ctx)
{
    nt_str_t            id;
    ngx_str_t           value;
    ngx_uint_t          n;
    ngx_http_request_t *r;

    r = ctx->request;

    if (ngx_nodetool_header_in(r, "traceparent", &value) != 1 ||
        !nt_trace_parent(ngx_nodetool_str(&value), &id))
    {
        return NGX_OK;
    }

    ctx->trace_parent = value;
    ctx->trace_id.data = (u_char *) id.data;
    ctx->trace_id.len = id.len;

    n = ngx_nodetool_header_in(r, "tracestate", &value);

    if (n > 1 && ngx_nodetool_trace_join(r, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (n > 0 && nt_trace_state(ngx_nodetool_str(&value))) {
        ctx->trace_state = value;
    }

    return NGX_OK;
}


/* A header of the configuration takes the place of these. */
static ngx_uint_t
ngx_nodetool_trace_configured(ngx_nodetool_provider_t *p)
{
    ngx_uint_t             i;
    ngx_nodetool_header_t *h;

    h = p->headers ? p->headers->elts : NULL;

    for (i = 0; h != NULL && i < p->headers->nelts; i++) {
        if (h[i].name.len == sizeof("traceparent") - 1 &&
            ngx_strncasecmp(h[i].name.data, (u_char *) "traceparent",
                            h[i].name.len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


void
ngx_nodetool_trace_lines(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *head)
{
    if (ctx->trace_parent.len == 0 ||
        ngx_nodetool_trace_configured(ctx->provider)) {
        return;
    }

    nt_buf_append_str(head, NT_STR("traceparent: "));
    nt_buf_append_str(head, ngx_nodetool_str(&ctx->trace_parent));
    nt_buf_append_str(head, NT_STR(CRLF));

    if (ctx->trace_state.len > 0) {
        nt_buf_append_str(head, NT_STR("tracestate: "));
        nt_buf_append_str(head, ngx_nodetool_str(&ctx->trace_state));
        nt_buf_append_str(head, NT_STR(CRLF));
    }
}
