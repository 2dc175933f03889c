/*
 * ngx_http_nodetool_chat_key.c - the keys of a provider: from where they are
 * kept, and which one is used.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#include "core/nt_token.h"

#define NGX_NODETOOL_KEY_MAX (64 * 1024) /* bytes of a key file */

/* A rest that a provider wants is not longer: the next request then asks
 * whether it still does. */
#define NGX_NODETOOL_RETRY_AFTER_MAX (60 * 60 * 1000)


static char *
ngx_nodetool_key_add(ngx_conf_t *cf, ngx_nodetool_provider_t *p,
                     ngx_http_complex_value_t *value, ngx_uint_t literal)
{
    ngx_nodetool_key_t *key;

    if (p->keys == NULL) {
        p->keys = ngx_array_create(cf->pool, 1, sizeof(ngx_nodetool_key_t));
        if (p->keys == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    if (p->keys->nelts == NGX_NODETOOL_KEYS_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "nodetool_provider \"%V\" has more than %d keys",
                           &p->name, NGX_NODETOOL_KEYS_MAX);
        return NGX_CONF_ERROR;
    }

    key = ngx_array_push(p->keys);
    if (key == NULL) {
        return NGX_CONF_ERROR;
    }

    key->value = value;
    key->id = literal ? ngx_nodetool_key_id(&p->name, &value->value) : 0;

    return NGX_CONF_OK;
}


/* A key that is not looked at for variables. */
static char *
ngx_nodetool_key_literal(ngx_conf_t *cf, ngx_nodetool_provider_t *p,
                         const char *data, size_t len)
{
    ngx_http_complex_value_t *cv;

    cv = ngx_pcalloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (cv == NULL) {
        return NGX_CONF_ERROR;
    }

    cv->value.len = len;
    cv->value.data = ngx_pnalloc(cf->pool, len);
    if (cv->value.data == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memcpy(cv->value.data, data, len);

    return ngx_nodetool_key_add(cf, p, cv, 1);
}


/* All that is in a file, into `buf`; -1 when it cannot be read or is too
 * long. */
static ssize_t
ngx_nodetool_key_read(ngx_conf_t *cf, ngx_str_t *path, u_char *buf)
{
    ssize_t  n, len;
    ngx_fd_t fd;

    fd = ngx_open_file(path->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);
    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", path);
        return -1;
    }

    len = 0;

    do {
        n = ngx_read_fd(fd, buf + len, NGX_NODETOOL_KEY_MAX - len);
        len += n;
    } while (n > 0 && len < NGX_NODETOOL_KEY_MAX);

    if (n == -1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_read_fd_n " \"%V\" failed", path);
        len = -1;

    } else if (n > 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" has more than %d bytes of keys", path,
                           NGX_NODETOOL_KEY_MAX - 1);
        len = -1;
    }

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", path);
    }

    return len;
}


/* The keys of a file, as nt_token_file_next reads them. */
static char *
ngx_nodetool_key_file(ngx_conf_t *cf, ngx_nodetool_provider_t *p,
                      ngx_str_t *path)
{
    char    *rv;
    u_char  *buf;
    ssize_t  n;
    nt_str_t text, token;

    if (ngx_conf_full_name(cf->cycle, path, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    buf = ngx_alloc(NGX_NODETOOL_KEY_MAX, cf->log);
    if (buf == NULL) {
        return NGX_CONF_ERROR;
    }

    rv = NGX_CONF_ERROR;
    n = ngx_nodetool_key_read(cf, path, buf);

    if (n >= 0) {
        text.data = (char *) buf;
        text.len = n;
        token = nt_token_file_next(&text);

        if (token.len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "no key in \"%V\"", path);

        } else {
            rv = NGX_CONF_OK;
        }

        while (rv == NGX_CONF_OK && token.len > 0) {
            rv = ngx_nodetool_key_literal(cf, p, token.data, token.len);
            token = nt_token_file_next(&text);
        }
    }

    ngx_explicit_memzero(buf, NGX_NODETOOL_KEY_MAX);
    ngx_free(buf);

    return rv;
}


/* key VALUE | env:NAME | file:PATH; */
char *
ngx_nodetool_provider_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_nodetool_provider_t *p = conf;

    char                     *env;
    ngx_str_t                *value, path;
    ngx_http_complex_value_t *cv;

    value = cf->args->elts;

    if (value[1].len > 5 && ngx_strncmp(value[1].data, "file:", 5) == 0) {
        path.data = value[1].data + 5;
        path.len = value[1].len - 5;

        return ngx_nodetool_key_file(cf, p, &path);
    }

    if (value[1].len > 4 && ngx_strncmp(value[1].data, "env:", 4) == 0) {
        env = getenv((char *) value[1].data + 4);

        if (env == NULL || *env == '\0') {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "environment variable \"%s\" is not set, it "
                               "should hold the key of nodetool_provider "
                               "\"%V\"",
                               value[1].data + 4, &p->name);
            return NGX_CONF_ERROR;
        }

        return ngx_nodetool_key_literal(cf, p, env, ngx_strlen(env));
    }

    if (ngx_nodetool_chat_complex(cf, &value[1], &cv) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_nodetool_key_add(cf, p, cv, cv->lengths == NULL);
}


