/*
 * engine/ws/updates.c - /updates: system statistics once a second, and the
 * status of the user's jobs.
 *
 * All connections share one sampler, which is there while somebody listens.
 * What a client sends has no meaning here.
 */

#include <stdlib.h>

#include "engine/ws/stats.h"
#include "engine/ws/ws.h"

#define NT_UPDATES_MS 1000

typedef struct session session_t;

typedef struct {
    uv_timer_t  timer;
    nt_stats_t *stats;
    session_t  *first;
} sampler_t;

struct session {
    nt_ws_t     *ws;
    nt_follow_t *jobs;
    session_t   *prev;
    session_t   *next;
};

static sampler_t *sampler; /* of the loop's thread, as all of this */


static void
on_second(uv_timer_t *timer)
{
    sampler_t *s = timer->data;
    json_t    *message;

    message = json_pack("{s:s, s:o}", "type", "system_stats", "stats",
                        nt_stats_sample(s->stats));

    for (session_t *at = s->first; at != NULL && message != NULL; at = at->next)
    {
        if (!nt_ws_slow(at->ws)) { /* who is slow gets a later one */
            nt_ws_send(at->ws, message);
        }
    }

    json_decref(message);
}


static void
on_closed(uv_handle_t *handle)
{
    free(handle->data);
}


static sampler_t *
sampler_new(uv_loop_t *loop)
{
    sampler_t *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        return NULL;
    }

    s->stats = nt_stats_new();
    if (s->stats == NULL) {
        free(s);
        return NULL;
    }

    (void) uv_timer_init(loop, &s->timer);
    s->timer.data = s;
    (void) uv_timer_start(&s->timer, on_second, NT_UPDATES_MS, NT_UPDATES_MS);

    return s;
}


static void
sampler_free(sampler_t *s)
{
    nt_stats_free(s->stats);
    uv_close((uv_handle_t *) &s->timer, on_closed);
}


static void
on_job(void *arg, const nt_job_record_t *job)
{
    session_t *session = arg;
    json_t    *message;

    message = json_pack("{s:s, s:s, s:s, s:s?, s:s*}", "type", "job_update",
                        "status", job->status, "job_id", job->id, "workflow_id",
                        job->workflow_id, "error", job->error);

    nt_ws_send(session->ws, message);
    json_decref(message);
}


static void
link_session(session_t *session)
{
    session->next = sampler->first;
    if (session->next != NULL) {
        session->next->prev = session;
    }
    sampler->first = session;
}


/* Of a session that is not linked (any more). */
static void
updates_free(session_t *session)
{
    if (session->jobs != NULL) {
        nt_follow_close(session->jobs);
    }

    free(session);

    if (sampler != NULL && sampler->first == NULL) {
        sampler_free(sampler);
        sampler = NULL;
    }
}


/* `user` NULL: nobody's jobs. */
static void *
session_open(nt_ws_t *ws, const nt_services_t *services, const char *user)
{
    session_t *session = calloc(1, sizeof(*session));

    if (session == NULL) {
        return NULL;
    }

    session->ws = ws;
    if (user != NULL) {
        session->jobs = nt_jobs_follow(services->jobs, user, on_job, session);
    }

    if (sampler == NULL) {
        sampler = sampler_new(services->loop);
    }

    if ((user != NULL && session->jobs == NULL) || sampler == NULL) {
        updates_free(session);
        return NULL;
    }

    link_session(session);

    return session;
}


static void *
updates_open(nt_ws_t *ws, const nt_services_t *services,
             const nt_ws_peer_t *peer)
{
    return session_open(ws, services, peer->user);
}


static void *
stats_open(nt_ws_t *ws, const nt_services_t *services, const nt_ws_peer_t *peer)
{
    return session_open(ws, services, NULL);
}


static void
updates_message(void *arg, json_t *message)
{
}


static void
updates_close(void *arg)
{
    session_t *session = arg;

    if (session->prev != NULL) {
        session->prev->next = session->next;

    } else {
        sampler->first = session->next;
    }

    if (session->next != NULL) {
        session->next->prev = session->prev;
    }

    updates_free(session);
}


const nt_ws_handler_t nt_ws_updates = { .name = "updates",
                                        .open = updates_open,
                                        .message = updates_message,
                                        .close = updates_close };

const nt_ws_handler_t nt_ws_stats = { .name = "stats",
                                      .open = stats_open,
                                      .message = updates_message,
                                      .close = updates_close };
