/*
 * ngx_http_nodetool_chat_module.c - directives, configuration and hooks.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_limit.h"

static void     *ngx_nodetool_chat_create_main_conf(ngx_conf_t *cf);
static char     *ngx_nodetool_chat_init_main_conf(ngx_conf_t *cf, void *conf);
static void     *ngx_nodetool_chat_create_loc_conf(ngx_conf_t *cf);
static char     *ngx_nodetool_chat_merge_loc_conf(ngx_conf_t *cf, void *parent,
                                                  void *child);
static ngx_int_t ngx_nodetool_chat_init(ngx_conf_t *cf);
static char *ngx_nodetool_chat(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_nodetool_models_cache(ngx_conf_t *cf, ngx_command_t *cmd,
                                       void *conf);

#define NGX_NODETOOL_ANY                                                       \
    (NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF)

static ngx_command_t ngx_nodetool_chat_commands[] = {

    { ngx_string("nodetool_provider"),
      NGX_HTTP_MAIN_CONF | NGX_CONF_BLOCK | NGX_CONF_TAKE1,
      ngx_nodetool_provider, NGX_HTTP_MAIN_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_chat"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS,
      ngx_nodetool_chat, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_model"),
      NGX_NODETOOL_ANY | NGX_CONF_TAKE23 | NGX_CONF_TAKE4, ngx_nodetool_model,
      NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_route"),
      NGX_NODETOOL_ANY | NGX_CONF_BLOCK | NGX_CONF_1MORE, ngx_nodetool_route,
      NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_retry"), NGX_NODETOOL_ANY | NGX_CONF_1MORE,
      ngx_nodetool_retry, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_retry_on"), NGX_NODETOOL_ANY | NGX_CONF_1MORE,
      ngx_nodetool_retry_on, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_default_model"), NGX_NODETOOL_ANY | NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_nodetool_chat_loc_conf_t, default_model), NULL },

    { ngx_string("nodetool_chat_tools"), NGX_NODETOOL_ANY | NGX_CONF_1MORE,
      ngx_nodetool_chat_tools, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_models_cache"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE12,
      ngx_nodetool_models_cache, NGX_HTTP_MAIN_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_chat_keepalive_comment"),
      NGX_NODETOOL_ANY | NGX_CONF_TAKE1, ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET, offsetof(ngx_nodetool_chat_loc_conf_t, comment),
      NULL },

    { ngx_string("nodetool_stream_usage"), NGX_NODETOOL_ANY | NGX_CONF_FLAG,
      ngx_conf_set_flag_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_nodetool_chat_loc_conf_t, stream_usage), NULL },

    { ngx_string("nodetool_echo"), NGX_NODETOOL_ANY | NGX_CONF_FLAG,
      ngx_conf_set_flag_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_nodetool_chat_loc_conf_t, echo), NULL },

    { ngx_string("nodetool_echo_delay"), NGX_NODETOOL_ANY | NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_nodetool_chat_loc_conf_t, echo_delay), NULL },

    { ngx_string("nodetool_cache_path"), NGX_HTTP_MAIN_CONF | NGX_CONF_2MORE,
      ngx_nodetool_cache_path, NGX_HTTP_MAIN_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_cache"), NGX_NODETOOL_ANY | NGX_CONF_TAKE1,
      ngx_nodetool_cache, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_cache_valid"), NGX_NODETOOL_ANY | NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_nodetool_chat_loc_conf_t, cache.valid), NULL },

    { ngx_string("nodetool_cache_max_body"), NGX_NODETOOL_ANY | NGX_CONF_TAKE1,
      ngx_conf_set_size_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_nodetool_chat_loc_conf_t, cache.max_body), NULL },

    { ngx_string("nodetool_cache_lock"), NGX_NODETOOL_ANY | NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_nodetool_chat_loc_conf_t, cache.lock), NULL },

    { ngx_string("nodetool_cache_key"), NGX_NODETOOL_ANY | NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_nodetool_chat_loc_conf_t, cache.key), NULL },

    { ngx_string("nodetool_cache_bypass"), NGX_NODETOOL_ANY | NGX_CONF_1MORE,
      ngx_http_set_predicate_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_nodetool_chat_loc_conf_t, cache.bypass), NULL },

    { ngx_string("nodetool_metrics"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS,
      ngx_nodetool_metrics, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_metrics_zone"),
      NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE123, ngx_nodetool_metrics_zone,
      NGX_HTTP_MAIN_CONF_OFFSET, 0, NULL },

    /* limits and money */

    { ngx_string("nodetool_limit"), NGX_NODETOOL_ANY | NGX_CONF_1MORE,
      ngx_nodetool_limit_directive, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_limit_zone"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE12,
      ngx_nodetool_limit_set_zone, NGX_HTTP_MAIN_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_limit_redis"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1,
      ngx_nodetool_redis_directive, NGX_HTTP_MAIN_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_prices"), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1,
      ngx_nodetool_prices_directive, NGX_HTTP_MAIN_CONF_OFFSET, 0, NULL },

    ngx_null_command
};