/* What the zone says of a key for a model: of both, the one that counts. */
static ngx_nodetool_rest_e
ngx_nodetool_key_rest(ngx_nodetool_provider_t *p, uint64_t id, ngx_str_t *model,
                      ngx_msec_t *left)
{
    ngx_nodetool_rest_e rest;

    rest = ngx_nodetool_rest_find(p, id, model, left);

    return rest == NGX_NODETOOL_REST_NONE
               ? ngx_nodetool_rest_find(p, id, NULL, left)
               : rest;
}


ngx_int_t
ngx_nodetool_key_pick(ngx_nodetool_provider_t *p, ngx_str_t *model,
                      uint64_t used, ngx_uint_t *index, ngx_msec_t *left)
{
    uint64_t            id;
    ngx_int_t           rc;
    ngx_uint_t          i, n, k, first;
    ngx_msec_t          ms;
    ngx_nodetool_key_t *key;

    n = p->keys ? p->keys->nelts : 1;
    key = p->keys ? p->keys->elts : NULL;
    first = p->key_rotation && n > 1 ? p->next_key++ : 0;
    rc = NGX_DECLINED;
    ms = 0;

    for (i = 0; i < n; i++) {
        k = (first + i) % n;

        if (used >> k & 1) {
            continue;
        }

        id = key ? key[k].id : p->id;

        switch (id ? ngx_nodetool_key_rest(p, id, model, &ms)
                   : NGX_NODETOOL_REST_NONE) {
        case NGX_NODETOOL_REST_NONE:
            *index = k;
            return NGX_OK;

        case NGX_NODETOOL_REST_OUT:
            if (rc != NGX_BUSY) {
                *index = k;
                rc = NGX_BUSY;
            }

            break;

        default:
            if (rc == NGX_DECLINED || (rc == NGX_AGAIN && ms < *left)) {
                *index = k;
                *left = ms;
                rc = NGX_AGAIN;
            }
        }
    }

    return rc;
}


ngx_int_t
ngx_nodetool_key_set(ngx_nodetool_chat_ctx_t *ctx, ngx_uint_t index)
{
    ngx_nodetool_key_t *key;

    ngx_str_null(&ctx->key);

    if (ctx->provider->keys == NULL) {
        return NGX_OK;
    }

    key = ctx->provider->keys->elts;

    return ngx_http_complex_value(ctx->request, key[index].value, &ctx->key);
}


ngx_int_t
ngx_nodetool_key_any(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_str_t  model;
    ngx_uint_t key;
    ngx_msec_t left;

    ngx_str_null(&model);
    key = 0;

    (void) ngx_nodetool_key_pick(ctx->provider, &model, 0, &key, &left);

    return ngx_nodetool_key_set(ctx, key);
}


/*
 * 401 is about the key, 403 mostly about what it may do with this model: it
 * is left out for a while, but is better than none.  429 is about the key and
 * the model (and a provider without keys may be asked in vain, too).
 */
void
ngx_nodetool_key_refused(ngx_nodetool_provider_t *p, ngx_uint_t index,
                         ngx_str_t *model, ngx_uint_t status,
                         ngx_msec_t retry_after)
{
    uint64_t            id;
    ngx_nodetool_key_t *key;

    key = p->keys ? p->keys->elts : NULL;
    id = key ? key[index].id : p->id;

    if (id == 0) {
        return;
    }

    if (status == 401 || status == 403) {
        ngx_nodetool_rest_set(p, id, status == 401 ? NULL : model,
                              NGX_NODETOOL_REST_OUT, p->key_timeout);

    } else if (retry_after != NGX_CONF_UNSET_MSEC && retry_after > 0) {
        ngx_nodetool_rest_set(p, id, model, NGX_NODETOOL_REST_TOLD,
                              ngx_min(retry_after,
                                      NGX_NODETOOL_RETRY_AFTER_MAX));
    }
}
