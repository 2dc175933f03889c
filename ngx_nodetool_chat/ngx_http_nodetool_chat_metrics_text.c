/*
 * ngx_http_nodetool_chat_metrics_text.c - the zone of metrics as a page:
 * Prometheus' text format 0.0.4, or OpenMetrics 1.0 where it is asked for.
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 * https://prometheus.io/docs/specs/om/open_metrics_spec/
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat_metrics.h"

#define NGX_NODETOOL_LABELS      3
#define NGX_NODETOOL_OPENMETRICS "application/openmetrics-text"

typedef struct {
    ngx_nodetool_metrics_conf_t *conf;
    ngx_uint_t                   open; /* OpenMetrics */
    nt_buf_t                     out;
} ngx_nodetool_page_t;

/* How a value is said: as it is, or with so many digits behind the point. */
enum { NGX_NODETOOL_WHOLE = 0, NGX_NODETOOL_MICRO = 6, NGX_NODETOOL_NANO = 9 };

typedef struct {
    const char *name;
    const char *help;
    const char *label; /* one more, or "" */
    const char *labels[NGX_NODETOOL_LABELS];
    ngx_uint_t  kind;
    size_t      offset[NGX_NODETOOL_LABELS]; /* of each value of the label */
    ngx_uint_t  unit;
    const ngx_nodetool_bound_t *bounds; /* NULL: a counter */
} ngx_nodetool_family_t;

#define series(field) offsetof(ngx_nodetool_series_t, field)
#define user(field)   offsetof(ngx_nodetool_user_metric_t, field)

static const ngx_nodetool_family_t ngx_nodetool_families[] = {
    { "gen_ai_client_operation_duration_seconds",
      "Time from the request to the end of its answer.",
      "",
      { NULL, NULL },
      NGX_NODETOOL_METRIC_SERIES,
      { series(duration), 0 },
      NGX_NODETOOL_MICRO,
      ngx_nodetool_bounds_duration },
    { "gen_ai_client_token_usage",
      "Tokens of a request, as its provider counts them.",
      "gen_ai_token_type",
      { "input", "output" },
      NGX_NODETOOL_METRIC_SERIES,
      { series(input), series(output) },
      NGX_NODETOOL_WHOLE,
      ngx_nodetool_bounds_usage },
    { "gen_ai_server_time_to_first_token_seconds",
      "Time from the request to the first event of a stream.",
      "",
      { NULL, NULL },
      NGX_NODETOOL_METRIC_SERIES,
      { series(first), 0 },
      NGX_NODETOOL_MICRO,
      ngx_nodetool_bounds_first },
    { "gen_ai_server_time_per_output_token_seconds",
      "Mean time between two tokens of a stream, the first one left out.",
      "",
      { NULL, NULL },
      NGX_NODETOOL_METRIC_SERIES,
      { series(token), 0 },
      NGX_NODETOOL_MICRO,
      ngx_nodetool_bounds_token },
    { "nodetool_tokens",
      "Input tokens that the provider had cached, and output tokens that "
      "were reasoning.",
      "gen_ai_token_type",
      { "cached", "reasoning" },
      NGX_NODETOOL_METRIC_SERIES,
      { series(cached), series(reasoning) },
      NGX_NODETOOL_WHOLE,
      NULL },
    { "nodetool_stream_events",
      "Events of streams.",
      "",
      { NULL, NULL },
      NGX_NODETOOL_METRIC_SERIES,
      { series(events), 0 },
      NGX_NODETOOL_WHOLE,
      NULL },
    { "nodetool_cost",
      "What requests cost, by the price table.",
      "",
      { NULL, NULL },
      NGX_NODETOOL_METRIC_SERIES,
      { series(cost), 0 },
      NGX_NODETOOL_NANO,
      NULL },
    { "nodetool_cache_requests",
      "Requests where there is a cache.",
      "nodetool_cache",
      { "bypass", "miss", "hit" },
      NGX_NODETOOL_METRIC_SERIES,
      { series(cache[0]), series(cache[1]), series(cache[2]) },
      NGX_NODETOOL_WHOLE,
      NULL },
    { "nodetool_attempts",
      "Times that a provider was asked, several for a request that had to be "
      "repeated.",
      "",
      { NULL },
      NGX_NODETOOL_METRIC_ATTEMPT,
      { offsetof(ngx_nodetool_attempt_metric_t, attempts) },
      NGX_NODETOOL_WHOLE,
      NULL },
    { "nodetool_user_requests",
      "Requests of a user.",
      "",
      { NULL, NULL },
      NGX_NODETOOL_METRIC_USER,
      { user(requests), 0 },
      NGX_NODETOOL_WHOLE,
      NULL },
    { "nodetool_user_tokens",
      "Tokens of a user's requests.",
      "gen_ai_token_type",
      { "input", "output" },
      NGX_NODETOOL_METRIC_USER,
      { user(input), user(output) },
      NGX_NODETOOL_WHOLE,
      NULL },
    { "nodetool_user_cost",
      "What a user's requests cost, by the price table.",
      "",
      { NULL, NULL },
      NGX_NODETOOL_METRIC_USER,
      { user(cost), 0 },
      NGX_NODETOOL_NANO,
      NULL }
};


