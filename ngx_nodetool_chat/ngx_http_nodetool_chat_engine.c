/*
 * ngx_http_nodetool_chat_engine.c - the engine as a provider: which requests
 * are its, and what it is told with them (docs/wire.md, Chat).
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#define NGX_NODETOOL_ENGINE_HEAD_MAX    16384 /* bytes, by the protocol */
#define NGX_NODETOOL_ENGINE_TARGETS_MAX 16    /* providers and keys */

static ngx_str_t ngx_nodetool_engine_prefix = ngx_string("workflow/");


const char *
ngx_nodetool_engine_api(const ngx_nodetool_api_t *api)
{
    return api->llm == &nt_llm_api_chat        ? "chat"
           : api->llm == &nt_llm_api_messages  ? "messages"
           : api->llm == &nt_llm_api_responses ? "responses"
                                               : NULL;
}


static ngx_nodetool_provider_t *
ngx_nodetool_engine_provider(ngx_http_request_t *r)
{
    ngx_uint_t                     i;
    ngx_nodetool_provider_t      **p;
    ngx_nodetool_chat_main_conf_t *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_chat_module);
    p = mcf->providers.elts;

    for (i = 0; i < mcf->providers.nelts; i++) {
        if (p[i]->dialect == NGX_NODETOOL_DIALECT_ENGINE) {
            return p[i];
        }
    }

    return NULL;
}


ngx_nodetool_provider_t *
ngx_nodetool_engine_find(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_str_t *prefix = &ngx_nodetool_engine_prefix;

    if (ctx->model.len <= prefix->len ||
        ngx_memcmp(ctx->model.data, prefix->data, prefix->len) != 0)
    {
        return NULL;
    }

    return ngx_nodetool_engine_provider(ctx->request);
}


/* --- models of other providers --- */

static void
ngx_nodetool_engine_field(nt_buf_t *buf, const char *name, ngx_str_t *value)
{
    if (buf->len > 0 && buf->data[buf->len - 1] != '{') {
        nt_buf_append_char(buf, ',');
    }

    nt_buf_append_json(buf, nt_str(name));
    nt_buf_append_char(buf, ':');
    nt_buf_append_json(buf, ngx_nodetool_str(value));
}


