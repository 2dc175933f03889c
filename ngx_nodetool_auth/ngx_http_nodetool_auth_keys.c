/*
 * ngx_http_nodetool_auth_keys.c - an issuer's keys: fetched by one request
 * of one worker, kept as text in the zone for all, parsed in each worker.
 *
 * Keys are fresh for a while.  Then the first token that is verified with
 * them has them fetched again, and does not wait for it; while that fails
 * they stay usable for as long as the configuration says.  A token of a key
 * that is not there has them fetched, too, and waits; so that tokens that
 * were made up do not flood the issuer, not more often than it is told.
 */

#include "ngx_nodetool_auth/ngx_http_nodetool_auth.h"

typedef struct {
    ngx_queue_t                     queue;
    ngx_http_nodetool_auth_digest_t id; /* of the issuer */
    ngx_uint_t                      generation;
    time_t                          fetched; /* when text came */
    time_t                          locked;  /* who fetches has until then */
    time_t                          next;    /* nobody fetches before */
    time_t                          ask;     /* nobody asks for users before */
    ngx_uint_t                      failed;  /* unsigned  failed:1; */
    u_char                         *text;
    size_t                          len;
    u_char                         *user; /* URL, of discovery */
    size_t                          user_len;
} ngx_http_nodetool_auth_entry_t;

static ngx_http_nodetool_auth_zone_t *ngx_http_nodetool_auth_zone(
    ngx_http_request_t *r);
static ngx_http_nodetool_auth_entry_t *ngx_http_nodetool_auth_entry(
    ngx_http_nodetool_auth_zone_t   *zone,
    ngx_http_nodetool_auth_issuer_t *issuer, ngx_uint_t make);
static void ngx_http_nodetool_auth_parse_keys(
    ngx_http_request_t *r, ngx_http_nodetool_auth_issuer_t *issuer,
    ngx_str_t *text, ngx_uint_t generation);
static ngx_int_t ngx_http_nodetool_auth_take_off(
    ngx_http_request_t *r, ngx_http_nodetool_auth_loc_conf_t *alcf);
static void ngx_http_nodetool_auth_fetched(
    ngx_http_nodetool_auth_fetch_t *fetch);
static ngx_int_t ngx_http_nodetool_auth_store_keys(
    ngx_http_nodetool_auth_fetch_t  *fetch,
    ngx_http_nodetool_auth_flight_t *flight);


static ngx_http_nodetool_auth_zone_t *
ngx_http_nodetool_auth_zone(ngx_http_request_t *r)
{
    ngx_http_nodetool_auth_main_conf_t *amcf;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_auth_module);

    return amcf->zone;
}


/* The zone is locked.  NULL when it is not there, or cannot be made. */

static ngx_http_nodetool_auth_entry_t *
ngx_http_nodetool_auth_entry(ngx_http_nodetool_auth_zone_t   *zone,
                             ngx_http_nodetool_auth_issuer_t *issuer,
                             ngx_uint_t                       make)
{
    ngx_queue_t                    *q;
    ngx_http_nodetool_auth_entry_t *e;

    for (q = ngx_queue_head(&zone->shm->issuers);
         q != ngx_queue_sentinel(&zone->shm->issuers); q = ngx_queue_next(q))
    {
        e = ngx_queue_data(q, ngx_http_nodetool_auth_entry_t, queue);

        if (ngx_memcmp(&e->id, &issuer->id, sizeof(e->id)) == 0) {
            return e;
        }
    }

    if (!make) {
        return NULL;
    }

    e = ngx_http_nodetool_auth_cache_alloc(zone,
                                           sizeof(
                                               ngx_http_nodetool_auth_entry_t));
    if (e == NULL) {
        return NULL;
    }

    ngx_memzero(e, sizeof(ngx_http_nodetool_auth_entry_t));
    e->id = issuer->id;
    ngx_queue_insert_tail(&zone->shm->issuers, &e->queue);

    return e;
}


