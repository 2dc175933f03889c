/*
 * engine/nodes/http_batch.c - lib.http.*: several requests at once, from one
 * fiber.
 */

#include <stdlib.h>

#include <libxml/uri.h>

#include "engine/nodes/http.h"

#define AT_ONCE_MAX 100

typedef struct {
    nt_node_call_t        *call;
    const nt_http_batch_t *batch;
    nt_http_item_t        *items;   /* at_once places */
    nt_http_reply_t      **replies; /* of the items; NULL: a free place */
    size_t                 next;    /* URL to ask for */
    size_t                 active;
    size_t                 done;
    bool                  *good;
    bool                   fatal;
} round_t;


json_t *
nt_http_urls(nt_node_call_t *call, const char *name)
{
    size_t  i;
    json_t *urls = nt_arg_list(call, name), *url;

    json_array_foreach(urls, i, url)
    {
        if (!json_is_string(url)) {
            (void) nt_call_fail(call, "'%s' must hold URLs; number %zu is none",
                                name, i + 1);
            return NULL;
        }
    }

    return urls;
}


bool
nt_http_at_once(nt_node_call_t *call, const char *name, size_t *n)
{
    int64_t value;

    if (!nt_arg_int(call, name, &value)) {
        return false;
    }

    if (value < 1 || value > AT_ONCE_MAX) {
        (void) nt_call_fail(call, "'%s' must be from 1 to %d", name,
                            AT_ONCE_MAX);
        return false;
    }

    *n = (size_t) value;
    return true;
}


json_t *
nt_http_chosen(const json_t *urls, const bool *good, bool value)
{
    size_t  i;
    json_t *chosen = json_array(), *url;

    json_array_foreach(urls, i, url)
    {
        if (good[i] == value && json_array_append(chosen, url) != 0) {
            json_decref(chosen);
            return NULL;
        }
    }

    return chosen;
}


/* Malloc'ed; NULL when memory is out. */
static char *
absolute(const char *url, nt_str_t base)
{
    char    *copy;
    xmlChar *built = NULL;

    if (base.len > 0) {
        built = xmlBuildURI((const xmlChar *) url, (const xmlChar *) base.data);
    }

    copy = strdup(built != NULL ? (const char *) built : url);
    xmlFree(built);
    return copy;
}


/* --- one item --- */

static bool
start_item(round_t *r, size_t place)
{
    char                  *error = NULL;
    nt_http_item_t        *item = &r->items[place];
    const nt_http_batch_t *batch = r->batch;
    nt_http_request_t      request = { .method = batch->method,
                                       .limit = batch->limit,
                                       .timeout = batch->timeout,
                                       .flags = batch->flags };

    *item = (nt_http_item_t) { .index = r->next++ };
    item->url =
        absolute(json_string_value(json_array_get(batch->urls, item->index)),
                 batch->base);

    if (batch->state > 0) {
        item->state = calloc(1, batch->state);
    }

    if (item->url == NULL || (batch->state > 0 && item->state == NULL)) {
        free(item->url);
        free(item->state);
        return nt_arg_nomem(r->call) == NT_NODE_DONE;
    }

    request.url = item->url;
    item->reply = nt_call_http_start(r->call, &request, &error);

    if (item->reply == NULL) {
        nt_call_log(r->call, "warning", "%.*s: %s",
                    nt_web_url_length(item->url), item->url,
                    error != NULL ? error : "the server is out of memory");
        r->done++;
        free(error);
        free(item->url);
        free(item->state);
        return true;
    }

    r->replies[place] = item->reply;
    r->active++;
    return true;
}


static void
end_item(round_t *r, size_t place, bool good)
{
    nt_http_item_t   *item = &r->items[place];
    nt_http_verdict_t verdict;

    verdict = r->batch->part(r->call, item, "", 0, good, r->batch->arg);
    r->good[item->index] = verdict == NT_HTTP_GOOD;
    r->fatal |= verdict == NT_HTTP_FATAL;

    nt_http_free(item->reply);
    free(item->url);
    free(item->state);
    r->replies[place] = NULL;
    r->active--;
    r->done++;

    if (r->batch->progress) {
        nt_call_progress(r->call, (int64_t) r->done,
                         (int64_t) json_array_size(r->batch->urls));
    }
}


/* Takes what has come; false when there was nothing. */
static bool
look_at(round_t *r, size_t place)
{
    int               rc;
    char             *error = NULL;
    bool              some = false;
    size_t            len;
    const char       *data;
    nt_http_item_t   *item = &r->items[place];
    nt_http_verdict_t verdict;

    while ((rc = nt_call_http_poll(item->reply, &data, &len, &error)) == 1) {
        some = true;

        verdict = r->batch->part(r->call, item, data, len, true, r->batch->arg);

        if (verdict != NT_HTTP_GOOD) {
            r->fatal |= verdict == NT_HTTP_FATAL;
            end_item(r, place, false);
            return true;
        }
    }

    if (rc == 2) {
        return some;
    }

    if (error != NULL) {
        nt_call_log(r->call, "warning", "%.*s: %s",
                    nt_web_url_length(item->url), item->url, error);
        free(error);
    }

    end_item(r, place, rc == 0);
    return true;
}


/* --- all of them --- */

static bool
go_round(round_t *r)
{
    bool   some;
    size_t i, n = json_array_size(r->batch->urls);

    while (r->next < n || r->active > 0) {
        for (i = 0; i < r->batch->at_once && r->next < n; i++) {
            if (r->replies[i] == NULL && !start_item(r, i)) {
                return false;
            }
        }

        some = false;

        for (i = 0; i < r->batch->at_once && !r->fatal; i++) {
            if (r->replies[i] != NULL) {
                some |= look_at(r, i);
            }
        }

        if (r->fatal) {
            return false;
        }

        if (nt_call_cancelled(r->call)) {
            return nt_call_fail(r->call, "the job ends") == NT_NODE_DONE;
        }

        if (!some) {
            nt_call_http_wait(r->call, r->replies, r->batch->at_once);
        }
    }

    return true;
}


bool
nt_http_batch(nt_node_call_t *call, const nt_http_batch_t *batch, bool *good)
{
    bool    ok;
    size_t  i;
    round_t r = { .call = call, .batch = batch, .good = good };

    r.items = calloc(batch->at_once, sizeof(*r.items));
    r.replies = calloc(batch->at_once, sizeof(*r.replies));
    ok = r.items != NULL && r.replies != NULL
             ? go_round(&r)
             : nt_arg_nomem(call) == NT_NODE_DONE;

    for (i = 0; r.active > 0 && i < batch->at_once; i++) {
        if (r.replies[i] != NULL) {
            end_item(&r, i, false);
        }
    }

    free(r.items);
    free(r.replies);
    return ok;
}
