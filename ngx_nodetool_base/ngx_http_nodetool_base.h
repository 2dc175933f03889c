/*
 * ngx_http_nodetool_base.h - private to the base module.
 */

#ifndef NGX_HTTP_NODETOOL_BASE_H
#define NGX_HTTP_NODETOOL_BASE_H

#include "ngx_nodetool_common/ngx_nodetool_common.h"

typedef struct {
    ngx_int_t  request_id_index; /* of $nodetool_request_id */
    ngx_uint_t nginx_ids;        /* something uses $request_id as well */
} ngx_http_nodetool_base_main_conf_t;

typedef struct {
    ngx_flag_t errors;
    ngx_flag_t request_id; /* as configured, maybe unset */
    ngx_flag_t ids;        /* request_id, else as errors */
    ngx_flag_t trust_forwarded;
} ngx_http_nodetool_base_loc_conf_t;

extern ngx_module_t ngx_http_nodetool_base_module;

NT_BEGIN_DECLS

/* Registers $nodetool_request_id and $nodetool_base_url. */
ngx_int_t ngx_http_nodetool_base_add_variables(ngx_conf_t *cf);

/* After all directives were read: sees whether any uses $request_id. */
void ngx_http_nodetool_base_init_ids(ngx_conf_t *cf);

/* The request's id, made when there is none yet; from then on the error log
 * has it, too.  Stays the same over internal redirects. */
ngx_int_t ngx_http_nodetool_base_request_id(ngx_http_request_t *r,
                                            ngx_str_t          *id);

/* Puts the error filter on top of the filters that stand now. */
void ngx_http_nodetool_base_init_filters(void);

/* The content handler of nodetool_health. */
ngx_int_t ngx_http_nodetool_base_health(ngx_http_request_t *r);

NT_END_DECLS

#endif
