/*
 * ngx_http_nodetool_chat_cache.h - replies that were given before, in nginx's
 * own file cache.
 *
 *   _cache        looks a request up, answers with what is there
 *   _cache_key    what makes two requests the same
 *   _cache_store  keeps a reply
 *   _cache_conf   directives
 *
 * nginx's upstream takes a request's `cache` for its own, with a pipe that an
 * unbuffered one has not: it is set here only while the file cache is called,
 * and while a request waits for another one's reply.
 */

#ifndef NGX_HTTP_NODETOOL_CHAT_CACHE_H
#define NGX_HTTP_NODETOOL_CHAT_CACHE_H

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

/* Behind the file cache's own header of a file; then comes the content type,
 * then the body from body_start on. */
typedef struct {
    uint32_t version;
    uint32_t stream;
    uint32_t type_len;
} ngx_nodetool_cache_meta_t;

#define NGX_NODETOOL_CACHE_VERSION  1
#define NGX_NODETOOL_CACHE_TYPE_MAX 256

struct ngx_nodetool_cache_s {
    ngx_http_cache_t *file;
    ngx_temp_file_t   temp;    /* what there is no room for in memory */
    off_t             written; /* bytes of the body in it */
    nt_buf_t          body;    /* and those that come next */

    unsigned cleanup : 1; /* is registered */
    unsigned keep : 1;    /* the reply, so far */
    unsigned begun : 1;   /* its header has come */
};

NT_BEGIN_DECLS

/* The key, of ctx->request's pool. NGX_DECLINED: the request has none. */
ngx_int_t ngx_nodetool_cache_key(ngx_nodetool_chat_ctx_t *ctx, ngx_str_t *key);

/* The reply is not to be kept, or not any more. */
void ngx_nodetool_cache_drop(ngx_nodetool_cache_t *cache);

NT_END_DECLS

#endif
