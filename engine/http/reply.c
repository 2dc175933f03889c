#include "engine/http/http_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/*
 * The life of a request: tries, redirects, and what its caller sees.
 */

const char nt_http_no_memory[] = "the server is out of memory";


static void
stop_transfer(nt_http_reply_t *reply)
{
    if (reply->active) {
        (void) curl_multi_remove_handle(reply->client->multi, reply->easy);
        reply->active = false;
    }
}


static void
on_pause_closed(uv_handle_t *handle)
{
    free(handle);
}


static void
stop_pause(nt_http_reply_t *reply)
{
    if (reply->pause != NULL) {
        uv_close((uv_handle_t *) reply->pause, on_pause_closed);
        reply->pause = NULL;
    }
}


void
nt_http_fail(nt_http_reply_t *reply, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (vasprintf(&reply->error, format, args) == -1) {
        reply->error = NULL;
    }
    va_end(args);

    reply->state = NT_HTTP_FAILED;
    nt_http_changed(reply);
}


/* --- tries ----------------------------------------------------------------*/

static void
start_transfer(nt_http_reply_t *reply)
{
    reply->status = 0;
    nt_buf_reset(&reply->head);
    reply->head_done = false;
    reply->fate = NT_HTTP_KEEP;
    reply->asked = false;
    reply->refused = false;
    reply->tried = false;
    reply->received = 0;
    reply->paused = false;

    if (!nt_http_easy_setup(reply) ||
        curl_multi_add_handle(reply->client->multi, reply->easy) != CURLM_OK)
    {
        nt_http_fail(reply, "%s", nt_http_no_memory);
        return;
    }

    reply->active = true;
}


static void
on_pause(uv_timer_t *timer)
{
    nt_http_reply_t *reply = timer->data;

    stop_pause(reply);
    start_transfer(reply);
}


static void
start_pause(nt_http_reply_t *reply, int64_t ms)
{
    reply->pause = malloc(sizeof(*reply->pause));
    if (reply->pause == NULL) {
        nt_http_fail(reply, "%s", nt_http_no_memory);
        return;
    }

    (void) uv_timer_init(reply->client->loop, reply->pause);
    reply->pause->data = reply;
    (void) uv_timer_start(reply->pause, on_pause, (uint64_t) ms, 0);
    reply->attempt++;
}


/* Milliseconds until the next try, -1: there is none. */
static int64_t
next_try(const nt_http_reply_t *reply)
{
    int64_t ms;

    if ((reply->request.flags & NT_HTTP_NO_RETRY) ||
        reply->attempt + 1 >= NT_HTTP_TRIES)
    {
        return -1;
    }

    ms = nt_http_retry_ms(reply->attempt + 1,
                          nt_http_header(reply, "retry-after-ms"),
                          nt_http_header(reply, "retry-after"));

    if (reply->deadline > 0 && ms >= 0 &&
        uv_now(reply->client->loop) + (uint64_t) ms >= reply->deadline)
    {
        return -1;
    }

    return ms;
}


static bool
is_redirect(const nt_http_reply_t *reply)
{
    switch (reply->status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return !(reply->request.flags & NT_HTTP_NO_REDIRECT) &&
               nt_http_header(reply, "location") != NULL;
    default:
        return false;
    }
}


static bool
asks_again(const nt_http_reply_t *reply)
{
    /* OpenAI's, which knows better than the status */
    const char *should = nt_http_header(reply, "x-should-retry");

    if (should != NULL && strcasecmp(should, "false") == 0) {
        return false;
    }

    return nt_http_status_again(reply->status);
}


void
nt_http_head_done(nt_http_reply_t *reply)
{
    reply->head_done = true;

    if (is_redirect(reply)) {
        reply->fate = NT_HTTP_REDIRECT;
        return;
    }

    if (asks_again(reply)) {
        reply->retry_ms = next_try(reply);
        if (reply->retry_ms >= 0) {
            reply->fate = NT_HTTP_RETRY;
            return;
        }
    }

    reply->state = NT_HTTP_OPEN;
    nt_http_changed(reply);
}