nt_jwks_t *
ngx_http_nodetool_auth_keys(ngx_http_request_t                *r,
                            ngx_http_nodetool_auth_loc_conf_t *alcf,
                            ngx_uint_t                        *fresh)
{
    time_t                              age;
    ngx_str_t                           text;
    ngx_uint_t                          usable, generation;
    ngx_http_nodetool_auth_zone_t      *zone;
    ngx_http_nodetool_auth_entry_t     *e;
    ngx_http_nodetool_auth_issuer_t    *issuer;
    ngx_http_nodetool_auth_main_conf_t *amcf;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_auth_module);
    zone = amcf->zone;
    issuer = alcf->issuer;

    usable = 0;
    generation = 0;
    *fresh = 0;
    ngx_str_null(&text);

    ngx_shmtx_lock(&zone->pool->mutex);

    e = ngx_http_nodetool_auth_entry(zone, issuer, 0);

    if (e != NULL && e->text != NULL) {
        age = ngx_time() - e->fetched;
        *fresh = age < amcf->keys;
        usable = age < amcf->keys + amcf->stale;
        generation = e->generation;

        if (usable && issuer->generation != generation) {
            text.data = ngx_alloc(e->len, r->connection->log);

            if (text.data != NULL) {
                text.len = e->len;
                ngx_memcpy(text.data, e->text, e->len);
            }
        }
    }

    ngx_shmtx_unlock(&zone->pool->mutex);

    if (text.data != NULL) {
        ngx_http_nodetool_auth_parse_keys(r, issuer, &text, generation);
        ngx_free(text.data);
    }

    return usable && issuer->generation == generation ? issuer->keys : NULL;
}


static void
ngx_http_nodetool_auth_parse_keys(ngx_http_request_t              *r,
                                  ngx_http_nodetool_auth_issuer_t *issuer,
                                  ngx_str_t *text, ngx_uint_t generation)
{
    const char *why;
    nt_jwks_t  *keys;

    if (nt_jwks_parse(ngx_nodetool_str(text), &keys, &why) != NT_OK) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "the keys of \"%V\" cannot be used: %s", &issuer->name,
                      why);
        return;
    }

    nt_jwks_free(issuer->keys);
    issuer->keys = keys;
    issuer->generation = generation;
}


/* A cleanup of the configuration. */

void
ngx_http_nodetool_auth_free_keys(void *data)
{
    ngx_http_nodetool_auth_issuer_t *issuer = data;

    nt_jwks_free(issuer->keys);
    issuer->keys = NULL;
}


ngx_int_t
ngx_http_nodetool_auth_keys_fetch(ngx_http_request_t                *r,
                                  ngx_http_nodetool_auth_loc_conf_t *alcf,
                                  time_t                            *retry)
{
    time_t                          now;
    ngx_int_t                       rc;
    ngx_http_nodetool_auth_zone_t  *zone;
    ngx_http_nodetool_auth_entry_t *e;

    zone = ngx_http_nodetool_auth_zone(r);
    now = ngx_time();

    ngx_shmtx_lock(&zone->pool->mutex);

    e = ngx_http_nodetool_auth_entry(zone, alcf->issuer, 1);

    if (e == NULL) {
        rc = NGX_ERROR;

    } else if (e->locked > now) {
        rc = NGX_AGAIN;

    } else if (e->next > now) {
        rc = e->failed ? NGX_BUSY : NGX_DECLINED;
        *retry = e->next - now;

    } else {
        /* two requests, each with its time-outs to connect and to read */
        e->locked = now + 1 + 4 * (time_t) (alcf->timeout / 1000 + 1);
        rc = NGX_OK;
    }

    ngx_shmtx_unlock(&zone->pool->mutex);

    if (rc == NGX_OK) {
        rc = ngx_http_nodetool_auth_take_off(r, alcf) == NGX_OK ? NGX_AGAIN
                                                                : NGX_ERROR;
    }

    return rc;
}


