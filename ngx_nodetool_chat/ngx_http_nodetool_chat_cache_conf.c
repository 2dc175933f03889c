/*
 * ngx_http_nodetool_chat_cache_conf.c - directives of the cache.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_cache.h"

/* Tells zones of caches from other zones of this module. */
static const char ngx_nodetool_cache_tag = 0;


/* As proxy_cache_path. */
char *
ngx_nodetool_cache_path(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_command_t path;

    path = *cmd;
    path.offset = offsetof(ngx_nodetool_chat_main_conf_t, caches);
    path.post = (void *) &ngx_nodetool_cache_tag;

    return ngx_http_file_cache_set_slot(cf, &path, conf);
}


/* nodetool_cache ZONE | off; */
char *
ngx_nodetool_cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_nodetool_cache_conf_t *c;

    ngx_str_t *value;

    c = &((ngx_nodetool_chat_loc_conf_t *) conf)->cache;

    if (c->zone != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        c->zone = NULL;
        return NGX_CONF_OK;
    }

    c->zone = ngx_shared_memory_add(cf, &value[1], 0,
                                    (void *) &ngx_nodetool_cache_tag);

    return c->zone ? NGX_CONF_OK : NGX_CONF_ERROR;
}


void
ngx_nodetool_cache_unset(ngx_nodetool_cache_conf_t *conf)
{
    conf->zone = NGX_CONF_UNSET_PTR;
    conf->key = NGX_CONF_UNSET_PTR;
    conf->bypass = NGX_CONF_UNSET_PTR;
    conf->valid = NGX_CONF_UNSET;
    conf->max_body = NGX_CONF_UNSET_SIZE;
    conf->lock = NGX_CONF_UNSET_MSEC;
}


char *
ngx_nodetool_cache_merge(ngx_conf_t *cf, ngx_nodetool_cache_conf_t *prev,
                         ngx_nodetool_cache_conf_t *conf)
{
    ngx_conf_merge_ptr_value(conf->zone, prev->zone, NULL);
    ngx_conf_merge_ptr_value(conf->key, prev->key, NULL);
    ngx_conf_merge_ptr_value(conf->bypass, prev->bypass, NULL);
    ngx_conf_merge_value(conf->valid, prev->valid, 3600);
    ngx_conf_merge_size_value(conf->max_body, prev->max_body, 1024 * 1024);
    ngx_conf_merge_msec_value(conf->lock, prev->lock, 0);

    if (conf->zone != NULL && conf->zone->data == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "there is no nodetool_cache_path with "
                           "keys_zone=%V",
                           &conf->zone->shm.name);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
