/*
 * ngx_http_nodetool_storage.h - private to the storage module.
 *
 * A store is a folder; an object is a regular file in it, named by a key
 * (core/nt_key.h).  Everything in a store is reached relative to the folder's
 * descriptor by openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS, so
 * the kernel refuses what would leave it.
 *
 * A store also has a folder of its own, NGX_HTTP_NODETOOL_STORE_TMP, which no
 * key can name.  It holds uploads, each locked (flock) by the process that
 * writes it, and the lock file that makes "look, then change" one step for
 * all worker processes.
 */

#ifndef NGX_HTTP_NODETOOL_STORAGE_H
#define NGX_HTTP_NODETOOL_STORAGE_H

#include "ngx_nodetool_common/ngx_nodetool_common.h"

#include <sys/stat.h>

NT_BEGIN_DECLS

#define NGX_HTTP_NODETOOL_STORE_TMP ".nodetool-tmp"
#define NGX_HTTP_NODETOOL_LOCK_FILE "lock" /* in that folder */

#define NGX_HTTP_NODETOOL_RESERVED                                             \
    "storage keys that start with \"" NGX_HTTP_NODETOOL_STORE_TMP              \
    "\" are reserved"

/* An entity tag: "SECONDS.NANOSECONDS-SIZE", hexadecimal, in quotes. */
#define NGX_HTTP_NODETOOL_ETAG_LEN (2 + 16 + 1 + 8 + 1 + 16)

typedef struct ngx_http_nodetool_sweep_s ngx_http_nodetool_sweep_t;

/* One for each PATH, shared by all locations that name it. */
typedef struct {
    ngx_str_t  path;   /* absolute, NUL-terminated */
    ngx_fd_t   fd;     /* the folder; NGX_INVALID_FILE while it is not open */
    ngx_fd_t   tmp;    /* the folder of uploads, when writable */
    ngx_fd_t   lock;   /* the lock file, when writable */
    time_t     expire; /* seconds that an object lives; 0: for ever */
    ngx_uint_t access; /* mode of what is made */

    ngx_http_nodetool_sweep_t *sweep;

    unsigned writable : 1;   /* some location writes to it, or it expires */
    unsigned no_openat2 : 1; /* the kernel, or a sandbox, has no openat2 */
} ngx_http_nodetool_store_t;

typedef struct {
    ngx_array_t stores; /* of ngx_http_nodetool_store_t * */
} ngx_http_nodetool_storage_main_conf_t;

typedef struct {
    ngx_array_t prefixes; /* of ngx_str_t: the locations with a store */
} ngx_http_nodetool_storage_srv_conf_t;

typedef struct {
    ngx_http_nodetool_store_t *store;
    ngx_str_t prefix; /* what of the URI stands before the key */
    ngx_http_complex_value_t *key;
    time_t                    expire;
    ngx_flag_t                list;
    ngx_flag_t                fsync;
    off_t                     min_free;
    ngx_uint_t                access;

    unsigned write : 1;
    unsigned prefix_set : 1;
} ngx_http_nodetool_storage_loc_conf_t;

/* A request for an object; lives in r->pool. */
typedef struct ngx_http_nodetool_object_s ngx_http_nodetool_object_t;

/* A system call that may take long. Returns 0 or an errno. */
typedef ngx_err_t (*ngx_http_nodetool_work_pt)(ngx_http_nodetool_object_t *o);

/* What follows; owns the request. */
typedef void (*ngx_http_nodetool_next_pt)(ngx_http_nodetool_object_t *o,
                                          ngx_err_t                   err);

struct ngx_http_nodetool_object_s {
    ngx_http_request_t                   *request;
    ngx_http_nodetool_storage_loc_conf_t *conf;
    ngx_http_nodetool_store_t            *store;
    ngx_str_t                             key; /* checked, NUL-terminated */

    /* an upload */
    ngx_fd_t fd;
    u_char   tmp[NGX_INT64_LEN * 2 + 2]; /* its name; empty when published */
    off_t    size;
    off_t    flushed;   /* up to here the kernel was told to write it out */
    off_t    checked;   /* up to here the free space was looked at */
    ngx_chain_t *taken; /* what was read of the body */
    ngx_chain_t *out;   /* what of it is not yet written */
    ngx_uint_t   status;
    struct stat  info;

    /* folders to sync: that of `key`, and so many above it */
    ngx_uint_t folders;

    struct ngx_http_nodetool_list_s *list; /* of a list */

    /* work in a thread */
    ngx_thread_task_t        *task;
    ngx_http_nodetool_work_pt work;
    ngx_http_nodetool_next_pt next;
    ngx_err_t                 err;
};

/* --- the file system: ngx_http_nodetool_storage_fs.c ----------------------*/

/* Opens the store's folder in this process, making it when it is missing.
 * NGX_OK when it is or was open. */
ngx_int_t ngx_http_nodetool_store_open(ngx_http_nodetool_store_t *store,
                                       ngx_log_t                 *log);
void      ngx_http_nodetool_store_close(ngx_http_nodetool_store_t *store,
                                        ngx_log_t                 *log);

/* Makes a folder and those above it. `path` is written to meanwhile. */
ngx_int_t ngx_http_nodetool_store_make(u_char *path, ngx_uint_t access);

/* openat(2) beneath the store. `path` is relative, NUL-terminated. */
ngx_fd_t ngx_http_nodetool_store_openat(ngx_http_nodetool_store_t *store,
                                        const u_char *path, int flags);

/* Opens the folder that holds `key`; *name points at the key's last segment.
 * With `made`, folders that are missing are made and counted. Close it with
 * ngx_http_nodetool_store_leave. NGX_INVALID_FILE: errno says why. */
