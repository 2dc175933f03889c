/*
 * ngx_http_nodetool_chat_limit_state.c - money that was spent, kept over
 * restarts: a file with a line a name,
 *
 *   DAY NANO-DOLLARS MONTH NANO-DOLLARS NAME
 *
 * the name percent-encoded, day and month counted from 1970 on.  One worker
 * writes it every ten seconds when there is something new, and each one when
 * it ends; whole, under another name, and then puts it in place.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_limit.h"

#define NGX_NODETOOL_STATE_INTERVAL 10000 /* ms */
#define NGX_NODETOOL_STATE_MAX      (256 * 1024 * 1024)

#define NGX_NODETOOL_STATE_HEAD "# What was spent, of nodetool_limit.\n"


/* --- writing --- */

/* The zone is locked. */
static void
ngx_nodetool_state_lines(ngx_nodetool_limit_zone_t *zone, nt_buf_t *text)
{
    int64_t                    day, month;
    ngx_queue_t               *q;
    ngx_nodetool_spent_t      *d, *m;
    ngx_nodetool_limit_node_t *node;

    ngx_nodetool_limit_periods(ngx_time(), &day, &month);

    for (q = ngx_queue_head(&zone->shm->spent);
         q != ngx_queue_sentinel(&zone->shm->spent); q = ngx_queue_next(q))
    {
        node = ngx_queue_data(q, ngx_nodetool_limit_node_t, queue);
        d = &node->day;
        m = &node->month;

        if (m->period != month) {
            continue;
        }

        nt_buf_printf(text, "%lld %lld %lld %lld ", (long long) d->period,
                      (long long) (d->total + d->pushed + d->delta),
                      (long long) m->period,
                      (long long) (m->total + m->pushed + m->delta));
        nt_buf_append_percent(text,
                              (nt_str_t) { (char *) node->name, node->len },
                              "");
        nt_buf_append_char(text, '\n');
    }
}


static ngx_int_t
ngx_nodetool_state_write(ngx_str_t *path, nt_buf_t *text, ngx_log_t *log)
{
    u_char    *name;
    ngx_int_t  rc;
    ngx_file_t file;

    name = ngx_alloc(path->len + 1 + NGX_INT64_LEN + sizeof(".tmp"), log);
    if (name == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name.data = name;
    file.name.len = ngx_sprintf(name, "%V.%P.tmp%Z", path, ngx_pid) - name - 1;
    file.log = log;
    file.fd = ngx_open_file(name, NGX_FILE_WRONLY, NGX_FILE_TRUNCATE, 0600);

    if (file.fd == NGX_INVALID_FILE) {
        ngx_log_error(NGX_LOG_ERR, log, ngx_errno,
                      ngx_open_file_n " \"%s\" failed", name);
        ngx_free(name);
        return NGX_ERROR;
    }

    rc = ngx_write_file(&file, (u_char *) text->data, text->len, 0) ==
                 (ssize_t) text->len
             ? NGX_OK
             : NGX_ERROR;

    if (ngx_close_file(file.fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ERR, log, ngx_errno,
                      ngx_close_file_n " \"%s\" failed", name);
        rc = NGX_ERROR;
    }

    if (rc == NGX_OK && ngx_rename_file(name, path->data) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ERR, log, ngx_errno,
                      ngx_rename_file_n " \"%s\" to \"%V\" failed", name, path);
        rc = NGX_ERROR;
    }

    if (rc != NGX_OK) {
        (void) ngx_delete_file(name);
    }

    ngx_free(name);

    return rc;
}


void
ngx_nodetool_limit_save(ngx_nodetool_limit_zone_t *zone, ngx_log_t *log)
{
    nt_buf_t   text;
    ngx_uint_t dirty;

    ngx_memzero(&text, sizeof(nt_buf_t));
    nt_buf_append_str(&text, NT_STR(NGX_NODETOOL_STATE_HEAD));

    ngx_shmtx_lock(&zone->pool->mutex);

    dirty = zone->shm->dirty;

    if (dirty) {
        zone->shm->dirty = 0;
        ngx_nodetool_state_lines(zone, &text);
    }

    ngx_shmtx_unlock(&zone->pool->mutex);

    if (dirty && (text.failed ||
                  ngx_nodetool_state_write(&zone->state, &text, log) != NGX_OK))
    {
        zone->shm->dirty = 1; /* to be tried again */
    }

    nt_buf_free(&text);
}


static void
ngx_nodetool_state_tick(ngx_event_t *ev)
{
    ngx_nodetool_limit_zone_t *zone = ev->data;

    ngx_nodetool_limit_save(zone, ev->log);
    ngx_add_timer(ev, NGX_NODETOOL_STATE_INTERVAL);
}


