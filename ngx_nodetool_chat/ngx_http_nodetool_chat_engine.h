/*
 * ngx_http_nodetool_chat_engine.h - the engine as a provider: workflows that
 * are models, and chats that call workflows (docs/wire.md, Chat).
 *
 *   _engine        which requests are its, and what it is told with them
 *   _engine_reply  the head of its replies
 *   _tools         tools that are workflows, in requests and locations
 */

#ifndef NGX_HTTP_NODETOOL_CHAT_ENGINE_H
#define NGX_HTTP_NODETOOL_CHAT_ENGINE_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "core/nt_buf.h"
#include "ngx_nodetool_chat/ngx_http_nodetool_chat_api.h"
#include "ngx_nodetool_chat/ngx_http_nodetool_chat_route.h"

/* What a request's list of tools has shown so far. */
typedef struct {
    size_t   len;
    u_char   tail[64];     /* its last bytes that came */
    unsigned workflow : 1; /* one has the type "workflow" */
} ngx_nodetool_tools_t;

/* What a ctx has of it. */
typedef struct {
    ngx_str_t             targets; /* where the model is that it is to ask */
    ngx_str_t             models;  /* lines: of the user, for a list */
    ngx_nodetool_tools_t *tools;   /* NULL: none came */
} ngx_nodetool_engine_t;

NT_BEGIN_DECLS

/* engine: the name of an API on the wire; NULL: it does not speak it */
const char *ngx_nodetool_engine_api(const ngx_nodetool_api_t *api);
/* The provider for "workflow/ID" that no rule knows; NULL: it is another
 * model, or there is no engine. */
ngx_nodetool_provider_t *ngx_nodetool_engine_find(ngx_nodetool_chat_ctx_t *ctx);
/* Of an attempt whose choices are in their order: if workflows are among the
 * tools, the engine becomes the only one, and is told of them. NGX_DECLINED:
 * there are none. */
ngx_int_t ngx_nodetool_engine_take(ngx_nodetool_chat_ctx_t *ctx);
/* Appends the head line; a body of `length` bytes follows. */
ngx_int_t ngx_nodetool_engine_head(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *head,
                                   off_t length);

/* engine_reply: for u->process_header */
ngx_int_t ngx_nodetool_engine_process_header(ngx_http_request_t *r);

/* tools: bytes of the request's body that were scanned, from offset `at` */
void       ngx_nodetool_tools_feed(ngx_nodetool_chat_ctx_t *ctx, uint64_t at,
                                   u_char *pos, u_char *last);
ngx_uint_t ngx_nodetool_tools_wanted(ngx_nodetool_chat_ctx_t *ctx);
/* Appends those of the location as the wire has them. */
void  ngx_nodetool_tools_head(ngx_array_t *tools, nt_buf_t *head);
char *ngx_nodetool_chat_tools(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
/* After all was read: there must be an engine. */
char *ngx_nodetool_tools_merge(ngx_conf_t *cf, ngx_array_t *tools);

NT_END_DECLS

#endif
