/*
 * ngx_http_nodetool_chat_limit_conf.c - the directives of limits.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_limit.h"

#include "core/nt_money.h"

#define NGX_NODETOOL_LIMIT_ZONE_SIZE (1024 * 1024)

/* Digits of a number of requests or tokens. */
#define NGX_NODETOOL_LIMIT_DIGITS 15

static ngx_str_t ngx_nodetool_limit_names[] = {
    ngx_string("rpm="),   ngx_string("tpm="),    ngx_string("day="),
    ngx_string("month="), ngx_string("models="), ngx_null_string
};


ngx_uint_t
ngx_nodetool_limit_parse(ngx_uint_t kind, ngx_str_t *text, int64_t *value)
{
    u_char *p, *last;

    if (kind >= NGX_NODETOOL_LIMIT_DAY) {
        return nt_money_parse(ngx_nodetool_str(text), value);
    }

    if (text->len == 0 || text->len > NGX_NODETOOL_LIMIT_DIGITS) {
        return 0;
    }

    last = text->data + text->len;
    *value = 0;

    for (p = text->data; p < last; p++) {
        if (*p < '0' || *p > '9') {
            return 0;
        }

        *value = *value * 10 + (*p - '0');
    }

    return 1;
}


/* A name=value; what does not depend on the request is checked now. */
static char *
ngx_nodetool_limit_param(ngx_conf_t *cf, ngx_nodetool_limit_t *limit,
                         ngx_str_t *param)
{
    char                      *rv;
    int64_t                    n;
    ngx_str_t                  value, *name;
    ngx_uint_t                 i;
    ngx_http_complex_value_t **cv;

    for (i = 0, name = ngx_nodetool_limit_names; name->len; i++, name++) {
        if (ngx_strncmp(param->data, name->data, name->len) == 0) {
            break;
        }
    }

    if (name->len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\" of nodetool_limit: there "
                           "are rpm=, tpm=, day=, month= and models=",
                           param);
        return NGX_CONF_ERROR;
    }

    cv = i < NGX_NODETOOL_LIMIT_N ? &limit->value[i] : &limit->models;

    if (*cv != NULL) {
        return "has a parameter twice";
    }

    value.data = param->data + name->len;
    value.len = param->len - name->len;

    rv = ngx_nodetool_chat_complex(cf, &value, cv);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (i < NGX_NODETOOL_LIMIT_N && (*cv)->lengths == NULL &&
        !ngx_nodetool_limit_parse(i, &value, &n))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value in \"%V\": expected %s", param,
                           i < NGX_NODETOOL_LIMIT_DAY
                               ? "a whole number"
                               : "dollars, such as 5 or 0.25");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* nodetool_limit KEY [rpm=N] [tpm=N] [day=DOLLARS] [month=DOLLARS]
 * [models=PATTERNS]; */
char *
ngx_nodetool_limit_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_nodetool_chat_loc_conf_t *lcf = conf;

    char                            *rv;
    ngx_str_t                       *value;
    ngx_uint_t                       i;
    ngx_nodetool_limit_t            *limit;
    ngx_nodetool_chat_main_conf_t   *mcf;
    ngx_http_compile_complex_value_t ccv;

    value = cf->args->elts;

    if (cf->args->nelts == 2) {
        if (ngx_strcmp(value[1].data, "off") != 0) {
            return "takes a key and what it may use, or \"off\"";
        }

        if (lcf->limits != NGX_CONF_UNSET_PTR) {
            return "is duplicate";
        }

        lcf->limits = NULL;
        return NGX_CONF_OK;
    }

    if (lcf->limits == NULL) {
        return "is \"off\" already";
    }

    if (lcf->limits == NGX_CONF_UNSET_PTR) {
        lcf->limits =
            ngx_array_create(cf->pool, 2, sizeof(ngx_nodetool_limit_t));
    }

    limit = lcf->limits ? ngx_array_push(lcf->limits) : NULL;
    if (limit == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(limit, sizeof(ngx_nodetool_limit_t));
    limit->text = value[1];

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));
    ccv.cf = cf;
    ccv.value = &value[1];
    ccv.complex_value = &limit->key;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        rv = ngx_nodetool_limit_param(cf, limit, &value[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_nodetool_chat_module);
    mcf->limit->used = 1;

    return NGX_CONF_OK;
}


