/*
 * ngx_http_nodetool_chat_head.c - the header of a request to a provider.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

const char *const ngx_nodetool_client_headers[] = { "anthropic-version",
                                                    "anthropic-beta", NULL };


/* A value of a header line must not begin another one. */
static ngx_uint_t
ngx_nodetool_chat_is_line(ngx_str_t *value)
{
    size_t i;

    for (i = 0; i < value->len; i++) {
        if (value->data[i] < 0x20 && value->data[i] != '\t') {
            return 0;
        }
    }

    return 1;
}


static void
ngx_nodetool_chat_line(nt_buf_t *head, nt_str_t name, const char *prefix,
                       ngx_str_t *value)
{
    nt_buf_append_str(head, name);
    nt_buf_append_str(head, NT_STR(": "));
    nt_buf_append_str(head, nt_str(prefix));
    nt_buf_append_str(head, ngx_nodetool_str(value));
    nt_buf_append_str(head, NT_STR(CRLF));
}


/* What is configured has been written by somebody who knows: it may hold no
 * control characters; an empty value makes no line. */
static ngx_int_t
ngx_nodetool_chat_add_line(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *head,
                           nt_str_t name, const char *prefix, ngx_str_t *value)
{
    if (value->len == 0) {
        return NGX_OK;
    }

    if (!ngx_nodetool_chat_is_line(value)) {
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "control characters in header \"%*s\" of "
                      "nodetool_provider \"%V\"",
                      name.len, name.data, &ctx->provider->name);
        return NGX_ERROR;
    }

    ngx_nodetool_chat_line(head, name, prefix, value);

    return NGX_OK;
}


/* True when the configuration has a header of this name. */
static ngx_uint_t
ngx_nodetool_chat_configured(ngx_nodetool_provider_t *p, nt_str_t name)
{
    ngx_uint_t             i;
    ngx_nodetool_header_t *h;

    h = p->headers ? p->headers->elts : NULL;

    for (i = 0; h != NULL && i < p->headers->nelts; i++) {
        if (h[i].name.len == name.len &&
            ngx_strncasecmp(h[i].name.data, (u_char *) name.data, name.len) ==
                0)
        {
            return 1;
        }
    }

    return 0;
}


/* An Anthropic client speaks to an Anthropic provider: which version of the
 * API it means is its to say. */
static ngx_uint_t
ngx_nodetool_chat_of_client(ngx_nodetool_chat_ctx_t *ctx, const char *name,
                            ngx_str_t *value)
{
    return ctx->models == NULL && !ctx->translated &&
           ctx->provider->llm == &nt_llm_anthropic &&
           ngx_nodetool_header_in(ctx->request, name, value) > 0 &&
           value->len > 0 && ngx_nodetool_chat_is_line(value);
}


/* Lines that core/llm made, "Name: value". */
static void
ngx_nodetool_chat_add_lines(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *head,
                            char *const *lines)
{
    nt_str_t   line, name;
    ngx_str_t  value;
    ngx_uint_t i, k;

    for (i = 0; i < NT_LLM_HEADERS_MAX && lines[i] != NULL; i++) {
        line = nt_str(lines[i]);
        name.data = line.data;
        name.len = (size_t) (strchr(lines[i], ':') - lines[i]);

        if (ngx_nodetool_chat_configured(ctx->provider, name)) {
            continue;
        }

        for (k = 0; ngx_nodetool_client_headers[k] != NULL; k++) {
            if (nt_str_eq(name, nt_str(ngx_nodetool_client_headers[k])) &&
                ngx_nodetool_chat_of_client(ctx, ngx_nodetool_client_headers[k],
                                            &value))
            {
                break;
            }
        }

        if (ngx_nodetool_client_headers[k] == NULL) {
            nt_buf_append_str(head, line);
            nt_buf_append_str(head, NT_STR(CRLF));
        }
    }
}