static ngx_http_module_t ngx_nodetool_chat_module_ctx = {
    ngx_nodetool_chat_add_variables, /* preconfiguration */
    ngx_nodetool_chat_init,          /* postconfiguration */

    ngx_nodetool_chat_create_main_conf, /* create main configuration */
    ngx_nodetool_chat_init_main_conf,   /* init main configuration */

    NULL, /* create server configuration */
    NULL, /* merge server configuration */

    ngx_nodetool_chat_create_loc_conf, /* create location configuration */
    ngx_nodetool_chat_merge_loc_conf   /* merge location configuration */
};

ngx_module_t ngx_http_nodetool_chat_module = {
    NGX_MODULE_V1,
    &ngx_nodetool_chat_module_ctx,   /* module context */
    ngx_nodetool_chat_commands,      /* module directives */
    NGX_HTTP_MODULE,                 /* module type */
    NULL,                            /* init master */
    NULL,                            /* init module */
    ngx_nodetool_limit_init_process, /* init process */
    NULL,                            /* init thread */
    NULL,                            /* exit thread */
    ngx_nodetool_limit_exit_process, /* exit process */
    NULL,                            /* exit master */
    NGX_MODULE_V1_PADDING
};

static ngx_http_output_header_filter_pt ngx_http_next_header_filter;
static ngx_http_request_body_filter_pt  ngx_http_next_request_body_filter;


/* Scans a body while it arrives, so that it is never read back from its
 * temporary file. */
static ngx_int_t
ngx_nodetool_chat_request_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_chain_t             *cl;
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_chat_module);

    if (ctx != NULL && ctx->scanning) {
        for (cl = in; cl; cl = cl->next) {
            if (ngx_buf_in_memory(cl->buf)) {
                ngx_nodetool_chat_body_feed(ctx, cl->buf->pos, cl->buf->last);
            }
        }
    }

    return ngx_http_next_request_body_filter(r, in);
}


/* Anthropic's clients look for the id under a name of their own. */
static ngx_int_t
ngx_nodetool_chat_tell_id(ngx_http_request_t *r, ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_str_t id;

    if (r != r->main ||
        (ctx != NULL && ctx->api != NULL ? !ctx->api->anthropic
                                         : !ngx_nodetool_api_is_anthropic(r)))
    {
        return NGX_OK;
    }

    id = ngx_nodetool_variable(r, "nodetool_request_id");

    return id.len > 0 ? ngx_nodetool_add_header(r, "request-id", &id) : NGX_OK;
}


/* The header of a stream may have gone out with the first comment; nginx's
 * upstream then sends it a second time, which must end here. */
static ngx_int_t
ngx_nodetool_chat_header_filter(ngx_http_request_t *r)
{
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_nodetool_chat_module);

    if (ctx != NULL && ctx->early) {
        r->header_sent = 1;
        return NGX_OK;
    }

    if (ngx_nodetool_chat_tell_id(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx != NULL && ctx->cache_status != NGX_NODETOOL_CACHE_NONE &&
        ngx_nodetool_cache_header(ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_next_header_filter(r);
}


static ngx_int_t
ngx_nodetool_chat_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt       *h;
    ngx_http_core_main_conf_t *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_LOG_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_nodetool_chat_log;

    ngx_http_next_request_body_filter = ngx_http_top_request_body_filter;
    ngx_http_top_request_body_filter = ngx_nodetool_chat_request_body_filter;

    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_nodetool_chat_header_filter;

    ngx_nodetool_cache_init();

    return NGX_OK;
}


static void *
ngx_nodetool_chat_create_main_conf(ngx_conf_t *cf)
{
    ngx_nodetool_chat_main_conf_t *mcf;

    mcf = ngx_pcalloc(cf->pool, sizeof(ngx_nodetool_chat_main_conf_t));
    if (mcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&mcf->providers, cf->pool, 4,
                       sizeof(ngx_nodetool_provider_t *)) != NGX_OK)
    {
        return NULL;
    }

    mcf->models_valid = NGX_CONF_UNSET;
    ngx_nodetool_metrics_unset(&mcf->metrics);

    mcf->limit = ngx_nodetool_limit_create_conf(cf);
    if (mcf->limit == NULL) {
        return NULL;
    }

    if (ngx_array_init(&mcf->caches, cf->pool, 4,
                       sizeof(ngx_http_file_cache_t *)) != NGX_OK)
    {
        return NULL;
    }

    return mcf;
}


