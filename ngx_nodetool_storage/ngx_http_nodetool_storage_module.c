/*
 * ngx_http_nodetool_storage_module.c - objects in folders: the directives,
 * the life of a store, and the content handler.
 */

#include "ngx_nodetool_storage/ngx_http_nodetool_storage.h"

static ngx_int_t ngx_http_nodetool_storage_init(ngx_conf_t *cf);
static void     *ngx_http_nodetool_storage_create_srv_conf(ngx_conf_t *cf);
static void     *ngx_http_nodetool_storage_create_main_conf(ngx_conf_t *cf);
static void     *ngx_http_nodetool_storage_create_loc_conf(ngx_conf_t *cf);
static char     *ngx_http_nodetool_storage_merge_loc_conf(ngx_conf_t *cf,
                                                          void       *parent,
                                                          void       *child);
static char     *ngx_http_nodetool_storage(ngx_conf_t *cf, ngx_command_t *cmd,
                                           void *conf);
static ngx_http_nodetool_store_t *ngx_http_nodetool_storage_store(
    ngx_conf_t *cf, ngx_str_t *path);
static char *ngx_http_nodetool_storage_expire(
    ngx_conf_t *cf, ngx_http_nodetool_storage_loc_conf_t *conf);
static ngx_int_t  ngx_http_nodetool_storage_init_module(ngx_cycle_t *cycle);
static ngx_int_t  ngx_http_nodetool_storage_init_process(ngx_cycle_t *cycle);
static void       ngx_http_nodetool_storage_exit(void *data);
static ngx_int_t  ngx_http_nodetool_storage_handler(ngx_http_request_t *r);
static ngx_uint_t ngx_http_nodetool_storage_is_list(
    ngx_http_request_t *r, ngx_http_nodetool_storage_loc_conf_t *conf);
static ngx_int_t ngx_http_nodetool_storage_begin(
    ngx_http_nodetool_object_t *o,
    ngx_int_t (*method)(ngx_http_nodetool_object_t *o));

static ngx_command_t ngx_http_nodetool_storage_commands[] = {

    { ngx_string("nodetool_storage"),
      NGX_HTTP_LOC_CONF | NGX_HTTP_LIF_CONF | NGX_HTTP_LMT_CONF |
          NGX_CONF_TAKE12,
      ngx_http_nodetool_storage, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("nodetool_storage_key"), NGX_HTTP_LOC_CONF | NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_storage_loc_conf_t, key), NULL },

    { ngx_string("nodetool_storage_expire"),
      NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
          NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_storage_loc_conf_t, expire), NULL },

    { ngx_string("nodetool_storage_list"),
      NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
          NGX_CONF_FLAG,
      ngx_conf_set_flag_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_storage_loc_conf_t, list), NULL },

    { ngx_string("nodetool_storage_fsync"),
      NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
          NGX_CONF_FLAG,
      ngx_conf_set_flag_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_storage_loc_conf_t, fsync), NULL },

    { ngx_string("nodetool_storage_min_free"),
      NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
          NGX_CONF_TAKE1,
      ngx_conf_set_off_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_storage_loc_conf_t, min_free), NULL },

    { ngx_string("nodetool_storage_access"),
      NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF |
          NGX_CONF_TAKE123,
      ngx_conf_set_access_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_nodetool_storage_loc_conf_t, access), NULL },

    ngx_null_command
};


static ngx_http_module_t ngx_http_nodetool_storage_module_ctx = {
    NULL,                           /* preconfiguration */
    ngx_http_nodetool_storage_init, /* postconfiguration */

    ngx_http_nodetool_storage_create_main_conf, /* create main configuration */
    NULL,                                       /* init main configuration */

    ngx_http_nodetool_storage_create_srv_conf, /* create server configuration */
    NULL,                                      /* merge server configuration */

    ngx_http_nodetool_storage_create_loc_conf, /* create location conf */
    ngx_http_nodetool_storage_merge_loc_conf   /* merge location conf */
};


