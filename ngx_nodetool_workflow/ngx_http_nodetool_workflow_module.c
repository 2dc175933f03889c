/*
 * ngx_http_nodetool_workflow_module - workflows and jobs, carried out by
 * nodetool-engine behind a Unix socket.
 *
 * nginx's upstream machinery with a protocol of our own (docs/wire.md), so
 * that upstream blocks, keepalive and time-outs work as everywhere.
 */

#include "ngx_nodetool_workflow/ngx_http_nodetool_workflow.h"

static ngx_int_t ngx_http_nodetool_workflow_job_id_variable(
    ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_nodetool_workflow_listed_variable(
    ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_nodetool_workflow_add_variables(ngx_conf_t *cf);
static ngx_int_t ngx_http_nodetool_workflow_init(ngx_conf_t *cf);
static void     *ngx_http_nodetool_workflow_create_loc_conf(ngx_conf_t *cf);
static char     *ngx_http_nodetool_workflow_merge_loc_conf(ngx_conf_t *cf,
                                                           void       *parent,
                                                           void       *child);
static char     *ngx_http_nodetool_workflow_engine(ngx_conf_t    *cf,
                                                   ngx_command_t *cmd, void *conf);
static char *ngx_http_nodetool_workflow_set(ngx_conf_t *cf, ngx_command_t *cmd,
                                            void *conf);


static ngx_command_t ngx_http_nodetool_workflow_commands[] = {

    { ngx_string("nodetool_engine"),
      NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
          NGX_CONF_TAKE1,
      ngx_http_nodetool_workflow_engine, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_workflow"),
      NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS | NGX_CONF_TAKE1,
      ngx_http_nodetool_workflow_set, NGX_HTTP_LOC_CONF_OFFSET, 0,
      ngx_http_nodetool_workflow_handler },

    { ngx_string("nodetool_websocket"), NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1,
      ngx_http_nodetool_workflow_set_websocket, NGX_HTTP_LOC_CONF_OFFSET, 0,
      NULL },

    { ngx_string("nodetool_websocket_origin"),
      NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
          NGX_CONF_1MORE,
      ngx_http_nodetool_workflow_set_origin, NGX_HTTP_LOC_CONF_OFFSET, 0,
      NULL },

    { ngx_string("nodetool_websocket_read_timeout"),
      NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
          NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_workflow_loc_conf_t, tunnel.read_timeout),
      NULL },

    { ngx_string("nodetool_websocket_buffer_size"),
      NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
          NGX_CONF_TAKE1,
      ngx_conf_set_size_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_workflow_loc_conf_t, tunnel.buffer_size),
      NULL },

    { ngx_string("nodetool_engine_health"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS,
      ngx_http_nodetool_workflow_set, NGX_HTTP_LOC_CONF_OFFSET, 0,
      ngx_http_nodetool_workflow_health_handler },

    { ngx_string("nodetool_workflow_connect_timeout"),
      NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
          NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_workflow_loc_conf_t, upstream.connect_timeout),
      NULL },

    { ngx_string("nodetool_workflow_send_timeout"),
      NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
          NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_workflow_loc_conf_t, upstream.send_timeout),
      NULL },

    { ngx_string("nodetool_workflow_read_timeout"),
      NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
          NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_workflow_loc_conf_t, upstream.read_timeout),
      NULL },

    { ngx_string("nodetool_workflow_buffer_size"),
      NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
          NGX_CONF_TAKE1,
      ngx_conf_set_size_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_workflow_loc_conf_t, upstream.buffer_size),
      NULL },

    { ngx_string("nodetool_workflow_keepalive_comment"),
      NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
          NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_workflow_loc_conf_t, keepalive_comment),
      NULL },

    ngx_null_command
};