/* --- ends -----------------------------------------------------------------*/

static void
follow(nt_http_reply_t *reply)
{
    char       *host = nt_http_host(reply->url);
    const char *fault = nt_http_redirect(reply);

    if (fault != NULL) {
        nt_http_fail(reply, "%s %s", host != NULL ? host : "the server", fault);
    } else {
        reply->attempt = 0;
        start_transfer(reply);
    }

    free(host);
}


void
nt_http_transfer_done(nt_http_reply_t *reply, CURLcode code)
{
    int64_t ms;

    stop_transfer(reply);

    if (reply->fate == NT_HTTP_REDIRECT) {
        follow(reply);
        return;
    }

    if (reply->fate == NT_HTTP_RETRY) {
        start_pause(reply, reply->retry_ms);
        return;
    }

    if (code == CURLE_OK && (reply->head_done || reply->is_mail)) {
        reply->state = NT_HTTP_ENDED;
        nt_http_changed(reply);
        return;
    }

    if (nt_http_failure_passes(reply, code)) {
        nt_buf_reset(&reply->head); /* of an interim reply */
        ms = next_try(reply);
        if (ms >= 0) {
            start_pause(reply, ms);
            return;
        }
    }

    nt_http_say_failure(reply, code);
}


/* --- for callers ----------------------------------------------------------*/

static void
link_reply(nt_http_reply_t *reply)
{
    nt_http_client_t *client = reply->client;

    reply->next = client->replies;
    reply->prev = &client->replies;

    if (client->replies != NULL) {
        client->replies->prev = &reply->next;
    }

    client->replies = reply;
}


void
nt_http_detach(nt_http_reply_t *reply)
{
    curl_easy_cleanup(reply->easy);
    reply->easy = NULL;

    nt_http_unchanged(reply);
    *reply->prev = reply->next;

    if (reply->next != NULL) {
        reply->next->prev = reply->prev;
    }

    reply->client = NULL;
}


nt_http_reply_t *
nt_http_reply_new(nt_http_client_t *client, const nt_http_request_t *request,
                  char *url, char **error)
{
    nt_http_reply_t *reply;

    if (client->closing) {
        free(url);
        *error = strdup("the server is shutting down");
        return NULL;
    }

    reply = calloc(1, sizeof(*reply));
    if (reply == NULL || !nt_http_client_open(client) ||
        (reply->easy = curl_easy_init()) == NULL)
    {
        free(url);
        free(reply);
        *error = strdup(nt_http_no_memory);
        return NULL;
    }

    reply->client = client;
    link_reply(reply);
    reply->request = *request;
    reply->url = url;
    reply->limit = request->limit > 0 ? request->limit : NT_HTTP_LIMIT;

    if (request->timeout > 0) {
        reply->deadline =
            uv_now(client->loop) + (uint64_t) (request->timeout * 1000) + 1;
    }

    return reply;
}


void
nt_http_begin(nt_http_reply_t *reply)
{
    start_transfer(reply);
}


nt_http_reply_t *
nt_http_start(nt_http_client_t *client, const nt_http_request_t *request,
              nt_http_notify_t notify, void *arg, char **error)
{
    char            *url;
    const char      *fault;
    nt_http_reply_t *reply;

    fault = nt_http_request_check(request, &url);
    if (fault != NULL) {
        *error = strdup(fault);
        return NULL;
    }

    reply = nt_http_reply_new(client, request, url, error);
    if (reply == NULL) {
        return NULL;
    }

    nt_http_set_notify(reply, notify, arg);
    reply->body = request->body != NULL || request->body_len > 0;
    reply->method = request->method;

    if (reply->method == NULL) {
        reply->method = reply->body ? "POST" : "GET";
    }

    /* these have a body, be it an empty one */
    reply->body |= strcmp(reply->method, "POST") == 0 ||
                   strcmp(reply->method, "PUT") == 0 ||
                   strcmp(reply->method, "PATCH") == 0;
    nt_http_begin(reply);

    return reply;
}


