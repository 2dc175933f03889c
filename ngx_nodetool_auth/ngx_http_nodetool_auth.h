/*
 * ngx_http_nodetool_auth.h - what the files of the auth module share.
 *
 *   _module       directives, hooks
 *   _directives   those that are more than one value
 *   _zones        and those that have a zone
 *   _conf         the configuration of a location, made and merged
 *   _issuer       whom tokens come from, and how that is reached
 *   _value        arguments that stand elsewhere: env:NAME, file:PATH
 *   _tokens       static tokens
 *   _virtual      virtual keys, and their file
 *   _local        what "local" refuses
 *   _credentials  where a request has its token
 *   _access       who is calling: judged, refused
 *   _wait         requests that wait for an issuer
 *   _variables    $nodetool_user ...
 *   _jwt          a token that an issuer has signed, or knows
 *   _keys         an issuer's keys, in the zone and parsed in a worker
 *   _ask          asking an issuer whose a token is
 *   _discovery    where an issuer has them
 *   _fetch        requests to an issuer, in subrequests
 *   _upstream     callbacks of nginx's upstream for these
 *   _cache        what is known of tokens, in the zone
 *   _limit        failures of a client's address
 *   _tree         what both keep their nodes in
 */

#ifndef NGX_HTTP_NODETOOL_AUTH_H
#define NGX_HTTP_NODETOOL_AUTH_H

#include "ngx_nodetool_common/ngx_nodetool_common.h"

#include "core/auth/nt_jwt.h"
#include "core/auth/nt_virtual_key.h"
#include "core/nt_buf.h"

enum {
    NGX_HTTP_NODETOOL_AUTH_OFF = 0,
    NGX_HTTP_NODETOOL_AUTH_NONE,
    NGX_HTTP_NODETOOL_AUTH_LOCAL,
    NGX_HTTP_NODETOOL_AUTH_STATIC,
    NGX_HTTP_NODETOOL_AUTH_SUPABASE,
    NGX_HTTP_NODETOOL_AUTH_OIDC,
    NGX_HTTP_NODETOOL_AUTH_KEY /* of a user only, not of a location */
};

enum { NGX_HTTP_NODETOOL_AUTH_ANYBODY = 0, NGX_HTTP_NODETOOL_AUTH_ADMIN };

/* Tokens are kept and compared as their SHA-256: no token lies in a worker's
 * configuration or in a zone, and the time of a comparison does not tell a
 * length. */
#define NGX_HTTP_NODETOOL_AUTH_DIGEST_LEN 32

typedef struct {
    u_char digest[NGX_HTTP_NODETOOL_AUTH_DIGEST_LEN];
} ngx_http_nodetool_auth_token_t;

typedef ngx_http_nodetool_auth_token_t ngx_http_nodetool_auth_digest_t;

/* Virtual keys, as they once stood in their file.  A request keeps what it was
 * judged by. */
typedef struct {
    nt_virtual_keys_t keys;
    u_char           *text; /* that they point into */
    ngx_uint_t        refs;
} ngx_http_nodetool_auth_key_set_t;

/* A file of them.  One for all locations that name the same. */
typedef struct {
    ngx_str_t                         path;
    ngx_http_nodetool_auth_key_set_t *set;

    /* of what was read, or tried, last */
    time_t          mtime;
    off_t           size;
    ngx_file_uniq_t uniq;
    ngx_uint_t      again;  /* unsigned  again:1; it may change unseen */
    ngx_uint_t      denied; /* unsigned  denied:1; and it was said */
} ngx_http_nodetool_auth_key_file_t;

/* Whom tokens come from.  One for all locations that name the same. */
typedef struct {
    ngx_http_nodetool_auth_digest_t id;   /* of what it is asked by */
    ngx_uint_t                      oidc; /* unsigned  oidc:1; */
    ngx_str_t                       name; /* what `iss` has to be */
    ngx_str_t                       trusted_certificate;
    ngx_str_t                       discovery; /* URL; empty: not asked for */
    ngx_str_t                       jwks;      /* URL; empty: discovery tells */
    ngx_str_t                       user;      /* the same */

    /* of this worker: the keys of the zone, parsed */
    nt_jwks_t *keys;
    ngx_uint_t generation; /* that they are of; 0: none */
} ngx_http_nodetool_auth_issuer_t;