static char *
ngx_nodetool_limit_add_zone(ngx_conf_t *cf, ngx_nodetool_limit_main_t *limit,
                            size_t size)
{
    ngx_str_t       name = ngx_string("nodetool_limit");
    ngx_shm_zone_t *shm_zone;

    limit->zone = ngx_pcalloc(cf->pool, sizeof(ngx_nodetool_limit_zone_t));
    shm_zone =
        ngx_shared_memory_add(cf, &name, size, &ngx_http_nodetool_chat_module);
    if (limit->zone == NULL || shm_zone == NULL) {
        return NGX_CONF_ERROR;
    }

    shm_zone->init = ngx_nodetool_limit_init_zone;
    shm_zone->data = limit->zone;

    return NGX_CONF_OK;
}


/* nodetool_limit_zone SIZE [state=FILE]; */
char *
ngx_nodetool_limit_set_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_nodetool_chat_main_conf_t *mcf = conf;

    char      *rv;
    ssize_t    size;
    ngx_str_t *value, path;

    if (mcf->limit->zone != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;
    size = ngx_parse_size(&value[1]);

    if (size < (ssize_t) (8 * ngx_pagesize)) {
        return "has an invalid or too small size";
    }

    rv = ngx_nodetool_limit_add_zone(cf, mcf->limit, size);

    if (rv != NGX_CONF_OK || cf->args->nelts == 2) {
        return rv;
    }

    if (ngx_strncmp(value[2].data, "state=", 6) != 0 || value[2].len == 6) {
        return "takes a size and state=FILE";
    }

    path.data = value[2].data + 6;
    path.len = value[2].len - 6;

    if (ngx_conf_full_name(cf->cycle, &path, 0) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    mcf->limit->zone->state = path;

    return NGX_CONF_OK;
}


ngx_nodetool_limit_main_t *
ngx_nodetool_limit_create_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_nodetool_limit_main_t));
}


char *
ngx_nodetool_limit_init_conf(ngx_conf_t *cf, ngx_nodetool_limit_main_t *limit)
{
    if (limit->used && limit->zone == NULL) {
        return ngx_nodetool_limit_add_zone(cf, limit,
                                           NGX_NODETOOL_LIMIT_ZONE_SIZE);
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_nodetool_limit_init_process(ngx_cycle_t *cycle)
{
    ngx_nodetool_limit_main_t     *limit;
    ngx_nodetool_chat_main_conf_t *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle,
                                              ngx_http_nodetool_chat_module);

    /* one worker is enough to look after things */

    if (mcf == NULL || mcf->limit->zone == NULL || ngx_worker != 0 ||
        (ngx_process != NGX_PROCESS_WORKER &&
         ngx_process != NGX_PROCESS_SINGLE))
    {
        return NGX_OK;
    }

    limit = mcf->limit;

    if (limit->zone->state.len > 0) {
        ngx_nodetool_limit_state_begin(limit->zone, cycle->log);
    }

    if (limit->redis != NULL) {
        ngx_nodetool_redis_begin(limit->redis, cycle->log);
    }

    return NGX_OK;
}


void
ngx_nodetool_limit_exit_process(ngx_cycle_t *cycle)
{
    ngx_nodetool_limit_main_t     *limit;
    ngx_nodetool_chat_main_conf_t *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle,
                                              ngx_http_nodetool_chat_module);

    if (mcf == NULL || mcf->limit->zone == NULL ||
        (ngx_process != NGX_PROCESS_WORKER &&
         ngx_process != NGX_PROCESS_SINGLE))
    {
        return;
    }

    limit = mcf->limit;

    /* each of them: nobody knows which is the last one */

    if (limit->zone->state.len > 0) {
        ngx_nodetool_limit_save(limit->zone, cycle->log);
    }

    if (limit->redis != NULL) {
        ngx_nodetool_redis_end(limit->redis);
    }
}