ngx_module_t ngx_http_nodetool_storage_module = {
    NGX_MODULE_V1,
    &ngx_http_nodetool_storage_module_ctx,  /* module context */
    ngx_http_nodetool_storage_commands,     /* module directives */
    NGX_HTTP_MODULE,                        /* module type */
    NULL,                                   /* init master */
    ngx_http_nodetool_storage_init_module,  /* init module */
    ngx_http_nodetool_storage_init_process, /* init process */
    NULL,                                   /* init thread */
    NULL,                                   /* exit thread */
    NULL,                                   /* exit process */
    NULL,                                   /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_nodetool_storage_handler(ngx_http_request_t *r)
{
    const char                           *fault;
    ngx_http_nodetool_object_t           *o;
    ngx_http_nodetool_storage_loc_conf_t *conf;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_storage_module);

    if (!(r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) &&
        !(conf->write && (r->method & (NGX_HTTP_PUT | NGX_HTTP_DELETE))))
    {
        return ngx_nodetool_not_allowed(r, conf->write
                                               ? "GET, HEAD, PUT, DELETE"
                                               : "GET, HEAD");
    }

    o = ngx_pcalloc(r->pool, sizeof(ngx_http_nodetool_object_t));
    if (o == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    o->request = r;
    o->conf = conf;
    o->store = conf->store;
    o->fd = NGX_INVALID_FILE;

    ngx_http_set_ctx(r, o, ngx_http_nodetool_storage_module);

    if (ngx_http_nodetool_storage_is_list(r, conf)) {
        return ngx_http_nodetool_storage_begin(o,
                                               ngx_http_nodetool_storage_list);
    }

    fault = ngx_http_nodetool_storage_key(o);
    if (fault != NULL) {
        return ngx_nodetool_errorf(r, NGX_HTTP_BAD_REQUEST, "Bad request: %s",
                                   fault);
    }

    if (o->key.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    switch (r->method) {
    case NGX_HTTP_PUT:
        return ngx_http_nodetool_storage_begin(o,
                                               ngx_http_nodetool_storage_put);

    case NGX_HTTP_DELETE:
        return ngx_http_nodetool_storage_begin(
            o, ngx_http_nodetool_storage_delete);

    default:
        return ngx_http_nodetool_storage_begin(o,
                                               ngx_http_nodetool_storage_get);
    }
}


static ngx_uint_t
ngx_http_nodetool_storage_is_list(ngx_http_request_t                   *r,
                                  ngx_http_nodetool_storage_loc_conf_t *conf)
{
    return conf->list && conf->write && conf->key == NULL &&
           (r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) &&
           r->uri.len == conf->prefix.len &&
           ngx_memcmp(r->uri.data, conf->prefix.data, r->uri.len) == 0;
}


static ngx_int_t
ngx_http_nodetool_storage_begin(
    ngx_http_nodetool_object_t *o,
    ngx_int_t (*method)(ngx_http_nodetool_object_t *o))
{
    if (ngx_http_nodetool_store_open(o->store, o->request->connection->log) !=
        NGX_OK)
    {
        return ngx_http_nodetool_storage_failed(o, ENODEV, "open store of");
    }

    return method(o);
}


static void *
ngx_http_nodetool_storage_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_nodetool_storage_main_conf_t *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_nodetool_storage_main_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&conf->stores, cf->pool, 4,
                       sizeof(ngx_http_nodetool_store_t *)) != NGX_OK)
    {
        return NULL;
    }

    return conf;
}


static ngx_int_t
ngx_http_nodetool_storage_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt       *h;
    ngx_http_core_main_conf_t *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_SERVER_REWRITE_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_nodetool_storage_rewrite;

    return NGX_OK;
}


static void *
ngx_http_nodetool_storage_create_srv_conf(ngx_conf_t *cf)
{
    ngx_http_nodetool_storage_srv_conf_t *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_nodetool_storage_srv_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&conf->prefixes, cf->pool, 4, sizeof(ngx_str_t)) !=
        NGX_OK) {
        return NULL;
    }

    return conf;
}


static void *
ngx_http_nodetool_storage_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_nodetool_storage_loc_conf_t *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_nodetool_storage_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->store = NULL;
     *     conf->prefix = { 0, NULL };
     *     conf->write = 0;
     */

    conf->key = NGX_CONF_UNSET_PTR;
    conf->expire = NGX_CONF_UNSET;
    conf->list = NGX_CONF_UNSET;
    conf->fsync = NGX_CONF_UNSET;
    conf->min_free = NGX_CONF_UNSET;
    conf->access = NGX_CONF_UNSET_UINT;

    return conf;
}


