/*
 * ngx_http_nodetool_chat.h - what the files of the chat module share.
 *
 * Configuration (ngx_http_nodetool_chat_conf.h)
 *   _module     directives, configuration, hooks
 *   _provider   the nodetool_provider block
 *   _key        the keys in it
 *   _endpoint   how a provider is reached
 *
 * Requests
 *   _request    a request from its first byte to the chosen provider
 *   _api        the APIs that clients speak, by their paths
 *   _body       the request's body: scanning and splicing
 *   _form       a body that is multipart/form-data
 *   _tools      workflows among a request's tools
 *
 * Which provider is asked (ngx_http_nodetool_chat_route.h)
 *   _rule       rules in the configuration
 *   _route      the targets of a request
 *   _attempt    one after the other
 *   _retry      whether there is a next one, and when
 *   _peer       nginx's upstream between two of them
 *   _health     what is known to be ill, or resting
 *
 * To the provider and back
 *   _upstream   callbacks of nginx's upstream: request out, header in
 *   _head       the header of a request to a provider
 *   _await      what must have come of a reply before the client is answered
 *   _reply      the reply's body: transfer coding, usage
 *   _usage      what a reply says of tokens, its end, failures
 *   _refuse     replies that must not pass
 *   _stream     server-sent events, whole ones, as they came
 *   _comment    comments while a provider is silent
 *   _finish     the end of a stream, error events
 *   _translate  requests that a provider does not understand as they are
 *   _replied    and the replies to them, streams first
 *   _replied_whole, _replied_limits
 *               those that are no stream; headers of limits
 *   _echo       the built-in provider
 *   _engine     the engine as a provider (its header has more)
 *
 * Lists of models
 *   _models     the providers' models: asked, and kept in a zone
 *   _list       /v1/models
 *
 * What may be used, and what was
 *   _limit, _price, _redis
 *               limits, asked before and told after (see
 *               ngx_http_nodetool_chat_limit.h)
 *   _cache      replies that were given before (its header has more)
 *   _log        a request that is over: counted, told to the log
 *   _metrics    counters and histograms in a zone, and as a page
 *   _trace      the headers of distributed traces
 *   _variables  $nodetool_model ...
 */

#ifndef NGX_HTTP_NODETOOL_CHAT_H
#define NGX_HTTP_NODETOOL_CHAT_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "core/llm/nt_estimate.h"
#include "core/llm/nt_llm_api.h"
#include "core/nt_buf.h"
#include "core/nt_json_scan.h"
#include "core/nt_sse.h"
#include "ngx_nodetool_chat/ngx_http_nodetool_chat_api.h"
#include "ngx_nodetool_chat/ngx_http_nodetool_chat_conf.h"
#include "ngx_nodetool_chat/ngx_http_nodetool_chat_engine.h"
#include "ngx_nodetool_chat/ngx_http_nodetool_chat_route.h"
#include "ngx_nodetool_common/ngx_nodetool_common.h"

/* See _cache.h. */
typedef struct ngx_nodetool_cache_s ngx_nodetool_cache_t;

enum {
    NGX_NODETOOL_CACHE_NONE = 0,
    NGX_NODETOOL_CACHE_BYPASS,
    NGX_NODETOOL_CACHE_MISS,
    NGX_NODETOOL_CACHE_HIT
};

/* Fields of a request body. */
enum {
    NGX_NODETOOL_REQ_MODEL = 0,
    NGX_NODETOOL_REQ_STREAM,
    NGX_NODETOOL_REQ_OPTIONS,
    NGX_NODETOOL_REQ_USAGE,
    NGX_NODETOOL_REQ_MAX_TOKENS,
    NGX_NODETOOL_REQ_MAX_COMPLETION_TOKENS,
    NGX_NODETOOL_REQ_MAX_OUTPUT_TOKENS,
    NGX_NODETOOL_REQ_TOOLS,
    NGX_NODETOOL_REQ_NEED, /* api->need, in their order */
    NGX_NODETOOL_REQ_NEED_LAST =
        NGX_NODETOOL_REQ_NEED + NGX_NODETOOL_NEEDS_MAX - 1,
    NGX_NODETOOL_REQ_N
};

