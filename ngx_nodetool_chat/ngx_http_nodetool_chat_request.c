/*
 * ngx_http_nodetool_chat_request.c - a request, from its first byte to the
 * provider that answers it.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

static void ngx_nodetool_chat_body_handler(ngx_http_request_t *r);
static void ngx_nodetool_chat_refreshed(ngx_nodetool_chat_ctx_t *ctx);
static void ngx_nodetool_chat_body_done(ngx_nodetool_chat_ctx_t *ctx,
                                        ngx_int_t                rc);


static void
ngx_nodetool_chat_cleanup(void *data)
{
    ngx_nodetool_chat_ctx_t *ctx = data;

    if (ctx->event.timer_set) {
        ngx_del_timer(&ctx->event);
    }

    if (ctx->event.posted) {
        ngx_delete_posted_event(&ctx->event);
    }

    ngx_nodetool_attempt_cancel(ctx);
    nt_sse_free(&ctx->sse);
    ngx_nodetool_translate_free(ctx);
}


ngx_nodetool_chat_ctx_t *
ngx_nodetool_chat_ctx_create(ngx_http_request_t *r)
{
    size_t                   size;
    ngx_pool_cleanup_t      *cln;
    ngx_nodetool_chat_ctx_t *ctx;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_nodetool_chat_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ctx = cln->data;
    ngx_memzero(ctx, sizeof(ngx_nodetool_chat_ctx_t));

    size = NGX_NODETOOL_FIELDS_N * sizeof(nt_json_field_t);

    ctx->fields = ngx_pmemalign(r->pool, size, NGX_ALIGNMENT);
    if (ctx->fields == NULL) {
        return NULL;
    }

    ngx_memzero(ctx->fields, size);

    cln->handler = ngx_nodetool_chat_cleanup;

    ctx->request = r;
    ngx_memset(&ctx->usage, 0xff, sizeof(nt_llm_usage_t)); /* -1: not known */
    nt_sse_init(&ctx->sse);

    ngx_http_set_ctx(r, ctx, ngx_http_nodetool_chat_module);

    return ctx;
}


ngx_nodetool_chat_ctx_t *
ngx_nodetool_chat_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t      *cln;
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_chat_module);

    if (ctx != NULL || !(r->internal || r->filter_finalize)) {
        return ctx;
    }

    /* an internal redirect cleared it; the cleanup still knows it */

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_nodetool_chat_cleanup) {
            ctx = cln->data;

            if (ctx->request == r) {
                return ctx;
            }
        }
    }

    return NULL;
}


/* Takes everything before a `suffix` that starts with a slash off. */
static ngx_uint_t
ngx_nodetool_chat_suffix(ngx_str_t *path, const char *suffix)
{
    size_t len;

    len = ngx_strlen(suffix);

    if (path->len < len ||
        ngx_memcmp(path->data + path->len - len, suffix, len) != 0)
    {
        return 0;
    }

    path->data += path->len - len;
    path->len = len;

    return 1;
}


/* What comes after the location's prefix and an optional v1/. A location
 * that is no prefix (exact, regular expression, named) says nothing of what
 * is before. */
ngx_str_t
ngx_nodetool_chat_path(ngx_http_request_t *r)
{
    ngx_str_t                 path;
    ngx_uint_t                prefix;
    ngx_http_core_loc_conf_t *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    path = r->uri;

    prefix = !clcf->exact_match && !clcf->noname && !clcf->named;
#if (NGX_PCRE)
    prefix = prefix && clcf->regex == NULL;
#endif

    if (!prefix) {
        if (!ngx_nodetool_api_suffix(&path)) {
            (void) ngx_nodetool_chat_suffix(&path, "/models");
        }

    } else if (path.len >= clcf->name.len &&
               ngx_strncmp(path.data, clcf->name.data, clcf->name.len) == 0)
    {
        path.data += clcf->name.len;
        path.len -= clcf->name.len;
    }

    if (path.len > 0 && path.data[0] == '/') {
        path.data++;
        path.len--;
    }

    if (path.len > 3 && ngx_strncmp(path.data, "v1/", 3) == 0) {
        path.data += 3;
        path.len -= 3;
    }

    return path;
}