static char *
ngx_nodetool_chat_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_nodetool_chat_main_conf_t *mcf = conf;

    ngx_str_t                 name = ngx_string("nodetool_models");
    ngx_str_t                 echo = ngx_string("echo");
    ngx_uint_t                i;
    ngx_nodetool_provider_t **p;

    ngx_conf_init_value(mcf->models_valid, 300);

    mcf->echo = ngx_nodetool_provider_find(mcf, &echo);

    if (mcf->echo == NULL) {
        mcf->echo = ngx_nodetool_provider_echo(cf);
        p = ngx_array_push(&mcf->providers);
        if (mcf->echo == NULL || p == NULL) {
            return NGX_CONF_ERROR;
        }

        *p = mcf->echo;
    }

    p = mcf->providers.elts;

    for (i = 0; i < mcf->providers.nelts; i++) {
        if (ngx_nodetool_endpoint_init(cf, p[i]) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_nodetool_health_init(cf, &mcf->providers) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    mcf->zone =
        ngx_shared_memory_add(cf, &name,
                              mcf->zone_size ? mcf->zone_size : 1024 * 1024,
                              &ngx_http_nodetool_chat_module);
    if (mcf->zone == NULL) {
        return NGX_CONF_ERROR;
    }

    mcf->zone->init = ngx_nodetool_models_init_zone;

    if (ngx_nodetool_metrics_init(cf, &mcf->metrics) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_nodetool_limit_init_conf(cf, mcf->limit);
}


static void *
ngx_nodetool_chat_create_loc_conf(ngx_conf_t *cf)
{
    ngx_nodetool_chat_loc_conf_t *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_nodetool_chat_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    conf->rules = NGX_CONF_UNSET_PTR;
    conf->retry.tries = NGX_CONF_UNSET_UINT;
    conf->retry.timeout = NGX_CONF_UNSET_MSEC;
    conf->retry.wait = NGX_CONF_UNSET_MSEC;
    conf->retry.backoff = NGX_CONF_UNSET_MSEC;
    conf->default_model = NGX_CONF_UNSET_PTR;
    conf->tools = NGX_CONF_UNSET_PTR;
    conf->comment = NGX_CONF_UNSET_MSEC;
    conf->stream_usage = NGX_CONF_UNSET;
    conf->echo = NGX_CONF_UNSET;
    conf->echo_delay = NGX_CONF_UNSET_MSEC;
    conf->limits = NGX_CONF_UNSET_PTR;
    ngx_nodetool_cache_unset(&conf->cache);

    return conf;
}


static char *
ngx_nodetool_chat_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_nodetool_chat_loc_conf_t *prev = parent;
    ngx_nodetool_chat_loc_conf_t *conf = child;

    ngx_conf_merge_ptr_value(conf->rules, prev->rules, NULL);
    ngx_conf_merge_ptr_value(conf->default_model, prev->default_model, NULL);
    ngx_conf_merge_ptr_value(conf->tools, prev->tools, NULL);
    ngx_conf_merge_msec_value(conf->comment, prev->comment, 15000);
    ngx_conf_merge_value(conf->stream_usage, prev->stream_usage, 1);
    ngx_conf_merge_value(conf->echo, prev->echo, 1);
    ngx_conf_merge_msec_value(conf->echo_delay, prev->echo_delay, 0);
    ngx_conf_merge_ptr_value(conf->limits, prev->limits, NULL);

    ngx_nodetool_retry_merge(conf, prev);

    if (ngx_nodetool_cache_merge(cf, &prev->cache, &conf->cache) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_nodetool_rules_merge(cf, conf->rules) == NGX_CONF_OK
               ? ngx_nodetool_tools_merge(cf, conf->tools)
               : NGX_CONF_ERROR;
}


static char *
ngx_nodetool_chat(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_nodetool_chat_handler;

    return NGX_CONF_OK;
}


/* nodetool_models_cache TIME [size=SIZE]; */
static char *
ngx_nodetool_models_cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_nodetool_chat_main_conf_t *mcf = conf;

    ngx_str_t *value, size;

    if (mcf->models_valid != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    mcf->models_valid = ngx_parse_time(&value[1], 1);
    if (mcf->models_valid == (time_t) NGX_ERROR) {
        return "has an invalid time";
    }

    if (cf->args->nelts == 2) {
        return NGX_CONF_OK;
    }

    if (ngx_strncmp(value[2].data, "size=", 5) != 0) {
        return "takes a time and size=SIZE";
    }

    size.data = value[2].data + 5;
    size.len = value[2].len - 5;

    mcf->zone_size = ngx_parse_size(&size);
    if (mcf->zone_size < (ssize_t) (8 * ngx_pagesize)) {
        return "has an invalid or too small size";
    }

    return NGX_CONF_OK;
}
