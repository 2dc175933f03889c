/*
 * ngx_http_nodetool_storage_scan.c - the first names of a folder behind a
 * name, in order, from one reading of it.
 */

#include "ngx_nodetool_storage/ngx_http_nodetool_storage_list.h"

static ngx_uint_t ngx_http_nodetool_walk_kind(ngx_http_nodetool_list_t *list,
                                              struct dirent            *entry);
static ngx_uint_t ngx_http_nodetool_walk_wanted(ngx_http_nodetool_list_t *list,
                                                ngx_http_nodetool_name_t *name);
static void       ngx_http_nodetool_walk_keep(ngx_http_nodetool_list_t *list,
                                              ngx_http_nodetool_name_t *name);
static ngx_err_t  ngx_http_nodetool_walk_pack(ngx_http_nodetool_list_t  *list,
                                              ngx_http_nodetool_level_t *level);


static ngx_int_t
ngx_http_nodetool_walk_cmp(u_char *a, size_t a_len, u_char *b, size_t b_len)
{
    ngx_int_t rc;

    rc = ngx_memcmp(a, b, ngx_min(a_len, b_len));

    return rc != 0 ? rc : (ngx_int_t) a_len - (ngx_int_t) b_len;
}


ngx_err_t
ngx_http_nodetool_walk_scan(ngx_http_nodetool_list_t *list, ngx_uint_t *budget)
{
    ngx_err_t                  err;
    ngx_uint_t                 folder;
    struct dirent             *entry;
    ngx_http_nodetool_name_t  *name;
    ngx_http_nodetool_level_t *level = list->level;

    err = ngx_http_nodetool_walk_enter(list);

    if (err != 0) {
        /* a folder that is gone has nothing */
        level->scanning = 0;
        level->more = 0;
        return err == NGX_ENOENT ? 0 : err;
    }

    if (!level->begun) {
        level->begun = 1;
        list->n = 0;
        list->dropped = 0;
        rewinddir(list->dir);
    }

    for (; *budget > 0; (*budget)--) {
        ngx_set_errno(0);
        entry = readdir(list->dir);

        if (entry == NULL) {
            return ngx_errno != 0 ? ngx_errno
                                  : ngx_http_nodetool_walk_pack(list, level);
        }

        if (++list->work > NGX_HTTP_NODETOOL_LIST_WORK) {
            return E2BIG;
        }

        folder = ngx_http_nodetool_walk_kind(list, entry);
        if (folder == NGX_HTTP_NODETOOL_WALK_OTHER) {
            continue;
        }

        /* the slot behind those that are in use */

        name = list->sorted[list->n];
        name->len = ngx_strlen(entry->d_name);
        ngx_memcpy(name->data, entry->d_name, name->len);

        if (folder == NGX_HTTP_NODETOOL_WALK_FOLDER) {
            name->data[name->len++] = '/';
        }

        if (ngx_http_nodetool_walk_wanted(list, name)) {
            ngx_http_nodetool_walk_keep(list, name);
        }
    }

    return NGX_EAGAIN;
}


static ngx_uint_t
ngx_http_nodetool_walk_kind(ngx_http_nodetool_list_t *list,
                            struct dirent            *entry)
{
    struct stat info;
    const char *name = entry->d_name;