void
nt_http_set_notify(nt_http_reply_t *reply, nt_http_notify_t notify, void *arg)
{
    reply->notify = notify;
    reply->arg = arg;
}


void *
nt_http_arg(const nt_http_reply_t *reply)
{
    return reply->arg;
}


bool
nt_http_has_head(const nt_http_reply_t *reply)
{
    return reply->head_done && reply->fate == NT_HTTP_KEEP;
}


nt_http_state_t
nt_http_state(const nt_http_reply_t *reply)
{
    return reply->state;
}


const char *
nt_http_error(const nt_http_reply_t *reply)
{
    if (reply->state != NT_HTTP_FAILED) {
        return NULL;
    }

    return reply->error != NULL ? reply->error : nt_http_no_memory;
}


int
nt_http_status(const nt_http_reply_t *reply)
{
    return reply->status;
}


const char *
nt_http_url(const nt_http_reply_t *reply)
{
    return reply->url;
}


const char *
nt_http_header_at(const nt_http_reply_t *reply, size_t i, const char **value)
{
    const char *p = reply->head.data, *end;

    if (reply->head.len == 0) {
        return NULL;
    }

    end = p + reply->head.len;

    for (/* void */; p != end; i--) {
        *value = p + strlen(p) + 1;
        if (i == 0) {
            return p;
        }

        p = *value + strlen(*value) + 1;
    }

    return NULL;
}


const char *
nt_http_header(const nt_http_reply_t *reply, const char *name)
{
    const char *found, *value;

    for (size_t i = 0; /* void */; i++) {
        found = nt_http_header_at(reply, i, &value);
        if (found == NULL) {
            return NULL;
        }

        if (strcasecmp(found, name) == 0) {
            return value;
        }
    }
}


/* What libcurl kept meanwhile is written from within curl_easy_pause, and its
 * faults are told by that alone. */
static void
resume(nt_http_reply_t *reply)
{
    CURLcode code;

    if (!reply->paused || !reply->active) {
        return;
    }

    reply->paused = false;
    code = curl_easy_pause(reply->easy, CURLPAUSE_CONT);
    if (code != CURLE_OK) {
        nt_http_transfer_done(reply, code);
    }
}


bool
nt_http_take(nt_http_reply_t *reply, const char **data, size_t *len)
{
    char    *end = NULL;
    nt_buf_t taken;

    if (reply->body_in.len > 0) {
        end = nt_buf_reserve(&reply->body_in, 1);
    }

    if (end == NULL) {
        return false;
    }

    *end = '\0';
    taken = reply->body_in;
    reply->body_in = reply->body_out;
    nt_buf_reset(&reply->body_in);
    reply->body_out = taken;

    resume(reply);

    *data = taken.data;
    *len = taken.len;

    return true;
}


void
nt_http_keep_all(nt_http_reply_t *reply)
{
    reply->keep_all = true;
    resume(reply);
}


void
nt_http_abort(nt_http_reply_t *reply, const char *reason)
{
    stop_transfer(reply);
    stop_pause(reply);
    nt_http_unchanged(reply);

    if (reply->state != NT_HTTP_ENDED && reply->state != NT_HTTP_FAILED) {
        reply->state = NT_HTTP_FAILED;
        reply->error = strdup(reason);
    }
}


void
nt_http_free(nt_http_reply_t *reply)
{
    if (reply == NULL) {
        return;
    }

    nt_http_abort(reply, "");
    if (reply->client != NULL) {
        nt_http_detach(reply);
    }

    curl_slist_free_all(reply->headers);
    free(reply->url);
    free(reply->error);
    nt_buf_free(&reply->head);
    nt_buf_free(&reply->body_in);
    nt_buf_free(&reply->body_out);
    free(reply);
}