/* How issuers are reached. */
typedef struct {
    ngx_str_t                trusted_certificate;
    ngx_msec_t               timeout;
    ngx_http_upstream_conf_t upstream;
} ngx_http_nodetool_auth_transport_t;

/* What begins a node of a zone's tree; see _tree. */
typedef struct {
    ngx_rbtree_node_t               node; /* its key begins the digest */
    ngx_queue_t                     queue;
    ngx_http_nodetool_auth_digest_t key;
} ngx_http_nodetool_auth_leaf_t;

/* What the zone of nodetool_auth_cache holds; see _cache and _keys. */

enum {
    NGX_HTTP_NODETOOL_AUTH_GOOD = 0,
    NGX_HTTP_NODETOOL_AUTH_BAD,
    NGX_HTTP_NODETOOL_AUTH_ASKED, /* an issuer is being asked */
    NGX_HTTP_NODETOOL_AUTH_STATES
};

typedef struct {
    ngx_rbtree_t      rbtree; /* of tokens */
    ngx_rbtree_node_t sentinel;
    ngx_queue_t       lru[NGX_HTTP_NODETOOL_AUTH_STATES]; /* newest first */
    ngx_uint_t        count[NGX_HTTP_NODETOOL_AUTH_STATES];
    ngx_queue_t       issuers;
} ngx_http_nodetool_auth_shm_t;

typedef struct {
    ngx_http_nodetool_auth_shm_t *shm;
    ngx_slab_pool_t              *pool;
    ngx_uint_t                    max; /* good tokens */
} ngx_http_nodetool_auth_zone_t;

typedef struct {
    ngx_shm_zone_t *zone;
    ngx_uint_t      rate;  /* thousandths of failures a minute */
    ngx_uint_t      burst; /* failures */
} ngx_http_nodetool_auth_limit_t;

typedef struct {
    ngx_array_t issuers;    /* of ngx_http_nodetool_auth_issuer_t * */
    ngx_array_t transports; /* of ngx_http_nodetool_auth_transport_t * */
    ngx_array_t key_files;  /* of ngx_http_nodetool_auth_key_file_t * */
    ngx_event_t key_timer;  /* of this worker: looks after them */
    ngx_http_nodetool_auth_zone_t *zone;
    time_t                         ttl;   /* seconds, of a good token */
    time_t                         keys;  /* seconds that keys are fresh */
    time_t                         stale; /* that they are good for beyond */
    time_t                         retry; /* between two requests for keys */
} ngx_http_nodetool_auth_main_conf_t;

typedef struct {
    ngx_uint_t   provider;
    ngx_uint_t   role;   /* who is let in */
    ngx_array_t *tokens; /* of ngx_http_nodetool_auth_token_t; may be NULL */
    ngx_http_nodetool_auth_key_file_t *keys; /* NULL: none */

    /* as configured */
    ngx_str_t                       issuer_url; /* without a slash at its end */
    ngx_str_t                       issuer_name;
    ngx_str_t                       issuer_jwks;
    ngx_array_t                    *secrets;   /* of nt_str_t */
    ngx_array_t                    *audiences; /* of nt_str_t */
    ngx_str_t                       admin_claim;
    ngx_str_t                       admin_value;
    time_t                          leeway;
    ngx_flag_t                      userinfo;
    ngx_str_t                       apikey;
    ngx_msec_t                      timeout;
    ngx_str_t                       trusted_certificate;
    ngx_flag_t                      query;
    ngx_array_t                    *headers; /* of ngx_str_t, in lower case */
    ngx_http_nodetool_auth_limit_t *limit;   /* NULL: none */

    /* made of it for supabase and oidc */
    ngx_http_nodetool_auth_issuer_t    *issuer;
    ngx_http_nodetool_auth_transport_t *transport;
    nt_jwt_rules_t                      rules;
    ngx_http_nodetool_auth_digest_t     digest; /* of all that judges a token */
} ngx_http_nodetool_auth_loc_conf_t;

