/*
 * ngx_http_nodetool_base_variables.c - the request's id, in the error log
 * too, and the server's URL as the client sees it.
 */

#include "ngx_nodetool_base/ngx_http_nodetool_base.h"

#include "core/nt_id.h"

typedef struct {
    ngx_http_log_handler_pt next; /* the log handler that stood before */
} ngx_http_nodetool_base_log_t;

static ngx_int_t ngx_http_nodetool_base_make_id(ngx_http_request_t *r,
                                                ngx_str_t          *id);
static ngx_int_t ngx_http_nodetool_base_request_id_variable(
    ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_nodetool_base_url_variable(
    ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_nodetool_base_add_log_handler(ngx_http_request_t *r);
static ngx_http_nodetool_base_log_t *ngx_http_nodetool_base_get_log(
    ngx_http_request_t *r);
static void       ngx_http_nodetool_base_log_cleanup(void *data);
static u_char    *ngx_http_nodetool_base_log_handler(ngx_http_request_t *r,
                                                     ngx_http_request_t *sr,
                                                     u_char *buf, size_t len);
static ngx_uint_t ngx_http_nodetool_base_forwarded(ngx_http_request_t *r,
                                                   const char         *name,
                                                   ngx_str_t          *value);


static ngx_http_variable_t ngx_http_nodetool_base_vars[] = {

    { ngx_string("nodetool_request_id"), NULL,
      ngx_http_nodetool_base_request_id_variable, 0, 0, 0 },

    { ngx_string("nodetool_base_url"), NULL,
      ngx_http_nodetool_base_url_variable, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    ngx_http_null_variable
};


ngx_int_t
ngx_http_nodetool_base_add_variables(ngx_conf_t *cf)
{
    return ngx_nodetool_add_variables(cf, ngx_http_nodetool_base_vars);
}


void
ngx_http_nodetool_base_init_ids(ngx_conf_t *cf)
{
    ngx_uint_t                          i;
    ngx_http_variable_t                *v;
    ngx_http_core_main_conf_t          *cmcf;
    ngx_http_nodetool_base_main_conf_t *bmcf;

    static ngx_str_t name = ngx_string("request_id");

    bmcf =
        ngx_http_conf_get_module_main_conf(cf, ngx_http_nodetool_base_module);
    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {
        if (v[i].name.len == name.len &&
            ngx_strncmp(v[i].name.data, name.data, name.len) == 0)
        {
            bmcf->nginx_ids = 1;
        }
    }
}


/* As nginx's $request_id, which is taken where somebody may compare the
 * two. */

static ngx_int_t
ngx_http_nodetool_base_make_id(ngx_http_request_t *r, ngx_str_t *id)
{
    ngx_http_nodetool_base_main_conf_t *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_base_module);

    if (bmcf->nginx_ids) {
        *id = ngx_nodetool_variable(r, "request_id");
        return id->len ? NGX_OK : NGX_ERROR;
    }

    id->len = NT_ID_HEX_LEN;
    id->data = ngx_pnalloc(r->pool, NT_ID_HEX_LEN);
    if (id->data == NULL) {
        return NGX_ERROR;
    }

    if (ngx_nodetool_make_id((char *) id->data) != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, ngx_errno,
                      "getrandom() failed");
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_nodetool_base_request_id(ngx_http_request_t *r, ngx_str_t *id)
{
    ngx_http_variable_value_t          *v;
    ngx_http_nodetool_base_main_conf_t *bmcf;

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_base_module);

    v = ngx_http_get_indexed_variable(r, bmcf->request_id_index);

    if (v == NULL || v->not_found) {
        return NGX_ERROR;
    }

    id->len = v->len;
    id->data = v->data;

    return ngx_http_nodetool_base_add_log_handler(r);
}


static ngx_int_t
ngx_http_nodetool_base_request_id_variable(ngx_http_request_t        *r,
                                           ngx_http_variable_value_t *v,
                                           uintptr_t                  data)
{
    ngx_str_t id;

    /* two ids are none: who sends them does not know which one counts */

    if ((ngx_nodetool_header_in(r, "x-request-id", &id) != 1 ||
         !nt_request_id_valid(ngx_nodetool_str(&id))) &&
        ngx_http_nodetool_base_make_id(r, &id) != NGX_OK)
    {
        return NGX_ERROR;
    }

    v->len = id.len;
    v->data = id.data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


/*
 * The former handler is kept by a pool cleanup, not by a module context:
 * contexts are cleared by internal redirects, the log handler is not.
 */

static ngx_int_t
ngx_http_nodetool_base_add_log_handler(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t           *cln;
    ngx_http_nodetool_base_log_t *log;

    r = r->main;

    if (ngx_http_nodetool_base_get_log(r) != NULL) {
        return NGX_OK;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_nodetool_base_log_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    log = cln->data;
    log->next = r->log_handler;
    cln->handler = ngx_http_nodetool_base_log_cleanup;

    r->log_handler = ngx_http_nodetool_base_log_handler;

    return NGX_OK;
}


static ngx_http_nodetool_base_log_t *
ngx_http_nodetool_base_get_log(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t *cln;

    for (cln = r->pool->cleanup; cln != NULL; cln = cln->next) {
        if (cln->handler == ngx_http_nodetool_base_log_cleanup) {
            return cln->data;
        }
    }

    return NULL;
}


/* Its address is what the cleanup is found by. */

static void
ngx_http_nodetool_base_log_cleanup(void *data)
{
}


static u_char *
ngx_http_nodetool_base_log_handler(ngx_http_request_t *r,
                                   ngx_http_request_t *sr, u_char *buf,
                                   size_t len)
{
    u_char                             *p;
    ngx_http_variable_value_t          *v;
    ngx_http_nodetool_base_log_t       *log;
    ngx_http_nodetool_base_main_conf_t *bmcf;

    p = buf;
    log = ngx_http_nodetool_base_get_log(r);

    if (log != NULL) {
        p = log->next(r, sr, buf, len);
        len -= p - buf;
    }

    bmcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_base_module);

    /* looks only: to compute a value here could log again */

    v = &r->variables[bmcf->request_id_index];

    if (v->valid) {
        p = ngx_snprintf(p, len, ", request_id: \"%v\"", v);
    }

    return p;
}


static ngx_int_t
ngx_http_nodetool_base_url_variable(ngx_http_request_t        *r,
                                    ngx_http_variable_value_t *v,
                                    uintptr_t                  data)
{
    ngx_str_t                          url, proto, host, *scheme, *name;
    ngx_http_nodetool_base_loc_conf_t *blcf;

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_nodetool_base_module);

    scheme = NULL;
    name = NULL;

    if (blcf->trust_forwarded) {
        if (ngx_http_nodetool_base_forwarded(r, "x-forwarded-proto", &proto)) {
            if (proto.len == 5 &&
                ngx_strncasecmp(proto.data, (u_char *) "https", 5) == 0) {
                ngx_str_set(&proto, "https");
                scheme = &proto;

            } else if (proto.len == 4 &&
                       ngx_strncasecmp(proto.data, (u_char *) "http", 4) == 0)
            {
                ngx_str_set(&proto, "http");
                scheme = &proto;
            }
        }

        if (ngx_http_nodetool_base_forwarded(r, "x-forwarded-host", &host) &&
            ngx_nodetool_host_valid(&host))
        {
            name = &host;
        }
    }

    if (ngx_nodetool_own_url(r, scheme, name, &url) != NGX_OK) {
        return NGX_ERROR;
    }

    v->len = url.len;
    v->data = url.data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


/* The first member of a list that each proxy appends to: the client's. */

static ngx_uint_t
ngx_http_nodetool_base_forwarded(ngx_http_request_t *r, const char *name,
                                 ngx_str_t *value)
{
    u_char *comma;

    if (ngx_nodetool_header_in(r, name, value) == 0) {
        return 0;
    }

    comma = ngx_strlchr(value->data, value->data + value->len, ',');
    if (comma != NULL) {
        value->len = comma - value->data;
    }

    while (value->len && value->data[value->len - 1] == ' ') {
        value->len--;
    }

    return value->len != 0;
}