static void
ngx_nodetool_page_text(ngx_nodetool_page_t *page, const char *text)
{
    nt_buf_append(&page->out, text, ngx_strlen(text));
}


static void
ngx_nodetool_page_number(ngx_nodetool_page_t *page, uint64_t n,
                         ngx_uint_t digits)
{
    char       text[NGX_INT64_LEN];
    uint64_t   scale;
    ngx_uint_t i;

    for (scale = 1, i = 0; i < digits; i++) {
        scale *= 10;
    }

    nt_buf_append_uint(&page->out, n / scale);

    if (digits == 0) {
        return;
    }

    n %= scale;

    for (i = digits; i > 0; i--) {
        text[i] = '0' + n % 10;
        n /= 10;
    }

    text[0] = '.';
    nt_buf_append(&page->out, text, digits + 1);
}


/* Their names are those of the samples in one format, without _total in the
 * other. */
static void
ngx_nodetool_page_head(ngx_nodetool_page_t *page, const char *name,
                       const char *type, const char *help)
{
    static const char *const what[] = { "# HELP ", "# TYPE " };

    ngx_uint_t i;

    for (i = 0; i < 2; i++) {
        ngx_nodetool_page_text(page, what[i]);
        ngx_nodetool_page_text(page, name);

        if (!page->open && ngx_strcmp(type, "counter") == 0) {
            ngx_nodetool_page_text(page, "_total");
        }

        ngx_nodetool_page_text(page, " ");
        ngx_nodetool_page_text(page, i == 0 ? help : type);
        ngx_nodetool_page_text(page, "\n");
    }
}


/* The labels of a sample; `bound` is NULL where it has no le. */
static void
ngx_nodetool_page_labels(ngx_nodetool_page_t         *page,
                         const ngx_nodetool_family_t *f, ngx_uint_t i,
                         ngx_nodetool_metric_t *metric, const char *bound)
{
    ngx_nodetool_page_text(page, "{");
    nt_buf_append(&page->out, metric->labels, metric->labels_len);

    if (f->labels[i] != NULL) {
        ngx_nodetool_page_text(page, ",");
        ngx_nodetool_page_text(page, f->label);
        ngx_nodetool_page_text(page, "=\"");
        ngx_nodetool_page_text(page, f->labels[i]);
        ngx_nodetool_page_text(page, "\"");
    }

    if (bound != NULL) {
        ngx_nodetool_page_text(page, ",le=\"");
        ngx_nodetool_page_text(page, bound);
        ngx_nodetool_page_text(page, "\"");
    }

    ngx_nodetool_page_text(page, "} ");
}