/* JSON, or nothing said. What a form of a foreign site can send without the
 * browser asking first (text/plain, urlencoded, multipart) is refused. */
static ngx_int_t
ngx_nodetool_chat_is_json(ngx_http_request_t *r)
{
    u_char          *p, *last;
    ngx_table_elt_t *type;

    type = r->headers_in.content_type;

    if (type == NULL || type->value.len == 0) {
        return 1;
    }

    p = type->value.data;
    last = ngx_strlchr(p, p + type->value.len, ';');
    if (last == NULL) {
        last = p + type->value.len;
    }

    return ngx_strlcasestrn(p, last, (u_char *) "json", 4 - 1) != NULL;
}


static ngx_int_t
ngx_nodetool_chat_other_type(ngx_http_request_t       *r,
                             const ngx_nodetool_api_t *api)
{
    ngx_int_t rc;
    ngx_str_t type;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_str_null(&type);

    if (r->headers_in.content_type != NULL) {
        type = r->headers_in.content_type->value;
    }

    return ngx_nodetool_errorf(r, NGX_HTTP_UNSUPPORTED_MEDIA_TYPE,
                               "Content-Type is \"%V\", expected \"%s\"", &type,
                               api->json ? "application/json"
                                         : "multipart/form-data");
}


static ngx_int_t
ngx_nodetool_chat_post(ngx_http_request_t *r, const ngx_nodetool_api_t *api)
{
    ngx_int_t                rc;
    ngx_uint_t               form;
    ngx_nodetool_chat_ctx_t *ctx;

    if (r->method != NGX_HTTP_POST) {
        rc = ngx_http_discard_request_body(r);
        return rc == NGX_OK ? ngx_nodetool_not_allowed(r, "POST") : rc;
    }

    form = api->form && ngx_nodetool_form_is(r);

    if (!form && !(api->json && ngx_nodetool_chat_is_json(r))) {
        return ngx_nodetool_chat_other_type(r, api);
    }

    ctx = ngx_nodetool_chat_ctx_create(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->api = api;

    if (ngx_nodetool_metrics_begin(r) != NGX_OK ||
        ngx_nodetool_trace_take(ctx) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (form) {
        rc = ngx_nodetool_form_create(ctx);
        if (rc != NGX_OK || ctx->form == NULL) {
            return rc;
        }
    }

    ngx_nodetool_chat_body_begin(ctx);
    ctx->scanning = (r->request_body == NULL);

    rc = ngx_http_read_client_request_body(r, ngx_nodetool_chat_body_handler);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    return NGX_DONE;
}


ngx_int_t
ngx_nodetool_chat_handler(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_str_t                 path;
    ngx_nodetool_chat_ctx_t  *ctx;
    const ngx_nodetool_api_t *api;

    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_chat_module);

    if (ctx != NULL && ctx->models != NULL) {
        return ngx_nodetool_chat_upstream_start(ctx);
    }

    path = ngx_nodetool_chat_path(r);

    api = ngx_nodetool_api_find(&path);
    if (api != NULL) {
        return ngx_nodetool_chat_post(r, api);
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    if (path.len >= 6 && ngx_strncmp(path.data, "models", 6) == 0) {
        if (path.len == 6 || path.data[6] == '/') {
            path.data += ngx_min(path.len, 7);
            path.len -= ngx_min(path.len, 7);
            return ngx_nodetool_models_handler(r, &path);
        }
    }

    return ngx_nodetool_api_unknown(r);
}


static void
ngx_nodetool_chat_body_handler(ngx_http_request_t *r)
{
    off_t                    length;
    ngx_int_t                rc;
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_chat_module);
    ctx->scanning = 0;

    length = ngx_nodetool_chat_body_length(r);

    if (length == 0) {
        rc = ngx_nodetool_errorf(r, NGX_HTTP_BAD_REQUEST,
                                 "The request has no body, expected %s with "
                                 "\"model\" and \"%s\"",
                                 ctx->form ? "a form" : "a JSON object",
                                 ctx->api->need[0].name);
        ngx_http_finalize_request(r, rc);
        return;
    }

    rc = NGX_OK;

    if (ctx->scanned != (uint64_t) length) {
        rc = ngx_nodetool_chat_body_rescan(ctx, ngx_nodetool_chat_body_done);

        if (rc == NGX_AGAIN) {
            return;
        }
    }

    ngx_nodetool_chat_body_done(ctx, rc);
}


static const char *
ngx_nodetool_chat_type(nt_json_field_t *f)
{
    static const char *names[] = { "nothing",  "null",     "false",
                                   "true",     "a number", "a string",
                                   "an array", "an object" };

    return names[f->type];
}


static ngx_int_t
ngx_nodetool_chat_needs(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_uint_t                 i;
    nt_json_field_t           *f;
    const ngx_nodetool_need_t *need;

    f = &ctx->fields[NGX_NODETOOL_REQ_NEED];

    if (ctx->api->either && f[0].type <= NT_JSON_NULL &&
        f[1].type > NT_JSON_NULL) {
        return NGX_OK;
    }

    for (i = 0; i < NGX_NODETOOL_NEEDS_MAX; i++, f++) {
        need = &ctx->api->need[i];

        if (need->name == NULL || (i > 0 && ctx->api->either)) {
            break;
        }

        if ((need->types & (1u << f->type)) &&
            (f->type != NT_JSON_ARRAY || f->count > 0))
        {
            continue;
        }

        return ngx_nodetool_chat_reject(ctx, 422, "%s: expected %s, got %s",
                                        need->name, need->expected,
                                        f->type == NT_JSON_ARRAY
                                            ? "an empty one"
                                            : ngx_nodetool_chat_type(f));
    }

    return NGX_OK;
}


/* NGX_DECLINED: ctx->answer is what a content handler returns. */
static ngx_int_t
ngx_nodetool_chat_validate(ngx_nodetool_chat_ctx_t *ctx)
{
    uint32_t         line, column;
    const char      *error;
    nt_json_field_t *f;

    if (ctx->form != NULL) {
        return ngx_nodetool_form_validate(ctx);
    }

    f = ctx->fields;

    if (nt_json_scan_end(&ctx->scan) != NT_OK) {
        error = nt_json_scan_error(&ctx->scan, &line, &column);
        return ngx_nodetool_chat_reject(
            ctx, NGX_HTTP_BAD_REQUEST,
            "The request body is not valid JSON: %s "
            "at line %uD, column %uD",
            error, line, column);
    }

    if (nt_json_scan_root(&ctx->scan) != NT_JSON_OBJECT) {
        return ngx_nodetool_chat_reject(
            ctx, NGX_HTTP_BAD_REQUEST, "The request body is not a JSON object");
    }

    if (ngx_nodetool_chat_needs(ctx) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (ctx->api->format) {
        ctx->stream =
            f[NGX_NODETOOL_REQ_STREAM].type == NT_JSON_STRING &&
            nt_str_eq((nt_str_t) { f[NGX_NODETOOL_REQ_STREAM].value,
                                   f[NGX_NODETOOL_REQ_STREAM].value_len },
                      NT_STR("sse"));
        return NGX_OK;
    }

    if (f[NGX_NODETOOL_REQ_STREAM].type >= NT_JSON_NUMBER) {
        return ngx_nodetool_chat_reject(
            ctx, 422, "stream: expected true or false, got %s",
            ngx_nodetool_chat_type(&f[NGX_NODETOOL_REQ_STREAM]));
    }

    if (f[NGX_NODETOOL_REQ_OPTIONS].type > NT_JSON_NULL &&
        f[NGX_NODETOOL_REQ_OPTIONS].type != NT_JSON_OBJECT)
    {
        return ngx_nodetool_chat_reject(
            ctx, 422, "stream_options: expected an object, got %s",
            ngx_nodetool_chat_type(&f[NGX_NODETOOL_REQ_OPTIONS]));
    }

    ctx->stream = f[NGX_NODETOOL_REQ_STREAM].type == NT_JSON_TRUE;

    return NGX_OK;
}


/* A name goes to logs and into headers of engines and providers, where a line
 * end would begin another one. */
static ngx_uint_t
ngx_nodetool_chat_is_name(nt_json_field_t *f)
{
    size_t i;

    for (i = 0; i < f->value_len; i++) {
        if ((u_char) f->value[i] < 0x20 || f->value[i] == 0x7f) {
            return 0;
        }
    }

    return 1;
}


/* Sets ctx->model: what the client asked for, else the default. */
static ngx_int_t
ngx_nodetool_chat_name(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_http_request_t           *r;
    nt_json_field_t              *f;
    ngx_nodetool_chat_loc_conf_t *lcf;

    r = ctx->request;
    f = &ctx->fields[NGX_NODETOOL_REQ_MODEL];
    lcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_chat_module);

    if (f->twice) {
        /* which one is asked must not depend on who reads them */
        return ngx_nodetool_chat_reject(ctx, 422,
                                        "model: expected one, got several");
    }

    if (f->type == NT_JSON_STRING && f->value_len > 0) {
        if (!ngx_nodetool_chat_is_name(f)) {
            return ngx_nodetool_chat_reject(
                ctx, 422, "model: expected no control characters");
        }

        if (f->truncated) {
            return ngx_nodetool_chat_reject(ctx, 422,
                                            "model: expected at most %d bytes",
                                            NT_JSON_VALUE_MAX);
        }

        ctx->model.len = f->value_len;
        ctx->model.data = ngx_pnalloc(r->pool, f->value_len);
        if (ctx->model.data == NULL) {
            ctx->answer = NGX_HTTP_INTERNAL_SERVER_ERROR;
            return NGX_DECLINED;
        }

        ngx_memcpy(ctx->model.data, f->value, f->value_len);

        return NGX_OK;
    }

    if (f->type > NT_JSON_NULL && f->type != NT_JSON_STRING) {
        return ngx_nodetool_chat_reject(ctx, 422,
                                        "model: expected a string, got %s",
                                        ngx_nodetool_chat_type(f));
    }

    if (lcf->default_model != NULL) {
        if (ngx_http_complex_value(r, lcf->default_model, &ctx->model) !=
            NGX_OK) {
            ctx->answer = NGX_HTTP_INTERNAL_SERVER_ERROR;
            return NGX_DECLINED;
        }

        if (ctx->model.len > 0) {
            return NGX_OK;
        }
    }

    return ngx_nodetool_chat_reject(
        ctx, 422, "model: expected the name of a model, got %s",
        f->type == NT_JSON_STRING ? "an empty string"
                                  : ngx_nodetool_chat_type(f));
}


/* Hands the request to its provider. A model that nobody is known to have
 * may be new: then lists that are too old are asked for first. */
ngx_int_t
ngx_nodetool_chat_dispatch(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_int_t           rc;
    ngx_http_request_t *r;

    r = ctx->request;

    rc = ngx_nodetool_chat_route(ctx);

    if (rc == NGX_DECLINED && ctx->refreshed == NULL) {
        rc = ngx_nodetool_models_refresh(ctx, ngx_nodetool_chat_refreshed);

        if (rc == NGX_AGAIN) {
            return NGX_DONE;
        }

        rc = rc == NGX_OK ? NGX_DECLINED : rc;
    }

    if (rc == NGX_DECLINED) {
        return ngx_nodetool_errorf(r, NGX_HTTP_NOT_FOUND,
                                   "The model \"%V\" does not exist: GET "
                                   "/v1/models lists those that do, and "
                                   "provider/model names one of a provider",
                                   &ctx->model);
    }

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_nodetool_attempt_start(ctx);
}


static void
ngx_nodetool_chat_refreshed(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_int_t rc;

    rc = ngx_nodetool_chat_dispatch(ctx);

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(ctx->request, rc);
    }
}


static void
ngx_nodetool_chat_body_done(ngx_nodetool_chat_ctx_t *ctx, ngx_int_t rc)
{
    ngx_http_request_t *r = ctx->request;

    if (rc != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    rc = ngx_nodetool_chat_validate(ctx);

    if (rc == NGX_OK) {
        rc = ngx_nodetool_chat_name(ctx);
    }

    if (rc == NGX_OK) {
        rc = ngx_nodetool_limit_admit(ctx);
    }

    if (rc == NGX_OK) {
        rc = ngx_nodetool_cache_open(ctx);
        rc = rc == NGX_DECLINED ? ngx_nodetool_chat_dispatch(ctx) : rc;

    } else {
        rc = rc == NGX_DECLINED ? ctx->answer : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}
