/*
 * ngx_http_nodetool_chat_limit.h - what is used up: counted in a zone that
 * all workers share, and in a Redis that machines do.
 *
 *   _limit        a request: asked whether it may, told what it took
 *   _limit_settle what it took, or is taken to have
 *   _limit_conf   the directives
 *   _limit_zone   the zone: names, what is taken and given back
 *   _limit_count  the counts of a name
 *   _limit_state  money that was spent, in a file over restarts
 *   _price        what tokens cost
 *   _redis        counts are exchanged with other machines: when, by whom
 *   _redis_batch  ... and what
 *   _redis_reply  what is learned from the replies
 *   _redis_conn   the connection to Redis: hiredis on nginx's events
 *
 * A count is of a name: what `nodetool_limit` has before its parameters, as it
 * stands there, and what that is for a request: "$nodetool_key=ci".  So the
 * same directive in two places counts together, and two that differ do not.
 */

#ifndef NGX_HTTP_NODETOOL_CHAT_LIMIT_H
#define NGX_HTTP_NODETOOL_CHAT_LIMIT_H

#include <ngx_config.h>

#include "core/llm/nt_estimate.h"
#include "core/llm/nt_price.h"
#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

/*
 * A minute is ten slots of six seconds.  What was taken counts for the rest of
 * its slot and the ten behind it, so for 60 to 66 seconds: in no 60 seconds
 * more is taken than a limit says.
 */
#define NGX_NODETOOL_LIMIT_SLOT  6 /* seconds */
#define NGX_NODETOOL_LIMIT_SLOTS 11

#define NGX_NODETOOL_LIMIT_NAME_MAX 255 /* bytes */

/* What can be limited. */
typedef enum {
    NGX_NODETOOL_LIMIT_RPM = 0,
    NGX_NODETOOL_LIMIT_TPM,
    NGX_NODETOOL_LIMIT_DAY,
    NGX_NODETOOL_LIMIT_MONTH,
    NGX_NODETOOL_LIMIT_N
} ngx_nodetool_limit_e;

/* A nodetool_limit directive. */
typedef struct {
    ngx_str_t                 text; /* of its key */
    ngx_http_complex_value_t  key;
    ngx_http_complex_value_t *value[NGX_NODETOOL_LIMIT_N]; /* NULL: none */
    ngx_http_complex_value_t *models;
} ngx_nodetool_limit_t;

/* Of a count: what all know of, what is being told to Redis, and what is not
 * yet.  The sum is what counts. */
typedef struct {
    int32_t total;
    int32_t pushed;
    int32_t delta;
} ngx_nodetool_count_t;

typedef struct {
    int64_t total; /* nano-dollars */
    int64_t pushed;
    int64_t delta;
    int64_t period; /* the day, or the month, since 1970 */
} ngx_nodetool_spent_t;

typedef struct {
    uint32_t             number; /* seconds since 1970 / 6 */
    ngx_nodetool_count_t requests;
    ngx_nodetool_count_t tokens;
} ngx_nodetool_slot_t;

/* Of a name, in the zone. */
typedef struct {
    ngx_rbtree_node_t    node; /* its key is the name's hash */
    ngx_queue_t          queue;
    ngx_nodetool_slot_t  slots[NGX_NODETOOL_LIMIT_SLOTS];
    ngx_nodetool_spent_t day;
    ngx_nodetool_spent_t month;
    time_t               used;    /* last */
    ngx_msec_t           synced;  /* with Redis, last */
    ngx_uint_t           batched; /* unsigned  batched:1; `pushed` is */
    ngx_uint_t           rich;    /* unsigned  rich:1; it is in `spent` */
    time_t               owing;   /* until then, for tokens beyond the limit */
    u_short              len;
    u_char               name[1];
} ngx_nodetool_limit_node_t;

typedef struct {
    ngx_rbtree_t      rbtree;
    ngx_rbtree_node_t sentinel;
    ngx_queue_t       queue; /* used last first; those without money ... */
    ngx_queue_t       spent; /* ... and with money in their month */
    ngx_uint_t        dirty; /* money was spent since the file was written */

    /* of Redis: the process that speaks to it, and until when that is so; what
     * it says last, which has to come to an end before anything else is said */
    ngx_pid_t  speaker;
    ngx_msec_t until;
    uint64_t   instance; /* by chance, so that no two machines have the same */
    uint64_t   batch;
    ngx_uint_t pending; /* unsigned  pending:1; */
    ngx_uint_t behind;  /* unsigned  behind:1; there may be old money to tell */
} ngx_nodetool_limit_shm_t;

typedef struct {
    ngx_nodetool_limit_shm_t *shm;
    ngx_slab_pool_t          *pool;
    ngx_str_t                 state; /* path of the file; empty: none */
    ngx_event_t               timer; /* of this worker: writes it */
} ngx_nodetool_limit_zone_t;

/* A directive, for a request. */
typedef struct {
    ngx_str_t name;
    uint32_t  hash;
    int64_t   limit[NGX_NODETOOL_LIMIT_N]; /* -1: none */
    int64_t   used[NGX_NODETOOL_LIMIT_N];  /* with this request */
    time_t    reset[2]; /* seconds until all of rpm, tpm is there again */
} ngx_nodetool_use_t;

typedef struct {
    ngx_nodetool_use_t *uses;
    ngx_uint_t          n;
    int64_t             tokens; /* that are reserved */
    int64_t             cost;   /* nano-dollars that are */
    time_t              taken;  /* when; 0: nothing was */
} ngx_nodetool_take_t;

typedef struct {
    ngx_nodetool_use_t  *use;
    ngx_nodetool_limit_e kind;
    time_t               wait; /* seconds */
} ngx_nodetool_refusal_t;

