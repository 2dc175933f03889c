/*
 * ngx_http_nodetool_chat_route.h - rules, attempts, health and keys: which
 * provider is asked, and which one after it.
 *
 *   _rule     nodetool_model, nodetool_route, nodetool_retry
 *   _route    the rule of a request, and the order of its targets
 *   _attempt  one target after the other, until one answers
 *   _retry    what a failure means, and what is tried next
 *   _peer     how nginx's upstream is made to ask for the next attempt
 *   _health   what all workers know of providers and keys
 *   _key      the keys of a provider
 */

#ifndef NGX_HTTP_NODETOOL_CHAT_ROUTE_H
#define NGX_HTTP_NODETOOL_CHAT_ROUTE_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "core/nt_json_scan.h"

#define NGX_NODETOOL_KEYS_MAX 64 /* of a provider: a request has a bit each */

typedef struct ngx_nodetool_provider_s ngx_nodetool_provider_t;
typedef struct ngx_nodetool_chat_ctx_s ngx_nodetool_chat_ctx_t;
typedef struct ngx_nodetool_attempt_s  ngx_nodetool_attempt_t;
typedef struct ngx_nodetool_health_s   ngx_nodetool_health_t;

typedef struct {
    ngx_http_complex_value_t *value;
    uint64_t                  id; /* its hash; 0: it has variables */
} ngx_nodetool_key_t;

/* A provider and the model that it is asked for. */
typedef struct {
    ngx_str_t                 provider_name;
    ngx_nodetool_provider_t  *provider;
    ngx_http_complex_value_t *model;   /* NULL: as the client asked */
    ngx_int_t                 weight;  /* 0: a fallback */
    ngx_int_t                 current; /* as in nginx's round robin */
    u_char                   *file;    /* where it stands */
    ngx_uint_t                line;
} ngx_nodetool_target_t;

/* A route with several patterns is as many rules with the same targets. */
typedef struct {
    ngx_str_t                 pattern;
    ngx_http_complex_value_t *condition; /* NULL: none */
    ngx_array_t              *targets;   /* of ngx_nodetool_target_t */
} ngx_nodetool_rule_t;

/* nodetool_retry and nodetool_retry_on. */
typedef struct {
    ngx_uint_t tries;   /* 0: each target once */
    ngx_msec_t timeout; /* 0: none */
    ngx_msec_t wait;
    ngx_msec_t backoff;
} ngx_nodetool_retry_t;

typedef struct {
    uint64_t statuses[4]; /* a bit each, from 400 on */
    unsigned set : 1;
    unsigned error : 1;
    unsigned timeout : 1;
} ngx_nodetool_retry_on_t;

/* What an attempt and the upstream's peer say to each other. */
typedef enum {
    NGX_NODETOOL_NEXT_UNKNOWN = 0,
    NGX_NODETOOL_NEXT_NONE,   /* that was the last one */
    NGX_NODETOOL_NEXT_SERVER, /* another server of the provider */
    NGX_NODETOOL_NEXT_ATTEMPT
} ngx_nodetool_next_e;

/* A target, and what became of it in this request. */
typedef struct {
    ngx_nodetool_target_t *target;
    ngx_str_t              model;
    uint64_t               refused; /* keys: with 401 or 403 */
    uint64_t               limited; /* with 429, in this round */
    unsigned               named : 1;
    unsigned               tried : 1; /* in this round */
} ngx_nodetool_choice_t;

struct ngx_nodetool_attempt_s {
    ngx_nodetool_chat_ctx_t *ctx;
    ngx_nodetool_choice_t   *choices; /* in the order of trying */
    ngx_uint_t               n;

    ngx_nodetool_choice_t *current; /* the one that is asked */
    ngx_nodetool_choice_t *chosen;  /* the one that will be */
    ngx_uint_t             key;     /* their keys */
    ngx_uint_t             chosen_key;
    ngx_msec_t             wait; /* before that */
    ngx_uint_t             chosen_probe;

    ngx_uint_t made;
    ngx_uint_t rounds;
    ngx_msec_t begun;