/*
 * What is known of a request's caller.  Kept by a pool cleanup, because it
 * has to outlive internal redirects, which clear the module contexts.
 */
typedef struct {
    ngx_http_request_t                *request; /* the main one */
    ngx_http_nodetool_auth_loc_conf_t *conf;    /* that it was judged by */

    ngx_str_t token[2]; /* of the query; NULL data: none.  Two that differ
                         * are both kept */

    ngx_uint_t  provider; /* of the user */
    ngx_str_t   user;     /* empty: not authenticated */
    ngx_int_t   status;   /* of the refusal that `user` empty would mean */
    const char *error;    /* its reason; NULL for none */
    ngx_str_t   challenge;
    time_t      retry_after; /* seconds; 0: not told */

    ngx_http_nodetool_auth_digest_t digest; /* of the token */

    ngx_http_nodetool_auth_key_set_t *key_set; /* that key is one of */
    const nt_virtual_key_t           *key;     /* NULL: it was none */

    ngx_event_t event; /* looks again while others fetch */
    ngx_msec_t  deadline;

    unsigned admin : 1;
    unsigned refused : 1;  /* by the access phase */
    unsigned guessed : 1;  /* the token is one that nobody gave away */
    unsigned counted : 1;  /* as a failure of the client's address */
    unsigned scrubbed : 1; /* the query's tokens were taken out */
    unsigned waiting : 1;  /* for an issuer */
    unsigned fetching : 1; /* what others may wait for, too */
    unsigned stale : 1;    /* verified by keys that are to be fetched anew */
} ngx_http_nodetool_auth_ctx_t;

/* Seconds that a token is known to be bad. */
#define NGX_HTTP_NODETOOL_AUTH_BAD_TTL 10

/* What is known of a token. */
typedef struct {
    nt_jwt_rc_t rc; /* NT_JWT_OK, or why it is bad */
    ngx_uint_t  admin;
    size_t      user_len;
    char        user[NT_JWT_USER_MAX];
} ngx_http_nodetool_auth_known_t;

typedef struct ngx_http_nodetool_auth_fetch_s ngx_http_nodetool_auth_fetch_t;

/* Called once, whatever comes of it.  status is 0 when there was no whole
 * reply, and `request` NULL when that ended. */
typedef void (*ngx_http_nodetool_auth_fetched_pt)(
    ngx_http_nodetool_auth_fetch_t *fetch);

struct ngx_http_nodetool_auth_fetch_s {
    ngx_http_request_t                 *request; /* the main one */
    ngx_http_nodetool_auth_loc_conf_t  *conf;
    ngx_http_nodetool_auth_main_conf_t *main_conf; /* set by fetch() */
    ngx_str_t                           url;
    ngx_str_t                           head; /* further lines of the request */
    size_t                              max;  /* bytes of a body */
    ngx_http_nodetool_auth_fetched_pt   done;
    void                               *data; /* of the one who asks */

    ngx_uint_t status;
    nt_buf_t   body;

    /* private */
    ngx_str_t          host; /* with its port, for the header */
    ngx_str_t          uri;
    ngx_http_status_t  line;
    ngx_http_chunked_t chunked;
    off_t              length; /* -1: not told */
    ngx_msec_t         deadline;
    unsigned           https : 1;
    unsigned           whole : 1; /* the body came to its end */
    unsigned           over : 1;  /* done() was called */
};

/* A set of keys that is being fetched, in one or two requests. */
typedef struct {
    ngx_http_nodetool_auth_fetch_t   discovery;
    ngx_http_nodetool_auth_fetch_t   jwks;
    ngx_http_nodetool_auth_issuer_t *issuer;
    ngx_str_t                        user;
} ngx_http_nodetool_auth_flight_t;

extern ngx_module_t ngx_http_nodetool_auth_module;

NT_BEGIN_DECLS

/* conf */
void *ngx_http_nodetool_auth_create_main_conf(ngx_conf_t *cf);
void *ngx_http_nodetool_auth_create_loc_conf(ngx_conf_t *cf);
char *ngx_http_nodetool_auth_merge_loc_conf(ngx_conf_t *cf, void *parent,
                                            void *child);
