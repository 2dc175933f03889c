/*
 * ngx_http_nodetool_base_module - what every surface of NodeTool has: JSON
 * error bodies, request ids, health checks, the server's own URL.
 */

#include "ngx_nodetool_base/ngx_http_nodetool_base.h"

#include "core/nt_id.h"
#include "core/nt_version.h"

static ngx_int_t ngx_http_nodetool_base_init(ngx_conf_t *cf);
static ngx_int_t ngx_http_nodetool_base_post_read(ngx_http_request_t *r);
static void     *ngx_http_nodetool_base_create_main_conf(ngx_conf_t *cf);
static void     *ngx_http_nodetool_base_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_nodetool_base_merge_loc_conf(ngx_conf_t *cf, void *parent,
                                                   void *child);
static char *ngx_http_nodetool_base_set_health(ngx_conf_t    *cf,
                                               ngx_command_t *cmd, void *conf);


static ngx_command_t ngx_http_nodetool_base_commands[] = {

    { ngx_string("nodetool_errors"),
      NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
          NGX_CONF_FLAG,
      ngx_conf_set_flag_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_base_loc_conf_t, errors), NULL },

    { ngx_string("nodetool_request_id"),
      NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
          NGX_CONF_FLAG,
      ngx_conf_set_flag_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_base_loc_conf_t, request_id), NULL },

    { ngx_string("nodetool_trust_forwarded"),
      NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
          NGX_CONF_FLAG,
      ngx_conf_set_flag_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_base_loc_conf_t, trust_forwarded), NULL },

    { ngx_string("nodetool_health"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS,
      ngx_http_nodetool_base_set_health, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    ngx_null_command
};


static ngx_http_module_t ngx_http_nodetool_base_module_ctx = {
    ngx_http_nodetool_base_add_variables, /* preconfiguration */
    ngx_http_nodetool_base_init,          /* postconfiguration */

    ngx_http_nodetool_base_create_main_conf, /* create main configuration */
    NULL,                                    /* init main configuration */

    NULL, /* create server configuration */
    NULL, /* merge server configuration */

    ngx_http_nodetool_base_create_loc_conf, /* create location configuration */
    ngx_http_nodetool_base_merge_loc_conf   /* merge location configuration */
};


ngx_module_t ngx_http_nodetool_base_module = {
    NGX_MODULE_V1,
    &ngx_http_nodetool_base_module_ctx, /* module context */
    ngx_http_nodetool_base_commands,    /* module directives */
    NGX_HTTP_MODULE,                    /* module type */
    NULL,                               /* init master */
    NULL,                               /* init module */
    NULL,                               /* init process */
    NULL,                               /* init thread */
    NULL,                               /* exit thread */
    NULL,                               /* exit process */
    NULL,                               /* exit master */
    NGX_MODULE_V1_PADDING
};


/* Early, so that what the error log says from here on has the id. */

static ngx_int_t
ngx_http_nodetool_base_post_read(ngx_http_request_t *r)
{
    ngx_str_t                          id;
    ngx_http_nodetool_base_loc_conf_t *blcf;

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_base_module);

    if (blcf->ids && ngx_http_nodetool_base_request_id(r, &id) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_nodetool_base_health(ngx_http_request_t *r)
{
    char        now[NT_TIME_LEN];
    u_char     *p;
    ngx_str_t   body, value;
    ngx_int_t   rc;
    ngx_time_t *tp;

    static const char format[] = "{\"status\":\"healthy\","
                                 "\"timestamp\":\"%*s\","
                                 "\"version\":\"" NT_VERSION "\"}";

    if (!(r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD))) {
        return ngx_nodetool_not_allowed(r, "GET, HEAD");
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_str_set(&value, "no-store");

    if (ngx_nodetool_add_header(r, "Cache-Control", &value) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = ngx_pnalloc(r->pool, sizeof(format) + NT_TIME_LEN);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    tp = ngx_timeofday();
    nt_time_iso8601(now, (int64_t) tp->sec * 1000 + (int64_t) tp->msec);

    body.data = p;
    body.len = ngx_sprintf(p, format, (size_t) NT_TIME_LEN, now) - p;

    return ngx_nodetool_json(r, NGX_HTTP_OK, &body);
}


static void *
ngx_http_nodetool_base_create_main_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_nodetool_base_main_conf_t));
}


static void *
ngx_http_nodetool_base_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_nodetool_base_loc_conf_t *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_nodetool_base_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    conf->errors = NGX_CONF_UNSET;
    conf->request_id = NGX_CONF_UNSET;
    conf->trust_forwarded = NGX_CONF_UNSET;

    return conf;
}


static char *
ngx_http_nodetool_base_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_nodetool_base_loc_conf_t *prev = parent;
    ngx_http_nodetool_base_loc_conf_t *conf = child;

    ngx_conf_merge_value(conf->errors, prev->errors, 0);
    ngx_conf_merge_value(conf->trust_forwarded, prev->trust_forwarded, 0);

    /* stays unset for the levels below, whose nodetool_errors may differ */

    ngx_conf_merge_value(conf->request_id, prev->request_id, NGX_CONF_UNSET);

    conf->ids =
        (conf->request_id == NGX_CONF_UNSET) ? conf->errors : conf->request_id;

    return NGX_CONF_OK;
}


static char *
ngx_http_nodetool_base_set_health(ngx_conf_t *cf, ngx_command_t *cmd,
                                  void *conf)
{
    ngx_http_core_loc_conf_t *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler == ngx_http_nodetool_base_health) {
        return "is duplicate";
    }

    clcf->handler = ngx_http_nodetool_base_health;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_nodetool_base_init(ngx_conf_t *cf)
{
    ngx_str_t                  name = ngx_string("nodetool_request_id");
    ngx_http_handler_pt       *h;
    ngx_http_core_main_conf_t *cmcf;
    ngx_http_nodetool_base_main_conf_t *bmcf;

    bmcf =
        ngx_http_conf_get_module_main_conf(cf, ngx_http_nodetool_base_module);

    bmcf->request_id_index = ngx_http_get_variable_index(cf, &name);
    if (bmcf->request_id_index == NGX_ERROR) {
        return NGX_ERROR;
    }

    ngx_http_nodetool_base_init_ids(cf);

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_POST_READ_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_nodetool_base_post_read;

    ngx_http_nodetool_base_init_filters();

    return NGX_OK;
}
