/*
 * ngx_http_nodetool_auth_virtual.c - virtual keys: read when the configuration
 * is, and again by each worker when their file has changed.
 *
 * A worker looks at the file every two seconds, so that a key that was made or
 * revoked counts without a reload, which would make a gateway's streams end
 * sooner or later.  What a worker reads is a local file of some kilobytes, in
 * one read.  One that is faulty then, or gone, changes nothing but the log.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

#define NGX_HTTP_NODETOOL_AUTH_KEYS_MAX      (16 * 1024 * 1024)
#define NGX_HTTP_NODETOOL_AUTH_KEYS_INTERVAL 2000

/* Seconds within which a file may change and keep its time. */
#define NGX_HTTP_NODETOOL_AUTH_KEYS_SETTLED 2

static ngx_http_nodetool_auth_key_file_t *ngx_http_nodetool_auth_key_file(
    ngx_conf_t *cf, ngx_str_t *path);
static ngx_int_t ngx_http_nodetool_auth_read_keys(
    ngx_http_nodetool_auth_key_file_t *file, ngx_uint_t level, ngx_log_t *log);
static ngx_int_t ngx_http_nodetool_auth_load_keys(
    ngx_http_nodetool_auth_key_file_t *file, ngx_file_t *f, ngx_uint_t level);
static void ngx_http_nodetool_auth_free_set(
    ngx_http_nodetool_auth_key_set_t *set);
static void ngx_http_nodetool_auth_close_keys(void *data);
static void ngx_http_nodetool_auth_look_at_keys(ngx_event_t *ev);