static void
ngx_nodetool_page_histogram(ngx_nodetool_page_t         *page,
                            const ngx_nodetool_family_t *f, ngx_uint_t i,
                            ngx_nodetool_metric_t *metric)
{
    uint64_t                    n, sum, buckets[NGX_NODETOOL_BUCKETS];
    ngx_uint_t                  b, last;
    const ngx_nodetool_bound_t *bound;
    ngx_nodetool_histogram_t   *h;

    h = (ngx_nodetool_histogram_t *) ((u_char *) metric->values + f->offset[i]);
    bound = f->bounds;

    /* read once: the count must be that of the last bucket */

    sum = h->sum;
    n = 0;

    for (b = 0;; b++) {
        n += h->buckets[b];
        buckets[b] = n;

        if (bound[b].text == NULL) {
            break;
        }
    }

    if (n == 0) {
        return;
    }

    last = b;

    for (b = 0; b <= last; b++) {
        ngx_nodetool_page_text(page, f->name);
        ngx_nodetool_page_text(page, "_bucket");
        ngx_nodetool_page_labels(page, f, i, metric,
                                 bound[b].text ? bound[b].text : "+Inf");
        ngx_nodetool_page_number(page, buckets[b], 0);
        ngx_nodetool_page_text(page, "\n");
    }

    ngx_nodetool_page_text(page, f->name);
    ngx_nodetool_page_text(page, "_sum");
    ngx_nodetool_page_labels(page, f, i, metric, NULL);
    ngx_nodetool_page_number(page, sum, f->unit);
    ngx_nodetool_page_text(page, "\n");

    ngx_nodetool_page_text(page, f->name);
    ngx_nodetool_page_text(page, "_count");
    ngx_nodetool_page_labels(page, f, i, metric, NULL);
    ngx_nodetool_page_number(page, n, 0);
    ngx_nodetool_page_text(page, "\n");
}


static void
ngx_nodetool_page_counter(ngx_nodetool_page_t         *page,
                          const ngx_nodetool_family_t *f, ngx_uint_t i,
                          ngx_nodetool_metric_t *metric)
{
    uint64_t n;

    n = *(ngx_atomic_t *) ((u_char *) metric->values + f->offset[i]);

    if (n == 0) {
        return;
    }

    ngx_nodetool_page_text(page, f->name);
    ngx_nodetool_page_text(page, "_total");
    ngx_nodetool_page_labels(page, f, i, metric, NULL);
    ngx_nodetool_page_number(page, n, f->unit);
    ngx_nodetool_page_text(page, "\n");
}


static void
ngx_nodetool_page_family(ngx_nodetool_page_t         *page,
                         const ngx_nodetool_family_t *f)
{
    ngx_uint_t             i;
    ngx_nodetool_metric_t *metric;

    ngx_nodetool_page_head(page, f->name, f->bounds ? "histogram" : "counter",
                           f->help);

    metric = __atomic_load_n(&page->conf->shared->first, __ATOMIC_ACQUIRE);

    for (; metric; metric = __atomic_load_n(&metric->later, __ATOMIC_ACQUIRE)) {
        if (metric->kind != f->kind &&
            (metric->kind != NGX_NODETOOL_METRIC_ERROR ||
             f->bounds != ngx_nodetool_bounds_duration))
        {
            continue;
        }

        for (i = 0; i == 0 || (i < NGX_NODETOOL_LABELS && f->labels[i] != NULL);
             i++) {
            if (f->bounds != NULL) {
                ngx_nodetool_page_histogram(page, f, i, metric);
            } else {
                ngx_nodetool_page_counter(page, f, i, metric);
            }
        }
    }
}