/* One array is for both, one after the other. */
#define NGX_NODETOOL_FIELDS_N                                                  \
    ngx_max((int) NGX_NODETOOL_REQ_N, (int) NGX_NODETOOL_REPLY_N)

/* A place of the request body that is forwarded otherwise: the bytes from
 * start to end become text. */
typedef struct {
    uint64_t   start;
    uint64_t   end;
    ngx_str_t  text;
    ngx_buf_t *buf; /* that carries text */
} ngx_nodetool_edit_t;

#define NGX_NODETOOL_EDITS_MAX 3

typedef struct ngx_nodetool_chat_ctx_s   ngx_nodetool_chat_ctx_t;
typedef struct ngx_nodetool_form_s       ngx_nodetool_form_t;
typedef struct ngx_nodetool_limit_ctx_s  ngx_nodetool_limit_ctx_t;
typedef struct ngx_nodetool_models_ctx_s ngx_nodetool_models_ctx_t;
typedef struct ngx_nodetool_translate_s  ngx_nodetool_translate_t;

typedef void (*ngx_nodetool_done_pt)(ngx_nodetool_chat_ctx_t *ctx);
typedef void (*ngx_nodetool_body_pt)(ngx_nodetool_chat_ctx_t *ctx,
                                     ngx_int_t                rc);

/* Takes the next bytes of a reply's body, transfer coding taken off. They
 * stand in u->buffer. */
typedef ngx_int_t (*ngx_nodetool_sink_pt)(ngx_nodetool_chat_ctx_t *ctx,
                                          u_char *pos, u_char *last);

/* How an attempt ended: 200, or what the client would have got. */
typedef struct {
    ngx_nodetool_provider_t *provider; /* NULL: it was given up */
    ngx_uint_t               status;
} ngx_nodetool_tried_t;

#define NGX_NODETOOL_TRIED_MAX 8 /* that are told of */

struct ngx_nodetool_chat_ctx_s {
    ngx_http_request_t       *request;
    const ngx_nodetool_api_t *api;
    ngx_nodetool_provider_t  *provider;
    ngx_str_t                 model;          /* as asked for */
    ngx_str_t                 upstream_model; /* as the provider is asked */
    ngx_str_t                 key;     /* for this provider; may be empty */
    ngx_nodetool_target_t    *targets; /* that may answer; NULL: not known */
    ngx_uint_t                n_targets;
    ngx_nodetool_attempt_t   *attempt;       /* NULL: not routed yet */
    ngx_str_t                 upstream_path; /* behind that of its url */
    ngx_nodetool_translate_t *translate;     /* NULL: nothing yet */

    /* one scan at a time: first the request, then the reply */
    nt_json_scan_t   scan;
    nt_json_field_t *fields; /* NGX_NODETOOL_FIELDS_N */

    /* request body */
    ngx_nodetool_form_t *form;    /* NULL: it is JSON */
    uint64_t             scanned; /* bytes */
    uint64_t             root;    /* offset of the first brace */
    ngx_chain_t         *rescan;  /* next buffer of a body read earlier */
    off_t                rescan_pos;
    ngx_nodetool_body_pt body_done;
    ngx_event_t          event; /* rescan, then comments */
    ngx_nodetool_edit_t  edits[NGX_NODETOOL_EDITS_MAX];
    ngx_uint_t           n_edits;

    /* reply */
    ngx_http_status_t    status;
    ngx_http_chunked_t   chunked;
    ngx_nodetool_sink_pt sink;
    off_t                reply_length; /* -1: not told */
    off_t                left;         /* u->length, when the header goes out */
    ngx_recv_pt          recv; /* of the connection, while ours is there */
    ngx_str_t            replacement; /* body in place of the provider's */
    nt_sse_t             sse;
    ngx_chain_t         *held;      /* the start of an event */
    ngx_buf_t            comment;   /* what was sent last */
    ngx_msec_t           last_sent; /* to the client */

    ngx_uint_t late_status; /* of an error after an early header */
    ngx_str_t  late_message;
    void      *echo;
    ngx_int_t  answer; /* to a request that was refused */

    /* models: of a subrequest that fetches them; of the one that waits */
    ngx_nodetool_models_ctx_t *models;
    ngx_nodetool_done_pt       refreshed;
    ngx_uint_t                 pending;

