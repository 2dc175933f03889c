#include "engine/http/http_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * libcurl's multi interface on the loop: it says which sockets it wants to be
 * told of and when it wants to be called, and is.  Callers are never called
 * from within libcurl: what has changed is kept in a list and told when
 * libcurl has returned.
 */

#define NT_IDLE_CONNECTIONS 64 /* kept open for later requests */

typedef struct {
    uv_poll_t         poll;
    nt_http_client_t *client;
    curl_socket_t     fd;
} nt_socket_t;


/* --- what has changed -----------------------------------------------------*/

void
nt_http_unchanged(nt_http_reply_t *reply)
{
    if (reply->prev_changed == NULL) {
        return;
    }

    *reply->prev_changed = reply->next_changed;

    if (reply->next_changed != NULL) {
        reply->next_changed->prev_changed = reply->prev_changed;
    }

    reply->next_changed = NULL;
    reply->prev_changed = NULL;
}


static void
tell_callers(nt_http_client_t *client)
{
    nt_http_reply_t *reply;

    client->acting = true;

    while ((reply = client->changed) != NULL) {
        nt_http_unchanged(reply);

        if (reply->notify != NULL) {
            reply->notify(reply, reply->arg);
        }
    }

    client->acting = false;
}


static void
on_later(uv_timer_t *timer)
{
    tell_callers(timer->data);
}


void
nt_http_changed(nt_http_reply_t *reply)
{
    nt_http_client_t *client = reply->client;

    if (reply->prev_changed != NULL) {
        return;
    }

    reply->next_changed = client->changed;
    reply->prev_changed = &client->changed;

    if (client->changed != NULL) {
        client->changed->prev_changed = &reply->next_changed;
    }

    client->changed = reply;

    if (!client->acting) {
        (void) uv_timer_start(&client->later, on_later, 0, 0);
    }
}


/* --- libcurl on the loop --------------------------------------------------*/

static void
act(nt_http_client_t *client, curl_socket_t fd, int mask)
{
    int      n;
    char    *reply;
    CURLMsg *message;
    CURLcode code;
    CURL    *easy;

    client->acting = true;
    (void) curl_multi_socket_action(client->multi, fd, mask, &n);

    while ((message = curl_multi_info_read(client->multi, &n)) != NULL) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }

        /* the message goes with the handle's removal */
        easy = message->easy_handle;
        code = message->data.result;

        if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, &reply) == CURLE_OK) {
            nt_http_transfer_done((nt_http_reply_t *) (void *) reply, code);
        }
    }

    tell_callers(client);
}


static void
on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}


static int
on_curl_timer(CURLM *multi, long ms, void *arg)
{
    nt_http_client_t *client = arg;

    if (ms < 0) {
        return uv_timer_stop(&client->timer);
    }

    return uv_timer_start(&client->timer, on_timer, (uint64_t) ms, 0);
}


static void
on_poll(uv_poll_t *poll, int status, int events)
{
    int          mask = 0;
    nt_socket_t *socket = poll->data;

    if (status < 0) {
        mask = CURL_CSELECT_ERR;
    }

    if (events & UV_READABLE) {
        mask |= CURL_CSELECT_IN;
    }

    if (events & UV_WRITABLE) {
        mask |= CURL_CSELECT_OUT;
    }

    act(socket->client, socket->fd, mask);
}


static void
release(nt_http_client_t *client)
{
    if (--client->handles > 0) {
        return;
    }

    nt_http_networks_free(client->networks);
    free(client->ca_file);
    free(client);
}


static void
on_socket_closed(uv_handle_t *handle)
{
    nt_socket_t      *socket = handle->data;
    nt_http_client_t *client = socket->client;

    free(socket);
    release(client);
}


static int
on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
    int               events = 0;
    nt_socket_t      *socket = known;
    nt_http_client_t *client = arg;

    if (what == CURL_POLL_REMOVE) {
        if (socket != NULL) {
            (void) uv_poll_stop(&socket->poll);
            uv_close((uv_handle_t *) &socket->poll, on_socket_closed);
            (void) curl_multi_assign(client->multi, fd, NULL);
        }
        return 0;
    }

    if (socket == NULL) {
        socket = calloc(1, sizeof(*socket));
        if (socket == NULL) {
            return -1;
        }

        if (uv_poll_init_socket(client->loop, &socket->poll, fd) != 0) {
            free(socket);
            return -1;
        }

        socket->client = client;
        socket->fd = fd;
        socket->poll.data = socket;
        client->handles++;
        (void) curl_multi_assign(client->multi, fd, socket);
    }

    events |= what & CURL_POLL_IN ? UV_READABLE : 0;
    events |= what & CURL_POLL_OUT ? UV_WRITABLE : 0;

    return uv_poll_start(&socket->poll, events, on_poll) == 0 ? 0 : -1;
}


/* --- life -----------------------------------------------------------------*/

nt_http_client_t *
nt_http_client_new(uv_loop_t *loop, const nt_http_options_t *options,
                   char *error, size_t size)
{
    nt_http_client_t *client;

    client = calloc(1, sizeof(*client));
    if (client == NULL) {
        (void) snprintf(error, size, "out of memory");
        return NULL;
    }

    client->loop = loop;
    client->networks = nt_http_networks_new(options->allow, error, size);
    if (client->networks == NULL) {
        free(client);
        return NULL;
    }

    if (options->ca_file != NULL) {
        client->ca_file = strdup(options->ca_file);
        if (client->ca_file == NULL) {
            (void) snprintf(error, size, "out of memory");
            nt_http_networks_free(client->networks);
            free(client);
            return NULL;
        }
    }

    (void) uv_timer_init(loop, &client->timer);
    (void) uv_timer_init(loop, &client->later);
    client->timer.data = client;
    client->later.data = client;
    client->handles = 2;

    return client;
}


/* libcurl, and OpenSSL under it, cost milliseconds and memory: an engine whose
 * workflows make no requests does without. */
bool
nt_http_client_open(nt_http_client_t *client)
{
    CURLM *multi;

    if (client->multi != NULL) {
        return true;
    }

    if (!nt_curl_load() || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return false;
    }

    multi = curl_multi_init();
    if (multi == NULL) {
        curl_global_cleanup();
        return false;
    }

    (void) curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    (void) curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, client);
    (void) curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    (void) curl_multi_setopt(multi, CURLMOPT_TIMERDATA, client);
    (void) curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS,
                             (long) NT_IDLE_CONNECTIONS);
    client->multi = multi;

    return true;
}


static void
on_timer_closed(uv_handle_t *handle)
{
    release(handle->data);
}


void
nt_http_client_free(nt_http_client_t *client)
{
    nt_http_reply_t *reply, *next;

    if (client == NULL || client->closing) {
        return;
    }

    client->closing = true;

    /* The list before the callers: they may free any of them. */
    for (reply = client->replies; reply != NULL; reply = next) {
        next = reply->next;
        nt_http_abort(reply, "the server is shutting down");
        nt_http_changed(reply);
    }

    tell_callers(client);

    while (client->replies != NULL) {
        nt_http_detach(client->replies);
    }

    if (client->multi != NULL) {
        (void) curl_multi_cleanup(client->multi);
        client->multi = NULL;
        curl_global_cleanup();
    }

    uv_close((uv_handle_t *) &client->timer, on_timer_closed);
    uv_close((uv_handle_t *) &client->later, on_timer_closed);
}
