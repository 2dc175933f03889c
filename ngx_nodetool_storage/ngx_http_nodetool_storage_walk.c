/*
 * ngx_http_nodetool_storage_walk.c - the objects of a store in the order of
 * their keys, from any key on.
 *
 * A file system has no order, so a folder is read whole and the first few
 * names behind the last key are kept; when these are used up, it is read
 * again.  So what is held depends on the page that is asked for, not on the
 * size of the store.  A folder sorts as its name with the slash: that is the
 * order of the keys in it among those beside it.
 *
 * One folder is open at a time; parents are opened again by their path, which
 * is resolved beneath the store.  All of it may run in a thread, a slice at a
 * time.
 */

#include "ngx_nodetool_storage/ngx_http_nodetool_storage_list.h"

#define NGX_HTTP_NODETOOL_WALK_NAMES 128 /* kept of a folder, in a deep walk */

static ngx_int_t ngx_http_nodetool_walk_push(ngx_http_nodetool_list_t *list,
                                             u_char *after, size_t after_len);
static void      ngx_http_nodetool_walk_pop(ngx_http_nodetool_list_t *list);
static void      ngx_http_nodetool_walk_close(ngx_http_nodetool_list_t *list);
static ngx_err_t ngx_http_nodetool_walk_next(ngx_http_nodetool_list_t *list);
static ngx_err_t ngx_http_nodetool_walk_folder(ngx_http_nodetool_list_t *list,
                                               u_char *name, size_t len);
static ngx_err_t ngx_http_nodetool_walk_object(ngx_http_nodetool_list_t *list,
                                               u_char *name, size_t len);
static ngx_err_t ngx_http_nodetool_walk_found(ngx_http_nodetool_list_t *list,
                                              u_char *name, size_t len,
                                              struct stat *info);


ngx_int_t
ngx_http_nodetool_walk_start(ngx_http_nodetool_list_t *list)
{
    size_t     len;
    u_char    *p;
    ngx_int_t  rc;
    ngx_uint_t i;

    list->dir = NULL;
    list->window = list->limit + 1;

    if (!list->delimiter) {
        list->window = ngx_min(list->window, NGX_HTTP_NODETOOL_WALK_NAMES);
    }

    list->slots = ngx_palloc(list->pool, (list->window + 1) *
                                             sizeof(ngx_http_nodetool_name_t));
    list->sorted = ngx_palloc(list->pool, (list->window + 1) * sizeof(void *));
    list->items = ngx_palloc(list->pool, (list->limit + 1) *
                                             sizeof(ngx_http_nodetool_item_t));
    if (list->slots == NULL || list->sorted == NULL || list->items == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i <= list->window; i++) {
        list->sorted[i] = &list->slots[i];
    }

    /* the folder of the prefix, and what the names in it begin with */

    len = list->prefix.len;

    while (len > 0 && list->prefix.data[len - 1] != '/') {
        len--;
    }

    ngx_memcpy(list->path, list->prefix.data, len);
    list->path_len = len;
    list->stem.data = list->prefix.data + len;
    list->stem.len = list->prefix.len - len;

    /* the cursor is a key, or a folder with its slash */

    p = list->cursor.data;
    rc = ngx_memcmp(p, list->path, ngx_min(list->cursor.len, len));

    if (rc > 0) {
        list->done = 1; /* all of the folder is before it */
        return NGX_OK;
    }

    if (rc < 0 || list->cursor.len <= len) {
        return ngx_http_nodetool_walk_push(list, p, 0);
    }

    return ngx_http_nodetool_walk_push(list, p + len, list->cursor.len - len);
}


void
ngx_http_nodetool_walk_stop(ngx_http_nodetool_list_t *list)
{
    while (list->level != NULL) {
        ngx_http_nodetool_walk_pop(list);
    }

    ngx_http_nodetool_walk_close(list);
}


/* Goes on until the page is full, all is seen, or `budget` entries were
 * looked at: NGX_EAGAIN then. Returns 0 at the end, or another errno. */

ngx_err_t
ngx_http_nodetool_walk_go(ngx_http_nodetool_list_t *list, ngx_uint_t budget)
{
    ngx_err_t                  err;
    ngx_http_nodetool_level_t *level;

    while (!list->done) {
        if (budget == 0) {
            return NGX_EAGAIN;
        }

        level = list->level;

        if (level == NULL) {
            break;
        }

        if (level->scanning) {
            err = ngx_http_nodetool_walk_scan(list, &budget);

        } else if (level->next < level->last) {
            budget--;
            err = ngx_http_nodetool_walk_next(list);

        } else if (level->more) {
            level->scanning = 1;
            level->begun = 0;
            err = 0;

        } else {
            ngx_http_nodetool_walk_pop(list);
            err = 0;
        }

        if (err != 0) {
            return err;
        }
    }

    list->done = 1;

    return 0;
}


/* Goes into the folder of list->path; what comes up to `after` there is not
 * wanted. */