    ngx_nodetool_engine_t engine;

    nt_llm_usage_t usage;
    ngx_msec_t     ttft; /* time to the first byte or event */

    /* seeing */
    ngx_nodetool_tried_t tried[NGX_NODETOOL_TRIED_MAX]; /* by attempt */
    ngx_uint_t           n_tried;
    ngx_uint_t           n_events;    /* of a stream */
    ngx_msec_t           first_event; /* ngx_current_msec then */
    ngx_msec_t           last_event;
    ngx_msec_t           elapsed;      /* when it was over; 0: not yet */
    ngx_int_t            upstream_rc;  /* how nginx's upstream ended */
    ngx_str_t            trace_parent; /* headers that are good */
    ngx_str_t            trace_state;
    ngx_str_t            trace_id;

    ngx_nodetool_limit_ctx_t *limit;    /* NULL: nothing is limited */
    nt_estimate_t             estimate; /* of the request's tokens */

    ngx_nodetool_cache_t *cache;
    ngx_uint_t            cache_status; /* NGX_NODETOOL_CACHE_... */

    unsigned translated : 1; /* this attempt's request and reply are */
    unsigned begun : 1;      /* the reply's body was begun to be taken */
    unsigned sending : 1;    /* and the client gets it as it comes */
    unsigned broken : 1;     /* what came last was no HTTP, or too much */
    unsigned ended : 1;      /* the provider closed, which ends its reply */
    unsigned has_root : 1;
    unsigned scanning : 1; /* the body filter feeds scan */
    unsigned stream : 1;   /* the client asked for one */
    unsigned
        strip_usage : 1;   /* the usage chunk was our wish, not the client's */
    unsigned events : 1;   /* the reply is a stream of events */
    unsigned early : 1;    /* the header went out before the provider's came */
    unsigned stripped : 1; /* the last event did not go out */
    unsigned after_cr : 1; /* the last event ended in a lone CR */
    unsigned until_close : 1; /* the reply has no length of its own */
    unsigned complete : 1;    /* [DONE] was seen, or the body's end */
    unsigned failed : 1;      /* the stream carried an error of the provider */
    unsigned ttft_set : 1;
    unsigned estimating : 1; /* the body is fed to estimate, too */
};

extern ngx_module_t ngx_http_nodetool_chat_module;

static ngx_inline ngx_nodetool_chat_loc_conf_t *
ngx_nodetool_chat_loc(ngx_nodetool_chat_ctx_t *ctx)
{
    return ngx_http_get_module_loc_conf(ctx->request,
                                        ngx_http_nodetool_chat_module);
}

NT_BEGIN_DECLS

/* route: sets attempt, provider and upstream_model; NGX_DECLINED: there is
 * none */
ngx_int_t ngx_nodetool_chat_route(ngx_nodetool_chat_ctx_t *ctx);
/* Sets ctx->targets only; NGX_DECLINED: there are none. */
ngx_int_t ngx_nodetool_route_find(ngx_nodetool_chat_ctx_t *ctx);

/* rule */
void ngx_nodetool_retry_merge(ngx_nodetool_chat_loc_conf_t *conf,
                              ngx_nodetool_chat_loc_conf_t *prev);

/* provider */
char *ngx_nodetool_chat_complex(ngx_conf_t *cf, ngx_str_t *value,
                                ngx_http_complex_value_t **cv);