/* Of a request. */
struct ngx_nodetool_limit_ctx_s {
    ngx_nodetool_take_t take;
    int64_t             max_tokens; /* -1: the client did not say */
};

typedef struct ngx_nodetool_redis_s ngx_nodetool_redis_t;

struct ngx_nodetool_limit_main_s {
    ngx_nodetool_limit_zone_t *zone;
    ngx_nodetool_redis_t      *redis; /* NULL: none */
    nt_prices_t                prices;
    time_t                     warned;   /* last, of a model without a price */
    unsigned                   used : 1; /* there is a nodetool_limit */
};

NT_BEGIN_DECLS

/* zone: takes of all, or of none.  NGX_DECLINED: *refusal says why;
 * NGX_ERROR: there is no room. */
ngx_int_t ngx_nodetool_limit_init_zone(ngx_shm_zone_t *zone, void *data);
ngx_int_t ngx_nodetool_limit_take(ngx_nodetool_limit_zone_t *zone,
                                  ngx_nodetool_take_t       *take,
                                  ngx_nodetool_refusal_t    *refusal);
/* What it was in the end, in place of what was reserved. */
void ngx_nodetool_limit_give(ngx_nodetool_limit_zone_t *zone,
                             ngx_nodetool_take_t *take, int64_t tokens,
                             int64_t cost);
/* The zone is locked in what follows.  A node, made where it is missing, or
 * only looked for: NULL when there is none. */
ngx_nodetool_limit_node_t *ngx_nodetool_limit_node(
    ngx_nodetool_limit_zone_t *zone, ngx_str_t *name, uint32_t hash);
ngx_nodetool_limit_node_t *ngx_nodetool_limit_find(
    ngx_nodetool_limit_shm_t *shm, ngx_str_t *name, uint32_t hash);
/* It has money now, or has none any more. */
void ngx_nodetool_limit_place(ngx_nodetool_limit_zone_t *zone,
                              ngx_nodetool_limit_node_t *node);

/* count: its slot of a number; NULL when that has passed. */
ngx_nodetool_slot_t *ngx_nodetool_limit_slot(ngx_nodetool_limit_node_t *node,
                                             uint32_t                   number);
ngx_uint_t ngx_nodetool_slot_counts(ngx_nodetool_slot_t *slot, uint32_t now);
uint32_t   ngx_nodetool_limit_number(time_t when);
void       ngx_nodetool_count_add(ngx_nodetool_count_t *count, int64_t n);
/* What was taken within a minute; *last: seconds until all of it has passed. */
int64_t ngx_nodetool_limit_sum(ngx_nodetool_limit_node_t *node, ngx_uint_t kind,
                               time_t now, time_t *last);
/* Seconds until less than `limit` are left of a minute's; until the next day,
 * or month. */
time_t ngx_nodetool_limit_wait(ngx_nodetool_limit_node_t *node, ngx_uint_t kind,
                               int64_t sum, int64_t limit, time_t now);
time_t ngx_nodetool_limit_left(ngx_uint_t kind, time_t now);
/* Days and months since 1970, in UTC; nano-dollars spent in one. */
void    ngx_nodetool_limit_periods(time_t now, int64_t *day, int64_t *month);
int64_t ngx_nodetool_spent(ngx_nodetool_spent_t *spent, int64_t period);
void    ngx_nodetool_limit_spend(ngx_nodetool_limit_zone_t *zone,
                                 ngx_nodetool_limit_node_t *node, time_t when,
                                 int64_t cost);

/* conf */
char *ngx_nodetool_limit_directive(ngx_conf_t *cf, ngx_command_t *cmd,
                                   void *conf);
char *ngx_nodetool_limit_set_zone(ngx_conf_t *cf, ngx_command_t *cmd,
                                  void *conf);
/* A worker begins, and ends. */
ngx_int_t                  ngx_nodetool_limit_init_process(ngx_cycle_t *cycle);
void                       ngx_nodetool_limit_exit_process(ngx_cycle_t *cycle);
ngx_nodetool_limit_main_t *ngx_nodetool_limit_create_conf(ngx_conf_t *cf);
char                      *ngx_nodetool_limit_init_conf(ngx_conf_t                *cf,
                                                        ngx_nodetool_limit_main_t *limit);
/* state: reads the file into a new zone; begins to write it, and writes what
 * is left */
ngx_int_t ngx_nodetool_limit_load(ngx_nodetool_limit_zone_t *zone,
                                  ngx_log_t                 *log);
void      ngx_nodetool_limit_state_begin(ngx_nodetool_limit_zone_t *zone,
                                         ngx_log_t                 *log);
void ngx_nodetool_limit_save(ngx_nodetool_limit_zone_t *zone, ngx_log_t *log);

/* redis */
char *ngx_nodetool_redis_directive(ngx_conf_t *cf, ngx_command_t *cmd,
                                   void *conf);
void  ngx_nodetool_redis_begin(ngx_nodetool_redis_t *redis, ngx_log_t *log);
void  ngx_nodetool_redis_end(ngx_nodetool_redis_t *redis);

/* What stands after rpm=, tpm=, day= and month=; false: something else. */
ngx_uint_t ngx_nodetool_limit_parse(ngx_uint_t kind, ngx_str_t *text,
                                    int64_t *value);

/* price */
char     *ngx_nodetool_prices_directive(ngx_conf_t *cf, ngx_command_t *cmd,
                                        void *conf);
ngx_int_t ngx_nodetool_cost_variable(ngx_http_request_t        *r,
                                     ngx_http_variable_value_t *v,
                                     uintptr_t                  data);

NT_END_DECLS

#endif