static ngx_int_t
ngx_http_nodetool_walk_push(ngx_http_nodetool_list_t *list, u_char *after,
                            size_t after_len)
{
    ngx_http_nodetool_level_t *level;

    level = ngx_alloc(sizeof(ngx_http_nodetool_level_t), list->pool->log);
    if (level == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(level, offsetof(ngx_http_nodetool_level_t, after));

    level->path_len = list->path_len;
    level->scanning = 1;
    level->cursor = 1;
    level->after_len = after_len;
    ngx_memcpy(level->after, after, level->after_len);

    level->up = list->level;
    list->level = level;

    return NGX_OK;
}


static void
ngx_http_nodetool_walk_pop(ngx_http_nodetool_list_t *list)
{
    ngx_http_nodetool_level_t *level = list->level;

    list->level = level->up;
    list->path_len = level->up != NULL ? level->up->path_len : 0;

    ngx_http_nodetool_walk_close(list);

    if (level->names != NULL) {
        ngx_free(level->names);
    }

    ngx_free(level);
}


static void
ngx_http_nodetool_walk_close(ngx_http_nodetool_list_t *list)
{
    if (list->dir != NULL) {
        (void) closedir(list->dir);
        list->dir = NULL;
    }
}


/* Opens the folder that the walk is in, if it is not open. Returns ENOENT when
 * there is none any more. */

ngx_err_t
ngx_http_nodetool_walk_enter(ngx_http_nodetool_list_t *list)
{
    ngx_fd_t  fd;
    ngx_err_t err;
    u_char    path[NT_KEY_MAX + 1];

    if (list->dir != NULL) {
        return 0;
    }

    if (list->path_len == 0) {
        (void) ngx_cpystrn(path, (u_char *) ".", sizeof(path));

    } else {
        (void) ngx_cpystrn(path, list->path, list->path_len);
    }

    fd = ngx_http_nodetool_store_openat(list->store, path,
                                        O_RDONLY | O_DIRECTORY);
    if (fd == NGX_INVALID_FILE) {
        return ngx_errno == NGX_ENOTDIR ? NGX_ENOENT : ngx_errno;
    }

    list->dir = fdopendir(fd);

    if (list->dir == NULL) {
        err = ngx_errno;
        (void) close(fd);
        return err;
    }

    return 0;
}


/* Takes the next name of the level. */

static ngx_err_t
ngx_http_nodetool_walk_next(ngx_http_nodetool_list_t *list)
{
    size_t                     len;
    u_char                    *name;
    ngx_err_t                  err;
    ngx_http_nodetool_level_t *level = list->level;

    len = (size_t) level->next[0] << 8 | level->next[1];
    name = level->next + 2;
    level->next = name + len;

    err = name[len - 1] == '/' ? ngx_http_nodetool_walk_folder(list, name, len)
                               : ngx_http_nodetool_walk_object(list, name, len);

    if (err == 0 && level->next == level->last && level->more) {
        ngx_memcpy(level->after, name, len);
        level->after_len = len;
        level->cursor = 0;
    }

    return err;
}


static ngx_err_t
ngx_http_nodetool_walk_folder(ngx_http_nodetool_list_t *list, u_char *name,
                              size_t len)
{
    u_char                    *after;
    size_t                     after_len;
    ngx_http_nodetool_level_t *level = list->level;

    if (list->delimiter) {
        return ngx_http_nodetool_walk_found(list, name, len, NULL);
    }

    after = level->after;
    after_len = 0;

    if (level->cursor && level->after_len >= len &&
        ngx_memcmp(level->after, name, len) == 0)
    {
        after = level->after + len;
        after_len = level->after_len - len;
    }

    ngx_http_nodetool_walk_close(list);

    ngx_memcpy(list->path + list->path_len, name, len);
    list->path_len += len;

    return ngx_http_nodetool_walk_push(list, after, after_len) == NGX_OK
               ? 0
               : NGX_ENOMEM;
}


/* What is gone, or not there for readers any more, is left out. */

static ngx_err_t
ngx_http_nodetool_walk_object(ngx_http_nodetool_list_t *list, u_char *name,
                              size_t len)
{
    ngx_err_t   err;
    struct stat info;
    u_char      text[NT_KEY_SEGMENT_MAX + 2];

    err = ngx_http_nodetool_walk_enter(list);
    if (err != 0) {
        return err == NGX_ENOENT ? 0 : err;
    }

    *ngx_cpymem(text, name, len) = '\0';

    if (ngx_http_nodetool_store_look(list->store, dirfd(list->dir), text,
                                     &info) != 0)
    {
        return 0;
    }

    return ngx_http_nodetool_walk_found(list, name, len, &info);
}


static ngx_err_t
ngx_http_nodetool_walk_found(ngx_http_nodetool_list_t *list, u_char *name,
                             size_t len, struct stat *info)
{
    u_char                   *p;
    ngx_http_nodetool_item_t *item;

    /* one more than was asked for says that there are more */

    if (list->found == list->limit) {
        list->more = 1;
        list->done = 1;
        return 0;
    }

    item = &list->items[list->found];

    p = ngx_pnalloc(list->pool, list->path_len + len);
    if (p == NULL) {
        return NGX_ENOMEM;
    }

    item->key.data = p;
    item->key.len = list->path_len + len;
    p = ngx_cpymem(p, list->path, list->path_len);
    ngx_memcpy(p, name, len);

    item->folder = (info == NULL);

    if (info != NULL) {
        item->info = *info;
    }

    list->found++;

    return 0;
}
