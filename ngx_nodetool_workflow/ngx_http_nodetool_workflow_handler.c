/*
 * ngx_http_nodetool_workflow_handler.c - from a request to its upstream.
 */

#include "ngx_nodetool_workflow/ngx_http_nodetool_workflow.h"


/* "?stream=true", as NodeTool's clients write it. */

static ngx_uint_t
ngx_http_nodetool_workflow_wants_lines(ngx_http_request_t *r)
{
    ngx_str_t value;

    return ngx_http_arg(r, (u_char *) "stream", sizeof("stream") - 1, &value) ==
               NGX_OK &&
           ngx_http_nodetool_workflow_is_true(&value);
}


/*
 * Whether the body is JSON by what its sender says.  Who says nothing is
 * believed, and a body that is not there needs no type.
 */

static ngx_uint_t
ngx_http_nodetool_workflow_is_json(ngx_http_request_t *r)
{
    u_char    *semicolon;
    ngx_str_t  type;
    ngx_uint_t empty;

    /* HTTP/2 and later may carry a body without saying so */

    empty = r->headers_in.content_length_n == 0 ||
            (r->headers_in.content_length_n == -1 && !r->headers_in.chunked &&
             r->http_version < NGX_HTTP_VERSION_20);

    if (empty || r->headers_in.content_type == NULL) {
        return 1;
    }

    type = r->headers_in.content_type->value;

    semicolon = ngx_strlchr(type.data, type.data + type.len, ';');
    if (semicolon != NULL) {
        type.len = semicolon - type.data;
    }

    while (type.len && type.data[type.len - 1] == ' ') {
        type.len--;
    }

    if (type.len == 0) {
        return 1;
    }

    return (type.len == sizeof("application/json") - 1 &&
            ngx_strncasecmp(type.data, (u_char *) "application/json",
                            type.len) == 0) ||
           (type.len == sizeof("text/json") - 1 &&
            ngx_strncasecmp(type.data, (u_char *) "text/json", type.len) ==
                0) ||
           (type.len > sizeof("+json") - 1 &&
            ngx_strncasecmp(type.data + type.len - (sizeof("+json") - 1),
                            (u_char *) "+json", sizeof("+json") - 1) == 0);
}


static ngx_int_t
ngx_http_nodetool_workflow_upstream(ngx_http_request_t               *r,
                                    ngx_http_nodetool_workflow_ctx_t *ctx)
{
    ngx_http_upstream_t                   *u;
    ngx_http_nodetool_workflow_loc_conf_t *wlcf;

    if (ngx_http_upstream_create(r) != NGX_OK) {
        return NGX_ERROR;
    }

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_workflow_module);

    u = r->upstream;

    ngx_str_set(&u->schema, "nodetool://");
    u->output.tag = (ngx_buf_tag_t) &ngx_http_nodetool_workflow_module;
    u->output.output_filter = ngx_http_nodetool_workflow_send;
    u->output.filter_ctx = ctx;
    u->conf = ctx->tunnel ? &wlcf->tunnel : &wlcf->upstream;
    u->buffering = 0;

    u->create_request = ngx_http_nodetool_workflow_create_request;
    u->reinit_request = ngx_http_nodetool_workflow_reinit_request;
    u->process_header = ngx_http_nodetool_workflow_process_header;
    u->abort_request = ngx_http_nodetool_workflow_abort_request;
    u->finalize_request = ngx_http_nodetool_workflow_finalize_request;
    u->input_filter_init = ngx_http_nodetool_workflow_filter_init;
    u->input_filter = ngx_http_nodetool_workflow_filter;
    u->input_filter_ctx = ctx;

    return NGX_OK;
}


ngx_int_t
ngx_http_nodetool_workflow_start(
    ngx_http_request_t *r, const ngx_http_nodetool_workflow_route_t *route,
    ngx_str_t *id)
{
    ngx_int_t                         rc;
    ngx_http_nodetool_workflow_ctx_t *ctx;

    if ((route->flags & NGX_HTTP_NODETOOL_WORKFLOW_BODY) &&
        !ngx_http_nodetool_workflow_is_json(r))
    {
        return ngx_nodetool_errorf(r, NGX_HTTP_UNSUPPORTED_MEDIA_TYPE,
                                   "Send the body with "
                                   "Content-Type: application/json.");
    }

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_nodetool_workflow_ctx_t));
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->request = r;
    ctx->safe = (r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) ? 1 : 0;
    ctx->tunnel = (route->flags & NGX_HTTP_NODETOOL_WORKFLOW_TUNNEL) ? 1 : 0;
    ctx->ndjson = (route->flags & NGX_HTTP_NODETOOL_WORKFLOW_LINES) &&
                  ngx_http_nodetool_workflow_wants_lines(r);
    ctx->events =
        ctx->ndjson || (route->flags & NGX_HTTP_NODETOOL_WORKFLOW_EVENTS);

    rc = ngx_http_nodetool_workflow_head(r, ctx, route, id);

    if (rc != NGX_OK) {
        return rc == NGX_DECLINED ? ctx->refusal
                                  : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_set_ctx(r, ctx, ngx_http_nodetool_workflow_module);

    if (ngx_http_nodetool_workflow_upstream(r, ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (route->flags &
        (NGX_HTTP_NODETOOL_WORKFLOW_BODY | NGX_HTTP_NODETOOL_WORKFLOW_UPLOAD))
    {
        rc = ngx_http_read_client_request_body(r, ngx_http_upstream_init);

        return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    r->main->count++;
    ngx_http_upstream_init(r);

    return NGX_DONE;
}


ngx_int_t
ngx_http_nodetool_workflow_handler(ngx_http_request_t *r)
{
    ngx_int_t                                 rc;
    ngx_str_t                                 id;
    const char                               *allow;
    ngx_http_nodetool_workflow_loc_conf_t    *wlcf;
    const ngx_http_nodetool_workflow_route_t *route;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_workflow_module);

    rc = ngx_http_nodetool_workflow_find(r, wlcf->routes, &route, &id, &allow);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == NGX_DECLINED) {
        if (allow != NULL) {
            return ngx_nodetool_not_allowed(r, allow);
        }

        return ngx_nodetool_errorf(r, NGX_HTTP_NOT_FOUND,
                                   "There is no endpoint %V.", &r->uri);
    }

    return ngx_http_nodetool_workflow_start(r, route, &id);
}


ngx_int_t
ngx_http_nodetool_workflow_health_handler(ngx_http_request_t *r)
{
    ngx_str_t id;

    if (!(r->method & ngx_http_nodetool_workflow_health.methods)) {
        return ngx_nodetool_not_allowed(r, "GET, HEAD");
    }

    ngx_str_null(&id);

    return ngx_http_nodetool_workflow_start(r,
                                            &ngx_http_nodetool_workflow_health,
                                            &id);
}
