/*
 * engine/ws/predict_int.h - what the files of /predict share; private.
 */

#ifndef NT_WS_PREDICT_INT_H
#define NT_WS_PREDICT_INT_H

#include <sys/queue.h>

#include "engine/ws/ws.h"

#define NT_PREDICT_JOBS 256 /* that a connection may watch at a time */

typedef struct nt_predict_job nt_predict_job_t;

TAILQ_HEAD(nt_predict_jobs, nt_predict_job);

/* A session. */
typedef struct {
    nt_ws_t             *ws; /* NULL: the connection has ended */
    const nt_services_t *services;
    const nt_ws_peer_t  *peer; /* while there is a connection */
    unsigned             refs; /* the connection and calls under way */

    struct nt_predict_jobs jobs; /* watched, who waits longest first */
    unsigned               n_jobs;
    unsigned               starting; /* jobs on their way into the store */
    bool                   paused;
} nt_predict_t;

/* How a job is watched. */
typedef struct {
    uint64_t after;          /* events behind this number */
    bool     explicit_types; /* results are sent with their types */
    bool     end_only;       /* of the events only the last one */
} nt_predict_watch_t;

/* --- predict.c --- */

/* Whose jobs the peer may act on: NULL for all. */
const char *nt_predict_owner(const nt_predict_t *predict);

/* --- predict_commands.c --- */

/* Carries a command out; `data` is an object. False: there is no such
 * command. */
bool nt_predict_command(nt_predict_t *predict, const char *name, json_t *data);

/* Frees the session when nobody needs it any more. */
void nt_predict_release(nt_predict_t *predict);

/* --- predict_jobs.c --- */

/* Sends a job's events from now on; instead of an earlier watch of this job,
 * if there is one. */
void nt_predict_watch(nt_predict_t *predict, const nt_job_record_t *job,
                      const nt_predict_watch_t *how);

/* The watch of a job, or NULL. */
nt_predict_job_t *nt_predict_find(const nt_predict_t *predict,
                                  const char         *job_id);
const char       *nt_predict_workflow(const nt_predict_job_t *job);

/* The slow peer has caught up; the connection has ended. */
void nt_predict_resume(nt_predict_t *predict);
void nt_predict_unwatch(nt_predict_t *predict);

/* A result in which values of JSON's own types are told by {"type": "string",
 * "value": ...}; new reference. */
json_t *nt_predict_explicit(const json_t *value);

#endif