void
ngx_nodetool_limit_state_begin(ngx_nodetool_limit_zone_t *zone, ngx_log_t *log)
{
    zone->timer.handler = ngx_nodetool_state_tick;
    zone->timer.data = zone;
    zone->timer.log = log;
    zone->timer.cancelable = 1;

    ngx_add_timer(&zone->timer, NGX_NODETOOL_STATE_INTERVAL);
}


/* --- reading --- */

static ngx_int_t
ngx_nodetool_state_number(u_char **p, u_char *last, int64_t *n)
{
    u_char *end;

    end = ngx_strlchr(*p, last, ' ');
    *n = end ? ngx_atoi(*p, end - *p) : NGX_ERROR;
    *p = end ? end + 1 : last;

    return *n < 0 ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_nodetool_state_line(ngx_nodetool_limit_zone_t *zone, u_char *p,
                        u_char *last)
{
    u_char                    *dst, *src;
    int64_t                    day, spent_day, month, spent_month;
    ngx_str_t                  name;
    ngx_nodetool_limit_node_t *node;

    if (ngx_nodetool_state_number(&p, last, &day) != NGX_OK ||
        ngx_nodetool_state_number(&p, last, &spent_day) != NGX_OK ||
        ngx_nodetool_state_number(&p, last, &month) != NGX_OK ||
        ngx_nodetool_state_number(&p, last, &spent_month) != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* decoded where it stands, it only becomes shorter */

    dst = p;
    src = p;
    ngx_unescape_uri(&dst, &src, last - p, 0);

    name.data = p;
    name.len = dst - p;

    if (name.len == 0 || name.len > NGX_NODETOOL_LIMIT_NAME_MAX) {
        return NGX_ERROR;
    }

    node = ngx_nodetool_limit_node(zone, &name,
                                   ngx_crc32_short(name.data, name.len));
    if (node != NULL) {
        node->day.period = day;
        node->day.total = spent_day;
        node->month.period = month;
        node->month.total = spent_month;

        ngx_nodetool_limit_place(zone, node);
    }

    return NGX_OK;
}


static void
ngx_nodetool_state_parse(ngx_nodetool_limit_zone_t *zone, ngx_str_t *text,
                         ngx_log_t *log)
{
    u_char    *p, *end, *last;
    ngx_uint_t line;

    line = 0;
    p = text->data;
    last = p + text->len;

    while (p < last) {
        line++;
        end = ngx_strlchr(p, last, LF);

        if (end == NULL) {
            end = last;
        }

        if (p < end && *p != '#' &&
            ngx_nodetool_state_line(zone, p, end) != NGX_OK) {
            ngx_log_error(NGX_LOG_ERR, log, 0,
                          "a line that is none of nodetool_limit in %V:%ui",
                          &zone->state, line);
        }

        p = end + 1;
    }
}


/* What cannot be read is said, and does not keep nginx from starting: it was
 * written by nobody but us. */
ngx_int_t
ngx_nodetool_limit_load(ngx_nodetool_limit_zone_t *zone, ngx_log_t *log)
{
    size_t     size;
    ssize_t    n;
    ngx_str_t  text;
    ngx_file_t file;

    if (zone->state.len == 0) {
        return NGX_OK;
    }

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name = zone->state;
    file.log = log;
    file.fd =
        ngx_open_file(zone->state.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        if (ngx_errno != NGX_ENOENT) {
            ngx_log_error(NGX_LOG_ERR, log, ngx_errno,
                          ngx_open_file_n " \"%V\" failed", &zone->state);
        }

        return NGX_OK;
    }

    text.data = NULL;

    if (ngx_fd_info(file.fd, &file.info) != NGX_FILE_ERROR &&
        ngx_is_file(&file.info) &&
        ngx_file_size(&file.info) <= NGX_NODETOOL_STATE_MAX)
    {
        size = (size_t) ngx_file_size(&file.info);
        text.data = ngx_alloc(size + 1, log);
        n = text.data ? ngx_read_file(&file, text.data, size, 0) : NGX_ERROR;
        text.len = n > 0 ? (size_t) n : 0;

        if (n > 0) {
            ngx_nodetool_state_parse(zone, &text, log);
        }

    } else {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "\"%V\" is not a file that nodetool_limit has written",
                      &zone->state);
    }

    if (text.data != NULL) {
        ngx_free(text.data);
    }

    if (ngx_close_file(file.fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", &zone->state);
    }

    return NGX_OK;
}