static ngx_http_module_t ngx_http_nodetool_workflow_module_ctx = {
    ngx_http_nodetool_workflow_add_variables, /* preconfiguration */
    ngx_http_nodetool_workflow_init,          /* postconfiguration */

    NULL, /* create main configuration */
    NULL, /* init main configuration */

    NULL, /* create server configuration */
    NULL, /* merge server configuration */

    ngx_http_nodetool_workflow_create_loc_conf, /* create location conf */
    ngx_http_nodetool_workflow_merge_loc_conf   /* merge location conf */
};


ngx_module_t ngx_http_nodetool_workflow_module = {
    NGX_MODULE_V1,
    &ngx_http_nodetool_workflow_module_ctx, /* module context */
    ngx_http_nodetool_workflow_commands,    /* module directives */
    NGX_HTTP_MODULE,                        /* module type */
    NULL,                                   /* init master */
    NULL,                                   /* init module */
    NULL,                                   /* init process */
    NULL,                                   /* init thread */
    NULL,                                   /* exit thread */
    NULL,                                   /* exit process */
    NULL,                                   /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_http_variable_t ngx_http_nodetool_workflow_vars[] = {

    { ngx_string("nodetool_job_id"), NULL,
      ngx_http_nodetool_workflow_job_id_variable, 0, NGX_HTTP_VAR_NOCACHEABLE,
      0 },

    { ngx_string("nodetool_origin_listed"), NULL,
      ngx_http_nodetool_workflow_listed_variable, 0, NGX_HTTP_VAR_NOCACHEABLE,
      0 },

    ngx_http_null_variable
};


static ngx_int_t
ngx_http_nodetool_workflow_job_id_variable(ngx_http_request_t        *r,
                                           ngx_http_variable_value_t *v,
                                           uintptr_t                  data)
{
    ngx_http_nodetool_workflow_ctx_t *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_workflow_module);

    if (ctx == NULL || ctx->job_id.len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->len = ctx->job_id.len;
    v->data = ctx->job_id.data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


/* For the auth module, which refuses what other sites' pages ask for. */

static ngx_int_t
ngx_http_nodetool_workflow_listed_variable(ngx_http_request_t        *r,
                                           ngx_http_variable_value_t *v,
                                           uintptr_t                  data)
{
    ngx_http_nodetool_workflow_loc_conf_t *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_workflow_module);

    if (wlcf->websocket == NULL ||
        !ngx_http_nodetool_workflow_origin_listed(r, wlcf->origins))
    {
        v->not_found = 1;
        return NGX_OK;
    }

    v->len = 1;
    v->data = (u_char *) "1";
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_nodetool_workflow_add_variables(ngx_conf_t *cf)
{
    return ngx_nodetool_add_variables(cf, ngx_http_nodetool_workflow_vars);
}


static ngx_int_t
ngx_http_nodetool_workflow_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt       *h;
    ngx_http_core_main_conf_t *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PREACCESS_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_nodetool_workflow_preaccess;

    return NGX_OK;
}


static void *
ngx_http_nodetool_workflow_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_nodetool_workflow_loc_conf_t *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_nodetool_workflow_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    conf->upstream.connect_timeout = NGX_CONF_UNSET_MSEC;
    conf->upstream.send_timeout = NGX_CONF_UNSET_MSEC;
    conf->upstream.read_timeout = NGX_CONF_UNSET_MSEC;
    conf->upstream.buffer_size = NGX_CONF_UNSET_SIZE;
    conf->tunnel.read_timeout = NGX_CONF_UNSET_MSEC;
    conf->tunnel.buffer_size = NGX_CONF_UNSET_SIZE;
    conf->keepalive_comment = NGX_CONF_UNSET_MSEC;
    conf->origins = NGX_CONF_UNSET_PTR;

    /*
     * Set by ngx_pcalloc(), and not to be configured: no buffering, no
     * passing of client headers, no ranges, no local address.
     *
     * Another engine is only tried where this one could not be reached;
     * see ngx_http_nodetool_workflow_send.
     */

    conf->upstream.next_upstream = NGX_CONF_BITMASK_SET |
                                   NGX_HTTP_UPSTREAM_FT_ERROR |
                                   NGX_HTTP_UPSTREAM_FT_TIMEOUT;

    ngx_str_set(&conf->upstream.module, "nodetool_workflow");

    return conf;
}