static void
ngx_nodetool_page_single(ngx_nodetool_page_t *page, const char *name,
                         const char *type, const char *help, uint64_t n)
{
    ngx_nodetool_page_head(page, name, type, help);
    ngx_nodetool_page_text(page, name);
    ngx_nodetool_page_text(page,
                           ngx_strcmp(type, "counter") == 0 ? "_total " : " ");
    ngx_nodetool_page_number(page, n, 0);
    ngx_nodetool_page_text(page, "\n");
}


static uint64_t
ngx_nodetool_page_in_flight(ngx_nodetool_metrics_t *m)
{
    uint64_t   n;
    ngx_uint_t i;

    n = 0;

    for (i = 0; i < NGX_NODETOOL_METRICS_SLOTS; i++) {
        if (m->slots[i].in_flight != 0 &&
            ngx_nodetool_metrics_alive(&m->slots[i])) {
            n += m->slots[i].in_flight;
        }
    }

    return n;
}


static void
ngx_nodetool_page_make(ngx_nodetool_page_t *page)
{
    size_t i;

    for (i = 0;
         i < sizeof(ngx_nodetool_families) / sizeof(ngx_nodetool_families[0]);
         i++)
    {
        ngx_nodetool_page_family(page, &ngx_nodetool_families[i]);
    }

    ngx_nodetool_page_single(page, "nodetool_requests_in_flight", "gauge",
                             "Requests that are being answered.",
                             ngx_nodetool_page_in_flight(page->conf->shared));
    ngx_nodetool_page_single(page, "nodetool_metrics_zone_full", "counter",
                             "Times that labels had no room in the zone.",
                             page->conf->shared->full);

    if (page->open) {
        ngx_nodetool_page_text(page, "# EOF\n");
    }
}


static void
ngx_nodetool_page_cleanup(void *data)
{
    ngx_nodetool_page_t *page = data;

    nt_buf_free(&page->out);
}


static ngx_int_t
ngx_nodetool_page_send(ngx_http_request_t *r, ngx_nodetool_page_t *page)
{
    ngx_int_t   rc;
    ngx_buf_t  *b;
    ngx_chain_t out;

    static ngx_str_t no_store = ngx_string("no-store");

    if (page->open) {
        ngx_str_set(&r->headers_out.content_type,
                    NGX_NODETOOL_OPENMETRICS "; version=1.0.0; charset=utf-8");
    } else {
        ngx_str_set(&r->headers_out.content_type,
                    "text/plain; version=0.0.4; charset=utf-8");
    }

    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = page->out.len;

    if (ngx_nodetool_add_header(r, "Cache-Control", &no_store) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = (u_char *) page->out.data;
    b->last = b->pos + page->out.len;
    b->memory = 1;
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


ngx_int_t
ngx_nodetool_metrics_handler(ngx_http_request_t *r)
{
    ngx_int_t                      rc;
    ngx_str_t                      accept;
    ngx_pool_cleanup_t            *cln;
    ngx_nodetool_page_t           *page;
    ngx_nodetool_chat_main_conf_t *mcf;

    static ngx_str_t off = ngx_string("nodetool_metrics_zone is off");

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    if (!(r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD))) {
        return ngx_nodetool_not_allowed(r, "GET, HEAD");
    }

    mcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_chat_module);

    if (mcf->metrics.zone == NULL) {
        return ngx_nodetool_error(r, NGX_HTTP_NOT_FOUND, &off);
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_nodetool_page_t));
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    page = cln->data;
    ngx_memzero(page, sizeof(ngx_nodetool_page_t));
    cln->handler = ngx_nodetool_page_cleanup;

    page->conf = &mcf->metrics;
    page->open = ngx_nodetool_header_in(r, "accept", &accept) > 0 &&
                 ngx_strlcasestrn(accept.data, accept.data + accept.len,
                                  (u_char *) NGX_NODETOOL_OPENMETRICS,
                                  sizeof(NGX_NODETOOL_OPENMETRICS) - 2) != NULL;

    ngx_nodetool_page_make(page);

    if (page->out.failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_nodetool_page_send(r, page);
}