ngx_fd_t ngx_http_nodetool_store_enter(ngx_http_nodetool_store_t *store,
                                       ngx_str_t *key, u_char **name,
                                       ngx_uint_t *made);
void     ngx_http_nodetool_store_leave(ngx_http_nodetool_store_t *store,
                                       ngx_fd_t                   fd);

/* What has the name in a folder: 0 an object, ENOENT nothing, ESTALE an object
 * that has expired, ELOOP a symbolic link, EISDIR whatever else; or another
 * errno. `info` is set for 0 and ESTALE. */
ngx_err_t ngx_http_nodetool_store_look(ngx_http_nodetool_store_t *store,
                                       ngx_fd_t dir, u_char *name,
                                       struct stat *info);

/* Between these no process that follows the protocol changes the store. Held
 * for a few system calls on metadata, never while data is written. */
ngx_int_t ngx_http_nodetool_store_lock(ngx_http_nodetool_store_t *store,
                                       ngx_log_t                 *log);
void      ngx_http_nodetool_store_unlock(ngx_http_nodetool_store_t *store);

/* Removes the folders above `key` that are empty, and cuts `key` down to the
 * last one that was removed. Called with the lock held. */
void ngx_http_nodetool_store_prune(ngx_http_nodetool_store_t *store,
                                   ngx_str_t                 *key);

/* fsync(2) of the folder of `key` and of `above` folders above it.
 * Returns 0 or an errno; may run in a thread. */
ngx_err_t ngx_http_nodetool_store_sync(ngx_http_nodetool_store_t *store,
                                       ngx_str_t *key, ngx_uint_t above);

static ngx_inline ngx_uint_t
ngx_http_nodetool_store_expired(ngx_http_nodetool_store_t *store,
                                struct stat               *info)
{
    return store->expire != 0 && info->st_mtime + store->expire <= ngx_time();
}

/* --- keys: ngx_http_nodetool_storage_key.c --------------------------------*/

/* Sets o->key; its data is NULL when memory is short. Returns what is wrong
 * with the key, a sentence for the client, or NULL. */
const char *ngx_http_nodetool_storage_key(ngx_http_nodetool_object_t *o);

/* A handler of the server rewrite phase. A path like "/storage/assets/../x"
 * is another location's by now; it meant to be a key, and is answered as
 * such: 400. */
ngx_int_t ngx_http_nodetool_storage_rewrite(ngx_http_request_t *r);

/* --- answers: ngx_http_nodetool_storage_reply.c ---------------------------*/

/* Logs a failed system call and answers with the error that it means for the
 * client; as ngx_nodetool_error. */
ngx_int_t ngx_http_nodetool_storage_failed(ngx_http_nodetool_object_t *o,
                                           ngx_err_t err, const char *call);

/* Answers 412; as ngx_nodetool_error. */
ngx_int_t ngx_http_nodetool_storage_precondition(ngx_http_request_t *r);

/* Sets ETag, as the location's `etag` says. */
ngx_int_t ngx_http_nodetool_storage_set_etag(ngx_http_request_t *r,
                                             struct stat        *info);

/* Writes an object's entity tag, at most NGX_HTTP_NODETOOL_ETAG_LEN bytes;
 * returns its end. */
u_char *ngx_http_nodetool_storage_etag(u_char *p, struct stat *info);

/* RFC 9110, 13.2.2, for PUT and DELETE; `info` is NULL when there is no
 * object. False: 412. */
ngx_uint_t ngx_http_nodetool_storage_allowed(ngx_http_request_t *r,
                                             struct stat        *info);

/* Runs o->work, in a thread where the location has `aio threads`, and then
 * `next` with what it returned. */
void ngx_http_nodetool_storage_work(ngx_http_nodetool_object_t *o,
                                    ngx_http_nodetool_work_pt   work,
                                    ngx_http_nodetool_next_pt   next);

/* --- methods --------------------------------------------------------------*/

ngx_int_t ngx_http_nodetool_storage_get(ngx_http_nodetool_object_t *o);
ngx_int_t ngx_http_nodetool_storage_put(ngx_http_nodetool_object_t *o);
ngx_int_t ngx_http_nodetool_storage_delete(ngx_http_nodetool_object_t *o);

/* GET and HEAD of the location itself: its objects. */
ngx_int_t ngx_http_nodetool_storage_list(ngx_http_nodetool_object_t *o);

/* --- the body of a PUT: ngx_http_nodetool_storage_upload.c ----------------*/

/* ENOSPC when `size` more bytes do not leave nodetool_storage_min_free; 0, or
 * another errno. `size` may be -1, not known. */
ngx_err_t ngx_http_nodetool_upload_space(ngx_http_nodetool_object_t *o,
                                         off_t                       size);

/* Makes o->fd and o->tmp; `cln` removes them unless o->tmp is empty then.
 * Returns 0 or an errno. */
ngx_err_t ngx_http_nodetool_upload_create(ngx_http_nodetool_object_t *o,
                                          ngx_pool_cleanup_t         *cln);

/* A handler for ngx_http_read_client_request_body: writes the body, then
 * calls ngx_http_nodetool_storage_put_whole. */
void ngx_http_nodetool_upload_body(ngx_http_request_t *r);
void ngx_http_nodetool_storage_put_whole(ngx_http_nodetool_object_t *o);

/* --- expiry and leftovers: ngx_http_nodetool_storage_sweep.c --------------*/

/* Starts and stops the sweeper of a store in this process. */
ngx_int_t ngx_http_nodetool_sweep_start(ngx_cycle_t               *cycle,
                                        ngx_http_nodetool_store_t *store);
void      ngx_http_nodetool_sweep_stop(ngx_http_nodetool_store_t *store);

NT_END_DECLS

extern ngx_module_t ngx_http_nodetool_storage_module;

#endif
