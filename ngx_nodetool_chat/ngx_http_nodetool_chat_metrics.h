/*
 * ngx_http_nodetool_chat_metrics.h - counters and histograms in a zone that
 * all workers share.
 *
 *   _metrics       directives, the zone, what a request adds to it
 *   _metrics_find  metrics by their labels
 *   _metrics_text  the page for Prometheus
 *
 * A metric is a set of values under a set of labels.  It is made once, under
 * the zone's mutex, never removed, and found and counted in without a lock.
 * How many there may be is bounded by the number of names that labels may
 * have, and by the zone; what is beyond is counted under the name "other".
 */

#ifndef NGX_HTTP_NODETOOL_CHAT_METRICS_H
#define NGX_HTTP_NODETOOL_CHAT_METRICS_H

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

#define NGX_NODETOOL_METRICS_HEADS 1024 /* of lists by hash */
#define NGX_NODETOOL_METRICS_SLOTS 256  /* processes that count what is open */

#define NGX_NODETOOL_BUCKETS 18 /* the most that a histogram has, with +Inf */

typedef enum {
    NGX_NODETOOL_METRIC_SERIES = 0, /* operation, provider, model */
    NGX_NODETOOL_METRIC_ERROR,      /* and the kind of error */
    NGX_NODETOOL_METRIC_USER,       /* user, model */
    NGX_NODETOOL_METRIC_ATTEMPT,    /* provider, how it ended */
    NGX_NODETOOL_METRIC_MODEL,      /* a name that a label has */
    NGX_NODETOOL_METRIC_NAME,       /* of a user */
    NGX_NODETOOL_METRIC_KINDS
} ngx_nodetool_metric_kind_e;

/* Values are counts of tokens and events, microseconds, and billionths of the
 * price table's currency. */
typedef struct {
    ngx_atomic_t sum;
    ngx_atomic_t buckets[NGX_NODETOOL_BUCKETS]; /* each its own, not summed */
} ngx_nodetool_histogram_t;

typedef struct {
    ngx_nodetool_histogram_t duration; /* the only one of ERROR */
    ngx_nodetool_histogram_t input;
    ngx_nodetool_histogram_t output;
    ngx_nodetool_histogram_t first; /* time to first token */
    ngx_nodetool_histogram_t token; /* time per output token */
    ngx_atomic_t             cached;
    ngx_atomic_t             reasoning;
    ngx_atomic_t             events;
    ngx_atomic_t             cost;
    ngx_atomic_t             cache[NGX_NODETOOL_CACHE_HIT]; /* by status - 1 */
} ngx_nodetool_series_t;

typedef struct {
    ngx_atomic_t requests;
    ngx_atomic_t input;
    ngx_atomic_t output;
    ngx_atomic_t cost;
} ngx_nodetool_user_metric_t;

typedef struct {
    ngx_atomic_t attempts;
} ngx_nodetool_attempt_metric_t;

typedef struct ngx_nodetool_metric_s ngx_nodetool_metric_t;

struct ngx_nodetool_metric_s {
    ngx_nodetool_metric_t *next;  /* of the same hash */
    ngx_nodetool_metric_t *later; /* in the order in which they were made */
    ngx_uint_t             kind;
    uint32_t               hash;
    uint32_t               key_len;
    uint32_t               labels_len;
    u_char                *key;
    u_char                *labels; /* name="value",... escaped */
    void                  *values;
};

typedef struct {
    ngx_pid_t    pid; /* 0: free */
    ngx_atomic_t in_flight;
} ngx_nodetool_metrics_slot_t;

struct ngx_nodetool_metrics_s {
    ngx_nodetool_metric_t *heads[NGX_NODETOOL_METRICS_HEADS];
    ngx_nodetool_metric_t *first;
    ngx_nodetool_metric_t *last;
    ngx_uint_t             n_models;
    ngx_uint_t             n_users;
    u_char                *free; /* the zone's memory that is left */
    u_char                *end;

    ngx_nodetool_metric_t *other;      /* when the zone is full */
    ngx_nodetool_metric_t *other_fail; /* an ERROR */
    ngx_nodetool_metric_t *other_user;
    ngx_nodetool_metric_t *other_attempt;

    ngx_atomic_t full; /* requests that found it so */

    ngx_nodetool_metrics_slot_t slots[NGX_NODETOOL_METRICS_SLOTS];
};

typedef struct {
    const char *text; /* as a label's value */
    uint64_t    value;
} ngx_nodetool_bound_t;

/* Up to one without a text, whose value is UINT64_MAX. */
extern const ngx_nodetool_bound_t ngx_nodetool_bounds_duration[];
extern const ngx_nodetool_bound_t ngx_nodetool_bounds_usage[];
extern const ngx_nodetool_bound_t ngx_nodetool_bounds_first[];
extern const ngx_nodetool_bound_t ngx_nodetool_bounds_token[];

NT_BEGIN_DECLS

/* The labels of a metric, in the order of its kind's. */
typedef struct {
    ngx_str_t operation;
    ngx_str_t provider;
    ngx_str_t model;
    ngx_str_t error;
    ngx_str_t user;
} ngx_nodetool_labels_t;

/* Never NULL. */
ngx_nodetool_metric_t *ngx_nodetool_metrics_find(
    ngx_nodetool_metrics_conf_t *conf, ngx_uint_t kind,
    ngx_nodetool_labels_t *labels);

/* A name as a label has it: itself, or "other" when it is not known, and is
 * not to become known or there are too many. */
ngx_str_t ngx_nodetool_metrics_name(ngx_nodetool_metrics_conf_t *conf,
                                    ngx_uint_t kind, ngx_str_t *name,
                                    ngx_uint_t may_add);

/* Makes the metrics for what has no room; of a new zone. */
ngx_int_t ngx_nodetool_metrics_others(ngx_nodetool_metrics_conf_t *conf);

ngx_int_t ngx_nodetool_metrics_handler(ngx_http_request_t *r);

/* Whether this slot's process lives. */
ngx_uint_t ngx_nodetool_metrics_alive(ngx_nodetool_metrics_slot_t *slot);

NT_END_DECLS

#endif