/* The zone of nodetool_auth_cache, or the one that is there without it. */
char *ngx_http_nodetool_auth_add_zone(ngx_conf_t *cf, ngx_str_t *name,
                                      size_t size);

/* directives */
char *ngx_http_nodetool_auth_set_issuer(ngx_conf_t *cf, ngx_command_t *cmd,
                                        void *conf);
char *ngx_http_nodetool_auth_set_secret(ngx_conf_t *cf, ngx_command_t *cmd,
                                        void *conf);
char *ngx_http_nodetool_auth_set_audience(ngx_conf_t *cf, ngx_command_t *cmd,
                                          void *conf);
char *ngx_http_nodetool_auth_set_admin(ngx_conf_t *cf, ngx_command_t *cmd,
                                       void *conf);
char *ngx_http_nodetool_auth_set_apikey(ngx_conf_t *cf, ngx_command_t *cmd,
                                        void *conf);
char *ngx_http_nodetool_auth_set_header(ngx_conf_t *cf, ngx_command_t *cmd,
                                        void *conf);
char *ngx_http_nodetool_auth_set_limit(ngx_conf_t *cf, ngx_command_t *cmd,
                                       void *conf);
char *ngx_http_nodetool_auth_set_cache(ngx_conf_t *cf, ngx_command_t *cmd,
                                       void *conf);

/* issuer: finds or makes what a location needs */
char *ngx_http_nodetool_auth_issuer(ngx_conf_t                        *cf,
                                    ngx_http_nodetool_auth_loc_conf_t *alcf);
char *ngx_http_nodetool_auth_issuer_url(ngx_conf_t *cf, ngx_str_t *url);

/* value: the text behind env:NAME or file:PATH, else the argument itself;
 * `cmd` names the directive in errors.  A file's text is without the line
 * feed at its end, lives in the temp pool, and is at most 1 MiB. */
char *ngx_http_nodetool_auth_value(ngx_conf_t *cf, ngx_command_t *cmd,
                                   ngx_str_t *argument, ngx_str_t *value);
char *ngx_http_nodetool_auth_read_file(ngx_conf_t *cf, ngx_str_t *path,
                                       ngx_str_t *text);

/* tokens: the directive; whether a token is one of them, which looks at all
 * in any case: NGX_OK, NGX_DECLINED */
char     *ngx_http_nodetool_auth_set_token(ngx_conf_t *cf, ngx_command_t *cmd,
                                           void *conf);
ngx_int_t ngx_http_nodetool_auth_match(ngx_array_t                     *tokens,
                                       ngx_http_nodetool_auth_digest_t *digest);

/* virtual: the directive; a worker's timer; the key of ctx->digest, kept in
 * ctx until it is let go; lets its bearer in, or refuses one that expired */
char     *ngx_http_nodetool_auth_set_keys(ngx_conf_t *cf, ngx_command_t *cmd,
                                          void *conf);
ngx_int_t ngx_http_nodetool_auth_init_keys(ngx_cycle_t *cycle);
void      ngx_http_nodetool_auth_find_key(ngx_http_nodetool_auth_ctx_t *ctx);
void      ngx_http_nodetool_auth_drop_key(ngx_http_nodetool_auth_ctx_t *ctx);
ngx_int_t ngx_http_nodetool_auth_take_key(ngx_http_nodetool_auth_ctx_t *ctx);

/* NGX_ERROR when OpenSSL cannot. */
ngx_int_t ngx_http_nodetool_auth_sha256(ngx_http_nodetool_auth_digest_t *digest,
                                        nt_str_t first, nt_str_t second);

/* local: why a request is not one of the local user, a sentence for the
 * client; NULL when it is */
const char *ngx_http_nodetool_auth_foreign(ngx_http_request_t *r);

/* credentials: NGX_OK with a token; NGX_DECLINED without one that may be
 * looked at, the refusal is in ctx then */
ngx_int_t ngx_http_nodetool_auth_credentials(ngx_http_request_t           *r,
                                             ngx_http_nodetool_auth_ctx_t *ctx,
                                             nt_str_t *token);
/* The handler of the phases before any log: takes tokens out of the query. */
ngx_int_t ngx_http_nodetool_auth_scrub(ngx_http_request_t *r);

