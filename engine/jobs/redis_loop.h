/*
 * engine/jobs/redis_loop.h - hiredis on libuv.
 *
 * In place of hiredis' own adapter, which in 0.14 drops what libuv says of a
 * failed connection, so that it is never noticed.
 */

#ifndef NT_REDIS_LOOP_H
#define NT_REDIS_LOOP_H

#include <hiredis/async.h>
#include <stdbool.h>
#include <uv.h>

/* The loop then drives the context until it is freed. */
bool nt_redis_loop_attach(redisAsyncContext *context, uv_loop_t *loop);

#endif
