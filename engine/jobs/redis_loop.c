#include "engine/jobs/redis_loop.h"

#include <stdlib.h>

/*
 * Commands are written at the end of the turn of the loop that made them; the
 * socket is polled for room only when it did not take all.  The idle handle
 * keeps the loop from sleeping before that, as a command may be made after
 * this turn's writes.
 */
typedef struct {
    uv_poll_t          poll;
    uv_prepare_t       flush;
    uv_idle_t          awake;
    unsigned           handles; /* not closed yet */
    redisAsyncContext *context; /* NULL: it is gone */
    int                events;
    bool               flushing;
} nt_redis_loop_t;


static void
nt_redis_loop_on_poll(uv_poll_t *poll, int status, int events)
{
    nt_redis_loop_t *at = poll->data;

    if (status < 0) {
        events = UV_READABLE | UV_WRITABLE; /* hiredis finds what is wrong */
    }

    if (at->context && (events & UV_READABLE)) {
        redisAsyncHandleRead(at->context);
    }

    if (at->context && (events & UV_WRITABLE)) {
        redisAsyncHandleWrite(at->context);
    }
}


static void
nt_redis_loop_set(nt_redis_loop_t *at, int events)
{
    if (events == at->events) {
        return;
    }

    at->events = events;

    if (events) {
        uv_poll_start(&at->poll, events, nt_redis_loop_on_poll);
    } else {
        uv_poll_stop(&at->poll);
    }
}


static void
nt_redis_loop_add_read(void *data)
{
    nt_redis_loop_t *at = data;

    nt_redis_loop_set(at, at->events | UV_READABLE);
}


static void
nt_redis_loop_del_read(void *data)
{
    nt_redis_loop_t *at = data;

    nt_redis_loop_set(at, at->events & ~UV_READABLE);
}


static void
nt_redis_loop_on_awake(uv_idle_t *idle)
{
}


static void
nt_redis_loop_on_flush(uv_prepare_t *flush)
{
    nt_redis_loop_t *at = flush->data;

    uv_prepare_stop(&at->flush);
    uv_idle_stop(&at->awake);

    at->flushing = true;
    redisAsyncHandleWrite(at->context);
    at->flushing = false;
}


static void
nt_redis_loop_add_write(void *data)
{
    nt_redis_loop_t *at = data;

    if (at->flushing || !(at->context->c.flags & REDIS_CONNECTED)) {
        nt_redis_loop_set(at, at->events | UV_WRITABLE);

    } else if (!(at->events & UV_WRITABLE)) {
        uv_prepare_start(&at->flush, nt_redis_loop_on_flush);
        uv_idle_start(&at->awake, nt_redis_loop_on_awake);
    }
}


static void
nt_redis_loop_del_write(void *data)
{
    nt_redis_loop_t *at = data;

    nt_redis_loop_set(at, at->events & ~UV_WRITABLE);
}


static void
nt_redis_loop_on_close(uv_handle_t *handle)
{
    nt_redis_loop_t *at = handle->data;

    if (--at->handles == 0) {
        free(at);
    }
}


static void
nt_redis_loop_cleanup(void *data)
{
    nt_redis_loop_t *at = data;

    at->context = NULL;
    uv_poll_stop(&at->poll); /* the descriptor is closed before the handle */
    uv_close((uv_handle_t *) &at->poll, nt_redis_loop_on_close);
    uv_close((uv_handle_t *) &at->flush, nt_redis_loop_on_close);
    uv_close((uv_handle_t *) &at->awake, nt_redis_loop_on_close);
}


bool
nt_redis_loop_attach(redisAsyncContext *context, uv_loop_t *loop)
{
    nt_redis_loop_t *at = calloc(1, sizeof(*at));

    if (at == NULL) {
        return false;
    }

    if (uv_poll_init(loop, &at->poll, context->c.fd) != 0) {
        free(at);
        return false;
    }

    uv_prepare_init(loop, &at->flush);
    uv_idle_init(loop, &at->awake);
    at->handles = 3;
    at->poll.data = at->flush.data = at->awake.data = at;
    at->context = context;

    context->ev.data = at;
    context->ev.addRead = nt_redis_loop_add_read;
    context->ev.delRead = nt_redis_loop_del_read;
    context->ev.addWrite = nt_redis_loop_add_write;
    context->ev.delWrite = nt_redis_loop_del_write;
    context->ev.cleanup = nt_redis_loop_cleanup;

    return true;
}