/* access */
ngx_http_nodetool_auth_ctx_t *ngx_http_nodetool_auth_get_ctx(
    ngx_http_request_t *r);
/* NGX_OK: judged; NGX_AGAIN: it would have to wait; NGX_ERROR */
ngx_int_t ngx_http_nodetool_auth_judge(ngx_http_request_t           *r,
                                       ngx_http_nodetool_auth_ctx_t *ctx,
                                       ngx_uint_t                    may_ask);
ngx_int_t ngx_http_nodetool_auth_access(ngx_http_request_t *r);
ngx_int_t ngx_http_nodetool_auth_last(ngx_http_request_t *r);
/* Refusals; the first one of a token that somebody gives a reason for. */
void      ngx_http_nodetool_auth_refuse(ngx_http_nodetool_auth_ctx_t *ctx,
                                        ngx_int_t status, const char *error);
ngx_int_t ngx_http_nodetool_auth_invalid(ngx_http_nodetool_auth_ctx_t *ctx,
                                         nt_jwt_rc_t                   rc);
void      ngx_http_nodetool_auth_unavailable(ngx_http_nodetool_auth_ctx_t *ctx,
                                             time_t                        retry);

/* wait: NGX_AGAIN, or NGX_OK when it has waited too long: it is refused */
ngx_int_t ngx_http_nodetool_auth_wait(ngx_http_request_t           *r,
                                      ngx_http_nodetool_auth_ctx_t *ctx);
void      ngx_http_nodetool_auth_stop_waiting(ngx_http_request_t           *r,
                                              ngx_http_nodetool_auth_ctx_t *ctx);
/* Has a request that waits look again. */
void ngx_http_nodetool_auth_wake(ngx_http_request_t *r);

/* variables */
ngx_int_t ngx_http_nodetool_auth_add_variables(ngx_conf_t *cf);
ngx_str_t ngx_http_nodetool_auth_provider_name(ngx_uint_t provider);

/* jwt: judges a token that is not static; as judge().  Without `may_ask`
 * nothing is asked of an issuer; `limited` ones are not asked for, either. */
ngx_int_t ngx_http_nodetool_auth_jwt(ngx_http_request_t           *r,
                                     ngx_http_nodetool_auth_ctx_t *ctx,
                                     nt_str_t token, ngx_uint_t may_ask,
                                     ngx_uint_t limited);

/* keys: those that may be used now, NULL for none; *fresh when they need not
 * be asked for again */
nt_jwks_t *ngx_http_nodetool_auth_keys(ngx_http_request_t                *r,
                                       ngx_http_nodetool_auth_loc_conf_t *alcf,
                                       ngx_uint_t *fresh);
/* Has them fetched: NGX_AGAIN when they are on their way; NGX_DECLINED when
 * those that are there have only just come; NGX_BUSY when the issuer could
 * not be reached, and is not asked again for *retry seconds; NGX_ERROR. */
ngx_int_t ngx_http_nodetool_auth_keys_fetch(
    ngx_http_request_t *r, ngx_http_nodetool_auth_loc_conf_t *alcf,
    time_t *retry);
/* Where users are told, copied into the request's pool; NGX_DECLINED as long
 * as the issuer has not said it. */
ngx_int_t ngx_http_nodetool_auth_user_url(
    ngx_http_request_t *r, ngx_http_nodetool_auth_loc_conf_t *alcf,
    ngx_str_t *url);
/* Seconds in which an issuer that did not answer is not asked about users. */
time_t ngx_http_nodetool_auth_ask_wait(ngx_http_request_t              *r,
                                       ngx_http_nodetool_auth_issuer_t *issuer);
void   ngx_http_nodetool_auth_ask_failed(ngx_http_request_t              *r,
                                         ngx_http_nodetool_auth_issuer_t *issuer);
void   ngx_http_nodetool_auth_free_keys(void *data);
/* The end of a flight; `why` says what went wrong, NULL for nothing. */
void ngx_http_nodetool_auth_landed(ngx_http_nodetool_auth_fetch_t *fetch,
                                   const char                     *why);

