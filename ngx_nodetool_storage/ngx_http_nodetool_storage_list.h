/*
 * ngx_http_nodetool_storage_list.h - private to the list of a store.
 *
 * ngx_http_nodetool_storage_list.c answers the request, _walk.c finds what is
 * in the answer, _scan.c reads the folders for it.
 */

#ifndef NGX_HTTP_NODETOOL_STORAGE_LIST_H
#define NGX_HTTP_NODETOOL_STORAGE_LIST_H

#include "ngx_nodetool_storage/ngx_http_nodetool_storage.h"

#include "core/nt_key.h"

#include <dirent.h>

NT_BEGIN_DECLS

/* Entries of folders that a request may look at. */
#define NGX_HTTP_NODETOOL_LIST_WORK 4000000

enum {
    NGX_HTTP_NODETOOL_WALK_OTHER,
    NGX_HTTP_NODETOOL_WALK_OBJECT,
    NGX_HTTP_NODETOOL_WALK_FOLDER
};

/* A name in a folder; that of a folder ends with a slash. */
typedef struct {
    size_t len;
    u_char data[NT_KEY_SEGMENT_MAX + 2];
} ngx_http_nodetool_name_t;

/* A folder on the way to where the walk is. */
typedef struct ngx_http_nodetool_level_s ngx_http_nodetool_level_t;

struct ngx_http_nodetool_level_s {
    ngx_http_nodetool_level_t *up;
    size_t                     path_len; /* of list->path, that leads here */

    /* the first names behind `after`, packed and in order */
    u_char *names;
    u_char *next;
    u_char *last;

    unsigned scanning : 1; /* the folder is being read */
    unsigned begun : 1;    /* from its start */
    unsigned more : 1;     /* there are names behind these */
    unsigned cursor : 1;   /* `after` is the rest of the cursor */

    size_t after_len;
    u_char after[NT_KEY_MAX]; /* not wanted up to here */
};

typedef struct {
    ngx_str_t   key; /* of a folder with its slash */
    ngx_uint_t  folder;
    struct stat info; /* of an object */
} ngx_http_nodetool_item_t;

typedef struct ngx_http_nodetool_list_s ngx_http_nodetool_list_t;

struct ngx_http_nodetool_list_s {
    /* what is asked for */
    ngx_http_nodetool_store_t *store;
    ngx_str_t                  prefix;
    ngx_str_t                  cursor; /* what is behind it in order */
    ngx_uint_t                 limit;
    ngx_uint_t                 delimiter; /* folders are listed, not entered */

    /* what was found, in order */
    ngx_http_nodetool_item_t *items;
    ngx_uint_t                found;
    ngx_uint_t                more; /* there is more than the limit */

    /* the walk; memory that it takes is its own, as it runs in a thread */
    ngx_pool_t                *pool;
    DIR                       *dir; /* of the innermost level, or NULL */
    ngx_http_nodetool_level_t *level;
    ngx_uint_t                 done;
    ngx_uint_t                 work; /* entries looked at */
    ngx_str_t                  stem; /* of the names in the first folder */

    /* the window over the folder that is being read */
    ngx_http_nodetool_name_t  *slots;
    ngx_http_nodetool_name_t **sorted;
    ngx_uint_t                 window;
    ngx_uint_t                 n;
    ngx_uint_t                 dropped;

    size_t path_len;
    u_char path[NT_KEY_MAX + 1]; /* empty, or ends with a slash */

    /* slices of a request */
    ngx_event_t                 event;
    ngx_uint_t                  slice;
    ngx_http_nodetool_object_t *request;
};

/* Begins; the fields of "what is asked for" and `pool` are set. */
ngx_int_t ngx_http_nodetool_walk_start(ngx_http_nodetool_list_t *list);
ngx_err_t ngx_http_nodetool_walk_go(ngx_http_nodetool_list_t *list,
                                    ngx_uint_t                budget);
void      ngx_http_nodetool_walk_stop(ngx_http_nodetool_list_t *list);

/* Opens the folder that the walk is in, if it is not open. ENOENT when there
 * is none any more. */
ngx_err_t ngx_http_nodetool_walk_enter(ngx_http_nodetool_list_t *list);

/* Reads that folder into the level's names, or a part of it: NGX_EAGAIN then.
 * E2BIG when the request has looked at too many entries. */
ngx_err_t ngx_http_nodetool_walk_scan(ngx_http_nodetool_list_t *list,
                                      ngx_uint_t               *budget);

NT_END_DECLS

#endif