char *
ngx_http_nodetool_auth_set_keys(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_nodetool_auth_loc_conf_t *alcf = conf;

    ngx_str_t *value;

    if (alcf->keys != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_conf_full_name(cf->cycle, &value[1], 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    alcf->keys = ngx_http_nodetool_auth_key_file(cf, &value[1]);

    return alcf->keys != NULL ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static ngx_http_nodetool_auth_key_file_t *
ngx_http_nodetool_auth_key_file(ngx_conf_t *cf, ngx_str_t *path)
{
    ngx_uint_t                          i;
    ngx_pool_cleanup_t                 *cln;
    ngx_http_nodetool_auth_key_file_t  *file, **files;
    ngx_http_nodetool_auth_main_conf_t *amcf;

    amcf =
        ngx_http_conf_get_module_main_conf(cf, ngx_http_nodetool_auth_module);
    files = amcf->key_files.elts;

    for (i = 0; i < amcf->key_files.nelts; i++) {
        if (nt_str_eq(ngx_nodetool_str(&files[i]->path),
                      ngx_nodetool_str(path))) {
            return files[i];
        }
    }

    file = ngx_pcalloc(cf->pool, sizeof(ngx_http_nodetool_auth_key_file_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (file == NULL || cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_nodetool_auth_close_keys;
    cln->data = file;

    file->path = *path;

    if (ngx_http_nodetool_auth_read_keys(file, NGX_LOG_EMERG, cf->log) !=
        NGX_OK) {
        return NULL;
    }

    files = ngx_array_push(&amcf->key_files);
    if (files == NULL) {
        return NULL;
    }

    *files = file;

    return file;
}


static void
ngx_http_nodetool_auth_close_keys(void *data)
{
    ngx_http_nodetool_auth_key_file_t *file = data;

    ngx_http_nodetool_auth_free_set(file->set);
    file->set = NULL;
}


/* What is wrong is said at `level`, and only once of what has not changed. */

static ngx_int_t
ngx_http_nodetool_auth_read_keys(ngx_http_nodetool_auth_key_file_t *file,
                                 ngx_uint_t level, ngx_log_t *log)
{
    ngx_int_t  rc;
    ngx_file_t f;

    ngx_memzero(&f, sizeof(ngx_file_t));

    f.name = file->path;
    f.log = log;
    f.fd = ngx_open_file(file->path.data, NGX_FILE_RDONLY | NGX_FILE_NONBLOCK,
                         NGX_FILE_OPEN, 0);

    if (f.fd == NGX_INVALID_FILE) {
        if (!file->denied) {
            ngx_log_error(level, log, ngx_errno,
                          ngx_open_file_n " \"%V\" failed", &file->path);
        }

        file->denied = 1;
        return NGX_ERROR;
    }

    file->denied = 0;
    rc = NGX_ERROR;

    if (ngx_fd_info(f.fd, &f.info) == NGX_FILE_ERROR) {
        ngx_log_error(level, log, ngx_errno, ngx_fd_info_n " \"%V\" failed",
                      &file->path);

    } else {
        file->mtime = ngx_file_mtime(&f.info);
        file->size = ngx_file_size(&f.info);
        file->uniq = ngx_file_uniq(&f.info);
        file->again =
            file->mtime + NGX_HTTP_NODETOOL_AUTH_KEYS_SETTLED >= ngx_time();

        rc = ngx_http_nodetool_auth_load_keys(file, &f, level);
    }

    if (ngx_close_file(f.fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", &file->path);
    }

    return rc;
}


static ngx_int_t
ngx_http_nodetool_auth_load_keys(ngx_http_nodetool_auth_key_file_t *file,
                                 ngx_file_t *f, ngx_uint_t level)
{
    ssize_t                           n;
    nt_rc_t                           rc;
    ngx_http_nodetool_auth_key_set_t *set;

    if (!ngx_is_file(&f->info) || file->size > NGX_HTTP_NODETOOL_AUTH_KEYS_MAX)
    {
        ngx_log_error(level, f->log, 0,
                      "\"%V\" is not a file of keys: not a regular file, or "
                      "larger than 16 MiB",
                      &file->path);
        return NGX_ERROR;
    }

    set = ngx_calloc(sizeof(ngx_http_nodetool_auth_key_set_t), f->log);
    if (set == NULL) {
        return NGX_ERROR;
    }

    set->refs = 1;
    set->text = ngx_alloc((size_t) file->size + 1, f->log);
    n = set->text != NULL ? ngx_read_file(f, set->text, (size_t) file->size, 0)
                          : NGX_ERROR;

    if (n == NGX_ERROR) {
        ngx_http_nodetool_auth_free_set(set);
        return NGX_ERROR;
    }

    rc = nt_virtual_keys_parse(&set->keys,
                               (nt_str_t) { (char *) set->text, (size_t) n });

    if (rc != NT_OK) {
        ngx_log_error(level, f->log, 0, "%s in %V:%ui",
                      rc == NT_ERROR ? set->keys.error : "no memory for a key",
                      &file->path, (ngx_uint_t) set->keys.line);
        ngx_http_nodetool_auth_free_set(set);
        return NGX_ERROR;
    }

    ngx_http_nodetool_auth_free_set(file->set);
    file->set = set;

    return NGX_OK;
}


static void
ngx_http_nodetool_auth_free_set(ngx_http_nodetool_auth_key_set_t *set)
{
    if (set == NULL || --set->refs > 0) {
        return;
    }

    nt_virtual_keys_free(&set->keys);

    if (set->text != NULL) {
        ngx_free(set->text);
    }

    ngx_free(set);
}


ngx_int_t
ngx_http_nodetool_auth_init_keys(ngx_cycle_t *cycle)
{
    ngx_event_t                        *ev;
    ngx_http_nodetool_auth_main_conf_t *amcf;

    amcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_nodetool_auth_module);

    if (amcf == NULL || amcf->key_files.nelts == 0) {
        return NGX_OK;
    }

    ev = &amcf->key_timer;
    ev->handler = ngx_http_nodetool_auth_look_at_keys;
    ev->data = amcf;
    ev->log = cycle->log;
    ev->cancelable = 1;

    ngx_add_timer(ev, NGX_HTTP_NODETOOL_AUTH_KEYS_INTERVAL);

    return NGX_OK;
}


static void
ngx_http_nodetool_auth_look_at_keys(ngx_event_t *ev)
{
    ngx_http_nodetool_auth_main_conf_t *amcf = ev->data;

    ngx_uint_t                          i;
    ngx_file_info_t                     info;
    ngx_http_nodetool_auth_key_file_t **files;

    files = amcf->key_files.elts;

    for (i = 0; i < amcf->key_files.nelts; i++) {
        if (!files[i]->again &&
            ngx_file_info(files[i]->path.data, &info) != NGX_FILE_ERROR &&
            ngx_file_mtime(&info) == files[i]->mtime &&
            ngx_file_size(&info) == files[i]->size &&
            ngx_file_uniq(&info) == files[i]->uniq)
        {
            continue;
        }

        (void) ngx_http_nodetool_auth_read_keys(files[i], NGX_LOG_ERR, ev->log);
    }

    ngx_add_timer(ev, NGX_HTTP_NODETOOL_AUTH_KEYS_INTERVAL);
}


void
ngx_http_nodetool_auth_find_key(ngx_http_nodetool_auth_ctx_t *ctx)
{
    ngx_http_nodetool_auth_key_set_t *set;

    if (ctx->conf->keys == NULL) {
        return;
    }

    set = ctx->conf->keys->set;
    ctx->key = nt_virtual_keys_find(&set->keys, ctx->digest.digest);

    if (ctx->key != NULL) {
        ctx->key_set = set;
        set->refs++;
    }
}


void
ngx_http_nodetool_auth_drop_key(ngx_http_nodetool_auth_ctx_t *ctx)
{
    ngx_http_nodetool_auth_free_set(ctx->key_set);
    ctx->key_set = NULL;
    ctx->key = NULL;
}


ngx_int_t
ngx_http_nodetool_auth_take_key(ngx_http_nodetool_auth_ctx_t *ctx)
{
    if (ctx->key->expires != 0 && ctx->key->expires <= ngx_time()) {
        ngx_http_nodetool_auth_drop_key(ctx);

        return ngx_http_nodetool_auth_invalid(ctx, NT_JWT_EXPIRED);
    }

    ctx->provider = NGX_HTTP_NODETOOL_AUTH_KEY;
    ctx->admin = ctx->key->admin;
    ctx->user.data = (u_char *) ctx->key->user.data;
    ctx->user.len = ctx->key->user.len;

    return NGX_OK;
}