static char *
ngx_http_nodetool_storage_merge_loc_conf(ngx_conf_t *cf, void *parent,
                                         void *child)
{
    ngx_http_nodetool_storage_loc_conf_t *prev = parent;
    ngx_http_nodetool_storage_loc_conf_t *conf = child;

    ngx_uint_t                own;
    ngx_http_core_loc_conf_t *clcf;

    ngx_conf_merge_ptr_value(conf->key, prev->key, NULL);
    ngx_conf_merge_value(conf->expire, prev->expire, 0);
    ngx_conf_merge_value(conf->list, prev->list, 0);
    ngx_conf_merge_value(conf->fsync, prev->fsync, 1);
    ngx_conf_merge_off_value(conf->min_free, prev->min_free, 0);
    ngx_conf_merge_uint_value(conf->access, prev->access, 0600);

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    own = (conf->store != NULL);

    if (!own && clcf->noname) {
        conf->store = prev->store;
        conf->prefix = prev->prefix;
        conf->prefix_set = prev->prefix_set;
        conf->write = prev->write;
    }

    if (clcf->lmt_excpt && clcf->handler == NULL && conf->store != NULL) {
        clcf->handler = ngx_http_nodetool_storage_handler;
    }

    if (!own) {
        return NGX_CONF_OK;
    }

    if (!conf->prefix_set && conf->key == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"nodetool_storage\" in location \"%V\" needs "
                           "\"nodetool_storage_key\", as that is no prefix "
                           "that ends with \"/\"",
                           &clcf->name);
        return NGX_CONF_ERROR;
    }

    if (conf->write) {
        conf->store->writable = 1;
        conf->store->access = conf->access;
    }

    return ngx_http_nodetool_storage_expire(cf, conf);
}


/* Objects of a store expire or do not, through whichever location. */

static char *
ngx_http_nodetool_storage_expire(ngx_conf_t                           *cf,
                                 ngx_http_nodetool_storage_loc_conf_t *conf)
{
    ngx_http_nodetool_store_t *store = conf->store;

    if (conf->expire == 0) {
        return NGX_CONF_OK;
    }

    if (store->expire != 0 && store->expire != conf->expire) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the store \"%V\" has two different "
                           "\"nodetool_storage_expire\" times, %T and %T "
                           "seconds",
                           &store->path, store->expire, conf->expire);
        return NGX_CONF_ERROR;
    }

    store->expire = conf->expire;
    store->writable = 1;

    return NGX_CONF_OK;
}


static char *
ngx_http_nodetool_storage(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_nodetool_storage_loc_conf_t *slcf = conf;

    ngx_str_t                            *value, *prefix;
    ngx_http_core_loc_conf_t             *clcf;
    ngx_http_nodetool_storage_srv_conf_t *sscf;

    if (slcf->store != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 3) {
        if (ngx_strcmp(value[2].data, "read-write") == 0) {
            slcf->write = 1;

        } else if (ngx_strcmp(value[2].data, "read-only") != 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\", \"read-only\" or "
                               "\"read-write\" expected",
                               &value[2]);
            return NGX_CONF_ERROR;
        }
    }

    slcf->store = ngx_http_nodetool_storage_store(cf, &value[1]);
    if (slcf->store == NULL) {
        return NGX_CONF_ERROR;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    clcf->handler = ngx_http_nodetool_storage_handler;

    slcf->prefix = clcf->name;
    slcf->prefix_set = !clcf->named && clcf->name.len != 0 &&
                       clcf->name.data[clcf->name.len - 1] == '/';
#if (NGX_PCRE)
    if (clcf->regex != NULL) {
        slcf->prefix_set = 0;
    }
#endif

    if (!slcf->prefix_set || clcf->noname) {
        return NGX_CONF_OK;
    }

    sscf =
        ngx_http_conf_get_module_srv_conf(cf, ngx_http_nodetool_storage_module);
    prefix = ngx_array_push(&sscf->prefixes);
    if (prefix == NULL) {
        return NGX_CONF_ERROR;
    }

    *prefix = clcf->name;

    return NGX_CONF_OK;
}