static ngx_int_t
ngx_http_nodetool_auth_take_off(ngx_http_request_t                *r,
                                ngx_http_nodetool_auth_loc_conf_t *alcf)
{
    ngx_http_nodetool_auth_fetch_t  *fetch;
    ngx_http_nodetool_auth_flight_t *flight;

    flight = ngx_pcalloc(r->pool, sizeof(ngx_http_nodetool_auth_flight_t));
    if (flight == NULL) {
        return NGX_ERROR; /* the lock lapses */
    }

    flight->issuer = alcf->issuer;
    ngx_str_set(&flight->user, "");

    flight->jwks.conf = alcf;
    flight->jwks.url = alcf->issuer->jwks;
    flight->jwks.max = NT_JWKS_MAX;
    flight->jwks.done = ngx_http_nodetool_auth_fetched;
    flight->jwks.data = flight;

    flight->discovery = flight->jwks;
    flight->discovery.url = alcf->issuer->discovery;
    flight->discovery.done = ngx_http_nodetool_auth_discovered;

    fetch = flight->discovery.url.len ? &flight->discovery : &flight->jwks;

    if (ngx_http_nodetool_auth_fetch(r, fetch) != NGX_OK) {
        ngx_http_nodetool_auth_landed(fetch, "it cannot be asked");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_nodetool_auth_fetched(ngx_http_nodetool_auth_fetch_t *fetch)
{
    nt_rc_t     rc;
    const char *why;
    nt_jwks_t  *keys;

    why = "they cannot be had";

    if (fetch->status == NGX_HTTP_OK && fetch->request != NULL) {
        rc = nt_jwks_parse((nt_str_t) { fetch->body.data, fetch->body.len },
                           &keys, &why);
        nt_jwks_free(keys);

        if (rc == NT_OK) {
            why =
                ngx_http_nodetool_auth_store_keys(fetch, fetch->data) == NGX_OK
                    ? NULL
                    : "there is no room in the zone of nodetool_auth_cache";
        }
    }

    ngx_http_nodetool_auth_landed(fetch, why);
}


static ngx_int_t
ngx_http_nodetool_auth_store_keys(ngx_http_nodetool_auth_fetch_t  *fetch,
                                  ngx_http_nodetool_auth_flight_t *flight)
{
    u_char                         *text, *user;
    ngx_http_nodetool_auth_zone_t  *zone;
    ngx_http_nodetool_auth_entry_t *e;

    zone = ngx_http_nodetool_auth_zone(fetch->request);

    ngx_shmtx_lock(&zone->pool->mutex);

    e = ngx_http_nodetool_auth_entry(zone, flight->issuer, 1);
    text = ngx_http_nodetool_auth_cache_alloc(zone, fetch->body.len);
    user = ngx_http_nodetool_auth_cache_alloc(zone, flight->user.len + 1);

    if (e == NULL || text == NULL || user == NULL) {
        if (text != NULL) {
            ngx_slab_free_locked(zone->pool, text);
        }

        if (user != NULL) {
            ngx_slab_free_locked(zone->pool, user);
        }

        ngx_shmtx_unlock(&zone->pool->mutex);
        return NGX_ERROR;
    }

    if (e->text != NULL) {
        ngx_slab_free_locked(zone->pool, e->text);
        ngx_slab_free_locked(zone->pool, e->user);
    }

    ngx_memcpy(text, fetch->body.data, fetch->body.len);
    ngx_memcpy(user, flight->user.data, flight->user.len);

    e->text = text;
    e->len = fetch->body.len;
    e->user = user;
    e->user_len = flight->user.len;
    e->fetched = ngx_time();
    e->generation++;

    ngx_shmtx_unlock(&zone->pool->mutex);

    return NGX_OK;
}


/*
 * Lets others fetch.  A request that ended before its fetch did says nothing
 * of the issuer: whoever waits may try at once.
 */

void
ngx_http_nodetool_auth_landed(ngx_http_nodetool_auth_fetch_t *fetch,
                              const char                     *why)
{
    ngx_http_nodetool_auth_zone_t      *zone;
    ngx_http_nodetool_auth_entry_t     *e;
    ngx_http_nodetool_auth_flight_t    *flight = fetch->data;
    ngx_http_nodetool_auth_main_conf_t *amcf;

    amcf = fetch->main_conf;
    zone = amcf->zone;

    ngx_shmtx_lock(&zone->pool->mutex);

    e = ngx_http_nodetool_auth_entry(zone, flight->issuer, 0);

    if (e != NULL) {
        e->locked = 0;

        if (fetch->request != NULL) {
            e->failed = why != NULL;
            e->next = ngx_time() + amcf->retry;
        }
    }

    ngx_shmtx_unlock(&zone->pool->mutex);

    if (fetch->request == NULL) {
        return;
    }

    if (why != NULL) {
        ngx_log_error(NGX_LOG_ERR, fetch->request->connection->log, 0,
                      "no keys of \"%V\" from \"%V\": %s",
                      &flight->issuer->name, &fetch->url, why);
    }

    ngx_http_nodetool_auth_wake(fetch->request);
}


ngx_int_t
ngx_http_nodetool_auth_user_url(ngx_http_request_t                *r,
                                ngx_http_nodetool_auth_loc_conf_t *alcf,
                                ngx_str_t                         *url)
{
    ngx_int_t                       rc;
    ngx_http_nodetool_auth_zone_t  *zone;
    ngx_http_nodetool_auth_entry_t *e;

    if (alcf->issuer->user.len != 0) {
        *url = alcf->issuer->user;
        return NGX_OK;
    }

    zone = ngx_http_nodetool_auth_zone(r);
    rc = NGX_DECLINED;

    ngx_shmtx_lock(&zone->pool->mutex);

    e = ngx_http_nodetool_auth_entry(zone, alcf->issuer, 0);

    if (e != NULL && e->user != NULL) {
        rc = NGX_ERROR;
        url->data = ngx_pnalloc(r->pool, e->user_len + 1);

        if (url->data != NULL) {
            rc = NGX_OK;
            url->len = e->user_len;
            ngx_memcpy(url->data, e->user, e->user_len);
        }
    }

    ngx_shmtx_unlock(&zone->pool->mutex);

    return rc;
}


time_t
ngx_http_nodetool_auth_ask_wait(ngx_http_request_t              *r,
                                ngx_http_nodetool_auth_issuer_t *issuer)
{
    time_t                          wait;
    ngx_http_nodetool_auth_zone_t  *zone;
    ngx_http_nodetool_auth_entry_t *e;

    zone = ngx_http_nodetool_auth_zone(r);

    ngx_shmtx_lock(&zone->pool->mutex);

    e = ngx_http_nodetool_auth_entry(zone, issuer, 0);
    wait = e != NULL ? e->ask - ngx_time() : 0;

    ngx_shmtx_unlock(&zone->pool->mutex);

    return ngx_max(wait, 0);
}


void
ngx_http_nodetool_auth_ask_failed(ngx_http_request_t              *r,
                                  ngx_http_nodetool_auth_issuer_t *issuer)
{
    ngx_http_nodetool_auth_zone_t      *zone;
    ngx_http_nodetool_auth_entry_t     *e;
    ngx_http_nodetool_auth_main_conf_t *amcf;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_nodetool_auth_module);
    zone = amcf->zone;

    ngx_shmtx_lock(&zone->pool->mutex);

    e = ngx_http_nodetool_auth_entry(zone, issuer, 1);

    if (e != NULL) {
        e->ask = ngx_time() + amcf->retry;
    }

    ngx_shmtx_unlock(&zone->pool->mutex);
}