static ngx_int_t
ngx_nodetool_engine_headers(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *buf)
{
    u_char                *line, *last;
    ngx_str_t              value;
    ngx_uint_t             i;
    ngx_array_t           *headers;
    ngx_nodetool_header_t *h;

    headers = ctx->provider->headers;
    nt_buf_append_str(buf, NT_STR(",\"headers\":["));
    h = headers ? headers->elts : NULL;

    for (i = 0; h != NULL && i < headers->nelts; i++) {
        if (ngx_http_complex_value(ctx->request, h[i].value, &value) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (value.len == 0) {
            continue;
        }

        line = ngx_pnalloc(ctx->request->pool, h[i].name.len + 2 + value.len);
        if (line == NULL) {
            return NGX_ERROR;
        }

        last = ngx_sprintf(line, "%V: %V", &h[i].name, &value);
        nt_buf_append(buf, ",", buf->data[buf->len - 1] != '[');
        nt_buf_append_json(buf, (nt_str_t) { (char *) line,
                                             (size_t) (last - line) });
    }

    nt_buf_append_char(buf, ']');

    return NGX_OK;
}


/* Appends where a choice is, with the key that is set. */
static ngx_int_t
ngx_nodetool_engine_target(ngx_nodetool_chat_ctx_t *ctx,
                           ngx_nodetool_choice_t *c, nt_buf_t *buf)
{
    ngx_str_t                dialect;
    ngx_nodetool_provider_t *p;

    p = ctx->provider;
    dialect = p->dialect_name;

    if (p->dialect == NGX_NODETOOL_DIALECT_ECHO) {
        ngx_str_set(&dialect, "echo");

    } else if (dialect.len == 0) {
        ngx_str_set(&dialect, "openai");
    }

    nt_buf_append(buf, ",", buf->len > 0);
    nt_buf_append_char(buf, '{');
    ngx_nodetool_engine_field(buf, "name", &p->name);
    ngx_nodetool_engine_field(buf, "dialect", &dialect);
    ngx_nodetool_engine_field(buf, "url", &p->url);

    if (!p->has_authorization) {
        ngx_nodetool_engine_field(buf, "key", &ctx->key);
    }

    ngx_nodetool_engine_field(buf, "model", &c->model);

    if (ngx_nodetool_engine_headers(ctx, buf) != NGX_OK) {
        return NGX_ERROR;
    }

    nt_buf_append_char(buf, '}');

    return NGX_OK;
}


/* Appends the choices in their order, each with its keys in theirs. */
static ngx_int_t
ngx_nodetool_engine_targets(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *buf)
{
    uint64_t               used;
    ngx_uint_t             i, n, key;
    ngx_msec_t             left;
    ngx_nodetool_choice_t *c;

    n = 0;

    for (i = 0; i < ctx->attempt->n; i++) {
        c = &ctx->attempt->choices[i];
        ctx->provider = c->target->provider;

        if (ctx->provider->dialect == NGX_NODETOOL_DIALECT_ENGINE) {
            continue; /* a workflow calls none */
        }

        if (ngx_nodetool_attempt_name(ctx->attempt, c) != NGX_OK) {
            return NGX_ERROR;
        }

        used = 0;

        while (n < NGX_NODETOOL_ENGINE_TARGETS_MAX &&
               ngx_nodetool_key_pick(ctx->provider, &c->model, used, &key,
                                     &left) != NGX_DECLINED)
        {
            if (ngx_nodetool_key_set(ctx, key) != NGX_OK ||
                ngx_nodetool_engine_target(ctx, c, buf) != NGX_OK)
            {
                return NGX_ERROR;
            }

            used |= (uint64_t) 1 << key;
            n++;
        }
    }

    return buf->failed ? NGX_ERROR : NGX_OK;
}


/* Makes the engine the only choice. */
static ngx_int_t
ngx_nodetool_engine_choose(ngx_nodetool_chat_ctx_t *ctx,
                           ngx_nodetool_provider_t *engine)
{
    ngx_nodetool_choice_t *c;
    ngx_nodetool_target_t *target;

    target = ngx_pcalloc(ctx->request->pool, sizeof(ngx_nodetool_target_t));
    if (target == NULL) {
        return NGX_ERROR;
    }

    target->provider = engine;
    target->weight = 1;

    c = &ctx->attempt->choices[0];

    ngx_memzero(c, sizeof(ngx_nodetool_choice_t));
    c->target = target;

    ctx->attempt->n = 1;

    return NGX_OK;
}


ngx_int_t
ngx_nodetool_engine_take(ngx_nodetool_chat_ctx_t *ctx)
{
    nt_buf_t                 buf;
    ngx_int_t                rc;
    ngx_nodetool_engine_t   *e;
    ngx_nodetool_provider_t *engine;

    e = &ctx->engine;
    engine = ctx->attempt->choices[0].target->provider;

    if (engine->dialect == NGX_NODETOOL_DIALECT_ENGINE ||
        ngx_nodetool_engine_api(ctx->api) == NULL ||
        !ngx_nodetool_tools_wanted(ctx))
    {
        return NGX_DECLINED;
    }

    engine = ngx_nodetool_engine_provider(ctx->request);
    if (engine == NULL) {
        return NGX_DECLINED;
    }

    ngx_memzero(&buf, sizeof(nt_buf_t));
    rc = ngx_nodetool_engine_targets(ctx, &buf);

    if (rc == NGX_OK) {
        e->targets.len = buf.len;
        e->targets.data = ngx_pnalloc(ctx->request->pool, buf.len);
    }

    if (e->targets.data != NULL) {
        ngx_memcpy(e->targets.data, buf.data, buf.len);
    }

    nt_buf_free(&buf);

    return e->targets.data != NULL ? ngx_nodetool_engine_choose(ctx, engine)
                                   : NGX_ERROR;
}


/* --- the head line --- */

/* Who asks, as the workflow module says it. */
static ngx_int_t
ngx_nodetool_engine_peer(ngx_http_request_t *r, nt_buf_t *head)
{
    ngx_str_t  value;
    ngx_uint_t i;

    static const char *const fields[][2] = {
        { "nodetool_user", "user" }, { "nodetool_request_id", "request_id" }
    };

    static ngx_str_t admin = ngx_string("admin");

    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        value = ngx_nodetool_variable(r, fields[i][0]);

        if (value.len > 0) {
            ngx_nodetool_engine_field(head, fields[i][1], &value);
        }
    }

    value = ngx_nodetool_variable(r, "nodetool_role");

    if (value.len == admin.len &&
        ngx_memcmp(value.data, admin.data, admin.len) == 0)
    {
        ngx_nodetool_engine_field(head, "role", &admin);
    }

    if (ngx_nodetool_base_url(r, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_nodetool_engine_field(head, "base", &value);

    return NGX_OK;
}


ngx_int_t
ngx_nodetool_engine_head(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *head,
                         off_t length)
{
    ngx_http_request_t           *r;
    ngx_nodetool_chat_loc_conf_t *lcf;

    r = ctx->request;

    nt_buf_append_str(head, ctx->models ? NT_STR("{\"op\":\"chat.models\"")
                                        : NT_STR("{\"op\":\"chat\""));

    if (ngx_nodetool_engine_peer(r, head) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->models == NULL) {
        nt_buf_printf(head, ",\"api\":\"%s\"",
                      ngx_nodetool_engine_api(ctx->api));

        if (ctx->engine.targets.len > 0) {
            lcf =
                ngx_http_get_module_loc_conf(r, ngx_http_nodetool_chat_module);

            nt_buf_append_str(head, NT_STR(",\"targets\":["));
            nt_buf_append_str(head, ngx_nodetool_str(&ctx->engine.targets));
            nt_buf_append_char(head, ']');
            ngx_nodetool_tools_head(lcf->tools, head);
        }

        nt_buf_append_str(head, NT_STR(",\"length\":"));
        nt_buf_append_uint(head, (uint64_t) length);
    }

    nt_buf_append_str(head, NT_STR("}\n"));

    if (head->len > NGX_NODETOOL_ENGINE_HEAD_MAX) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "the engine takes no more than %d bytes of providers, "
                      "keys, headers and tools",
                      NGX_NODETOOL_ENGINE_HEAD_MAX);
        return NGX_ERROR;
    }

    return head->failed ? NGX_ERROR : NGX_OK;
}