    if (name[0] == '.' &&
        (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'))) {
        return NGX_HTTP_NODETOOL_WALK_OTHER;
    }

    if (list->path_len == 0 &&
        ngx_strncmp(name, NGX_HTTP_NODETOOL_STORE_TMP,
                    sizeof(NGX_HTTP_NODETOOL_STORE_TMP) - 1) == 0)
    {
        return NGX_HTTP_NODETOOL_WALK_OTHER;
    }

    switch (entry->d_type) {
    case DT_REG:
        return NGX_HTTP_NODETOOL_WALK_OBJECT;

    case DT_DIR:
        return NGX_HTTP_NODETOOL_WALK_FOLDER;

    case DT_UNKNOWN: /* the file system does not say */
        break;

    default:
        return NGX_HTTP_NODETOOL_WALK_OTHER;
    }

    if (fstatat(dirfd(list->dir), name, &info, AT_SYMLINK_NOFOLLOW) == -1) {
        return NGX_HTTP_NODETOOL_WALK_OTHER;
    }

    return S_ISREG(info.st_mode)   ? NGX_HTTP_NODETOOL_WALK_OBJECT
           : S_ISDIR(info.st_mode) ? NGX_HTTP_NODETOOL_WALK_FOLDER
                                   : NGX_HTTP_NODETOOL_WALK_OTHER;
}


/* Whether a name belongs to the list: is of a key, has the prefix, and comes
 * behind the cursor. */

static ngx_uint_t
ngx_http_nodetool_walk_wanted(ngx_http_nodetool_list_t *list,
                              ngx_http_nodetool_name_t *name)
{
    size_t                     len = name->len;
    ngx_http_nodetool_level_t *level = list->level;

    if (level->up == NULL &&
        (len < list->stem.len ||
         ngx_memcmp(name->data, list->stem.data, list->stem.len) != 0))
    {
        return 0;
    }

    /* what was put there past the server may have no key */

    if (list->path_len + len > NT_KEY_MAX) {
        return 0;
    }

    if (name->data[len - 1] == '/') {
        len--;
    }

    if (nt_key_check((nt_str_t) { (char *) name->data, len }) != NULL) {
        return 0;
    }

    if (ngx_http_nodetool_walk_cmp(name->data, name->len, level->after,
                                   level->after_len) > 0)
    {
        return 1;
    }

    /* the cursor is in this folder: some of it may be behind */

    return level->cursor && !list->delimiter && name->len <= level->after_len &&
           name->data[name->len - 1] == '/' &&
           ngx_memcmp(name->data, level->after, name->len) == 0;
}


/* Puts the name, which is in the slot behind the last one, into its place; a
 * full window drops its last name. */

static void
ngx_http_nodetool_walk_keep(ngx_http_nodetool_list_t *list,
                            ngx_http_nodetool_name_t *name)
{
    ngx_uint_t                low, high, middle;
    ngx_http_nodetool_name_t *other;

    low = 0;
    high = list->n;

    while (low < high) {
        middle = (low + high) / 2;
        other = list->sorted[middle];

        if (ngx_http_nodetool_walk_cmp(other->data, other->len, name->data,
                                       name->len) < 0)
        {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    ngx_memmove(&list->sorted[low + 1], &list->sorted[low],
                (list->n - low) * sizeof(void *));
    list->sorted[low] = name;

    if (list->n == list->window) {
        list->dropped = 1;
        return;
    }

    list->n++;
}


/* The folder has been read: its names go to the level, each behind its length
 * of two bytes. */

static ngx_err_t
ngx_http_nodetool_walk_pack(ngx_http_nodetool_list_t  *list,
                            ngx_http_nodetool_level_t *level)
{
    size_t                    size;
    u_char                   *p;
    ngx_uint_t                i;
    ngx_http_nodetool_name_t *name;

    size = 0;

    for (i = 0; i < list->n; i++) {
        size += 2 + list->sorted[i]->len;
    }

    if (level->names != NULL) {
        ngx_free(level->names);
    }

    level->names = ngx_alloc(size + 1, list->pool->log);
    if (level->names == NULL) {
        return NGX_ENOMEM;
    }

    p = level->names;

    for (i = 0; i < list->n; i++) {
        name = list->sorted[i];
        *p++ = (u_char) (name->len >> 8);
        *p++ = (u_char) name->len;
        p = ngx_cpymem(p, name->data, name->len);
    }

    level->next = level->names;
    level->last = p;
    level->scanning = 0;
    level->more = list->dropped;

    return 0;
}