/* The key, as the provider's dialect has it. */
static ngx_int_t
ngx_nodetool_chat_add_key(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *head)
{
    nt_rc_t                  rc;
    nt_llm_request_t         request;
    ngx_nodetool_provider_t *p;

    p = ctx->provider;

    if (p->llm == &nt_llm_openai) {
        return p->has_authorization
                   ? NGX_OK
                   : ngx_nodetool_chat_add_line(ctx, head,
                                                NT_STR("Authorization"),
                                                "Bearer ", &ctx->key);
    }

    ngx_memzero(&request, sizeof(nt_llm_request_t));
    rc = nt_llm_key_header(p->llm, ngx_nodetool_str(&ctx->key), &request);

    if (rc == NT_OK) {
        ngx_nodetool_chat_add_lines(ctx, head, request.headers);

    } else {
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "the key of nodetool_provider \"%V\" cannot be sent: %s",
                      &p->name,
                      rc == NT_NOMEM ? "no memory" : "control characters");
    }

    nt_llm_request_free(&request);

    return rc == NT_OK ? NGX_OK : NGX_ERROR;
}


static void
ngx_nodetool_chat_add_client(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *head)
{
    ngx_str_t  value;
    ngx_uint_t k;

    for (k = 0; ngx_nodetool_client_headers[k] != NULL; k++) {
        if (ngx_nodetool_chat_of_client(ctx, ngx_nodetool_client_headers[k],
                                        &value) &&
            !ngx_nodetool_chat_configured(ctx->provider,
                                          nt_str(
                                              ngx_nodetool_client_headers[k])))
        {
            ngx_nodetool_chat_line(head, nt_str(ngx_nodetool_client_headers[k]),
                                   "", &value);
        }
    }
}


/* Makes the whole header; a body of `length` bytes follows. */
ngx_int_t
ngx_nodetool_chat_head(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *head,
                       off_t length)
{
    nt_str_t                 type;
    ngx_str_t                id, value;
    ngx_uint_t               i;
    ngx_nodetool_header_t   *h;
    ngx_nodetool_provider_t *p;

    p = ctx->provider;

    nt_buf_append_str(head, ctx->models ? NT_STR("GET ") : NT_STR("POST "));
    nt_llm_url(head, ngx_nodetool_str(&p->path),
               ngx_nodetool_str(&ctx->upstream_path));
    nt_buf_append_str(head, NT_STR(" HTTP/1.1" CRLF));
    nt_buf_append_str(head, ngx_nodetool_str(&p->head));

    if (ctx->models == NULL) {
        type = ctx->form ? ngx_nodetool_str(
                               &ctx->request->headers_in.content_type->value)
                         : NT_STR("application/json");

        nt_buf_append_str(head, NT_STR("Content-Type: "));
        nt_buf_append_str(head, type);
        nt_buf_append_str(head, NT_STR(CRLF "Content-Length: "));
        nt_buf_append_uint(head, (uint64_t) length);
        nt_buf_append_str(head, NT_STR(CRLF));
    }

    nt_buf_append_str(head, ctx->stream && p->llm != &nt_llm_ollama
                                ? NT_STR("Accept: text/event-stream" CRLF)
                            : ctx->models == NULL && ctx->api->any_type
                                ? NT_STR("Accept: */*" CRLF)
                                : NT_STR("Accept: application/json" CRLF));

    id = ngx_nodetool_variable(ctx->request, "nodetool_request_id");
    if (id.len > 0) {
        ngx_nodetool_chat_line(head, NT_STR("X-Request-Id"), "", &id);
    }

    ngx_nodetool_trace_lines(ctx, head);

    if (ngx_nodetool_chat_add_key(ctx, head) != NGX_OK) {
        return NGX_ERROR;
    }

    h = p->headers ? p->headers->elts : NULL;

    for (i = 0; h != NULL && i < p->headers->nelts; i++) {
        if (ngx_http_complex_value(ctx->request, h[i].value, &value) !=
                NGX_OK ||
            ngx_nodetool_chat_add_line(ctx, head, ngx_nodetool_str(&h[i].name),
                                       "", &value) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    ngx_nodetool_chat_add_client(ctx, head);
    nt_buf_append_str(head, NT_STR(CRLF));

    return head->failed ? NGX_ERROR : NGX_OK;
}