char *ngx_nodetool_provider(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_nodetool_provider_t *ngx_nodetool_provider_find(
    ngx_nodetool_chat_main_conf_t *mcf, ngx_str_t *name);
ngx_nodetool_provider_t *ngx_nodetool_provider_echo(ngx_conf_t *cf);

/* endpoint: after the block was read, and after all was read */
char     *ngx_nodetool_endpoint(ngx_conf_t *cf, ngx_nodetool_provider_t *p);
ngx_int_t ngx_nodetool_endpoint_init(ngx_conf_t              *cf,
                                     ngx_nodetool_provider_t *p);

/* request */
ngx_int_t ngx_nodetool_chat_handler(ngx_http_request_t *r);
/* The path below the location. */
ngx_str_t                ngx_nodetool_chat_path(ngx_http_request_t *r);
ngx_nodetool_chat_ctx_t *ngx_nodetool_chat_ctx_create(ngx_http_request_t *r);
/* The context of a request, also after an internal redirect. */
ngx_nodetool_chat_ctx_t *ngx_nodetool_chat_ctx(ngx_http_request_t *r);
/* Hands the request to its provider; returns what a content handler does. */
ngx_int_t ngx_nodetool_chat_dispatch(ngx_nodetool_chat_ctx_t *ctx);

/* Answers with an error, for functions that return NGX_DECLINED then.
 * Anthropic has no 422. */
#define ngx_nodetool_chat_reject(ctx, status, ...)                             \
    ((ctx)->answer =                                                           \
         ngx_nodetool_errorf((ctx)->request,                                   \
                             (ctx)->api->anthropic && (status) == 422          \
                                 ? NGX_HTTP_BAD_REQUEST                        \
                                 : (status),                                   \
                             __VA_ARGS__),                                     \
     NGX_DECLINED)

/* body */
void ngx_nodetool_chat_body_begin(ngx_nodetool_chat_ctx_t *ctx);
void ngx_nodetool_chat_body_feed(ngx_nodetool_chat_ctx_t *ctx, u_char *pos,
                                 u_char *last);
/* Scans a body that was read before; NGX_AGAIN: done() is called later. */
ngx_int_t ngx_nodetool_chat_body_rescan(ngx_nodetool_chat_ctx_t *ctx,
                                        ngx_nodetool_body_pt     done);
/* What is to be changed in the body for this provider. */
ngx_int_t ngx_nodetool_chat_body_edit(ngx_nodetool_chat_ctx_t *ctx);
/* The body with the edits made, as buffers of their own; *length is its
 * length. */
ngx_int_t ngx_nodetool_chat_body_chain(ngx_nodetool_chat_ctx_t *ctx,
                                       ngx_chain_t ***last, off_t *length);
void      ngx_nodetool_chat_body_rewind(ngx_nodetool_chat_ctx_t *ctx);
off_t     ngx_nodetool_chat_body_length(ngx_http_request_t *r);

/* translate: client() makes the canonical request, for _echo; it returns as
 * the next one does. */
ngx_int_t ngx_nodetool_translate_client(ngx_nodetool_chat_ctx_t *ctx);
/* translate: makes the request that ctx->provider gets: the client's with
 * edits where the provider speaks its API, else a translated one.
 * NGX_DECLINED: the client or the provider's dialect cannot say it;
 * ngx_nodetool_translate_refuse() tells the client, and returns what a content
 * handler does. */
ngx_int_t ngx_nodetool_translate_request(ngx_nodetool_chat_ctx_t *ctx);
ngx_int_t ngx_nodetool_translate_refuse(ngx_nodetool_chat_ctx_t *ctx);
ngx_int_t ngx_nodetool_translate_chain(ngx_nodetool_chat_ctx_t *ctx,
                                       ngx_chain_t ***last, off_t *length);
void      ngx_nodetool_translate_reset(ngx_nodetool_chat_ctx_t *ctx);
void      ngx_nodetool_translate_free(ngx_nodetool_chat_ctx_t *ctx);

/* replied */
ngx_int_t ngx_nodetool_translate_header(ngx_nodetool_chat_ctx_t *ctx);
/* Whether what has come of the body is enough to answer the client. */
ngx_uint_t ngx_nodetool_translate_ready(ngx_nodetool_chat_ctx_t *ctx);
/* What the client gets; NGX_HTTP_UPSTREAM_INVALID_HEADER: another attempt is
 * to be made. */
ngx_int_t ngx_nodetool_translate_verdict(ngx_nodetool_chat_ctx_t *ctx);
/* Tokens of a stream that is over before its end. */
void ngx_nodetool_translate_usage(ngx_nodetool_chat_ctx_t *ctx);
/* The reply has ended, with its connection if `lost`. */
ngx_int_t ngx_nodetool_translate_end(ngx_nodetool_chat_ctx_t *ctx,
                                     ngx_uint_t               lost);
ngx_int_t ngx_nodetool_translate_event(ngx_nodetool_chat_ctx_t *ctx,
                                       const nt_llm_error_t    *error,
                                       nt_buf_t                *out);

/* head */
/* The client's headers that an Anthropic provider gets; NULL is the last. */
extern const char *const ngx_nodetool_client_headers[];

ngx_int_t ngx_nodetool_chat_head(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *head,
                                 off_t length);

/* await: a callback of nginx's upstream, from the header's end on */
ngx_int_t ngx_nodetool_chat_await(ngx_nodetool_chat_ctx_t *ctx);

/* The bytes from start to end become text; at most NGX_NODETOOL_EDITS_MAX. */
ngx_int_t ngx_nodetool_chat_edit_add(ngx_nodetool_chat_ctx_t *ctx,
                                     uint64_t start, uint64_t end,
                                     nt_buf_t *text);

/* form: create() sets ctx->form, or returns what a content handler does */
ngx_uint_t ngx_nodetool_form_is(ngx_http_request_t *r);
ngx_int_t  ngx_nodetool_form_create(ngx_nodetool_chat_ctx_t *ctx);
void       ngx_nodetool_form_begin(ngx_nodetool_chat_ctx_t *ctx);
void       ngx_nodetool_form_feed(ngx_nodetool_chat_ctx_t *ctx, u_char *pos,
                                  u_char *last);
/* Also puts the model where it is in JSON; NGX_DECLINED: ctx->answer is what
 * a content handler returns. */
ngx_int_t ngx_nodetool_form_validate(ngx_nodetool_chat_ctx_t *ctx);
ngx_int_t ngx_nodetool_form_edit(ngx_nodetool_chat_ctx_t *ctx);

/* upstream; NGX_DONE: to be started by ngx_http_upstream_init() */
ngx_int_t ngx_nodetool_chat_upstream_start(ngx_nodetool_chat_ctx_t *ctx);

/* reply */
ngx_int_t        ngx_nodetool_chat_reply_header(ngx_nodetool_chat_ctx_t *ctx);
void             ngx_nodetool_chat_reply_reset(ngx_nodetool_chat_ctx_t *ctx);
ngx_int_t        ngx_nodetool_chat_reply_begin(ngx_nodetool_chat_ctx_t *ctx);
ngx_int_t        ngx_nodetool_chat_reply_init(void *data);
ngx_int_t        ngx_nodetool_chat_reply_filter(void *data, ssize_t bytes);
ngx_int_t        ngx_nodetool_chat_reply_end(ngx_nodetool_chat_ctx_t *ctx);
ngx_table_elt_t *ngx_nodetool_chat_upstream_header(ngx_http_upstream_t *u,
                                                   const char          *name);
ngx_uint_t ngx_nodetool_chat_is_type(ngx_http_request_t *r, const char *type);
ngx_uint_t ngx_nodetool_chat_is_encoded(ngx_http_request_t *r);
ngx_int_t  ngx_nodetool_chat_set_header(ngx_http_request_t *r,
                                        ngx_table_elt_t *h, const char *name,
                                        const char *value);
ngx_int_t  ngx_nodetool_chat_replace(ngx_nodetool_chat_ctx_t *ctx,
                                     ngx_uint_t status, ngx_str_t *message);
ngx_int_t  ngx_nodetool_chat_replaced(ngx_nodetool_chat_ctx_t *ctx,
                                      ngx_uint_t               status);
void       ngx_nodetool_chat_error_set(nt_llm_error_t     *error,
                                       nt_llm_error_kind_t kind, ngx_uint_t status,
                                       const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void       ngx_nodetool_chat_error_body(ngx_nodetool_chat_ctx_t *ctx,
                                        const nt_llm_error_t *error, nt_buf_t *out);
ngx_uint_t ngx_nodetool_chat_refused(ngx_nodetool_chat_ctx_t *ctx,
                                     ngx_str_t               *message);
ngx_int_t  ngx_nodetool_chat_emit(ngx_nodetool_chat_ctx_t *ctx, u_char *pos,
                                  u_char *last);
ngx_int_t  ngx_nodetool_chat_emit_chain(ngx_nodetool_chat_ctx_t *ctx,
                                        ngx_chain_t             *out);
void       ngx_nodetool_chat_first(ngx_nodetool_chat_ctx_t *ctx);

ngx_uint_t ngx_nodetool_chat_has(nt_str_t data, const char *word, size_t len);

/* usage: scan_begin() for a whole reply, then usage() at its end */
/* Once a stream is on its way, only whole events are scanned: memory for that
 * is not kept with each of them. */
void ngx_nodetool_chat_fields_share(ngx_nodetool_chat_ctx_t *ctx);
void ngx_nodetool_chat_scan_begin(ngx_nodetool_chat_ctx_t *ctx);
void ngx_nodetool_chat_usage(ngx_nodetool_chat_ctx_t *ctx);
/* Of a stream whose API has names for its events. */
void ngx_nodetool_chat_named_event(ngx_nodetool_chat_ctx_t *ctx,
                                   nt_sse_event_t          *event);

/* stream */
ngx_int_t ngx_nodetool_chat_stream_begin(ngx_http_request_t *r);
ngx_int_t ngx_nodetool_chat_stream_header(ngx_http_request_t *r);
ngx_int_t ngx_nodetool_chat_stream_late(ngx_nodetool_chat_ctx_t *ctx);
void      ngx_nodetool_chat_late_header(ngx_nodetool_chat_ctx_t *ctx);
ngx_int_t ngx_nodetool_chat_send_copy(ngx_nodetool_chat_ctx_t *ctx,
                                      nt_buf_t                *text);
ngx_int_t ngx_nodetool_chat_stream_sink(ngx_nodetool_chat_ctx_t *ctx,
                                        u_char *pos, u_char *last);
ngx_int_t ngx_nodetool_chat_stream_end(ngx_nodetool_chat_ctx_t *ctx,
                                       ngx_uint_t               lost);
void      ngx_nodetool_chat_stream_comments(ngx_nodetool_chat_ctx_t *ctx);
void      ngx_nodetool_chat_stream_finalize(ngx_nodetool_chat_ctx_t *ctx,
                                            ngx_int_t                rc);

/* echo; returns what a content handler returns */
ngx_int_t ngx_nodetool_chat_echo(ngx_nodetool_chat_ctx_t *ctx);

/* models: asking for them, and the zone */
ngx_int_t ngx_nodetool_models_init_zone(ngx_shm_zone_t *zone, void *data);
ngx_int_t ngx_nodetool_models_sink(ngx_nodetool_chat_ctx_t *ctx, u_char *pos,
                                   u_char *last);
void ngx_nodetool_models_fetched(ngx_nodetool_chat_ctx_t *ctx, ngx_int_t rc);
ngx_int_t ngx_nodetool_models_refresh(ngx_nodetool_chat_ctx_t *ctx,
                                      ngx_nodetool_done_pt     done);
ngx_int_t ngx_nodetool_models_lines(ngx_http_request_t      *r,
                                    ngx_nodetool_provider_t *p,
                                    ngx_str_t               *lines);
void ngx_nodetool_models_line(nt_buf_t *lines, nt_str_t id, int64_t created,
                              nt_str_t owned_by);

/* list */
ngx_int_t ngx_nodetool_models_handler(ngx_http_request_t *r, ngx_str_t *id);
ngx_nodetool_provider_t *ngx_nodetool_models_find(ngx_http_request_t *r,
                                                  ngx_str_t          *id);

/* api: NULL when the path is none */
const ngx_nodetool_api_t *ngx_nodetool_api_find(ngx_str_t *path);
/* Leaves only the API's path of one that ends with it; 0: it is none. */
ngx_uint_t ngx_nodetool_api_suffix(ngx_str_t *path);
/* Answers that there is no such path. */
ngx_int_t ngx_nodetool_api_unknown(ngx_http_request_t *r);
/* Whether what the client reads is Anthropic's. */
ngx_uint_t ngx_nodetool_api_is_anthropic(ngx_http_request_t *r);
/* Where the provider has it, below its URL, for a request that passes as it
 * is; NULL: it does not speak it. */
const char *ngx_nodetool_api_native(const ngx_nodetool_api_t      *api,
                                    const ngx_nodetool_provider_t *p);
/* Whether the API has no way to this provider, translated or not. */
ngx_uint_t ngx_nodetool_api_lacks(const ngx_nodetool_api_t      *api,
                                  const ngx_nodetool_provider_t *p);
char      *ngx_nodetool_provider_apis(ngx_conf_t *cf, ngx_command_t *cmd,
                                      void *conf);

/* limit: before a request is sent anywhere, its model being known.
 * NGX_DECLINED: ctx->answer is what a content handler returns; NGX_ERROR.
 * And once, when the request is over. */
ngx_int_t ngx_nodetool_limit_admit(ngx_nodetool_chat_ctx_t *ctx);
void      ngx_nodetool_limit_settle(ngx_nodetool_chat_ctx_t *ctx);
/* Its body is about to come; then its bytes, as they come. */
void ngx_nodetool_limit_begin(ngx_nodetool_chat_ctx_t *ctx);
/* Whether a request like this one may ask for a model. */
ngx_uint_t ngx_nodetool_limit_allows(ngx_http_request_t *r, ngx_str_t *model);
/* The usage as the provider told it; what it did not tell is estimated, when
 * it was asked at all.  And what that costs, in nano-dollars; -1: nobody
 * knows. */
void    ngx_nodetool_limit_usage(ngx_nodetool_chat_ctx_t *ctx,
                                 nt_llm_usage_t          *usage);
int64_t ngx_nodetool_limit_cost(ngx_nodetool_chat_ctx_t *ctx);

/* cache: NGX_DECLINED: the provider is to be asked; NGX_DONE: a reply is on
 * its way, or will be; other: what a content handler returns. */
ngx_int_t ngx_nodetool_cache_open(ngx_nodetool_chat_ctx_t *ctx);
/* The header of the reply goes out; "hit" ...; the body filter. */
ngx_int_t  ngx_nodetool_cache_header(ngx_nodetool_chat_ctx_t *ctx);
ngx_str_t *ngx_nodetool_cache_status(ngx_uint_t status);
void       ngx_nodetool_cache_init(void);
void       ngx_nodetool_cache_unset(ngx_nodetool_cache_conf_t *conf);
char *ngx_nodetool_cache_merge(ngx_conf_t *cf, ngx_nodetool_cache_conf_t *prev,
                               ngx_nodetool_cache_conf_t *conf);
char *ngx_nodetool_cache_path(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_nodetool_cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* log: the log phase of a request with a context */
ngx_int_t ngx_nodetool_chat_log(ngx_http_request_t *r);
/* The current attempt ended. */
void ngx_nodetool_chat_tried(ngx_nodetool_chat_ctx_t *ctx, ngx_uint_t status);
/* How a request ended, known in the log phase: "done", "client_left",
 * "provider_cut", or a kind of error. */
ngx_str_t ngx_nodetool_chat_outcome(ngx_nodetool_chat_ctx_t *ctx);
/* Milliseconds since the first byte of the request; and until its end, without
 * the time that nginx then waits for the client to close. */
ngx_msec_t ngx_nodetool_chat_elapsed(ngx_http_request_t *r);
ngx_msec_t ngx_nodetool_chat_duration(ngx_nodetool_chat_ctx_t *ctx);
/* The mean time between two tokens of a stream, in microseconds; -1: there
 * is none. */
int64_t ngx_nodetool_chat_token_time(ngx_nodetool_chat_ctx_t *ctx);

/* metrics: the zone; a request begins, and is over */
void  ngx_nodetool_metrics_unset(ngx_nodetool_metrics_conf_t *conf);
char *ngx_nodetool_metrics_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_int_t ngx_nodetool_metrics_init(ngx_conf_t                  *cf,
                                    ngx_nodetool_metrics_conf_t *conf);
char     *ngx_nodetool_metrics(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_int_t ngx_nodetool_metrics_begin(ngx_http_request_t *r);
void      ngx_nodetool_metrics_record(ngx_nodetool_chat_ctx_t *ctx);

/* trace: takes the client's headers; and lines for a provider */
ngx_int_t ngx_nodetool_trace_take(ngx_nodetool_chat_ctx_t *ctx);
void ngx_nodetool_trace_lines(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *head);

/* variables */
ngx_int_t ngx_nodetool_chat_add_variables(ngx_conf_t *cf);

NT_END_DECLS

#endif