/* A tunnel has a time-out and buffers of its own: the engine is silent for no
 * longer than the time between its pings, and what large buffers save in
 * system calls costs no memory before it is used. */

static void
ngx_http_nodetool_workflow_merge_tunnel(
    ngx_http_nodetool_workflow_loc_conf_t *conf,
    ngx_http_nodetool_workflow_loc_conf_t *prev)
{
    size_t     buffer_size;
    ngx_msec_t read_timeout;

    ngx_conf_merge_msec_value(conf->tunnel.read_timeout,
                              prev->tunnel.read_timeout, 60000);

    ngx_conf_merge_size_value(conf->tunnel.buffer_size,
                              prev->tunnel.buffer_size, 16384);

    read_timeout = conf->tunnel.read_timeout;
    buffer_size = conf->tunnel.buffer_size;

    conf->tunnel = conf->upstream;
    conf->tunnel.read_timeout = read_timeout;
    conf->tunnel.buffer_size = buffer_size;

    ngx_conf_merge_ptr_value(conf->origins, prev->origins, NULL);
}


static char *
ngx_http_nodetool_workflow_merge_loc_conf(ngx_conf_t *cf, void *parent,
                                          void *child)
{
    ngx_http_nodetool_workflow_loc_conf_t *prev = parent;
    ngx_http_nodetool_workflow_loc_conf_t *conf = child;

    ngx_conf_merge_msec_value(conf->upstream.connect_timeout,
                              prev->upstream.connect_timeout, 5000);

    ngx_conf_merge_msec_value(conf->upstream.send_timeout,
                              prev->upstream.send_timeout, 60000);

    ngx_conf_merge_msec_value(conf->upstream.read_timeout,
                              prev->upstream.read_timeout, 3600000);

    ngx_conf_merge_size_value(conf->upstream.buffer_size,
                              prev->upstream.buffer_size, 8192);

    ngx_conf_merge_msec_value(conf->keepalive_comment, prev->keepalive_comment,
                              15000);

    if (conf->upstream.buffer_size < 1024) {
        return "\"nodetool_workflow_buffer_size\" must be at least 1k";
    }

    if (conf->upstream.upstream == NULL) {
        conf->upstream.upstream = prev->upstream.upstream;
    }

    ngx_http_nodetool_workflow_merge_tunnel(conf, prev);

    if (conf->tunnel.buffer_size < 1024) {
        return "\"nodetool_websocket_buffer_size\" must be at least 1k";
    }

    if (conf->handles && conf->upstream.upstream == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "this location needs \"nodetool_engine\", here or "
                           "on a level above");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_nodetool_workflow_engine(ngx_conf_t *cf, ngx_command_t *cmd,
                                  void *conf)
{
    ngx_http_nodetool_workflow_loc_conf_t *wlcf = conf;

    ngx_url_t  u;
    ngx_str_t *value;

    if (wlcf->upstream.upstream != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = value[1];
    u.no_resolve = 1;

    wlcf->upstream.upstream = ngx_http_upstream_add(cf, &u, 0);

    return wlcf->upstream.upstream != NULL ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_http_nodetool_workflow_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_nodetool_workflow_loc_conf_t *wlcf = conf;

    ngx_str_t                *value;
    ngx_http_core_loc_conf_t *clcf;

    if (wlcf->handles) {
        return "is duplicate";
    }

    wlcf->handles = 1;
    wlcf->routes = ngx_http_nodetool_workflow_worker;

    if (cf->args->nelts > 1) {
        value = cf->args->elts;

        if (ngx_strcmp(value[1].data, "editor") != 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid value \"%V\", there is only "
                               "\"editor\"",
                               &value[1]);
            return NGX_CONF_ERROR;
        }

        wlcf->routes = ngx_http_nodetool_workflow_editor;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = (ngx_http_handler_pt) cmd->post;

    return NGX_CONF_OK;
}