static ngx_http_nodetool_store_t *
ngx_http_nodetool_storage_store(ngx_conf_t *cf, ngx_str_t *path)
{
    ngx_uint_t                             i;
    ngx_http_nodetool_store_t             *store, **stores;
    ngx_http_nodetool_storage_main_conf_t *smcf;

    smcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_nodetool_storage_module);

    while (path->len > 1 && path->data[path->len - 1] == '/') {
        path->data[--path->len] = '\0';
    }

    if (ngx_conf_full_name(cf->cycle, path, 0) != NGX_OK) {
        return NULL;
    }

    stores = smcf->stores.elts;

    for (i = 0; i < smcf->stores.nelts; i++) {
        if (stores[i]->path.len == path->len &&
            ngx_memcmp(stores[i]->path.data, path->data, path->len) == 0)
        {
            return stores[i];
        }
    }

    stores = ngx_array_push(&smcf->stores);
    if (stores == NULL) {
        return NULL;
    }

    store = ngx_pcalloc(cf->pool, sizeof(ngx_http_nodetool_store_t));
    if (store == NULL) {
        return NULL;
    }

    store->path = *path;
    store->fd = NGX_INVALID_FILE;
    store->tmp = NGX_INVALID_FILE;
    store->lock = NGX_INVALID_FILE;
    store->access = 0600;

    *stores = store;

    return store;
}


/* The master may be able to make a folder where the workers are not; it is
 * theirs then.  What is there already keeps its owner. */

static ngx_int_t
ngx_http_nodetool_storage_init_module(ngx_cycle_t *cycle)
{
    ngx_uint_t                             i;
    ngx_core_conf_t                       *ccf;
    ngx_http_nodetool_store_t            **stores;
    ngx_http_nodetool_storage_main_conf_t *smcf;

    smcf =
        ngx_http_cycle_get_module_main_conf(cycle,
                                            ngx_http_nodetool_storage_module);

    if (smcf == NULL || ngx_test_config) {
        return NGX_OK;
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);
    stores = smcf->stores.elts;

    for (i = 0; i < smcf->stores.nelts; i++) {
        switch (ngx_http_nodetool_store_make(stores[i]->path.data,
                                             stores[i]->access)) {
        case NGX_OK:
            if (geteuid() == 0 &&
                ccf->user != (ngx_uid_t) NGX_CONF_UNSET_UINT &&
                chown((char *) stores[i]->path.data, ccf->user, ccf->group) ==
                    -1)
            {
                ngx_log_error(NGX_LOG_ERR, cycle->log, ngx_errno,
                              "chown() of the store \"%V\" failed",
                              &stores[i]->path);
            }

            break;

        case NGX_ERROR:
            ngx_log_error(NGX_LOG_ERR, cycle->log, ngx_errno,
                          "mkdir() of the store \"%V\" failed",
                          &stores[i]->path);
            break;

        default: /* NGX_DECLINED: it is there */
            break;
        }
    }

    return NGX_OK;
}


/* A store that cannot be opened now is tried again with each request. */

static ngx_int_t
ngx_http_nodetool_storage_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                             i;
    ngx_pool_cleanup_t                    *cln;
    ngx_http_nodetool_store_t            **stores;
    ngx_http_nodetool_storage_main_conf_t *smcf;

    smcf =
        ngx_http_cycle_get_module_main_conf(cycle,
                                            ngx_http_nodetool_storage_module);

    if (smcf == NULL || smcf->stores.nelts == 0 ||
        (ngx_process != NGX_PROCESS_WORKER &&
         ngx_process != NGX_PROCESS_SINGLE))
    {
        return NGX_OK;
    }

    cln = ngx_pool_cleanup_add(cycle->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_nodetool_storage_exit;
    cln->data = smcf;

    stores = smcf->stores.elts;

    for (i = 0; i < smcf->stores.nelts; i++) {
        (void) ngx_http_nodetool_store_open(stores[i], cycle->log);

        /* one process is enough to tidy up */

        if (ngx_worker == 0 && stores[i]->writable &&
            ngx_http_nodetool_sweep_start(cycle, stores[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void
ngx_http_nodetool_storage_exit(void *data)
{
    ngx_http_nodetool_storage_main_conf_t *smcf = data;

    ngx_uint_t                  i;
    ngx_http_nodetool_store_t **stores;

    stores = smcf->stores.elts;

    for (i = 0; i < smcf->stores.nelts; i++) {
        ngx_http_nodetool_sweep_stop(stores[i]);
        ngx_http_nodetool_store_close(stores[i], ngx_cycle->log);
    }
}
