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

/* A command that waits for the jobs to answer; keeps the session. */
typedef struct {
    nt_predict_t *predict;
    json_t       *data;
    char         *text; /* the command's own, malloc'ed; or NULL */
} nt_predict_call_t;

/* NULL: memory is out, and the connection closes. */
nt_predict_call_t *nt_predict_call(nt_predict_t *predict, json_t *data);
void               nt_predict_call_free(nt_predict_call_t *call);

/* Closes the connection. */
void nt_predict_nomem(nt_predict_t *predict);

/* A string member; NULL when it is none or empty. */
const char *nt_predict_text(const json_t *data, const char *name);

/* The job of a command; NULL when the client was told that it is missing. */
const char *nt_predict_job_id(nt_predict_t *predict, const json_t *data);

/* {name: text, "job_id": ..., "workflow_id": ...}; takes `workflow_id` over. */
void nt_predict_answer(nt_predict_t *predict, const char *name,
                       const char *text, const char *job_id,
                       json_t *workflow_id);

/* The answer to a command about the job in its data. */
void nt_predict_answer_job(nt_predict_t *predict, const json_t *data,
                           const char *name, const char *text);

/* --- predict_run.c: commands --- */

void nt_predict_run(nt_predict_t *predict, json_t *data);
void nt_predict_reconnect(nt_predict_t *predict, json_t *data);
void nt_predict_resume_job(nt_predict_t *predict, json_t *data);
void nt_predict_cancel(nt_predict_t *predict, json_t *data);

/* --- predict_jobs.c --- */

/* Sends a job's events from now on; instead of an earlier watch of this job,
 * if there is one. */
void nt_predict_watch(nt_predict_t *predict, const nt_job_record_t *record,
                      const nt_predict_watch_t *how);

/* The watch of a job, or NULL. */
nt_predict_job_t *nt_predict_find(const nt_predict_t *predict,
                                  const char         *job_id);
const char       *nt_predict_workflow(const nt_predict_job_t *job);

/* The slow peer has caught up; the connection has ended. */
void nt_predict_resume(nt_predict_t *predict);
void nt_predict_unwatch(nt_predict_t *predict);

#endif