    nt_json_field_t *fields; /* of the request; scans of replies reuse them */

    ngx_http_upstream_conf_t     *conf; /* that it began with */
    ngx_nodetool_next_e           next;
    ngx_event_t                   event;
    ngx_resolver_ctx_t           *resolver;
    ngx_http_upstream_resolved_t *resolved;

    unsigned probe : 1;    /* this one shows whether the provider is back */
    unsigned settled : 1;  /* its success or failure was told */
    unsigned answered : 1; /* it is this one that the client gets */
    unsigned resolve : 1;  /* parked for its name to be resolved */
};

NT_BEGIN_DECLS

/* rule */
char *ngx_nodetool_model(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_nodetool_route(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_nodetool_retry(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_nodetool_retry_on(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
/* Finds the providers that the rules name. */
char *ngx_nodetool_rules_merge(ngx_conf_t *cf, ngx_array_t *rules);
/* Is its condition true? */
ngx_uint_t ngx_nodetool_rule_applies(ngx_http_request_t  *r,
                                     ngx_nodetool_rule_t *rule);
ngx_uint_t ngx_nodetool_retry_on_status(ngx_nodetool_retry_on_t *on,
                                        ngx_uint_t               status);

/* retry: what is asked next, of the targets that are not tried yet: the first
 * one that may be asked now; else one that is only suspected to fail; else one
 * that rests for no longer than `wait`.  NGX_DECLINED: there is none; *left
 * is the shortest rest then, 0 without any. */
ngx_int_t ngx_nodetool_attempt_select(ngx_nodetool_attempt_t *a,
                                      ngx_msec_t wait, ngx_msec_t *left);
/* What was chosen is not done. */
void ngx_nodetool_attempt_unchoose(ngx_nodetool_attempt_t *a);
void ngx_nodetool_attempt_choose(ngx_nodetool_attempt_t *a,
                                 ngx_nodetool_choice_t *c, ngx_uint_t key,
                                 ngx_uint_t probe, ngx_msec_t wait);

/* Sets the model that a choice means. */
ngx_int_t ngx_nodetool_attempt_name(ngx_nodetool_attempt_t *a,
                                    ngx_nodetool_choice_t  *c);

/* attempt */
/* Sets provider and model to those of what is chosen. */
void ngx_nodetool_attempt_show(ngx_nodetool_attempt_t *a);
/* Asks ctx->provider for ctx->upstream_model, and others after it; returns
 * what a content handler does. */
ngx_int_t ngx_nodetool_attempt_start(ngx_nodetool_chat_ctx_t *ctx);
/* Of an attempt that failed, with the reply's status (0: there is none) and
 * what it said of trying again (NGX_CONF_UNSET_MSEC: nothing): true when
 * another one will be made.  From a reply's header the caller then returns
 * NGX_HTTP_UPSTREAM_INVALID_HEADER. */
ngx_uint_t ngx_nodetool_attempt_retry(ngx_nodetool_chat_ctx_t *ctx,
                                      ngx_uint_t               status,
                                      ngx_msec_t               retry_after);
/* What follows goes to the client, and there will be no other attempt; the
 * time-out is that between tokens now. */
void ngx_nodetool_attempt_ok(ngx_nodetool_chat_ctx_t *ctx);
/* The upstream is over; see finalize_request() of nginx's. */
void ngx_nodetool_attempt_over(ngx_nodetool_chat_ctx_t *ctx, ngx_int_t rc);
void ngx_nodetool_attempt_cancel(ngx_nodetool_chat_ctx_t *ctx);
/* Retry-After, or retry-after-ms, of the reply whose header has come. */
ngx_msec_t ngx_nodetool_retry_after(ngx_http_request_t *r);
/* Is it the first one, and the provider does not have the request yet? */
ngx_uint_t ngx_nodetool_attempt_is_connecting(ngx_nodetool_chat_ctx_t *ctx);
ngx_uint_t ngx_nodetool_attempts(ngx_nodetool_chat_ctx_t *ctx);
ngx_uint_t ngx_nodetool_attempt_is_fallback(ngx_nodetool_chat_ctx_t *ctx);

/* peer: an upstream whose servers are those of the provider */
ngx_http_upstream_srv_conf_t *ngx_nodetool_peer_conf(
    ngx_conf_t *cf, ngx_nodetool_provider_t *p,
    ngx_http_upstream_srv_conf_t *servers);

/* What was decided; and the same when it is done now. */
ngx_nodetool_next_e ngx_nodetool_attempt_next(ngx_nodetool_chat_ctx_t *ctx);
ngx_nodetool_next_e ngx_nodetool_attempt_take(ngx_nodetool_chat_ctx_t *ctx);
/* The server failed without a reply; `left` others of the provider may be
 * asked.  `why` is for the log. */
ngx_nodetool_next_e ngx_nodetool_attempt_failed(ngx_nodetool_chat_ctx_t *ctx,
                                                ngx_uint_t  timeout,
                                                const char *why,
                                                ngx_uint_t  left);
/* The upstream waits; what it waits for is begun soon. */
void ngx_nodetool_attempt_parked(ngx_nodetool_chat_ctx_t *ctx,
                                 ngx_uint_t               resolve);
/* The addresses that a name was resolved to; NULL: it was not yet. */
ngx_http_upstream_resolved_t *ngx_nodetool_attempt_resolved(
    ngx_nodetool_chat_ctx_t *ctx);

/* health */
ngx_int_t ngx_nodetool_health_init(ngx_conf_t *cf, ngx_array_t *providers);
/* True when the provider may be asked; *probe: to see whether it is back. */
ngx_uint_t ngx_nodetool_health_admit(ngx_nodetool_provider_t *p,
                                     ngx_uint_t              *probe);
void       ngx_nodetool_health_ok(ngx_nodetool_provider_t *p, ngx_log_t *log);
void       ngx_nodetool_health_fail(ngx_nodetool_provider_t *p, ngx_log_t *log);
void       ngx_nodetool_health_release(ngx_nodetool_provider_t *p);

typedef enum {
    NGX_NODETOOL_REST_NONE = 0,
    NGX_NODETOOL_REST_OUT, /* it was refused: better another one */
    NGX_NODETOOL_REST_TOLD /* the provider said so: nothing until then */
} ngx_nodetool_rest_e;

/* The rest of a key, or of one key for one model; *left: how long. */
ngx_nodetool_rest_e ngx_nodetool_rest_find(ngx_nodetool_provider_t *p,
                                           uint64_t id, ngx_str_t *model,
                                           ngx_msec_t *left);
void ngx_nodetool_rest_set(ngx_nodetool_provider_t *p, uint64_t id,
                           ngx_str_t *model, ngx_nodetool_rest_e rest,
                           ngx_msec_t time);

/* key */
char *ngx_nodetool_provider_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
/* The hash of what the zone knows by it. */
uint64_t ngx_nodetool_key_id(ngx_str_t *a, ngx_str_t *b);
/* The key that is asked with next, of those without a bit in `used`: its
 * index, or NGX_NODETOOL_KEYS_MAX for a provider without keys.  NGX_DECLINED:
 * there is none; NGX_BUSY: only one that was refused; NGX_AGAIN: only one
 * that rests for *left. */
ngx_int_t ngx_nodetool_key_pick(ngx_nodetool_provider_t *p, ngx_str_t *model,
                                uint64_t used, ngx_uint_t *index,
                                ngx_msec_t *left);
/* Sets ctx->key to it. */
ngx_int_t ngx_nodetool_key_set(ngx_nodetool_chat_ctx_t *ctx, ngx_uint_t index);
/* Sets ctx->key to one that the provider's models may be asked with. */
ngx_int_t ngx_nodetool_key_any(ngx_nodetool_chat_ctx_t *ctx);
/* The key was refused with 401, 403 or 429. */
void ngx_nodetool_key_refused(ngx_nodetool_provider_t *p, ngx_uint_t index,
                              ngx_str_t *model, ngx_uint_t status,
                              ngx_msec_t retry_after);

NT_END_DECLS

#endif
