/*
 * ngx_http_nodetool_workflow.h - private to the workflow module: routes,
 * the request to the engine, its reply.
 */

#ifndef NGX_HTTP_NODETOOL_WORKFLOW_H
#define NGX_HTTP_NODETOOL_WORKFLOW_H

#include "ngx_nodetool_common/ngx_nodetool_common.h"

#include "core/nt_buf.h"

NT_BEGIN_DECLS

#define NGX_HTTP_NODETOOL_WORKFLOW_BODY   0x01 /* takes a request body */
#define NGX_HTTP_NODETOOL_WORKFLOW_UPLOAD 0x02 /* of any type */
#define NGX_HTTP_NODETOOL_WORKFLOW_EVENTS 0x04 /* answers with events */
#define NGX_HTTP_NODETOOL_WORKFLOW_LINES  0x08 /* where the query asks for it */
#define NGX_HTTP_NODETOOL_WORKFLOW_RUN    0x10 /* starts a job */
#define NGX_HTTP_NODETOOL_WORKFLOW_BASE   0x20 /* replies with URIs of ours */
#define NGX_HTTP_NODETOOL_WORKFLOW_TUNNEL 0x40 /* becomes a WebSocket */


typedef enum {
    NGX_HTTP_NODETOOL_WORKFLOW_STRING = 0,
    NGX_HTTP_NODETOOL_WORKFLOW_NUMBER,
    NGX_HTTP_NODETOOL_WORKFLOW_FLAG /* "true" or "1", "false" or "0" */
} ngx_http_nodetool_workflow_type_e;


/* A query argument that becomes a field of the request to the engine. */
typedef struct {
    const char                       *name; /* NULL ends a list */
    const char                       *field;
    ngx_http_nodetool_workflow_type_e type;
} ngx_http_nodetool_workflow_arg_t;


/* An operation of the wire protocol and the requests that ask for it. */
typedef struct {
    const char *path; /* "jobs", stars for an id; NULL ends a table */
    ngx_uint_t  methods;
    const char *op;
    ngx_uint_t  flags;

    /* what may be NULL */
    const char *id; /* field that the path's id goes to */
    const ngx_http_nodetool_workflow_arg_t *args;
    const char                             *fields; /* more of them, as JSON */
} ngx_http_nodetool_workflow_route_t;


typedef struct {
    ngx_http_upstream_conf_t upstream;
    ngx_http_upstream_conf_t tunnel; /* the same for WebSockets */

    ngx_msec_t   keepalive_comment; /* 0: none */
    ngx_array_t *origins; /* of ngx_http_nodetool_workflow_origin_t, or NULL */
    ngx_uint_t   handles; /* unsigned  handles:1; it has our handler */

    const ngx_http_nodetool_workflow_route_t *routes;    /* a table */
    const ngx_http_nodetool_workflow_route_t *websocket; /* the only one */
} ngx_http_nodetool_workflow_loc_conf_t;


typedef struct ngx_http_nodetool_workflow_lines_s
    ngx_http_nodetool_workflow_lines_t;


typedef struct {
    ngx_http_request_t *request;
    ngx_str_t           head; /* of the wire request, with room for its rest */
    ngx_int_t           refusal;
    ngx_str_t           job_id;

    /* --- the reply --- */

    ngx_uint_t   state;    /* of the translation of events */
    size_t       digits;   /* of the number under way */
    ngx_msec_t   interval; /* of comments; 0: none */
    ngx_chain_t *current;  /* the buffer that events are written into */
    size_t       complete; /* its bytes that are whole events */
    ngx_event_t  comment;  /* timer of the next comment */

    ngx_http_nodetool_workflow_lines_t *lines; /* of an event; NULL before */

    unsigned safe : 1;   /* GET and HEAD */
    unsigned tunnel : 1; /* the reply is to be a WebSocket */
    unsigned events : 1; /* it was asked for as an event stream */
    unsigned ndjson : 1; /* and as JSON lines, not server-sent events */
    unsigned stream : 1; /* the reply is an event stream */
    unsigned split : 1;  /* a part of an event is on its way to the client */
    unsigned ended : 1;  /* the stream was read to its end */
} ngx_http_nodetool_workflow_ctx_t;


/* --- routes --- */

extern const ngx_http_nodetool_workflow_route_t
    ngx_http_nodetool_workflow_worker[];
extern const ngx_http_nodetool_workflow_route_t
    ngx_http_nodetool_workflow_editor[];

/*
 * Finds the route of a request in a table and its id, a part of r->uri.
 * NGX_DECLINED when there is none: *allow lists the methods that this path
 * has, NULL when it is not ours.
 */
