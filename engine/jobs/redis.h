/*
 * engine/jobs/redis.h - a connection to Redis that comes back.
 *
 * On the loop.  Commands made in one turn of the loop leave together.  While
 * the connection is away commands wait for it, a short time; those whose reply
 * was lost with it are sent again, when they said that they bear that.  With
 * Sentinels each connection asks them for the master first.
 */

#ifndef NT_REDIS_H
#define NT_REDIS_H

#include <hiredis/hiredis.h>
#include <uv.h>

#include "core/nt_base.h"

#define NT_REDIS_ARGS 24

typedef struct nt_redis nt_redis_t;

/* `reply` is NULL and `error` a sentence for the log when the command failed
 * or its outcome is unknown; both live as long as the call. */
typedef void (*nt_redis_cb)(void *arg, const redisReply *reply,
                            const char *error);

typedef struct {
    void *arg;

    /* Lua scripts, loaded on each connection; ended by NULL; may be NULL. */
    const char *const *scripts;

    /* The connection is made and may be used; called before the commands
     * that wait for it are sent. May be NULL. */
    void (*ready)(void *arg);

    /* Set: for channels, and no commands.  Subscriptions end with their
     * connection: `ready` makes them again. `subscribed`: from now on, the
     * messages of this channel come. */
    void (*message)(void *arg, const char *channel, nt_str_t message);
    void (*subscribed)(void *arg, const char *channel);
} nt_redis_options_t;

/* Arguments of a command, borrowed until it is made. */
typedef struct {
    nt_str_t args[NT_REDIS_ARGS];
    size_t   n;
    char     numbers[NT_REDIS_ARGS][24];
} nt_redis_args_t;

/*
 * `url`, percent-encoded where need be:
 *
 *   redis://[[user]:password@]host[:port][/db]
 *   unix://path[?db=n]
 *   sentinel://[[user]:password@]host[:port][,host[:port]...]/master[/db]
 *       (or redis+sentinel://): user and password are the master's, those of
 *       the Sentinels stand behind: ?sentinel_user=...&sentinel_password=...
 *   rediss://, sentinels:// (or rediss+sentinel://)
 *       over TLS; behind a question mark ca=FILE instead of the system's
 *       certificates, cert=FILE&key=FILE for one of ours, verify=no
 *
 * Connects in the background. NULL with a sentence in `error` for a bad URL
 * and for files that cannot be used.
 */
nt_redis_t *nt_redis_new(uv_loop_t *loop, const char *url,
                         const nt_redis_options_t *options, char *error,
                         size_t size);

bool nt_redis_connected(const nt_redis_t *redis);

void nt_redis_arg(nt_redis_args_t *args, nt_str_t value);
void nt_redis_arg_text(nt_redis_args_t *args, const char *text); /* or NULL */
void nt_redis_arg_int(nt_redis_args_t *args, int64_t value);
void nt_redis_arg_flag(nt_redis_args_t *args, bool value); /* 0 or 1 */

/* Calls the script of this number; args[0] is its one key.  `again`: may be
 * sent a second time.  The callback may come at once. */
void nt_redis_eval(nt_redis_t *redis, unsigned script,
                   const nt_redis_args_t *args, bool again, nt_redis_cb cb,
                   void *arg);

/* Without a connection they do nothing. */
void nt_redis_subscribe(nt_redis_t *redis, const char *channel);
void nt_redis_unsubscribe(nt_redis_t *redis, const char *channel);

/* Commands under way fail, then `done`, if any, is called. */
void nt_redis_close(nt_redis_t *redis, void (*done)(void *arg), void *arg);

#endif
