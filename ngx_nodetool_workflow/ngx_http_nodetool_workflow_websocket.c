/*
 * ngx_http_nodetool_workflow_websocket.c - a handshake that the engine
 * answers, and from then on a tunnel: nginx's own, of upgraded connections.
 */

#include "ngx_nodetool_workflow/ngx_http_nodetool_workflow.h"

#include "ngx_nodetool_common/ngx_nodetool_websocket.h"

#define NGX_HTTP_NODETOOL_WORKFLOW_WS                                          \
    (NGX_HTTP_NODETOOL_WORKFLOW_TUNNEL | NGX_HTTP_NODETOOL_WORKFLOW_BASE)


static const struct {
    const char                        *name;
    ngx_http_nodetool_workflow_route_t route;
} ngx_http_nodetool_workflow_websockets[] = {

#define WEBSOCKET(name)                                                        \
    {                                                                          \
        name,                                                                  \
        {                                                                      \
            "", NGX_HTTP_GET, "ws", NGX_HTTP_NODETOOL_WORKFLOW_WS, NULL, NULL, \
                "\"path\":\"" name "\""                                        \
        }                                                                      \
    }

    WEBSOCKET("predict"), WEBSOCKET("chat"), WEBSOCKET("updates"),
    WEBSOCKET("terminal"), WEBSOCKET("all")
};


static ngx_int_t
ngx_http_nodetool_workflow_websocket_handler(ngx_http_request_t *r)
{
    ngx_int_t                              rc;
    ngx_str_t                              id;
    const char                            *why;
    ngx_http_nodetool_workflow_loc_conf_t *wlcf;

    if (r->method != NGX_HTTP_GET) {
        return ngx_nodetool_not_allowed(r, "GET");
    }

    rc = ngx_nodetool_websocket_check(r, &why);

    if (rc != NGX_OK) {
        return ngx_nodetool_websocket_invalid(r, rc, why);
    }

    if (r != r->main) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "nodetool WebSocket in a subrequest");
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_workflow_module);

    ngx_str_null(&id);

    return ngx_http_nodetool_workflow_start(r, wlcf->websocket, &id);
}


ngx_int_t
ngx_http_nodetool_workflow_preaccess(ngx_http_request_t *r)
{
    ngx_int_t                              rc;
    ngx_http_nodetool_workflow_loc_conf_t *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_workflow_module);

    if (wlcf->websocket == NULL || r != r->main) {
        return NGX_DECLINED;
    }

    rc = ngx_http_nodetool_workflow_origin_check(r, wlcf->origins);

    if (rc == NGX_OK) {
        return NGX_DECLINED;
    }

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "nodetool WebSocket refused: its Origin is another site");

    rc = ngx_nodetool_errorf(r, NGX_HTTP_FORBIDDEN,
                             "This server takes no WebSockets of other sites' "
                             "pages.");

    /* sent as it is, it must not go on to the next phase */

    return rc == NGX_OK || rc == NGX_AGAIN ? NGX_HTTP_OK : rc;
}


char *
ngx_http_nodetool_workflow_set_websocket(ngx_conf_t *cf, ngx_command_t *cmd,
                                         void *conf)
{
    ngx_http_nodetool_workflow_loc_conf_t *wlcf = conf;

    size_t                    i, n;
    ngx_str_t                *value;
    ngx_http_core_loc_conf_t *clcf;

    if (wlcf->handles) {
        return "is duplicate";
    }

    value = cf->args->elts;
    n = sizeof(ngx_http_nodetool_workflow_websockets) /
        sizeof(ngx_http_nodetool_workflow_websockets[0]);

    for (i = 0; i < n; i++) {
        if (ngx_strcmp(value[1].data,
                       ngx_http_nodetool_workflow_websockets[i].name) == 0)
        {
            wlcf->websocket = &ngx_http_nodetool_workflow_websockets[i].route;
        }
    }

    if (wlcf->websocket == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\", it must be \"predict\", "
                           "\"chat\", \"updates\", \"terminal\" or \"all\"",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    wlcf->handles = 1;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_nodetool_workflow_websocket_handler;

    return NGX_CONF_OK;
}