/* discovery: has been fetched, the keys are next */
void ngx_http_nodetool_auth_discovered(ngx_http_nodetool_auth_fetch_t *fetch);

/* ask: NGX_AGAIN when somebody asks, NGX_BUSY as above, or NGX_ERROR; the
 * answer is in the cache then */
ngx_int_t ngx_http_nodetool_auth_ask(ngx_http_request_t                *r,
                                     ngx_http_nodetool_auth_loc_conf_t *alcf,
                                     ngx_http_nodetool_auth_digest_t   *key,
                                     nt_str_t token, time_t *retry);

/* fetch: `fetch` lives in the request's pool, with url, max, done and conf
 * set; NGX_ERROR: done() will not be called */
ngx_int_t ngx_http_nodetool_auth_fetch(ngx_http_request_t             *r,
                                       ngx_http_nodetool_auth_fetch_t *fetch);

/* cache: NGX_OK, NGX_DECLINED: nothing is known, NGX_AGAIN: somebody asks */
ngx_int_t ngx_http_nodetool_auth_cache_init(ngx_shm_zone_t *zone, void *data);
ngx_int_t ngx_http_nodetool_auth_cache_get(
    ngx_http_nodetool_auth_zone_t *zone, ngx_http_nodetool_auth_digest_t *key,
    ngx_http_nodetool_auth_known_t *known);
void ngx_http_nodetool_auth_cache_put(ngx_http_nodetool_auth_zone_t   *zone,
                                      ngx_http_nodetool_auth_digest_t *key,
                                      ngx_http_nodetool_auth_known_t  *known,
                                      time_t                           until);
/* NGX_OK: the caller is the one who asks, until then; NGX_AGAIN; NGX_ERROR
 * when there is no room */
ngx_int_t ngx_http_nodetool_auth_cache_begin(
    ngx_http_nodetool_auth_zone_t *zone, ngx_http_nodetool_auth_digest_t *key,
    time_t until);
/* Ends that without an answer. */
void ngx_http_nodetool_auth_cache_drop(ngx_http_nodetool_auth_zone_t   *zone,
                                       ngx_http_nodetool_auth_digest_t *key);
/* Memory of the zone for something else, for which tokens go where there is
 * no room; the zone is locked. */
void *ngx_http_nodetool_auth_cache_alloc(ngx_http_nodetool_auth_zone_t *zone,
                                         size_t                         size);

/* limit */
ngx_int_t ngx_http_nodetool_auth_limit_init(ngx_shm_zone_t *zone, void *data);
/* Seconds until the client may fail again; 0: now.  *known when this token
 * was good from there before. */
time_t ngx_http_nodetool_auth_limited(ngx_http_request_t              *r,
                                      ngx_http_nodetool_auth_limit_t  *limit,
                                      ngx_http_nodetool_auth_digest_t *digest,
                                      ngx_uint_t                      *known);
void   ngx_http_nodetool_auth_failed(ngx_http_request_t             *r,
                                     ngx_http_nodetool_auth_limit_t *limit);
void   ngx_http_nodetool_auth_succeeded(ngx_http_request_t              *r,
                                        ngx_http_nodetool_auth_limit_t  *limit,
                                        ngx_http_nodetool_auth_digest_t *digest);

/* tree: the zone is locked; NULL when it is not there */
void ngx_http_nodetool_auth_tree_add(ngx_rbtree_t                    *tree,
                                     ngx_http_nodetool_auth_leaf_t   *leaf,
                                     ngx_http_nodetool_auth_digest_t *key);
ngx_http_nodetool_auth_leaf_t *ngx_http_nodetool_auth_tree_find(
    ngx_rbtree_t *tree, ngx_http_nodetool_auth_digest_t *key);
void ngx_http_nodetool_auth_tree_insert(ngx_rbtree_node_t *temp,
                                        ngx_rbtree_node_t *node,
                                        ngx_rbtree_node_t *sentinel);

/* upstream: of a subrequest that fetches */
ngx_int_t ngx_http_nodetool_auth_upstream(
    ngx_http_request_t *sr, ngx_http_nodetool_auth_fetch_t *fetch);

NT_END_DECLS

#endif