ngx_int_t ngx_http_nodetool_workflow_find(
    ngx_http_request_t *r, const ngx_http_nodetool_workflow_route_t *table,
    const ngx_http_nodetool_workflow_route_t **route, ngx_str_t *id,
    const char **allow);

/* The readiness of the engine. */
extern const ngx_http_nodetool_workflow_route_t
    ngx_http_nodetool_workflow_health;

/* --- content handlers --- */

ngx_int_t ngx_http_nodetool_workflow_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_nodetool_workflow_health_handler(ngx_http_request_t *r);

/* Carries a route out. */
ngx_int_t ngx_http_nodetool_workflow_start(
    ngx_http_request_t *r, const ngx_http_nodetool_workflow_route_t *route,
    ngx_str_t *id);

/* --- the request to the engine --- */

/*
 * Writes ctx->head.  NGX_DECLINED when the request was refused, with
 * ctx->refusal for the content handler to return.
 */
ngx_int_t ngx_http_nodetool_workflow_head(
    ngx_http_request_t *r, ngx_http_nodetool_workflow_ctx_t *ctx,
    const ngx_http_nodetool_workflow_route_t *route, ngx_str_t *id);

/* Whether a query argument says "true" or "1". */
ngx_uint_t ngx_http_nodetool_workflow_is_true(ngx_str_t *value);

/* The upstream handlers. */
ngx_int_t ngx_http_nodetool_workflow_create_request(ngx_http_request_t *r);
ngx_int_t ngx_http_nodetool_workflow_send(void *data, ngx_chain_t *in);

/* --- the reply of the engine --- */

ngx_int_t ngx_http_nodetool_workflow_reinit_request(ngx_http_request_t *r);
ngx_int_t ngx_http_nodetool_workflow_process_header(ngx_http_request_t *r);
ngx_int_t ngx_http_nodetool_workflow_filter_init(void *data);
ngx_int_t ngx_http_nodetool_workflow_filter(void *data, ssize_t bytes);
void      ngx_http_nodetool_workflow_abort_request(ngx_http_request_t *r);
void      ngx_http_nodetool_workflow_finalize_request(ngx_http_request_t *r,
                                                      ngx_int_t           rc);

/* --- the event stream --- */

/* Makes ready for the first event. */
void ngx_http_nodetool_workflow_events_init(
    ngx_http_nodetool_workflow_ctx_t *ctx);

/*
 * Translates bytes of the engine's events into server-sent events or JSON
 * lines in u->out_bufs.  NGX_OK; NGX_DONE at the stream's end, with *used set;
 * NGX_DECLINED when the engine broke the protocol; NGX_ERROR.
 */
ngx_int_t ngx_http_nodetool_workflow_events(
    ngx_http_nodetool_workflow_ctx_t *ctx, u_char *data, size_t len,
    size_t *used);

/* Tells the client that its stream has broken off. */
void ngx_http_nodetool_workflow_events_broken(
    ngx_http_nodetool_workflow_ctx_t *ctx, ngx_int_t status);

/* --- JSON lines --- */

/* An event begins; its bytes, in pieces. */
ngx_int_t ngx_http_nodetool_workflow_lines_begin(
    ngx_http_nodetool_workflow_ctx_t *ctx);
void ngx_http_nodetool_workflow_lines_feed(
    ngx_http_nodetool_workflow_ctx_t *ctx, u_char *data, size_t len);

/* Appends the line behind the last event.  NGX_DECLINED when there was no
 * event. */
ngx_int_t ngx_http_nodetool_workflow_lines_end(
    ngx_http_nodetool_workflow_ctx_t *ctx, nt_buf_t *line);

/* --- WebSockets --- */

/* The directive nodetool_websocket. */
char *ngx_http_nodetool_workflow_set_websocket(ngx_conf_t    *cf,
                                               ngx_command_t *cmd, void *conf);

/* Refuses pages of other sites, before anybody asks who is calling: a handler
 * of the preaccess phase. */
ngx_int_t ngx_http_nodetool_workflow_preaccess(ngx_http_request_t *r);

/* The directive nodetool_websocket_origin. */
char *ngx_http_nodetool_workflow_set_origin(ngx_conf_t *cf, ngx_command_t *cmd,
                                            void *conf);

/* Whether the request's Origin is one of nodetool_websocket_origin. */
ngx_uint_t ngx_http_nodetool_workflow_origin_listed(ngx_http_request_t *r,
                                                    ngx_array_t *origins);

/* Whether it is this server, one of this machine where that may be, or one
 * that is listed; so is a request without one, which is no browser's. */
ngx_int_t ngx_http_nodetool_workflow_origin_check(ngx_http_request_t *r,
                                                  ngx_array_t        *origins);

extern ngx_module_t ngx_http_nodetool_workflow_module;

NT_END_DECLS

#endif
