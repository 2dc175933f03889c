/*
 * ngx_http_nodetool_chat_conf.h - the configuration of the chat module: its
 * providers, and what is set for all servers or for a location.
 */

#ifndef NGX_HTTP_NODETOOL_CHAT_CONF_H
#define NGX_HTTP_NODETOOL_CHAT_CONF_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "core/llm/nt_llm.h"
#include "ngx_nodetool_chat/ngx_http_nodetool_chat_route.h"

typedef enum {
    NGX_NODETOOL_DIALECT_OPENAI = 0,
    NGX_NODETOOL_DIALECT_ECHO,
    NGX_NODETOOL_DIALECT_ANTHROPIC,
    NGX_NODETOOL_DIALECT_GEMINI,
    NGX_NODETOOL_DIALECT_OLLAMA,
    NGX_NODETOOL_DIALECT_MISTRAL,
    NGX_NODETOOL_DIALECT_ENGINE
} ngx_nodetool_dialect_e;

typedef struct {
    ngx_str_t                 name;
    ngx_http_complex_value_t *value;
} ngx_nodetool_header_t;

struct ngx_nodetool_provider_s {
    ngx_str_t  name;
    ngx_uint_t dialect; /* ngx_nodetool_dialect_e */
    ngx_str_t  dialect_name;

    const nt_llm_dialect_t *llm; /* NULL: echo */

    ngx_str_t url;  /* as configured */
    ngx_str_t addr; /* host[:port] or unix:path, to be resolved */
    ngx_str_t host; /* of addr: what is looked up, and verified with TLS */
    in_port_t port; /* with the scheme's default */
    ngx_str_t path; /* of url, without a trailing slash */

    ngx_array_t *models;  /* of ngx_str_t; NULL: ask it */
    ngx_array_t *headers; /* of ngx_nodetool_header_t */
    ngx_array_t *apis; /* of const ngx_nodetool_api_t *; NULL: its dialect's */

    /* keys */
    ngx_array_t *keys; /* of ngx_nodetool_key_t; NULL: none */
    ngx_uint_t   next_key;
    ngx_flag_t   key_rotation;
    ngx_msec_t   key_timeout;

    /* health */
    uint64_t               id;     /* for rests of one without keys */
    ngx_nodetool_health_t *health; /* in the zone of all workers */
    ngx_shm_zone_t        *health_zone;
    ngx_int_t              max_fails;
    ngx_msec_t             fail_timeout;

    /* as nodetool_provider has it: nginx is told to ask always (see _peer) */
    ngx_http_upstream_srv_conf_t *servers; /* NULL: to be resolved */
    ngx_uint_t                    next_upstream;
    ngx_uint_t                    next_upstream_tries;
    ngx_msec_t                    next_upstream_timeout;
    ngx_msec_t                    first_token_timeout;

    ngx_str_t head; /* lines that all requests to it have */

    ngx_int_t  keepalive; /* idle connections, for a host without upstream{} */
    ngx_msec_t models_timeout;

    ngx_http_upstream_conf_t upstream;
    ngx_http_upstream_conf_t first_upstream;  /* until the first token */
    ngx_http_upstream_conf_t models_upstream; /* with its short timeouts */

#if (NGX_HTTP_SSL)
    ngx_uint_t ssl_protocols;
    ngx_str_t  ssl_ciphers;
    ngx_int_t  ssl_verify_depth;
    ngx_str_t  ssl_trusted_certificate;
    ngx_str_t  ssl_crl;
#endif

    unsigned https : 1;
    unsigned no_port : 1;  /* url has none */
    unsigned has_host : 1; /* a header of that name is configured */
    unsigned has_authorization : 1;
};

/* See _metrics.h. */
typedef struct ngx_nodetool_metrics_s ngx_nodetool_metrics_t;

typedef struct {
    ngx_shm_zone_t         *zone;   /* NULL: off */
    ssize_t                 size;   /* 0: off, NGX_CONF_UNSET: not said */
    ngx_uint_t              models; /* names that are kept apart */
    ngx_uint_t              users;
    ngx_nodetool_metrics_t *shared;
    ngx_atomic_t           *in_flight; /* this process's */
} ngx_nodetool_metrics_conf_t;

/* See ngx_http_nodetool_chat_limit.h. */
typedef struct ngx_nodetool_limit_main_s ngx_nodetool_limit_main_t;

typedef struct {
    ngx_array_t              providers; /* of ngx_nodetool_provider_t * */
    ngx_nodetool_provider_t *echo;
    ngx_shm_zone_t          *zone; /* the cached lists of models */
    time_t                   models_valid;
    ssize_t                  zone_size;

    ngx_nodetool_metrics_conf_t metrics;

    ngx_nodetool_limit_main_t *limit;
    ngx_array_t                caches; /* of ngx_http_file_cache_t * */
} ngx_nodetool_chat_main_conf_t;

typedef struct {
    ngx_shm_zone_t           *zone;   /* NULL: off */
    ngx_http_complex_value_t *key;    /* NULL: $nodetool_user */
    ngx_array_t              *bypass; /* of ngx_http_complex_value_t */
    time_t                    valid;
    size_t                    max_body;
    ngx_msec_t                lock; /* 0: off */
} ngx_nodetool_cache_conf_t;

typedef struct {
    ngx_array_t              *rules; /* of ngx_nodetool_rule_t */
    ngx_nodetool_retry_t      retry;
    ngx_nodetool_retry_on_t   retry_on;
    ngx_http_complex_value_t *default_model;
    ngx_array_t              *tools; /* of ngx_str_t: workflows; or NULL */
    ngx_msec_t                comment;
    ngx_flag_t                stream_usage;
    ngx_flag_t                echo;
    ngx_msec_t                echo_delay;

    ngx_array_t              *limits; /* of ngx_nodetool_limit_t; NULL: none */
    ngx_nodetool_cache_conf_t cache;
} ngx_nodetool_chat_loc_conf_t;

#endif
