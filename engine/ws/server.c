/*
 * engine/ws/server.c - the connections of a wire, and the time.
 *
 * One timer looks at all connections: times of tens of seconds need no timer
 * of their own for each of thousands.
 */

#include <stdlib.h>

#include "engine/ws/ws_int.h"

#define NT_WS_TICK_MS 1000 /* or less, for times below it */


static void
on_tick(uv_timer_t *timer)
{
    nt_ws_t        *ws, *next;
    nt_ws_server_t *server = timer->data;
    uint64_t        now = uv_now(timer->loop);

    for (ws = server->first; ws != NULL; ws = next) {
        next = ws->next;
        nt_ws_tick(ws, now);
    }
}


nt_ws_server_t *
nt_ws_server_new(const nt_services_t *services, const nt_ws_limits_t *limits)
{
    nt_ws_server_t *server = calloc(1, sizeof(*server));

    if (server == NULL) {
        return NULL;
    }

    server->services = services;
    server->limits = *limits;
    server->pool.most = limits->unfinished;

    (void) uv_timer_init(services->loop, &server->timer);
    server->timer.data = server;

    return server;
}


static void
on_closed(uv_handle_t *handle)
{
    free(handle->data);
}


void
nt_ws_server_free(nt_ws_server_t *server)
{
    if (server != NULL) {
        nt_frames_pool_free(&server->pool);
        uv_close((uv_handle_t *) &server->timer, on_closed);
    }
}


void
nt_ws_link(nt_ws_t *ws)
{
    uint64_t        tick;
    nt_ws_server_t *server = ws->server;

    if (server->first == NULL) {
        tick = server->limits.linger_ms < NT_WS_TICK_MS
                   ? server->limits.linger_ms
                   : NT_WS_TICK_MS;
        (void) uv_timer_start(&server->timer, on_tick, tick, tick);

    } else {
        server->first->prev = ws;
    }

    ws->next = server->first;
    server->first = ws;
}


void
nt_ws_unlink(nt_ws_t *ws)
{
    nt_ws_server_t *server = ws->server;

    if (ws->prev != NULL) {
        ws->prev->next = ws->next;

    } else {
        server->first = ws->next;
    }

    if (ws->next != NULL) {
        ws->next->prev = ws->prev;
    }

    if (server->first == NULL) {
        (void) uv_timer_stop(&server->timer);
    }
}
